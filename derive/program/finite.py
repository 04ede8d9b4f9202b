"""Which values are finite wherever they are computed, so that zero times them is zero.

A choice between such a value and zero is a product with its condition, which is many times faster
than a choice between two arrays.  A logarithm or a quotient may be infinite exactly where it is not
chosen, and stays a choice.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from derive.calculus.tidy import all_of
from derive.conditions import stays_inside
from derive.model import Equation
from derive.program.array_functions import PARTIAL
from derive.terms import (
    ZERO,
    Add,
    Call,
    Choice,
    Constant,
    Divide,
    Entry,
    IndexValue,
    Multiply,
    Name,
    Negate,
    Number,
    Power,
    Reduction,
    Size,
    Term,
    entries,
    same,
)

# Functions with a pole, beside those that are not defined everywhere.
POLES = frozenset({"tan", "arctanh", "lgamma", "digamma", "trigamma"})
# What data, parameters and numbers hold is finite: a generated module refuses other arguments.
GIVEN = ("input", "param", "const", "index")


def finite_names(equations: Sequence[Equation]) -> frozenset[Name]:
    """The quantities whose equations give finite values for finite data.

    What steps reads itself: all are taken to be finite until an equation shows otherwise.

    >>> from derive.terms import ONE, Quantity
    >>> x, u, v = (Quantity(name, (), kind) for name, kind in
    ...            (("x", "input"), ("u", "defined"), ("v", "defined")))
    >>> inverse = Equation(v, (), Divide(ONE, Entry(x, ())))
    >>> sorted(finite_names([Equation(u, (), Call("tanh", (Entry(x, ()),))), inverse]))
    ['u']
    """
    found = frozenset(equation.left.name for equation in equations)
    while True:
        kept = frozenset(e.left.name for e in equations if is_finite(e.right, found)) & found
        if kept == found:
            return found
        found = kept


def is_finite(term: Term, names: Collection[Name]) -> bool:
    """Whether a term of data and the quantities `names` is finite wherever it is computed."""
    match term:
        case Number() | Constant() | Size() | IndexValue():
            return True
        case Entry(quantity, subscripts):
            known = quantity.kind in GIVEN or quantity.name in names
            return known and all(is_finite(subscript, names) for subscript in subscripts)
        case Add(parts) | Multiply(parts):
            return all(is_finite(part, names) for part in parts)
        case Negate(inside):
            return is_finite(inside, names)
        case Call(function, parts) if function not in PARTIAL | POLES or _is_positive(term):
            return all(is_finite(part, names) for part in parts)
        case Call("log", (inside,)) if _is_from_one(inside):
            return is_finite(inside, names)
        case Power(base, Number(value)) if value >= 0 and value.denominator == 1:
            return is_finite(base, names)
        case Divide(above, below):
            return is_finite(above, names) and is_finite(below, names) and _is_positive(below)
        case Reduction("sum" | "prod", _, inside):
            return is_finite(inside, names)
        case Reduction("mean" | "max" | "min" | "logsumexp", _, inside, ()):
            return is_finite(inside, names)
        case Choice(_, chosen, otherwise):
            return is_finite(chosen, names) and is_finite(otherwise, names)
    return False


def is_masked(choice: Choice, names: Collection[Name]) -> bool:
    """Whether a choice is a value that the condition may multiply: finite numbers, or zero.

    Without any names nothing is known of what is computed, and a choice stays one.
    """
    read = entries(choice.chosen)
    pairs = [pair for e in read for pair in zip(e.subscripts, e.quantity.shape, strict=True)]
    plain = all(stays_inside(*pair) for pair in pairs)
    numbers = any(entry.quantity.kind != "index" for entry in read)
    known = bool(names) and choice.otherwise == ZERO
    return known and plain and numbers and is_finite(choice.chosen, names)


def masked_term(reduction: Reduction, names: Collection[Name]) -> Choice | None:
    """What a sum adds at all places, zero where its filter fails; None where that is a choice."""
    if reduction.kind != "sum" or not reduction.where:
        return None
    choice = Choice(all_of(reduction.where), reduction.term, ZERO)
    return choice if is_masked(choice, names) else None


def _is_from_one(term: Term) -> bool:
    """Whether a term is the sum of exponentials of which the largest is one."""
    match term:
        case Reduction("sum", indices, Call("exp", (Add((exponent, Negate(largest))),)), ()):
            return same(largest, Reduction("max", indices, exponent))
    return False


def _is_positive(term: Term) -> bool:
    """Whether a divisor is larger than zero, whatever the data are: 2 n, 1 + exp(-z), Σ exp(z)."""
    match term:
        case Number(value):
            return value > 0
        case Constant() | Size() | Call("exp"):
            return True
        case Add(parts) | Multiply(parts) | Call("sqrt", parts):
            return all(map(_is_positive, parts))
        case Power(base, Number()) | Reduction("sum" | "mean", _, base, ()):
            return _is_positive(base)
    return False
