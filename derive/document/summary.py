"""The mathematics in a few lines of text, with its numbers: what a docstring of the code says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

from derive.calculus.adjoint import Derivation
from derive.calculus.requested import NOTHING, Requested
from derive.calculus.update import is_general
from derive.code.docstring import Formula, Formulas
from derive.document.blocks import Numbers, Reference
from derive.document.matrices import definition_formula, gradient_formula
from derive.document.requested import (
    hessian_lines,
    input_lines,
    jacobian_lines,
    product_lines,
    zero_blocks,
)
from derive.document.updates import general_formulas, update_formula
from derive.document.writer import (
    Writer,
    gradients_of_parameters,
    initial_formulas,
    writer_for,
)
from derive.model import Equation
from derive.terms import Name, Quantity
from derive.typeset.equations import equation
from derive.typeset.layout import Layout, NumberText
from derive.typeset.unicode import unicode

Key = TypeVar("Key", Quantity, Name)


def summary_of(
    derivation: Derivation, numbers: Numbers, requested: Requested = NOTHING
) -> Formulas:
    """Forward equations, gradients and updates on one line each, numbered as in the document.

    Then what is `requested` beyond them.
    """
    writer = writer_for(derivation)
    forward = tuple(
        line
        for defined in derivation.model.equations
        for line in _forward(writer, defined, numbers)
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
        Formula(
            writer.in_code(quantity.name), unicode(line), all_numbers(numbers.updates, quantity)
        )
        for quantity, line in lines
    )
    asked = _requested(writer, numbers, requested)
    product = {} if requested.product is None else product_lines(writer, requested.product)
    return Formulas(forward, gradients, updates, asked, _numbered(product, numbers))


def _forward(writer: Writer, defined: Equation, numbers: Numbers) -> tuple[Formula, ...]:
    """An equation with its number, and before it the initial values that it reads."""
    name = defined.left.name
    initial = (Formula(name, unicode(line)) for line in initial_formulas(writer, defined))
    number = first_number(numbers.definitions, defined.left)
    return (*initial, Formula(name, unicode(definition_formula(writer, defined)), number))


def _requested(writer: Writer, numbers: Numbers, requested: Requested) -> tuple[Formula, ...]:
    """Blocks of second derivatives, Jacobians and gradients by data, after what they read."""
    zero = zero_blocks(writer, requested)
    shown: dict[Name, Layout] = {
        **hessian_lines(writer, requested),
        **{name: equation(symbol, NumberText("0")) for name, symbol in zero.items()},
        **jacobian_lines(writer, requested),
        **input_lines(writer, requested),
    }
    return _numbered(shown, numbers)


def _numbered(shown: Mapping[Name, Layout], numbers: Numbers) -> tuple[Formula, ...]:
    return tuple(
        Formula(name, unicode(line), first_number(numbers.requested, name))
        for name, line in shown.items()
    )


def first_number(references: Mapping[Key, Reference], key: Key) -> str:
    """The number of the first form, such as (1)."""
    return f"({references[key].first})" if key in references else ""


def all_numbers(references: Mapping[Quantity, Reference], quantity: Quantity) -> str:
    """All numbers, such as (5)–(7)."""
    if quantity not in references:
        return ""
    first, last = references[quantity].first, references[quantity].last
    return f"({first})" if first == last else f"({first})–({last})"
