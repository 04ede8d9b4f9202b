"""The worked example in numbers: the generated module, run on the small written-out instance.

What a reader can follow on paper: the data and the parameters at the start, every named quantity,
every gradient, one step, and how the cost goes on.  The same run is asked for what a document says
of its checks: a slope by differences, and that without an error there is no gradient.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from derive.model import Specification, data, parameters
from derive.names import python_name
from derive.terms import Name, Quantity
from derive.verification.loading import load_module
from derive.verification.running import NOT_RUNNING, identifiers

# How many steps the run takes.
STEPS = 20
# The bounds that a document states for the difference of two slopes.
BOUNDS = (1e-7, 1e-6, 1e-5, 1e-4)

Arrays = Mapping[Name, np.ndarray]


# So many times as large are parameters where probabilities are to be 0 or 1.
CERTAIN = 1e6


@dataclass(frozen=True)
class Classification:
    """Probabilities along the last axis of `prediction`, of which `target` holds the true place.

    Where the parameters `scaled` are large, they are 0 or 1 in floats.
    """

    target: Quantity
    prediction: Quantity
    scaled: tuple[Quantity, ...]


@dataclass(frozen=True, eq=False)
class SmallRun:
    """Data, parameters and quantities before a step, gradients, parameters after it, all costs.

    `slope_bound` bounds the relative difference of the slope by differences and by the gradients,
    None where it was not small; `without_error` are the pairs (target, prediction) that were set
    equal and then gave gradients that are all zero; so did those that are `certain`, where the
    target was the most probable place and the parameters were large.
    """

    before: Arrays = field(default_factory=dict)
    gradients: Arrays = field(default_factory=dict)
    after: Arrays = field(default_factory=dict)
    costs: tuple[float, ...] = ()
    slope_bound: float | None = None
    without_error: tuple[tuple[Quantity, Quantity], ...] = ()
    certain: tuple[Classification, ...] = ()


NO_SMALL_RUN = SmallRun()


def small_run(
    model: Specification,
    source: str,
    sizes: Mapping[str, int],
    errors: Sequence[tuple[Quantity, Quantity]] = (),
    classes: Sequence[Classification] = (),
) -> SmallRun:
    """The run of the module `source` at `sizes`, `NO_SMALL_RUN` where it does not run there.

    `errors` are pairs of a target and a prediction whose difference the gradients carry, `classes`
    those of which one is the place and the other the probability of each place.
    """
    module = load_module(source, model.name)
    try:
        with np.errstate(all="ignore"):
            return _run(module, model, sizes, errors, classes)
    except (*NOT_RUNNING, SystemExit):
        return NO_SMALL_RUN


def _run(
    module: ModuleType,
    model: Specification,
    sizes: Mapping[str, int],
    errors: Sequence[tuple[Quantity, Quantity]],
    classes: Sequence[Classification],
) -> SmallRun:
    call = _Caller(module, {python_name(name): value for name, value in sizes.items()})
    params, batch = call("init"), call("example")
    names = identifiers(model, module)
    given = {q.name: np.asarray(batch[names[q.name]]) for q in data(model)}
    before: dict[Name, np.ndarray] = {
        q.name: np.array(params[str(q.name)]) for q in parameters(model)
    }
    computed = call("forward", params, **batch)
    before |= given | {name: np.asarray(value) for name, value in computed.items()}
    cost, gradients = call("gradients", params, **batch)
    before[model.objective.cost.name] = np.asarray(cost)
    measured, derived = call("check", params, **batch)
    difference = abs(measured - derived) / max(1.0, abs(derived))
    bound = next((one for one in BOUNDS if 10 * difference < one), None)
    zero = tuple(pair for pair in errors if _is_still(module, names, before, *pair))
    certain = tuple(one for one in classes if _is_certain(call, params, batch, names, one))
    state = call("init_state", params)
    costs = [float(cost)]
    after: dict[Name, np.ndarray] = {}
    for step in range(STEPS):
        call("step", params, **batch, state=state)
        after = after if step else {name: np.array(value) for name, value in params.items()}
        costs.append(float(call("loss", params, **batch)))
    everything = [*before.values(), *gradients.values(), *after.values(), np.asarray(costs)]
    if not all(np.isfinite(np.asarray(array, dtype=float)).all() for array in everything):
        return NO_SMALL_RUN
    return SmallRun(before, dict(gradients), after, tuple(costs), bound, zero, certain)


class _Caller:
    """Calls functions of a module with those of the arguments and sizes that they take."""

    def __init__(self, module: ModuleType, sizes: Mapping[str, int]) -> None:
        self._module, self._sizes = module, sizes

    def __call__(self, name: str, *args: Any, **given: Any) -> Any:
        function = getattr(self._module, name)
        taken = inspect.signature(function).parameters
        known = {key: value for key, value in {**self._sizes, **given}.items() if key in taken}
        return function(*args, **known)


def _is_still(
    module: ModuleType,
    names: Mapping[Name, str],
    values: Arrays,
    target: Quantity,
    prediction: Quantity,
) -> bool:
    """Whether all gradients are zero where the target is what was predicted."""
    if target.name not in names or prediction.name not in values:
        return False
    meant = np.broadcast_to(values[prediction.name], np.shape(values[prediction.name]))
    if meant.size != np.size(values[target.name]):
        return False
    here = {**values, target.name: meant.reshape(np.shape(values[target.name]))}
    kernel = module.__dict__["_gradients"]
    if any(name not in here for name in names):
        return False
    _, gradients = kernel(*(here[name] for name in names))
    return all(not np.any(gradient) for gradient in gradients.values())


def _is_certain(
    call: _Caller,
    params: Mapping[str, Any],
    batch: Mapping[str, Any],
    names: Mapping[Name, str],
    one: Classification,
) -> bool:
    """Whether all gradients are zero where the true place has all the probability."""
    scaled = {str(quantity.name) for quantity in one.scaled}
    large = {key: CERTAIN * value if key in scaled else value for key, value in params.items()}
    values = call("forward", large, **batch)
    target = names[one.target.name]
    if one.prediction.name not in values:
        return False
    likely = np.argmax(values[one.prediction.name], axis=-1)
    if likely.shape != np.shape(batch[target]):
        return False
    _, gradients = call("gradients", large, **{**batch, target: likely})
    return all(not np.any(gradient) for gradient in gradients.values())
