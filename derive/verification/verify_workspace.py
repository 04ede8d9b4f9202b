"""The step in a workspace against the readable one: every number the same, to the last bit.

What the readable kernels return is verified; so it is enough that the others return the same.  New
memory is filled with what no result may show, and one workspace serves several points: an array
that is read before it is written, or that shares memory with one still needed, comes to light.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from derive.model import Specification
from derive.verification.points import Point
from derive.verification.report import Line, show_sizes
from derive.verification.running import NOT_RUNNING, Names, arguments, public

TYPES = (np.float64, np.float32)
# States start at zero, so a first step does not show them all.
STEPS = 3


class Poisoned:
    """NumPy, whose empty arrays hold values that are no result."""

    def __getattr__(self, name: str) -> Any:
        return getattr(np, name)

    def empty(self, shape: tuple[int, ...], dtype: Any) -> np.ndarray:
        """An array of NaN, or of the largest integers, or of truths."""
        made = np.empty(shape, dtype)
        kind = made.dtype.kind
        made.fill(np.nan if kind == "f" else True if kind == "b" else np.iinfo(made.dtype).max)
        return made

    def empty_like(self, array: np.ndarray) -> np.ndarray:
        """An array of the same shape and type."""
        return self.empty(array.shape, array.dtype)


def workspace_lines(
    model: Specification, module: ModuleType, points: Sequence[Point], names: Names
) -> tuple[Line, ...]:
    """A line for cost and gradients, and one for some steps; none where there is no workspace."""
    if not hasattr(module, "_gradients_in"):
        return ()
    sizes = tuple(dict.fromkeys(point.sizes for point in points))
    types = ", ".join(np.dtype(type_).name for type_ in TYPES)
    module.__dict__["np"] = Poisoned()
    try:
        notes = {
            f"{types}": _first_note(_gradients_differ, model, module, points, names),
            f"{types}, {STEPS} steps": _first_note(_steps_differ, model, module, points, names),
        }
    finally:
        module.__dict__["np"] = np
    return tuple(
        Line("workspace", what, sizes, how, "failed" if note else "verified", note=note)
        for what, (how, note) in zip(("gradients", "update"), notes.items(), strict=True)
    )


# The parameters by name, and what else a kernel takes.
Given = tuple[dict[str, np.ndarray], list[Any]]
Differs = Callable[[ModuleType, Sequence[Given]], str]


def _first_note(
    differs: Differs,
    model: Specification,
    module: ModuleType,
    points: Sequence[Point],
    names: Names,
) -> str:
    """What differs first, "" where nothing does."""
    for sizes in dict.fromkeys(point.sizes for point in points):
        alike = [point for point in points if point.sizes == sizes]
        for type_ in TYPES:
            try:
                note = differs(module, [_given(model, p, names, type_) for p in alike])
            except NOT_RUNNING as error:
                note = f"the code does not run: {error}"
            if note:
                return f"{note} at {show_sizes(sizes)}, {np.dtype(type_).name}"
    return ""


def _given(
    model: Specification, point: Point, names: Names, type_: type[np.floating[Any]]
) -> Given:
    params, others = arguments(model, point, names)
    return (
        {name: _typed(array, type_) for name, array in params.items()},
        [_typed(value, type_) for value in others.values()],
    )


def _typed(value: Any, type_: type[np.floating[Any]]) -> Any:
    """A copy of an array of floats in another type; subscripts and sizes as they are."""
    is_float = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return value.astype(type_) if is_float else value


def _gradients_differ(module: ModuleType, points: Sequence[Given]) -> str:
    params, others = points[0]
    work = public(module, "_workspace")(*params.values(), *others)
    for params, others in points:
        wanted = public(module, "_gradients")(*params.values(), *others)
        found = public(module, "_gradients_in")(work, *params.values(), *others)
        if not _same(wanted[0], found[0]):
            return f"the cost is {found[0]}, it should be {wanted[0]}"
        for name, gradient in wanted[1].items():
            if not _same(gradient, found[1][name]):
                return f"the gradient of {name} differs"
    return ""


def _steps_differ(module: ModuleType, points: Sequence[Given]) -> str:
    params, others = points[0]
    both = [{name: array.copy() for name, array in params.items()} for _ in range(2)]
    states = [public(module, "init_state")(own) for own in both]
    scratch = public(module, "_scratch")(params)
    for _ in range(STEPS):
        _, grads = public(module, "_gradients")(*both[0].values(), *others)
        again = {name: np.array(gradient) for name, gradient in grads.items()}
        for own, gradients, state, first in zip(
            both, (grads, again), states, ((), (scratch,)), strict=True
        ):
            update = public(module, "_update_in" if first else "_update")
            update(*first, own, gradients, *([] if state is None else [state]))
        for name in params:
            if not _same(*(own[name] for own in both)):
                return f"the parameter {name} differs after a step"
    return ""


def _same(wanted: Any, found: Any) -> bool:
    """Whether two arrays have one type, one shape and the same numbers."""
    first, second = np.asarray(wanted), np.asarray(found)
    alike = first.dtype == second.dtype and first.shape == second.shape
    return alike and np.array_equal(first, second, equal_nan=True)
