"""`derive check` refuses a tree that does not fit its certificate, and says what does not."""

import json
import os
import shutil
from itertools import combinations
from pathlib import Path

import pytest

from derive.cli import main
from derive.errors import OutputError
from derive.output import compare, faults, is_stale, refuse_foreign, write

TEXTS = {
    "m": "w: param = 2\nC = (w - 3) ** 2\nminimize(C, sgd(alpha=0.1))\n",
    "other": "w: param = 2\nC = (w - 4) ** 2\nminimize(C, sgd(alpha=0.1))\n",
}
OUT = Path("generated/m")


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, text in TEXTS.items():
        Path(f"{name}.model").write_text(text, encoding="utf-8")
    assert main(["build", "m.model", "other.model", "-j", "1"]) == 0
    capsys.readouterr()


def check(capsys):
    """The exit code of `derive check`, what it said before it built, and what after."""
    before = {p: p.read_bytes() for p in Path().rglob("*") if p.is_file()}
    code = main(["check", "m.model"])
    assert {p: p.read_bytes() for p in Path().rglob("*") if p.is_file()} == before
    lines = capsys.readouterr().err.splitlines()
    first = [line for line in lines if line.startswith(f"{OUT}: ")]
    assert lines[: len(first)] == first
    return code, [line.removeprefix(f"{OUT}: ") for line in first], lines[len(first) :]


def test_what_was_built_fits(capsys):
    assert check(capsys) == (0, [], ["m: up to date"])
    assert faults(OUT) == ()


def edit(name, before, after):
    path = OUT / name
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def changed():
    edit("update.py", "2", "3")


def of_another_build():
    shutil.copy("generated/other/update.py", OUT / "update.py")


def missing():
    (OUT / "derivation.md").unlink()


def with_other_line_ends():
    path = OUT / "derivation.tex"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))


def half_of_a_merge():
    edit("certificate.json", '  "model"', '<<<<<<< HEAD\n  "model"')


def pickled():
    (OUT / "certificate.json").write_bytes(b"\x80\x04\x95.")


def cut_short():
    edit("certificate.json", '"complete"', '"building"')


NO_CERTIFICATE = (
    "certificate.json is no certificate of derive: it was edited, or is half of a merge"
)
DAMAGES = {
    changed: "update.py is not the file that was verified",
    of_another_build: "update.py is not the file that was verified",
    missing: "derivation.md is missing",
    with_other_line_ends: (
        "derivation.tex is not the file that was verified, for its line ends were changed"
    ),
    half_of_a_merge: NO_CERTIFICATE,
    pickled: NO_CERTIFICATE,
    cut_short: "a build was cut short here",
}


@pytest.mark.parametrize(("damage", "said"), DAMAGES.items(), ids=[d.__name__ for d in DAMAGES])
def test_what_does_not_fit_is_said_before_anything_is_built(damage, said, capsys):
    damage()
    code, first, then = check(capsys)
    assert (code, first) == (1, [said])
    assert then == ["m: stale", "`derive build` brings the output up to date"]


def a_changed_certificate():
    edit("certificate.json", "every entry", "some entries")


def a_changed_file_and_its_digest():
    certificate = json.loads((OUT / "certificate.json").read_bytes())
    changed()
    tree = compare(OUT, (("update.py", (OUT / "update.py").read_text("utf-8")),), {}, ("en",))
    digests = json.loads(tree.files[-1].expected)["files"]
    certificate["files"] |= digests
    text = json.dumps(certificate, indent=2, ensure_ascii=False) + "\n"
    (OUT / "certificate.json").write_text(text, encoding="utf-8")


def the_tree_of_another_model():
    shutil.rmtree(OUT)
    shutil.copytree("generated/other", OUT)


def a_document_that_a_merge_brought_back():
    shutil.copy(OUT / "derivation.md", OUT / "derivation.zh.md")


def what_a_killed_build_left():
    (OUT / ".derive-0123456789abcdef.tmp").write_text("half")


def no_certificate():
    (OUT / "certificate.json").unlink()


@pytest.mark.parametrize(
    "damage",
    [
        a_changed_certificate,
        a_changed_file_and_its_digest,
        the_tree_of_another_model,
        a_document_that_a_merge_brought_back,
        what_a_killed_build_left,
        no_certificate,
    ],
)
def test_what_fits_its_certificate_but_not_the_model_is_stale(damage, capsys):
    damage()
    assert check(capsys) == (1, [], ["m: stale", "`derive build` brings the output up to date"])


