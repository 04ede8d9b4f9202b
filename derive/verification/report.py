"""What verification found: one line a quantity and level, as a text and as a certificate."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["verified", "failed", "undecided"]
Level = Literal["steps", "printed", "kernels", "float64", "workspace", "against"]
Sizes = tuple[tuple[str, int], ...]

LEVELS: dict[Level, str] = {
    "steps": "every step, against dual numbers at random places",
    "printed": "every equation of the document, evaluated as it is printed, against the oracle",
    "kernels": "the code on exact numbers, against dual numbers through the forward equations",
    "float64": "the code on floats, against the oracle and along random directions",
    "workspace": "the step in a workspace, bit by bit against the readable one",
    "against": "the given function on floats, against dual numbers through the forward equations",
}
# The longest line that lists all sizes.
WIDTH = 92
MARKS: dict[Verdict, str] = {"verified": "✓", "failed": "✗", "undecided": "?"}


@dataclass(frozen=True)
class Line:
    """What one level found about one quantity, at which sizes and in which arithmetic.

    `worst` is the largest error relative to the scale of the quantity, where errors were measured;
    `bound` is what it was held against.  `note` says what is wrong, or what could not be decided.
    """

    level: Level
    quantity: str
    sizes: tuple[Sizes, ...]
    how: str
    verdict: Verdict
    worst: float | None = None
    bound: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Report:
    """All lines about one model."""

    model: str
    lines: tuple[Line, ...]

    @property
    def verdict(self) -> Verdict:
        """`failed` where a check failed, else `undecided` where one could not be made."""
        found = {line.verdict for line in self.lines}
        for verdict in ("failed", "undecided"):
            if verdict in found:
                return verdict
        return "verified"

    @property
    def ok(self) -> bool:
        """Whether every check was made and holds; what is undecided is not verified."""
        return self.verdict == "verified"

    def __str__(self) -> str:
        return "\n".join(report_lines(self))


def report_lines(report: Report) -> list[str]:
    """The report as a person reads it: the sizes once for each level, a line for each quantity.

    >>> line = Line("kernels", "∂C/∂w", ((("n", 3),),), "exact", "verified")
    >>> print(Report("neuron", (line,)))
    neuron: verified
    the code on exact numbers, against dual numbers through the forward equations
      at n=3
      ✓ ∂C/∂w  exact
    """
    shown = [f"{report.model}: {report.verdict}"]
    for level, title in LEVELS.items():
        lines = [line for line in report.lines if line.level == level]
        if lines:
            shown += [title, *_level_lines(lines)]
    return shown


def _level_lines(lines: Sequence[Line]) -> list[str]:
    sizes = tuple(dict.fromkeys(one for line in lines for one in line.sizes))
    shown = _sizes_lines([one for one in sizes if one])
    width = max(len(line.quantity) for line in lines)
    for line, more in _together(lines):
        details = "; ".join((_details(line, sizes), *(_details(m, sizes, line) for m in more)))
        shown.append(f"  {MARKS[line.verdict]} {line.quantity:<{width}}  {details}")
        shown += [f"      {text}" for text in line.note.splitlines()]
    return shown


def _sizes_lines(sizes: Sequence[Sizes]) -> list[str]:
    """All sizes on one line, or below each other in columns where that would be long."""
    if not sizes:
        return []
    in_a_row = f"  at {'; '.join(map(show_sizes, sizes))}"
    if len(in_a_row) <= WIDTH:
        return [in_a_row]
    entries = [[f"{name}={size}" for name, size in one] for one in sizes]
    widths = [max(map(len, column)) for column in zip(*entries, strict=True)]
    padded = ([e.ljust(width) for e, width in zip(one, widths, strict=True)] for one in entries)
    rows = (" ".join(row).rstrip() for row in padded)
    return [f"  {'at' if number == 0 else '  '} {row}" for number, row in enumerate(rows)]


def _together(lines: Sequence[Line]) -> Iterator[tuple[Line, list[Line]]]:
    """Each line with those behind it on the same quantity that say nothing more to explain."""
    waiting: list[Line] = []
    for line in lines:
        if waiting and not _go_together(waiting[0], line):
            yield waiting[0], waiting[1:]
            waiting = []
        waiting.append(line)
    yield waiting[0], waiting[1:]


def _go_together(one: Line, other: Line) -> bool:
    alike = (one.quantity, one.verdict) == (other.quantity, other.verdict)
    return alike and not one.note and not other.note


def _details(line: Line, sizes: Sequence[Sizes], before: Line | None = None) -> str:
    """How a line was checked, at how many of the sizes, and how large the error was."""
    arithmetic, _, rest = line.how.partition(", ")
    same = before is not None and rest and before.how.startswith(f"{arithmetic}, ")
    shown = rest if same else line.how
    if len(line.sizes) < len(sizes):
        shown += f" (at {len(line.sizes)} of {len(sizes)} sizes)"
    return shown if line.worst is None else f"{shown}, worst error {line.worst:.1e}"


def show_sizes(sizes: Sizes) -> str:
    """Sizes on one line."""
    return " ".join(f"{name}={size}" for name, size in sizes)


def certificate(report: Report) -> dict[str, Any]:
    """What was checked, how, at which sizes, with which verdict and bound.

    Holds no measured error and no version, so that it is the same on every machine.

    >>> certificate(Report("m", (Line("kernels", "C", (), "exact", "verified"),)))["verified"]
    True
    """
    return {
        "model": report.model,
        "verified": report.ok,
        "checks": [
            {
                "level": line.level,
                "quantity": line.quantity,
                "sizes": [dict(sizes) for sizes in line.sizes],
                "how": line.how,
                "verdict": line.verdict,
            }
            | ({} if line.bound is None else {"bound": line.bound})
            for line in report.lines
        ],
    }
