"""Which arrays of a program share memory: slots, each for arrays of one shape that live in turn.

A slot is free once nothing reads the array in it, or a view of it, any more.  What is computed
entry by entry may be put where its operand stands; anything else is put beside what it reads.  What
is read or filled inside a loop lives for all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from derive.program.array_functions import BY_SERIES, IN_MATH
from derive.program.arrays import (
    Apply,
    ArrayTerm,
    Cast,
    Copy,
    Counting,
    Either,
    Elementwise,
    Exact,
    Extent,
    Fold,
    Full,
    Gather,
    Join,
    Locate,
    Matmul,
    Overlap,
    Pad,
    Reshape,
    Scatter,
    Select,
    Transpose,
    Whole,
    Windows,
    operands,
)
from derive.program.number_types import TRUTH
from derive.program.program import (
    Line,
    Loop,
    Program,
    Statement,
    every_statement,
    parts,
    reads,
)
from derive.sizes import Shape
from derive.terms import Name, Quantity

# What an array holds: numbers of the type of the data, truths, or counts and places.
Holding = Literal["numbers", "truths", "counts"]


@dataclass(frozen=True)
class Slot:
    """Memory for arrays of one shape; `name` is that of the first of them."""

    name: Name
    shape: Shape
    holding: Holding


@dataclass(frozen=True)
class Slots:
    """A program with the slot of each array that it computes.

    `constants` are its statements that read nothing but sizes: they are run once.  What is not in
    `of` is a number, or a view of what is.
    """

    program: Program
    of: Mapping[Name, Slot]
    constants: tuple[Statement, ...]


def with_slots(program: Program) -> Slots:
    """The slots of a program whose statements are single operations.

    >>> from derive.program.single_steps import with_single_steps
    >>> from derive.terms import Size
    >>> x, u, y = (Quantity(name, (Size("n"),)) for name in ("x", "u", "y"))
    >>> first = Statement(u, Apply("exp", (Whole(x),)))
    >>> second = Statement(y, Apply("tanh", (Whole(u),)))
    >>> found = with_slots(Program((x,), (), (), (first, second), ()))
    >>> found.of["y"] == found.of["u"]
    True
    """
    return _Placing(program).placed()


class _Placing:
    """Goes through a program once, from line to line."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.holdings: dict[Name, Holding] = {}
        self.of: dict[Name, Slot] = {}
        self.free: list[Slot] = []
        self.constants: list[Statement] = []
        self.bases = _bases(program)
        self.last = _last_reads(program, self.bases)

    def placed(self) -> Slots:
        lines: list[Line] = []
        for number, line in enumerate(self.program.statements):
            if isinstance(line, Statement) and self._is_constant(line):
                self._place(line, None)
                self.constants.append(line)
                continue
            lines.append(line)
            if isinstance(line, Loop):
                for statement in parts(line):
                    self._place(statement, None)
            else:
                self._place(line, number)
            self._release(number)
        program = replace(self.program, statements=tuple(lines))
        return Slots(program, self.of, tuple(self.constants))

    def _is_constant(self, statement: Statement) -> bool:
        known = {constant.target.name for constant in self.constants}
        is_array = bool(statement.target.shape) and statement.axis is None
        is_output = statement.target in self.program.outputs
        filled = statement.target.name in self.bases.filled
        return (
            is_array
            and not is_output
            and not filled
            and not is_view(statement.value)
            and set(reads(statement.value)) <= known
        )

    def _place(self, statement: Statement, number: int | None) -> None:
        """Give a new array a slot: one of its own where `number`, its line, is not told."""
        target, value = statement.target, statement.value
        if statement.axis is None:
            self.holdings.setdefault(target.name, holding(value, self.holdings))
        new = statement.axis is None and target.shape and target.name not in self.of
        if not new or (is_view(value) and not self._is_handed(target)):
            return
        slot = None if number is None else self._reused(statement, number)
        held = self.holdings[target.name]
        self.of[target.name] = slot or Slot(target.name, target.shape, held)

    def _is_handed(self, target: Quantity) -> bool:
        return target.name in self.bases.handed

    def _reused(self, statement: Statement, number: int) -> Slot | None:
        """Memory of an operand that is read for the last time, or memory that is free."""
        target, value = statement.target, statement.value
        if target in self.program.outputs or self._is_handed(target):
            return None
        wanted = (target.shape, self.holdings[target.name])
        for operand in _in_place(value):
            if isinstance(operand, Whole) and self._may_take(operand, statement, number):
                slot = self.of[operand.quantity.name]
                if (slot.shape, slot.holding) == wanted:
                    return slot
        for slot in self.free:
            if (slot.shape, slot.holding) == wanted:
                self.free.remove(slot)
                return slot
        return None

    def _may_take(self, operand: Whole, statement: Statement, number: int) -> bool:
        """Whether an operand is not needed behind a statement, nor seen in it in another way."""
        name = operand.quantity.name
        if name not in self.of or self.last.get(name) != number or name in self.kept:
            return False
        if name in {constant.target.name for constant in self.constants}:
            return False
        slot = self.of[name]
        others = [part for part in map(_unsigned, operands(statement.value)) if part != operand]
        seen = {base for part in others for n in reads(part) for base in self.bases.of(n)}
        return all(self.of.get(base) != slot for base in seen)

    @property
    def kept(self) -> set[Name]:
        """What is passed on or known in another step, and its bases."""
        names = {output.name for output in self.program.outputs}
        return {base for name in names for base in self.bases.of(name)} | self.bases.looped

    def _release(self, number: int) -> None:
        """Free the slots of what was read for the last time."""
        used = {slot for name, slot in self.of.items() if self._lives(name, number)}
        constant = {self.of[statement.target.name] for statement in self.constants}
        for slot in dict.fromkeys(self.of.values()):
            if slot not in used | constant and slot not in self.free:
                self.free.append(slot)

    def _lives(self, name: Name, number: int) -> bool:
        return name in self.kept or self.last.get(name, -1) > number


