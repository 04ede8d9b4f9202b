"""Rules on sums: what stands before the sum sign, what summands share, signs, like terms."""

from __future__ import annotations

from fractions import Fraction

from derive.calculus.matching import alike
from derive.calculus.rewrites.knowledge import Knowledge
from derive.calculus.rewrites.ratios import (
    Ratio,
    is_plain,
    position,
    ratio_of,
    weight,
    without,
    written,
)
from derive.conditions import needs_no_guard
from derive.polynomials import is_size
from derive.simplify import (
    guarded,
    negative,
    product,
    summed,
    total,
    unguarded,
)
from derive.terms import (
    ONE,
    ZERO,
    Add,
    Choice,
    Divide,
    Index,
    IndexValue,
    Multiply,
    Negate,
    Number,
    Reduction,
    Size,
    Term,
    free_indices,
    is_one,
    number,
    substitute,
)


def out_of_the_sum(term: Term, known: Knowledge) -> Term | None:
    """Σ_k a x_k = a Σ_k x_k: what does not depend on the summed index comes out.

    A sum over an axis of size one is no sum to a reader, and stays as it is.
    """
    match term:
        case Reduction("sum", indices, inside) if not all(is_one(i.size) for i in indices):
            return _split(term, indices, inside) or _inner_sum(term)
    return None


def _inner_sum(term: Reduction) -> Term | None:
    """Σ_i Σ_k t_ik p_i = Σ_i p_i Σ_k t_ik, where what depends on k brings no other index."""
    ratio = ratio_of(term.term)
    if term.where or len(term.indices) < 2:
        return None
    for index in term.indices:
        inner = [factor for factor in ratio.above if _depends(factor, (index,))]
        others = [factor for factor in ratio.above if factor not in inner]
        divided = any(_depends(divisor, (index,)) for divisor in ratio.below)
        carried = {i for factor in others for i in free_indices(factor)} | {index}
        brought = {i for factor in inner for i in free_indices(factor)}
        if inner and others and not divided and brought <= carried and not is_one(index.size):
            inside = summed((index,), product(*inner))
            outer = tuple(one for one in term.indices if one is not index)
            above = (*others, inside)
            return summed(outer, written(Ratio(ratio.coefficient, above, ratio.below)))
    return None


def _split(term: Reduction, indices: tuple[Index, ...], inside: Term) -> Term | None:
    ratio = ratio_of(inside)
    fixed = [factor for factor in ratio.above if not _depends(factor, indices)]
    outside = [factor for factor in fixed if not term.where or needs_no_guard(factor)]
    divisors = [factor for factor in ratio.below if not _depends(factor, indices)]
    if term.where:
        divisors = [factor for factor in divisors if isinstance(factor, Size)]
    if not outside and not divisors and ratio.coefficient == 1 and ratio.above:
        return None
    inner = Ratio(
        Fraction(1),
        tuple(factor for factor in ratio.above if factor not in outside),
        tuple(factor for factor in ratio.below if factor not in divisors),
    )
    if not inner.above and not inner.below:
        return _counted(term, outside, ratio, tuple(divisors))
    rest = summed(indices, written(inner), term.where)
    return written(Ratio(ratio.coefficient, (*outside, rest), tuple(divisors)))


def _counted(
    term: Reduction, outside: list[Term], ratio: Ratio, divisors: tuple[Term, ...]
) -> Term | None:
    """Σ_k a = n a, for n values of k."""
    if term.where:
        return None
    sizes = tuple(index.size for index in term.indices)
    return written(Ratio(ratio.coefficient, (*sizes, *outside), divisors))


def _depends(term: Term, indices: tuple[Index, ...]) -> bool:
    return any(index in indices for index in free_indices(term))


def one_sum(term: Term, known: Knowledge) -> Term | None:
    """Σ a x - Σ b x = Σ (a - b) x: sums over the same range become one, where that is shorter."""
    if not isinstance(term, Add):
        return None
    parts = [ratio_of(part) for part in term.terms]
    sums = [ratio.above[-1] if ratio.above else ONE for ratio in parts]
    first = sums[0]
    if not isinstance(first, Reduction) or first.kind != "sum" or first.where:
        return None
    bodies = []
    for ratio, one in zip(parts, sums, strict=True):
        body = _body_over(first.indices, one)
        # What stands before a sum stays there: inside, it would be multiplied many times.
        if body is None or not all(map(is_plain, (*ratio.above[:-1], *ratio.below))):
            return None
        outside = Ratio(ratio.coefficient, (*ratio.above[:-1], body), ratio.below)
        bodies.append(written(outside))
    joined = total(*bodies)
    after = summed(first.indices, common_factor(joined, known) or joined)
    return after if weight(after) < weight(term) else None


def _body_over(indices: tuple[Index, ...], term: Term) -> Term | None:
    """What `term` sums, over other indices of the same ranges; None where it is no such sum."""
    match term:
        case Reduction("sum", own, body, ()) if len(own) == len(indices):
            pairs = tuple(zip(own, indices, strict=True))
            if all(one.size == other.size for one, other in pairs):
                return substitute(body, {one: IndexValue(other) for one, other in pairs})
    return None


