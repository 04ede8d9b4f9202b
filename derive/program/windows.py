"""Reads x[h*s + k - pad]: windows of size K that slide over an axis in steps of s.

They are a view of the array, or of a copy with zeros around it; no grid of subscripts is made.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from derive.calculus.affine import Affine, affine, within
from derive.calculus.tidy import all_of, conditions_of
from derive.conditions import needs_no_guard
from derive.polynomials import collected, least
from derive.program.arrays import (
    ArrayTerm,
    Exact,
    Full,
    Overlap,
    Pad,
    Selector,
    Slice,
    View,
    Whole,
    Windows,
)
from derive.program.context import Context
from derive.program.factors import factors_of
from derive.program.labelled import Axis, Labelled, aligned, in_order, selected
from derive.program.scatter import numbers_of
from derive.simplify import guarded, negative, product, total
from derive.terms import (
    ONE,
    ZERO,
    Add,
    Choice,
    Compare,
    Condition,
    Entry,
    FloorDivide,
    Index,
    IndexValue,
    Multiply,
    Negate,
    Reduction,
    Size,
    Term,
    free_indices,
    number,
)

Formulas = Mapping[str, Term]


@dataclass(frozen=True)
class _Sliding:
    """The windows along an axis: which index counts them, which counts within one."""

    position: Index
    inside: Index
    stride: Term
    before: Term
    after: Term


def windows(entry: Entry, formulas: Formulas, *, padded: bool = False) -> Labelled | None:
    """The entry as windows of its array, with zeros around it where it is `padded`.

    None where some subscript is neither a whole axis nor a window that the axis surely holds.
    """
    shape = entry.quantity.shape
    axes: list[Axis] = []
    views: list[View] = []
    inside: list[Index] = []
    widths: list[tuple[Term, Term]] = []
    for place, (subscript, size) in enumerate(zip(entry.subscripts, shape, strict=True)):
        match subscript:
            case IndexValue(index) if index.size == size:
                axes.append(index)
                widths.append((ZERO, ZERO))
            case _ if (found := _sliding_along(subscript, size, formulas)) is not None:
                axes.append(found.position)
                inside.append(found.inside)
                widths.append((found.before, found.after))
                count, window = found.position.size, found.inside.size
                views.append(View(place, count, window, found.stride))
            case _:
                return None
    is_padded = any(width != (ZERO, ZERO) for width in widths)
    if not views or len({*axes, *inside}) < len(axes) + len(inside) or (is_padded and not padded):
        return None
    array: ArrayTerm = Whole(entry.quantity)
    array = Pad(array, tuple(widths)) if is_padded else array
    return Labelled(Windows(array, tuple(views)), (*axes, *inside))


def _sliding_along(subscript: Term, size: Term, formulas: Formulas) -> _Sliding | None:
    """The windows along an axis, whose size may have a formula."""
    found = _sliding(subscript, size, formulas)
    formula = formulas.get(size.name) if isinstance(size, Size) else None
    return found or (None if formula is None else _sliding(subscript, formula, formulas))


def _sliding(subscript: Term, size: Term, formulas: Formulas) -> _Sliding | None:
    form = affine(subscript)
    if form is None or len(form.coefficients) != 2:
        return None
    inside = _inside(form, formulas)
    if inside is None:
        return None
    ((position, stride),) = ((i, c) for i, c in form.coefficients.items() if i is not inside)
    constant = number(form.constant) if form.constant >= 0 else negative(number(-form.constant))
    start = total(form.rest, constant)
    last = total(_last(position.size, stride, formulas), inside.size, negative(ONE), start)
    before = collected(negative(start))
    after = collected(total(last, ONE, negative(size)))
    if any((lowest := least(width)) is None or lowest < 0 for width in (before, after, stride)):
        return None
    return _Sliding(position, inside, stride, before, after)


def _inside(form: Affine, formulas: Formulas) -> Index | None:
    """The index that counts within a window: of coefficient 1, its size no formula's."""
    candidates = [index for index, coefficient in form.coefficients.items() if coefficient == ONE]
    given = [i for i in candidates if not (isinstance(i.size, Size) and i.size.name in formulas)]
    return next(iter([*given[-1:], *candidates[-1:]]), None)


def _last(count: Term, stride: Term, formulas: Formulas) -> Term:
    """Where the last window may begin at most, counted from the first."""
    formula = formulas.get(count.name, count) if isinstance(count, Size) else count
    match formula:
        case Add((FloorDivide(reach, step), one)) if step == stride and one == ONE:
            return reach
        case FloorDivide(reach, step) if step == stride:
            return total(reach, negative(stride))
    return product(stride, total(formula, negative(ONE)))


# --- zeros around -------------------------------------------------------------------------------


