"""Sums of products: a matrix product wherever two groups of factors share a summed index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from derive.program.arrays import Matmul, Tensordot, Whole
from derive.program.labelled import Labelled, aligned, combine, folded, in_order
from derive.terms import Index

Labels = tuple[Index, ...]


def contract(
    factors: Sequence[Labelled], indices: Sequence[Index], wanted: Sequence[Index]
) -> Labelled:
    """The sum over `indices` of the product of `factors`; each index is a label of some factor."""
    remaining, left = list(factors), list(indices)
    while left:
        done, joined, used = _next_sum(remaining, left, wanted)
        place = min(remaining.index(factor) for factor in used)
        remaining = [factor for factor in remaining if factor not in used]
        remaining.insert(place, joined)
        left = [index for index in left if index not in done]
    return remaining[0] if len(remaining) == 1 else combine("multiply", remaining, wanted)


def _next_sum(
    factors: list[Labelled], indices: list[Index], wanted: Sequence[Index]
) -> tuple[Labels, Labelled, list[Labelled]]:
    """One step: the indices summed, the factor that results, and the factors that it replaces."""
    for index in indices:
        carrying = [factor for factor in factors if index in factor.axes]
        if len(carrying) == 1:
            alone = _only_here(carrying, factors, indices)
            return alone, folded("sum", carrying[0], alone), carrying
    for index in indices:
        carrying = [factor for factor in factors if index in factor.axes]
        pair = _two_groups(carrying, wanted)
        if pair is not None:
            summed = tuple(
                i for i in _only_here(carrying, factors, indices) if all(i in p.axes for p in pair)
            )
            product = _matrix_product(*pair, summed, wanted) if index in summed else None
            if product is not None:
                return summed, product, carrying
    carrying = [factor for factor in factors if any(index in factor.axes for index in indices)]
    whole = combine("multiply", carrying, [*wanted, *indices])
    return tuple(indices), folded("sum", whole, indices), carrying


def _only_here(
    carrying: list[Labelled], factors: list[Labelled], indices: Sequence[Index]
) -> Labels:
    """The indices that some of `carrying` have and no other factor has."""
    others = [factor for factor in factors if factor not in carrying]
    return tuple(
        index
        for index in indices
        if any(index in factor.axes for factor in carrying)
        and not any(index in factor.axes for factor in others)
    )


def _two_groups(
    factors: list[Labelled], wanted: Sequence[Index]
) -> tuple[Labelled, Labelled] | None:
    """The factors as two products: those of equal labels, and smaller ones where they fit."""
    by_labels: dict[frozenset[Index], list[Labelled]] = {}
    for factor in factors:
        by_labels.setdefault(frozenset(factor.labels), []).append(factor)
    groups = sorted(by_labels.values(), key=lambda group: -len(group[0].labels))
    while len(groups) > 2:
        smallest = groups.pop()
        homes = [g for g in groups if set(smallest[0].labels) <= set(g[0].labels)]
        if not homes:
            return None
        homes[-1].extend(smallest)
    if len(groups) == 1 and len(factors[0].labels) == 1:
        groups = [factors[:1], factors[1:]]
    if len(groups) != 2:
        return None
    first, second = (
        group[0] if len(group) == 1 else combine("multiply", group, wanted) for group in groups
    )
    return first, second


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
        if len(summed) == len(roles.left) == len(roles.right) == 1:
            return _matmul(left, right, roles)
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
    left_order = (*roles.batch, *roles.left, *roles.summed)
    right_order = (*roles.batch, *roles.summed, *roles.right)
    turned = (*roles.summed, *roles.left), (*roles.right, *roles.summed)
    leaves = isinstance(left.term, Whole) and isinstance(right.term, Whole)
    flat = len(left_order) == len(right_order) == 2
    if flat and not leaves and (left.labels, right.labels) == turned:
        # The product of two transposes is the transpose of a product.
        whole = Matmul(aligned(right, turned[1]), aligned(left, turned[0]))
        return Labelled(whole, (*roles.right, *roles.left))
    product = Matmul(aligned(left, left_order), aligned(right, right_order))
    return Labelled(product, (*roles.batch, *roles.left, *roles.right))


def _tensordot(left: Labelled, right: Labelled, roles: _Roles) -> Labelled:
    terms = [aligned(value, value.labels) for value in (left, right)]
    axes = [tuple(value.labels.index(i) for i in roles.summed) for value in (left, right)]
    product = Tensordot(terms[0], terms[1], axes[0], axes[1])
    return Labelled(product, (*roles.left, *roles.right))
