"""Remarks: what they say, that it is true, and when nothing is said."""

import math
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pytest
from forms import add, at, index, n, subtract, times, total

from derive.calculus.adjoint import derive_gradients
from derive.calculus.explain import gradient_named
from derive.document.remarks import Direction, contraction, is_gradient_descent, starting_point
from derive.document.worked import exact_value, stated_data
from derive.language import read_model
from derive.model import quantity_named
from derive.pipeline import source_of
from derive.project import find_model
from derive.terms import ZERO, same, substitute
from derive.verification.loading import load_module

NEURON, BOWL = (find_model(name).text for name in ("neuron", "bowl"))


def derived(text):
    return derive_gradients(read_model(text, name="m"))


def gain_of(derivation, **sizes):
    """The gain of the worked example, exactly."""
    found = contraction(derivation)
    here = stated_data(derivation.model, sizes)
    assert here is not None
    return exact_value(substitute(found.gain.right, dict.fromkeys(found.gain.indices, ZERO)), here)


# --- one step multiplies the error by a number --------------------------------------------------


def test_the_neuron_contracts_by_one_minus_two_alpha_times_x_xt_plus_one():
    derivation = derived(NEURON)
    found = contraction(derivation)
    y_hat, y, x = (quantity_named(derivation.model, name) for name in ("y_hat", "y", "x"))
    assert (found.prediction, found.slope, found.step.name) == (y_hat, 2, "alpha")
    i, j = gradient_named(derivation, "y_hat").equation.indices
    assert same(found.error, subtract(at(y_hat, i, j), y))
    i, j = found.gain.indices
    k = index(n, "k")
    assert same(found.gain.right, add(total(k, times(at(x, i, k), at(x, j, k))), 1))


def test_in_the_example_the_factor_is_ninety_seven_hundredths_and_the_limit_a_fifteenth():
    # x = (1, 2, 3): x xᵀ + 1 = 15, 1 − 2 · 0.001 · 15 = 0.97, 2/(2 · 15) = 1/15
    derivation = derived(NEURON)
    gain, slope = gain_of(derivation, n=3), contraction(derivation).slope
    ((name, alpha),) = derivation.model.objective.settings
    assert (name, alpha, gain) == ("alpha", Fraction(1, 1000), 15)
    assert 1 - slope * alpha * gain == Fraction(97, 100)
    assert Fraction(2) / (slope * gain) == Fraction(1, 15)


def errors(text, steps, alpha, x, y, start):
    """The errors ŷ − y before each of some steps of the generated module."""
    module = load_module(source_of(derived(text)))
    params = {name: np.array(value, dtype=float) for name, value in start.items()}
    found = []
    for _ in range(steps):
        found.append(float(np.squeeze(module.forward(params, x)["y_hat"])) - y)
        module.step(params, x, y, alpha=alpha)
    return found


START = {"w": [[0.5], [-1.25], [2.0]], "b": 0.75}
ROW = np.array([[1.0, 2.0, 3.0]])


def test_training_multiplies_the_error_by_the_factor_at_every_step():
    found = errors(NEURON, 50, 0.001, ROW, 1.0, START)
    assert found[0] == 3.75
    for before, after in pairwise(found):
        assert math.isclose(after, 0.97 * before, rel_tol=1e-12)


@pytest.mark.parametrize(
    ("alpha", "grows"), [(0.99 / 15, False), (1.01 / 15, True), (0.5 / 15, False), (-0.001, True)]
)
def test_training_is_stable_exactly_below_the_limit(alpha, grows):
    found = errors(NEURON, 30, alpha, ROW, 1.0, START)
    assert (abs(found[-1]) > abs(found[0])) is grows


OTHERS = [
    # a factor before the square, another error, parameters that share a product, none of one kind
    ("C = 3 * (y_hat - y) ** 2", 6),
    ("C = (y_hat - 2 * y) ** 2 / 2", 1),
    ("C = (y - y_hat) ** 2", 2),
]


@pytest.mark.parametrize(("cost", "slope"), OTHERS)
def test_other_square_costs_have_their_own_slope(cost, slope):
    text = NEURON.replace("C = (y_hat - y) ** 2", cost)
    derivation = derived(text)
    found = contraction(derivation)
    assert (found.slope, gain_of(derivation, n=3)) == (slope, 15)
    simulated = errors(text, 10, 0.001, ROW, 0.0, START)
    for before, after in pairwise(simulated):
        assert math.isclose(after, (1 - 0.001 * slope * 15) * before, rel_tol=1e-12)


def test_a_parameter_that_does_not_reach_the_cost_changes_nothing():
    alone, beside = (
        contraction(derived(text))
        for text in (NEURON, NEURON.replace("b: param", "a: param; b: param"))
    )
    assert same(alone.gain.right, beside.gain.right, pairs(alone, beside))


