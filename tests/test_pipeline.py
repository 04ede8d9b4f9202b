"""Everything is built in memory first, and what is built depends on the model's text alone."""

import json
from dataclasses import dataclass

import pytest

from derive.errors import DerivationError, VerificationError
from derive.output import is_stale, write
from derive.pipeline import Built, rebuild
from derive.project import ModelText

MODEL = ModelText("m", "C = w ** 2\n", "m.model")


@dataclass(frozen=True)
class Report:
    ok: bool = True

    def __str__(self):
        return "all is well" if self.ok else "∂C/∂w differs"


def builder(text, name, languages, source):
    files = [("update.py", text)]
    files += [(f"derivation{'' if code == 'en' else '.' + code}.md", code) for code in languages]
    return Built(name, tuple(files), {"model": name}, (), Report())


def built_languages(output, asked=()):
    done = rebuild(MODEL, output, asked, builder)
    write(done.tree)
    return json.loads((output / "m" / "certificate.json").read_bytes())["languages"]


def test_nothing_is_written_by_a_rebuild(tmp_path):
    done = rebuild(MODEL, tmp_path / "out", (), builder)
    assert is_stale(done.tree)
    assert list(tmp_path.iterdir()) == []


def test_a_build_is_up_to_date_with_itself(tmp_path):
    write(rebuild(MODEL, tmp_path, (), builder).tree)
    assert not is_stale(rebuild(MODEL, tmp_path, (), builder).tree)


def test_languages_that_were_built_are_built_again(tmp_path):
    assert built_languages(tmp_path / "a") == ["en"]
    assert built_languages(tmp_path / "a", ("zh",)) == ["en", "zh"]
    assert built_languages(tmp_path / "a") == ["en", "zh"]
    assert built_languages(tmp_path / "b", ("zh",)) == ["zh"]
    assert built_languages(tmp_path / "b") == ["zh"]
    assert built_languages(tmp_path / "b", ("zh", "en", "zh")) == ["en", "zh"]


def test_the_source_of_a_model_leaves_no_trace_in_its_output(tmp_path):
    elsewhere = ModelText(MODEL.name, MODEL.text, "some/where/m.model")
    write(rebuild(MODEL, tmp_path, (), builder).tree)
    assert not is_stale(rebuild(elsewhere, tmp_path, (), builder).tree)


def test_what_is_not_verified_is_not_compared_with_anything(tmp_path):
    def failing(*arguments):
        built = builder(*arguments)
        return Built(built.name, built.files, built.certificate, (), Report(ok=False))

    with pytest.raises(VerificationError) as raised:
        rebuild(MODEL, tmp_path, (), failing)
    assert str(raised.value) == (
        "m is not verified\n∂C/∂w differs\n  cure: report this; nothing was written"
    )


def test_an_error_of_a_stage_passes_through(tmp_path):
    def failing(*_):
        raise DerivationError("the derivative of f is not known", "declare it")

    with pytest.raises(DerivationError, match="the derivative of f is not known"):
        rebuild(MODEL, tmp_path, (), failing)
