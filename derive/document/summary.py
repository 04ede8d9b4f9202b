"""The mathematics in a few lines of text, with its numbers: what a docstring of the code says."""

from __future__ import annotations

from collections.abc import Mapping

from derive.calculus.adjoint import Derivation
from derive.calculus.requested import NOTHING, Requested
from derive.calculus.update import is_general
from derive.code.docstring import Formula, Formulas
from derive.document.blocks import Numbers, Reference
from derive.document.hessians import hessian_formula, hessian_matrix
from derive.document.matrices import definition_formula, gradient_formula
from derive.document.updates import general_formulas, update_formula
from derive.document.writer import (
    Writer,
    equation_formula,
    gradients_of_parameters,
    writer_for,
)
from derive.terms import Derivative, Name, Quantity
from derive.typeset.layout import Layout
from derive.typeset.unicode import unicode


def summary_of(
    derivation: Derivation, numbers: Numbers, requested: Requested = NOTHING
) -> Formulas:
    """Forward equations, gradients and updates on one line each, numbered as in the document.

    What is `requested` beyond them has no numbers.
    """
    writer = writer_for(derivation)
    forward = tuple(
        Formula(
            defined.left.name,
            unicode(definition_formula(writer, defined)),
            first_number(numbers.definitions, defined.left),
        )
        for defined in derivation.model.equations
    )
    gradients = tuple(
        Formula(
            gradient.equation.left.name,
            unicode(gradient_formula(writer, gradient)),
            all_numbers(numbers.gradients, gradient.wrt),
        )
        for gradient in derivation.gradients
    )
    if is_general(derivation.model.objective.rule):
        lines = general_formulas(writer)
    else:
        own = gradients_of_parameters(writer)
        lines = [(gradient.wrt, update_formula(writer, gradient)) for gradient in own]
    updates = tuple(
        Formula(quantity.name, unicode(line), all_numbers(numbers.updates, quantity))
        for quantity, line in lines
    )
    return Formulas(forward, gradients, updates, _requested(writer, requested))


def _requested(writer: Writer, requested: Requested) -> tuple[Formula, ...]:
    """Blocks of second derivatives, Jacobians and gradients by data, after what they read."""
    cost = writer.model.objective.cost.name
    shown: dict[Name, Layout | str] = {}
    for (rows, columns), block in requested.blocks:
        if block is None:
            name = Derivative(Derivative(cost, rows.name), columns.name)
            shown[name] = f"∂²{cost}/∂{rows.name} ∂{columns.name} = 0"
            continue
        for defined in block.intermediate:
            shown.setdefault(defined.left.name, equation_formula(writer, defined))
        whole = hessian_matrix(writer, block) or hessian_formula(writer, block)
        shown[block.equation.left.name] = whole
    for one in requested.jacobians:
        for defined in (*one.system.equations, one.equation):
            shown.setdefault(defined.left.name, equation_formula(writer, defined))
    if requested.inputs is not None:
        own = writer_for(requested.inputs)
        for gradient in requested.inputs.gradients:
            if gradient.wrt in requested.inputs.wrt:
                shown[gradient.equation.left.name] = gradient_formula(own, gradient)
    return tuple(
        Formula(name, line if isinstance(line, str) else unicode(line))
        for name, line in shown.items()
    )


def first_number(references: Mapping[Quantity, Reference], quantity: Quantity) -> str:
    """The number of the first form, such as (1)."""
    return f"({references[quantity].first})" if quantity in references else ""


def all_numbers(references: Mapping[Quantity, Reference], quantity: Quantity) -> str:
    """All numbers, such as (5)–(7)."""
    if quantity not in references:
        return ""
    first, last = references[quantity].first, references[quantity].last
    return f"({first})" if first == last else f"({first})–({last})"
