"""The width of a layout, and the breaking of long formulas into aligned lines.

Widths are estimates in em, good enough to decide where a line is full.  A formula breaks before a
relation, a plus or a minus of its outermost row, a summand that is too wide between its factors,
and never inside brackets.  Where the left side leaves too little room, the right one goes below it.
"""

from __future__ import annotations

from derive.names import unicode_symbol
from derive.typeset.layout import (
    APPLY,
    DOT,
    MINUS,
    RELATIONS,
    TIMES,
    Aligned,
    BigOperator,
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
    Space,
    Subscripted,
    Text,
    row,
)

SCRIPT = 0.7
LETTER = 0.55
INDENT = 2.0
EMPTY = Row(())

Lines = tuple[tuple[Layout, Layout], ...]


def width(layout: Layout) -> float:
    """An estimate of the width of the displayed layout, in em."""
    match layout:
        case Identifier(symbol):
            return LETTER * len(unicode_symbol(symbol))
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
        case Group(body) | Marked(_, body):
            return width(body)
        case Fraction(above, below):
            return max(width(above), width(below)) + 0.2
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
    below = [index + first + 1.3, *(width(condition) for condition in operator.conditions)]
    return max(1.2, SCRIPT * max(*below, last))


def broken(formula: Layout, limit: float) -> Layout:
    """The formula itself where it fits into `limit` em, else its lines, aligned at the relation.

    Several formulas in a row come to stand one below the other, each with its comma.

    >>> broken(NumberText("1"), limit=10)
    NumberText(text='1')
    """
    if width(formula) <= limit or not isinstance(formula, Row):
        return formula
    single = _singles(formula.items)
    if len(single) > 1:
        return Aligned(tuple(line for one in single for line in _lines(one, limit)))
    return _broken(formula, limit)


def _singles(items: tuple[Layout, ...]) -> list[Layout]:
    """The formulas that a comma and a wide space join, each with its comma."""
    pieces: list[list[Layout]] = [[]]
    for item in items:
        if item == Space() and pieces[-1] and pieces[-1][-1] == Operator(",", "separator"):
            pieces.append([])
        else:
            pieces[-1].append(item)
    return [row(*piece) for piece in pieces]


def _lines(formula: Layout, limit: float) -> Lines:
    """A formula as lines of an alignment, cut at its first relation where it fits on one."""
    shown = _broken(formula, limit) if isinstance(formula, Row) else formula
    if isinstance(shown, Aligned):
        return shown.lines
    left, *sides = _split(shown.items, RELATIONS) if isinstance(shown, Row) else [(shown,)]
    return ((row(*left), row(*(item for side in sides for item in side))),)


def _broken(formula: Row, limit: float) -> Layout:
    if width(formula) <= limit:
        return formula
    left, *sides = _split(formula.items, RELATIONS)
    if not sides:
        lines = _filled(formula.items, limit)
        return Aligned(tuple((EMPTY, line) for line in lines)) if len(lines) > 1 else formula
    beside = [line for side in sides for line in _filled(side, limit - width(row(*left)))]
    starts = (row(*left), *(EMPTY for _ in beside[1:]))
    aligned = tuple(zip(starts, beside, strict=True))
    below = [_indented(line) for side in sides for line in _filled(side, limit - INDENT)]
    stacked = tuple((EMPTY, line) for line in (*_filled(left, limit), *below))
    return Aligned(
        min(aligned, stacked, key=lambda lines: (max(limit, _widest(lines)), len(lines)))
    )


def _widest(lines: Lines) -> float:
    """How wide an alignment is: its left side beside the widest of its right ones."""
    left, right = (max(width(line[side]) for line in lines) for side in (0, 1))
    return left + right


def _indented(line: Layout) -> Layout:
    return row(Space(), Space(), line)


def _split(items: tuple[Layout, ...], signs: tuple[str, ...]) -> list[tuple[Layout, ...]]:
    """The items cut before each infix operator of `signs`."""
    pieces: list[list[Layout]] = [[]]
    for item in items:
        if isinstance(item, Operator) and item.form == "infix" and item.sign in signs:
            pieces.append([])
        pieces[-1].append(item)
    return [tuple(piece) for piece in pieces]


def _filled(items: tuple[Layout, ...], limit: float) -> list[Layout]:
    """As much on each line as fits: summands, and factors of a summand that is a line too wide.

    A line that continues one begins with its sign.
    """
    lines: list[list[Layout]] = [[]]

    def add(piece: tuple[Layout, ...]) -> None:
        room = limit - (INDENT if len(lines) > 1 else 0)
        if lines[-1] and width(row(*lines[-1], *piece)) > room:
            lines.append([Space(), Space()])
            if piece[0] == Operator(TIMES):
                piece = (Operator(DOT), *piece[1:])
        lines[-1].extend(piece)

    for piece in _split(items, ("+", MINUS)):
        factors = _split(piece, (TIMES, DOT))
        narrow = width(row(*piece)) <= limit - INDENT
        if narrow or any(width(row(*factor)) > limit - INDENT for factor in factors):
            add(piece)
        else:
            for factor in factors:
                add(factor)
    return [row(*line) for line in lines]
