"""How each elementary function is computed on arrays, one row each.

A function that NumPy has is called by its name; the others are short array formulas that do not
overflow.  Nothing here is differentiated.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from derive.arrays import Apply, ArrayTerm, Elementwise, Exact
from derive.errors import DerivationError

IN_NUMPY = frozenset(
    {
        "exp", "log", "log1p", "expm1", "sqrt", "sin", "cos", "tan", "arcsin", "arccos", "arctan",
        "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh", "abs", "sign", "maximum",
        "minimum",
    }
)  # fmt: skip

# Functions that are not defined everywhere, but at 1.
PARTIAL = frozenset({"log", "sqrt", "log1p", "arcsin", "arccos", "arccosh"})

_ONE = Exact(Fraction(1))


def _negated(x: ArrayTerm) -> ArrayTerm:
    match x:
        case Elementwise("negate", (inner,)):
            return inner
    return Elementwise("negate", (x,))


def _sigmoid(x: ArrayTerm) -> ArrayTerm:
    below = Elementwise("add", (_ONE, Apply("exp", (_negated(x),))))
    return Elementwise("divide", (_ONE, below))


def _softplus(x: ArrayTerm) -> ArrayTerm:
    positive = Apply("maximum", (x, Exact(Fraction(0))))
    return Elementwise(
        "add", (positive, Apply("log1p", (Apply("exp", (_negated(Apply("abs", (x,))),)),)))
    )


FORMULAS: dict[str, Callable[..., ArrayTerm]] = {"sigmoid": _sigmoid, "softplus": _softplus}


def apply_function(name: str, arguments: tuple[ArrayTerm, ...]) -> ArrayTerm:
    """The array term of an elementary function of broadcast arguments; an unknown one is named."""
    if name in FORMULAS:
        return FORMULAS[name](*arguments)
    if name not in IN_NUMPY:
        known = ", ".join(sorted({*IN_NUMPY, *FORMULAS}))
        raise DerivationError(f"'{name}' is not known on arrays", f"use one of {known}")
    return Apply(name, arguments)
