"""What is taken where there is no derivative: a sentence for each kink that a model has."""

from __future__ import annotations

from collections.abc import Iterator

from derive.document.blocks import Phrase, says
from derive.functions import ROWS
from derive.model import Specification
from derive.terms import Call, Node, Reduction, walk

EXTREMES = ("max", "min")


def kinks(model: Specification) -> tuple[Phrase, ...]:
    """The conventions at the kinks of a model, each once, in the order in which they occur."""
    nodes = (node for equation in model.equations for node in walk(equation.right))
    return tuple(says(f"kink.{key}") for key in dict.fromkeys(_keys(nodes)))


def _keys(nodes: Iterator[Node]) -> Iterator[str]:
    for node in nodes:
        match node:
            case Call(name, _) if name in ROWS and (kink := ROWS[name].kink) is not None:
                yield kink
            case Reduction(kind, _, _, _) if kind in EXTREMES:
                yield "extreme"
