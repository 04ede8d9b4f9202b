"""`grad(f, x)`: the derivative of an earlier quantity, as a quantity like any other."""

from __future__ import annotations

import ast

from derive.language.elementary import check_arguments
from derive.language.lookup import unknown_name, whole
from derive.language.scope import Scope
from derive.language.values import Array
from derive.sizes import show_shape
from derive.terms import Derivative, Quantity, entries, is_one


def read_grad(node: ast.Call, scope: Scope) -> Array:
    """∂f/∂x, which has the shape of x; f is a single number that is computed from x."""
    check_arguments(node, 2, scope)
    of, wrt = (_quantity(argument, scope) for argument in node.args)
    if not all(is_one(size) for size in of.shape):
        raise scope.error(
            node.args[0],
            f"'{of.name}' has the shape {show_shape(of.shape)}, but grad takes a single number",
            f"reduce it first: f = sum({of.name}), then grad(f, {wrt.name})",
        )
    if wrt not in _sources(of, scope):
        raise scope.error(
            node,
            f"'{of.name}' is not computed from '{wrt.name}', so its gradient is zero",
            f"differentiate with respect to what '{of.name}' reads",
        )
    return whole(Quantity(Derivative(of.name, wrt.name), wrt.shape, "gradient"))


def _quantity(node: ast.expr, scope: Scope) -> Quantity:
    if not isinstance(node, ast.Name):
        raise scope.error(
            node,
            f"'{scope.spelling(node)}' is not the name of a quantity",
            "give it a name on a line of its own, then write grad(f, x)",
        )
    if node.id not in scope.draft.quantities:
        raise unknown_name(node, scope)
    return scope.draft.quantities[node.id]


def _sources(quantity: Quantity, scope: Scope) -> set[Quantity]:
    """All quantities from which `quantity` is computed, directly or through others."""
    found = {quantity}
    for equation in reversed(scope.draft.equations):
        if equation.left in found:
            found |= {entry.quantity for entry in entries(equation.right)}
    return found - {quantity}
