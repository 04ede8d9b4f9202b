"""Affine subscripts: their coefficients, solving them for an index, and what is true of a range.

A subscript like 2*i + p - 1 is a sum of indices times sizes or numbers, and a rest.  An index of
coefficient 1 or -1 can be solved for, which collapses the delta of the chain rule; a condition
that holds at every value of an index need not be printed or computed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from derive.polynomials import is_size, least
from derive.simplify import negative, product, total
from derive.symbolic import same_size
from derive.terms import (
    ONE,
    ZERO,
    Add,
    Compare,
    Condition,
    Index,
    IndexValue,
    Multiply,
    Negate,
    Number,
    Relation,
    Term,
    free_indices,
    number,
)

# a < b is b > a.
MIRRORED: dict[Relation, Relation] = {"<": ">", "<=": ">="}


@dataclass(frozen=True)
class Affine:
    """The sum of coefficient · index, plus `rest`, plus the number `constant`."""

    coefficients: Mapping[Index, Term]
    rest: Term
    constant: Fraction


def affine(term: Term) -> Affine | None:
    """`term` as an affine function of its indices, None where it is not one.

    >>> i = Index(Number(Fraction(5)))
    >>> affine(Add((Multiply((number(2), IndexValue(i))), Negate(ONE)))).constant
    Fraction(-1, 1)
    """
    match term:
        case Number(value):
            return Affine({}, ZERO, value)
        case IndexValue(index):
            return Affine({index: ONE}, ZERO, Fraction(0))
        case Negate(inner):
            return _scaled(affine(inner), number(-1))
        case Add(terms):
            result: Affine | None = Affine({}, ZERO, Fraction(0))
            for part in terms:
                result = _added(result, affine(part))
            return result
        case Multiply(factors):
            varying = [factor for factor in factors if free_indices(factor)]
            fixed = [factor for factor in factors if not free_indices(factor)]
            if len(varying) == 1:
                return _scaled(affine(varying[0]), product(*fixed))
    return None if free_indices(term) else Affine({}, term, Fraction(0))


def _added(left: Affine | None, right: Affine | None) -> Affine | None:
    if left is None or right is None:
        return None
    coefficients = dict(left.coefficients)
    for index, coefficient in right.coefficients.items():
        coefficients[index] = total_of_numbers(coefficients.get(index, ZERO), coefficient)
    kept = {
        index: coefficient for index, coefficient in coefficients.items() if coefficient != ZERO
    }
    return Affine(kept, total(left.rest, right.rest), left.constant + right.constant)


def _scaled(form: Affine | None, factor: Term) -> Affine | None:
    if form is None:
        return None
    coefficients = {index: product(factor, c) for index, c in form.coefficients.items()}
    rest = product(factor, form.rest)
    if isinstance(factor, Number | Negate):
        value = factor.value if isinstance(factor, Number) else -_value(factor.term)
        return Affine(coefficients, rest, form.constant * value)
    return Affine(coefficients, total(rest, product(number(form.constant), factor)), Fraction(0))


def _value(term: Term) -> Fraction:
    assert isinstance(term, Number)
    return term.value


def total_of_numbers(left: Term, right: Term) -> Term:
    """The sum of two, as one number where both are numbers."""
    values = [signed_value(left), signed_value(right)]
    if values[0] is not None and values[1] is not None:
        return number(values[0] + values[1])
    return total(left, right)


def signed_value(term: Term) -> Fraction | None:
    """The value of a plain number, perhaps with a sign before it."""
    if isinstance(term, Number):
        return term.value
    if isinstance(term, Negate) and isinstance(term.term, Number):
        return -term.term.value
    return None


def solved_for(index: Index, subscript: Term, target: Term) -> Term | None:
    """What `index` is where `subscript` equals `target`, None where that is no whole number.

    >>> t, m = (Index(Number(Fraction(5))) for _ in "tm")
    >>> solved_for(t, Add((IndexValue(t), Negate(ONE))), IndexValue(m)) == Add((IndexValue(m), ONE))
    True
    """
    form = affine(subscript)
    if form is None or index not in form.coefficients:
        return None
    sign = signed_value(form.coefficients[index])
    if sign not in (1, -1):
        return None
    others = [product(c, IndexValue(i)) for i, c in form.coefficients.items() if i is not index]
    rest = [*others, form.rest]
    if sign == 1:
        return total(target, *map(negative, rest), _number_term(-form.constant))
    return total(*rest, _number_term(form.constant), negative(target))


def _number_term(value: Fraction) -> Term:
    return number(value) if value >= 0 else Negate(number(-value))


def within(value: Term, size: Term) -> tuple[Condition, ...]:
    """The conditions under which `value` is a place of an axis, without those always true."""
    bounds = (Compare("<=", ZERO, value), Compare("<", value, size))
    return tuple(condition for condition in bounds if not always(condition))


def always(condition: Condition) -> bool:
    """Whether a comparison of affine terms holds at every value of its indices.

    Only what can be seen from the ranges is found: an index is at least 0 and below its size, and
    a size is at least 1.

    >>> m = Index(Number(Fraction(5)))
    >>> always(Compare(">=", Add((IndexValue(m), ONE)), ONE))
    True
    >>> always(Compare("<", IndexValue(m), number(5))), always(Compare("<", IndexValue(m), ONE))
    (True, False)
    """
    if not isinstance(condition, Compare):
        return False
    left, right = condition.left, condition.right
    relation = condition.relation
    if relation in ("<", "<="):
        left, right = right, left
        relation = MIRRORED[relation]
    difference = affine(total(left, negative(right)))
    return difference is not None and _never_below(difference, relation)


def _never_below(difference: Affine, relation: Relation) -> bool:
    """Whether difference > 0, or >= 0, wherever its indices are."""
    if relation not in (">", ">="):
        return False
    smallest, rest = difference.constant, [difference.rest]
    for index, coefficient in difference.coefficients.items():
        value = signed_value(coefficient)
        if value is None:
            return False
        if value < 0:
            # The index is at most size - 1, and its size may be a number.
            size = signed_value(index.size)
            smallest += -value if size is None else value * (size - 1)
            rest += [] if size is not None else [product(number(value), index.size)]
    remaining = total(*rest)
    lowest = least(remaining)
    if lowest is None and not (is_size(remaining) and same_size(remaining, ZERO)):
        return False
    smallest += lowest or 0
    return smallest > 0 or (relation == ">=" and smallest == 0)
