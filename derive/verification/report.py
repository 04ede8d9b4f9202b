"""What verification found: one line a quantity and level, as a text and as a certificate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["verified", "failed", "undecided"]
Level = Literal["steps", "kernels", "float64", "workspace", "against"]
Sizes = tuple[tuple[str, int], ...]

LEVELS: dict[Level, str] = {
    "steps": "every step, against dual numbers at random places",
    "kernels": "the code on exact numbers, against dual numbers through the forward equations",
    "float64": "the code on floats, against the oracle and along random directions",
    "workspace": "the step in a workspace, bit by bit against the readable one",
    "against": "the given function on floats, against dual numbers through the forward equations",
}
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
    """The report as a person reads it.

    >>> line = Line("kernels", "∂C/∂w", ((("n", 3),),), "exact", "verified")
    >>> print(Report("neuron", (line,)))
    neuron: verified
    the code on exact numbers, against dual numbers through the forward equations
      ✓ ∂C/∂w  exact  n=3
    """
    shown = [f"{report.model}: {report.verdict}"]
    for level, title in LEVELS.items():
        lines = [line for line in report.lines if line.level == level]
        if lines:
            shown.append(title)
        width = max((len(line.quantity) for line in lines), default=0)
        for line in lines:
            shown.append(f"  {MARKS[line.verdict]} {line.quantity:<{width}}  {_details(line)}")
            shown += [f"      {text}" for text in line.note.splitlines()]
    return shown


def _details(line: Line) -> str:
    parts = [line.how, "; ".join(filter(None, map(show_sizes, line.sizes)))]
    if line.worst is not None:
        parts.append(f"worst error {line.worst:.1e}")
    return "  ".join(part for part in parts if part)


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
