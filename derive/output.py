"""The files of one model on the disk: compared with what they should be, and replaced as a set.

`certificate.json` holds the digest of every other file, so a file is ours if its digest stands
there, and a person's otherwise.  A set is replaced in this order: all new files are written beside
the old ones under temporary names; the certificate is replaced by a journal, which holds the old
and the new digest of each file; each file is replaced; the certificate is replaced.  Wherever that
is cut short, each file is the old or the new one, and the certificate says that both are ours.

What was found is looked at again before it is replaced, and builds of one model wait for each
other: what a person, or another build, wrote in the meantime is not lost.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import re
import secrets
from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from derive.errors import OutputError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

CERTIFICATE = "certificate.json"
# Names of temporary files, so that the next build clears away what a killed one left.
TEMPORARY = ".derive-{}.tmp"
# A certificate can be edited too: a name in it that is not plain is not followed.
FILE_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)+")
# No file of ours comes near; one that is larger is not read into memory.
LARGEST_FILE = 1 << 28
# Of a longer path only so much is said.
LONGEST_PATH = 300


@dataclass(frozen=True)
class Record:
    """What the certificate on the disk says: `digests` holds for each file those that are ours.

    `ours` is whether it is a certificate of derive at all; one that is missing is no one else's.
    It is `complete` where no build was cut short.
    `style` is that of the code, "" where the certificate tells none.
    """

    ours: bool
    complete: bool = True
    languages: tuple[str, ...] = ()
    digests: Mapping[str, tuple[str, ...]] | None = None
    style: str = ""


@dataclass(frozen=True)
class File:
    """One file: its bytes as found and as expected (None: no file), and whether it is ours."""

    name: str
    found: bytes | None
    expected: bytes | None
    ours: bool

    @property
    def stale(self) -> bool:
        """Whether the file is not what it should be."""
        return self.found != self.expected


@dataclass(frozen=True)
class Tree:
    """The files of one model, the certificate last; `leftovers` are those of a killed build."""

    directory: Path
    languages: tuple[str, ...]
    files: tuple[File, ...]
    style: str = ""
    leftovers: tuple[str, ...] = ()


# --- reading ------------------------------------------------------------------------------------


def compare(
    directory: Path,
    files: tuple[tuple[str, str], ...],
    certificate: Mapping[str, Any],
    languages: tuple[str, ...],
    possible: Collection[str] = (),
) -> Tree:
    """What is in `directory` beside what should be there: `files`, (name, text), and `certificate`.

    The certificate is completed with the languages and the digest of each file.  Files that were
    made before and are made no longer are expected to be absent, and so is everything else that has
    a `possible` name: a document in another language, which a merge brought back.
    """
    record = read_record(directory)
    expected = {name: text.encode("utf-8") for name, text in files}
    recorded = record.digests or {}
    compared = []
    for name in dict.fromkeys([*expected, *recorded, *possible]):
        found = _read(directory / name)
        ours = found is None or digest(found) in recorded.get(name, ())
        if found is not None or name in expected or name in recorded:
            compared.append(File(name, found, expected.get(name), ours))
    found = _read(directory / CERTIFICATE)
    whole = completed(expected, certificate, languages)
    compared.append(File(CERTIFICATE, found, whole, record.ours))
    style = str(certificate.get("style", ""))
    return Tree(directory, languages, tuple(compared), style, _leftovers(directory))


def _leftovers(directory: Path) -> tuple[str, ...]:
    return tuple(sorted(path.name for path in directory.glob(TEMPORARY.format("*"))))


def completed(
    files: Mapping[str, bytes], certificate: Mapping[str, Any], languages: tuple[str, ...]
) -> bytes:
    """The certificate as it stands beside the files: with their languages and digests."""
    return _json(
        {
            "status": "complete",
            **certificate,
            "languages": list(languages),
            "files": {name: digest(content) for name, content in files.items()},
        }
    )


def read_record(directory: Path) -> Record:
    """The record in the certificate of `directory`."""
    found = _read(directory / CERTIFICATE)
    if found is None:
        return Record(ours=True)
    try:
        certificate = json.loads(found)
        digests = {
            name: tuple(value.values() if isinstance(value, dict) else [value])
            for name, value in certificate["files"].items()
        }
        languages = tuple(certificate["languages"])
        known = certificate["status"] in ("complete", "building")
        style = str(certificate.get("style", ""))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return Record(ours=False)
    plain = all(FILE_NAME.fullmatch(name) and name != CERTIFICATE for name in digests)
    if not known or not plain:
        return Record(ours=False)
    return Record(True, certificate["status"] == "complete", languages, digests, style)


def faults(directory: Path) -> tuple[str, ...]:
    """What does not fit the certificate, one line each; nothing is built to find it.

    A directory without a certificate has none: nothing was built there.
    """
    record = read_record(directory)
    if not record.ours:
        return (f"{CERTIFICATE} is no certificate of derive: it was edited, or is half of a merge",)
    found = [] if record.complete else ["a build was cut short here"]
    for name, digests in (record.digests or {}).items():
        content = _read(directory / name)
        if content is None and None not in digests:
            found.append(f"{name} is missing")
        elif content is not None and digest(content) not in digests:
            lines = digest(content.replace(b"\r\n", b"\n")) in digests
            why = ", for its line ends were changed" if lines else ""
            found.append(f"{name} is not the file that was verified{why}")
    return tuple(found)


def digest(content: bytes) -> str:
    """The digest of a file, as it stands in a certificate."""
    return hashlib.sha256(content).hexdigest()


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8")


def _read(path: Path) -> bytes | None:
    try:
        if path.is_symlink() or (path.exists() and not path.is_file()):
            raise OutputError(f"{path} is not a plain file", "move it away")
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise _cannot("read", path, error) from None
    if len(content) > LARGEST_FILE:
        raise OutputError(f"{path} is larger than any file of derive", "move it away")
    return content


# --- comparing ----------------------------------------------------------------------------------


def is_stale(tree: Tree) -> bool:
    """Whether any file is not what it should be, or should not be."""
    return bool(tree.leftovers) or any(file.stale for file in tree.files)


def diff(tree: Tree) -> Iterator[str]:
    """The lines of a unified diff, from what was found to what should be there."""
    for file in tree.files:
        if file.stale:
            path = (tree.directory / file.name).as_posix()
            yield from difflib.unified_diff(
                _lines(file.found),
                _lines(file.expected),
                "/dev/null" if file.found is None else path,
                "/dev/null" if file.expected is None else f"{path} (rebuilt)",
                lineterm="",
            )
    yield from (f"Only in {tree.directory.as_posix()}: {name}" for name in tree.leftovers)


def _lines(content: bytes | None) -> list[str]:
    if content is None:
        return []
    # Line ends and a missing last one are differences too, and should be seen.
    *lines, last = content.decode("utf-8", "backslashreplace").replace("\r", "\\r").split("\n")
    return [*lines, last + " (no newline at the end)"] if last else lines


# --- writing ------------------------------------------------------------------------------------


def refuse_foreign(tree: Tree) -> None:
    """Raise `OutputError` if replacing the stale files would lose what a person wrote."""
    for file in tree.files:
        if file.stale and not file.ours:
            path = tree.directory / file.name
            raise OutputError(
                f"{path} is not as derive wrote it: it was edited, or is someone else's",
                "keep what you need under another name and remove it, or build with --force",
            )


def write(tree: Tree) -> None:
    """Replace the stale files, as a set; `OutputError` if the disk does not let us."""
    if not is_stale(tree):
        return
    try:
        tree.directory.mkdir(parents=True, exist_ok=True)
        with _alone(tree.directory):
            _check_unchanged(tree)
            for name in _leftovers(tree.directory):
                (tree.directory / name).unlink(missing_ok=True)
            if any(file.stale for file in tree.files):
                _replace(tree)
    except OSError as error:
        raise _cannot("written", tree.directory, error) from None


def write_beside(tree: Tree, name: str, content: bytes) -> Path:
    """Write one more file, which is made anew from the others and recorded nowhere."""
    path = tree.directory / name
    try:
        with ExitStack() as cleanup:
            os.replace(_stage(tree, content, cleanup), path)
            _settle(tree.directory)
    except OSError as error:
        raise _cannot("written", path, error) from None
    return path


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """No other build writes here meanwhile, where the system has a way to wait for it."""
    if fcntl is None:
        yield
        return
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        # Some network drives have no locks.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        # This ends the lock too.
        os.close(descriptor)


def _check_unchanged(tree: Tree) -> None:
    """Raise `OutputError` if a file that is to be replaced is no longer the one that was found."""
    for file in tree.files:
        if file.stale and _read(tree.directory / file.name) != file.found:
            raise OutputError(
                f"{tree.directory / file.name} was changed while the model was built", "build again"
            )


def _replace(tree: Tree) -> None:
    *files, certificate = tree.files
    stale = [file for file in files if file.stale]
    with ExitStack() as cleanup:
        ready = [
            (f, None if f.expected is None else _stage(tree, f.expected, cleanup)) for f in stale
        ]
        last = _stage(tree, certificate.expected or b"", cleanup)
        if stale:
            os.replace(_stage(tree, _journal(tree), cleanup), tree.directory / CERTIFICATE)
            _settle(tree.directory)
        for file, temporary in ready:
            if temporary is None:
                (tree.directory / file.name).unlink()
            else:
                os.replace(temporary, tree.directory / file.name)
        _settle(tree.directory)
        os.replace(last, tree.directory / CERTIFICATE)
        _settle(tree.directory)


def _journal(tree: Tree) -> bytes:
    """What the certificate says while files are being replaced: the old and new digest of each."""
    digests = {
        file.name: {
            "old": None if file.found is None else digest(file.found),
            "new": None if file.expected is None else digest(file.expected),
        }
        for file in tree.files[:-1]
    }
    style = {"style": tree.style} if tree.style else {}
    return _json(
        {"status": "building", "languages": list(tree.languages), **style, "files": digests}
    )


def _stage(tree: Tree, content: bytes, cleanup: ExitStack) -> Path:
    """A new file beside the others, safely on the disk; `cleanup` removes it if it is not used."""
    path = tree.directory / TEMPORARY.format(secrets.token_hex(8))
    cleanup.callback(path.unlink, missing_ok=True)
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return path


def _settle(directory: Path) -> None:
    """Make the names in `directory` outlast a loss of power, where the system has a way to ask."""
    if os.name == "posix":
        descriptor = os.open(directory, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _cannot(be: str, path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"{str(error.filename or path)[:LONGEST_PATH]} cannot be {be}: {error.strerror or error}",
        "see that the disk has room and that you may write there, or choose another place with -o",
    )
