"""Rules on equalities: the one term of a sum that is left, and what is equal where one holds."""

from __future__ import annotations

from derive.calculus.rewrites.knowledge import Knowledge
from derive.calculus.rewrites.products import cancelled
from derive.calculus.rewrites.ratios import weight
from derive.calculus.tidy import conditions_of
from derive.simplify import guarded, summed
from derive.terms import (
    ZERO,
    Choice,
    Compare,
    Condition,
    Entry,
    Index,
    IndexValue,
    Reduction,
    Term,
    free_indices,
    substitute,
)


def one_term(term: Term, known: Knowledge) -> Term | None:
    """Σ_k a_k over the k that is y is a_y, where y is index data below the range of k."""
    match term:
        case Reduction("sum", indices, inside, where):
            for condition in where:
                for index, value in _equal(condition):
                    if index in indices and _stays_in(value, index, known):
                        here = {index: value}
                        others = tuple(substitute(c, here) for c in where if c is not condition)
                        rest = tuple(other for other in indices if other is not index)
                        return summed(rest, substitute(inside, here), others)
    return None


def _stays_in(value: Term, index: Index, known: Knowledge) -> bool:
    """Whether a value is index data that are always in the range of an index."""
    if not isinstance(value, Entry) or index in free_indices(value):
        return False
    return known.bounds.get(value.quantity) == index.size


def at_the_place(term: Term, known: Knowledge) -> Term | None:
    """{p_j/p_y, j = y; 0} = {1, j = y; 0}: where j is y it is written y, if something cancels."""
    match term:
        case Choice(condition, chosen, otherwise) if otherwise == ZERO:
            for one in conditions_of(condition):
                for index, value in _equal(one):
                    moved = cancelled(substitute(chosen, {index: value}))
                    if weight(moved) < weight(chosen):
                        return guarded((condition,), moved)
    return None


def _equal(condition: Condition) -> list[tuple[Index, Term]]:
    """The indices that a condition says the value of: another index, or index data."""
    if not isinstance(condition, Compare) or condition.relation != "==":
        return []
    sides = (condition.left, condition.right), (condition.right, condition.left)
    return [
        (one.index, other)
        for one, other in sides
        if isinstance(one, IndexValue) and isinstance(other, Entry | IndexValue)
    ]
