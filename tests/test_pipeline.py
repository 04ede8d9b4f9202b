"""Everything is built in memory first, and what is built depends on the model's text alone."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from derive.errors import DerivationError, VerificationError
from derive.output import is_stale, write
from derive.pipeline import Built, build_model, rebuild
from derive.project import ModelText, gallery

ROOT = Path(__file__).parent.parent
MODEL = ModelText("m", "C = w ** 2\n", "m.model")


@dataclass(frozen=True)
class Report:
    ok: bool = True

    @property
    def verdict(self):
        return "verified" if self.ok else "failed"

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


# --- the stages themselves ----------------------------------------------------------------------


def build_gallery(cwd, output, **settings):
    command = [sys.executable, "-m", "derive", "build", *gallery(), "-o", str(output)]
    command += ["--lang", "zh", "--lang", "en"]
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **settings}, capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, b""), done.stderr.decode()
    return {
        path.relative_to(output).as_posix(): path.read_bytes()
        for path in sorted(output.rglob("*"))
        if path.is_file()
    }


def test_every_build_gives_the_same_bytes(tmp_path):
    inner = tmp_path / "inner"
    inner.mkdir()
    first = build_gallery(tmp_path, tmp_path / "a", PYTHONHASHSEED="1", LC_ALL="C", TZ="UTC")
    second = build_gallery(
        inner, tmp_path / "b", PYTHONHASHSEED="2", LC_ALL="tr_TR.UTF-8", TZ="Asia/Tokyo"
    )
    assert first == second
    names = ["certificate.json", "update.py"]
    for zh in ("", ".zh"):
        names += [f"derivation{zh}.{kind}" for kind in ("html", "md", "tex")]
        names += [f"{picture}{zh}.svg" for picture in ("graph", "run")]
    assert set(first) == {f"{model}/{name}" for model in gallery() for name in names}
    committed = ROOT / "generated"
    assert first == {name: (committed / name).read_bytes() for name in first}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_model_to_start_from_builds(tmp_path, language):
    source = (ROOT / "derive" / "starter.model").read_text(encoding="utf-8")
    built = build_model(source, "mine", (language,))
    assert built.report.ok
    assert built.cautions == ()
