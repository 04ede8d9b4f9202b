"""Numbers and matrices as matrix notation has them: columns, products, transposes, ones.

A scalar is a dual number, and so is a matrix of one entry; an array with one axis is a column.
What is as long as it has to be, a column of ones or an identity, takes its length from what it
stands beside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Any

import numpy as np

from derive.errors import DeriveError
from derive.numbers.dual import Dual
from derive.numbers.elimination import OPERATORS
from derive.numbers.scalars import Digits

# Of 50 digits so many may be lost on the way, relative to the scale of the larger side.
TOLERANCE = Digits.of(Fraction(1, 10**35))


class Unfitting(DeriveError):
    """Matrices that do not fit each other."""


@dataclass(frozen=True, eq=False)
class Whole:
    """A matrix, or matrices along leading axes; an `open` axis has one place and any length.

    A `diagonal` one is open along both axes and zero off its diagonal.
    """

    array: np.ndarray
    open: tuple[bool, bool] = (False, False)
    diagonal: bool = False


Value = Any  # a Dual, or a Whole


def whole(array: np.ndarray) -> Value:
    """An array as it is read: a column where it has one axis, a number where it has one entry."""
    if array.ndim < 2:
        array = array.reshape((-1, 1))
    return array.item() if array.size == 1 else Whole(array)


def as_matrix(value: Value) -> Whole:
    """A matrix as it is, a number as a matrix of one entry."""
    return value if isinstance(value, Whole) else Whole(np.array([[value]], dtype=object))


def of_shape(value: Value, shape: Sequence[int]) -> Value:
    """The value itself, if it has the shape that is printed with it."""
    found = list(value.array.shape) if isinstance(value, Whole) else [1, 1]
    if isinstance(value, Whole):
        pairs = zip(value.open, shape[-2:], strict=True)
        value = grow(value, *(length if is_open else None for is_open, length in pairs))
        found = list(value.array.shape)
    if found != list(shape):
        raise Unfitting(f"it is {found}, and called {list(shape)}", "print its shape")
    return value


def entrywise(function: Callable[..., Any], *values: Value) -> Value:
    """A function of numbers at each entry; a number beside matrices is the same for all entries."""
    if not any(isinstance(value, Whole) for value in values):
        return function(*values)
    arrays = [_arrays(value) for value in fitted(values)]
    result = np.vectorize(function, otypes=[object])(*arrays)
    flags = [value.open for value in values if isinstance(value, Whole)]
    return Whole(result, (all(f[0] for f in flags), all(f[1] for f in flags)))


def fitted(values: Sequence[Value]) -> list[Value]:
    """The values with open axes as long as those of the others, all of one shape."""
    found = [value for value in values if isinstance(value, Whole)]
    lengths = [_length(found, axis) for axis in (0, 1)]
    grown = [grow(value, *lengths) if isinstance(value, Whole) else value for value in values]
    shapes = {value.array.shape for value in grown if isinstance(value, Whole)}
    if len(shapes) > 1:
        shown = " and ".join(str(shape) for shape in sorted(shapes))
        raise Unfitting(f"entries of {shown} do not correspond", "mend the shapes")
    return grown


def _length(values: Sequence[Whole], axis: int) -> int | None:
    fixed = [value.array.shape[axis - 2] for value in values if not value.open[axis]]
    return fixed[0] if fixed else None


def grow(value: Whole, rows: int | None, columns: int | None) -> Whole:
    """A matrix with its open axes at the given lengths."""
    if value.diagonal:
        size = rows or columns
        if size is None:
            return value
        array = np.full((size, size), 0 * value.array.item(), dtype=object)
        array[np.arange(size), np.arange(size)] = value.array.item()
        return Whole(array)
    array = value.array
    still = list(value.open)
    for axis, length in ((0, rows), (1, columns)):
        if value.open[axis] and length is not None:
            array = np.repeat(array, length, axis=axis - 2)
            still[axis] = False
    return Whole(array, (still[0], still[1]))


def _arrays(value: Value) -> Any:
    return value.array if isinstance(value, Whole) else value


def product(values: Sequence[Value]) -> Value:
    """Factors side by side: matrix products, and numbers that scale."""
    return reduce(_times, values)


def _times(left: Value, right: Value) -> Value:
    if not isinstance(left, Whole) or not isinstance(right, Whole):
        return _scaled(left, right)
    if left.diagonal or right.diagonal:
        scale, other = (left, right) if left.diagonal else (right, left)
        return scaled(scale.array.item(), other)
    inner = right.array.shape[-2] if left.open[1] else left.array.shape[-1]
    left, right = grow(left, None, inner), grow(right, inner, None)
    if right.array.shape[-2] != inner or (left.open[1] and right.open[0]):
        shapes = f"{left.array.shape} times {right.array.shape}"
        raise Unfitting(f"{shapes} is no matrix product", "mend the order or a transpose")
    result = np.matmul(left.array, right.array)
    flags = left.open[0], right.open[1]
    return result.item() if result.size == 1 and not any(flags) else Whole(result, flags)


def _scaled(left: Value, right: Value) -> Value:
    return scaled(right, left) if isinstance(left, Whole) else scaled(left, right)


def scaled(number: Any, value: Value) -> Value:
    """A number times a value."""
    if not isinstance(value, Whole):
        return number * value
    array = np.empty(value.array.shape, dtype=object)
    for place in np.ndindex(array.shape):
        array[place] = number * value.array[place]
    return Whole(array, value.open, value.diagonal)


def divided(above: Value, below: Value) -> Value:
    """Each entry over one number."""
    if isinstance(below, Whole):
        raise Unfitting(f"division by an array of {below.array.shape}", "divide by a number")
    return scaled(1 / below, above)


def kronecker(left: Value, right: Value) -> Value:
    """Every entry of the left times the whole right, block by block."""
    if not isinstance(left, Whole) or not isinstance(right, Whole):
        return _scaled(left, right)
    return Whole(np.kron(left.array, right.array))


def correlation(kernel: Value, image: Value) -> Value:
    """The sums of products of a kernel with all windows of its shape."""
    small, large = as_matrix(kernel).array, as_matrix(image).array
    shape = tuple(b - a + 1 for a, b in zip(small.shape, large.shape, strict=True))
    if small.ndim != 2 or min(shape) < 1:
        raise Unfitting(f"{small.shape} does not fit into {large.shape}", "mend the order")
    array = np.empty(shape, dtype=object)
    for i, j in np.ndindex(shape):
        window = large[i : i + small.shape[0], j : j + small.shape[1]]
        array[i, j] = (small * window).sum()
    return whole(array)


def convolution(left: Value, right: Value) -> Value:
    """The sums of products of all entries whose places add up to the same."""
    one, other = as_matrix(left).array, as_matrix(right).array
    shape = tuple(a + b - 1 for a, b in zip(one.shape, other.shape, strict=True))
    array = np.full(shape, 0 * one.flat[0], dtype=object)
    for i, j in np.ndindex(one.shape):
        window = array[i : i + other.shape[0], j : j + other.shape[1]]
        window += other * one[i, j]
    return whole(array)


# What joins two values, by its sign; all others stand side by side.
JOINED: dict[str, Callable[[Value, Value], Value]] = {
    "⊗": kronecker,
    "⋆": correlation,
    "∗": convolution,
}


def transposed(value: Value) -> Value:
    """The last two axes turned round."""
    if not isinstance(value, Whole):
        return value
    return Whole(np.swapaxes(value.array, -1, -2), value.open[::-1], value.diagonal)


def power(base: Value, exponent: Value) -> Value:
    """A power; −1 above a square matrix is its inverse, other exponents act on each entry."""
    if isinstance(exponent, Whole):
        raise Unfitting(f"an exponent of {exponent.array.shape}", "raise to a number")
    if isinstance(base, Whole) and exponent.value == -1 and _is_square(base):
        return operated("inv", base)
    return entrywise(lambda entry: entry**exponent, base)


def _is_square(value: Whole) -> bool:
    return value.array.ndim == 2 and value.array.shape[0] == value.array.shape[1]


def operated(operator: str, value: Value) -> Value:
    """A word of linear algebra: det, inv, cholesky."""
    rows = value.array.tolist() if isinstance(value, Whole) else [[value]]
    result = OPERATORS[operator](rows)
    return whole(np.array(result, dtype=object)) if isinstance(result, list) else result


def diagonal(value: Value) -> Value:
    """The matrix with a column on its diagonal."""
    if not isinstance(value, Whole):
        return value
    (size, columns) = value.array.shape
    if columns != 1:
        raise Unfitting(f"diag of {value.array.shape}", "give a column")
    array = np.full((size, size), Dual(0 * value.array[0, 0].value), dtype=object)
    array[np.arange(size), np.arange(size)] = value.array[:, 0]
    return Whole(array)


def row_sums(value: Value) -> Value:
    """The column of the sums of the rows."""
    return whole(value.array.sum(axis=-1, keepdims=True)) if isinstance(value, Whole) else value


def equal(left: Value, right: Value) -> bool:
    """Whether two values are the same; a zero alone stands for a matrix of zeros."""
    if not isinstance(left, Whole) and not isinstance(right, Whole):
        return _same(left, right)
    for number, matrix in ((left, right), (right, left)):
        if not isinstance(number, Whole):
            zeros = number.value == 0 and all(e.value == 0 for e in matrix.array.flat)
            return bool(zeros)
    try:
        one, other = fitted((left, right))
    except Unfitting:
        return False
    pairs = zip(one.array.flat, other.array.flat, strict=True)
    return all(_same(a, b) for a, b in pairs)


def _same(left: Dual, right: Dual) -> bool:
    one, other = left.value, right.value
    if not isinstance(one, Digits) and not isinstance(other, Digits):
        return bool(one == other)
    return bool(abs(one - other) <= max(abs(one), abs(other), 1) * TOLERANCE)
