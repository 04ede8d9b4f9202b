"""Single operations as NumPy source text that puts each result into memory that is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction

from derive.code.layout import INDENT, commented
from derive.code.numpy_code import code
from derive.code.program_code import loop_head
from derive.code.scatter_code import addition_line, overlap_lines
from derive.code.size_code import Names, is_simple_operand, size_code
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
    is_plain_number,
)
from derive.program.program import Loop, Statement, filled_by
from derive.program.row_products import factors_of_rows
from derive.program.slots import Slots
from derive.simplify import product

# The function of NumPy for each operation of Python.
FUNCTIONS: Mapping[str, str] = {
    "add": "add", "multiply": "multiply", "divide": "divide", "floor_divide": "floor_divide",
    "power": "power", "negate": "negative", "clip": "clip", "not": "logical_not",
    "and": "logical_and", "or": "logical_or", "==": "equal", "!=": "not_equal", "<": "less",
    "<=": "less_equal", ">": "greater", ">=": "greater_equal",
}  # fmt: skip
# What adds up, multiplies or compares the entries along an axis; a mean is then divided.
REDUCING = {
    "sum": "add", "mean": "add", "prod": "multiply", "max": "maximum", "min": "minimum"
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
        return commented(f"{target} = {_number(value, names)}", comment, indent)
    if statement.axis is not None and is_number:
        return commented(f"{target} = {code(value, names)}", comment, indent)
    lines = list(put(value, target, names))
    return [*lines[:-1], *commented(lines[-1], comment, indent)] if lines else []


def _number(value: ArrayTerm, names: Names) -> str:
    """What is no array of its own: a view, or a number."""
    match value:
        case Fold(kind, operand, axes) if kind in REDUCING and not shape_of(value):
            axis = "" if len(axes) == 1 else ", axis=None"
            total = f"np.{REDUCING[kind]}.reduce({code(operand, names)}{axis})"
            count = _count(operand, axes, names)
            divisor = count if is_simple_operand(count) else f"({count})"
            return f"{total} / {divisor}" if kind == "mean" else total
    return code(value, names)


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
            function = f"{REDUCING[kind]}.reduce"
            yield _called(function, [code(operand, names), f"axis={axis}"], out)
            if kind == "mean":
                yield _called("divide", [out, _count(operand, axes, names)], out)
        case Gather(operand, subscripts) if len(given := [s for s in subscripts if s]) == 1:
            axis = next(place for place, part in enumerate(subscripts) if part)
            along = f", axis={axis}" if len(subscripts) > 1 else ""
            # Without a mode NumPy makes a copy of `out` first.
            taken = f'{code(given[0], names)}{along}, mode="clip", out={out}'
            yield f"{code(operand, names)}.take({taken})"
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
    function, value = "add", addition.value
    if isinstance(value, Elementwise) and value.operation == "negate":
        function, value = "subtract", value.operands[0]
    text = code(value, names)
    if is_plain_number(value):
        # One of Python would be added in another type, and slowly.
        text = f"{out}.dtype.type({text})"
    (place,) = (code(part, names) for part in addition.subscripts if part is not None)
    return f"np.{function}.at({out}.reshape(-1), {place}, {text})"


def _started(out: str, base: ArrayTerm, names: Names) -> Iterator[str]:
    """What an array holds before something is added: nothing to do where that is there already."""
    if code(base, names) != out:
        yield _filled(out, base, names)


def _count(operand: ArrayTerm, axes: Sequence[int], names: Names) -> str:
    """How many entries a mean is taken of."""
    shape = shape_of(operand)
    return size_code(product(*(shape[axis] for axis in axes)), names)


def _called(function: str, arguments: Sequence[str], out: str, *more: str) -> str:
    return f"np.{function}({', '.join([*arguments, *more])}, out={out})"


def _copied(out: str, value: str, where: str = "") -> str:
    return f"np.copyto({out}, {value}{f', where={where}' if where else ''})"
