"""What a document claims: its equations, each with where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from derive.document.blocks import (
    Block,
    Display,
    Document,
    Gap,
    Listed,
    Paragraph,
    Phrase,
    Working,
)
from derive.printed.expressions import (
    Applied,
    Bracket,
    Cases,
    Expression,
    Grid,
    Named,
    Numeral,
    walk,
)
from derive.printed.reader import equations_of
from derive.typeset.layout import Layout, Operator
from derive.typeset.layout import walk as walk_layout

# Sections that speak of special numbers, or of inequalities, and not of every point.
ELSEWHERE = frozenset({"remark", "point"})
# Words with a kink.
KINKED = frozenset({"ReLU", "abs", "sign", "max", "min"})
# What a document says where each rule differentiates by one reading and keeps the others.
BY_READINGS = "local.readings"
# What a document says before entries that are written out at the sizes of its example.
AT_SIZES = ("model.entries", "chain.entries")


@dataclass(frozen=True)
class Claim:
    """One equation: its sides are the same, or the second becomes the first (`assigns`).

    `number` is that of the equation it belongs to, None where that has none.  A line of a `worked`
    step may hold in one range only, that of what it works out.  A derivative is taken `by_readings`
    where the document says so: by one place in print that reads the entry.  An `instance` holds at
    the sizes of the example.
    """

    section: str
    number: int | None
    layout: Layout
    sides: tuple[Expression, ...]
    assigns: bool
    worked: bool = False
    by_readings: bool = False
    instance: bool = False

    @property
    def chooses(self) -> bool:
        """Whether its value hangs on a condition, or on the side of a kink."""
        return any(_chooses(part) for side in self.sides for part in walk(side))

    @property
    def written_out(self) -> bool:
        """Whether it speaks of the entries of an instance, by their numbers."""
        parts = [part for side in self.sides for part in walk(side)]
        return any(
            isinstance(part, Grid)
            or (isinstance(part, Named) and any(isinstance(s, Numeral) for s in part.subscripts))
            for part in parts
        )


def _chooses(expression: Expression) -> bool:
    match expression:
        case Cases(rows):
            return any(_reads_data(condition) for _, condition in rows)
        case Bracket(condition):
            return _reads_data(condition)
        case Applied(function):
            return function in KINKED
    return False


def _reads_data(condition: Expression) -> bool:
    """Whether a condition is about more than letters and sizes."""
    parts = walk(condition)
    return any(isinstance(p, Applied) or (isinstance(p, Named) and p.subscripts) for p in parts)


def claims_of(document: Document) -> tuple[Claim, ...]:
    """All equations of a document, in reading order.

    The table of results repeats them, broken into lines.
    Raises `Unreadable` where one cannot be read.
    """
    found: list[Claim] = []
    for section in document.sections:
        said: Block | None = None
        for block in section.blocks if section.key not in ELSEWHERE else ():
            worked = isinstance(block, Working)
            readings = worked and _says(said, BY_READINGS)
            instance = isinstance(block, Display) and any(_says(said, key) for key in AT_SIZES)
            for number, layout in _formulas(block):
                for claim in claims_in(section.key, number, layout):
                    own = replace(claim, worked=worked, by_readings=readings, instance=instance)
                    found.append(own)
            said = block if isinstance(block, Paragraph) else said
    return tuple(found)


def claims_in(section: str, number: int | None, layout: Layout) -> Iterator[Claim]:
    """The equations of one display."""
    for sides, signs in equations_of(layout):
        if len(sides) > 1:
            yield Claim(section, number, layout, tuple(sides), signs[0] == "←")


def _says(block: Block | None, key: str) -> bool:
    return isinstance(block, Paragraph) and any(phrase.key == key for phrase in block.phrases)


def _formulas(block: Block) -> Iterator[tuple[int | None, Layout]]:
    match block:
        case Display(lines):
            yield from ((line.number, line.formula) for line in lines)
        case Working(reasons):
            yield from ((None, reason.formula) for reason in reasons)
        case Paragraph(phrases):
            general = (phrase for phrase in phrases if phrase.key in SAID)
            yield from ((None, layout) for phrase in general for layout in _in(phrase))


# Phrases with equations that hold at every point.
SAID = frozenset({"chain.general", "requested.zero"})


def _in(gap: Gap) -> Iterator[Layout]:
    """The equations among the formulas of a gap."""
    match gap:
        case Layout():
            if any(part == Operator("=") for part in walk_layout(gap)):
                yield gap
        case Listed(items):
            for item in items:
                yield from _in(item)
        case Phrase(_, gaps):
            for _, inner in gaps:
                yield from _in(inner)
