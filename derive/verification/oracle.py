"""The oracle: slow, obvious loops over the forward equations, on exact dual numbers.

`values` computes what every index equation says, one entry after the other; `gradient` does the
same on dual numbers.  There is no chain rule over quantities, no simplification and no array
operation here, so a mistake in those cannot repeat itself in what they are compared with.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction

import numpy as np

from derive.errors import VerificationError
from derive.model import Equation, Recurrence, Specification
from derive.numbers.arithmetic import Scalar
from derive.numbers.degrees import TOLD_APART, are_short, highest_degree
from derive.numbers.dual import Dual
from derive.numbers.evaluate import evaluate, is_rational, places
from derive.numbers.evaluation import SCALARS, Evaluation, How, whole
from derive.terms import Index, Name, Node, Quantity

Arrays = Mapping[Name, np.ndarray]
Location = tuple[Name, tuple[int, ...]]


def arithmetic_of(model: Specification) -> How:
    """`exact` where every term takes rational numbers to rational numbers that are not too long."""
    terms = [equation.right for equation in model.equations]
    conditions = [condition for equation in model.equations for condition in equation.domain]
    nodes: list[Node] = [*terms, *conditions]
    if not all(is_rational(node) for node in nodes):
        return "50 digits"
    return "exact" if are_short(_definitions(model)) else "50 digits"


def check_told_apart(model: Specification) -> None:
    """Raise a VerificationError where rounding to 50 digits hides what is wrong."""
    degree = highest_degree(_definitions(model))
    if degree > TOLD_APART:
        raise VerificationError(
            f"the model is a polynomial of degree {degree:.0e} in its data, "
            "which 50 digits do not tell from another",
            "write exp(k * log(x)) for a high power, or less of them",
        )


def _definitions(model: Specification) -> list[tuple[Name, Node]]:
    return [(equation.left.name, equation.right) for equation in model.equations]


def complete_sizes(model: Specification, sizes: Mapping[str, int]) -> dict[str, int]:
    """The given sizes with those that follow from a formula."""
    complete = dict(sizes)
    for dimension in model.dimensions:
        if dimension.formula is not None:
            complete[dimension.name] = whole(dimension.formula, Evaluation(complete, {}))
    return complete


def shape_of(quantity: Quantity, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The shape of a quantity as integers."""
    here = Evaluation(sizes, {})
    return tuple(whole(size, here) for size in quantity.shape)


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


def apply_equation(
    equation: Equation, here: Evaluation, at_step: Mapping[Index, int] | None = None
) -> None:
    """Compute every entry that an equation defines, or those at one step of a recurrence."""
    name = equation.left.name
    if name not in here.arrays:
        here.arrays[name] = np.full(shape_of(equation.left, here.sizes), None, dtype=object)
    fixed = dict(at_step or {})
    here.indices.update(fixed)
    others = [index for index in equation.indices if index not in fixed]
    for _ in places(others, equation.domain, here):
        location = tuple(here.indices[index] for index in equation.indices)
        here.arrays[name][location] = evaluate(equation.right, here)


def apply_model(
    model: Specification, here: Evaluation, computed: Callable[[Equation], None] = lambda _: None
) -> None:
    """Compute every defined quantity in order; `computed` is called where an equation was applied.

    The equations of a recurrence are computed together, one step after the other.
    """
    together = {q: recurrence for recurrence in model.recurrences for q in recurrence.quantities}
    done: set[Recurrence] = set()
    for equation in model.equations:
        recurrence = together.get(equation.left)
        if recurrence is None:
            apply_equation(equation, here)
            computed(equation)
        elif recurrence not in done:
            done.add(recurrence)
            _step_through(model, recurrence, here, computed)


def _step_through(
    model: Specification,
    recurrence: Recurrence,
    here: Evaluation,
    computed: Callable[[Equation], None],
) -> None:
    axis = dict(zip(recurrence.quantities, recurrence.axes, strict=True))
    block = [equation for equation in model.equations if equation.left in axis]
    steps = range(whole(block[0].left.shape[axis[block[0].left]], here))
    for step in reversed(steps) if recurrence.downward else steps:
        for equation in block:
            apply_equation(equation, here, {equation.indices[axis[equation.left]]: step})
            computed(equation)


def run(
    model: Specification, sizes: Mapping[str, int], inputs: Arrays, wrt: Sequence[Name], how: How
) -> tuple[Evaluation, dict[Location, int]]:
    """Evaluate the whole model on dual numbers: every array, and which direction is which entry."""
    here = begin(model, sizes, inputs, how)
    directions: dict[Location, int] = {}
    for name in wrt:
        if name in here.arrays:
            seed(name, here, directions)

    def computed(equation: Equation) -> None:
        if equation.left.name in wrt:
            seed(equation.left.name, here, directions)

    apply_model(model, here, computed)
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
    return cost.value, slopes_of(cost, wrt, here, directions)


def slopes_of(
    number: Dual, wrt: Sequence[Name], here: Evaluation, directions: Mapping[Location, int]
) -> dict[Name, np.ndarray]:
    """The slopes of one number as an array for each quantity of `wrt`."""
    zero = SCALARS[here.how].of(0)
    slopes = {name: np.full(here.arrays[name].shape, zero, dtype=object) for name in wrt}
    for (name, location), direction in directions.items():
        slopes[name][location] = number.slopes.get(direction, zero)
    return slopes


def defined_names(model: Specification) -> tuple[Name, ...]:
    """The names of the defined quantities, in the order of the text."""
    return tuple(dict.fromkeys(equation.left.name for equation in model.equations))


def seed(name: Name, here: Evaluation, directions: dict[Location, int]) -> None:
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
