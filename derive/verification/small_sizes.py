"""Small sizes to check at: they fit the model, tell its dimensions apart and cost little.

Where every size is two most mistakes cannot be seen.  Many sizes are drawn; those are kept at which
every dimension is positive and no window is empty, and the number of scalar operations is counted
before any is carried out.  Of those that cost little the ones are chosen that leave the fewest
pairs of dimensions equal at all points so far: with ten dimensions no single point can tell all of
them apart, but a few points together do.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from random import Random

from derive.errors import VerificationError
from derive.model import Specification, axis_dimensions
from derive.terms import Name
from derive.verification.work import Candidate, Counting

SMALLEST = 2
# So many sizes are drawn, and more while fewer than `ENOUGH` fit.
DRAWS, MOST_DRAWS, ENOUGH = 240, 4000, 12
# No drawn size is larger.
LARGEST = SMALLEST + 4 + (MOST_DRAWS - 1) // DRAWS
# So many scalar operations are fine at one point, slopes counted; or so many times the fewest.
WORK, TIMES = 300_000, 6
# At more of them nothing is verified: it would take minutes, and more memory than there is.
MOST_WORK = 400_000_000


def candidates(model: Specification, random: Random, wrt: Sequence[Name]) -> list[Candidate]:
    """Small sizes that fit the model, all at least two, least work first.

    Raises a VerificationError where none of very many fit, or where all take too long.
    """
    counted = Counting(model, wrt)
    found: dict[tuple[int, ...], Candidate] = {}
    for number, free in enumerate(_draws(model, random)):
        if len(found) >= ENOUGH and (number >= DRAWS or len(free) == 1):
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
    smallest, *_ = ordered = sorted(found.values(), key=lambda candidate: candidate.work)
    if smallest.work > MOST_WORK:
        raise VerificationError(
            f"even at its smallest sizes one point takes {smallest.work:.0e} operations",
            "give the sizes that are numbers names: n: dim",
        )
    return ordered


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
    pool: Sequence[Candidate], before: Sequence[Mapping[str, int]] = (), most: int = WORK
) -> list[Candidate]:
    """The candidates in the order in which they are to be tried, after points with other sizes.

    Two dimensions are told apart where they differ and neither is one.  `most` scalar operations
    are fine, or `TIMES` the fewest.
    """
    limit = max(most, TIMES * pool[0].work)
    alike = alike_at(pool[0].all, before)

    def rank(candidate: Candidate) -> tuple[bool, int, int, int]:
        still = sum(not told_apart(*pair, candidate.all) for pair in alike)
        here = len(alike_at(candidate.all, [candidate.all]))
        return candidate.work > limit, still, here, candidate.work

    return sorted(pool, key=rank)


def alike_at(
    dimensions: Iterable[str], points: Sequence[Mapping[str, int]]
) -> list[tuple[str, str | int]]:
    """The pairs of dimensions, or of one and the number one or two, that no point tells apart.

    A size of one hides an axis, one of two is taken for the two that squares bring.

    >>> alike_at(["n", "m"], [{"n": 3, "m": 3}])
    [('n', 'm')]
    """
    names = list(dimensions)
    pairs: list[tuple[str, str | int]] = [*itertools.combinations(names, 2)]
    pairs += itertools.product(names, (1, 2))
    return [pair for pair in pairs if not any(told_apart(*pair, sizes) for sizes in points)]


def told_apart(one: str, other: str | int, sizes: Mapping[str, int]) -> bool:
    """Whether sizes tell a dimension from another one, or from a number."""
    second = sizes[other] if isinstance(other, str) else other
    return sizes[one] not in (1, second) and (second != 1 or other == 1)


def _draws(model: Specification, random: Random) -> Iterator[dict[str, int]]:
    """Sizes of the free dimensions: in turn pairwise different, and as small as can be."""
    names = [d.name for d in model.dimensions if d.formula is None]
    axes = axis_dimensions(model)
    if len(names) == 1:
        # There is nothing to tell apart, and they can be counted.
        smallest = SMALLEST if names[0] in axes else 1
        yield from ({names[0]: size} for size in range(smallest, LARGEST + 1))
        return
    for attempt in range(MOST_DRAWS):
        largest = SMALLEST + 1 + attempt // DRAWS
        if attempt % 2 and len(names) <= 6:
            few = range(SMALLEST, max(largest, SMALLEST + len(names)) + 1)
            yield dict(zip(names, random.sample(few, len(names)), strict=True))
        else:
            # A stride or a padding is no axis, and may well be one.
            sizes = {n: random.randint(SMALLEST if n in axes else 1, largest) for n in names}
            # Some are larger, so that a stride, a window and what it moves over fit together.
            raised = random.sample(names, min(attempt % 3, len(names)))
            yield sizes | {name: largest + random.randint(1, 3) for name in raised}
