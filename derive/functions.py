"""The elementary functions, one row each.

A row holds the partial derivatives in the form in which a textbook states them.  They are checked
against SymPy's by the tests.  Kinks take the declared convention of their row.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from derive.errors import DerivationError
from derive.terms import ONE, TWO, Add, Call, Divide, Multiply, Negate, Power, Term

Rule = Callable[..., Term]


@dataclass(frozen=True)
class FunctionRow:
    """`partials[k](*arguments)` is the derivative with respect to argument k."""

    name: str
    partials: tuple[Rule, ...]


def call(name: str, *arguments: Term) -> Term:
    """The term name(arguments)."""
    return Call(name, arguments)


def one_minus(term: Term) -> Term:
    """1 - term."""
    return Add((ONE, Negate(term)))


def square(term: Term) -> Term:
    """term ** 2."""
    return Power(term, TWO)


ROWS = {
    row.name: row
    for row in (
        FunctionRow("exp", (lambda x: call("exp", x),)),
        FunctionRow("log", (lambda x: Divide(ONE, x),)),
        FunctionRow("sqrt", (lambda x: Divide(ONE, Multiply((TWO, call("sqrt", x)))),)),
        FunctionRow("sin", (lambda x: call("cos", x),)),
        FunctionRow("cos", (lambda x: Negate(call("sin", x)),)),
        FunctionRow("tan", (lambda x: Add((ONE, square(call("tan", x)))),)),
        FunctionRow("sinh", (lambda x: call("cosh", x),)),
        FunctionRow("cosh", (lambda x: call("sinh", x),)),
        FunctionRow("tanh", (lambda x: one_minus(square(call("tanh", x))),)),
        FunctionRow(
            "sigmoid",
            (lambda x: Multiply((call("sigmoid", x), one_minus(call("sigmoid", x)))),),
        ),
        FunctionRow("softplus", (lambda x: call("sigmoid", x),)),
        FunctionRow("log1p", (lambda x: Divide(ONE, Add((ONE, x))),)),
        FunctionRow("expm1", (lambda x: call("exp", x),)),
    )
}


def function_row(name: str) -> FunctionRow:
    """The row of an elementary function; an unknown one is named."""
    if name not in ROWS:
        known = ", ".join(sorted(ROWS))
        raise DerivationError(f"no derivative is known for '{name}'", f"use one of {known}")
    return ROWS[name]
