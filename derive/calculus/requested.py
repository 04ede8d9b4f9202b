"""What a model asks for beyond its gradients, worked out: second derivatives, Jacobians, inputs.

Of two blocks of the Hessian that are each other's transpose one is derived.
"""

from __future__ import annotations

from dataclasses import dataclass

from derive.calculus.adjoint import Derivation, derive_gradients
from derive.calculus.hessian import Hessian, hessians
from derive.calculus.jacobian import Jacobian, System, jacobian, needed
from derive.calculus.products import Product, hessian_vector
from derive.calculus.rewrites.knowledge import knowledge_of
from derive.model import (
    hessian_blocks,
    is_requested,
    jacobian_pairs,
    parameters,
    varied_data,
)
from derive.terms import Quantity

Pair = tuple[Quantity, Quantity]


@dataclass(frozen=True)
class Requested:
    """The derivatives that a model asks for.

    A block that is None is zero, since the cost does not depend on its rows or on its columns.
    `inputs` are the gradients by data.
    """

    blocks: tuple[tuple[Pair, Hessian | None], ...] = ()
    product: Product | None = None
    jacobians: tuple[Jacobian, ...] = ()
    inputs: Derivation | None = None


NOTHING = Requested()


def requested(derivation: Derivation) -> Requested:
    """The derivatives that the model of a derivation, which is by all parameters, asks for."""
    model = derivation.model
    reached = [p for p in parameters(model) if p not in derivation.unreachable]
    product = None
    if is_requested(model, "hvp"):
        product = hessian_vector(derivation, parameters(model))
    pairs = upper_blocks(hessian_blocks(model))
    there = [pair for pair in pairs if set(pair) <= set(reached)]
    blocks = dict(zip(there, hessians(derivation, there), strict=True))
    inputs = varied_data(model)
    return Requested(
        tuple((pair, blocks.get(pair)) for pair in pairs),
        product,
        tuple(_jacobian(derivation, *pair) for pair in jacobian_pairs(model)),
        derive_gradients(model, inputs) if inputs else None,
    )


def upper_blocks(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """The blocks without those whose transpose stands before them.

    >>> w, b = Quantity("w"), Quantity("b")
    >>> upper_blocks(((w, w), (w, b), (b, w), (b, b))) == ((w, w), (w, b), (b, b))
    True
    """
    kept: dict[frozenset[Quantity], Pair] = {}
    for pair in pairs:
        kept.setdefault(frozenset(pair), pair)
    return tuple(kept.values())


def _jacobian(derivation: Derivation, of: Quantity, wrt: Quantity) -> Jacobian:
    model = derivation.model
    system = needed(System(model.equations, model.recurrences), (of,))
    return jacobian(system, of, wrt, knowledge_of(model))
