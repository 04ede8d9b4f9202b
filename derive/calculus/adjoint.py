"""The chain rule over equations: the gradient of the cost with respect to whole quantities.

For an equation u[i] = term, the derivative of the cost with respect to an entry w[m] gathers, over
all places of u and over all indices that the term sums, the upstream gradient times the local
derivative, wherever the entry that is read is w[m]:

    ∂C/∂w[m] = sum over (i, k | subscripts(i, k) = m) of ∂C/∂u[i] · ∂u[i]/∂w[subscripts(i, k)]

The conditions `subscripts = m` are solved where a subscript is a plain index (the delta collapses,
and the sum over that index with it); the rest are kept beside the bound indices.  The result is an
index equation like any other, so gradients can be differentiated again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from derive.calculus.adoption import adopted
from derive.calculus.affine import always, solved_for, within
from derive.calculus.differentiate import differentiate, lifted_indices, occurrences
from derive.calculus.matching import named
from derive.calculus.rewrites.knowledge import Knowledge, knowledge_of
from derive.calculus.rewrites.ratios import weight
from derive.calculus.steps import Step, substitute_step
from derive.calculus.tidy import settled
from derive.model import Equation, Recurrence, Specification, parameters
from derive.simplify import guarded, product, summed, total, unguarded
from derive.terms import (
    BINDERS,
    ONE,
    ZERO,
    Compare,
    Condition,
    Derivative,
    Entry,
    Index,
    IndexValue,
    Partial,
    Quantity,
    Term,
    entries,
    free_indices,
    is_one,
    substitute,
    walk,
)


@dataclass(frozen=True)
class Reading:
    """An entry that an equation reads, the derivative of its right side there, and its indices.

    `lifted` are the indices of the entry that reductions bind: in `rule` they are free.
    """

    equation: Equation
    entry: Entry
    lifted: tuple[Index, ...]
    rule: Step

    @property
    def slope(self) -> Term:
        """The derivative, with names for what is defined."""
        return named(self.rule.after, (self.equation,))


@dataclass(frozen=True)
class Path:
    """One way in which an entry reaches the cost: through one reading of it in one equation.

    `upstream` is ∂C/∂u at the place where the entry is read (None where u is the cost itself),
    `partial` the local derivative by name and `local` its value, with names for what is defined;
    all are written in the target's indices, which `values` gives for those of the equation.
    `summed` are the indices still summed, under `where`; `lifted` those among them that a
    reduction of the equation binds.
    """

    reading: Reading
    upstream: Entry | None
    partial: Partial
    local: Term
    values: Mapping[Index, Term]
    summed: tuple[Index, ...]
    where: tuple[Condition, ...]
    lifted: tuple[Index, ...]

    @property
    def equation(self) -> Equation:
        """The equation through which the path leads."""
        return self.reading.equation

    @property
    def rule(self) -> Step:
        """How the local derivative was found, before the naming, in the target's indices."""
        step = substitute_step(self.reading.rule, self.values)
        return _only_where(self.reached, step, set(self.reading.lifted))

    @property
    def reached(self) -> tuple[Condition, ...]:
        """The conditions under which an index that a reduction binds has the value that reads."""
        solved = ((index, self.values.get(index)) for index in self.reading.lifted)
        ranges = (within(value, index.size) for index, value in solved if value is not None)
        return tuple(c for conditions in ranges for c in conditions if c in self.where)


def _only_where(conditions: tuple[Condition, ...], step: Step, lifted: set[Index]) -> Step:
    """A step as it holds at all places: zero where its reductions read nothing."""
    binders = (part for part in walk(step.before) if isinstance(part, BINDERS))
    if not conditions or not any(lifted.intersection(binder.indices) for binder in binders):
        return step
    inner = tuple(_only_where(conditions, one, lifted) for one in step.substeps)
    return replace(step, after=guarded(conditions, step.after), substeps=inner)


@dataclass(frozen=True, eq=False)
class Gradient:
    """∂C/∂`wrt`: its paths, and the index equation they add up to (reading other gradients).

    The equation is the simplest form of the sum of the paths: see `adoption`.
    """

    wrt: Quantity
    entry: Entry
    paths: tuple[Path, ...]
    equation: Equation


@dataclass(frozen=True, eq=False)
class Derivation:
    """All gradients of a model, upstream ones first; `unreachable` do not reach the cost.

    `recurrences` are the reverses of the model's: the gradients of quantities that step together
    step together, the other way.  `known` is what simplifications may use.
    """

    model: Specification
    wrt: tuple[Quantity, ...]
    gradients: tuple[Gradient, ...]
    unreachable: tuple[Quantity, ...]
    recurrences: tuple[Recurrence, ...] = ()
    known: Knowledge = field(default_factory=Knowledge, compare=False, repr=False)


