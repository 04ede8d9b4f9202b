"""Programs for what a model asks for beyond its gradients.

A block of the Hessian is put together from its cores: what has no delta is the array to which the
others are added along their diagonals.  For C = ‖T - U Vᵀ‖² the U-U block is an array of zeros in
which the k × k numbers of 2 Vᵀ V are written for each of the n rows:

    d_U_U[rows, :, rows] += 2 * (V.T @ V)

Nothing else of the size of the block is made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from types import MappingProxyType

from derive.calculus.adjoint import Derivation
from derive.calculus.hessian import Block, Hessian, blocks_of, core_names
from derive.calculus.jacobian import (
    Jacobian,
    System,
    extended,
    gradient_by,
    with_gradients,
)
from derive.calculus.products import Product
from derive.calculus.requested import Pair
from derive.calculus.rewrites.knowledge import knowledge_of
from derive.model import Equation, Specification, parameters
from derive.program.arrays import (
    Addition,
    ArrayTerm,
    Counting,
    Exact,
    Full,
    Scatter,
    Whole,
    is_plain_number,
)
from derive.program.labelled import Labelled, aligned, filled
from derive.program.number_types import cast
from derive.program.part_names import MOTION
from derive.program.plan import assembled
from derive.program.program import Line, Program, Statement, every_statement
from derive.program.scatter import has_numbers, numbers_of
from derive.program.stabilise import stabilised
from derive.program.stepping import lines_of
from derive.terms import Derivative, Entry, Index, Node, Quantity, entries, rewrite

# What is to be computed, and the variable whose type of numbers it has if it is constant.
Outputs = Mapping[Quantity, Quantity]


def input_gradients_program(inputs: Derivation) -> Program:
    """The program of the gradients by data."""
    model = inputs.model
    return _program(model, _lines(model, [with_gradients(inputs)]), gradients_by_data(inputs))


def gradients_by_data(inputs: Derivation) -> dict[Quantity, Quantity]:
    """The gradient by each of the data."""
    return {gradient_by(inputs.model, quantity): quantity for quantity in inputs.wrt}


def jacobians_program(model: Specification, found: Sequence[Jacobian]) -> Program:
    """The program of some Jacobians."""
    known = knowledge_of(model)
    parted = [Parted(one.equation, one.wrt, blocks_of(one, model, known)) for one in found]
    return _parted_program(model, parted, [one.system for one in found])


def hessian_program(model: Specification, blocks: Sequence[tuple[Pair, Hessian | None]]) -> Program:
    """The program of some blocks of second derivatives; a block that is None is zero."""
    found = [block for _, block in blocks if block is not None]
    parted = [Parted(block.equation, block.columns, block.blocks) for block in found]
    zero = {block_quantity(model, *pair): pair[1] for pair, block in blocks if block is None}
    return _parted_program(model, parted, [block.system for block in found], zero)


def product_program(model: Specification, product: Product) -> Program:
    """The program of the Hessian times a direction."""
    moved = in_motion(product)
    whole = replace(
        product.model,
        equations=tuple(_renamed(equation, moved) for equation in product.model.equations),
        recurrences=tuple(
            replace(r, quantities=tuple(moved.get(q, q) for q in r.quantities))
            for r in product.model.recurrences
        ),
    )
    outputs = product_outputs(model, product)
    return _program(model, _lines(whole, []), outputs, tuple(product.vectors.values()))


def product_outputs(model: Specification, product: Product) -> dict[Quantity, Quantity]:
    """The product for each parameter; by one that does not reach the cost all is zero."""
    moved = in_motion(product)
    found = {p: moved[result] for p, result in product.results.items()}
    return {found.get(p, gradient_by(model, p)): p for p in parameters(model)}


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
    """A constant output is an array of the type of numbers of its variable."""
    match line:
        case Statement(target, Full(value, _, None) | value, _, None) if (
            target in outputs and is_plain_number(value)
        ):
            return replace(line, value=Full(value, target.shape, Whole(outputs[target])))
    return line


def in_motion(product: Product) -> dict[Quantity, Quantity]:
    """Each ∂h/∂ε under the name of h in motion."""
    names = {e.left: e.left.name for e in product.system.equations}
    return {
        left: replace(left, name=replace(name, wrt=MOTION))
        for left, name in names.items()
        if isinstance(name, Derivative)
    }


def _renamed(equation: Equation, names: Mapping[Quantity, Quantity]) -> Equation:
    def rule(node: Node) -> Node | None:
        if isinstance(node, Entry) and node.quantity in names:
            subscripts = tuple(rewrite(part, rule) for part in node.subscripts)
            return Entry(names[node.quantity], subscripts)
        return None

    left = names.get(equation.left, equation.left)
    return replace(equation, left=left, right=rewrite(equation.right, rule))


# --- what is put together from blocks ------------------------------------------------------------


@dataclass(frozen=True)
class Parted:
    """A derivative by `variable` as the sum of its blocks."""

    equation: Equation
    variable: Quantity
    blocks: tuple[Block, ...]


def _parted_program(
    model: Specification,
    parted: Sequence[Parted],
    systems: Sequence[System],
    zero: Outputs = MappingProxyType({}),
) -> Program:
    """The program of derivatives that are put together from the cores of their blocks."""
    # What steps, or is read again, is computed where it stands.
    fixed = {q for s in systems for r in s.recurrences for q in r.quantities}
    fixed |= {n.quantity for s in systems for e in s.equations for n in entries(e.right)}
    wholes = {part.equation.left for part in parted} - fixed
    names = iter(core_names(model, sum(len(part.blocks) for part in parted) + 1))
    made = [_with_core_names(part, names) for part in parted if part.equation.left in wholes]
    cores = {block.core.left: block.core for part in made for block in part.blocks}
    others = [replace(s, equations=_without(s.equations, wholes)) for s in systems]
    lines = _lines(model, [*others, System(tuple(cores.values()))])
    values = {s.target: s.value for s in every_statement(lines) if s.target in cores}
    kept = [line for line in lines if not isinstance(line, Statement) or line.target not in cores]
    outputs = {part.equation.left: part.variable for part in parted} | dict(zero)
    return _program(model, [*kept, *(_whole(part, values) for part in made)], outputs)


def _without(equations: Sequence[Equation], lefts: Collection[Quantity]) -> tuple[Equation, ...]:
    return tuple(equation for equation in equations if equation.left not in lefts)


def _with_core_names(part: Parted, names: Iterator[str]) -> Parted:
    """The same with cores of other names: each by itself begins with the same ones."""
    blocks = tuple(
        replace(block, core=replace(block.core, left=replace(block.core.left, name=next(names))))
        for block in part.blocks
    )
    return replace(part, blocks=blocks)


def _whole(part: Parted, values: Mapping[Quantity, ArrayTerm]) -> Statement:
    """The whole from the values of its cores, those with deltas added along diagonals."""
    defined = part.equation
    indices, shape = defined.indices, defined.left.shape
    dense = [_labelled(block, values) for block in part.blocks if not block.deltas]
    additions = tuple(_added(block, values, indices) for block in part.blocks if block.deltas)
    like = next((n for a in additions if (n := numbers_of(a.value))), Whole(part.variable))
    value: ArrayTerm = Full(Exact(Fraction(0)), shape, like)
    if dense:
        value = filled(dense[0], indices, like)
        is_number = isinstance(value, Full) or is_plain_number(value)
        if not is_number and not has_numbers(value):
            value = cast(value, like)
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
