"""How tightly terms bind: the facts about terms on which brackets are decided.

The levels rise from what binds loosest.  `FACTOR` is what may stand in a product, `ATOM` what may
carry an exponent.
"""

from __future__ import annotations

from enum import IntEnum

from derive.terms import (
    Add,
    AllOf,
    AnyOf,
    Call,
    Choice,
    Compare,
    Constant,
    Derivative,
    Divide,
    Entry,
    FloorDivide,
    IndexValue,
    LinearAlgebra,
    Multiply,
    Negate,
    Node,
    Not,
    Number,
    Partial,
    Power,
    Reduction,
    Size,
    Term,
)


class Level(IntEnum):
    """From the loosest to the tightest."""

    ANY = 0
    OR = 1
    AND = 2
    COMPARISON = 3
    SUM = 4
    PRODUCT = 5
    FACTOR = 6
    ATOM = 7


def level(node: Node) -> Level:
    """The level of `node` as it is printed."""
    match node:
        case Choice():
            return Level.ATOM if is_indicator(node) else Level.ANY
        case AnyOf():
            return Level.OR
        case AllOf():
            return Level.AND
        case Compare():
            return Level.COMPARISON
        case Number() | Multiply() | Divide() if without_sign(node) is not None:
            return Level.SUM
        case Number():
            return Level.ATOM if is_plain(node) else Level.PRODUCT
        case Multiply(factors):
            return level(factors[0]) if len(factors) == 1 else Level.PRODUCT
        case Add(terms):
            return level(terms[0]) if len(terms) == 1 else Level.SUM
        case Negate():
            return Level.SUM
        case Divide() | Reduction():
            return Level.PRODUCT
        case Power() | Partial() | Call("sqrt"):
            return Level.FACTOR
        case Entry(quantity):
            return Level.FACTOR if isinstance(quantity.name, Derivative) else Level.ATOM
        case LinearAlgebra(_, _, subscripts):
            return Level.ATOM if subscripts else Level.FACTOR
        case Constant() | Size() | IndexValue() | FloorDivide() | Call() | Not():
            return Level.ATOM
    raise TypeError(f"level: unknown node {type(node).__name__}")


def is_plain(value: Number) -> bool:
    """Whether a number is printed as digits only: no fraction, no power of ten."""
    if value.text is None:
        return value.value.denominator == 1
    return "e" not in value.text.lower()


def without_sign(term: Term) -> Term | None:
    """What is behind the minus that `term` begins with, None where it begins with none.

    >>> without_sign(Negate(Size("n")))
    Size(name='n')
    """
    match term:
        case Negate(inner):
            return inner
        case Number(value, text) if value < 0:
            return Number(-value, text.lstrip("-") if text else None)
        case Multiply((first, *rest)) if not isinstance(first, Multiply):
            behind = without_sign(first)
            if behind is not None and rest and without_sign(behind) is None:
                return Multiply((behind, *rest))
        case Divide(above, below):
            behind = without_sign(above)
            if behind is not None and without_sign(behind) is None:
                return Divide(behind, below)
    return None


def is_indicator(node: Node) -> bool:
    """Whether a term is 1 where a condition holds and 0 elsewhere: Iverson's bracket [y = k].

    >>> from derive.terms import ONE, ZERO
    >>> is_indicator(Choice(Compare("==", Size("n"), Size("m")), ONE, ZERO))
    True
    """
    match node:
        case Choice(_, Number(chosen), Number(otherwise)):
            return chosen == 1 and otherwise == 0
    return False


def ends_open(term: Term) -> bool:
    """Whether what follows `term` could be read as a part of it, as behind a sum."""
    match term:
        case Reduction() | Choice():
            return not is_indicator(term)
        case Negate(inner):
            return ends_open(inner)
        case Multiply(factors) | Add(factors):
            return ends_open(factors[-1])
    return False


def is_fraction(term: Term) -> bool:
    """Whether `term` is one fraction with a bar of its own, without a sign before it."""
    if without_sign(term) is not None:
        return False
    match term:
        case Divide() | Partial():
            return True
        case Number():
            return term.text is None and term.value.denominator != 1
        case Entry(quantity):
            return isinstance(quantity.name, Derivative)
    return False