def test_a_build_clears_what_a_killed_one_left_and_nothing_that_a_person_wrote(capsys):
    what_a_killed_build_left()
    (OUT / "notes.txt").write_text("mine")
    assert main(["build", "m.model"]) == 0
    assert not list(OUT.glob(".derive-*"))
    assert (OUT / "notes.txt").read_text() == "mine"
    a_document_that_a_merge_brought_back()
    assert main(["build", "m.model"]) == 1
    assert "derivation.zh.md is not as derive wrote it" in capsys.readouterr().err
    assert main(["build", "m.model", "--force"]) == 0
    assert check(capsys)[0] == 0


def test_what_is_written_while_a_model_is_built_is_not_lost():
    tree = compare(OUT, (("update.py", "new\n"),), {"model": "m"}, ("en",))
    (OUT / "update.py").write_text("mine")
    before = {p.name: p.read_bytes() for p in OUT.iterdir()}
    with pytest.raises(OutputError, match=r"update\.py was changed while the model was built"):
        write(tree)
    assert {p.name: p.read_bytes() for p in OUT.iterdir()} == before


def test_a_file_beyond_all_bounds_is_not_read_to_its_end(capsys):
    with (OUT / "update.py").open("wb") as file:
        file.truncate(1 << 40)
    assert main(["check", "m.model"]) == 1
    assert "update.py is larger than any file of derive" in capsys.readouterr().err


# --- states after a loss of power ---------------------------------------------------------------


def states(tree, monkeypatch):
    """The calls that change names while `tree` is written, in groups that a disk may reorder."""
    groups, replace = [[]], os.replace
    with monkeypatch.context() as patched:
        patched.setattr("derive.output._settle", lambda _: groups.append([]))
        patched.setattr("os.replace", lambda *pair: groups[-1].append(pair) or replace(*pair))
        write(tree)
    return groups


def test_the_journal_is_on_the_disk_before_any_file_and_the_certificate_after_all(monkeypatch):
    files = (("derivation.md", "a\n"), ("update.py", "b\n"))
    groups = states(compare(OUT, files, {"model": "m"}, ("en",)), monkeypatch)
    names = [sorted(Path(target).name for _, target in group) for group in groups]
    # Between two groups everything reaches the disk; within one the order says nothing.
    assert names == [["certificate.json"], ["derivation.md", "update.py"], ["certificate.json"], []]


FILES = {"derivation.md": "a\n", "derivation.tex": "b\n", "update.py": "c\n"}
SUBSETS = [set(some) for count in range(4) for some in combinations(FILES, count)]


@pytest.mark.parametrize("reached", SUBSETS, ids=lambda some: "+".join(sorted(some)) or "none")
def test_after_a_loss_of_power_any_of_the_files_may_be_new(reached, monkeypatch):
    before = {p.name: p.read_bytes() for p in OUT.iterdir()}
    replace, names = os.replace, []

    def lossy(source, target):
        names.append(Path(target).name)
        if names.count("certificate.json") == 2:
            raise KeyboardInterrupt
        if names[-1] in {"certificate.json", *reached}:
            replace(source, target)

    tree = compare(OUT, tuple(FILES.items()), {"model": "m"}, ("en",))
    with monkeypatch.context() as patched:
        patched.setattr("os.replace", lossy)
        with pytest.raises(KeyboardInterrupt):
            write(tree)
    after = {p.name: p.read_bytes() for p in OUT.iterdir()}
    assert {name for name in FILES if after.get(name) == FILES[name].encode()} == reached
    assert all(after[name] == before[name] for name in FILES if name not in reached)
    assert faults(OUT) == ("a build was cut short here",)
    for files in (FILES, {"update.py": "d\n"}):
        tree = compare(OUT, tuple(files.items()), {"model": "m"}, ("en",))
        assert is_stale(tree)
        refuse_foreign(tree)
    write(compare(OUT, tuple(FILES.items()), {"model": "m"}, ("en",)))
    assert faults(OUT) == ()


# --- what nobody foresaw ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RecursionError(), "the model is nested, or its definitions follow upon each other, too"),
        (MemoryError(), "there is not enough memory for this model"),
        (KeyError("x" * 10_000), "derive failed at test_check_tree.py, line "),
    ],
    ids=["recursion", "memory", "a defect"],
)
def test_an_unforeseen_error_is_one_that_can_be_reported(error, said, capsys):
    def builder(*_):
        raise error

    assert main(["build", "m.model"], builder) == (2 if isinstance(error, RecursionError) else 1)
    out, err = capsys.readouterr()
    assert (out, err.startswith(f"error: m: {said}")) == ("", True)
    assert "Traceback" not in err
    assert err.endswith("nothing was written\n")
    assert len(err) < 1000
