"""Which form of a gradient becomes its equation: what a person, and a program, would compute.

The plain sum of the paths reads upstream gradients by name.  It is simplified; and where an
upstream gradient is short and reads no other, it is also written out and simplified, since factors
may cancel: softmax with cross-entropy gives (P - T)/N.  The written-out form is taken exactly where

- simplifying made it shorter than it was when written out, so something did cancel, and
- it is shorter than the simplified plain form together with the upstream equations that nothing
  else reads, which are then computed no more.

How long a term is, is the number of its nodes, an entry counting as one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from derive.calculus.rewrites.knowledge import Knowledge
from derive.calculus.rewrites.ratios import weight
from derive.calculus.rewrites.table import everywhere, simplification
from derive.model import Equation
from derive.simplify import unguarded
from derive.terms import (
    Entry,
    IndexValue,
    Quantity,
    Reduction,
    Term,
    entries,
    renew,
    substitute,
    walk,
)

# An upstream gradient of at most this many nodes is written out where it is used.
SHORT = 12
# One of at most this many, where simplifying shows that it then cancels.
MAY_CANCEL = 18


def is_short(equation: Equation, most: int = SHORT) -> bool:
    """Whether a gradient is written out where it is used: short, and reading no other gradient.

    A condition outside it does not count: it goes beside the sum in which it is used.
    """
    _, inside = unguarded(equation.right)
    nodes = [node for node in walk(inside) if not isinstance(node, IndexValue)]
    straight = not any(entry.quantity.kind == "gradient" for entry in entries(equation.right))
    return straight and len(nodes) <= most and not any(isinstance(n, Reduction) for n in nodes)


def value_at(equation: Equation, entry: Entry) -> Term:
    """The right side of an equation at the place that an entry reads."""
    values = dict(zip(equation.indices, entry.subscripts, strict=True))
    return renew(substitute(equation.right, values))


def adopted(plain: Equation, known: Knowledge, freed: Mapping[Quantity, int]) -> Equation:
    """The equation of a gradient whose paths add up to `plain`.

    `freed` holds the upstream gradients that only this one reads, each with the length of its
    equation; what may not be written out is not in `known.gradients`.
    """
    right = _simplest(plain.right, known)
    read = dict.fromkeys(entry.quantity for entry in entries(plain.right))
    upstream = {q: known.gradients[q] for q in read if q in known.gradients}
    short = {quantity: one for quantity, one in upstream.items() if is_short(one, MAY_CANCEL)}
    if short:
        long = written_out(plain.right, short)
        shortest = _simplest(long, known)
        saved = sum(freed.get(quantity, 0) for quantity in short)
        if weight(shortest) < min(weight(long), weight(right) + saved):
            right = shortest
    return plain if right == plain.right else replace(plain, right=right)


def _simplest(term: Term, known: Knowledge) -> Term:
    steps = simplification(term, known)
    after = steps[-1].after if steps else term
    return after if weight(after) <= weight(term) else term


def written_out(term: Term, values: Mapping[Quantity, Equation]) -> Term:
    """`term` with upstream gradients by their values."""

    def rule(part: Term) -> Term | None:
        if isinstance(part, Entry) and part.quantity in values:
            return value_at(values[part.quantity], part)
        return None

    return everywhere(term, rule)
