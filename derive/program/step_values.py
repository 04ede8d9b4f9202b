"""Quantities of a loop that need no array of all steps, because only their own step reads them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from derive.program.array_shapes import shape_of
from derive.program.arrays import ArrayTerm, Empty, Select, Whole, operands, with_operands
from derive.program.program import Line, Loop, Statement, parts
from derive.terms import Name, Quantity, Term


def with_step_values(lines: Sequence[Line], outputs: Collection[Name]) -> tuple[Line, ...]:
    """The lines, without arrays of which each step reads no more than its own entry."""
    result = list(lines)
    for loop in [line for line in lines if isinstance(line, Loop)]:
        for statement in loop.statements:
            if statement.axis is not None and statement.target.name not in outputs:
                result = _without_array(result, statement)
    return tuple(result)


def _without_array(lines: list[Line], statement: Statement) -> list[Line]:
    name, axis = statement.target.name, statement.axis
    assert axis is not None
    shape = statement.target.shape[:axis] + statement.target.shape[axis + 1 :]
    own = replace(statement.target, shape=shape)
    filling = [s for line in lines for s in parts(line) if s.target.name == name]
    made = [s for s in filling if isinstance(s.value, Empty)]
    if len(filling) != 2 or len(made) != 1 or shape_of(statement.value) != shape:
        return lines
    place = statement.place
    for line in lines:
        inside = isinstance(line, Loop) and statement.target in [s.target for s in line.statements]
        for part in parts(line):
            allowed = place if inside else None
            if not _reads_only(part.value, name, axis, allowed):
                return lines
    result: list[Line] = []
    for line in lines:
        if isinstance(line, Loop):
            steps = tuple(_local(s, own, axis) for s in line.statements)
            handed = tuple(_local(s, own, axis) for s in line.handed)
            result.append(replace(line, statements=steps, handed=handed))
        elif line != made[0]:
            result.append(line)
    return result


def _reads_only(term: ArrayTerm, name: Name, axis: int, place: Term | None) -> bool:
    """Whether a quantity is only read at one place of an axis, nowhere where that is None."""
    match term:
        case Select(Whole(quantity), selectors) if quantity.name == name:
            return place is not None and selectors[axis] == place and "new" not in selectors
        case Whole(quantity):
            return quantity.name != name
    return all(_reads_only(part, name, axis, place) for part in operands(term))


def _local(statement: Statement, own: Quantity, axis: int) -> Statement:
    value = _read(statement.value, own, axis)
    if statement.target.name != own.name:
        return replace(statement, value=value)
    return Statement(own, value, statement.equation)


def _read(term: ArrayTerm, own: Quantity, axis: int) -> ArrayTerm:
    match term:
        case Select(Whole(quantity), selectors) if quantity.name == own.name:
            rest = selectors[:axis] + selectors[axis + 1 :]
            return Whole(own) if all(s == "all" for s in rest) else Select(Whole(own), rest)
    return with_operands(term, tuple(_read(part, own, axis) for part in operands(term)))
