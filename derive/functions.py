"""The elementary functions, one row each.

A row holds the partial derivatives in the form in which a textbook states them; the tests hold
them against SymPy's.  Where a function has a kink its row says what is taken there: relu′(0) = 0,
|x|′ = 0 at 0, and of two equals the first of `maximum` and `minimum` has the slope.

Everything else that people call an activation is a formula in these: see `language/library.model`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from derive.errors import DerivationError
from derive.simplify import guarded
from derive.terms import (
    ONE,
    TWO,
    ZERO,
    Add,
    Call,
    Compare,
    Constant,
    Divide,
    Multiply,
    Negate,
    Number,
    Power,
    Relation,
    Term,
    number,
)

Rule = Callable[..., Term]


# Functions that some numbers have no value of.
PARTIAL = frozenset(
    "log log1p log2 log10 sqrt tan arcsin arccos arccosh arctanh lgamma digamma trigamma".split()
)


@dataclass(frozen=True)
class FunctionRow:
    """`partials[k](*arguments)` is the derivative with respect to argument k.

    `kink` names the convention at points where there is no derivative (a key of the catalogue).
    """

    name: str
    partials: tuple[Rule, ...]
    kink: str | None = None


def call(name: str, *arguments: Term) -> Term:
    """The term name(arguments)."""
    return Call(name, arguments)


def plus(left: Term, right: Term) -> Term:
    """A sum of two."""
    return Add((left, right))


def minus(left: Term, right: Term) -> Term:
    """A difference."""
    return Add((left, Negate(right)))


def times(*factors: Term) -> Term:
    """A product."""
    return Multiply(factors)


def square(term: Term) -> Term:
    """The square of a term."""
    return Power(term, TWO)


def one_over(term: Term) -> Term:
    """1 / term."""
    return Divide(ONE, term)


def root(term: Term) -> Term:
    """The square root of a term."""
    return Call("sqrt", (term,))


def indicator(relation: Relation, left: Term, right: Term) -> Term:
    """1 where the relation holds, else 0."""
    return guarded((Compare(relation, left, right),), ONE)


def one(name: str, rule: Rule, kink: str | None = None) -> FunctionRow:
    """The row of a function of one argument."""
    return FunctionRow(name, (rule,), kink)


PI = Constant("pi")
TEN: Number = number(10)

_ROWS = (
    one("exp", lambda x: call("exp", x)),
    one("expm1", lambda x: call("exp", x)),
    one("log", lambda x: one_over(x)),
    one("log1p", lambda x: one_over(plus(ONE, x))),
    one("log2", lambda x: one_over(times(x, call("log", TWO)))),
    one("log10", lambda x: one_over(times(x, call("log", TEN)))),
    one("sqrt", lambda x: one_over(times(TWO, root(x)))),
    one("sin", lambda x: call("cos", x)),
    one("cos", lambda x: Negate(call("sin", x))),
    one("tan", lambda x: plus(ONE, square(call("tan", x)))),
    one("arcsin", lambda x: one_over(root(minus(ONE, square(x))))),
    one("arccos", lambda x: Negate(one_over(root(minus(ONE, square(x)))))),
    one("arctan", lambda x: one_over(plus(ONE, square(x)))),
    one("sinh", lambda x: call("cosh", x)),
    one("cosh", lambda x: call("sinh", x)),
    one("tanh", lambda x: minus(ONE, square(call("tanh", x)))),
    one("arcsinh", lambda x: one_over(root(plus(square(x), ONE)))),
    one("arccosh", lambda x: one_over(root(minus(square(x), ONE)))),
    one("arctanh", lambda x: one_over(minus(ONE, square(x)))),
    one("sigmoid", lambda x: times(call("sigmoid", x), minus(ONE, call("sigmoid", x)))),
    one("softplus", lambda x: call("sigmoid", x)),
    one("erf", lambda x: times(Divide(TWO, root(PI)), call("exp", Negate(square(x))))),
    one("erfc", lambda x: Negate(times(Divide(TWO, root(PI)), call("exp", Negate(square(x)))))),
    one("lgamma", lambda x: call("digamma", x)),
    one("digamma", lambda x: call("trigamma", x)),
    one("abs", lambda x: call("sign", x), "abs"),
    one("sign", lambda x: ZERO, "sign"),
    one("relu", lambda x: indicator(">", x, ZERO), "relu"),
    FunctionRow(
        "maximum",
        (lambda a, b: indicator(">=", a, b), lambda a, b: indicator("<", a, b)),
        "first",
    ),
    FunctionRow(
        "minimum",
        (lambda a, b: indicator("<=", a, b), lambda a, b: indicator(">", a, b)),
        "first",
    ),
    FunctionRow(
        "logaddexp",
        (
            lambda a, b: call("sigmoid", minus(a, b)),
            lambda a, b: call("sigmoid", minus(b, a)),
        ),
    ),
    FunctionRow(
        "arctan2",
        (
            lambda y, x: Divide(x, plus(square(x), square(y))),
            lambda y, x: Negate(Divide(y, plus(square(x), square(y)))),
        ),
    ),
)
ROWS = {row.name: row for row in _ROWS}


def function_row(name: str) -> FunctionRow:
    """The row of an elementary function; an unknown one is named."""
    if name not in ROWS:
        known = ", ".join(sorted(ROWS))
        raise DerivationError(f"no derivative is known for '{name}'", f"use one of {known}")
    return ROWS[name]
