"""Array terms whose axes carry the index they run over, so that aligning is reading labels.

A labelled axis is an `Index`, or None for an axis of size one that only broadcasts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from derive.polynomials import StepNumber
from derive.program.array_shapes import shape_of
from derive.program.arrays import (
    Apply,
    ArrayTerm,
    Either,
    Elementwise,
    Exact,
    Fold,
    Folding,
    Full,
    Join,
    Matmul,
    Operation,
    Select,
    Selector,
    Transpose,
    Whole,
    is_plain_number,
    operands,
    with_operands,
)
from derive.program.arrays import walk as walk_array
from derive.terms import Index, Term, is_one, walk

Axis = Index | None


@dataclass(frozen=True)
class Labelled:
    """An array term and the label of each of its axes; no label occurs twice."""

    term: ArrayTerm
    axes: tuple[Axis, ...] = ()

    @property
    def labels(self) -> tuple[Index, ...]:
        """The indices among the axes, in their order."""
        return tuple(axis for axis in self.axes if axis is not None)


def union(values: Sequence[Labelled]) -> tuple[Index, ...]:
    """The labels of all values, each once, in order of appearance."""
    return tuple(dict.fromkeys(label for value in values for label in value.labels))


def in_order(labels: Sequence[Index], wanted: Sequence[Index]) -> tuple[Index, ...]:
    """The labels as `wanted` orders them; those it does not have come last."""
    first = [index for index in wanted if index in labels]
    return (*first, *(label for label in labels if label not in first))


def common_order(values: Sequence[Labelled], wanted: Sequence[Index]) -> tuple[Index, ...]:
    """The order of axes in which the values meet with the fewest transpositions."""
    ordered = in_order(union(values), wanted)
    complete = [v.labels for v in values if len(v.labels) == len(ordered)]
    return complete[0] if complete and ordered not in complete else ordered


def selected(term: ArrayTerm, selectors: Sequence[Selector]) -> ArrayTerm:
    """`term[selectors]`, or the term itself where every axis is kept."""
    if all(selector == "all" for selector in selectors):
        return term
    match term:
        case Elementwise("negate", (operand,)):
            return Elementwise("negate", (selected(operand, selectors),))
        case Either(condition, chosen, otherwise) if is_plain_number(otherwise):
            return Either(condition, selected(chosen, selectors), otherwise)
        case Apply(function, (Fold() as fold, number)) if is_plain_number(number):
            return Apply(function, (selected(fold, selectors), number))
    return Select(term, tuple(selectors))


def transposed(term: ArrayTerm, axes: Sequence[int]) -> ArrayTerm:
    """The term with its axes in the order `axes`, or the term itself where nothing moves."""
    if list(axes) == sorted(axes):
        return term
    match term:
        case Elementwise("negate", (operand,)):
            return Elementwise("negate", (transposed(operand, axes),))
        case Either(condition, chosen, otherwise) if is_plain_number(otherwise):
            return Either(condition, transposed(chosen, axes), otherwise)
        case Transpose(operand, before):
            return transposed(operand, [before[axis] for axis in axes])
        case Matmul(Transpose(left, (1, 0)), Transpose(right, (1, 0))):
            return Matmul(right, left)
    scaled = _scaled(term)
    if scaled is not None:
        # What scales an array is not transposed with it: det(X) * inv(X).T.
        parts = operands(term)
        turned = (transposed(part, axes) if part is scaled else part for part in parts)
        return with_operands(term, tuple(turned))
    return Transpose(term, tuple(axes))


def _scaled(term: ArrayTerm) -> ArrayTerm | None:
    """The one array that plain numbers and scalars multiply or divide, None where there is more."""
    match term:
        case Elementwise("multiply" | "divide" as operation, parts):
            arrays = [part for part in parts if shape_of(part)]
            if len(arrays) == 1 and (operation == "multiply" or arrays[0] is parts[0]):
                return arrays[0]
    return None


def ordered(value: Labelled, order: Sequence[Index]) -> Labelled:
    """The value with its labels in the order in which `order` has them."""
    present = tuple(index for index in order if index in value.axes)
    if present == value.labels:
        return value
    dropped = selected(value.term, ["all" if axis is not None else 0 for axis in value.axes])
    return Labelled(transposed(dropped, [value.labels.index(i) for i in present]), present)


def aligned(value: Labelled, order: Sequence[Index], *, full_rank: bool = False) -> ArrayTerm:
    """The value's term with its axes at the places that `order` gives them.

    Axes that the value lacks become axes of size one.  Those at the front are left to NumPy's
    broadcasting unless `full_rank` asks for them.
    """
    value = ordered(value, order)
    axes = list(value.axes)
    selectors: list[Selector] = []
    for index in reversed(order):
        while axes and axes[-1] is None and index in axes:
            axes.pop()
            selectors.append(0)
        if axes and axes[-1] in (index, None):
            axes.pop()
            selectors.append("all")
        elif axes or full_rank:
            selectors.append("new")
    selectors += [0] * len(axes)
    selectors.reverse()
    while not full_rank and selectors and selectors[0] == "new":
        selectors.pop(0)
    return selected(value.term, selectors)


def filled(value: Labelled, order: Sequence[Index], like: ArrayTerm | None) -> ArrayTerm:
    """The value's term with all axes of `order` at their full size."""
    missing = [i for i in order if i not in value.labels and not is_one(i.size)]
    if not missing and not (order and is_plain_number(value.term)):
        return aligned(value, order, full_rank=True)
    return Full(aligned(value, order), tuple(index.size for index in order), like)


