"""The training run of a generated module, watched: where it starts, and how the cost falls.

It is the run that the module prints where it is run as a program.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from derive.code.starting_code import training
from derive.model import Example, Specification, data
from derive.terms import Name
from derive.verification.loading import load_module
from derive.verification.running import NOT_RUNNING
from derive.verification.work import Counting

# A run that computes more scalar operations than this is not made for a document: some seconds.
MOST_WORK = 3_000_000_000
# What a step takes however little it computes, counted in such operations.
STEP = 30_000
# A run that goes beyond, or to what is no number, has no curve.
LARGEST_COST = 1e150


@dataclass(frozen=True, eq=False)
class Run:
    """The cost before each step and after the last, and what is known before the first.

    `values` holds the parameters, the data, the cost and what is computed without a target.
    """

    costs: tuple[float, ...] = ()
    values: Mapping[Name, np.ndarray] = field(default_factory=dict)


NO_RUN = Run()


def training_run(model: Specification, source: str) -> Run:
    """The run of the module `source`, `NO_RUN` where it would be long or comes to no end.

    The module is run, so that what comes out of it is what its reader sees.
    """
    if _work(model) > MOST_WORK:
        return NO_RUN
    module = load_module(source, model.name)
    watched = _Watched(module, model)
    module.__dict__.update(train=watched.train, print=lambda *_: None)
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            module.__dict__["main"]()
    except (*NOT_RUNNING, SystemExit):
        return NO_RUN
    return watched.run if all(abs(cost) < LARGEST_COST for cost in watched.run.costs) else NO_RUN


def _work(model: Specification) -> int:
    """How many scalar operations the forward equations of all steps are; 0 if nobody knows."""
    sizes = {d.name: d.default for d in training(model).dimensions if d.formula is None}
    known = {name: size for name, size in sizes.items() if size is not None}
    candidate = Counting(model, ()).candidate(known, loosely=True)
    steps = (model.example or Example()).steps
    return 0 if candidate is None else (candidate.work + STEP) * steps


class _Watched:
    """`train` of a module, which notes what it is given and what it returns."""

    def __init__(self, module: ModuleType, model: Specification) -> None:
        self._module, self._model, self._train = module, model, module.__dict__["train"]
        self.run = NO_RUN

    def train(self, params: dict[str, Any], batches: list[dict[str, Any]], **given: Any) -> Any:
        """Train, and note the run."""
        batch = batches[0]
        values: dict[Name, np.ndarray] = {name: np.array(params[name]) for name in params}
        names = (quantity.name for quantity in data(self._model))
        values |= {name: np.asarray(batch[key]) for name, key in zip(names, batch, strict=True)}
        computed = self._called("forward", params, batch, given)
        values |= {name: np.asarray(value) for name, value in computed.items()}
        costs = self._train(params, batches, **given, report=lambda _: None)
        costs = (*costs, self._called("loss", params, batch, given))
        cost = self._model.objective.cost.name
        self.run = Run(tuple(map(float, costs)), values | {cost: np.asarray(costs[0])})
        return list(costs[:-1])

    def _called(self, name: str, params: Any, batch: Mapping[str, Any], given: Any) -> Any:
        """A function of the module on those of the data and sizes that it takes."""
        function = self._module.__dict__[name]
        taken = inspect.signature(function).parameters
        known = {key: value for key, value in {**batch, **given}.items() if key in taken}
        return function(params, **known)
