"""Forward accumulation: how every quantity answers to one, as index equations again.

For an equation u[i] = term, the derivative of u[i] by p[m] gathers, over all readings of u and all
indices that the term sums, the local derivative times the derivative of what is read:

    ∂u[i]/∂p[m] = sum over readings, k of  ∂u[i]/∂v[s(i, k)] · ∂v[s]/∂p[m],    ∂p[s]/∂p[m] = [s = m]

(Griewank & Walther, Evaluating Derivatives, ch. 3).  The equations may be those of a gradient, and
then the result is a second derivative.  A short derivative without a sum is written where it is
read, so that its deltas collapse there; any other becomes a quantity with an equation of its own.
A direction is the same with one column: p moves along v, and ∂p[i]/∂ε = v[i].
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from derive.calculus.adjoint import Derivation, Reading, derive_gradients, reading_of
from derive.calculus.deltas import collected, sum_over, summands, times, with_squares
from derive.calculus.differentiate import occurrences
from derive.calculus.recognise import with_names
from derive.calculus.rewrites.knowledge import Knowledge
from derive.calculus.rewrites.table import simplification
from derive.calculus.steps import Step
from derive.errors import DerivationError
from derive.model import Equation, Recurrence, Specification
from derive.simplify import guarded
from derive.terms import (
    ONE,
    ZERO,
    Compare,
    Derivative,
    Entry,
    Index,
    IndexValue,
    Name,
    Quantity,
    Reduction,
    Term,
    entries,
    is_one,
    renew,
    substitute,
    walk,
)

# A derivative of at most this many nodes, and without a sum, is written where it is read.
SHORT = 40


@dataclass(frozen=True)
class System:
    """Equations in order, and those among them that step together."""

    equations: tuple[Equation, ...]
    recurrences: tuple[Recurrence, ...] = ()


@dataclass(frozen=True)
class Direction:
    """What is varied, and how: `seeds` hold ∂v[i]/∂wrt[m] for each quantity v that is varied.

    A seed has the indices of v and then one for each size of `columns`.
    """

    wrt: Name
    columns: tuple[Index, ...]
    seeds: Mapping[Quantity, Equation]


@dataclass(frozen=True)
class Tangents:
    """How quantities answer: `values` by quantity, to be written where it is read, and `system`.

    The system holds the equations of those that have a name of their own, in order; `steps` are
    the simplifications that led to an equation.
    """

    direction: Direction
    values: Mapping[Quantity, Equation]
    system: System
    steps: Mapping[Quantity, tuple[Step, ...]]


def with_gradients(derivation: Derivation, model: Specification | None = None) -> System:
    """The equations of a model and of its gradients, which read what is named by its name.

    The `model` is that of the derivation, or one that defines more.
    """
    own, whole = derivation.model, model or derivation.model
    gradients = tuple(gradient.equation for gradient in derivation.gradients)
    return System(
        (*whole.equations, *with_names(gradients, own.equations)),
        (*whole.recurrences, *derivation.recurrences),
    )


def with_gradient_by(model: Specification, wrt: Quantity, *moved: Quantity) -> System:
    """The equations of a model and of its gradient by `wrt`, to be differentiated by `moved`.

    A gradient may say h where it means tanh(z), which does not move when h alone is moved.  So it
    is derived as if `wrt` and what is moved were data.
    """
    stepping = {q for recurrence in model.recurrences for q in recurrence.quantities}
    data = {wrt, *moved} - stepping
    apart = replace(model, equations=tuple(e for e in model.equations if e.left not in data))
    return with_gradients(derive_gradients(apart, (wrt,)), model)


def gradient_by(model: Specification, wrt: Quantity) -> Quantity:
    """∂C/∂wrt as a quantity."""
    return Quantity(Derivative(model.objective.cost.name, wrt.name), wrt.shape, "gradient")


def extended(model: Specification, *systems: System) -> Specification:
    """The model that also defines what the systems define, each quantity once: the first time."""
    equations = {equation.left: equation for equation in model.equations}
    recurrences = dict.fromkeys(model.recurrences)
    for system in systems:
        for equation in system.equations:
            equations.setdefault(equation.left, equation)
        recurrences |= dict.fromkeys(system.recurrences)
    return replace(model, equations=tuple(equations.values()), recurrences=tuple(recurrences))


# --- directions ---------------------------------------------------------------------------------


def along_entries(quantity: Quantity) -> Direction:
    """Every entry of a quantity by itself: ∂p[i]/∂p[m] = [i = m]."""
    rows, columns = (_indices(quantity.shape) for _ in range(2))
    where = tuple(
        Compare("==", IndexValue(row), IndexValue(column))
        for row, column in zip(rows, columns, strict=True)
        if not is_one(row.size)
    )
    name = Quantity(Derivative(quantity.name, quantity.name), (*quantity.shape, *quantity.shape))
    seed = Equation(name, (*rows, *columns), guarded(where, ONE))
    return Direction(quantity.name, columns, {quantity: seed})


def along(wrt: Name, vectors: Mapping[Quantity, Quantity]) -> Direction:
    """Each quantity along the vector of its shape, all at once."""
    seeds = {}
    for quantity, vector in vectors.items():
        rows = _indices(quantity.shape)
        left = Quantity(Derivative(quantity.name, wrt), quantity.shape, "gradient")
        seeds[quantity] = Equation(left, rows, _entry(vector, rows))
    return Direction(wrt, (), seeds)


def _indices(shape: Iterable[Term], letters: Iterable[str | None] = ()) -> tuple[Index, ...]:
    named = list(letters)
    return tuple(
        Index(size, named[axis] if axis < len(named) else None) for axis, size in enumerate(shape)
    )


def _entry(quantity: Quantity, indices: Sequence[Index]) -> Entry:
    places = (ZERO if is_one(index.size) else IndexValue(index) for index in indices)
    return Entry(quantity, tuple(places))


# --- accumulation -------------------------------------------------------------------------------


def accumulate(system: System, direction: Direction, known: Knowledge) -> Tangents:
    """How every quantity of the system answers to a direction, each equation visited once.

    A quantity that is varied does not move by what it is computed from.  What is `known` of the
    model serves to simplify.  Raises DerivationError where a quantity that is varied steps along a
    recurrence: there it moves itself.
    """
    moving = computed_from(system, *direction.seeds)
    varying = {equation.left for equation in moving.equations}
    stepping = {q for recurrence in system.recurrences for q in recurrence.quantities}
    for quantity in direction.seeds:
        if quantity in stepping:
            raise DerivationError(
                f"'{quantity.name}' moves its own later steps, so it cannot be varied by itself",
                "differentiate with respect to what the recurrence reads",
            )
    values = dict(direction.seeds)
    for quantity in (e.left for e in system.equations if e.left in stepping & varying):
        values[quantity] = _by_name(quantity, direction)
    equations, steps = [], {}
    for equation in moving.equations:
        answer = _answer(equation, values, direction)
        steps[equation.left] = simplification(answer.right, known)
        right = with_squares(last(answer.right, steps[equation.left]))
        answer = replace(answer, right=right)
        if equation.left not in stepping and is_short(answer):
            values[equation.left] = answer
        else:
            equations.append(answer)
            values[equation.left] = _by_name(equation.left, direction)
    recurrences = tuple(
        _answering(recurrence, varying, direction)
        for recurrence in system.recurrences
        if varying.intersection(recurrence.quantities)
    )
    named = with_names(equations, system.equations)
    return Tangents(direction, values, System(named, recurrences), steps)


def last(term: Term, steps: tuple[Step, ...]) -> Term:
    """What a term has become after steps."""
    return steps[-1].after if steps else term


def computed_from(system: System, *sources: Quantity) -> System:
    """The part of a system that is computed from some quantities, without their own equations."""
    varying = set(sources)
    passes = 1 + sum(len(recurrence.quantities) - 1 for recurrence in system.recurrences)
    for _ in range(passes):
        for equation in system.equations:
            if any(entry.quantity in varying for entry in occurrences(equation.right)):
                varying.add(equation.left)
    return System(
        tuple(e for e in system.equations if e.left in varying.difference(sources)),
        tuple(r for r in system.recurrences if varying.intersection(r.quantities)),
    )


def _answering(recurrence: Recurrence, varying: set[Quantity], direction: Direction) -> Recurrence:
    """The derivative of a recurrence: it steps along the same axes, the same way."""
    pairs = zip(recurrence.quantities, recurrence.axes, strict=True)
    kept = [(quantity, axis) for quantity, axis in pairs if quantity in varying]
    return Recurrence(
        tuple(answer_to(quantity, direction) for quantity, _ in kept),
        tuple(axis for _, axis in kept),
        recurrence.downward,
    )


def answer_to(quantity: Quantity, direction: Direction) -> Quantity:
    """∂quantity/∂wrt as a quantity: the axes of `quantity`, then those of what is varied."""
    columns = tuple(index.size for index in direction.columns)
    name = Derivative(quantity.name, direction.wrt, len(quantity.shape))
    return Quantity(name, (*quantity.shape, *columns), "gradient")


def _by_name(quantity: Quantity, direction: Direction) -> Equation:
    """A derivative that is read by its name."""
    left = answer_to(quantity, direction)
    indices = _indices(left.shape)
    return Equation(left, indices, _entry(left, indices))


def is_short(answer: Equation) -> bool:
    """Whether a derivative is written where it is read: no sum in it, and not long."""
    nodes = [node for node in walk(answer.right) if not isinstance(node, IndexValue)]
    return len(nodes) <= SHORT and not any(isinstance(node, Reduction) for node in nodes)


def _answer(
    equation: Equation, values: Mapping[Quantity, Equation], direction: Direction
) -> Equation:
    """∂u[i]/∂wrt[m] for one equation, in indices of its own."""
    rows = _indices((i.size for i in equation.indices), (i.letter for i in equation.indices))
    columns = _indices((i.size for i in direction.columns), (i.letter for i in direction.columns))
    base: dict[Index, Term] = {
        old: ZERO if is_one(new.size) else IndexValue(new)
        for old, new in zip(equation.indices, rows, strict=True)
    }
    found: list[Term] = []
    for entry in occurrences(equation.right):
        if entry.quantity in values:
            reading = reading_of(equation, entry)
            found += _through(reading, values[entry.quantity], base, columns)
    where = tuple(substitute(condition, base) for condition in equation.domain)
    left = answer_to(equation.left, direction)
    return Equation(left, (*rows, *columns), collected(found), where, equation.notation)


def _through(
    reading: Reading, below: Equation, base: Mapping[Index, Term], columns: Sequence[Index]
) -> tuple[Term, ...]:
    """What one reading contributes: its local derivative times that of what is read, summed."""
    lifted = {old: Index(old.size, old.letter) for old in reading.lifted}
    here = {**base, **{old: IndexValue(new) for old, new in lifted.items()}}
    subscripts = (substitute(subscript, here) for subscript in reading.entry.subscripts)
    at_columns = (ZERO if is_one(index.size) else IndexValue(index) for index in columns)
    places = dict(zip(below.indices, (*subscripts, *at_columns), strict=True))
    inner = renew(substitute(below.right, places))
    outer = renew(substitute(reading.slope, here))
    return tuple(
        summand
        for left in summands(outer)
        for right in summands(inner)
        for summand in summands(sum_over(tuple(lifted.values()), times(left, right)))
        if summand != ZERO
    )


# --- Jacobians ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Jacobian:
    """∂of/∂wrt as an index equation, in the `system` of it and what it reads beside the model.

    `steps` are the simplifications that led to the equation.
    """

    of: Quantity
    wrt: Quantity
    equation: Equation
    system: System
    steps: tuple[Step, ...] = ()


def jacobian(system: System, of: Quantity, wrt: Quantity, known: Knowledge) -> Jacobian:
    """∂of[i]/∂wrt[m] as one index equation over (i, m), zero where `of` does not read `wrt`.

    Raises DerivationError for a quantity that no equation of the system defines.
    """
    (found,) = jacobians(system, (of,), wrt, known)
    return found


def jacobians(
    system: System, quantities: Sequence[Quantity], wrt: Quantity, known: Knowledge
) -> tuple[Jacobian, ...]:
    """The Jacobian of each quantity by `wrt`; what several of them read is derived once.

    Raises DerivationError for a quantity that no equation of the system defines.
    """
    defined, others = {e.left for e in system.equations}, [q for q in quantities if q != wrt]
    for quantity in others:
        if quantity not in defined:
            raise DerivationError(
                f"there is no equation for {quantity.name}, so it has no derivative",
                "ask for the derivative of a defined quantity",
            )
    tangents = accumulate(needed(system, others), along_entries(wrt), known)
    return tuple(_jacobian(quantity, wrt, tangents) for quantity in quantities)


def _jacobian(of: Quantity, wrt: Quantity, tangents: Tangents) -> Jacobian:
    direction = tangents.direction
    if of == wrt:
        seed = direction.seeds[wrt]
        return Jacobian(of, wrt, seed, System((seed,)))
    equation = tangents.values.get(of)
    if equation is None:
        left = answer_to(of, direction)
        equation = Equation(left, _indices(left.shape), ZERO)
    named = {e.left: e for e in tangents.system.equations}
    equation = named.setdefault(equation.left, equation)
    whole = System(tuple(named.values()), tangents.system.recurrences)
    steps = tangents.steps.get(of, ())
    return Jacobian(of, wrt, equation, needed(whole, (equation.left,)), steps)


def needed(system: System, targets: Iterable[Quantity]) -> System:
    """The part of a system from which some quantities are computed, with these."""
    wanted, before = set(targets), 0
    while before < len(wanted):
        before = len(wanted)
        for recurrence in system.recurrences:
            if wanted.intersection(recurrence.quantities):
                wanted.update(recurrence.quantities)
        for equation in reversed(system.equations):
            if equation.left in wanted:
                wanted |= {entry.quantity for entry in entries(equation.right)}
    return System(
        tuple(equation for equation in system.equations if equation.left in wanted),
        tuple(r for r in system.recurrences if wanted.intersection(r.quantities)),
    )
