"""`minimize(C, sgd(alpha=0.001))`: what is made small, and by which rule."""

from __future__ import annotations

import ast
from fractions import Fraction

from derive.errors import DeriveError
from derive.language.declarations import constant
from derive.language.lookup import did_you_mean, unknown_name
from derive.language.rules import rule_named
from derive.language.scope import Scope
from derive.model import Objective, UpdateRule
from derive.sizes import show_shape
from derive.terms import Quantity, is_one

MINIMIZE_CURE = "write minimize(C, sgd(alpha=0.1)), where C is a cost defined above"


def read_minimize(node: ast.Call, scope: Scope) -> None:
    """Add the objective to the draft."""
    if scope.draft.objective is not None:
        raise scope.error(
            node, "the model minimises twice", "add the costs: C = A + B, then minimize(C)"
        )
    if not 1 <= len(node.args) <= 2 or node.keywords:
        raise scope.error(node, "minimize takes a cost and an update rule", MINIMIZE_CURE)
    cost = _cost(node.args[0], scope)
    rule, settings = _rule(node.args[1:], scope)
    place = scope.draft.source.place(node)
    scope.draft.objective = Objective(cost, rule, settings, place)


def _cost(node: ast.expr, scope: Scope) -> Quantity:
    if not isinstance(node, ast.Name):
        raise scope.error(
            node,
            f"'{scope.spelling(node)}' is not the name of a cost",
            f"give it a name, C = {scope.spelling(node)}, then minimize(C)",
        )
    if node.id not in scope.draft.quantities:
        raise unknown_name(node, scope)
    quantity = scope.draft.quantities[node.id]
    if quantity.kind != "defined":
        raise scope.error(
            node,
            f"'{node.id}' is declared, so there is nothing to minimise it by",
            "minimise a quantity that is computed from the parameters",
        )
    if not all(is_one(size) for size in quantity.shape):
        raise scope.error(
            node,
            f"the cost '{node.id}' has the shape {show_shape(quantity.shape)}, but only a single "
            "number can be minimised",
            f"reduce it: total = sum({node.id}), then minimize(total); or by mean",
        )
    return quantity


def _rule(
    given: list[ast.expr], scope: Scope
) -> tuple[UpdateRule, tuple[tuple[str, Fraction], ...]]:
    """The rule, gradient descent where none is named, and its settings."""
    if not given:
        return rule_named("sgd"), ()
    node = given[0]
    head = node.func if isinstance(node, ast.Call) else node
    if not isinstance(head, ast.Name):
        raise scope.error(node, f"'{scope.spelling(node)}' is no update rule", MINIMIZE_CURE)
    own = scope.draft.rules
    try:
        rule = own[head.id] if head.id in own else rule_named(head.id, tuple(own))
    except DeriveError as error:
        raise scope.error(head, error.cause, error.cure) from None
    if not isinstance(node, ast.Call):
        return rule, ()
    names = [str(setting.name) for setting, _ in rule.settings]
    if node.args:
        value = f"{names[0]}={scope.spelling(node.args[0])}" if names else ""
        raise scope.error(
            node.args[0],
            f"the settings of '{rule.name}' are given by name",
            f"write {rule.name}({value})",
        )
    settings = []
    for option in node.keywords:
        if option.arg not in names:
            raise scope.error(
                option.value,
                f"'{rule.name}' has no setting '{option.arg}'",
                did_you_mean(option.arg or "", names)
                or (f"its settings are {', '.join(names)}" if names else "it has no settings"),
            )
        settings.append((option.arg, constant(option.value, scope, MINIMIZE_CURE)))
    return rule, tuple(settings)
