"""The sections of a derivation document, in their order.

The numbers follow one policy for all models.  In the order of the document, a number goes to

1. each definition other than the cost: as written; and, where the instance is small enough to be
   written out, as matrices (if it holds a matrix product) and entry by entry;
2. the local derivatives of each such definition;
3. the gradient of each quantity between the cost and the parameters that is not read by the cost
   directly, and of each parameter, entry by entry in a small instance;
4. the update of each parameter, likewise.

The cost, its derivatives in what it reads directly, and what only rearranges numbered equations
have names instead of numbers.
"""

from __future__ import annotations

from derive.adjoint import Gradient
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
from derive.document.writer import Writer, of_entry
from derive.explain import at, chain, gradient_steps, is_short, upstream_value
from derive.model import Equation, definition, parameters
from derive.simplify import total
from derive.terms import Entry, Multiply, Negate, Partial, Quantity, Term, substitute
from derive.update import updated


def model_section(writer: Writer) -> Section:
    """The forward equations, in general and written out."""
    blocks: list[Block] = []
    cost = writer.model.objective.cost
    for equation in writer.model.equations:
        if equation.left != cost:
            blocks += _definition(writer, equation)
    last = definition(writer.model, str(cost.name))
    assert last is not None
    key = "model.cost" if len(writer.model.equations) > 1 else "model.cost_alone"
    blocks += [paragraph(key), Display((Numbered(writer.equation(last)),))]
    blocks.append(paragraph("model.shapes", shapes=Listed(tuple(writer.shapes()))))
    return Section("model", tuple(blocks))


def _definition(writer: Writer, equation: Equation) -> list[Block]:
    formula, as_matrices = writer.equation(equation), writer.as_matrices(equation)
    key = "model.product" if as_matrices is not None else "model.forward"
    number = writer.number_definition(equation.left)
    blocks: list[Block] = [paragraph(key), Display((Numbered(formula, number),))]
    sizes = writer.sizes_in_words()
    if writer.small and as_matrices is not None:
        blocks += [
            paragraph("model.matrices", sizes=sizes),
            Display((Numbered(as_matrices, writer.next_number()),)),
        ]
    expanded = writer.expanded(equation)
    if writer.small and expanded != formula:
        key = "model.expanded_alone" if as_matrices is None else "model.expanded"
        blocks.append(paragraph(key, sizes=sizes))
        number = writer.number_definition(equation.left)
        blocks.append(Display((Numbered(expanded, number),)))
    return blocks


def goal_section(writer: Writer) -> Section:
    """What is to be derived, before anything is."""
    own = writer.gradients_of_parameters()
    partials = tuple(
        writer.formula(chained.entry)
        for gradient in own
        for chained in writer.at_places(chain(writer.derivation, gradient))
    )
    cost = writer.symbol(writer.model.objective.cost)
    blocks: list[Block] = [paragraph("goal.gradient", cost=cost, partials=Listed(partials))]
    for quantity in writer.derivation.unreachable:
        blocks.append(
            paragraph("goal.unreachable", parameter=writer.symbol(quantity), cost=cost)
        )
    return Section("goal", tuple(blocks))


def local_section(writer: Writer) -> Section | None:
    """The derivative of the cost in what it reads, then those of each definition, with reasons."""
    blocks: list[Block] = []
    direct = [g for g in writer.derivation.gradients if writer.is_direct(g)]
    if direct:
        through = Listed(tuple(writer.symbol(gradient.wrt) for gradient in direct))
        blocks.append(paragraph("local.cost", through=through))
    for gradient in direct:
        forms = chain(writer.derivation, gradient)
        display = Display((Numbered(writer.formula(gradient.entry, forms.closed)),))
        blocks += [display, writer.working(gradient_steps(writer.derivation, gradient))]
    for equation in writer.model.equations:
        blocks += _local_derivatives(writer, equation)
    return Section("local", tuple(blocks)) if blocks else None


