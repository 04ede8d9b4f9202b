"""Products that hold another product of the program, with that product as one factor.

Where d_h * s is computed, d_h * s * g is (d_h * s) * g.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from derive.program.array_shapes import shape_of
from derive.program.arrays import (
    ArrayTerm,
    Elementwise,
    is_plain_number,
    operands,
    walk,
    with_operands,
)
from derive.program.program import Line, Loop, Statement, every_statement

Factors = tuple[ArrayTerm, ...]


def with_subproducts(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines, with the products that stand in others as factors of these."""
    found = dict.fromkeys(
        part.operands
        for statement in every_statement(lines)
        for part in walk(statement.value)
        if isinstance(part, Elementwise) and part.operation == "multiply" and shape_of(part)
    )
    smaller = sorted(filter(_is_worth, found), key=len, reverse=True)

    def regrouped(statement: Statement) -> Statement:
        return replace(statement, value=_regrouped(statement.value, smaller))

    return tuple(
        replace(line, statements=tuple(map(regrouped, line.statements)))
        if isinstance(line, Loop)
        else regrouped(line)
        for line in lines
    )


def _is_worth(factors: Factors) -> bool:
    """Whether a product is one of at least two arrays."""
    return sum(not is_plain_number(factor) for factor in factors) > 1


def _regrouped(term: ArrayTerm, smaller: Sequence[Factors]) -> ArrayTerm:
    inside = with_operands(term, tuple(_regrouped(part, smaller) for part in operands(term)))
    if not isinstance(inside, Elementwise) or inside.operation != "multiply":
        return inside
    assert isinstance(term, Elementwise)
    for factors in smaller:
        # A square holds its base twice.
        if len(factors) < len(term.operands) and Counter(factors) <= Counter(term.operands):
            product = _regrouped(Elementwise("multiply", factors), smaller)
            rest = list(term.operands)
            place = rest.index(factors[0])
            for factor in factors:
                rest.remove(factor)
            others = [_regrouped(part, smaller) for part in rest]
            return Elementwise("multiply", (*others[:place], product, *others[place:]))
    return inside
