"""Level three of verification: what the public functions return beside gradients, and refuse.

Every value and the cost are compared with the oracle's.  With float32 in all arguments nothing is
computed in float64, and each gradient is an array of its own.  A number that is not finite is
refused, whichever argument holds it, and nothing is changed then.
"""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from derive.model import Request, Specification, data, parameters
from derive.program.arrays import show_name
from derive.terms import Name
from derive.verification.comparing import exact_as_floats
from derive.verification.points import Point
from derive.verification.report import Line, Verdict, show_sizes
from derive.verification.running import NOT_RUNNING, Names, arguments, as_floats, public

BOUND = 1e-10
# So many times larger, products of numbers overflow, and their sums.
HUGE = (2.0**600, 2.0**1023)
# What makes a short binary fraction a number of all digits, in float32 too.
LONG = 1e-5 / 3
# The kernels that every module has, and those of what a model may ask for.
KERNELS = ("_values", "_loss", "_gradients")
OFFERED = {"hessian": "_hessian", "hvp": "_hvp", "jacobian": "_jacobian"} | {
    "gradient": "_input_gradients"
}

Given = Mapping[str, Any]


def public_lines(
    model: Specification, module: ModuleType, points: Sequence[Point], names: Names
) -> Iterator[Line]:
    """A line for the values, one for the types of numbers, one for what is refused."""
    yield _line(points, "values", "float64, every value", _values, model, module, names)
    generic = [point for point in points if not point.special][:1]
    yield _line(generic, "types", "float32", _types, model, module, names)
    yield _line(generic, "arguments", "float64, not finite", _refusals, model, module, names)


Found = Callable[[Specification, ModuleType, Names, Point], Iterator[str]]


def _line(
    points: Sequence[Point],
    quantity: str,
    how: str,
    found: Found,
    model: Specification,
    module: ModuleType,
    names: Names,
) -> Line:
    """The line of one check: what is wrong first, at the first point at which anything is."""
    sizes = tuple(dict.fromkeys(point.sizes for point in points))
    note, at = "", ""
    for point in points:
        try:
            note = next(found(model, module, names, point), "")
        except NOT_RUNNING as error:
            note = f"the code does not run: {error}"
        if note:
            at = show_sizes(point.sizes)
            break
    verdict: Verdict = "failed" if note else "verified"
    return Line("float64", quantity, sizes, how, verdict, note=f"{note} at {at}" if at else note)


def call(module: ModuleType, name: str, params: Given, by_name: Given, **more: Any) -> Any:
    """The result of a public function, given the data that it asks for."""
    function = public(module, name)
    wanted = inspect.signature(function).parameters
    keywords = any(p.kind is p.VAR_KEYWORD for p in wanted.values())
    given = {n: value for n, value in by_name.items() if n in wanted or keywords}
    return function(params, **given, **more)


# --- values -------------------------------------------------------------------------------------


def _values(model: Specification, module: ModuleType, names: Names, point: Point) -> Iterator[str]:
    params, by_name = arguments(model, point, names)
    cost = model.objective.cost.name
    found: dict[str, dict[Name, Any]] = {
        "forward": call(module, "forward", params, by_name),
        "loss": {cost: call(module, "loss", params, by_name)},
        "gradients": {cost: call(module, "gradients", params, by_name)[0]},
        "step": {cost: _cost_of_a_step(module, params, by_name)},
    }
    scale = largest(point)
    for function, results in found.items():
        for name, array in results.items():
            expected = exact_as_floats(point.values[name])
            result = np.asarray(array, np.float64)
            if function != "forward":
                expected = expected.reshape(())
            if result.shape != expected.shape:
                yield f"'{function}' gives '{show_name(name)}' the shape {result.shape}"
                return
            # An entry that no equation defines is anything.
            there = ~np.isnan(expected)
            error = np.abs(result - expected)[there].max(initial=0.0)
            if not error <= BOUND * scale:
                yield f"'{function}' gives a wrong '{show_name(name)}', by {error:.1e}"
    if not point.special:
        yield from _cost_of_floats(model, module, names, point, scale)


def _cost_of_floats(
    model: Specification, module: ModuleType, names: Names, point: Point, scale: float
) -> Iterator[str]:
    """Where `loss` has fewer digits than its kernel, which short binary fractions do not show."""
    params, by_name = arguments(model, point, names)
    params = {name: array * (1 + LONG) for name, array in params.items()}
    known = dict(zip((names[q.name] for q in parameters(model)), params.values(), strict=True))
    kernel = public(module, "_loss")
    wanted = inspect.signature(kernel).parameters
    expected = kernel(*((known | by_name)[name] for name in wanted))
    error = abs(call(module, "loss", params, by_name) - float(expected))
    if not error <= BOUND * scale:
        yield f"'loss' differs from its kernel by {error:.1e} where numbers have all their digits"


def _cost_of_a_step(module: ModuleType, params: Given, by_name: Given) -> Any:
    own = {name: np.array(array) for name, array in params.items()}
    return call(module, "step", own, by_name, state=public(module, "init_state")(own))


def largest(point: Point) -> float:
    """The largest number that is met on the way: what vanishes does so up to rounding."""
    computed = map(exact_as_floats, (*point.gradients.values(), *point.values.values()))
    arrays = (*computed, *map(as_floats, point.inputs.values()))
    return max((float(np.abs(np.nan_to_num(a)).max(initial=0.0)) for a in arrays), default=0.0)


# --- types --------------------------------------------------------------------------------------


