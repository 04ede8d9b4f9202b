"""What one step of a loop hands to the next.

`h[t - 1] if t >= 1 else h0` is a value that is there before the first step, h_before = h0, and that
each step replaces at its end, h_before = h[t].
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from derive.polynomials import StepNumber, collected, polynomial
from derive.program.array_shapes import shape_of, sizes_in
from derive.program.arrays import (
    ArrayTerm,
    Either,
    Elementwise,
    Empty,
    Exact,
    Extent,
    Full,
    Matmul,
    Select,
    Selector,
    Whole,
    operands,
    walk,
    with_operands,
)
from derive.program.labels import Labels
from derive.program.part_names import fresh, is_unnamed, label_of
from derive.program.program import Line, Loop, Program, Statement, every_statement
from derive.program.step_values import with_step_values
from derive.simplify import negative, total
from derive.terms import ONE, Add, Name, Negate, Number, Quantity, Term
from derive.terms import rewrite as rewrite_term
from derive.terms import walk as walk_term

MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "==": "==", "!=": "!="}


def with_carried(program: Program) -> Program:
    """The program with values that its loops hand from step to step."""
    taken: set[Name] = {quantity.name for quantity in program.inputs}
    taken |= {statement.target.name for statement in every_statement(program.statements)}
    taken |= {rule.name for rule in program.sizes}
    outputs = frozenset(quantity.name for quantity in program.outputs)
    arrays = {
        s.target.name: s.value
        for s in every_statement(program.statements)
        if isinstance(s.value, Empty)
    }
    lines: list[Line] = []
    for line in program.statements:
        lines += _Handing(line, arrays, taken).lines() if isinstance(line, Loop) else [line]
    lines = list(with_step_values(lines, outputs))
    for loop in [line for line in lines if isinstance(line, Loop)]:
        for statement in loop.statements:
            lines = _by_one_name(lines, loop, statement)
    return replace(program, statements=tuple(lines))


def _by_one_name(lines: list[Line], loop: Loop, statement: Statement) -> list[Line]:
    """A quantity that is what the step before handed on is handed on itself."""
    target = statement.target
    others = [s for s in loop.handed if Whole(s.target) != statement.value]
    is_handed = len(others) + 1 == len(loop.handed) and statement.axis is None
    if not is_handed or any(_reads(s, target.name) for s in others):
        return lines
    assert isinstance(statement.value, Whole)
    known = {statement.value.quantity.name: Whole(target)}

    def by_name(part: Statement) -> Statement:
        value = _read(part.value, known)
        if part.target.name in known:
            return Statement(target, value, statement.equation)
        return replace(part, value=value)

    result: list[Line] = []
    for line in lines:
        if isinstance(line, Statement):
            result.append(by_name(line))
        elif line.number == loop.number and statement in line.statements:
            inside = tuple(by_name(s) for s in line.statements if s != statement)
            result.append(replace(line, statements=inside, handed=tuple(map(by_name, line.handed))))
        else:
            result.append(line)
    return result


def _at_steps(term: ArrayTerm) -> bool:
    """Whether a value is read at some step."""
    selected = (selector for p in walk(term) if isinstance(p, Select) for selector in p.selectors)
    return any(isinstance(selector, Term) and _has_step(selector) for selector in selected)


def _reads(statement: Statement, name: Name) -> bool:
    return any(isinstance(p, Whole) and p.quantity.name == name for p in walk(statement.value))


@dataclass(frozen=True)
class _Handing:
    """A loop, the arrays that are made before it, and the names that are taken."""

    loop: Loop
    arrays: Mapping[Name, Empty]
    taken: set[Name]

    def lines(self) -> list[Line]:
        """What is known before the first step, and the loop that hands it on."""
        before: list[Line] = []
        inside: list[Statement] = []
        handed: list[Statement] = []
        known: dict[Name, ArrayTerm] = {}
        carried: dict[ArrayTerm, Quantity] = {}
        statements = merged(self.loop)
        for statement in statements:
            statement = replace(statement, value=_read(statement.value, known))
            match statement.value:
                case Either() as value if self._is_carried(statement, value):
                    name, side = statement.target.name, self._side(statement, statements)
                    read = value if side is None else side
                    if read not in carried:
                        start = self._start(read)
                        own = side is None and not is_unnamed(name)
                        quantity = Quantity(name if own else self._name(read), shape_of(start))
                        carried[read] = quantity
                        moved = self._moved(read.chosen)
                        before.append(Statement(quantity, start, statement.equation))
                        handed.append(Statement(quantity, moved, statement.equation))
                    values = {read.chosen: Whole(carried[read])}
                    known[name] = _with(value.chosen, values)
                case _:
                    inside.append(statement)
        return [*before, replace(self.loop, statements=tuple(inside), handed=tuple(handed))]

    def _side(self, statement: Statement, statements: Sequence[Statement]) -> Either | None:
        """The side of a matrix product that is there from the second step on, zeros at the first.

        None where the value is no such product, where the product is read more than once, or where
        the other side has no place at the first step.
        """
        name, value = statement.target.name, statement.value
        read = [p for s in statements for p in walk(s.value) if _whole(p, name) is not None]
        if not is_unnamed(name) or len(read) != 1:
            return None
        match value:
            case Either(condition, Matmul(left, right), Exact(number) | Full(Exact(number))) if (
                number == 0
            ):
                moving = [side for side in (left, right) if self._is_stepping(side)]
                fixed = all(s in moving or not _at_steps(s) for s in (left, right))
                if fixed and len(moving) == 1 and isinstance(moving[0], Select):
                    return Either(condition, moving[0], Exact(number))
        return None

    def _is_stepping(self, term: ArrayTerm) -> bool:
        filled = {s.target.name for s in self.loop.statements}
        return any(isinstance(p, Whole) and p.quantity.name in filled for p in walk(term))

    def _is_carried(self, statement: Statement, value: Either) -> bool:
        """Whether a choice between steps is known before its step."""
        own = {s.target.name for s in self.loop.statements if s.axis is None}
        read = {p.quantity.name for p in walk(value) if isinstance(p, Whole)}
        if statement.axis is not None or own & read:
            return False
        if when(value.condition, self.loop) != "later" or _counts(value.otherwise):
            return False
        return shape_of(value.chosen) == shape_of(value) and self._is_known(value.chosen)

    def _is_known(self, chosen: ArrayTerm) -> bool:
        """Whether all is read at the step before, which is then the step that is done."""
        moved = self._moved(chosen)
        at_step = all(
            not isinstance(part, Select) or all(map(self._is_at_step, part.selectors))
            for part in walk(moved)
        )
        filled = {s.target.name for s in self.loop.statements}
        whole = (p for part in walk(moved) if not isinstance(part, Select) for p in operands(part))
        inside = any(isinstance(p, Whole) and p.quantity.name in filled for p in whole)
        return at_step and not inside and not _counts(moved)

    def _is_at_step(self, selector: Selector) -> bool:
        moves = isinstance(selector, Term) and _has_step(selector)
        return not moves or selector == self.loop.number

    def _moved(self, term: ArrayTerm) -> ArrayTerm:
        """A term as the step before it reads it: h[t] for h[t - 1]."""
        step = self.loop.number
        other = Add((step, Negate(ONE) if self.loop.downward else ONE))
        return _at(term, step, other)

    def _start(self, value: Either) -> ArrayTerm:
        """What is chosen at the first step, in the shape that later ones have."""
        shape = shape_of(value)
        start = _at(value.otherwise, self.loop.number, first_step(self.loop))
        is_typed = not isinstance(start, Full) or start.like is not None
        if shape_of(start) == shape and is_typed:
            return start
        start = start.value if isinstance(start, Full) else start
        read = (p.quantity for p in walk(value.chosen) if isinstance(p, Whole))
        # A single number that is computed may be a plain number, which has no type to be like.
        arrays = (q for q in read if q.shape or q.kind in ("param", "input"))
        like = next((self._like(quantity) for quantity in arrays), None)
        if isinstance(like, Select) and shape_of(like) != shape:
            like = like.operand
        return Full(start, shape, like)

    def _like(self, quantity: Quantity) -> ArrayTerm:
        """What has the type of an array: the step of one that is there before the loop."""
        made = self.arrays.get(quantity.name)
        filled = [s for s in self.loop.statements if s.target == quantity and s.axis is not None]
        if made is None or len(made.like) != 1 or not filled:
            return Whole(quantity)
        like = made.like[0]
        if shape_of(like) != quantity.shape:
            return like
        places: list[Selector] = ["all"] * len(quantity.shape)
        places[filled[0].axis or 0] = 0
        return Select(like, tuple(places))

    def _name(self, value: Either) -> str:
        chosen = value.chosen
        filled = [s.target.name for s in self.loop.statements]
        read = [p.quantity.name for p in walk(chosen) if isinstance(p, Whole)]
        name = next((name for name in read if name in filled), "value")
        label = label_of(name)
        if isinstance(name, str) and not isinstance(chosen, Select):
            label = Labels().wanted(chosen, label)
        name = fresh(f"{label}_{'next' if self.loop.downward else 'before'}", self.taken)
        self.taken.add(name)
        return name


def _read(term: ArrayTerm, known: Mapping[Name, ArrayTerm]) -> ArrayTerm:
    if isinstance(term, Whole):
        return known.get(term.quantity.name, term)
    return with_operands(term, tuple(_read(part, known) for part in operands(term)))


def _with(term: ArrayTerm, values: Mapping[ArrayTerm, ArrayTerm]) -> ArrayTerm:
    """The term with some of its parts replaced."""
    if term in values:
        return values[term]
    return with_operands(term, tuple(_with(part, values) for part in operands(term)))


def _at(term: ArrayTerm, step: StepNumber, place: Term) -> ArrayTerm:
    """The term with a step in the place of another one, in its subscripts."""
    inside = with_operands(term, tuple(_at(part, step, place) for part in operands(term)))
    if not isinstance(inside, Select):
        return inside

    def moved(selector: Selector) -> Selector:
        if not isinstance(selector, Term):
            return selector
        return collected(rewrite_term(selector, lambda node: place if node == step else None))

    return replace(inside, selectors=tuple(map(moved, inside.selectors)))


def _unselected(term: ArrayTerm) -> ArrayTerm:
    """The term without its subscripts."""
    if isinstance(term, Select):
        return _unselected(term.operand)
    return with_operands(term, tuple(map(_unselected, operands(term))))


def _counts(term: ArrayTerm) -> bool:
    """Whether a term asks for the number of its step, not only for what stands at it."""
    return any(map(_has_step, sizes_in(_unselected(term))))


def _has_step(size: Term) -> bool:
    return any(isinstance(node, StepNumber) for node in walk_term(size))


# --- at which steps -----------------------------------------------------------------------------


def first_step(loop: Loop) -> Term:
    """The number of the step that a loop does first."""
    return collected(total(loop.end, negative(ONE))) if loop.downward else loop.start


def when(condition: ArrayTerm, loop: Loop) -> str | None:
    """Whether a condition holds at the "first" step only, at all "later" ones, or otherwise."""
    match condition:
        case Elementwise(relation, (left, right)) if relation in MIRRORED:
            sides = _size(left), _size(right)
        case _:
            return None
    first = first_step(loop)
    for sign, (above, below) in ((relation, sides), (MIRRORED[relation], sides[::-1])):
        if above is not None and below is not None:
            passed = total(loop.number, negative(first))
            distance = polynomial(total(above, negative(below), negative(passed)))
            if not distance.keys() - {frozenset()}:
                value = distance[frozenset()][0] if distance else Fraction(0)
                return _when(sign, value, loop.downward)
    return None


def _when(relation: str, distance: Fraction, downward: bool) -> str | None:
    """For steps that are u past the first one: `u + distance` and 0, or `-u + distance`."""
    if downward:
        relation, distance = MIRRORED[relation], -distance
    match relation, distance:
        case (">=", -1) | (">" | "!=", 0):
            return "later"
        case ("<", -1) | ("<=" | "==", 0):
            return "first"
    return None


def _size(term: ArrayTerm) -> Term | None:
    """A number of a loop as a size."""
    match term:
        case Extent(size):
            return size
        case Exact(value):
            return Number(value)
        case Elementwise("add", parts):
            sizes = [_size(part) for part in parts]
            known = [size for size in sizes if size is not None]
            return Add(tuple(known)) if len(known) == len(sizes) else None
        case Elementwise("negate", (part,)):
            inner = _size(part)
            return None if inner is None else Negate(inner)
    return None


# --- one choice for two -------------------------------------------------------------------------


def merged(loop: Loop) -> list[Statement]:
    """The statements of a loop, with one choice for two terms of which each step has one."""
    choices: dict[Name, tuple[Either, str | None]] = {}
    for statement in loop.statements:
        if isinstance(statement.value, Either) and is_unnamed(statement.target.name):
            choices[statement.target.name] = statement.value, when(statement.value.condition, loop)
    joined: dict[Name, Either] = {}
    gone: set[Name] = set()
    values: dict[Name, ArrayTerm] = {}
    for statement in loop.statements:
        match statement.value:
            case Elementwise("add", parts):
                later = _chosen(parts, choices, "later")
                first = _chosen(parts, choices, "first")
                if later is None or first is None:
                    continue
                one, other = choices[later][0], choices[first][0]
                if shape_of(one.chosen) == shape_of(other.chosen):
                    joined[later] = replace(one, otherwise=other.chosen)
                    gone.add(first)
                    rest = tuple(p for p in parts if p != _whole(p, first))
                    values[statement.target.name] = (
                        rest[0] if len(rest) == 1 else Elementwise("add", rest)
                    )
    result = []
    for statement in loop.statements:
        name = statement.target.name
        if name not in gone:
            value = joined.get(name, values.get(name, statement.value))
            result.append(replace(statement, value=value))
    return result


def _whole(part: ArrayTerm, name: Name) -> ArrayTerm | None:
    return part if isinstance(part, Whole) and part.quantity.name == name else None


def _chosen(
    parts: Sequence[ArrayTerm], choices: Mapping[Name, tuple[Either, str | None]], steps: str
) -> Name | None:
    """The one term of a sum that is there at some steps only, and 0 at others."""
    names = [part.quantity.name for part in parts if isinstance(part, Whole)]
    zero = Exact(Fraction(0))
    found = [
        name
        for name in names
        if name in choices and choices[name][1] == steps and choices[name][0].otherwise == zero
    ]
    return found[0] if len(found) == 1 else None
