"""The factors of a term: what is multiplied, what divides, and the sign."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from derive.terms import (
    ONE,
    Divide,
    Index,
    Multiply,
    Negate,
    Number,
    Term,
    entries,
    free_indices,
)


@dataclass(frozen=True)
class Factors:
    """± the product of `above` divided by each of `below`."""

    negative: bool
    above: tuple[Term, ...]
    below: tuple[Term, ...] = ()


def factors_of(term: Term, whole: tuple[Index, ...] | None = None) -> Factors:
    """The factors of a term.  Nested products stay whole, unless a sum over `whole` takes them.

    Divisors that no summed index reaches come out, and so do quotients of plain numbers: `d / n`
    is exact where `1 / n * d` is not.  Another divides the factor that it fits best.
    """
    match term:
        case Multiply(factors):
            parts = [
                factors_of(f, whole) if whole is not None or _is_plain(f) else Factors(False, (f,))
                for f in factors
            ]
            negative = sum(part.negative for part in parts) % 2 == 1
            above = tuple(f for part in parts for f in part.above)
            return Factors(negative, above, tuple(f for part in parts for f in part.below))
        case Negate(inner):
            inside = factors_of(inner, whole)
            return replace(inside, negative=not inside.negative)
        case Divide(top, bottom) if not set(free_indices(bottom)) & set(whole or ()):
            inside = factors_of(top, whole)
            return replace(inside, below=(*inside.below, bottom))
        case Divide(top, bottom) if len((inside := factors_of(top, whole)).above) > 1:
            return replace(inside, above=_divided(inside.above, bottom))
        case Number(value, text) if value < 0:
            inside = factors_of(Number(-value, text.lstrip("-") if text else None), whole)
            return replace(inside, negative=True)
        case Number(value, text) if value.denominator != 1 and text is None:
            below = (Number(Fraction(value.denominator)),)
            return Factors(False, (Number(Fraction(value.numerator)),), below)
    return Factors(False, (term,))


def _divided(factors: tuple[Term, ...], divisor: Term) -> tuple[Term, ...]:
    """The factors, of which the smallest that has all indices of the divisor is divided by it."""
    needed = set(free_indices(divisor))
    homes = [factor for factor in factors if needed <= set(free_indices(factor))]
    if not homes:
        return (*factors, Divide(ONE, divisor))
    place = factors.index(min(homes, key=lambda factor: len(free_indices(factor))))
    return (*factors[:place], Divide(factors[place], divisor), *factors[place + 1 :])


def _is_plain(term: Term) -> bool:
    """Whether a term is a number, without data or indices."""
    return not entries(term) and not free_indices(term)
