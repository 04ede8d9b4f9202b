"""The one-line printer, for terminals: ∂C/∂w[i] = 2 (ŷ − y) x[i].

Counts from one, like every printed form.  It shows the brackets of a `Group`, which stand where
other forms have a fraction bar, a root or a raised exponent.
"""

from __future__ import annotations

from derive.names import SUBSCRIPT_DIGITS, SUPERSCRIPT_DIGITS, unicode_symbol
from derive.typeset.layout import (
    APPLY,
    TIMES,
    Aligned,
    BigOperator,
    Bracket,
    Cases,
    Fenced,
    Fraction,
    FunctionName,
    Group,
    Identifier,
    Layout,
    Marked,
    Matrix,
    NumberText,
    Operator,
    Raised,
    Root,
    Row,
    Shaped,
    Space,
    Subscripted,
    Text,
    is_integer,
)

BIG_SIGNS = {"∑": "Σ"}
TRANSPOSES = {"⊤": "ᵀ", "\N{MINUS SIGN}⊤": "⁻ᵀ"}


def unicode(layout: Layout) -> str:
    """The layout on one line.

    >>> unicode(Fraction(NumberText("1"), Root(NumberText("2"))))
    '1/√2'
    """
    match layout:
        case Identifier(symbol):
            return unicode_symbol(symbol)
        case NumberText(text) | FunctionName(text) | Text(text):
            return text
        case Operator(sign) | Bracket(sign):
            return sign
        case Space():
            return " "
        case Row(items):
            return _row(items)
        case Fenced(opening, body, closing):
            return opening + unicode(body) + closing
        case Group(body):
            return f"({unicode(body)})"
        case Fraction(numerator, denominator):
            return f"{unicode(numerator)}/{unicode(denominator)}"
        case Raised(base, superscript):
            return unicode(base) + _superscript(superscript)
        case Subscripted(Fenced(_, Identifier() as name, _), subscripts):
            # Subscripts in brackets tell themselves apart from those of the name: W₁[i, j].
            return unicode(name) + _subscripts(subscripts)
        case Subscripted(base, subscripts):
            return unicode(base) + _subscripts(subscripts)
        case Root(body):
            return f"√{unicode(body)}"
        case BigOperator(sign, index, _, _, conditions):
            return BIG_SIGNS.get(sign, sign) + _range(index, conditions)
        case Cases(rows):
            return "{" + "; ".join(f"{unicode(v)}, {unicode(when)}" for v, when in rows) + "}"
        case Matrix(rows):
            return "[" + "; ".join(", ".join(map(unicode, line)) for line in rows) + "]"
        case Aligned(lines):
            return " ".join(f"{unicode(left)} {unicode(right)}".strip() for left, right in lines)
        case Marked(_, body) | Shaped(body):
            return unicode(body)
    raise TypeError(f"unicode: unknown layout {type(layout).__name__}")


def _row(items: tuple[Layout, ...]) -> str:
    text = ""
    for item in items:
        match item:
            case Operator(sign, "infix"):
                text += " " if sign in (TIMES, APPLY) else f" {sign} "
            case Operator(sign, "separator"):
                text += f"{sign} "
            case Operator(sign):
                text += "" if sign == APPLY else sign
            case BigOperator():
                text += unicode(item) + " "
            case Space():
                text = text.rstrip() + " "
            case _:
                text += unicode(item)
    return text


def _superscript(raised: Layout) -> str:
    if is_integer(raised):
        return unicode(raised).translate(SUPERSCRIPT_DIGITS)
    shown = unicode(raised)
    return TRANSPOSES.get(shown, f"^{shown}")


def _subscripts(subscripts: tuple[Layout, ...]) -> str:
    if len(subscripts) == 1 and is_integer(subscripts[0]):
        return unicode(subscripts[0]).translate(SUBSCRIPT_DIGITS)
    return f"[{', '.join(map(unicode, subscripts))}]"


def _range(index: Layout, conditions: tuple[Layout, ...]) -> str:
    if not conditions:
        return f"_{unicode(index)}"
    return f"_{{{unicode(index)}: {', '.join(map(unicode, conditions))}}}"
