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
from derive.names import python_name
from derive.numbers.scalars import agree
from derive.terms import Derivative, Name
from derive.verification.points import Point

# What a function may raise that does not run on the data it is given.
NOT_RUNNING = (
    VerificationError,
    ArithmeticError,
    AttributeError,
    LookupError,
    NameError,
    RuntimeError,
    # NumPy goes on with the next element of an object array after an error in one.
    SystemError,
    TypeError,
    ValueError,
)

Names = Mapping[Name, str]
Results = dict[Name, np.ndarray]


def identifiers(model: Specification, module: ModuleType) -> dict[Name, str]:
    """The identifier of each argument of the kernels: parameters, then data, then other sizes."""
    arguments = [*parameters(model), *data(model)]
    kernel = public(module, "_gradients")
    found = list(inspect.signature(kernel).parameters)
    # A size that nothing on the way to the cost reads is no argument.
    sizes = found[len(arguments) :]
    free = (dimension.name for dimension in model.dimensions if dimension.formula is None)
    given = [size for size in free if python_name(size) in sizes]
    wanted = [*(quantity.name for quantity in arguments), *given]
    if len(found) != len(wanted):
        raise VerificationError(
            f"the kernel '_gradients' takes ({', '.join(found)})",
            f"it is to take {', '.join(map(str, wanted))}, in this order",
        )
    return dict(zip(wanted, found, strict=True))


def run_kernel(module: ModuleType, kernel: str, point: Point, names: Names) -> Any:
    """The result of a kernel, whose parameters are named like the quantities."""
    function = getattr(module, kernel, None)
    if function is None:
        raise VerificationError(f"the module has no '{kernel}'", "generate it again")
    everything: dict[Name, Any] = {**dict(point.sizes), **point.arrays()}
    given = {identifier: everything[name] for name, identifier in names.items()}
    wanted = list(inspect.signature(function).parameters)
    unknown = [name for name in wanted if name not in given]
    if unknown:
        raise VerificationError(
            f"the kernel '{kernel}' asks for '{unknown[0]}'", f"known are {', '.join(given)}"
        )
    return function(*(given[name] for name in wanted))


def run_kernels(module: ModuleType, model: Specification, point: Point, names: Names) -> Results:
    """The named quantities that need no target, the cost and the gradients.

    They come from `_values` and `_gradients`; all kernels must give the same cost.
    """
    cost, gradients = run_kernel(module, "_gradients", point, names)
    values = run_kernel(module, "_values", point, names)
    costs = {"_loss": run_kernel(module, "_loss", point, names)}
    if model.objective.cost.name in values:
        costs["_values"] = np.asarray(values[model.objective.cost.name]).item()
    for kernel, found in costs.items():
        if not agree(np.asarray(found).item(), np.asarray(cost).item()):
            raise VerificationError(
                f"the cost is {found!r} by `{kernel}` and {cost!r} by `_gradients`",
                "generate it again",
            )
    named = {name: np.asarray(array) for name, array in values.items()}
    return named | named_results(model, cost, gradients)


def named_results(model: Specification, cost: Any, gradients: Mapping[str, Any]) -> Results:
    """The cost with its axes of size one, and the gradients, by name."""
    quantity = model.objective.cost
    shape = tuple(1 for _ in quantity.shape)
    found: Results = {quantity.name: np.asarray(cost, dtype=object).reshape(shape)}
    for parameter in parameters(model):
        found[Derivative(quantity.name, parameter.name)] = np.asarray(
            gradients[str(parameter.name)]
        )
    return found


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
    sizes = dict(point.sizes)
    by_name |= {names[name]: size for name, size in sizes.items() if name in names}
    return given, by_name


def public(module: ModuleType, name: str) -> Callable[..., Any]:
    """A public function of the module."""
    function: Callable[..., Any] | None = getattr(module, name, None)
    if function is None:
        raise VerificationError(f"the module has no '{name}'", "generate it again")
    return function
