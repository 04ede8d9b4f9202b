"""What an expression that was read from print is worth, at a point where all names have values."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import reduce
from itertools import pairwise, product
from typing import Any

import numpy as np

from derive.names import Letters, Symbol
from derive.numbers.dual import Dual, call
from derive.numbers.evaluation import SCALARS, OutOfRange
from derive.printed import values
from derive.printed.expressions import (
    Applied,
    Bracket,
    Cases,
    Chain,
    Count,
    Differentiated,
    Expression,
    General,
    Grid,
    Identity,
    Joined,
    Named,
    Numeral,
    Ones,
    Part,
    Power,
    Product,
    Quotient,
    Ranged,
    Sized,
    Slope,
    Sum,
    Transposed,
)
from derive.printed.names import entry_of
from derive.printed.positions import integer, location_of, looked_up, rational, require_place
from derive.printed.reader import Unreadable
from derive.printed.scope import (
    Location,
    Meaning,
    Moving,
    Scope,
    bare_letters,
    letters_of,
    plain,
)
from derive.printed.values import Value, Whole, as_matrix
from derive.terms import Name, Quantity, is_one

# The words and signs that differ from the names of the functions.
WORDS = {"σ": "sigmoid", "ReLU": "relu", "max": "maximum", "min": "minimum", "lnΓ": "lgamma"}
PI = Letters("π", "italic")

# --- values -------------------------------------------------------------------------------------


def value_of(expression: Expression, scope: Scope) -> Value:
    """The value of an expression: a dual number, or a matrix of them."""
    match expression:
        case Numeral(number):
            return scope.number(number)
        case Named():
            return _named(expression, scope)
        case Slope():
            return _slope(expression, scope)
        case Sum(parts):
            return _sum([(negative, value_of(part, scope)) for negative, part in parts])
        case Product(factors, sign):
            return _product(factors, sign, scope)
        case Quotient(above, below):
            upper, lower = value_of(above, scope), value_of(below, scope)
            return values.divided(upper, lower)
        case Power(base, exponent):
            return values.power(value_of(base, scope), value_of(exponent, scope))
        case Transposed(matrix):
            return values.transposed(value_of(matrix, scope))
        case Applied(function, arguments):
            return _applied(function, [value_of(part, scope) for part in arguments], scope)
        case Ranged():
            return _ranged(expression, scope)
        case Bracket(condition):
            return _indicator(condition, scope)
        case Cases(rows):
            chosen = next((value for value, when in rows if holds(when, scope)), None)
            if chosen is None:
                raise OutOfRange("no case is meant here", "look at another place")
            return value_of(chosen, scope)
        case Grid(lines):
            entries = [[value_of(entry, scope) for entry in line] for line in lines]
            return values.whole(np.array(entries, dtype=object))
        case Part(matrix, subscripts):
            at = [integer(subscript, scope) - 1 for subscript in subscripts]
            found = _once(matrix, scope).array
            if not all(0 <= p < size for p, size in zip(at, found.shape, strict=False)):
                raise OutOfRange(f"a matrix has no place {at}", "look at another place")
            return found[tuple(at) if len(at) > 1 else (at[0], 0)]
        case Differentiated(wrt, body):
            return _differentiated(wrt, body, scope)
    return _special(expression, scope)


def _once(matrix: Expression, scope: Scope) -> Whole:
    """The value of a whole matrix, of which entry after entry is read."""
    point = scope.point
    if scope.moving is not None or letters_of((matrix,), point):
        return as_matrix(value_of(matrix, scope))
    if matrix not in point.wholes:
        point.wholes[matrix] = as_matrix(value_of(matrix, scope))
    return point.wholes[matrix]


def running_letters(
    expressions: tuple[Expression, ...], point: Meaning
) -> Iterator[tuple[Symbol, int]]:
    """The free letters that stand alone in a subscript, each with the size of its axis."""
    scope = Scope(point)
    return bare_letters(expressions, point, lambda matrix: _once(matrix, scope).array.shape)


def _special(expression: Expression, scope: Scope) -> Value:
    match expression:
        case Ones():
            return Whole(np.array([[scope.number(1)]], dtype=object), (True, False))
        case Identity(size):
            unit = Whole(np.array([[scope.number(1)]], dtype=object), (True, True), diagonal=True)
            rows = None if size is None else integer(size, scope)
            return values.grow(unit, rows, rows)
        case Sized(body, shape):
            return values.of_shape(value_of(body, scope), [integer(n, scope) for n in shape])
        case General(letters, entry):
            sizes = [_extent(letter, (entry,), scope) for letter in letters]
            runs = product(*(range(1, size + 1) for size in sizes))
            entries = [value_of(entry, _with(scope, letters, place)) for place in runs]
            return values.whole(np.array(entries, dtype=object).reshape(sizes))
        case Count(letters, conditions):
            ranges = [range(1, _extent(letter, conditions, scope) + 1) for letter in letters]
            scopes = (_with(scope, letters, place) for place in product(*ranges))
            kept = sum(all(holds(c, inner) for c in conditions) for inner in scopes)
            return scope.number(kept)
    raise Unreadable(f"{type(expression).__name__} has no value", "mend the print")


def _sum(parts: list[tuple[bool, Value]]) -> Value:
    signed = [values.scaled(-1, value) if minus else value for minus, value in parts]
    return values.entrywise(lambda *entries: reduce(lambda a, b: a + b, entries), *signed)


def _product(factors: tuple[Expression, ...], sign: str, scope: Scope) -> Value:
    known: dict[int, Value] = {}
    for place, factor in enumerate(factors):
        if isinstance(factor, Bracket):
            with suppress(OutOfRange):
                # Where another bracket is zero, what this one asks need not be there.
                known[place] = _indicator(factor.condition, scope)
            if place in known and not isinstance(known[place], Whole) and known[place] == 0:
                return known[place]
    found = [
        known[place] if place in known else value_of(factor, scope)
        for place, factor in enumerate(factors)
    ]
    if sign == "∘":
        return values.entrywise(lambda *entries: reduce(lambda a, b: a * b, entries), *found)
    joined = values.JOINED.get(sign)
    return values.product(found) if joined is None else reduce(joined, found)


def _indicator(condition: Expression, scope: Scope) -> Value:
    """1 where a condition holds and 0 elsewhere; of arrays, entry by entry."""
    match condition:
        case Chain((left, right), (relation,)) if rational(left, scope) is None:
            compared = RELATIONS[relation]
            return values.entrywise(
                lambda a, b: scope.number(int(compared(a, b))),
                value_of(left, scope),
                value_of(right, scope),
            )
    return scope.number(int(holds(condition, scope)))


def _applied(function: str, arguments: list[Value], scope: Scope) -> Value:
    (first, *_) = arguments
    match function:
        case "diag":
            return values.diagonal(first)
        case "rowsum":
            return values.row_sums(first)
        case "det":
            return values.operated("det", first)
        case "chol":
            return values.operated("cholesky", first)
        case "floor" | "ceil":
            rounded: Callable[[Any], int] = math.floor if function == "floor" else math.ceil
            return scope.number(rounded(first.value.value))
    word = WORDS.get(function, function)
    return values.entrywise(lambda *entries: call(word, *entries), *arguments)


def _ranged(big: Ranged, scope: Scope) -> Value:
    if big.sign in ("argmax", "argmin"):
        return _position(big, scope)
    found = [value_of(big.body, inner) for inner in _places(big, scope)]
    match big.sign:
        case "∑":
            return _sum([(False, value) for value in found]) if found else scope.number(0)
        case "∏":
            return reduce(lambda a, b: a * b, found, scope.number(1))
        case "max" | "min" if found:
            return reduce(lambda a, b: call(WORDS[big.sign], a, b), found)
    raise Unreadable(f"'{big.sign}' over {len(found)} places", "mend the print")


def _places(big: Ranged, scope: Scope) -> Iterator[Scope]:
    """The places of a range, in their order, at which its conditions hold."""
    for place in range(integer(big.first, scope), integer(big.last, scope) + 1):
        inner = _with(scope, (big.letter,), (place,))
        if all(holds(condition, inner) for condition in big.conditions):
            yield inner


def _position(big: Ranged, scope: Scope) -> Value:
    """The number, counted from 1, of the first best place; of several letters row by row."""

    def found(one: Expression, inner: Scope, place: int) -> Iterator[tuple[int, Any]]:
        if not isinstance(one, Ranged) or one.sign != big.sign:
            yield place, value_of(one, inner)
            return
        size = integer(one.last, inner)
        for at in _places(one, inner):
            yield from found(one.body, at, place * size + at.letters[one.letter] - 1)

    sign = 1 if big.sign == "argmax" else -1
    best = max(found(big, scope, 0), key=lambda pair: (sign * pair[1].value, -pair[0]))
    return scope.number(best[0] + 1)


def _with(scope: Scope, letters: tuple[Symbol, ...], places: tuple[int, ...]) -> Scope:
    inner = dict(zip(letters, places, strict=True))
    return replace(scope, letters={**scope.letters, **inner})


def _extent(letter: Symbol, conditions: tuple[Expression, ...], scope: Scope) -> int:
    found = [last for one, last in bare_letters(conditions, scope.point) if one == letter]
    if not found and letter not in scope.point.ranges:
        raise Unreadable("a letter runs over nothing that is printed", "print its range")
    return min(found) if found else scope.point.ranges[letter]


# --- names --------------------------------------------------------------------------------------


def _named(name: Named, scope: Scope) -> Value:
    point, symbol = scope.point, name.symbol
    if symbol in point.names:
        quantity = point.names[symbol]
        if quantity.kind == "index":
            return scope.number(integer(name, scope))
        at = location_of(quantity, name.subscripts, scope)
        return _read(quantity, at, scope, name)
    if not name.subscripts and (symbol in scope.letters or symbol in point.sizes):
        return scope.number(integer(name, scope))
    if symbol == PI:
        return point.here.pi()
    raise Unreadable(f"nobody said what {symbol} is", "print only what has a name")


def _read(quantity: Quantity, at: Location | None, scope: Scope, node: Named | Slope) -> Value:
    """An entry, or an array of those that begin with some subscripts."""
    point, name = scope.point, plain(quantity.name)
    array = point.arrays[name]
    if at is not None and name in point.before:
        axis, first, started = point.before[name]
        if len(at) > axis and at[axis] == first:
            others = (*at[:axis], *at[axis + 1 :])
            require_place(name, others, started)
            found = started[others]
            return values.whole(found) if isinstance(found, np.ndarray) else found
    if at is not None:
        require_place(name, at, array)
    if at is not None and len(at) == array.ndim:
        return _moved(array[at], name, at, scope, node)
    if scope.moving is not None and scope.moving.name == name:
        array = array.copy()
        for place in np.ndindex(array.shape):
            array[place] = _moved(array[place], name, place, scope, node)
    return values.whole(array if at is None else array[at])


def _moved(number: Any, name: Name, at: Location, scope: Scope, node: Named | Slope) -> Any:
    """The number of an entry, with a slope of one where the formula is differentiated by it."""
    if number is None:
        raise OutOfRange(f"'{name}' has no value at {list(at)}", "look at another place")
    moving = scope.moving
    if moving is None or (moving.name, moving.at) != (name, at):
        return number
    if moving.looked_up is not None and isinstance(node, Named):
        found = looked_up(node.subscripts, scope)
        if any(found.get(data, place) != place for data, place in moving.looked_up.items()):
            return number
    direction = moving.readings.setdefault(id(node), len(moving.readings))
    return Dual(number.value, {direction: SCALARS[scope.point.here.how].of(1)})


def slopes_of(
    wrt: Named | Slope,
    body: Expression,
    scope: Scope,
    readings: dict[int, int],
    by_readings: bool = False,
) -> Mapping[int, Any]:
    """How a formula answers to one entry, by each place in print where it reads it.

    `readings` numbers these places, for other letters too.  `by_readings`, what is looked up in
    index data is not what other index data lead to.
    """
    quantity, at = entry_of(wrt, scope)
    if at is None:
        raise Unreadable("∂/∂w of a whole array", "print one entry")
    _read(quantity, at, scope, wrt)
    data = looked_up(wrt.subscripts, scope) if by_readings and isinstance(wrt, Named) else None
    moving = Moving(plain(quantity.name), at, readings, data)
    found: Mapping[int, Any] = value_of(body, replace(scope, moving=moving)).slopes
    return found


def _differentiated(wrt: Named | Slope, body: Expression, scope: Scope) -> Value:
    slopes = slopes_of(wrt, body, scope, {}).values()
    return Dual(sum(slopes, scope.number(0).value))


def _slope(slope: Slope, scope: Scope) -> Value:
    """A derivative that has a value of its own, or else that of a definition."""
    quantity, at = entry_of(slope, scope)
    if plain(quantity.name) in scope.point.arrays:
        if at is None and len(slope.wrt) > 1:
            return _block(slope, quantity, scope)
        return _read(quantity, at, scope, slope)
    (below,) = slope.wrt
    (upper, above_at), (lower, below_at) = entry_of(slope.of, scope), entry_of(below, scope)
    if above_at is None or below_at is None:
        raise Unreadable(f"{quantity.name} as a whole", "print one entry")
    return scope.point.local(upper, above_at, lower, below_at)


def _block(slope: Slope, quantity: Quantity, scope: Scope) -> Value:
    """A block of second derivatives: a matrix of the entries of two variables, row by row.

    Where one of the two is a number, it has the shape of the other.
    """
    array = scope.point.arrays[plain(quantity.name)]
    split = len(entry_of(slope.wrt[0], scope)[0].shape)
    sides = array.shape[:split], array.shape[split:]
    axes = quantity.shape[:split], quantity.shape[split:]
    running = [side for side, sizes in zip(sides, axes, strict=True) if not all(map(is_one, sizes))]
    if len(running) == 2:
        return values.whole(array.reshape([math.prod(side) for side in running]))
    return values.whole(array.reshape(running[0] if running else ()))


# --- conditions ---------------------------------------------------------------------------------


RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "≠": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "≤": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    "≥": lambda a, b: a >= b,
}


def holds(condition: Expression, scope: Scope) -> bool:
    """Whether a condition is true, read from left to right."""
    match condition:
        case Joined("∧", conditions):
            return all(holds(part, scope) for part in conditions)
        case Joined("∨", conditions):
            return any(holds(part, scope) for part in conditions)
        case Joined("¬", (inner,)):
            return not holds(inner, scope)
        case Chain(sides, relations):
            pairs = zip(pairwise(sides), relations, strict=True)
            return all(_related(*pair, relation, scope) for pair, relation in pairs)
    raise Unreadable(f"{type(condition).__name__} is no condition", "mend the print")


def _related(left: Expression, right: Expression, relation: str, scope: Scope) -> bool:
    numbers = rational(left, scope), rational(right, scope)
    if None in numbers:
        numbers = value_of(left, scope), value_of(right, scope)
    return bool(RELATIONS[relation](*numbers))
