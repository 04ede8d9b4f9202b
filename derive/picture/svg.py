"""A drawing as SVG, an element of a page or what stands in a file; colours are given by classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape
from itertools import groupby

from derive.picture.drawing import (
    Delay,
    Drawing,
    Head,
    Item,
    Label,
    Line,
    Outline,
    Point,
    Rectangle,
    Shape,
    Word,
    pointed,
    rectangles,
    square,
    triangle,
)
from derive.picture.lettering import runs
from derive.typeset.layout import Layout

Words = Callable[[str], str]

# Where letters stand whose middle is at a place, as a part of their height.
BASELINE = 0.33
KINDS: dict[Shape, str] = {
    "plain": "data",
    "dashed": "target",
    "pointed": "parameter",
    "round": "computed",
    "double": "cost",
}
# The corners of round outlines.
CORNER = 9.0
# Of its own width, how narrow a picture may be shown on a small screen before it is scrolled.
NARROWEST = 0.8
CARD = 12.0


def svg(drawing: Drawing, name: str, title: str, description: str, words: Words) -> str:
    """The drawing as an element of a page; `name` keeps its identifiers apart from others."""
    width, height = drawing.width, drawing.height
    box = f'viewBox="0 0 {_n(width)} {_n(height)}" width="{_n(width)}" height="{_n(height)}"'
    style = f'style="min-width:{_n(round(NARROWEST * width))}px"'
    told = f'role="img" aria-labelledby="{name}-title {name}-desc"'
    return "\n".join(
        (
            f'<svg class="picture" {box} {style} {told}>',
            f'<title id="{name}-title">{escape(title)}</title>',
            f'<desc id="{name}-desc">{escape(description)}</desc>',
            svg_items(drawing, words),
            "</svg>",
        )
    )


def svg_items(drawing: Drawing, words: Words) -> str:
    """What is drawn, without the element around it: lines of one style as one path, then heads."""
    lines, heads = dict[str, list[str]](), dict[str, list[str]]()
    others = []
    for item in drawing.items:
        match item:
            case Line(style):
                lines.setdefault(style, []).append(_line(item))
            case Head(style):
                corners = " ".join(map(_at, triangle(item)))
                heads.setdefault(f"{style} head", []).append(f"M{corners}Z")
            case _:
                others.append(_item(item, words))
    paths = [
        f'<path class="{key}" d="{"".join(d)}"/>' for key, d in (*lines.items(), *heads.items())
    ]
    return "\n".join((*paths, *others))


def svg_box(drawing: Drawing) -> dict[str, str]:
    """The ground of a file: the drawing, and a margin around it."""
    sides = (drawing.width + 2 * CARD, drawing.height + 2 * CARD)
    return {"corner": _n(-CARD), "width": _n(sides[0]), "height": _n(sides[1])}


def _n(value: float) -> str:
    return f"{value:g}"


def _at(point: Point) -> str:
    return f"{_n(point[0])} {_n(point[1])}"


def _line(line: Line) -> str:
    """The path of a line, its straight segments along an axis by their one coordinate."""
    shown, (x, y) = f"M{_at(line.start)}", line.start
    for segment in line.segments:
        end = segment[-1]
        if len(segment) > 1:
            shown += "C" + " ".join(map(_at, segment))
        elif end[0] == x:
            shown += f"V{_n(end[1])}"
        elif end[1] == y:
            shown += f"H{_n(end[0])}"
        else:
            shown += f"L{_at(end)}"
        x, y = end
    return shown


def _item(item: Item, words: Words) -> str:
    match item:
        case Outline():
            return _outline(item)
        case Delay():
            return _rectangle("delay", "plain", square(item))
        case Label():
            return _label(item, words)
    raise TypeError(f"svg: unknown item {type(item).__name__}")


def _outline(outline: Outline) -> str:
    kind = KINDS[outline.shape]
    if outline.shape == "pointed":
        return f'<path class="{kind}" d="M{" ".join(map(_at, pointed(outline)))}Z"/>'
    return "".join(_rectangle(kind, outline.shape, one) for one in rectangles(outline))


def _rectangle(kind: str, shape: Shape, rectangle: Rectangle) -> str:
    (left, top), (right, bottom) = rectangle
    width, height = _n(round(right - left, 1)), _n(round(bottom - top, 1))
    corner = f' rx="{_n(CORNER)}"' if shape in ("round", "double") else ""
    place = f'x="{_n(left)}" y="{_n(top)}" width="{width}" height="{height}"'
    return f'<rect class="{kind}" {place}{corner}/>'


def _label(label: Label, words: Words) -> str:
    x, y = label.place
    if isinstance(label.text, Word):
        text = escape(words(label.text.key), quote=False)
    else:
        text = svg_text(label.text, label.size)
    classes = "" if label.tone == "ink" else f' class="{label.tone}"'
    anchor = "" if label.anchor == "start" else f' text-anchor="{label.anchor}"'
    height = round(y + BASELINE * label.size, 1)
    return (
        f'<text{classes} x="{_n(x)}" y="{_n(height)}" font-size="{_n(label.size)}"{anchor}>'
        f"{text}</text>"
    )


def svg_text(layout: Layout, size: float) -> str:
    """The content of a `<text>` element whose letters are `size` high.

    >>> from derive.names import symbol
    >>> from derive.typeset.layout import Identifier
    >>> svg_text(Identifier(symbol("w_1")), 10)
    '<tspan class="i">w</tspan><tspan dy="2.2" font-size="7.2">1</tspan>'
    """
    shown, before = "", 0.0
    for style, same in groupby(runs(layout), key=lambda run: replace(run, text="")):
        text = escape("".join(run.text for run in same), quote=False)
        attributes = ' class="i"' if style.italic else ""
        if style.space:
            attributes += f' dx="{_tenths(style.space * style.size * size)}"'
        if style.down != before:
            attributes += f' dy="{_tenths((style.down - before) * size)}"'
        if style.size != 1.0:
            attributes += f' font-size="{_tenths(style.size * size)}"'
        shown += f"<tspan{attributes}>{text}</tspan>" if attributes else text
        before = style.down
    return shown


def _tenths(value: float) -> str:
    return f"{round(value, 1):g}"
