"""The expressions of the language: one reader for each kind of node of the syntax tree.

What is not in the table has no meaning in a model.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from fractions import Fraction

from derive.language.calls import read_call
from derive.language.lookup import read_name
from derive.language.operators import read_binary, read_boolean, read_comparison, read_unary
from derive.language.scope import Scope
from derive.language.subscripts import read_subscript
from derive.language.values import Array, Operand, scalar, transposed
from derive.terms import Number


def read_expression(node: ast.expr, scope: Scope) -> Operand:
    """The array of numbers, or of conditions, that an expression means."""
    reader = READERS.get(type(node))
    if reader is None:
        raise _no_meaning(node, scope)
    return reader(node, scope)


def _read_number(node: ast.Constant, scope: Scope) -> Array:
    if type(node.value) not in (int, float):
        raise _no_meaning(node, scope)
    text = scope.spelling(node)
    value = Fraction(text.replace("_", ""))
    return scalar(Number(value, None if text.isdecimal() else text))


def _read_attribute(node: ast.Attribute, scope: Scope) -> Array:
    if node.attr == "T":
        return transposed(scope.number(node.value))
    raise scope.error(
        node,
        f"'.{node.attr}' has no meaning: the one attribute is .T",
        f"as a function write {node.attr}({scope.spelling(node.value)})",
    )


def _no_meaning(node: ast.expr, scope: Scope) -> Exception:
    what, cure = NO_MEANING.get(
        type(node), ("this", "an expression is made of names, numbers, operators and functions")
    )
    return scope.error(node, f"{what} has no meaning in an expression", cure)


READERS: dict[type[ast.expr], Callable[..., Operand]] = {
    ast.Name: read_name,
    ast.Constant: _read_number,
    ast.BinOp: read_binary,
    ast.UnaryOp: read_unary,
    ast.Compare: read_comparison,
    ast.BoolOp: read_boolean,
    ast.Subscript: read_subscript,
    ast.Attribute: _read_attribute,
    ast.Call: read_call,
}
NO_MEANING: dict[type[ast.expr], tuple[str, str]] = {
    ast.Constant: ("this word", "write a number, 0 or 1, or a condition"),
    ast.List: ("a list", "an array is declared, `x: input[n]`, and defined by its entries"),
    ast.Tuple: ("a list of values", "write one expression; subscripts stand in brackets: x[i, j]"),
    ast.Dict: ("a dictionary", "write one expression"),
    ast.Set: ("a set", "write one expression; indices stand in square brackets"),
    ast.NamedExpr: (":=", "give the part a line of its own"),
    ast.Slice: ("a slice", "write an index"),
    ast.Starred: ("a star", "write the arguments one by one"),
}
