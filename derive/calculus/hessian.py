"""Second derivatives in compressed form: what is an identity times a core is kept as the core.

The block ∂²C/∂p[i] ∂q[j] is the Jacobian of a gradient, a sum of terms, each perhaps under
conditions.  An equality of a row index and a column index is a delta: the entries off it are zero
and are never formed.  For C = ‖T - U Vᵀ‖² the U-U block is

    ∂²C/∂U[i, a] ∂U[j, b] = 2 [i = j] sum_k V[k, a] V[k, b]

with k² numbers in its core and n²k² in the whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from derive.calculus.adjoint import Derivation, derive_gradients
from derive.calculus.deltas import collected, is_equality, summands, tidy, with_squares
from derive.calculus.jacobian import (
    Jacobian,
    System,
    computed_from,
    gradient_by,
    jacobian,
    jacobians,
    last,
    with_gradient_by,
    with_gradients,
)
from derive.calculus.rewrites.knowledge import Knowledge, knowledge_of
from derive.calculus.rewrites.table import simplification
from derive.calculus.steps import Step
from derive.model import Equation, Specification
from derive.simplify import flat_factors, guarded, negative, product, total, unguarded
from derive.terms import (
    Compare,
    Condition,
    Derivative,
    Entry,
    Index,
    IndexValue,
    Negate,
    Quantity,
    Reduction,
    Term,
    entries,
    free_indices,
    substitute,
)

Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Block:
    """A part of ∂²C/∂p ∂q that is zero unless the axes of each pair of `deltas` agree.

    Axes are those of p and then those of q.  `core` is the equation of what stands there, `axes`
    the axes that it has; along any other it is constant.
    """

    deltas: Pairs
    axes: tuple[int, ...]
    core: Equation


@dataclass(frozen=True)
class Hessian:
    """∂²C/∂`rows` ∂`columns`: the sum of its blocks, which share the indices of `equation`.

    `equation` is the whole in index form; `system` holds the equations that the blocks read beside
    those of the model, and `intermediate` are the second derivatives among them.
    """

    rows: Quantity
    columns: Quantity
    equation: Equation
    blocks: tuple[Block, ...]
    system: System
    intermediate: tuple[Equation, ...]
    steps: tuple[Step, ...]


def hessian(derivation: Derivation, rows: Quantity, columns: Quantity) -> Hessian:
    """The block of second derivatives by two quantities of the model of `derivation`.

    Of a cost that is linear in them it has no blocks: it is zero.  What a `stop_gradient` keeps
    from the gradient is a constant in its derivative too.  Raises DerivationError where something
    has no derivative.
    """
    model, known = derivation.model, knowledge_of(derivation.model)
    forward = System(model.equations, model.recurrences)
    turned = columns in {equation.left for equation in computed_from(forward, rows).equations}
    first, second = (columns, rows) if turned else (rows, columns)
    defined = {equation.left for equation in model.equations}
    if defined.isdisjoint((rows, columns)):
        base = _whole(derivation, first)
    else:
        base = with_gradient_by(model, first, second)
    answer = jacobian(base, gradient_by(model, first), second, known)
    if turned:
        answer = _transposed(answer, gradient_by(model, rows), columns)
    return _hessian(model, rows, columns, base, answer, known)


def hessians(
    derivation: Derivation, pairs: Sequence[tuple[Quantity, Quantity]]
) -> tuple[Hessian, ...]:
    """The blocks of several pairs of parameters, of which `derivation` holds the gradients.

    Blocks of the same columns share all but their last factors, and these are derived once.
    """
    model, known = derivation.model, knowledge_of(derivation.model)
    base = with_gradients(derivation)
    found: dict[tuple[Quantity, Quantity], Hessian] = {}
    for columns in dict.fromkeys(columns for _, columns in pairs):
        above = [rows for rows, other in pairs if other == columns]
        gradients = [gradient_by(model, rows) for rows in above]
        for rows, answer in zip(above, jacobians(base, gradients, columns, known), strict=True):
            found[rows, columns] = _hessian(model, rows, columns, base, answer, known)
    return tuple(found[pair] for pair in pairs)


def _hessian(
    model: Specification,
    rows: Quantity,
    columns: Quantity,
    base: System,
    answer: Jacobian,
    known: Knowledge,
) -> Hessian:
    """The block that the Jacobian of the gradient by its rows, in a system, is."""
    blocks = blocks_of(answer, model, known)
    stepping = {q for recurrence in answer.system.recurrences for q in recurrence.quantities}
    others = tuple(
        equation
        for equation in answer.system.equations
        if equation.left != answer.equation.left or equation.left in stepping
    )
    system = System((*base.equations, *others), (*base.recurrences, *answer.system.recurrences))
    return Hessian(rows, columns, answer.equation, blocks, system, others, answer.steps)


def _whole(derivation: Derivation, wrt: Quantity) -> System:
    """The system of a derivation, or of one by `wrt` where that one does not have its gradient."""
    if any(gradient.wrt == wrt for gradient in derivation.gradients):
        return with_gradients(derivation)
    return with_gradients(derive_gradients(derivation.model, (wrt,)))


def _transposed(turned: Jacobian, of: Quantity, wrt: Quantity) -> Jacobian:
    """∂²C/∂p ∂q from ∂²C/∂q ∂p, as an equation of its own; `of` is ∂C/∂p, and `wrt` is q."""
    old, rank = turned.equation, len(turned.of.shape)
    indices = (*old.indices[rank:], *old.indices[:rank])
    name = Derivative(of.name, wrt.name, len(of.shape))
    left = Quantity(name, tuple(index.size for index in indices), "gradient")
    stepping = {q for recurrence in turned.system.recurrences for q in recurrence.quantities}
    kept = turned.system.equations
    right = old.right
    if old.left in stepping:
        right = Entry(old.left, tuple(IndexValue(index) for index in old.indices))
    else:
        kept = tuple(equation for equation in kept if equation.left != old.left)
    equation = Equation(left, indices, right, old.domain)
    system = System((*kept, equation), turned.system.recurrences)
    return Jacobian(of, wrt, equation, system, turned.steps)


def blocks_of(answer: Jacobian, model: Specification, known: Knowledge) -> tuple[Block, ...]:
    """The blocks of a Jacobian, those with the most deltas first.

    A Jacobian that steps through a recurrence is one block without deltas.
    """
    equation, rank = answer.equation, len(answer.of.shape)
    stepping = {q for recurrence in answer.system.recurrences for q in recurrence.quantities}
    if equation.left in stepping:
        places = tuple(IndexValue(index) for index in equation.indices)
        parts: dict[Pairs, list[Term]] = {(): [Entry(equation.left, places)]}
    else:
        parts = {}
        for summand in summands(equation.right):
            deltas, core = _without_deltas(summand, equation.indices, rank)
            parts.setdefault(deltas, []).append(core)
    values = {deltas: _simplest(collected(cores), known) for deltas, cores in parts.items()}
    kept = [pair for pair in values.items() if pair[1] != total()]
    kept.sort(key=lambda pair: -len(pair[0]))
    names = core_names(model, len(kept))
    return tuple(
        _block(deltas, core, equation.indices, name)
        for (deltas, core), name in zip(kept, names, strict=True)
    )


def _simplest(core: Term, known: Knowledge) -> Term:
    return with_squares(last(core, simplification(core, known)))


def core_names(model: Specification, count: int) -> tuple[str, ...]:
    """Names for cores that the model does not use: H, or H_1, H_2."""
    taken = {d.quantity.name for d in model.declarations} | {e.left.name for e in model.equations}
    taken |= {dimension.name for dimension in model.dimensions}
    letter = "H"
    while any(str(name).startswith(letter) for name in taken):
        letter += "H"
    return (letter,) if count == 1 else tuple(f"{letter}_{k + 1}" for k in range(count))


def _without_deltas(summand: Term, indices: tuple[Index, ...], rank: int) -> tuple[Pairs, Term]:
    """The pairs of axes that must agree, and the term there, written in the row indices."""
    conditions, term = unguarded(summand)
    pairs: dict[int, int] = {}
    rest: list[Condition] = []
    for condition in conditions:
        pair = _delta(condition, indices, rank)
        if pair is None or pair[1] in pairs or pair[0] in pairs.values():
            rest.append(condition)
        else:
            pairs[pair[1]] = pair[0]
    values: dict[Index, Term] = {
        indices[column]: IndexValue(indices[row]) for column, row in pairs.items()
    }
    kept = tidy([substitute(condition, values) for condition in rest])
    core = total() if kept is None else guarded(kept, substitute(term, values))
    return tuple(sorted((row, column) for column, row in pairs.items())), core


def _delta(condition: Condition, indices: tuple[Index, ...], rank: int) -> tuple[int, int] | None:
    """The axis of the rows and that of the columns of which a condition says that they agree."""
    if not isinstance(condition, Compare) or not is_equality(condition):
        return None
    match condition.left, condition.right:
        case IndexValue(left), IndexValue(right) if left in indices and right in indices:
            row, column = sorted((indices.index(left), indices.index(right)))
            if row < rank <= column and left.size == right.size:
                return row, column
    return None


def _block(deltas: Pairs, core: Term, indices: tuple[Index, ...], name: str) -> Block:
    reached = free_indices(core)
    axes = tuple(axis for axis, index in enumerate(indices) if index in reached)
    own = tuple(indices[axis] for axis in axes)
    left = Quantity(name, tuple(index.size for index in own), "gradient")
    return Block(deltas, axes, Equation(left, own, core))


# --- a block in whole ---------------------------------------------------------------------------


def conditions_of(block: Block, indices: tuple[Index, ...]) -> tuple[Condition, ...]:
    """The deltas of a block as conditions on the indices of the whole."""
    return tuple(
        Compare("==", IndexValue(indices[row]), IndexValue(indices[column]))
        for row, column in block.deltas
    )


def block_term(block: Block, indices: tuple[Index, ...]) -> Term:
    """The block as a person writes it: 2 [i = j] u[i], its deltas behind the numbers."""
    core, conditions = block.core.right, conditions_of(block, indices)
    if not conditions:
        return core
    if isinstance(core, Negate):
        return negative(_behind_numbers(core.term, conditions))
    return _behind_numbers(core, conditions)


def _behind_numbers(core: Term, conditions: tuple[Condition, ...]) -> Term:
    factors = flat_factors((core,))
    numbers = [factor for factor in factors if not entries(factor) and not free_indices(factor)]
    rest = [factor for factor in factors if factor not in numbers]
    return product(*numbers, Reduction("sum", (), product(*rest), conditions))


def whole_from_cores(found: Hessian) -> Equation:
    """The whole as an equation that reads the cores by their names."""
    indices = found.equation.indices
    parts = [
        guarded(
            conditions_of(block, indices),
            Entry(block.core.left, tuple(IndexValue(index) for index in block.core.indices)),
        )
        for block in found.blocks
    ]
    return Equation(found.equation.left, indices, total(*parts))


def core_shapes(found: Hessian) -> Mapping[str, tuple[Term, ...]]:
    """The shape of each core by its name."""
    return {str(block.core.left.name): block.core.left.shape for block in found.blocks}
