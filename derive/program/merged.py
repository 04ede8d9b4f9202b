"""Products over windows: axes are merged, so that a convolution is a stack of matrix products.

The windows of each image are copied once into columns, a row for each place within a window and a
column for each position of it ("im2col", Chellapilla, Puri and Simard 2006).  The filters times the
columns is the convolution, and the gradient of the filters is a product with the same columns:

    z[n, f, (p q)]    =  w[f, (c k l)] @ columns[n, (c k l), (p q)]
    d_w[f, (c k l)]   =  sum over n of  d_z[n, f, (p q)] @ columns[n, (c k l), (p q)].T
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from derive.program.arrays import ArrayTerm, Fold, Matmul, Reshape, Transpose, Windows
from derive.program.labelled import Labelled, aligned
from derive.simplify import product
from derive.terms import Index, Term

Labels = tuple[Index, ...]


@dataclass(frozen=True)
class _Columns:
    """Windows with their axes in three groups: a stack of matrices, their rows, their columns."""

    term: ArrayTerm
    stack: Labels
    rows: Labels
    columns: Labels


def product_over_windows(
    left: Labelled, right: Labelled, summed: Collection[Index]
) -> Labelled | None:
    """The product of windows and another array, None where neither factor is made of windows.

    Summed is either all that is within a window, or all positions of it.
    """
    for seen, other in ((left, right), (right, left)):
        if isinstance(seen.term, Windows) and len(seen.axes) == len(seen.labels):
            within = seen.labels[-len(seen.term.views) :]
            positions = tuple(seen.labels[view.axis] for view in seen.term.views)
            if set(within) <= set(summed) and not set(positions) & set(summed):
                return _convolved(_columns(seen, within, positions, summed), other)
            if set(positions) <= set(summed) and not set(within) & set(summed):
                kept = [label for label in seen.labels if label not in summed]
                return _correlated(_columns(seen, within, positions, kept), other)
    return None


def _columns(
    seen: Labelled, within: Labels, positions: Labels, alike: Collection[Index]
) -> _Columns:
    """The columns: whole axes that are `alike` with those within a window are rows too."""
    whole = [label for label in seen.labels if label not in (*within, *positions)]
    stack = tuple(label for label in whole if label not in alike)
    rows = (*(label for label in whole if label in alike), *within)
    order = [seen.labels.index(label) for label in (*stack, *rows, *positions)]
    term = Transpose(seen.term, tuple(order))
    return _Columns(_merged(term, stack, rows, positions), stack, rows, positions)


def _merged(term: ArrayTerm, stack: Labels, *groups: Labels) -> ArrayTerm:
    """The term with each group of its axes, after those of the stack, as one axis."""
    if all(len(group) == 1 for group in groups):
        return term
    return Reshape(term, (*_sizes(stack), *(product(*_sizes(group)) for group in groups)))


def _split(term: ArrayTerm, *groups: Labels) -> ArrayTerm:
    """The term with one axis for each label."""
    if all(len(group) == 1 for group in groups):
        return term
    return Reshape(term, _sizes(sum(groups, ())))


def _sizes(labels: Sequence[Index]) -> tuple[Term, ...]:
    return tuple(label.size for label in labels)


def _convolved(seen: _Columns, other: Labelled) -> Labelled | None:
    """The sum over the rows: at each position, the filters times the window there."""
    own = tuple(label for label in other.labels if label not in seen.rows)
    if not own or set(own) & {*seen.stack, *seen.columns} or set(seen.rows) - set(other.labels):
        return None
    filters = _merged(aligned(other, (*own, *seen.rows)), (), own, seen.rows)
    groups = (*((label,) for label in seen.stack), own, seen.columns)
    return Labelled(_split(Matmul(filters, seen.term), *groups), sum(groups, ()))


def _correlated(seen: _Columns, other: Labelled) -> Labelled | None:
    """The sum over the columns and the stack: what goes with each place within a window."""
    shared = (*seen.stack, *seen.columns)
    own = tuple(label for label in other.labels if label not in shared)
    if not own or set(own) & set(seen.rows) or set(shared) - set(other.labels):
        return None
    values = _merged(
        aligned(other, (*seen.stack, *own, *seen.columns)), seen.stack, own, seen.columns
    )
    count = len(seen.stack)
    turned = Transpose(seen.term, (*range(count), count + 1, count))
    whole: ArrayTerm = Matmul(values, turned)
    if seen.stack:
        whole = Fold("sum", whole, tuple(range(count)))
    return Labelled(_split(whole, own, seen.rows), (*own, *seen.rows))
