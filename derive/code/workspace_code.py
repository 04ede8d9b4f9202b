"""Single operations as NumPy source text that puts each result into memory that is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from derive.code.layout import INDENT, commented
from derive.code.numpy_code import code
from derive.code.program_code import loop_head
from derive.code.scatter_code import addition_line, overlap_lines
from derive.code.size_code import Names
from derive.program.array_functions import BY_SERIES, IN_MATH
from derive.program.array_shapes import shape_of
from derive.program.arrays import (
    Addition,
    Apply,
    ArrayTerm,
    Cast,
    Copy,
    Elementwise,
    Empty,
    Exact,
    Fold,
    Full,
    Gather,
    Join,
    Locate,
    Matmul,
    Overlap,
    Scatter,
)
from derive.program.program import Loop, Statement, filled_by
from derive.program.row_products import factors_of_rows
from derive.program.slots import Slots

# The function of NumPy for each operation of Python.
FUNCTIONS: Mapping[str, str] = {
    "add": "add", "multiply": "multiply", "divide": "divide", "floor_divide": "floor_divide",
    "power": "power", "negate": "negative", "clip": "clip", "not": "logical_not",
    "and": "logical_and", "or": "logical_or", "==": "equal", "!=": "not_equal", "<": "less",
    "<=": "less_equal", ">": "greater", ">=": "greater_equal",
}  # fmt: skip
# What Python's ** takes instead of a power.
POWERS = {Fraction(2): "square", Fraction(1, 2): "sqrt", Fraction(-1): "reciprocal"}


def operation_lines(slots: Slots, names: Names, comments: Names) -> list[str]:
    """The lines of a program, each result in its slot; quantities and slots have `names`."""
    known = {**names, **{name: names[slot.name] for name, slot in slots.of.items()}}
    lines: list[str] = []
    for line in slots.program.statements:
        if isinstance(line, Loop):
            lines.append(loop_head(line, known))
            for statement in (*line.statements, *line.handed):
                inside = _statement(statement, slots, known, comments, 2 * INDENT)
                lines += [" " * INDENT + text for text in inside]
        else:
            lines += _statement(line, slots, known, comments)
    return lines


def _statement(
    statement: Statement, slots: Slots, names: Names, comments: Names, indent: int = INDENT
) -> list[str]:
    name, value = statement.target.name, statement.value
    target, comment = code(filled_by(statement), names), comments.get(name, "")
    is_number = not shape_of(filled_by(statement))
    if isinstance(value, Empty):
        return []
    if statement.axis is None and (is_number or name not in slots.of):
        return commented(f"{target} = {code(value, names)}", comment, indent)
    if statement.axis is not None and is_number:
        return commented(f"{target} = {code(value, names)}", comment, indent)
    lines = list(put(value, target, names))
    return [*lines[:-1], *commented(lines[-1], comment, indent)] if lines else []


def put(value: ArrayTerm, out: str, names: Names) -> Iterator[str]:
    """The lines that put the value of one operation into the array `out`."""
    match value:
        case Elementwise("where", (mask, chosen, otherwise)):
            yield _copied(out, code(otherwise, names))
            yield _copied(out, code(chosen, names), code(mask, names))
        case Fold() if factors := factors_of_rows(value):
            yield _called("vecdot", [code(part, names) for part in factors], out)
        case Fold(kind, operand, axes):
            axis = axes[0] if len(axes) == 1 else axes
            yield _called(kind, [code(operand, names), f"axis={axis}"], out)
        case Gather(operand, subscripts) if len(given := [s for s in subscripts if s]) == 1:
            axis = next(place for place, part in enumerate(subscripts) if part)
            arguments = [code(operand, names), code(given[0], names), f"axis={axis}"]
            if len(subscripts) == 1:
                arguments.pop()
            # Without a mode NumPy makes a copy of `out` first.
            yield _called("take", arguments, out, 'mode="clip"')
        case Scatter(base, additions):
            yield from _started(out, base, names)
            for addition in additions:
                yield _added(out, addition, names)
        case Overlap(base, added):
            yield from _started(out, base, names)
            yield from overlap_lines(out, value, added, names, INDENT)
        case Full() | Copy() | Cast():
            yield _filled(out, value, names)
        case Join(parts, axis):
            listed = ", ".join(code(part, names) for part in parts)
            yield _called("concatenate", [f"({listed})"], f"{out}", f"axis={axis}")
        case Locate(kind, operand, (axis,)):
            yield _called(kind, [code(operand, names), f"axis={axis}"], out)
        case _:
            yield _ufunc(value, out, names)


def _ufunc(value: ArrayTerm, out: str, names: Names) -> str:
    match value:
        case Elementwise("add", (left, Elementwise("negate", (right,)))):
            return _called("subtract", [code(left, names), code(right, names)], out)
        case Elementwise("power", (base, Exact(exponent))) if exponent in POWERS:
            return _called(POWERS[exponent], [code(base, names)], out)
        case Elementwise(operation, parts):
            return _called(FUNCTIONS[operation], [code(part, names) for part in parts], out)
        case Apply(function, parts) if function not in IN_MATH | BY_SERIES:
            return _called(function, [code(part, names) for part in parts], out)
        case Matmul(left, right):
            return _called("matmul", [code(left, names), code(right, names)], out)
    # NumPy has no way to put it there at once.
    return _copied(out, code(value, names))


def _filled(out: str, value: ArrayTerm, names: Names) -> str:
    match value:
        case Full(number):
            text = code(number, names)
            return f"{out}[...] = {text}" if shape_of(number) else f"{out}.fill({text})"
        case Copy(operand) | Cast(operand):
            return _copied(out, code(operand, names))
    return _copied(out, code(value, names))


def _added(out: str, addition: Addition, names: Names) -> str:
    """An addition to an array, or to all its entries in a row."""
    if not addition.counts_all:
        return addition_line(out, addition, names)
    # What is added at places that are no slice NumPy copies, but for this.
    return addition_line(f"{out}.reshape(-1)", replace(addition, repeats=True), names)


def _started(out: str, base: ArrayTerm, names: Names) -> Iterator[str]:
    """What an array holds before something is added: nothing to do where that is there already."""
    if code(base, names) != out:
        yield _filled(out, base, names)


def _called(function: str, arguments: Sequence[str], out: str, *more: str) -> str:
    return f"np.{function}({', '.join([*arguments, *more])}, out={out})"


def _copied(out: str, value: str, where: str = "") -> str:
    return f"np.copyto({out}, {value}{f', where={where}' if where else ''})"
