"""What a picture of a computation shows: quantities, and how they are computed from each other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from derive.typeset.layout import Fenced, Layout

NodeKind = Literal["data", "target", "parameter", "computed", "cost"]


@dataclass(frozen=True)
class Node:
    """A quantity: its symbol, its shape (None for a number), its value where that is small."""

    kind: NodeKind
    symbol: Layout
    shape: Layout | None = None
    value: Layout | None = None


@dataclass(frozen=True)
class Edge:
    """The node with the number `source` is read where `target` is computed.

    The way back has the local derivative at its side, `local`, or `name` where that is too long;
    it is None where no gradient goes back.  `steps` says that the value of the step before is read.
    """

    source: int
    target: int
    name: Layout | None = None
    local: Layout | None = None
    steps: bool = False


@dataclass(frozen=True)
class Graph:
    """Nodes in the order in which they are computed, and edges between their numbers."""

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]


def elided(graph: Graph) -> Graph:
    """The graph without the values of arrays; those of single numbers stay."""
    kept = (
        replace(node, value=None) if isinstance(node.value, Fenced) else node
        for node in graph.nodes
    )
    return replace(graph, nodes=tuple(kept))


def is_given(node: Node) -> bool:
    """Whether a node is not computed."""
    return node.kind in ("data", "target", "parameter")
