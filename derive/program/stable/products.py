"""Products in which one factor vanishes where another overflows.

A product is seen as powers of exponentials, logistic functions, softmaxes and what else there is,
however these are written.  Powers of one base become one, also where one of them stands in the
gradient that is handed down: y/s of a loss times s (1 - s) of its activation.
"""

from __future__ import annotations

from collections.abc import Callable
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
from derive.simplify import guarded, negative, product, quotient, total
from derive.terms import (
    ONE,
    TWO,
    ZERO,
    Add,
    Call,
    Choice,
    Compare,
    Condition,
    Divide,
    Entry,
    IndexValue,
    Multiply,
    Negate,
    Node,
    Number,
    Power,
    Term,
    children,
    free_indices,
    number,
    rebuild,
    rewrite,
)

# Through so many gradients, each handed down to the next, a factor is followed.
FOLLOWED = 3


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
        body = factor if isinstance(factor, Add | Choice) else known.gradient(factor)
        if body is None:
            continue
        rest = replace(ratio, above=without(ratio.above, place))
        meeting, others = _meeting(rest, _summands(body, known), known)
        if meeting.above or meeting.below:
            result = _times(body, meeting, known)
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


def _summands(body: Term, known: Known, depth: int = FOLLOWED) -> tuple[Ratio, ...]:
    """The summands of a sum, of each branch of a choice, of the gradients among them."""
    found: list[Ratio] = []

    def seen(summand: Term) -> Term:
        gradient = known.gradient(summand) if depth else None
        if gradient is None:
            found.append(ratio_of(summand))
        else:
            found.extend(_summands(gradient, known, depth - 1))
        return summand

    _each(body, seen)
    return tuple(found)


def _times(body: Term, factors: Ratio, known: Known) -> Term:
    """A sum or choice times some factors, a gradient in it as it is computed if that is simpler."""

    def changed(summand: Term) -> Term:
        gradient = known.gradient(summand)
        if gradient is not None:
            met, _ = _meeting(factors, _summands(gradient, known), known)
            if met.above or met.below:
                return _times(gradient, factors, known)
        return rewritten(multiplied(times(factors, ratio_of(summand)), known))

    return _each(body, changed)


def _each(body: Term, change: Callable[[Term], Term]) -> Term:
    """A sum or choice with each of its summands changed."""
    match body:
        case Add(terms):
            return total(*(_each(term, change) for term in terms))
        case Negate(inner):
            return negative(_each(inner, change))
        case Choice(condition, chosen, otherwise):
            then = _each(_where_equal(condition, chosen), change)
            if otherwise == ZERO:
                return guarded((condition,), then)
            return Choice(condition, then, _each(otherwise, change))
    ratio = ratio_of(body)
    for place, factor in enumerate(ratio.above):
        if isinstance(factor, Add | Choice):
            beside = replace(ratio, above=without(ratio.above, place))

            def with_others(term: Term, beside: Ratio = beside) -> Term:
                return change(written(times(beside, ratio_of(term))))

            return _each(factor, with_others)
    return change(body)


def _where_equal(condition: Condition, term: Term) -> Term:
    """1 / p[k] under the condition k = i as 1 / p[i]."""
    match condition:
        case Compare("==", Entry() as entry, IndexValue() as index) | Compare(
            "==", IndexValue() as index, Entry() as entry
        ):
            return rewrite(term, lambda node: index if node == entry else None)
    return term


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
        for other, one in enumerate(others.above):
            root = _root(one, base, 1, known)
            if root is not None:
                square = Power(product(base, root), TWO)
                return written(replace(others, above=(*without(others.above, other), square)))
        for other, one in enumerate(others.below):
            root = _root(one, base, -1, known)
            if root is not None:
                square = Power(product(base, root), TWO)
                below = without(others.below, other)
                return written(replace(others, above=(*others.above, square), below=below))
    return None


def _root(factor: Term, beside: Term, sign: int, known: Known) -> Term | None:
    """The root of an exponential, or of its square, which has every index of what is beside it."""
    base, power = powered(factor)
    exponent = exponent_of(base, known)
    if exponent is None or not set(free_indices(beside)) <= set(free_indices(exponent)):
        return None
    if power == 2:
        return base if sign > 0 else Divide(ONE, base)
    half = quotient(exponent if sign > 0 else negative(exponent), TWO)
    return Call("exp", (half,)) if power == 1 else None


def removable(node: Node, known: Known) -> Term | None:
    """u^a log(1 - u) is 0 where u is, for -1 < a < 0: the power is not taken there."""
    if not isinstance(node, Multiply | Divide):
        return None
    ratio = ratio_of(node)
    logs = [f.arguments[0] for f in ratio.above if isinstance(f, Call) and f.function == "log"]
    for sign, factors in ((1, ratio.above), (-1, ratio.below)):
        for place, factor in enumerate(factors):
            base, exponent = (
                (factor.base, factor.exponent)
                if isinstance(factor, Power)
                else (powered(factor)[0], number(powered(factor)[1]))
            )
            value = _value(exponent, known)
            if value is None or not -1 < sign * value < 0:
                continue
            if any(_are_one(known.opened(base), inside) for inside in logs):
                power = Power(Choice(Compare("!=", base, ZERO), base, ONE), exponent)
                after = (*factors[:place], power, *factors[place + 1 :])
                return written(
                    replace(ratio, above=after) if sign > 0 else replace(ratio, below=after)
                )
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
