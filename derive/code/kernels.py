"""The kernels of a generated module: the mathematics, without checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from derive.code.docstring import comments
from derive.code.module_parts import Parts
from derive.code.numpy_code import bracketed, code
from derive.code.program_code import statement_lines
from derive.model import parameters
from derive.program.arrays import ArrayTerm, Select, Whole
from derive.program.plan import gradient_of, restricted
from derive.terms import Quantity


def kernels(parts: Parts) -> dict[str, Any]:
    """The signature and the lines of each kernel: forward, loss, gradients."""
    cost = parts.spec.objective.cost
    gradients = [gradient_of(cost, parameter) for parameter in parameters(parts.spec)]
    names = parts.names
    scalar = code(_scalar(cost), names)
    pairs = zip(parameters(parts.spec), gradients, strict=True)
    items = [f'"{parameter.name}": {names[gradient.name]}' for parameter, gradient in pairs]
    values = [f'"{q.name}": {names[q.name]}' for q in parts.values]
    return {
        "forward": _kernel(
            parts, "_forward", parts.visible, parts.values, bracketed("return {", values, "}", 4)
        ),
        "loss": _kernel(parts, "_loss", parts.data, [cost], [f"return {scalar}"]),
        "gradients": _kernel(
            parts,
            "_gradients",
            parts.data,
            [cost, *gradients],
            bracketed(f"return {scalar}, {{", items, "}", 4),
        ),
    }


def _scalar(cost: Quantity) -> ArrayTerm:
    """The cost as a number, where all its axes have size one."""
    whole = Whole(cost)
    return Select(whole, (0,) * len(cost.shape)) if cost.shape else whole


def _kernel(
    parts: Parts,
    name: str,
    arguments: Sequence[str],
    outputs: Sequence[Quantity],
    returned: list[str],
) -> dict[str, Any]:
    program = restricted(parts.program, outputs)
    numbers = comments((*parts.formulas.forward, *parts.formulas.gradients))
    own = [parts.names[q.name] for q in parameters(parts.spec)]
    return {
        "signature": bracketed(f"def {name}(", [*own, *arguments, *parts.given], "):"),
        "body": statement_lines(program, parts.names, numbers) + returned,
    }
