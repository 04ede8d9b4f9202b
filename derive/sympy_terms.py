"""From SymPy expressions to terms: one rule for each class of SymPy that has a meaning here.

SymPy has already sorted what it was given, so a sum is put in the order in which a person writes
it: products of arrays first, what is subtracted last.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import reduce, singledispatch
from typing import Any, Protocol

import sympy
from sympy.matrices.expressions.matexpr import MatrixElement

from derive.errors import DeriveError
from derive.functions import ROWS
from derive.symbolic import SYMPY_FUNCTIONS
from derive.terms import (
    ONE,
    ZERO,
    Add,
    AllOf,
    AnyOf,
    Call,
    Choice,
    Compare,
    Condition,
    Constant,
    Divide,
    Entry,
    Index,
    IndexValue,
    Multiply,
    Negate,
    Not,
    Number,
    Power,
    Quantity,
    Reduction,
    Relation,
    Term,
    number,
)

# A SymPy class by its name, for the functions that SymPy has; the others are undefined functions.
FUNCTIONS: Mapping[str, str] = {
    image.__name__: name
    for name, image in SYMPY_FUNCTIONS.items()
    if isinstance(image, sympy.core.function.FunctionClass)
}
REDUCTIONS = {sympy.Sum: "sum", sympy.Product: "prod"}
RELATIONS: Mapping[Any, Relation] = {
    sympy.Eq: "==",
    sympy.Ne: "!=",
    sympy.StrictLessThan: "<",
    sympy.LessThan: "<=",
    sympy.StrictGreaterThan: ">",
    sympy.GreaterThan: ">=",
}
LARGEST_POWER = 8


class Naming(Protocol):
    """What symbols stand for."""

    def symbol(self, symbol: sympy.Symbol) -> Term:
        """A dimension, or the entry of a scalar quantity."""

    def array(self, base: Any, subscripts: tuple[Term, ...]) -> Quantity:
        """The quantity of an indexed base or of a matrix symbol."""


@dataclass(frozen=True)
class Reader:
    """Reads expressions in which the symbols in `indices` stand for terms in indices."""

    naming: Naming
    indices: Mapping[sympy.Symbol, Term] = field(default_factory=dict)

    def term(self, expression: sympy.Basic) -> Term:
        """The term of a scalar expression."""
        return term_of(expression, self)

    def terms(self, expressions: Any) -> tuple[Term, ...]:
        """The terms of several expressions."""
        return tuple(self.term(expression) for expression in expressions)

    def binding(self, symbol: sympy.Symbol, term: Term) -> Reader:
        """The reader in which `symbol` stands for `term`."""
        return replace(self, indices={**self.indices, symbol: term})


def exact(value: Any) -> Fraction:
    """The exact value of a Python or SymPy number, a float being the decimals it is printed as."""
    if isinstance(value, sympy.Rational):
        return Fraction(int(value.p), int(value.q))
    if isinstance(value, int | float | Fraction | sympy.Float):
        return Fraction(str(value))
    raise DeriveError(f"{str(value)[:40]!r} is not a number", "give a number such as 0.01")


@singledispatch
def term_of(expression: Any, reader: Reader) -> Term:
    """The term of an expression; a class without a rule is refused by name."""
    raise DeriveError(
        f"{type(expression).__name__} has no meaning in a model: {str(expression)[:60]}",
        "use +, *, **, elementary functions, Sum, Product, Piecewise, Indexed and matrices",
    )


@term_of.register(sympy.Integer)
@term_of.register(sympy.Float)
def _number(expression: Any, reader: Reader) -> Term:
    value = exact(expression)
    if value < 0:
        return Negate(_number(-expression, reader))
    return Number(value, None if value.denominator == 1 else str(expression))


@term_of.register
def _rational(expression: sympy.Rational, reader: Reader) -> Term:
    return reader.term(sympy.Integer(expression.p)) if expression.q == 1 else _ratio(expression)


def _ratio(expression: sympy.Rational) -> Term:
    quotient = Divide(number(abs(int(expression.p))), number(int(expression.q)))
    return Negate(quotient) if expression.p < 0 else quotient


@term_of.register
def _pi(expression: sympy.core.numbers.Pi, reader: Reader) -> Term:
    return Constant("pi")


@term_of.register
def _e(expression: sympy.core.numbers.Exp1, reader: Reader) -> Term:
    return Call("exp", (ONE,))


@term_of.register
def _symbol(expression: sympy.Symbol, reader: Reader) -> Term:
    if expression in reader.indices:
        return reader.indices[expression]
    return reader.naming.symbol(expression)


@term_of.register
def _indexed(expression: sympy.Indexed, reader: Reader) -> Term:
    subscripts = reader.terms(expression.indices)
    return Entry(reader.naming.array(expression.base, subscripts), subscripts)


# --- arithmetic ---------------------------------------------------------------------------------


@term_of.register
def _sum(expression: sympy.Add, reader: Reader) -> Term:
    return Add(_in_order(reader.terms(expression.as_ordered_terms())))


def _in_order(terms: tuple[Term, ...]) -> tuple[Term, ...]:
    """Reductions first, what is subtracted last, else in SymPy's order."""
    return tuple(sorted(terms, key=lambda t: (isinstance(t, Negate), not isinstance(t, Reduction))))


