"""Calls: the functions of the language by name, and the functions that a model defines."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import replace

from derive.language.definitions import read_definition
from derive.language.elementary import ELEMENTARY, SPECIAL, read_elementary, read_where
from derive.language.linear import LINEAR
from derive.language.lookup import did_you_mean
from derive.language.reductions import REDUCTIONS, read_reduction
from derive.language.scope import Scope
from derive.language.softmax import read_log_softmax, read_softmax
from derive.language.subscripts import read_padded
from derive.language.values import Array, Operand

Reader = Callable[[ast.Call, Scope], Array]

FUNCTIONS: Mapping[str, Reader] = {
    **dict.fromkeys((*ELEMENTARY, *SPECIAL), read_elementary),
    **dict.fromkeys(REDUCTIONS, read_reduction),
    **LINEAR,
    "softmax": read_softmax,
    "log_softmax": read_log_softmax,
    "where": read_where,
    "pad": read_padded,
}
# What is known from elsewhere under another name, or is missing for a reason.
CURES = {
    "floor": "rounding has no derivative; compute it beforehand and pass it in as data",
    "ceil": "rounding has no derivative; compute it beforehand and pass it in as data",
    "round": "rounding has no derivative; compute it beforehand and pass it in as data",
    "argmax": "a place has no derivative; the value there is max(x)",
    "argmin": "a place has no derivative; the value there is min(x)",
    "print": "a model computes nothing while it is read; `derive show` prints quantities",
    "transpose": "a transpose is written X.T",
    "dot": "a product of matrices is written X @ W",
    "matmul": "a product of matrices is written X @ W",
    "norm": "write sqrt(sum(x ** 2))",
    "einsum": "write the indices: Z[i, j] = sum(X[i, k] * W[k, j], k)",
    "outer": "write the indices: Z[i, j] = a[i] * b[j]",
    "power": "a power is written x ** 2",
    "average": "it is called mean",
    "ln": "it is called log",
    "normal": "random numbers are data: declare them, `e: input[n]`",
    "uniform": "random numbers are data: declare them, `e: input[n]`",
}
MOST_CALLS = 40


def read_call(node: ast.Call, scope: Scope) -> Operand:
    """A function of the model, or one of the language."""
    if not isinstance(node.func, ast.Name):
        raise _not_a_function(node, scope)
    name = node.func.id
    if name in scope.draft.functions:
        return inlined(node, scope.draft.functions[name], scope)
    if name in FUNCTIONS:
        return FUNCTIONS[name](node, scope)
    raise _unknown_function(node.func, scope)


def _not_a_function(node: ast.Call, scope: Scope) -> Exception:
    text = scope.spelling(node.func)
    if isinstance(node.func, ast.Attribute):
        name = node.func.attr
        known = name in FUNCTIONS or name in scope.draft.functions
        cure = (
            f"write {name}(...)" if known else CURES.get(name, "write a function of the language")
        )
        return scope.error(
            node.func, f"'{text}' has no meaning: nothing in a model has methods or modules", cure
        )
    return scope.error(
        node.func, f"'{text}' is not a function", f"if a product is meant, write {text} * (...)"
    )


def _unknown_function(function: ast.Name, scope: Scope) -> Exception:
    name = function.id
    if scope.known(name) or name in scope.slots:
        return scope.error(
            function,
            f"'{name}' is a quantity and not a function",
            f"a product is written {name} * (...), an entry {name}[...]",
        )
    cure = CURES.get(name) or did_you_mean(name, (*scope.draft.functions, *FUNCTIONS))
    return scope.error(
        function,
        f"there is no function '{name}'",
        cure or f"define it above, `def {name}(t): return ...`",
    )


# --- functions of the model ---------------------------------------------------------------------


def inlined(node: ast.Call, function: ast.FunctionDef, scope: Scope) -> Operand:
    """The value that a function of the model returns for these arguments.

    The function sees its arguments, its local definitions and the quantities of the model, but not
    the indices of the line that calls it.
    """
    name = function.name
    if name in scope.calls:
        raise scope.error(node, f"'{name}' calls itself", "write a recurrence: h[t] = ... h[t-1]")
    if len(scope.calls) >= MOST_CALLS:
        raise scope.error(
            node, f"more than {MOST_CALLS} functions call each other", "give a part a name"
        )
    local: dict[str, Operand] = dict(_arguments(node, function, scope))
    inner = replace(scope, slots={}, local=local, calls=(*scope.calls, name))
    *definitions, last = function.body
    for statement in definitions:
        assert isinstance(statement, ast.Assign)
        definition = read_definition(statement.targets[0], statement.value, inner)
        local = {**local, definition.name: definition.array}
        inner = replace(inner, local=local)
    assert isinstance(last, ast.Return) and last.value is not None
    return inner.reader(last.value, inner)


def _arguments(node: ast.Call, function: ast.FunctionDef, scope: Scope) -> Mapping[str, Operand]:
    names = [argument.arg for argument in function.args.args]
    given: dict[str, ast.expr] = dict(zip(names, node.args, strict=False))
    for option in node.keywords:
        if option.arg not in names or option.arg in given:
            raise scope.error(
                option.value,
                f"'{function.name}' has no further argument '{option.arg}'",
                f"its arguments are {', '.join(names)}",
            )
        given[option.arg] = option.value
    starred = any(isinstance(argument, ast.Starred) for argument in node.args)
    if len(given) != len(names) or len(node.args) > len(names) or starred:
        raise scope.error(
            node,
            f"'{function.name}' takes {len(names)} arguments ({', '.join(names)}), "
            f"not {len(node.args) + len(node.keywords)}",
            f"write {function.name}({', '.join(names)})",
        )
    return {name: scope.reader(given[name], scope) for name in names}
