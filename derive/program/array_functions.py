"""How each elementary function is computed on arrays, one row each.

A function that NumPy has is called by its name; others are short array formulas that do not
overflow, or go through Python's `math`, element by element.  Nothing here is differentiated.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from derive.errors import DerivationError
from derive.numbers.special import SERIES
from derive.program.arrays import Apply, ArrayTerm, Elementwise, Exact, is_plain_number

IN_NUMPY = frozenset(
    {
        "exp", "log", "log2", "log10", "log1p", "expm1", "sqrt", "sin", "cos", "tan", "arcsin",
        "arccos", "arctan", "arctan2", "sinh", "cosh", "tanh", "arcsinh", "arccosh", "arctanh",
        "abs", "sign", "maximum", "minimum",
    }
)  # fmt: skip

# Functions that NumPy lacks and Python's math module has.
IN_MATH = frozenset({"erf", "erfc", "lgamma"})
# Of single numbers, by a series that a module brings along.
BY_SERIES = frozenset(SERIES)

# How Python calls what is another word in NumPy, of numbers that no data are in.
OF_NUMBERS = {
    "abs": "abs", "maximum": "max", "minimum": "min", "arcsin": "math.asin",
    "arccos": "math.acos", "arctan": "math.atan", "arctan2": "math.atan2",
    "arcsinh": "math.asinh", "arccosh": "math.acosh", "arctanh": "math.atanh",
}  # fmt: skip

# Functions that are not defined everywhere, but at 1.
PARTIAL = frozenset({"log", "log2", "log10", "sqrt", "log1p", "arcsin", "arccos", "arccosh"})

_ZERO, _ONE = Exact(Fraction(0)), Exact(Fraction(1))


def _plus(left: ArrayTerm, right: ArrayTerm) -> ArrayTerm:
    return Elementwise("add", (left, right))


def _negated(x: ArrayTerm) -> ArrayTerm:
    match x:
        case Elementwise("negate", (inner,)):
            return inner
    return Elementwise("negate", (x,))


def _exp_of_minus_size(x: ArrayTerm) -> ArrayTerm:
    unsigned = x.operands[0] if isinstance(x, Elementwise) and x.operation == "negate" else x
    size = Apply("abs", (unsigned,))
    return Apply("exp", (_negated(size),))


def _sigmoid(x: ArrayTerm) -> ArrayTerm:
    return Elementwise("divide", (_ONE, _plus(_ONE, Apply("exp", (_negated(x),)))))


def _sign(x: ArrayTerm) -> ArrayTerm:
    """NumPy's for arrays; for a number, whose sign would be one of NumPy's, by comparisons."""
    if not is_plain_number(x):
        return Apply("sign", (x,))
    above, below = (Elementwise(relation, (x, _ZERO)) for relation in (">", "<"))
    return _plus(above, _negated(below))


def _relu(x: ArrayTerm) -> ArrayTerm:
    return Apply("maximum", (x, _ZERO))


def _softplus(x: ArrayTerm) -> ArrayTerm:
    return _plus(_relu(x), Apply("log1p", (_exp_of_minus_size(x),)))


def _logaddexp(x: ArrayTerm, y: ArrayTerm) -> ArrayTerm:
    difference = _plus(x, _negated(y))
    return _plus(Apply("maximum", (x, y)), Apply("log1p", (_exp_of_minus_size(difference),)))


FORMULAS: dict[str, Callable[..., ArrayTerm]] = {
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "relu": _relu,
    "sign": _sign,
    "logaddexp": _logaddexp,
    "stop_gradient": lambda x: x,
}


def apply_function(name: str, arguments: tuple[ArrayTerm, ...]) -> ArrayTerm:
    """The array term of an elementary function of broadcast arguments; an unknown one is named."""
    if name in FORMULAS:
        return FORMULAS[name](*arguments)
    if name not in IN_NUMPY | IN_MATH | BY_SERIES:
        known = ", ".join(sorted({*IN_NUMPY, *IN_MATH, *BY_SERIES, *FORMULAS}))
        raise DerivationError(f"'{name}' is not known on arrays", f"use one of {known}")
    return Apply(name, arguments)
