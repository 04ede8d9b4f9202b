"""Points to verify at: sizes, data, and what the oracle says there.

Sizes are pairwise different, then some of them are one; data are distinct and away from special
values, then nothing but special values.  Points are drawn until every entry of every gradient that
the cost reads has been seen with a value other than zero: a wrong gradient cannot hide behind a
unit that is off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

import numpy as np

from derive.arithmetic import Undefined
from derive.errors import VerificationError
from derive.evaluation import How
from derive.model import Specification, parameters
from derive.oracle import (
    Location,
    arithmetic_of,
    complete_sizes,
    defined_names,
    lift,
    plain,
    run,
    slopes_of,
)
from derive.report import Sizes
from derive.sampling import KINDS, SPECIAL, Kind, random_inputs, random_sizes
from derive.scalars import agree
from derive.terms import Entry, Name, Node, walk

# At least and at most so many points at the first sizes; entries that stay zero are reported.
FEWEST, MOST = 2, 16
# So many sizes are tried until some fit the model.
SIZES = 50


@dataclass(frozen=True, eq=False)
class Point:
    """Data for everything that is declared, and the oracle's values and gradients there.

    `reached` are the entries of parameters on which the cost depends at all, at this point; `seen`
    which conditions came out true and false, and on which sides of kinks the data lay.
    """

    sizes: Sizes
    inputs: Mapping[Name, np.ndarray]
    how: How
    special: bool
    values: Mapping[Name, np.ndarray]
    gradients: Mapping[Name, np.ndarray]
    reached: frozenset[Location]
    seen: Mapping[Node, set[bool]]

    def arrays(self) -> dict[Name, np.ndarray]:
        """The data as arrays of scalars; index data stay integers."""
        return {
            name: array if array.dtype != object else lift(array, self.how)
            for name, array in self.inputs.items()
        }


def draw_points(model: Specification, seed: int) -> tuple[Point, ...]:
    """The points of one verification, always the same for the same seed.

    Raises a VerificationError where no point lies in the domain of the model.
    """
    random = Random(seed)
    points = [fitting_point(model, random)]
    first = free_sizes(model, points[0].sizes)
    while len(points) < FEWEST or (len(points) < MOST and unexercised(points)):
        kinds = KINDS[len(points) % 2 :] + KINDS
        points.append(draw_point(model, first, random, kinds))
    points.append(fitting_point(model, random, other_than=first))
    if first:
        points.append(fitting_point(model, random, ones=True))
    for kind in SPECIAL:
        point = point_at(model, first, random, kind)
        points += [point] if point is not None else []
    return tuple(points)


def free_sizes(model: Specification, sizes: Sizes) -> dict[str, int]:
    """The sizes that do not follow from a formula."""
    free = [dimension.name for dimension in model.dimensions if dimension.formula is None]
    return {name: size for name, size in sizes if name in free}


def fitting_point(
    model: Specification,
    random: Random,
    ones: bool = False,
    other_than: Mapping[str, int] | None = None,
) -> Point:
    """A point at random sizes.  Not all fit every model: a window may be larger than what it is on.

    Raises the error of the last sizes tried where none fits.
    """
    for left in reversed(range(SIZES)):
        sizes = random_sizes(model, random, ones=ones)
        if sizes and sizes == other_than and left:
            continue
        try:
            return draw_point(model, sizes, random)
        except VerificationError as error:
            last = error
    raise last


def draw_point(
    model: Specification,
    sizes: Mapping[str, int],
    random: Random,
    kinds: Sequence[Kind] = KINDS,
) -> Point:
    """A point away from special values, inside the domain of the model."""
    for kind in kinds:
        point = point_at(model, sizes, random, kind)
        if point is not None:
            return point
    raise VerificationError(
        f"no random point lies in the domain of '{model.name}'",
        "state what its data must satisfy",
    )


def point_at(
    model: Specification, sizes: Mapping[str, int], random: Random, kind: Kind
) -> Point | None:
    """One point; None where some quantity of the model does not exist."""
    how = arithmetic_of(model)
    names = [parameter.name for parameter in parameters(model)]
    inputs = random_inputs(model, sizes, random, kind)
    try:
        here, directions = run(model, sizes, inputs, names, how)
    except Undefined:
        return None
    cost = here.arrays[model.objective.cost.name].item()
    return Point(
        tuple(complete_sizes(model, sizes).items()),
        inputs,
        how,
        kind in SPECIAL,
        {name: plain(here.arrays[name]) for name in defined_names(model)},
        slopes_of(cost, names, here, directions),
        frozenset(place for place, direction in directions.items() if direction in cost.slopes),
        here.sides(),
    )


def unexercised(points: Sequence[Point]) -> bool:
    """Whether an entry of a gradient, or a side of a condition, has not shown itself yet."""
    return bool(dead_entries(points) or one_sided(points))


def one_sided(points: Sequence[Point]) -> tuple[tuple[Node, bool], ...]:
    """The conditions on data and the kinks that came out one way only at points like the first."""
    met: dict[Node, set[bool]] = {}
    for point in points:
        if not point.special and point.sizes == points[0].sizes:
            for node, truths in point.seen.items():
                met.setdefault(node, set()).update(truths)
    return tuple(
        (node, next(iter(truths)))
        for node, truths in met.items()
        if len(truths) == 1 and any(isinstance(part, Entry) for part in walk(node))
    )


def dead_entries(points: Sequence[Point]) -> tuple[Location, ...]:
    """The entries that the cost depends on, but whose gradient is zero at every point."""
    generic = [point for point in points if not point.special]
    same = [point for point in generic if point.sizes == generic[0].sizes]
    reached = sorted({place for point in same for place in point.reached}, key=str)
    return tuple(
        (name, location)
        for name, location in reached
        if all(agree(point.gradients[name][location], 0) for point in same)
    )
