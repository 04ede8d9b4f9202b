"""Rules on products and fractions: cancelling, gathering powers, the logistic function."""

from __future__ import annotations

from fractions import Fraction

from derive.calculus.matching import alike
from derive.calculus.rewrites.knowledge import Knowledge
from derive.calculus.rewrites.ratios import (
    Ratio,
    one_plus,
    position,
    powered,
    ratio_of,
    to_the_power,
    weight,
    without,
    written,
)
from derive.simplify import negative
from derive.terms import ONE, Add, Call, Divide, Multiply, Negate, Power, Term, number


def is_product(term: Term) -> bool:
    """Whether a term is a product or a fraction: what these rules look at."""
    return isinstance(term, Multiply | Divide)


def cancel(term: Term, known: Knowledge) -> Term | None:
    """P · (q/p) = q: a factor that stands above the bar and below it is left out.

    Where the two are powers of one base, the exponents are subtracted: x/x² = 1/x.
    """
    if not is_product(term):
        return None
    ratio = ratio_of(term)
    for place, factor in enumerate(ratio.above):
        base, exponent = powered(factor)
        for other, divisor in enumerate(ratio.below):
            below, lowered = powered(divisor)
            if alike(base, below):
                rest = Ratio(
                    ratio.coefficient, without(ratio.above, place), without(ratio.below, other)
                )
                return written(_with_power(rest, base, exponent - lowered, place))
    return None


def cancelled(term: Term) -> Term:
    """A product in which nothing is left to cancel."""
    if isinstance(term, Negate):
        return negative(cancelled(term.term))
    after = cancel(term, Knowledge())
    return term if after is None else cancelled(after)


def _with_power(ratio: Ratio, base: Term, exponent: Fraction, place: int) -> Ratio:
    if exponent == 0:
        return ratio
    if exponent < 0:
        below = (*ratio.below, to_the_power(base, -exponent))
        return Ratio(ratio.coefficient, ratio.above, below)
    above = (*ratio.above[:place], to_the_power(base, exponent), *ratio.above[place:])
    return Ratio(ratio.coefficient, above, ratio.below)


def powers(term: Term, known: Knowledge) -> Term | None:
    """√s · √s = s and 1/(s √s) = s^(-3/2): powers of one base are gathered where that is shorter.

    A whole product of equal bases counts: x · x stays, since it is as short as x².
    """
    if not (is_product(term) or isinstance(term, Power)):
        return None
    ratio = ratio_of(term)
    above, below = _gathered(ratio.above), _gathered(ratio.below)
    raised = [factor for factor in below if _is_broken(factor)]
    if raised and len(raised) == len(below) and (above or ratio.coefficient != 1):
        above += tuple(_inverted(factor) for factor in raised)
        below = ()
    after = written(Ratio(ratio.coefficient, above, below))
    return after if weight(after) < weight(written(ratio)) else None


def _gathered(factors: tuple[Term, ...]) -> tuple[Term, ...]:
    """The factors with powers of one base as one, where that is shorter."""
    pairs: list[tuple[Term, Fraction, Term | None]] = []
    for factor in factors:
        base, exponent = powered(factor)
        for place, (other, sofar, _) in enumerate(pairs):
            if alike(base, other):
                pairs[place] = (other, sofar + exponent, None)
                break
        else:
            pairs.append((base, exponent, factor))
    gathered = tuple(
        to_the_power(base, exponent) if one is None or exponent == 1 else one
        for base, exponent, one in pairs
        if exponent != 0
    )
    now, then = (sum(map(weight, some)) for some in (gathered, factors))
    return gathered if (now, len(gathered)) < (then, len(factors)) else factors


def _is_broken(factor: Term) -> bool:
    """Whether a factor is a power with an exponent like 3/2."""
    _, exponent = powered(factor)
    return exponent.denominator != 1 and exponent != Fraction(1, 2)


def _inverted(factor: Term) -> Term:
    base, exponent = powered(factor)
    return Power(base, number(-exponent))


def one_fraction(term: Term, known: Knowledge) -> Term | None:
    """X (1/a)/b = x/(a b): fractions of fractions become one, and x · 1/a is x/a."""
    if not is_product(term):
        return None
    after = written(ratio_of(term))
    return after if weight(after) < weight(term) else None


def logistic(term: Term, known: Knowledge) -> Term | None:
    """exp(t)/(1 + exp(t)) = σ(t) and 1/(1 + exp(t)) = σ(-t)."""
    if not is_product(term):
        return None
    ratio = ratio_of(term)
    for other, divisor in enumerate(ratio.below):
        power = _exponential_of(divisor)
        if power is None:
            continue
        (inside,) = power.arguments
        place = position(power, ratio.above)
        below = without(ratio.below, other)
        if place is None:
            above = (*ratio.above, _sigmoid(negative(inside)))
        else:
            above = (*ratio.above[:place], _sigmoid(inside), *ratio.above[place + 1 :])
        return written(Ratio(ratio.coefficient, above, below))
    return None


def _exponential_of(divisor: Term) -> Call | None:
    """The exp(t) of 1 + exp(t)."""
    for part in divisor.terms if isinstance(divisor, Add) else ():
        if isinstance(part, Call) and part.function == "exp" and one_plus(divisor, part):
            return part
    return None


def _sigmoid(argument: Term) -> Term:
    return Call("sigmoid", (argument,))


def reflected(term: Term, known: Knowledge) -> Term | None:
    """1 - σ(t) = σ(-t), where no σ(t) stands beside it."""
    if isinstance(term, Divide) and (alone := _reflected(term.numerator)) is not None:
        return Divide(_sigmoid(negative(alone.arguments[0])), term.denominator)
    if not isinstance(term, Multiply):
        return None
    after = []
    for factor in term.factors:
        found = _reflected(factor)
        if found is None or position(found, term.factors) is not None:
            after.append(factor)
        else:
            after.append(_sigmoid(negative(found.arguments[0])))
    return None if tuple(after) == term.factors else Multiply(tuple(after))


def _reflected(term: Term) -> Call | None:
    """The σ(t) of 1 - σ(t)."""
    match term:
        case Add((one, Negate(Call("sigmoid") as inside))) if one == ONE:
            return inside
    return None
