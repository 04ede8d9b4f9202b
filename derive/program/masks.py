"""Conditions of a sum as zeros of a factor, so that the rest is a sum of products.

Σ_j [z[n,j] > 0] g[n,j] W[i,j] is (g * (z > 0)) @ W.T: the mask has the axes of g, and no array
over n, i and j is made.
"""

from __future__ import annotations

from derive.calculus.tidy import all_of
from derive.conditions import needs_no_guard
from derive.program.factors import factors_of
from derive.terms import (
    ZERO,
    Choice,
    Condition,
    Multiply,
    Negate,
    Reduction,
    Term,
    entries,
    free_indices,
)


def with_masked_factors(reduction: Reduction) -> Reduction:
    """A sum in which each condition that has the axes of a factor stands in that factor.

    >>> from derive.terms import Compare, Entry, Index, IndexValue, Quantity, Size
    >>> n = Size("n"); i, j = Index(n), Index(n); a, W = Quantity("a", (n,)), Quantity("W", (n, n))
    >>> factor, weight = Entry(a, (IndexValue(j),)), Entry(W, (IndexValue(i), IndexValue(j)))
    >>> positive = Compare(">", factor, ZERO)
    >>> found = with_masked_factors(Reduction("sum", (j,), Multiply((factor, weight)), (positive,)))
    >>> found.where, found.term == Multiply((Choice(positive, factor, ZERO), weight))
    ((), True)
    """
    factors = factors_of(reduction.term, reduction.indices)
    if reduction.kind != "sum" or len(factors.above) < 2 or factors.below:
        return reduction
    if not all(map(needs_no_guard, factors.above)):
        return reduction
    held: dict[int, list[Condition]] = {}
    rest: list[Condition] = []
    for condition in reduction.where:
        place = _place(condition, factors.above)
        if place is None:
            rest.append(condition)
        else:
            held.setdefault(place, []).append(condition)
    if not held:
        return reduction
    above = (
        Choice(all_of(tuple(held[place])), factor, ZERO) if place in held else factor
        for place, factor in enumerate(factors.above)
    )
    term: Term = Multiply(tuple(above))
    term = Negate(term) if factors.negative else term
    return Reduction("sum", reduction.indices, term, tuple(rest))


def _place(condition: Condition, factors: tuple[Term, ...]) -> int | None:
    """The first factor made of data that has all indices of a condition."""
    needed = set(free_indices(condition))
    for place, factor in enumerate(factors):
        if entries(factor) and needed and needed <= set(free_indices(factor)):
            return place
    return None
