"""The drawing of a graph: its boxes, its arrows forward and back, and what stands at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise, product

from derive.picture.boxes import (
    BEND,
    BETWEEN,
    HEAD,
    LOOP,
    PAIR,
    TO_LABEL,
    VALUE_HEIGHT,
    Measured,
    Side,
    measured,
    text_width,
)
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
    Shape,
    Style,
    Towards,
    rounded,
)
from derive.picture.graph import Graph, NodeKind, elided
from derive.picture.layers import Rows, Slot, Stop, in_rows
from derive.picture.places import Placed, label_row, least_width, placed

# How wide a picture may be, and the lengths, in em, up to which local derivatives are written out:
# the first with which it is not wider.
WIDEST = 660.0
LONGEST = (12.5, 9.0, 6.0, 0.0)
MARGIN = 8.0
# How far an arrow may be from its place at a box.
ALMOST = 5.0

SHAPES: dict[NodeKind, Shape] = {
    "data": "plain",
    "target": "dashed",
    "parameter": "pointed",
    "computed": "round",
    "cost": "double",
}


def drawn(graph: Graph) -> Drawing:
    """The drawing of a graph, no wider than a page if its names allow that.

    What is too wide has shorter labels, then nothing beside nodes that have others in their row,
    and at last no arrays of numbers.
    """
    tries = [*product((graph, elided(graph)), (False, True), LONGEST)]
    for shown, crowded, longest in tries:
        rows = in_rows(shown, crowded)
        sizes = measured(shown, rows, longest)
        last = (shown, crowded, longest) == tries[-1]
        if last or least_width(rows, sizes) <= WIDEST:
            places = placed(rows, sizes)
            if last or places.width <= WIDEST:
                break
    return _Drawn(shown, rows, sizes, places).drawing()


class _Drawn:
    """A graph with all that was found out about it, from which its items are made."""

    def __init__(self, graph: Graph, rows: Rows, sizes: Measured, places: Placed) -> None:
        self.graph, self.rows, self.sizes, self.places = graph, rows, sizes, places
        self.edge_of = {edge.source: number for number, edge in enumerate(graph.edges)}

    def drawing(self) -> Drawing:
        """Arrows below boxes, and boxes below labels."""
        items: list[Item] = []
        for edge in self.rows.ways:
            items += self._passing(edge)
        for row, slots in enumerate(self.rows.rows):
            for node in slots:
                if not isinstance(node, Stop):
                    items += self._node(node, (self._across(node), self.places.down[row] + MARGIN))
        return Drawing(
            self.places.width + 2 * MARGIN, self.places.height + 2 * MARGIN, tuple(items)
        )

    def _across(self, slot: Slot) -> float:
        return self.places.across[slot] + MARGIN

    # --- arrows between rows --------------------------------------------------------------------

    def _passing(self, edge: int) -> Iterator[Item]:
        """The arrow of an edge through the rows, the one that leads back beside it, the label."""
        one, way = self.graph.edges[edge], self.rows.ways[edge]
        falls = one.source == way[0]
        middle = self._stretches(edge, way)
        label = self.sizes.labels.get(edge)
        yield from _arrow("forward", _moved(middle, -PAIR if label else 0.0), falls)
        if label is not None:
            yield from _arrow("backward", _moved(middle, PAIR), not falls)
            place = self.places.down[label_row(self.rows, edge)] + MARGIN
            across = self._across(way[-2]) + PAIR + TO_LABEL
            yield Label(label, (across, place), "start", LABEL, "backward")
        if one.steps:
            # In the gap above the label: on the arrow forward.
            row = label_row(self.rows, edge)
            place = self.places.down[row] + MARGIN
            yield Delay((self._across(way[-2]) - (PAIR if label else 0.0), place))

    def _stretches(self, edge: int, way: Sequence[Slot]) -> list[tuple[Point, Point]]:
        """Where the arrow stands straight: at its ends and in each row that it passes."""
        found: list[tuple[Point, Point]] = []
        ends = {way[0]: self._across(way[1]), way[-1]: self._across(way[-2])}
        for slot in way:
            row = slot.row if isinstance(slot, Stop) else self._row(slot)
            half = self.places.heights[row] / 2
            across, down = self._across(slot), self.places.down[row] + MARGIN
            if isinstance(slot, Stop):
                found.append(((across, down - half), (across, down + half)))
                continue
            across += self.sizes.ports[edge, slot]
            # An arrow that is nearly straight is straight.
            across = ends[slot] if abs(ends[slot] - across) <= ALMOST else across
            side = self.sizes.boxes[slot].height / 2
            below = (across, down + side), (across, down + half)
            above = (across, down - half), (across, down - side)
            found.append(below if slot == way[0] else above)
        return found

    def _row(self, node: int) -> int:
        return next(n for n, slots in enumerate(self.rows.rows) if node in slots)

    # --- a node and what stands beside it -------------------------------------------------------

    def _node(self, node: int, centre: Point) -> Iterator[Item]:
        box = self.sizes.boxes[node]
        x, y = centre
        left, right = self.sizes.left[node], self.sizes.right[node]
        for side, sign in ((left, -1), (right, 1)):
            ports = _spread(len(side.middles), box.height)
            for given, middle, port in zip(side.given, side.middles, ports, strict=False):
                start = (x + sign * box.width / 2, y + port)
                end = (x + sign * (box.width / 2 + side.link), y + middle)
                yield from self._beside(given, start, end, sign)
            if sign > 0 and node in self.sizes.loops:
                yield from self._loop(node, (x + box.width / 2, y), side, ports[-1])
        yield from self._box(node, centre)

    def _beside(self, given: int, start: Point, end: Point, sign: int) -> Iterator[Item]:
        """A node that is given: the arrow from it to its reader, the one back, and the label."""
        label = self.sizes.labels.get(self.edge_of[given])
        (x0, y0), (x1, y1) = start, end
        bend = (x0 + sign * BEND, y1)
        inwards: Towards = "left" if sign > 0 else "right"
        outwards: Towards = "right" if sign > 0 else "left"
        shift = PAIR if label is not None else 0.0
        yield _bent("forward", (x0, y0 + shift), (bend[0], y1 + shift), (x1, y1 + shift))
        yield _head("forward", (x0, y0 + shift), inwards)
        if label is not None:
            yield _bent("backward", (x0, y0 - shift), (bend[0], y1 - shift), (x1, y1 - shift))
            yield _head("backward", (x1, y1 - shift), outwards)
            middle = (bend[0] + x1 - sign * HEAD) / 2
            place = (rounded(middle), rounded(y1 - PAIR - LABEL * 0.7))
            yield Label(label, place, "middle", LABEL, "backward")
        width = self.sizes.boxes[given].width
        yield from self._box(given, (x1 + sign * width / 2, y1))

    def _loop(self, node: int, at: Point, side: Side, port: float) -> Iterator[Item]:
        """The arrow of a quantity that reads itself at the step before."""
        edge = self.sizes.loops[node]
        label = self.sizes.labels.get(edge)
        (x, y), middle = at, side.middles[-1]
        styles: tuple[tuple[Style, float, float, Towards], ...]
        styles = (("forward", 5.0, LOOP - 6.0, "left"), ("backward", -9.0, LOOP, "left"))
        for style, half, reach, towards in styles[: 2 if label is not None else 1]:
            start, end = (x, y + port - half), (x, y + port + half)
            out = x + reach * 4 / 3
            high = y + middle + (half if half < 0 else -half) * 1.4
            low = 2 * (y + middle) - high
            controls = ((out, high), (out, low)) if half > 0 else ((out, low), (out, high))
            yield Line(style, _point(*start), (tuple(_point(*p) for p in (*controls, end)),))
            yield _head(style, end, towards)
        yield Delay(_point(x + LOOP - 6.0, y + middle))
        if label is not None:
            place = _point(x + LOOP + TO_LABEL, y + middle)
            yield Label(label, place, "start", LABEL, "backward")

    def _box(self, node: int, centre: Point) -> Iterator[Item]:
        one, box = self.graph.nodes[node], self.sizes.boxes[node]
        x, y = centre
        yield Outline(SHAPES[one.kind], _point(x, y), rounded(box.width), rounded(box.height))
        line = y - (VALUE_HEIGHT / 2 if one.value is not None else 0.0)
        symbol = text_width(one.symbol, SYMBOL)
        if one.shape is None:
            yield Label(one.symbol, _point(x, line), "middle", SYMBOL)
        else:
            left = x - (symbol + BETWEEN + text_width(one.shape, SMALL)) / 2
            yield Label(one.symbol, _point(left, line), "start", SYMBOL)
            place = _point(left + symbol + BETWEEN, line)
            yield Label(one.shape, place, "start", SMALL, "faint")
        if one.value is not None:
            yield Label(one.value, _point(x, y + VALUE_HEIGHT / 2 + 1), "middle", SMALL)


def _point(x: float, y: float) -> Point:
    return rounded(x), rounded(y)


def _spread(count: int, height: float) -> list[float]:
    """Where arrows reach the side of a box, from above to below."""
    pitch = min(11.0, height / max(count, 1))
    return [(number - (count - 1) / 2) * pitch for number in range(count)]


def _moved(stretches: list[tuple[Point, Point]], by: float) -> list[tuple[Point, Point]]:
    return [((a + by, b), (c + by, d)) for (a, b), (c, d) in stretches]


def _arrow(style: Style, stretches: list[tuple[Point, Point]], falls: bool) -> Iterator[Item]:
    """A line straight through the stretches and curved between them, its head at the last end."""
    yield _curved(style, stretches)
    if falls:
        yield _head(style, stretches[-1][1], "down")
    else:
        yield _head(style, stretches[0][0], "up")


def _curved(style: Style, stretches: list[tuple[Point, Point]]) -> Line:
    segments: list[tuple[Point, ...]] = []
    for (before, behind), (other, _) in pairwise(stretches):
        _straight_on(segments, before, behind)
        if behind[0] == other[0]:
            _straight_on(segments, behind, other)
        else:
            half = (behind[1] + other[1]) / 2
            curve = ((behind[0], half), (other[0], half), other)
            segments.append(tuple(_point(*place) for place in curve))
    _straight_on(segments, *stretches[-1])
    return Line(style, _point(*stretches[0][0]), tuple(segments))


def _straight_on(segments: list[tuple[Point, ...]], start: Point, end: Point) -> None:
    """Add a straight line, one with that before it."""
    if start == end:
        return
    if segments and len(segments[-1]) == 1:
        segments.pop()
    segments.append((_point(*end),))


def _bent(style: Style, start: Point, bend: Point, end: Point) -> Line:
    """A line from the side of a box to the height of what stands beside it, and on to it."""
    if start[1] == bend[1]:
        return Line(style, _point(*start), ((_point(*end),),))
    half = (start[0] + bend[0]) / 2
    curve = tuple(_point(*p) for p in ((half, start[1]), (half, bend[1]), bend))
    return Line(style, _point(*start), (curve, (_point(*end),)))


def _head(style: Style, tip: Point, towards: Towards) -> Head:
    return Head(style, _point(*tip), towards)
