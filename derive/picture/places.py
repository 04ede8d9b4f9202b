"""Where the slots of the rows stand: arrows as straight as the room that everything needs allows.

The places minimise the slants of the arrows, between stops before those at nodes, under the
condition that the slots of a row keep their order and their room.  For one row, the others held and
each slant weighed by what it was before, that is an isotonic regression (pooling of adjacent
violators); rows are taken in turn.  It begins with squares, which spread slants evenly, and ends
with lengths, which gather them in few places.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import fsum, sqrt

from derive.picture.boxes import AROUND, Extent, Measured, extent
from derive.picture.layers import Rows, Slot, Stop

ROUNDS, LAST = 100, 20
# How strongly the stops of a long arrow are then drawn to one place.
PINNED = 200.0
# A slant counts by its square while it is shorter than this, and by its length where it is longer:
# the bound falls from round to round, by this factor, down to the last.
FAR, CLOSER, NEAR = 400.0, 0.94, 0.5
# How strongly neighbours draw each other: two stops; a node and a stop, less along long arrows; a
# node and the middle of the picture.
STRAIGHT, ENDS, HOME = 8.0, 4.0, 0.2
# Heights of gaps: with a label or without, and as arrows slant more.
SHORTEST, TALLEST, SLANT = 11.0, 24.0, 7.0
BETWEEN_NODES = 14.0


@dataclass(frozen=True)
class Placed:
    """The middle of each slot, and the height and middle of each row."""

    across: Mapping[Slot, float]
    down: tuple[float, ...]
    heights: tuple[float, ...]
    width: float
    height: float


def label_row(rows: Rows, edge: int) -> int:
    """The row in which the label of an edge stands: the gap above the lower node."""
    stop = rows.ways[edge][-2]
    assert isinstance(stop, Stop)
    return stop.row


def _extents(rows: Rows, sizes: Measured) -> dict[Slot, Extent]:
    return {slot: extent(slot, sizes) for row in rows.rows for slot in row}


def least_width(rows: Rows, sizes: Measured) -> float:
    """How wide the widest row is at least."""
    extents = _extents(rows, sizes)
    return max(
        extents[row[0]].left + _shifts(row, extents)[-1] + extents[row[-1]].right
        for row in rows.rows
    )


def placed(rows: Rows, sizes: Measured) -> Placed:
    """Places for all slots, rounded to whole units."""
    extents = _extents(rows, sizes)
    across = _across(rows, sizes, extents)
    left = min(across[slot] - extents[slot].left for slot in across)
    right = max(across[slot] + extents[slot].right for slot in across)
    across = {slot: round(place - left) + 0.0 for slot, place in across.items()}
    heights, down, top = [], [], 0.0
    for row, gap in zip(rows.rows, _gaps(rows, sizes, across), strict=True):
        height = max(_height(rows, slot, extents) for slot in row)
        heights.append(height)
        down.append(round(top + height / 2) + 0.0)
        bottom = top + height
        top = bottom + gap
    return Placed(
        across, tuple(down), tuple(heights), round(right - left) + 1.0, round(bottom) + 1.0
    )


def _height(rows: Rows, slot: Slot, extents: Mapping[Slot, Extent]) -> float:
    """How high a slot is: an arrow as its label, in the row where that stands."""
    if isinstance(slot, Stop) and label_row(rows, slot.edge) != slot.row:
        return 0.0
    return extents[slot].height


def _gaps(rows: Rows, sizes: Measured, across: Mapping[Slot, float]) -> list[float]:
    """How far each row stands above the next: the farther, the more the arrows slant there."""
    slants = [0.0] * len(rows.rows)
    for edge, way in rows.ways.items():
        places = [across[slot] + _offset(edge, slot, sizes) for slot in way]
        # The last stop stands above the last row that the way reaches.
        last = label_row(rows, edge)
        for row, (start, end) in enumerate(pairwise(places), last - len(way) + 2):
            slants[row] = max(slants[row], abs(end - start))
    return [max(SHORTEST, min(TALLEST, slant / SLANT)) for slant in slants]


def _offset(edge: int, slot: Slot, sizes: Measured) -> float:
    """Where an arrow passes beside the middle of a slot."""
    return 0.0 if isinstance(slot, Stop) else sizes.ports[edge, slot]


# --- across -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Pull:
    """What draws a slot to a place: another slot, how far beside it, and how strongly.

    Without another slot it is the middle of the picture.
    """

    towards: Slot | None
    beside: float
    weight: float


def _pulls(rows: Rows, sizes: Measured) -> dict[Slot, list[_Pull]]:
    """The neighbours of each slot; arrows along which no gradient goes back pull less."""
    nodes = (slot for row in rows.rows for slot in row if not isinstance(slot, Stop))
    pulls: dict[Slot, list[_Pull]] = {node: [_Pull(None, 0.0, HOME)] for node in nodes}
    for edge, way in rows.ways.items():
        strength = 1.0 if edge in sizes.labels else 0.1
        for upper, lower in pairwise(way):
            stops = isinstance(upper, Stop) + isinstance(lower, Stop)
            length = len(way) - 2
            weight = strength * (STRAIGHT if stops == 2 else ENDS / (length * sqrt(length)))
            beside = _offset(edge, upper, sizes) - _offset(edge, lower, sizes)
            pulls.setdefault(lower, []).append(_Pull(upper, beside, weight))
            pulls.setdefault(upper, []).append(_Pull(lower, -beside, weight))
    return pulls


def _together(rows: Rows, sizes: Measured) -> dict[Slot, dict[Slot, float]]:
    """The slots that stand below each other as a chain without branches, and how far beside.

    Alone, none of them would move away from its neighbours; so each is drawn by what draws any.
    """
    ways = [edge for edge in rows.ways if edge in sizes.labels]
    leaving = Counter(rows.ways[edge][0] for edge in ways)
    arriving = Counter(rows.ways[edge][-1] for edge in ways)
    chains: dict[Slot, dict[Slot, float]] = {}
    for edge in ways:
        upper, stop, *rest = rows.ways[edge]
        if len(rest) > 1 or leaving[upper] > 1 or arriving[rest[0]] > 1:
            continue
        above, below = chains.get(upper, {upper: 0.0}), chains.get(rest[0], {rest[0]: 0.0})
        here = above[upper] + _offset(edge, upper, sizes)
        there = here - _offset(edge, rest[0], sizes) - below[rest[0]]
        joined = above | {stop: here} | {slot: place + there for slot, place in below.items()}
        chains |= dict.fromkeys(joined, joined)
    return chains


def _shared(pulls: dict[Slot, list[_Pull]], chains: Mapping[Slot, dict[Slot, float]]) -> None:
    """Let what draws one slot of a chain draw all of them."""
    outer = {
        slot: [
            pull for pull in pulls[slot] if pull.towards is not None and pull.towards not in chain
        ]
        for slot, chain in chains.items()
    }
    for slot, chain in chains.items():
        for other, place in chain.items():
            if other != slot:
                by = chain[slot] - place
                pulls[slot] += [replace(p, beside=p.beside + by) for p in outer[other]]


def _across(rows: Rows, sizes: Measured, extents: Mapping[Slot, Extent]) -> dict[Slot, float]:
    pulls = _pulls(rows, sizes)
    _shared(pulls, _together(rows, sizes))
    shifts = [_shifts(row, extents) for row in rows.rows]
    across: dict[Slot, float] = {}
    for row, shift in zip(rows.rows, shifts, strict=True):
        across |= _apart(row, [(0.0, 1.0)] * len(row), shift)
    order = list(zip(rows.rows, shifts, strict=True))
    near, pinned = FAR, dict[Slot, _Pull]()
    for number in range(ROUNDS + LAST):
        near = max(NEAR, near * CLOSER)
        for row, shift in (*order, *reversed(order)):
            wishes = [_wish(across, s, (*pulls[s], *_held(pinned, s)), near) for s in row]
            across |= _apart(row, wishes, shift)
        if number >= ROUNDS:
            pinned = _pinned(rows, sizes, across)
    for edge, way in rows.ways.items():
        across |= _straight(edge, way, rows, sizes, extents, across)
    return across


def _pinned(rows: Rows, sizes: Measured, across: Mapping[Slot, float]) -> dict[Slot, _Pull]:
    """What draws all stops of a long arrow to the place of the outermost, where there is room."""
    pinned: dict[Slot, _Pull] = {}
    for edge, way in rows.ways.items():
        stops = way[1:-1]
        ends = [across[end] + _offset(edge, end, sizes) for end in (way[0], way[-1])]
        places = [across[stop] for stop in stops]
        outwards = fsum(places) / len(places) > fsum(ends) / 2
        outermost = max(places) if outwards else min(places)
        if len(stops) > 1:
            pinned |= dict.fromkeys(stops, _Pull(None, outermost, PINNED))
    return pinned


def _held(pinned: Mapping[Slot, _Pull], slot: Slot) -> tuple[_Pull, ...]:
    return (pinned[slot],) if slot in pinned else ()


def _wish(
    across: Mapping[Slot, float], slot: Slot, pulls: Sequence[_Pull], near: float
) -> tuple[float, float]:
    """Where a slot is drawn, and how strongly."""
    total, strength = 0.0, 0.0
    for pull in pulls:
        place = pull.beside + (0.0 if pull.towards is None else across[pull.towards])
        weight = pull.weight / (near + abs(place - across[slot]))
        total += weight * place
        strength += weight
    return (total / strength, strength) if strength else (across[slot], 0.001)


def _needed(left: Slot, right: Slot, extents: Mapping[Slot, Extent]) -> float:
    """How far two neighbours have to stand from each other."""
    nodes = not isinstance(left, Stop) and not isinstance(right, Stop)
    return extents[left].right + extents[right].left + (BETWEEN_NODES if nodes else 0.0) - AROUND


def _shifts(row: Sequence[Slot], extents: Mapping[Slot, Extent]) -> list[float]:
    """Where the slots of a row stand when they stand as near to each other as they may."""
    before, shifts = 0.0, []
    for place, slot in enumerate(row):
        before += _needed(row[place - 1], slot, extents) if place else 0.0
        shifts.append(before)
    return shifts


def _apart(
    row: Sequence[Slot], wishes: Sequence[tuple[float, float]], shifts: Sequence[float]
) -> dict[Slot, float]:
    """The places nearest to the wishes at which the slots keep their order and their room.

    A wish is a place and a weight, a shift the place of a slot if all stood close together.
    """
    blocks: list[tuple[float, float, int]] = []
    for (wish, weight), shift in zip(wishes, shifts, strict=True):
        mean, heavy, count = wish - shift, weight, 1
        while blocks and blocks[-1][0] >= mean:
            other, other_heavy, other_count = blocks.pop()
            total = heavy + other_heavy
            mean = (mean * heavy + other * other_heavy) / total
            heavy, count = total, count + other_count
        blocks.append((mean, heavy, count))
    means = [mean for mean, _, count in blocks for _ in range(count)]
    return {slot: mean + shift for slot, mean, shift in zip(row, means, shifts, strict=True)}


def _straight(
    edge: int,
    way: Sequence[Slot],
    rows: Rows,
    sizes: Measured,
    extents: Mapping[Slot, Extent],
    across: Mapping[Slot, float],
) -> dict[Slot, float]:
    """All stops of an edge at one place, if possible below its upper or above its lower end."""
    low, high = -1e9, 1e9
    for slot in way[1:-1]:
        assert isinstance(slot, Stop)
        row = rows.rows[slot.row]
        place = row.index(slot)
        if place:
            left = row[place - 1]
            low = max(low, across[left] + _needed(left, slot, extents))
        if place + 1 < len(row):
            right = row[place + 1]
            high = min(high, across[right] - _needed(slot, right, extents))
    if low > high:
        return {}
    ends = [across[end] + _offset(edge, end, sizes) for end in (way[-1], way[0])]
    middle = fsum(across[slot] for slot in way[1:-1]) / (len(way) - 2)
    wished = next((end for end in ends if low <= end <= high), max(low, min(high, middle)))
    return dict.fromkeys(way[1:-1], wished)
