"""Linear algebra by name."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from derive.language.elementary import check_arguments
from derive.language.scope import Scope
from derive.language.values import Array, Subscripts
from derive.sizes import show_shape
from derive.terms import ONE, ZERO, Choice, Compare, Index, IndexValue, Reduction, Term


def square_matrix(node: ast.Call, scope: Scope) -> Array:
    """The first argument of a call, which must be a square matrix."""
    array = scope.number(node.args[0])
    if len(array.shape) != 2 or not scope.draft.same(*array.shape):
        raise scope.error(
            node.args[0],
            f"'{scope.spelling(node.args[0])}' has the shape {show_shape(array.shape)}, "
            f"but {scope.spelling(node.func)} takes a square matrix",
            "make both axes one size",
        )
    return array


def read_trace(node: ast.Call, scope: Scope) -> Array:
    """`trace(A)`: the sum of A[i, i]."""
    check_arguments(node, 1, scope)
    array = square_matrix(node, scope)

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


LINEAR: Mapping[str, Callable[[ast.Call, Scope], Array]] = {
    "trace": read_trace,
    "eye": read_eye,
}
