"""Linear algebra by elimination on any numbers that can be divided: exact, dual, of 50 digits.

Carried through on dual numbers, elimination gives the derivative of an inverse or a determinant
without knowing a formula for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from derive.numbers.arithmetic import undefined
from derive.numbers.dual import Dual, absolute, as_dual, log, sqrt

Rows = list[list[Any]]


def determinant(matrix: Sequence[Sequence[Any]]) -> Dual:
    """The product of the pivots, with the sign of the exchanges.

    >>> from derive.numbers.scalars import Exact
    >>> determinant([[Dual(Exact.of(k)) for k in row] for row in ((0, 2), (3, 4))]).value
    Exact(-6)
    """
    rows = [list(row) for row in matrix]
    product: Any = as_dual(1)
    for column in range(len(rows)):
        pivot = _pivot(rows, column)
        if pivot is None:
            return _singular_determinant(matrix)
        if pivot != column:
            rows[column], rows[pivot] = rows[pivot], rows[column]
            product = -product
        product = product * rows[column][column]
        _clear_below(rows, column)
    return as_dual(product)


def _singular_determinant(matrix: Sequence[Sequence[Any]]) -> Dual:
    """By expansion along the first row: its slopes are right where there is no pivot."""
    if not matrix:
        return as_dual(1)
    total: Any = as_dual(0)
    for column, entry in enumerate(matrix[0]):
        minor = [[*row[:column], *row[column + 1 :]] for row in matrix[1:]]
        sign = -1 if column % 2 else 1
        total = total + sign * entry * _singular_determinant(minor)
    return as_dual(total)


def solve(matrix: Sequence[Sequence[Any]], right: Sequence[Sequence[Any]]) -> Rows:
    """The columns x with matrix · x = right, by elimination with exchanges of rows."""
    size = len(matrix)
    rows = [[*row, *column] for row, column in zip(matrix, right, strict=True)]
    for column in range(size):
        pivot = _pivot(rows, column)
        if pivot is None:
            raise undefined("the inverse of a singular matrix")
        rows[column], rows[pivot] = rows[pivot], rows[column]
        _clear_below(rows, column)
    for column in reversed(range(size)):
        rows[column] = [entry / rows[column][column] for entry in rows[column]]
        for above in range(column):
            factor = rows[above][column]
            pairs = zip(rows[above], rows[column], strict=True)
            rows[above] = [a - factor * b for a, b in pairs]
    return [row[size:] for row in rows]


def inverse(matrix: Sequence[Sequence[Any]]) -> Rows:
    """The matrix that gives the identity with `matrix`."""
    size = len(matrix)
    zero = _zero(matrix)
    identity = [[zero + int(i == j) for j in range(size)] for i in range(size)]
    return solve(matrix, identity)


def cholesky(matrix: Sequence[Sequence[Any]]) -> Rows:
    """The lower triangle L with L Lᵀ = the symmetric part of `matrix`."""
    size = len(matrix)
    lower: Rows = [[_zero(matrix)] * size for _ in range(size)]
    for i in range(size):
        for j in range(i + 1):
            rest = (matrix[i][j] + matrix[j][i]) / 2
            for k in range(j):
                rest = rest - lower[i][k] * lower[j][k]
            lower[i][j] = sqrt(rest) if i == j else rest / lower[j][j]
    return lower


def log_determinant(matrix: Sequence[Sequence[Any]]) -> Dual:
    """The logarithm of the absolute value of the determinant."""
    return log(absolute(determinant(matrix)))


def _zero(matrix: Sequence[Sequence[Any]]) -> Dual:
    """Zero as a number of the same kind as the entries."""
    return Dual(0 * matrix[0][0].value)


def _pivot(rows: Rows, column: int) -> int | None:
    """The row with the largest entry in this column, at or below the diagonal."""
    candidates = range(column, len(rows))
    best = max(candidates, key=lambda row: abs(rows[row][column].value))
    return None if rows[best][column].value == 0 else best


def _clear_below(rows: Rows, column: int) -> None:
    for below in range(column + 1, len(rows)):
        factor = rows[below][column] / rows[column][column]
        pairs = zip(rows[below], rows[column], strict=True)
        rows[below] = [a - factor * b for a, b in pairs]


# What an operator makes of its operands, as numbers or rows of numbers.
OPERATORS: dict[str, Callable[..., Any]] = {
    "inv": inverse,
    "solve": solve,
    "det": determinant,
    "logdet": log_determinant,
    "cholesky": cholesky,
}
