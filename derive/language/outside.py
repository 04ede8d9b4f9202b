"""Reads that leave an axis whatever the sizes are: `z[i] = x[i + 1]`, where i runs over all of x.

Only what nothing guards is looked at: a choice or a filter may keep a read inside.  A subscript is
largest and smallest at the ends of the ranges of its indices.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from derive.polynomials import collected, least
from derive.terms import (
    ONE,
    ZERO,
    Add,
    Choice,
    Entry,
    Index,
    IndexValue,
    Negate,
    Node,
    Reduction,
    Term,
    children,
    free_indices,
    substitute,
)

# A subscript with more indices has too many corners.
MOST_INDICES = 4


def read_outside(term: Term) -> tuple[Entry, Term, Term] | None:
    """The first entry that certainly leaves an axis, the place that it reads, the axis' size.

    >>> from derive.terms import Quantity, Size
    >>> n = Size("n")
    >>> x, i = Quantity("x", (n,)), IndexValue(Index(n))
    >>> entry, place, size = read_outside(Entry(x, (Add((i, ONE)),)))
    >>> place == n, read_outside(Entry(x, (i,)))
    (True, None)
    """
    for entry in unguarded(term):
        for subscript, size in zip(entry.subscripts, entry.quantity.shape, strict=True):
            if isinstance(subscript, IndexValue) and subscript.index.size == size:
                continue
            for place in corners(subscript):
                beyond, before = Add((place, Negate(size))), Add((Negate(place), Negate(ONE)))
                if _never_negative(beyond) or _never_negative(before):
                    return entry, place, size
    return None


def unguarded(node: Node) -> Iterator[Entry]:
    """The entries that are read at every value of their indices."""
    if isinstance(node, Entry):
        yield node
    guarded = isinstance(node, Choice) or (isinstance(node, Reduction) and node.where)
    if not guarded:
        for child in children(node):
            yield from unguarded(child)


def corners(subscript: Term) -> Iterator[Term]:
    """The values of a subscript at the ends of the ranges of its indices."""
    indices = tuple(dict.fromkeys(free_indices(subscript)))
    if len(indices) > MOST_INDICES:
        return
    for ends in product(*map(_ends, indices)):
        yield collected(substitute(subscript, dict(zip(indices, ends, strict=True))))


def _ends(index: Index) -> tuple[Term, Term]:
    return ZERO, collected(Add((index.size, Negate(ONE))))


def _never_negative(difference: Term) -> bool:
    lowest = least(difference)
    return lowest is not None and lowest >= 0
