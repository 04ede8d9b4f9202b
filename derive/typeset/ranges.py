"""A sum of guarded terms, of which each range of an index meets one, as a value for each range.

The gates of a recurrent layer stand side by side in one array: what reaches the gradient of that
array from each gate is zero outside the range of the gate.
"""

from __future__ import annotations

from dataclasses import dataclass

from derive.polynomials import collected
from derive.simplify import guarded, unguarded
from derive.terms import (
    ONE,
    ZERO,
    Add,
    AllOf,
    Compare,
    Condition,
    Index,
    IndexValue,
    Multiply,
    Negate,
    Relation,
    Term,
    free_indices,
    substitute,
)

# x > y from y < x, for a comparison read from its other side.
TURNED: dict[Relation, Relation] = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


@dataclass(frozen=True)
class Ranged:
    """A term that is zero unless first <= index < last."""

    first: Term
    last: Term
    term: Term


def by_ranges(term: Term) -> tuple[tuple[Condition, Term], ...] | None:
    """The ranges of one index and the term in each, None where the ranges do not make up its axis.

    >>> from derive.terms import Choice, Size
    >>> H, j = Size("H"), Index(Multiply((Add((ONE, ONE)), Size("H"))))
    >>> below = Compare("<", IndexValue(j), H)
    >>> above = Compare("<=", ZERO, Add((IndexValue(j), Negate(H))))
    >>> parts = by_ranges(Add((Choice(above, ONE, ZERO), Choice(below, H, ZERO))))
    >>> [shown == one for one, (_, shown) in zip((H, ONE), parts)]
    [True, True]
    """
    if not isinstance(term, Add):
        return None
    indices = dict.fromkeys(i for part in term.terms for c in _split(part)[0] for i in _alone(c))
    found = (_in_order(term.terms, index) for index in indices)
    return next((parts for parts in found if parts is not None), None)


def _in_order(terms: tuple[Term, ...], index: Index) -> tuple[tuple[Condition, Term], ...] | None:
    """The terms as the ranges of the index follow each other, from its first place to its last."""
    waiting = [_ranged(term, index) for term in terms]
    parts: list[tuple[Condition, Term]] = []
    place: Term = ZERO
    while waiting:
        here = [one for one in waiting if _equal(one.first, place) and not _equal(one.last, place)]
        if not here or not all(_equal(one.last, here[0].last) for one in here):
            return None
        last = here[0].last
        value = here[0].term if len(here) == 1 else Add(tuple(one.term for one in here))
        parts.append((_between(index, place, last), value))
        waiting = [one for one in waiting if one not in here]
        place = last
    return tuple(parts) if len(parts) > 1 and _equal(place, index.size) else None


def _between(index: Index, first: Term, last: Term) -> Condition:
    """The condition first <= index < last without what holds at every place of the index."""
    at = IndexValue(index)
    if _equal(first, ZERO):
        return Compare("<", at, last)
    if _equal(last, index.size):
        return Compare(">=", at, first)
    return AllOf((Compare("<=", first, at), Compare("<", at, last)))


def _ranged(term: Term, index: Index) -> Ranged:
    """A term with the range of the index to which its guards restrict it."""
    conditions, inside = _split(term)
    first: Term = ZERO
    last, others = index.size, list[Condition]()
    for condition in conditions:
        bound = _bound(condition, index)
        if bound is None:
            others.append(condition)
        elif bound[0] == "<":
            last = bound[1]
        else:
            first = bound[1]
    return Ranged(first, last, guarded(tuple(others), inside))


def _bound(condition: Condition, index: Index) -> tuple[Relation, Term] | None:
    """What a condition says of an index alone: that it is at least ">=" or below "<" a term."""
    if not isinstance(condition, Compare) or condition.relation not in TURNED:
        return None
    if _alone(condition) != (index,):
        return None
    relation, difference = condition.relation, Add((condition.left, Negate(condition.right)))
    rest = collected(substitute(difference, {index: ZERO}))
    slope = collected(Add((difference, Negate(rest))))
    if slope == Negate(IndexValue(index)):
        relation, rest = TURNED[relation], collected(Negate(rest))
    elif slope != IndexValue(index):
        return None
    # index + rest >= 0, and so on.
    bound = collected(Negate(rest))
    if relation in (">", "<="):
        bound = collected(Add((bound, ONE)))
    return (">=" if relation in (">", ">=") else "<"), bound


def _alone(condition: Condition) -> tuple[Index, ...]:
    """The one index of a comparison."""
    indices = free_indices(condition) if isinstance(condition, Compare) else ()
    return indices if len(indices) == 1 else ()


def _split(term: Term) -> tuple[tuple[Condition, ...], Term]:
    """The guards of a term or of its factors, and the term without them."""
    conditions, inside = unguarded(term)
    if not isinstance(inside, Multiply):
        return conditions, inside
    split = [unguarded(factor) for factor in inside.factors]
    below = tuple(condition for found, _ in split for condition in found)
    return (*conditions, *below), Multiply(tuple(factor for _, factor in split))


def _equal(left: Term, right: Term) -> bool:
    return collected(Add((left, Negate(right)))) == ZERO
