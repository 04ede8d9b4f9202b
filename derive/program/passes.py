"""One program in parts: the forward pass, and what goes on from where it ends.

What needs no target, and the cost needs, is computed by `forward` alone: the named quantities, and
what else another part reads again.  The cost, the gradients and the values that a caller asks for
go on from what it returns, so that they share its values by construction.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from derive.program.arrays import Counting
from derive.program.plan import needed_lines, part_of, read_by
from derive.program.program import (
    Line,
    Program,
    Statement,
    check_program,
    line_sizes,
    targets,
)
from derive.terms import Name, Quantity


@dataclass(frozen=True)
class Passes:
    """The parts of a program.

    The outputs of `forward` are what the cost goes on from, the other named quantities on the way
    to it, and what else of its values is read again; they are among the inputs of the others, as
    far as these read them.
    """

    forward: Program
    values: Program
    loss: Program
    gradients: Program


def passes_of(
    program: Program,
    cost: Quantity,
    gradients: Sequence[Quantity],
    values: Sequence[Quantity],
    hidden: Collection[Name],
) -> Passes:
    """The parts of a program that computes the cost, its gradients and `values`.

    The `hidden` inputs are the targets; `values` are the quantities that need none of them.
    """
    lines = needed_lines(program.statements, [cost, *gradients, *values])
    on_the_way = _computed(needed_lines(lines, [cost]))
    again = _computed(needed_lines(lines, [*gradients, *values]))
    before = _before(program, lines, hidden)
    shared = [quantity for quantity in on_the_way if quantity in again and quantity in before]
    first = _whole(lines, needed_lines(lines, shared))
    known = _computed(first)
    names = frozenset(quantity.name for quantity in known)

    def rest(outputs: Sequence[Quantity]) -> list[Line]:
        return needed_lines(lines, outputs, given=names)

    asked = [[cost], [cost, *gradients], [q for q in values if q.name not in names]]
    read = [{name for line in rest(outputs) for name in read_by(line)} for outputs in asked]
    named = [quantity for quantity in values if quantity in shared]
    passed = [*named, *(q for q in known if q.name in set().union(*read) and q not in named)]
    passed.sort(key=lambda quantity: quantity != cost and quantity.name not in read[0])
    forward = part_of(program, first, passed)
    loss, back = (part_of(program, rest(outputs), outputs, passed) for outputs in asked[:2])
    found = Passes(forward, part_of(program, rest(values), values, passed), loss, back)
    for part in (found.forward, found.values, found.loss, found.gradients):
        check_program(part)
    return found


def _computed(lines: Sequence[Line]) -> tuple[Quantity, ...]:
    """What lines compute that is worth passing on: more than the numbers of an axis."""
    worth = [line for line in lines if not _is_counting(line)]
    return tuple(dict.fromkeys(target for line in worth for target in targets(line)))


def _before(
    program: Program, lines: Sequence[Line], hidden: Collection[Name]
) -> tuple[Quantity, ...]:
    """What is computed without the hidden inputs, and without the sizes that only they show."""
    sizes = {r.name for r in program.sizes if r.quantity is not None and r.quantity.name in hidden}
    behind = set(hidden)
    found: list[Line] = []
    for line in lines:
        if behind & read_by(line) or sizes & set(line_sizes(line)):
            behind |= {target.name for target in targets(line)}
        else:
            found.append(line)
    return _computed(found)


def _is_counting(line: Line) -> bool:
    return isinstance(line, Statement) and isinstance(line.value, Counting)


def _whole(lines: Sequence[Line], needed: Sequence[Line]) -> list[Line]:
    """The needed lines as they stand among all: a loop computes all that is read of its steps."""
    names: set[Name] = {target.name for line in needed for target in targets(line)}
    return [line for line in lines if any(target.name in names for target in targets(line))]
