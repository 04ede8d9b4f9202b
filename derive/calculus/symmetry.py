"""Which matrices are symmetric, as far as their definitions show it.

A definition shows it when the exchange of its two indices gives the same term, up to the order of
summands and factors, the sign under an even power, and the symmetry of what it reads.
"""

from __future__ import annotations

from collections.abc import Iterable, Set

from derive.model import Specification
from derive.simplify import negative
from derive.terms import (
    BINDERS,
    Add,
    Call,
    Compare,
    Entry,
    IndexValue,
    LinearAlgebra,
    Matrix,
    Multiply,
    Name,
    Node,
    Number,
    Power,
    Term,
    children,
    rebuild,
    same,
    substitute,
)


def symmetric_quantities(model: Specification) -> frozenset[Name]:
    """The names of the matrices that are symmetric by declaration or by definition."""
    known = {fact.quantity.name for fact in model.facts if fact.kind == "symmetric"}
    for equation in model.equations:
        if len(equation.indices) != 2 or equation.domain:
            continue
        if is_symmetric(Matrix(equation.indices, equation.right), known):
            known.add(equation.left.name)
    return frozenset(known)


def is_symmetric(matrix: Matrix, known: Set[Name] = frozenset()) -> bool:
    """Whether a matrix shows that it is symmetric; `known` are names of such matrices.

    >>> from derive.terms import Index, Quantity, Size
    >>> n = Size("n"); i, j = Index(n), Index(n); x, A = Quantity("x", (n,)), Quantity("A", (n, n))
    >>> is_symmetric(Matrix((i, j), Multiply(tuple(Entry(x, (IndexValue(k),)) for k in (i, j)))))
    True
    >>> whole = Matrix((i, j), Entry(A, (IndexValue(i), IndexValue(j))))
    >>> is_symmetric(whole), is_symmetric(whole, {"A"})
    (False, True)
    """
    first, second = matrix.indices
    exchanged = substitute(matrix.term, {first: IndexValue(second), second: IndexValue(first)})
    return first.size == second.size and _alike(matrix.term, exchanged, known)


def _alike(left: Node, right: Node, known: Set[Name]) -> bool:
    """Equality up to order, the sign under an even function, and known symmetry."""
    if same(left, right):
        return True
    match left, right:
        case (Add(some), Add(others)) | (Multiply(some), Multiply(others)):
            return _pairs_up(some, others, known)
        case Compare("==" | "!=" as one, a, b), Compare(other, c, d):
            return one == other and _pairs_up((a, b), (c, d), known)
        case Entry(quantity, (a, b)), Entry(other, (c, d)) if quantity.name in known:
            return quantity == other and a == d and b == c
        case Power(base, Number(value)), Power(other, exponent) if value % 2 == 0:
            return exponent == Number(value) and _alike_but_sign(base, other, known)
        case Call("abs", (base,)), Call("abs", (other,)):
            return _alike_but_sign(base, other, known)
        case LinearAlgebra("inv", (matrix,), (a, b)), LinearAlgebra("inv", (other,), (c, d)):
            return a == d and b == c and same(matrix, other) and is_symmetric(matrix, known)
    if isinstance(left, BINDERS) and left.indices != getattr(right, "indices", ()):
        return False
    below = children(left), children(right)
    if type(left) is not type(right) or len(below[0]) != len(below[1]):
        return False
    if not below[0] or rebuild(left, below[1]) != right:
        return False
    return all(_alike(a, b, known) for a, b in zip(*below, strict=True))


def _pairs_up(some: Iterable[Node], others: Iterable[Node], known: Set[Name]) -> bool:
    """Whether each of `some` is like another one of `others`."""
    left = list(others)
    for one in some:
        partner = next((other for other in left if _alike(one, other, known)), None)
        if partner is None:
            return False
        left.remove(partner)
    return not left


def _alike_but_sign(left: Term, right: Term, known: Set[Name]) -> bool:
    return _alike(left, right, known) or _alike(left, _opposite(right), known)


def _opposite(term: Term) -> Term:
    """-term, with the sign on each summand."""
    if isinstance(term, Add):
        return Add(tuple(negative(part) for part in term.terms))
    return negative(term)
