"""A computed value as the array of a left-hand side: its axes, its shape, its type of numbers."""

from __future__ import annotations

from dataclasses import replace

from derive.errors import DerivationError
from derive.model import Equation
from derive.program.array_shapes import broadcast, shape_of
from derive.program.arrays import ArrayTerm, Full, Scatter, Whole, is_plain_number, show_name
from derive.program.labelled import Labelled, aligned, filled
from derive.sizes import show_shape
from derive.terms import Derivative, Quantity


def fitted(value: Labelled, equation: Equation, *, part: bool = False) -> ArrayTerm:
    """The value with the axes of the left-hand side in their order and at their size.

    A `part` of a larger array may lack axes.  What does not fit raises DerivationError.
    """
    name = show_name(equation.left.name)
    stray = [index for index in value.labels if index not in equation.indices]
    if stray:
        raise DerivationError(
            f"the index '{stray[0].letter or 'without a letter'}' on the right of "
            f"{name} is neither on its left nor summed over",
            "bind the index by a reduction, or write it on the left",
        )
    if part:
        term = aligned(value, equation.indices)
        if broadcast(shape_of(term), equation.left.shape) == equation.left.shape:
            return term
    term = filled(value, equation.indices, _number_type(equation.left, value.term))
    if isinstance(term, Scatter) and isinstance(term.base, Full) and not part:
        own = _own_numbers(equation.left) or term.base.like
        term = replace(term, base=replace(term.base, like=own))
    if shape_of(term) != equation.left.shape:
        raise DerivationError(
            f"{name} has the shape {show_shape(equation.left.shape)}, but its "
            f"equation has the shape {show_shape(shape_of(term))}",
            "give each index of the left-hand side the size of its axis",
        )
    return term


def _number_type(left: Quantity, value: ArrayTerm) -> ArrayTerm | None:
    """Whose type of numbers a constant gradient takes: that of the variable it belongs to."""
    return _own_numbers(left) if is_plain_number(value) else None


def _own_numbers(left: Quantity) -> Whole | None:
    """The variable that a gradient belongs to, whose type of numbers it takes."""
    name = left.name
    if isinstance(name, Derivative) and name.rank == 0:
        return Whole(Quantity(name.wrt, left.shape, "param"))
    return None
