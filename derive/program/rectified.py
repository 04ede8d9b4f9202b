"""Where x > 0, max(x, 0) is x: masks and masked values are made of what is kept anyway.

h = np.maximum(X @ W, 0)              d_h * (h > 0)     needs no X @ W
error = np.maximum(z, 0) - y          error * (z > 0)   needs no z - y
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from derive.program.arrays import (
    Apply,
    ArrayTerm,
    Elementwise,
    Exact,
    Whole,
    operands,
    walk,
    with_operands,
)
from derive.program.part_names import is_unnamed
from derive.program.program import Line, Statement, every_statement

Terms = Mapping[ArrayTerm, ArrayTerm]


def with_rectified(lines: Sequence[Line]) -> list[Line]:
    """The lines, in which masks and what they mask read what other lines compute."""
    sums = dict(_sums(lines))
    kept = {
        line.value.operands[0]: Whole(line.target)
        for line in lines
        if isinstance(line, Statement) and line.axis is None and isinstance(line.value, Apply)
        if (inside := rectified(line.value)) is not None and not _has_name(inside)
    }

    def read(term: ArrayTerm) -> ArrayTerm:
        term = _with_sums(term, sums)
        match term:
            case Elementwise(">", (part, Exact(0))) if part in kept:
                return replace(term, operands=(kept[part], term.operands[1]))
        return with_operands(term, tuple(map(read, operands(term))))

    return [
        replace(line, value=read(line.value)) if isinstance(line, Statement) else line
        for line in lines
    ]


def rectified(term: ArrayTerm) -> ArrayTerm | None:
    """The x of max(x, 0)."""
    match term:
        case Apply("maximum", (part, Exact(0))):
            return part
    return None


def _has_name(term: ArrayTerm) -> bool:
    return isinstance(term, Whole) and not is_unnamed(term.quantity.name)


def _sums(lines: Sequence[Line]) -> Iterator[tuple[ArrayTerm, ArrayTerm]]:
    """The sums that lines compute with some max(x, 0) in them, each by what it is where x > 0."""
    for statement in every_statement(lines):
        for term in walk(statement.value):
            if isinstance(term, Elementwise) and term.operation == "add":
                parts = [(part, rectified(part)) for part in term.operands]
                if any(inside is not None for _, inside in parts):
                    plain = tuple(part if inside is None else inside for part, inside in parts)
                    yield replace(term, operands=plain), term


def _with_sums(term: ArrayTerm, sums: Terms) -> ArrayTerm:
    """A product with a mask x > 0, in which such a sum stands for what it is there."""
    match term:
        case Elementwise("multiply", parts):
            masked = {found for part in parts if (found := _positive(part)) is not None}
            return _where_positive(term, masked, sums) if masked else term
    return term


def _positive(term: ArrayTerm) -> ArrayTerm | None:
    """The x of a mask x > 0."""
    match term:
        case Elementwise(">", (part, Exact(0))):
            return part
    return None


def _where_positive(term: ArrayTerm, masked: set[ArrayTerm], sums: Terms) -> ArrayTerm:
    """A factor, with the sums in it that are others where all that is `masked` is positive."""
    match term:
        case Elementwise("multiply" | "divide" | "negate", parts):
            found = tuple(_where_positive(part, masked, sums) for part in parts)
            return replace(term, operands=found)
        case Elementwise("add") if term in sums:
            inside = {rectified(part) for part in operands(sums[term])} - {None}
            return sums[term] if inside <= masked else term
    return term
