"""Terms seen as functions, however they are written and through the names in them.

`1 / (1 + exp(-z))`, `exp(z) / (1 + exp(z))`, `sigmoid(z)` and an `s` that is defined as one of
them are all σ(z).
"""

from __future__ import annotations

from derive.calculus.matching import alike
from derive.program.stable.known import Known
from derive.program.stable.softmax import Softmax, match_each
from derive.simplify import negative
from derive.terms import (
    ONE,
    Add,
    Call,
    Condition,
    Divide,
    Index,
    Multiply,
    Negate,
    Number,
    Power,
    Reduction,
    Term,
)


def function_of(name: str, term: Term, known: Known) -> Term | None:
    """The t of `name`(t)."""
    match known.opened(term):
        case Call(function, (argument,)) if function == name:
            return argument
    return None


def exponent_of(term: Term, known: Known) -> Term | None:
    """The t of exp(t) and of 1 / exp(-t)."""
    match known.opened(term):
        case Call("exp", (argument,)):
            return argument
        case Divide(one, below) if one == ONE:
            exponent = exponent_of(below, known)
            return None if exponent is None else negative(exponent)
    return None


def exponent_beside_one(term: Term, known: Known) -> Term | None:
    """The t of 1 + exp(t)."""
    match known.opened(term):
        case Add((first, second)):
            for one, other in ((first, second), (second, first)):
                if one == ONE and (exponent := exponent_of(other, known)) is not None:
                    return exponent
    return None


def logistic_of(term: Term, known: Known) -> Term | None:
    """The t of σ(t)."""
    match known.opened(term):
        case Call("sigmoid", (argument,)):
            return argument
        case Divide(above, below):
            inside = exponent_beside_one(below, known)
            if inside is None:
                return None
            if above == ONE:
                return negative(inside)
            exponent = exponent_of(above, known)
            return inside if exponent is not None and alike(exponent, inside) else None
        case Add((first, second)):
            for one, other in ((first, second), (second, first)):
                if one == ONE and isinstance(other, Negate):
                    inside = logistic_of(other.term, known)
                    return None if inside is None else negative(inside)
    return None


def tanh_squared_of(term: Term, known: Known) -> Term | None:
    """The t of tanh(t)²."""
    match known.opened(term):
        case Power(base, Number(value)) if value == 2:
            return function_of("tanh", base, known)
        case Multiply((first, second)) if alike(first, second):
            return function_of("tanh", first, known)
    return None


def square_of(term: Term, known: Known) -> Term | None:
    """The t of t²."""
    match known.opened(term):
        case Power(base, Number(value)) if value == 2:
            return base
        case Multiply((first, second)) if alike(first, second):
            return first
    return None


def exponential_sum_of(
    term: Term, known: Known
) -> tuple[tuple[Index, ...], Term, tuple[Condition, ...]] | None:
    """The indices, t and conditions of a sum of exp(t)."""
    match known.opened(term):
        case Reduction("sum", indices, inside, where):
            exponent = exponent_of(inside, known)
            return None if exponent is None else (indices, exponent, where)
    return None


def logarithm_of_sum(term: Term, known: Known) -> Reduction | None:
    """The log-sum-exp that a term is, also as the logarithm of a sum."""
    match known.opened(term):
        case Reduction("logsumexp") as found:
            return found
        case Call("log", (argument,)):
            total = exponential_sum_of(argument, known)
            return None if total is None else Reduction("logsumexp", *total)
    return None


def softmax_in(above: Term, below: Term, known: Known) -> Softmax | None:
    """The softmax that a quotient is."""
    own, total = exponent_of(above, known), exponential_sum_of(below, known)
    if own is None or total is None or not match_each(total[1], own, total[0]):
        return None
    return Softmax(own, total[1], total[0], total[2])


def normalised(term: Term, known: Known) -> Softmax | None:
    """The softmax that a term is."""
    match known.opened(term):
        case Divide(above, below):
            return softmax_in(above, below, known)
    return None


def is_shifted(exponent: Term, known: Known) -> bool:
    """Whether the largest exponent is taken off already."""
    match exponent:
        case Add(terms):
            parts = (known.opened(part.term) for part in terms if isinstance(part, Negate))
            return any(isinstance(part, Reduction) and part.kind == "max" for part in parts)
    return False
