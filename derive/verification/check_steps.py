"""Level one of verification: every step is true as a statement about numbers.

A step says `before = after`.  Both sides are evaluated at small random sizes, at all or at a
bounded number of values of their free indices.  A derivative that is not worked out yet,
`Partial(term, entry)`, is the slope of the term on dual numbers along that entry, with every other
entry a plain number.  In rational arithmetic where the terms are rational, else to 50 digits.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from random import Random
from typing import Literal

from derive.calculus.steps import Step, walk_steps
from derive.errors import VerificationError
from derive.model import Equation, Specification
from derive.numbers.arithmetic import Undefined
from derive.numbers.degrees import are_short
from derive.numbers.evaluate import evaluate, is_rational
from derive.numbers.evaluation import Evaluation, How, OutOfRange, whole
from derive.numbers.scalars import agree
from derive.terms import (
    Entry,
    Index,
    IndexValue,
    Name,
    Term,
    entries,
    free_indices,
)
from derive.verification.oracle import (
    as_duals,
    lift,
    shape_of,
)
from derive.verification.partials import Unread, of_reading
from derive.verification.sampling import (
    KINDS,
    Kind,
    dominant,
    fill,
    random_indices,
    random_numbers,
)
from derive.verification.true_point import defined_point

# At most this many values of the free indices are tried for one step.
PLACES = 6
# So many are looked at, since a step says nothing at places that are filtered out.
TRIED = 60


@dataclass(frozen=True)
class StepCheck:
    """What was found about one step: how its sides were compared, at which sizes and how often."""

    rule: str
    how: How | Literal["undecided"]
    sizes: tuple[tuple[str, int], ...]
    places: int


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


def _at_point(step: Step, point: Evaluation, seed: int, *, everywhere: bool = False) -> StepCheck:
    """Check a step where the model's quantities have their values; others get random ones."""
    here = replace(point, indices={}, arrays=dict(point.arrays))
    draw_missing((step.before, step.after), here, Random(seed))
    try:
        return _checked(step, here, Random(seed), everywhere=everywhere)
    except Undefined:
        return StepCheck(step.rule, "undecided", tuple(point.sizes.items()), 0)
