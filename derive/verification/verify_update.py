"""The update rule in the generated module, against its assignments read one entry at a time."""

from __future__ import annotations

import inspect
import itertools
from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import partial
from types import ModuleType
from typing import Any

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
# Settings are right if the result is right for others too.
OTHER = Fraction(3, 4)
# What is added to keep from a division by zero shows beside gradients as small as itself.
SIZES = (1.5, -1e-8, 0.25, -3e-4, 2e-9, -0.75, 5e-8, 1e-3)

Arrays = dict[str, np.ndarray]
# Takes a step, changes parameters and state, and returns the gradients that it was taken with.
Way = Callable[[Arrays, Any], Arrays | None]


def update_line(model: Specification, module: ModuleType, point: Point, names: Names) -> Line:
    """Take a few steps with the module, and the same ones exactly from its gradients.

    And with `update` and its kernel, from gradients of all sizes, by the settings of the model and
    by others.
    """
    rule = model.objective.rule
    how = f"float64, {STEPS} steps of '{rule.name}'"
    try:
        note, worst = _compared(model, module, *arguments(model, point, names))
    except NOT_RUNNING as error:
        note, worst = f"the code does not run on floats: {error}", None
    verdict: Verdict = "failed" if note else "verified"
    bound = None if worst is None else BOUND
    return Line("float64", "update", (point.sizes,), how, verdict, worst, bound, note)


def _compared(
    model: Specification, module: ModuleType, params: Arrays, by_name: dict[str, Any]
) -> tuple[str, float]:
    """What is wrong with an update, where anything is, and the largest error of an entry."""
    rule = model.objective.rule
    settings = {quantity.name: value for quantity, value in rule.settings}
    settings |= dict(model.objective.settings)
    worst = 0.0
    for function, way, chosen in _ways(model, module, params, by_name, settings):
        error, taken = _worst_error(module, rule, chosen, params, way)
        worst = max(worst, error)
        if not error <= BOUND:
            note = f"'{function}' differs by {error:.1e} from '{rule.name}' after {taken} steps"
            return note, error
    return _unguarded(module, params, by_name, stateful=bool(rule.states)), worst


def _ways(
    model: Specification,
    module: ModuleType,
    params: Arrays,
    by_name: Mapping[str, Any],
    settings: Mapping[Name, Fraction],
) -> list[tuple[str, Way, Mapping[Name, Fraction]]]:
    """The ways to take a step: what is called, how, and by which settings."""
    turns = itertools.count()
    stateful = bool(model.objective.rule.states)
    own = inspect.signature(public(module, "update")).parameters.values()
    given = [p.name for p in own if p.kind is p.KEYWORD_ONLY]
    others = {name: value * OTHER for name, value in settings.items()}
    passed = {name: float(value) for name, value in zip(given, others.values(), strict=True)}

    def by_step(own: Arrays, state: Any) -> Arrays | None:
        found = _gradients(module, own, by_name)
        if found is not None:
            public(module, "step")(own, **by_name, state=state)
        return found

    def by(function: str, **chosen: float) -> Way:
        def step(own: Arrays, state: Any) -> Arrays:
            grads = gradients_of_all_sizes(params, next(turns))
            states = [] if function == "_update" and not stateful else [state]
            public(module, function)(own, grads, *states, **chosen)
            return grads

        return step

    return [
        ("step", by_step, settings),
        ("update", by("update"), settings),
        ("_update", by("_update"), settings),
        ("update", by("update", **passed), others),
    ]


def gradients_of_all_sizes(params: Arrays, turn: int = 0) -> Arrays:
    """Numbers in the shapes of parameters, the smallest as small as what keeps from zero.

    Each turn moves them on: where gradients stay the same a mean of them is no other.
    """
    numbers = itertools.cycle(SIZES[turn % len(SIZES) :] + SIZES[: turn % len(SIZES)])
    return {
        name: np.array([next(numbers) for _ in array.flat]).reshape(array.shape)
        for name, array in params.items()
    }


def _gradients(module: ModuleType, params: Arrays, by_name: Mapping[str, Any]) -> Arrays | None:
    """The gradients, None where steps have left the domain of the model."""
    try:
        _, found = public(module, "gradients")(params, **by_name)
    except np.linalg.LinAlgError:
        # A step may lead to a matrix that cannot be factored or inverted.
        return None
    gradients = {name: np.asarray(gradient) for name, gradient in found.items()}
    return gradients if all(np.all(np.isfinite(g)) for g in gradients.values()) else None


def _worst_error(
    module: ModuleType,
    rule: UpdateRule,
    settings: Mapping[Name, Fraction],
    given: Arrays,
    way: Way,
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
        gradients = way(params, state)
        if gradients is None:
            # The steps have left the domain of the model; they were right so far.
            break
        for (name, place), entry in exact.items():
            entry.step(float(gradients[name][place]))
        taken += 1
    errors = [
        abs(float(np.asarray(params[name])[place]) - entry.value) / max(1.0, abs(entry.value))
        for (name, place), entry in exact.items()
    ]
    worst = max((error if error == error else float("inf") for error in errors), default=0.0)
    return worst, taken


def _unguarded(
    module: ModuleType, params: Arrays, by_name: Mapping[str, Any], *, stateful: bool
) -> str:
    """What an update takes though it should refuse it: no state, a gradient that is no number."""
    own = {name: np.array(array) for name, array in params.items()}
    grads = gradients_of_all_sizes(params)
    state = public(module, "init_state")(own)
    if stateful:
        without: dict[str, Callable[[], Any]] = {
            "step": lambda: public(module, "step")(own, **by_name, state=None),
            "update": lambda: public(module, "update")(own, grads, None),
        }
        for function, run in without.items():
            if not _raises(TypeError, run):
                return f"'{function}' takes no state, which this rule has"
    broken = {name: np.full(array.shape, np.nan) for name, array in grads.items()}
    for name in grads:
        one = {**grads, name: broken[name]}
        refused = _raises(ValueError, partial(public(module, "update"), own, one, state))
        if not refused or any(not np.array_equal(own[n], params[n]) for n in params):
            return f"'update' takes a gradient by '{name}' that is not finite"
    return ""


def _raises(kind: type[Exception], run: Callable[[], Any]) -> bool:
    try:
        run()
    except kind:
        return True
    return False


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
