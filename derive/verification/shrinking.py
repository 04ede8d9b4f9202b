"""A failure at sizes as small as they can be."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from derive.model import Specification
from derive.verification.points import Point, free_sizes, point_at
from derive.verification.running import NOT_RUNNING
from derive.verification.sampling import Kind

# So many points are tried at each smaller size.
ATTEMPTS = 3

Fails = Callable[[Point], bool]


def smallest(model: Specification, fails: Fails, point: Point) -> Point:
    """A failing point whose sizes are as small as they can be, one after the other."""
    sizes = free_sizes(model, point.sizes)
    for size in list(sizes):
        for value in range(1, sizes[size]):
            candidate = _failing(model, fails, sizes | {size: value}, point.special)
            if candidate is not None:
                sizes, point = sizes | {size: value}, candidate
                break
    return point


def _failing(
    model: Specification, fails: Fails, sizes: Mapping[str, int], special: bool
) -> Point | None:
    """A point with these sizes at which it fails, None where none was found."""
    for attempt in range(ATTEMPTS):
        kind: Kind = "special" if special else "signed"
        try:
            point = point_at(model, sizes, Random(attempt), kind)
            if point and fails(point):
                return point
        except NOT_RUNNING:
            continue
    return None
