"""The filling of lines: what a side of a long formula becomes on lines of a given width.

A line ends before the loosest sign there is: what fits on a line of its own is never taken apart.
What does not is broken before a tighter sign, and where it has none, it is opened: brackets become
two signs that may stand on two lines, a fraction a factor before its numerator.  What has to stay
in its place, such as a denominator, is stacked there.
"""

from __future__ import annotations

from dataclasses import replace

from derive.typeset.layout import (
    DOT,
    MINUS,
    RELATIONS,
    TIMES,
    Aligned,
    BigOperator,
    Bracket,
    Cases,
    Fenced,
    Fraction,
    Group,
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
    is_tall,
    row,
)
from derive.typeset.width import SCRIPT, width

# How far lines that continue one are indented, in em; further for each bracket they are inside.
INDENT = 2.0
# From the loosest: the signs before which a row may be broken.
TIGHTNESS = (("∨",), ("∧",), RELATIONS, ("+", MINUS), (TIMES, DOT))
COMMA = Operator(",", "separator")

Items = tuple[Layout, ...]


def items_of(layout: Layout) -> Items:
    """What stands side by side in a layout."""
    return layout.items if isinstance(layout, Row) else (layout,)


def filled(items: Items, limit: float) -> list[Layout]:
    """The items on lines, as much on each as fits into `limit` em.

    A line that continues one is indented and begins with its sign.

    >>> from derive.typeset.unicode import unicode
    >>> items = NumberText("1234567"), Operator("+"), NumberText("8")
    >>> [unicode(line) for line in filled(items, 5)]
    ['1234567', '  + 8']
    """
    lines = _Lines(limit)
    lines.flow(items, 0)
    return [row(*line) for line in lines.lines]


def split(items: Items, signs: tuple[str, ...]) -> list[Items]:
    """The items cut before each infix operator of `signs`."""
    pieces: list[list[Layout]] = [[]]
    for item in items:
        if isinstance(item, Operator) and item.form == "infix" and item.sign in signs:
            pieces.append([])
        pieces[-1].append(item)
    return [tuple(piece) for piece in pieces]


class _Lines:
    """Lines that are being filled; what is inside `depth` brackets is indented by so much more."""

    def __init__(self, limit: float) -> None:
        self.limit = limit
        self.lines: list[list[Layout]] = [[]]

    def flow(self, items: Items, depth: int) -> None:
        """Put the items behind what is there, on new lines where they are needed."""
        for piece in _pieces(items):
            wide = width(row(*piece))
            if wide <= self._room():
                self.lines[-1].extend(piece)
            elif wide <= self.limit - INDENT - depth:
                self._begin(piece, depth)
            else:
                if self._room() < self.limit / 2 and isinstance(piece[0], Operator):
                    self._begin(piece[:1], depth)
                    piece = piece[1:]
                if len(_pieces(piece)) > 1:
                    self.flow(piece, depth)
                else:
                    self._open(piece, depth)

    def _open(self, piece: Items, depth: int) -> None:
        """Open what is too wide in a piece without a sign to break before."""
        room = self.limit - INDENT - depth
        opened = tuple(
            part
            for item in piece
            for part in (_opened(item, room) if width(item) > room / 2 else (item,))
        )
        if opened != piece:
            self.flow(opened, depth + 1)
            return
        before: Layout = Space()
        for item in piece:
            # A sum may be left open at the end of a line where nothing else is left to do.
            between = isinstance(item, BigOperator) or isinstance(before, BigOperator)
            if between and width(item) > self._room():
                self._begin((item,), depth)
            else:
                self.lines[-1].append(item)
            before = item

    def _room(self) -> float:
        return self.limit - width(row(*self.lines[-1]))

    def _begin(self, piece: Items, depth: int) -> None:
        """Put a piece on a line of its own; there a product is written with a dot."""
        if any(item != Space() for item in self.lines[-1]):
            self.lines.append([Space()] * (int(INDENT) + depth))
            if piece[0] == Operator(TIMES):
                piece = (Operator(DOT), *piece[1:])
        self.lines[-1].extend(piece)


def _pieces(items: Items) -> list[Items]:
    """The items cut behind each comma, else before the loosest of the signs in them."""
    pieces: list[list[Layout]] = [[]]
    for item in items:
        pieces[-1].append(item)
        if item == COMMA:
            pieces.append([])
    cuts = [[tuple(piece) for piece in pieces], *(split(items, signs) for signs in TIGHTNESS)]
    for cut in cuts:
        found = [piece for piece in cut if piece]
        if len(found) > 1:
            return found
    return [items]


# --- opening ------------------------------------------------------------------------------------


def _opened(layout: Layout, limit: float) -> Items:
    """The same with places to break, side by side; or what is narrower; else the layout itself."""
    match layout:
        case Fenced(opening, body, closing):
            tall = is_tall(body)
            ends = Bracket(opening, "prefix", tall), Bracket(closing, "postfix", tall)
            return (ends[0], *items_of(body), ends[1])
        case Raised(base) | Subscripted(base):
            *inner, last = _opened(base, limit)
            return (*inner, replace(layout, base=last)) if isinstance(last, Bracket) else (layout,)
        case Group(body):
            return _factors(body)
        case Marked(key, body):
            return tuple(_marked(key, item) for item in items_of(body))
        case Fraction(NumberText("1"), below):
            return (replace(layout, denominator=_stacked(below, limit)),)
        case Fraction(above, below):
            if width(below) > limit / 2:
                return (Fraction(_stacked(above, limit), _stacked(below, limit)),)
            return (Fraction(NumberText("1"), below), Operator(TIMES), *_factors(above))
    return (_narrowed(layout, limit),)


def _marked(key: str, item: Layout) -> Layout:
    return item if isinstance(item, Operator | Space) else Marked(key, item)


def _factors(above: Layout) -> Items:
    """A numerator as factors behind its fraction: in brackets unless it is a plain product."""
    above = above.body if isinstance(above, Group) else above
    items = items_of(above)
    signs = (Operator("+"), Operator(MINUS), Operator(MINUS, "prefix"))
    plain = not any(isinstance(item, BigOperator | Cases) or item in signs for item in items)
    return items if plain else (Fenced("(", above, ")"),)


def _narrowed(layout: Layout, limit: float) -> Layout:
    """What cannot be broken, with what is inside it on several lines."""
    match layout:
        case Root(body):
            return Root(_stacked(body, limit - 1))
        case Cases(rows):
            conditions = max(width(when) for _, when in rows)
            room = (limit / 2, limit / 2) if conditions > limit / 2 else (limit - conditions, limit)
            return Cases(
                tuple((_stacked(value, room[0]), _stacked(when, room[1])) for value, when in rows)
            )
        case Matrix(rows):
            room_each = limit / len(rows[0])
            return Matrix(tuple(tuple(_stacked(item, room_each) for item in line) for line in rows))
        case BigOperator(_, _, _, _, conditions) if conditions:
            lines = (filled(items_of(when), limit / 2 / SCRIPT) for when in conditions)
            return replace(layout, conditions=tuple(line for when in lines for line in when))
    return layout


def _stacked(layout: Layout, limit: float) -> Layout:
    """The layout in its place, on several lines where it is too wide for one."""
    if width(layout) <= limit:
        return layout
    body = layout.body if isinstance(layout, Group) else layout
    lines = filled(items_of(body), limit)
    return Aligned(tuple((Row(()), line) for line in lines)) if len(lines) > 1 else lines[0]
