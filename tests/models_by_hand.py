"""Whole models and their gradients, written by hand: what the stages below would hand over."""

from dataclasses import replace
from fractions import Fraction

from forms import add, at, equation, index, n, neuron, quantity, subtract, times, total

from derive.code.docstring import Formula, Formulas
from derive.model import (
    Assignment,
    Declaration,
    Dimension,
    Example,
    Initializer,
    Objective,
    UpdateRule,
)
from derive.terms import Derivative

THETA, GRADIENT = quantity("theta", kind="param"), quantity("g", kind="gradient")
ALPHA, BETA = quantity("alpha", kind="setting"), quantity("beta", kind="setting")
MEMORY = quantity("m", kind="state")

DESCENT = UpdateRule(
    "sgd",
    "gradient descent",
    THETA,
    GRADIENT,
    ((ALPHA, Fraction(1, 100)),),
    (),
    (Assignment(THETA, subtract(THETA, times(ALPHA, GRADIENT))),),
)
MOMENTUM = UpdateRule(
    "momentum",
    "gradient descent with momentum",
    THETA,
    GRADIENT,
    ((ALPHA, Fraction(1, 100)), (BETA, Fraction(9, 10))),
    (MEMORY,),
    (
        Assignment(MEMORY, add(times(BETA, MEMORY), GRADIENT)),
        Assignment(THETA, subtract(THETA, times(ALPHA, MEMORY))),
    ),
)


def gradient(of, wrt, *shape):
    return quantity(Derivative(of, wrt), *shape, kind="gradient")


def neuron_model(rule=DESCENT):
    """The linear neuron of the gallery, with its data, its starting values and its rule."""
    forward = neuron()
    x, y, w, b = (
        quantity("x", 1, n, kind="input"),
        quantity("y", kind="input"),
        quantity("w", n, 1, kind="param"),
        quantity("b", kind="param"),
    )
    uniform = Initializer("uniform", (Fraction(0), Fraction(1)))
    row, column = index(1), index(n)
    return replace(
        forward,
        title="A linear neuron with squared error.",
        dimensions=(Dimension("n", 3),),
        declarations=(
            Declaration(x),
            Declaration(y),
            Declaration(w, uniform),
            Declaration(b, uniform),
        ),
        objective=Objective(forward.equations[-1].left, rule, (("alpha", Fraction(1, 1000)),)),
        example=Example(
            (equation(x, (row, column), add(column, 1)), equation(y, (), 1)), steps=200, every=1
        ),
    )


def neuron_gradients():
    """∂C/∂ŷ, ∂C/∂w and ∂C/∂b, each reading the one before it."""
    x, y = quantity("x", 1, n, kind="input"), quantity("y", kind="input")
    y_hat = quantity("y_hat", 1, 1)
    upstream = gradient("C", "y_hat", 1, 1)
    i, j = index(1), index(1, "j")
    s, t, k = index(1), index(1, "j"), index(n, "k")
    u, v = index(1), index(1, "j")
    return (
        equation(upstream, (i, j), times(2, subtract(at(y_hat, i, j), y))),
        equation(
            gradient("C", "w", n, 1), (k, t), total(s, times(at(upstream, s, t), at(x, s, k)))
        ),
        equation(gradient("C", "b"), (), total(u, total(v, at(upstream, u, v)))),
    )


NEURON_FORMULAS = Formulas(
    forward=(Formula("y_hat", "ŷ = x w + b", "(1)"), Formula("C", "C = (ŷ − y)²")),
    gradients=(
        Formula(Derivative("C", "y_hat"), "∂C/∂ŷ = 2(ŷ − y)"),
        Formula(Derivative("C", "w"), "∂C/∂w = xᵀ [2(ŷ − y)]", "(5)–(7)"),
        Formula(Derivative("C", "b"), "∂C/∂b = 2(ŷ − y)", "(8)"),
    ),
    update=(
        Formula("w", "w ← w − α xᵀ [2(ŷ − y)]", "(9)–(11)"),
        Formula("b", "b ← b − α 2(ŷ − y)", "(12)"),
    ),
)
