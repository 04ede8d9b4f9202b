"""The command: what it prints where, its exit codes, and that it leaves nothing half done."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from derive.cli import main
from derive.errors import DerivationError, LanguageError, Place
from derive.pipeline import Built


class Report:
    def __init__(self, ok):
        self.ok = ok
        self.verdict = "verified" if ok else "failed"

    def __str__(self):
        return "every check holds" if self.ok else "∂C/∂w differs"


def builder(text, name, languages, source):
    """A stand-in for all stages: it "derives" the text, and fails where the text says so."""
    if "undefined" in text:
        place = Place(source, 1, 4, 9, text.splitlines()[0])
        raise LanguageError("'undefined' is not defined", "define it", place)
    if "underivable" in text:
        raise DerivationError("no derivative is known", "use another function")
    files = tuple((f"derivation.{code}.md", text) for code in languages)
    cautions = ("v does not reach the cost",) if "unused" in text else ()
    return Built(name, files, {"model": name}, cautions, Report("wrong" not in text))


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def derive(capsys):
    def run(*arguments):
        code = main(arguments, builder)
        return code, *capsys.readouterr()

    return run


def model(name, text):
    Path(name).write_text(text, encoding="utf-8")
    return name


def after_progress(err, count):
    """The lines of `err` after those that say how far the work on `count` models is."""
    lines = err.splitlines()
    for number, line in enumerate(lines[:count], 1):
        assert re.fullmatch(rf"\[{number}/{count}\] \w+, \d+\.\d s", line)
    return lines[count:]


def everything():
    return {str(p): p.read_bytes() for p in sorted(Path().rglob("*")) if p.is_file()}


# --- build --------------------------------------------------------------------------------------


def test_build_says_on_stderr_what_it_wrote(derive):
    model("a.model", "C = 1\n")
    assert derive("build", "a.model", "-o", "out") == (0, "", "a: verified, written to out/a\n")
    assert derive("build", "a.model", "-o", "out") == (0, "", "a: verified, unchanged in out/a\n")
    assert sorted(everything()) == ["a.model", "out/a/certificate.json", "out/a/derivation.en.md"]


def test_build_without_names_builds_what_the_project_lists(derive, here, monkeypatch):
    Path("pyproject.toml").write_text(
        '[tool.derive]\nmodels = ["*.model"]\noutput = "made"\nlanguages = ["en", "zh"]\n'
    )
    model("b.model", "C = 1\n")
    model("a.model", "C = 2\n")
    Path("inner").mkdir()
    monkeypatch.chdir("inner")
    code, out, err = derive("build")
    made = here.resolve() / "made"
    assert (code, out) == (0, "")
    said = [f"a: verified, written to {made}/a", f"b: verified, written to {made}/b"]
    assert after_progress(err, 2) == said
    found = ["certificate.json", "derivation.en.md", "derivation.zh.md"]
    assert sorted(path.name for path in (made / "a").iterdir()) == found


def test_a_caution_is_said_and_is_no_error(derive):
    model("a.model", "unused = 1\n")
    code, out, err = derive("build", "a.model")
    assert (code, out) == (0, "")
    assert err.splitlines()[0] == "caution: a: v does not reach the cost"


@pytest.mark.parametrize(
    ("text", "expected", "message"),
    [
        (
            "C = undefined\n",
            2,
            "error: bad.model, line 1\n   1 | C = undefined\n           ^^^^^^^^^\n"
            "'undefined' is not defined\n  cure: define it\n",
        ),
        (
            "underivable\n",
            1,
            "error: bad: no derivative is known\n  cure: use another function\n",
        ),
        (
            "wrong\n",
            1,
            "error: bad: bad is not verified\n∂C/∂w differs\n"
            "  cure: report this; nothing was written\n",
        ),
    ],
)
def test_one_bad_model_and_nothing_is_written(derive, text, expected, message):
    model("bad.model", text)
    model("good.model", "C = 1\n")
    before = everything()
    code, out, err = derive("build", "good.model", "bad.model")
    assert (code, out) == (expected, "")
    assert after_progress(err, 2) == [*message.splitlines(), "nothing was written"]
    assert everything() == before


def test_every_bad_model_is_reported(derive):
    model("a.model", "C = undefined\n")
    model("b.model", "underivable\n")
    code, _, err = derive("build", "a.model", "b.model")
    assert code == 2
    assert "a.model, line 1" in err
    assert "error: b: no derivative" in err


def test_an_edited_file_stops_the_build_of_all_until_forced(derive):
    names = [model("a.model", "C = 1\n"), model("b.model", "C = 1\n")]
    derive("build", *names)
    for name in names:
        model(name, "C = 2\n")
    Path("generated/b/derivation.en.md").write_text("mine")
    before = everything()
    code, out, err = derive("build", *names)
    assert (code, out) == (1, "")
    refused = "error: generated/b/derivation.en.md is not as derive wrote it"
    assert after_progress(err, 2)[0].startswith(refused)
    assert everything() == before
    assert derive("build", "--force", *names)[0] == 0
    assert Path("generated/b/derivation.en.md").read_text() == "C = 2\n"


# --- check --------------------------------------------------------------------------------------


def test_check_prints_a_diff_and_writes_nothing(derive):
    model("a.model", "C = 1\n")
    derive("build", "a.model", "--lang", "zh")
    assert derive("check", "a.model") == (0, "", "a: up to date\n")
    model("a.model", "C = 2\n")
    before = everything()
    code, out, err = derive("check", "a.model")
    assert code == 1
    assert out.startswith(
        "--- generated/a/derivation.zh.md\n+++ generated/a/derivation.zh.md (rebuilt)\n"
        "@@ -1 +1 @@\n-C = 1\n+C = 2\n--- generated/a/certificate.json\n"
    )
    assert err == "a: stale\n`derive build` brings the output up to date\n"
    assert everything() == before


def test_check_of_what_was_never_built_is_stale(derive):
    model("a.model", "C = 1\n")
    code, out, _ = derive("check", "a.model")
    assert (code, out.splitlines()[0]) == (1, "--- /dev/null")
    assert sorted(everything()) == ["a.model"]


@pytest.mark.parametrize(
    ("settings", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"NO_COLOR": "1"}, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ({"NO_COLOR": "", "FORCE_COLOR": "1"}, True),
    ],
)
def test_colour_is_as_the_environment_asks(derive, monkeypatch, settings, coloured):
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    model("a.model", "C = 1\n")
    _, out, err = derive("check", "a.model")
    assert ("\x1b[32m+C = 1\x1b[0m" in out) == coloured
    assert ("\x1b[31ma: stale\x1b[0m" in err) == coloured
    assert ("\x1b" in out + err) == coloured


# --- the other commands -------------------------------------------------------------------------


def test_verify_prints_the_report(derive):
    model("good.model", "C = 1\n")
    model("bad.model", "wrong\n")
    assert derive("verify", "good.model") == (0, "every check holds\n", "")
    assert derive("verify", "bad.model") == (1, "∂C/∂w differs\n", "")
    assert sorted(everything()) == ["bad.model", "good.model"]


def test_new_writes_a_model_once(derive):
    code, out, err = derive("new", "mine")
    assert (code, out) == (0, "")
    assert err == "mine.model is written; `derive build mine.model` builds it\n"
    code, _, err = derive("new", "mine")
    assert (code, err) == (
        1,
        "error: mine.model is there already\n  cure: choose another name\n",
    )


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("build", "--lang", "fr"),
        ("build", "--nonsense"),
        ("show",),
        ("verify",),
        ("new",),
    ],
)
def test_a_command_that_means_nothing_exits_with_2(capsys, arguments):
    with pytest.raises(SystemExit) as raised:
        main(arguments, builder)
    assert raised.value.code == 2
    assert "usage: derive" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [("build",), ("check",), ("build", "no_such"), ("verify", "no_such"), ("new", "../x")],
)
def test_names_that_mean_nothing_exit_with_2(derive, arguments):
    code, out, err = derive(*arguments)
    assert (code, out) == (2, "")
    assert re.fullmatch(r"error: .+\n  cure: .+\n", err)
    assert everything() == {}


def test_an_interrupt_exits_with_130_and_writes_nothing(capsys):
    def interrupted(*_):
        raise KeyboardInterrupt

    model("a.model", "C = 1\n")
    assert main(["build", "a.model"], interrupted) == 130
    assert capsys.readouterr() == ("", "interrupted\n")
    assert sorted(everything()) == ["a.model"]


# --- as a process -------------------------------------------------------------------------------


def process(*arguments, **settings):
    environment = {**os.environ, **settings}
    command = [sys.executable, "-m", "derive", *arguments]
    return subprocess.run(command, capture_output=True, check=False, env=environment)


def test_help_imports_none_of_the_slow_libraries():
    code = (
        "import sys, derive.cli\n"
        "try: derive.cli.main(['--help'])\n"
        "except SystemExit: pass\n"
        "sys.exit(' '.join({'sympy', 'numpy', 'jinja2'} & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.startswith(b"usage: derive")


LONG = """
import sys
from types import SimpleNamespace
from derive.cli import main
from derive.pipeline import Built

def builder(text, name, languages, source):
    files = (("long.md", "line\\n" * 100_000),)
    return Built(name, files, {}, (), SimpleNamespace(verdict="verified"))

sys.exit(main(["check", "a.model"], builder))
"""


def test_a_reader_that_goes_away_is_no_error_of_ours():
    model("a.model", "C = 1\n")
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-c", LONG]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, check=False)
    os.close(writer)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.mark.parametrize("encoding", ["ascii", "utf-8", "cp1252"])
def test_a_terminal_without_our_letters_gets_them_escaped(encoding):
    done = process("build", "ŷ.model", PYTHONIOENCODING=encoding)
    assert done.returncode == 2
    letters = "ŷ" if encoding == "utf-8" else "\\u0177"
    assert done.stderr.decode(encoding).startswith(f"error: {letters}.model does not exist")


def test_the_version_is_that_of_the_distribution():
    done = process("--version")
    assert re.fullmatch(rb"derive \d+\.\d+\.\d+\r?\n", done.stdout)
