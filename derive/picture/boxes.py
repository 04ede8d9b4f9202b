"""How much room the parts of a graph need: nodes, what stands beside them, labels of arrows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from derive.picture.drawing import LABEL, SMALL, SYMBOL
from derive.picture.graph import Edge, Graph, Node
from derive.picture.layers import Rows, Slot, Stop
from derive.picture.lettering import line_width
from derive.typeset.layout import Layout

# Between symbol and shape, around them, and from the tip of a parameter to its content.
BETWEEN, PADDING, TIP = 8.0, 9.0, 4.0
HEIGHT, VALUE_HEIGHT = 23.0, 14.0
# An arrow forward and one back, side by side; arrows at one side of a node; their heads.
PAIR, PORT, HEAD = 3.0, 16.0, 8.0
# From the arrow back to its label, and the room around both.
TO_LABEL, AROUND = 5.0, 5.0
# Beside a node: how an arrow bends, the shortest one, and the room between two boxes.
BEND, LINK, STACKED = 16.0, 34.0, 9.0
LOOP = 26.0


def text_width(layout: Layout | None, size: float) -> float:
    """How wide a label is."""
    return 0.0 if layout is None else line_width(layout) * size


@dataclass(frozen=True)
class Box:
    """The outline of a node: how wide and how high."""

    width: float
    height: float


@dataclass(frozen=True)
class Extent:
    """How far something reaches to the left and right of its place, and how high it is."""

    left: float
    right: float
    height: float


@dataclass(frozen=True)
class Side:
    """What stands at one side of a node, from above to below, and how far away.

    `middles` are the heights of the arrows beside the middle of the node.  A loop, the edge of a
    node to itself, is the last of them.
    """

    given: tuple[int, ...]
    link: float
    middles: tuple[float, ...]
    width: float
    height: float


NOTHING = Side((), 0.0, (), 0.0, 0.0)


@dataclass(frozen=True)
class Measured:
    """The sizes of everything, and the labels at the way back of each edge that has one."""

    boxes: Mapping[int, Box]
    left: Mapping[int, Side]
    right: Mapping[int, Side]
    loops: Mapping[int, int]
    labels: Mapping[int, Layout]
    ports: Mapping[tuple[int, int], float] = field(default_factory=dict)


def measured(graph: Graph, rows: Rows, longest: float) -> Measured:
    """The sizes of everything, local derivatives longer than `longest` em by their names."""
    labels = {
        number: label
        for number, edge in enumerate(graph.edges)
        if (label := chosen(edge, longest)) is not None
    }
    edge_of = {edge.source: number for number, edge in enumerate(graph.edges)}
    loops = {e.source: number for number, e in enumerate(graph.edges) if e.source == e.target}
    boxes, left, right = dict[int, Box](), dict[int, Side](), dict[int, Side]()
    arrows = _arrows(rows)
    for node in range(len(graph.nodes)):
        given = rows.beside.get(node, ())
        parameters = [one for one in given if graph.nodes[one].kind == "parameter"]
        data = [one for one in given if one not in parameters]
        boxes |= {one: _box(graph.nodes[one], 0, 0) for one in given}
        most = max(len(parameters) + (node in loops), len(data))
        if node not in boxes:
            boxes[node] = _box(graph.nodes[node], arrows.get(node, 0), most)
        wide = max((text_width(labels.get(edge_of[one]), LABEL) for one in parameters), default=0)
        loop = labels.get(loops[node]) if node in loops else None
        left[node] = _side(data, boxes, LINK, None)
        link = max(LINK, wide + BEND + 2 * HEAD) if parameters else 0.0
        extra = LOOP + TO_LABEL + text_width(loop, LABEL) if node in loops else None
        right[node] = _side(parameters, boxes, link, extra)
    return Measured(boxes, left, right, loops, labels, _ports(rows))


def chosen(edge: Edge, longest: float) -> Layout | None:
    """The label of the way back: the local derivative, or its name where that is shorter."""
    if edge.local is None or edge.name is None:
        return edge.name
    short = max(longest, line_width(edge.name))
    return edge.local if line_width(edge.local) <= short else edge.name


def _box(node: Node, arrows: int, stacked: int) -> Box:
    line = text_width(node.symbol, SYMBOL)
    if node.shape is not None:
        line += BETWEEN + text_width(node.shape, SMALL)
    wide = max(line, text_width(node.value, SMALL), 12.0)
    tip = TIP if node.kind == "parameter" else 0.0
    height = HEIGHT + (VALUE_HEIGHT if node.value is not None else 0.0)
    return Box(max(wide + 2 * (PADDING + tip), arrows * PORT + 4), max(height, 11.0 * stacked))


def _arrows(rows: Rows) -> dict[int, int]:
    """How many arrows a node has above or below, whichever are more."""
    found: dict[tuple[int, int], int] = {}
    for way in rows.ways.values():
        for key in ((way[0], 1), (way[-1], -1)):
            assert isinstance(key[0], int)
            found[key[0], key[1]] = found.get((key[0], key[1]), 0) + 1
    return {node: max(found.get((node, 1), 0), found.get((node, -1), 0)) for node, _ in found}


def _side(given: Sequence[int], boxes: Mapping[int, Box], link: float, loop: float | None) -> Side:
    heights = [boxes[one].height for one in given] + ([LOOP - 8] if loop is not None else [])
    if not heights:
        return NOTHING
    total = sum(heights) + STACKED * (len(heights) - 1)
    middles, top = [], -total / 2
    for height in heights:
        middles.append(top + height / 2)
        top += height + STACKED
    wide = max((link + boxes[one].width for one in given), default=0.0)
    return Side(tuple(given), link, tuple(middles), max(wide, loop or 0.0), total)


# --- arrows at a node ---------------------------------------------------------------------------


def _ports(rows: Rows) -> dict[tuple[int, int], float]:
    """Where the arrow of an edge leaves or reaches a node, beside its middle: (edge, node)."""
    place = {slot: number for row in rows.rows for number, slot in enumerate(row)}
    ends: dict[tuple[int, bool], list[tuple[int, int]]] = {}
    for edge, way in rows.ways.items():
        for node, next_, below in ((way[0], way[1], True), (way[-1], way[-2], False)):
            assert isinstance(node, int)
            ends.setdefault((node, below), []).append((place[next_], edge))
    ports = {}
    for (node, _), found in ends.items():
        for number, (_, edge) in enumerate(sorted(found)):
            ports[edge, node] = (number - (len(found) - 1) / 2) * PORT
    return ports


def extent(slot: Slot, sizes: Measured) -> Extent:
    """How much room a slot needs: an arrow that of its label in each row, to be straight."""
    if isinstance(slot, Stop):
        label = sizes.labels.get(slot.edge)
        if label is None:
            return Extent(PAIR + AROUND, PAIR + AROUND, 0.0)
        right = PAIR + TO_LABEL + text_width(label, LABEL) + AROUND
        return Extent(PAIR + AROUND, right, LABEL)
    box, left, right_side = sizes.boxes[slot], sizes.left[slot], sizes.right[slot]
    return Extent(
        box.width / 2 + left.width + AROUND,
        box.width / 2 + right_side.width + AROUND,
        max(box.height, left.height, right_side.height),
    )
