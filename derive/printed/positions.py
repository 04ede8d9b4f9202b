"""Positions, sizes and the ends of ranges: what is made of letters, sizes and index data."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np

from derive.names import Symbol
from derive.numbers.evaluation import OutOfRange
from derive.printed.expressions import (
    Applied,
    Expression,
    Named,
    Numeral,
    Power,
    Product,
    Quotient,
    Sum,
    walk,
)
from derive.printed.reader import Unreadable
from derive.printed.scope import Location, Scope, plain
from derive.terms import Name, Quantity, is_one


def location_of(
    quantity: Quantity, subscripts: tuple[Expression, ...], scope: Scope
) -> Location | None:
    """Where an entry stands, counted from 0; None for the whole.

    An axis of size one has no subscript in print; what has fewer subscripts than axes is an array.
    """
    running = [axis for axis, size in enumerate(quantity.shape) if not is_one(size)]
    if running and not subscripts:
        return None
    if len(subscripts) > len(running):
        raise Unreadable(f"{quantity.name} has too many subscripts", "mend the print")
    at = dict(zip(running, subscripts, strict=False))
    last = running[len(subscripts)] if len(subscripts) < len(running) else len(quantity.shape)
    return tuple(integer(at[axis], scope) - 1 if axis in at else 0 for axis in range(last))


def integer(expression: Expression, scope: Scope) -> int:
    """The value of a position, a size or the end of a range."""
    found = rational(expression, scope)
    if found is None:
        raise Unreadable("a position is made of data", "print sizes, letters and index data")
    if found.denominator != 1:
        raise OutOfRange(f"a position is {found}", "look at other sizes")
    return int(found)


def rational(expression: Expression, scope: Scope) -> Fraction | None:
    """The value of what is made of letters, sizes and index data, None for anything else."""
    match expression:
        case Numeral(value):
            return value
        case Named(symbol, subscripts):
            return _whole_number(symbol, subscripts, scope)
        case Sum(parts):
            found = [(minus, rational(part, scope)) for minus, part in parts]
            known = [-value if minus else value for minus, value in found if value is not None]
            return sum(known, Fraction(0)) if len(known) == len(found) else None
        case Product(factors, "×"):
            numbers = [rational(factor, scope) for factor in factors]
            if any(number is None for number in numbers):
                return None
            return math.prod((n for n in numbers if n is not None), start=Fraction(1))
        case Quotient(above, below):
            upper, lower = rational(above, scope), rational(below, scope)
            return None if upper is None or not lower else upper / lower
        case Power(base, exponent):
            root, times = rational(base, scope), rational(exponent, scope)
            if root is None or times is None or times.denominator != 1:
                return None
            return Fraction(root) ** times.numerator
        case Applied("floor" | "ceil" as word, (inside,)):
            inner = rational(inside, scope)
            rounded = math.floor if word == "floor" else math.ceil
            return None if inner is None else Fraction(rounded(inner))
    return None


def _whole_number(
    symbol: Symbol, subscripts: tuple[Expression, ...], scope: Scope
) -> Fraction | None:
    point = scope.point
    quantity = point.names.get(symbol)
    if quantity is not None:
        if quantity.kind != "index":
            return None
        at = location_of(quantity, subscripts, scope)
        array = point.arrays[plain(quantity.name)]
        if at is None or not all(0 <= p < n for p, n in zip(at, array.shape, strict=True)):
            raise OutOfRange(f"'{quantity.name}' has no such place", "look at another place")
        return Fraction(int(array[at]) + 1)
    if symbol in scope.letters:
        return Fraction(scope.letters[symbol])
    return Fraction(point.sizes[symbol]) if symbol in point.sizes else None


def looked_up(expressions: tuple[Expression, ...], scope: Scope) -> dict[Name, Location]:
    """Where index data are read in some subscripts."""
    found: dict[Name, Location] = {}
    for part in (part for expression in expressions for part in walk(expression)):
        if isinstance(part, Named) and part.symbol in scope.point.names:
            quantity = scope.point.names[part.symbol]
            at = location_of(quantity, part.subscripts, scope)
            if quantity.kind == "index" and at is not None:
                found[quantity.name] = at
    return found


def require_place(name: Name, at: Location, array: np.ndarray) -> None:
    """Refuse a place that is outside of an array, `OutOfRange`."""
    if not all(0 <= place < n for place, n in zip(at, array.shape, strict=False)):
        raise OutOfRange(f"'{name}' has no place {list(at)}", "look at another place")
