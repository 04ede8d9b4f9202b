"""The softmax and its logarithm, neither of which overflows.

From all exponents of a softmax the largest is taken off (Higham 2021, eq. 1.5), and its logarithm
is the exponent minus the log-sum-exp of all.
"""

from __future__ import annotations

from dataclasses import dataclass

from derive.calculus.matching import match
from derive.terms import (
    Add,
    Call,
    Condition,
    Divide,
    Index,
    Negate,
    Reduction,
    Term,
    renew,
)


@dataclass(frozen=True)
class Softmax:
    """exp(`own`) / the sum of exp(`each`) over `indices` under `where`."""

    own: Term
    each: Term
    indices: tuple[Index, ...]
    where: tuple[Condition, ...]


def match_each(each: Term, own: Term, indices: tuple[Index, ...]) -> bool:
    """Whether `own` is one of the terms that are summed."""
    return match(each, own, frozenset(indices)) is not None


def log_of_softmax(softmax: Softmax) -> Term:
    """The logarithm of a softmax: (z - max z) - log Σ exp(z - max z)."""
    own = Add((softmax.own, Negate(renew(_largest(softmax)))))
    return Add((own, Negate(Call("log", (renew(_total(softmax)),)))))


def shifted(softmax: Softmax) -> Term:
    """The softmax with its largest exponent taken off all exponents."""
    return Divide(_less(softmax, softmax.own), _total(softmax))


def _total(softmax: Softmax) -> Reduction:
    return Reduction("sum", softmax.indices, _less(softmax, softmax.each), softmax.where)


def _less(softmax: Softmax, term: Term) -> Term:
    return Call("exp", (Add((term, Negate(renew(_largest(softmax))))),))


def _largest(softmax: Softmax) -> Reduction:
    return Reduction("max", softmax.indices, softmax.each, softmax.where)
