"""Sums under the condition that index data name a place: read there, or added up there.

The reverse of the lookup E[tok[n]] is a sum over all n whose tok[n] is the row: no mask over
places and rows is needed, each value is added to the row that it belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from derive.calculus.affine import affine, within
from derive.polynomials import collected
from derive.program.arrays import (
    Addition,
    Apply,
    ArrayTerm,
    Either,
    Elementwise,
    Exact,
    Extent,
    Fold,
    Full,
    Gather,
    Matmul,
    Scatter,
    Select,
    Tensordot,
    Transpose,
    Whole,
    is_plain_number,
    operands,
    walk,
)
from derive.program.context import Context
from derive.program.hoisting import reads_within
from derive.program.labelled import Labelled, aligned, combine, in_order, union
from derive.simplify import guarded, negative, total, unguarded
from derive.terms import (
    Add,
    Compare,
    Condition,
    Entry,
    Index,
    IndexValue,
    Name,
    Number,
    Reduction,
    Term,
    free_indices,
    substitute,
)

Bounds = Mapping[Name, Term]
Values = Callable[[Term, Context], Labelled]


@dataclass(frozen=True)
class Scattering:
    """A sum of `term` over `indices`: each value belongs where every index has its data's value."""

    places: tuple[tuple[Index, Term], ...]
    indices: tuple[Index, ...]
    term: Term

    @property
    def repeats(self) -> bool:
        """Whether several values may belong to one place."""
        read = [index for _, place in self.places for index in free_indices(place)]
        by_data = any(isinstance(place, Entry) for _, place in self.places)
        return bool(self.indices) and (by_data or len(set(read)) < len(read))


def _place(condition: Condition, bounds: Bounds) -> tuple[Index, Term] | None:
    """The index and the data of `tok[n] == v`, where the data stay in the range of the index.

    A subscript of one index, 2*j + 1 == m, names its places likewise.
    """
    match condition:
        case Compare("==", Entry() as data, IndexValue(index)) | Compare(
            "==", IndexValue(index), Entry() as data
        ) if bounds.get(data.quantity.name) == index.size:
            return (index, data) if index not in free_indices(data) else None
        case Compare("==", subscript, IndexValue(index)) if not within(subscript, index.size):
            form = affine(subscript)
            steps = list(form.coefficients.values()) if form is not None else []
            is_step = len(steps) == 1 and isinstance(steps[0], Number) and abs(steps[0].value) > 1
            return (index, subscript) if is_step and index not in free_indices(subscript) else None
    return None


def read_at_places(reduction: Reduction, bounds: Bounds) -> Reduction | Term:
    """A sum over an index that data name is one term of it: Σ_k [y[n] = k] a[k] is a[y[n]].

    >>> from derive.terms import Quantity, Size
    >>> K, n = Size("K"), Index(Size("N")); k = Index(K)
    >>> y = Entry(Quantity("y", (Size("N"),), "index"), (IndexValue(n),)); a = Quantity("a", (K,))
    >>> named = Compare("==", y, IndexValue(k))
    >>> named_one = Reduction("sum", (k,), Entry(a, (IndexValue(k),)), (named,))
    >>> read_at_places(named_one, {"y": K}) == Entry(a, (y,))
    True
    """
    if reduction.kind != "sum":
        return reduction
    for condition in reduction.where:
        place = _place(condition, bounds)
        if place is not None and place[0] in reduction.indices:
            index, data = place
            others = tuple(i for i in reduction.indices if i is not index)
            where = tuple(c for c in reduction.where if c is not condition)
            inner = _summed(others, reduction.term, where)
            return substitute(inner, {index: data})
    return reduction


def scattering(reduction: Reduction, bounds: Bounds) -> Scattering | None:
    """A sum under the condition that data name a free index, None where it is another one."""
    places, rest = _places(reduction.where, bounds)
    read = {index for data in places.values() for index in free_indices(data)}
    over = tuple(index for index in reduction.indices if index in read)
    if reduction.kind != "sum" or not over or (read | {*reduction.indices}) & set(places):
        return None
    others = tuple(index for index in reduction.indices if index not in over)
    inside = tuple(c for c in rest if set(free_indices(c)) & set(others))
    outside = tuple(c for c in rest if c not in inside)
    term = guarded(outside, _summed(others, reduction.term, inside))
    return Scattering(tuple(places.items()), over, substitute(term, places))


def _places(
    conditions: Sequence[Condition], bounds: Bounds
) -> tuple[dict[Index, Term], list[Condition]]:
    """The data that name each index, and the conditions that are left."""
    places: dict[Index, Term] = {}
    rest = []
    for condition in conditions:
        place = _place(condition, bounds)
        if place is None or place[0] in places:
            rest.append(condition)
        else:
            places[place[0]] = place[1]
    return places, rest


def _picking(term: Term, bounds: Bounds) -> Scattering | None:
    """What is not zero at one place of each row only, None where it is something else."""
    conditions, inside = unguarded(term)
    places, rest = _places(conditions, bounds)
    read = {index for data in places.values() for index in free_indices(data)}
    if not places or rest or not read or read & set(places):
        return None
    return Scattering(tuple(places.items()), (), substitute(inside, places))


def _summed(indices: tuple[Index, ...], term: Term, where: tuple[Condition, ...]) -> Term:
    return Reduction("sum", indices, term, where) if indices else guarded(where, term)


