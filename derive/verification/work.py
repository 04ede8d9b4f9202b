"""Whether sizes fit a model, and how many scalar operations a point there is: before any is done.

Every node of an equation is worked out once for each run of the loops around it, on a value and its
slopes.  An entry of a parameter has one slope, a term has at most those of all that it reads.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

from derive.model import Equation, Specification
from derive.numbers.evaluate import places
from derive.numbers.evaluation import Evaluation, OutOfRange, of_sizes, whole
from derive.terms import (
    BINDERS,
    Condition,
    Entry,
    Index,
    LinearAlgebra,
    Name,
    Node,
    Reduction,
    Term,
    children,
    free_indices,
    walk,
)
from derive.verification.oracle import complete_sizes

# Kinds of reductions that need at least one place.
NEED_A_PLACE = frozenset({"mean", "max", "min", "argmax", "argmin", "logsumexp"})

Loop = tuple[Term, ...]


@dataclass(frozen=True)
class Candidate:
    """Sizes that fit: of the `free` dimensions, of all of them, and what a point costs there."""

    free: Mapping[str, int]
    all: Mapping[str, int]
    work: int


@dataclass
class Counted:
    """One equation: how often there is a node in which loops, and in which it reads what."""

    equation: Equation
    nodes: Counter[Loop] = field(default_factory=Counter)
    reads: Counter[tuple[Name, Loop]] = field(default_factory=Counter)


class Counting:
    """What has to be known of a model to judge sizes: its loops, its readings, its filters."""

    def __init__(self, model: Specification, wrt: Sequence[Name]) -> None:
        self.model = model
        self.filters: list[tuple[tuple[Index, ...], Reduction, list[Condition]]] = []
        self.equations = [Counted(equation) for equation in model.equations]
        for counted in self.equations:
            around = tuple(index.size for index in counted.equation.indices)
            self._count(counted.equation.right, around, (), counted)
        quantities = [d.quantity for d in model.declarations] + [e.left for e in model.equations]
        shapes = {quantity.name: quantity.shape for quantity in quantities}
        self.directions = {name: shapes[name] for name in wrt}
        self._judged: dict[tuple[object, ...], Candidate | None] = {}

    def _count(self, node: Node, around: Loop, bound: Loop, counted: Counted) -> None:
        """Count a node once for each run of the loops around it, and note filtered reductions."""
        if isinstance(node, (Reduction, LinearAlgebra)):
            # It is worked out once for each value of the indices that it depends on.
            around = tuple(index.size for index in _depends_on(node))
        counted.nodes[around] += 1
        if isinstance(node, Entry):
            counted.reads[node.quantity.name, bound] += 1
            return
        if isinstance(node, LinearAlgebra):
            counted.nodes[(*around, *(node.operands[0].indices[0].size,) * 3)] += 1
        if isinstance(node, Reduction) and node.where and node.kind in NEED_A_PLACE:
            conditions = [c for c in node.where if of_sizes(c) and not _reads(c)]
            free = dict.fromkeys(index for c in conditions for index in free_indices(c))
            outside = tuple(index for index in free if index not in node.indices)
            self.filters.append((outside, node, conditions))
        if isinstance(node, BINDERS):
            inner = tuple(index.size for index in node.indices)
            around, bound = (*around, *inner), (*bound, *inner)
        for child in children(node):
            self._count(child, around, bound, counted)

    def candidate(self, free: Mapping[str, int], *, loosely: bool = False) -> Candidate | None:
        """These sizes, if they fit; `loosely` also with an index that has no value at all."""
        # Few models have so many sizes that no two draws are the same.
        key = (*free.items(), loosely)
        if key not in self._judged:
            self._judged[key] = self._judge(free, loosely)
        return self._judged[key]

    def _judge(self, free: Mapping[str, int], loosely: bool) -> Candidate | None:
        loops = [loop for counted in self.equations for loop in counted.nodes]
        loops += [loop for counted in self.equations for _, loop in counted.reads]
        try:
            sizes = complete_sizes(self.model, free)
            here = Evaluation(sizes, {})
            ranges = {size: whole(size, here) for loop in loops for size in loop}
        except OutOfRange:
            return None
        if min((*sizes.values(), 1)) < 1 or min(ranges.values(), default=1) < (not loosely):
            return None
        if not all(self._keeps(*filtered, here) for filtered in self.filters):
            return None
        return Candidate(free, sizes, self._work(ranges, here))

    def _work(self, ranges: Mapping[Term, int], here: Evaluation) -> int:
        """The number of operations on values and slopes."""
        most = sum(prod(whole(n, here) for n in shape) for shape in self.directions.values())
        slopes = {
            d.quantity.name: int(d.quantity.name in self.directions)
            for d in self.model.declarations
        }
        work = 0
        for counted in self.equations:
            name = counted.equation.left.name
            read = (
                count * prod(ranges[size] for size in loop) * slopes.get(below, most)
                for (below, loop), count in counted.reads.items()
            )
            slopes[name] = min(most, sum(read) + (name in self.directions))
            nodes = (count * prod(ranges[s] for s in loop) for loop, count in counted.nodes.items())
            work += sum(nodes) * (1 + slopes[name])
        return work

    def _keeps(
        self,
        outside: tuple[Index, ...],
        reduction: Reduction,
        conditions: Sequence[Condition],
        here: Evaluation,
    ) -> bool:
        """Whether the filter leaves a place wherever the reduction stands."""
        inside = (places(reduction.indices, conditions, here) for _ in places(outside, (), here))
        return all(next(kept, None) is not None for kept in inside)


def _depends_on(node: Reduction | LinearAlgebra) -> tuple[Index, ...]:
    parts = node.operands if isinstance(node, LinearAlgebra) else (node,)
    return tuple(dict.fromkeys(index for part in parts for index in free_indices(part)))


def _reads(condition: Condition) -> bool:
    return any(isinstance(part, Entry) for part in walk(condition))
