"""What is probably wrong with an array that should be another one: how the two are related.

The samples come from points with distinct numbers and different sizes, so a relation that holds
between two arrays at all of them is hardly ever an accident.  What cannot be seen in the arrays
alone, `mistakes.py` looks for.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np

# What differs by less than this, relative to its largest entry, is the same.
SAME = 1e-7
# And this is a rounding error.
NOTHING = 1e-13
# Numbers before sizes: rather none than a small one, rather a small one than a larger one.
NUMBERS = (1, 4, 16)
# To which powers a size may be a factor.
POWERS = {1.0: "{}", 0.5: "sqrt({})", 2.0: "{}²"}


@dataclass(frozen=True, eq=False)
class Sample:
    """An array that should be another one, at one point.

    `sizes` are those of the point, `numbers` its scalar data and constants, `arrays` all its
    quantities: whatever may be a factor too many, or one that is missing.
    """

    expected: np.ndarray
    found: np.ndarray
    sizes: Mapping[str, int]
    numbers: Mapping[str, float] = field(default_factory=dict)
    arrays: Mapping[str, np.ndarray] = field(default_factory=dict)
    axes: tuple[str, ...] = ()


def diagnose(samples: Sequence[Sample]) -> str:
    """The likely mistake, from samples at different points; "" where none is seen.

    >>> diagnose([Sample(np.array([2.0, 6]), np.array([1.0, 3]), {"n": 3})])
    'it is 1/2 of what it should be: is a factor 2 missing?'
    """
    # Of large arrays fewer look alike by accident.
    misshapen = [sample for sample in samples if sample.expected.shape != sample.found.shape]
    if misshapen:
        return wrong_shape(max(misshapen, key=lambda sample: sample.found.size))
    samples = [sample for sample in samples if np.any(sample.expected) or np.any(sample.found)]
    if not samples:
        return ""
    if not any(np.any(sample.found) for sample in samples):
        return "it is zero: nothing arrives here"
    if all(close(0 * sample.found, sample.found, sample.expected) for sample in samples):
        return _first(samples, _reduced(samples[0]))
    return (
        _constant_factor(samples)
        or _first(samples, _rearranged(samples[0]))
        or _first(samples, _reduced(samples[0]))
        or _array_factor(samples)
    )


# What it says, and what is made of the right array.
Relation = tuple[str, Callable[[np.ndarray], np.ndarray]]


def _first(samples: Sequence[Sample], relations: Iterator[Relation]) -> str:
    """The first relation that says at every sample what was found."""
    for text, relation in relations:
        if all(close(s.found, relation(s.expected), s.expected) for s in samples):
            return text
    return ""


def close(left: np.ndarray, right: np.ndarray, scale: np.ndarray | None = None) -> bool:
    """Whether two arrays are the same, as far as a diagnosis is concerned.

    What is nothing beside `scale` is a rounding error.
    """
    if left.shape != right.shape:
        return False
    largest, around = (float(np.abs(a).max(initial=0.0)) for a in (right, _or(scale, right)))
    return bool(np.abs(left - right).max(initial=0.0) <= SAME * largest + NOTHING * around)


def _or(array: np.ndarray | None, other: np.ndarray) -> np.ndarray:
    return other if array is None else array


def wrong_shape(sample: Sample) -> str:
    """What is wrong with the shape, and whether the entries would be right but for it."""
    expected, found = sample.expected, sample.found
    text = f"it has shape {found.shape}, it should have {expected.shape}"
    if found.shape == expected.shape[::-1]:
        return f"{text}: is a transpose missing?"
    for count in range(1, found.ndim + 1):
        for axes in itertools.combinations(range(found.ndim), count):
            total = found.sum(axis=axes)
            if total.shape == expected.shape and close(total, expected):
                what = "the axis" if count == 1 else "the axes"
                numbers = ", ".join(map(str, axes))
                if all(found.shape[axis] == 1 for axis in axes):
                    return f"{text}: its entries are right, {what} {numbers} of size 1 too many"
                return f"{text}: is a sum over {what} {numbers} missing, that of the batch?"
    if found.size == expected.size and close(found.reshape(expected.shape), expected):
        return f"{text}: its entries are right"
    if found.ndim == expected.ndim and close(found.sum(), expected.sum()):
        return f"{text}, with the same sum of all entries: is it summed over the wrong axis?"
    return f"{text}: is a sum over an axis missing?" if found.ndim > expected.ndim else text


# --- the same entries elsewhere -----------------------------------------------------------------


def _rearranged(first: Sample) -> Iterator[Relation]:
    """The entries at other places."""
    yield "it is the absolute value of what it should be", np.abs
    axes = range(first.expected.ndim)
    for order in itertools.permutations(axes):
        if order != tuple(axes):
            yield "it is the transpose of what it should be", partial(np.transpose, axes=order)
    for axis in axes:
        name = _axis(first, axis)
        yield f"its entries stand in reverse order along {name}", partial(np.flip, axis=axis)
        for shift, move in itertools.product((1, -1), (np.roll, _shifted)):
            moved: Any = partial(move, shift=shift, axis=axis)
            yield f"its entries stand off by one along {name}", moved


def _shifted(array: np.ndarray, shift: int, axis: int) -> np.ndarray:
    """The array moved by one along an axis, with zeros where nothing moves to."""
    moved = np.roll(array, shift, axis)
    moved[(slice(None),) * axis + (0 if shift > 0 else -1,)] = 0
    return moved


def _reduced(first: Sample) -> Iterator[Relation]:
    """Sums and means over axes, repeated along them."""
    dimensions = range(first.expected.ndim)
    for count in range(len(dimensions), 0, -1):
        for axes in itertools.combinations(dimensions, count):
            along = " and ".join(_axis(first, axis) for axis in axes)
            which = "of all entries" if count == len(dimensions) else f"along {along}"
            for word, total, done in (("sum", np.sum, "summed"), ("mean", np.mean, "averaged")):
                text = (
                    f"it is the {word} {which} in every entry: it is {done} over an axis too many"
                )
                yield text, partial(_repeated, total=total, axes=axes)


def _repeated(array: np.ndarray, total: Any, axes: tuple[int, ...]) -> np.ndarray:
    """A total over axes, in every entry along them."""
    return np.broadcast_to(total(array, axis=axes, keepdims=True), array.shape)


def _axis(sample: Sample, axis: int) -> str:
    named = f" ({sample.axes[axis]})" if len(sample.axes) > axis else ""
    return f"axis {axis}{named}"


# --- factors ------------------------------------------------------------------------------------


def _constant_factor(samples: Sequence[Sample]) -> str:
    """One factor between all entries of a sample, where it has an explanation."""
    ratios = [factor_between(sample.expected, sample.found) for sample in samples]
    known = [(s, ratio) for s, ratio in zip(samples, ratios, strict=True) if ratio is not None]
    if len(known) < len(samples):
        return ""
    negative = all(ratio < 0 for _, ratio in known)
    if negative and all(abs(ratio + 1) <= SAME for _, ratio in known):
        return "it has the wrong sign"
    text = in_sizes([(s, abs(ratio)) for s, ratio in known]) if negative else in_sizes(known)
    if text is None:
        return ""
    above, below = text
    sign = ", and has the wrong sign" if negative else ""
    if below == "1":
        why = _mean_or_sum(above, samples[0], "a sum for a mean")
        return (
            f"it is {above} times what it should be: is a division by {above} missing?{why}{sign}"
        )
    if above == "1":
        why = _mean_or_sum(below, samples[0], "a mean for a sum") + sign
        part = f"1/{_bracketed(below)}"
        return f"it is {part} of what it should be: is a factor {below} missing?{why}"
    return f"it is {_bracketed(above)}/{_bracketed(below)} times what it should be{sign}"


def _mean_or_sum(factor: str, sample: Sample, mistaken: str) -> str:
    """A word more where the factor is made of sizes."""
    return f" ({mistaken}?)" if set(factor.split()) & set(sample.sizes) else ""


def _bracketed(text: str) -> str:
    return f"({text})" if " " in text and not text.startswith("(") else text


def factor_between(expected: np.ndarray, found: np.ndarray) -> float | None:
    """The number that the expected array is multiplied by, None where there is none."""
    norm = float(np.sum(expected * expected))
    if norm == 0 or not np.isfinite(norm):
        return None
    ratio = float(np.sum(expected * found)) / norm
    return ratio if close(found, ratio * expected) else None


def in_sizes(known: Sequence[tuple[Sample, float]]) -> tuple[str, str] | None:
    """A positive number at each sample as a quotient in sizes and constants, the simplest one.

    >>> some = [Sample(np.ones(1), np.ones(1), {"N": n, "D": d}) for n, d in ((3, 4), (5, 2))]
    >>> in_sizes(list(zip(some, (6, 10))))
    ('2 N', '1')
    """
    ratio = known[0][1]
    fraction = Fraction(ratio).limit_denominator(1000)
    constant = all(math.isclose(ratio, other, rel_tol=SAME) for _, other in known)
    simple = math.isclose(fraction, ratio, rel_tol=SAME)
    varied = len({tuple(sample.sizes.values()) for sample, _ in known}) > 1
    if constant and simple and (varied or max(fraction.numerator, fraction.denominator) <= 2):
        return str(fraction.numerator), str(fraction.denominator)
    for largest, (above, below) in itertools.product(NUMBERS, _quotients(known[0][0])):
        ratios = [ratio * _value(below, s) / _value(above, s) for s, ratio in known]
        if all(math.isclose(ratio, ratios[0], rel_tol=SAME) for ratio in ratios):
            number = Fraction(ratios[0]).limit_denominator(largest)
            if number <= largest and math.isclose(number, ratios[0], rel_tol=SAME):
                return _times(number.numerator, above[0]), _times(number.denominator, below[0])
    if not constant:
        return None
    return (str(fraction.numerator), str(fraction.denominator)) if simple else (f"{ratio:.6g}", "1")


def _times(number: int, factors: str) -> str:
    if factors == "1":
        return str(number)
    return factors if number == 1 else f"{number} {factors}"


# What it is called, and its factors: a name, what is added to it, and to which power that is.
Product = tuple[str, tuple[tuple[str, int, float], ...]]


def _quotients(sample: Sample) -> list[tuple[Product, Product]]:
    """Numerators and denominators, simple ones first."""
    one: Product = ("1", ())
    sizes = [_power(name) for name in sample.sizes]
    powers = [_power(name, power) for name in sample.sizes for power in POWERS]
    powers += [_power(name, power) for name in sample.numbers for power in POWERS]
    pairs = [_product(*pair) for pair in itertools.combinations(sizes, 2)]
    triples = [_product(*triple) for triple in itertools.combinations(sizes, 3)]
    less = [(f"({name} - 1)", ((name, -1, 1.0),)) for name in sample.sizes]
    quotients = [*itertools.product(powers, [one]), *zip(sizes, less, strict=True)]
    quotients += [(size, other) for size, other in itertools.permutations(sizes, 2)]
    quotients += [*itertools.product([*less, *pairs, *triples], [one])]
    return [pair for quotient in quotients for pair in (quotient, quotient[::-1])]


def _power(name: str, power: float = 1.0) -> Product:
    return POWERS[power].format(name), ((name, 0, power),)


def _product(*products: Product) -> Product:
    factors = (factor for _, inner in products for factor in inner)
    return " ".join(text for text, _ in products), tuple(factors)


def _value(product: Product, sample: Sample) -> float:
    """The value at a sample, not a number where it would be zero or imaginary."""
    result = 1.0
    for name, added, power in product[1]:
        number = (sample.sizes.get(name) or sample.numbers.get(name) or 0.0) + added
        result *= number**power if number > 0 or (number and power != 0.5) else math.nan
    return result


def _array_factor(samples: Sequence[Sample]) -> str:
    """A quantity of the model that is multiplied with, entry by entry, or is not."""
    for name in samples[0].arrays:
        if all(_fits(s.arrays[name], s) for s in samples):
            if all(close(s.found, s.expected * s.arrays[name]) for s in samples):
                return f"it is multiplied by '{name}', once too often"
            if all(close(s.expected, s.found * s.arrays[name]) for s in samples):
                return f"a factor '{name}' is missing"
    return ""


def _fits(array: np.ndarray, sample: Sample) -> bool:
    try:
        shape = np.broadcast_shapes(array.shape, sample.expected.shape)
    except ValueError:
        return False
    return shape == sample.expected.shape
