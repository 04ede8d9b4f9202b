"""`assume(...)`: a closed list of facts about what is declared.

A fact is written by its name, `symmetric(A)`, or as the equation that it is, `A == A.T`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence

from derive.language.lookup import did_you_mean, unknown_name
from derive.language.scope import Scope
from derive.model import Fact, FactKind
from derive.sizes import show_shape
from derive.terms import Quantity

FACT_CURE = (
    "the facts are rows_sum_to_one(T), one_hot(T), symmetric(A), orthonormal(Q), positive(s), "
    "signs(y); also written sum(T, axis=-1) == 1, A == A.T, Q.T @ Q == eye(k), s > 0, y**2 == 1"
)


def _any_array(quantity: Quantity, same: Callable[..., bool]) -> bool:
    return bool(quantity.shape)


def _square(quantity: Quantity, same: Callable[..., bool]) -> bool:
    return len(quantity.shape) == 2 and same(*quantity.shape)


def _matrix(quantity: Quantity, same: Callable[..., bool]) -> bool:
    return len(quantity.shape) == 2


def _anything(quantity: Quantity, same: Callable[..., bool]) -> bool:
    return True


# What each fact can be said of.
FACTS: Mapping[FactKind, tuple[str, Callable[[Quantity, Callable[..., bool]], bool]]] = {
    "rows_sum_to_one": ("an array", _any_array),
    "one_hot": ("an array", _any_array),
    "symmetric": ("a square matrix", _square),
    "orthonormal": ("a matrix", _matrix),
    "positive": ("a quantity", _anything),
    "signs": ("a quantity", _anything),
}


def read_assume(node: ast.Call, scope: Scope) -> None:
    """Add the facts of `assume(fact, ...)` to the draft."""
    if not node.args or node.keywords:
        raise scope.error(node, "assume takes facts", FACT_CURE)
    for argument in node.args:
        scope.draft.facts.append(_fact(argument, scope))


def _fact(node: ast.expr, scope: Scope) -> Fact:
    kind, name = _kind_and_name(node, scope)
    quantity = scope.draft.quantities.get(name.id)
    if quantity is None:
        raise unknown_name(name, scope)
    if name.id not in scope.draft.declarations:
        raise scope.error(
            name,
            f"'{name.id}' is computed, so a fact about it follows or is wrong",
            "assume facts about what is declared",
        )
    what, holds_of = FACTS[kind]
    if not holds_of(quantity, scope.draft.same):
        raise scope.error(
            name,
            f"'{kind}' is said of {what}, but '{name.id}' has the shape "
            f"{show_shape(quantity.shape)}",
            "change the shape, or the fact",
        )
    return Fact(kind, quantity, scope.draft.source.place(node))


def _kind_and_name(node: ast.expr, scope: Scope) -> tuple[FactKind, ast.Name]:
    match node:
        case ast.Call(func=ast.Name(id=word), args=[ast.Name() as name], keywords=[]):
            kind = next((kind for kind in FACTS if kind == word), None)
            if kind is not None:
                return kind, name
            raise scope.error(node, f"'{word}' is no fact", did_you_mean(word, FACTS) or FACT_CURE)
        case ast.Compare(left=left, ops=[ast.Gt()], comparators=[ast.Constant(value=0)]):
            if isinstance(left, ast.Name):
                return "positive", left
        case ast.Compare(left=left, ops=[ast.Eq()], comparators=[right]):
            found = _equation(left, right, scope) or _equation(right, left, scope)
            if found is not None:
                return found
    raise scope.error(node, f"'{scope.spelling(node)}' is no fact that is known", FACT_CURE)


def _equation(left: ast.expr, right: ast.expr, scope: Scope) -> tuple[FactKind, ast.Name] | None:
    """A fact that is written as an equation."""
    match left, right:
        case ast.Name() as name, ast.Attribute(value=ast.Name(id=other), attr="T"):
            return ("symmetric", name) if name.id == other else None
        case (
            ast.BinOp(
                left=ast.Attribute(value=ast.Name() as name, attr="T"),
                op=ast.MatMult(),
                right=ast.Name(id=other),
            ),
            ast.Call(func=ast.Name(id="eye")),
        ):
            return ("orthonormal", name) if name.id == other else None
        case (
            ast.Call(func=ast.Name(id="sum"), args=[ast.Name() as name], keywords=options),
            ast.Constant(value=1),
        ):
            return ("rows_sum_to_one", name) if _along_last(name, options, scope) else None
        case (
            ast.BinOp(left=ast.Name() as name, op=ast.Pow(), right=ast.Constant(value=2)),
            ast.Constant(value=1),
        ):
            return "signs", name
    return None


def _along_last(name: ast.Name, options: Sequence[ast.keyword], scope: Scope) -> bool:
    quantity = scope.draft.quantities.get(name.id)
    rank = len(quantity.shape) if quantity else 0
    axes = [scope.spelling(option.value) for option in options if option.arg == "axis"]
    return axes in (["-1"], [str(rank - 1)]) or (not options and rank == 1)
