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
from derive.numbers.moving import Moving, moving, rate
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
    """How fast each gradient by `wrt` changes where quantities move along arrays of scalars.

    A defined quantity, in `wrt` or moved, is perturbed where it is defined.
    """
    here = begin(model, sizes, inputs, how)
    directions: dict[Location, int] = {}

    def perturb(name: Name) -> None:
        if name in along:
            _move(here.arrays[name], along[name])
        if name in wrt:
            seed(name, here, directions)

    for name in tuple(here.arrays):
        perturb(name)
    apply_model(model, here, lambda equation: perturb(equation.left.name))
    cost = here.arrays[model.objective.cost.name].item()
    slopes = slopes_of(cost, wrt, here, directions)
    return {name: _rates(array) for name, array in slopes.items()}


def _move(array: np.ndarray, vector: np.ndarray) -> None:
    for place in np.ndindex(array.shape):
        number = array.item(place)
        if number is not None and not isinstance(number.value, Moving):
            slopes = dict(number.slopes)
            array[place] = Dual(moving(number.value, vector.item(place)), slopes)


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
