"""A softmax over what a filter keeps, by exponents that are minus infinity where it does not hold.

They are shifted so that the largest that is kept is 0: exp(-inf) is 0.  Where nothing may be kept,
the largest is minus infinity, and 0 is subtracted in its place; the sum of the exponentials, which
is at least 1 where anything is kept, is then 0, and dividing by the larger of it and 1 gives 0.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from derive.calculus.affine import always
from derive.calculus.matching import match
from derive.calculus.tidy import all_of, conditions_of
from derive.program.arrays import Apply, Elementwise, Exact, Infinity
from derive.program.context import Context, keeping
from derive.program.folds import applied, chosen, fold
from derive.program.labelled import Labelled, combine
from derive.simplify import negative, total
from derive.terms import (
    ONE,
    ZERO,
    Add,
    Call,
    Choice,
    Condition,
    Divide,
    Index,
    IndexValue,
    Negate,
    Reduction,
    Term,
    free_indices,
    same,
    substitute,
)


@dataclass(frozen=True)
class MaskedSoftmax:
    """exp(`exponent`) where `condition` holds, divided by its sum over `indices`.

    The exponent is not shifted.
    """

    exponent: Term
    condition: Condition
    indices: tuple[Index, ...]


def masked_softmax(term: Choice) -> MaskedSoftmax | None:
    """What a choice normalises, None where it is no softmax or its exponents are not shifted."""
    match term:
        case Choice(
            condition,
            Divide(Call("exp", (own,)), Reduction("sum", indices, Call("exp", (each,)), where)),
            otherwise,
        ) if where and otherwise == ZERO:
            values = match(each, own, frozenset(indices)) or {}
            places = [values[index] for index in indices if index in values]
            own_indices = tuple(place.index for place in places if isinstance(place, IndexValue))
            is_own = len(own_indices) == len(indices)
            exponent = _unshifted(each, indices, where)
            if is_own and exponent and substitute(all_of(where), values) == condition:
                return MaskedSoftmax(substitute(exponent, values), condition, own_indices)
    return None


def _unshifted(each: Term, indices: tuple[Index, ...], where: tuple[Condition, ...]) -> Term | None:
    """An exponent without its shift, None where there is none."""
    match each:
        case Add((exponent, Negate(largest))):
            shift = Reduction("max", indices, exponent, where)
            return exponent if same(largest, shift) else None
    return None


def normalised(
    softmax: MaskedSoftmax,
    mask: Callable[[Condition, Context], Labelled],
    array: Callable[[Term, Context], Labelled],
    context: Context,
) -> Labelled:
    """The array of a softmax, from those of its parts."""
    if context.kept is not None and set(context.kept.labels) & set(softmax.indices):
        # What the sum adds up counts, also where the softmax itself is left out.
        context = replace(context, kept=None)
    kept = mask(softmax.condition, context)
    exponent = array(softmax.exponent, keeping(context, kept))
    masked = chosen(kept, exponent, "max", context.wanted)
    largest = fold("max", masked, softmax.indices)
    is_safe = keeps_one(softmax.condition, softmax.indices)
    if not is_safe:
        lowest = Elementwise("negate", (Infinity(),))
        found = Elementwise(">", (largest.term, lowest))
        zero = Exact(Fraction(0))
        largest = Labelled(Elementwise("where", (found, largest.term, zero)), largest.axes)
    shift = combine("negate", [largest], context.wanted)
    powers = applied("exp", combine("add", [masked, shift], context.wanted))
    sums = fold("sum", powers, softmax.indices)
    if not is_safe:
        sums = Labelled(Apply("maximum", (sums.term, Exact(Fraction(1)))), sums.axes)
    return combine("divide", [powers, sums], context.wanted)


def keeps_one(condition: Condition, indices: tuple[Index, ...]) -> bool:
    """Whether a condition on indices certainly holds at some value of `indices`.

    The first value, the last one and that of another index of the condition are tried.

    >>> from derive.terms import Compare, Size
    >>> t, u = Index(Size("T")), Index(Size("T"))
    >>> keeps_one(Compare("<=", IndexValue(u), IndexValue(t)), (u,))
    True
    >>> keeps_one(Compare("<", IndexValue(u), IndexValue(t)), (u,))
    False
    """
    if len(indices) != 1:
        return False
    (index,) = indices
    others = [i for i in free_indices(condition) if i is not index and same(i.size, index.size)]
    places = [ZERO, total(index.size, negative(ONE)), *map(IndexValue, others)]
    return any(
        all(map(always, conditions_of(substitute(condition, {index: place})))) for place in places
    )
