"""What can be said of a program without running it: sizes of its arrays, what is computed twice."""

from collections import Counter
from math import prod

from derive.program.array_shapes import shape_of
from derive.program.arrays import (
    Cast,
    Counting,
    Elementwise,
    Empty,
    Full,
    Identity,
    Select,
    Transpose,
    Whole,
    Windows,
    is_plain_number,
    operands,
    walk,
    with_operands,
)
from derive.program.orders import extent
from derive.program.program import Statement, every_statement, reads
from derive.sizes import show_shape


def unread(program):
    """The quantities that a program computes for nothing."""
    statements = tuple(every_statement(program.statements))
    read = {name for statement in statements for name in reads(statement.value)}
    needed = read | {output.name for output in program.outputs}
    return [s.target.name for s in statements if s.target.name not in needed]


def work(term):
    """How many operations a term is, where a look at an array is none and a cheap one is one."""
    if is_plain_number(term):
        return 0
    below = sum(map(work, operands(term)))
    match term:
        case Whole() | Transpose() | Select() | Cast() | Elementwise("negate"):
            return below
        case Elementwise() | Counting() | Identity():
            return below + 1
        case Empty() | Full():
            # Two arrays that are filled in different ways begin in the same way.
            return 0
    return below + 2


def computed_twice(program):
    """The terms of more than one operation that a program holds more than once in one scope."""
    before = Counter()
    found = {}
    for line in program.statements:
        if isinstance(line, Statement):
            before.update(walk(line.value))
    scopes = [before]
    for line in program.statements:
        if not isinstance(line, Statement):
            inside = (part for statement in line.statements for part in walk(statement.value))
            scopes.append(before + Counter(inside))
    for scope in scopes:
        found |= {term: None for term, count in scope.items() if count > 1 and work(term) > 1}
    return list(found)


def larger_than_needed(program, sizes):
    """Arrays that are larger than all named quantities and the result of their line.

    What several lines share is part of each line that reads it.  A view has no memory of its own.
    """
    bodies, found = {}, []
    for statement in every_statement(program.statements):
        value = _inlined(statement.value, bodies)
        if statement.equation is None and statement.target.kind == "defined":
            bodies[statement.target.name] = value
            continue
        parts = list(walk(value))
        result = [s for axis, s in enumerate(statement.target.shape) if axis != statement.axis]
        named = [shape_of(part) for part in parts if isinstance(part, Whole)]
        most = max(_entries(shape, sizes) for shape in (result, *named))
        made = (p for p in parts if not isinstance(p, Windows | Select | Transpose))
        shapes = dict.fromkeys(shape_of(part) for part in made)
        found += [show_shape(shape) for shape in shapes if _entries(shape, sizes) > most]
    return sorted(set(found))


def _entries(shape, sizes):
    return prod(extent(size, sizes) for size in shape)


def _inlined(term, bodies):
    if isinstance(term, Whole):
        return bodies.get(term.quantity.name, term)
    return with_operands(term, tuple(_inlined(part, bodies) for part in operands(term)))
