"""A scalar factor of a matrix product goes to a factor that is clearly smaller than the product.

S = (q / sqrt(E)) @ k.T      passes over q      where q @ k.T / sqrt(E) passes over S
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from derive.program.array_shapes import shape_of
from derive.program.arrays import ArrayTerm, Elementwise, Matmul, operands, with_operands
from derive.program.orders import CLEARLY, Sizes, extent
from derive.program.program import Line, Loop, Statement


def with_scaled_factors(lines: Sequence[Line], sizes: Sizes) -> tuple[Line, ...]:
    """The lines, in which scalars pass over the smaller arrays; `sizes` are representative."""

    def scaled(line: Statement) -> Statement:
        return replace(line, value=scaled_first(line.value, sizes))

    return tuple(
        replace(line, statements=tuple(map(scaled, line.statements)))
        if isinstance(line, Loop)
        else scaled(line)
        for line in lines
    )


def scaled_first(term: ArrayTerm, sizes: Sizes) -> ArrayTerm:
    """The term, in which a factor clearly smaller than its product takes the product's scalar.

    >>> from derive.program.arrays import Whole
    >>> from derive.terms import Quantity, Size
    >>> N, D = Size("N"), Size("D")
    >>> tall, wide = Whole(Quantity("q", (N, D))), Whole(Quantity("k", (D, N)))
    >>> c = Whole(Quantity("c"))
    >>> scaled_first(Elementwise("divide", (Matmul(tall, wide), c)), {"N": 100, "D": 10}) == (
    ...     Matmul(Elementwise("divide", (tall, c)), wide))
    True
    """
    term = with_operands(term, tuple(scaled_first(part, sizes) for part in operands(term)))
    match term:
        case Elementwise("divide" | "multiply", (Matmul(left, right) as product, scalar)) | (
            Elementwise("multiply", (scalar, Matmul(left, right) as product))
        ) if not shape_of(scalar):
            small, count = min(
                ((factor, _entries(factor, sizes)) for factor in (left, right)),
                key=lambda pair: pair[1],
            )
            if CLEARLY * count <= _entries(product, sizes):
                inside = replace(term, operands=_put(term.operands, product, small))
                return replace(product, **{"left" if small is left else "right": inside})
    return term


def _put(parts: Sequence[ArrayTerm], old: ArrayTerm, new: ArrayTerm) -> tuple[ArrayTerm, ...]:
    return tuple(new if part is old else part for part in parts)


def _entries(term: ArrayTerm, sizes: Sizes) -> int:
    return prod(extent(size, sizes) for size in shape_of(term))
