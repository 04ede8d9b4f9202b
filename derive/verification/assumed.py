"""Data of which the declared facts are true, made from random data.

Numbers stay exact, so that a fact holds exactly: rows sum to one because their last entry is what
the others leave, and orthonormal columns are those of a reflection with rational entries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from random import Random

import numpy as np

from derive.model import Fact, FactKind
from derive.numbers.evaluation import OutOfRange
from derive.terms import Name

Fulfil = Callable[[np.ndarray, Random], np.ndarray]


def with_facts(
    inputs: Mapping[Name, np.ndarray], facts: tuple[Fact, ...], random: Random
) -> dict[Name, np.ndarray]:
    """The data, changed where a fact says so; facts about one quantity in the order of the text.

    >>> from derive.terms import Quantity
    >>> row = np.array([Fraction(3), Fraction(1)], dtype=object)
    >>> fact = Fact("rows_sum_to_one", Quantity("T"))
    >>> sum(with_facts({"T": row}, (fact,), Random(0))["T"])
    Fraction(1, 1)
    """
    changed = dict(inputs)
    for fact in facts:
        name = fact.quantity.name
        changed[name] = FULFIL[fact.kind](changed[name].copy(), random)
    return changed


def rows_sum_to_one(array: np.ndarray, random: Random) -> np.ndarray:
    """All entries of a row but the last made small, and the last what they leave."""
    for place in np.ndindex(array.shape[:-1]):
        others = array[place][:-1]
        scale = Fraction(1)
        while sum(map(abs, others)) * scale >= 1:
            scale /= 2
        others *= scale
        array[(*place, -1)] = 1 - sum(others)
    return array


def one_hot(array: np.ndarray, random: Random) -> np.ndarray:
    """A one at a random place of each row."""
    array[...] = Fraction(0)
    for place in np.ndindex(array.shape[:-1]):
        array[(*place, random.randrange(array.shape[-1]))] = Fraction(1)
    return array


def symmetric(array: np.ndarray, random: Random) -> np.ndarray:
    """What is above the diagonal, also below it."""
    rows, columns = np.tril_indices(len(array), -1)
    array[rows, columns] = array[columns, rows]
    return array


def orthonormal(array: np.ndarray, random: Random) -> np.ndarray:
    """The first columns of the reflection I - 2 v vᵀ / vᵀv at a column v of the data."""
    rows, columns = array.shape
    if columns > rows:
        raise OutOfRange(
            f"{columns} columns of {rows} entries cannot be orthonormal", "give it more rows"
        )
    v = array[:, 0]
    length = v @ v
    identity = np.array([[Fraction(i == j) for j in range(rows)] for i in range(rows)])
    whole = identity - 2 * np.outer(v, v) / length if length else identity
    return np.array(whole[:, :columns], dtype=object)


def positive(array: np.ndarray, random: Random) -> np.ndarray:
    """Entries without their signs, and one for zero."""
    for place in np.ndindex(array.shape):
        array[place] = abs(array[place]) or Fraction(1)
    return array


def signs(array: np.ndarray, random: Random) -> np.ndarray:
    """Each entry 1 or -1."""
    for place in np.ndindex(array.shape):
        array[place] = Fraction(random.choice((1, -1)))
    return array


FULFIL: Mapping[FactKind, Fulfil] = {
    "rows_sum_to_one": rows_sum_to_one,
    "one_hot": one_hot,
    "symmetric": symmetric,
    "orthonormal": orthonormal,
    "positive": positive,
    "signs": signs,
}
