"""Where a factor of a sum should be taken apart: an outer product that nobody needs, a dear order.

A sum whose value has more axes than anything it reads is smaller when what stands around it is
summed with it: Σ_i g[i] (Σ_k A[i,k] B[k,p] C[q,i]) never needs the array over i, p and q.  So is
one that is cheaper in another order: (A B) v is A (B v).  Conditions inside become masks first.
"""

from __future__ import annotations

from collections.abc import Sequence

from derive.program.context import Context
from derive.program.factors import factors_of
from derive.program.masks import with_masked_factors
from derive.program.orders import CLEARLY, least_cost
from derive.simplify import negative, product, quotient, summed
from derive.terms import (
    ONE,
    ZERO,
    Add,
    Choice,
    Divide,
    Entry,
    Index,
    LinearAlgebra,
    Reduction,
    Term,
    free_indices,
    is_one,
    walk,
)


def grows(term: Term) -> bool:
    """Whether a sum has more axes than any array it reads.

    >>> from derive.terms import Index, IndexValue, Multiply, Quantity, Size
    >>> n = Size("n"); i, j, k, m = (Index(n) for _ in range(4)); A = Quantity("A", (n, n))
    >>> at = lambda *places: Entry(A, tuple(map(IndexValue, places)))
    >>> grows(Reduction("sum", (k,), Multiply((at(i, k), at(k, j)))))
    False
    >>> grows(Reduction("sum", (k,), Multiply((at(i, k), at(k, j), at(k, m)))))
    True
    """
    if not isinstance(term, Reduction | Add):
        return False
    leaves = (part for part in walk(term) if isinstance(part, Entry | LinearAlgebra))
    return _rank(term) > max(map(_rank, leaves), default=0)


def _rank(term: Term) -> int:
    return sum(not is_one(index.size) for index in free_indices(term))


def taken_apart(term: Term, indices: tuple[Index, ...], context: Context) -> Term | None:
    """The sum of a product with a sum in it as one sum, None where that is of no use.

    It is where the inner one is an outer product, or where another order is clearly cheaper: then
    (A B) v is A (B v).  What is known already is left whole.
    """
    factors = factors_of(term, indices)
    above = tuple(part for factor in factors.above for part in _parts(factor, indices, context))
    for factor in above:
        others = tuple(other for other in above if other is not factor)
        found: Term
        match factor:
            case Reduction("sum", inner, inside, ()) if grows(factor) or _is_cheaper_apart(
                factor, others, indices, context
            ):
                found = summed((*indices, *inner), product(*others, inside))
            case Choice(condition, _, otherwise) if otherwise == ZERO and not set(
                free_indices(condition)
            ) & set(indices):
                found = summed(indices, product(*others, factor))
            case Add(terms) if grows(factor) and not any(map(_is_guarded, terms)):
                found = Add(tuple(summed(indices, product(*others, part)) for part in terms))
            case _:
                continue
        found = quotient(found, product(*factors.below)) if factors.below else found
        return negative(found) if factors.negative else found
    return None


def _parts(factor: Term, indices: tuple[Index, ...], context: Context) -> tuple[Term, ...]:
    """A factor whose conditions are masks; what divides an outer product is a factor of its own."""
    match factor:
        case Reduction("sum"):
            return (with_masked_factors(factor, context.finite),)
        case Add(terms):
            masked = [
                with_masked_factors(term, context.finite) if isinstance(term, Reduction) else term
                for term in terms
            ]
            return (factor if any(map(_is_guarded, masked)) else Add(tuple(masked)),)
        case Divide(top, bottom):
            above = factors_of(top, indices)
            if not above.below and not above.negative and any(map(grows, above.above)):
                return (*above.above, Divide(ONE, bottom))
    return (factor,)


def _is_cheaper_apart(
    inner: Reduction, others: Sequence[Term], indices: Sequence[Index], context: Context
) -> bool:
    """Whether one sum over all factors costs clearly less than a sum inside a sum."""
    if context.computed.knows(inner):
        return False

    def work(factors: Sequence[Term], summed: Sequence[Index]) -> int:
        axes = [frozenset(free_indices(factor)) for factor in factors]
        return least_cost(axes, summed, context.sizes)

    inside = factors_of(inner.term, inner.indices).above
    apart = work((*others, *inside), (*indices, *inner.indices))
    return work((*others, inner), indices) + work(inside, inner.indices) > CLEARLY * apart


def _is_guarded(term: Term) -> bool:
    """Whether a summand holds under conditions only."""
    return isinstance(term, Choice) or (isinstance(term, Reduction) and bool(term.where))
