"""What a model text means: declared quantities, index equations, an objective.  Frozen data.

`Specification` is what every later stage reads.  The language and `from_sympy` both build one, and
both hand it to `check_specification` in `wellformed.py` before anybody else sees it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from derive.errors import Place
from derive.terms import BINDERS, Call, Condition, Index, Quantity, Size, Term, walk

Notation = Literal["array", "index"]
FactKind = Literal["rows_sum_to_one", "one_hot", "symmetric", "orthonormal", "positive", "signs"]
Distribution = Literal["constant", "normal", "uniform", "glorot", "he"]
Offer = Literal["hessian", "hvp", "jacobian", "gradient", "flatten"]


@dataclass(frozen=True)
class Dimension:
    """A size: symbolic, with the `default` of the written-out example, or given by a `formula`."""

    name: str
    default: int | None = None
    formula: Term | None = None
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Initializer:
    """How a parameter starts.

    `constant` (value), `normal` (mean, deviation), `uniform` (low, high), and without arguments
    `glorot` and `he`, which look at the shape.
    """

    distribution: Distribution
    arguments: tuple[Fraction, ...] = ()


@dataclass(frozen=True)
class Declaration:
    """A quantity that the text declares: an input, a parameter, a constant or index data.

    `initial` is how a parameter starts (None: nothing was said), `value` what a constant is, and
    `bound` the size below which index data stay.  `latex` overrides the inferred symbol.
    """

    quantity: Quantity
    initial: Initializer | None = None
    value: Fraction | None = None
    bound: Term | None = None
    latex: str | None = None
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Equation:
    """left[indices] = right, at all values of the indices where every condition of `domain` holds.

    One index an axis of `left`.  `notation` remembers how its author wrote it.
    """

    left: Quantity
    indices: tuple[Index, ...]
    right: Term
    domain: tuple[Condition, ...] = ()
    notation: Notation = "index"
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Recurrence:
    """Quantities that read themselves or each other at the step before, computed step by step.

    Their equations stand together in `Specification.equations`, in the order in which one step
    computes them; each covers every step.  `axes` says along which axis each quantity steps, and
    `downward` that the last step comes first.  What a step reads before the first one is a choice
    in its equation, h[t - 1] where t >= 1, else the initial value; an initial value that stands at
    the first step itself is the other branch of the whole equation.  So every equation of a
    recurrence is an ordinary index equation, and so is its reverse, which steps the other way.
    """

    quantities: tuple[Quantity, ...]
    axes: tuple[int, ...]
    downward: bool = False


@dataclass(frozen=True)
class Fact:
    """What the author declares to be true of a declared quantity; rows run along its last axis."""

    kind: FactKind
    quantity: Quantity
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Assignment:
    """left := right, elementwise, one line of an update rule."""

    left: Quantity
    right: Term


@dataclass(frozen=True)
class UpdateRule:
    """A rule such as gradient descent, written for one parameter θ and its gradient g.

    `settings` are (quantity, default) pairs; `states` start at zero and have the parameter's shape.
    """

    name: str
    title: str
    parameter: Quantity
    gradient: Quantity
    settings: tuple[tuple[Quantity, Fraction], ...]
    states: tuple[Quantity, ...]
    assignments: tuple[Assignment, ...]


@dataclass(frozen=True)
class Objective:
    """Minimise `cost` by `rule`, whose settings the model may give (quantity name → value)."""

    cost: Quantity
    rule: UpdateRule
    settings: tuple[tuple[str, Fraction], ...] = ()
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Draw:
    """Random numbers in the shape of `quantity`.

    `normal` (mean, deviation), `uniform` (low, high) and `integers` (low, high), high left out.
    """

    quantity: Quantity
    distribution: Literal["normal", "uniform", "integers"]
    arguments: tuple[Term, Term]


@dataclass(frozen=True)
class Example:
    """The data of the worked example, and how it is trained on.

    The `equations` give the data, and what the data are made from, in the order of the text; they
    read `draws`, the random numbers.  `sizes` are those of the training run, where they differ
    from the written-out example.  Every so many of the `steps` (None: of them all, about twenty)
    are reported.
    """

    equations: tuple[Equation, ...] = ()
    steps: int = 100
    draws: tuple[Draw, ...] = ()
    sizes: tuple[tuple[str, int], ...] = ()
    every: int | None = None


@dataclass(frozen=True)
class Request:
    """What the generated module offers beside the usual, and for which quantities.

    `hessian`: one block, (rows, columns), or the blocks of all parameters; `jacobian`: of the first
    quantity by the others, or by all parameters; `gradient`: by these data, or by all of them;
    `hvp` and `flatten` name nothing.
    """

    offer: Offer
    quantities: tuple[Quantity, ...] = ()
    place: Place | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Specification:
    """A whole model.  Each equation reads only what is above it, or stands in a recurrence.

    `meanings` are the words in which the author says what a name is.
    """

    name: str
    title: str
    dimensions: tuple[Dimension, ...]
    declarations: tuple[Declaration, ...]
    equations: tuple[Equation, ...]
    objective: Objective
    example: Example | None = None
    source: str = ""
    recurrences: tuple[Recurrence, ...] = ()
    facts: tuple[Fact, ...] = ()
    requests: tuple[Request, ...] = ()
    meanings: tuple[tuple[str, str], ...] = ()


def declared(model: Specification, kind: str) -> tuple[Quantity, ...]:
    """The declared quantities of one kind ("param", "input", ...), in the order of the text."""
    return tuple(d.quantity for d in model.declarations if d.quantity.kind == kind)


def parameters(model: Specification) -> tuple[Quantity, ...]:
    """The quantities that are differentiated and updated."""
    return declared(model, "param")


def data(model: Specification) -> tuple[Quantity, ...]:
    """The quantities that a caller passes in: inputs and index data, in the order of the text."""
    return tuple(d.quantity for d in model.declarations if d.quantity.kind in ("input", "index"))


def definition(model: Specification, name: str) -> Equation | None:
    """The equation that defines `name`, None for what is declared."""
    return next((e for e in model.equations if e.left.name == name), None)


def quantity_named(model: Specification, name: str) -> Quantity | None:
    """The declared or defined quantity called `name`."""
    everything = [d.quantity for d in model.declarations] + [e.left for e in model.equations]
    return next((q for q in everything if q.name == name), None)


def axis_dimensions(model: Specification) -> set[str]:
    """The dimensions that are the length of some axis or range."""
    quantities = [d.quantity for d in model.declarations] + [e.left for e in model.equations]
    sizes = [size for quantity in quantities for size in quantity.shape]
    bound = [node for e in model.equations for node in walk(e.right) if isinstance(node, BINDERS)]
    sizes += [index.size for node in bound for index in node.indices]
    return {size.name for size in sizes if isinstance(size, Size)}


def stops_a_gradient(model: Specification) -> bool:
    """Whether something in the model counts as a constant though it is computed."""
    nodes = (node for equation in model.equations for node in walk(equation.right))
    return any(isinstance(node, Call) and node.function == "stop_gradient" for node in nodes)


# --- what is asked for --------------------------------------------------------------------------


def is_requested(model: Specification, offer: Offer) -> bool:
    """Whether the module is to have the function of this kind."""
    return any(request.offer == offer for request in model.requests)


def hessian_blocks(model: Specification) -> tuple[tuple[Quantity, Quantity], ...]:
    """The rows and columns of each block of second derivatives that is asked for."""
    every = tuple((rows, columns) for rows in parameters(model) for columns in parameters(model))
    asked = [request.quantities for request in model.requests if request.offer == "hessian"]
    return every if () in asked else tuple((rows, columns) for rows, columns in asked)


def jacobian_pairs(model: Specification) -> tuple[tuple[Quantity, Quantity], ...]:
    """The quantity and the variable of each Jacobian that is asked for."""
    asked = (request.quantities for request in model.requests if request.offer == "jacobian")
    return tuple((of, wrt) for of, *by in asked for wrt in by or parameters(model))


def varied_data(model: Specification) -> tuple[Quantity, ...]:
    """The data by which gradients are asked for, in the order of the text."""
    asked = [request.quantities for request in model.requests if request.offer == "gradient"]
    named = {quantity for quantities in asked for quantity in quantities}
    return tuple(q for q in declared(model, "input") if () in asked or q in named)
