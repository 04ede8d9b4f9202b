"""Random sizes and random data to check on, the same for the same seed.

Where every size is two, or every number is one, most mistakes cannot be seen.  So sizes are small
and pairwise different, numbers are distinct and away from 0 and ±1; and then, on purpose, there
are sizes of one and data that are nothing but special values and repeats.  All numbers are
quotients by a power of two, so that they are exact as floats as well; only orthonormal columns,
where they are assumed, are quotients by other numbers.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from fractions import Fraction
from math import prod
from random import Random
from typing import Literal

import numpy as np

from derive.assumed import with_facts
from derive.errors import VerificationError
from derive.evaluation import Evaluation, OutOfRange, whole
from derive.model import Specification
from derive.oracle import complete_sizes, shape_of
from derive.terms import Name

Kind = Literal["signed", "positive", "special", "mixed", "zeros", "ones"]
SMALLEST = 2
ATTEMPTS = 200

# In which order to look for a point inside the domain.
KINDS: tuple[Kind, ...] = ("signed", "positive")
# Where ties, kinks and products with zero are met.
SPECIAL: tuple[Kind, ...] = ("zeros", "ones", "special", "special", "mixed", "mixed")


def random_sizes(
    model: Specification, random: Random, *, different: bool = True, ones: bool = False
) -> dict[str, int]:
    """Small sizes for every dimension: pairwise different or as small as can be; or half are one.

    Sizes that follow from a formula must come out as positive integers; the range of the others
    grows until they do.
    """
    free = [d.name for d in model.dimensions if d.formula is None]
    for attempt in range(ATTEMPTS):
        largest = SMALLEST + len(free) + attempt // 10
        if not different:
            largest = SMALLEST + 1 + attempt // 10
        candidates = range(SMALLEST, largest + 1)
        drawn = (
            random.sample(candidates, len(free))
            if different
            else random.choices(candidates, k=len(free))
        )
        sizes = dict(zip(free, drawn, strict=True))
        if ones:
            chosen = random.sample(free, (len(free) + 1) // 2)
            sizes |= dict.fromkeys(chosen, 1)
        try:
            complete = complete_sizes(model, sizes)
        except OutOfRange:
            continue
        if all(size > 0 for size in complete.values()):
            return sizes
    raise VerificationError(
        "no small sizes fit the formulas of the dimensions", "give the sizes to check with"
    )


def random_inputs(
    model: Specification, sizes: Mapping[str, int], random: Random, kind: Kind = "signed"
) -> dict[Name, np.ndarray]:
    """Data for every declaration without a value: fractions, and integers for index data.

    What the model assumes of them is true.
    """
    complete = complete_sizes(model, sizes)
    open_ = [d for d in model.declarations if d.value is None]
    shapes = {d.quantity.name: shape_of(d.quantity, complete) for d in open_}
    wanted = sum(prod(shape) for shape in shapes.values())
    numbers = random_numbers(random, wanted, "special" if kind == "mixed" else kind)
    # Ties among entries, while a rate or a threshold among the inputs is any number.
    scalars = random_numbers(random, len(open_)) if kind == "mixed" else numbers
    inputs = {}
    for declaration in open_:
        shape = shapes[declaration.quantity.name]
        if declaration.quantity.kind == "index":
            assert declaration.bound is not None
            bound = whole(declaration.bound, Evaluation(complete, {}))
            inputs[declaration.quantity.name] = random_indices(shape, bound, random)
        else:
            single = declaration.quantity.kind == "input" and shape == ()
            inputs[declaration.quantity.name] = fill(shape, scalars if single else numbers)
    return with_facts(inputs, model.facts, random)


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
    largest = 2 if kind == "signed" else 1
    # An odd number over a power of two is never 0, 1 or another integer.
    odd = range(1, largest * denominator, 2)
    drawn = [Fraction(k, denominator) for k in random.sample(odd, min(count, len(odd)))]
    if kind == "signed":
        drawn = [-number if random.random() < 0.5 else number for number in drawn]
    return iter(drawn)


def fill(shape: tuple[int, ...], numbers: Iterator[Fraction]) -> np.ndarray:
    """An array of the next numbers, in reading order."""
    array = np.empty(shape, dtype=object)
    for location in np.ndindex(shape):
        array[location] = next(numbers)
    return array


def random_indices(shape: tuple[int, ...], bound: int, random: Random) -> np.ndarray:
    """Integers below the bound; the last repeats the first, as index data do."""
    array = np.array([random.randrange(bound) for _ in range(prod(shape))], dtype=np.int64)
    if len(array) > 1:
        array[-1] = array[0]
    return array.reshape(shape)
