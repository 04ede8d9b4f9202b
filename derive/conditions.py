"""What is done with conditions: their opposites."""

from __future__ import annotations

from derive.terms import AllOf, AnyOf, Compare, Condition, Not, Relation

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
