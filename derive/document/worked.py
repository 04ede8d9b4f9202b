"""The worked example in exact numbers: the data that a model states, and terms evaluated there."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

import numpy as np

from derive.model import Equation, Example, Specification, data
from derive.numbers.evaluate import evaluate, is_rational
from derive.numbers.evaluation import Evaluation, of_sizes
from derive.terms import FloorDivide, Quantity, Term, walk
from derive.verification.oracle import apply_equation, as_duals, lift


def stated_data(model: Specification, sizes: Mapping[str, int]) -> Evaluation | None:
    """An evaluation that knows the example's data; None where some data are not stated exactly.

    Data that are drawn, rounded, or made for a training run of other sizes are not.
    """
    example = model.example or Example()
    stated = example.equations
    if example.draws or example.sizes or set(data(model)) - {one.left for one in stated}:
        return None
    if not all(is_rational(one.right) and not _is_rounded(one.right) for one in stated):
        return None
    here = Evaluation(dict(sizes), {})
    for equation in stated:
        apply_equation(equation, here)
    return here


def _is_rounded(term: Term) -> bool:
    return any(isinstance(part, FloorDivide) and not of_sizes(part) for part in walk(term))


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
