"""Linear algebra, one row each: operators of whole matrices, and their differentials.

An inverse or a determinant has no index formula, but its derivative has one.  A row gives, for each
operand, the derivative of one entry of the result with respect to the operand at its own indices,
which stand free there.  It is a term in entries of the same operators, so that derivatives can be
differentiated again.

Sources: K. B. Petersen and M. S. Pedersen, The Matrix Cookbook (2012), equations 40 and 60 (the
inverse), 46 (the determinant), 57 (its logarithm); I. Murray, Differentiation of the Cholesky
decomposition, arXiv:1602.07527 (2016), equation 8.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

from derive.errors import DerivationError
from derive.simplify import guarded, product
from derive.terms import (
    ONE,
    TWO,
    ZERO,
    Add,
    Choice,
    Compare,
    Divide,
    Index,
    IndexValue,
    LinearAlgebra,
    Matrix,
    Multiply,
    Negate,
    Number,
    Reduction,
    Term,
    renew,
)

Slope = Callable[[LinearAlgebra], Term]
HALF = Number(Fraction(1, 2))


@dataclass(frozen=True)
class OperatorRow:
    """`slopes` holds one derivative for each operand; `rule` is the name of the step."""

    name: str
    rule: str
    slopes: tuple[Slope, ...]


def operator_row(name: str) -> OperatorRow:
    """The row of an operator; an unknown one is named."""
    if name not in ROWS:
        known = ", ".join(sorted(ROWS))
        raise DerivationError(f"no derivative is known for '{name}'", f"use one of {known}")
    return ROWS[name]


def inverse(matrix: Matrix, row: Term, column: Term) -> LinearAlgebra:
    """One entry of the inverse of an operand."""
    return LinearAlgebra("inv", (renew(matrix),), (row, column))


def of_inverse(node: LinearAlgebra) -> Term:
    """∂X⁻¹[i,j]/∂X[p,q] = -X⁻¹[i,p] X⁻¹[q,j]."""
    (matrix,), (i, j), (p, q) = node.operands, node.subscripts, _place(node.operands[0])
    return Negate(Multiply((inverse(matrix, i, p), inverse(matrix, q, j))))


def of_determinant(node: LinearAlgebra) -> Term:
    """∂(det X)/∂X[p,q] = det X · X⁻¹[q,p]."""
    (matrix,), (p, q) = node.operands, _place(node.operands[0])
    return Multiply((renew(node), inverse(matrix, q, p)))


def of_log_determinant(node: LinearAlgebra) -> Term:
    """∂(ln |det X|)/∂X[p,q] = X⁻¹[q,p]."""
    (matrix,), (p, q) = node.operands, _place(node.operands[0])
    return inverse(matrix, q, p)


def of_solution_by_matrix(node: LinearAlgebra) -> Term:
    """∂x[i]/∂A[p,q] = -A⁻¹[i,p] x[q], where A x = b: from dA x + A dx = 0."""
    (i, *column), (p, q) = node.subscripts, _place(node.operands[0])
    solution = LinearAlgebra("solve", renew(node).operands, (q, *column))
    return Negate(Multiply((inverse(node.operands[0], i, p), solution)))


def of_solution_by_right_side(node: LinearAlgebra) -> Term:
    """∂x[i]/∂b[p] = A⁻¹[i,p], for each column of a matrix b alone."""
    (i, *column), (p, *of_right) = node.subscripts, _place(node.operands[1])
    same_column = tuple(
        Compare("==", here, there) for here, there in zip(column, of_right, strict=True)
    )
    return guarded(same_column, inverse(node.operands[0], i, p))


def of_cholesky(node: LinearAlgebra) -> Term:
    """∂L[i,j]/∂A[p,q] from dL = L Φ(L⁻¹ dA L⁻ᵀ): Φ halves the diagonal, drops what is above.

    The factor is that of the symmetric part of A, so p and q change places in a second half:
    ∂L[i,j]/∂A[p,q] = Σ_k L[i,k] φ[k,j] (L⁻¹[k,p] L⁻¹[j,q] + L⁻¹[k,q] L⁻¹[j,p]) / 2.
    """
    p, q = _place(node.operands[0])
    halves = (_through_cholesky(node, p, q), _through_cholesky(node, q, p))
    return Add(tuple(Divide(half, TWO) for half in halves))


def _through_cholesky(node: LinearAlgebra, p: Term, q: Term) -> Term:
    """Σ_k L[i,k] φ[k,j] L⁻¹[k,p] L⁻¹[j,q]."""
    (matrix,), (i, j) = node.operands, node.subscripts
    middle = Index(matrix.indices[0].size)
    k = IndexValue(middle)
    factor = LinearAlgebra("cholesky", renew(node).operands, (i, k))
    return Reduction(
        "sum",
        (middle,),
        product(
            factor,
            _lower_half(k, j),
            inverse(_triangle(matrix), k, p),
            inverse(_triangle(matrix), j, q),
        ),
    )


def _lower_half(k: Term, j: Term) -> Term:
    """φ[k,j]: 1 below the diagonal, 1/2 on it, 0 above."""
    below = Choice(Compare(">", k, j), ONE, ZERO)
    return Choice(Compare("==", k, j), HALF, below)


def _triangle(matrix: Matrix) -> Matrix:
    """The whole Cholesky factor of an operand, as an operand."""
    indices = tuple(Index(index.size, index.letter) for index in matrix.indices)
    places = tuple(IndexValue(index) for index in indices)
    return Matrix(indices, LinearAlgebra("cholesky", (renew(matrix),), places))


def _place(operand: Matrix) -> tuple[Term, ...]:
    return tuple(IndexValue(index) for index in operand.indices)


ROWS = {
    row.name: row
    for row in (
        OperatorRow("inv", "inverse_rule", (of_inverse,)),
        OperatorRow("det", "determinant_rule", (of_determinant,)),
        OperatorRow("logdet", "log_determinant_rule", (of_log_determinant,)),
        OperatorRow("solve", "solution_rule", (of_solution_by_matrix, of_solution_by_right_side)),
        OperatorRow("cholesky", "cholesky_rule", (of_cholesky,)),
    )
}
