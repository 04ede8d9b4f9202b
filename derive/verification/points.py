"""Points to verify at: sizes, data, and what the oracle says there.

Sizes tell the dimensions apart, then some of them are one; data are distinct and away from special
values, then nothing but special values.  Points are drawn until every entry of every gradient that
the cost reads has been seen with a value other than zero: a wrong gradient cannot hide behind a
unit that is off.  And from a point near a kink or a condition one step of Newton's method leads to
points on the other side, and exactly at the tie.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from random import Random

import numpy as np

from derive.errors import VerificationError
from derive.model import Specification, parameters
from derive.numbers.arithmetic import Scalar, Undefined
from derive.numbers.evaluation import How, OutOfRange
from derive.numbers.scalars import agree
from derive.terms import Entry, Name, Node, Reduction, walk
from derive.verification.oracle import (
    Location,
    arithmetic_of,
    check_told_apart,
    complete_sizes,
    defined_names,
    lift,
    plain,
    run,
    slopes_of,
)
from derive.verification.report import Sizes
from derive.verification.sampling import KINDS, SPECIAL, Kind, random_inputs
from derive.verification.small_sizes import alike_at, candidates, telling_apart, with_ones
from derive.verification.work import Candidate

# At least and at most so many points at the first sizes; entries that stay zero are reported.
FEWEST, MOST = 2, 16
# Where one of several numbers is chosen, so many points at each of a few sizes: others are chosen.
CHOSEN = 8
CHOOSING = frozenset({"max", "min", "argmax", "argmin"})
# So many sizes are tried until the data lie in the domain at some.
SIZES = 12
# At most so many sizes besides the first, and besides those with ones.
OTHERS = 5
# So many conditions and kinks are crossed, and hit, on purpose.
KINKS = 8
# A tie must hold for floats too, so its data are short binary fractions.
SHORTEST = 1 << 20


Margin = tuple[Scalar, Mapping[Location, Scalar]]


@dataclass(frozen=True, eq=False)
class Point:
    """Data for everything that is declared, and the oracle's values and gradients there.

    `reached` are the entries of parameters on which the cost depends at all, at this point; `seen`
    which conditions came out true and false, and on which sides of kinks the data lay; `margins`
    how far from the other side, as a value and its slopes in the entries of parameters.  It is
    `tied` where the cost may have a kink at this very point.
    """

    sizes: Sizes
    inputs: Mapping[Name, np.ndarray]
    how: How
    special: bool
    values: Mapping[Name, np.ndarray]
    gradients: Mapping[Name, np.ndarray]
    reached: frozenset[Location]
    seen: Mapping[Node, set[bool]]
    margins: Mapping[Node, Sequence[Margin]]
    tied: bool

    def arrays(self) -> dict[Name, np.ndarray]:
        """The data as arrays of scalars; index data stay integers."""
        return {
            name: array if array.dtype != object else lift(array, self.how)
            for name, array in self.inputs.items()
        }


def draw_points(model: Specification, seed: int, cases: int = 0) -> tuple[Point, ...]:
    """The points of one verification, always the same for the same seed.

    At all sizes without ones there are at least `cases` points, and more where more are needed.
    Raises a VerificationError where no point lies in the domain of the model.
    """
    random = Random(seed)
    check_told_apart(model)
    wrt = [parameter.name for parameter in parameters(model)]
    pool = candidates(model, random, wrt)
    points = [fitting_point(model, random, telling_apart(pool))]
    first = free_sizes(model, points[0].sizes)
    while len(points) < FEWEST or (len(points) < MOST and unexercised(points)):
        kinds = KINDS[len(points) % 2 :] + KINDS
        points += _at_most_one(draw_point(model, first, random, kinds))
        points += crossing(model, points, random)
    points += other_sizes(model, points[0], pool, random)
    points += further_points(model, points, max(cases, CHOSEN * chooses(model)), random)
    for one in with_ones(model, random, wrt, pool):
        points += _at_most_one(next(fitting_points(model, random, [one]), None))
    cheap = min(pool, key=lambda c: (list(c.all.values()).count(1), c.work)).free
    for kind in SPECIAL:
        points += _at_most_one(point_at(model, cheap, random, kind))
    return (*points, *ties(model, cheap, random))


def chooses(model: Specification) -> bool:
    """Whether an equation takes one of several numbers: two windows may take the same."""
    nodes = (node for equation in model.equations for node in walk(equation.right))
    return any(isinstance(node, Reduction) and node.kind in CHOOSING for node in nodes)


def further_points(
    model: Specification, points: Sequence[Point], cases: int, random: Random
) -> list[Point]:
    """Points at the same sizes, for what shows at few of them: the same maximum of two windows."""
    found: list[Point] = []
    for sizes in dict.fromkeys(point.sizes for point in points):
        for _ in range(sum(point.sizes == sizes for point in points), cases):
            found += _at_most_one(draw_point(model, free_sizes(model, sizes), random))
    return found


def other_sizes(
    model: Specification, first: Point, pool: Sequence[Candidate], random: Random
) -> list[Point]:
    """Points at other sizes, at least one, while they tell more dimensions apart."""
    found: list[Point] = []
    before = [dict(first.sizes)]
    while len(found) < OTHERS:
        rest = [
            candidate for candidate in telling_apart(pool, before) if candidate.all not in before
        ]
        more = _at_most_one(next(fitting_points(model, random, rest), None))
        before += [dict(point.sizes) for point in more]
        alike = [len(alike_at(pool[0].all, before[:count])) for count in (-1, len(before))]
        if not more or (found and alike[0] == alike[1]):
            break
        found += more
    return found


def _at_most_one(point: Point | None) -> list[Point]:
    return [] if point is None else [point]


def free_sizes(model: Specification, sizes: Sizes) -> dict[str, int]:
    """The sizes that do not follow from a formula."""
    free = [dimension.name for dimension in model.dimensions if dimension.formula is None]
    return {name: size for name, size in sizes if name in free}


def fitting_points(
    model: Specification, random: Random, tried: Iterable[Candidate]
) -> Iterator[Point]:
    """Points at the sizes that are tried, one after the other, where there are any."""
    for candidate, _ in zip(tried, range(SIZES), strict=False):
        point = draw_point(model, candidate.free, random)
        if point is not None:
            yield point


def fitting_point(model: Specification, random: Random, tried: Sequence[Candidate]) -> Point:
    """The first point that there is.

    Raises a VerificationError where at none of the sizes data lie in the domain of the model.
    """
    point = next(fitting_points(model, random, tried), None)
    if point is None:
        raise VerificationError(
            f"no random point lies in the domain of '{model.name}'",
            "state what its data must satisfy",
        )
    return point


def draw_point(
    model: Specification,
    sizes: Mapping[str, int],
    random: Random,
    kinds: Sequence[Kind] = KINDS,
) -> Point | None:
    """A point away from special values, inside the domain of the model, where one is found."""
    points = (point_at(model, sizes, random, kind) for kind in kinds)
    return next((point for point in points if point is not None), None)


def point_at(
    model: Specification, sizes: Mapping[str, int], random: Random, kind: Kind
) -> Point | None:
    """One point; None where some quantity of the model does not exist."""
    try:
        if min(complete_sizes(model, sizes).values(), default=1) < 1:
            return None
        inputs = random_inputs(model, sizes, random, kind)
    except OutOfRange:
        return None
    return point_of(model, sizes, inputs, special=kind in SPECIAL)


def point_of(
    model: Specification,
    sizes: Mapping[str, int],
    inputs: Mapping[Name, np.ndarray],
    special: bool,
) -> Point | None:
    """The point with these data; None where some quantity of the model does not exist."""
    how = arithmetic_of(model)
    names = [parameter.name for parameter in parameters(model)]
    try:
        here, directions = run(model, sizes, inputs, names, how)
    except (Undefined, OutOfRange):
        return None
    if any(known.blurred for known in here.known.values()):
        # Which of two equal numbers is the larger is then a matter of rounding.
        return None
    cost = here.arrays[model.objective.cost.name].item()
    places = list(directions)
    margins = {
        node: [(m.value, {places[d]: slope for d, slope in m.slopes.items()}) for m in found]
        for node, found in here.margins().items()
    }
    return Point(
        tuple(complete_sizes(model, sizes).items()),
        inputs,
        how,
        special,
        {name: plain(here.arrays[name]) for name in defined_names(model)},
        slopes_of(cost, names, here, directions),
        frozenset(place for place, direction in directions.items() if direction in cost.slopes),
        here.sides(),
        margins,
        any(known.tied for known in here.known.values()),
    )


# --- the other side of kinks and conditions, and ties -------------------------------------------


def crossing(model: Specification, points: Sequence[Point], random: Random) -> list[Point]:
    """Points on the other side of what was met on one side only: as far beyond it as before it."""
    here, sizes = points[-1], free_sizes(model, points[-1].sizes)
    found = []
    for node, truth in one_sided(points)[:KINKS]:
        moved = (
            point_of(model, sizes, inputs, special=False)
            for inputs in _moved(model, here, node, random, distance=2)
        )
        across = (p for p in moved if p is not None and (not truth) in p.seen.get(node, ()))
        found += _at_most_one(next(across, None))
    return found


def ties(model: Specification, sizes: Mapping[str, int], random: Random) -> list[Point]:
    """Points at which the two sides of a kink or of a condition are equal, exactly."""
    base = point_at(model, sizes, random, "ties")
    found: list[Point] = []
    if base is None:
        return found
    for node in list(base.margins)[:KINKS]:
        moved = (
            point_of(model, sizes, inputs, special=True)
            for inputs in _moved(model, base, node, random, distance=1)
        )
        tied = (p for p in moved if p is not None and _is_tied(p, node))
        found += _at_most_one(next(tied, None))
    return found


def _is_tied(point: Point, node: Node) -> bool:
    return any(value == 0 for value, _ in point.margins.get(node, ()))


def _moved(
    model: Specification, point: Point, node: Node, random: Random, distance: int
) -> Iterator[dict[Name, np.ndarray]]:
    """The data of a point with one entry moved so that the margin of the node vanishes."""
    # What is assumed of a quantity might not hold any longer.
    fixed = {fact.quantity.name for fact in model.facts}
    for value, slopes in point.margins.get(node, ()):
        steps = [(at, slope) for at, slope in slopes.items() if slope != 0 and at[0] not in fixed]
        for (name, location), slope in random.sample(steps, min(2, len(steps))):
            entry = point.inputs[name][location] - distance * fraction(value) / fraction(slope)
            if distance > 1:
                entry = Fraction(round(entry * SHORTEST), SHORTEST)
            if SHORTEST % entry.denominator == 0:
                array = point.inputs[name].copy()
                array[location] = entry
                yield {**point.inputs, name: array}


def fraction(number: Scalar) -> Fraction:
    """A scalar as the fraction that it is, or that is nearest to it."""
    value: int | Fraction | Decimal = number.value
    return Fraction(value)


# --- what has been seen -------------------------------------------------------------------------


def unexercised(points: Sequence[Point]) -> bool:
    """Whether an entry of a gradient, or a side of a condition, has not shown itself yet."""
    return bool(dead_entries(points) or one_sided(points))


def one_sided(points: Sequence[Point]) -> tuple[tuple[Node, bool], ...]:
    """The conditions on data and the kinks that came out one way only."""
    met: dict[Node, set[bool]] = {}
    for point in points:
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
