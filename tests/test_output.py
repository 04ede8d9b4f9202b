"""The files of one model are replaced as a set, and nothing that a person wrote is lost."""

import errno
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from derive.errors import OutputError
from derive.output import compare, diff, digest, is_stale, read_record, refuse_foreign, write

OLD = (("derivation.md", "∂C/∂w = 2 (ŷ − y)\n"), ("update.py", "w -= 1\n"))
NEW = (("derivation.md", "∂C/∂w = 3 (ŷ − y)\n"), ("update.py", "w -= 2\n"), ("extra.md", "+\n"))
LANGUAGES = ("en",)


def place(directory, files, force=False):
    tree = compare(directory, files, {"model": "m"}, LANGUAGES)
    if not force:
        refuse_foreign(tree)
    write(tree)


def contents(directory):
    return {path.name: path.read_text(encoding="utf-8") for path in directory.iterdir()}


def texts(directory):
    found = contents(directory)
    found.pop("certificate.json", None)
    return found


def certificate(directory):
    return json.loads((directory / "certificate.json").read_bytes())


# --- a set that is replaced ---------------------------------------------------------------------


def test_a_set_and_its_certificate_are_written(tmp_path):
    place(tmp_path / "a" / "m", OLD)
    assert texts(tmp_path / "a" / "m") == dict(OLD)
    assert certificate(tmp_path / "a" / "m") == {
        "status": "complete",
        "model": "m",
        "languages": ["en"],
        "files": {name: digest(text.encode()) for name, text in OLD},
    }


def test_a_second_set_replaces_the_first_and_takes_away_what_is_made_no_longer(tmp_path):
    place(tmp_path, NEW)
    place(tmp_path, OLD)
    assert texts(tmp_path) == dict(OLD)
    assert not is_stale(compare(tmp_path, OLD, {"model": "m"}, LANGUAGES))


