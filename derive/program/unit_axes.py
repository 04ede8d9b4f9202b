"""Axes of size one stay where they are: `np.sum(x, axis=1, keepdims=True) / v`.

A value whose axes of size one were dropped, and are put back behind it, `(s / v[:, 0])[:, None]`,
is computed with them from the start where its parts have them: a sum keeps the axis that it sums
over, and an array has the axis that was dropped.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from derive.program.array_shapes import shape_of
from derive.program.arrays import (
    Apply,
    ArrayTerm,
    Elementwise,
    Fold,
    Matmul,
    Select,
    Selector,
    Slice,
    Whole,
    is_plain_number,
    operands,
    with_operands,
)
from derive.program.program import Line, Loop, Statement, every_statement
from derive.terms import ZERO, is_one


def with_unit_axes(lines: Sequence[Line]) -> list[Line]:
    """The lines with axes of size one kept, but for values that are read without them as well."""
    flat = {part for s in every_statement(lines) for part in _read_as_they_are(s.value)}

    def kept(statement: Statement) -> Statement:
        return replace(statement, value=_kept(statement.value, flat))

    return [
        replace(line, statements=tuple(map(kept, line.statements)))
        if isinstance(line, Loop)
        else kept(line)
        for line in lines
    ]


def _read_as_they_are(term: ArrayTerm) -> Iterator[ArrayTerm]:
    """The parts of a value, without those that would get new axes."""
    yield term
    if not isinstance(term, Select) or expanded(term) == term:
        for part in operands(term):
            yield from _read_as_they_are(part)


def _kept(term: ArrayTerm, flat: Collection[ArrayTerm]) -> ArrayTerm:
    if isinstance(term, Select) and not any(part in flat for part in _changed(term.operand)):
        term = expanded(term)
    return with_operands(term, tuple(_kept(part, flat) for part in operands(term)))


def _changed(term: ArrayTerm) -> Iterator[ArrayTerm]:
    """The parts of a value that would be other ones with new axes."""
    if isinstance(term, Elementwise | Apply | Matmul) and shape_of(term):
        yield term
        if not isinstance(term, Matmul):
            for part in term.operands:
                yield from _changed(part)


def expanded(term: Select) -> ArrayTerm:
    """The term with its new axes in its parts, or as it is where one of them has no place for them.

    >>> from derive.terms import ONE, Quantity, Size
    >>> n, k = Size("n"), Size("k")
    >>> x, v = Whole(Quantity("x", (n, k))), Whole(Quantity("v", (n, ONE)))
    >>> scaled = Elementwise("divide", (Fold("sum", x, (1,)), Select(v, ("all", 0))))
    >>> kept = Elementwise("divide", (Select(Fold("sum", x, (1,)), ("all", "new")), v))
    >>> expanded(Select(scaled, ("all", "new"))) == kept
    True
    """
    if "new" in term.selectors and all(s in ("all", "new") for s in term.selectors):
        found = _with_new(term.operand, term.selectors)
        if found is not None and shape_of(found) == shape_of(term):
            return found
    return term


def _with_new(term: ArrayTerm, selectors: Sequence[Selector]) -> ArrayTerm | None:
    """The term with new axes that it has a place for, None where it has none."""
    selectors = _behind(selectors, len(shape_of(term)))
    if "new" not in selectors or is_plain_number(term):
        return term
    places = tuple(place for place, selector in enumerate(selectors) if selector == "new")
    match term:
        case Elementwise(_, parts) | Apply(_, parts):
            made = [_with_new(part, selectors) for part in parts]
            known = tuple(part for part in made if part is not None)
            return with_operands(term, known) if len(known) == len(made) else None
        case Fold(_, _, axes) if axes == places:
            return Select(term, tuple(selectors))
        case Select(inner, dropped):
            return _with_dropped(inner, dropped, selectors)
        case Matmul(left, Whole(quantity) as vector) if len(quantity.shape) == 1:
            # The axis of the one column stands last.
            column = Select(vector, ("all", "new"))
            return Matmul(left, column) if places == (len(selectors) - 1,) else None
    return None


def _behind(selectors: Sequence[Selector], rank: int) -> Sequence[Selector]:
    """The selectors for an operand of fewer axes: NumPy adds axes in front of it by itself."""
    missing = selectors.count("all") - rank
    if missing <= 0:
        return selectors
    axes = [place for place, selector in enumerate(selectors) if selector == "all"]
    behind = selectors[axes[missing - 1] + 1 :]
    return behind[next((place for place, s in enumerate(behind) if s == "all"), len(behind)) :]


def _with_dropped(
    inner: ArrayTerm, dropped: Sequence[Selector], selectors: Sequence[Selector]
) -> ArrayTerm | None:
    """`v[:, 0][:, None]` is v: its axis of size one was dropped where a new one is wanted."""
    sizes = shape_of(inner)
    if len(dropped) != len(sizes):
        return None
    result: list[Selector] = []
    wanted = list(selectors)
    for selector, size in zip(dropped, sizes, strict=True):
        if selector == "all" or isinstance(selector, Slice):
            if wanted[:1] != ["all"]:
                return None
            wanted.pop(0)
        elif selector in (0, ZERO) and is_one(size) and wanted[:1] == ["new"]:
            wanted.pop(0)
            selector = "all"
        result.append(selector)
    if wanted:
        return None
    return inner if all(s == "all" for s in result) else Select(inner, tuple(result))
