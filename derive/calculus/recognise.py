"""Parts of a gradient that the forward equations have already computed, read by their names.

The derivative of `h = tanh(z)` holds tanh(z) again; as `1 - h**2` it is what a person writes, and
nothing is computed twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from derive.calculus.matching import entry_at
from derive.model import Equation
from derive.terms import (
    Add,
    Call,
    Divide,
    Entry,
    IndexValue,
    LinearAlgebra,
    Name,
    Node,
    Power,
    Reduction,
    entries,
    free_indices,
    rewrite,
    same,
)

Key = tuple[type, tuple[Name, ...]]

# Parts that cost enough to be looked for.
NAMED = (Add, Call, Reduction, Divide, Power, LinearAlgebra)


class Recognised:
    """Known equations, found by what their right sides have in common with a part."""

    def __init__(self, known: Iterable[Equation] = ()) -> None:
        self._candidates: dict[Key, list[Equation]] = {}
        for equation in known:
            self.add(equation)

    def add(self, equation: Equation) -> None:
        """Know one equation more."""
        if isinstance(equation.right, NAMED) and not equation.domain:
            self._candidates.setdefault(_key(equation.right), []).append(equation)

    def name(self, node: Node) -> Entry | None:
        """The entry that a part is by the first equation that has it as its right side."""
        if not isinstance(node, NAMED):
            return None
        found = (_named(node, equation) for equation in self._candidates.get(_key(node), ()))
        return next((entry for entry in found if entry is not None), None)


def with_names(
    equations: Sequence[Equation], known: Sequence[Equation] | Recognised
) -> tuple[Equation, ...]:
    """The equations with each part that is the right side of a known one read by its name."""
    known = known if isinstance(known, Recognised) else Recognised(known)
    return tuple(replace(e, right=rewrite(e.right, known.name)) for e in equations)


def _key(node: Node) -> Key:
    """What equal parts have in common: their kind, and the quantities that they read."""
    return type(node), tuple(entry.quantity.name for entry in entries(node))


def _named(node: Node, known: Equation) -> Entry | None:
    """The entry of the known quantity that a part is, None where it is another."""
    here, there = free_indices(node), free_indices(known.right)
    if len(here) != len(there) or not set(there) <= set(known.indices):
        return None
    pairs = dict(zip(there, here, strict=True))
    if any(a.size != b.size for a, b in pairs.items()) or not same(known.right, node, pairs):
        return None
    return entry_at(known, {index: IndexValue(value) for index, value in pairs.items()})
