"""Conditions on one index as ranges of it: t >= 1 is the range from 1 to T.

A reduction over a range, a choice between ranges, and a sum of terms each of which has a range of
its own need no mask: they are slices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from derive.calculus.affine import affine, signed_value
from derive.calculus.tidy import conditions_of, tidy
from derive.conditions import EXCHANGED
from derive.polynomials import collected, is_size, least
from derive.simplify import guarded, negative, total
from derive.terms import (
    ONE,
    ZERO,
    Choice,
    Compare,
    Condition,
    Index,
    IndexValue,
    Reduction,
    Relation,
    Term,
    is_one,
    number,
    substitute,
)


@dataclass(frozen=True)
class Range:
    """The values of an index from `start` up to, without, `end`."""

    index: Index
    start: Term
    end: Term

    @property
    def size(self) -> Term:
        """How many values there are."""
        return collected(total(self.end, negative(self.start)))


def range_of(condition: Condition) -> Range | None:
    """The range of the one index of which a condition speaks, None where it is not one.

    >>> from derive.terms import Size
    >>> t = Index(Size("T"))
    >>> range_of(Compare(">=", IndexValue(t), ONE)) == Range(t, ONE, Size("T"))
    True
    """
    if not isinstance(condition, Compare) or condition.relation == "!=":
        return None
    difference = affine(total(condition.left, negative(condition.right)))
    if difference is None or len(difference.coefficients) != 1 or not is_size(difference.rest):
        return None
    ((index, coefficient),) = difference.coefficients.items()
    sign, relation = signed_value(coefficient), condition.relation
    if sign not in (1, -1):
        return None
    rest = total(difference.rest, _number(difference.constant))
    bound = collected(negative(rest) if sign == 1 else rest)
    start, end = _ends(relation if sign == 1 else EXCHANGED[relation], bound, index)
    found = Range(index, collected(start), collected(end))
    return found if _fits(found) else None


def _number(value: int | Fraction) -> Term:
    term = number(value)
    return term if term.value >= 0 else negative(number(-term.value))


def _ends(relation: Relation, bound: Term, index: Index) -> tuple[Term, Term]:
    """The range in which index `relation` bound holds."""
    after = total(bound, ONE)
    match relation:
        case ">=":
            return bound, index.size
        case ">":
            return after, index.size
        case "<":
            return ZERO, bound
        case "<=":
            return ZERO, after
    return bound, after


def _fits(found: Range) -> bool:
    """Whether a range certainly lies within that of its index."""
    distances = (found.start, found.size, total(found.index.size, negative(found.end)))
    lowest = [least(distance) for distance in distances]
    return all(value is not None and value >= 0 for value in lowest)


def common_range(conditions: Sequence[Condition], index: Index) -> tuple[Range, list[Condition]]:
    """The range of an index that conditions give it together, and the conditions that are left."""
    found, rest = Range(index, ZERO, index.size), list[Condition]()
    for condition in conditions:
        other = range_of(condition)
        both = _within(found, other) if other is not None and other.index is index else None
        if both is None:
            rest.append(condition)
        else:
            found = both
    return found, rest


def _within(one: Range, other: Range) -> Range | None:
    """What two ranges share, where it can be seen which ends are the inner ones."""
    start = _larger(one.start, other.start)
    end = _larger(negative(one.end), negative(other.end))
    if start is None or end is None:
        return None
    both = Range(one.index, start, negative(end))
    return both if _fits(both) else None


def _larger(one: Term, other: Term) -> Term | None:
    for larger, smaller in ((one, other), (other, one)):
        distance = least(total(larger, negative(smaller)))
        if distance is not None and distance >= 0:
            return larger
    return None


def moved(term: Term, found: Range) -> tuple[Index, Term]:
    """The term on a range: an index that counts the range from 0, and the term in it."""
    inside = Index(found.size, found.index.letter)
    place = found.start if is_one(found.size) else total(IndexValue(inside), found.start)
    return inside, tidy(substitute(term, {found.index: place}))


# --- reductions ---------------------------------------------------------------------------------


def narrowed(reduction: Reduction) -> Reduction:
    """The reduction over the ranges that its conditions leave, with the conditions that are left.

    A place is counted from the first one, so reductions that find a place stay as they are.
    """
    if reduction.kind in ("argmax", "argmin"):
        return reduction
    for index in reduction.indices:
        found, rest = common_range(reduction.where, index)
        if (found.start, found.end) != (ZERO, index.size):
            others = tuple(i for i in reduction.indices if i is not index)
            inner = Reduction(reduction.kind, others, reduction.term, tuple(rest))
            inside, moved_inner = moved(inner, found)
            assert isinstance(moved_inner, Reduction)
            kept = tuple(inside if i is index else i for i in reduction.indices)
            return narrowed(replace(moved_inner, indices=kept))
    return reduction


# --- choices ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Piece:
    """A term on a range of an index."""

    range: Range
    term: Term


def chosen_pieces(choice: Choice) -> tuple[Piece, ...]:
    """A choice by the range of an index as a piece for each range; () where it is none."""
    found = range_of(choice.condition)
    if found is None or (is_size(choice.chosen) and is_size(choice.otherwise)):
        return ()
    pieces = [
        Piece(Range(found.index, ZERO, found.start), choice.otherwise),
        Piece(found, choice.chosen),
        Piece(Range(found.index, found.end, found.index.size), choice.otherwise),
    ]
    return tuple(piece for piece in pieces if piece.range.size != ZERO)


def summed_pieces(terms: Sequence[Term]) -> tuple[tuple[Piece, ...], tuple[Term, ...]]:
    """Summands whose ranges lie side by side and cover an index, and the other summands."""
    guards = [term for term in terms if isinstance(term, Choice) and term.otherwise == ZERO]
    speaks_of = [
        found.index
        for guard in guards
        for condition in conditions_of(guard.condition)
        if (found := range_of(condition)) is not None
    ]
    for index in dict.fromkeys(speaks_of):
        pieces = [piece for guard in guards if (piece := _piece(guard, index)) is not None]
        ordered = _side_by_side(pieces, index)
        if len(ordered) > 1:
            guarded_terms = [guard for guard in guards if _piece(guard, index) is not None]
            return ordered, tuple(term for term in terms if term not in guarded_terms)
    return (), tuple(terms)


def _piece(guard: Choice, index: Index) -> Piece | None:
    found, rest = common_range(conditions_of(guard.condition), index)
    if (found.start, found.end) == (ZERO, index.size):
        return None
    return Piece(found, guarded(tuple(rest), guard.chosen))


def _side_by_side(pieces: Sequence[Piece], index: Index) -> tuple[Piece, ...]:
    """The pieces in the order of their ranges, where these cover all values of the index once."""
    ordered: list[Piece] = []
    place: Term = ZERO
    while len(ordered) < len(pieces):
        following = [piece for piece in pieces if piece.range.start == place]
        if len(following) != 1:
            return ()
        ordered += following
        place = following[0].range.end
    return tuple(ordered) if place == index.size else ()
