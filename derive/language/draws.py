"""What only the data of a worked example may use: random draws, rounding, places of a maximum.

A draw has the shape of the quantity that its line gives a value.  It is read before that shape is
known, as the entry of an array without axes, and gets the axes of the line at its end.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Literal

from derive.language.elementary import check_arguments
from derive.language.operators import elementwise
from derive.language.reductions import read_reduction
from derive.language.scope import Scope
from derive.language.values import Array, exact_value, scalar
from derive.model import Draw, Equation
from derive.terms import (
    BINDERS,
    ONE,
    Entry,
    FloorDivide,
    IndexValue,
    Kind,
    Node,
    Quantity,
    Term,
    children,
    entries,
    rewrite,
    walk,
)

Distribution = Literal["normal", "uniform", "integers"]
KINDS: Mapping[str, Kind] = {"integers": "index"}


def _read_draw(node: ast.Call, scope: Scope, distribution: Distribution) -> Array:
    check_arguments(node, 2, scope)
    first, second = (_number(argument, scope) for argument in node.args)
    low, high = exact_value(first), exact_value(second)
    if distribution == "normal" and high is not None and high < 0:
        raise scope.error(node, "the deviation of 'normal' is negative", "write normal(0, 0.1)")
    if distribution != "normal" and low is not None and high is not None and low >= high:
        raise scope.error(
            node, f"nothing lies in the range of '{distribution}'", f"write {distribution}(0, 2)"
        )
    draws = scope.draft.draws
    assert draws is not None
    # The gap keeps the name apart from every name of a text.
    name, kind = f"draw {len(draws) + 1}", KINDS.get(distribution, "input")
    draws.append(Draw(Quantity(name, (), kind), distribution, (first, second)))
    return scalar(Entry(draws[-1].quantity))


def _number(node: ast.expr, scope: Scope) -> Term:
    term = scope.scalar(node)
    if any(isinstance(part, Entry | IndexValue) for part in walk(term)):
        raise scope.error(
            node,
            f"'{scope.spelling(node)}' differs from entry to entry or is drawn itself",
            "draw from normal(0, 1) and change what is drawn: mu[i] + sigma[i] * normal(0, 1)",
        )
    return term


def _read_floor(node: ast.Call, scope: Scope) -> Array:
    check_arguments(node, 1, scope)
    return elementwise(node.args, scope, lambda terms: FloorDivide(terms[0], ONE))


DATA_FUNCTIONS: Mapping[str, Callable[[ast.Call, Scope], Array]] = {
    "normal": partial(_read_draw, distribution="normal"),
    "uniform": partial(_read_draw, distribution="uniform"),
    "integers": partial(_read_draw, distribution="integers"),
    "floor": _read_floor,
    "argmax": read_reduction,
    "argmin": read_reduction,
}


def drawn(equation: Equation, draws: list[Draw]) -> tuple[Equation, tuple[Draw, ...]]:
    """The equation with its draws in the shape of its left-hand side, and these draws."""
    read = {entry.quantity for entry in entries(equation.right)}
    axes = tuple(IndexValue(index) for index in equation.indices)
    found = {
        draw.quantity: replace(draw, quantity=replace(draw.quantity, shape=equation.left.shape))
        for draw in draws
        if draw.quantity in read
    }

    def rule(node: Node) -> Node | None:
        if isinstance(node, Entry) and node.quantity in found:
            return Entry(found[node.quantity].quantity, axes)
        return None

    return replace(equation, right=rewrite(equation.right, rule)), tuple(found.values())


def added_up(node: Node, draws: list[Draw], *, bound: bool = False) -> Iterator[Draw]:
    """The draws in `node` over which something runs: one number would stand for many."""
    if bound and isinstance(node, Entry):
        yield from (draw for draw in draws if draw.quantity == node.quantity)
    for child in children(node):
        yield from added_up(child, draws, bound=bound or isinstance(node, BINDERS))
