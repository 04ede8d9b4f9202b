"""The middle sections: local derivatives and the chain rule."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from derive.calculus.adjoint import Gradient, Path
from derive.calculus.explain import Chain, chain, gradient_steps, local_steps, upstream_value
from derive.calculus.local import Local, locals_of
from derive.calculus.steps import Step
from derive.document.blocks import (
    Block,
    Display,
    Gap,
    Listed,
    Numbered,
    Paragraph,
    Reason,
    Reference,
    Section,
    Working,
    paragraph,
    says,
)
from derive.document.broadcasts import broadcasts
from derive.document.instance import first_gradients
from derive.document.writer import (
    Writer,
    at_first_places,
    at_places,
    formula,
    is_there,
    pattern,
    runs,
    symbol_of,
    values_at_places,
    working_in_document,
)
from derive.model import Equation
from derive.names import symbol
from derive.terms import (
    Choice,
    Entry,
    IndexValue,
    Negate,
    Number,
    Quantity,
    Term,
    entries,
    free_indices,
    substitute,
)
from derive.typeset.equations import equations
from derive.typeset.layout import Identifier, Layout, Operator, listed, row


def is_direct(writer: Writer, gradient: Gradient) -> bool:
    """Whether a quantity between parameters and cost is read by the cost alone."""
    own = any(gradient.wrt == quantity for quantity in writer.derivation.wrt)
    return not own and all(path.upstream is None for path in gradient.paths)


def local_section(writer: Writer) -> Section | None:
    """The derivative of the cost in what it reads, then those of each definition, with reasons."""
    read = _locals_by_definition(writer)
    intro = [says("local.intro")]
    if any(_share_an_index(local) for found in read.values() for _, local in found):
        intro.append(says("local.shared"))
    blocks: list[Block] = [Paragraph(tuple(intro))]
    direct = [g for g in writer.derivation.gradients if is_direct(writer, g)]
    if direct:
        through = Listed(tuple(symbol_of(writer, gradient.wrt) for gradient in direct))
        blocks.append(paragraph("local.cost", through=through))
    for gradient in direct:
        closed = at_first_places(chain(writer.derivation, gradient).simplified)
        shown = formula(writer, at_first_places(gradient.entry), closed)
        steps = gradient_steps(writer.derivation, gradient)
        blocks += [Display((Numbered(shown),)), *_by_rules(writer, steps, locals_of(gradient))]
    if not read:
        blocks = blocks[1:]
    for equation in writer.model.equations:
        if equation.left in read:
            blocks += _local_derivatives(writer, equation, read[equation.left])
    return Section("local", tuple(blocks)) if blocks else None


Locals = list[tuple[Gradient, Local]]


def _locals_by_definition(writer: Writer) -> dict[Quantity, Locals]:
    """The local derivatives of each definition other than the cost."""
    found: dict[Quantity, Locals] = {}
    for gradient in writer.derivation.gradients:
        for local in locals_of(gradient):
            path = local.paths[0]
            if path.upstream is not None:
                found.setdefault(path.equation.left, []).append((gradient, local))
    return found


def _share_an_index(local: Local) -> bool:
    """Whether an index of a local derivative stands in what is differentiated and in the variable.

    ∂Z[i, k]/∂W[j, k] says nothing of the entries of another column, on which Z[i, k] is constant.
    """
    shared = set(free_indices(local.partial.of)) & set(free_indices(local.partial.wrt))
    return any(map(runs, shared))


def _local_derivatives(writer: Writer, equation: Equation, read: Locals) -> list[Block]:
    """All local derivatives of one definition under one number."""
    shown = [one for gradient, local in read for one in _local_formulas(writer, gradient, local)]
    affine = all(_reads_no_parameter(writer, local.value) for _, local in read)
    own = all(gradient.wrt.kind == "param" for gradient, _ in read)
    key = ("local.affine" if own else "local.linear") if affine else "local.definition"
    latest = writer.definitions[equation.left].last
    gaps: dict[str, Gap] = {
        "reference": Reference(latest, latest),
        "left": symbol_of(writer, equation.left),
        "variables": Listed(tuple(symbol_of(writer, gradient.wrt) for gradient, _ in read)),
    }
    number = writer.next_number()
    writer.locals = Reference((writer.locals or Reference(number, number)).first, number)
    locals_ = [local for _, local in read]
    steps = _distinct(tuple(step for local in locals_ for step in local_steps(local)))
    display = Display((Numbered(equations(*shown), number),))
    said = [says(key, **gaps)]
    if _reads_in_places(locals_):
        said.insert(0, says("local.readings", left=gaps["left"]))
    return [Paragraph(tuple(said)), display, *_worked_once(writer, steps, number)]


def _worked_once(writer: Writer, steps: tuple[Step, ...], number: int) -> list[Block]:
    """The steps of local derivatives; of those found by the same rules as others, no more."""
    fresh: list[Reason] = []
    known: list[Gap] = []
    for step in steps:
        reasons = working_in_document(writer, (step,)).reasons
        rules = tuple(f"{reason.depth} {reason.rule.key}" for reason in reasons)
        found = writer.worked.setdefault(rules, Reference(number, number))
        if found.first == number:
            fresh += reasons
        elif rules and found not in known:
            known.append(found)
    blocks: list[Block] = [Working(tuple(fresh))] if fresh else []
    if known:
        key = "local.alike_too" if fresh else "local.alike"
        blocks.append(paragraph(key, references=Listed(tuple(known))))
    return blocks


def _by_rules(writer: Writer, steps: tuple[Step, ...], read: Sequence[Local]) -> tuple[Block, ...]:
    """The steps from the cost; before them, if it reads one entry twice, what each step means."""
    cost = symbol_of(writer, writer.model.objective.cost)
    said = (paragraph("local.readings", left=cost),) if _reads_in_places(read) else ()
    return (*said, working_in_document(writer, steps))


def _reads_in_places(read: Sequence[Local]) -> bool:
    """Whether a formula reads one entry at more than one place."""
    return any(len(local.paths) > 1 or _reads_by_data(local.paths[0]) for local in read)


def _reads_by_data(path: Path) -> bool:
    """Whether a sum reads entries by index data, where one entry may stand in several terms.

    In Σ_n log P[n, y[n]] none does: the entry has the n of its term as a subscript.
    """
    subscripts, lifted = path.reading.entry.subscripts, path.reading.lifted
    if all(IndexValue(index) in subscripts for index in lifted):
        return False
    return any(e.quantity.kind == "index" for part in subscripts for e in entries(part))


def _local_formulas(writer: Writer, gradient: Gradient, local: Local) -> list[Layout]:
    shown = []
    for values in values_at_places(writer, gradient):
        if is_there(writer, substitute(local.partial.of, values)):
            stages = (substitute(term, values) for term in (local.partial, local.value))
            shown.append(formula(writer, *(at_first_places(stage) for stage in stages)))
    return shown


def _reads_no_parameter(writer: Writer, term: Term) -> bool:
    varying = {gradient.wrt for gradient in writer.derivation.gradients}
    return not any(entry.quantity in varying for entry in entries(term))


def _distinct(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    return tuple(dict.fromkeys(steps))


def chain_section(writer: Writer) -> Section:
    """The gradients, each as upstream times local, numbered entry by entry."""
    rest = [g for g in writer.derivation.gradients if not is_direct(writer, g)]
    lines = []
    patterns: set[str] = set()
    for gradient in rest:
        first = writer.counted + 1
        for forms in at_places(writer, gradient, chain(writer.derivation, gradient)):
            stages = tuple(at_first_places(stage) for stage in _stages(forms))
            if writer.large and forms.simplification and len(stages) > 3:
                stages = (*stages[:2], stages[-1])
            shown = formula(writer, *stages, upstream=_upstream(writer, gradient, forms))
            if writer.large and len(stages) > 2:
                looks = pattern(shown)
                if looks in patterns:
                    shown = formula(writer, stages[0], stages[-1])
                patterns.add(looks)
            lines.append(Numbered(shown, writer.next_number()))
        writer.gradients[gradient.wrt] = Reference(first, writer.counted)
    blocks: list[Block] = [_how_the_chain_goes(writer, rest), *_ways(writer, rest)]
    blocks.append(Display(tuple(lines)))
    if writer.large:
        blocks.append(paragraph("chain.alike"))
    blocks += broadcasts(writer)
    blocks += _simplifications(writer, rest)
    through = [local for gradient in rest for local in locals_of(gradient)]
    direct = [local for local in through if local.paths[0].upstream is None]
    if direct:
        steps = tuple(step for local in direct for step in local_steps(local))
        blocks += _by_rules(writer, _distinct(steps), direct)
    blocks += [*_general_entries(writer, rest), *first_gradients(writer)]
    chained = len(direct) < len(through)
    return Section("chain" if chained else "gradient", tuple(blocks))


def _upstream(writer: Writer, gradient: Gradient, forms: Chain) -> list[Term]:
    """The upstream factors of a chain, by name and in value, at the places of the chain."""
    values = dict(zip(gradient.equation.indices, forms.entry.subscripts, strict=True))
    found: list[Term] = []
    for path in gradient.paths:
        if path.upstream is not None:
            value = upstream_value(writer.derivation, path.upstream)
            read = (*entries(forms.named or value), *entries(forms.substituted))
            found += [one for one in read if one.quantity == path.upstream.quantity]
            # A symbol alone may stand elsewhere in the formula too.
            whole = () if isinstance(value, Entry | Number) else (value, *_without_sign(value))
            found += [substitute(one, values) for one in whole]
    return [at_first_places(term) for term in found]


def _without_sign(value: Term) -> Iterator[Term]:
    """What a formula shows of a value whose sign or condition it writes apart."""
    match value:
        case Negate(term):
            yield from (term, *_without_sign(term))
        case Choice(_, term, Number(zero)) if zero == 0:
            yield from (term, *_without_sign(term))


def _stages(forms: Chain) -> tuple[Term, ...]:
    """∂C/∂w = upstream · local = their values = what is left of them, without repeats."""
    stages = [forms.entry, forms.substituted]
    if forms.named is not None and forms.named != forms.substituted:
        stages.insert(1, forms.named)
    if forms.simplification:
        stages.append(forms.simplified)
    return tuple(stages)


def _ways(writer: Writer, gradients: list[Gradient]) -> list[Block]:
    """Which quantities read which, as arrows, and where several ways lead to the cost."""
    if not any(path.upstream is not None for gradient in gradients for path in gradient.paths):
        return []
    readers: dict[Quantity, list[Layout]] = {}
    several = []
    for gradient in writer.derivation.gradients:
        reading = dict.fromkeys(path.equation.left for path in gradient.paths)
        for reader in reading:
            readers.setdefault(reader, []).append(symbol_of(writer, gradient.wrt))
        several += [symbol_of(writer, gradient.wrt)] if len(reading) > 1 else []
    order = [defined.left for defined in writer.model.equations if defined.left in readers]
    arrows = tuple(
        row(listed(*readers[reader]), Operator("→"), symbol_of(writer, reader)) for reader in order
    )
    cost = symbol_of(writer, writer.model.objective.cost)
    phrases = [says("chain.arrows", cost=cost, arrows=Listed(arrows))]
    key = "chain.several" if several else "chain.single"
    gaps: dict[str, Gap] = {"quantities": Listed(tuple(several))} if several else {}
    phrases.append(says(key, **gaps))
    if writer.locals is not None:
        phrases.append(says("chain.locals", references=writer.locals))
    return [Paragraph(tuple(phrases))]


def _simplifications(writer: Writer, gradients: list[Gradient]) -> list[Block]:
    """The named steps by which gradients were simplified, each way of simplifying once."""
    steps: list[Step] = []
    seen: set[tuple[str, ...]] = set()
    for gradient in gradients:
        found = chain(writer.derivation, gradient).simplification
        rules = tuple(step.rule for step in found)
        steps += found if rules not in seen else ()
        seen.add(rules)
    steps = list(dict.fromkeys(steps))
    return [working_in_document(writer, tuple(steps))] if steps else []


def _how_the_chain_goes(writer: Writer, gradients: list[Gradient]) -> Paragraph:
    paths = [path for gradient in gradients for path in gradient.paths]
    through = tuple(dict.fromkeys(path.equation.left for path in paths))
    upstream = next((path.upstream for path in paths if path.upstream is not None), None)
    if upstream is None:
        return paragraph("chain.direct")
    if len(through) > 1 or len(paths) > len(gradients):
        return paragraph("chain.ways")
    gaps: dict[str, Gap] = {
        "cost": symbol_of(writer, writer.model.objective.cost),
        "through": symbol_of(writer, through[0]),
        "upstream": formula(writer, at_first_places(upstream)),
    }
    value = upstream_value(writer.derivation, upstream)
    if value == upstream:
        return paragraph("chain.one_way_named", **gaps)
    return paragraph("chain.one_way", **gaps, factor=formula(writer, at_first_places(value)))


def _general_entries(writer: Writer, gradients: list[Gradient]) -> list[Block]:
    """Beside the written-out entries of a vector, the same for every index."""
    blocks: list[Block] = []
    for gradient in gradients if writer.small else ():
        running = [index for index in gradient.equation.indices if runs(index)]
        if len(running) == 1:
            forms = chain(writer.derivation, gradient)
            value = forms.simplified if forms.simplification else forms.substituted
            entry, value = at_first_places(forms.entry), at_first_places(value)
            blocks.append(_general(writer, entry, value))
    return blocks


def _general(writer: Writer, entry: Term, value: Term) -> Paragraph:
    assert isinstance(entry, Entry)
    (index,) = (part for part in free_indices(entry))
    letters = writer.letters((entry, value))
    gaps: dict[str, Gap] = {
        "index": Identifier(symbol(letters[index])),
        "size": formula(writer, index.size),
        "formula": formula(writer, entry, value),
    }
    return paragraph("chain.general", **gaps)