@term_of.register
def _product(expression: sympy.Mul, reader: Reader) -> Term:
    if expression.could_extract_minus_sign() and expression.as_coeff_Mul()[0].is_negative:
        return Negate(reader.term(-expression))
    above, below = sympy.fraction(expression)
    if below != 1:
        return Divide(reader.term(above), reader.term(below))
    return Multiply(reader.terms(expression.as_ordered_factors()))


@term_of.register
def _power(expression: sympy.Pow, reader: Reader) -> Term:
    base, exponent = expression.args
    if exponent == sympy.Rational(1, 2):
        return Call("sqrt", (reader.term(base),))
    if exponent.is_number and exponent.is_negative:
        return Divide(ONE, reader.term(base ** (-exponent)))
    return Power(reader.term(base), reader.term(exponent))


# --- functions, choices, reductions -------------------------------------------------------------


@term_of.register(sympy.Function)
def _function(expression: Any, reader: Reader) -> Term:
    called = type(expression).__name__
    name = FUNCTIONS.get(called, called)
    arguments = reader.terms(expression.args)
    if name in ROWS and len(ROWS[name].partials) == len(arguments):
        return Call(name, arguments)
    raise DeriveError(
        f"the function {called} of {len(arguments)} arguments is not known",
        f"use one of {', '.join(sorted(ROWS))}",
    )


@term_of.register(sympy.Max)
@term_of.register(sympy.Min)
def _extreme(expression: Any, reader: Reader) -> Term:
    name = FUNCTIONS[type(expression).__name__]
    ordered = sorted(expression.args, key=sympy.default_sort_key)
    return reduce(lambda a, b: Call(name, (a, b)), reader.terms(ordered))


@term_of.register
def _choice(expression: sympy.Piecewise, reader: Reader) -> Term:
    *others, (last, condition) = expression.args
    if condition != sympy.true:
        raise DeriveError(
            f"the Piecewise {str(expression)[:60]} has no value elsewhere",
            "end it with (value, True)",
        )
    term = reader.term(last)
    for chosen, test in reversed(others):
        term = Choice(condition_of(test, reader), reader.term(chosen), term)
    return term


def condition_of(expression: Any, reader: Reader) -> Condition:
    """The condition of a relation, or of relations joined by And, Or and Not."""
    for kind, relation in RELATIONS.items():
        if isinstance(expression, kind):
            return Compare(relation, *reader.terms(expression.args))
    parts = (
        tuple(condition_of(part, reader) for part in sorted(expression.args, key=str))
        if isinstance(expression, sympy.And | sympy.Or | sympy.Not)
        else ()
    )
    match expression:
        case sympy.And():
            return AllOf(parts)
        case sympy.Or():
            return AnyOf(parts)
        case sympy.Not():
            return Not(parts[0])
    raise DeriveError(f"{expression} is not a condition", "use ==, <, <=, And, Or and Not")


@term_of.register
def _delta(expression: sympy.KroneckerDelta, reader: Reader) -> Term:
    return Choice(Compare("==", *reader.terms(expression.args[:2])), ONE, ZERO)


