"""What is known while a formula is read: what its symbols stand for, and the letters in reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from derive.names import Symbol
from derive.numbers.dual import Dual
from derive.numbers.evaluation import Evaluation, whole
from derive.printed.expressions import Count, Expression, General, Named, Part, Ranged, parts
from derive.printed.values import Whole
from derive.terms import Derivative, Name, Quantity, is_one

Location = tuple[int, ...]


@dataclass(frozen=True)
class Meaning:
    """What the symbols of a document stand for at one point.

    `arrays` are the values of quantities and of derivatives by their `plain` names.
    `before` are the initial values of what steps along an axis: the axis, the place before the
    first step, and the values there.  `ranges` are the sizes over which letters usually run, and
    `local` is the derivative of one entry of a definition by an
    entry that its right side reads.
    """

    names: Mapping[Symbol, Quantity]
    sizes: Mapping[Symbol, int]
    here: Evaluation
    arrays: Mapping[Name, np.ndarray]
    before: Mapping[Name, tuple[int, int, np.ndarray]]
    ranges: Mapping[Symbol, int]
    local: Callable[[Quantity, Location, Quantity, Location], Any]
    wholes: dict[Expression, Whole] = field(default_factory=dict)


@dataclass(frozen=True)
class Moving:
    """The entry by which a formula is differentiated, and the places in print that read it.

    Each of these `readings`, which are known by their identity, has a slope of its own.
    `looked_up` says at which places index data are read to find the entry, None where another way
    to the same entry counts as well.
    """

    name: Name
    at: Location
    readings: dict[int, int]
    looked_up: Mapping[Name, Location] | None = None


@dataclass(frozen=True)
class Scope:
    """A point, the letters in reach (counted from 1), and what is being differentiated by."""

    point: Meaning
    letters: Mapping[Symbol, int] = field(default_factory=dict)
    moving: Moving | None = None

    def number(self, value: int | Fraction) -> Dual:
        """An exact number as a number of this point."""
        return self.point.here.number(value)


def plain(name: Name) -> Name:
    """A name without what is not printed of it: how many axes a derivative has from above."""
    if isinstance(name, Derivative):
        return Derivative(plain(name.of), plain(name.wrt))
    return name


# --- letters ------------------------------------------------------------------------------------


Bound = frozenset[Symbol]


def letters_of(expressions: tuple[Expression, ...], point: Meaning) -> tuple[Symbol, ...]:
    """All free letters, in reading order."""
    found = (
        expression.symbol
        for expression, bound in with_bound(expressions, frozenset())
        if isinstance(expression, Named) and is_letter(expression, point, bound)
    )
    return tuple(dict.fromkeys(found))


def is_letter(name: Named, point: Meaning, bound: Bound) -> bool:
    """Whether a symbol is the letter of an index that nothing around it binds."""
    known = name.symbol in point.names or name.symbol in point.sizes or name.symbol in bound
    return not known and not name.subscripts


def with_bound(
    expressions: tuple[Expression, ...], bound: Bound
) -> Iterator[tuple[Expression, Bound]]:
    """All expressions inside some, each with the letters that are bound around it."""
    for expression in expressions:
        yield expression, bound
        match expression:
            case Ranged(_, letter, first, last, conditions, body):
                yield from with_bound((first, last), bound)
                yield from with_bound((*conditions, body), bound | {letter})
            case General(letters, entry):
                yield from with_bound((entry,), bound | {*letters})
            case Count(letters, conditions):
                yield from with_bound(conditions, bound | {*letters})
            case _:
                yield from with_bound(tuple(parts(expression)), bound)


def bare_letters(
    expressions: tuple[Expression, ...],
    point: Meaning,
    shape_of: Callable[[Expression], tuple[int, ...]] | None = None,
) -> Iterator[tuple[Symbol, int]]:
    """The free letters that stand alone in a subscript, each with the size of its axis.

    `shape_of` gives the shape of a matrix in brackets, whose entries have subscripts as well.
    """
    for expression, bound in with_bound(expressions, frozenset()):
        sizes: tuple[int, ...] = ()
        subscripts: tuple[Expression, ...] = ()
        match expression:
            case Named(symbol, subscripts) if symbol in point.names:
                shape = point.names[symbol].shape
                sizes = tuple(whole(size, point.here) for size in shape if not is_one(size))
            case Part(matrix, subscripts) if shape_of and not letters_of((matrix,), point):
                sizes = shape_of(matrix)
        for size, subscript in zip(sizes, subscripts, strict=False):
            if isinstance(subscript, Named) and is_letter(subscript, point, bound):
                yield subscript.symbol, size
