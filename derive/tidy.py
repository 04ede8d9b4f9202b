"""Equations as a program wants them: no condition that always holds, subscripts that are short."""

from __future__ import annotations

from dataclasses import replace

from derive.affine import always
from derive.model import Equation
from derive.polynomials import collected
from derive.terms import AllOf, Choice, Condition, Entry, Node, Reduction, Term, rewrite


def tidied(equation: Equation) -> Equation:
    """The same equation, with less to compute."""
    return replace(equation, right=tidy(equation.right))


def tidy(term: Term) -> Term:
    """The term without what is certain, and with what cancels in its subscripts left out.

    >>> from derive.terms import ONE, ZERO, Compare, Index, IndexValue, Quantity, Size
    >>> t = Index(Size("T"))
    >>> h = Entry(Quantity("h", (Size("T"),)), (IndexValue(t),))
    >>> tidy(Choice(Compare("<=", ZERO, IndexValue(t)), h, ONE)) == h
    True
    """
    return rewrite(term, _rule)


def _rule(node: Node) -> Node | None:
    match node:
        case Entry(quantity, subscripts):
            return Entry(quantity, tuple(collected(tidy(s)) for s in subscripts))
        case Choice(condition, chosen, otherwise):
            doubtful = _doubtful(conditions_of(condition))
            if not doubtful:
                return tidy(chosen)
            return Choice(all_of(doubtful), tidy(chosen), tidy(otherwise))
        case Reduction(kind, indices, term, where) if where:
            return Reduction(kind, indices, tidy(term), _doubtful(where))
    return None


def _doubtful(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
    return tuple(rewrite(c, _rule) for c in conditions if not always(c))


def conditions_of(condition: Condition) -> tuple[Condition, ...]:
    """The conditions that must all hold."""
    return condition.conditions if isinstance(condition, AllOf) else (condition,)


def all_of(conditions: tuple[Condition, ...]) -> Condition:
    """The condition that all of them hold."""
    return conditions[0] if len(conditions) == 1 else AllOf(conditions)
