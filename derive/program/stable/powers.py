"""A product as powers of different bases, each seen through its name and its way of writing."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from derive.calculus.matching import alike
from derive.calculus.rewrites.ratios import Ratio, powered, ratio_of, times, to_the_power, written
from derive.program.stable.known import Known
from derive.program.stable.softmax import Softmax
from derive.program.stable.views import (
    exponent_beside_one,
    exponent_of,
    logistic_of,
    normalised,
    softmax_in,
)
from derive.simplify import negative, total
from derive.terms import ONE, Add, Call, Divide, Multiply, Negate, Reduction, Term


@dataclass(frozen=True)
class Factor:
    """A power of a base, and how it stood above the bar or below it, if nothing was done to it."""

    base: Term
    exponent: Fraction
    above: Term | None = None
    below: Term | None = None


@dataclass(frozen=True)
class Powers:
    """A product of powers; `merged` counts how often two factors became one."""

    coefficient: Fraction
    factors: tuple[Factor, ...]
    merged: int = 0


def multiplied(ratio: Ratio, known: Known) -> Powers:
    """A fraction as powers of different bases.

    >>> from derive.terms import Size
    >>> exp = Call("exp", (Size("n"),))
    >>> multiplied(Ratio(Fraction(2), (exp,), (exp,)), Known())
    Powers(coefficient=Fraction(2, 1), factors=(), merged=1)
    """
    ratio = _spread(ratio)
    waiting = [_seen(factor, 1, known, above=factor) for factor in ratio.above]
    waiting += [_seen(factor, -1, known, below=factor) for factor in ratio.below]
    kept: list[Factor] = []
    merged = 0
    while waiting:
        new = waiting.pop(0)
        for place, factor in enumerate(kept):
            found = _together(factor, new, known)
            if found is not None:
                merged += 1
                waiting = [*found, *waiting]
                del kept[place]
                break
        else:
            kept.append(new)
    return Powers(ratio.coefficient, tuple(kept), merged)


def _spread(ratio: Ratio) -> Ratio:
    """The fraction with (a b)² as a² b², and with 1/s as what it is divided by."""
    spread = Ratio(ratio.coefficient)
    for sign, factors in ((1, ratio.above), (-1, ratio.below)):
        for factor in factors:
            base, exponent = powered(factor)
            if isinstance(base, Multiply | Divide) and exponent.denominator == 1 and exponent > 1:
                inside = ratio_of(base)
                raised = Ratio(
                    inside.coefficient ** int(exponent),
                    _raised(inside.above, exponent),
                    _raised(inside.below, exponent),
                )
            elif isinstance(factor, Divide) and factor.numerator == ONE:
                raised = Ratio(Fraction(1), (), (factor.denominator,))
            else:
                raised = Ratio(Fraction(1), (factor,))
            if sign < 0:
                raised = Ratio(1 / raised.coefficient, raised.below, raised.above)
            spread = times(spread, raised)
    return spread


def _raised(factors: tuple[Term, ...], exponent: Fraction) -> tuple[Term, ...]:
    return tuple(to_the_power(factor, exponent) for factor in factors)


def rewritten(powers: Powers) -> Term:
    """The product of the powers as a person writes it."""
    above: list[Term] = []
    below: list[Term] = []
    for factor in powers.factors:
        if factor.above is not None:
            above.append(factor.above)
        elif factor.below is not None:
            below.append(factor.below)
        elif factor.exponent > 0:
            above.append(to_the_power(factor.base, factor.exponent))
        else:
            below.append(to_the_power(factor.base, -factor.exponent))
    return written(Ratio(powers.coefficient, tuple(above), tuple(below)))


def _seen(
    term: Term, sign: int, known: Known, above: Term | None = None, below: Term | None = None
) -> Factor:
    """A factor as a power of an exponential, of σ, of a softmax, or of what stands there."""
    base, exponent = powered(term)
    exponent *= sign
    if (argument := exponent_of(base, known)) is not None:
        if isinstance(argument, Negate):
            argument, exponent = argument.term, -exponent
        return Factor(Call("exp", (argument,)), exponent, above, below)
    if (argument := exponent_beside_one(base, known)) is not None:
        return Factor(Call("sigmoid", (negative(argument),)), -exponent, above, below)
    if (argument := logistic_of(base, known)) is not None:
        return Factor(Call("sigmoid", (argument,)), exponent, above, below)
    if (softmax := normalised(base, known)) is not None:
        return Factor(_share(softmax), exponent, above, below)
    return Factor(base, exponent, above, below)


def _share(softmax: Softmax) -> Term:
    each = Call("exp", (softmax.each,))
    below = Reduction("sum", softmax.indices, each, softmax.where)
    return Divide(Call("exp", (softmax.own,)), below)


def _together(one: Factor, other: Factor, known: Known) -> list[Factor] | None:
    """What two factors make together, where that is simpler than both.

    b^j b^-k is one power, exp(u) σ(-u) = σ(u), sinh(u) / cosh(u) = tanh(u), and exp(u) / Σ exp(u)
    is a softmax.
    """
    if one.exponent * other.exponent < 0 and alike(one.base, other.base):
        left = one.exponent + other.exponent
        return [Factor(one.base, left)] if left else []
    found = _with_exponential(one, other, known)
    return _with_exponential(other, one, known) if found is None else found


def _with_exponential(one: Factor, other: Factor, known: Known) -> list[Factor] | None:
    match one.base:
        case Call("sinh", arguments) if one.exponent == -other.exponent > 0:
            quotient = Factor(Call("tanh", arguments), one.exponent)
            return [quotient] if alike(other.base, Call("cosh", arguments)) else None
        case Call("exp", (inside,)):
            exponent = inside if one.exponent > 0 else negative(inside)
            return _logistic_or_share(exponent, abs(one.exponent), other, known)
    return None


def _logistic_or_share(
    exponent: Term, power: Fraction, other: Factor, known: Known
) -> list[Factor] | None:
    match other.base:
        case Call("sigmoid", (argument,)) if other.exponent >= power:
            if not alike(argument, negative(exponent)):
                return None
            left = other.exponent - power
            rest = [Factor(other.base, left)] if left else []
            return [Factor(Call("sigmoid", (exponent,)), power), *rest]
        case Add((first, second)) if other.exponent == -1 and power == 1:
            for part, beside in ((first, second), (second, first)):
                inside = exponent_of(beside, known)
                if inside is None or alike(inside, negative(exponent)):
                    continue
                if alike(part, Call("exp", (exponent,))):
                    argument = total(exponent, negative(inside))
                    return [Factor(Call("sigmoid", (argument,)), Fraction(1))]
        case Reduction() if other.exponent == -1 and power == 1:
            softmax = softmax_in(Call("exp", (exponent,)), other.base, known)
            return None if softmax is None else [Factor(_share(softmax), Fraction(1))]
    return None
