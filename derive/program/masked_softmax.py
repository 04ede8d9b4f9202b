"""A softmax over what a filter keeps, by exponentials that are 0 where it does not hold.

The exponents are shifted so that the largest that is kept is 0.  The sum of the exponentials is at
least 1 where anything is kept, so that dividing by the larger of it and 1 gives 0 where nothing is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from derive.calculus.matching import match
from derive.calculus.tidy import all_of
from derive.program.arrays import Apply, Exact
from derive.program.context import Context, keeping
from derive.program.folds import applied, chosen, fold
from derive.program.labelled import Labelled, combine
from derive.terms import (
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
    same,
    substitute,
)


@dataclass(frozen=True)
class MaskedSoftmax:
    """exp(`exponent`) where `condition` holds, divided by its sum over `indices`."""

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
            is_own = len(own_indices) == len(indices) and _is_shifted(each, indices, where)
            if is_own and substitute(all_of(where), values) == condition:
                return MaskedSoftmax(own, condition, own_indices)
    return None


def _is_shifted(each: Term, indices: tuple[Index, ...], where: tuple[Condition, ...]) -> bool:
    match each:
        case Add((exponent, Negate(largest))):
            return same(largest, Reduction("max", indices, exponent, where))
    return False


def normalised(
    softmax: MaskedSoftmax,
    mask: Callable[[Condition, Context], Labelled],
    array: Callable[[Term, Context], Labelled],
    context: Context,
) -> Labelled:
    """The array of a softmax, from those of its parts."""
    kept = mask(softmax.condition, context)
    exponent = array(softmax.exponent, keeping(context, kept))
    powers = applied("exp", chosen(kept, exponent, "max", context.wanted))
    total = fold("sum", powers, softmax.indices)
    above_one = Labelled(Apply("maximum", (total.term, Exact(Fraction(1)))), total.axes)
    return combine("divide", [powers, above_one], context.wanted)
