"""Where two arrays of scalars differ, and how numbers are shown, and rounded."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from derive.numbers.arithmetic import NotDefined
from derive.numbers.scalars import AGREEMENT, agree


def first_difference(
    expected: np.ndarray, found: np.ndarray, beside: Any = 1
) -> tuple[int, ...] | None:
    """The first place at which two arrays of scalars differ; () where their shapes do.

    Numbers `beside` them may be larger: what vanishes does so up to rounding.
    """
    if expected.shape != found.shape:
        return ()
    scale = max(beside, largest_of(expected))
    for place in np.ndindex(expected.shape):
        at = expected.item(place)
        if at is not None and not agree(found.item(place), at, scale):
            return place
    return None


def largest_of(array: np.ndarray) -> Any:
    """The largest size of a scalar that there is."""
    return max((abs(e) for e in array.flat if e is not None and e == e), default=0)


def scale_of(arrays: Iterable[np.ndarray]) -> float:
    """The largest entry of arrays of scalars, as a float; one where they are zero but for rounding.

    >>> from derive.numbers.scalars import Digits
    >>> scale_of([np.array([Digits.of(2)]), np.array([Digits.of(-3)])]), scale_of([])
    (3.0, 1.0)
    """
    found = max((np.abs(exact_as_floats(a)).max(initial=0.0) for a in arrays), default=0.0)
    return float(found) if found > AGREEMENT else 1.0


def show_number(number: Any) -> str:
    """A number short enough for a line."""
    if isinstance(number, NotDefined):
        return f"not defined ({number.value})"
    value = getattr(number, "value", number)
    text = str(value)
    return text if len(text) <= 12 else f"{_rounded(value):.8g}"


def exact_as_floats(array: np.ndarray) -> np.ndarray:
    """An array of scalars rounded, on purpose, to floats; what is no number is not a number."""
    rounded = np.empty(array.shape)
    for place in np.ndindex(array.shape):
        number = getattr(array.item(place), "value", array.item(place))
        rounded[place] = np.nan if number is None or isinstance(number, str) else _rounded(number)
    return rounded


def _rounded(number: Any) -> float:
    """The nearest float; infinity for an integer or a fraction beyond all floats."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def fits_floats(array: np.ndarray) -> bool:
    """Whether no number of an array is beyond all floats."""
    return not np.isinf(exact_as_floats(array)).any()
