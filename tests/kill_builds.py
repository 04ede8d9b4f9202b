"""Builds that are killed at random moments, and what they leave behind.

    python tests/kill_builds.py --kills 50 --seed 0

Two models were built; their texts change, and a build of the new texts is killed: one in four at
any moment, the others while it writes, on a disk that is made slow.  Whatever it leaves, each file
must be the old one or the new one as a whole, `derive check` must call a tree current only where
all of it belongs to the text that is checked, and the next build must complete.  Prints what was
left how often; exits with 1 at the first tree that is not so.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

# A process that is forked takes no threads with it.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import derive.pipeline  # noqa: F401  (what is forked has the libraries already)
from derive.cli import main

MODELS = {
    "bowl": """
        w: param = 2
        C = (w - {target}) ** 2
        minimize(C, sgd(alpha=0.1))
    """,
    "line": """
        n: dim = 3
        x: input[n]; y: input
        w: param[n] = zeros; b: param = 0
        C = (x @ w + b - {target} * y) ** 2
        minimize(C, sgd(alpha=0.01))
    """,
}
OLD, NEW = "3", "5"
# So many seconds a call takes on the slow disk, and about so many calls a build makes.
SLOW, CALLS = 0.004, 50


def write_models(folder: Path, target: str) -> list[str]:
    """The texts of the models with one of the two targets; the names of their files."""
    for name, text in MODELS.items():
        lines = [line.strip() for line in text.format(target=target).strip().splitlines()]
        (folder / f"{name}.model").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return [f"{name}.model" for name in MODELS]


# --- commands in processes of their own ---------------------------------------------------------


def start(folder: Path, *arguments: str, said: str = os.devnull, slow: bool = False) -> int:
    """Begin a command in a process that has the libraries already; the process."""
    process = os.fork()
    if process:
        return process
    os.chdir(folder)
    silent, spoken = (os.open(p, os.O_WRONLY | os.O_CREAT) for p in (os.devnull, said))
    os.dup2(silent, 1)
    os.dup2(spoken, 2)
    if slow:
        os.fsync, os.replace = slowed(os.fsync), slowed(os.replace)
    os._exit(main([*arguments, "--jobs", "1"]))


def slowed(call: Callable[..., None]) -> Callable[..., None]:
    """A call that takes as long as on a slow disk."""

    def slow(*arguments: Any) -> None:
        time.sleep(SLOW)
        call(*arguments)

    return slow


def ended(process: int) -> int:
    """The exit code of a process; minus the number of the signal that ended it."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def run(folder: Path, *arguments: str) -> int:
    """The exit code of a command."""
    return ended(start(folder, *arguments))


def killed(folder: Path, names: list[str], random: Random, duration: float, writing: bool) -> bool:
    """Whether a build was killed before it ended: at any moment, or once it has begun to write."""
    output = folder / "generated"
    process = start(folder, "build", *names, slow=True)
    if writing:
        while not list(output.glob("*/.derive-*.tmp")):
            time.sleep(SLOW / 10)
        time.sleep(random.uniform(0, CALLS * SLOW))
    else:
        time.sleep(random.uniform(0, duration))
    os.kill(process, signal.SIGKILL)
    return ended(process) == -signal.SIGKILL


# --- what is left -------------------------------------------------------------------------------


def tree(folder: Path) -> dict[str, bytes]:
    """The files of the output, by their paths."""
    output = folder / "generated"
    return {p.relative_to(output).as_posix(): p.read_bytes() for p in output.rglob("*.*")}


@dataclass(frozen=True)
class Left:
    """What a killed build left of one model."""

    state: str
    leftovers: int


def judged(found: dict[str, bytes], old: dict[str, bytes], new: dict[str, bytes]) -> Left:
    """The state of one model; a ValueError for a file that is neither old nor new as a whole."""
    files = {name: content for name, content in found.items() if ".derive-" not in name}
    leftovers = len(found) - len(files)
    for name in {*old, *new, *files} - {"certificate.json"}:
        if files.get(name) not in (old.get(name), new.get(name)):
            raise ValueError(f"{name} is neither the old file nor the new one")
    certificate = files.get("certificate.json")
    if files == old:
        return Left("all old", leftovers)
    if files == new:
        return Left("all new", leftovers)
    if certificate is None or json.loads(certificate)["status"] != "building":
        raise ValueError("files are mixed, and the certificate does not say so")
    changed = [name for name in old if name != "certificate.json" and old[name] != new.get(name)]
    done = sum(files.get(name) == new.get(name) for name in changed)
    return Left(f"a journal, {done} of {len(changed)} files new", leftovers)


