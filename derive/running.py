"""Calls the functions of a generated module on the data of a point.

Kernels take plain arrays and sizes by position; the names of their parameters say which.  Public
functions take parameters as a dictionary and data by name.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import numpy as np

from derive.errors import VerificationError
from derive.model import Specification, data, parameters
from derive.names import python_names
from derive.oracle import lift, shape_of
from derive.points import Point
from derive.scalars import agree
from derive.terms import Derivative, Name, Size

# What a function may raise that does not run on the data it is given.
NOT_RUNNING = (
    VerificationError,
    ArithmeticError,
    AttributeError,
    LookupError,
    NameError,
    TypeError,
    ValueError,
)

Names = Mapping[Name, str]
Results = dict[Name, np.ndarray]


def identifiers(model: Specification) -> dict[Name, str]:
    """The Python identifier of each size and quantity of a model."""
    names = [dimension.name for dimension in model.dimensions]
    names += [str(d.quantity.name) for d in model.declarations]
    names += [str(equation.left.name) for equation in model.equations]
    known: dict[Name, str] = {}
    known |= python_names(names)
    return known


def run_kernel(module: ModuleType, kernel: str, point: Point, names: Names, extra: Results) -> Any:
    """The result of a kernel, whose parameters are named like the quantities."""
    function = getattr(module, kernel, None)
    if function is None:
        raise VerificationError(f"the module has no '{kernel}'", "generate it again")
    given: dict[str, Any] = {names[name]: size for name, size in point.sizes}
    given |= {names[name]: array for name, array in (extra | point.arrays()).items()}
    wanted = list(inspect.signature(function).parameters)
    unknown = [name for name in wanted if name not in given]
    if unknown:
        raise VerificationError(
            f"the kernel '{kernel}' asks for '{unknown[0]}'", f"known are {', '.join(given)}"
        )
    return function(*(given[name] for name in wanted))


def run_gradients(module: ModuleType, model: Specification, point: Point, names: Names) -> Results:
    """The cost and the gradients, from the kernel `_gradients`; `_loss` must give the same cost."""
    given = constants(model, point)
    cost, gradients = run_kernel(module, "_gradients", point, names, given)
    alone = run_kernel(module, "_loss", point, names, given)
    if not agree(alone, cost):
        raise VerificationError(
            f"the cost is {alone!r} by `_loss` and {cost!r} by `_gradients`", "generate it again"
        )
    return named_results(model, cost, gradients)


def named_results(model: Specification, cost: Any, gradients: Mapping[str, Any]) -> Results:
    """The cost with its axes of size one, and the gradients, by name."""
    quantity = model.objective.cost
    shape = tuple(1 for _ in quantity.shape)
    found: Results = {quantity.name: np.asarray(cost, dtype=object).reshape(shape)}
    for parameter in parameters(model):
        found[Derivative(quantity.name, parameter.name)] = np.asarray(gradients[parameter.name])
    return found


def run_forward(module: ModuleType, model: Specification, point: Point, names: Names) -> Results:
    """The named quantities that need no target, from the kernel `_forward`."""
    result = run_kernel(module, "_forward", point, names, constants(model, point))
    return {name: np.asarray(array) for name, array in result.items()}


def constants(model: Specification, point: Point) -> Results:
    """The declared constants as arrays of scalars."""
    return {
        d.quantity.name: lift(
            np.full(shape_of(d.quantity, dict(point.sizes)), d.value, dtype=object), point.how
        )
        for d in model.declarations
        if d.value is not None
    }


# --- public functions ---------------------------------------------------------------------------


def as_floats(array: np.ndarray) -> np.ndarray:
    """Fractions as floats, which hold them exactly; index data as they are."""
    return array.astype(np.float64) if array.dtype == object else array


def arguments(
    model: Specification, point: Point, names: Names
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """The dictionary of parameters, and the data and sizes that are given by name."""
    given = {
        str(q.name): as_floats(point.inputs[q.name])
        for q in parameters(model)
        if q.name in point.inputs
    }
    by_name: dict[str, Any] = {names[q.name]: as_floats(point.inputs[q.name]) for q in data(model)}
    shown = {size for d in model.declarations for size in d.quantity.shape}
    formulas = {d.name for d in model.dimensions if d.formula is not None}
    for name, size in point.sizes:
        if Size(name) not in shown and name not in formulas:
            by_name[names[name]] = size
    return given, by_name


def public(module: ModuleType, name: str) -> Callable[..., Any]:
    """A public function of the module."""
    function: Callable[..., Any] | None = getattr(module, name, None)
    if function is None:
        raise VerificationError(f"the module has no '{name}'", "generate it again")
    return function
