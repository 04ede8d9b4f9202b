"""Conditions of a sum as zeros of a factor, so that the rest is a sum of products.

Σ_j [z[n,j] > 0] g[n,j] W[i,j] is (g * (z > 0)) @ W.T: the mask has the axes of g, and no array
over n, i and j is made.  A condition that no summed index reaches stands outside of the sum; one
that has the axes of no factor is a factor of its own, 1 where it holds and 0 elsewhere.

What is dropped does not count, whatever it is: a factor that may be infinite there has the zeros
itself, since zero times infinity is no number, or the condition stays with the sum.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from derive.calculus.tidy import all_of
from derive.conditions import needs_no_guard
from derive.polynomials import is_size
from derive.program.factors import Factors, factors_of
from derive.program.finite import is_finite
from derive.simplify import guarded, product, quotient
from derive.terms import (
    ONE,
    ZERO,
    Choice,
    Compare,
    Condition,
    Index,
    Multiply,
    Name,
    Negate,
    Reduction,
    Term,
    entries,
    free_indices,
)


def with_masked_factors(reduction: Reduction, finite: Collection[Name] | None) -> Term:
    """A sum in which each condition stands where it has the fewest axes.

    The quantities `finite` have finite values everywhere; None says that all have.

    >>> from derive.terms import Entry, Index, IndexValue, Quantity, Size
    >>> n = Size("n"); i, j = Index(n), Index(n)
    >>> a, W = Quantity("a", (n,), "input"), Quantity("W", (n, n), "param")
    >>> factor, weight = Entry(a, (IndexValue(j),)), Entry(W, (IndexValue(i), IndexValue(j)))
    >>> positive = Compare(">", factor, ZERO)
    >>> total = Reduction("sum", (j,), Multiply((factor, weight)), (positive,))
    >>> found = with_masked_factors(total, ())
    >>> found.where, found.term == Multiply((Choice(positive, factor, ZERO), weight))
    ((), True)
    """
    if reduction.kind != "sum":
        return reduction
    summed = set(reduction.indices)
    outside = tuple(c for c in reduction.where if not summed & set(free_indices(c)))
    if outside:
        rest = tuple(c for c in reduction.where if c not in outside)
        return guarded(outside, replace(reduction, where=rest))
    factors = factors_of(reduction.term, reduction.indices)
    if len(factors.above) < 2 or not all(map(is_size, factors.below)):
        return reduction
    if not all(map(needs_no_guard, factors.above)) or not all(map(_is_safe, reduction.where)):
        return reduction
    above, rest = _masked(factors.above, reduction.where, finite)
    if rest == reduction.where:
        return reduction
    return _sum(replace(factors, above=above), reduction.indices, rest)


def _is_safe(condition: Condition) -> bool:
    """Whether a condition may be asked for at all places, whatever the others say."""
    match condition:
        case Compare(_, left, right):
            return needs_no_guard(left) and needs_no_guard(right)
    return False


def _masked(
    factors: tuple[Term, ...], conditions: tuple[Condition, ...], finite: Collection[Name] | None
) -> tuple[tuple[Term, ...], tuple[Condition, ...]]:
    """The factors with conditions in them or beside them, and the conditions that are left."""
    held: dict[int, list[Condition]] = {}
    own: list[Condition] = []
    rest: list[Condition] = []
    reached = {index for factor in factors for index in free_indices(factor)}
    infinite: list[int] = []
    if finite is not None:
        infinite = [place for place, factor in enumerate(factors) if not is_finite(factor, finite)]
    for condition in conditions:
        possible = _places(condition, factors)
        places = possible[:1]
        if infinite:
            places = infinite if set(infinite) <= set(possible) else []
        for place in places:
            held.setdefault(place, []).append(condition)
        if not places:
            is_own = not infinite and reached - set(free_indices(condition))
            (own if is_own else rest).append(condition)
    above = [
        Choice(all_of(tuple(held[place])), factor, ZERO) if place in held else factor
        for place, factor in enumerate(factors)
    ]
    above += [Choice(all_of(tuple(own)), ONE, ZERO)] if own else []
    return tuple(above), tuple(rest)


def _places(condition: Condition, factors: tuple[Term, ...]) -> list[int]:
    """The factors made of data that have all indices of a condition."""
    needed = set(free_indices(condition))
    return [
        place
        for place, factor in enumerate(factors)
        if entries(factor) and needed and needed <= set(free_indices(factor))
    ]


def _sum(factors: Factors, indices: tuple[Index, ...], where: tuple[Condition, ...]) -> Term:
    term: Term = Multiply(factors.above)
    term = Negate(term) if factors.negative else term
    found: Term = Reduction("sum", indices, term, where)
    return quotient(found, product(*factors.below)) if factors.below else found
