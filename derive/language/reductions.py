"""`sum(a, axis=1)` and `sum(X[i, k], k, where=...)`: what runs over axes or indices."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from derive.language.operators import conjuncts
from derive.language.scope import Scope, Slot, open_slot, settled
from derive.language.values import (
    Array,
    Mask,
    Shape,
    Subscripts,
    aligned,
    exact_value,
    joined,
)
from derive.sizes import show_shape
from derive.terms import (
    ONE,
    Condition,
    Index,
    IndexValue,
    Reduction,
    Term,
    substitute,
)

REDUCTIONS = ("sum", "mean", "prod", "max", "min", "logsumexp")
ELEMENTWISE_TWIN = {"max": "maximum", "min": "minimum"}


@dataclass(frozen=True)
class Body:
    """What is reduced: `parts(subscripts, places)` gives the term and the conditions at `places`.

    `shape` is what remains, `ranges` and `letters` belong to the indices that are reduced.
    """

    shape: Shape
    ranges: Shape
    letters: tuple[str | None, ...]
    parts: Callable[[Subscripts, Subscripts], tuple[Term, tuple[Condition, ...]]]

    def reduced(self, kind: str, wrap: Callable[[Term], Term] = lambda term: term) -> Array:
        """The reduction of `wrap(term)`, over fresh indices at every entry."""

        def entry(subscripts: Subscripts) -> Term:
            pairs = zip(self.ranges, self.letters, strict=True)
            indices = tuple(Index(size, letter) for size, letter in pairs)
            term, where = self.parts(subscripts, tuple(IndexValue(index) for index in indices))
            return Reduction(kind, indices, wrap(term), where) if indices else wrap(term)

        return Array(self.shape, entry)


def read_reduction(node: ast.Call, scope: Scope) -> Array:
    """A row of `REDUCTIONS`, over the indices that are named, or over axes."""
    kind = scope.spelling(node.func)
    options = options_of(node, ("axis", "keepdims", "where"), scope)
    if len(node.args) > 1:
        _refuse_axis(node, options, scope)
        return _over_indices(node, options, scope).reduced(kind)
    return _over_axes(node, kind, options, scope)


def options_of(node: ast.Call, allowed: Sequence[str], scope: Scope) -> dict[str, ast.expr]:
    """The keyword arguments of a call, after a look at the whole of it."""
    name = scope.spelling(node.func)
    if not node.args or any(isinstance(argument, ast.Starred) for argument in node.args):
        raise scope.error(node, f"'{name}' needs something to run over", f"write {name}(x[k], k)")
    for option in node.keywords:
        if option.arg not in allowed:
            raise scope.error(
                option.value,
                f"'{name}' has no option '{option.arg}'",
                f"its options are {', '.join(allowed)}",
            )
    return {option.arg: option.value for option in node.keywords if option.arg}


def _refuse_axis(node: ast.Call, options: Mapping[str, ast.expr], scope: Scope) -> None:
    for name in ("axis", "keepdims"):
        if name in options:
            raise scope.error(
                options[name],
                f"'{name}' belongs to array notation, but indices are named",
                f"leave out the indices, or leave out {name}",
            )


# --- index notation -----------------------------------------------------------------------------


def _over_indices(node: ast.Call, options: Mapping[str, ast.expr], scope: Scope) -> Body:
    slots: list[Slot] = []
    inner = scope
    for letter in node.args[1:]:
        _refuse_number(node, letter, scope)
        slot = open_slot(letter, inner)
        inner = inner.with_slots({slot.letter: slot})
        slots.append(slot)
    return body_of(node, slots, inner, options)


def _refuse_number(node: ast.Call, letter: ast.expr, scope: Scope) -> None:
    """Say what was probably meant by `sum(x, 0)` and by `max(0, x)`."""
    name = scope.spelling(node.func)
    if isinstance(letter, ast.Name) and not scope.known(letter.id):
        return
    twin = ELEMENTWISE_TWIN.get(name)
    if twin:
        cure = (
            f"the larger of two numbers is {twin}(a, b)"
            if name == "max"
            else (f"the smaller of two numbers is {twin}(a, b)")
        )
    elif isinstance(letter, ast.Constant):
        cure = f"an axis is named: {name}(x, axis={scope.spelling(letter)})"
    else:
        cure = "an index is a letter that means nothing else, as k in sum(x[k], k)"
    raise scope.error(
        letter, f"'{name}' runs over an index, and '{scope.spelling(letter)}' is none", cure
    )


def body_of(
    node: ast.Call, slots: Sequence[Slot], inner: Scope, options: Mapping[str, ast.expr]
) -> Body:
    """The body of a reduction over `slots`, read in the scope `inner`."""
    array = inner.number(node.args[0])
    mask = inner.condition(options["where"]) if "where" in options else None
    if mask is not None and mask.shape:
        raise inner.error(
            options["where"],
            f"the filter has the shape {show_shape(mask.shape)}, but indices are named",
            "give it one subscript an axis",
        )
    ranges = tuple(settled(slot, node, inner) for slot in slots)

    def parts(subscripts: Subscripts, places: Subscripts) -> tuple[Term, tuple[Condition, ...]]:
        values = {slot.index: place for slot, place in zip(slots, places, strict=True)}
        where = conjuncts(mask.entry(())) if mask else ()
        return (
            substitute(array.entry(subscripts), values),
            tuple(substitute(condition, values) for condition in where),
        )

    return Body(array.shape, ranges, tuple(slot.letter for slot in slots), parts)


# --- array notation -----------------------------------------------------------------------------


def _over_axes(node: ast.Call, kind: str, options: Mapping[str, ast.expr], scope: Scope) -> Array:
    array = scope.number(node.args[0])
    axes = axes_of(options.get("axis"), array.shape, scope)
    reduced = along(array, axes, _mask(options, array, scope)).reduced(kind)
    return keeping(reduced, axes) if _flag(options.get("keepdims"), scope) else reduced


def keeping(reduced: Array, axes: Sequence[int]) -> Array:
    """A reduced array with axes of size one where the reduced ones were."""
    rank = len(reduced.shape) + len(axes)
    sizes = iter(reduced.shape)
    shape = tuple(ONE if k in axes else next(sizes) for k in range(rank))
    return Array(
        shape,
        lambda subscripts: reduced.entry(
            tuple(subscript for k, subscript in enumerate(subscripts) if k not in axes)
        ),
    )


def along(array: Array, axes: Sequence[int], mask: Mask | None = None) -> Body:
    """`array` as the body of a reduction along `axes`."""
    rank = len(array.shape)
    test = aligned(mask, array.shape) if mask else None

    def parts(subscripts: Subscripts, places: Subscripts) -> tuple[Term, tuple[Condition, ...]]:
        kept, taken = iter(subscripts), dict(zip(axes, places, strict=True))
        whole = tuple(taken[k] if k in taken else next(kept) for k in range(rank))
        condition = test(whole) if test else None
        where = conjuncts(condition) if isinstance(condition, Condition) else ()
        return array.entry(whole), where

    shape = tuple(size for k, size in enumerate(array.shape) if k not in axes)
    return Body(shape, tuple(array.shape[k] for k in axes), (None,) * len(axes), parts)


def _mask(options: Mapping[str, ast.expr], array: Array, scope: Scope) -> Mask | None:
    if "where" not in options:
        return None
    mask = scope.condition(options["where"])
    whole = joined(array.shape, mask.shape, scope.draft.same)
    if whole is None or len(mask.shape) > len(array.shape):
        raise scope.error(
            options["where"],
            f"the filter has the shape {show_shape(mask.shape)}, "
            f"what it filters {show_shape(array.shape)}",
            "give both one shape, or name the indices",
        )
    return mask


def axes_of(node: ast.expr | None, shape: Shape, scope: Scope) -> tuple[int, ...]:
    """The axes that `axis=` names, from 0, in order; all of them where nothing is said."""
    if node is None:
        return tuple(range(len(shape)))
    parts = node.elts if isinstance(node, ast.Tuple) else [node]
    axes = []
    for part in parts:
        value = exact_value(scope.scalar(part))
        if value is None or value.denominator != 1 or not -len(shape) <= value < len(shape):
            raise scope.error(
                part,
                f"'{scope.spelling(part)}' is no axis of an array of the shape {show_shape(shape)}",
                f"axes are counted from 0 to {len(shape) - 1}, or from the end: -1"
                if shape
                else "a single number has no axes: leave axis out",
            )
        axes.append(int(value) % len(shape))
    if len(set(axes)) < len(axes):
        raise scope.error(node, "an axis is named twice", "name each axis once")
    return tuple(sorted(axes))


def _flag(node: ast.expr | None, scope: Scope) -> bool:
    if node is None:
        return False
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        return node.value
    raise scope.error(node, f"'{scope.spelling(node)}' is not True or False", "keepdims=True")
