"""Functions of numbers, applied entry by entry: `tanh(z)`, `maximum(a, b)`, `where(c, a, b)`."""

from __future__ import annotations

import ast

from derive.functions import ROWS
from derive.language.operators import elementwise, shape_of
from derive.language.scope import Scope
from derive.language.values import Array, Subscripts, aligned, numbers
from derive.terms import Call, Choice, Condition, Term

# How many numbers each function takes.  stop_gradient(u) is u, and its derivative is zero.
ELEMENTARY = {name: len(row.partials) for name, row in ROWS.items()} | {"stop_gradient": 1}


def read_elementary(node: ast.Call, scope: Scope) -> Array:
    """A row of the elementary functions, its arguments broadcast."""
    name = scope.spelling(node.func)
    check_arguments(node, ELEMENTARY[name], scope)
    return elementwise(node.args, scope, lambda terms: Call(name, terms))


def check_arguments(node: ast.Call, count: int, scope: Scope) -> None:
    """Refuse a call that does not have exactly `count` arguments by position."""
    starred = any(isinstance(argument, ast.Starred) for argument in node.args)
    if len(node.args) != count or node.keywords or starred:
        name = scope.spelling(node.func)
        raise scope.error(
            node,
            f"'{name}' takes {count} argument{'s' if count > 1 else ''}, "
            f"not {len(node.args) + len(node.keywords)}",
            f"write {name}({', '.join('abc'[:count])})",
        )


def read_where(node: ast.Call, scope: Scope) -> Array:
    """`where(condition, a, b)`: a where the condition holds, else b; the other is not read."""
    check_arguments(node, 3, scope)
    mask = scope.condition(node.args[0])
    arrays = [scope.number(argument) for argument in node.args[1:]]
    shape = shape_of(node.args, [mask, *arrays], scope)
    test, terms = aligned(mask, shape), numbers(arrays, shape)

    def entry(subscripts: Subscripts) -> Term:
        condition = test(subscripts)
        assert isinstance(condition, Condition)
        return Choice(condition, *terms(subscripts))

    return Array(shape, entry)
