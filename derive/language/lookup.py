"""What a name means, and what to say when it means nothing."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from difflib import get_close_matches

from derive.errors import LanguageError
from derive.identifiers import skeleton
from derive.language.scope import Scope
from derive.language.starts import reading
from derive.language.values import Array, Operand, scalar
from derive.terms import Constant, Entry, IndexValue, Quantity, Size

# What is known by these names elsewhere.
ELSEWHERE = {
    "e": "a power of e is written exp(x)",
    "inf": "what is left out is not read: sum(f[k], k, where=...), where(condition, a, b)",
    "nan": "what is left out is not read: sum(f[k], k, where=...), where(condition, a, b)",
    "π": "it is written pi",
}


def read_name(node: ast.Name, scope: Scope) -> Operand:
    """A local name, an index, a quantity, a dimension or `pi`."""
    name, draft = node.id, scope.draft
    if name in scope.local:
        return scope.local[name]
    if name in scope.slots:
        return scalar(IndexValue(scope.slots[name].index))
    if name in draft.starts:
        return reading(draft.starts[name])
    if name in draft.quantities:
        return whole(draft.quantities[name])
    if name in draft.dimensions:
        return scalar(Size(name))
    if name == "pi":
        return scalar(Constant("pi"))
    raise unknown_name(node, scope)


def whole(quantity: Quantity) -> Array:
    """A quantity with all its axes."""
    return Array(quantity.shape, lambda subscripts: Entry(quantity, subscripts))


def unknown_name(node: ast.Name, scope: Scope) -> LanguageError:
    """The error for a name that means nothing here: what it might have been, by what is known."""
    name, draft = node.id, scope.draft
    if name in draft.ranges:
        return unbound_index(node, scope)
    if name in draft.lines:
        return _defined_below(node, scope)
    if name in draft.functions:
        return scope.error(node, f"'{name}' is a function", f"give it arguments: {name}(...)")
    names = (*scope.local, *draft.quantities, *draft.dimensions)
    return scope.error(
        node,
        f"'{name}' is not defined",
        ELSEWHERE.get(name)
        or did_you_mean(name, names)
        or f"declare it above, `{name}: input`, or define it",
    )


def unbound_index(node: ast.Name, scope: Scope) -> LanguageError:
    """The error for an index that is neither free on the left nor bound by a reduction."""
    name = node.id
    return scope.error(
        node,
        f"the index '{name}' is neither on the left of the equation nor bound by a reduction",
        f"write it on the left, or bind it: sum(..., {name})",
    )


def _defined_below(node: ast.Name, scope: Scope) -> LanguageError:
    name, draft = node.id, scope.draft
    line = draft.lines[name]
    owner = next((n for n, at in draft.lines.items() if at == node.lineno and n in draft.reads), "")
    if owner == name:
        return scope.error(
            node,
            f"'{name}' is defined by itself",
            f"a recurrence says which step it reads: {name}[t] = ... {name}[t-1] ..., "
            f"and where it starts: {name}[-1] = ...",
        )
    if owner and _reaches(name, owner, scope):
        return scope.error(
            node,
            f"'{owner}' and '{name}' are defined by each other: '{owner}' on line {node.lineno} "
            f"reads '{name}', and '{name}' on line {line} leads back to '{owner}'",
            "break the circle; a recurrence says which step it reads: "
            f"{name}[t] = ... {owner}[t-1] ...",
        )
    return scope.error(
        node,
        f"'{name}' is defined below, on line {line}",
        f"move line {line} above line {node.lineno}; a definition reads what stands above it",
    )


def _reaches(start: str, goal: str, scope: Scope) -> bool:
    """Whether the definition of `start` reads `goal`, directly or through other definitions."""
    pending, seen = [start], {start}
    while pending:
        for name in scope.draft.reads.get(pending.pop(), ()):
            if name == goal:
                return True
            if name not in seen:
                seen.add(name)
                pending.append(name)
    return False


def did_you_mean(name: str, candidates: Iterable[str]) -> str:
    """The question after the names that are spelled most like `name`; empty where none is.

    >>> did_you_mean("y_hut", ["x", "y_hat"]), did_you_mean("v", ["x", "w_1"])
    ("did you mean 'y_hat'?", "did you mean 'x'?")
    """
    names = list(dict.fromkeys(candidates))
    alike = [other for other in names if skeleton(other).lower() == skeleton(name).lower()]
    close = alike or get_close_matches(name, names, n=3, cutoff=0.6)
    if not close and len(name) == 1:
        close = sorted(
            (other for other in names if len(other) == 1),
            key=lambda other: abs(ord(other) - ord(name)),
        )[:3]
    return f"did you mean {' or '.join(repr(other) for other in close)}?" if close else ""
