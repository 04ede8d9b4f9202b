"""Sums in which deltas collapse: what a derivative of a derivative is made of.

The derivative of one entry by another is a sum of *summands*, each zero unless some conditions
hold ([i = m], [z > 0]).  Products of such sums are multiplied out as far as the conditions need it
and no further; a sum over k under [k = m] is its one term at m, and what the sum does not reach
stands before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product as cartesian

from derive.calculus.affine import Affine, affine, always, solved_for, within
from derive.conditions import needs_no_guard
from derive.reductions import count
from derive.simplify import (
    flat_factors,
    guarded,
    negative,
    power,
    product,
    quotient,
    summed,
    total,
    unguarded,
)
from derive.terms import (
    ONE,
    ZERO,
    Add,
    AllOf,
    Call,
    Choice,
    Compare,
    Condition,
    Divide,
    Entry,
    Index,
    Multiply,
    Negate,
    Node,
    Number,
    Reduction,
    Term,
    free_indices,
    is_one,
    number,
    rewrite,
    same,
    substitute,
    walk,
)


def summands(term: Term) -> tuple[Term, ...]:
    """The terms whose sum is `term`, each with all of its conditions outside.

    What no condition divides stays whole: 2(u - v) is one summand.

    >>> from derive.terms import Quantity, Entry, Size
    >>> p = Entry(Quantity("p")); delta = guarded((Compare(">", p, ZERO),), p)
    >>> summands(Multiply((p, Add((delta, p))))) == (times(p, delta), times(p, p))
    True
    """
    match term:
        case Choice(condition, chosen, Number(value)) if value == 0:
            return tuple(_under((condition,), part) for part in summands(chosen))
        case Add(terms):
            parts = tuple(part for inner in terms for part in summands(inner))
            return parts if any(unguarded(part)[0] for part in parts) else (term,)
        case Negate(inner):
            return tuple(negative(part) for part in summands(inner))
        case Multiply(factors):
            choices = [summands(factor) for factor in factors]
            if all(part == (own,) for part, own in zip(choices, factors, strict=True)):
                return (term,)
            return tuple(times(*chosen) for chosen in cartesian(*choices))
        case Divide(above, below):
            return tuple(quotient(part, below) for part in summands(above))
        case Reduction("sum", indices, inner, where):
            parts = summands(inner)
            conditions = (*where, *unguarded(parts[0])[0])
            if len(parts) == 1 and not any(_is_used(c, indices) for c in conditions):
                return (term,)
            return tuple(sum_over(indices, part, where) for part in parts)
    return (term,)


def _is_used(condition: Condition, indices: Sequence[Index]) -> bool:
    """Whether a condition of a sum over indices pins one of them, or stands outside the sum."""
    return is_equality(condition) or not set(free_indices(condition)) & set(indices)


def is_equality(condition: Condition) -> bool:
    """Whether a condition is an equality, which may pin an index."""
    return isinstance(condition, Compare) and condition.relation == "=="


def _under(conditions: Sequence[Condition], term: Term) -> Term:
    """`term` where the conditions hold, without those that always do; zero where one never does."""
    inner, rest = unguarded(term)
    kept = tidy((*conditions, *inner))
    return ZERO if kept is None else guarded(kept, rest)


def times(*factors: Term) -> Term:
    """The product, where a factor that occurs twice is a square."""
    result = product(*factors)
    conditions, inside = unguarded(result)
    if isinstance(inside, Negate):
        return guarded(conditions, negative(_with_powers(inside.term)))
    return _under(conditions, _with_powers(inside))


def with_squares(term: Term) -> Term:
    """`term` where each factor that occurs twice in a product is a square: x x is x².

    >>> from derive.terms import Size
    >>> with_squares(Multiply((Size("n"), Size("n")))) == power(Size("n"), number(2))
    True
    """

    def rule(node: Node) -> Node | None:
        after = _with_powers(node) if isinstance(node, Multiply) else node
        return None if after == node else after

    return rewrite(term, rule)


def _with_powers(term: Term) -> Term:
    if not isinstance(term, Multiply) or len(set(term.factors)) == len(term.factors):
        return term
    counts = {factor: term.factors.count(factor) for factor in dict.fromkeys(term.factors)}
    powers = tuple(power(factor, number(times_)) for factor, times_ in counts.items())
    return powers[0] if len(powers) == 1 else Multiply(powers)


def collected(terms: Sequence[Term]) -> Term:
    """The sum of summands; equal ones are counted."""
    found: list[tuple[Term, int]] = []
    value = sum(part.value for part in terms if isinstance(part, Number))
    for part in terms:
        if isinstance(part, Number):
            continue
        place = next((k for k, (other, _) in enumerate(found) if same(part, other)), None)
        if place is None:
            found.append((part, 1))
        else:
            found[place] = (found[place][0], found[place][1] + 1)
    counted = (part if often == 1 else times(number(often), part) for part, often in found)
    return total(*counted, number(value))


# --- conditions ---------------------------------------------------------------------------------


def tidy(conditions: Sequence[Condition]) -> tuple[Condition, ...] | None:
    """The conditions, each once, without those always true; None where they contradict.

    Of two equalities of one term, a = b and a = c, the second becomes b = c.
    """
    flat: list[Condition] = []
    for condition in conditions:
        flat += condition.conditions if isinstance(condition, AllOf) else (condition,)
    kept: list[Condition] = []
    for condition in flat:
        condition = _through_others(condition, kept)
        if isinstance(condition, Compare) and condition.relation == "==":
            if condition.left == condition.right:
                continue
            difference = affine(total(condition.left, negative(condition.right)))
            if difference is not None and _is_other_number(difference):
                return None
        if not always(condition) and condition not in kept:
            kept.append(condition)
    return tuple(kept)


def _is_other_number(difference: Affine) -> bool:
    """Whether a difference is a number other than zero."""
    return not difference.coefficients and difference.rest == ZERO and difference.constant != 0


def _through_others(condition: Condition, others: Sequence[Condition]) -> Condition:
    """An equality by way of another one that has a side in common with it."""
    if not (isinstance(condition, Compare) and condition.relation == "=="):
        return condition
    for other in others:
        if not (isinstance(other, Compare) and other.relation == "=="):
            continue
        for shared, rest in ((other.left, other.right), (other.right, other.left)):
            for mine, its in ((condition.left, condition.right), (condition.right, condition.left)):
                if mine == shared and free_indices(mine):
                    return Compare("==", rest, its)
    return condition


# --- sums ---------------------------------------------------------------------------------------


def sum_over(indices: Sequence[Index], term: Term, where: Sequence[Condition] = ()) -> Term:
    """The sum of one summand over indices, with the deltas on them collapsed.

    >>> from derive.terms import Entry, IndexValue, Quantity, Size
    >>> k, m = Index(Size("n")), Index(Size("n"))
    >>> at = lambda index: Entry(Quantity("p", (Size("n"),)), (IndexValue(index),))
    >>> sum_over((k,), guarded((Compare("==", IndexValue(k), IndexValue(m)),), at(k))) == at(m)
    True
    """
    unit = {index: ZERO for index in indices if is_one(index.size)}
    remaining = [index for index in indices if index not in unit]
    conditions, inside = unguarded(substitute(_under(where, term), unit))
    while (solved := _solvable(conditions, remaining)) is not None:
        index, value, used = solved
        here = {index: value}
        rest = [substitute(c, here) for c in conditions if c is not used]
        kept = tidy((*rest, *within(value, index.size)))
        if kept is None:
            return ZERO
        conditions, inside = kept, substitute(inside, here)
        remaining = [other for other in remaining if other is not index]
    return _closed(tuple(remaining), inside, conditions)


def _solvable(
    conditions: Sequence[Condition], indices: Sequence[Index]
) -> tuple[Index, Term, Condition] | None:
    """The first equality that gives one of the indices in terms of the others."""
    for condition in conditions:
        if not (isinstance(condition, Compare) and condition.relation == "=="):
            continue
        for index in free_indices(condition):
            if index not in indices:
                continue
            left, right = condition.left, condition.right
            if index in free_indices(left) and index in free_indices(right):
                left, right = total(left, negative(right)), ZERO
            elif index in free_indices(right):
                left, right = right, left
            value = solved_for(index, left, right)
            if value is not None and _is_subscript(value):
                return index, value, condition
    return None


def _is_subscript(term: Term) -> bool:
    """Whether a term may stand in a subscript: sizes, indices and index data."""
    return not any(
        isinstance(node, Call | Reduction)
        or (isinstance(node, Entry) and node.quantity.kind != "index")
        for node in walk(term)
    )


def _closed(indices: tuple[Index, ...], term: Term, conditions: tuple[Condition, ...]) -> Term:
    """The sum with what it does not reach outside: factors, conditions, free indices."""
    inner = tuple(c for c in conditions if set(free_indices(c)) & set(indices))
    outer = tuple(c for c in conditions if c not in inner)
    if isinstance(term, Negate):
        return negative(_closed(indices, term.term, conditions))
    if isinstance(term, Divide) and not inner and _leaves(term.denominator, indices, inner):
        return quotient(_closed(indices, term.numerator, conditions), term.denominator)
    factors = flat_factors((term,))
    fixed = [factor for factor in factors if _leaves(factor, indices, inner)]
    varying = product(*(factor for factor in factors if factor not in fixed))
    reached = set(free_indices(varying)) | {i for c in inner for i in free_indices(c)}
    idle = tuple(index for index in indices if index not in reached)
    running = tuple(index for index in indices if index in reached)
    if idle:
        fixed.append(count(Reduction("sum", idle, ONE)))
    return guarded(outer, times(*fixed, summed(running, varying, inner)))


def _leaves(factor: Term, indices: tuple[Index, ...], inner: tuple[Condition, ...]) -> bool:
    """Whether a factor may stand before a sum with the conditions `inner`."""
    stays = set(free_indices(factor)) & set(indices)
    return not stays and (not inner or needs_no_guard(factor))
