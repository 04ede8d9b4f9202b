"""What is done with conditions: their opposites, sides exchanged, what they need not guard."""

from __future__ import annotations

from derive.polynomials import StepNumber, is_size, least
from derive.terms import (
    Add,
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Constant,
    Entry,
    IndexValue,
    Multiply,
    Negate,
    Not,
    Number,
    Reduction,
    Relation,
    Size,
    Term,
    walk,
)

OPPOSITES: dict[Relation, Relation]
OPPOSITES = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<"}


def opposite(condition: Condition) -> Condition:
    """The condition that holds where `condition` does not.

    >>> from derive.terms import ONE, Size
    >>> opposite(Compare("<", Size("n"), ONE)) == Compare(">=", Size("n"), ONE)
    True
    """
    match condition:
        case Compare(relation, left, right):
            return Compare(OPPOSITES[relation], left, right)
        case AllOf(conditions):
            return AnyOf(tuple(opposite(part) for part in conditions))
        case AnyOf(conditions):
            return AllOf(tuple(opposite(part) for part in conditions))
        case Not(inner):
            return inner
    raise TypeError(f"opposite: unknown condition {type(condition).__name__}")


# The same comparison with its sides exchanged.
EXCHANGED: dict[Relation, Relation]
EXCHANGED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def numbers_last(condition: Compare) -> Compare:
    """A comparison with data and steps on the left, and numbers on the right.

    >>> from derive.terms import ONE, Size
    >>> numbers_last(Compare("<", ONE, Size("n"))) == Compare(">", Size("n"), ONE)
    True
    """
    left, right = condition.left, condition.right
    if _rank(right) <= _rank(left):
        return condition
    return Compare(EXCHANGED[condition.relation], right, left)


def _rank(term: Term) -> int:
    """A number, a size, a step, data: the least varying first."""
    if not is_size(term):
        return 3
    parts = tuple(walk(term))
    if any(isinstance(part, StepNumber) for part in parts):
        return 2
    return int(any(isinstance(part, Size) for part in parts))


def stays_inside(subscript: Term, size: Term) -> bool:
    """Whether a subscript is a number, or an index that surely stays on an axis of this size.

    >>> from derive.terms import ONE, Index
    >>> n = Size("n"); i = IndexValue(Index(n))
    >>> stays_inside(i, Add((n, ONE))), stays_inside(i, Size("m"))
    (True, False)
    """
    match subscript:
        case Number():
            return True
        case IndexValue(index):
            longer = least(Add((size, Negate(index.size))))
            return longer is not None and longer >= 0
    return False


def needs_no_guard(term: Term) -> bool:
    """Whether a term surely has a value, so that it may leave the conditions of a sum.

    A quotient or a logarithm may have none where the conditions leave nothing to sum, and a
    subscript that is computed, or runs over another size, may leave its axis there.

    >>> from derive.terms import ONE, Divide
    >>> needs_no_guard(Size("n")), needs_no_guard(Divide(ONE, Size("n")))
    (True, False)
    """
    match term:
        case Number() | Constant() | Size() | IndexValue():
            return True
        case Entry(quantity, subscripts):
            return all(map(stays_inside, subscripts, quantity.shape))
        case Add(parts) | Multiply(parts):
            return all(map(needs_no_guard, parts))
        case Negate(inner) | Reduction("sum", _, inner, ()):
            return needs_no_guard(inner)
    return False
