"""Gradients inside a model: `g = grad(f, x)` becomes equations like any other.

A model that reads ∂f/∂x is completed by the equations that derive it from what stands above, each
before the first equation that reads it.  The completed model is what is differentiated, computed
and verified; nothing later knows that some of its definitions were derived.
"""

from __future__ import annotations

from dataclasses import replace

from derive.calculus.adjoint import Derivation, derive_gradients
from derive.model import Equation, Recurrence, Specification, quantity_named
from derive.terms import Derivative, Quantity, entries


def completed(model: Specification) -> tuple[Specification, tuple[Derivation, ...]]:
    """The model with the equations of every gradient that it reads, and how they were derived.

    >>> from derive.language import read_model
    >>> text = "x: param; f = x**3; g = grad(f, x); C = g**2; minimize(C, sgd())"
    >>> [e.left.kind for e in completed(read_model(text))[0].equations]
    ['defined', 'gradient', 'defined', 'defined']
    """
    equations: list[Equation] = []
    recurrences: list[Recurrence] = []
    derivations: list[Derivation] = []
    for equation in model.equations:
        for wanted in _gradients_read(equation):
            if wanted in {known.left for known in equations}:
                continue
            above = replace(model, equations=tuple(equations), recurrences=tuple(recurrences))
            derivation = _derivation(above, wanted)
            derivations.append(derivation)
            known = {old.left for old in equations}
            equations += [
                gradient.equation
                for gradient in derivation.gradients
                if gradient.equation.left not in known
            ]
            recurrences += derivation.recurrences
        equations.append(equation)
        recurrences += [
            recurrence
            for recurrence in model.recurrences
            if recurrence.quantities[-1] == equation.left
        ]
    whole = replace(model, equations=tuple(equations), recurrences=tuple(recurrences))
    return whole, tuple(derivations)


def _gradients_read(equation: Equation) -> tuple[Quantity, ...]:
    """The gradients that an equation reads, in reading order."""
    read = (entry.quantity for entry in entries(equation.right))
    return tuple(dict.fromkeys(q for q in read if isinstance(q.name, Derivative)))


def _derivation(model: Specification, wanted: Quantity) -> Derivation:
    """The gradient called ∂f/∂x, of the quantities that stand in `model`."""
    assert isinstance(wanted.name, Derivative)
    of, wrt = (quantity_named(model, str(name)) for name in (wanted.name.of, wanted.name.wrt))
    assert of is not None, f"{wanted.name.of} stands above"
    assert wrt is not None, f"{wanted.name.wrt} stands above"
    return derive_gradients(replace(model, objective=replace(model.objective, cost=of)), (wrt,))
