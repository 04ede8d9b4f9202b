"""Entries of inverses and solutions in a formula of entries: whole matrices, then subscripts.

An operand is printed by its name, as a matrix formula, or by its general entry in square brackets,
[a_ij]_ij.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from derive.errors import DerivationError
from derive.model import Equation
from derive.program.vectorise import vectorise
from derive.terms import (
    Entry,
    IndexValue,
    LinearAlgebra,
    Matrix,
    Node,
    Quantity,
    Term,
    is_one,
)
from derive.typeset.arrays import layout_array
from derive.typeset.counting import count_from_one
from derive.typeset.equations import transposed
from derive.typeset.layout import Fenced, Layout, Subscripted
from derive.typeset.operators import layout_entry, layout_operator
from derive.typeset.symbols import Notation, is_letter, name_layout

Shown = Callable[[Node, Notation], Layout]


def layout_linear_algebra(node: LinearAlgebra, notation: Notation, shown: Shown) -> Layout:
    """One entry of an operator; `shown` is the layout of a subscript, or of a general entry."""
    inner = replace(notation, inline=True)
    axes = zip(node.operands[-1].indices, node.subscripts, strict=False)
    places = tuple(shown(place, inner) for index, place in axes if not is_one(index.size))
    return layout_entry(_whole(node, notation, shown), places, all(map(is_letter, places)))


def _whole(node: LinearAlgebra, notation: Notation, shown: Shown) -> Layout:
    operands = (_operand(operand, notation, shown) for operand in node.operands)
    return layout_operator(node.operator, *operands)


def _operand(operand: Matrix, notation: Notation, shown: Shown) -> Layout:
    places = tuple(IndexValue(index) for index in operand.indices)
    rank = len(places)
    match operand.term:
        case LinearAlgebra(_, _, subscripts) as inner if subscripts == places:
            return _whole(inner, notation, shown)
        case Entry(quantity, subscripts) if subscripts[-rank:] == places:
            return _named(quantity, subscripts[:-rank], notation, shown)
        case Entry(quantity, subscripts) if subscripts[-rank:] == places[::-1]:
            return transposed(_named(quantity, subscripts[:-rank], notation, shown))
    return _matrix_formula(operand, notation) or _general(operand, notation, shown)


def _general(operand: Matrix, notation: Notation, shown: Shown) -> Layout:
    """[a_ij]_ij: the general entry of a matrix, and which letter counts its rows."""
    running = [IndexValue(index) for index in operand.indices if not is_one(index.size)]
    entry = Fenced("[", shown(count_from_one(operand.term), notation), "]")
    letters = tuple(shown(letter, notation) for letter in running)
    return Subscripted(entry, letters, all(map(is_letter, letters))) if letters else entry


def _named(
    quantity: Quantity, before: tuple[Term, ...], notation: Notation, shown: Shown
) -> Layout:
    """A quantity of which only the first axes are entered."""
    inner = replace(notation, inline=True)
    counted = count_from_one(Entry(quantity, before))
    assert isinstance(counted, Entry)
    return name_layout(
        quantity.name, notation, tuple(shown(place, inner) for place in counted.subscripts)
    )


def _matrix_formula(operand: Matrix, notation: Notation) -> Layout | None:
    """An operand in matrix notation, None where that has no plain word for it."""

    def leaf(quantity: Quantity, flipped: bool) -> Layout:
        whole = name_layout(quantity.name, notation)
        return transposed(whole) if flipped else whole

    shape = tuple(index.size for index in operand.indices)
    try:
        array = vectorise(Equation(Quantity("operand", shape), operand.indices, operand.term))
    except DerivationError:
        return None
    return layout_array(array, leaf)
