"""Linear algebra in print: X⁻¹, A⁻¹ b, det X, and one entry of them, (X⁻¹)ᵢⱼ."""

from __future__ import annotations

from derive.names import Letters
from derive.typeset.equations import TRANSPOSE
from derive.typeset.layout import (
    APPLY,
    MINUS,
    TIMES,
    Fenced,
    FunctionName,
    Identifier,
    Layout,
    NumberText,
    Operator,
    Raised,
    Subscripted,
    bracketed,
    row,
)

IDENTITY = Identifier(Letters("I", "upright"))
_MINUS = Operator(MINUS, "prefix")


def layout_operator(operator: str, *operands: Layout) -> Layout:
    """The layout of what an operator makes of whole matrices.

    >>> from derive.typeset.unicode import unicode
    >>> unicode(layout_operator("inv", Identifier(Letters("X", "italic"))))
    'X⁻¹'
    """
    match operator:
        case "inv":
            return Raised(as_base(operands[0]), row(_MINUS, NumberText("1")))
        case "solve":
            return row(layout_operator("inv", operands[0]), Operator(TIMES), as_base(operands[1]))
        case "det":
            return _applied("det", bracketed(operands[0]))
        case "logdet":
            inside = _applied("det", as_base(operands[0]))
            return _applied("log", Fenced("|", inside, "|"))
    return _applied("chol", bracketed(operands[0]))


def transposed_inverse(operand: Layout) -> Layout:
    """X⁻ᵀ."""
    return Raised(as_base(operand), row(_MINUS, TRANSPOSE))


def layout_entry(whole: Layout, subscripts: tuple[Layout, ...], compact: bool) -> Layout:
    """One entry of a computed array; a number is itself."""
    return Subscripted(bracketed(whole), subscripts, compact) if subscripts else whole


def as_base(layout: Layout) -> Layout:
    """The layout as what carries an exponent or stands in a product: a symbol, else in brackets."""
    return layout if isinstance(layout, Identifier | Fenced | Subscripted) else bracketed(layout)


def _applied(name: str, argument: Layout) -> Layout:
    close = isinstance(argument, Fenced)
    return row(FunctionName(name), Operator(APPLY, "ordinary" if close else "infix"), argument)
