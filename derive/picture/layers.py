"""Rows from above to below: what is computed first stands above, and arrows cross rarely.

The way of Sugiyama, Tagawa and Toda, "Methods for visual understanding of hierarchical system
structures" (1981): layers by longest paths, a stop for each arrow in each row that it passes, and
an order within the rows by barycentres.  Nodes stand in the even rows.  The odd ones are gaps, in
which each arrow has a stop too, so that a label beside it has a place of its own.

What is given and read once stands beside its reader, and in no row.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from math import fsum

from derive.picture.graph import Graph, is_given

SWEEPS = 12


@dataclass(frozen=True)
class Stop:
    """Where the arrow of an edge passes a row."""

    edge: int
    row: int


Slot = int | Stop


@dataclass(frozen=True)
class Rows:
    """The slots of each row from left to right, and the stops of each edge between its nodes.

    `beside` holds what stands beside a node, in the order of the graph.
    """

    rows: tuple[tuple[Slot, ...], ...]
    ways: Mapping[int, tuple[Slot, ...]]
    beside: Mapping[int, tuple[int, ...]]


def in_rows(graph: Graph, crowded: bool = False) -> Rows:
    """The nodes of a graph in rows, ordered against crossings.

    In a `crowded` graph nothing stands beside nodes that have others in their row.
    """
    reader = _beside(graph)
    if crowded:
        reader = _beside_alone(graph, reader)
    passing = _passing(graph, reader)
    layer = _layers(graph, reader, passing)
    ways: dict[int, tuple[Slot, ...]] = {}
    rows: list[list[Slot]] = [[] for _ in range(2 * max(layer.values()) + 1)]
    for number, (upper, lower) in passing.items():
        between = range(2 * layer[upper] + 1, 2 * layer[lower])
        stops = [Stop(number, row) for row in between]
        ways[number] = (upper, *stops, lower)
        for stop in stops:
            rows[stop.row].append(stop)
    for node, place in layer.items():
        rows[2 * place].append(node)
    beside = {
        node: tuple(given for given, by in reader.items() if by == node) for node in reader.values()
    }
    return Rows(_ordered(rows, ways), ways, beside)


def _beside(graph: Graph) -> dict[int, int]:
    """The reader of each node that is given and read once."""
    readers: dict[int, list[int]] = {}
    for edge in graph.edges:
        readers.setdefault(edge.source, []).append(edge.target)
    return {
        node: readers[node][0]
        for node, one in enumerate(graph.nodes)
        if is_given(one) and len(readers.get(node, ())) == 1
    }


def _beside_alone(graph: Graph, reader: Mapping[int, int]) -> dict[int, int]:
    """What is read by nodes that stand alone among the computed ones of their layer."""
    layer = _layers(graph, reader, _passing(graph, reader))
    shared = Counter(place for node, place in layer.items() if not is_given(graph.nodes[node]))
    return {given: by for given, by in reader.items() if shared[layer[by]] == 1}


def _passing(graph: Graph, reader: Mapping[int, int]) -> dict[int, tuple[int, int]]:
    """The edges that pass rows, with their upper and lower node."""
    return {
        number: (min(edge.source, edge.target), max(edge.source, edge.target))
        for number, edge in enumerate(graph.edges)
        if edge.source not in reader and edge.source != edge.target
    }


def _layers(
    graph: Graph, reader: Mapping[int, int], passing: Mapping[int, tuple[int, int]]
) -> dict[int, int]:
    """Each node below all that it is computed from; what is computed from nothing, just above."""
    nodes = [node for node in range(len(graph.nodes)) if node not in reader]
    above: dict[int, list[int]] = {node: [] for node in nodes}
    below: dict[int, list[int]] = {node: [] for node in nodes}
    for upper, lower in passing.values():
        above[lower].append(upper)
        below[upper].append(lower)
    layer: dict[int, int] = {}
    for node in nodes:
        # Nodes are numbered in the order in which they are computed.
        layer[node] = max((layer[upper] + 1 for upper in above[node]), default=0)
    for node in nodes:
        if not above[node] and below[node]:
            layer[node] = min(layer[lower] for lower in below[node]) - 1
    first = min(layer.values())
    return {node: place - first for node, place in layer.items()}


# --- the order within a row ---------------------------------------------------------------------

Pair = tuple[Slot, Slot]


def _ordered(
    rows: list[list[Slot]], ways: Mapping[int, tuple[Slot, ...]]
) -> tuple[tuple[Slot, ...], ...]:
    """The best order found by sweeps down and up, each row after the one before it."""
    joined = [pair for way in ways.values() for pair in pairwise(way)]
    down: dict[Slot, list[Slot]] = {}
    up: dict[Slot, list[Slot]] = {}
    for upper, lower in joined:
        up.setdefault(lower, []).append(upper)
        down.setdefault(upper, []).append(lower)
    best, fewest = [list(row) for row in rows], crossings(rows, joined)
    for sweep in range(SWEEPS):
        neighbours = down if sweep % 2 else up
        order = range(len(rows))[::-1] if sweep % 2 else range(len(rows))
        for number in order:
            centres = _centres(rows, number, neighbours)
            rows[number].sort(key=centres.__getitem__)
        found = crossings(rows, joined)
        if found < fewest:
            best, fewest = [list(row) for row in rows], found
    return tuple(tuple(row) for row in best)


def _places(rows: Sequence[Sequence[Slot]]) -> dict[Slot, float]:
    """Where a slot stands in its row, from 0 to 1."""
    return {slot: (place + 0.5) / len(row) for row in rows for place, slot in enumerate(row)}


def _centres(
    rows: Sequence[Sequence[Slot]], number: int, neighbours: Mapping[Slot, list[Slot]]
) -> dict[Slot, float]:
    """The barycentre of the neighbours of each slot of a row, its own place where it has none."""
    places = _places(rows)
    centres = {}
    for slot in rows[number]:
        found = [places[other] for other in neighbours.get(slot, ())]
        centres[slot] = round(fsum(found) / len(found), 6) if found else places[slot]
    return centres


def crossings(rows: Sequence[Sequence[Slot]], joined: Sequence[Pair]) -> int:
    """How often two arrows cross between neighbouring rows."""
    places = _places(rows)
    return sum(
        (places[a] - places[c]) * (places[b] - places[d]) < 0
        for (a, b), (c, d) in _in_one_gap(rows, joined)
    )


def _in_one_gap(
    rows: Sequence[Sequence[Slot]], joined: Sequence[Pair]
) -> Iterator[tuple[Pair, Pair]]:
    number = {slot: row for row, slots in enumerate(rows) for slot in slots}
    gaps: dict[int, list[Pair]] = {}
    for pair in joined:
        gaps.setdefault(number[pair[0]], []).append(pair)
    for pairs in gaps.values():
        yield from combinations(pairs, 2)
