"""The update: gradient descent entry by entry, a rule of several lines once for all parameters."""

from __future__ import annotations

from collections.abc import Sequence

from derive.calculus.adjoint import Gradient
from derive.calculus.explain import chain
from derive.calculus.update import any_parameter, common, is_general, state_of, updated
from derive.document.blocks import (
    Block,
    Display,
    Gap,
    Listed,
    Numbered,
    Paragraph,
    Reference,
    Section,
    Verbatim,
    paragraph,
    says,
)
from derive.document.matrices import array_of, closed_array, matrix_formula, replaced
from derive.document.writer import (
    Writer,
    at_first_places,
    at_places,
    formula,
    gradients_of_parameters,
    symbol_of,
)
from derive.model import Equation
from derive.program.arrays import Whole
from derive.terms import Derivative, Entry, Quantity
from derive.typeset.equations import equation
from derive.typeset.layout import Layout

# Update rules whose names the catalogue knows; a rule of the author's own keeps its title.
BUILT_IN = ("sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw")


def update_section(writer: Writer) -> Section:
    """What one training step does to each parameter."""
    if not is_general(writer.model.objective.rule):
        entries = Display(_by_entries(writer))
        return Section("update", (_how_the_rule_goes(writer), entries, *_what_it_means(writer)))
    lines = []
    for quantity, shown in general_formulas(writer):
        number = writer.next_number()
        writer.updates[quantity] = Reference(number, number)
        lines.append(Numbered(shown, number))
    states = _what_is_kept(writer)
    display = Display(tuple(lines))
    meaning = _what_it_means(writer)
    return Section("update", (_how_the_rule_goes(writer), display, *states, *meaning))


def _by_entries(writer: Writer) -> tuple[Numbered, ...]:
    rule = writer.model.objective.rule
    lines = []
    for gradient in gradients_of_parameters(writer):
        first = writer.counted + 1
        for forms in at_places(writer, gradient, chain(writer.derivation, gradient)):
            target = Entry(gradient.wrt, forms.entry.subscripts)
            for stages in updated(rule, target, forms.entry, forms.shown):
                shown = formula(writer, *(at_first_places(s) for s in stages), relation="←")
                lines.append(Numbered(shown, writer.next_number()))
        writer.updates[gradient.wrt] = Reference(first, writer.counted)
    return tuple(lines)


def _how_the_rule_goes(writer: Writer) -> Paragraph:
    objective = writer.model.objective
    rule = objective.rule
    title = says(f"rules.{rule.name}") if rule.name in BUILT_IN else Verbatim(rule.title)
    if is_general(rule):
        parameter = symbol_of(writer, any_parameter(rule, writer.names))
        return paragraph("update.rule_once", rule=title, parameter=parameter)
    if len(rule.settings) != 1:
        return paragraph("update.rule_general", rule=title)
    gaps: dict[str, Gap] = {
        "setting": symbol_of(writer, rule.settings[0][0]),
        "cost": symbol_of(writer, objective.cost),
    }
    return paragraph("update.rule", rule=title, **gaps)


def _what_it_means(writer: Writer) -> tuple[Block, ...]:
    """The arrow, the sign and what a step does, for the rules that the catalogue knows."""
    objective = writer.model.objective
    cost = symbol_of(writer, objective.cost)
    phrases = [says("update.arrow")]
    if objective.rule.name in BUILT_IN:
        phrases.append(says(f"update.{objective.rule.name}", cost=cost))
    return (Paragraph(tuple(phrases)),)


def _what_is_kept(writer: Writer) -> tuple[Block, ...]:
    """What the states of a rule are, where it has any."""
    rule = writer.model.objective.rule
    parameter, shared = any_parameter(rule, writer.names), common(rule)

    def listed(states: Sequence[Quantity]) -> Gap:
        return Listed(tuple(symbol_of(writer, state) for state in states))

    own = [state_of(s, Entry(parameter)).quantity for s in rule.states if s not in shared]
    blocks = []
    if counted := [state for state in rule.states if state in shared]:
        blocks.append(paragraph("update.common_states", states=listed(counted)))
    if own:
        gaps: dict[str, Gap] = {"states": listed(own), "parameter": symbol_of(writer, parameter)}
        blocks.append(paragraph("update.states", **gaps))
    return tuple(blocks)


def general_formulas(writer: Writer) -> list[tuple[Quantity, Layout]]:
    """Each assignment of a rule for any parameter θ, by the quantity of the rule it changes."""
    objective = writer.model.objective
    parameter = any_parameter(objective.rule, writer.names)
    slope = Entry(Quantity(Derivative(objective.cost.name, parameter.name), (), "gradient"))
    changed = (assignment.left for assignment in objective.rule.assignments)
    lines = updated(objective.rule, Entry(parameter), slope, slope, writer.names)
    return [
        (quantity, formula(writer, left, right, relation="←"))
        for quantity, (left, right, _) in zip(changed, lines, strict=True)
    ]


def update_formula(writer: Writer, gradient: Gradient) -> Layout:
    """The one line of the update rule for a whole parameter, the gradient in closed form."""
    rule, indices = writer.model.objective.rule, gradient.equation.indices
    target, value = Entry(gradient.wrt, gradient.entry.subscripts), closed_array(writer, gradient)
    ((left, right, _),) = updated(rule, target, gradient.entry, gradient.entry)
    array = array_of(Equation(left.quantity, indices, right))
    if array is not None and value is not None:
        array = replaced(array, Whole(gradient.equation.left), value)
    shown = matrix_formula(writer, array)
    if shown is None:
        return formula(writer, left, right, relation="←")
    return equation(symbol_of(writer, left.quantity), shown, relation="←")
