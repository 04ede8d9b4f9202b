"""Where a recurrence starts, and what a step reads before the first one.

`h[-1, j] = h0[j]` stands outside the axis of h: a step that reads h[t - 1] reads the initial value
where t is 0.  `h[0, j] = ...` stands on the axis: it is what the equation of h says at 0.  From the
other end, `b[T] = ...` and `b[T - 1] = ...` are the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from derive.language.values import Array, Subscripts
from derive.polynomials import least
from derive.symbolic import whole_difference
from derive.terms import (
    Add,
    Choice,
    Compare,
    Condition,
    Entry,
    Index,
    IndexValue,
    Negate,
    Number,
    Quantity,
    Relation,
    Term,
    number,
    walk,
)


@dataclass(frozen=True)
class Start:
    """A quantity that steps along `axis`, and its initial values by their place on that axis.

    Places count from 0, or, where the recurrence runs `downward`, from the size of the axis.  The
    equation of a step has `letter + offset` there, and the letter has the range `span`.  `letters`
    are those of all axes, where the initial value names them.
    """

    quantity: Quantity
    axis: int
    values: tuple[tuple[int, Array], ...]
    letter: str
    offset: int
    span: Term
    downward: bool
    letters: tuple[str | None, ...] = ()

    @property
    def size(self) -> Term:
        """The size of the axis."""
        return self.quantity.shape[self.axis]

    @property
    def first(self) -> int:
        """The place of the first step, counted as `values` are."""
        places = [place for place, _ in self.values]
        return min(places) - 1 if self.downward else max(places) + 1

    def inside(self, place: int) -> bool:
        """Whether an initial value stands on the axis itself."""
        return (place < 0) is self.downward

    def at(self, relation: Relation, subscript: Term, place: int) -> Condition:
        """`subscript relation place`, an offset of the subscript moved to the other side."""
        index, offset = index_and_offset(subscript)
        if index is None:
            return Compare(relation, subscript, self._place(place))
        return Compare(relation, IndexValue(index), self._place(place - offset))

    def _place(self, place: int) -> Term:
        return plus(self.size, place) if self.downward else number(place)


def reading(start: Start) -> Array:
    """The quantity as it is read: outside its axis stand its initial values."""
    quantity, axis = start.quantity, start.axis
    # The one nearest to the axis first; the last needs no condition of its own.
    outside = sorted(
        (value for value in start.values if not start.inside(value[0])),
        key=lambda value: value[0],
        reverse=not start.downward,
    )

    def entry(subscripts: Subscripts) -> Term:
        place, rest = subscripts[axis], subscripts[:axis] + subscripts[axis + 1 :]
        inside: Term = Entry(quantity, subscripts)
        fixed = _fixed(place, start)
        if fixed is not None:
            found = (value.entry(rest) for where, value in outside if where == fixed)
            return next(found, inside)
        if not outside or not _leaves(place, start):
            return inside
        *nearer, (_, farthest) = outside
        otherwise = farthest.entry(rest)
        for where, value in reversed(nearer):
            otherwise = Choice(start.at("==", place, where), value.entry(rest), otherwise)
        return Choice(start.at("<" if start.downward else ">=", place, 0), inside, otherwise)

    return Array(quantity.shape, entry)


def _fixed(place: Term, start: Start) -> int | None:
    """The place of a subscript that no index moves, counted as the initial values are."""
    if any(isinstance(node, IndexValue | Entry) for node in walk(place)):
        return None
    return whole_difference(place, start.size if start.downward else number(0))


def _leaves(place: Term, start: Start) -> bool:
    """Whether a subscript may stand outside the axis on the side where the recurrence starts."""
    index, offset = index_and_offset(place)
    if index is not None:
        return offset > 0 if start.downward else offset < 0
    inside = plus(Add((start.size, Negate(place))), -1) if start.downward else place
    lowest = least(inside)
    return lowest is None or lowest < 0


# --- places as an index and an offset -----------------------------------------------------------


def index_and_offset(place: Term) -> tuple[Index | None, int]:
    """`t - 1` as (t, -1); None in the place of the index for any other form."""
    match place:
        case IndexValue(index):
            return index, 0
        case Add((first, Negate(Number(value)))):
            moved, offset = index_and_offset(first)
            return moved, offset - int(value)
        case Add((first, Number(value))):
            moved, offset = index_and_offset(first)
            return moved, offset + int(value)
        case Add((Number(value), IndexValue(index))):
            return index, int(value)
    return None, 0


def plus(term: Term, offset: int) -> Term:
    """`term + offset`, added up where both are numbers."""
    if isinstance(term, Number):
        return number(term.value + Fraction(offset))
    if offset == 0:
        return term
    return Add((term, number(offset) if offset > 0 else Negate(number(-offset))))
