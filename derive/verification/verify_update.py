"""The update rule in the generated module, against its assignments read one entry at a time."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from types import ModuleType

import numpy as np

from derive.model import Specification, UpdateRule
from derive.numbers.evaluate import evaluate, is_rational
from derive.numbers.evaluation import SCALARS, Evaluation, How
from derive.terms import Name
from derive.verification.oracle import as_duals
from derive.verification.points import Point
from derive.verification.report import Line, Verdict
from derive.verification.running import NOT_RUNNING, Names, arguments, public

# A step is a few operations on floats; so much of the parameter's size may be lost.
BOUND = 1e-12
# States start at zero, so a first step does not show them all.
STEPS = 3


def update_line(model: Specification, module: ModuleType, point: Point, names: Names) -> Line:
    """Take a few steps with the module, and the same ones exactly from its gradients."""
    rule = model.objective.rule
    settings = {quantity.name: value for quantity, value in rule.settings}
    settings |= dict(model.objective.settings)
    try:
        worst, taken = _worst_error(module, rule, settings, *arguments(model, point, names))
    except NOT_RUNNING as error:
        note = f"the code does not run on floats: {error}"
        return Line("float64", "update", (point.sizes,), "float64", "failed", note=note)
    right = worst <= BOUND
    note = "" if right else f"differs by {worst:.1e} from '{rule.name}' after {taken} steps"
    verdict: Verdict = "verified" if right else "failed"
    how = f"float64, {taken} steps of '{rule.name}'"
    return Line("float64", "update", (point.sizes,), how, verdict, worst, BOUND, note)


def _worst_error(
    module: ModuleType,
    rule: UpdateRule,
    settings: Mapping[Name, Fraction],
    given: dict[str, np.ndarray],
    by_name: dict[str, np.ndarray],
) -> tuple[float, int]:
    """The largest error of an entry, and how many steps were taken."""
    params = {name: np.array(array) for name, array in given.items()}
    exact = {
        (name, place): Entrywise(rule, settings, float(array[place]))
        for name, array in params.items()
        for place in np.ndindex(array.shape)
    }
    state = public(module, "init_state")(params)
    taken = 0
    while taken < STEPS:
        try:
            _, gradients = public(module, "gradients")(params, **by_name)
        except np.linalg.LinAlgError:
            # A step may lead to a matrix that cannot be factored or inverted.
            if taken == 0:
                raise
            break
        if taken and not all(np.all(np.isfinite(gradient)) for gradient in gradients.values()):
            # The steps have left the domain of the model; they were right so far.
            break
        for (name, place), entry in exact.items():
            entry.step(float(np.asarray(gradients[name])[place]))
        public(module, "step")(params, **by_name, state=state)
        taken += 1
    errors = [
        abs(float(np.asarray(params[name])[place]) - entry.value) / max(1.0, abs(entry.value))
        for (name, place), entry in exact.items()
    ]
    worst = max((error if error == error else float("inf") for error in errors), default=0.0)
    return worst, taken


class Entrywise:
    """One entry of a parameter, with its states, under an update rule in exact arithmetic."""

    def __init__(self, rule: UpdateRule, settings: Mapping[Name, Fraction], start: float) -> None:
        rational = all(is_rational(assignment.right) for assignment in rule.assignments)
        self.rule = rule
        self.how: How = "exact" if rational else "50 digits"
        self.here = Evaluation({}, {}, self.how)
        for name, value in settings.items():
            self._put(name, value)
        for state in rule.states:
            self._put(state.name, Fraction(0))
        self._put(rule.parameter.name, Fraction(start))

    def _put(self, name: Name, value: Fraction) -> None:
        scalar = SCALARS[self.how].of(value)
        self.here.arrays[name] = as_duals(np.array(scalar, dtype=object))

    def step(self, gradient: float) -> None:
        """Carry out the assignments in their order."""
        self._put(self.rule.gradient.name, Fraction(gradient))
        for assignment in self.rule.assignments:
            result = evaluate(assignment.right, self.here)
            self.here.arrays[assignment.left.name] = as_duals(np.array(result.value, dtype=object))

    @property
    def value(self) -> float:
        """The entry, rounded to a float."""
        number = self.here.arrays[self.rule.parameter.name].item()
        return float(number.value.value)
