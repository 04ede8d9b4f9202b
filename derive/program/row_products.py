"""Sums of products along the last axis: the dot product of each row of one array with another's.

Nothing as large as the arrays is made of them, which `np.sum(a * b, axis=-1)` does.
"""

from __future__ import annotations

from derive.program.array_shapes import shape_of
from derive.program.arrays import ArrayTerm, Elementwise, Exact, Fold, Whole
from derive.program.number_types import TRUTH


def factors_of_rows(term: Fold) -> tuple[ArrayTerm, ArrayTerm] | None:
    """The two arrays of one shape whose rows are multiplied and summed, None for another fold.

    >>> from derive.terms import Quantity, Size
    >>> N, D = Size("N"), Size("D")
    >>> a, b = (Whole(Quantity(name, (N, D), "input")) for name in ("a", "b"))
    >>> factors_of_rows(Fold("sum", Elementwise("multiply", (a, b)), (1,))) == (a, b)
    True
    >>> factors_of_rows(Fold("sum", Elementwise("multiply", (a, b)), (0,))) is None
    True
    """
    shape = shape_of(term.operand)
    if term.kind != "sum" or len(shape) < 2 or term.axes != (len(shape) - 1,):
        return None
    match term.operand:
        case Elementwise("power", (Whole() as base, Exact(2))):
            return base, base
        case Elementwise("multiply", (first, second)):
            alike = shape_of(first) == shape_of(second) == shape
            return (
                (first, second) if alike and not (_is_truth(first) or _is_truth(second)) else None
            )
    return None


def _is_truth(term: ArrayTerm) -> bool:
    """Whether a term holds truths, whose sums NumPy counts only where it adds them up."""
    return isinstance(term, Elementwise) and term.operation in TRUTH
