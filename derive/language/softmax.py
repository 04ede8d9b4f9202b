"""`softmax` and `log_softmax`, along an axis or over an index that is kept.

They are plain mathematics, exp(z) / sum of exp(z): what is differentiated has no shift in it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from derive.language.reductions import (
    Body,
    along,
    axes_of,
    body_of,
    keeping,
    options_of,
)
from derive.language.scope import Scope, Slot
from derive.language.values import Array, Mask, Subscripts, aligned, numbers
from derive.terms import ZERO, Add, Call, Choice, Condition, Divide, Index, Negate, Term

Normaliser = Callable[[str, Callable[[Term], Term]], Array]


def exp(term: Term) -> Term:
    """The exponential of a term."""
    return Call("exp", (term,))


def read_softmax(node: ast.Call, scope: Scope) -> Array:
    """exp(z) / sum of exp(z), and 0 where a filter leaves z out."""
    array, body, mask, axes = _normalised(node, scope)
    total = _same_rank(body.reduced("sum", exp), axes)
    terms = numbers([array, total], array.shape)
    test = aligned(mask, array.shape) if mask else None

    def entry(subscripts: Subscripts) -> Term:
        above, below = terms(subscripts)
        share = Divide(exp(above), below)
        condition = test(subscripts) if test else None
        return Choice(condition, share, ZERO) if isinstance(condition, Condition) else share

    return Array(array.shape, entry)


def read_log_softmax(node: ast.Call, scope: Scope) -> Array:
    """The logarithm of softmax: z - logsumexp(z)."""
    array, body, mask, axes = _normalised(node, scope)
    if mask is not None:
        raise scope.error(
            node,
            "a softmax is 0 where it is filtered out, and has no logarithm there",
            "filter where the logarithm is read, as in sum(log_p[k], k, where=...)",
        )
    total = _same_rank(body.reduced("logsumexp"), axes)
    terms = numbers([array, total], array.shape)

    def entry(subscripts: Subscripts) -> Term:
        own, normaliser = terms(subscripts)
        return Add((own, Negate(normaliser)))

    return Array(array.shape, entry)


def _same_rank(total: Array, axes: tuple[int, ...]) -> Array:
    return keeping(total, axes) if axes else total


def _normalised(node: ast.Call, scope: Scope) -> tuple[Array, Body, Mask | None, tuple[int, ...]]:
    """The array, the body of its normaliser, its filter, and the axes along which it runs."""
    if len(node.args) > 1:
        return _over_kept_indices(node, scope)
    options = options_of(node, ("axis",), scope)
    array = scope.number(node.args[0])
    if not array.shape or ("axis" not in options and len(array.shape) > 1):
        name = scope.spelling(node.func)
        raise scope.error(
            node,
            f"'{scope.spelling(node)}' does not say over what it is normalised",
            f"name the axis, {name}(z, axis=-1), or the index, {name}(z[i, j], j)",
        )
    axes = axes_of(options.get("axis"), array.shape, scope)
    return array, along(array, axes), None, axes


def _over_kept_indices(
    node: ast.Call, scope: Scope
) -> tuple[Array, Body, Mask | None, tuple[int, ...]]:
    """The index of the numerator stays; the sum of the denominator runs over one of its own."""
    options = options_of(node, ("where",), scope)
    slots = {}
    for letter in node.args[1:]:
        if not isinstance(letter, ast.Name) or letter.id not in scope.slots:
            raise scope.error(
                letter,
                f"'{scope.spelling(letter)}' is no index of this equation",
                f"{scope.spelling(node.func)} keeps the index over which it normalises: "
                "P[i, j] = softmax(S[i, j], j)",
            )
        kept = scope.slots[letter.id]
        slots[letter.id] = Slot(letter.id, Index(kept.index.size, letter.id), kept.declared)
    array = scope.number(node.args[0])
    mask = scope.condition(options["where"]) if "where" in options else None
    body = body_of(node, list(slots.values()), scope.with_slots(slots), options)
    return array, body, mask, ()
