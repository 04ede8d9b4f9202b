"""Level three of verification: where the model is finite, the code is, also at large numbers.

An exponential of a number that was not shifted overflows where the quotient that it is part of is
an ordinary number.  So data are made larger, as far as everything that the model defines still
fits into a float, and what the code then returns must be finite.  That no stable form is known for
a model does not make its gradients wrong: it is said that it overflows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import ModuleType

import numpy as np

from derive.model import Specification, parameters
from derive.program.arrays import show_name
from derive.terms import Call, Derivative, Name, Reduction, walk
from derive.verification.comparing import exact_as_floats
from derive.verification.points import Point, free_sizes, point_of
from derive.verification.report import Line, Verdict
from derive.verification.running import NOT_RUNNING, Names, arguments
from derive.verification.verify_public import call, largest

# How many times larger, the first at which the model stays below the largest number.
TIMES = (2**10, 2**7, 2**5, 2**4, 2**3)
# So many times larger a single quantity's squares overflow: a norm does not.
ALONE = 2**520
LARGEST = 1e290


def large_points(model: Specification, points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The cheapest point away from special values, made larger: all of it; for norms, each alone.

    Points at which something that the model defines leaves the range of floats are left out.
    """
    generic = [point for point in points if not point.special and not point.tied] or points
    least = min(generic, key=_cost)
    names = [name for name in least.inputs if _may_grow(model, name, least)]
    together = (_larger(model, names, least, times) for times in TIMES)
    alone = (_larger(model, [name], least, ALONE) for name in names if has_norm(model))
    first = next((point for point in together if point is not None), None)
    return tuple(point for point in (first, *alone) if point is not None)


def has_norm(model: Specification) -> bool:
    """Whether an equation takes the root of a sum: it is computed without its overflow."""
    nodes = (node for equation in model.equations for node in walk(equation.right))
    roots = (n for n in nodes if isinstance(n, Call) and n.function == "sqrt")
    return any(
        isinstance(r.arguments[0], Reduction) and r.arguments[0].kind == "sum" for r in roots
    )


def _may_grow(model: Specification, name: Name, point: Point) -> bool:
    """Whether a quantity is made of numbers of which nothing is declared."""
    fixed = any(fact.quantity.name == name for fact in model.facts)
    return point.inputs[name].dtype == object and not fixed


def _larger(model: Specification, names: Sequence[Name], point: Point, times: int) -> Point | None:
    larger = {name: np.array(point.inputs[name] * times, dtype=object) for name in names}
    sizes = free_sizes(model, point.sizes)
    try:
        found = point_of(model, sizes, {**point.inputs, **larger}, special=False)
        return found if found is not None and largest(found) < LARGEST else None
    except ArithmeticError:
        return None


def _cost(point: Point) -> tuple[int, int]:
    """How many sizes are one, where nothing is summed up, and how many numbers there are."""
    ones = sum(size == 1 for _, size in point.sizes)
    return ones, sum(array.size for array in point.inputs.values())


def large_line(
    model: Specification, module: ModuleType, points: Sequence[Point], names: Names
) -> Line:
    """Whether all that the public functions return at large points is finite."""
    overflowing: dict[str, None] = {}
    for point in points:
        try:
            found = _results(model, module, point, names)
        except NOT_RUNNING as error:
            overflowing[str(error)] = None
            continue
        for name, array in found.items():
            of = point.gradients[name.wrt] if isinstance(name, Derivative) else point.values[name]
            there = ~np.isnan(exact_as_floats(of)).reshape(np.shape(array))
            if not np.all(np.isfinite(np.asarray(array)[there])):
                overflowing[show_name(name)] = None
    verdict: Verdict = "undecided" if overflowing else "verified"
    note = f"not finite at large numbers, where the model is: {', '.join(overflowing)}"
    sizes = tuple(dict.fromkeys(point.sizes for point in points))
    shown = note if overflowing else ""
    return Line("float64", "large numbers", sizes, "float64, finite", verdict, note=shown)


def _results(
    model: Specification, module: ModuleType, point: Point, names: Names
) -> Mapping[Name, np.ndarray]:
    params, by_name = arguments(model, point, names)
    cost = model.objective.cost.name
    found: dict[Name, np.ndarray] = dict(call(module, "forward", params, by_name))
    found[cost], grads = call(module, "gradients", params, by_name)
    for parameter in parameters(model):
        found[Derivative(cost, parameter.name)] = grads[str(parameter.name)]
    return found
