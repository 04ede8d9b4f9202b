"""Products in which one factor vanishes where another overflows.

A product is seen as powers of exponentials, logistic functions, softmaxes and what else there is,
however these are written.  Powers of one base become one, also where one of them stands in the
gradient that is handed down: y/s of a loss times s (1 - s) of its activation.
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from derive.calculus.matching import alike
from derive.calculus.rewrites.ratios import (
    Ratio,
    powered,
    ratio_of,
    times,
    to_the_power,
    without,
    written,
)
from derive.polynomials import polynomial
from derive.program.stable.known import Known
from derive.program.stable.powers import multiplied, rewritten
from derive.program.stable.views import exponent_beside_one, exponent_of, square_of
from derive.simplify import flat_factors, negative, product, quotient, total
from derive.terms import (
    ONE,
    TWO,
    ZERO,
    Add,
    Call,
    Choice,
    Compare,
    Divide,
    Multiply,
    Negate,
    Node,
    Number,
    Power,
    Term,
    children,
    free_indices,
    rebuild,
    rewrite,
)


def logistic(node: Node, known: Known) -> Term | None:
    """1 / (1 + exp(-z)) = σ(z)."""
    match node:
        case Divide(above, below) if above == ONE:
            exponent = exponent_beside_one(below, known)
            return None if exponent is None else Call("sigmoid", (negative(exponent),))
    return None


def powers_of_one_base(node: Node, known: Known) -> Term | None:
    """One power for each base: exp(z) / (1 + exp(z)) = σ(z), exp(z) exp(-z) = 1, p/p = 1."""
    if not isinstance(node, Multiply | Divide):
        return None
    powers = multiplied(ratio_of(node), known)
    return rewritten(powers) if powers.merged else None


def handed_down(node: Node, known: Known) -> Term | None:
    """(a/s + b) s = a + b s, where s is small or the gradient that holds a/s is large."""
    if not isinstance(node, Multiply | Divide):
        return None
    ratio = ratio_of(node)
    for place, factor in enumerate(ratio.above):
        summands = tuple(map(ratio_of, _summands(factor, known)))
        rest = replace(ratio, above=without(ratio.above, place))
        meeting, others = _meeting(rest, summands, known)
        if meeting.above or meeting.below:
            products = (multiplied(times(meeting, summand), known) for summand in summands)
            result = total(*map(rewritten, products))
            return written(replace(others, above=(*others.above, result)))
    return None


def _meeting(rest: Ratio, summands: tuple[Ratio, ...], known: Known) -> tuple[Ratio, Ratio]:
    """The factors of `rest` that make one with a factor of some summand, and the others."""
    counts = [multiplied(summand, known).merged for summand in summands]

    def meets(one: Ratio) -> bool:
        alone = multiplied(one, known).merged
        found = (multiplied(times(one, summand), known).merged for summand in summands)
        return any(merged > alone + count for merged, count in zip(found, counts, strict=True))

    above = [meets(Ratio(Fraction(1), (factor,))) for factor in rest.above]
    below = [meets(Ratio(Fraction(1), (), (factor,))) for factor in rest.below]
    meeting, others = (
        (
            tuple(f for f, is_met in zip(rest.above, above, strict=True) if is_met is wanted),
            tuple(f for f, is_met in zip(rest.below, below, strict=True) if is_met is wanted),
        )
        for wanted in (True, False)
    )
    return Ratio(Fraction(1), *meeting), Ratio(rest.coefficient, *others)


def _summands(factor: Term, known: Known) -> tuple[Term, ...]:
    """The summands of a sum or of a gradient, the gradients among them as they are computed."""
    body = factor if isinstance(factor, Add) else known.gradient(factor)
    if body is None:
        return ()
    ratio = ratio_of(body)
    for place, part in enumerate(ratio.above):
        if isinstance(part, Add):
            beside = replace(ratio, above=without(ratio.above, place))
            terms = (_computed(term, known) for term in part.terms)
            return tuple(written(times(beside, ratio_of(term))) for term in terms)
    return (_computed(body, known),)


def _computed(term: Term, known: Known) -> Term:
    if isinstance(term, Negate):
        return negative(_computed(term.term, known))
    return known.gradient(term) or term


def square_of_product(node: Node, known: Known) -> Term | None:
    """u² exp(t) = (u exp(t/2))²: zero where u is zero, for twice as large a t."""
    if not isinstance(node, Multiply | Divide):
        return None
    ratio = ratio_of(node)
    for place, factor in enumerate(ratio.above):
        base = square_of(factor, known)
        if base is None or isinstance(base, Number):
            continue
        others = replace(ratio, above=without(ratio.above, place))
        for above, factors in ((True, others.above), (False, others.below)):
            for other, divisor in enumerate(factors):
                exponent = exponent_of(divisor, known)
                if exponent is None or not set(free_indices(base)) <= set(free_indices(exponent)):
                    continue
                half = quotient(exponent if above else negative(exponent), TWO)
                square = Power(product(base, Call("exp", (half,))), TWO)
                left = without(factors, other)
                if above:
                    return written(replace(others, above=(*left, square)))
                return written(replace(others, above=(*others.above, square), below=left))
    return None


def removable(node: Node, known: Known) -> Term | None:
    """u^a log(1 - u) is 0 where u is, for -1 < a < 0: the power is not taken there."""
    if not isinstance(node, Multiply):
        return None
    factors = flat_factors((node,))
    logs = [f.arguments[0] for f in factors if isinstance(f, Call) and f.function == "log"]
    for place, factor in enumerate(factors):
        match factor:
            case Power(base, exponent) if any(_are_one(base, inside) for inside in logs):
                value = _value(exponent, known)
                if value is not None and -1 < value < 0:
                    guarded = Choice(Compare("!=", base, ZERO), base, ONE)
                    power = Power(guarded, exponent)
                    return product(*factors[:place], power, *factors[place + 1 :])
    return None


def _are_one(base: Term, inside: Term) -> bool:
    """Whether two terms are u and 1 - u."""
    return alike(base, Add((ONE, Negate(inside)))) or alike(inside, Add((ONE, Negate(base))))


def _value(exponent: Term, known: Known) -> Fraction | None:
    """The value of a sum of numbers and constants."""
    value = Fraction(0)
    for coefficient, factors in polynomial(exponent).values():
        for factor in factors:
            constant = known.value(factor)
            if constant is None:
                return None
            coefficient *= constant
        value += coefficient
    return value


def with_quotients(term: Term) -> Term:
    """A product with its fractions as one: x σ(z) as x / (1 + exp(-z)), which is how σ is made."""

    def rule(node: Node) -> Node | None:
        if not isinstance(node, Multiply | Divide):
            return None
        ratio = ratio_of(node)
        above, below = list[Term](), list(ratio.below)
        for factor in ratio.above:
            match powered(factor):
                case Call("sigmoid", (inside,)), exponent:
                    divisor = Add((ONE, Call("exp", (negative(inside),))))
                    below.append(to_the_power(divisor, exponent))
                case _:
                    above.append(factor)
        if not any(_is_inverse(part) for part in children(node)) and len(below) == len(ratio.below):
            return None
        found = written(Ratio(ratio.coefficient, tuple(above), tuple(below)))
        return rebuild(found, tuple(rewrite(child, rule) for child in children(found)))

    return rewrite(term, rule)


def _is_inverse(node: Node) -> bool:
    return isinstance(node, Divide) and node.numerator == ONE
