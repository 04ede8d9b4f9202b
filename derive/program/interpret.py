"""Runs a program on arrays, one operation at a time: the meaning of what `numpy_code` prints.

Arrays may hold objects, such as exact fractions; nothing here asks for floating point.
"""

from __future__ import annotations

import builtins
import functools
import math
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from derive.errors import DerivationError
from derive.numbers.matrices import linear_algebra
from derive.numbers.special import SERIES
from derive.program.array_functions import BY_SERIES, IN_MATH, OF_NUMBERS
from derive.program.array_shapes import added_value, shape_of
from derive.program.arrays import (
    Apply,
    ArrayTerm,
    Cast,
    Copy,
    Counting,
    Either,
    Elementwise,
    Empty,
    Exact,
    Extent,
    Fold,
    Full,
    Gather,
    Identity,
    Infinity,
    Join,
    Locate,
    Matmul,
    OfMatrices,
    Overlap,
    Pad,
    Pi,
    Reshape,
    Scatter,
    Select,
    Selector,
    Slice,
    Tensordot,
    Transpose,
    Whole,
    Windows,
    is_plain_number,
    show_name,
)
from derive.program.program import Loop, Program, Statement, filled_by, parts, size_on
from derive.sizes import show_size, size_at
from derive.terms import Name, Quantity, Size, Term

OPERATIONS: dict[str, Callable[..., Any]] = {
    "add": operator.add,
    "multiply": operator.mul,
    "negate": operator.neg,
    "divide": operator.truediv,
    "floor_divide": operator.floordiv,
    "power": operator.pow,
    "where": np.where,
    "clip": np.clip,
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "and": operator.and_,
    "or": operator.or_,
    "not": np.logical_not,
}
MADE_OF_SIZES: dict[type[ArrayTerm], Callable[[int], Any]] = {
    Extent: int,
    Counting: np.arange,
    Identity: lambda size: np.eye(size, dtype=int),
}
EVERY = slice(None)
FOLDS: dict[str, Callable[..., Any]] = {
    "sum": np.sum,
    "mean": np.mean,
    "prod": np.prod,
    "max": np.max,
    "min": np.min,
}


def run(
    program: Program, arrays: Mapping[Name, Any], sizes: Mapping[str, int] | None = None
) -> dict[Name, Any]:
    """The outputs of a program by name, from arrays by name; `sizes` gives what no shape tells.

    Raises DerivationError for an input or a size that is missing.
    """
    values: dict[Name, Any] = {}
    for quantity in program.inputs:
        values[quantity.name] = _given(arrays, quantity.name)
    for quantity, value in program.constants:
        values[quantity.name] = _python_number(Exact(value))
    extents: dict[str, int] = {}
    for rule in program.sizes:
        if rule.quantity is not None:
            extent = np.shape(values[rule.quantity.name])[rule.axis]
            formula = size_on(rule, Size("its axis"))
            extents[rule.name] = size_value(formula, {**extents, "its axis": extent})
        elif rule.formula is not None:
            extents[rule.name] = size_value(rule.formula, extents)
        else:
            extents[rule.name] = _given(sizes or {}, rule.name)
    for line in program.statements:
        if isinstance(line, Statement):
            _run_statement(line, values, extents)
        else:
            _run_loop(line, values, extents)
    return {output.name: values[output.name] for output in program.outputs}


def _run_loop(loop: Loop, values: dict[Name, Any], sizes: Mapping[str, int]) -> None:
    steps = range(size_value(loop.start, sizes), size_value(loop.end, sizes))
    for step in reversed(steps) if loop.downward else steps:
        for statement in parts(loop):
            _run_statement(statement, values, {**sizes, loop.number.name: step})


def _run_statement(statement: Statement, values: dict[Name, Any], sizes: Mapping[str, int]) -> None:
    value = evaluate(statement.value, values, sizes)
    match filled_by(statement):
        case Select(Whole(Quantity(name)), selectors):
            values[name][_places(selectors, sizes)] = value
        case _:
            values[statement.target.name] = value


def _given(values: Mapping[Any, Any], name: Name) -> Any:
    if name not in values:
        raise DerivationError(f"no value is given for {show_name(name)}", "give one by its name")
    return values[name]


def evaluate(term: ArrayTerm, values: Mapping[Name, Any], sizes: Mapping[str, int]) -> Any:
    """The value of an array term."""

    def value(part: ArrayTerm) -> Any:
        return evaluate(part, values, sizes)

    match term:
        case Whole(Quantity(name)):
            return values[name]
        case Exact() | Pi() | Infinity():
            return _python_number(term)
        case Extent(size) | Counting(size) | Identity(size):
            return MADE_OF_SIZES[type(term)](size_value(size, sizes))
        case OfMatrices(operator, parts):
            return linear_algebra(operator, *map(value, parts))
        case Elementwise("add" | "multiply" | "and" | "or" as operation, parts):
            return functools.reduce(OPERATIONS[operation], map(value, parts))
        case Elementwise(operation, parts):
            return OPERATIONS[operation](*map(value, parts))
        case Apply(function, parts):
            return _function(function, is_plain_number(term))(*map(value, parts))
        case Matmul(left, right):
            return value(left) @ value(right)
        case Tensordot(left, right, left_axes, right_axes):
            return np.tensordot(value(left), value(right), axes=(left_axes, right_axes))
        case Transpose(operand, axes):
            return np.transpose(value(operand), axes)
        case Select(operand, selectors):
            return np.asarray(value(operand))[_places(selectors, sizes)]
        case Gather(operand, subscripts):
            return value(operand)[tuple(EVERY if s is None else value(s) for s in subscripts)]
        case Fold(kind, operand, axes):
            return FOLDS[kind](value(operand), axis=axes)
        case Locate(kind, operand, axes):
            return _located(kind, value(operand), axes)
        case Copy(operand):
            return np.copy(value(operand))
        case Cast(operand, like):
            return value(operand).astype(value(like).dtype)
        case Pad() | Windows() | Reshape():
            return _arranged(term, value(term.operand), sizes)
        case Overlap() | Scatter():
            return _added_up(term, value, sizes)
        case Either(condition, chosen, otherwise):
            return value(chosen) if value(condition) else value(otherwise)
        case Join(parts, axis):
            return np.concatenate([value(part) for part in parts], axis=axis)
        case Full() | Empty():
            return _made(term, value, sizes)
    raise TypeError(f"evaluate: unknown array term {type(term).__name__}")


