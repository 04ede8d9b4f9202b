"""What a document is made of: sections of prose, formulas and tables.  Frozen, in no language.

Prose is a key of the catalogue and what fills its gaps; a formula is a layout.  A renderer turns
both into one format and one language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from derive.picture.drawing import Drawing
from derive.terms import Name, Quantity
from derive.typeset.layout import Layout


@dataclass(frozen=True)
class Verbatim:
    """Words that stay as they are in every language: the title of a model."""

    text: str


@dataclass(frozen=True)
class Code:
    """A name as it stands in the code."""

    text: str


@dataclass(frozen=True)
class Reference:
    """The numbered equations `first` to `last`."""

    first: int
    last: int


@dataclass(frozen=True)
class FigureReference:
    """A numbered figure."""

    number: int


@dataclass(frozen=True)
class LineReference:
    """A line of the module."""

    number: int


@dataclass(frozen=True)
class Listed:
    """Several things, joined by the commas and the "and" of the language."""

    items: tuple[Gap, ...]


@dataclass(frozen=True)
class Phrase:
    """A key of the catalogue with its gaps."""

    key: str
    gaps: tuple[tuple[str, Gap], ...] = ()


Gap = Layout | Verbatim | Code | Reference | FigureReference | LineReference | Listed | Phrase


@dataclass(frozen=True)
class Paragraph:
    """Phrases in a row."""

    phrases: tuple[Phrase, ...]


@dataclass(frozen=True)
class Numbered:
    """A displayed formula with its number, None where it is called by name.

    `line` is the line of the module that computes it, where that is shown.
    """

    formula: Layout
    number: int | None = None
    line: int | None = None


@dataclass(frozen=True)
class Display:
    """Displayed formulas, one below the other."""

    lines: tuple[Numbered, ...]


@dataclass(frozen=True)
class Reason:
    """One line of a worked-out step: how deep it stands, the rule, the formula, and why."""

    depth: int
    rule: Phrase
    formula: Layout
    why: Phrase


@dataclass(frozen=True)
class Working:
    """The steps behind a result, which a reader may fold."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Table:
    """Heads (keys of the catalogue) and rows of cells."""

    heads: tuple[str, ...]
    rows: tuple[tuple[Gap, ...], ...]


@dataclass(frozen=True)
class Figure:
    """A numbered drawing; `key` names its title in the catalogue, and its file.

    `caption` stands below it; `told` says what it shows to those who do not see it.
    """

    key: str
    number: int
    drawing: Drawing
    caption: tuple[Phrase, ...]
    told: Phrase


@dataclass(frozen=True)
class CodeLine:
    """A line of the module: its number, its text without its tag, its equations (first, last)."""

    number: int
    text: str
    equations: tuple[int, ...]


@dataclass(frozen=True)
class Listing:
    """Lines of the module, each with the equation that it computes."""

    lines: tuple[CodeLine, ...]


Block = Paragraph | Display | Working | Table | Figure | Listing


@dataclass(frozen=True)
class Section:
    """A titled section; `key` names its title in the catalogue."""

    key: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Numbers:
    """Under which numbers the definition of a quantity, its gradient and its update stand.

    What a model asks for beyond these goes by its name in the code.
    """

    definitions: Mapping[Quantity, Reference]
    gradients: Mapping[Quantity, Reference]
    updates: Mapping[Quantity, Reference]
    requested: Mapping[Name, Reference]


@dataclass(frozen=True)
class Document:
    """A whole derivation."""

    name: str
    title: str
    introduction: tuple[Block, ...]
    sections: tuple[Section, ...]
    numbers: Numbers


def says(key: str, **gaps: Gap) -> Phrase:
    """The phrase `key` with its gaps filled."""
    return Phrase(key, tuple(gaps.items()))


def paragraph(key: str, **gaps: Gap) -> Paragraph:
    """A paragraph of one phrase."""
    return Paragraph((says(key, **gaps),))
