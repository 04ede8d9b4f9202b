"""Sums of products: a matrix product wherever two factors share a summed index.

Two factors are taken at a time, in the cheapest order.  What has the same axes is multiplied
elementwise first, and what one factor alone carries is summed there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from derive.program.arrays import Matmul, OfMatrices, Selector, Tensordot, Whole
from derive.program.context import Context
from derive.program.labelled import Labelled, aligned, folded, in_order, multiplied, selected
from derive.program.merged import product_over_windows
from derive.program.orders import best_order, first_pair, least_cost
from derive.terms import ONE, Index

Labels = tuple[Index, ...]


def contract(factors: Sequence[Labelled], indices: Sequence[Index], context: Context) -> Labelled:
    """The sum over `indices` of the product of `factors`; each index is a label of some factor."""
    remaining = list(factors)
    while len(remaining) > 1:
        remaining = [_summed_alone(factor, remaining, indices) for factor in remaining]
        left = [index for index in indices if any(index in f.axes for f in remaining)]
        if not left:
            return multiplied(remaining, context.wanted)
        summed = [f for f in remaining if any(index in f.axes for index in left)]
        used, joined = _one_step(summed, left, context)
        place = remaining.index(used[0])
        remaining = [joined if at == place else f for at, f in enumerate(remaining)]
        remaining = [f for f in remaining if f is joined or f not in used]
    left = [index for index in indices if index in remaining[0].axes]
    return folded("sum", remaining[0], left)


def _one_step(
    factors: Sequence[Labelled], indices: Sequence[Index], context: Context
) -> tuple[list[Labelled], Labelled]:
    """The factors that are multiplied next, in the order of the text, and their product."""
    groups = _alike(factors)
    several = next((group for group in groups if len(group) > 1), None)
    if len(groups) == 1:
        return groups[0], _one_group(groups[0], indices, context.wanted)
    if several is not None:
        return several, multiplied(several, context.wanted)
    axes = [frozenset(factor.labels) for factor in factors]
    pair = _known_pair(factors, indices, context)
    if pair is None:
        pair = [factors[place] for place in first_pair(best_order(axes, indices, context.sizes))]
    return pair, _joined(pair, _only_in(pair, factors, indices), context)


def _only_in(
    pair: Sequence[Labelled], factors: Sequence[Labelled], indices: Sequence[Index]
) -> Labels:
    """The indices to be summed that no factor has but those of a pair."""
    others = [factor for factor in factors if factor not in pair]
    return tuple(i for i in indices if not any(i in other.axes for other in others))


def _known_pair(
    factors: Sequence[Labelled], indices: Sequence[Index], context: Context
) -> list[Labelled] | None:
    """Two factors whose product is known, where the rest costs no more than it would without."""
    axes = [frozenset(factor.labels) for factor in factors]
    for pair in combinations(factors, 2):
        known = context.computed.product(*pair, _only_in(pair, factors, indices))
        if known is not None:
            others = [frozenset(factor.labels) for factor in factors if factor not in pair]
            rest = least_cost([frozenset(known.labels), *others], indices, context.sizes)
            if rest <= least_cost(axes, indices, context.sizes):
                return list(pair)
    return None


def _summed_alone(
    factor: Labelled, factors: Sequence[Labelled], indices: Sequence[Index]
) -> Labelled:
    """The factor summed over the indices that it alone carries."""
    others = [other for other in factors if other is not factor]
    alone = [
        index
        for index in indices
        if index in factor.axes and not any(index in other.axes for other in others)
    ]
    return folded("sum", factor, alone) if alone else factor


def _alike(factors: Sequence[Labelled]) -> list[list[Labelled]]:
    """The factors in groups that have the same labels."""
    groups: dict[frozenset[Index], list[Labelled]] = {}
    for factor in factors:
        groups.setdefault(frozenset(factor.labels), []).append(factor)
    return list(groups.values())


def _one_group(
    factors: Sequence[Labelled], indices: Sequence[Index], wanted: Sequence[Index]
) -> Labelled:
    """The sum of a product of factors that all have the same labels: vectors have a dot product."""
    if len(factors[0].labels) == 1:
        first, *others = factors
        second = multiplied(others, wanted)
        product = _matrix_product(first, second, tuple(indices), wanted)
        if product is not None:
            return product
    return folded("sum", multiplied(factors, [*wanted, *indices]), indices)


def _joined(pair: Sequence[Labelled], indices: Labels, context: Context) -> Labelled:
    """The product of two factors, summed over the indices that no other factor has."""
    left, right = pair
    product = context.computed.product(left, right, indices)
    if product is None and indices:
        product = product_over_windows(left, right, indices)
    if product is None and indices:
        product = _matrix_product(left, right, indices, context.wanted)
    if product is None:
        whole = multiplied([left, right], [*context.wanted, *indices])
        product = folded("sum", whole, indices)
    return context.computed.keep(left, right, indices, product)


@dataclass(frozen=True)
class _Roles:
    """The labels of a pair: carried by one only, by both and kept (batch), by both and summed."""

    left: Labels
    right: Labels
    batch: Labels
    summed: Labels


def _roles(left: Labelled, right: Labelled, summed: Labels, wanted: Sequence[Index]) -> _Roles:
    batch = [i for i in left.labels if i in right.labels and i not in summed]
    return _Roles(
        tuple(i for i in left.labels if i not in right.labels),
        tuple(i for i in right.labels if i not in left.labels),
        in_order(batch, wanted),
        summed,
    )


def _matrix_product(
    left: Labelled, right: Labelled, summed: Labels, wanted: Sequence[Index]
) -> Labelled | None:
    """The sum over shared indices as a matrix product, None where it is not one."""
    if _comes_first(right, left, summed, wanted):
        left, right = right, left
    roles = _roles(left, right, summed, wanted)
    if roles.batch:
        if len(summed) == 1 and (roles.left or roles.right):
            return _stacked(left, right, roles)
        return None
    if len(summed) == 1 and len(roles.right) <= 1:
        return _matmul(left, right, roles)
    if not roles.left and not roles.right:
        return None
    return _tensordot(left, right, roles)


def _comes_first(
    candidate: Labelled, other: Labelled, summed: Labels, wanted: Sequence[Index]
) -> bool:
    """Whether `candidate` is the left factor: its own labels come first in what is wanted."""
    own = [i for i in candidate.labels if i not in other.labels]
    others = [i for i in other.labels if i not in candidate.labels]
    if own and others:
        order = in_order([*own, *others], wanted)
        return order.index(own[0]) < order.index(others[0])
    if own:
        return candidate.labels[-1] in summed
    return bool(others) and other.labels[-1] not in summed


def _matmul(left: Labelled, right: Labelled, roles: _Roles) -> Labelled:
    left_order = (*roles.left, *roles.summed)
    right_order = (*roles.summed, *roles.right)
    turned = (*roles.summed, *roles.left), (*roles.right, *roles.summed)
    leaves = isinstance(left.term, Whole) and isinstance(right.term, Whole)
    flat = len(left_order) == len(right_order) == 2
    if flat and not leaves and (left.labels, right.labels) == turned:
        # The product of two transposes is the transpose of a product.
        whole = Matmul(aligned(right, turned[1]), aligned(left, turned[0]))
        return Labelled(whole, (*roles.right, *roles.left))
    product = Matmul(aligned(left, left_order), aligned(right, right_order))
    return Labelled(product, (*roles.left, *roles.right))


def _stacked(left: Labelled, right: Labelled, roles: _Roles) -> Labelled:
    """A stack of matrix products; all but the last of a factor's own axes count the stack too.

    A vector is a matrix of one row or column.
    """
    if not roles.left and isinstance(right.term, OfMatrices):
        # A row times an inverse is a solution, which is a column.
        return _stacked(right, left, replace(roles, left=roles.right, right=()))
    stack = (*roles.batch, *roles.left[:-1], *roles.right[:-1])
    one = Index(ONE)
    row, column = (own[-1] if own else one for own in (roles.left, roles.right))
    product = Matmul(
        aligned(left, (*stack, row, *roles.summed)),
        aligned(right, (*stack, *roles.summed, column)),
    )
    axes = (*stack, row, column)
    kept: list[Selector] = [0 if axis is one else "all" for axis in axes]
    return Labelled(selected(product, kept), tuple(axis for axis in axes if axis is not one))


def _tensordot(left: Labelled, right: Labelled, roles: _Roles) -> Labelled:
    terms = [aligned(value, value.labels) for value in (left, right)]
    axes = [tuple(value.labels.index(i) for i in roles.summed) for value in (left, right)]
    product = Tensordot(terms[0], terms[1], axes[0], axes[1])
    return Labelled(product, (*roles.left, *roles.right))