def _bounds(entry: Entry) -> tuple[Condition, ...]:
    pairs = zip(entry.subscripts, entry.quantity.shape, strict=True)
    return tuple(condition for pair in pairs for condition in within(*pair))


def padded_windows(choice: Choice, formulas: Formulas) -> Labelled | None:
    """Windows that are zero outside of their array, None where the choice is another one."""
    match choice:
        case Choice(condition, Entry() as entry, otherwise) if otherwise == ZERO:
            if set(conditions_of(condition)) <= set(_bounds(entry)):
                return windows(entry, formulas, padded=True)
    return None


def with_zeros_outside(reduction: Reduction, formulas: Formulas) -> Reduction:
    """A sum over the inside of an array as a sum over all windows, which are zero outside."""
    if reduction.kind != "sum" or not reduction.where:
        return reduction
    factors = factors_of(reduction.term).above
    for entry in factors:
        others = [factor for factor in factors if factor is not entry]
        if not isinstance(entry, Entry) or not all(map(needs_no_guard, others)):
            continue
        # What speaks of nothing that is summed is no matter of windows.
        moving = [c for c in reduction.where if set(free_indices(c)) & set(reduction.indices)]
        held = tuple(c for c in moving if c in _bounds(entry))
        if not held or factors_of(reduction.term).below:
            continue
        zero_outside = Choice(all_of(held), entry, ZERO)
        if padded_windows(zero_outside, formulas) is not None:
            rest = tuple(c for c in reduction.where if c not in held)
            term: Term = Multiply((*others, zero_outside)) if others else zero_outside
            term = Negate(term) if factors_of(reduction.term).negative else term
            return replace(reduction, term=term, where=rest)
    return reduction


# --- the reverse --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Overlapping:
    """A sum of `term` over windows, each value at the place of the array that it was read from."""

    slidings: tuple[tuple[Index, _Sliding], ...]
    term: Term


def overlapping(reduction: Reduction, formulas: Formulas) -> Overlapping | None:
    """A sum under the condition that a place in a window is a free index, None for another one."""
    found: dict[Index, _Sliding] = {}
    rest, bounds = list[Condition](), list[Condition]()
    for condition in reduction.where:
        match condition:
            case Compare("==", subscript, IndexValue(index)) if index not in reduction.indices:
                sliding = _sliding_along(subscript, index.size, formulas)
                if sliding is None or index in found:
                    return None
                found[index] = sliding
                bounds += within(subscript, index.size)
            case _:
                rest.append(condition)
    over = [i for s in found.values() for i in (s.position, s.inside)]
    free = {*free_indices(reduction.term), *(i for c in rest for i in free_indices(c))}
    fits = len(set(over)) == len(over) and set(over) <= set(reduction.indices)
    if reduction.kind != "sum" or not found or not fits or free & set(found):
        return None
    if needs_no_guard(reduction.term):
        rest = [condition for condition in rest if condition not in bounds]
    others = tuple(index for index in reduction.indices if index not in over)
    inside = tuple(c for c in rest if set(free_indices(c)) & set(others))
    outside = tuple(c for c in rest if c not in inside)
    term = Reduction("sum", others, reduction.term, inside) if others else reduction.term
    return Overlapping(tuple(found.items()), guarded(outside, term))


def overlapped(
    found: Overlapping, labelled: Callable[[Term, Context], Labelled], context: Context
) -> Labelled:
    """Zeros to whose windows the values are added, without what lies around the array."""
    slidings = dict(found.slidings)
    insides = tuple(sliding.inside for sliding in slidings.values())
    at = {index: sliding.position for index, sliding in slidings.items()}
    wanted = tuple(at.get(index, index) for index in context.wanted)
    value = labelled(found.term, replace(context, wanted=(*wanted, *insides)))
    order = in_order([*value.labels, *at.values()], wanted)
    places = tuple(dict.fromkeys(index for index in order if index not in insides))
    back = {position: index for index, position in at.items()}
    axes = tuple(back.get(place, place) for place in places)
    present = tuple(index in value.labels for index in insides)
    last = tuple(index for index in insides if index in value.labels)
    widths = [(s.before, s.after) if (s := slidings.get(i)) else (ZERO, ZERO) for i in axes]
    sizes = [collected(total(i.size, *pair)) for i, pair in zip(axes, widths, strict=True)]
    zeros = Full(Exact(Fraction(0)), tuple(sizes), numbers_of(value.term))
    views = tuple(
        View(axes.index(index), s.position.size, s.inside.size, s.stride)
        for index, s in slidings.items()
    )
    whole = Overlap(zeros, aligned(value, (*places, *last), full_rank=True), views, present)
    inner: list[Selector] = [
        "all" if pair == (ZERO, ZERO) else Slice(pair[0], index.size)
        for index, pair in zip(axes, widths, strict=True)
    ]
    return Labelled(selected(whole, inner), axes)
