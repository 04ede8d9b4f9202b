"""The oracle: slow, obvious loops over the forward equations, on exact dual numbers.

`values` computes what every index equation says, one entry after the other; `gradient` does the
same on dual numbers.  There is no chain rule over quantities, no simplification and no array
operation here, so a mistake in those cannot repeat itself in what they are compared with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import numpy as np

from derive.dual import Dual
from derive.errors import VerificationError
from derive.evaluate import SCALARS, Evaluation, How, evaluate, is_rational, places, whole
from derive.model import Equation, Specification
from derive.scalars import Scalar
from derive.terms import Name, Node, Quantity

Arrays = Mapping[Name, np.ndarray]
Location = tuple[Name, tuple[int, ...]]


def arithmetic_of(model: Specification) -> How:
    """`exact` where every term of the model takes rational numbers to rational numbers."""
    terms = [equation.right for equation in model.equations]
    conditions = [condition for equation in model.equations for condition in equation.domain]
    nodes: list[Node] = [*terms, *conditions]
    return "exact" if all(is_rational(node) for node in nodes) else "50 digits"


def complete_sizes(model: Specification, sizes: Mapping[str, int]) -> dict[str, int]:
    """The given sizes with those that follow from a formula."""
    complete = dict(sizes)
    for dimension in model.dimensions:
        if dimension.formula is not None:
            complete[dimension.name] = whole(dimension.formula, Evaluation(complete, {}))
    return complete


def shape_of(quantity: Quantity, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The shape of a quantity as integers."""
    return tuple(whole(size, Evaluation(sizes, {})) for size in quantity.shape)


def lift(array: np.ndarray, how: How) -> np.ndarray:
    """An array of exact numbers (integers, fractions) as an object array of scalars."""
    scalar = SCALARS[how]
    lifted = np.empty(array.shape, dtype=object)
    for location in np.ndindex(array.shape):
        lifted[location] = scalar.of(Fraction(array.item(location)))
    return lifted


def as_duals(array: np.ndarray) -> np.ndarray:
    """An array of scalars as dual numbers without slopes."""
    numbers = np.empty(array.shape, dtype=object)
    for location in np.ndindex(array.shape):
        numbers[location] = Dual(array.item(location))
    return numbers


def begin(model: Specification, sizes: Mapping[str, int], inputs: Arrays, how: How) -> Evaluation:
    """An evaluation that knows the declared quantities; their shapes are checked."""
    here = Evaluation(complete_sizes(model, sizes), {}, how)
    for declaration in model.declarations:
        quantity = declaration.quantity
        shape = shape_of(quantity, here.sizes)
        if quantity.name in inputs:
            array = np.asarray(inputs[quantity.name])
        elif declaration.value is not None:
            array = np.full(shape, declaration.value, dtype=object)
        else:
            raise VerificationError(f"'{quantity.name}' is missing", "give a value for it")
        if array.shape != shape:
            raise VerificationError(
                f"'{quantity.name}' has shape {array.shape}", f"its shape here is {shape}"
            )
        here.arrays[quantity.name] = (
            array if quantity.kind == "index" else as_duals(lift(array, how))
        )
    return here


def apply_equation(equation: Equation, here: Evaluation) -> None:
    """Compute every entry that an equation defines."""
    name = equation.left.name
    if name not in here.arrays:
        here.arrays[name] = np.full(shape_of(equation.left, here.sizes), None, dtype=object)
    for place in places(equation.indices, equation.domain, here):
        here.arrays[name][place] = evaluate(equation.right, here)


def run(
    model: Specification, sizes: Mapping[str, int], inputs: Arrays, wrt: Sequence[Name], how: How
) -> tuple[Evaluation, dict[Location, int]]:
    """Evaluate the whole model on dual numbers: every array, and which direction is which entry."""
    here = begin(model, sizes, inputs, how)
    directions: dict[Location, int] = {}
    for name in wrt:
        if name in here.arrays:
            _seed(name, here, directions)
    for equation in model.equations:
        apply_equation(equation, here)
        if equation.left.name in wrt:
            _seed(equation.left.name, here, directions)
    return here, directions


def values(
    model: Specification, sizes: Mapping[str, int], inputs: Arrays, how: How = "exact"
) -> dict[Name, np.ndarray]:
    """Every defined quantity, as object arrays of scalars (entries without a value are None).

    `inputs` holds integers or fractions for everything that is declared.
    """
    here, _ = run(model, sizes, inputs, (), how)
    return {name: plain(here.arrays[name]) for name in defined_names(model)}


def gradient(
    model: Specification,
    sizes: Mapping[str, int],
    inputs: Arrays,
    wrt: Sequence[Name],
    how: How = "exact",
) -> tuple[Scalar, dict[Name, np.ndarray]]:
    """The cost and its derivative with respect to each entry of the quantities `wrt`.

    A defined quantity in `wrt` is perturbed where it is defined, with all that reads it.
    """
    here, directions = run(model, sizes, inputs, wrt, how)
    cost = here.arrays[model.objective.cost.name].item()
    zero = SCALARS[how].of(0)
    slopes = {name: np.full(here.arrays[name].shape, zero, dtype=object) for name in wrt}
    for (name, location), direction in directions.items():
        slopes[name][location] = cost.slopes.get(direction, zero)
    return cost.value, slopes


def defined_names(model: Specification) -> tuple[Name, ...]:
    """The names of the defined quantities, in the order of the text."""
    return tuple(dict.fromkeys(equation.left.name for equation in model.equations))


def _seed(name: Name, here: Evaluation, directions: dict[Location, int]) -> None:
    """Give each entry of an array a direction of its own."""
    array = here.arrays[name]
    one = SCALARS[here.how].of(1)
    for location in np.ndindex(array.shape):
        if array[location] is not None and (name, location) not in directions:
            direction = directions.setdefault((name, location), len(directions))
            array[location] = array[location] + Dual(SCALARS[here.how].of(0), {direction: one})


def plain(array: np.ndarray) -> np.ndarray:
    """The values of an array of dual numbers."""
    bare = np.empty(array.shape, dtype=object)
    for location in np.ndindex(array.shape):
        number = array.item(location)
        bare[location] = None if number is None else number.value
    return bare
