"""The mathematics in a few lines of text, with its numbers: what a docstring of the code says."""

from __future__ import annotations

from collections.abc import Mapping

from derive.calculus.adjoint import Derivation
from derive.calculus.update import is_general
from derive.code.docstring import Formula, Formulas
from derive.document.blocks import Numbers, Reference
from derive.document.matrices import definition_formula, gradient_formula
from derive.document.updates import general_formulas, update_formula
from derive.document.writer import gradients_of_parameters, writer_for
from derive.terms import Quantity
from derive.typeset.unicode import unicode


def summary_of(derivation: Derivation, numbers: Numbers) -> Formulas:
    """Forward equations, gradients and updates on one line each, numbered as in the document."""
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
    return Formulas(forward, gradients, updates)


def first_number(references: Mapping[Quantity, Reference], quantity: Quantity) -> str:
    """The number of the first form, such as (1)."""
    return f"({references[quantity].first})" if quantity in references else ""


def all_numbers(references: Mapping[Quantity, Reference], quantity: Quantity) -> str:
    """All numbers, such as (5)–(7)."""
    if quantity not in references:
        return ""
    first, last = references[quantity].first, references[quantity].last
    return f"({first})" if first == last else f"({first})–({last})"
