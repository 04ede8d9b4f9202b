"""Products and sums as a person would write them.

These builders keep the author's order and form.  They leave out what nobody writes (a factor 1, a
summand 0), gather the numbers of a product in front and its signs outside, and do nothing else: a
product is never expanded and a sum is never reordered.

A term that is zero unless conditions hold is *guarded*: a `Choice` whose other branch is zero.
Guards move out of products and quotients and into the `where` of a sum, so that they end beside
the bound indices, where a program can narrow a range, and are never multiplied into a term.
"""

from __future__ import annotations

from fractions import Fraction

from derive.decimals import like
from derive.terms import (
    ONE,
    ZERO,
    Add,
    AllOf,
    Choice,
    Compare,
    Condition,
    Divide,
    Index,
    IndexValue,
    Multiply,
    Negate,
    Number,
    Power,
    Reduction,
    Term,
    number,
    substitute,
)

# --- guards -------------------------------------------------------------------------------------


def guarded(conditions: tuple[Condition, ...], term: Term) -> Term:
    """`term` where every condition holds, zero elsewhere."""
    if not conditions or term == ZERO:
        return term
    inner, term = unguarded(term)
    conditions = tuple(dict.fromkeys((*single(conditions), *inner)))
    condition = conditions[0] if len(conditions) == 1 else AllOf(conditions)
    return Choice(condition, term, ZERO)


def single(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    """The conditions one by one, without conjunctions."""
    found: list[Condition] = []
    for condition in conditions:
        found += single(condition.conditions) if isinstance(condition, AllOf) else (condition,)
    return tuple(found)


def unguarded(term: Term) -> tuple[tuple[Condition, ...], Term]:
    """The conditions without which `term` is zero, and the term under them.

    >>> from derive.terms import Compare, Size
    >>> positive = Compare(">", Size("n"), ZERO)
    >>> unguarded(guarded((positive,), Size("n"))) == ((positive,), Size("n"))
    True
    """
    match term:
        case Choice(condition, chosen, Number(value)) if value == 0:
            inner, rest = unguarded(chosen)
            return (*single((condition,)), *inner), rest
        case Negate(inside):
            inner, rest = unguarded(inside)
            return inner, Negate(rest)
    return (), term


# --- products and sums --------------------------------------------------------------------------


def product(*factors: Term) -> Term:
    """The product of `factors` as one flat product: sign first, then its number, then the rest.

    >>> from derive.terms import Size
    >>> product(number(2), ONE, Negate(Size("n"))) == Negate(Multiply((number(2), Size("n"))))
    True
    """
    conditions: list[Condition] = []
    coefficient, rest, numbers = Fraction(1), [], []
    for factor in flat_factors(factors):
        outer, inside = unguarded(factor)
        conditions += outer
        for part in flat_factors((inside,)) if outer else (inside,):
            match part:
                case Number(value):
                    coefficient *= value
                    numbers.append(part)
                case Divide(Number(above), Number(below)) if below != 0:
                    coefficient *= above / below
                case _:
                    rest.append(part)
    if coefficient == 0:
        return ZERO
    rest = _with_number(like(abs(coefficient), *numbers), rest)
    result = rest[0] if len(rest) == 1 else Multiply(tuple(rest))
    return guarded(tuple(conditions), Negate(result) if coefficient < 0 else result)


def _with_number(coefficient: Number, factors: list[Term]) -> list[Term]:
    """The factors with a number: in front, or in a fraction of a number: 2 · 1/n is 2/n."""
    if coefficient == ONE and factors:
        return factors
    for place, factor in enumerate(factors):
        match factor:
            case Divide(Number() as above, below):
                value = like(coefficient.value * above.value, coefficient, above)
                fraction = quotient(value, below)
                return [*factors[:place], fraction, *factors[place + 1 :]]
    return [coefficient, *factors]


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
    if term == ZERO:
        return term
    conditions, inside = unguarded(term)
    return guarded(conditions, Negate(inside)) if conditions else Negate(term)


def quotient(numerator: Term, denominator: Term) -> Term:
    """The quotient with its sign in front, and with what its numbers share cancelled.

    >>> from derive.terms import TWO, Size
    >>> quotient(product(TWO, Size("n")), TWO) == Size("n")
    True
    """
    if numerator == ZERO or denominator == ONE:
        return numerator
    conditions, inside = unguarded(numerator)
    if isinstance(inside, Negate):
        return guarded(conditions, negative(quotient(inside.term, denominator)))
    above, below = _cancelled(inside, denominator)
    return guarded(conditions, above if below == ONE else Divide(above, below))


def _cancelled(numerator: Term, denominator: Term) -> tuple[Term, Term]:
    """2 u / 4 is u / 2; what shares no number stays as it is."""
    first, *rest = flat_factors((numerator,))
    if not isinstance(first, Number) or not isinstance(denominator, Number) or not rest:
        return numerator, denominator
    ratio = first.value / denominator.value
    if ratio.denominator == denominator.value:
        return numerator, denominator
    return product(number(ratio.numerator), *rest), number(ratio.denominator)


def power(base: Term, exponent: Term) -> Term:
    """A power, where x ** 1 is x and x ** 0 is 1."""
    if exponent == ONE:
        return base
    if exponent == ZERO:
        return ONE
    return Power(base, exponent)


def summed(indices: tuple[Index, ...], term: Term, where: tuple[Condition, ...] = ()) -> Term:
    """The sum of `term` over `indices`, its guards beside them and its sign in front.

    A condition that says which index another one is leaves nothing to sum over it.
    """
    if term == ZERO or not indices:
        return guarded(where, term)
    conditions, inside = unguarded(term)
    where = tuple(dict.fromkeys((*where, *conditions)))
    for condition in where:
        fixed = _fixed(condition, indices)
        if fixed is not None:
            values: dict[Index, Term] = {fixed[0]: IndexValue(fixed[1])}
            others = tuple(substitute(c, values) for c in where if c != condition)
            rest = tuple(index for index in indices if index is not fixed[0])
            return summed(rest, substitute(inside, values), others)
    if isinstance(inside, Negate):
        return Negate(Reduction("sum", indices, inside.term, where))
    return Reduction("sum", indices, inside, where)


def _fixed(condition: Condition, indices: tuple[Index, ...]) -> tuple[Index, Index] | None:
    """The summed index that a condition fixes, and the index of the same range that it is."""
    match condition:
        case Compare("==", IndexValue(left), IndexValue(right)) if (
            left is not right and left.size == right.size
        ):
            for one, other in ((right, left), (left, right)):
                if one in indices:
                    return one, other
    return None
