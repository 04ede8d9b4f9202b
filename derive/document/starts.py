"""Initial values as equations of their own: h₀ = 0, and then h_t from h_{t−1}.

In the model a step reads a choice, h[t - 1] where t >= 1 and else the initial value; its author,
and a textbook, state the initial value once and write the plain read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

from derive.model import Equation, Recurrence, Specification
from derive.polynomials import collected
from derive.simplify import flat_factors, guarded, single
from derive.terms import (
    ONE,
    ZERO,
    Add,
    Choice,
    Compare,
    Condition,
    Entry,
    Index,
    IndexValue,
    Negate,
    Node,
    Number,
    Quantity,
    Reduction,
    Term,
    free_indices,
    number,
    rewrite,
    same,
    substitute,
    walk,
)

Part = TypeVar("Part")


@dataclass(frozen=True)
class Start:
    """What a quantity is one place before its first step along `axis`, at all other `indices`."""

    quantity: Quantity
    axis: int
    downward: bool
    indices: tuple[Index, ...]
    value: Term

    @property
    def left(self) -> Entry:
        """The place before the first step: h[-1, j], or b[T, j] where the steps run down."""
        subscripts: list[Term] = [IndexValue(index) for index in self.indices]
        place = self.quantity.shape[self.axis] if self.downward else number(-1)
        subscripts.insert(self.axis, place)
        return Entry(self.quantity, tuple(subscripts))


def starts_of(model: Specification) -> tuple[Start, ...]:
    """The initial values that the steps of a model read, one for each quantity."""
    found: dict[Quantity, Start] = {}
    written = {equation.left: equation.indices for equation in model.equations}
    for recurrence in model.recurrences:
        axes = dict(zip(recurrence.quantities, recurrence.axes, strict=True))
        for node in (node for equation in model.equations for node in walk(equation.right)):
            match node:
                case Choice(condition, Entry(quantity) as read, value) if quantity in axes:
                    axis = axes[quantity]
                    start = _start(read, axis, recurrence, value, written[quantity])
                    if start is not None and _is_inside(condition, read, start):
                        found.setdefault(quantity, start)
    return tuple(found.values())


def _start(
    read: Entry, axis: int, recurrence: Recurrence, value: Term, written: tuple[Index, ...]
) -> Start | None:
    """The initial value as it is read at one place, None where that place is a special one.

    It is given the indices with which the equation of the quantity is `written`.
    """
    others = _without(read.subscripts, axis)
    indices = tuple(part.index for part in others if isinstance(part, IndexValue))
    if len(set(indices)) < len(others) or not set(free_indices(value)) <= set(indices):
        return None
    named = _without(written, axis)
    values = dict(zip(indices, map(IndexValue, named), strict=True))
    return Start(read.quantity, axis, recurrence.downward, named, substitute(value, values))


def _without(parts: tuple[Part, ...], axis: int) -> tuple[Part, ...]:
    return (*parts[:axis], *parts[axis + 1 :])


def _is_inside(condition: Condition, read: Entry, start: Start) -> bool:
    """Whether a condition says that an entry one step back is not before the first step."""
    place, size = read.subscripts[start.axis], start.quantity.shape[start.axis]
    if len(free_indices(place)) != 1:
        return False
    at = IndexValue(free_indices(place)[0])
    lag, relation, bound = (ONE, "<", size) if start.downward else (Negate(ONE), ">=", ZERO)
    match condition:
        case Compare(found, left, right) if found == relation and left == at:
            nearest = Add((bound, Negate(lag)))
            return _equal(place, Add((at, lag))) and _equal(right, nearest)
    return False


def _equal(left: Term, right: Term) -> bool:
    return collected(Add((left, Negate(right)))) == ZERO


def plainly(term: Term, starts: Sequence[Start]) -> Term:
    """`term` with the plain reads of what has an initial value: h[t - 1], without its condition.

    Where the initial value is zero, a product with it needs no condition either.
    """
    if not starts:
        return term
    known = {start.quantity: start for start in starts}

    def rule(node: Node) -> Node | None:
        match node:
            case Choice(condition, Entry(quantity) as read, value) if quantity in known:
                start = known[quantity]
                values = dict(
                    zip(start.indices, _without(read.subscripts, start.axis), strict=True)
                )
                expected = substitute(start.value, values)
                if _is_inside(condition, read, start) and same(expected, value):
                    return read
            case Choice(condition, chosen, Number(zero)) if zero == 0:
                conditions = single((condition,))
                kept = tuple(_needed(conditions, chosen))
                if len(kept) < len(conditions):
                    return guarded(kept, plainly(chosen, starts))
            case Reduction("sum", indices, inside, where) if where:
                kept = tuple(_needed(where, inside))
                return Reduction("sum", indices, plainly(inside, starts), kept)
        return None

    def _needed(conditions: Sequence[Condition], product: Term) -> Iterator[Condition]:
        """The conditions but those outside which a factor is an initial value of zero."""
        reads = [factor for factor in flat_factors((product,)) if isinstance(factor, Entry)]
        zero = [(r, known[r.quantity]) for r in reads if r.quantity in known]
        zero = [(read, start) for read, start in zero if start.value == ZERO]
        for condition in conditions:
            if not any(_is_inside(condition, read, start) for read, start in zero):
                yield condition

    return rewrite(term, rule)


def starts_before(
    model: Specification, starts: Sequence[Start], equation: Equation
) -> tuple[Start, ...]:
    """The initial values to be stated before an equation: the first of the steps that read them."""
    for recurrence in model.recurrences:
        stepping = [e for e in model.equations if e.left in recurrence.quantities]
        if stepping[:1] == [equation]:
            return tuple(start for start in starts if start.quantity in recurrence.quantities)
    return ()
