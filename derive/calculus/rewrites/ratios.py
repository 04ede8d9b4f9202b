"""A product seen as one fraction: a number, the factors above the bar, and those below.

The rules on products look at this view; `written` is how a person writes it down again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from derive.calculus.matching import alike
from derive.simplify import flat_factors, negative, product
from derive.terms import (
    ONE,
    Add,
    Call,
    Divide,
    Entry,
    IndexValue,
    Multiply,
    Negate,
    Node,
    Number,
    Power,
    Reduction,
    Term,
    children,
    entries,
    free_indices,
    number,
    walk,
)


@dataclass(frozen=True)
class Ratio:
    """coefficient · above / below."""

    coefficient: Fraction
    above: tuple[Term, ...] = ()
    below: tuple[Term, ...] = ()


def ratio_of(term: Term) -> Ratio:
    """The product `term`, with all its fractions, as one.

    >>> from derive.terms import Size
    >>> ratio_of(Divide(Multiply((number(2), Size("n"))), Size("m"))).coefficient
    Fraction(2, 1)
    """
    match term:
        case Number(value):
            return Ratio(value)
        case Negate(inner):
            inside = ratio_of(inner)
            return Ratio(-inside.coefficient, inside.above, inside.below)
        case Multiply(factors):
            result = Ratio(Fraction(1))
            for factor in flat_factors(factors):
                result = times(result, ratio_of(factor))
            return result
        case Divide(numerator, denominator) if not is_share(term):
            top, bottom = ratio_of(numerator), ratio_of(denominator)
            if bottom.coefficient != 0:
                return times(top, Ratio(1 / bottom.coefficient, bottom.below, bottom.above))
        case Divide(Multiply() as numerator, total):
            # exp(z) x / Σ exp(z) is a share and a factor beside it.
            top = ratio_of(numerator)
            place = next((k for k, part in enumerate(top.above) if is_exponential(part)), None)
            if place is not None:
                share = Ratio(Fraction(1), (Divide(top.above[place], total),))
                return times(replace(top, above=without(top.above, place)), share)
    return Ratio(Fraction(1), (term,))


def is_share(term: Term) -> bool:
    """Whether a term is a share of a sum of exponentials, which stays whole as a softmax does."""
    match term:
        case Divide(_, Reduction("sum", _, inside)):
            return any(isinstance(n, Call) and n.function == "exp" for n in walk(inside))
    return False


def is_exponential(term: Term) -> bool:
    """Whether a term is exp(z) of some z."""
    return isinstance(term, Call) and term.function == "exp"


def times(left: Ratio, right: Ratio) -> Ratio:
    """The product of two."""
    return Ratio(
        left.coefficient * right.coefficient,
        (*left.above, *right.above),
        (*left.below, *right.below),
    )


def written(ratio: Ratio) -> Term:
    """The fraction as a person writes it: 2/n · x, (a - b)/n, 1/n · Σ x, x y/√s."""
    if ratio.coefficient < 0:
        return negative(written(Ratio(-ratio.coefficient, ratio.above, ratio.below)))
    above, top = ratio.above, ratio.coefficient.numerator
    # Sizes before data: T/(N P).
    below = tuple(sorted(ratio.below, key=lambda divisor: not is_plain(divisor)))
    if ratio.coefficient == 0:
        return number(0)
    if not below and ratio.coefficient.denominator == 1:
        return product(number(top), *above)
    bottom = product(number(ratio.coefficient.denominator), *below)
    if not above:
        return Divide(number(top), bottom)
    if all(map(is_plain, below)) and (top != 1 or _is_wide(above)):
        return Multiply((Divide(number(top), bottom), *above))
    return Divide(product(number(top), *above), bottom)


def is_plain(term: Term) -> bool:
    """Whether a term is made of numbers and sizes only."""
    return not entries(term) and not free_indices(term)


def _is_wide(above: tuple[Term, ...]) -> bool:
    """Whether what stands above the bar has a sum sign, so that it is better written behind."""
    return any(isinstance(factor, Reduction) for factor in above)


def weight(node: Node) -> int:
    """How much there is to read: the nodes of a term, a plain entry counting as one."""
    match node:
        case IndexValue():
            return 0
        case Number():
            return 1
        case Entry():
            return 1 + sum(map(weight, node.subscripts))
        case Reduction():
            return 1 + len(node.indices) + sum(map(weight, children(node)))
    return 1 + sum(map(weight, children(node)))


def powered(factor: Term) -> tuple[Term, Fraction]:
    """A factor as base and exponent: √s is s to ½, its square is s."""
    match factor:
        case Call("sqrt", (base,)):
            return base, Fraction(1, 2)
        case Power(base, Number(exponent)) if exponent.denominator == 1:
            inner, inside = powered(base)
            return inner, inside * exponent
        case Power(base, Number(exponent)):
            return base, exponent
    return factor, Fraction(1)


def to_the_power(base: Term, exponent: Fraction) -> Term:
    """Base ** exponent as a person writes it."""
    if exponent == 1:
        return base
    if exponent == Fraction(1, 2):
        return Call("sqrt", (base,))
    return Power(base, number(exponent))


def position(wanted: Term, terms: tuple[Term, ...]) -> int | None:
    """Where among `terms` one like `wanted` stands, None where none does."""
    return next((place for place, term in enumerate(terms) if alike(wanted, term)), None)


def without(terms: tuple[Term, ...], place: int) -> tuple[Term, ...]:
    """The terms without the one at a place."""
    return (*terms[:place], *terms[place + 1 :])


def one_plus(term: Term, inside: Term) -> bool:
    """Whether `term` is 1 + `inside`, in any order."""
    return alike(term, Add((ONE, inside)))
