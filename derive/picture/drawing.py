"""A drawing: outlines, lines, arrow heads and labels at whole places.  Frozen data, in no format.

Places count in units of which a letter of a symbol is `SYMBOL` high, from the left and from above.
They are rounded, so that every machine writes the same file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from derive.typeset.layout import Layout

Point = tuple[float, float]
# `plain` is data, `dashed` a target, `pointed` a parameter, `round` computed, `double` the cost.
Shape = Literal["plain", "dashed", "pointed", "round", "double"]
# How a line is drawn: a way forward or back in a graph, a frame and its grid, a curve.
Style = Literal["forward", "backward", "frame", "grid", "curve"]
Tone = Literal["ink", "faint", "backward"]
Towards = Literal["up", "down", "left", "right"]

# The height of the letters of symbols, of labels, and of shapes and ticks.
SYMBOL, LABEL, SMALL = 14.0, 11.0, 10.0


@dataclass(frozen=True)
class Outline:
    """The outline of a node around its centre."""

    shape: Shape
    centre: Point
    width: float
    height: float


@dataclass(frozen=True)
class Line:
    """A line by segments: each an end, or two controls of a Bézier curve and an end."""

    style: Style
    start: Point
    segments: tuple[tuple[Point, ...], ...]


@dataclass(frozen=True)
class Head:
    """The head of an arrow, its tip at a point."""

    style: Style
    tip: Point
    towards: Towards


@dataclass(frozen=True)
class Delay:
    """The square that marks an arrow from one step of a recurrence to the next."""

    centre: Point


@dataclass(frozen=True)
class Word:
    """A key of the catalogue."""

    key: str


@dataclass(frozen=True)
class Label:
    """A formula or a word; `anchor` says which part of it stands at the place."""

    text: Layout | Word
    place: Point
    anchor: Literal["start", "middle", "end"]
    size: float
    tone: Tone = "ink"


Item = Outline | Line | Head | Delay | Label


@dataclass(frozen=True)
class Drawing:
    """Items, later ones above earlier ones, in a frame that holds them all."""

    width: float
    height: float
    items: tuple[Item, ...]


def rounded(value: float) -> float:
    """A place to a tenth of a unit."""
    return round(value, 1) + 0.0


# --- shapes -------------------------------------------------------------------------------------

# The head of an arrow; how far the tips of a parameter reach; the second outline of the cost.
LONG, WIDE = 7.0, 2.8
TIP, INNER = 7.0, 3.0
# Half the side of the square of a delay.
SQUARE = 3.0

Rectangle = tuple[Point, Point]


def triangle(head: Head) -> tuple[Point, Point, Point]:
    """The corners of the head of an arrow, its tip first."""
    x, y = head.tip
    down, across = {"down": (-1, 0), "up": (1, 0), "right": (0, -1), "left": (0, 1)}[head.towards]
    back = (x + LONG * across, y + LONG * down)
    aside = (WIDE * abs(down), WIDE * abs(across))
    one = _point(back[0] - aside[0], back[1] - aside[1])
    other = _point(back[0] + aside[0], back[1] + aside[1])
    return head.tip, one, other


def pointed(outline: Outline) -> tuple[Point, ...]:
    """The corners of the outline of a parameter."""
    (x, y), across, down = outline.centre, outline.width / 2, outline.height / 2
    corners = (
        (x - across, y),
        (x - across + TIP, y - down),
        (x + across - TIP, y - down),
        (x + across, y),
        (x + across - TIP, y + down),
        (x - across + TIP, y + down),
    )
    return tuple(_point(a, b) for a, b in corners)


def rectangles(outline: Outline) -> tuple[Rectangle, ...]:
    """The corners, above on the left and below on the right, of an outline that is not pointed."""
    (x, y), found = outline.centre, []
    for inner in (0.0, INNER) if outline.shape == "double" else (0.0,):
        across, down = outline.width / 2 - inner, outline.height / 2 - inner
        found.append((_point(x - across, y - down), _point(x + across, y + down)))
    return tuple(found)


def square(delay: Delay) -> Rectangle:
    """The corners of the square of a delay."""
    x, y = delay.centre
    return (x - SQUARE, y - SQUARE), (x + SQUARE, y + SQUARE)


def _point(x: float, y: float) -> Point:
    return rounded(x), rounded(y)
