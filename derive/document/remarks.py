"""What follows from a derivation beyond its formulas: remarks, each with its conditions.

A remark is made only where its conditions hold for the equations at hand; no model is named here.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from derive.calculus.adjoint import Derivation, Gradient
from derive.calculus.differentiate import differentiate, occurrences
from derive.calculus.explain import gradient_named
from derive.document.worked import apply_all, exact_value, put, stated_data
from derive.model import Equation, Specification, UpdateRule, data, parameters
from derive.numbers.arithmetic import Undefined
from derive.numbers.degrees import are_short
from derive.numbers.evaluate import is_rational
from derive.simplify import product, total
from derive.terms import (
    ONE,
    ZERO,
    Add,
    Entry,
    Index,
    IndexValue,
    Multiply,
    Negate,
    Number,
    Quantity,
    Reduction,
    Term,
    free_indices,
    is_one,
    renew,
    substitute,
)


@dataclass(frozen=True)
class Contraction:
    """One step of gradient descent multiplies the error by 1 - step · slope · gain.

    Holds where the cost reads the parameters only through one number u that is affine in them,
    and ∂C/∂u = slope · `error`.  Then u changes by -step · ∂C/∂u · gain, where `gain` is the sum
    of the squares of all ∂u/∂parameter; it reads no parameter.  The error shrinks at every step
    exactly when 0 < step < 2 / (slope · gain).
    """

    prediction: Quantity
    error: Term
    slope: Fraction
    gain: Equation
    step: Quantity


def is_gradient_descent(rule: UpdateRule) -> bool:
    """Whether the rule is θ := θ - step · g and nothing else."""
    if rule.states or len(rule.assignments) != 1 or len(rule.settings) != 1:
        return False
    step = Entry(rule.settings[0][0])
    theta, gradient = Entry(rule.parameter), Entry(rule.gradient)
    expected = Add((theta, Negate(Multiply((step, gradient)))))
    return rule.assignments[0].right == expected


def contraction(derivation: Derivation) -> Contraction | None:
    """The contraction remark of a derivation, None where its conditions do not hold."""
    model = derivation.model
    if not is_gradient_descent(model.objective.rule):
        return None
    prediction = _only_way(derivation)
    if prediction is None or not all(is_one(size) for size in prediction.shape):
        return None
    slope = _linear_slope(gradient_named(derivation, str(prediction.name)))
    if slope is None:
        return None
    gain = _gain(derivation, prediction)
    varying = {gradient.wrt for gradient in derivation.gradients}
    if any(entry.quantity in varying for entry in occurrences(gain.right)):
        return None
    right = gradient_named(derivation, str(prediction.name)).equation.right
    error = right if slope == 1 else _without_coefficient(right)
    return Contraction(prediction, error, slope, gain, model.objective.rule.settings[0][0])


def _only_way(derivation: Derivation) -> Quantity | None:
    """The one quantity through which every parameter that reaches the cost does so, read once."""
    paths = [gradient.paths for gradient in _of_parameters(derivation)]
    if not all(len(own) == 1 and not own[0].where for own in paths):
        return None
    ways = {(own[0].equation.left, own[0].upstream is None) for own in paths}
    if len(ways) != 1:
        return None
    ((way, in_the_cost),) = ways
    return None if in_the_cost else way


def _of_parameters(derivation: Derivation) -> list[Gradient]:
    own = [p for p in parameters(derivation.model) if p not in derivation.unreachable]
    return [gradient for gradient in derivation.gradients if gradient.wrt in own]


def _linear_slope(gradient: Gradient) -> Fraction | None:
    """The number c with ∂C/∂u = c · (u - what does not vary with u), None if there is none."""
    error = Entry(gradient.wrt, gradient.entry.subscripts)
    slope = differentiate(gradient.equation.right, error).after
    return slope.value if isinstance(slope, Number) and slope.value > 0 else None


def _without_coefficient(term: Term) -> Term:
    if isinstance(term, Multiply) and isinstance(term.factors[0], Number):
        return product(*term.factors[1:])
    return term


def _gain(derivation: Derivation, prediction: Quantity) -> Equation:
    """gain[i, j] = the sum over all parameters of ∂u[i]/∂p · ∂u[j]/∂p, both axes of size one."""
    left, right = Index(ONE), Index(ONE)
    summands = []
    for gradient in _of_parameters(derivation):
        (path,) = gradient.paths
        term = product(*(_at_row(path.local, path.summed, row) for row in (left, right)))
        used = free_indices(term)
        over = tuple(index for index in gradient.equation.indices if index in used)
        summands.append(renew(Reduction("sum", over, term)) if over else term)
    return Equation(Quantity("gain", (ONE, ONE)), (left, right), total(*summands))


def _at_row(local: Term, unit_axes: tuple[Index, ...], row: Index) -> Term:
    """A local derivative with `row` for the first axis of u; the others have one place only."""
    values: dict[Index, Term] = dict.fromkeys(unit_axes, ZERO)
    values |= {index: IndexValue(row) for index in unit_axes[:1]}
    return substitute(local, values)


# A number that is shown has at most so many digits.
LONGEST_NUMBER = 10**15


@dataclass(frozen=True)
class Direction:
    """A direction from a point: `slope` is the gradient times `towards`, which is not normed."""

    towards: tuple[Fraction, ...]
    slope: Fraction

    @property
    def squared_length(self) -> Fraction:
        """The square of the length of `towards`."""
        return sum((part * part for part in self.towards), Fraction(0))


@dataclass(frozen=True)
class StartingPoint:
    """A model without data at the point where its parameters start.

    Along a direction of length one at an angle φ to the gradient the cost changes at the rate
    |gradient| cos φ (Cauchy and Schwarz), so the gradient itself is the steepest direction.
    """

    parameters: tuple[Quantity, ...]
    at: tuple[Fraction, ...]
    value: Fraction
    gradient: Direction
    others: tuple[Direction, ...]


def starting_point(derivation: Derivation) -> StartingPoint | None:
    """The starting point of a model without data or sizes, where its parameters are stated."""
    model = derivation.model
    starts = None if data(model) or model.dimensions else _stated_starts(model)
    here = stated_data(model, {}) if starts else None
    if starts is None or here is None:
        return None
    for quantity, value in starts:
        put(here, quantity, value)
    equations = (*model.equations, *(gradient.equation for gradient in derivation.gradients))
    definitions = [(equation.left.name, equation.right) for equation in equations]
    if not all(is_rational(right) for _, right in definitions) or not are_short(definitions):
        return None
    try:
        apply_all(here, equations)
    except Undefined:
        return None
    cost = model.objective.cost
    value = exact_value(Entry(cost, (ZERO,) * len(cost.shape)), here)
    slopes = tuple(
        exact_value(gradient_named(derivation, str(quantity.name)).entry, here)
        for quantity, _ in starts
    )
    own, at = (tuple(part) for part in zip(*starts, strict=True))
    # Where the gradient is zero no direction is steepest; a number of a line is no help.
    if not any(slopes) or not all(map(_is_short, (*at, value, *slopes))):
        return None
    towards = dict.fromkeys((*_axes(len(own)), (Fraction(1),) * len(own), slopes))
    others = tuple(Direction(d, _dot(slopes, d)) for d in towards)
    return StartingPoint(own, at, value, Direction(slopes, _dot(slopes, slopes)), others)


def _is_short(value: Fraction) -> bool:
    return max(abs(value.numerator), value.denominator) < LONGEST_NUMBER


def _stated_starts(model: Specification) -> list[tuple[Quantity, Fraction]] | None:
    starts = []
    for declaration in model.declarations:
        if declaration.quantity.kind == "param":
            initial = declaration.initial
            if declaration.quantity.shape or initial is None:
                return None
            if initial.distribution != "constant":
                return None
            starts.append((declaration.quantity, initial.arguments[0]))
    return starts or None


def _axes(count: int) -> list[tuple[Fraction, ...]]:
    return [tuple(Fraction(int(i == k)) for i in range(count)) for k in range(count)]


def _dot(left: tuple[Fraction, ...], right: tuple[Fraction, ...]) -> Fraction:
    return sum((a * b for a, b in zip(left, right, strict=True)), Fraction(0))
