"""Small sizes to check at: they fit the model, tell its dimensions apart and cost little.

Where every size is two most mistakes cannot be seen.  Many sizes are drawn; those are kept at which
every dimension is positive and no window is empty, and the number of scalar operations is counted
before any is carried out.  Of those that cost little the ones are chosen that leave the fewest
pairs of dimensions equal at all points so far: with ten dimensions no single point can tell all of
them apart, but a few points together do.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from random import Random

from derive.errors import VerificationError
from derive.evaluate import places
from derive.evaluation import Evaluation, OutOfRange, of_sizes, whole
from derive.model import Specification
from derive.oracle import complete_sizes
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

SMALLEST = 2
# So many sizes are drawn, and more while fewer than `ENOUGH` fit.
DRAWS, MOST_DRAWS, ENOUGH = 120, 2000, 12
# So many scalar operations are fine at one point, slopes counted; or so many times the fewest.
WORK, TIMES = 500_000, 6

# Kinds of reductions that need at least one place.
NEED_A_PLACE = frozenset({"mean", "max", "min", "argmax", "argmin", "logsumexp"})

Loop = tuple[Term, ...]


@dataclass(frozen=True)
class Candidate:
    """Sizes that fit: of the `free` dimensions, of all of them, and what a point costs there."""

    free: Mapping[str, int]
    all: Mapping[str, int]
    work: int


def candidates(model: Specification, random: Random, wrt: Sequence[Name]) -> list[Candidate]:
    """Small sizes that fit the model, all at least two, least work first.

    Raises a VerificationError where none of very many fit.
    """
    counted = Counting(model, wrt)
    found: dict[tuple[int, ...], Candidate] = {}
    for number, free in enumerate(_draws(model, random)):
        if number >= DRAWS and len(found) >= ENOUGH:
            break
        key = tuple(free.values())
        if key not in found and (fitting := counted.candidate(free)) is not None:
            found[key] = fitting
        if not free:
            break
    if not found:
        raise VerificationError(
            "no small sizes fit the formulas of the dimensions", "give the sizes to check with"
        )
    return sorted(found.values(), key=lambda candidate: candidate.work)


def with_ones(
    model: Specification, random: Random, wrt: Sequence[Name], pool: Sequence[Candidate]
) -> list[Candidate]:
    """Sizes half of which are one, so that together every dimension is one where it can be."""
    counted = Counting(model, wrt)
    found: list[Candidate] = []
    for candidate in itertools.islice(itertools.cycle(pool), DRAWS):
        names = list(candidate.free)
        ones = random.sample(names, (len(names) + 1) // 2)
        fitting = counted.candidate({**candidate.free, **dict.fromkeys(ones, 1)}, loosely=True)
        found += [fitting] if fitting is not None and names else []
    missing = {name for candidate in found for name, size in candidate.all.items() if size == 1}
    chosen: list[Candidate] = []
    while missing:
        most = max(found, key=lambda c: (sum(c.all[name] == 1 for name in missing), -c.work))
        chosen.append(most)
        missing -= {name for name, size in most.all.items() if size == 1}
    return chosen


def telling_apart(
    pool: Sequence[Candidate], before: Sequence[dict[str, int]] = ()
) -> list[Candidate]:
    """The candidates in the order in which they are to be tried, after points with other sizes."""
    # A size of one hides an axis, one of two is taken for the two that squares bring.
    numbers = {"1": 1, "2": 2}
    pairs = list(itertools.combinations({**pool[0].all, **numbers}, 2))
    limit = max(WORK, TIMES * pool[0].work)
    past = [sizes | numbers for sizes in before]
    alike = [(a, b) for a, b in pairs if all(sizes[a] == sizes[b] for sizes in past)]

    def rank(candidate: Candidate) -> tuple[bool, int, int, int]:
        sizes = {**candidate.all, **numbers}
        still = sum(sizes[one] == sizes[other] for one, other in alike)
        here = sum(sizes[one] == sizes[other] for one, other in pairs)
        return candidate.work > limit, still, here, candidate.work

    return sorted(pool, key=rank)


def _draws(model: Specification, random: Random) -> Iterator[dict[str, int]]:
    """Sizes of the free dimensions: in turn pairwise different, and as small as can be."""
    names = [d.name for d in model.dimensions if d.formula is None]
    axes = axis_dimensions(model)
    for attempt in range(MOST_DRAWS):
        largest = SMALLEST + 1 + attempt // DRAWS
        if attempt % 2 and len(names) <= 6:
            few = range(SMALLEST, max(largest, SMALLEST + len(names)) + 1)
            yield dict(zip(names, random.sample(few, len(names)), strict=True))
        else:
            # A stride or a padding is no axis, and may well be one.
            yield {name: random.randint(SMALLEST if name in axes else 1, largest) for name in names}


def axis_dimensions(model: Specification) -> set[str]:
    """The dimensions that are the length of some axis or range."""
    quantities = [d.quantity for d in model.declarations] + [e.left for e in model.equations]
    sizes = [size for quantity in quantities for size in quantity.shape]
    bound = [node for e in model.equations for node in walk(e.right) if isinstance(node, BINDERS)]
    sizes += [index.size for node in bound for index in node.indices]
    return {getattr(size, "name", "") for size in sizes}


class Counting:
    """What has to be known of a model to judge sizes: its loops and its filters."""

    def __init__(self, model: Specification, wrt: Sequence[Name]) -> None:
        self.model = model
        self.loops: Counter[Loop] = Counter()
        self.filters: list[tuple[tuple[Index, ...], Reduction, list[Condition]]] = []
        for equation in model.equations:
            around = tuple(index.size for index in equation.indices)
            self._count(equation.right, around)
        quantities = [d.quantity for d in model.declarations] + [e.left for e in model.equations]
        shapes = {quantity.name: quantity.shape for quantity in quantities}
        self.directions = [shapes[name] for name in wrt]

    def _count(self, node: Node, around: Loop) -> None:
        """Count a node once for each run of the loops around it, and note filtered reductions."""
        if isinstance(node, (Reduction, LinearAlgebra)):
            # It is worked out once for each value of the indices that it depends on.
            around = tuple(index.size for index in free_indices(node))
        self.loops[around] += 1
        if isinstance(node, LinearAlgebra):
            self.loops[(*around, *(node.operands[0].indices[0].size,) * 3)] += 1
        if isinstance(node, Reduction) and node.where and node.kind in NEED_A_PLACE:
            conditions = [c for c in node.where if of_sizes(c) and not _reads(c)]
            free = dict.fromkeys(index for c in conditions for index in free_indices(c))
            outside = tuple(index for index in free if index not in node.indices)
            self.filters.append((outside, node, conditions))
        if isinstance(node, BINDERS):
            around = (*around, *(index.size for index in node.indices))
        if not isinstance(node, Entry):
            for child in children(node):
                self._count(child, around)

    def candidate(self, free: Mapping[str, int], *, loosely: bool = False) -> Candidate | None:
        """These sizes, if they fit; `loosely` also with an index that has no value at all."""
        try:
            sizes = complete_sizes(self.model, free)
            here = Evaluation(sizes, {})
            ranges = {size: whole(size, here) for loop in self.loops for size in loop}
        except OutOfRange:
            return None
        if min((*sizes.values(), 1)) < 1 or min(ranges.values(), default=1) < (not loosely):
            return None
        if not all(self._keeps(*filtered, here) for filtered in self.filters):
            return None
        work = sum(count * prod(ranges[s] for s in loop) for loop, count in self.loops.items())
        slopes = sum(prod(whole(size, here) for size in shape) for shape in self.directions)
        return Candidate(free, sizes, work * (1 + slopes))

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


def _reads(condition: Condition) -> bool:
    return any(isinstance(part, Entry) for part in walk(condition))