def derive_gradients(model: Specification, wrt: tuple[Quantity, ...] | None = None) -> Derivation:
    """Differentiate the cost with respect to `wrt`, by default all parameters.

    Every equation is visited once, from the last to the first, so the work grows with the number
    of equations and not with their sizes (Griewank & Walther, Evaluating Derivatives, ch. 3).
    """
    wrt = parameters(model) if wrt is None else wrt
    varying, useful = _varying(model, wrt), _useful(model)
    readers = _readers(model, useful)
    simplifying = _Simplifying(model, wrt, varying)
    gradients = []
    defined = [equation.left for equation in reversed(model.equations)]
    passed = [q for q in defined if q in varying and q in useful and q != model.objective.cost]
    given = [quantity for quantity in wrt if quantity not in passed]
    for quantity in (*passed, *given):
        readings = (reading_of(*found) for found in readers.get(quantity, ()))
        gradients.append(simplifying.simplified(gradient_of(model, quantity, tuple(readings))))
    unreachable = tuple(quantity for quantity in wrt if quantity not in useful)
    reverses = (_reverse(recurrence, gradients) for recurrence in model.recurrences)
    # What steps without reaching the cost has no gradient.
    recurrences = tuple(reverse for reverse in reverses if reverse.quantities)
    known = simplifying.known
    return Derivation(model, wrt, tuple(gradients), unreachable, recurrences, known)


class _Simplifying:
    """Gradients simplified in their order: each may use what is known of those before it."""

    def __init__(
        self, model: Specification, wrt: tuple[Quantity, ...], varying: set[Quantity]
    ) -> None:
        self.known = knowledge_of(model)
        self._stepping = {q for recurrence in model.recurrences for q in recurrence.quantities}
        # What an equation reads alone: then nothing else needs the gradient of its left side.
        self._alone: dict[Quantity, list[Quantity]] = {}
        for equation in model.equations:
            read = {e.quantity for e in occurrences(equation.right) if e.quantity in varying}
            if len(read) == 1 and equation.left not in wrt:
                slope = Quantity(
                    Derivative(model.objective.cost.name, equation.left.name),
                    equation.left.shape,
                    "gradient",
                )
                self._alone.setdefault(read.pop(), []).append(slope)

    def simplified(self, gradient: Gradient) -> Gradient:
        """The gradient with its simplest equation.  What steps keeps its gradient to itself."""
        gradients = self.known.gradients
        freed = {
            slope: weight(gradients[slope].right)
            for slope in self._alone.get(gradient.wrt, ())
            if slope in gradients
        }
        equation = adopted(gradient.equation, self.known, freed)
        if gradient.wrt not in self._stepping:
            gradients[equation.left] = equation
        return replace(gradient, equation=equation)


def _reverse(recurrence: Recurrence, gradients: list[Gradient]) -> Recurrence:
    """The recurrence of the gradients: the last step first, and in a step the last equation."""
    axes = dict(zip(recurrence.quantities, recurrence.axes, strict=True))
    own = [gradient for gradient in gradients if gradient.wrt in axes]
    return Recurrence(
        tuple(gradient.equation.left for gradient in own),
        tuple(axes[gradient.wrt] for gradient in own),
        not recurrence.downward,
    )


def _readers(
    model: Specification, useful: set[Quantity]
) -> dict[Quantity, list[tuple[Equation, Entry]]]:
    """Which equations read a quantity, and where; only these readings are differentiated."""
    readers: dict[Quantity, list[tuple[Equation, Entry]]] = {}
    for equation in (equation for equation in model.equations if equation.left in useful):
        for entry in occurrences(equation.right):
            readers.setdefault(entry.quantity, []).append((equation, entry))
    return readers


def reading_of(equation: Equation, entry: Entry) -> Reading:
    """One way in which an equation reads a quantity, differentiated."""
    lifted = lifted_indices(equation.right, entry)
    return Reading(equation, entry, lifted, differentiate(equation.right, entry))


def _varying(model: Specification, wrt: tuple[Quantity, ...]) -> set[Quantity]:
    """All that is computed from `wrt`."""
    varying = set(wrt)
    for _ in range(_passes(model)):
        for equation in model.equations:
            if any(entry.quantity in varying for entry in occurrences(equation.right)):
                varying.add(equation.left)
    return varying


def _useful(model: Specification) -> set[Quantity]:
    """All from which the cost is computed."""
    useful = {model.objective.cost}
    for _ in range(_passes(model)):
        for equation in reversed(model.equations):
            if equation.left in useful:
                useful |= {entry.quantity for entry in occurrences(equation.right)}
    return useful


