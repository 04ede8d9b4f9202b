"""Products of one array that take its axes in the same two groups: it becomes a matrix once.

    Y = np.tensordot(O, W, axes=((1, 3), (0, 1)))
    d_W = np.tensordot(O, d_Y, axes=((0, 2), (0, 1)))

Each of these copies O into a matrix, (N T, H E) or its transpose, if the axes of a group do not
stand side by side in O.  Written as products of matrices, both read one copy:

    O_merged = O.transpose(0, 2, 1, 3).reshape(N * T, H * E)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from derive.program.array_shapes import shape_of
from derive.program.arrays import (
    ArrayTerm,
    Matmul,
    Reshape,
    Tensordot,
    Transpose,
    Whole,
    operands,
    walk,
    with_operands,
)
from derive.program.program import Line, Statement, every_statement
from derive.simplify import product

Axes = tuple[int, ...]
# An array and the axes that are the rows of its matrix; the others are the columns.
Grouped = tuple[Whole, Axes]


def with_joint_axes(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines, in which an array that is copied for several products is copied for all at once.

    Steps of a loop stay as they are: their arrays are others at each step.
    """
    counts = Counter(
        grouped
        for statement in every_statement(lines)
        for part in walk(statement.value)
        if isinstance(part, Tensordot)
        for grouped in _copied(part)
    )
    several = {grouped for grouped, count in counts.items() if count > 1}
    return tuple(
        replace(line, value=_rewritten(line.value, several))
        if isinstance(line, Statement)
        else line
        for line in lines
    )


def _copied(dot: Tensordot) -> Iterator[Grouped]:
    """The operands of which a product makes a copy: the axes of a group do not stand together."""
    for operand, summed in ((dot.left, dot.left_axes), (dot.right, dot.right_axes)):
        if isinstance(operand, Whole) and len(summed) < len(operand.quantity.shape):
            rows = _rows(operand, summed)
            if not _is_run(rows) or not _is_run(_others(operand, rows)):
                yield operand, rows


def _rows(operand: ArrayTerm, summed: Axes) -> Axes:
    """Of the two groups, summed and not, the one without the last axis, along which memory runs."""
    others = _others(operand, summed)
    return tuple(sorted(others if others[-1] < max(summed) else summed))


def _others(operand: ArrayTerm, axes: Axes) -> Axes:
    return tuple(axis for axis in range(len(shape_of(operand))) if axis not in axes)


def _is_run(axes: Axes) -> bool:
    """Whether axes stand side by side."""
    return axes == tuple(range(axes[0], axes[-1] + 1))


def _rewritten(term: ArrayTerm, several: set[Grouped]) -> ArrayTerm:
    if isinstance(term, Tensordot) and not several.isdisjoint(_copied(term)):
        return _as_matrices(term, several)
    return with_operands(term, tuple(_rewritten(part, several) for part in operands(term)))


def as_matrices(dot: Tensordot) -> Reshape:
    """The same as a product of two matrices, with its pairs of axes as they are given.

    >>> from derive.terms import Quantity, Size
    >>> a = Whole(Quantity("a", (Size("n"), Size("m"), Size("k")), "input"))
    >>> [len(shape_of(part)) for part in operands(as_matrices(Tensordot(a, a, (1, 2), (1, 2))))]
    [2]
    """
    own = _others(dot.left, dot.left_axes), _others(dot.right, dot.right_axes)
    left = _matrix(dot.left, own[0], dot.left_axes, set())
    right = _matrix(dot.right, dot.right_axes, own[1], set())
    return Reshape(Matmul(left, right), shape_of(dot))


def _as_matrices(dot: Tensordot, several: set[Grouped]) -> ArrayTerm:
    """The same as a product of two matrices, whose pairs of axes are in the order of the copy."""
    is_left = any(grouped in several and grouped[0] == dot.left for grouped in _copied(dot))
    leading = dot.left_axes if is_left else dot.right_axes
    order = sorted(range(len(leading)), key=lambda pair: leading[pair])
    left_axes, right_axes = (
        tuple(axes[pair] for pair in order) for axes in (dot.left_axes, dot.right_axes)
    )
    own = _others(dot.left, left_axes), _others(dot.right, right_axes)
    left = _matrix(dot.left, own[0], left_axes, several)
    right = _matrix(dot.right, right_axes, own[1], several)
    return Reshape(Matmul(left, right), shape_of(dot))


def _matrix(operand: ArrayTerm, rows: Axes, columns: Axes, several: set[Grouped]) -> ArrayTerm:
    """An array as a matrix: as the transpose of the one that is shared, where that turns it."""
    if isinstance(operand, Whole) and (operand, columns) in several:
        return Transpose(_matrix(operand, columns, rows, several), (1, 0))
    shape, order = shape_of(operand), (*rows, *columns)
    turned = operand if order == tuple(range(len(order))) else Transpose(operand, order)
    if len(rows) == len(columns) == 1:
        return turned
    return Reshape(turned, tuple(product(*(shape[a] for a in group)) for group in (rows, columns)))
