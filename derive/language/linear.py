"""Linear algebra by name: trace and eye have an index formula, the others are operators."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from derive.language.elementary import check_arguments
from derive.language.scope import Scope
from derive.language.values import Array, Shape, Subscripts
from derive.sizes import show_shape
from derive.terms import (
    ONE,
    ZERO,
    Choice,
    Compare,
    Index,
    IndexValue,
    LinearAlgebra,
    Matrix,
    Reduction,
    Term,
)


def read_trace(node: ast.Call, scope: Scope) -> Array:
    """`trace(A)`: the sum of A[i, i]."""
    array = _square(node, scope)

    def entry(subscripts: Subscripts) -> Term:
        place = IndexValue(Index(array.shape[0]))
        return Reduction("sum", (place.index,), array.entry((place, place)))

    return Array((), entry)


def read_eye(node: ast.Call, scope: Scope) -> Array:
    """`eye(n)`: one where both subscripts are equal, else zero."""
    check_arguments(node, 1, scope)
    size = scope.scalar(node.args[0])

    def entry(subscripts: Subscripts) -> Term:
        return Choice(Compare("==", *subscripts), ONE, ZERO)

    return Array((size, size), entry)


def read_matrix_to_matrix(node: ast.Call, scope: Scope) -> Array:
    """`inv(A)` and `cholesky(A)`: a matrix of the shape of A."""
    array = _square(node, scope)
    return _operator(scope.spelling(node.func), (array,), array.shape)


def read_matrix_to_number(node: ast.Call, scope: Scope) -> Array:
    """`det(A)` and `logdet(A)`, the logarithm of the absolute value of the determinant."""
    return _operator(scope.spelling(node.func), (_square(node, scope),), ())


def read_solve(node: ast.Call, scope: Scope) -> Array:
    """`solve(A, b)`: the x with A @ x = b, for a vector or a matrix b."""
    check_arguments(node, 2, scope)
    matrix = _square(node, scope, arguments=2)
    right = scope.number(node.args[1])
    fits = len(right.shape) in (1, 2) and scope.draft.same(matrix.shape[0], right.shape[0])
    if not fits:
        raise scope.error(
            node.args[1],
            f"'{scope.spelling(node.args[0])}' is {show_shape(matrix.shape)}, but the right side "
            f"'{scope.spelling(node.args[1])}' is {show_shape(right.shape)}",
            "the first axis of the right side has the size of the matrix",
        )
    return _operator("solve", (matrix, right), right.shape)


def _square(node: ast.Call, scope: Scope, arguments: int = 1) -> Array:
    """The first argument of a call, which must be a square matrix."""
    check_arguments(node, arguments, scope)
    array = scope.number(node.args[0])
    if len(array.shape) != 2 or not scope.draft.same(*array.shape):
        raise scope.error(
            node.args[0],
            f"'{scope.spelling(node.args[0])}' has the shape {show_shape(array.shape)}, "
            f"but {scope.spelling(node.func)} takes a square matrix",
            "make both axes one size",
        )
    return array


def _operator(name: str, operands: tuple[Array, ...], shape: Shape) -> Array:
    def entry(subscripts: Subscripts) -> Term:
        return LinearAlgebra(name, tuple(map(_whole, operands)), subscripts)

    return Array(shape, entry)


def _whole(array: Array) -> Matrix:
    """The array as an operand: its term under indices of its own."""
    indices = tuple(Index(size) for size in array.shape)
    return Matrix(indices, array.entry(tuple(IndexValue(index) for index in indices)))


LINEAR: Mapping[str, Callable[[ast.Call, Scope], Array]] = {
    "trace": read_trace,
    "eye": read_eye,
    "inv": read_matrix_to_matrix,
    "cholesky": read_matrix_to_matrix,
    "det": read_matrix_to_number,
    "logdet": read_matrix_to_number,
    "solve": read_solve,
}