def of_model(name: str, whole: dict[str, bytes]) -> dict[str, bytes]:
    """The part of a tree that belongs to one model."""
    return {p.split("/", 1)[1]: text for p, text in whole.items() if p.startswith(name + "/")}


def check_left(folder: Path, old: dict[str, bytes], new: dict[str, bytes]) -> list[Left]:
    """What is left of each model, after `derive check` was asked about both texts of each."""
    found = tree(folder)
    parts = {name: [of_model(name, whole) for whole in (found, old, new)] for name in MODELS}
    left = {name: judged(*part) for name, part in parts.items()}
    for target, right in ((OLD, 1), (NEW, 2)):
        current = called_current(folder, write_models(folder, target))
        for name, part in parts.items():
            if (name in current) != (part[0] == part[right]):
                verdict = "current" if name in current else "stale"
                raise ValueError(f"{name} with {left[name].state} is called {verdict}")
    expect(tree(folder) == found, "`derive check` has written")
    return list(left.values())


def called_current(folder: Path, names: list[str]) -> set[str]:
    """The models that `derive check` calls up to date."""
    said = folder / "said"
    said.write_bytes(b"")
    code = ended(start(folder, "check", *names, said=str(said)))
    current = set(re.findall(r"^(\w+): up to date$", said.read_text("utf-8"), re.MULTILINE))
    expect(code == (current != set(MODELS)), "`derive check` ends with another code than it says")
    return current


# --- the command --------------------------------------------------------------------------------


def kill_builds(folder: Path, kills: int, seed: int) -> Counter[str]:
    """How often which state was left by `kills` builds; a ValueError where a state is wrong."""
    random = Random(seed)
    names = write_models(folder, OLD)
    begun = time.perf_counter()
    expect(run(folder, "build", *names) == 0, "the models cannot be built")
    duration = time.perf_counter() - begun
    old = tree(folder)
    write_models(folder, NEW)
    expect(run(folder, "build", *names) == 0, "the models cannot be built")
    new = tree(folder)
    states: Counter[str] = Counter()
    done = 0
    while done < kills:
        write_models(folder, OLD)
        expect(run(folder, "build", *names) == 0, "an old build does not complete")
        expect(tree(folder) == old, "an old build is not what it was")
        write_models(folder, NEW)
        if not killed(folder, names, random, duration, writing=bool(done % 4)):
            states["(ended before it was killed; not counted)"] += 1
            continue
        left = check_left(folder, old, new)
        for name, one in zip(MODELS, left, strict=True):
            states[f"{name}: {one.state}"] += 1
            states["temporary files"] += one.leftovers
        done += 1
        write_models(folder, NEW)
        expect(run(folder, "build", *names) == 0, "the next build does not complete")
        expect(tree(folder) == new, "the next build leaves something else")
    return states


def expect(holds: bool, otherwise: str) -> None:
    """Raise a ValueError that says what is wrong."""
    if not holds:
        raise ValueError(otherwise)


def command() -> int:
    """Kill builds, and print what they left."""
    parser = argparse.ArgumentParser(description="Kill builds, and look at what they leave.")
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        try:
            states = kill_builds(Path(folder), options.kills, options.seed)
        except ValueError as error:
            print(f"wrong: {error}")
            return 1
    print(f"{options.kills} builds of {len(MODELS)} models were killed, seed {options.seed}:")
    for state, count in sorted(states.items(), key=lambda item: re.sub(r"^\(", "~", item[0])):
        print(f"{count:>5}  {state}")
    print("each file was the old one or the new one; no mixed tree was called current;")
    print(f"each next build completed; {time.perf_counter() - begun:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(command())
