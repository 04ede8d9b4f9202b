"""The layout tree: what a formula looks like, before any printer has seen it.

Brackets and operators are decided when the tree is built.  A printer only prints; it never adds a
bracket.  The one-line form needs brackets where the others have a bar or a raised exponent: they
stand in the tree too, as `Group`, which only the one-line printer shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from derive.names import Letters, Scripted, Symbol

Form = Literal["infix", "prefix", "separator", "ordinary"]

# Operators by their Unicode character; factors side by side have this one between them.
TIMES = "\N{INVISIBLE TIMES}"
MINUS = "\N{MINUS SIGN}"
DOT = "\N{MIDDLE DOT}"
APPLY = "\N{FUNCTION APPLICATION}"
RELATIONS = ("=", "←", ":=", "≠", "<", "≤", ">", "≥", "≈", "≜", "∈")


class Layout:
    """A piece of a formula.  The subclasses below are the only ones."""

    __slots__ = ()


@dataclass(frozen=True)
class Identifier(Layout):
    """The symbol of a quantity, a size or an index."""

    symbol: Symbol


@dataclass(frozen=True)
class NumberText(Layout):
    """A number without a sign, as it is to be read: 3, 0.001."""

    text: str


@dataclass(frozen=True)
class FunctionName(Layout):
    """The upright name of a function: tanh, ReLU."""

    text: str


@dataclass(frozen=True)
class Text(Layout):
    """Words inside a formula."""

    text: str


@dataclass(frozen=True)
class Operator(Layout):
    """One operator, relation or sign, by its character."""

    sign: str
    form: Form = "infix"


@dataclass(frozen=True)
class Space(Layout):
    """A wide space, as between two equations on one line."""


@dataclass(frozen=True)
class Row(Layout):
    """Layouts side by side; a row holds no row of its own (see `row`)."""

    items: tuple[Layout, ...]


@dataclass(frozen=True)
class Fenced(Layout):
    """`body` in brackets."""

    opening: str
    body: Layout
    closing: str


@dataclass(frozen=True)
class Bracket(Layout):
    """One of a pair of brackets whose partner may stand on another line; `tall` ones are larger."""

    sign: str
    form: Literal["prefix", "postfix"]
    tall: bool = False


@dataclass(frozen=True)
class Group(Layout):
    """`body` in the brackets that only a one-line form needs."""

    body: Layout


@dataclass(frozen=True)
class Fraction(Layout):
    """`numerator` over `denominator`."""

    numerator: Layout
    denominator: Layout


@dataclass(frozen=True)
class Raised(Layout):
    """`base` with an exponent or another superscript."""

    base: Layout
    superscript: Layout


@dataclass(frozen=True)
class Subscripted(Layout):
    """`base` with index letters and positions below; `compact` ones need no commas: X_ij."""

    base: Layout
    subscripts: tuple[Layout, ...]
    compact: bool = True


@dataclass(frozen=True)
class Root(Layout):
    """The square root of `body`."""

    body: Layout


@dataclass(frozen=True)
class BigOperator(Layout):
    """∑, ∏ or an upright word with a range below and above, and conditions below."""

    sign: str
    index: Layout
    first: Layout
    last: Layout
    conditions: tuple[Layout, ...] = ()


@dataclass(frozen=True)
class Cases(Layout):
    """Values, each with the condition under which it is chosen."""

    rows: tuple[tuple[Layout, Layout], ...]


@dataclass(frozen=True)
class Matrix(Layout):
    """Rows of layouts in square brackets."""

    rows: tuple[tuple[Layout, ...], ...]


@dataclass(frozen=True)
class Aligned(Layout):
    """Lines of one formula: what stands left and right of the alignment."""

    lines: tuple[tuple[Layout, Layout], ...]


@dataclass(frozen=True)
class Marked(Layout):
    """`body` in the colour of `key`; a one-line form has no colours."""

    key: str
    body: Layout


@dataclass(frozen=True)
class Shaped(Layout):
    """`body` with its shape, such as n × 1, in small type below it."""

    body: Layout
    shape: Layout


def row(*items: Layout) -> Layout:
    """The items side by side, without rows inside rows; one item stands for itself."""
    flat: list[Layout] = []
    for item in items:
        flat += item.items if isinstance(item, Row) else (item,)
    return flat[0] if len(flat) == 1 else Row(tuple(flat))


def parts(layout: Layout) -> tuple[Layout, ...]:
    """The layouts directly inside `layout`, in reading order."""
    match layout:
        case Identifier() | NumberText() | FunctionName() | Text():
            return ()
        case Operator() | Bracket() | Space():
            return ()
        case Row(items):
            return items
        case Fenced(_, body, _) | Group(body) | Root(body) | Marked(_, body):
            return (body,)
        case Fraction(first, second) | Raised(first, second) | Shaped(first, second):
            return (first, second)
        case Subscripted(base, subscripts):
            return (base, *subscripts)
        case BigOperator(_, index, first, last, conditions):
            return (index, first, last, *conditions)
        case Cases(rows) | Matrix(rows) | Aligned(rows):
            return tuple(item for line in rows for item in line)
    raise TypeError(f"parts: unknown layout {type(layout).__name__}")


def walk(layout: Layout) -> Iterator[Layout]:
    """`layout` and all layouts inside it, from the top."""
    yield layout
    for part in parts(layout):
        yield from walk(part)


def is_tall(layout: Layout) -> bool:
    """Whether brackets around `layout` have to grow."""
    tall = (Fraction, BigOperator, Matrix, Cases, Aligned, Root)
    return any(isinstance(part, tall) for part in walk(layout))


def is_integer(layout: Layout) -> bool:
    """Whether `layout` is an integer of at most two digits, perhaps with a minus before it."""
    match layout:
        case NumberText(text):
            return text.isdecimal() and len(text) < 3
        case Row((Operator("\N{MINUS SIGN}", "prefix"), NumberText() as digits)):
            return is_integer(digits)
    return False


def bracketed(layout: Layout) -> Layout:
    """`layout` in round brackets."""
    return Fenced("(", layout, ")")


def listed(*items: Layout) -> Layout:
    """The items with commas between them."""
    spread: list[Layout] = []
    for item in items:
        spread += [Operator(",", "separator"), item]
    return row(*spread[1:])


def product(*factors: Layout, dotted: Sequence[bool] = ()) -> Layout:
    """Factors side by side, with a dot where it is asked for or where they would run together."""
    joined: list[Layout] = [factors[0]]
    for place, (left, right) in enumerate(pairwise(factors)):
        dot = (place < len(dotted) and dotted[place]) or _runs_together(left, right)
        joined += [Operator(DOT if dot else TIMES), right]
    return row(*joined)


def _runs_together(left: Layout, right: Layout) -> bool:
    """Whether a number or a word would be read as one with what stands beside it."""
    ending, beginning = _edge(left, -1), _edge(right, 0)
    return isinstance(beginning, NumberText) or _is_word(ending) or _is_word(beginning)


def _edge(layout: Layout, side: int) -> Layout:
    """The first (0) or last (-1) thing that is read on the line."""
    match layout:
        case Row(items):
            return _edge(items[side], side)
        case Marked(_, body) | Shaped(body):
            return _edge(body, side)
        case Raised(base) | Subscripted(base):
            return _edge(base, side)
    return layout


def _is_word(layout: Layout) -> bool:
    return isinstance(layout, Identifier) and _is_long(layout.symbol)


def _is_long(symbol: Symbol) -> bool:
    match symbol:
        case Letters(text):
            return len(text) > 1
        case Scripted(body):
            return _is_long(body)
    return False
