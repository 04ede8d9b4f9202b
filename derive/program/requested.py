"""Programs for what a model asks for beyond its gradients.

A block of the Hessian is put together from its cores: what has no delta is the array to which the
others are added along their diagonals.  For C = ‖T - U Vᵀ‖² the U-U block is an array of zeros in
which the k × k numbers of 2 Vᵀ V are written for each of the n rows:

    d_U_U[rows, :, rows] += 2 * (V.T @ V)

Nothing else of the size of the block is made.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from derive.calculus.adjoint import Derivation
from derive.calculus.hessian import Block, Hessian, core_names
from derive.calculus.jacobian import (
    Jacobian,
    System,
    extended,
    gradient_by,
    with_gradients,
)
from derive.calculus.products import Product
from derive.calculus.requested import Pair
from derive.model import Specification, parameters
from derive.program.arrays import Addition, ArrayTerm, Counting, Exact, Full, Scatter, Whole
from derive.program.labelled import Labelled, aligned, filled
from derive.program.plan import assembled
from derive.program.program import Line, Program, Statement, every_statement
from derive.program.scatter import numbers_of
from derive.program.stable.table import stabilised
from derive.program.stepping import lines_of
from derive.terms import Derivative, Index, Quantity

# What is to be computed, and the variable whose type of numbers it has if it is constant.
Outputs = Mapping[Quantity, Quantity]


def input_gradients_program(inputs: Derivation) -> Program:
    """The program of the gradients by data."""
    model = inputs.model
    outputs = {gradient_by(model, quantity): quantity for quantity in inputs.wrt}
    return _program(model, _lines(model, [with_gradients(inputs)]), outputs)


def jacobians_program(model: Specification, found: Sequence[Jacobian]) -> Program:
    """The program of some Jacobians."""
    outputs = {one.equation.left: one.wrt for one in found}
    return _program(model, _lines(model, [one.system for one in found]), outputs)


def product_program(model: Specification, product: Product) -> Program:
    """The program of the Hessian times a direction."""
    lines = _lines(product.model, [])
    return _program(model, lines, product_outputs(model, product), tuple(product.vectors.values()))


def product_outputs(model: Specification, product: Product) -> dict[Quantity, Quantity]:
    """The product for each parameter; by one that does not reach the cost all is zero."""
    return {product.results.get(p, gradient_by(model, p)): p for p in parameters(model)}


def hessian_program(model: Specification, blocks: Sequence[tuple[Pair, Hessian | None]]) -> Program:
    """The program of some blocks of second derivatives; a block that is None is zero."""
    found = [block for _, block in blocks if block is not None]
    names = iter(core_names(model, sum(len(block.blocks) for block in found) + 1))
    named = [_with_core_names(block, [next(names) for _ in block.blocks]) for block in found]
    cores = tuple(part.core for block in named for part in block.blocks)
    lines = _lines(model, [*(block.system for block in named), System(cores)])
    own = {core.left for core in cores}
    values = {s.target: s.value for s in every_statement(lines) if s.target in own}
    kept = [line for line in lines if not isinstance(line, Statement) or line.target not in own]
    wholes = [_whole(block, values) for block in named]
    outputs = {block_quantity(model, *pair): pair[1] for pair, _ in blocks}
    return _program(model, [*kept, *wholes], outputs)


def block_quantity(model: Specification, rows: Quantity, columns: Quantity) -> Quantity:
    """∂²C/∂rows ∂columns as a quantity."""
    first = gradient_by(model, rows)
    name = Derivative(first.name, columns.name, len(rows.shape))
    return Quantity(name, (*rows.shape, *columns.shape), "gradient")


# --- lines --------------------------------------------------------------------------------------


def _lines(model: Specification, systems: Sequence[System]) -> list[Line]:
    """The lines of a model that also defines what the systems define, in their stable forms."""
    whole = extended(model, *systems)
    return lines_of(whole, stabilised(whole).equations, whole.recurrences)


def _program(
    model: Specification, lines: Sequence[Line], outputs: Outputs, more: tuple[Quantity, ...] = ()
) -> Program:
    """The program of the outputs; those that no line computes are zero."""
    lines = [_of_type(line, outputs) for line in lines]
    computed = {statement.target.name for statement in every_statement(lines)}
    lines += [
        Statement(output, Full(Exact(Fraction(0)), output.shape, Whole(variable)))
        for output, variable in outputs.items()
        if output.name not in computed
    ]
    return assembled(model, lines, more, tuple(outputs))


def _of_type(line: Line, outputs: Outputs) -> Line:
    """A constant output has the type of numbers of its variable."""
    match line:
        case Statement(target, Full(value, shape, None)) if target in outputs:
            return replace(line, value=Full(value, shape, Whole(outputs[target])))
    return line


# --- blocks of second derivatives ---------------------------------------------------------------


def _with_core_names(found: Hessian, names: Sequence[str]) -> Hessian:
    """The same with cores of other names: each block by itself begins with the same ones."""
    renamed = tuple(
        replace(block, core=replace(block.core, left=replace(block.core.left, name=name)))
        for block, name in zip(found.blocks, names, strict=True)
    )
    return replace(found, blocks=renamed)


def _whole(found: Hessian, values: Mapping[Quantity, ArrayTerm]) -> Statement:
    """The whole from the values of its cores, those with deltas added along diagonals."""
    defined = found.equation
    indices, shape = defined.indices, defined.left.shape
    dense = [_labelled(block, values) for block in found.blocks if not block.deltas]
    additions = tuple(_added(block, values, indices) for block in found.blocks if block.deltas)
    like = next((n for a in additions if (n := numbers_of(a.value))), Whole(found.columns))
    value: ArrayTerm = Full(Exact(Fraction(0)), shape, like)
    if dense:
        value = filled(dense[0], indices, like)
    if additions:
        value = Scatter(value, additions)
    return Statement(defined.left, value, defined)


def _labelled(block: Block, values: Mapping[Quantity, ArrayTerm]) -> Labelled:
    return Labelled(values[block.core.left], block.core.indices)


def _added(
    block: Block, values: Mapping[Quantity, ArrayTerm], indices: Sequence[Index]
) -> Addition:
    """A core added where the axes of each delta have the same place."""
    rows = tuple(indices[row] for row, _ in block.deltas)
    place = {axis: indices[row] for row, column in block.deltas for axis in (row, column)}
    last = max(place) + 1
    subscripts = tuple(
        aligned(Labelled(Counting(place[axis].size), (place[axis],)), rows)
        if axis in place
        else None
        for axis in range(last)
    )
    # Where whole axes part the subscripts, NumPy puts the axes of the places first.
    first = min(place) if len(place) == last - min(place) else 0
    others = [axis for axis in range(len(indices)) if axis not in place]
    before = [indices[axis] for axis in others if axis < first]
    after = [indices[axis] for axis in others if axis >= first]
    value = aligned(_labelled(block, values), (*before, *rows, *after))
    return Addition(subscripts, value, repeats=False)
