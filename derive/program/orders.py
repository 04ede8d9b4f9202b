"""In which order a product of many factors is summed: the cheapest, unless the text's is as good.

The search is that of `numpy.einsum_path` (Smith and Gray 2018, opt_einsum), which sees axes and
sizes only, and makes no array larger than the largest factor or the result where it can.  Sizes are
symbolic, so they get representative values: rows of data are many, features are some.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from math import prod
from string import ascii_letters

import numpy as np

from derive.errors import DerivationError
from derive.model import Specification, data, parameters
from derive.program.program import size_names
from derive.sizes import size_at
from derive.terms import Index, Term

# How many there are of what only data have, of what parameters have, of what no array has.
ROWS, FEATURES, SETTING = 1024, 64, 2
# An elementwise product reads and writes memory; what a matrix product reads it uses many times.
ELEMENTWISE = 4
# An order that saves less than this factor saves it for some sizes only: the text's is kept.
CLEARLY = 2

Labels = frozenset[Index]
# A factor by its place in the text, or a product of two of them.
Order = int | tuple["Order", "Order"]
Sizes = Mapping[str, int]


def representative_sizes(spec: Specification) -> dict[str, int]:
    """A size for each dimension that no formula gives, and the value of those formulas.

    Declared defaults are those of a written-out example, far smaller than what is computed.
    """

    def names(shapes: Sequence[tuple[Term, ...]]) -> set[str]:
        return {name for shape in shapes for size in shape for name in size_names(size)}

    features = names([quantity.shape for quantity in parameters(spec)])
    rows = names([quantity.shape for quantity in data(spec)])
    found: dict[str, int] = {}
    for dimension in spec.dimensions:
        name = dimension.name
        if dimension.formula is None:
            found[name] = FEATURES if name in features else ROWS if name in rows else SETTING
    for dimension in spec.dimensions:
        if dimension.formula is not None:
            found[dimension.name] = extent(dimension.formula, found)
    return found


def extent(size: Term, sizes: Sizes) -> int:
    """The representative value of a size: that of features where it is not known.

    >>> from derive.terms import Add, Size
    >>> extent(Add((Size("n"), Size("n"))), {"n": 1024}), extent(Size("m"), {})
    (2048, 64)
    """
    try:
        return max(1, round(size_at(size, sizes)))
    except DerivationError:
        return FEATURES


def cost(order: Order, factors: Sequence[Labels], indices: Sequence[Index], sizes: Sizes) -> int:
    """How much work the sum over `indices` is in an order: the entries its products go through.

    >>> from derive.terms import Size
    >>> i, j, k = (Index(Size("n")) for _ in range(3))
    >>> A, B, v = frozenset([i, j]), frozenset([j, k]), frozenset([k])
    >>> orders = ((0, 1), 2), (0, (1, 2))
    >>> [cost(order, (A, B, v), (j, k), {"n": 10}) for order in orders]
    [1400, 800]
    """
    return _worked(order, factors, indices, sizes)[1]


def _worked(
    order: Order, factors: Sequence[Labels], indices: Sequence[Index], sizes: Sizes
) -> tuple[Labels, int]:
    """The labels of what an order leaves, and its cost."""
    if isinstance(order, int):
        return factors[order], 0
    (left, before), (right, earlier) = (_worked(o, factors, indices, sizes) for o in order)
    inside = _places(order)
    others = [labels for place, labels in enumerate(factors) if place not in inside]
    after = _product(left, right, others, indices)
    is_matrix_product = bool(left - right and right - left and (left & right) - after)
    entries = prod(extent(index.size, sizes) for index in left | right)
    weight = 1 if is_matrix_product else ELEMENTWISE
    return after, before + earlier + weight * entries


def _product(
    left: Labels, right: Labels, others: Sequence[Labels], indices: Sequence[Index]
) -> Labels:
    """The labels of a product of two, summed over what no other factor has."""
    return (left | right) - frozenset(indices).difference(*others)


def _places(order: Order) -> list[int]:
    return [order] if isinstance(order, int) else [*_places(order[0]), *_places(order[1])]


def as_written(factors: Sequence[Labels], indices: Sequence[Index]) -> Order:
    """The order of the text: an index after the other, or from left to right."""
    remaining: list[tuple[Order, Labels]] = list(enumerate(factors))
    while len(remaining) > 1:
        carrying = [[part for part in remaining if index in part[1]] for index in indices]
        first, second = next((pair for pair in carrying if len(pair) == 2), remaining[:2])
        others = [part for part in remaining if part not in (first, second)]
        labels = _product(first[1], second[1], [part[1] for part in others], indices)
        joined = ((first[0], second[0]), labels)
        remaining = [joined if part is first else part for part in remaining if part is not second]
    return remaining[0][0]


def cheapest(factors: Sequence[Labels], indices: Sequence[Index], sizes: Sizes) -> Order:
    """The order that costs least, within the memory of the largest factor or else without bound."""
    every = list(dict.fromkeys(index for labels in factors for index in labels))
    letters = dict(zip(every, ascii_letters, strict=False))
    if len(letters) < len(every):
        return as_written(factors, indices)
    terms = ["".join(letters[i] for i in every if i in labels) for labels in factors]
    text = f"{','.join(terms)}->{''.join(letters[i] for i in every if i not in indices)}"
    shapes = [[extent(i.size, sizes) for i in every if i in labels] for labels in factors]
    arrays = [np.broadcast_to(np.float32(0), shape) for shape in shapes]
    for search in ("optimal", ("optimal", 2**62)):
        path = np.einsum_path(text, *arrays, optimize=search)[0][1:]
        if all(len(step) == 2 for step in path):
            break
    orders: list[Order] = list(range(len(factors)))
    for step in path:
        first, *others = (orders[place] for place in step)
        orders = [order for place, order in enumerate(orders) if place not in step]
        orders.append(reduce(lambda before, part: (before, part), others, first))
    return orders[0]


def best_order(factors: Sequence[Labels], indices: Sequence[Index], sizes: Sizes) -> Order:
    """The order of the text, or another one that costs clearly less."""
    text = as_written(factors, indices)
    if len(factors) < 3:
        return text
    best = cheapest(factors, indices, sizes)
    work = [cost(order, factors, indices, sizes) for order in (text, best)]
    return best if work[0] > CLEARLY * work[1] else text


def least_cost(factors: Sequence[Labels], indices: Sequence[Index], sizes: Sizes) -> int:
    """What a product costs in the order in which it is summed."""
    return cost(best_order(factors, indices, sizes), factors, indices, sizes)


def first_pair(order: Order) -> tuple[int, int]:
    """The two factors that an order multiplies first.

    >>> first_pair((0, ((1, 2), 3)))
    (1, 2)
    """
    match order:
        case (int(left), int(right)):
            return min(left, right), max(left, right)
        case (left, right):
            return first_pair(right if isinstance(left, int) else left)
    raise TypeError(f"first_pair: {order} is no product")
