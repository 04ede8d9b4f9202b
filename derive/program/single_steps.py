"""A program with one operation a statement: what each needs is an array that is there, or a view.

    d_z = 2 / N * (h @ w - y)        u = h @ w;  v = u - y;  d_z = 2 / N * v

Sums and products are taken from the left, as Python takes them, so that every number is rounded as
in the program that it came from.  Numbers, and views of arrays, stay where they are read.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from derive.program.array_shapes import shape_of
from derive.program.arrays import (
    Addition,
    Apply,
    ArrayTerm,
    Copy,
    Either,
    Elementwise,
    Extent,
    Fold,
    Full,
    Gather,
    Overlap,
    Places,
    Reshape,
    Scatter,
    Select,
    Tensordot,
    Transpose,
    Whole,
    Windows,
    is_plain_number,
    operands,
    with_operands,
)
from derive.program.joint_axes import as_matrices
from derive.program.part_names import fresh
from derive.program.program import (
    Line,
    Loop,
    Program,
    Statement,
    every_statement,
    parts,
    reads,
)
from derive.program.row_products import factors_of_rows
from derive.simplify import product
from derive.sizes import Shape
from derive.terms import Name, Quantity, Term


def with_single_steps(program: Program, taken: Collection[Name] = ()) -> Program:
    """The same program, in which each statement is one operation on arrays and views of arrays.

    New arrays are called t, t_2, ..., none by a name that is `taken`.

    >>> from derive.program.arrays import Exact
    >>> from derive.terms import Size
    >>> x, y = (Quantity(name, (Size("n"),), "input") for name in ("x", "y"))
    >>> half = Elementwise("divide", (Elementwise("add", (Whole(x), Whole(x))), Exact(2)))
    >>> steps = with_single_steps(Program((x,), (), (), (Statement(y, half),), (y,))).statements
    >>> [statement.target.name for statement in steps]
    ['t', 'y']
    """
    names = {statement.target.name for statement in every_statement(program.statements)}
    names |= {quantity.name for quantity in program.inputs}
    names |= {quantity.name for quantity, _ in program.constants}
    names |= {rule.name for rule in program.sizes}
    changing = {
        statement.target.name
        for line in program.statements
        for statement in parts(line)
        if isinstance(line, Loop) or statement.axis is not None
    }
    steps = _Steps(names.union(taken), frozenset(changing))
    lines: list[Line] = []
    for line in program.statements:
        if isinstance(line, Loop):
            steps.inside = True
            inside, handed = steps.of(line.statements), steps.of(line.handed)
            steps.inside = False
            # What is handed on replaces what this step still reads.
            early = tuple(s for s in handed if s.target not in {h.target for h in line.handed})
            late = tuple(s for s in handed if s not in early)
            lines.append(replace(line, statements=(*inside, *early), handed=late))
        else:
            lines += steps.of((line,))
    return replace(program, statements=tuple(lines))


@dataclass
class _Steps:
    """The names that are taken, and the statements found so far.

    What reads nothing that is `changing` has one value, and is computed once.
    """

    taken: set[Name]
    changing: frozenset[Name]
    found: list[Statement] = field(default_factory=list)
    known: dict[ArrayTerm, Whole] = field(default_factory=dict)
    inside: bool = False

    def of(self, statements: Sequence[Statement]) -> tuple[Statement, ...]:
        """Statements as single operations."""
        self.found = []
        for statement in statements:
            self.found.append(replace(statement, value=self._operation(statement.value)))
        return tuple(self.found)

    def _new(self, value: ArrayTerm) -> Whole:
        if value in self.known:
            return self.known[value]
        name = fresh("t", self.taken)
        self.taken.add(name)
        target = Quantity(name, shape_of(value))
        self.found.append(Statement(target, value))
        if not self.inside and self.changing.isdisjoint(reads(value)):
            self.known[value] = Whole(target)
        return Whole(target)

    def _operand(self, term: ArrayTerm) -> ArrayTerm:
        """A term as an operand: an array, a view of one, or a number."""
        match term:
            case Whole():
                return term
            case Transpose(operand) | Windows(operand):
                return with_operands(term, (self._operand(operand),))
            case Select(operand):
                return with_operands(term, (self._operand(operand),))
            case Reshape(operand):
                inside = self._operand(operand)
                if not may_be_seen_as(inside, term.shape):
                    inside = self._new(Copy(inside))
                return replace(term, operand=inside)
            case Elementwise() | Apply() if not shape_of(term):
                return with_operands(term, tuple(map(self._operand, operands(term))))
            case Either():
                return term if _is_view(term) else self._new(term)
        if is_plain_number(term):
            return term
        return self._new(self._operation(term))

    def _operation(self, term: ArrayTerm) -> ArrayTerm:
        """A term with nothing but operands below it."""
        first, *rest = operands(term) or (term,)
        match term:
            case Whole() | Transpose() | Select() | Reshape() | Windows():
                return self._operand(term)
            case Either():
                return term
            case Elementwise("add" | "multiply" as operation) if rest:
                return self._chained(operation, first, rest)
            case Fold("sum", operand) if factors_of_rows(term) is not None:
                factors = tuple(map(self._operand, operands(operand)))
                return replace(term, operand=with_operands(operand, factors))
            case Gather(operand, subscripts) if is_operand(operand) and None not in subscripts:
                return self._taken(operand, subscripts)
            case Scatter(base, additions):
                added = tuple(self._added(addition, shape_of(base)) for addition in additions)
                return Scatter(self._start(base), added)
            case Overlap(base):
                return with_operands(term, (self._start(base), *map(self._operand, rest)))
            case Tensordot():
                product = as_matrices(term)
                return replace(product, operand=self._new(self._operation(product.operand)))
        return with_operands(term, tuple(map(self._operand, operands(term))))

    def _taken(self, operand: ArrayTerm, subscripts: Places) -> ArrayTerm:
        """Entries of an array by their places in memory, where it lies there row by row."""
        shape = shape_of(operand)
        whole = (product(*shape),)
        if not may_be_seen_as(operand, whole):
            return Gather(self._operand(operand), self._subscripts(subscripts))
        flat = Reshape(self._operand(operand), whole) if len(shape) > 1 else self._operand(operand)
        return Gather(flat, (self._place(subscripts, shape),))

    def _added(self, addition: Addition, shape: Shape) -> Addition:
        """An addition to entries, by their places in memory."""
        value = self._summand(addition.value)
        if None in addition.subscripts or len(addition.subscripts) < len(shape):
            return replace(addition, subscripts=self._subscripts(addition.subscripts), value=value)
        place = self._place(addition.subscripts, shape)
        return replace(addition, subscripts=(place,), value=value, counts_all=True)

    def _subscripts(self, subscripts: Places) -> Places:
        return tuple(None if part is None else self._operand(part) for part in subscripts)

    def _place(self, subscripts: Places, shape: Shape) -> ArrayTerm:
        """Where an entry stands among all, counted row by row."""
        first, *others = (part for part in subscripts if part is not None)
        place = first
        for subscript, size in zip(others, shape[1:], strict=True):
            row = Elementwise("multiply", (place, Extent(size)))
            place = Elementwise("add", (row, subscript))
        return self._operand(place)

    def _start(self, base: ArrayTerm) -> ArrayTerm:
        """The array to which something is added: what fills it, or what it is a copy of."""
        match base:
            case Full():
                return base
            case Copy(operand):
                return self._operand(operand)
        return self._operand(base)

    def _chained(self, operation: str, first: ArrayTerm, others: Sequence[ArrayTerm]) -> ArrayTerm:
        """A sum or product of several as sums or products of two."""

        def joined(left: ArrayTerm, right: ArrayTerm) -> ArrayTerm:
            left = left if is_operand(left) else self._new(left)
            return Elementwise(operation, (left, self._summand(right)))  # type: ignore[arg-type]

        return reduce(joined, others, self._operand(first))

    def _summand(self, term: ArrayTerm) -> ArrayTerm:
        """An operand, which may be taken off."""
        match term:
            case Elementwise("negate", (inner,)):
                return Elementwise("negate", (self._operand(inner),))
        return self._operand(term)


def may_be_seen_as(term: ArrayTerm, shape: Shape) -> bool:
    """Whether an array, or a view of one, has another shape without being copied.

    The axes that are merged stand side by side in memory; `X.transpose(2, 0, 1)` as D rows and N T
    columns is the transpose of what X is as N T rows.
    """
    match term:
        case Whole() | Select() if _is_block(term):
            return True
        case Reshape(operand):
            return may_be_seen_as(operand, shape)
        case Transpose(operand, axes) if _is_block(operand):
            groups = _merged_axes(shape_of(term), shape)
            if groups is None:
                return False
            return all(_rises(axes[first : last + 1]) for first, last in groups)
    return False


def _is_block(term: ArrayTerm) -> bool:
    """Whether a term is an array, or some neighbours along its first axis, all of each."""
    match term:
        case Select(Whole(), (first, *others)):
            return first not in ("all", "new") and all(other == "all" for other in others)
    return isinstance(term, Whole)


def _rises(axes: Sequence[int]) -> bool:
    return list(axes) == list(range(axes[0], axes[0] + len(axes)))


def _merged_axes(before: Sequence[Term], after: Shape) -> list[tuple[int, int]] | None:
    """The first and last of the axes that become each axis of a shape, if they only merge."""
    groups, place = [], 0
    for size in after:
        for last in range(place, len(before)):
            if product(*before[place : last + 1]) == size:
                groups.append((place, last))
                place = last + 1
                break
        else:
            return None
    return groups if place == len(before) else None


def is_operand(term: ArrayTerm) -> bool:
    """Whether nothing has to be computed for a term."""
    if isinstance(term, Transpose | Select | Reshape | Windows):
        return is_operand(term.operand)
    return isinstance(term, Whole) or is_plain_number(term)


def _is_view(term: Either) -> bool:
    return is_operand(term.chosen) and is_operand(term.otherwise)
