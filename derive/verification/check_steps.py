"""Level one of verification: every step is true as a statement about numbers.

A step says `before = after`.  Both sides are evaluated at small random sizes, at all or at a
bounded number of values of their free indices.  A derivative that is not worked out yet,
`Partial(term, entry)`, is the slope of the term on dual numbers along that entry, with every other
entry a plain number.  In rational arithmetic where the terms are rational, else to 50 digits.

Two readings of ∂u/∂w occur.  Inside a derivation rule, u is a term and w one way of reading an
entry: other readings are constants, and the other entries too.  Between named quantities, u is an
entry and stands for the right side of its equation; w is a place in an array, however it is read.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from random import Random
from typing import Literal

from derive.calculus.steps import Step, walk_steps
from derive.errors import VerificationError
from derive.model import Equation, Specification
from derive.numbers.arithmetic import Undefined
from derive.numbers.degrees import are_short
from derive.numbers.dual import Dual
from derive.numbers.evaluate import evaluate, is_rational
from derive.numbers.evaluation import SCALARS, Evaluation, How, OutOfRange, whole
from derive.numbers.scalars import agree
from derive.terms import (
    Derivative,
    Entry,
    Index,
    IndexValue,
    Name,
    Partial,
    Reduction,
    Term,
    entries,
    free_indices,
    walk,
)
from derive.verification.oracle import (
    arithmetic_of,
    as_duals,
    check_told_apart,
    defined_names,
    lift,
    plain,
    run,
    shape_of,
    slopes_of,
)
from derive.verification.sampling import (
    KINDS,
    Kind,
    dominant,
    fill,
    random_indices,
    random_inputs,
    random_numbers,
)
from derive.verification.small_sizes import candidates

# At most this many values of the free indices are tried for one step.
PLACES = 6
# So many are looked at, since a step says nothing at places that are filtered out.
TRIED = 60
# At so many sizes data are looked for in the domain of the model.
POOL = 4


@dataclass(frozen=True)
class StepCheck:
    """What was found about one step: how its sides were compared, at which sizes and how often."""

    rule: str
    how: How | Literal["undecided"]
    sizes: tuple[tuple[str, int], ...]
    places: int


# --- derivatives that are not worked out yet ----------------------------------------------------


class Unread(VerificationError):
    """A derivative is asked for at a place that is filtered out, or that an axis does not have."""


def of_reading(partial: Partial, here: Evaluation) -> Dual:
    """∂term/∂entry, at the place where the indices of the entry stand now.

    Where the entry itself is written in the term, perhaps with indices that the term binds, it is
    that reading and no other; else it is what the term reads at the same place of the array by
    indices that it binds, or, where it binds none, by any.
    """
    wrt, free = partial.wrt, set(free_indices(partial.of))
    place = {index: here.indices[index] for index in free_indices(wrt)}
    location = place_of(wrt, here)
    readings = [e for e in entries(partial.of) if e.quantity.name == wrt.quantity.name]
    swept = [e for e in readings if _reads_by(e, wrt, free)] or readings
    written = wrt in readings

    def reached(entry: Entry, inner: Evaluation) -> bool:
        if written:
            return entry == wrt and all(inner.indices[i] == at for i, at in place.items())
        return entry in swept and subscripts_of(entry, inner) == location

    filtered = any(isinstance(node, Reduction) and node.where for node in walk(partial.of))
    return _slope(partial.of, reached, here, here.indices, filtered)


def _reads_by(entry: Entry, wrt: Entry, free: set[Index]) -> bool:
    """Whether an entry differs from `wrt` only in subscripts that move with bound indices."""
    pairs = zip(entry.subscripts, wrt.subscripts, strict=True)
    return all(here == there or not free.issuperset(free_indices(here)) for here, there in pairs)


def subscripts_of(entry: Entry, here: Evaluation) -> tuple[int, ...]:
    """Where an entry stands in its array."""
    return tuple(whole(subscript, here) for subscript in entry.subscripts)


def place_of(entry: Entry, here: Evaluation) -> tuple[int, ...]:
    """Where an entry stands in its array; `Unread` where the array has no such place."""
    location = subscripts_of(entry, here)
    shape = shape_of(entry.quantity, here.sizes)
    if not all(0 <= at < extent for at, extent in zip(location, shape, strict=True)):
        raise Unread("the array has no such place", "look at another place")
    return location


def _slope(
    term: Term,
    reached: Callable[[Entry, Evaluation], bool],
    here: Evaluation,
    indices: Mapping[Index, int],
    filtered: bool = False,
) -> Dual:
    """The derivative of a term by the entries that are `reached`, which are one number."""
    zero, one = (SCALARS[here.how].of(value) for value in (0, 1))
    found = False

    def read(entry: Entry, number: Dual) -> Dual:
        nonlocal found
        if not reached(entry, inner):
            return number
        found = True
        return Dual(number.value, {0: one})

    inner = replace(here, indices=dict(indices), read=read)
    slopes = evaluate(term, inner).slopes
    if filtered and not found:
        raise Unread("the entry is left out at this place", "look at another place")
    return Dual(slopes.get(0, zero))


def of_definition(model: Specification) -> Callable[[Partial, Evaluation], Dual]:
    """∂u/∂w between entries of named quantities: the right side of u by a place in w."""
    equations = {equation.left.name: equation for equation in model.equations}

    def partial_between(partial: Partial, here: Evaluation) -> Dual:
        above, below = partial.of, partial.wrt
        equation = equations.get(above.quantity.name) if isinstance(above, Entry) else None
        if equation is None or not isinstance(above, Entry):
            raise VerificationError(
                "a derivative between quantities needs the equation that defines one by the other",
                "write it between entries of quantities of the model",
            )
        at, place = place_of(below, here), place_of(above, here)

        def reached(entry: Entry, inner: Evaluation) -> bool:
            same = entry.quantity.name == below.quantity.name
            return same and subscripts_of(entry, inner) == at

        indices = here.indices | dict(zip(equation.indices, place, strict=True))
        return _slope(equation.right, reached, here, indices)

    return partial_between


# --- one equality -------------------------------------------------------------------------------


def check_equal(
    before: Term, after: Term, here: Evaluation, random: Random, *, everywhere: bool = False
) -> int:
    """Compare both sides at up to `PLACES` values of their free indices; say at how many.

    Places at which the step says nothing, or that an array does not have, are passed over; but not
    where both sides must be equal `everywhere`.

    Raises a VerificationError that names the place and both values where they differ.
    """
    free = tuple(dict.fromkeys((*free_indices(before), *free_indices(after))))
    every = list(itertools.product(*(range(whole(index.size, here)) for index in free)))
    few = everywhere or len(every) <= PLACES
    compared = 0
    for place in every if few else random.sample(every, min(len(every), TRIED)):
        if compared == PLACES and not everywhere:
            break
        here.indices.update(zip(free, place, strict=True))
        try:
            left, right = evaluate(before, here).value, evaluate(after, here).value
        except (Unread, OutOfRange):
            if everywhere:
                raise
            continue
        if not agree(left, right):
            raise VerificationError(
                f"left {left!r}, right {right!r} at {_where(free, place, here)}",
                "mend the rule: it states what is not true",
            )
        compared += 1
    return compared


def _where(free: Sequence[Index], place: Sequence[int], here: Evaluation) -> str:
    letters = [index.letter or "index" for index in free]
    at = [f"{letter} = {value}" for letter, value in zip(letters, place, strict=True)]
    return ", ".join(at + [f"{name} = {size}" for name, size in here.sizes.items()]) or "a point"


# --- points -------------------------------------------------------------------------------------


def free_point(
    terms: Sequence[Term],
    sizes: Mapping[str, int],
    seed: int,
    kind: Kind = "signed",
    bounds: Mapping[Name, Term] | None = None,
) -> Evaluation:
    """A random number for each entry that the terms read, whatever its equation says."""
    exact = all(is_rational(term) for term in terms) and are_short(("", term) for term in terms)
    how: How = "exact" if exact else "50 digits"
    here = Evaluation(sizes, {}, how, partial=of_reading)
    draw_missing(terms, here, Random(seed), kind, bounds or {})
    return here


def draw_missing(
    terms: Sequence[Term],
    here: Evaluation,
    random: Random,
    kind: Kind = "signed",
    bounds: Mapping[Name, Term] | None = None,
) -> None:
    """Random numbers for the quantities that the terms read and that have no value yet."""
    read = dict.fromkeys(entry.quantity for term in terms for entry in entries(term))
    missing = [quantity for quantity in read if quantity.name not in here.arrays]
    shapes = [shape_of(quantity, here.sizes) for quantity in missing]
    numbers = random_numbers(random, sum(map(prod, shapes)), kind)
    for quantity, shape in zip(missing, shapes, strict=True):
        if quantity.kind == "index":
            bound = whole((bounds or {})[quantity.name], here)
            here.arrays[quantity.name] = random_indices(shape, bound, random)
        else:
            drawn = fill(shape, numbers)
            drawn = dominant(drawn) if kind == "dominant" else drawn
            here.arrays[quantity.name] = as_duals(lift(drawn, here.how))


def model_point(
    model: Specification, sizes: Mapping[str, int], seed: int, kind: Kind = "signed"
) -> Evaluation:
    """Random data, every defined quantity as its equation says, and the true gradients."""
    how = arithmetic_of(model)
    inputs = random_inputs(model, sizes, Random(seed), kind)
    cost = model.objective.cost.name
    wrt = differentiable(model)
    here, directions = run(model, sizes, inputs, wrt, how)
    slopes = slopes_of(here.arrays[cost].item(), wrt, here, directions)
    here.arrays |= {name: as_duals(plain(here.arrays[name])) for name in wrt}
    here.arrays |= {Derivative(cost, name): as_duals(array) for name, array in slopes.items()}
    return replace(here, partial=of_definition(model))


def differentiable(model: Specification) -> tuple[Name, ...]:
    """Every quantity of real numbers: gradients between any two may stand in a step."""
    numeric = [d.quantity.name for d in model.declarations if d.quantity.kind != "index"]
    return (*numeric, *defined_names(model))


# --- derivations --------------------------------------------------------------------------------


def check_step(
    step: Step, sizes: Mapping[str, int], seed: int = 0, bounds: Mapping[Name, Term] | None = None
) -> StepCheck:
    """Check one step of a derivation rule on random numbers.

    >>> from derive.calculus.differentiate import differentiate
    >>> from derive.terms import TWO, Power, Quantity
    >>> x = Entry(Quantity("x"))
    >>> check_step(differentiate(Power(x, TWO), x), {})
    StepCheck(rule='power_rule', how='exact', sizes=(), places=1)
    """
    for kind in KINDS:
        here = free_point((step.before, step.after), sizes, seed, kind, bounds)
        try:
            return _checked(step, here, Random(seed))
        except Undefined:
            continue
    return StepCheck(step.rule, "undecided", tuple(sizes.items()), 0)


def _checked(
    step: Step, here: Evaluation, random: Random, *, everywhere: bool = False
) -> StepCheck:
    try:
        compared = check_equal(step.before, step.after, here, random, everywhere=everywhere)
    except Undefined:
        raise
    except VerificationError as error:
        raise VerificationError(f"the step '{step.rule}': {error.cause}", error.cure) from error
    how = here.how if compared else "undecided"
    return StepCheck(step.rule, how, tuple(here.sizes.items()), compared)


def check_steps(
    model: Specification,
    steps: Sequence[Step],
    seed: int = 0,
    point: Evaluation | None = None,
) -> tuple[StepCheck, ...]:
    """Check the steps of a derivation and all the substeps that work them out.

    The steps relate quantities of the model, so they are checked at a `point` where every quantity
    and gradient has its true value; their substeps are scalar calculus, true for any numbers.
    Raises a VerificationError at the first step that is wrong.
    """
    point = defined_point(model, seed) if point is None else point
    bounds = {d.quantity.name: d.bound for d in model.declarations if d.bound is not None}
    found: dict[tuple[Term, Term], StepCheck] = {}
    for step in steps:
        found[step.before, step.after] = _at_point(step, point, seed)
        for _, inner in walk_steps(step.substeps):
            if (inner.before, inner.after) not in found:
                check = check_step(inner, point.sizes, seed, bounds)
                found[inner.before, inner.after] = check
    return tuple(found.values())


def check_equations(
    model: Specification,
    equations: Sequence[Equation],
    seed: int = 0,
    point: Evaluation | None = None,
) -> tuple[StepCheck, ...]:
    """Check equations for gradients against the oracle's gradients, entry by entry."""
    point = defined_point(model, seed) if point is None else point
    checks = []
    for equation in equations:
        subscripts = tuple(IndexValue(index) for index in equation.indices)
        step = Step("gradient", Entry(equation.left, subscripts), equation.right)
        checks.append(_at_point(step, point, seed, everywhere=True))
    return tuple(checks)


def defined_point(model: Specification, seed: int) -> Evaluation:
    """A point of small sizes at which every quantity of the model exists.

    Raises a VerificationError where none of many sizes and data lies in the model's domain.
    """
    random = Random(seed)
    check_told_apart(model)
    pool = candidates(model, random, differentiable(model))
    for candidate, kind in itertools.product(pool[:POOL], KINDS):
        try:
            return model_point(model, candidate.free, random.randrange(1 << 30), kind)
        except (Undefined, OutOfRange):
            continue
    raise VerificationError(
        f"no random point lies in the domain of '{model.name}'", "state what its data must satisfy"
    )


def _at_point(step: Step, point: Evaluation, seed: int, *, everywhere: bool = False) -> StepCheck:
    """Check a step where the model's quantities have their values; others get random ones."""
    here = replace(point, indices={}, arrays=dict(point.arrays))
    draw_missing((step.before, step.after), here, Random(seed))
    try:
        return _checked(step, here, Random(seed), everywhere=everywhere)
    except Undefined:
        return StepCheck(step.rule, "undecided", tuple(point.sizes.items()), 0)