def _function(name: str, of_numbers: bool) -> Callable[..., Any]:
    """An elementary function, of plain numbers or of arrays."""
    if name in IN_MATH | BY_SERIES:
        return np.vectorize(SERIES.get(name) or getattr(math, name), otypes=[np.float64])
    function: Callable[..., Any]
    if of_numbers:
        word = OF_NUMBERS.get(name, name).removeprefix("math.")
        function = getattr(math, word, None) or getattr(builtins, word)
    else:
        function = getattr(np, name)
    return function


def _arranged(term: Pad | Windows | Reshape, array: Any, sizes: Mapping[str, int]) -> np.ndarray:
    """An array with zeros around it, with other axes, or the windows of one."""
    if isinstance(term, Reshape):
        return np.asarray(array).reshape([size_value(size, sizes) for size in term.shape])
    if isinstance(term, Pad):
        return np.pad(array, [[size_value(size, sizes) for size in pair] for pair in term.widths])
    window = [size_value(view.size, sizes) for view in term.views]
    axes = tuple(view.axis for view in term.views)
    found: np.ndarray = np.lib.stride_tricks.sliding_window_view(array, window, axis=axes)
    steps = [slice(None)] * np.ndim(array)
    for view in term.views:
        steps[view.axis] = slice(None, None, size_value(view.stride, sizes))
    every: np.ndarray = found[tuple(steps)]
    return every


def _overlapped(
    term: Overlap, value: Callable[[ArrayTerm], Any], sizes: Mapping[str, int]
) -> np.ndarray:
    array: np.ndarray = value(term.base)
    added = value(term.value)
    for place in np.ndindex(*(size_value(view.size, sizes) for view in term.views)):
        window = [slice(None)] * array.ndim
        for start, view in zip(place, term.views, strict=True):
            stride, count = (size_value(size, sizes) for size in (view.stride, view.count))
            window[view.axis] = slice(start, start + stride * count, stride)
        kept = tuple(start for start, here in zip(place, term.present, strict=True) if here)
        array[tuple(window)] += added[(..., *kept)]
    return array


def _added_up(
    term: Overlap | Scatter, value: Callable[[ArrayTerm], Any], sizes: Mapping[str, int]
) -> np.ndarray:
    if isinstance(term, Overlap):
        return _overlapped(term, value, sizes)
    added = [value(added_value(addition)) for addition in term.additions]
    base = np.asarray(value(term.base))
    array = base.astype(np.result_type(base, *map(np.asarray, added)))
    for addition, values in zip(term.additions, added, strict=True):
        subscripts = addition.subscripts
        places: Any = tuple(slice(None) if part is None else value(part) for part in subscripts)
        np.add.at(array, places, values)
    return array


def _made(
    term: Full | Empty, value: Callable[[ArrayTerm], Any], sizes: Mapping[str, int]
) -> np.ndarray:
    """A new array."""
    if isinstance(term, Full) and term.like is not None and shape_of(term.like) == term.shape:
        return np.full_like(value(term.like), value(term.value))
    shape = tuple(size_value(size, sizes) for size in term.shape)
    if isinstance(term, Empty):
        return np.empty(shape, np.result_type(*map(value, term.like)) if term.like else np.float64)
    like = None if term.like is None else np.asarray(value(term.like)).dtype
    return np.full(shape, value(term.value), dtype=like)


def _places(selectors: Iterable[Selector], sizes: Mapping[str, int]) -> tuple[Any, ...]:
    return tuple(_place(selector, sizes) for selector in selectors)


def _place(selector: Selector, sizes: Mapping[str, int]) -> Any:
    match selector:
        case "all":
            return slice(None)
        case "new":
            return None
        case int():
            return selector
        case Slice(start, size):
            first = size_value(start, sizes)
            return slice(first, first + size_value(size, sizes))
    return size_value(selector, sizes)


def _located(kind: str, array: Any, axes: tuple[int, ...]) -> Any:
    """The number of the first best place of the axes, row by row."""
    find = np.argmax if kind == "argmax" else np.argmin
    if len(axes) == 1:
        return find(array, axis=axes[0])
    kept = array.shape[: -len(axes)]
    return find(array.reshape((*kept, math.prod(array.shape[len(kept) :]))), axis=-1)


def _python_number(term: ArrayTerm) -> int | float:
    match term:
        case Exact(value):
            return value.numerator if value.denominator == 1 else float(value)
        case Pi():
            return math.pi
    return math.inf


def size_value(size: Term, sizes: Mapping[str, int]) -> int:
    """The value of a size, which must be whole."""
    value = size_at(size, sizes)
    if value.denominator != 1:
        raise DerivationError(
            f"the size {show_size(size)} is {value}, which is not whole",
            "choose sizes that divide, or write // for the floor",
        )
    return int(value)
