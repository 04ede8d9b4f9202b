"""Parts of a gradient that the forward equations have already computed, read by their names.

The derivative of `h = tanh(z)` holds tanh(z) again; as `1 - h**2` it is what a person writes, and
nothing is computed twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from derive.model import Equation
from derive.terms import (
    Call,
    Divide,
    Entry,
    IndexValue,
    Node,
    Power,
    Reduction,
    free_indices,
    rewrite,
    same,
)


def with_names(equation: Equation, known: Sequence[Equation]) -> Equation:
    """The equation with each part that is the right side of a known equation read by its name."""
    useful = [e for e in known if isinstance(e.right, Call | Reduction | Divide | Power)]

    def rule(node: Node) -> Node | None:
        candidates = (e for e in useful if type(e.right) is type(node))
        return next((named for e in candidates if (named := _named(node, e))), None)

    return replace(equation, right=rewrite(equation.right, rule))


def _named(node: Node, known: Equation) -> Entry | None:
    """The entry of the known quantity that a part is, None where it is another."""
    if known.domain:
        return None
    here, there = free_indices(node), free_indices(known.right)
    if len(here) != len(there) or set(there) != set(known.indices):
        return None
    pairs = dict(zip(there, here, strict=True))
    if any(a.size != b.size for a, b in pairs.items()) or not same(known.right, node, pairs):
        return None
    return Entry(known.left, tuple(IndexValue(pairs[index]) for index in known.indices))