def _local_derivatives(writer: Writer, equation: Equation) -> list[Block]:
    """All local derivatives of one definition under one number."""
    pairs, steps = [], []
    for gradient in writer.derivation.gradients:
        for path in gradient.paths:
            if path.equation is equation and path.upstream is not None:
                steps.append(path.rule)
                for values in writer.places(gradient):
                    of, local = (substitute(t, values) for t in (path.partial, path.local))
                    pairs.append((writer.at_unit_places(of), writer.at_unit_places(local)))
    if not pairs:
        return []
    left = writer.symbol(equation.left)
    simple = all(not isinstance(step.after, Multiply) for step in steps)
    key = "local.definition" if writer.small and simple else "local.definition_general"
    reference = writer.definition_reference(equation.left)
    formula = writer.formulas(tuple(pairs))
    return [
        paragraph(key, reference=reference, left=left),
        Display((Numbered(formula, writer.next_number()),)),
        writer.working(tuple(steps)),
    ]


def chain_section(writer: Writer) -> Section:
    """The gradients, each as upstream times local, numbered entry by entry."""
    rest = [g for g in writer.derivation.gradients if not writer.is_direct(g)]
    lines = []
    for gradient in rest:
        first = writer.counted + 1
        for forms in writer.at_places(chain(writer.derivation, gradient)):
            stages: tuple[Term, ...] = (forms.entry,)
            if forms.named is not None and forms.named != forms.substituted:
                stages += (forms.named,)
            stages += (forms.substituted,)
            lines.append(Numbered(writer.formula(*stages), writer.next_number()))
        writer.remember(gradient.wrt, Reference(first, writer.counted))
    blocks: list[Block] = [_how_the_chain_goes(writer, rest), Display(tuple(lines))]
    blocks += _general_entries(writer, rest)
    return Section("chain", tuple(blocks))


def _how_the_chain_goes(writer: Writer, gradients: list[Gradient]) -> Paragraph:
    cost = writer.symbol(writer.model.objective.cost)
    paths = [path for gradient in gradients for path in gradient.paths]
    through = tuple(dict.fromkeys(path.equation.left for path in paths))
    if all(path.upstream is None for path in paths):
        return paragraph("chain.direct")
    if len(through) > 1 or len(paths) > len(gradients):
        return paragraph("chain.ways")
    upstream = writer.at_unit_places(paths[0].upstream)
    value = upstream_value(writer.derivation, paths[0].upstream)
    gaps: dict[str, Gap] = {
        "cost": cost,
        "through": writer.symbol(through[0]),
        "upstream": writer.formula(upstream),
    }
    if value == paths[0].upstream:
        return paragraph("chain.one_way_named", **gaps)
    gaps["factor"] = writer.formula(writer.at_unit_places(value))
    return paragraph("chain.one_way", **gaps)


def _general_entries(writer: Writer, gradients: list[Gradient]) -> list[Block]:
    """Beside the written-out entries of a vector, the same for every index."""
    blocks: list[Block] = []
    for gradient in gradients:
        running = [i for i in gradient.equation.indices if writer.runs(i)]
        if writer.small and len(running) == 1:
            forms = chain(writer.derivation, gradient)
            letters = writer.letters((forms.entry, forms.substituted))
            blocks.append(
                paragraph(
                    "chain.general",
                    index=writer.letter(running[0], letters),
                    size=writer.formula(running[0].size),
                    formula=writer.formula(forms.entry, forms.substituted),
                )
            )
    return blocks


def update_section(writer: Writer) -> Section:
    """What one training step does to each parameter."""
    rule = writer.model.objective.rule
    lines = []
    for gradient in writer.gradients_of_parameters():
        for forms in writer.at_places(chain(writer.derivation, gradient)):
            target = of_entry(gradient.wrt, forms.entry)
            for left, named, valued in updated(rule, target, forms.entry, forms.kept):
                stages = (named,) if rule.states else (named, valued)
                lines.append(
                    Numbered(writer.assignment(left, *stages), writer.next_number())
                )
    cost = writer.symbol(writer.model.objective.cost)
    settings = tuple(writer.symbol(quantity) for quantity, _ in rule.settings)
    title = Verbatim(rule.title.lower())
    blocks: list[Block] = []
    if rule.states or len(settings) != 1:
        theta, slope = writer.symbol(rule.parameter), writer.symbol(rule.gradient)
        blocks.append(
            paragraph("update.rule_general", rule=title, parameter=theta, gradient=slope)
        )
    else:
        blocks.append(paragraph("update.rule", rule=title, setting=settings[0], cost=cost))
    blocks.append(Display(tuple(lines)))
    return Section("update", tuple(blocks))
