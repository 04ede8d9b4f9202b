"""Where two arrays of scalars differ, and how numbers are shown, and rounded."""

from __future__ import annotations

from typing import Any

import numpy as np

from derive.numbers.arithmetic import NotDefined
from derive.numbers.scalars import agree


def first_difference(expected: np.ndarray, found: np.ndarray) -> tuple[int, ...] | None:
    """The first place at which two arrays of scalars differ; () where their shapes do."""
    if expected.shape != found.shape:
        return ()
    scale = max((abs(e) for e in expected.flat if e is not None), default=0)
    for place in np.ndindex(expected.shape):
        at = expected.item(place)
        if at is not None and not agree(found.item(place), at, max(scale, 1)):
            return place
    return None


def show_number(number: Any) -> str:
    """A number short enough for a line."""
    if isinstance(number, NotDefined):
        return f"not defined ({number.value})"
    value = getattr(number, "value", number)
    text = str(value)
    return text if len(text) <= 12 else f"{float(value):.8g}"


def exact_as_floats(array: np.ndarray) -> np.ndarray:
    """An array of scalars rounded, on purpose, to floats; what is no number is not a number."""
    rounded = np.empty(array.shape)
    for place in np.ndindex(array.shape):
        number = getattr(array.item(place), "value", array.item(place))
        rounded[place] = np.nan if number is None or isinstance(number, str) else float(number)
    return rounded