def combine(operation: Operation, values: Sequence[Labelled], wanted: Sequence[Index]) -> Labelled:
    """An elementwise operation on aligned values."""
    order = common_order(values, wanted)
    parts = tuple(aligned(value, order) for value in values)
    return Labelled(Elementwise(operation, parts), order)


def multiplied(values: Sequence[Labelled], wanted: Sequence[Index]) -> Labelled:
    """The product of values: those that are 1 / c divide, and the small ones meet first.

    In z * (u / v)[:, None] the larger array is gone through once.
    """
    inverses = {place: c for place, value in enumerate(values) if (c := _inverted(value))}
    above = [value for place, value in enumerate(values) if place not in inverses]
    small = _small_group(values)
    if small:
        first = values.index(small[0])
        rest = [v for v in values if v not in small]
        rest.insert(sum(v not in small for v in values[:first]), multiplied(small, wanted))
        return multiplied(rest, wanted)
    if not above or not inverses:
        return values[0] if len(values) == 1 else combine("multiply", values, wanted)
    parts = [multiplied(above, wanted), multiplied(list(inverses.values()), wanted)]
    return combine("divide", parts, wanted)


def _small_group(values: Sequence[Labelled]) -> list[Labelled]:
    """Several values of the same labels, where another one has more; [] where there are none."""
    groups: dict[frozenset[Index], list[Labelled]] = {}
    for value in values:
        groups.setdefault(frozenset(value.labels), []).append(value)
    found = [
        group
        for labels, group in groups.items()
        if len(group) > 1 and labels and any(labels < other for other in groups)
    ]
    return found[0] if found else []


def _inverted(value: Labelled) -> Labelled | None:
    """What 1 is divided by, None for another value."""
    match value.term:
        case Elementwise("divide", (Exact(one), below)) if one == 1:
            return Labelled(below, value.axes)
    return None


def either(
    condition: ArrayTerm,
    chosen: Labelled,
    otherwise: Labelled,
    wanted: Sequence[Index],
    *,
    plain: bool = False,
) -> Labelled:
    """One of two values, both with all axes; a `plain` number may stand for an array."""
    order = common_order((chosen, otherwise), wanted)
    if plain and is_plain_number(otherwise.term):
        return Labelled(Either(condition, aligned(chosen, order), otherwise.term), order)
    first = filled(chosen, order, None)
    return Labelled(Either(condition, first, filled(otherwise, order, _step_of(first))), order)


def _step_of(term: ArrayTerm) -> ArrayTerm | None:
    """An array at this step that has the shape of `term`, which reads it at some step."""
    for part in walk_array(term):
        match part:
            case Select(Whole() as array, selectors) if shape_of(part) == shape_of(term):
                numbers = {p for s in selectors if isinstance(s, Term) for p in walk(s)}
                steps = [p for p in numbers if isinstance(p, StepNumber)]
                if len(steps) == 1:
                    here = (steps[0] if isinstance(s, Term) else s for s in selectors)
                    return Select(array, tuple(here))
    return None


def joined(
    parts: Sequence[tuple[Index, Labelled]], index: Index, wanted: Sequence[Index]
) -> Labelled:
    """Values one after the other along `index`, each with the index of its own part of it."""
    labels = [tuple(index if i is own else i for i in value.labels) for own, value in parts]
    complete = [found for found in labels if len(found) == len({*sum(labels, ()), index})]
    every = tuple(dict.fromkeys((index, *sum(labels, ()))))
    order = complete[0] if complete else in_order(every, wanted)
    arrays = [a for _, value in parts for a in walk_array(value.term) if isinstance(a, Whole)]
    like = next((a for a in arrays if a.quantity.kind != "index" and a.quantity.shape), None)
    terms = tuple(
        _part(value, [own if i is index else i for i in order], like) for own, value in parts
    )
    if len(terms) == 1:
        return Labelled(terms[0], order)
    return Labelled(Join(terms, order.index(index), index.size), order)


def _part(value: Labelled, order: Sequence[Index], like: ArrayTerm | None) -> ArrayTerm:
    """A value with all axes; a plain number becomes an array of the type of another one."""
    shape = tuple(index.size for index in order)
    if is_plain_number(value.term):
        return Full(value.term, shape, like)
    match value.term:
        case Either(condition, chosen, otherwise) if is_plain_number(otherwise):
            whole = filled(Labelled(chosen, value.axes), order, None)
            return Either(condition, whole, Full(otherwise, shape, like))
    return filled(value, order, None)


def has_axes(term: ArrayTerm, axes: Sequence[int], sizes: Sequence[Term]) -> bool:
    """Whether these axes have these sizes, in any order."""
    shape = shape_of(term)
    return Counter(shape[axis] for axis in axes) == Counter(sizes)


def folded(kind: Folding, value: Labelled, indices: Sequence[Index]) -> Labelled:
    """The value folded over `indices`; an axis of size one is simply entered at 0."""
    single = [index for index in indices if is_one(index.size)]
    value = Labelled(
        selected(value.term, [0 if axis in single else "all" for axis in value.axes]),
        tuple(axis for axis in value.axes if axis not in single),
    )
    places = tuple(place for place, axis in enumerate(value.axes) if axis in indices)
    if not places:
        return value
    axes = tuple(axis for axis in value.axes if axis not in indices)
    return Labelled(Fold(kind, value.term, places), axes)
