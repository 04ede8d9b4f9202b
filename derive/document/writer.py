"""The writer of one document: its notation, its running number, and terms turned into formulas."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import lru_cache

from derive.calculus.adjoint import Derivation, Gradient
from derive.calculus.expand import example_sizes, instance, places, shape_at
from derive.calculus.explain import Chain, at
from derive.calculus.matching import named
from derive.calculus.steps import Step
from derive.calculus.tidy import short_subscripts
from derive.calculus.update import is_general
from derive.document.blocks import Gap, Listed, Reason, Reference, Working, says
from derive.document.collapse import before_collapse
from derive.document.settings import indices_of, renamed_quantities, with_names
from derive.document.starts import Start, plainly, starts_before, starts_of
from derive.model import Equation, Specification, parameters
from derive.names import Symbol, read_latex
from derive.numbers.evaluation import Evaluation, of_sizes, whole
from derive.sizes import Shape
from derive.terms import (
    ZERO,
    Entry,
    Index,
    IndexValue,
    Name,
    Number,
    Partial,
    Quantity,
    Size,
    Term,
    free_indices,
    is_one,
    substitute,
)
from derive.typeset.equations import equation, equations
from derive.typeset.layout import Layout, Operator, bracketed, row
from derive.typeset.letters import choose_letters, usual_letters
from derive.typeset.levels import Level, level
from derive.typeset.symbols import Notation, name_layout
from derive.typeset.terms import layout
from derive.typeset.unicode import unicode

# Rules that say nothing a reader does not see.
SILENT = ("itself", "local")

# Rules that put a name where its definition stood.
NAMING = ("named", "names")

# The key of the colour of upstream gradients.
UPSTREAM = "upstream"

# A model whose parameters and definitions have at most this many entries is written out.
WRITTEN_OUT = 12


# With more definitions than this, what repeats is told once, and no rule by rule.
LARGE = 12


@dataclass(eq=False)
class Writer:
    """What the sections share.  Its running number and references are the one mutable thing.

    `coded` are the names in the code of what has another one in the document.
    """

    derivation: Derivation
    sizes: Mapping[str, int]
    symbols: Mapping[str, Symbol]
    small: bool
    usual: Mapping[Term, Sequence[str]] = field(default_factory=dict)
    starts: tuple[Start, ...] = ()
    coded: Mapping[Name, str] = field(default_factory=dict)
    counted: int = 0
    definitions: dict[Quantity, Reference] = field(default_factory=dict)
    gradients: dict[Quantity, Reference] = field(default_factory=dict)
    updates: dict[Quantity, Reference] = field(default_factory=dict)
    requested: dict[Name, Reference] = field(default_factory=dict)
    locals: Reference | None = None
    worked: dict[tuple[str, ...], Reference] = field(default_factory=dict)

    @property
    def model(self) -> Specification:
        """The model of the document."""
        return self.derivation.model

    @property
    def large(self) -> bool:
        """Whether the model is too large for a document in which every detail stands."""
        return len(self.model.equations) > LARGE

    @property
    def names(self) -> tuple[str, ...]:
        """What the model calls by a name: no index of any formula takes such a letter."""
        declared = (declaration.quantity for declaration in self.model.declarations)
        defined = (equation.left for equation in self.model.equations)
        settings = (setting for setting, _ in self.model.objective.rule.settings)
        sizes = (dimension.name for dimension in self.model.dimensions)
        return (*(str(q.name) for q in (*declared, *defined, *settings)), *sizes)

    def letters(self, terms: Sequence[Term]) -> dict[Index, str]:
        """The letters of the indices of terms that are read as one formula."""
        return choose_letters(terms, (*self.names, *self.changing), self.usual)

    @property
    def changing(self) -> tuple[str, ...]:
        """What the update counts or keeps, by a letter that the author gave to no index."""
        rule = self.model.objective.rule
        own = {index.letter for index in indices_of(self.model)}
        changed = (assignment.left for assignment in rule.assignments)
        named = (*changed, *rule.states) if is_general(rule) else ()
        return tuple(str(q.name) for q in named if str(q.name) not in own)

    def in_code(self, name: Name) -> Name:
        """What the code calls what has a name of its own in the document."""
        return self.coded.get(name, name)

    def next_number(self) -> int:
        """The number of the next numbered equation."""
        self.counted += 1
        return self.counted

    def number_definition(self, quantity: Quantity) -> int:
        """A number for one form of a definition."""
        number = self.next_number()
        first = self.definitions.get(quantity, Reference(number, number)).first
        self.definitions[quantity] = Reference(first, number)
        return number


def writer_for(derivation: Derivation, **sizes_given: int) -> Writer:
    """A writer at the beginning of its document, for the text's sizes or those given.

    A parameter that does not reach the cost is named once, and has no equations.
    """
    model = derivation.model
    sizes = example_sizes(model, **sizes_given)
    written = (*parameters(model), *(defined.left for defined in model.equations))
    entries = sum(_count(quantity, sizes) for quantity in written)
    shown, renamed = _shown(derivation)
    writer = Writer(shown, sizes, _given(model), entries <= WRITTEN_OUT)
    return replace(
        writer,
        usual=usual_letters(model, (*writer.names, *writer.changing)),
        starts=starts_of(model),
        coded={own.name: str(former.name) for former, own in renamed.items()},
    )


# What is derived from the derivation of one writer is known to the next.
@lru_cache(maxsize=64)
def _shown(derivation: Derivation) -> tuple[Derivation, Mapping[Quantity, Quantity]]:
    """The derivation as documents show it, and what has another name in them."""
    model = derivation.model
    reaching = tuple(g for g in derivation.gradients if g.wrt not in derivation.unreachable)
    renamed = renamed_quantities(model, _given(model))
    shown = replace(
        derivation,
        model=with_names(model, renamed),
        gradients=reaching or derivation.gradients,
    )
    return shown, renamed


def _given(model: Specification) -> dict[str, Symbol]:
    """The symbols that the text gives by name."""
    return {
        str(d.quantity.name): read_latex(d.latex) for d in model.declarations if d.latex is not None
    }


def _count(quantity: Quantity, sizes: Mapping[str, int]) -> int:
    count = 1
    for extent in shape_at(quantity, sizes):
        count *= extent
    return count


def gradients_of_parameters(writer: Writer) -> list[Gradient]:
    """The gradients with respect to the parameters, in the order of the text."""
    found = {gradient.wrt: gradient for gradient in writer.derivation.gradients}
    return [found[quantity] for quantity in parameters(writer.model) if quantity in found]


# --- formulas -----------------------------------------------------------------------------------


def formula(
    writer: Writer, *stages: Term, relation: str = "=", upstream: Sequence[Term] = ()
) -> Layout:
    """The terms with `relation` behind the first and = between the others, letters shared.

    What is `upstream` in them is printed in the colour of upstream gradients.
    """
    stages = tuple(plainly(stage, writer.starts) for stage in stages)
    marks = {short_subscripts(plainly(term, writer.starts)): UPSTREAM for term in upstream}
    notation = Notation(writer.letters(stages), writer.symbols, marks)
    shown = (layout(short_subscripts(stage), notation) for stage in stages)
    return equation(*shown, relation=relation)


def symbol_of(writer: Writer, quantity: Quantity) -> Layout:
    """The symbol of a whole quantity."""
    return name_layout(quantity.name, Notation({}, writer.symbols))


def equation_formula(writer: Writer, definition: Equation) -> Layout:
    """The equation left = right in index form, with the ranges of the indices that run."""
    left = Entry(definition.left, tuple(IndexValue(index) for index in definition.indices))
    return formula(writer, left, definition.right)


def initial_formulas(writer: Writer, definition: Equation) -> tuple[Layout, ...]:
    """The initial values that are stated before an equation: h[0, j] = 0."""
    before = starts_before(writer.model, writer.starts, definition)
    return tuple(formula(writer, start.left, start.value) for start in before)


def shape_gap(writer: Writer, quantity: Quantity) -> Gap:
    """A shape in words: a number, or 1 × n."""
    return shape_layout(writer, quantity.shape) if quantity.shape else says("notation.scalar")


def shape_layout(writer: Writer, shape: Shape) -> Layout:
    """A shape that has axes: N × (T + 1)."""
    items: list[Layout] = []
    for size in shape:
        shown = layout(size, Notation({}, writer.symbols))
        if level(size) < Level.PRODUCT and len(shape) > 1:
            shown = bracketed(shown)
        items += [Operator("×"), shown]
    return row(*items[1:])


def pattern(shown: Layout) -> str:
    """A formula without its names: what is derived alike looks alike."""
    return re.sub(r"[^\W\d_]\w*", "x", unicode(shown))


# --- places -------------------------------------------------------------------------------------


def runs(index: Index) -> bool:
    """Whether an index has more than one place, and so a letter."""
    return not is_one(index.size)


def at_first_places(term: Term) -> Term:
    """`term` with the indices of axes of size one at their only place."""
    return substitute(term, {index: ZERO for index in free_indices(term) if not runs(index)})


def values_at_places(writer: Writer, gradient: Gradient) -> Iterator[dict[Index, Term]]:
    """The values of a gradient's indices at each entry, or none where it stays general."""
    if not writer.small:
        yield {index: ZERO for index in gradient.equation.indices if not runs(index)}
        return
    for subscripts in places(gradient.wrt, writer.sizes):
        yield dict(zip(gradient.equation.indices, subscripts, strict=True))


