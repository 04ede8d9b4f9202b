"""A drawing as a TikZ picture, no wider and no higher than a page leaves room for."""

from __future__ import annotations

from collections.abc import Callable

from derive.picture.drawing import (
    LABEL,
    SMALL,
    SYMBOL,
    Delay,
    Drawing,
    Head,
    Item,
    Label,
    Line,
    Outline,
    Point,
    Word,
    pointed,
    rectangles,
    square,
    triangle,
)
from derive.typeset.escape import escape_latex
from derive.typeset.latex import latex

# A unit of a drawing, and the room for one, in millimetres.
UNIT = 0.25
WIDTH, HEIGHT = 158.0, 208.0
SIZES = {SYMBOL: "dsymbol", LABEL: "dlabel", SMALL: "dsmall"}
ANCHORS = {"start": "mid west", "middle": "mid", "end": "mid east"}


def tikz(drawing: Drawing, words: Callable[[str], str]) -> str:
    """The drawing in an environment of its own; the styles it names stand in the preamble."""
    unit = min(UNIT, WIDTH / drawing.width, HEIGHT / drawing.height)
    scale = "" if unit == UNIT else f",scale={unit / UNIT:.3f},transform shape"
    lines = "\n".join(_item(item, words) for item in drawing.items)
    start = f"\\begin{{tikzpicture}}[x={UNIT}mm,y=-{UNIT}mm{scale}]"
    return f"{start}\n{lines}\n\\end{{tikzpicture}}"


def _at(point: Point) -> str:
    return f"({point[0]:g},{point[1]:g})"


def _item(item: Item, words: Callable[[str], str]) -> str:
    match item:
        case Outline():
            return _outline(item)
        case Line(style, start, segments):
            path = _at(start) + "".join(map(_segment, segments))
            return f"\\draw[d{style}] {path};"
        case Head(style):
            return f"\\fill[dhead {style}] {' -- '.join(map(_at, triangle(item)))} -- cycle;"
        case Delay():
            return f"\\fill {' rectangle '.join(map(_at, square(item)))};"
        case Label(text, place, anchor, size, tone):
            shown = escape_latex(words(text.key)) if isinstance(text, Word) else f"${latex(text)}$"
            look = f"{SIZES[size]},d{tone} text,anchor={ANCHORS[anchor]}"
            return f"\\node[{look}] at {_at(place)} {{{shown}}};"
    raise TypeError(f"tikz: unknown item {type(item).__name__}")


def _segment(segment: tuple[Point, ...]) -> str:
    if len(segment) == 1:
        return f" -- {_at(segment[0])}"
    first, second, end = map(_at, segment)
    return f" .. controls {first} and {second} .. {end}"


def _outline(outline: Outline) -> str:
    if outline.shape == "pointed":
        return f"\\draw[dpointed] {' -- '.join(map(_at, pointed(outline)))} -- cycle;"
    shown = (" rectangle ".join(map(_at, one)) for one in rectangles(outline))
    return "\n".join(f"\\draw[d{outline.shape}] {one};" for one in shown)
