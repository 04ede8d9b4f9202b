"""Letters for indices: the author's where it is free, the next of the alphabet otherwise.

Two indices need different letters only where one stands in the scope of the other; sums side by
side may share one.  No index takes the letter of a quantity or a size of the formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import count

from derive.names import unicode_name
from derive.terms import (
    BINDERS,
    Derivative,
    Entry,
    Index,
    IndexValue,
    LinearAlgebra,
    Matrix,
    Name,
    Node,
    Reduction,
    Size,
    children,
    free_indices,
    is_one,
    walk,
)

ALPHABET = "ijklmnpqrstuvabcdefghowxyz"


def choose_letters(nodes: Sequence[Node], taken_names: Iterable[str] = ()) -> dict[Index, str]:
    """A letter for each index that is printed in `nodes`, which are read as one formula.

    `taken_names` are names that no index may take besides those in the nodes.  The choice depends
    on the order of reading only.

    >>> n = Size("n")
    >>> list(choose_letters([IndexValue(Index(n)), IndexValue(Index(n, "k")), Size("i")]).values())
    ['j', 'k']
    """
    found = dict.fromkeys(index for node in nodes for index in free_indices(node))
    free = tuple(index for index in found if not is_one(index.size))
    names = (*taken_names, *(name for node in nodes for name in _names(node)))
    taken = {unicode_name(name) for name in names}
    neighbours: dict[Index, dict[Index, None]] = {}
    for node in nodes:
        for index, scope in _scopes(node, free):
            for other in (index, *scope):
                neighbours.setdefault(other, {})[index] = None
                neighbours[index][other] = None
    letters: dict[Index, str] = {}
    # The wishes of authors first, so that nobody takes a letter that is asked for later.
    for index in neighbours:
        blocked = taken | {letters[other] for other in neighbours[index] if other in letters}
        if index.letter is not None and unicode_name(index.letter) not in blocked:
            letters[index] = index.letter
    for index in neighbours:
        if index not in letters:
            blocked = taken | {letters[other] for other in neighbours[index] if other in letters}
            letters[index] = next(letter for letter in _candidates() if letter not in blocked)
    return {index: letters[index] for index in neighbours}


def _candidates() -> Iterator[str]:
    yield from ALPHABET
    for round_ in count(1):
        yield from (f"{letter}_{round_}" for letter in ALPHABET)


def _scopes(node: Node, scope: tuple[Index, ...]) -> Iterator[tuple[Index, tuple[Index, ...]]]:
    """Each index where it is read, with the indices in whose scope it stands."""
    if isinstance(node, IndexValue) and not is_one(node.index.size):
        yield node.index, scope
    if isinstance(node, BINDERS) and not is_whole(node):
        printed = tuple(index for index in node.indices if not is_one(index.size))
        scope = tuple(dict.fromkeys((*scope, *printed)))
        for index in printed:
            yield index, scope
    for child in children(node):
        yield from _scopes(child, scope)


def is_whole(node: Node) -> bool:
    """Whether an operand is a quantity as it is, which is printed without indices."""
    return isinstance(node, Matrix) and isinstance(node.term, Entry | LinearAlgebra)


def _names(node: Node) -> Iterator[str]:
    """The names of quantities and sizes that are printed in `node`."""
    for part in walk(node):
        match part:
            case Entry(quantity):
                yield from _spelled(quantity.name)
            case Size(name):
                yield name
            case Reduction(_, indices) | Matrix(indices):
                for index in indices:
                    yield from _names(index.size)


def _spelled(name: Name) -> Iterator[str]:
    if isinstance(name, Derivative):
        yield from _spelled(name.of)
        yield from _spelled(name.wrt)
    else:
        yield name
