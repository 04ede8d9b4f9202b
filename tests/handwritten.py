"""Modules in the form of the generated ones, written by hand: right ones and wrong ones."""

from dataclasses import replace
from fractions import Fraction

from forms import add, times

from derive.model import Assignment, Objective, UpdateRule, data, parameters
from derive.terms import Negate, Quantity
from derive.verification.verify import verify

PUBLIC = """
import math
import numpy as np

def _arrays(names, given):
    return [np.asarray(given[name]) for name in names]

def _checked(params, data):
    if any(np.isnan(given[name]).any() for given in (params, data) for name in given):
        raise ValueError
    return *_arrays(PARAMETERS, params), *_arrays(DATA, data)

def forward(params, **data):
    return _values(*_checked(params, data))

def loss(params, **data):
    return float(_loss(*_checked(params, data)))

def gradients(params, **data):
    cost, grads = _gradients(*_checked(params, data))
    return float(cost), {n: np.array(g, params[n].dtype) for n, g in grads.items()}

def init_state(params):
    return None

def _update(params, grads, *, alpha=0.1):
    for name in PARAMETERS:
        params[name] -= alpha * grads[name]

def update(params, grads, state=None, *, alpha=0.1):
    if not all(np.isfinite(grads[name]).all() for name in PARAMETERS):
        raise ValueError
    _update(params, grads, alpha=alpha)

def step(params, *, state=None, alpha=0.1, **data):
    cost, grads = gradients(params, **data)
    update(params, grads, alpha=alpha)
    return cost
"""


def descent():
    theta, g, alpha = (Quantity(name) for name in ("theta", "g", "alpha"))
    right = add(theta, Negate(times(alpha, g)))
    settings = ((alpha, Fraction(1, 10)),)
    return UpdateRule("sgd", "", theta, g, settings, (), (Assignment(theta, right),))


def trained(model):
    return replace(model, objective=Objective(model.objective.cost, descent()))


def module(model, cost, gradients, setup=()):
    """A module in the form of the generated ones: lines before, the cost, (name, gradient)."""
    own = [q.name for q in parameters(model)]
    given = [q.name for q in data(model)]
    arguments = ", ".join([*own, *given])
    before = "".join(f"    {line}\n" for line in setup)
    items = ", ".join(f'"{name}": {text}' for name, text in gradients.items())
    return (
        f"{PUBLIC}\nPARAMETERS = {own}\nDATA = {given}\n"
        f"def _values({arguments}):\n    return {{}}\n"
        f"def _loss({arguments}):\n{before}    return {cost}\n"
        f"def _gradients({arguments}):\n{before}    return {cost}, {{{items}}}\n"
    )


def check(model, source):
    return verify(trained(model), source)


def failure(report, quantity, level="kernels"):
    (line,) = [
        entry
        for entry in report.lines
        if (entry.level, entry.quantity) == (level, quantity) and "Taylor" not in entry.how
    ]
    assert line.verdict == "failed"
    return line.note
