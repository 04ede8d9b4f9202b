"""Guards inside a formula as brackets: x [i = j] for what is x where i = j, and zero elsewhere.

What a condition of a sum says of none of its indices stands before the sum in the same way.  A
formula that is itself zero unless one condition holds keeps its cases, as does a choice between
two values.  Iverson's bracket is strong: where it is 0, what it multiplies need have no value
(Knuth, Two Notes on Notation, 1992).
"""

from __future__ import annotations

from typing import TypeVar, cast

from derive.calculus.tidy import all_of
from derive.terms import (
    ONE,
    ZERO,
    AllOf,
    Choice,
    Multiply,
    Negate,
    Node,
    Number,
    Reduction,
    Term,
    free_indices,
    is_one,
    rewrite,
)
from derive.typeset.levels import is_indicator

NodeT = TypeVar("NodeT", bound=Node)


def with_brackets(node: NodeT) -> NodeT:
    """`node` with a factor [condition] for each guard inside it.

    >>> from derive.terms import Add, Compare, Size
    >>> n, positive = Size("n"), Compare(">", Size("n"), ZERO)
    >>> bracket = Choice(positive, ONE, ZERO)
    >>> with_brackets(Add((Choice(positive, n, ZERO), n))) == Add((Multiply((n, bracket)), n))
    True
    """
    if isinstance(node, Choice) and not isinstance(node.condition, AllOf):
        below = with_brackets(node.otherwise)
        return cast(NodeT, Choice(node.condition, _inside(node.chosen), below))
    return _inside(node)


def _inside(node: NodeT) -> NodeT:
    return rewrite(node, _rule)


def _rule(node: Node) -> Node | None:
    match node:
        case Choice(condition, chosen, Number(zero)) if zero == 0 and not is_indicator(node):
            return _times(_inside(chosen), Choice(condition, ONE, ZERO))
        case Reduction("sum", indices, inside, where) if not all(is_one(i.size) for i in indices):
            outside = tuple(c for c in where if not set(indices) & set(free_indices(c)))
            if outside:
                kept = tuple(condition for condition in where if condition not in outside)
                bracket = Choice(all_of(outside), ONE, ZERO)
                return Multiply((bracket, Reduction("sum", indices, _inside(inside), kept)))
        case Multiply(factors) if any(map(_is_guard, factors)):
            shown = [(factor, _inside(factor)) for factor in factors]
            flat = [part for old, new in shown for part in _parts(old, new)]
            return Multiply(tuple(flat))
    return None


def _is_guard(term: Term) -> bool:
    match term:
        case Choice(_, _, Number(zero)):
            return zero == 0 and not is_indicator(term)
    return False


def _parts(old: Term, new: Term) -> tuple[Term, ...]:
    """The factors that a guard becomes; every other factor stays one."""
    return new.factors if _is_guard(old) and isinstance(new, Multiply) else (new,)


def _times(term: Term, bracket: Term) -> Term:
    match term:
        case Negate(inner):
            return Negate(_times(inner, bracket))
        case Multiply(factors):
            return Multiply((*factors, bracket))
    return Multiply((term, bracket))
