"""What the oracle says beyond the gradient: Jacobians, and second derivatives along a direction.

The second derivatives come from dual numbers over numbers that move: the loops over the forward
equations are those of the oracle, and nothing is known here of how a gradient is derived.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from derive.model import Specification
from derive.numbers.dual import Dual
from derive.numbers.evaluation import SCALARS, How
from derive.numbers.moving import moving, rate
from derive.terms import Name
from derive.verification.oracle import (
    Arrays,
    Location,
    apply_model,
    begin,
    run,
    seed,
    slopes_of,
)


def moved_gradients(
    model: Specification,
    sizes: Mapping[str, int],
    inputs: Arrays,
    wrt: Sequence[Name],
    along: Arrays,
    how: How,
) -> dict[Name, np.ndarray]:
    """How fast each gradient by `wrt` changes where quantities move along arrays of scalars."""
    here = begin(model, sizes, inputs, how)
    for name, vector in along.items():
        array = here.arrays[name]
        for place in np.ndindex(array.shape):
            array[place] = Dual(moving(array.item(place).value, vector.item(place)))
    directions: dict[Location, int] = {}
    for name in wrt:
        seed(name, here, directions)
    apply_model(model, here)
    cost = here.arrays[model.objective.cost.name].item()
    slopes = slopes_of(cost, wrt, here, directions)
    return {name: _rates(array) for name, array in slopes.items()}


def _rates(array: np.ndarray) -> np.ndarray:
    found = np.empty(array.shape, dtype=object)
    for place in np.ndindex(array.shape):
        found[place] = rate(array.item(place))
    return found


def jacobian(
    model: Specification,
    sizes: Mapping[str, int],
    inputs: Arrays,
    of: Name,
    wrt: Name,
    how: How,
) -> np.ndarray:
    """∂of/∂wrt at every place: the axes of `of`, then those of `wrt`."""
    here, directions = run(model, sizes, inputs, (wrt,), how)
    rows, columns = here.arrays[of], here.arrays[wrt]
    found = np.full((*rows.shape, *columns.shape), SCALARS[how].of(0), dtype=object)
    for place in np.ndindex(rows.shape):
        slopes = rows.item(place).slopes
        for (_, location), direction in directions.items():
            if direction in slopes:
                found[(*place, *location)] = slopes[direction]
    return found
