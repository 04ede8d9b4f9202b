"""The local derivative of one quantity in another, by all the ways in which it reads it.

Where u reads w once, ∂u/∂w at the place that is read is what the rules found.  Where it reads w in
several ways (a softmax reads z[k] above its bar and below), each holds at some places only, and
∂u[k]/∂w[m] is the sum of all of them, each under the condition that it reads w[m]:

    ∂P[k]/∂z[m] = [k = m] P[k] - P[k] P[m]
"""

from __future__ import annotations

from dataclasses import dataclass

from derive.calculus.adjoint import Gradient, Path, collapse
from derive.calculus.affine import always
from derive.calculus.matching import match
from derive.simplify import guarded, summed, total, unguarded
from derive.terms import (
    Compare,
    Condition,
    Entry,
    Index,
    IndexValue,
    Multiply,
    Partial,
    Quantity,
    Term,
    substitute,
)


@dataclass(frozen=True)
class Local:
    """∂u/∂w: by name, in value, and the chain term Σ ∂C/∂u · ∂u/∂w by name.

    `paths` are the readings that it gathers.
    """

    partial: Partial
    value: Term
    by_name: Term
    paths: tuple[Path, ...]


def locals_of(gradient: Gradient) -> tuple[Local, ...]:
    """One local derivative for each quantity through which `gradient.wrt` reaches the cost."""
    readers = dict.fromkeys(path.equation.left for path in gradient.paths)
    return tuple(_local(gradient, reader) for reader in readers)


def _local(gradient: Gradient, reader: Quantity) -> Local:
    paths = tuple(path for path in gradient.paths if path.equation.left == reader)
    if len(paths) == 1 and _reads_each_place_once(paths[0]):
        (path,) = paths
        value = guarded(path.reached, path.local)
        return Local(path.partial, value, _named(path, path.summed, path.where), paths)
    return _at_the_widest(paths) or _everywhere(gradient, paths)


def _reads_each_place_once(path: Path) -> bool:
    """Whether at one place of u the entry is read once: no lifted index is left to sum."""
    return len(path.summed) <= len(path.equation.indices) and not any(
        index in path.lifted for index in path.summed
    )


def _named(path: Path, indices: tuple[Index, ...], where: tuple[Condition, ...]) -> Term:
    if path.upstream is None:
        return summed(indices, path.partial, where)
    return summed(indices, Multiply((path.upstream, path.partial)), where)


def _at_the_widest(paths: tuple[Path, ...]) -> Local | None:
    """All readings at the places that the most general one reaches, None where it misses some."""
    widest = max(paths, key=lambda path: len(path.summed))
    if any(path.where for path in paths) or not _reads_each_place_once(widest):
        return None
    values = [_seen_from(widest, path) for path in paths]
    found = [value for value in values if value is not None]
    if len(found) < len(values):
        return None
    return Local(widest.partial, total(*found), _named(widest, widest.summed, ()), paths)


def _seen_from(widest: Path, path: Path) -> Term | None:
    """The local derivative of one reading at the places of another, more general one."""
    found = match(widest.partial.of, path.partial.of, frozenset(widest.summed))
    if found is None or not _reads_each_place_once(path):
        return None
    renamed: dict[Index, Term] = {}
    where: list[Condition] = []
    for index, value in found.items():
        if isinstance(value, IndexValue) and value.index in path.summed:
            renamed[value.index] = IndexValue(index)
        elif value != IndexValue(index):
            where.append(Compare("==", IndexValue(index), value))
    if len(renamed) < len(path.summed):
        return None
    return guarded(tuple(where), substitute(path.local, renamed))


def _everywhere(gradient: Gradient, paths: tuple[Path, ...]) -> Local:
    """All readings at any place of u."""
    equation = paths[0].equation
    indices = tuple(Index(index.size, index.letter) for index in equation.indices)
    places = tuple(IndexValue(index) for index in indices)
    base: dict[Index, Term] = dict(zip(equation.indices, places, strict=True))
    value = total(*(_reading_at(gradient, path, base) for path in paths))
    wrt = Entry(gradient.wrt, gradient.entry.subscripts)
    partial = Partial(Entry(equation.left, places), wrt)
    upstream = paths[0].upstream
    factors: Term = partial
    if upstream is not None:
        factors = Multiply((Entry(upstream.quantity, places), partial))
    return Local(partial, value, summed(indices, factors), paths)


def _reading_at(gradient: Gradient, path: Path, base: dict[Index, Term]) -> Term:
    """What one reading contributes to ∂u/∂w at the places `base` of u."""
    reading = path.reading
    fresh = {index: Index(index.size, index.letter) for index in reading.lifted}
    here = base | {old: IndexValue(new) for old, new in fresh.items()}
    delta = collapse(
        gradient.equation.indices, substitute(reading.entry, here), tuple(fresh.values())
    )
    term = substitute(substitute(reading.slope, here), delta.values)
    where = tuple(
        condition
        for condition in (substitute(c, delta.values) for c in delta.where)
        if not always(condition)
    )
    # What the subscripts read exists only where the reading itself is not left out.
    guards, inside = unguarded(term)
    return summed(delta.remaining, inside, (*guards, *where))
