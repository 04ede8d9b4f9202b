"""Update rules: those of the package, and those that stand in a model."""

from fractions import Fraction

import pytest

from derive.errors import DeriveError
from derive.language import read_model, read_rule, rule_named, rule_names
from derive.model import Assignment
from derive.terms import Add, Entry, Multiply, Negate, Quantity


def test_the_six_rules_are_read():
    names = ("adam", "adamw", "momentum", "nesterov", "rmsprop", "sgd")
    assert rule_names() == names
    assert [rule_named(name).name for name in names] == list(names)


def test_momentum_keeps_a_state_and_updates_in_the_order_of_the_text():
    rule = rule_named("momentum")
    theta, g = Quantity("theta", (), "param"), Quantity("g", (), "gradient")
    state = Quantity("m", (), "state")
    alpha, beta = Quantity("alpha", (), "setting"), Quantity("beta", (), "setting")
    assert (rule.parameter, rule.gradient, rule.states) == (theta, g, (state,))
    assert rule.settings == ((alpha, Fraction(1, 100)), (beta, Fraction(9, 10)))
    decayed = Multiply((Entry(beta), Entry(state)))
    step = Multiply((Entry(alpha), Entry(state)))
    assert rule.assignments == (
        Assignment(state, Add((decayed, Entry(g)))),
        Assignment(theta, Add((Entry(theta), Negate(step)))),
    )


def test_a_rule_updates_its_parameter():
    with pytest.raises(DeriveError, match="the rule never updates 'theta'"):
        read_rule("theta: param; g: gradient; s: state = zeros; s = g", "idle")


RULE = """w: param
C = w ** 2
with rule(decayed):
    theta: param; g: gradient; alpha: setting = 0.5
    shrunk = alpha * theta
    theta = shrunk - g
minimize(C, decayed(alpha=0.25))
"""


def test_a_model_may_have_a_rule_of_its_own():
    objective = read_model(RULE).objective
    theta, alpha = Quantity("theta", (), "param"), Quantity("alpha", (), "setting")
    g, shrunk = Quantity("g", (), "gradient"), Quantity("shrunk")
    assert (objective.rule.name, objective.rule.title) == ("decayed", "decayed")
    assert (objective.rule.parameter, objective.rule.gradient) == (theta, g)
    assert objective.rule.assignments == (
        Assignment(shrunk, Multiply((Entry(alpha), Entry(theta)))),
        Assignment(theta, Add((Entry(shrunk), Negate(Entry(g))))),
    )
    assert objective.settings == (("alpha", Fraction(1, 4)),)


def test_a_rule_of_ones_own_comes_first_and_sees_nothing_of_the_model():
    assert len(read_model(RULE.replace("decayed", "sgd")).objective.rule.assignments) == 2
    with pytest.raises(DeriveError, match="'w' is not defined"):
        read_model(RULE.replace("shrunk - g", "shrunk - w"))


@pytest.mark.parametrize(
    ("old", "new", "cause"),
    [
        ("rule(decayed)", "rule(decayed, sgd)", "a rule has one name"),
        ("rule(decayed)", "rule", "a rule has one name"),
        ("g: gradient", "g: gradient; s: state = ones", "a state starts at zero, a parameter and"),
        ("theta: param;", "theta: param = 1;", "a state starts at zero, a parameter and"),
        ("theta: param; ", "", "'theta' is not defined"),
        ("g: gradient;", "g: gradient; minimize(g);", "this is no line of an update rule"),
        ("minimize(C, decayed", "minimize(C, decaied", "there is no update rule 'decaied'"),
    ],
)
def test_what_is_no_rule_is_refused(old, new, cause):
    with pytest.raises(DeriveError, match=cause):
        read_model(RULE.replace(old, new))
