"""What a function is taken of, kept where other equations need it too.

h = relu(x W + b) has a derivative that asks where x W + b is positive.  The argument becomes an
equation of its own, above the first that reads it, so that no matrix product is made twice,
whatever the order of axes in which each equation would compute it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from derive.calculus.recognise import with_names
from derive.conditions import needs_no_guard
from derive.model import Equation
from derive.program.array_functions import PARTIAL
from derive.program.part_names import fresh, unnamed
from derive.terms import (
    Add,
    Call,
    Compare,
    Index,
    IndexValue,
    Multiply,
    Name,
    Negate,
    Power,
    Quantity,
    Reduction,
    Term,
    children,
    entries,
    free_indices,
    same,
    substitute,
    walk,
)


def with_repeated(
    equations: Sequence[Equation], apart: Collection[Name], taken: set[Name]
) -> list[Equation]:
    """The equations, with one more for each argument that several of them hold.

    Equations of the names `apart`, which step together, are left as they are.
    """
    arguments: dict[tuple[Name, ...], list[tuple[int, Term]]] = {}
    for place, equation in enumerate(equations):
        if equation.left.name not in apart:
            for argument in _arguments(equation.right):
                names = tuple(entry.quantity.name for entry in entries(argument))
                if not set(names) & set(apart):
                    arguments.setdefault(names, []).append((place, argument))
    made: dict[int, list[Equation]] = {}
    for group in arguments.values():
        place, argument = group[0]
        if any(other != place and _alike(argument, term) for other, term in group):
            made.setdefault(place, []).append(_equation(argument, taken))
    known: list[Equation] = []
    result: list[Equation] = []
    for place, equation in enumerate(equations):
        for own in sorted(made.get(place, ()), key=lambda e: len(list(walk(e.right)))):
            result += with_names([own], known)
            known.append(own)
        result += [equation] if equation.left.name in apart else with_names([equation], known)
    return result


def _arguments(term: Term) -> Iterator[Term]:
    """What functions, powers and comparisons are taken of, where that has sums of products."""
    for node in walk(term):
        if isinstance(node, Call | Compare | Power):
            for part in children(node):
                if isinstance(part, Add | Reduction) and free_indices(part) and _is_costly(part):
                    yield part


def _is_costly(term: Term) -> bool:
    """Whether a term has a value everywhere, and takes a sum of products to compute."""
    sums = (node for node in walk(term) if isinstance(node, Reduction))
    return _has_value(term) and any(isinstance(node.term, Multiply) for node in sums)


def _has_value(term: Term) -> bool:
    match term:
        case Reduction("sum", _, inside, ()):
            return _has_value(inside)
        case Call(function, parts) if function not in PARTIAL:
            return all(map(_has_value, parts))
        case Add(parts) | Multiply(parts):
            return all(map(_has_value, parts))
        case Negate(inside):
            return _has_value(inside)
    return needs_no_guard(term)


def _alike(term: Term, other: Term) -> bool:
    here, there = free_indices(term), free_indices(other)
    pairs = dict(zip(here, there, strict=False))
    fits = len(here) == len(there) and all(a.size == b.size for a, b in pairs.items())
    return fits and same(term, other, pairs)


def _equation(argument: Term, taken: set[Name]) -> Equation:
    name = fresh(unnamed(0), taken)
    taken.add(name)
    inside = {index: Index(index.size, index.letter) for index in free_indices(argument)}
    places: dict[Index, Term] = {old: IndexValue(new) for old, new in inside.items()}
    left = Quantity(name, tuple(index.size for index in inside.values()))
    return Equation(left, tuple(inside.values()), substitute(argument, places))
