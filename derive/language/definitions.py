"""`z = x @ w`, `Z[i, j] = ...`, `m[t] = A @ v[t]`: what stands on the left of an equation."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from derive.language.outside import read_outside
from derive.language.scope import Scope, Slot, open_slot, settled
from derive.language.subscripts import is_colon, last_place, parts_of
from derive.language.values import Array, Shape, Subscripts
from derive.model import Equation, Notation
from derive.sizes import show_shape, show_size
from derive.terms import Index, IndexValue, Node, Quantity, Term, children, substitute

DEEPEST_TERM = 100
LEFT_CURE = "on the left stands one name, with or without indices: z = ..., z[i, j] = ..."


@dataclass(frozen=True)
class Definition:
    """The right side as an array over all axes of the left; a letter for each axis that has one."""

    name: str
    array: Array
    letters: tuple[str | None, ...]
    notation: Notation


def read_definition(target: ast.expr, value: ast.expr, scope: Scope) -> Definition:
    """Read `target = value`.  Indices on the left are free on the right; `:` keeps an axis."""
    if isinstance(target, ast.Name):
        array = scope.number(value)
        return Definition(target.id, array, (None,) * len(array.shape), "array")
    if not isinstance(target, ast.Subscript) or not isinstance(target.value, ast.Name):
        raise scope.error(target, f"'{scope.spelling(target)}' cannot be defined", LEFT_CURE)
    slots, inner = open_slots(parts_of(target), scope)
    array = over(slots, inner.number(value), target, scope)
    return Definition(target.value.id, array, letters_of(slots, array), "index")


def open_slots(parts: list[ast.expr], scope: Scope) -> tuple[list[Slot | None], Scope]:
    """An index for each subscript on the left, None for `:`, and the scope in which they stand."""
    slots: list[Slot | None] = []
    for part in parts:
        slot = None if is_colon(part) else open_slot(part, scope)
        scope = scope.with_slots({slot.letter: slot}) if slot else scope
        slots.append(slot)
    return slots, scope


def letters_of(slots: list[Slot | None], array: Array) -> tuple[str | None, ...]:
    """The letter of each axis of `array`, None where the author wrote none."""
    letters = tuple(slot.letter if slot else None for slot in slots)
    return letters + (None,) * (len(array.shape) - len(letters))


def over(slots: list[Slot | None], right: Array, target: ast.Subscript, scope: Scope) -> Array:
    """`right` with an axis for each slot; each None, and each axis left over, is one of `right`."""
    kept = sum(slot is None for slot in slots)
    if kept > len(right.shape):
        raise scope.error(
            target,
            f"the left keeps {kept} whole axes, but the right has the shape "
            f"{show_shape(right.shape)}",
            "write an index in the place of ':'",
        )
    sizes = iter(right.shape)
    axes = [next(sizes) if slot is None else settled(slot, target, scope) for slot in slots]
    places = [place for place, slot in enumerate(slots) if slot is None]

    def entry(subscripts: Subscripts) -> Term:
        own = (*(subscripts[place] for place in places), *subscripts[len(slots) :])
        values = {
            slot.index: subscript
            for slot, subscript in zip(slots, subscripts, strict=False)
            if slot is not None
        }
        term: Term = substitute(right.entry(own), values)
        return term

    return Array((*axes, *right.shape[kept:]), entry)


def equation(
    definition: Definition, left: Quantity, shape: Shape, node: ast.stmt, scope: Scope
) -> Equation:
    """The index equation of a definition, with one fresh index an axis."""
    indices = tuple(
        Index(size, letter) for size, letter in zip(shape, definition.letters, strict=True)
    )
    right = definition.array.entry(tuple(IndexValue(index) for index in indices))
    if _deeper_than(DEEPEST_TERM, right):
        raise scope.error(
            node,
            f"the definition of '{definition.name}' is nested more than {DEEPEST_TERM} deep",
            "give parts of it names, as equations of their own",
        )
    outside = read_outside(right)
    if outside is not None:
        entry, place, size = outside
        raise scope.error(
            node,
            f"'{entry.quantity.name}' is read at the place {show_size(place)}, but the places of "
            f"an axis of size {show_size(size)} are 0 to {last_place(size)}",
            "give the index a shorter range, `i: range(n - 1)`, filter it with where=, "
            f"or read zero there: pad({entry.quantity.name}[...])",
        )
    return Equation(
        left,
        indices,
        right,
        notation=definition.notation,
        place=scope.draft.source.place(node),
    )


def _deeper_than(limit: int, term: Term) -> bool:
    """Whether a term has more levels than what follows can walk."""
    level: list[Node] = [term]
    for _ in range(limit):
        level = [child for node in level for child in children(node)]
        if not level:
            return False
    return True
