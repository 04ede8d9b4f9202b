"""Products with second derivatives that are never formed: H v, and the Gauss-Newton product.

H v is how the gradient answers when every parameter moves along its direction (forward over
reverse: Pearlmutter, Neural Computation 6, 1994), at about the cost of two gradients.  With respect
to an output z of the model the Gauss-Newton matrix is G = Jᵀ (∂²C/∂z²) J with J = ∂z/∂w
(Schraudolph, Neural Computation 14, 2002); G v goes forward to z, through the second derivative
of the cost there, and back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from derive.calculus.adjoint import Derivation, derive_gradients
from derive.calculus.jacobian import (
    Direction,
    System,
    accumulate,
    along,
    answer_to,
    extended,
    gradient_by,
    needed,
    with_gradient_by,
    with_gradients,
)
from derive.calculus.rewrites.knowledge import Knowledge, knowledge_of
from derive.errors import DerivationError
from derive.model import Equation, Specification, definition, quantity_named
from derive.simplify import product, summed
from derive.terms import ZERO, Entry, Index, IndexValue, Quantity, is_one

# The letter of the step along the directions; the first that the model does not use.
STEPS = ("epsilon", "tau", "varepsilon")


@dataclass(frozen=True)
class Product:
    """What becomes of one direction for each quantity of `vectors`.

    `results` gives, for the same quantities, the quantity that holds the product; `model` defines
    all of them, and `system` are the equations among its own that lead there from the directions.
    """

    model: Specification
    vectors: Mapping[Quantity, Quantity]
    results: Mapping[Quantity, Quantity]
    system: System


def hessian_vector(derivation: Derivation, wrt: Sequence[Quantity]) -> Product:
    """H v for the quantities `wrt`, whose gradients `derivation` holds."""
    model = derivation.model
    vectors, step = directions(model, wrt), step_name(model)
    computed = definition(model, str(wrt[0].name)) if len(wrt) == 1 else None
    base = with_gradient_by(model, *wrt) if computed else with_gradients(derivation)
    targets = {g.wrt: g.equation.left for g in derivation.gradients if g.wrt in vectors}
    known = knowledge_of(model)
    part, wanted = needed(base, targets.values()), tuple(targets.values())
    tangents = answers(part, along(step, vectors), wanted, known)
    results = {quantity: tangents.results[target] for quantity, target in targets.items()}
    whole = extended(model, base, tangents.system)
    return Product(whole, vectors, results, tangents.system)


def gauss_newton(model: Specification, wrt: Sequence[Quantity], output: str) -> Product:
    """Jᵀ (∂²C/∂z²) J v for the defined quantity z called `output`, from which the cost is computed.

    Raises DerivationError where there is no such quantity.
    """
    z = quantity_named(model, output)
    if z is None or definition(model, output) is None or z == model.objective.cost:
        raise DerivationError(
            f"'{output}' is not a defined quantity between the parameters and the cost",
            "choose the output at which the cost is curved, such as the prediction",
        )
    vectors, step = directions(model, wrt), step_name(model)
    forward = needed(System(model.equations, model.recurrences), (z,))
    known = knowledge_of(model)
    there = answers(forward, along(step, vectors), (z,), known)
    upper, slope = with_gradient_by(model, z), gradient_by(model, z)
    moved = along(step, {z: there.results[z]})
    at_output = answers(needed(upper, (slope,)), moved, (slope,), known)
    back = _backward(model, forward, z, at_output.results[slope], tuple(wrt))
    gradients = with_gradients(back)
    results = {g.wrt: g.equation.left for g in back.gradients if g.wrt in vectors}
    own = tuple(e for e in gradients.equations if e not in back.model.equations)
    down = System(own, back.recurrences)
    system = System(
        (*there.system.equations, *at_output.system.equations, *down.equations),
        (*there.system.recurrences, *at_output.system.recurrences, *down.recurrences),
    )
    return Product(extended(model, upper, system), vectors, results, system)


def _backward(
    model: Specification,
    forward: System,
    output: Quantity,
    weight: Quantity,
    wrt: Sequence[Quantity],
) -> Derivation:
    """The gradients of ⟨output, weight⟩, where the weight is a number that nothing moves."""
    indices = tuple(Index(size) for size in output.shape)
    places = tuple(ZERO if is_one(index.size) else IndexValue(index) for index in indices)
    running = tuple(index for index in indices if not is_one(index.size))
    inner = Quantity(fresh(model, ("s", "S", "inner")))
    right = summed(running, product(Entry(output, places), Entry(weight, places)))
    equations = (*forward.equations, Equation(inner, (), right))
    objective = replace(model.objective, cost=inner)
    surrogate = replace(
        model, equations=equations, recurrences=forward.recurrences, objective=objective
    )
    return derive_gradients(surrogate, tuple(wrt))


# --- along directions ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Answers:
    """How some quantities move along directions: by name, and the equations of all that moves."""

    results: Mapping[Quantity, Quantity]
    system: System


def answers(
    system: System, direction: Direction, targets: Sequence[Quantity], known: Knowledge
) -> Answers:
    """How the targets move, each as a quantity with an equation."""
    tangents = accumulate(system, direction, known)
    named = {equation.left: equation for equation in tangents.system.equations}
    results = {}
    for target in targets:
        left = answer_to(target, direction)
        value = tangents.values.get(target)
        if left not in named:
            indices = value.indices if value else tuple(Index(size) for size in target.shape)
            named[left] = Equation(left, indices, value.right if value else ZERO)
        results[target] = left
    whole = System(tuple(named.values()), tangents.system.recurrences)
    return Answers(results, needed(whole, results.values()))


def directions(model: Specification, wrt: Sequence[Quantity]) -> dict[Quantity, Quantity]:
    """A direction of the shape of each quantity: v, or v_w and v_b."""
    if len(wrt) == 1:
        return {wrt[0]: Quantity(fresh(model, ("v", "direction")), wrt[0].shape, "input")}
    return {q: Quantity(fresh(model, (f"v_{q.name}",)), q.shape, "input") for q in wrt}


def step_name(model: Specification) -> str:
    """The name of the step along the directions."""
    return fresh(model, STEPS)


def fresh(model: Specification, wishes: Sequence[str]) -> str:
    """The first of the wishes that is no name of the model; the last one, made longer, else."""
    taken = {str(d.quantity.name) for d in model.declarations}
    taken |= {str(e.left.name) for e in model.equations} | {d.name for d in model.dimensions}
    for wish in wishes:
        if wish not in taken:
            return wish
    name = wishes[-1]
    while name in taken:
        name += "_"
    return name
