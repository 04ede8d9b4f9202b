"""Equations as a program wants them: no condition that always holds, subscripts that are short."""

from __future__ import annotations

from dataclasses import replace

from derive.calculus.affine import always
from derive.model import Equation
from derive.polynomials import collected
from derive.terms import (
    ONE,
    Add,
    AllOf,
    Choice,
    Condition,
    Divide,
    Entry,
    Node,
    Reduction,
    Term,
    children,
    entries,
    rewrite,
    walk,
)


def tidied(equation: Equation) -> Equation:
    """The same equation, with less to compute."""
    return replace(equation, right=tidy(equation.right))


def tidy(term: Term, assumed: frozenset[Condition] = frozenset()) -> Term:
    """The term without what is certain, and with what cancels among sizes and indices left out.

    What is `assumed`, because a choice or a filter around the term says so, is not asked again.

    >>> from derive.terms import ZERO, Compare, Index, IndexValue, Quantity, Size
    >>> t = Index(Size("T"))
    >>> h = Entry(Quantity("h", (Size("T"),)), (IndexValue(t),))
    >>> tidy(Choice(Compare("<=", ZERO, IndexValue(t)), h, ONE)) == h
    True
    """

    def doubtful(conditions: tuple[Condition, ...]) -> tuple[Condition, ...]:
        open_ones = (c for c in conditions if c not in assumed and not always(c))
        return tuple(rewrite(condition, rule) for condition in open_ones)

    def rule(node: Node) -> Node | None:
        match node:
            case Entry(quantity, subscripts):
                return Entry(quantity, tuple(collected(tidy(s, assumed)) for s in subscripts))
            case Add() if not entries(node):
                return collected(node)
            case Divide(numerator, denominator) if not entries(denominator):
                below = collected(tidy(denominator))
                above = tidy(numerator, assumed)
                return above if below == ONE else Divide(above, below)
            case Choice(condition, chosen, otherwise):
                left = doubtful(conditions_of(condition))
                inside = tidy(chosen, assumed | {*conditions_of(condition)})
                return Choice(all_of(left), inside, tidy(otherwise, assumed)) if left else inside
            case Reduction(kind, indices, body, where) if where:
                return Reduction(kind, indices, tidy(body, assumed | {*where}), doubtful(where))
        return None

    return rewrite(term, rule)


def settled(term: Term, assumed: frozenset[Condition] = frozenset()) -> Term:
    """The term without conditions that always hold, or that are `assumed`; all else as it is.

    >>> from derive.terms import ZERO, Compare, Size
    >>> positive = Compare(">", Size("n"), ZERO)
    >>> settled(Choice(positive, Size("n"), ZERO), frozenset({positive}))
    Size(name='n')
    """

    def rule(node: Node) -> Node | None:
        match node:
            case Choice(condition, chosen, otherwise):
                own = conditions_of(condition)
                left = tuple(c for c in own if c not in assumed and not always(c))
                inside = settled(chosen, assumed | {*own})
                rest = settled(otherwise, assumed)
                return Choice(all_of(left), inside, rest) if left else inside
        return None

    return rewrite(term, rule)


def conditions_of(condition: Condition) -> tuple[Condition, ...]:
    """The conditions that must all hold."""
    return condition.conditions if isinstance(condition, AllOf) else (condition,)


def all_of(conditions: tuple[Condition, ...]) -> Condition:
    """The condition that all of them hold."""
    return conditions[0] if len(conditions) == 1 else AllOf(conditions)


def short_subscripts(term: Term) -> Term:
    """The term with every subscript in which something cancels, as a[H + j - H], made shorter.

    >>> from derive.terms import Index, IndexValue, Negate, Quantity, Size
    >>> H, j = Size("H"), IndexValue(Index(Size("H")))
    >>> a = Quantity("a", (H,))
    >>> short_subscripts(Entry(a, (Add((H, j, Negate(H))),))) == Entry(a, (j,))
    True
    """

    def rule(node: Node) -> Node | None:
        if not isinstance(node, Entry):
            return None
        return Entry(node.quantity, tuple(_shorter(part) for part in node.subscripts))

    return rewrite(term, rule)


def _shorter(subscript: Term) -> Term:
    if not children(subscript):
        return subscript
    found = collected(short_subscripts(subscript))
    return found if len(list(walk(found))) < len(list(walk(subscript))) else subscript
