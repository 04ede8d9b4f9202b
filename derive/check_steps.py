"""Level one of verification: every step is true as a statement about numbers.

A step says `before = after`.  Both sides are evaluated at small random sizes, at all or at a
bounded number of values of their free indices.  A derivative that is not worked out yet,
`Partial(term, entry)`, is differentiated by SymPy: at one place, with every other entry replaced by
its number, the term is a function of one symbol.  In rational arithmetic where the terms are
rational, else to 50 digits.

Two readings of ∂u/∂w occur.  Inside a derivation rule, u is a term and w one way of reading an
entry: other readings are constants, and the other entries too.  Between named quantities, u is an
entry and stands for the right side of its equation; w is a place in an array, however it is read.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from random import Random
from typing import Any, Literal

from derive.dual import Dual
from derive.errors import VerificationError
from derive.evaluate import Evaluation, How, evaluate, holds, is_rational, whole
from derive.model import Equation, Specification, definition
from derive.oracle import apply_equation, arithmetic_of, as_duals, begin, gradient, lift, shape_of
from derive.sampling import Kind, fill, random_inputs, random_numbers, random_sizes
from derive.scalars import Undefined
from derive.steps import Step
from derive.symbolic_number import Symbolic, derivative_at, variable
from derive.terms import (
    Derivative,
    Entry,
    Index,
    IndexValue,
    Name,
    Node,
    Partial,
    Quantity,
    Reduction,
    Term,
    children,
    entries,
    walk,
)

# At most this many values of the free indices are tried for one step.
PLACES = 6
# Two sides that differ by less than this, relative to their size, agree to 50 digits.
AGREEMENT = Fraction(1, 10**45)


@dataclass(frozen=True)
class StepCheck:
    """What was found about one step: how its sides were compared, at which sizes and how often."""

    rule: str
    how: How | Literal["undecided"]
    sizes: tuple[tuple[str, int], ...]
    places: int


# --- derivatives that are not worked out yet ----------------------------------------------------


def of_reading(partial: Partial, here: Evaluation) -> Dual | None:
    """∂term/∂entry for one reading of the entry, at the place where its indices stand now.

    The indices of the entry may be bound inside the term; the reading is then the one at this
    place of the range.  None where a filter leaves that place out.
    """
    carried = free_indices(partial.wrt)
    place = {index: here.indices[index] for index in carried}
    if _left_out(partial.of, set(carried), here):
        return None

    def read(entry: Entry, number: Dual) -> Dual:
        reached = entry == partial.wrt and all(inner.indices[i] == at for i, at in place.items())
        return variable(number) if reached else number

    inner = replace(here, indices=dict(here.indices), read=read)
    return derivative_at(evaluate(partial.of, inner), here)


def _left_out(term: Term, carried: set[Index], here: Evaluation) -> bool:
    """Whether a filter over lifted indices leaves this place out."""
    reductions = (node for node in walk(term) if isinstance(node, Reduction))
    conditions = (
        condition
        for reduction in reductions
        if carried & set(reduction.indices)
        for condition in reduction.where
        if all(index in here.indices for index in free_indices(condition))
    )
    return not all(holds(condition, here) for condition in conditions)


def of_definition(model: Specification) -> Callable[[Partial, Evaluation], Dual]:
    """∂u/∂w between entries of named quantities: the right side of u by a place in w."""

    def partial_between(partial: Partial, here: Evaluation) -> Dual:
        above, below = partial.of, partial.wrt
        equation = definition(model, above.quantity.name) if isinstance(above, Entry) else None
        if equation is None or not isinstance(above, Entry):
            raise VerificationError(
                "a derivative between quantities needs the equation that defines one by the other",
                "write it between entries of quantities of the model",
            )
        at = tuple(whole(subscript, here) for subscript in below.subscripts)
        place = (whole(subscript, here) for subscript in above.subscripts)

        def read(entry: Entry, number: Dual) -> Dual:
            if entry.quantity.name != below.quantity.name:
                return number
            found = tuple(whole(subscript, inner) for subscript in entry.subscripts)
            return variable(number) if found == at else number

        indices = here.indices | dict(zip(equation.indices, place, strict=True))
        inner = replace(here, indices=indices, read=read)
        return derivative_at(evaluate(equation.right, inner), here)

    return partial_between


# --- one equality -------------------------------------------------------------------------------


def free_indices(node: Node, bound: frozenset[Index] = frozenset()) -> tuple[Index, ...]:
    """The indices on which `node` depends.  An index may be bound in one part and free in another."""
    match node:
        case IndexValue(index):
            return () if index in bound else (index,)
        case Reduction(_, indices):
            bound = bound | set(indices)
    found = (index for child in children(node) for index in free_indices(child, bound))
    return tuple(dict.fromkeys(found))


def check_equal(before: Term, after: Term, here: Evaluation, random: Random) -> int:
    """Compare both sides at up to `PLACES` values of their free indices; say at how many.

    Raises a VerificationError that names the place and both values where they differ.
    """
    free = tuple(dict.fromkeys((*free_indices(before), *free_indices(after))))
    ranges = [range(whole(index.size, here)) for index in free]
    every = list(itertools.product(*ranges))
    chosen = every if len(every) <= PLACES else sorted(random.sample(every, PLACES))
    compared = 0
    for place in chosen:
        here.indices.update(zip(free, place, strict=True))
        if isinstance(before, Partial) and _skipped(before, here):
            continue
        left, right = evaluate(before, here).value, evaluate(after, here).value
        if abs(left - right) > AGREEMENT * max(abs(left), abs(right), 1) * (here.how != "exact"):
            raise VerificationError(
                f"the left side is {left!r} and the right side {right!r} "
                f"at {_where(free, place, here)}",
                "mend the rule: it states what is not true",
            )
        compared += 1
    return compared
