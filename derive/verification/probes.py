"""Experiments with a gradient that is wrong: under which circumstances it is right.

Where no known mistake explains an error, it helps to know that it vanishes where an axis has one
entry, where no index is repeated, where a matrix is symmetric or a number is zero: the mistake is
about just that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from random import Random

import numpy as np

from derive.model import Specification, axis_dimensions
from derive.terms import Name, is_one
from derive.verification.points import Point, draw_point, free_sizes, point_of

# It must be right so often before it is said.
TRIALS = 3

# Whether the gradient is right at a point; None where that cannot be said.
Right = Callable[[Point], bool | None]


def circumstances(model: Specification, point: Point, right: Right) -> Iterator[str]:
    """Sentences on when the gradient, wrong at `point`, is right."""
    sizes = free_sizes(model, point.sizes)
    told = False
    for of, text, change in _changes(model):
        changed = (_changed(model, sizes, of, change, Random(k)) for k in range(TRIALS))
        if _always(right, changed):
            yield text
            told |= change is not _to_zero
    if told:
        return
    for name in sizes:
        if sizes[name] > 1 and name in axis_dimensions(model):
            at_one = (draw_point(model, {**sizes, name: 1}, Random(k)) for k in range(TRIALS))
            if _always(right, at_one):
                yield (
                    f"it is right where {name} is 1, so a wrong axis is likely: something is "
                    f"summed, averaged or repeated over {name} and should not be, or the reverse"
                )


def _always(right: Right, points: Iterator[Point | None]) -> bool:
    verdicts = [right(point) for point in points if point is not None and not point.tied]
    known = [verdict for verdict in verdicts if verdict is not None]
    return bool(known) and all(known)


Change = Callable[[np.ndarray, int, Random], np.ndarray | None]


def _changes(model: Specification) -> Iterator[tuple[Name, str, Change]]:
    """What may be made of the data of one name, and what it says if the gradient is right then."""
    for declaration in model.declarations:
        quantity = declaration.quantity
        if quantity.kind == "index" and quantity.shape:
            yield (
                quantity.name,
                f"it is right where '{quantity.name}' holds no number twice: what arrives at one "
                "entry from several places is written over and not added up (lost duplicates)",
                _distinct,
            )
        elif quantity.kind in ("input", "param"):
            if len(quantity.shape) >= 2 and quantity.shape[-1] == quantity.shape[-2]:
                yield (
                    quantity.name,
                    f"it is right where '{quantity.name}' is symmetric: is a transpose missing?",
                    lambda array, bound, random: array + array.swapaxes(-1, -2),
                )
            yield (
                quantity.name,
                f"it is right where '{quantity.name}' is 0: the mistake is about its terms",
                _to_zero,
            )
            if quantity.shape and not all(map(is_one, quantity.shape)):
                yield (
                    quantity.name,
                    f"it is right where all entries of '{quantity.name}' are equal: "
                    "is it read, or summed, along the wrong axis?",
                    lambda array, bound, random: np.full(array.shape, array.flat[0], dtype=object),
                )


def _to_zero(array: np.ndarray, bound: int, random: Random) -> np.ndarray:
    return np.full(array.shape, Fraction(0), dtype=object)


def _distinct(array: np.ndarray, bound: int, random: Random) -> np.ndarray | None:
    if array.size > bound or array.size < 2:
        return None
    numbers = random.sample(range(bound), array.size)
    return np.array(numbers, dtype=array.dtype).reshape(array.shape)


def _changed(
    model: Specification, sizes: Mapping[str, int], name: Name, change: Change, random: Random
) -> Point | None:
    """A point at which one quantity is what `change` makes of it."""
    declaration = next(d for d in model.declarations if d.quantity.name == name)
    roomy = dict(sizes)
    bound = getattr(declaration.bound, "name", None)
    point = draw_point(model, roomy, random)
    if declaration.bound is not None and point is not None and bound in roomy:
        # There must be a number for each place.
        roomy[bound] = max(roomy[bound], point.inputs[name].size)
        point = draw_point(model, roomy, random)
    if point is None or any(fact.quantity.name == name for fact in model.facts):
        return None
    size = roomy[bound] if bound in roomy else int(getattr(declaration.bound, "value", 0))
    changed = change(point.inputs[name], size, random)
    if changed is None:
        return None
    inputs = {**point.inputs, name: changed}
    return point_of(model, roomy, inputs, special=False)
