"""The first sections: notation, the model, what is sought."""

from __future__ import annotations

from derive.calculus.explain import chain
from derive.calculus.update import any_parameter, common, is_general, state_of
from derive.decimals import decimal
from derive.document.blocks import (
    Block,
    Code,
    Display,
    Gap,
    Listed,
    Numbered,
    Paragraph,
    Phrase,
    Section,
    Table,
    Verbatim,
    paragraph,
    says,
)
from derive.document.instance import first_definitions
from derive.document.kinks import edge_cases
from derive.document.matrices import definition_formula, written_as_matrices
from derive.document.matrix_form import matrix_words
from derive.document.writer import (
    Writer,
    at_places,
    expanded_formula,
    formula,
    gradients_of_parameters,
    initial_formulas,
    shape_gap,
    sizes_in_words,
    symbol_of,
)
from derive.model import Declaration, Dimension, Equation, definition
from derive.names import python_name
from derive.terms import Entry, Number, Quantity, Size, number
from derive.typeset.layout import Layout


def notation_section(writer: Writer) -> Section:
    """One line for each symbol: shape, meaning, name in the code; then the conventions."""
    model = writer.model
    rows = [_size_row(writer, dimension) for dimension in model.dimensions]
    rows += [_declared_row(writer, declaration) for declaration in model.declarations]
    for equation in model.equations:
        rows.append(_row(writer, equation.left, _defined(writer, equation.left)))
    given = dict(model.objective.settings)
    for quantity, default in model.objective.rule.settings:
        value = formula(writer, decimal(given.get(str(quantity.name), default)))
        rows.append(_row(writer, quantity, says("notation.setting", value=value)))
    rows += _rule_rows(writer)
    heads = ("symbol", "shape", "meaning", "code")
    table = Table(tuple(f"notation.{head}" for head in heads), tuple(rows))
    return Section("notation", (table, *_conventions(writer)))


def _conventions(writer: Writer) -> tuple[Paragraph, ...]:
    """What a reader must know about shapes and indices, where the model has any."""
    everything = [d.quantity for d in writer.model.declarations]
    axes = {len(quantity.shape) for quantity in everything}
    keys = ["rows"] * (2 in axes) + ["columns"] * (1 in axes)
    said = (*(says(f"notation.{key}") for key in keys), *matrix_words(writer))
    if max(axes, default=0) > 0:
        said = (says("notation.symbols"), *said, says("notation.layout"))
        said += (says("notation.counting"),)
    return (Paragraph(said),) if said else ()


Row = tuple[Gap, ...]


def _rule_rows(writer: Writer) -> list[Row]:
    """What a rule that is stated once for all parameters calls by names of its own."""
    rule = writer.model.objective.rule
    if not is_general(rule):
        return []
    parameter = any_parameter(rule, writer.names)
    theta, shared = symbol_of(writer, parameter), common(rule)
    words = (says("notation.its_own"), says("notation.any_parameter"))
    rows: list[Row] = [(theta, *words, Code(str(rule.parameter.name)))]
    for quantity in dict.fromkeys(assignment.left for assignment in rule.assignments):
        if quantity != rule.parameter:
            own = quantity in rule.states and quantity not in shared
            shown = state_of(quantity, Entry(parameter)).quantity if own else quantity
            shape = says("notation.as_parameter")
            shape = says("notation.scalar") if quantity in shared else shape
            meaning = says("notation.kept" if quantity in rule.states else "notation.within")
            rows.append(
                (symbol_of(writer, shown), shape, meaning, Code(str(writer.in_code(quantity.name))))
            )
    return rows


def _row(writer: Writer, quantity: Quantity, meaning: Gap) -> Row:
    name = Code(python_name(str(writer.in_code(quantity.name))))
    return (symbol_of(writer, quantity), shape_gap(writer, quantity), meaning, name)


def _size_row(writer: Writer, dimension: Dimension) -> Row:
    value = formula(writer, number(writer.sizes[dimension.name]))
    key = "notation.size" if writer.small else "notation.size_in_numbers"
    meaning = _in_words(writer, dimension.name, says(key, value=value))
    size = formula(writer, Size(dimension.name))
    return (size, says("notation.scalar"), meaning, Code(python_name(dimension.name)))


