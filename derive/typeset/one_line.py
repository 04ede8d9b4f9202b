"""A formula without fraction bars, for labels of one line: a/b."""

from __future__ import annotations

from derive.typeset.layout import (
    Aligned,
    BigOperator,
    Cases,
    Fenced,
    Fraction,
    Group,
    Layout,
    Marked,
    Matrix,
    Operator,
    Raised,
    Root,
    Row,
    Subscripted,
    bracketed,
    row,
    walk,
)


def fits_one_line(layout: Layout) -> bool:
    """Whether nothing in the layout needs more than a line."""
    tall = (BigOperator, Cases, Matrix, Aligned)
    return not any(isinstance(part, tall) for part in walk(layout))


def one_line(layout: Layout) -> Layout:
    """The layout with slashes for bars; the brackets of a `Group` are shown.

    >>> from derive.typeset.layout import NumberText
    >>> from derive.typeset.unicode import unicode
    >>> unicode(one_line(Fraction(NumberText("1"), Group(NumberText("2")))))
    '1/(2)'
    """
    match layout:
        case Row(items):
            return row(*(one_line(item) for item in items))
        case Fenced(opening, body, closing):
            return Fenced(opening, one_line(body), closing)
        case Group(body):
            return bracketed(one_line(body))
        case Marked(key, body):
            return Marked(key, one_line(body))
        case Fraction(above, below):
            return row(one_line(above), Operator("/", "ordinary"), one_line(below))
        case Root(Group(body)):
            return Root(Group(one_line(body)))
        case Root(body):
            return Root(one_line(body))
        case Raised(base, script):
            return Raised(one_line(base), one_line(script))
        case Subscripted(base, scripts, compact):
            return Subscripted(one_line(base), tuple(map(one_line, scripts)), compact)
    return layout
