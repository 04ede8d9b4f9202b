"""Rules on inverses: an inverse times a vector is the solution of a system."""

from __future__ import annotations

from derive.calculus.rewrites.knowledge import Knowledge
from derive.simplify import flat_factors, product
from derive.terms import (
    Entry,
    Index,
    IndexValue,
    LinearAlgebra,
    Matrix,
    Reduction,
    Term,
    free_indices,
    substitute,
)


def solution(term: Term, known: Knowledge) -> Term | None:
    """Σ_i A⁻¹[p,i] v[i] = (A⁻¹ v)[p], where v is a vector or the solution has a name."""
    match term:
        case Reduction("sum", (index,), inside, ()):
            factors = flat_factors((inside,))
            for place, factor in enumerate(factors):
                others = (*factors[:place], *factors[place + 1 :])
                found = _solved(index, factor, others, known)
                if found is not None:
                    return found
    return None


def _solved(index: Index, factor: Term, others: tuple[Term, ...], known: Knowledge) -> Term | None:
    """The sum over `index` of an inverse times what else is there."""
    match factor:
        case LinearAlgebra("inv", (matrix,), (a, b)):
            varying = tuple(other for other in others if index in free_indices(other))
            if b != IndexValue(index) or index in free_indices(a) or not varying:
                return None
            inner = Index(index.size, index.letter)
            vector = substitute(product(*varying), {index: IndexValue(inner)})
            solved = LinearAlgebra("solve", (matrix, Matrix((inner,), vector)), (a,))
            name = known.name_of(solved)
            if name is None and not _is_vector(vector, inner):
                return None
            fixed = tuple(other for other in others if index not in free_indices(other))
            return product(*fixed, name or solved)
    return None


def _is_vector(term: Term, index: Index) -> bool:
    return isinstance(term, Entry) and term.subscripts == (IndexValue(index),)
