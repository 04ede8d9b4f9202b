"""Names become layout: symbols, subscripts, and the fractions of derivatives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from derive.names import Letters, Scripted, Symbol, symbol
from derive.terms import Derivative, Index, Name, Term
from derive.typeset.layout import (
    Fraction,
    Identifier,
    Layout,
    NumberText,
    Operator,
    Raised,
    Subscripted,
    bracketed,
    product,
    row,
)

PARTIAL_SIGN = Operator("∂", "ordinary")


@dataclass(frozen=True)
class Notation:
    """Letters of indices, symbols that authors gave for names, and the terms that are marked.

    `marks` gives terms their key (see `Marked`); in an `inline` formula, such as an exponent, a
    division is written with a slash.
    """

    letters: Mapping[Index, str] = field(default_factory=dict)
    symbols: Mapping[str, Symbol] = field(default_factory=dict)
    marks: Mapping[Term, str] = field(default_factory=dict)
    inline: bool = False


def name_layout(
    name: Name, notation: Notation, subscripts: tuple[Layout | None, ...] = ()
) -> Layout:
    """A whole quantity, or one entry of it; a gradient is the fraction ∂C/∂w.

    An axis whose subscript is not printed, since it has size one, has None.
    """
    if isinstance(name, Derivative):
        return _derivative(name, notation, subscripts)
    form = notation.symbols.get(name) or symbol(name)
    shown = tuple(subscript for subscript in subscripts if subscript is not None)
    if not shown:
        return Identifier(form)
    base = Identifier(form)
    compact = all(is_letter(subscript) for subscript in shown)
    return Subscripted(bracketed(base) if isinstance(form, Scripted) else base, shown, compact)


def _derivative(
    name: Derivative, notation: Notation, subscripts: tuple[Layout | None, ...]
) -> Layout:
    """∂C/∂w_i; a derivative of a derivative is one fraction: ∂²C/∂w_i ∂w_j, and ∂²C/∂w² whole."""
    of: Name = name
    below: list[Layout] = []
    while isinstance(of, Derivative):
        inner, own = subscripts[: of.rank], subscripts[of.rank :]
        below.insert(0, name_layout(of.wrt, notation, own))
        of, subscripts = of.of, inner
    above = name_layout(of, notation, subscripts)
    if len(below) == 1:
        return Fraction(row(PARTIAL_SIGN, above), row(PARTIAL_SIGN, below[0]))
    order = NumberText(str(len(below)))
    if all(part == below[0] for part in below):
        below = [Raised(below[0], order)]
    shown = product(*(row(PARTIAL_SIGN, part) for part in below))
    return Fraction(row(Raised(PARTIAL_SIGN, order), above), shown)


def is_letter(part: Layout) -> bool:
    """Whether a subscript is a single letter, which needs no comma beside another."""
    return (
        isinstance(part, Identifier)
        and isinstance(part.symbol, Letters)
        and len(part.symbol.text) == 1
    )
