"""The functions of a generated module that its model asks for: kernels, and how they are called.

Each kernel goes on from the forward pass, where it reads what that returns.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from derive.calculus.requested import Requested
from derive.code.kernels import body_lines, forward_call, signature
from derive.code.layout import INDENT, WIDTH, bracketed
from derive.code.module_names import identifiers
from derive.code.module_parts import Parts
from derive.code.numpy_code import code
from derive.code.public_functions import checked, head, kernel_call
from derive.model import (
    Request,
    Specification,
    hessian_blocks,
    is_requested,
)
from derive.program.arrays import ArrayTerm, Whole
from derive.program.labelled import transposed
from derive.program.passes import Passes
from derive.program.plan import needed_lines, part_of
from derive.program.program import Program
from derive.program.requested import (
    block_quantity,
    gradients_by_data,
    hessian_program,
    input_gradients_program,
    jacobians_program,
    product_outputs,
    product_program,
)
from derive.terms import Quantity

# The rows of a table in a table, and the value in each column.
Rows = Mapping[str, Mapping[str, ArrayTerm]]


def provided(parts: Parts, passes: Passes, requested: Requested) -> dict[str, Any]:
    """What the template needs for each function; empty where a model asks for none."""
    spec = parts.spec
    making = _Making(parts, passes)
    found: dict[str, Any] = {}
    if requested.blocks:
        program = hessian_program(spec, requested.blocks)
        found["hessian"] = making.function("hessian", program, _hessian_rows(spec))
    if requested.product is not None:
        products = product_outputs(spec, requested.product)
        row = {str(wrt.name): Whole(output) for output, wrt in products.items()}
        program = product_program(spec, requested.product)
        vectors = tuple(requested.product.vectors.values())
        found["hvp"] = making.function("hvp", program, {"": row}, vectors)
    if requested.jacobians:
        rows: dict[str, dict[str, ArrayTerm]] = {}
        for one in requested.jacobians:
            rows.setdefault(str(one.of.name), {})[str(one.wrt.name)] = Whole(one.equation.left)
        program = jacobians_program(spec, requested.jacobians)
        found["jacobian"] = making.function("jacobian", program, rows)
    if requested.inputs is not None:
        outputs = gradients_by_data(requested.inputs)
        row = {str(wrt.name): Whole(output) for output, wrt in outputs.items()}
        program = input_gradients_program(requested.inputs)
        found["input_gradients"] = making.function("input_gradients", program, {"": row})
    if is_requested(spec, "flatten"):
        found["flatten"] = True
        found["hessian_is_whole"] = Request("hessian") in spec.requests
    return found


def _hessian_rows(spec: Specification) -> Rows:
    """The blocks by row and column; below the diagonal they are transposed."""
    known: dict[frozenset[Quantity], Quantity] = {}
    rows: dict[str, dict[str, ArrayTerm]] = {}
    for row, column in hessian_blocks(spec):
        own = block_quantity(spec, row, column)
        block: ArrayTerm = Whole(known.setdefault(frozenset((row, column)), own))
        if block != Whole(own):
            rank, count = len(column.shape), len(own.shape)
            block = transposed(block, [*range(rank, count), *range(rank)])
        rows.setdefault(str(row.name), {})[str(column.name)] = block
    return rows


class _Making:
    """Makes the functions of a module with its names and its forward pass."""

    def __init__(self, parts: Parts, passes: Passes) -> None:
        self.parts, self.forward = parts, passes.forward.outputs
        defined = {equation.left for equation in parts.spec.equations}
        self.passed = tuple(quantity for quantity in self.forward if quantity in defined)

    def function(
        self, name: str, program: Program, rows: Rows, vectors: Sequence[Quantity] = ()
    ) -> dict[str, Any]:
        """A kernel, and what the function that checks its arguments is made of.

        It returns a table of the rows, or the only row that there is without a name.
        """
        parts = self._parts(program, vectors)
        program = self._going_on(program)
        given = parts.data
        if name == "jacobian" and not _reads_target(parts, program):
            given = parts.visible
        along = [parts.names[vector.name] for vector in vectors]
        direction = ["direction"] if vectors else []
        return {
            "signature": signature(parts, f"_{name}", [*given, *along]),
            "body": forward_call(parts, self.forward, program, parts.names)
            + body_lines(parts, program, _returned(rows, parts)),
            "definition": head(name, ["params", *direction, *given], parts.given_arguments),
            "arguments": checked(given, parts.given),
            "call": kernel_call(f"result = _{name}(", parts),
        }

    def _parts(self, program: Program, vectors: Sequence[Quantity]) -> Parts:
        """The parts of the module, with the names in another program, which may read vectors."""
        every = replace(program, inputs=tuple(dict.fromkeys((*program.inputs, *vectors))))
        names = {**self.parts.names, **identifiers(self.parts.spec, every)}
        return replace(self.parts, names=names)

    def _going_on(self, program: Program) -> Program:
        """The program from where the forward pass ends."""
        known = {quantity.name for quantity in self.passed}
        lines = needed_lines(program.statements, program.outputs, given=known)
        return part_of(program, lines, program.outputs, self.passed)


def _reads_target(parts: Parts, program: Program) -> bool:
    return any(quantity.name in parts.targets for quantity in program.inputs)


def _returned(rows: Rows, parts: Parts) -> list[str]:
    """The table that a kernel returns, each row on a line where there is more than one line."""
    texts = {
        row: [f'"{column}": {code(value, parts.names)}' for column, value in columns.items()]
        for row, columns in rows.items()
    }
    if list(texts) == [""]:
        return bracketed("return {", texts[""], "}", INDENT)
    items = [f'"{row}": {{{", ".join(columns)}}}' for row, columns in texts.items()]
    if max(map(len, items)) + 2 * INDENT < WIDTH:
        return bracketed("return {", items, "}", INDENT)
    lines: list[str] = []
    for row, columns in texts.items():
        lines += bracketed(f'"{row}": {{', columns, "},", 2 * INDENT)
    return ["return {", *(f"    {line}" for line in lines), "}"]
