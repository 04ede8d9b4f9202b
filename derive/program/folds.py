"""Folds of labelled arrays: over all indices, with a filter, and the stable log-sum-exp."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from derive.program.arrays import (
    Apply,
    ArrayTerm,
    Counting,
    Elementwise,
    Exact,
    Folding,
    Infinity,
    Locate,
)
from derive.program.labelled import Labelled, combine, filled, folded
from derive.terms import Index, is_one

Sought = Literal["argmax", "argmin"]

# Which fold finds the value whose place is sought.
EXTREMES: dict[Sought, Folding] = {"argmax": "max", "argmin": "min"}
# What does not change a fold.
EMPTY: dict[str, ArrayTerm] = {
    "sum": Exact(Fraction(0)),
    "prod": Exact(Fraction(1)),
    "max": Elementwise("negate", (Infinity(),)),
    "min": Infinity(),
    "logsumexp": Elementwise("negate", (Infinity(),)),
}


def chosen(
    mask: Labelled | None, value: Labelled, kind: Folding, wanted: Sequence[Index]
) -> Labelled:
    """The value where the filter holds, elsewhere what does not change the reduction."""
    if mask is None:
        return value
    return combine("where", [mask, value, Labelled(EMPTY[kind])], wanted)


def fold(kind: Folding, value: Labelled, indices: Sequence[Index]) -> Labelled:
    """The fold over all indices, also over those that the value does not depend on."""
    absent = [i for i in indices if i not in value.labels and not is_one(i.size)]
    if absent and kind in ("sum", "prod"):
        order = (*value.labels, *absent)
        value = Labelled(filled(value, order, None), order)
    return folded(kind, value, indices)


def logsumexp(
    value: Labelled, mask: Labelled | None, indices: Sequence[Index], wanted: Sequence[Index]
) -> Labelled:
    """The largest term, plus the log of the sum of exponentials of what is left of each."""
    largest = fold("max", chosen(mask, value, "max", wanted), indices)
    shifted = combine("add", [value, combine("negate", [largest], wanted)], wanted)
    powers = chosen(mask, applied("exp", shifted), "sum", wanted)
    total = fold("sum", powers, indices)
    return combine("add", [largest, applied("log", total)], wanted)


def counting(index: Index) -> Labelled:
    """The values of an index."""
    if is_one(index.size):
        return Labelled(Exact(Fraction(0)))
    return Labelled(Counting(index.size), (index,))


def applied(function: str, value: Labelled) -> Labelled:
    """A function of NumPy's, of every element."""
    return Labelled(Apply(function, (value.term,)), value.axes)


def locate(
    kind: Literal["argmax", "argmin"], value: Labelled, indices: Sequence[Index]
) -> Labelled:
    """The number of the first best place of the indices, row by row."""
    several = [index for index in indices if not is_one(index.size)]
    if not several:
        return Labelled(Exact(Fraction(0)))
    value = folded("max", value, [index for index in indices if is_one(index.size)])
    kept = [label for label in value.labels if label not in indices]
    if len(several) > 1 or several[0] not in value.labels:
        order = (*kept, *several)
        value = Labelled(filled(value, order, None), order)
    axes = tuple(value.axes.index(index) for index in several)
    left = tuple(axis for axis in value.axes if axis not in several)
    return Labelled(Locate(kind, value.term, axes), left)
