"""What is known while terms are evaluated, and the integers among them: sizes and subscripts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import prod
from typing import Any, Literal

import numpy as np

from derive.errors import DerivationError, VerificationError
from derive.numbers.arithmetic import NotRational, Scalar
from derive.numbers.dual import Dual
from derive.numbers.scalars import PI, Digits, Exact, agree
from derive.terms import (
    Add,
    Compare,
    Divide,
    Entry,
    FloorDivide,
    Index,
    IndexValue,
    Multiply,
    Name,
    Negate,
    Node,
    Number,
    Partial,
    Power,
    Size,
    Term,
    free_indices,
    walk,
)

How = Literal["exact", "50 digits"]

SCALARS: dict[How, type[Scalar]] = {"exact": Exact, "50 digits": Digits}

# So many differences between two sides are remembered.
MARGINS = 4


class OutOfRange(VerificationError):
    """A subscript left its axis, or an entry has no value."""


@dataclass(eq=False, slots=True)
class Known:
    """A node, the indices that it depends on, whether it reads no real numbers, and what it gave.

    `values` are those of a reduction, or of an operator as a whole, by the values of its indices.
    A condition or a kink has `truths`, and `margins`: a few differences between its two sides,
    which it is decided by; it is `tied` where both sides were the same, and `blurred` where they
    were, but for the last of 50 digits: then rounding decides.
    """

    node: Node
    free: tuple[Index, ...]
    of_sizes: bool
    values: dict[tuple[int, ...], Any] = field(default_factory=dict)
    truths: set[bool] = field(default_factory=set)
    margins: list[Dual] = field(default_factory=list)
    tied: bool = False
    blurred: bool = False

    def met(self, truth: bool, left: Dual, right: Any) -> None:
        """Remember on which side a condition or a kink was met, and how far from the other."""
        self.truths.add(truth)
        self.compared(left, right)
        if len(self.margins) < MARGINS and (left.slopes or getattr(right, "slopes", None)):
            self.margins.append(left - right)

    def compared(self, left: Dual, right: Any) -> None:
        """Remember whether two numbers are the same, or should be."""
        if left == right:
            self.tied = True
        elif isinstance(left.value, Digits):
            self.blurred |= agree(left.value, getattr(right, "value", right))


@dataclass
class Evaluation:
    """What is known while a term is evaluated: sizes, arrays, the values of the indices in reach.

    Arrays hold numbers (index data: integers).  `read` may replace the number that an entry is,
    and `partial` says what a derivative that is not worked out yet is worth.

    What is `known` of a node is found by its identity, for equality of deep terms is slow; entries
    get a value once and keep it, so that a reduction keeps its value too.
    """

    sizes: Mapping[str, int]
    arrays: dict[Name, np.ndarray]
    how: How = "exact"
    indices: dict[Index, int] = field(default_factory=dict)
    read: Callable[[Entry, Any], Any] | None = None
    partial: Callable[[Partial, Evaluation], Any] | None = None
    known: dict[int, Known] = field(default_factory=dict, init=False, repr=False)

    def about(self, node: Node) -> Known:
        """What is known of a node."""
        found = self.known.get(id(node))
        if found is None:
            found = self.known[id(node)] = Known(node, free_indices(node), of_sizes(node))
        return found

    def sides(self) -> dict[Node, set[bool]]:
        """The truth values of the conditions on data, and the sides of the kinks, that were met."""
        met: dict[Node, set[bool]] = {}
        for known in self.known.values():
            if known.truths:
                met.setdefault(known.node, set()).update(known.truths)
        return met

    def margins(self) -> dict[Node, list[Dual]]:
        """How far the conditions on data and the kinks were from their other side."""
        return {known.node: known.margins for known in self.known.values() if known.margins}

    def number(self, value: int | Fraction) -> Dual:
        """An exact number as a number of this evaluation."""
        return Dual(SCALARS[self.how].of(value))

    def pi(self) -> Dual:
        """The constant pi."""
        if self.how == "exact":
            raise NotRational("pi is not rational", "evaluate to 50 digits")
        return Dual(PI)


# What sizes, subscripts and most filters are made of, besides index data.
OF_SIZES = (IndexValue, Number, Size, Add, Multiply, Negate, Divide, FloorDivide, Compare)


def of_sizes(node: Node) -> bool:
    """Whether a node is made of sizes, indices and index data: computed without rounding."""
    return all(
        part.quantity.kind == "index" if isinstance(part, Entry) else isinstance(part, OF_SIZES)
        for part in walk(node)
    )


def rational(term: Term, here: Evaluation) -> int | Fraction:
    """The value of a term in sizes, indices and index data: what may stand in a subscript."""
    match term:
        case IndexValue(index):
            return here.indices[index]
        case Number(value):
            return value.numerator if value.denominator == 1 else value
        case Size(name):
            return here.sizes[name]
        case Add(terms):
            return sum(rational(part, here) for part in terms)
        case Multiply(factors):
            return prod(rational(factor, here) for factor in factors)
        case Negate(inner):
            return -rational(inner, here)
        case Divide(above, below):
            return Fraction(rational(above, here)) / _not_zero(rational(below, here))
        case FloorDivide(above, below):
            return rational(above, here) // _not_zero(rational(below, here))
        case Power(base, exponent):
            return Fraction(rational(base, here)) ** whole(exponent, here)
        case Entry(quantity) if quantity.kind == "index":
            return int(here.arrays[quantity.name][location_of(term, here)])
    raise DerivationError(
        f"a {type(term).__name__} cannot stand in a subscript or a size",
        "use sizes, indices and index data",
    )


def _not_zero(below: int | Fraction) -> int | Fraction:
    if below == 0:
        raise OutOfRange("a size or a subscript is divided by 0", "use other sizes")
    return below


def whole(term: Term, here: Evaluation) -> int:
    """The value of a size or a subscript, which must be an integer."""
    if type(term) is IndexValue:
        return here.indices[term.index]
    value = rational(term, here)
    if value.denominator != 1:
        raise OutOfRange(f"a size or a subscript is {value}", "use sizes that divide exactly")
    return value.numerator


def location_of(entry: Entry, here: Evaluation) -> tuple[int, ...]:
    """Where an entry stands in its array; a subscript that leaves its axis is an error."""
    shape = here.arrays[entry.quantity.name].shape
    location = tuple(whole(subscript, here) for subscript in entry.subscripts)
    fits = len(location) == len(shape)
    if not fits or not all(0 <= at < size for at, size in zip(location, shape, strict=True)):
        raise OutOfRange(
            f"'{entry.quantity.name}' has shape {shape} and is read at {list(location)}",
            "filter the reading with `where`, or use `pad`",
        )
    return location
