"""The reductions, one row each.

A row says what a person calls the reduction, what it is over nothing, and its weight: the
derivative of the reduction of `term` over its indices with respect to the term at one place of the
range.  The weight may read the bound indices; at that place they are free.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction

from derive.errors import DerivationError
from derive.simplify import guarded, product
from derive.terms import (
    ONE,
    Add,
    AnyOf,
    Call,
    Compare,
    Divide,
    Index,
    IndexValue,
    Multiply,
    Negate,
    Number,
    Reduction,
    Term,
    renew,
)


@dataclass(frozen=True)
class ReductionRow:
    """`weight(reduction)` is a term in the reduction's indices; `empty` its value over nothing."""

    name: str
    empty: Fraction | None
    weight: Callable[[Reduction], Term]


def count(reduction: Reduction) -> Term:
    """How many values of the indices are kept: the product of the sizes, or a sum of ones."""
    if reduction.where:
        return renew(Reduction("sum", reduction.indices, ONE, reduction.where))
    sizes = tuple(index.size for index in reduction.indices)
    if all(isinstance(size, Number) for size in sizes):
        return product(*sizes)
    return sizes[0] if len(sizes) == 1 else Multiply(sizes)


def product_of_others(reduction: Reduction) -> Term:
    """∏ over the places that differ from this one: right where a factor is zero too."""
    others = renew(reduction)
    elsewhere = tuple(
        Compare("!=", IndexValue(other), IndexValue(here))
        for other, here in zip(others.indices, reduction.indices, strict=True)
    )
    where = (*others.where, elsewhere[0] if len(elsewhere) == 1 else AnyOf(elsewhere))
    return Reduction("prod", others.indices, others.term, where)


def softmax_weight(reduction: Reduction) -> Term:
    """exp(term - logsumexp): the softmax of the terms."""
    return Call("exp", (Add((reduction.term, Negate(renew(reduction)))),))


def at_the_first(position: str) -> Callable[[Reduction], Term]:
    """1 at the first place that is largest (or smallest), 0 elsewhere.

    Places are numbered row by row, as `argmax` and `argmin` count them.
    """

    def weight(reduction: Reduction) -> Term:
        best = replace(renew(reduction), kind=position)
        return guarded((Compare("==", place_number(reduction.indices), best),), ONE)

    return weight


def place_number(indices: tuple[Index, ...]) -> Term:
    """The number of a place, row by row: i for (i,), i·m + j for (i, j) with j below m."""
    result: Term = IndexValue(indices[0])
    for index in indices[1:]:
        result = Add((Multiply((index.size, result)), IndexValue(index)))
    return result


ROWS = {
    row.name: row
    for row in (
        ReductionRow("sum", Fraction(0), lambda reduction: ONE),
        ReductionRow("mean", None, lambda reduction: Divide(ONE, count(reduction))),
        ReductionRow("prod", Fraction(1), product_of_others),
        ReductionRow("max", None, at_the_first("argmax")),
        ReductionRow("min", None, at_the_first("argmin")),
        ReductionRow("logsumexp", None, softmax_weight),
    )
}


def reduction_row(name: str) -> ReductionRow:
    """The row of a reduction; an unknown one is named."""
    if name not in ROWS:
        known = ", ".join(sorted(ROWS))
        raise DerivationError(
            f"no derivative is known for the reduction '{name}'", f"use one of {known}"
        )
    return ROWS[name]