def _declared_row(writer: Writer, declaration: Declaration) -> Row:
    quantity = declaration.quantity
    if quantity.kind == "const":
        value = formula(writer, Number(declaration.value or number(0).value))
        kind = says("notation.const", value=value)
    else:
        kind = says(f"notation.{quantity.kind}")
    return _row(writer, quantity, _in_words(writer, str(quantity.name), kind))


def _in_words(writer: Writer, name: str, kind: Phrase) -> Gap:
    """What a quantity is: in the words of its author where there are any, and its kind."""
    words = dict(writer.model.meanings).get(name)
    return kind if words is None else says("notation.said", words=Verbatim(words), kind=kind)


def _defined(writer: Writer, quantity: Quantity) -> Gap:
    """What a defined quantity is."""
    words = dict(writer.model.meanings).get(str(quantity.name))
    if quantity == writer.model.objective.cost:
        return _in_words(writer, str(quantity.name), says("notation.cost"))
    return says("notation.defined_here") if words is None else Verbatim(words)


def model_section(writer: Writer) -> Section:
    """The forward equations, in general and written out, and the cost."""
    cost = writer.model.objective.cost
    defined = [equation for equation in writer.model.equations if equation.left != cost]
    blocks: list[Block] = []
    if writer.small or len(defined) == 1:
        blocks += [block for equation in defined for block in _definition(writer, equation)]
    elif defined:
        lines = (line for equation in defined for line in _definition_lines(writer, equation))
        blocks += [paragraph("model.in_order"), Display(tuple(lines)), *first_definitions(writer)]
    last = definition(writer.model, str(cost.name))
    assert last is not None
    blocks += [paragraph("model.cost"), Display((Numbered(definition_formula(writer, last)),))]
    facts = tuple(
        says(f"fact.{fact.kind}", quantity=symbol_of(writer, fact.quantity))
        for fact in writer.model.facts
    )
    blocks += [paragraph("fact.title", facts=Listed(facts))] if facts else []
    blocks += edge_cases(writer.derivation)
    return Section("model", tuple(blocks))


def _definition_lines(writer: Writer, equation: Equation) -> tuple[Numbered, ...]:
    """A definition with its number, and before it the initial values that it reads."""
    initial = tuple(Numbered(line) for line in initial_formulas(writer, equation))
    number = writer.number_definition(equation.left)
    return (*initial, Numbered(definition_formula(writer, equation), number))


def _definition(writer: Writer, equation: Equation) -> list[Block]:
    """A definition as written, as matrices, and entry by entry."""
    lines = _definition_lines(writer, equation)
    as_written = lines[-1].formula
    as_matrices = written_as_matrices(writer, equation) if writer.small else None
    key = "model.product" if as_matrices is not None else "model.forward"
    blocks: list[Block] = [paragraph(key), Display(lines)]
    sizes = sizes_in_words(writer)
    if as_matrices is not None:
        line = Numbered(as_matrices, writer.number_definition(equation.left))
        blocks += [paragraph("model.matrices", sizes=sizes), Display((line,))]
    expanded = expanded_formula(writer, equation) if writer.small else as_written
    if expanded != as_written:
        key = "model.expanded_alone" if as_matrices is None else "model.expanded"
        line = Numbered(expanded, writer.number_definition(equation.left))
        blocks += [paragraph(key, sizes=sizes), Display((line,))]
    return blocks


def goal_section(writer: Writer) -> Section:
    """What is to be derived, before anything is."""
    partials: list[Layout] = []
    for gradient in gradients_of_parameters(writer):
        chains = at_places(writer, gradient, chain(writer.derivation, gradient))
        partials += [formula(writer, forms.entry) for forms in chains]
    cost = symbol_of(writer, writer.model.objective.cost)
    blocks: list[Block] = [paragraph("goal.gradient", cost=cost, partials=Listed(tuple(partials)))]
    for quantity in writer.derivation.unreachable:
        symbol = symbol_of(writer, quantity)
        blocks.append(paragraph("goal.unreachable", parameter=symbol, cost=cost))
    return Section("goal", tuple(blocks))


def introduction(writer: Writer) -> tuple[Block, ...]:
    """What the document does, in one paragraph."""
    own = tuple(symbol_of(writer, gradient.wrt) for gradient in gradients_of_parameters(writer))
    cost = symbol_of(writer, writer.model.objective.cost)
    made = says("document.made_by", name=Code(writer.model.name), module=Code("update.py"))
    intro = says("document.intro", cost=cost, parameters=Listed(own))
    return (Paragraph((intro, made)),)
