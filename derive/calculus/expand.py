"""From symbolic sizes to the written-out scalar equations of a small instance.

Sums over a known range become sums of their terms, entries get numbers for subscripts, and a
quantity becomes the list of its entries.  Nothing is rearranged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations_with_replacement
from itertools import product as cartesian

from derive.errors import DeriveError
from derive.model import Equation, Specification
from derive.simplify import summed, total
from derive.sizes import size_at
from derive.terms import (
    ZERO,
    Add,
    Entry,
    IndexValue,
    LinearAlgebra,
    Node,
    Quantity,
    Reduction,
    Term,
    children,
    is_one,
    number,
    rebuild,
    rewrite,
    substitute,
)

Sizes = Mapping[str, int]

# The size of the written-out example for a dimension whose text gives none.
SMALL = 2

# The smallest sizes are looked for among those whose sum is larger than that of ones by so much.
LARGER = 3


def example_sizes(model: Specification, **given: int) -> dict[str, int]:
    """The sizes of the written-out example: those `given`, else the text's, else a small one.

    >>> from derive.language import read_model
    >>> example_sizes(read_model("n: dim = 3; w: param[n]; C = sum(w**2); minimize(C, sgd())"))
    {'n': 3}
    """
    sizes: dict[str, int] = {}
    for dimension in model.dimensions:
        if dimension.name in given:
            sizes[dimension.name] = given[dimension.name]
        elif dimension.formula is not None:
            sizes[dimension.name] = int(size_at(dimension.formula, sizes))
        else:
            sizes[dimension.name] = dimension.default or SMALL
    for name, value in given.items():
        if value < 1:
            raise DeriveError(f"{name} = {value} is no size", "give a whole number, at least 1")
    unknown = [name for name in given if name not in sizes]
    if unknown:
        known = ", ".join(sizes) or "none"
        raise DeriveError(f"'{unknown[0]}' is not a size of this model", f"its sizes are: {known}")
    return sizes


def smallest_sizes(model: Specification) -> dict[str, int] | None:
    """The smallest sizes at which every axis has a place, None where they are not found.

    >>> from derive.language import read_model
    >>> text = "S: dim; M: dim = S // 2; w: param[M]; C = sum(w**2); minimize(C, sgd())"
    >>> smallest_sizes(read_model(text))
    {'S': 2, 'M': 1}
    """
    free = [one.name for one in model.dimensions if one.formula is None]
    for more in range(LARGER + 1):
        for raised in combinations_with_replacement(free, more):
            try:
                sizes = example_sizes(model, **{name: 1 + raised.count(name) for name in free})
            except DeriveError:
                continue
            if all(size > 0 for size in sizes.values()):
                return sizes
    return None


def shape_at(quantity: Quantity, sizes: Sizes) -> tuple[int, ...]:
    """The shape of a quantity in the instance."""
    return tuple(int(size_at(size, sizes)) for size in quantity.shape)


def places(quantity: Quantity, sizes: Sizes) -> Iterator[tuple[Term, ...]]:
    """The subscripts of every entry, row by row."""
    ranges = (range(extent) for extent in shape_at(quantity, sizes))
    for subscripts in cartesian(*ranges):
        yield tuple(number(value) for value in subscripts)


def instance(equation: Equation, sizes: Sizes) -> tuple[tuple[Entry, Term], ...]:
    """The written-out equations, one for each entry of the left-hand side."""
    return tuple(_entry(equation, sizes, at) for at in places(equation.left, sizes))


def first_entry(equation: Equation, sizes: Sizes) -> tuple[Entry, Term]:
    """The first of the written-out equations."""
    return _entry(equation, sizes, (ZERO,) * len(equation.indices))


def _entry(equation: Equation, sizes: Sizes, at: tuple[Term, ...]) -> tuple[Entry, Term]:
    values = dict(zip(equation.indices, at, strict=True))
    return Entry(equation.left, at), written_out(substitute(equation.right, values), sizes)


def written_out(term: Term, sizes: Sizes) -> Term:
    """`term` with each sum of known, unconditional range as the sum of its terms."""
    if isinstance(term, Reduction) and term.kind == "sum" and not term.where:
        ranges = (range(int(size_at(index.size, sizes))) for index in term.indices)
        at_places = (
            dict(zip(term.indices, map(number, v), strict=True)) for v in cartesian(*ranges)
        )
        return total(*(written_out(substitute(term.term, values), sizes) for values in at_places))
    if isinstance(term, Add):
        # Brackets of the author stay; a sum that is written out among others needs none.
        return Add(tuple(part for one in term.terms for part in _summands(one, sizes)))
    if isinstance(term, IndexValue | Entry | LinearAlgebra):
        return term
    return rebuild(term, tuple(_below(child, sizes) for child in children(term)))


def _summands(term: Term, sizes: Sizes) -> tuple[Term, ...]:
    written = written_out(term, sizes)
    if isinstance(term, Reduction) and isinstance(written, Add):
        return written.terms
    return (written,)


def _below(child: Node, sizes: Sizes) -> Node:
    return written_out(child, sizes) if isinstance(child, Term) else child


def without_unit_sums(term: Term) -> Term:
    """`term` with each sum over axes of size one as its only term there.

    >>> from derive.terms import ONE, Index
    >>> k = Index(ONE)
    >>> without_unit_sums(Reduction("sum", (k,), IndexValue(k))) == number(0)
    True
    """

    def rule(node: Node) -> Node | None:
        if not isinstance(node, Reduction) or node.kind != "sum":
            return None
        single = {index: ZERO for index in node.indices if is_one(index.size)}
        if not single:
            return None
        kept = tuple(index for index in node.indices if index not in single)
        where = tuple(substitute(condition, single) for condition in node.where)
        return without_unit_sums(summed(kept, substitute(node.term, single), where))

    return rewrite(term, rule)
