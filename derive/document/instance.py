"""First entries, written out at the sizes of the worked example: what a sum of entries looks like.

A model that is small enough is written out in whole; of others, what is short is shown.
"""

from __future__ import annotations

from collections.abc import Iterable

from derive.calculus.expand import first_entry
from derive.calculus.explain import closed_equation
from derive.document.blocks import Block, Display, Numbered, paragraph
from derive.document.writer import (
    Writer,
    formula,
    gradients_of_parameters,
    pattern,
    sizes_in_words,
)
from derive.model import Equation
from derive.terms import Reduction, Term, walk
from derive.typeset.width import width

# So wide, in em, may an entry be, and so many of them are shown in one place.
WIDEST, MOST = 56.0, 3


def first_definitions(writer: Writer) -> list[Block]:
    """First entries of definitions that are sums."""
    cost = writer.model.objective.cost
    lines = _first_entries(writer, (e for e in writer.model.equations if e.left != cost))
    said = paragraph("model.entries", sizes=sizes_in_words(writer))
    return [said, Display(lines)] if lines else []


def first_gradients(writer: Writer) -> list[Block]:
    """First entries of the gradients of parameters that are sums."""
    own = gradients_of_parameters(writer)
    closed = (closed_equation(writer.derivation, gradient) for gradient in own)
    lines = _first_entries(writer, closed)
    return [paragraph("chain.entries"), Display(lines)] if lines else []


def _first_entries(writer: Writer, equations: Iterable[Equation]) -> tuple[Numbered, ...]:
    """What is short, one of each pattern, at sizes that the author of the model chose."""
    found: dict[str, Numbered] = {}
    stated = all(one.default or one.formula for one in writer.model.dimensions)
    for equation in equations if stated and not writer.small and not writer.large else ():
        if not _has_sum(equation.right):
            continue
        left, right = first_entry(equation, writer.sizes)
        shown = formula(writer, left, right)
        if not _has_sum(right) and width(shown) <= WIDEST:
            found.setdefault(pattern(shown), Numbered(shown))
    return tuple(found.values())[:MOST]


def _has_sum(term: Term) -> bool:
    return any(isinstance(node, Reduction) for node in walk(term))
