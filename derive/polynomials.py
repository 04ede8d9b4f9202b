"""Sizes and subscripts as sums of products: what cancels in them, and how small they can be."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from derive.terms import (
    Add,
    Multiply,
    Negate,
    Node,
    Number,
    Size,
    Term,
    entries,
    free_indices,
    number,
)

Monomial = frozenset[tuple[Term, int]]
# The coefficient of each product, beside its factors in the order of the text.
Polynomial = dict[Monomial, tuple[Fraction, tuple[Term, ...]]]


@dataclass(frozen=True)
class StepNumber(Size):
    """The number of the step at which a loop is, counted from 0."""


def polynomial(term: Term) -> Polynomial:
    """The products of a sum; what is neither a sum nor a product counts as one factor."""
    result: Polynomial = {}
    for coefficient, factors in _products(term):
        key: Monomial = frozenset(Counter(factors).items())
        before, order = result.get(key, (Fraction(0), factors))
        result[key] = (before + coefficient, order)
    return {key: (c, factors) for key, (c, factors) in result.items() if c}


def _products(term: Term) -> Iterator[tuple[Fraction, tuple[Term, ...]]]:
    match term:
        case Number(value):
            yield value, ()
        case Negate(inner):
            yield from ((-c, factors) for c, factors in _products(inner))
        case Add(terms):
            for part in terms:
                yield from _products(part)
        case Multiply((first, *others)):
            rest = others[0] if len(others) == 1 else Multiply(tuple(others))
            for c, left in _products(first):
                yield from ((c * d, left + right) for d, right in _products(rest))
        case _:
            yield Fraction(1), (term,)


def collected(term: Term) -> Term:
    """The sum with what cancels left out; a sum in which nothing cancels stays as it is.

    >>> n = Size("n")
    >>> collected(Add((Add((n, number(1))), Negate(number(1))))) == n
    True
    """
    found = polynomial(term)
    if len(found) == sum(1 for _ in _products(term)) and _is_flat(term):
        return term
    parts = [_signed(c, factors) for c, factors in found.values()]
    parts.sort(key=lambda part: isinstance(part, Negate))
    if not parts:
        return number(0)
    return parts[0] if len(parts) == 1 else Add(tuple(parts))


def _is_flat(term: Term) -> bool:
    """Whether no sum stands in a sum, or under a sign."""
    parts = term.terms if isinstance(term, Add) else (term,)
    bare = [part.term if isinstance(part, Negate) else part for part in parts]
    return not any(isinstance(part, Add | Negate) for part in bare)


def _signed(coefficient: Fraction, factors: tuple[Term, ...]) -> Term:
    if not factors:
        value = number(abs(coefficient))
        return value if coefficient >= 0 else Negate(value)
    kept = factors if abs(coefficient) == 1 else (number(abs(coefficient)), *factors)
    product = kept[0] if len(kept) == 1 else Multiply(kept)
    return product if coefficient > 0 else Negate(product)


def least(term: Term) -> Fraction | None:
    """The least value of a size expression, None where it is not seen.  Sizes are at least one.

    >>> least(Add((Multiply((number(4), Size("H"))), Negate(number(1)))))
    Fraction(3, 1)
    """
    total = Fraction(0)
    for coefficient, factors in polynomial(term).values():
        if not all(isinstance(factor, Size) for factor in factors) or (factors and coefficient < 0):
            return None
        if not any(isinstance(factor, StepNumber) for factor in factors):
            total += coefficient
    return total


def is_size(node: Node) -> bool:
    """Whether a node holds neither data nor indices: sizes, steps and numbers only."""
    return not free_indices(node) and not entries(node)
