"""The array program of a model as data: statements and loops, what they read and what they are for.

`check_program` refuses what is not well formed; `interpret` runs a program, `program_code` prints
it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from derive.errors import DerivationError
from derive.model import Equation
from derive.polynomials import StepNumber, collected
from derive.program.array_shapes import broadcast, shape_of, sizes_in
from derive.program.arrays import ArrayTerm, Select, Selector, Whole, show_name, walk
from derive.simplify import negative, total
from derive.sizes import Shape, show_shape
from derive.terms import ZERO, Divide, Name, Quantity, Size, Term, number
from derive.terms import walk as walk_term


@dataclass(frozen=True)
class Statement:
    """target = value.  `equation` is what it computes, None for a part that several lines share.

    With an `axis` the target is there already, and the value is put at `place` of that axis: at
    the place of one step, while others belong to other steps.
    """

    target: Quantity
    value: ArrayTerm
    equation: Equation | None = None
    axis: int | None = None
    place: Term = ZERO


@dataclass(frozen=True)
class Loop:
    """The statements of one step, for `number` = start, ..., end - 1, or from the last one down.

    What has no axis is known within its step only.  At the end of a step the `handed` statements
    replace values that are known before the loop, for the next step to read.
    """

    number: StepNumber
    start: Term
    end: Term
    downward: bool
    statements: tuple[Statement, ...]
    handed: tuple[Statement, ...] = ()


Line = Statement | Loop


@dataclass(frozen=True)
class SizeRule:
    """How a program finds a size: on an axis of an input, by a formula, or else by its caller.

    An axis may be longer than the size: it then has `per` times the size, and `more`.
    """

    name: str
    quantity: Quantity | None = None
    axis: int = 0
    formula: Term | None = None
    per: int = 1
    more: Term = ZERO


def is_given(rule: SizeRule) -> bool:
    """Whether nothing but the caller tells a size."""
    return rule.quantity is None and rule.formula is None


def is_whole_axis(rule: SizeRule) -> bool:
    """Whether a size is that of an axis, and no part of it."""
    return (rule.per, rule.more) == (1, ZERO)


def size_on(rule: SizeRule, extent: Term) -> Term:
    """The size that a rule finds on its axis, which has this extent.

    >>> from derive.sizes import show_size
    >>> show_size(size_on(SizeRule("K", per=2, more=negative(number(1))), Size("n")))
    '(n + 1)/2'
    """
    left = collected(total(extent, negative(rule.more)))
    return left if rule.per == 1 else Divide(left, number(rule.per))


@dataclass(frozen=True)
class Program:
    """Statements in order, what they read and what they are for.

    `constants` are numbers by name, `sizes` the sizes used as numbers, in an order in which each
    formula reads only what is above it.
    """

    inputs: tuple[Quantity, ...]
    constants: tuple[tuple[Quantity, Fraction], ...]
    sizes: tuple[SizeRule, ...]
    statements: tuple[Line, ...]
    outputs: tuple[Quantity, ...]


def parts(line: Line) -> tuple[Statement, ...]:
    """The statements of a line: itself, or all that belong to a loop."""
    return (line,) if isinstance(line, Statement) else (*line.statements, *line.handed)


def every_statement(lines: Sequence[Line]) -> Iterator[Statement]:
    """All statements, those of loops among them."""
    return (statement for line in lines for statement in parts(line))


def targets(line: Line) -> tuple[Quantity, ...]:
    """What a line gives a value, for those that follow it."""
    return tuple(dict.fromkeys(statement.target for statement in parts(line)))


def reads(term: ArrayTerm) -> tuple[Name, ...]:
    """The names of the quantities that a term reads, in reading order."""
    names = (part.quantity.name for part in walk(term) if isinstance(part, Whole))
    return tuple(dict.fromkeys(names))


def size_names(size: Term) -> tuple[str, ...]:
    """The names of the dimensions that a size expression reads."""
    return tuple(dict.fromkeys(p.name for p in walk_term(size) if isinstance(p, Size)))


def line_sizes(line: Line) -> tuple[str, ...]:
    """The names of the dimensions that a line needs as numbers."""
    sizes = [size for statement in parts(line) for size in sizes_in(statement.value)]
    sizes += [statement.place for statement in parts(line)]
    sizes += [line.start, line.end] if isinstance(line, Loop) else []
    own = line.number.name if isinstance(line, Loop) else None
    names = dict.fromkeys(name for size in sizes for name in size_names(size))
    return tuple(name for name in names if name != own)


def filled_by(statement: Statement) -> ArrayTerm:
    """What a statement gives a value: all of its target, or one place of an axis."""
    whole = Whole(statement.target)
    if statement.axis is None:
        return whole
    selectors: list[Selector] = ["all"] * len(statement.target.shape)
    selectors[statement.axis] = statement.place
    return Select(whole, tuple(selectors))


# --- well formed --------------------------------------------------------------------------------


def check_program(program: Program) -> None:
    """Raise DerivationError unless every name is defined once and before use, with its shape."""
    shapes = {quantity.name: quantity.shape for quantity in program.inputs}
    shapes |= {quantity.name: quantity.shape for quantity, _ in program.constants}
    for line in program.statements:
        if isinstance(line, Statement):
            _check_statement(line, shapes)
        else:
            inside = dict(shapes)
            for statement in line.statements:
                _check_statement(statement, inside)
            for statement in line.handed:
                _check_handed(statement, shapes, inside)
    for output in program.outputs:
        if output.name not in shapes:
            raise _defect(f"{show_name(output.name)} is never computed")


def _check_handed(
    statement: Statement, before: dict[Name, Shape], inside: dict[Name, Shape]
) -> None:
    """What a step hands to the next has a value, of the same shape, before the first one."""
    target = statement.target
    if before.get(target.name) != target.shape:
        raise _defect(f"{show_name(target.name)} is handed on, but has no value at first")
    _check_statement(replace(statement, target=replace(target, name=" ")), dict(inside))


def _check_statement(statement: Statement, shapes: dict[Name, Shape]) -> None:
    target, value, axis = statement.target, statement.value, statement.axis
    for part in walk(value):
        if isinstance(part, Whole) and shapes.get(part.quantity.name) != part.quantity.shape:
            raise _defect(f"{show_name(part.quantity.name)} is read before it has its value")
    if (axis is None) == (target.name in shapes):
        known = "computed twice" if axis is None else "filled before there is an array"
        raise _defect(f"{show_name(target.name)} is {known}")
    wanted = target.shape if axis is None else target.shape[:axis] + target.shape[axis + 1 :]
    found = shape_of(value) if axis is None else broadcast(shape_of(value), wanted)
    if found != wanted:
        raise _defect(
            f"{show_name(target.name)} has the shape {show_shape(wanted)}, but its value "
            f"has the shape {show_shape(found)}"
        )
    shapes[target.name] = target.shape


def _defect(cause: str) -> DerivationError:
    return DerivationError(cause, "this is a defect of the program: report the model it came from")