def common_factor(term: Term, known: Knowledge) -> Term | None:
    """A b - a c = a (b - c), and b/n - c/n = (b - c)/n: what all summands share is written once.

    Conditions that all of them share go with it.  Where each has another one beside, only what has
    a value everywhere comes out.
    """
    if not isinstance(term, Add):
        return None
    guards = [unguarded(part)[0] for part in term.terms]
    everywhere = tuple(condition for condition in guards[0] if all(condition in g for g in guards))
    guards = [tuple(c for c in guard if c not in everywhere) for guard in guards]
    ratios = [ratio_of(unguarded(part)[1]) for part in term.terms]
    above = _shared([ratio.above for ratio in ratios])
    below = _shared([ratio.below for ratio in ratios])
    if all(guards):
        above = tuple(factor for factor in above if needs_no_guard(factor))
        below = tuple(divisor for divisor in below if is_size(divisor))
    size = abs(ratios[0].coefficient)
    if any(abs(ratio.coefficient) != size for ratio in ratios):
        size = Fraction(1)
    if not above and not below and size == 1:
        return None
    rests = []
    for where, ratio in zip(guards, ratios, strict=True):
        left, divisors = _less(ratio.above, above), _less(ratio.below, below)
        rest = guarded(where, written(Ratio(abs(ratio.coefficient) / size, left, divisors)))
        rests.append(Negate(rest) if ratio.coefficient < 0 else rest)
    after = guarded(everywhere, written(Ratio(size, (*above, total(*rests)), below)))
    return after if weight(after) < weight(term) else None


def _shared(lists: list[tuple[Term, ...]]) -> tuple[Term, ...]:
    """What stands in every list, in the order of the first; a repeat counts as often."""
    first, *others = lists
    shared: list[Term] = []
    for factor in first:
        places = [position(factor, other) for other in others]
        if all(place is not None for place in places):
            shared.append(factor)
            others = [
                without(other, place)
                for other, place in zip(others, places, strict=True)
                if place is not None
            ]
    return tuple(shared)


def _less(factors: tuple[Term, ...], shared: tuple[Term, ...]) -> tuple[Term, ...]:
    for factor in shared:
        place = position(factor, factors)
        assert place is not None
        factors = without(factors, place)
    return factors


def like_terms(term: Term, known: Knowledge) -> Term | None:
    """X + x = 2x: summands that differ in their number only become one."""
    if not isinstance(term, Add):
        return None
    found: list[tuple[Ratio, Term, Term | None]] = []
    for part in term.terms:
        ratio = ratio_of(part)
        body = written(Ratio(Fraction(1), ratio.above, ratio.below))
        for place, (sofar, other, _) in enumerate(found):
            if alike(body, other):
                coefficient = sofar.coefficient + ratio.coefficient
                found[place] = (Ratio(coefficient, sofar.above, sofar.below), other, None)
                break
        else:
            found.append((ratio, body, part))
    if len(found) == len(term.terms):
        return None
    return total(*(written(ratio) if part is None else part for ratio, _, part in found))


def signs(term: Term, known: Knowledge) -> Term | None:
    """-(a - b) = b - a, and -a + b = b - a: a sum begins with a summand that is not subtracted."""
    match term:
        case Add(terms) if any(_with_sign_outside(part) is not part for part in terms):
            return _positive_first(tuple(map(_with_sign_outside, terms)))
        case Negate(Add(terms)) if any(isinstance(part, Negate) for part in terms):
            return _positive_first(tuple(negative(part) for part in terms))
        case Add((Negate(), *others) as terms):
            if all(isinstance(part, Negate) for part in others):
                return negative(total(*(negative(part) for part in terms)))
            return _positive_first(tuple(terms))
        case Negate(inner):
            return _opposite(inner, known)
    return None


def _with_sign_outside(term: Term) -> Term:
    """A summand with a number that is zero unless a condition holds, its sign in front."""
    match term:
        case Choice(condition, Negate(Number() as size), Number(zero)) if zero == 0:
            return Negate(Choice(condition, size, ZERO))
        case Choice(condition, Number(value), Number(zero)) if value < 0 and zero == 0:
            return Negate(Choice(condition, number(-value), ZERO))
    return term


def _positive_first(terms: tuple[Term, ...]) -> Term:
    """The sum with its first summand that is not subtracted in front."""
    place = next((k for k, part in enumerate(terms) if not isinstance(part, Negate)), 0)
    return total(terms[place], *without(terms, place))


def _opposite(term: Term, known: Knowledge) -> Term | None:
    """-`term` without a sign in front: -x (a - b) = x (b - a), also under a sum or above a bar.

    None where it holds no difference to turn round.  One that the model's author wrote stays.
    """
    match term:
        case Add((first, Negate(second))) if not isinstance(first, Negate):
            return None if known.is_written(term) else Add((second, Negate(first)))
        case Multiply(factors):
            for place, factor in enumerate(factors):
                turned = _opposite(factor, known)
                if turned is not None:
                    return Multiply((*factors[:place], turned, *factors[place + 1 :]))
        case Divide(numerator, denominator):
            turned = _opposite(numerator, known)
            return None if turned is None else Divide(turned, denominator)
        case Reduction("sum", indices, inside, where):
            turned = _opposite(inside, known)
            return None if turned is None else Reduction("sum", indices, turned, where)
    return None
