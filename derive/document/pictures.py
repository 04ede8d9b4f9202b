"""The pictures of a document, with what is said about them: the graph, and the training run."""

from __future__ import annotations

from derive.decimals import rounded
from derive.document.blocks import (
    Code,
    Figure,
    FigureReference,
    Gap,
    Listed,
    Section,
    paragraph,
    says,
)
from derive.document.graph import graph_of
from derive.document.writer import Writer, formula, symbol_of
from derive.picture.curve import curve, scale_of
from derive.picture.draw import drawn
from derive.picture.drawing import Drawing, Label, Word
from derive.picture.graph import Graph
from derive.terms import number
from derive.typeset.layout import Layout, Operator, listed, row
from derive.typeset.one_line import one_line
from derive.verification.training import NO_RUN, Run

# A graph with more quantities than this is no picture that anyone reads.
MOST_NODES = 60
# The digits of a cost in the text.
DIGITS = 3


def graph_section(writer: Writer, run: Run = NO_RUN) -> Section | None:
    """The computation graph; None where it is too large to be read.

    It is the first figure, and the run, where there is one, the second.
    """
    graph = graph_of(writer, run.values)
    if len(graph.nodes) > MOST_NODES:
        return None
    drawing = drawn(graph)
    caption = [says("graph.nodes"), says("graph.arrows")]
    caption += [says("graph.names")] if _names_any(graph, drawing) else []
    caption += [says("graph.steps")] if any(edge.steps for edge in graph.edges) else []
    if run.costs:
        caption.append(says("graph.values", figure=FigureReference(2)))
    told = says("graph.told", edges=Listed(_told(graph)))
    figure = Figure("graph", 1, drawing, tuple(caption), told)
    return Section("graph", (paragraph("graph.shown", figure=FigureReference(1)), figure))


def _names_any(graph: Graph, drawing: Drawing) -> bool:
    """Whether a local derivative stands in the drawing by its name."""
    names = {edge.name for edge in graph.edges if edge.name is not None}
    return any(isinstance(item, Label) and item.text in names for item in drawing.items)


def _told(graph: Graph) -> tuple[Gap, ...]:
    """From what each quantity is computed, as formulas: x, w, b → ŷ."""
    read: dict[int, list[Layout]] = {}
    for edge in graph.edges:
        read.setdefault(edge.target, []).append(graph.nodes[edge.source].symbol)
    return tuple(
        row(listed(*sources), Operator("→"), graph.nodes[target].symbol)
        for target, sources in read.items()
    )


def run_section(writer: Writer, run: Run, figure: int) -> Section:
    """How the cost falls in the training run of the module."""
    costs = run.costs
    cost = symbol_of(writer, writer.model.objective.cost)
    gaps: dict[str, Gap] = {
        "module": Code("update.py"),
        "steps": formula(writer, number(len(costs) - 1)),
        "cost": cost,
        "first": formula(writer, rounded(costs[0], DIGITS)),
        "last": formula(writer, rounded(costs[-1], DIGITS)),
        "figure": FigureReference(figure),
    }
    scale = "run.logarithmic" if scale_of(costs).logarithmic else "run.linear"
    told = {key: gaps[key] for key in ("cost", "steps", "first", "last")}
    drawing = curve(costs, one_line(cost), Word("run.steps"))
    shown = Figure("run", figure, drawing, (says(scale, cost=cost),), says("run.told", **told))
    return Section("run", (paragraph("run.shown", **gaps), shown))
