"""`X[i, 2*k + p]`, `E[token[t], d]`, `x[:, t]`: the entries of an array, and what selects them."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from derive.language.lookup import unbound_index, unknown_name
from derive.language.scope import Scope
from derive.language.values import Array, Shape, Subscripts, at, exact_value
from derive.sizes import show_shape, show_size
from derive.terms import (
    ONE,
    ZERO,
    Add,
    AllOf,
    Choice,
    Compare,
    Divide,
    Entry,
    FloorDivide,
    IndexValue,
    Multiply,
    Negate,
    Number,
    Power,
    Size,
    Term,
    is_one,
    walk,
)

SUBSCRIPT_CURE = "a subscript is made of indices, sizes and whole numbers, or read from index data"


@dataclass(frozen=True)
class Selection:
    """What one subscript selects of an axis of `size`: everything (`places` is None), or places.

    `whole` says that the places are certain to be inside the axis.
    """

    size: Term
    places: Array | None
    whole: bool

    @property
    def shape(self) -> Shape:
        """The axes that the subscript leaves."""
        return (self.size,) if self.places is None else self.places.shape


def read_subscript(node: ast.Subscript, scope: Scope) -> Array:
    """The array of the entries that the subscripts select; fewer of them leave whole axes."""
    base = scope.number(node.value)
    return _selected(base, _selections(node, base, scope))


def read_padded(node: ast.Call, scope: Scope) -> Array:
    """`pad(X[c, i + p - 1])`: zero where a subscript leaves its axis."""
    if len(node.args) != 1 or node.keywords or not isinstance(node.args[0], ast.Subscript):
        raise scope.error(
            node,
            "pad takes one entry of an array",
            "write pad(x[i - 1]); around a whole expression, pad each entry that it reads",
        )
    entry = node.args[0]
    base = scope.number(entry.value)
    selections = _selections(entry, base, scope)
    selected = _selected(base, selections)
    doubtful = [s for s in selections if s.places is not None and not s.whole]
    if any(selection.shape for selection in doubtful):
        raise scope.error(node, "pad takes subscripts that are numbers", "give each axis an index")

    def padded(subscripts: Subscripts) -> Term:
        term = selected.entry(subscripts)
        bounds = []
        for selection in doubtful:
            if selection.places is not None:
                place = at(selection.places)
                bounds += [Compare("<=", ZERO, place), Compare("<", place, selection.size)]
        return Choice(AllOf(tuple(bounds)), term, ZERO) if bounds else term

    return Array(selected.shape, padded)


def _selections(node: ast.Subscript, base: Array, scope: Scope) -> list[Selection]:
    parts = parts_of(node)
    if len(parts) > len(base.shape):
        raise scope.error(
            node,
            f"'{scope.spelling(node.value)}' has the shape {show_shape(base.shape)}, "
            f"but {_counted(len(parts))} given",
            f"give at most {len(base.shape)}; fewer subscripts leave an array"
            if base.shape
            else "it is a single number: leave the subscripts out",
        )
    selections = [
        _selection(part, size, node, scope) for part, size in zip(parts, base.shape, strict=False)
    ]
    if sum(s.places is not None and bool(s.shape) for s in selections) > 1:
        raise scope.error(
            node,
            "two subscripts are arrays, which could be read in two ways",
            "write the indices: A[y[n], z[n]] for pairs, A[y[n], z[m]] for all combinations",
        )
    return selections + [Selection(size, None, True) for size in base.shape[len(parts) :]]


def parts_of(node: ast.Subscript) -> list[ast.expr]:
    """The subscripts of `node`."""
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]


def _counted(count: int) -> str:
    return "1 subscript is" if count == 1 else f"{count} subscripts are"


def _selected(base: Array, selections: list[Selection]) -> Array:
    def entry(subscripts: Subscripts) -> Term:
        remaining, places = list(subscripts), []
        for selection in selections:
            taken = tuple(remaining[: len(selection.shape)])
            del remaining[: len(selection.shape)]
            places.append(taken[0] if selection.places is None else selection.places.entry(taken))
        return base.entry(tuple(places))

    return Array(tuple(size for selection in selections for size in selection.shape), entry)


def _selection(part: ast.expr, size: Term, node: ast.Subscript, scope: Scope) -> Selection:
    if is_colon(part):
        return Selection(size, None, True)
    if isinstance(part, ast.Slice):
        raise scope.error(
            part if hasattr(part, "lineno") else node,
            "a part of an axis is not selected by a slice",
            "write the index: y[t] = x[t + 1], with `t: range(T - 1)`",
        )
    if isinstance(part, ast.Name):
        if part.id in scope.slots and part.id not in scope.local:
            slot = scope.slots[part.id]
            slot.seen.append((size, scope.spelling(node)))
            whole = slot.declared is None or scope.draft.same(slot.declared, size)
            return Selection(size, Array((), lambda _: IndexValue(slot.index)), whole)
        if not scope.known(part.id):
            raise _unknown_subscript(part, scope)
    places = scope.number(part)
    sample = places.entry(tuple(ZERO for _ in places.shape))
    _check_integer(sample, part, scope)
    _check_inside(sample, size, part, node, scope)
    if isinstance(sample, Entry) and is_one(size):
        # Data below one name the only place that there is.
        places = Array(places.shape, lambda _: ZERO)
    return Selection(size, places, False)


def is_colon(part: ast.expr) -> bool:
    """Whether a subscript is `:`."""
    return isinstance(part, ast.Slice) and part.lower is part.upper is part.step is None


def is_fixed(part: ast.expr, scope: Scope) -> bool:
    """Whether a subscript on the left is one place, `-1` or `T - 1`, and not an index or `:`."""
    names = [node.id for node in ast.walk(part) if isinstance(node, ast.Name)]
    return not isinstance(part, ast.Slice) and all(n in scope.draft.dimensions for n in names)


def _unknown_subscript(part: ast.Name, scope: Scope) -> Exception:
    if part.id in scope.draft.lines or part.id in scope.draft.functions:
        return unknown_name(part, scope)
    return unbound_index(part, scope)


def _check_integer(term: Term, part: ast.expr, scope: Scope) -> None:
    """A subscript is affine in indices, with sizes as coefficients, or read from index data."""
    text = scope.spelling(part)
    for node in walk(term):
        match node:
            case Number(value) if value.denominator == 1:
                continue
            case Size() | IndexValue() | Add() | Negate():
                continue
            case Entry(quantity) if quantity.kind == "index":
                continue
            case Multiply(factors) if sum(_varies(factor) for factor in factors) <= 1:
                continue
            case FloorDivide(_, denominator) | Divide(_, denominator) if not _varies(denominator):
                continue
            case Power(base, exponent) if not _varies(base) and not _varies(exponent):
                continue
            case Entry(quantity):
                raise scope.error(
                    part,
                    f"'{text}' is a subscript, but '{quantity.name}' does not hold whole numbers",
                    f"declare it as index data, `{quantity.name}: index(V)[...]`",
                )
        raise scope.error(part, f"'{text}' cannot be a subscript", SUBSCRIPT_CURE)


def _varies(term: Term) -> bool:
    return any(isinstance(node, IndexValue | Entry) for node in walk(term))


def _check_inside(
    term: Term, size: Term, part: ast.expr, node: ast.Subscript, scope: Scope
) -> None:
    """Refuse a subscript that is certain to be outside its axis, whatever the sizes are."""
    text, axis = scope.spelling(part), show_size(size)
    if isinstance(term, Entry):
        declaration = scope.draft.declarations.get(str(term.quantity.name))
        bound = declaration.bound if declaration else None
        if bound is not None and not scope.draft.same(bound, size):
            raise scope.error(
                part,
                f"'{text}' is below {show_size(bound)}, but the axis that it subscripts has the "
                f"size {axis}",
                f"declare the data as index({axis}), or the axis with the size {show_size(bound)}",
            )
    name = node.value.id if isinstance(node.value, ast.Name) else ""
    negative = isinstance(term, Negate) and isinstance(term.term, Number)
    if negative and not _starts_at(name, term, scope):
        raise scope.error(
            part,
            f"the subscript {text} is outside the axis, which counts from 0",
            f"the last entry is {name or '...'}[{last_place(size)}]",
        )
    if isinstance(term, Number) and isinstance(size, Number) and term.value >= size.value:
        raise scope.error(
            part,
            f"the subscript {text} is outside the axis of size {axis}",
            f"the last entry is {name or '...'}[{last_place(size)}]",
        )


def _starts_at(name: str, place: Term, scope: Scope) -> bool:
    start = scope.draft.starts.get(name)
    return start is not None and exact_value(place) in [where for where, _ in start.values]


def last_place(size: Term) -> str:
    """The last place of an axis, as text."""
    if isinstance(size, Number):
        return str(size.value - 1)
    return show_size(Add((size, Negate(ONE))))


def is_unit(part: ast.expr, size: Term) -> bool:
    """Whether `part` is the only place, 0, of an axis of size one."""
    return is_one(size) and isinstance(part, ast.Constant) and part.value == 0
