"""The graph of a model: its quantities, what is computed from what, and how gradients go back."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from derive.calculus.local import Local, locals_of
from derive.calculus.targets import target_names
from derive.decimals import rounded
from derive.document.writer import Writer, at_first_places, formula, shape_layout, symbol_of
from derive.picture.graph import Edge, Graph, Node, NodeKind
from derive.terms import AllOf, Derivative, Name, Quantity, entries
from derive.typeset.layout import Layout, bracketed, listed
from derive.typeset.one_line import fits_one_line, one_line
from derive.typeset.symbols import Notation, name_layout
from derive.typeset.terms import layout

# An array with at most so many entries is shown by its values, to so many digits.
MOST_ENTRIES, DIGITS = 4, 3

Values = Mapping[Name, np.ndarray]


def graph_of(writer: Writer, values: Values) -> Graph:
    """The graph of the model; small ones of the `values` are shown in it."""
    model = writer.model
    given = [d.quantity for d in model.declarations if d.quantity.kind != "const"]
    quantities = (*given, *(equation.left for equation in model.equations))
    targets, cost = target_names(model), model.objective.cost.name

    def kind(quantity: Quantity) -> NodeKind:
        if quantity.kind == "param":
            return "parameter"
        if quantity in given:
            return "target" if quantity.name in targets else "data"
        return "cost" if quantity.name == cost else "computed"

    nodes = (
        Node(
            kind(quantity),
            one_line(symbol_of(writer, quantity)),
            one_line(shape_layout(writer, quantity.shape)) if quantity.shape else None,
            _value(values.get(quantity.name)),
        )
        for quantity in quantities
    )
    number = {quantity.name: place for place, quantity in enumerate(quantities)}
    return Graph(tuple(nodes), _edges(writer, number))


def _edges(writer: Writer, number: Mapping[Name, int]) -> tuple[Edge, ...]:
    stepping = {q.name: r for r in writer.model.recurrences for q in r.quantities}
    back = {
        (gradient.wrt.name, local.paths[0].equation.left.name): local
        for gradient in writer.derivation.gradients
        for local in locals_of(gradient)
    }
    edges = []
    for equation in writer.model.equations:
        target = equation.left.name
        read = [entry.quantity.name for entry in entries(AllOf(equation.domain))]
        read = [entry.quantity.name for entry in entries(equation.right)] + read
        for source in dict.fromkeys(name for name in read if name in number):
            ends = number[source], number[target]
            together = source in stepping and stepping[source] is stepping.get(target)
            labels = _labels(writer, back.get((source, target)))
            edges.append(Edge(*ends, *labels, together and ends[0] >= ends[1]))
    return tuple(edges)


def _labels(writer: Writer, local: Local | None) -> tuple[Layout | None, Layout | None]:
    """The name of a local derivative, and its value where that fits on a line."""
    if local is None:
        return None, None
    name = Derivative(local.paths[0].equation.left.name, local.partial.wrt.quantity.name)
    value = formula(writer, at_first_places(local.value))
    shown = one_line(name_layout(name, Notation({}, writer.symbols)))
    return shown, one_line(value) if fits_one_line(value) else None


def _value(value: np.ndarray | None) -> Layout | None:
    """The entries of a small array, row by row; None where they are many, or not all numbers."""
    if value is None or not 0 < value.size <= MOST_ENTRIES or not np.isfinite(value).all():
        return None
    shown = [layout(rounded(float(entry), DIGITS), Notation()) for entry in value.flat]
    return shown[0] if len(shown) == 1 else bracketed(listed(*shown))
