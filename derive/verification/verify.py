"""Level two of verification: the generated kernels, on exact numbers, against the oracle.

A kernel is run on object arrays of exact (or 50-digit) numbers and must return what dual numbers
give that were carried through loops over the forward equations.  Where it does not, the sizes are
made as small as they can be while it still fails, and the relation to the truth is looked for.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from types import ModuleType

import numpy as np

from derive.calculus.steps import Step
from derive.errors import VerificationError
from derive.model import Equation, Specification
from derive.program.arrays import show_name
from derive.terms import Condition, Derivative, Name, walk
from derive.verification.check_steps import StepCheck, check_equations, check_steps
from derive.verification.comparing import (
    exact_as_floats,
    first_difference,
    fits_floats,
    largest_of,
    show_number,
)
from derive.verification.diagnose import Sample, diagnose
from derive.verification.loading import computing, load_exact, load_module
from derive.verification.oracle import arithmetic_of
from derive.verification.points import Point, dead_entries, draw_points, one_sided
from derive.verification.report import Line, Report, Verdict, show_sizes
from derive.verification.running import NOT_RUNNING, Names, identifiers, run_kernels
from derive.verification.shrinking import smallest
from derive.verification.true_point import defined_point
from derive.verification.verify_floats import float_lines
from derive.verification.verify_large import large_line, large_points
from derive.verification.verify_public import public_lines
from derive.verification.verify_requested import requested_lines
from derive.verification.verify_update import update_line
from derive.verification.verify_workspace import workspace_lines

Results = Mapping[Name, np.ndarray]
Run = Callable[[Point], Results]

# A quantity as it is shown, the steps that lead to its gradient, and equations for it.
Derived = tuple[str, Sequence[Step], Sequence[Equation]]


@dataclass(frozen=True)
class Drawn:
    """The points of one verification: those where all is compared, and those of large numbers."""

    points: tuple[Point, ...]
    large: tuple[Point, ...]
    seed: int


def draw(model: Specification, seed: int = 0, cases: int = 0) -> Drawn:
    """The points for a seed, at least `cases` at each of a few sizes.

    Raises a VerificationError where no point lies in the domain of the model.
    """
    points = draw_points(model, seed, cases)
    return Drawn(points, large_points(model, points), seed)


def verify(model: Specification, source: str, seed: int = 0, cases: int = 0) -> Report:
    """Verify the generated module `source` of a model: exact kernels, then floats.

    At each of a few sizes there are at least `cases` points.  Nothing is raised where the code is
    wrong: the report says so.
    """
    try:
        drawn = draw(model, seed, cases)
    except VerificationError as error:
        cost = show_name(model.objective.cost.name)
        line = Line("kernels", cost, (), arithmetic_of(model), "undecided", note=error.cause)
        return Report(model.name, (line,))
    # Array code computes what it then discards; what it keeps is compared.
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return Report(model.name, tuple(checks(model, source, drawn)))


def checks(
    model: Specification, source: str, drawn: Drawn, *, explained: bool = True
) -> Iterator[Line]:
    """The lines of a verification at these points, one after the other.

    A mistake is made small and looked for where it is to be `explained`.
    """
    points = drawn.points
    exact = load_exact(computing(source), points[0].how, model.name)
    floats = load_module(source, model.name)
    known = identifiers(model, floats)
    yield from kernel_lines(model, exact, points, known, explained=explained)
    yield from lines_on_floats(model, floats, drawn, known)
    yield from requested_lines(model, exact, floats, points, known, Random(drawn.seed))
    yield from workspace_lines(model, floats, points, known)


def lines_on_floats(
    model: Specification, module: ModuleType, drawn: Drawn, names: Names
) -> Iterator[Line]:
    """Level three, at the points whose numbers are floats."""
    fitting = [
        point
        for point in drawn.points
        if all(map(fits_floats, (*point.values.values(), *point.gradients.values())))
    ]
    if not fitting:
        cost = show_name(cost_name(model))
        note = "at every point that was tried a value is beyond all floats"
        yield Line("float64", cost, (), "float64", "undecided", note=note)
        return
    yield from float_lines(model, module, fitting, names, Random(drawn.seed))
    yield from public_lines(model, module, fitting, names)
    if drawn.large:
        yield large_line(model, module, drawn.large, names)
    yield update_line(model, module, fitting[0], names)


def step_lines(model: Specification, derived: Sequence[Derived], seed: int = 0) -> tuple[Line, ...]:
    """Level one, for the report: one line for the steps and equations of each quantity."""
    lines: list[Line] = []
    try:
        point = defined_point(model, seed)
    except VerificationError as error:
        how, note = arithmetic_of(model), error.cause
        return tuple(Line("steps", name, (), how, "undecided", note=note) for name, _, _ in derived)
    for quantity, steps, equations in derived:
        try:
            checks = check_steps(model, steps, seed, point)
            checks += check_equations(model, equations, seed, point)
        except VerificationError as error:
            sizes = (tuple(point.sizes.items()),)
            lines.append(Line("steps", quantity, sizes, point.how, "failed", note=error.cause))
        else:
            lines.append(step_line(quantity, checks))
    return tuple(lines)


def step_line(quantity: str, checks: Sequence[StepCheck]) -> Line:
    """The checks of the steps that lead to one quantity, as one line.

    >>> step_line("∂C/∂w", (StepCheck("power_rule", "exact", (("n", 2),), 4),)).verdict
    'verified'
    """
    undecided = [check.rule for check in checks if check.how == "undecided"]
    sizes = tuple(dict.fromkeys(check.sizes for check in checks))
    precise = sum(check.how == "exact" for check in checks)
    how = f"50 digits, {precise} of {len(checks)} steps exact"
    if precise == len(checks):
        how = f"exact, {precise} step{'s' * (precise != 1)}"
    if undecided:
        note = f"not decided: {', '.join(dict.fromkeys(undecided))}"
        return Line("steps", quantity, sizes, how, "undecided", note=note)
    return Line("steps", quantity, sizes, how, "verified")


def require(report: Report) -> None:
    """Raise a VerificationError that says what failed, unless nothing did."""
    failed = [line for line in report.lines if line.verdict == "failed"]
    if failed:
        notes = "\n".join(f"{line.quantity}: {line.note}" for line in failed)
        raise VerificationError(
            f"the code of '{report.model}' does not compute what its equations say\n{notes}",
            "report the model: what is generated must never be wrong",
        )


# --- kernels ------------------------------------------------------------------------------------


def kernel_lines(
    model: Specification,
    module: ModuleType,
    points: Sequence[Point],
    names: Names,
    *,
    explained: bool = True,
) -> tuple[Line, ...]:
    """One line for the cost, each gradient and each named quantity that the kernels return."""

    def run(point: Point) -> Results:
        return run_kernels(module, model, point, names)

    how = points[0].how
    sizes = tuple(dict.fromkeys(point.sizes for point in points))
    results: list[Results] = []
    for point in points:
        try:
            results.append(run(point))
        except NOT_RUNNING as error:
            note = f"the code does not run at {show_sizes(point.sizes)}: {error}"
            cost = show_name(model.objective.cost.name)
            return (Line("kernels", cost, (point.sizes,), how, "failed", note=note),)
    dead = dead_entries(points)
    lines = []
    for name in results[0]:
        pairs = zip(points, results, strict=True)
        wrong = [p for p, found in pairs if difference_at(p, name, found[name]) is not None]
        silent = [place for wrt, place in dead if name == Derivative(cost_name(model), wrt)]
        verdict: Verdict = "failed" if wrong else "undecided" if silent else "verified"
        note = ""
        if wrong and explained:
            note = explain(model, run, name, [p for p in points if not p.special], wrong[0])
        elif silent:
            shown = ", ".join(str(list(place)) for place in silent[:3])
            note = f"always zero where it was tried, so never exercised: {shown}"
        lines.append(Line("kernels", show_name(name), sizes, how, verdict, note=note))
    return (*lines, *choice_lines(model, points))


def choice_lines(model: Specification, points: Sequence[Point]) -> tuple[Line, ...]:
    """A line for each equation with a condition or a kink of which only one side was ever met."""
    lines = []
    for node, truth in one_sided(points):
        owners = [e.left.name for e in model.equations if any(n == node for n in walk(e.right))]
        what = "condition" if isinstance(node, Condition) else "kink"
        side = "true" if truth else "false"
        note = f"a {what} in its equation was always {side}: the other side is not verified"
        sizes = (points[0].sizes,)
        name = show_name(owners[0]) if owners else show_name(cost_name(model))
        lines.append(Line("kernels", name, sizes, points[0].how, "undecided", note=note))
    return tuple(lines)


def cost_name(model: Specification) -> Name:
    """The name of the cost."""
    return model.objective.cost.name


def truth(point: Point, name: Name) -> np.ndarray:
    """What the oracle says a quantity or a gradient is."""
    if isinstance(name, Derivative):
        return point.gradients[name.wrt]
    return point.values[name]


def difference_at(point: Point, name: Name, found: np.ndarray) -> tuple[int, ...] | None:
    """The first place at which a quantity differs from the truth; a gradient beside all others."""
    if not isinstance(name, Derivative):
        return first_difference(truth(point, name), found)
    beside = max(map(largest_of, point.gradients.values()))
    return first_difference(truth(point, name), found, max(beside, 1))


# --- failures -----------------------------------------------------------------------------------


def explain(
    model: Specification, run: Run, name: Name, generic: Sequence[Point], wrong: Point
) -> str:
    """What differs, at the smallest sizes at which it does, and the likely mistake."""

    def fails(point: Point) -> bool:
        return difference_at(point, name, run(point)[name]) is not None

    point = smallest(model, fails, wrong)
    expected, found = truth(point, name), run(point)[name]
    place = difference_at(point, name, found)
    lines = []
    if place is not None and expected.shape == found.shape:
        where = show_sizes(point.sizes) + (", at special values" if point.special else "")
        entry = f"{show_name(name)}{list(place)}" if place else show_name(name)
        right, got = show_number(expected.item(place)), show_number(found.item(place))
        lines.append(f"{entry} is {got}, it should be {right}{' at ' + where if where else ''}")
    lines.append(diagnose([_sample(p, truth(p, name), run(p)[name]) for p in generic]))
    return "\n".join(line for line in lines if line)


def _sample(point: Point, expected: np.ndarray, found: np.ndarray) -> Sample:
    return Sample(exact_as_floats(expected), exact_as_floats(found), dict(point.sizes))
