"""Products and sums as a person would write them.

These builders keep the author's order and form.  They leave out what nobody writes (a factor 1, a
summand 0), gather the numbers of a product in front and its signs outside, and do nothing else: a
product is never expanded and a sum is never reordered.
"""

from __future__ import annotations

from fractions import Fraction

from derive.terms import (
    ONE,
    ZERO,
    Add,
    Divide,
    Multiply,
    Negate,
    Number,
    Power,
    Reduction,
    Term,
    number,
)


def product(*factors: Term) -> Term:
    """The product of `factors` as one flat product: sign first, then its number, then the rest.

    >>> from derive.terms import Size
    >>> product(number(2), ONE, Negate(Size("n"))) == Negate(Multiply((number(2), Size("n"))))
    True
    """
    coefficient, rest = Fraction(1), []
    for factor in flat_factors(factors):
        if isinstance(factor, Number):
            coefficient *= factor.value
        else:
            rest.append(factor)
    if coefficient == 0:
        return ZERO
    # A fraction in front is written n/d times the rest; a bare product keeps no factor one.
    if abs(coefficient) != 1 or not rest:
        rest.insert(0, number(abs(coefficient)))
    result = rest[0] if len(rest) == 1 else Multiply(tuple(rest))
    return Negate(result) if coefficient < 0 else result


def flat_factors(factors: tuple[Term, ...]) -> list[Term]:
    """The factors of a product of products; a sign becomes the factor -1."""
    flat: list[Term] = []
    for factor in factors:
        match factor:
            case Multiply(inner):
                flat += flat_factors(inner)
            case Negate(inner):
                flat += [number(-1), *flat_factors((inner,))]
            case _:
                flat.append(factor)
    return flat


def total(*terms: Term) -> Term:
    """The sum of `terms` as one flat sum without zeros.

    >>> total(ZERO, ONE) == ONE
    True
    """
    flat: list[Term] = []
    for term in terms:
        flat += term.terms if isinstance(term, Add) else (term,)
    kept = [term for term in flat if term != ZERO]
    if not kept:
        return ZERO
    return kept[0] if len(kept) == 1 else Add(tuple(kept))


def negative(term: Term) -> Term:
    """-term, without a double sign."""
    if isinstance(term, Negate):
        return term.term
    return term if term == ZERO else Negate(term)


def quotient(numerator: Term, denominator: Term) -> Term:
    """numerator / denominator, with the sign of the numerator in front."""
    if numerator == ZERO or denominator == ONE:
        return numerator
    if isinstance(numerator, Negate):
        return Negate(Divide(numerator.term, denominator))
    return Divide(numerator, denominator)


def power(base: Term, exponent: Term) -> Term:
    """base ** exponent, where x ** 1 is x and x ** 0 is 1."""
    if exponent == ONE:
        return base
    if exponent == ZERO:
        return ONE
    return Power(base, exponent)


def summed(reduction: Reduction) -> Term:
    """A sum with its sign in front, and no sum where nothing is bound."""
    if not reduction.indices and not reduction.where:
        return reduction.term
    if reduction.term == ZERO:
        return ZERO
    if isinstance(reduction.term, Negate):
        inner = summed(Reduction("sum", reduction.indices, reduction.term.term, reduction.where))
        return Negate(inner)
    return reduction
