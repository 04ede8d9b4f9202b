"""Letters for indices: the author's where it is free, else a usual one for a range of that size.

In all formulas of a model, what runs over the same size has the same letters: those that its author
gave to any index of that size, or the next of the alphabet (`usual_letters`).

Two indices need different letters only where one stands in the scope of the other; sums side by
side may share one.  No index takes the letter of a quantity or a size of the formula.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count

from derive.model import Specification, parameters
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
    Term,
    children,
    free_indices,
    is_one,
    walk,
)

ALPHABET = "ijklmnpqrstuvabcdefghowxyz"


# The letters of the indices that run over a size, the first one first.
Usual = Mapping[Term, Sequence[str]]


def usual_letters(model: Specification, taken_names: Iterable[str] = ()) -> dict[Term, list[str]]:
    """For each size over which an index runs the letters of the author, or the next free letter.

    >>> from derive.language import read_model
    >>> text = "n: dim; m: dim; X: param[n, m]; z[s] = sum(X[s, k], k); C = sum(z); minimize(C)"
    >>> {size.name: letters for size, letters in usual_letters(read_model(text)).items()}
    {'n': ['s'], 'm': ['k']}
    """
    indices: dict[Index, None] = {}
    for equation in model.equations:
        indices |= dict.fromkeys(equation.indices)
        indices |= dict.fromkeys(i for node in walk(equation.right) for i in _bound(node))
    # The sizes in the order of the text, in which the axes of data come first.
    run_over = {
        *(index.size for index in indices),
        *(s for q in parameters(model) for s in q.shape),
    }
    declared = (size for one in model.declarations for size in one.quantity.shape)
    sizes = (*(size for size in declared if size in run_over), *(index.size for index in indices))
    found: dict[Term, list[str]] = {size: [] for size in sizes if not is_one(size)}
    for index in indices:
        if index.letter is not None and index.letter not in found.get(index.size, index.letter):
            found[index.size].append(index.letter)
    used = {unicode_name(name) for name in taken_names}
    used |= {unicode_name(letter) for letters in found.values() for letter in letters}
    for letters in found.values():
        if not letters:
            letters.append(next(letter for letter in _candidates() if letter not in used))
            used.add(letters[0])
    return found


def choose_letters(
    nodes: Sequence[Node], taken_names: Iterable[str] = (), usual: Usual | None = None
) -> dict[Index, str]:
    """A letter for each index that is printed in `nodes`, which are read as one formula.

    `taken_names` are names that no index may take besides those in the nodes, `usual` the letters
    of each size.  The choice depends on the order of reading only.

    >>> n = Size("n")
    >>> list(choose_letters([IndexValue(Index(n)), IndexValue(Index(n, "k")), Size("i")]).values())
    ['j', 'k']
    >>> list(choose_letters([IndexValue(Index(n)), IndexValue(Index(n))], (), {n: "st"}).values())
    ['s', 't']
    """
    usual = usual or {}
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

    def is_free(letter: str, index: Index) -> bool:
        near = {unicode_name(letters[other]) for other in neighbours[index] if other in letters}
        return unicode_name(letter) not in taken | near

    # The wishes of authors first, so that nobody takes a letter that is asked for later.
    for index in neighbours:
        if index.letter is not None and is_free(index.letter, index):
            letters[index] = index.letter
    for index in neighbours:
        if index not in letters:
            wanted = _wanted(index.size, usual)
            letters[index] = next(letter for letter in wanted if is_free(letter, index))
    return {index: letters[index] for index in neighbours}


def _wanted(size: Term, usual: Usual) -> Iterator[str]:
    """The letters for an index, the best first: what other sizes use comes after what is free."""
    yield from usual.get(size, ())
    used = {letter for letters in usual.values() for letter in letters}
    yield from (letter for letter in ALPHABET if letter not in used)
    yield from _candidates()


def _candidates() -> Iterator[str]:
    yield from ALPHABET
    for round_ in count(1):
        yield from (f"{letter}_{round_}" for letter in ALPHABET)


def _bound(node: Node) -> tuple[Index, ...]:
    """The indices that a node binds."""
    return node.indices if isinstance(node, BINDERS) else ()


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
    if not isinstance(node, Matrix) or not isinstance(node.term, Entry | LinearAlgebra):
        return False
    places = tuple(map(IndexValue, node.indices))
    return node.term.subscripts[-len(places) :] in (places, places[::-1])


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
