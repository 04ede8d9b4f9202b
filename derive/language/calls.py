"""Calls: the functions of the language by name, and the functions that a model defines."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from derive.language.draws import DATA_FUNCTIONS
from derive.language.elementary import ELEMENTARY, read_elementary, read_where
from derive.language.gradients import read_grad
from derive.language.inline import LIBRARY, inlined
from derive.language.linear import LINEAR
from derive.language.lookup import did_you_mean
from derive.language.reductions import REDUCTIONS, read_reduction
from derive.language.scope import Scope
from derive.language.softmax import read_log_softmax, read_softmax
from derive.language.subscripts import read_padded
from derive.language.values import Array, Operand

FUNCTIONS: Mapping[str, Callable[[ast.Call, Scope], Array]] = {
    **dict.fromkeys(ELEMENTARY, read_elementary),
    **dict.fromkeys(REDUCTIONS, read_reduction),
    **LINEAR,
    "softmax": read_softmax,
    "log_softmax": read_log_softmax,
    "where": read_where,
    "pad": read_padded,
    "grad": read_grad,
}
NO_ROUNDING = "rounding has no derivative; compute it beforehand and pass it in as data"
JOINED = "write the places: z[i] = where(i < n, a[i], b[i - n]), with `i: range(n + m)`"
RESHAPED = "write the places: z[q] = x[q // m, q - m*(q // m)], with `q: range(n*m)`"
RANDOM_IS_DATA = "random numbers are data: declare them, `e: input[n]`"
# What is known from elsewhere under another name, or is missing for a reason.
CURES = {
    **dict.fromkeys(("floor", "ceil", "round", "trunc"), NO_ROUNDING),
    **dict.fromkeys(("argmax", "argmin", "argsort"), "a place has no derivative; a value has"),
    **dict.fromkeys(("normal", "uniform", "randn", "dropout"), RANDOM_IS_DATA),
    **dict.fromkeys(("dot", "matmul", "mm", "bmm"), "a product of matrices is written X @ W"),
    "print": "nothing is printed while a model is read; `derive show` prints quantities",
    "transpose": "a transpose is written X.T",
    "norm": "write sqrt(sum(x ** 2))",
    "einsum": "write the indices: Z[i, j] = sum(X[i, k] * W[k, j], k)",
    "outer": "write the indices: Z[i, j] = a[i] * b[j]",
    "power": "a power is written x ** 2",
    "average": "it is called mean",
    "ln": "it is called log",
    "var": "write mean((x - mean(x)) ** 2)",
    "std": "write sqrt(mean((x - mean(x)) ** 2))",
    "cumsum": "filter a sum: z[i] = sum(x[k], k, where=k <= i), with `i: range(n)`",
    "one_hot": "write the indices: z[i, k] = where(k == y[i], 1, 0), with `k: range(K)`",
    "cross_entropy": "write -mean(log_softmax(z, axis=1)[n, y[n]], n)",
    **dict.fromkeys(("zeros", "ones", "full"), "a number fits every shape: write 0 or 1"),
    **dict.fromkeys(("concatenate", "concat", "stack", "hstack", "vstack"), JOINED),
    **dict.fromkeys(("reshape", "flatten", "ravel"), RESHAPED),
}
CALL_CURE = "call a function of the language, sum(x), or one of your own"


def read_call(node: ast.Call, scope: Scope) -> Operand:
    """A function of the model, or one of the language; a function of one's own comes first."""
    if not isinstance(node.func, ast.Name):
        raise _not_a_function(node, scope)
    name = node.func.id
    scope.draft.spend(node)
    if name in scope.draft.functions:
        return inlined(node, scope.draft.functions[name], scope)
    if scope.draft.draws is not None and name in DATA_FUNCTIONS:
        return scope.draft.metered(DATA_FUNCTIONS[name](node, scope), node)
    if name in FUNCTIONS:
        return scope.draft.metered(FUNCTIONS[name](node, scope), node)
    if name in LIBRARY:
        return inlined(node, LIBRARY[name], scope)
    raise _unknown_function(node.func, scope)


def _not_a_function(node: ast.Call, scope: Scope) -> Exception:
    text = scope.spelling(node.func)
    if isinstance(node.func, ast.Attribute):
        name = node.func.attr
        known = name in FUNCTIONS or name in LIBRARY or name in scope.draft.functions
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
    known = (*scope.draft.functions, *FUNCTIONS, *LIBRARY)
    known = known if scope.draft.draws is None else (*known, *DATA_FUNCTIONS)
    cure = CURES.get(name) or did_you_mean(name, known)
    return scope.error(
        function,
        f"there is no function '{name}'",
        cure or f"define it above, `def {name}(t): return ...`",
    )
