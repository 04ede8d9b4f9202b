"""What is probably wrong with an array that should be another one.

The arrays come from points with distinct numbers and pairwise different sizes, so a relation that
holds between them at all points is hardly ever an accident.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Pair = tuple[np.ndarray, np.ndarray]
Equal = Callable[[Any, Any], bool]


def diagnose(pairs: Sequence[Pair], sizes: Mapping[str, int], equal: Equal) -> str:
    """The likely mistake, from pairs (expected, found) at different points; "" where none is seen.

    >>> expected, found = np.array([2, 6]), np.array([1, 3])
    >>> diagnose([(expected, found)], {"n": 3}, lambda a, b: a == b)
    'it is 1/2 of what it should be: is a factor 2 missing?'
    """
    for expected, found in pairs:
        if expected.shape != found.shape:
            return _wrong_shape(expected, found)
    tests: tuple[tuple[Callable[[np.ndarray, np.ndarray], bool], str], ...] = (
        (lambda e, f: not np.any(f != 0), "it is zero: nothing arrives here"),
        (lambda e, f: _all(equal, f, -e), "it has the wrong sign"),
        (
            lambda e, f: _transposed(e, f, equal),
            "it is the transpose of what it should be",
        ),
        (
            lambda e, f: e.size > 1 and _all(equal, f, np.full(e.shape, e.sum(), dtype=object)),
            "it is the sum of all entries in every entry: it is summed over an axis too many",
        ),
    )
    for test, text in tests:
        if all(test(expected, found) for expected, found in pairs):
            return text
    return _factor(pairs, sizes, equal)


def _wrong_shape(expected: np.ndarray, found: np.ndarray) -> str:
    shapes = f"it has shape {found.shape}, it should have {expected.shape}"
    if found.shape == expected.shape[::-1]:
        return f"{shapes}: is a transpose missing?"
    return f"{shapes}: is a sum over an axis missing?" if found.ndim > expected.ndim else shapes


def _all(equal: Equal, left: Any, right: Any) -> bool:
    # An operation on an array of objects without axes returns the object itself.
    left, right = np.asarray(left), np.asarray(right)
    return all(equal(left.item(at), right.item(at)) for at in np.ndindex(left.shape))


def _transposed(expected: np.ndarray, found: np.ndarray, equal: Equal) -> bool:
    turned = (
        expected.swapaxes(first, second)
        for first, second in itertools.combinations(range(expected.ndim), 2)
        if expected.shape[first] == expected.shape[second] > 1
    )
    return any(_all(equal, found, candidate) for candidate in turned)


def _factor(pairs: Sequence[Pair], sizes: Mapping[str, int], equal: Equal) -> str:
    """One factor between all entries of all pairs, where it is a number with a likely cause."""
    likely = {"2": 2, "3": 3, "4": 4}
    likely |= {f"{name} = {size}": size for name, size in sizes.items() if size > 1}
    for (one, a), (two, b) in itertools.combinations(sizes.items(), 2):
        likely[f"{one} {two} = {a * b}"] = a * b
    named = {value: text for text, value in likely.items()}
    for value, text in named.items():
        if all(_all(equal, found * value, expected) for expected, found in pairs):
            return f"it is 1/{value} of what it should be: is a factor {text} missing?"
        if all(_all(equal, found, expected * value) for expected, found in pairs):
            return f"it is {value} times what it should be: is a division by {text} missing?"
    return ""