def pairs(one, other):
    return dict(zip(one.gain.indices, other.gain.indices, strict=True))


SILENT = {
    "two outputs": NEURON.replace("param[n, 1]", "param[n, 2]").replace(
        "C = (y_hat - y) ** 2", "C = sum((y_hat - y) ** 2)"
    ),
    "another rule": NEURON.replace("sgd(alpha=0.001)", "momentum()"),
    "a cost that is not square": NEURON.replace("(y_hat - y) ** 2", "(y_hat - y) ** 4"),
    "a prediction that is not affine": NEURON.replace("x @ w + b", "tanh(x @ w + b)"),
    "a product of parameters": NEURON.replace("x @ w + b", "(x @ w) * b"),
    "a second way into the cost": NEURON.replace("- y) ** 2", "- y) ** 2 + b ** 2"),
    "a linear cost": NEURON.replace("C = (y_hat - y) ** 2", "C = y_hat * y"),
    "a concave cost": NEURON.replace("C = (y_hat - y) ** 2", "C = -(y_hat - y) ** 2"),
    "parameters in the cost itself": BOWL,
}


@pytest.mark.parametrize("why", SILENT)
def test_no_remark_is_made_where_it_is_not_true(why):
    assert SILENT[why] != NEURON
    assert contraction(derived(SILENT[why])) is None


def test_gradient_descent_is_one_rule_and_no_other():
    def rule(name):
        return derived(f"w: param; f = w ** 2; minimize(f, {name}())").model.objective.rule

    assert is_gradient_descent(rule("sgd"))
    for name in ("momentum", "nesterov", "rmsprop", "adam", "adamw"):
        assert not is_gradient_descent(rule(name)), name


# --- the steepest direction ---------------------------------------------------------------------


def test_the_bowl_at_one_three():
    # f = x² + y²: f(1, 3) = 10, ∇f(1, 3) = (2, 6), |∇f|² = 40
    point = starting_point(derived(BOWL))
    assert [quantity.name for quantity in point.parameters] == ["x", "y"]
    assert (point.at, point.value) == ((1, 3), 10)
    assert point.gradient == Direction((Fraction(2), Fraction(6)), Fraction(40))
    shown = {direction.towards: direction.slope for direction in point.others}
    assert shown == {(1, 0): 2, (0, 1): 6, (1, 1): 8, (2, 6): 40}


def rate(direction):
    return float(direction.slope) / math.sqrt(direction.squared_length)


def test_no_other_direction_is_as_steep():
    point = starting_point(derived(BOWL))
    steepest = rate(point.gradient)
    assert math.isclose(steepest, math.sqrt(40))
    towards = math.atan2(6, 2)
    for degrees in range(1, 360):
        angle = math.radians(degrees)
        direction = math.cos(towards + angle), math.sin(towards + angle)
        slope = sum(a * float(b) for a, b in zip(direction, point.gradient.towards, strict=True))
        assert slope < steepest
        assert math.isclose(slope, steepest * math.cos(angle), abs_tol=1e-12)


def test_a_small_step_along_the_gradient_raises_the_bowl_most():
    # the cost itself, not its gradient, along 360 directions of length one
    def f(x, y):
        return x**2 + y**2

    length, point = 1e-3, starting_point(derived(BOWL))
    rises = {}
    for degrees in range(360):
        angle = math.atan2(6, 2) + math.radians(degrees)
        rises[degrees] = f(1 + length * math.cos(angle), 3 + length * math.sin(angle)) - 10
    assert max(rises, key=rises.__getitem__) == 0
    assert min(rises, key=rises.__getitem__) == 180
    assert math.isclose(rises[0] / length, rate(point.gradient), rel_tol=1e-3)


NO_POINT = {
    "data": NEURON,
    "no start": "x: param; f = x ** 2; minimize(f, sgd())",
    "a random start": "x: param = uniform(0, 1); f = x ** 2; minimize(f, sgd())",
    "a start that is an array": "x: param[2] = 1; f = sum(x ** 2); minimize(f, sgd())",
    "a value that is no fraction": "x: param = 1; f = exp(x); minimize(f, sgd())",
}


@pytest.mark.parametrize("why", NO_POINT)
def test_no_point_is_shown_where_nothing_is_stated(why):
    assert starting_point(derived(NO_POINT[why])) is None


def test_through_a_definition_the_point_is_the_same():
    text = "x: param = 1\ny: param = 3\nu = x ** 2\nf = u + y ** 2\nminimize(f, sgd())"
    point = starting_point(derived(text))
    assert (point.value, point.gradient.towards) == (10, (2, 6))
