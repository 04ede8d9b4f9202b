"""The first step of a recurrence by itself, where it is much simpler than the others.

A step that starts from an initial value reads nothing before it.  Where hardly anything of the
equations is left there, the first step stands before the loop, and the loop needs no choice.
"""

from __future__ import annotations

from collections.abc import Sequence

from derive.calculus.tidy import all_of, conditions_of
from derive.model import Equation
from derive.polynomials import least
from derive.program.ranges import Range, range_of
from derive.simplify import negative, total
from derive.terms import (
    ZERO,
    Add,
    Choice,
    Compare,
    Condition,
    Divide,
    Index,
    Multiply,
    Negate,
    Reduction,
    Term,
    children,
    entries,
    free_indices,
    rebuild,
    walk,
)


def gathered(term: Term, step: Index) -> Term:
    """A sum whose terms under the same condition on the step are one sum under it."""
    parts = term.terms if isinstance(term, Add) else (term,)
    groups: dict[tuple[Condition, ...], list[Term]] = {}
    for part in parts:
        conditions, rest = _of_step(part, step)
        groups.setdefault(conditions, []).append(rest)
    result: list[Term] = []
    for conditions, group in groups.items():
        if conditions:
            whole = group[0] if len(group) == 1 else Add(tuple(group))
            result.append(Choice(all_of(conditions), whole, ZERO))
        else:
            result += group
    return result[0] if len(result) == 1 else Add(tuple(result))


def _of_step(term: Term, step: Index) -> tuple[tuple[Condition, ...], Term]:
    """The conditions on the step alone without which a term is zero, and the term under them."""

    def split(conditions: Sequence[Condition]) -> tuple[list[Condition], list[Condition]]:
        own = [c for c in conditions if free_indices(c) == (step,) and not entries(c)]
        return own, [c for c in conditions if c not in own]

    match term:
        case Reduction("sum", indices, body, where):
            own, rest = split(where)
            return tuple(own), Reduction("sum", indices, body, tuple(rest))
        case Choice(condition, chosen, otherwise) if otherwise == ZERO:
            own, rest = split(conditions_of(condition))
            return (tuple(own), chosen) if not rest else ((), term)
    return (), term


# --- what is left in a range --------------------------------------------------------------------


def at_range(term: Term, found: Range) -> Term:
    """The term where the index is in the range: conditions that are decided there are gone."""
    match term:
        case Choice(condition, chosen, otherwise):
            left = _undecided(conditions_of(condition), found)
            if left is None:
                return at_range(otherwise, found)
            inside = at_range(chosen, found)
            return Choice(all_of(left), inside, at_range(otherwise, found)) if left else inside
        case Reduction("sum", indices, body, where):
            left = _undecided(where, found)
            inside = ZERO if left is None else at_range(body, found)
            return ZERO if inside == ZERO else Reduction("sum", indices, inside, left or ())
    parts = tuple(at_range(p, found) if isinstance(p, Term) else p for p in children(term))
    return _without_zeros(rebuild(term, parts))


def _without_zeros(term: Term) -> Term:
    match term:
        case Multiply(factors) if ZERO in factors:
            return ZERO
        case Negate(inner) | Divide(inner, _) if inner == ZERO:
            return ZERO
        case Add(terms) if ZERO in terms:
            return total(*terms)
    return term


def _undecided(conditions: Sequence[Condition], found: Range) -> tuple[Condition, ...] | None:
    """The conditions that the range leaves open, None where one of them fails."""
    decisions = [(condition, _decided(condition, found)) for condition in conditions]
    if any(decision is False for _, decision in decisions):
        return None
    return tuple(condition for condition, decision in decisions if decision is None)


def _decided(condition: Condition, found: Range) -> bool | None:
    other = range_of(condition) if isinstance(condition, Compare) else None
    if other is None or other.index is not found.index:
        return None
    if _at_most(other.start, found.start) and _at_most(found.end, other.end):
        return True
    if _at_most(other.end, found.start) or _at_most(found.end, other.start):
        return False
    return None


def _at_most(left: Term, right: Term) -> bool:
    distance = least(total(right, negative(left)))
    return distance is not None and distance >= 0


def is_peeled(first: Sequence[Equation], block: Sequence[Equation], steps: Sequence[Index]) -> bool:
    """Whether the first step is worth lines of its own: nothing open, and half of it gone."""
    pairs = zip(first, steps, strict=True)
    is_open = any(
        isinstance(node, Condition) and step in free_indices(node)
        for equation, step in pairs
        for node in walk(equation.right)
    )
    return not is_open and 2 * _count(first) <= _count(block)


def _count(equations: Sequence[Equation]) -> int:
    return sum(1 for equation in equations for _ in walk(equation.right))
