"""What stands around terms: equations and chains of them, lists, matrices, transposes."""

from __future__ import annotations

from collections.abc import Sequence

from derive.typeset.layout import (
    MINUS,
    Fenced,
    Fraction,
    Group,
    Layout,
    Marked,
    Matrix,
    Operator,
    Raised,
    Row,
    Space,
    bracketed,
    row,
)

TRANSPOSE = Operator("⊤", "ordinary")


def equation(left: Layout, *sides: Layout, relation: str = "=") -> Layout:
    """Left = side = side ...; `relation` stands behind `left`, later ones are equalities.

    With the relation := or ← the first side is what is assigned: w := w − α ∂C/∂w = ...

    >>> from derive.typeset.layout import NumberText
    >>> equation(NumberText("1"), NumberText("2"), relation="←").items[1].sign
    '←'
    """
    items = [left]
    for place, side in enumerate(sides):
        items += [Operator("=" if place else relation), side]
    return row(*items)


def equations(*shown: Layout) -> Layout:
    """Equations on one line, with commas and wide spaces between them."""
    items: list[Layout] = []
    for item in shown:
        items += [Operator(",", "separator"), Space(), item]
    return row(*items[2:])


def matrix(rows: Sequence[Sequence[Layout]]) -> Layout:
    """A matrix; a single entry stands in square brackets."""
    lines = tuple(tuple(line) for line in rows)
    if len(lines) == 1 and len(lines[0]) == 1:
        return Fenced("[", lines[0][0], "]")
    return Matrix(lines)


def column(items: Sequence[Layout]) -> Layout:
    """A matrix with one column."""
    return matrix([[item] for item in items])


def transposed(layout: Layout) -> Layout:
    """The layout with the sign of the transpose, in brackets where it is compound."""
    inner = layout.body if isinstance(layout, Marked | Group) else layout
    compound = isinstance(inner, Row | Fraction | Raised)
    return Raised(bracketed(layout) if compound else layout, TRANSPOSE)


def as_factor(layout: Layout) -> Layout:
    """The layout as it may stand in a product: a sum in brackets."""
    signs = ("+", MINUS)
    items = layout.items if isinstance(layout, Row) else ()
    loose = any(isinstance(item, Operator) and item.sign in signs for item in items)
    return bracketed(layout) if loose else layout
