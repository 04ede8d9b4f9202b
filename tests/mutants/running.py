"""Many mutants, in two processes: which are judged, and a table of what became of them."""

import difflib
import itertools
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random

from derive.jobs import Finished, run
from mutants.argued import argument
from mutants.judging import Judge

GENERATED = Path(__file__).parent.parent.parent / "generated"
# So many mutants of one program are judged by one process at a time.
BATCH = 100


@cache
def judge(name):
    """The judge of a program of the gallery, with its points, once in each process."""
    return Judge(name, (GENERATED / name / "update.py").read_text(encoding="utf-8"))


def programs():
    """The names of the programs of the gallery."""
    return sorted(path.parent.name for path in GENERATED.glob("*/update.py"))


def drawn(mutants, number, seed):
    """So many mutants, as many of each kind as there are, or their equal share."""
    by_kind = defaultdict(list)
    for mutant in Random(seed).sample(mutants, len(mutants)):
        by_kind[mutant.kind].append(mutant)
    rounds = itertools.zip_longest(*by_kind.values())
    return [m for m in itertools.chain.from_iterable(rounds) if m is not None][:number]


# What a mutant that passes as verified may be, best last.
PASSED = ("survived", "argued", "proved")


@dataclass
class Tally:
    """What became of the mutants: at which level each was caught, or as what it passed."""

    found: dict = field(default_factory=dict)

    def add(self, mutant, level):
        """Note the level at which a mutant was caught, None where it was not."""
        passed = "proved" if mutant.reason else "argued" if argument(mutant) else "survived"
        self.found[mutant] = level or passed

    @property
    def survivors(self):
        """What passed as verified for no reason that is known."""
        return [mutant for mutant, level in self.found.items() if level == "survived"]

    @property
    def mistaken(self):
        """What is caught though a rule or an argument says that it is no mistake."""
        return [
            mutant
            for mutant, level in self.found.items()
            if level not in PASSED and (mutant.reason or argument(mutant))
        ]

    def table(self):
        """The counts by kind and level, a line at a time."""
        levels = Counter(self.found.values())
        shown = [level for level, _ in levels.most_common() if level not in PASSED]
        made = Counter(mutant.kind for mutant in self.found)
        each = Counter((mutant.kind, level) for mutant, level in self.found.items())
        yield _row("", ["made", "caught", *PASSED, *shown])
        for kind in sorted(made):
            caught = sum(each[kind, level] for level in shown)
            numbers = (each[kind, level] for level in (*PASSED, *shown))
            yield _row(kind, [made[kind], caught, *numbers])
        caught = sum(levels[level] for level in shown)
        numbers = (levels[level] for level in (*PASSED, *shown))
        yield _row("all", [len(self.found), caught, *numbers])


def _row(head, numbers):
    return f"{head:<18}" + "".join(f"{number:>10}" for number in numbers)


def _batches(mutants):
    return (mutants[start : start + BATCH] for start in range(0, len(mutants), BATCH))


def _levels(task):
    name, mutants = task
    return [level and level[0] for level in map(judge(name).level, mutants)]


def judged(mutants, jobs=2, report=lambda line: None):
    """Judge the mutants in so many processes."""
    by_program = defaultdict(list)
    for mutant in mutants:
        by_program[mutant.program].append(mutant)
    tasks = [
        (name, tuple(batch)) for name, group in by_program.items() for batch in _batches(group)
    ]
    tally = Tally()
    for event in run(_levels, tasks, jobs):
        if isinstance(event, Finished):
            for mutant, level in zip(tasks[event.index][1], event.result, strict=True):
                tally.add(mutant, level)
            report(f"{len(tally.found)} of {len(mutants)}, {len(tally.survivors)} survived")
    return tally


def difference(mutant):
    """The lines of the source that the mistake changes, as a diff."""
    source = judge(mutant.program).source
    lines = [text.splitlines() for text in (source, mutant.applied(source))]
    return list(difflib.unified_diff(*lines, lineterm="", n=0))[3:]
