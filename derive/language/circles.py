"""Which equations step together: the circles of a model, each a block of its equations."""

from __future__ import annotations

from collections.abc import Mapping

from derive.errors import LanguageError
from derive.language.recurrences import STEP_CURE
from derive.language.scope import Draft
from derive.language.starts import Start, index_and_offset
from derive.model import Equation, Recurrence
from derive.terms import Quantity, entries

Reads = Mapping[Quantity, Mapping[Quantity, None]]


def stepping_together(draft: Draft) -> tuple[tuple[Equation, ...], tuple[Recurrence, ...]]:
    """All equations, those of one recurrence side by side, and the recurrences."""
    if not draft.starts:
        return tuple(draft.equations), ()
    defined = {equation.left: equation for equation in draft.equations}
    reads = {left: _read_by(equation) for left, equation in defined.items()}
    blocks: dict[Quantity, list[Equation]] = {}
    first: dict[Quantity, Start] = {}
    for name, start in draft.starts.items():
        if start.quantity not in defined:
            raise LanguageError(
                f"'{name}' has an initial value, but does not step",
                STEP_CURE,
                draft.source.span(draft.lines[name], 0),
            )
        if start.quantity not in blocks:
            members = _circle(start.quantity, reads)
            block = [one for left, one in defined.items() if left in members]
            blocks.update(dict.fromkeys((one.left for one in block), block))
            first.update((one.left, start) for one in block[:1])
    ordered = _side_by_side(defined, blocks, reads)
    recurrences = (
        _recurrence(blocks[one.left], first[one.left], draft)
        for one in ordered
        if one.left in first
    )
    return tuple(ordered), tuple(recurrences)


def _read_by(equation: Equation) -> dict[Quantity, None]:
    """What an equation reads, in reading order."""
    return dict.fromkeys(entry.quantity for entry in entries(equation.right))


def _circle(quantity: Quantity, reads: Reads) -> set[Quantity]:
    """The quantities that `quantity` is computed from and that are computed from it."""
    readers: dict[Quantity, dict[Quantity, None]] = {}
    for reader, sources in reads.items():
        for source in sources:
            readers.setdefault(source, {})[reader] = None
    return _reached(quantity, reads) & _reached(quantity, readers)


def _reached(start: Quantity, edges: Reads) -> set[Quantity]:
    reached: set[Quantity] = set()
    pending = [start]
    while pending:
        new = [one for one in edges.get(pending.pop(), ()) if one not in reached]
        reached.update(new)
        pending += new
    return reached


def _side_by_side(
    defined: Mapping[Quantity, Equation], blocks: Mapping[Quantity, list[Equation]], reads: Reads
) -> list[Equation]:
    """The equations in the order of the text, but each block together and below all it reads."""
    ordered: list[Equation] = []
    placed: set[Quantity] = set()

    def place(quantity: Quantity) -> None:
        if quantity in placed or quantity not in defined:
            return
        block = blocks.get(quantity, [defined[quantity]])
        placed.update(one.left for one in block)
        for one in block:
            for source in reads[one.left]:
                place(source)
        ordered.extend(block)

    for quantity in defined:
        place(quantity)
    return ordered


def _recurrence(block: list[Equation], start: Start, draft: Draft) -> Recurrence:
    """The recurrence of the equations in `block`, after a look at what each step reads."""
    members = {one.left for one in block}
    known = {s.quantity: s.axis for s in draft.starts.values() if s.quantity in members}
    for one in block:
        if one.left not in known:
            known[one.left] = _axis(one, known)
    axes = [known[one.left] for one in block]
    order = {
        one.left: (place, axis) for place, (one, axis) in enumerate(zip(block, axes, strict=True))
    }
    for place, (one, axis) in enumerate(zip(block, axes, strict=True)):
        for entry in entries(one.right):
            if entry.quantity not in order:
                continue
            other, other_axis = order[entry.quantity]
            index, offset = index_and_offset(entry.subscripts[other_axis])
            earlier = offset > 0 if start.downward else offset < 0
            if index is not one.indices[axis] or not (earlier or (offset == 0 and other < place)):
                raise LanguageError(
                    f"a step of '{one.left.name}' reads '{entry.quantity.name}' where it is not "
                    "yet known",
                    "a step reads earlier steps, and of its own step what stands above it",
                    one.place,
                )
    return Recurrence(tuple(e.left for e in block), tuple(axes), start.downward)


def _axis(one: Equation, known: Mapping[Quantity, int]) -> int:
    """The axis along which an equation of a recurrence steps, by what it reads that steps."""
    for entry in entries(one.right):
        if entry.quantity in known:
            index, _ = index_and_offset(entry.subscripts[known[entry.quantity]])
            if index in one.indices:
                return one.indices.index(index)
    raise LanguageError(
        f"'{one.left.name}' is part of a recurrence, but does not step with it",
        "write the index that steps on its left",
        one.place,
    )