@term_of.register(sympy.Sum)
@term_of.register(sympy.Product)
def _reduction(expression: Any, reader: Reader) -> Term:
    indices = []
    for symbol, low, high in reversed(expression.limits):
        index = Index(reader.term(sympy.expand(high - low + 1)), symbol.name.strip("_"))
        indices.append(index)
        here: Term = IndexValue(index)
        if low != 0:
            here = Add((here, reader.term(low)))
        reader = reader.binding(symbol, here)
    term = reader.term(expression.function)
    return Reduction(REDUCTIONS[type(expression)], tuple(indices), term)


# --- matrices -----------------------------------------------------------------------------------


@term_of.register
def _element(expression: MatrixElement, reader: Reader) -> Term:
    matrix, *place = expression.args
    return entry_of(matrix, reader.terms(place), reader)


@term_of.register
def _trace(expression: sympy.Trace, reader: Reader) -> Term:
    index = Index(reader.term(expression.arg.shape[0]))
    place = IndexValue(index)
    return Reduction("sum", (index,), entry_of(expression.arg, (place, place), reader))


def entry_of(matrix: Any, place: tuple[Term, ...], reader: Reader) -> Term:
    """The term of the entry of a matrix expression at `place`."""
    match matrix:
        case sympy.MatrixSymbol():
            return Entry(reader.naming.array(matrix, place), place)
        case sympy.MatAdd():
            ordered = sorted(matrix.args, key=lambda m: not m.has(sympy.MatMul))
            return Add(_in_order(tuple(entry_of(part, place, reader) for part in ordered)))
        case sympy.MatMul():
            return _matrix_product(matrix, place, reader)
        case sympy.MatPow():
            return _matrix_power(matrix, place, reader)
        case sympy.Transpose():
            return entry_of(matrix.arg, place[::-1], reader)
        case sympy.HadamardProduct():
            return Multiply(tuple(entry_of(part, place, reader) for part in matrix.args))
        case sympy.HadamardPower():
            return Power(entry_of(matrix.base, place, reader), reader.term(matrix.exp))
        case sympy.Identity() if matrix.shape == (1, 1):
            return ONE
        case sympy.Identity():
            return Choice(Compare("==", *place), ONE, ZERO)
        case sympy.OneMatrix():
            return ONE
        case sympy.ZeroMatrix():
            return ZERO
    raise DeriveError(
        f"{type(matrix).__name__} has no meaning in a model: {str(matrix)[:60]}",
        "use sums, products, transposes and Hadamard products of matrix symbols",
    )


def _matrix_product(product: sympy.MatMul, place: tuple[Term, ...], reader: Reader) -> Term:
    coefficient, matrices = product.as_coeff_matrices()
    term = _chained(list(matrices), place, reader)
    factor = reader.term(abs(coefficient) if coefficient.is_number else coefficient)
    if ONE in (term, factor):
        scaled = factor if term == ONE else term
    else:
        scaled = Multiply((factor, term))
    return Negate(scaled) if coefficient.is_negative else scaled


def _chained(matrices: list[Any], place: tuple[Term, ...], reader: Reader) -> Term:
    """(A B ...) Z at one place: the product from the left."""
    *left, last = matrices
    if not left:
        return entry_of(last, place, reader)
    index = Index(reader.term(last.shape[0]))
    inner = IndexValue(index)
    factors = (
        _chained(left, (place[0], inner), reader),
        entry_of(last, (inner, place[1]), reader),
    )
    return Reduction("sum", (index,), Multiply(factors))


def _matrix_power(power: sympy.MatPow, place: tuple[Term, ...], reader: Reader) -> Term:
    base, exponent = power.args
    if base.shape == (1, 1):
        return Power(entry_of(base, place, reader), reader.term(exponent))
    if not exponent.is_Integer or not 1 <= exponent <= LARGEST_POWER:
        raise DeriveError(
            f"the power {str(power)[:60]} of a matrix is not known here",
            f"whole powers from 1 to {LARGEST_POWER} are",
        )
    return _chained([base] * int(exponent), place, reader)
