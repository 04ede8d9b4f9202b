"""The width of a layout: an estimate in em, good enough to decide where a line is full."""

from __future__ import annotations

from derive.names import unicode_symbol
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
)

SCRIPT = 0.7
# Letters that are not as wide as most.
LETTERS = dict.fromkeys("ijltfr1234567890,()", 0.45) | dict.fromkeys("mw", 0.8)
LETTER, CAPITAL = 0.58, 0.78
# Under which name an instance keeps its width; no field of a layout, so no part of what it is.
KEPT = "width in em"


def width(layout: Layout) -> float:
    """An estimate of the width of the displayed layout, in em.

    A layout never changes, so what was found is kept with it: lines that are filled again and again
    ask for the same widths.
    """
    kept = vars(layout)
    if KEPT not in kept:
        kept[KEPT] = _width(layout)
    return float(kept[KEPT])


def _width(layout: Layout) -> float:
    match layout:
        case Identifier(symbol):
            return sum(map(_letter_width, unicode_symbol(symbol)))
        case NumberText(text) | FunctionName(text) | Text(text):
            return 0.5 * len(text)
        case Operator(sign, form):
            return _operator_width(sign, form)
        case Space():
            return 1.0
        case Row(items):
            return sum(width(item) for item in items)
        case Fenced(_, body, _):
            return width(body) + 0.8
        case Bracket():
            return 0.5
        case Group(body) | Marked(_, body):
            return width(body)
        case Fraction(above, below):
            return max(width(above), width(below)) + 0.2
        case Shaped(body, shape):
            return max(width(body), SCRIPT * width(shape))
        case Raised(base, script):
            return width(base) + SCRIPT * width(script)
        case Subscripted(base, scripts):
            return width(base) + SCRIPT * sum(width(script) + 0.1 for script in scripts)
        case Root(body):
            return width(body) + 0.9
        case BigOperator():
            return _big_width(layout)
        case Cases(rows) | Matrix(rows) | Aligned(rows):
            lines = [sum(width(item) for item in line) + len(line) for line in rows]
            return max(lines) + 0.6
    raise TypeError(f"width: unknown layout {type(layout).__name__}")


def _operator_width(sign: str, form: str) -> float:
    if sign in (TIMES, APPLY):
        return 0.1
    return 1.3 if form == "infix" else 0.6


def _big_width(operator: BigOperator) -> float:
    index, first, last = (width(part) for part in (operator.index, operator.first, operator.last))
    below = [index + first + 1.0, *(width(condition) for condition in operator.conditions)]
    if operator.sign.isalpha():
        return 0.5 * len(operator.sign) + SCRIPT * max(below)
    return max(1.5, SCRIPT * max(*below, last))


def _letter_width(letter: str) -> float:
    return LETTERS.get(letter, CAPITAL if letter.isupper() else LETTER)