def _passes(model: Specification) -> int:
    """How often the equations are read: in a recurrence a later one feeds an earlier one."""
    return 1 + sum(len(recurrence.quantities) - 1 for recurrence in model.recurrences)


def gradient_of(model: Specification, wrt: Quantity, readings: tuple[Reading, ...]) -> Gradient:
    """∂C/∂wrt as the sum over all readings of `wrt`."""
    cost = model.objective.cost
    target = _target_indices(wrt, readings)
    paths = tuple(_path(cost, target, reading) for reading in readings)
    name = Quantity(Derivative(cost.name, wrt.name), wrt.shape, "gradient")
    right = total(*(path_term(path) for path in paths))
    entry = Entry(name, tuple(IndexValue(index) for index in target))
    return Gradient(wrt, entry, paths, Equation(name, target, right))


def _target_indices(wrt: Quantity, readings: tuple[Reading, ...]) -> tuple[Index, ...]:
    """One index an axis, with the letter under which all of the axis is read first."""
    letters: list[str | None] = [None] * len(wrt.shape)
    for reading in reversed(readings):
        for axis, subscript in enumerate(reading.entry.subscripts):
            if isinstance(subscript, IndexValue) and subscript.index.size == wrt.shape[axis]:
                letters[axis] = subscript.index.letter
    return tuple(Index(size, letter) for size, letter in zip(wrt.shape, letters, strict=True))


def _path(cost: Quantity, target: tuple[Index, ...], reading: Reading) -> Path:
    equation, read = reading.equation, reading.entry
    delta = collapse(target, read, (*equation.indices, *reading.lifted))
    # An axis of size one that the right side does not mention is read at its only place.
    mentioned = (*free_indices(equation.right), *reading.lifted)
    unit = [i for i in delta.remaining if is_one(i.size) and i not in mentioned]
    values = delta.values | dict.fromkeys(unit, ZERO)
    fresh = {old: Index(old.size, old.letter) for old in delta.remaining if old not in unit}
    values |= {old: IndexValue(new) for old, new in fresh.items()}
    left = Entry(equation.left, tuple(IndexValue(i) for i in equation.indices))
    upstream = None
    if equation.left != cost:
        slope = Quantity(Derivative(cost.name, equation.left.name), equation.left.shape, "gradient")
        upstream = Entry(slope, substitute(left, values).subscripts)
    # Conditions on indices come first: what the others read exists only where they hold.
    guards = tuple(c for c in unguarded(reading.slope)[0] if not entries(c))
    solved = sorted(delta.where, key=lambda condition: bool(entries(condition)))
    conditions = (substitute(c, values) for c in (*equation.domain, *guards, *solved))
    where = tuple(condition for condition in conditions if not always(condition))
    return Path(
        reading,
        upstream,
        Partial(substitute(left, values), substitute(read, values)),
        settled(substitute(reading.slope, values)),
        values,
        tuple(fresh.values()),
        where,
        tuple(fresh[index] for index in reading.lifted if index in fresh),
    )


@dataclass
class Delta:
    """The equations subscript = target, as far as they could be solved for a summed index."""

    values: dict[Index, Term]
    remaining: tuple[Index, ...]
    where: list[Condition]


def collapse(target: tuple[Index, ...], read: Entry, summed_over: tuple[Index, ...]) -> Delta:
    """Solve each subscript for the one summed index that it carries, if its coefficient is ±1.

    The sum over that index collapses to one term; what is left of its range is a condition.  A
    subscript with several summed indices stays a condition on them.
    """
    delta = Delta({}, tuple(dict.fromkeys(summed_over)), [])
    for index, subscript, size in zip(target, read.subscripts, read.quantity.shape, strict=True):
        if is_one(size) and not isinstance(subscript, IndexValue):
            continue
        here, place = substitute(subscript, delta.values), IndexValue(index)
        carried = [i for i in free_indices(here) if i in delta.remaining]
        value = solved_for(carried[0], here, place) if len(carried) == 1 else None
        if value is None:
            delta.where.append(Compare("==", here, place))
            continue
        solved = carried[0]
        delta.values = {old: substitute(v, {solved: value}) for old, v in delta.values.items()}
        delta.values[solved] = value
        delta.remaining = tuple(i for i in delta.remaining if i is not solved)
        if value != place or solved.size != size:
            delta.where += within(value, solved.size)
    return delta


def path_term(path: Path) -> Term:
    """What a path contributes to the gradient: upstream times local, summed where it must be."""
    upstream = ONE if path.upstream is None else path.upstream
    return over_path(path, product(upstream, path.local))


def over_path(path: Path, term: Term) -> Term:
    """`term` under the sum of a path, or under its conditions where nothing is summed."""
    return summed(path.summed, settled(term, frozenset(path.where)), path.where)
