"""Where a factor of a sum should be taken apart: an outer product that nobody needs.

A sum whose value has more axes than anything it reads is smaller when what stands around it is
summed with it: Σ_i g[i] (Σ_k A[i,k] B[k,p] C[q,i]) never needs the array over i, p and q.
"""

from __future__ import annotations

from derive.program.factors import factors_of
from derive.simplify import negative, product, quotient, summed
from derive.terms import (
    Add,
    Choice,
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


def taken_apart(term: Term, indices: tuple[Index, ...]) -> Term | None:
    """The sum of a product over indices, without an outer product; None where there is none."""
    factors = factors_of(term, indices)
    for factor in factors.above:
        others = tuple(other for other in factors.above if other is not factor)
        found: Term
        match factor:
            case Reduction("sum", inner, inside, ()) if grows(factor):
                found = summed((*indices, *inner), product(*others, inside))
            case Add(terms) if grows(factor) and not any(map(_is_guarded, terms)):
                found = Add(tuple(summed(indices, product(*others, part)) for part in terms))
            case _:
                continue
        found = quotient(found, product(*factors.below)) if factors.below else found
        return negative(found) if factors.negative else found
    return None


def _is_guarded(term: Term) -> bool:
    """Whether a summand holds under conditions only."""
    return isinstance(term, Choice) or (isinstance(term, Reduction) and bool(term.where))
