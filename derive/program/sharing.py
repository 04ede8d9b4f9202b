"""Each part of a program that is worth a name computed once, and no other part named.

The value of an earlier line is read from its name; a part that occurs again becomes a line of its
own.  What a step of a loop computes is known in that step only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from derive.polynomials import StepNumber
from derive.program.array_shapes import is_diagonal, shape_of
from derive.program.arrays import (
    Apply,
    ArrayTerm,
    Cast,
    Counting,
    Either,
    Elementwise,
    Empty,
    Fold,
    Full,
    Gather,
    Identity,
    Overlap,
    Scatter,
    Select,
    Transpose,
    Whole,
    is_plain_number,
    operands,
    walk,
    with_operands,
)
from derive.program.part_names import unnamed
from derive.program.program import Line, Loop, Program, Statement, every_statement, filled_by, parts
from derive.program.subproducts import with_subproducts
from derive.terms import Name, Quantity


def shared(program: Program) -> Program:
    """The program with what occurs again computed once."""
    program = replace(program, statements=with_subproducts(program.statements))
    sharing = _Sharing(Counter())
    for statement in every_statement(program.statements):
        _count(statement.value, sharing.counts)
    known: dict[ArrayTerm, ArrayTerm] = {}
    lines: list[Line] = []
    for line in program.statements:
        if isinstance(line, Statement):
            lines += sharing.statements((line,), known)
        else:
            steps = sharing.statements(line.statements, dict(known), line.number)
            lines.append(replace(line, statements=tuple(steps)))
    return replace(program, statements=tuple(lines))


@dataclass
class _Sharing:
    """How often each part occurs in the program, and how many parts have lines of their own."""

    counts: Counter[ArrayTerm]
    made: int = 0
    result: list[Statement] = field(default_factory=list)

    def statements(
        self,
        statements: Sequence[Statement],
        known: dict[ArrayTerm, ArrayTerm],
        step: StepNumber | None = None,
    ) -> list[Statement]:
        """The statements with their parts read from where they are known; `known` grows."""
        self.result = []
        for statement in statements:
            term = statement.value
            if term in known and is_shared(statement):
                known[Whole(statement.target)] = known[term]
                continue
            if term in known or isinstance(term, Empty):
                self.result.append(replace(statement, value=known.get(term, term)))
                continue
            in_place = isinstance(term, Scatter | Overlap) and statement.axis is not None
            value = (self._named if in_place else self._parts_named)(term, known, step)
            self.result.append(replace(statement, value=value))
            filled = filled_by(statement)
            # What is repeated along an axis where it is put is another array there.
            if operands(term) and not is_plain_number(term) and shape_of(filled) == shape_of(term):
                known[term] = filled
        return self.result

    def _named(
        self, term: ArrayTerm, known: dict[ArrayTerm, ArrayTerm], step: StepNumber | None
    ) -> ArrayTerm:
        if term in known:
            return known[term]
        value = self._parts_named(term, known, step)
        between_steps = step is not None and isinstance(term, Either)
        if not between_steps and not _is_worth(term, self.counts):
            return value
        self.made += 1
        quantity = Quantity(unnamed(self.made), shape_of(value))
        known[term] = Whole(quantity)
        self.result.append(Statement(quantity, value))
        return known[term]

    def _parts_named(
        self, term: ArrayTerm, known: dict[ArrayTerm, ArrayTerm], step: StepNumber | None
    ) -> ArrayTerm:
        """The term with its parts read by name; what may not be chosen is not computed before."""
        match term:
            case Either():
                return _parts_read(term, known)
            case Cast(Counting() | Identity()):
                # It is made of its type at once.
                return term
        if isinstance(term, Gather) and is_diagonal(term):
            # It has a word of its own.
            return replace(term, operand=self._named(term.operand, known, step))
        parts = tuple(self._named(part, known, step) for part in operands(term))
        if isinstance(term, Scatter | Overlap) and isinstance(term.base, Full):
            # Zeros are made where something is added to them.
            parts = (_parts_read(term.base, known), *parts[1:])
        return with_operands(term, parts)


def _read(term: ArrayTerm, known: dict[ArrayTerm, ArrayTerm]) -> ArrayTerm:
    """The term with every part that is known read by its name."""
    return known[term] if term in known else _parts_read(term, known)


def _parts_read(term: ArrayTerm, known: dict[ArrayTerm, ArrayTerm]) -> ArrayTerm:
    return with_operands(term, tuple(_read(part, known) for part in operands(term)))


def _count(term: ArrayTerm, counts: Counter[ArrayTerm]) -> None:
    match term:
        case Elementwise("negate", (Apply() | Fold() as taken_away,)):
            # It is named without its sign.
            _count(taken_away, counts)
            return
    counts[term] += 1
    # What only looks at another array has no name: its operand is what occurs again.
    if counts[term] == 1 or isinstance(term, Transpose | Select):
        for part in operands(term):
            _count(part, counts)


def _is_worth(term: ArrayTerm, counts: Counter[ArrayTerm]) -> bool:
    """Whether a part gets a name: what takes work, from its second use.

    An array to which values are added always does.  What is folded has the axes that each of its
    uses keeps.
    """
    match term:
        case Scatter() | Overlap():
            return True
        case Select(Fold() as inner):
            return counts[term] > 1 and counts[inner] == counts[term]
        case Transpose() | Select():
            return False
    return counts[term] > 1 and _work(term) > 0


def _work(term: ArrayTerm) -> int:
    if is_plain_number(term):
        return 0
    below = sum(_work(part) for part in operands(term))
    match term:
        case Whole() | Transpose() | Select() | Elementwise("negate"):
            return below
        case Elementwise():
            return below + 1
    return below + 2


# --- what only one place reads ------------------------------------------------------------------


def inlined(lines: Sequence[Line], outputs: Sequence[Quantity]) -> tuple[Line, ...]:
    """Shared parts that only one place reads, written where they are read.

    What is computed before a loop is not computed again at each of its steps.
    """
    uses = Counter({output.name: 2 for output in outputs})
    for line in lines:
        inside = line.statements if isinstance(line, Loop) else (line,)
        own = {statement.target.name for statement in inside}
        for statement in parts(line):
            for part in walk(statement.value):
                if isinstance(part, Whole):
                    name = part.quantity.name
                    uses[name] += 1 if isinstance(line, Statement) or name in own else 2
    bodies: dict[Name, ArrayTerm] = {}
    result: list[Line] = []
    for line in lines:
        if isinstance(line, Statement):
            result += _kept((line,), uses, bodies)
        else:
            statements = tuple(_kept(line.statements, uses, bodies))
            result.append(replace(line, statements=statements, handed=_handed(line, bodies)))
    return tuple(result)


def _handed(loop: Loop, bodies: dict[Name, ArrayTerm]) -> tuple[Statement, ...]:
    return tuple(replace(s, value=_replaced(s.value, bodies)) for s in loop.handed)


def _kept(
    statements: Sequence[Statement], uses: Counter[Name], bodies: dict[Name, ArrayTerm]
) -> list[Statement]:
    result = []
    for statement in statements:
        statement = replace(statement, value=_replaced(statement.value, bodies))
        if is_shared(statement) and uses[statement.target.name] == 1:
            bodies[statement.target.name] = statement.value
        else:
            result.append(statement)
    return result


def is_shared(statement: Statement) -> bool:
    """Whether a statement names a part that several lines share, not a quantity of the model.

    A choice between steps keeps its name: in a line with other things it reads badly.  So does an
    array to which values are added.
    """
    named = statement.equation is not None or isinstance(
        statement.value, Either | Scatter | Overlap
    )
    return not named and statement.target.kind == "defined"


def _replaced(term: ArrayTerm, bodies: dict[Name, ArrayTerm]) -> ArrayTerm:
    if isinstance(term, Whole):
        return bodies.get(term.quantity.name, term)
    return with_operands(term, tuple(_replaced(part, bodies) for part in operands(term)))
