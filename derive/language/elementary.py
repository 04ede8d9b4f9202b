"""Functions of numbers, applied entry by entry: `tanh(z)`, `maximum(a, b)`, `where(c, a, b)`."""

from __future__ import annotations

import ast
from collections.abc import Callable

from derive.language.operators import elementwise, shape_of
from derive.language.scope import Scope
from derive.language.values import Array, Subscripts, aligned, numbers
from derive.terms import TWO, Call, Choice, Condition, Power, Term

# How many numbers each function takes.
ELEMENTARY = {
    **dict.fromkeys(
        (
            *("abs", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "cos", "cosh"),
            *("digamma", "erf", "erfc", "exp", "expm1", "gelu", "gelu_tanh", "hardtanh", "lgamma"),
            *("log", "log10", "log1p", "log2", "mish", "relu", "selu", "sigmoid", "sign", "silu"),
            *("sin", "sinh", "softplus", "softsign", "sqrt", "tan", "tanh", "stop_gradient"),
        ),
        1,
    ),
    **dict.fromkeys(("maximum", "minimum", "logaddexp", "arctan2", "elu", "leaky_relu"), 2),
    **dict.fromkeys(("clip",), 3),
}
SPECIAL: dict[str, tuple[int, Callable[..., Term]]] = {"pow": (2, Power)}
SPECIAL["square"] = (1, lambda term: Power(term, TWO))


def read_elementary(node: ast.Call, scope: Scope) -> Array:
    """A row of `ELEMENTARY` or `SPECIAL` with its arguments broadcast."""
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name in SPECIAL:
        count, build = SPECIAL[name]
        check_arguments(node, count, scope)
        return elementwise(node.args, scope, lambda terms: build(*terms))
    check_arguments(node, ELEMENTARY[name], scope)
    return elementwise(node.args, scope, lambda terms: Call(name, terms))


def check_arguments(node: ast.Call, count: int, scope: Scope) -> None:
    """Refuse a call that does not have exactly `count` arguments by position."""
    starred = any(isinstance(argument, ast.Starred) for argument in node.args)
    if len(node.args) != count or node.keywords or starred:
        name = scope.spelling(node.func)
        letters = ", ".join("abc"[:count])
        raise scope.error(
            node,
            f"'{name}' takes {count} argument{'s' if count > 1 else ''}, "
            f"not {len(node.args) + len(node.keywords)}",
            f"write {name}({letters})",
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
