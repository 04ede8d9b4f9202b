"""The breaking of long formulas into aligned lines.

A formula breaks before a relation, a plus or a minus of its outermost row, and a summand that is
too wide between its factors (`filling` says how such lines are filled).  Where the left side leaves
too little room, the right one goes below it.
"""

from __future__ import annotations

from derive.typeset.filling import INDENT, filled, items_of, split
from derive.typeset.layout import MINUS, RELATIONS, Aligned, Layout, Operator, Row, Space, row
from derive.typeset.width import width

EMPTY = Row(())

Lines = tuple[tuple[Layout, Layout], ...]


def broken(formula: Layout, limit: float) -> Layout:
    """The formula itself where it fits into `limit` em, else its lines, aligned at the relation.

    Several formulas in a row come to stand one below the other, each with its comma.

    >>> from derive.typeset.layout import NumberText
    >>> broken(NumberText("1"), limit=10)
    NumberText(text='1')
    """
    if width(formula) <= limit:
        return formula
    single = _singles(items_of(formula))
    if len(single) > 1:
        return Aligned(tuple(line for one in single for line in _lines(one, limit)))
    return _broken(formula, limit)


def widest_piece(formula: Layout) -> float:
    """The width of the widest piece between relations and signs, where a sentence may break."""
    return max(width(row(*piece)) for piece in split(items_of(formula), (*RELATIONS, "+", MINUS)))


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
    shown = _broken(formula, limit)
    if isinstance(shown, Aligned):
        return shown.lines
    left, *sides = split(items_of(shown), RELATIONS)
    return ((row(*left), row(*(item for side in sides for item in side))),)


def _broken(formula: Layout, limit: float) -> Layout:
    if width(formula) <= limit:
        return formula
    left, *sides = split(items_of(formula), RELATIONS)
    if not sides:
        lines = filled(left, limit)
        return Aligned(tuple((EMPTY, line) for line in lines)) if len(lines) > 1 else lines[0]
    beside = [line for side in sides for line in filled(side, limit - width(row(*left)))]
    starts = (row(*left), *(EMPTY for _ in beside[1:]))
    aligned = tuple(zip(starts, beside, strict=True))
    below = [_indented(line) for side in sides for line in filled(side, limit - INDENT)]
    stacked = tuple((EMPTY, line) for line in (*filled(left, limit), *below))
    return Aligned(
        min(aligned, stacked, key=lambda lines: (max(limit, _widest(lines)), len(lines)))
    )


def _widest(lines: Lines) -> float:
    """How wide an alignment is: its left side beside the widest of its right ones."""
    left, right = (max(width(line[side]) for line in lines) for side in (0, 1))
    return left + right


def _indented(line: Layout) -> Layout:
    return row(Space(), Space(), line)
