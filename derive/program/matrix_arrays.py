"""Entries of inverses, solutions and determinants as operations on whole arrays.

The operands are computed whole.  Indices that an operand carries besides its own make a stack of
matrices; where only the right side of a system carries one more, its columns are a matrix.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

from derive.calculus.symmetry import is_symmetric
from derive.program.array_shapes import shape_of
from derive.program.arrays import (
    ArrayTerm,
    Elementwise,
    Exact,
    Identity,
    MatrixOperator,
    OfMatrices,
    Selector,
    Whole,
    operands,
    with_operands,
)
from derive.program.labelled import Labelled, aligned, filled, selected, transposed, union
from derive.program.reads import Values, read
from derive.terms import (
    ONE,
    ZERO,
    Choice,
    Compare,
    Entry,
    Index,
    IndexValue,
    LinearAlgebra,
    Matrix,
    Quantity,
    is_one,
)

Computed = Callable[[Matrix], Labelled]


@dataclass(frozen=True)
class _Whole:
    """An operand as an array: `stack` are the indices it carries besides its own."""

    value: Labelled
    own: tuple[Index, ...]

    @property
    def stack(self) -> tuple[Index, ...]:
        """The indices besides its own."""
        return tuple(label for label in self.value.labels if label not in self.own)

    def array(self, stack: Sequence[Index]) -> ArrayTerm:
        """The array with the axes of a stack before its own."""
        order = (*(index for index in stack if index in self.stack), *self.own)
        term = filled(self.value, order, None)
        return aligned(Labelled(term, order), (*stack, *self.own))


def entry_of_matrices(
    node: LinearAlgebra, computed: Computed, values: Values, wanted: Sequence[Index], filtered: bool
) -> Labelled:
    """The entries of an operator as an array over their indices.

    `computed` gives the array of an operand, `values` that of a subscript.
    """
    parts = [_Whole(computed(operand), operand.indices) for operand in node.operands]
    stack = union([Labelled(part.value.term, part.stack) for part in parts])
    if node.operator == "solve":
        term, axes = _solution(parts[0], parts[1], stack)
    else:
        term = OfMatrices(_operator(node), (_operand(node, parts[0], stack),))
        axes = (*stack, *parts[0].own[: len(node.subscripts)])
    own = iter(node.subscripts)
    subscripts = tuple(IndexValue(axis) if axis in stack else next(own) for axis in axes)
    whole = Quantity("whole", shape_of(term))
    found = read(Entry(whole, subscripts), values, wanted, filtered=filtered)
    return Labelled(_put(found.term, Whole(whole), term), found.axes)


def identity(choice: Choice) -> Labelled | None:
    """The identity matrix, where a choice says so: 1 if i = j else 0."""
    match choice:
        case Choice(Compare("==", IndexValue(row), IndexValue(column)), chosen, otherwise):
            alike = row is not column and row.size == column.size and not is_one(row.size)
            if alike and (chosen, otherwise) == (ONE, ZERO):
                return Labelled(Identity(row.size), (row, column))
    return None


def _operator(node: LinearAlgebra) -> MatrixOperator:
    return cast(MatrixOperator, node.operator)


def _operand(node: LinearAlgebra, matrix: _Whole, stack: Sequence[Index]) -> ArrayTerm:
    """The matrix; for a Cholesky factor its symmetric part."""
    term = matrix.array(stack)
    if node.operator != "cholesky" or is_symmetric(node.operands[0]):
        return term
    return symmetric_part(term)


def symmetric_part(term: ArrayTerm) -> ArrayTerm:
    """Half the sum of a matrix and its transpose."""
    rank = len(shape_of(term))
    flipped = transposed(term, (*range(rank - 2), rank - 1, rank - 2))
    return Elementwise("divide", (Elementwise("add", (term, flipped)), Exact(Fraction(2))))


def _solution(
    matrix: _Whole, right: _Whole, stack: tuple[Index, ...]
) -> tuple[ArrayTerm, tuple[Index, ...]]:
    """The array of solutions, and its axes; vectors that share a matrix are its columns."""
    columns = tuple(index for index in right.stack if index not in matrix.stack)
    if len(right.own) == 2 or not stack:
        columns, before = (), stack
    elif len(columns) == 1:
        right, before = _Whole(right.value, (*right.own, *columns)), matrix.stack
    else:
        side = right.array(stack)
        kept: list[Selector] = ["all"] * len(shape_of(side))
        found = OfMatrices("solve", (matrix.array(stack), selected(side, [*kept, "new"])))
        kept = ["all"] * (len(stack) + 1)
        return selected(found, [*kept, 0]), (*stack, *right.own)
    found = OfMatrices("solve", (matrix.array(before), right.array(before)))
    return found, (*before, *right.own)


def _put(term: ArrayTerm, hole: ArrayTerm, value: ArrayTerm) -> ArrayTerm:
    if term == hole:
        return value
    return with_operands(term, tuple(_put(part, hole, value) for part in operands(term)))