def added_up(found: Scattering, labelled: Values, context: Context) -> Labelled:
    """Zeros to which each value of the sum is added where it belongs."""
    places, wanted = dict(found.places), context.wanted
    read = dict.fromkeys(index for data in places.values() for index in free_indices(data))
    own = tuple(index for index in read if index not in found.indices)
    domain = in_order((*own, *found.indices), wanted)
    inside = replace(context, wanted=tuple(dict.fromkeys((*domain, *wanted))))
    axes = in_order((*own, *places), wanted)
    named = [places.get(axis, IndexValue(axis)) for axis in axes]
    # Where nothing is added the data need not have a place: they are read as in a filter.
    held = inside if inside.kept else replace(inside, kept=Labelled(Exact(Fraction(1))))
    subscripts = [labelled(place, inside if reads_within(place) else held) for place in named]
    value = labelled(found.term, inside)
    rest = tuple(index for index in in_order(value.labels, wanted) if index not in domain)
    every = (*axes, *rest)
    zeros = Full(Exact(Fraction(0)), tuple(i.size for i in every), numbers_of(value.term))
    addition = Addition(
        tuple(aligned(subscript, domain) for subscript in subscripts),
        aligned(value, (*domain, *rest)),
        repeats=found.repeats,
    )
    return Labelled(Scatter(zeros, (addition,)), every)


def total_of(term: Add, summand: Values, labelled: Values, context: Context) -> Labelled:
    """A sum; what is zero but at one place of each row is added there, if the rest has them all."""
    terms = term.terms
    picks = [_picking(term, context.bounds) if context.adds_up else None for term in terms]
    if any(picks) and not all(picks):
        parts = [
            added_up(pick, labelled, context) if pick else summand(term, context)
            for pick, term in zip(picks, terms, strict=True)
        ]
        whole = _together(parts, context.wanted)
        if isinstance(whole.term, Scatter):
            return whole
    values = [summand(term, context) for term in terms]
    if term is not context.part and _may_be_a_number(values):
        values = [labelled(term, context) for term in terms]
    return _together(values, context.wanted)


def _may_be_a_number(values: Sequence[Labelled]) -> bool:
    """Whether each summand that has all axes is a plain number at some steps."""
    every = set(union(values))
    whole = [value for value in values if set(value.labels) == every]
    choices = [value.term for value in whole if isinstance(value.term, Either)]
    numbers = len(choices) == len(whole) and all(is_plain_number(c.otherwise) for c in choices)
    return bool(every) and numbers and not _one_holds([choice.condition for choice in choices])


def _one_holds(conditions: Sequence[ArrayTerm]) -> bool:
    """Whether of two conditions, t + 1 < T and t == T - 1, one holds at each step before T."""
    relations = [condition for condition in conditions if isinstance(condition, Elementwise)]
    below, at = (
        {_difference(*each.operands) for each in relations if each.operation == sign}
        for sign in ("<", "==")
    )
    return bool((below & at) - {None})


def _difference(left: ArrayTerm, right: ArrayTerm) -> Term | None:
    """One size minus another, None where not both are made of sizes and numbers alone."""
    first, second = _size_of(left), _size_of(right)
    return None if first is None or second is None else collected(total(first, negative(second)))


def _size_of(term: ArrayTerm) -> Term | None:
    match term:
        case Extent(size):
            return size
        case Exact(value):
            return Number(value)
        case Elementwise("add" | "negate" as operation, parts):
            sizes = [_size_of(part) for part in parts]
            if None in sizes:
                return None
            known = [size for size in sizes if size is not None]
            return total(*known) if operation == "add" else negative(known[0])
    return None


def _together(values: Sequence[Labelled], wanted: Sequence[Index]) -> Labelled:
    """The sum of values, where what is added up in arrays of the same axes is added up in one.

    The other values are what it starts from, where they have all its axes.
    """
    scattered = [found for value in values if (found := _as_additions(value)) is not None]
    if not scattered:
        return combine("add", values, wanted)
    axes = scattered[0].axes
    others = [value for value in values if _as_additions(value) is None]
    others += [value for value in scattered if value.axes != axes]
    terms = [value.term for value in scattered if value.axes == axes]
    additions = tuple(a for t in terms if isinstance(t, Scatter) for a in t.additions)
    start = combine("add", others, wanted) if len(others) > 1 else (*others, None)[0]
    if start is not None and set(start.labels) == set(axes) and has_numbers(start.term):
        return Labelled(Scatter(aligned(start, scattered[0].labels), additions), axes)
    whole = Labelled(Scatter(operands(terms[0])[0], additions), axes)
    return combine("add", [*others, whole], wanted) if others else whole


def _as_additions(value: Labelled) -> Labelled | None:
    """A value that is added up from zeros, itself or its opposite; None where it is another one."""
    match value.term:
        case Scatter(Full()):
            return value
        case Elementwise("negate", (Scatter(Full() as zeros, additions),)):
            turned = tuple(replace(a, value=Elementwise("negate", (a.value,))) for a in additions)
            return Labelled(Scatter(zeros, turned), value.axes)
    return None


def has_numbers(term: ArrayTerm) -> bool:
    """Whether an array surely has the type of numbers that the data and parameters have."""
    match term:
        case Whole(quantity):
            return quantity.kind != "index"
        case Elementwise("where", (_, *parts)):
            return any(map(has_numbers, parts))
        case Elementwise("add" | "multiply" | "negate" | "divide" | "power") | Apply():
            return any(map(has_numbers, term.operands))
        case Matmul() | Tensordot() | Fold() | Transpose() | Select() | Gather():
            return has_numbers(operands(term)[0])
    return False


def numbers_of(term: ArrayTerm) -> ArrayTerm | None:
    """An array of the type of numbers that a term is made of, a gradient if there is one."""
    arrays = [part for part in walk(term) if isinstance(part, Whole) and part.quantity.shape]
    found = [array for array in arrays if array.quantity.kind != "index"]
    gradients = (array for array in found if array.quantity.kind == "gradient")
    return next(gradients, found[0] if found else None)
