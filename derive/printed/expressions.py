"""What a reader understands of a formula: sums, products, ranges, cases, as they are printed.

Nothing here knows of terms or of array programs.  Letters and positions count from 1, as in print.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from derive.names import Symbol


class Expression:
    """A formula or a condition.  The subclasses below are the only ones."""

    __slots__ = ()


@dataclass(frozen=True)
class Numeral(Expression):
    """A number as it is written."""

    value: Fraction


@dataclass(frozen=True)
class Named(Expression):
    """A symbol: a quantity or one entry of it, a size, or the letter of an index."""

    symbol: Symbol
    subscripts: tuple[Expression, ...] = ()


@dataclass(frozen=True)
class Part(Expression):
    """One entry of what stands in brackets: (X⁻¹)ᵢⱼ."""

    whole: Expression
    subscripts: tuple[Expression, ...]


@dataclass(frozen=True)
class General(Expression):
    """The matrix whose entry for some letters is given: [a_ij]_ij."""

    letters: tuple[Symbol, ...]
    entry: Expression


@dataclass(frozen=True)
class Sized(Expression):
    """A factor with its rows and columns below it."""

    body: Expression
    shape: tuple[Expression, ...]


@dataclass(frozen=True)
class Ones(Expression):
    """The column of ones, as long as it has to be."""


@dataclass(frozen=True)
class Identity(Expression):
    """The identity matrix, of a size that is given or as large as it has to be."""

    size: Expression | None = None


@dataclass(frozen=True)
class Sum(Expression):
    """Summands, each with whether a minus stands before it."""

    parts: tuple[tuple[bool, Expression], ...]


@dataclass(frozen=True)
class Product(Expression):
    """Factors joined by `sign`.

    Side by side (×), entry by entry (∘), by blocks (⊗), as correlation (⋆) or convolution (∗).
    """

    factors: tuple[Expression, ...]
    sign: str = "×"


@dataclass(frozen=True)
class Quotient(Expression):
    """One expression over another."""

    above: Expression
    below: Expression


@dataclass(frozen=True)
class Power(Expression):
    """A base with an exponent."""

    base: Expression
    exponent: Expression


@dataclass(frozen=True)
class Transposed(Expression):
    """A matrix with its axes turned round."""

    matrix: Expression


@dataclass(frozen=True)
class Applied(Expression):
    """A function, by the word that is printed, of its arguments."""

    function: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True)
class Ranged(Expression):
    """A big operator over a letter from `first` to `last` where the conditions hold."""

    sign: str
    letter: Symbol
    first: Expression
    last: Expression
    conditions: tuple[Expression, ...]
    body: Expression


@dataclass(frozen=True)
class Bracket(Expression):
    """Iverson's bracket: 1 where the condition holds, else a 0 beside which nothing is read."""

    condition: Expression


@dataclass(frozen=True)
class Count(Expression):
    """How many values of some letters meet the conditions."""

    letters: tuple[Symbol, ...]
    conditions: tuple[Expression, ...]


@dataclass(frozen=True)
class Cases(Expression):
    """Values, each with the condition under which it is meant."""

    rows: tuple[tuple[Expression, Expression], ...]


@dataclass(frozen=True)
class Grid(Expression):
    """A matrix that is written out."""

    rows: tuple[tuple[Expression, ...], ...]


@dataclass(frozen=True)
class Slope(Expression):
    """The fraction ∂u/∂w between names, ∂²u/∂w ∂v for two of them."""

    of: Named | Slope
    wrt: tuple[Named | Slope, ...]


@dataclass(frozen=True)
class Differentiated(Expression):
    """∂/∂w of what stands behind it in brackets."""

    wrt: Named | Slope
    body: Expression


@dataclass(frozen=True)
class Chain(Expression):
    """Sides with relations between them: 1 ≤ j < n."""

    sides: tuple[Expression, ...]
    relations: tuple[str, ...]


@dataclass(frozen=True)
class Joined(Expression):
    """Conditions joined by ∧ or ∨, or one that is denied by ¬."""

    sign: str
    conditions: tuple[Expression, ...]


def parts(expression: Expression) -> Iterator[Expression]:
    """The expressions directly inside an expression, in reading order."""
    for value in vars(expression).values():
        yield from _expressions(value)


def _expressions(value: object) -> Iterator[Expression]:
    if isinstance(value, Expression):
        yield value
    elif isinstance(value, tuple):
        for item in value:
            yield from _expressions(item)


def walk(expression: Expression) -> Iterator[Expression]:
    """An expression and all that stands inside it."""
    yield expression
    for part in parts(expression):
        yield from walk(part)
