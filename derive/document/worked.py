"""The worked example in exact numbers: the data that a model states, and terms evaluated there."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from derive.model import Equation, Specification
from derive.numbers.evaluate import evaluate, is_rational
from derive.numbers.evaluation import Evaluation
from derive.terms import Quantity, Term
from derive.verification.oracle import apply_equation, as_duals, lift


def stated_data(model: Specification, sizes: Mapping[str, int]) -> Evaluation | None:
    """An evaluation that knows the example's data; None where some data are not stated exactly."""
    stated = () if model.example is None else model.example.equations
    wanted = {d.quantity for d in model.declarations if d.quantity.kind in ("input", "index")}
    if {equation.left for equation in stated} != wanted:
        return None
    if not all(is_rational(equation.right) for equation in stated):
        return None
    here = Evaluation(dict(sizes), {})
    for equation in stated:
        apply_equation(equation, here)
    return here


def put(here: Evaluation, quantity: Quantity, value: Fraction) -> None:
    """Give a scalar quantity an exact value."""
    here.arrays[quantity.name] = as_duals(lift(np.array(value, dtype=object), "exact"))


def apply_all(here: Evaluation, equations: tuple[Equation, ...]) -> None:
    """Compute what the equations define, in their order."""
    for equation in equations:
        apply_equation(equation, here)


def exact_value(term: Term, here: Evaluation) -> Fraction:
    """The value of a term without free indices."""
    value: Fraction = evaluate(term, here).value.value
    return value
