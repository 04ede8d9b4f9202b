"""Rules that multiply out, where that leaves less to read."""

from __future__ import annotations

from itertools import product as cartesian

from derive.calculus.rewrites.knowledge import Knowledge
from derive.calculus.rewrites.products import cancelled, is_product
from derive.calculus.rewrites.ratios import Ratio, position, ratio_of, weight, without, written
from derive.calculus.rewrites.sums import like_terms
from derive.simplify import flat_factors, product, total
from derive.terms import Add, Multiply, Negate, Term

# A sum of more products is not multiplied out.
MOST_PRODUCTS = 16


def into_the_sum(term: Term, known: Knowledge) -> Term | None:
    """P (a/p - b) = a - p b: a factor goes into a sum where it cancels a divisor."""
    if not is_product(term):
        return None
    ratio = ratio_of(term)
    for place, factor in enumerate(ratio.above):
        if not isinstance(factor, Add):
            continue
        divisors = [divisor for part in factor.terms for divisor in ratio_of(part).below]
        others = without(ratio.above, place)
        moved = tuple(one for one in others if position(one, tuple(divisors)) is not None)
        stays = tuple(one for one in others if one not in moved)
        inside = total(*(cancelled(product(*moved, part)) for part in factor.terms))
        after = written(Ratio(ratio.coefficient, (inside, *stays), ratio.below))
        if moved and weight(after) < weight(term):
            return after
    return None


def multiplied_out(term: Term, known: Knowledge) -> Term | None:
    """P (1 - y) - (1 - p) y = p - y: products of sums are multiplied out where summands cancel."""
    if not isinstance(term, Add):
        return None
    parts = [_expanded(part) for part in term.terms]
    if sum(map(len, parts)) > MOST_PRODUCTS:
        return None
    flat = total(*(one for part in parts for one in part))
    after = like_terms(flat, known)
    return after if after is not None and weight(after) < weight(term) else None


def _expanded(term: Term) -> list[Term]:
    """The summands of a product of sums."""
    if not isinstance(term, Multiply | Negate):
        return [term]
    factors = flat_factors((term,))
    choices = [factor.terms if isinstance(factor, Add) else (factor,) for factor in factors]
    return [product(*chosen) for chosen in cartesian(*choices)]