def _types(model: Specification, module: ModuleType, names: Names, point: Point) -> Iterator[str]:
    """Where float64 appears though no argument has it, or a gradient is part of something else."""
    params, by_name = (single(given) for given in arguments(model, point, names))
    own = [names[quantity.name] for quantity in parameters(model)]
    known = dict(zip(own, params.values(), strict=True)) | by_name
    for kernel in (*KERNELS, *(OFFERED[o] for o in _offers(model.requests))):
        function = public(module, kernel)
        wanted = inspect.signature(function).parameters
        directions = iter(params.values())
        given = [known[name] if name in known else next(directions) for name in wanted]
        for place, number in numbers_of(function(*given)):
            if getattr(number, "dtype", None) == np.float64:
                yield f"`{kernel}` computes{place} in float64 though every argument is float32"
    grads = call(module, "gradients", params, by_name)[1]
    state = public(module, "init_state")(params)
    others = {**{f"params{k!r}": v for k, v in params.items()}, **by_name}
    for name, gradient in grads.items():
        if getattr(gradient, "dtype", None) != np.float32 or not isinstance(gradient, np.ndarray):
            yield f"the gradient by '{name}' is no array of float32"
            return
        shared = [n for n, array in others.items() if np.shares_memory(gradient, array)]
        if shared:
            yield f"the gradient by '{name}' shares its memory with {shared[0]}"
        others[f"grads[{name!r}]"] = gradient
    if any(getattr(number, "dtype", None) == np.float64 for _, number in numbers_of(state)):
        yield "the state is float64 though the parameters are float32"
    yield from _mixed_types(module, *arguments(model, point, names))


def _mixed_types(module: ModuleType, params: Given, by_name: Given) -> Iterator[str]:
    """Gradients that have not the type of their parameters, where those differ in theirs."""
    types = itertools.cycle((np.float32, np.float64))
    mixed = {name: array.astype(next(types)) for name, array in params.items()}
    for name, gradient in call(module, "gradients", mixed, by_name)[1].items():
        if gradient.dtype != mixed[name].dtype:
            yield f"the gradient by '{name}' has not its type where others have another"


def _offers(requests: Sequence[Request]) -> list[str]:
    return [offer for offer in dict.fromkeys(r.offer for r in requests) if offer in OFFERED]


def single(given: Given) -> dict[str, Any]:
    """The arguments with all numbers in float32."""
    return {
        name: value.astype(np.float32) if getattr(value, "dtype", None) == np.float64 else value
        for name, value in given.items()
    }


def numbers_of(result: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """The arrays and numbers in a result, each with the name that it has there."""
    if isinstance(result, tuple):
        for part in result:
            yield from numbers_of(part, place)
    elif isinstance(result, dict):
        for name, part in result.items():
            yield from numbers_of(part, f" '{name}'")
    else:
        yield place, result


# --- refusals -----------------------------------------------------------------------------------


def _refusals(
    model: Specification, module: ModuleType, names: Names, point: Point
) -> Iterator[str]:
    """Functions that neither refuse an argument full of what is no number, nor do without it.

    And a step that changes parameters although a gradient overflows.
    """
    params, by_name = arguments(model, point, names)
    own = [str(quantity.name) for quantity in parameters(model)]
    for name in (*own, *(names[quantity.name] for quantity in data(model))):
        table = params if name in own else by_name
        if np.asarray(table[name]).dtype.kind == "f":
            broken = {**table, name: np.full(np.shape(table[name]), np.nan)}
            both = (broken, by_name) if name in own else (params, broken)
            yield from _taken(module, f"'{name}' is not finite", *both)
    for times in HUGE:
        huge, data_too = _times(params, times), _times(by_name, times)
        own_names = (names[quantity.name] for quantity in parameters(model))
        known = dict(zip(own_names, huge.values(), strict=True)) | data_too
        if _overflows(module, known):
            yield from _taken(module, "a gradient overflows", huge, data_too, ("step",))


def _overflows(module: ModuleType, known: Given) -> bool:
    """Whether a gradient is not finite: from one that is, a step may lead beyond all floats."""
    kernel = public(module, "_gradients")
    try:
        _, grads = kernel(*(known[name] for name in inspect.signature(kernel).parameters))
        # A constant gradient may be a plain integer, of any size.
        return not all(np.isfinite(np.asarray(g, np.float64)).all() for g in grads.values())
    except NOT_RUNNING:
        return True


def _times(given: Given, times: float) -> dict[str, Any]:
    """The arguments with all numbers so many times larger, and subscripts and sizes as they are."""
    return {
        name: value * times if getattr(value, "dtype", None) == np.float64 else value
        for name, value in given.items()
    }


def _taken(
    module: ModuleType,
    what: str,
    params: Given,
    by_name: Given,
    functions: Sequence[str] = ("forward", "loss", "gradients", "step"),
) -> Iterator[str]:
    for function in functions:
        tried = {name: np.array(array) for name, array in params.items()}
        more = {"state": public(module, "init_state")(params)} if function == "step" else {}
        try:
            result = call(module, function, tried, by_name, **more)
        except (ValueError, ArithmeticError):
            same = all(np.array_equal(tried[n], params[n], equal_nan=True) for n in params)
            if not same:
                yield f"'{function}' changes parameters although {what}"
        else:
            numbers = [number for _, number in numbers_of(result)]
            if function == "step":
                # A cost alone may overflow.
                numbers = [tried[n] for n in params if np.all(np.isfinite(params[n]))]
            if not all(np.all(np.isfinite(number)) for number in numbers):
                yield f"'{function}' goes on although {what}"
