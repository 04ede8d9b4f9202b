"""A point at which every quantity of a model has its value, and every gradient its true one.

The sizes tell the dimensions apart, so that a sum over the wrong one, or a division by it, is not
taken for the right one.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

import numpy as np

from derive.errors import VerificationError
from derive.model import Specification
from derive.numbers.arithmetic import Undefined
from derive.numbers.evaluation import Evaluation, OutOfRange
from derive.terms import Derivative, Name
from derive.verification.oracle import (
    arithmetic_of,
    as_duals,
    check_told_apart,
    defined_names,
    plain,
    run,
    slopes_of,
)
from derive.verification.partials import of_definition
from derive.verification.report import Sizes
from derive.verification.sampling import KINDS, Kind, random_inputs
from derive.verification.small_sizes import candidates, telling_apart

# At so many sizes data are looked for in the domain of the model.
POOL = 4
# So many scalar operations are fine: every quantity has slopes here, data too.
WORK = 100_000


@dataclass(frozen=True)
class TruePoint:
    """Data at some sizes, as the oracle is given them, and all that follows from them."""

    sizes: Mapping[str, int]
    inputs: Mapping[Name, np.ndarray]
    here: Evaluation


def defined_point(model: Specification, seed: int) -> Evaluation:
    """A point of small sizes at which every quantity of the model exists.

    Raises a VerificationError where none of many sizes and data lies in the model's domain.
    """
    return true_point(model, seed).here


# Steps, and then what is printed, are checked at the same point; nothing changes one.
@lru_cache(maxsize=8)
def true_point(model: Specification, seed: int, sizes: Sizes | None = None) -> TruePoint:
    """The same with its data, and at given sizes where there are any."""
    random = Random(seed)
    check_told_apart(model)
    tried = [dict(sizes)] if sizes is not None else small_sizes(model, random)
    for free, kind in itertools.product(tried, KINDS):
        own = random.randrange(1 << 30)
        try:
            here = model_point(model, free, own, kind)
        except (Undefined, OutOfRange):
            continue
        return TruePoint(free, random_inputs(model, free, Random(own), kind), here)
    raise VerificationError(
        f"no random point lies in the domain of '{model.name}'", "state what its data must satisfy"
    )


def small_sizes(model: Specification, random: Random) -> list[Mapping[str, int]]:
    """Sizes that tell the dimensions apart, then the smallest."""
    pool = candidates(model, random, differentiable(model))
    apart = telling_apart(pool, most=WORK)[: POOL // 2]
    return [candidate.free for candidate in (*apart, *pool[: POOL // 2])]


def model_point(
    model: Specification, sizes: Mapping[str, int], seed: int, kind: Kind = "signed"
) -> Evaluation:
    """Random data, every defined quantity as its equation says, and the true gradients."""
    how = arithmetic_of(model)
    inputs = random_inputs(model, sizes, Random(seed), kind)
    cost = model.objective.cost.name
    wrt = differentiable(model)
    here, directions = run(model, sizes, inputs, wrt, how)
    slopes = slopes_of(here.arrays[cost].item(), wrt, here, directions)
    here.arrays |= {name: as_duals(plain(here.arrays[name])) for name in wrt}
    here.arrays |= {Derivative(cost, name): as_duals(array) for name, array in slopes.items()}
    return replace(here, partial=of_definition(model))


def differentiable(model: Specification) -> tuple[Name, ...]:
    """Every quantity of real numbers: gradients between any two may stand in a step."""
    numeric = [d.quantity.name for d in model.declarations if d.quantity.kind != "index"]
    return (*numeric, *defined_names(model))
