"""Random data to check on, the same for the same seed.

Where every number is one, most mistakes cannot be seen.  So numbers are distinct and away from 0
and ±1; and then, on purpose, there are data that are nothing but special values and repeats.  All
numbers are quotients by a power of two, so that they are exact as floats as well, except where a
declared fact (an orthonormal matrix) does not allow it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import prod
from random import Random
from typing import Any, Literal

import numpy as np

from derive.model import Declaration, Specification
from derive.numbers.evaluation import Evaluation, OutOfRange, whole
from derive.terms import Name
from derive.verification.assumed import with_facts
from derive.verification.oracle import complete_sizes, shape_of

Kind = Literal[
    "signed",
    "positive",
    "large",
    "dominant",
    "varied",
    "sparse",
    "special",
    "mixed",
    "ties",
    "zeros",
    "ones",
]

# In which order to look for a point inside the domain.
KINDS: tuple[Kind, ...] = ("signed", "positive", "large", "dominant", *("varied",) * 8)
# Where ties, kinks and products with zero are met.
SPECIAL: tuple[Kind, ...] = ("sparse", "sparse", "zeros", "ones", "special", "mixed", "mixed")


def random_inputs(
    model: Specification, sizes: Mapping[str, int], random: Random, kind: Kind = "signed"
) -> dict[Name, np.ndarray]:
    """Data for every declaration without a value: fractions, and integers for index data.

    What the model declares to be true of its data holds.  `varied` draws each quantity in its own
    way, `mixed` special values but any number for single inputs (a rate, a threshold), `ties`
    special inputs with any parameters, `sparse` any parameters with inputs some of which are zero.
    """
    complete = complete_sizes(model, sizes)
    open_ = [d for d in model.declarations if d.value is None]
    pools: dict[Kind, Iterator[Fraction]] = {}
    wanted = sum(prod(shape_of(d.quantity, complete)) for d in open_)
    inputs = {}
    for declaration in open_:
        name, shape = declaration.quantity.name, shape_of(declaration.quantity, complete)
        if declaration.quantity.kind == "index":
            assert declaration.bound is not None
            bound = whole(declaration.bound, Evaluation(complete, {}))
            inputs[name] = random_indices(shape, bound, random)
            continue
        own = kind_of(declaration, kind, random)
        if own not in pools:
            pools[own] = random_numbers(random, wanted, own)
        array = fill(shape, pools[own])
        if own == "dominant":
            array = dominant(array)
        inputs[name] = array
    return with_facts(inputs, model.facts, random)


def kind_of(declaration: Declaration, kind: Kind, random: Random) -> Kind:
    """In which way the numbers of one quantity are drawn."""
    own: Kind = kind
    if kind == "varied":
        own = random.choice(("signed", "positive", "large", "dominant"))
    if kind == "mixed":
        single = declaration.quantity.kind == "input" and declaration.quantity.shape == ()
        own = "signed" if single else "special"
    if kind == "sparse" and declaration.quantity.kind != "input":
        own = "signed"
    if kind == "ties":
        own = "special" if declaration.quantity.kind == "input" else "signed"
        own = "signed" if declaration.quantity.shape == () else own
    return own


def random_numbers(random: Random, count: int, kind: Kind = "signed") -> Iterator[Fraction]:
    """At least `count` fractions: distinct and never whole, or only special values, repeated.

    >>> list(random_numbers(Random(0), 2))
    [Fraction(13, 8), Fraction(-15, 8)]
    """
    if kind in ("zeros", "ones"):
        return itertools.repeat(Fraction(kind == "ones"))
    if kind == "special":
        special = (0, 1, -1, 2, 1, 0)
        return iter([Fraction(random.choice(special)) for _ in range(count)])
    denominator = 8
    while denominator < 2 * count:
        denominator *= 2
    signed = kind in ("signed", "dominant", "sparse")
    first, last = (1, 3) if kind == "large" else (0, 2 if signed else 1)
    # An odd number over a power of two is never 0, 1 or another integer.
    odd = range(first * denominator + 1, last * denominator, 2)
    drawn = [Fraction(k, denominator) for k in random.sample(odd, min(count, len(odd)))]
    if signed:
        drawn = [-number if random.random() < 0.5 else number for number in drawn]
    if kind == "sparse":
        drawn = [Fraction(0) if random.random() < 0.3 else number for number in drawn]
    return iter(drawn)


def fill(shape: tuple[int, ...], numbers: Iterator[Any]) -> np.ndarray:
    """An array of the next numbers, in reading order."""
    array = np.empty(shape, dtype=object)
    for location in np.ndindex(shape):
        array[location] = next(numbers)
    return array


def random_indices(shape: tuple[int, ...], bound: int, random: Random) -> np.ndarray:
    """Integers below the bound; often the last repeats the first, as index data do."""
    if bound < 1:
        raise OutOfRange("index data have no value below 0", "use larger sizes")
    array = np.array([random.randrange(bound) for _ in range(prod(shape))], dtype=np.int64)
    if len(array) > 2 or (len(array) == 2 and random.random() < 0.5):
        array[-1] = array[0]
    return array.reshape(shape)


def dominant(array: np.ndarray) -> np.ndarray:
    """The array, with square matrices made such that they are positive definite."""
    if array.ndim < 2 or array.shape[-1] != array.shape[-2]:
        return array
    raised = array.copy()
    for at in range(array.shape[-1]):
        raised[..., at, at] = abs(raised[..., at, at]) + 4 * array.shape[-1]
    return raised
