"""Derivatives that are not worked out yet, as slopes of dual numbers.

Two readings of ∂u/∂w occur.  Inside a derivation rule, u is a term and w one way of reading an
entry: other readings are constants, and the other entries too.  Between named quantities, u is an
entry and stands for the right side of its equation; w is a place in an array, however it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from derive.errors import VerificationError
from derive.model import Specification
from derive.numbers.dual import Dual
from derive.numbers.evaluate import evaluate
from derive.numbers.evaluation import SCALARS, Evaluation, whole
from derive.terms import Entry, Index, Partial, Reduction, Term, entries, free_indices, walk
from derive.verification.oracle import shape_of


class Unread(VerificationError):
    """A derivative is asked for at a place that is filtered out, or that an axis does not have."""


def of_reading(partial: Partial, here: Evaluation) -> Dual:
    """∂term/∂entry, at the place where the indices of the entry stand now.

    Where the entry itself is written in the term, perhaps with indices that the term binds, it is
    that reading and no other; else it is what the term reads at the same place of the array by
    indices that it binds, or, where it binds none, by any.
    """
    wrt, free = partial.wrt, set(free_indices(partial.of))
    place = {index: here.indices[index] for index in free_indices(wrt)}
    location = place_of(wrt, here)
    readings = [e for e in entries(partial.of) if e.quantity.name == wrt.quantity.name]
    swept = [e for e in readings if _reads_by(e, wrt, free)] or readings
    written = wrt in readings

    def reached(entry: Entry, inner: Evaluation) -> bool:
        if written:
            return entry == wrt and all(inner.indices[i] == at for i, at in place.items())
        return entry in swept and subscripts_of(entry, inner) == location

    filtered = any(isinstance(node, Reduction) and node.where for node in walk(partial.of))
    return _slope(partial.of, reached, here, here.indices, filtered)


def _reads_by(entry: Entry, wrt: Entry, free: set[Index]) -> bool:
    """Whether an entry differs from `wrt` only in subscripts that move with bound indices."""
    pairs = zip(entry.subscripts, wrt.subscripts, strict=True)
    return all(here == there or not free.issuperset(free_indices(here)) for here, there in pairs)


def subscripts_of(entry: Entry, here: Evaluation) -> tuple[int, ...]:
    """Where an entry stands in its array."""
    return tuple(whole(subscript, here) for subscript in entry.subscripts)


def place_of(entry: Entry, here: Evaluation) -> tuple[int, ...]:
    """Where an entry stands in its array; `Unread` where the array has no such place."""
    location = subscripts_of(entry, here)
    shape = shape_of(entry.quantity, here.sizes)
    if not all(0 <= at < extent for at, extent in zip(location, shape, strict=True)):
        raise Unread("the array has no such place", "look at another place")
    return location


def _slope(
    term: Term,
    reached: Callable[[Entry, Evaluation], bool],
    here: Evaluation,
    indices: Mapping[Index, int],
    filtered: bool = False,
) -> Dual:
    """The derivative of a term by the entries that are `reached`, which are one number."""
    zero, one = (SCALARS[here.how].of(value) for value in (0, 1))
    found = False

    def read(entry: Entry, number: Dual) -> Dual:
        nonlocal found
        if not reached(entry, inner):
            return number
        found = True
        return Dual(number.value, {0: one})

    inner = replace(here, indices=dict(indices), read=read)
    slopes = evaluate(term, inner).slopes
    if filtered and not found:
        raise Unread("the entry is left out at this place", "look at another place")
    return Dual(slopes.get(0, zero))


def of_definition(model: Specification) -> Callable[[Partial, Evaluation], Dual]:
    """∂u/∂w between entries of named quantities: the right side of u by a place in w."""
    equations = {equation.left.name: equation for equation in model.equations}

    def partial_between(partial: Partial, here: Evaluation) -> Dual:
        above, below = partial.of, partial.wrt
        equation = equations.get(above.quantity.name) if isinstance(above, Entry) else None
        if equation is None or not isinstance(above, Entry):
            raise VerificationError(
                "a derivative between quantities needs the equation that defines one by the other",
                "write it between entries of quantities of the model",
            )
        at, place = place_of(below, here), place_of(above, here)

        def reached(entry: Entry, inner: Evaluation) -> bool:
            same = entry.quantity.name == below.quantity.name
            return same and subscripts_of(entry, inner) == at

        indices = here.indices | dict(zip(equation.indices, place, strict=True))
        return _slope(equation.right, reached, here, indices)

    return partial_between
