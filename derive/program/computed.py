"""Parts of equations whose arrays are known: the same part is the same array wherever it stands.

Two equations may want the axes of a common part in different orders.  The part keeps the order in
which it was computed first, so that a program can read it instead of computing its transpose.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from derive.program.labelled import Labelled
from derive.terms import BINDERS, Index, IndexValue, Node, Term, children, rebuild

# Two arrays with standard indices, and those of them that are summed.
_Pair = tuple[Labelled, Labelled, frozenset[Index]]


@dataclass(frozen=True)
class Computed:
    """Arrays by the terms that they hold, up to the identity of indices."""

    arrays: dict[tuple[Node, bool], Labelled] = field(default_factory=dict)
    products: dict[_Pair, Labelled] = field(default_factory=dict)

    def array(self, term: Term, plain: bool, compute: Callable[[], Labelled]) -> Labelled:
        """The array of a term, computed where it is met first; some are `plain` expressions."""
        renamed, names = canonical(term)
        if (renamed, plain) not in self.arrays:
            self.arrays[renamed, plain] = _with_names(compute(), names)
        found = self.arrays[renamed, plain]
        return _with_names(found, {name: index for index, name in names.items()})

    def knows(self, term: Term) -> bool:
        """Whether the array of a term is known."""
        renamed = canonical(term)[0]
        return any((renamed, plain) in self.arrays for plain in (False, True))

    def product(self, left: Labelled, right: Labelled, summed: Sequence[Index]) -> Labelled | None:
        """The product of two arrays summed over indices, in either order; None if not known."""
        for pair in ((left, right), (right, left)):
            key, names = _pair(*pair, summed)
            if key in self.products:
                found = self.products[key]
                return _with_names(found, {name: index for index, name in names.items()})
        return None

    def keep(
        self, left: Labelled, right: Labelled, summed: Sequence[Index], product: Labelled
    ) -> Labelled:
        """The product of two arrays, which is known from now on."""
        key, names = _pair(left, right, summed)
        self.products[key] = _with_names(product, names)
        return product


def _with_names(value: Labelled, names: Mapping[Index, Index]) -> Labelled:
    return replace(value, axes=tuple(axis if axis is None else names[axis] for axis in value.axes))


def _pair(
    left: Labelled, right: Labelled, summed: Sequence[Index]
) -> tuple[_Pair, dict[Index, Index]]:
    """Two arrays with standard indices on their axes, and which index has which."""
    labels = dict.fromkeys((*left.labels, *right.labels))
    names = {index: _standard(index.size, number) for number, index in enumerate(labels)}
    inside = frozenset(names[index] for index in summed)
    return (_with_names(left, names), _with_names(right, names), inside), names


def canonical(term: Node) -> tuple[Node, dict[Index, Index]]:
    """The term with standard indices, in the order in which they are read, and who has which.

    >>> from derive.terms import Reduction, Size
    >>> n = Size("n"); i, k = Index(n), Index(n)
    >>> sums = [Reduction("sum", (own,), IndexValue(own)) for own in (i, k)]
    >>> sums[0] == sums[1], canonical(sums[0])[0] == canonical(sums[1])[0]
    (False, True)
    """
    names: dict[Index, Index] = {}

    def named(index: Index) -> Index:
        if index not in names:
            names[index] = _standard(index.size, len(names))
        return names[index]

    def visit(node: Node) -> Node:
        if isinstance(node, IndexValue):
            return IndexValue(named(node.index))
        if isinstance(node, BINDERS):
            node = replace(node, indices=tuple(map(named, node.indices)))
        return rebuild(node, tuple(map(visit, children(node))))

    return visit(term), names


@cache
def _standard(size: Term, number: int) -> Index:
    return Index(size)
