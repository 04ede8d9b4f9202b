"""Linear algebra on arrays of floats, or of any numbers that can be divided.

NumPy computes on floats only.  On arrays of objects, such as exact fractions, the same is found by
elimination, for each matrix of a stack in turn.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from derive.numbers.dual import Dual
from derive.numbers.elimination import OPERATORS

_ON_FLOATS: dict[str, Callable[..., Any]] = {
    "inv": np.linalg.inv,
    "solve": np.linalg.solve,
    "det": np.linalg.det,
    "logdet": lambda matrix: np.linalg.slogdet(matrix)[1],
    "cholesky": np.linalg.cholesky,
}


def linear_algebra(operator: str, *arrays: Any) -> Any:
    """What an operator makes of the last two axes of arrays; `solve` takes a vector as well.

    >>> from fractions import Fraction
    >>> linear_algebra("inv", np.array([[Fraction(2)]]))
    array([[Fraction(1, 2)]], dtype=object)
    """
    arrays = tuple(map(np.asarray, arrays))
    if all(array.dtype != object for array in arrays):
        return _ON_FLOATS[operator](*arrays)
    if operator == "solve" and arrays[1].ndim == 1:
        return linear_algebra("solve", arrays[0], arrays[1][:, None])[..., 0]
    stack = np.broadcast_shapes(*(array.shape[:-2] for array in arrays))
    whole = [np.broadcast_to(array, (*stack, *array.shape[-2:])) for array in arrays]
    number = operator in ("det", "logdet")
    result = np.empty(stack if number else whole[-1].shape, dtype=object)
    for place in np.ndindex(stack):
        found = OPERATORS[operator](*(_numbers(array[place]) for array in whole))
        if number:
            result[place] = found.value
        else:
            result[place] = [[entry.value for entry in row] for row in found]
    return result if result.shape else result.item()


def _numbers(matrix: np.ndarray) -> list[list[Dual]]:
    return [[Dual(entry) for entry in row] for row in matrix]