def test_what_is_up_to_date_is_not_touched(tmp_path):
    place(tmp_path, OLD)
    before = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    place(tmp_path, OLD)
    assert {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == before
    place(tmp_path, (OLD[0], NEW[1]))
    after = {path.name: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert [name for name in before if after[name] != before[name]] != []
    assert after["derivation.md"] == before["derivation.md"]


def test_files_are_readable_by_others_as_the_umask_allows(tmp_path):
    place(tmp_path, OLD)
    (tmp_path / "touched").write_text("")
    allowed = (tmp_path / "touched").stat().st_mode
    assert (tmp_path / "update.py").stat().st_mode == allowed


# --- what is not ours ---------------------------------------------------------------------------


def test_an_edited_file_is_kept_until_forced(tmp_path):
    place(tmp_path, OLD)
    (tmp_path / "update.py").write_text("w -= 1  # mine\n")
    before = contents(tmp_path)
    with pytest.raises(OutputError) as raised:
        place(tmp_path, NEW)
    assert str(raised.value) == (
        f"{tmp_path / 'update.py'} is not as derive wrote it: it was edited, or is someone else's\n"
        "  cure: keep what you need under another name and remove it, or build with --force"
    )
    assert contents(tmp_path) == before
    place(tmp_path, NEW, force=True)
    assert texts(tmp_path) == dict(NEW)


def test_a_file_without_a_certificate_is_not_ours(tmp_path):
    (tmp_path / "update.py").write_text("print('mine')\n")
    with pytest.raises(OutputError, match=r"update\.py is not as derive wrote it"):
        place(tmp_path, NEW)
    assert contents(tmp_path) == {"update.py": "print('mine')\n"}


def test_a_file_that_is_already_what_it_should_be_is_ours(tmp_path):
    (tmp_path / "update.py").write_text(NEW[1][1])
    place(tmp_path, NEW)
    assert texts(tmp_path) == dict(NEW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not json",
        "[]",
        "{}",
        '{"status": "complete", "files": {}}',
        '{"status": "other", "languages": [], "files": {}}',
        '{"status": "complete", "languages": [], "files": {"../mine.txt": "0"}}',
        '{"status": "complete", "languages": [], "files": {"certificate.json": "0"}}',
        "[" * 100_000,
    ],
)
def test_a_certificate_that_is_not_one_is_not_ours(tmp_path, text):
    (tmp_path / "certificate.json").write_text(text)
    assert not read_record(tmp_path).ours
    with pytest.raises(OutputError, match=r"certificate\.json is not as derive wrote it"):
        place(tmp_path, NEW)
    assert contents(tmp_path) == {"certificate.json": text}


def test_a_certificate_cannot_name_a_file_elsewhere(tmp_path):
    mine = tmp_path / "mine.txt"
    mine.write_text("mine")
    inner = tmp_path / "m"
    place(inner, OLD)
    record = certificate(inner)
    record["files"]["../mine.txt"] = digest(b"mine")
    (inner / "certificate.json").write_text(json.dumps(record))
    place(inner, NEW, force=True)
    assert mine.read_text() == "mine"


def test_a_link_is_not_followed(tmp_path):
    place(tmp_path / "m", OLD)
    target = tmp_path / "target"
    target.write_text("mine")
    (tmp_path / "m" / "update.py").unlink()
    (tmp_path / "m" / "update.py").symlink_to(target)
    with pytest.raises(OutputError, match=r"update\.py is not a plain file"):
        place(tmp_path / "m", NEW, force=True)
    assert target.read_text() == "mine"


# --- what is cut short --------------------------------------------------------------------------

KILLED = """
import json, os, signal, sys
from pathlib import Path
import derive.output as output

left = int(sys.argv[2])
def step(do):
    def stepping(*arguments, **named):
        global left
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return do(*arguments, **named)
    return stepping
os.replace, os.fsync, Path.unlink = step(os.replace), step(os.fsync), step(Path.unlink)
files = tuple(tuple(pair) for pair in json.loads(sys.argv[3]))
output.write(output.compare(Path(sys.argv[1]), files, {"model": "m"}, ("en",)))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="this system has no SIGKILL")
def test_killed_anywhere_each_file_is_old_or_new_and_the_next_build_completes(tmp_path):
    first = (*OLD, ("gone.md", "no longer made\n"))
    third = (("derivation.md", "∂C/∂w = 4 (ŷ − y)\n"), *NEW[1:])
    for moment in range(100):
        directory = tmp_path / str(moment)
        place(directory, first)
        command = [sys.executable, "-c", KILLED, str(directory), str(moment), json.dumps(NEW)]
        done = subprocess.run(command, check=False, env={**os.environ, "PYTHONUTF8": "1"})
        found = {name: text for name, text in texts(directory).items() if name[0] != "."}
        for name, text in found.items():
            assert text in (dict(first).get(name), dict(NEW).get(name))
        if done.returncode == 0:
            assert found == dict(NEW)
            break
        assert done.returncode == -signal.SIGKILL
        last_step = certificate(directory)["status"] == "complete" and found == dict(NEW)
        assert is_stale(compare(directory, NEW, {"model": "m"}, LANGUAGES)) != last_step
        # whichever way the model goes on, what was left behind is recognised
        target = (first, NEW, third)[moment % 3]
        place(directory, target)
        assert texts(directory) == dict(target)
        assert certificate(directory)["status"] == "complete"
    assert moment > 10, "the write was never cut short"


def test_while_files_are_replaced_the_certificate_is_a_journal(tmp_path, monkeypatch):
    place(tmp_path, OLD)
    replace, left = os.replace, [2]

    def stop(source, target):
        left[0] -= 1
        if left[0] < 0:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", stop)
    with pytest.raises(KeyboardInterrupt):
        place(tmp_path, NEW)
    old, new = ({name: digest(text.encode()) for name, text in files} for files in (OLD, NEW))
    assert certificate(tmp_path) == {
        "status": "building",
        "languages": ["en"],
        "files": {name: {"old": old.get(name), "new": new[name]} for name in new},
    }
    assert texts(tmp_path) == {"derivation.md": NEW[0][1], "update.py": OLD[1][1]}


@pytest.mark.parametrize("call", range(4))
def test_a_full_disk_leaves_the_previous_output(tmp_path, monkeypatch, call):
    place(tmp_path, OLD)
    before = contents(tmp_path)
    fsync, left = os.fsync, [call]

    def full(descriptor):
        left[0] -= 1
        if left[0] < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OutputError) as raised:
        place(tmp_path, NEW)
    assert str(raised.value) == (
        f"{tmp_path} cannot be written: {os.strerror(errno.ENOSPC)}\n"
        "  cure: see that the disk has room and that you may write there, "
        "or choose another place with -o"
    )
    assert contents(tmp_path) == before


def test_a_directory_that_may_not_be_written_is_an_error_of_ours(tmp_path, monkeypatch):
    opened = Path.open

    def refuse(path, mode="r", *rest, **named):
        if mode == "xb":
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
        return opened(path, mode, *rest, **named)

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(OutputError, match="cannot be written: Permission denied"):
        place(tmp_path / "m", NEW)
    assert list((tmp_path / "m").iterdir()) == []


def test_a_file_in_the_place_of_the_directory_is_an_error_of_ours(tmp_path):
    (tmp_path / "m").write_text("mine")
    with pytest.raises(OutputError, match="cannot be written"):
        place(tmp_path / "m", NEW)
    assert (tmp_path / "m").read_text() == "mine"


# --- differences --------------------------------------------------------------------------------


def test_a_diff_shows_what_a_build_would_change(tmp_path):
    place(tmp_path, OLD)
    (tmp_path / "update.py").write_bytes(b"w -= 1\r\nmore")
    (tmp_path / "derivation.md").unlink()
    tree = compare(tmp_path, OLD, {"model": "m"}, LANGUAGES)
    path = tmp_path.as_posix()
    assert list(diff(tree)) == [
        "--- /dev/null",
        f"+++ {path}/derivation.md (rebuilt)",
        "@@ -0,0 +1 @@",
        "+∂C/∂w = 2 (ŷ − y)",
        f"--- {path}/update.py",
        f"+++ {path}/update.py (rebuilt)",
        "@@ -1,2 +1 @@",
        "-w -= 1\\r",
        "-more (no newline at the end)",
        "+w -= 1",
    ]


@pytest.mark.parametrize("name", ["derivation.md", "update.py", "certificate.json"])
def test_one_changed_character_anywhere_makes_the_set_stale(tmp_path, name):
    place(tmp_path, OLD)
    original = (tmp_path / name).read_bytes()
    for at in range(len(original)):
        changed = bytearray(original)
        changed[at] ^= 1
        (tmp_path / name).write_bytes(bytes(changed))
        tree = compare(tmp_path, OLD, {"model": "m"}, LANGUAGES)
        assert is_stale(tree)
        assert list(diff(tree)) != []