@dataclass(frozen=True)
class _Bases:
    """What is a view of what; what loops fill, hand on, or know in their steps."""

    views: Mapping[Name, tuple[Name, ...]]
    filled: frozenset[Name]
    handed: frozenset[Name]
    looped: frozenset[Name]

    def of(self, name: Name) -> tuple[Name, ...]:
        """A name and all whose memory it is a view of."""
        return (name, *(base for view in self.views.get(name, ()) for base in self.of(view)))


def _bases(program: Program) -> _Bases:
    views = {
        statement.target.name: reads(statement.value)
        for statement in every_statement(program.statements)
        if statement.axis is None and is_view(statement.value)
    }
    loops = [line for line in program.statements if isinstance(line, Loop)]
    filled = {s.target.name for s in every_statement(program.statements) if s.axis is not None}
    handed = {statement.target.name for loop in loops for statement in loop.handed}
    inside = {statement.target.name for loop in loops for statement in parts(loop)}
    return _Bases(views, frozenset(filled), frozenset(handed), frozenset(inside))


def _last_reads(program: Program, bases: _Bases) -> dict[Name, int]:
    """The number of the last line that reads an array or a view of it."""
    last: dict[Name, int] = {}
    for number, line in enumerate(program.statements):
        for statement in parts(line):
            for name in (statement.target.name, *reads(statement.value)):
                last.update(dict.fromkeys(bases.of(name), number))
    return last


def is_view(term: ArrayTerm) -> bool:
    """Whether a value is no array of its own: another one, or what looks at it."""
    match term:
        case Transpose(operand) | Select(operand) | Reshape(operand) | Windows(operand):
            return is_view(operand)
        case Either(_, chosen, otherwise):
            return is_view(chosen) and is_view(otherwise)
    return isinstance(term, Whole)


def _in_place(value: ArrayTerm) -> tuple[ArrayTerm, ...]:
    """The operands in whose memory a value may be put: what is read entry by entry, or added to."""
    match value:
        case Elementwise("where"):
            return ()
        case Elementwise(_, parts_):
            return tuple(map(_unsigned, parts_))
        case Apply(function, parts_) if function not in IN_MATH | BY_SERIES:
            return parts_
        case Scatter(base) | Overlap(base):
            return (base,)
    return ()


def _unsigned(term: ArrayTerm) -> ArrayTerm:
    match term:
        case Elementwise("negate", (inner,)):
            return inner
    return term


def holding(term: ArrayTerm, known: Mapping[Name, Holding]) -> Holding:
    """What the array that a term is holds; `known` says it of those that were computed."""
    match term:
        case Whole(quantity):
            given: Holding = "counts" if quantity.kind == "index" else "numbers"
            return known.get(quantity.name, given)
        case Exact(value):
            return "counts" if value.denominator == 1 else "numbers"
        case Extent() | Counting() | Locate():
            return "counts"
        case Elementwise(operation) if operation in TRUTH:
            return "truths"
        case Elementwise("where", (_, *branches)):
            return _together(branches, known)
        case Elementwise("divide") | Fold("mean"):
            return "numbers"
        case Elementwise(_, parts_) | Apply("maximum" | "minimum" | "abs" | "sign", parts_):
            return _together(parts_, known)
        case Cast(_, like):
            return holding(like, known)
        case Full(_, _, like) if like is not None:
            return holding(like, known)
        case Fold("sum", operand) if holding(operand, known) == "truths":
            return "counts"
        case Either(_, chosen, _):
            return holding(chosen, known)
        case (
            Fold() | Transpose() | Select() | Gather() | Reshape() | Windows() | Copy() | Scatter()
        ):
            return holding(operands(term)[0], known)
        case Overlap() | Pad() | Full():
            return holding(operands(term)[0], known)
        case Matmul(left, right):
            return _together((left, right), known)
        case Join(parts_):
            return _together(parts_, known)
    return "numbers"


def _together(terms: Sequence[ArrayTerm], known: Mapping[Name, Holding]) -> Holding:
    found = {holding(term, known) for term in terms}
    return "numbers" if "numbers" in found else "counts" if "counts" in found else "truths"
