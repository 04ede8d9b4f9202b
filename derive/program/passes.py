"""One program in parts: the forward pass, and what goes on from where it ends.

What needs no target is computed by `forward` alone.  The cost, the gradients and the values that a
caller asks for go on from what it returns, so that they share its values by construction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from derive.program.arrays import Counting
from derive.program.plan import needed_lines, part_of, read_by
from derive.program.program import Line, Program, Statement, check_program, targets
from derive.terms import Name, Quantity


@dataclass(frozen=True)
class Passes:
    """The parts of a program.

    The outputs of `forward` are the named quantities on the way to the cost, then what else of its
    values is read again; they are among the inputs of the others, as far as these read them.
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
) -> Passes:
    """The parts of a program that computes the cost, its gradients and `values`.

    `values` are the quantities that need no target.
    """
    lines = needed_lines(program.statements, [cost, *gradients, *values])
    on_the_way = {t.name for line in needed_lines(lines, [cost]) for t in targets(line)}
    named = [q for q in values if q.name in on_the_way and q != cost]
    first = _whole(lines, needed_lines(lines, named))
    computed = [line for line in first if not _is_counting(line)]
    known = tuple(dict.fromkeys(target for line in computed for target in targets(line)))
    names = frozenset(quantity.name for quantity in known)

    def rest(outputs: Sequence[Quantity]) -> list[Line]:
        return needed_lines(lines, outputs, given=names)

    asked = [[cost], [cost, *gradients], [q for q in values if q.name not in names]]
    read = {name for outputs in asked for line in rest(outputs) for name in read_by(line)}
    passed = (*named, *(q for q in known if q.name in read and q not in named))
    forward = part_of(program, first, passed)
    loss, back = (part_of(program, rest(outputs), outputs, passed) for outputs in asked[:2])
    found = Passes(forward, part_of(program, rest(values), values, passed), loss, back)
    for part in (found.forward, found.values, found.loss, found.gradients):
        check_program(part)
    return found


def _is_counting(line: Line) -> bool:
    """Whether a line is no more than the numbers of an axis, which are not worth passing on."""
    return isinstance(line, Statement) and isinstance(line.value, Counting)


def _whole(lines: Sequence[Line], needed: Sequence[Line]) -> list[Line]:
    """The needed lines as they stand among all: a loop computes all that is read of its steps."""
    names: set[Name] = {target.name for line in needed for target in targets(line)}
    return [line for line in lines if any(target.name in names for target in targets(line))]
