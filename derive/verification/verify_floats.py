"""Level three of verification: the public functions on floats.

Every entry is compared with the oracle's, relative to the largest entry of its gradient at that
point, and to the rounding errors of the largest at any.  And, sharing nothing with the oracle,
along random directions d of each parameter

    C(w + h d) - C(w)               falls like h,
    C(w + h d) - C(w) - h ∂C/∂w·d   falls like h²,

down to the rounding error of the cost itself (the Taylor test; Griewank & Walther, ch. 1).  Where a
model stops a gradient, what it asks for is not the slope of its cost, and there is no such test.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from random import Random
from types import ModuleType
from typing import Any

import numpy as np

from derive.errors import VerificationError
from derive.model import Specification, parameters, stops_a_gradient
from derive.terms import Derivative, Name
from derive.verification.comparing import exact_as_floats, scale_of
from derive.verification.diagnose import Sample, diagnose
from derive.verification.points import Point
from derive.verification.report import Line, Verdict, show_sizes
from derive.verification.running import NOT_RUNNING, Names, arguments, named_results, public
from derive.verification.sampling import fill, random_numbers

# Errors are relative to the largest entry of a gradient at a point.  Of the largest of all at all
# points so much is taken for rounding errors: what is small comes from what is not.
BOUND = 1e-10
ROUNDED = 1e-13
STEPS = [2.0**-k for k in range(4, 16)]
CLOSER = 2.0**-8
# Below this many units in the last place of the cost or its gradients a difference says nothing.
NOISE = 64 * np.finfo(np.float64).eps
# With a right slope the remainder falls like h², with a wrong one like h, rounding errors do not.
STEEP, FLAT = 1.7, 0.5


def float_lines(
    model: Specification,
    module: ModuleType,
    points: Sequence[Point],
    names: Names,
    random: Random,
) -> tuple[Line, ...]:
    """One line for the entries of each gradient, one for its Taylor test."""
    cost = model.objective.cost.name
    sizes = tuple(dict.fromkeys(point.sizes for point in points))
    generic = [point for point in points if not point.special]
    # At a kink a cost has no slope that a Taylor test could find.
    generic = [point for point in generic if not point.tied] or generic
    scale = _scale(points)
    try:
        found = [_gradients(model, module, point, names) for point in points]
        lines = []
        for parameter in parameters(model):
            name = Derivative(cost, parameter.name)
            lines.append(_entries_line(points, found, name, scale))
            if not stops_a_gradient(model):
                line = _taylor_line(model, module, generic, names, name, random, scale)
                lines.append(line)
    except NOT_RUNNING as error:
        note = f"the code does not run on floats: {error}"
        return (Line("float64", str(cost), sizes, "float64", "failed", note=note),)
    return tuple(lines)


def _gradients(
    model: Specification, module: ModuleType, point: Point, names: Names
) -> dict[Name, np.ndarray]:
    given, by_name = arguments(model, point, names)
    before = {key: np.array(array) for key, array in (given | by_name).items()}
    cost, gradients = public(module, "gradients")(given, **by_name)
    _require_unchanged(before, given | by_name)
    return named_results(model, cost, gradients)


def _require_unchanged(before: Mapping[str, np.ndarray], after: Mapping[str, Any]) -> None:
    changed = [key for key, array in after.items() if np.any(array != before[key])]
    if changed:
        raise VerificationError(f"'gradients' changes its input '{changed[0]}'", "work on a copy")


def _entries_line(
    points: Sequence[Point],
    found: Sequence[dict[Name, np.ndarray]],
    name: Derivative,
    overall: float,
) -> Line:
    worst = 0.0
    wrong: list[Point] = []
    pairs = []
    for point, results in zip(points, found, strict=True):
        expected = exact_as_floats(point.gradients[name.wrt])
        pairs.append((expected, results[name]))
        if expected.shape != results[name].shape:
            worst = math.inf
            wrong.append(point)
            continue
        scale = _largest(expected) + ROUNDED / BOUND * overall
        error = np.abs(results[name] - expected).max(initial=0.0) / scale
        # A result that is not a number is as wrong as can be.
        worst = max(worst, math.inf if math.isnan(error) else float(error))
        if not error <= BOUND:
            wrong.append(point)
    sizes = tuple(dict.fromkeys(point.sizes for point in points))
    label = f"∂{name.of}/∂{name.wrt}"
    verdict: Verdict = "failed" if wrong else "verified"
    note = ""
    if wrong:
        likely = diagnose(
            [
                Sample(*pair, dict(point.sizes))
                for pair, point in zip(pairs, points, strict=True)
                if not point.special
            ]
        )
        note = f"differs by {worst:.1e} at {show_sizes(wrong[0].sizes)}\n{likely}".strip()
    return Line("float64", label, sizes, "float64, every entry", verdict, worst, BOUND, note)


def _scale(points: Sequence[Point]) -> float:
    """The largest entry over all gradients at all points; one where they are all zero."""
    return scale_of(array for point in points for array in point.gradients.values())


def _largest(array: np.ndarray) -> float:
    return float(np.abs(array).max(initial=0.0))


# --- Taylor -------------------------------------------------------------------------------------


def _taylor_line(
    model: Specification,
    module: ModuleType,
    points: Sequence[Point],
    names: Names,
    name: Derivative,
    random: Random,
    scale: float,
) -> Line:
    """The Taylor test at every point away from special values, each along its own direction."""
    label = f"∂{name.of}/∂{name.wrt}"
    sizes = tuple(dict.fromkeys(point.sizes for point in points))
    verdicts, notes = [], []
    for point in points:
        verdict, note = _taylor(model, module, point, names, name, random, scale)
        verdicts.append(verdict)
        notes += [f"{note} at {show_sizes(point.sizes)}"] if note else []
    worst: Verdict = next((v for v in ("failed", "undecided") if v in verdicts), "verified")
    note = notes[0] if notes else ""
    return Line("float64", label, sizes, "float64, Taylor slopes 1 and 2", worst, note=note)


def _taylor(
    model: Specification,
    module: ModuleType,
    point: Point,
    names: Names,
    name: Derivative,
    random: Random,
    scale: float,
) -> tuple[Verdict, str]:
    given, by_name = arguments(model, point, names)
    loss, key = public(module, "loss"), str(name.wrt)
    gradient = _gradients(model, module, point, names)[name]
    center = given[key]
    direction = fill(center.shape, random_numbers(random, center.size)).astype(np.float64)

    def along(h: float) -> float:
        return float(np.asarray(loss(given | {key: center + h * direction}, **by_name)).item())

    slope = float(np.sum(gradient * direction))
    first, second = taylor_slopes(along, slope, scale=scale)
    if second is not None and FLAT < second < STEEP:
        # A long step may have crossed a kink; a wrong slope stays wrong however short it is.
        _, closer = taylor_slopes(along, slope, [h * CLOSER for h in STEPS], scale)
        if closer is not None and closer < STEEP:
            return "failed", f"the remainder falls like h^{second:.2f}, not like h²"
        return "verified", ""
    if (second is not None and second <= FLAT) or (first is not None and first <= FLAT):
        return "undecided", "the cost is lost in rounding errors along this direction"
    return "verified", ""


def taylor_slopes(
    along: Callable[[float], float],
    slope: float,
    steps: Sequence[float] = STEPS,
    scale: float = 0.0,
) -> tuple[float | None, float | None]:
    """The orders in h of C(h) - C(0) and of C(h) - C(0) - h C'(0); None where both vanish.

    What is small beside the cost, or the `scale` of its gradients, is a rounding error: a cost that
    is zero everywhere has a slope that is zero but for those.

    >>> first, second = taylor_slopes(lambda h: (1 + h) ** 3, 3.0)
    >>> round(first, 1), round(second, 1)
    (1.0, 2.0)
    >>> round(taylor_slopes(lambda h: (1 + h) ** 3, 3.1)[1], 1)
    1.0
    >>> taylor_slopes(lambda h: 0.0, 5e-17, scale=1.0)
    (None, None)
    """
    start = along(0.0)
    differences = [(h, along(h) - start) for h in steps]
    noise = NOISE * max(scale, abs(start), max(abs(d) for _, d in differences))
    return (
        _order([(h, abs(d)) for h, d in differences], noise),
        _order([(h, abs(d - h * slope)) for h, d in differences], noise),
    )


def _order(remainders: list[tuple[float, float]], noise: float) -> float | None:
    """The slope on logarithmic axes over the smallest steps whose remainder is above the noise."""
    heard = [(h, remainder) for h, remainder in remainders if remainder > noise]
    if len(heard) < 2:
        return None
    (coarse, larger), (fine, less) = heard[max(0, len(heard) - 4)], heard[-1]
    return math.log(larger / less) / math.log(coarse / fine)
