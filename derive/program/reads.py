"""How an entry `quantity[subscripts]` is read: whole axes, single places, arrays of subscripts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction

from derive.calculus.affine import affine, within
from derive.polynomials import collected, is_size
from derive.program.arrays import ArrayTerm, Exact, Gather, Selector, Slice, Whole
from derive.program.labelled import Axis, Labelled, aligned, combine, in_order, selected, union
from derive.simplify import total
from derive.terms import (
    ONE,
    ZERO,
    Add,
    Entry,
    Index,
    IndexValue,
    Negate,
    Number,
    Reduction,
    Term,
    entries,
    is_one,
    number,
)

Values = Callable[[Term], Labelled]


def read(
    entry: Entry, values: Values, wanted: Sequence[Index], *, filtered: bool = False
) -> Labelled:
    """The entry as an array over its indices; `values` gives a subscript as an array of integers.

    Where the read is filtered, subscripts are held in the range: what they read there is dropped.
    """
    axes: list[Axis] = []
    selectors: list[Selector] = []
    others: list[int] = []
    for place, (subscript, size) in enumerate(
        zip(entry.subscripts, entry.quantity.shape, strict=True)
    ):
        match subscript:
            case IndexValue(index) if index.size == size and index not in axes:
                axes.append(index)
                selectors.append("all")
            case Number(value) if value == 0 and is_one(size):
                axes.append(None)
                selectors.append("all")
            case Number(value):
                selectors.append(int(value))
            case _ if is_size(subscript):
                selectors.append(subscript)
            case _ if (window := _window(subscript, size)) and window[0] not in axes:
                axes.append(window[0])
                selectors.append(window[1])
            case _:
                others.append(place)
    if not others:
        return Labelled(selected(Whole(entry.quantity), selectors), tuple(axes))

    def subscript_at(place: int) -> Labelled:
        return _subscript(entry, place, values, wanted, filtered)

    if len(others) == 1 and len(axes) == len(entry.subscripts) - 1:
        rows = subscript_at(others[0])
        if not set(rows.labels) & set(axes):
            selectors.insert(others[0], "all")
            return _lookup(selected(Whole(entry.quantity), selectors), others[0], rows, axes)
    return _grid(entry, [subscript_at(place) for place in range(len(entry.subscripts))], wanted)


def _window(subscript: Term, size: Term) -> tuple[Index, Slice] | None:
    """The slice that i + start reads, None where it may leave the axis, and for other reads."""
    form = affine(subscript)
    if form is None or list(form.coefficients.values()) != [ONE] or not is_size(form.rest):
        return None
    if within(subscript, size):
        return None
    (index,) = form.coefficients
    constant = number(form.constant) if form.constant >= 0 else Negate(number(-form.constant))
    return index, Slice(collected(total(form.rest, constant)), index.size)


def _lookup(operand: ArrayTerm, place: int, rows: Labelled, axes: list[Axis]) -> Labelled:
    """A read through one array of subscripts; the other axes are those of the operand."""
    subscripts = tuple(rows.term if axis == place else None for axis in range(len(axes) + 1))
    return Labelled(Gather(operand, subscripts), (*axes[:place], *rows.axes, *axes[place:]))


def _grid(entry: Entry, subscripts: list[Labelled], wanted: Sequence[Index]) -> Labelled:
    """A read in which every subscript is an array over all indices of the entry."""
    order = in_order(union(subscripts), wanted)
    terms = tuple(aligned(subscript, order) for subscript in subscripts)
    return Labelled(Gather(Whole(entry.quantity), terms), order)


def _subscript(
    entry: Entry, place: int, values: Values, wanted: Sequence[Index], filtered: bool
) -> Labelled:
    subscript, size = entry.subscripts[place], entry.quantity.shape[place]
    value = values(subscript)
    within = isinstance(subscript, IndexValue) and subscript.index.size == size
    if not filtered or within or subscript == ZERO:
        return value
    last = values(Add((size, Negate(ONE))))
    return combine("clip", [value, Labelled(Exact(Fraction(0))), last], wanted)


def in_stored_order(reduction: Reduction) -> tuple[Index, ...]:
    """The indices of a reduction in the order in which its largest array has them.

    A place is counted in the order of the text, which is kept for reductions that find a place.
    """
    found = entries(reduction.term)
    if reduction.kind in ("argmax", "argmin") or not found:
        return reduction.indices
    largest = max(found, key=lambda entry: len(entry.subscripts))
    places = [place.index for place in largest.subscripts if isinstance(place, IndexValue)]
    stored = tuple(dict.fromkeys(index for index in places if index in reduction.indices))
    return stored if len(stored) == len(reduction.indices) else reduction.indices
