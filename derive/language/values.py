"""Arrays as the reader sees them: a shape, and the term of each entry.

An expression of the language means an `Array`: given one subscript an axis it says which scalar
term stands there.  Broadcasting, products of matrices and sums over axes are then a few lines each,
and array notation and index notation meet in the same terms.  Every call of `entry` builds its
bound indices anew, so a term never shares one with its copy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import prod

from derive.terms import (
    ZERO,
    Add,
    Condition,
    Divide,
    Index,
    IndexValue,
    Multiply,
    Negate,
    Node,
    Number,
    Power,
    Reduction,
    Term,
    is_one,
)

Shape = tuple[Term, ...]
Subscripts = tuple[Term, ...]
SameSize = Callable[[Term, Term], bool]


@dataclass(frozen=True)
class Array:
    """Numbers: `entry(subscripts)` is the term at one place of `shape`."""

    shape: Shape
    entry: Callable[[Subscripts], Term]


@dataclass(frozen=True)
class Mask:
    """Conditions: `entry(subscripts)` is the condition at one place of `shape`."""

    shape: Shape
    entry: Callable[[Subscripts], Condition]


Operand = Array | Mask


def scalar(term: Term) -> Array:
    """A single number."""
    return Array((), lambda subscripts: term)


def at(array: Array) -> Term:
    """The term of a scalar."""
    return array.entry(())


# --- broadcasting -------------------------------------------------------------------------------


def joined(left: Shape, right: Shape, same: SameSize) -> Shape | None:
    """The shape of an elementwise operation, by NumPy's rule; None where two axes do not fit."""
    length = max(len(left), len(right))
    pairs = list(zip(_padded(left, length), _padded(right, length), strict=True))
    if any(not (is_one(a) or is_one(b) or same(a, b)) for a, b in pairs):
        return None
    return tuple(b if is_one(a) else a for a, b in pairs)


def stretched(shape: Shape, whole: Shape) -> bool:
    """Whether broadcasting to `whole` repeats the entries of an array of `shape`."""
    padded = _padded(shape, len(whole))
    return any(is_one(own) and not is_one(size) for own, size in zip(padded, whole, strict=True))


def _padded(shape: Shape, length: int) -> Shape:
    return (Number(Fraction(1)),) * (length - len(shape)) + shape


def aligned(operand: Operand, whole: Shape) -> Callable[[Subscripts], Node]:
    """`operand.entry` at the subscripts of the broadcast shape; a stretched axis is read at 0."""
    missing = len(whole) - len(operand.shape)
    fixed = tuple(
        is_one(own) and not is_one(size)
        for own, size in zip(operand.shape, whole[missing:], strict=True)
    )

    def entry(subscripts: Subscripts) -> Node:
        own = zip(fixed, subscripts[missing:], strict=True)
        return operand.entry(tuple(ZERO if once else subscript for once, subscript in own))

    return entry


def numbers(operands: Sequence[Array], shape: Shape) -> Callable[[Subscripts], tuple[Term, ...]]:
    """The terms of several operands at one place of the broadcast shape."""
    entries = [aligned(operand, shape) for operand in operands]

    def terms(subscripts: Subscripts) -> tuple[Term, ...]:
        found = (entry(subscripts) for entry in entries)
        return tuple(term for term in found if isinstance(term, Term))

    return terms


# --- arithmetic that keeps the author's form ----------------------------------------------------


def product(factors: tuple[Term, ...]) -> Term:
    """A product; a sign in front of the first factor stands in front of the whole, as on paper."""
    first, *others = factors
    if isinstance(first, Negate):
        return Negate(Multiply((first.term, *others)))
    return Multiply(factors)


def quotient(numerator: Term, denominator: Term) -> Term:
    """A quotient; a sign of the numerator stands in front of the whole."""
    if isinstance(numerator, Negate):
        return Negate(Divide(numerator.term, denominator))
    return Divide(numerator, denominator)


def exact_value(term: Term) -> Fraction | None:
    """The value of a term that is made of numbers alone; None for any other."""
    match term:
        case Number(value):
            return value
        case Negate(inner):
            opposite = exact_value(inner)
            return None if opposite is None else -opposite
        case Add(parts) | Multiply(parts):
            values = [exact_value(part) for part in parts]
            known = [value for value in values if value is not None]
            if len(known) < len(values):
                return None
            return (
                sum(known, Fraction(0)) if isinstance(term, Add) else prod(known, start=Fraction(1))
            )
        case Divide(left, right):
            above, below = exact_value(left), exact_value(right)
            return above / below if above is not None and below else None
        case Power(base, exponent):
            bottom, top = exact_value(base), exact_value(exponent)
            if bottom is None or top is None or top.denominator != 1 or (not bottom and top < 0):
                return None
            return Fraction(bottom**top.numerator)
    return None


# --- matrices and axes --------------------------------------------------------------------------


def transposed(array: Array) -> Array:
    """The array with its axes in reverse order."""
    return Array(array.shape[::-1], lambda subscripts: array.entry(subscripts[::-1]))


def matrix_product(left: Array, right: Array, same: SameSize) -> Array | None:
    """NumPy's `@`: the last axis of `left` with the last but one of `right`; None if none fits."""
    if not left.shape or not right.shape:
        return None
    inner = left.shape[-1]
    right_is_vector = len(right.shape) == 1
    if not same(inner, right.shape[0 if right_is_vector else -2]):
        return None
    rows, columns = left.shape[-2:-1], () if right_is_vector else right.shape[-1:]
    batch = joined(left.shape[:-2], right.shape[:-2], same)
    if batch is None:
        return None

    def entry(subscripts: Subscripts) -> Term:
        k = Index(inner)
        place = IndexValue(k)
        outer, rest = subscripts[: len(batch)], subscripts[len(batch) :]
        row, column = rest[: len(rows)], rest[len(rows) :]
        a = _in_batch(left, batch, outer, (*row, place))
        b = _in_batch(right, batch, outer, (place, *column))
        return Reduction("sum", (k,), Multiply((a, b)))

    return Array((*batch, *rows, *columns), entry)


def _in_batch(array: Array, batch: Shape, outer: Subscripts, last: Subscripts) -> Term:
    """The entry of a stack of matrices, whose leading axes are broadcast to `batch`."""
    own = array.shape[: len(array.shape) - len(last)]
    missing = len(batch) - len(own)
    leading = tuple(
        ZERO if is_one(size) and not is_one(whole) else subscript
        for size, whole, subscript in zip(own, batch[missing:], outer[missing:], strict=True)
    )
    return array.entry((*leading, *last))