def is_there(writer: Writer, term: Term) -> bool:
    """Whether an entry that is written out stands in its array: no step is behind the last."""
    if not isinstance(term, Entry) or not writer.small:
        return True
    here = Evaluation(writer.sizes, {})
    axes = zip(term.subscripts, term.quantity.shape, strict=True)
    known = ((s, size) for s, size in axes if not free_indices(s) and of_sizes(s))
    return all(0 <= whole(s, here) < whole(size, here) for s, size in known)


def at_places(writer: Writer, gradient: Gradient, forms: Chain) -> tuple[Chain, ...]:
    """A chain at each written-out entry, or in general."""
    return tuple(at(forms, values) for values in values_at_places(writer, gradient))


def expanded_formula(writer: Writer, definition: Equation) -> Layout:
    """The equation written out at the sizes of the example, entries side by side."""
    written = instance(definition, writer.sizes)
    return equations(*(formula(writer, left, right) for left, right in written))


def sizes_in_words(writer: Writer) -> Gap:
    """The sizes of the example: n = 3 and m = 2."""
    shown = tuple(
        formula(writer, Size(name), Number(Fraction(value))) for name, value in writer.sizes.items()
    )
    return Listed(shown)


# --- steps --------------------------------------------------------------------------------------


def working(writer: Writer, steps: tuple[Step, ...], silent: tuple[str, ...] = SILENT) -> Working:
    """The steps as reasons, each with its rule in words; what says nothing is left out.

    A step shares its letters with those that work it out; beside other steps it has its own.
    """
    return Working(tuple(reason for step in steps for reason in _reasons(writer, step, silent)))


