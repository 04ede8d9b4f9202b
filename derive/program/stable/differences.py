"""Differences of nearly equal numbers, as the small number that they are.

Each rule looks at two summands, with their signs; `of_two_summands` finds them in a sum.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations

from derive.calculus.matching import alike
from derive.calculus.rewrites.ratios import ratio_of, weight
from derive.polynomials import collected
from derive.program.stable.known import Known, is_at_hand
from derive.program.stable.views import (
    exponent_beside_one,
    exponent_of,
    function_of,
    logistic_of,
    square_of,
    tanh_squared_of,
)
from derive.simplify import negative, product, quotient, total
from derive.terms import (
    ONE,
    TWO,
    Add,
    Call,
    Divide,
    Entry,
    Multiply,
    Negate,
    Node,
    Number,
    Power,
    Reduction,
    Term,
    renew,
)

# What two summands are, of which the first is positive.
Pair = Callable[[Term, Term, Known], Term | None]


def of_two_summands(pair: Pair, *, alone: bool = False) -> Callable[[Node, Known], Term | None]:
    """The rule that looks for a pair in every sum, or in sums of two summands `alone`.

    A pair with both signs turned is the negative of one: σ(z) - 1 = -(1 - σ(z)).
    """

    def rule(node: Node, known: Known) -> Term | None:
        if not isinstance(node, Add) or (alone and len(node.terms) > 2):
            return None
        for first, second in permutations(range(len(node.terms)), 2):
            one, other = node.terms[first], node.terms[second]
            turned = isinstance(one, Negate)
            signed = (negative(one), negative(other)) if turned else (one, other)
            found = pair(*signed, known)
            if found is not None:
                place = min(first, second)
                rest = [t for k, t in enumerate(node.terms) if k not in (first, second)]
                rest.insert(place, negative(found) if turned else found)
                return total(*rest)
        return None

    return rule


def complement(first: Term, second: Term, known: Known) -> Term | None:
    """1 - σ(z) = σ(-z), and σ(z) - σ(z)² = σ(z) σ(-z): σ may round to one."""
    if not isinstance(second, Negate) or known.in_recurrence:
        return None
    whole = first == ONE
    base = second.term if whole else square_of(second.term, known)
    inside = None if base is None else logistic_of(base, known)
    if inside is None or not is_at_hand(inside):
        return None
    reflected = Call("sigmoid", (negative(inside),))
    if whole:
        return reflected
    same = logistic_of(first, known)
    return Multiply((first, reflected)) if same is not None and alike(same, inside) else None


def softplus_less(first: Term, second: Term, known: Known) -> Term | None:
    """softplus(z) - z = softplus(-z), which is small where z is large."""
    if not isinstance(second, Negate):
        return None
    inside = function_of("softplus", first, known)
    argument = function_of("log", first, known)
    if inside is None and argument is not None:
        inside = exponent_beside_one(argument, known)
    if inside is None or not alike(inside, second.term):
        return None
    return Call("softplus", (negative(inside),))


def tanh_slope(first: Term, second: Term, known: Known) -> Term | None:
    """1 - tanh(z)² = 1 / cosh(z)², which is not zero where tanh(z) rounds to one.

    The slope of a layer, an array with a name, stays 1 - h², as automatic differentiation computes
    it: what is lost there is a rounding error of the gradient that comes from above.
    """
    if first != ONE or not isinstance(second, Negate) or known.in_recurrence:
        return None
    squared = square_of(second.term, known)
    if known.in_gradient and isinstance(squared, Entry) and squared.subscripts:
        return None
    inside = tanh_squared_of(second.term, known)
    if inside is None or not is_at_hand(inside):
        return None
    return Divide(ONE, Power(Call("cosh", (inside,)), TWO))


def tanh_and_one(first: Term, second: Term, known: Known) -> Term | None:
    """1 - tanh(z) = 2 σ(-2z), 1 + tanh(z) = 2 σ(2z)."""
    inside = _beside_one("tanh", first, second, known)
    if inside is None or not is_at_hand(inside) or known.in_recurrence:
        return None
    return product(TWO, first, Call("sigmoid", (product(TWO, inside),)))


def erf_and_one(first: Term, second: Term, known: Known) -> Term | None:
    """1 - erf(z) = erfc(z), 1 + erf(z) = erfc(-z)."""
    inside = _beside_one("erf", first, second, known)
    return None if inside is None else product(first, Call("erfc", (negative(inside),)))


def _beside_one(function: str, first: Term, second: Term, known: Known) -> Term | None:
    """The z of c + c f(z), where f is odd: c - c f(z) is c + c f(-z)."""
    ratio = ratio_of(second)
    if not isinstance(first, Number) or abs(ratio.coefficient) != first.value:
        return None
    if len(ratio.above) != 1 or ratio.below:
        return None
    inside = function_of(function, ratio.above[0], known)
    return negative(inside) if inside is not None and ratio.coefficient < 0 else inside


def tanh_of_half(first: Term, second: Term, known: Known) -> Term | None:
    """2 σ(z) - 1 = tanh(z/2), where both are near zero."""
    match first, second:
        case Multiply((two, logistic)), Negate(one) if two == TWO and one == ONE:
            inside = logistic_of(logistic, known)
            return None if inside is None else Call("tanh", (quotient(inside, TWO),))
    return None


def difference_of_exponentials(first: Term, second: Term, known: Known) -> Term | None:
    """Where z is small, exp(z) - 1 = expm1(z), and exp(z) - exp(-z) = 2 sinh(z), lose nothing."""
    if not isinstance(second, Negate):
        return None
    exponents = exponent_of(first, known), exponent_of(second.term, known)
    match exponents:
        case None, Term() as after if first == ONE:
            return Negate(Call("expm1", (after,)))
        case Term() as before, None if second.term == ONE:
            return Call("expm1", (before,))
        case Term() as before, Term() as after if alike(before, negative(after)):
            return Multiply((TWO, Call("sinh", (before,))))
    return None


def sum_of_exponentials(first: Term, second: Term, known: Known) -> Term | None:
    """Of exp(z) + exp(-z) = 2 cosh(z) the logarithm and the quotients are known."""
    one, other = exponent_of(first, known), exponent_of(second, known)
    if one is not None and other is not None and alike(negative(one), other):
        return Multiply((TWO, Call("cosh", (one,))))
    return None


def roots(first: Term, second: Term, known: Known) -> Term | None:
    """√a - b = (a - b²) / (√a + b), where the one is gone from a - b²."""
    inside = function_of("sqrt", first, known)
    if inside is None or not isinstance(second, Negate):
        return None
    other = function_of("sqrt", second.term, known)
    squared = other or (ONE if second.term == ONE else Power(second.term, TWO))
    rest = collected(Add((known.opened(inside), Negate(squared))))
    if weight(rest) >= weight(inside):
        return None
    return Divide(rest, Add((first, second.term)))


def variance(first: Term, second: Term, known: Known) -> Term | None:
    """The squares of large x are nearly equal: mean(x²) - mean(x)² = mean((x - mean(x))²)."""
    mean = square_of(second.term, known) if isinstance(second, Negate) else None
    if mean is None:
        return None
    match known.opened(first), known.opened(mean):
        case (
            Reduction("mean", indices, square, where),
            Reduction("mean", others, each, same_where),
        ):
            base = square_of(square, known)
            of_each = Reduction("mean", others, each, same_where)
            if base is None or not alike(Reduction("mean", indices, base, where), of_each):
                return None
            deviation = Add((base, Negate(renew(mean))))
            return Reduction("mean", indices, Power(deviation, TWO), where)
    return None