def working_in_document(writer: Writer, steps: tuple[Step, ...]) -> Working:
    """The same in the document, where that of a large model has none."""
    return Working(()) if writer.large else working(writer, steps)


def _reasons(writer: Writer, whole: Step, silent: tuple[str, ...]) -> list[Reason]:
    walked = [(depth, _with_names(writer, step)) for depth, step in _spoken((whole,), silent)]
    collapsed = [(depth, step, before_collapse(step)) for depth, step in walked]
    terms = [term for _, step, delta in collapsed for term in _terms(step, delta)]
    notation = Notation(writer.letters(terms), writer.symbols)

    def shown(term: Term) -> Layout:
        return layout(short_subscripts(at_first_places(term)), notation)

    reasons = []
    for depth, step, delta in collapsed:
        why = says(f"rule.{step.rule}.why", **{name: shown(term) for name, term in step.arguments})
        stages = (step.before, *((delta,) if delta is not None else ()), step.after)
        line = equation(*map(shown, stages))
        reasons.append(Reason(depth, says(f"rule.{step.rule}.name"), line, why))
    return reasons


def _spoken(
    steps: tuple[Step, ...], silent: tuple[str, ...], depth: int = 0
) -> Iterator[tuple[int, Step]]:
    """The steps that say something, with their depth; what is left out leaves no gap."""
    for step in steps:
        spoken = step.rule not in silent and not _is_itself(step.before)
        if spoken:
            yield depth, step
        yield from _spoken(step.substeps, silent, depth + spoken)


def _with_names(writer: Writer, step: Step) -> Step:
    """The step with what it arrives at by the names that it has: P[k] for its fraction."""
    if step.rule in NAMING:
        return step
    return replace(step, after=named(step.after, writer.model.equations))


def _is_itself(term: Term) -> bool:
    """Whether a term is ∂x/∂x, of which there is nothing to say."""
    return isinstance(term, Partial) and term.of == term.wrt


def _terms(step: Step, delta: Term | None) -> tuple[Term, ...]:
    terms = (step.before, step.after, *(term for _, term in step.arguments))
    terms += () if delta is None else (delta,)
    return tuple(at_first_places(term) for term in terms)
