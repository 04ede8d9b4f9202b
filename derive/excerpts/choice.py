"""Which part of a derivation an author asked for, as blocks in no format and no language.

All that is shown comes from a model that was built: where a check fails, there is no excerpt.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from derive.document.blocks import (
    Block,
    Code,
    Display,
    Document,
    Figure,
    Listing,
    Numbered,
    Paragraph,
    Phrase,
    says,
)
from derive.document.listing import function_lines, functions
from derive.errors import UsageError
from derive.language.lookup import did_you_mean
from derive.pipeline import Built, build_model, checked_steps, unless_failed
from derive.project import ModelText
from derive.repl import Gradient, Model, Steps
from derive.typeset.layout import Layout
from derive.verification.report import Report
from derive.verification.verify import require

# Models that stay built: the excerpts of a chapter are few models' in turn.
HELD = 16


@dataclass(frozen=True)
class Excerpt:
    """Blocks of a derivation, and what their equations are called in the text around them.

    The equation with the number n in the blocks has the label `name`-n, or `name` if it is `alone`.
    A `caption` is that of a listing.
    """

    blocks: tuple[Block, ...]
    name: str
    alone: bool = False
    caption: Phrase | None = None

    def label(self, number: int) -> str:
        """What an equation is cited by; also one that stands in another excerpt.

        >>> Excerpt((), "neuron").label(5), Excerpt((), "gradient", alone=True).label(1)
        ('neuron-5', 'gradient')
        """
        return self.name if self.alone else f"{self.name}-{number}"


@dataclass(frozen=True)
class _Source:
    """A model that was built, and who answers for it what its document does not say."""

    built: Built
    model: Model

    @property
    def document(self) -> Document:
        if self.built.document is None:
            raise ValueError(f"{self.built.name} was built without its document")
        return self.built.document

    @cached_property
    def code(self) -> str:
        return dict(self.built.files)["update.py"]


@lru_cache(maxsize=HELD)
def _source(found: ModelText) -> _Source:
    built = build_model(found.text, found.name, (), found.source)
    return _Source(unless_failed(built), Model.of_text(found))


def choose(found: ModelText, what: str, label: str = "", depth: int | None = None) -> Excerpt:
    """The part `what` of the derivation of a model: a kind, and which one of it.

    `gradient w`, `matrix w`: the gradient by w of one entry, and of the whole in matrix notation;
    `definition z`: the equation of z; `steps w`: how the gradient was found, folded to `depth`;
    `step w chain_rule`: one named step of it; `equation 5`, `equation 5-7`: as they are numbered
    in the document; `section chain`; `listing _gradients`: a function of the program.

    Formulas are numbered where they have a `label`; those of a section or numbered in the document
    always are, and go by the name of the model where no label is given.  Raises `UsageError` for a
    part that there is not, and the `DeriveError` of a model that cannot be built.
    """
    kind, _, which = " ".join(what.split()).partition(" ")
    if kind not in KINDS:
        raise UsageError(
            f"'{kind}' is no part of a derivation", _choice(kind, KINDS, "'gradient w'")
        )
    if not which:
        raise UsageError(f"'{kind}' does not say which", f"write '{kind} {EXAMPLES[kind]}'")
    source = _source(found)
    excerpt = KINDS[kind](source, which, label)
    if depth is not None and kind == "steps":
        folded = _steps(source, which).folded(depth)
        excerpt = replace(excerpt, blocks=(folded.shown,))
    return excerpt


def _choice(word: str, known: Iterable[str], example: str = "") -> str:
    names = list(known)
    listed = f"there are: {', '.join(names)}" + (f"; write for example {example}" * bool(example))
    return did_you_mean(word, names) or listed


# --- formulas -----------------------------------------------------------------------------------


def _formulas(layouts: Iterable[Layout], label: str, before: tuple[Block, ...] = ()) -> Excerpt:
    """Formulas that the document does not number: they are numbered where they have a label."""
    numbers = enumerate(layouts, 1)
    lines = tuple(Numbered(shown, number if label else None) for number, shown in numbers)
    return Excerpt((*before, Display(lines)), label, alone=len(lines) == 1)


def _gradient(source: _Source, name: str, label: str) -> Excerpt:
    return _formulas(_checked(source, name).entry.layouts, label)


def _matrix(source: _Source, name: str, label: str) -> Excerpt:
    return _formulas(_checked(source, name).matrix.layouts, label)


def _definition(source: _Source, name: str, label: str) -> Excerpt:
    return _formulas(source.model.definition(name).layouts, label)


def _checked(source: _Source, name: str) -> Gradient:
    """A gradient whose steps were checked: those by parameters were when the model was built."""
    gradient = source.model.gradient(name)
    if gradient.derivation is not source.model.derivation:
        require(Report(source.built.name, checked_steps(gradient.derivation)))
    return gradient


# --- steps --------------------------------------------------------------------------------------


def _steps(source: _Source, name: str) -> Steps:
    return _checked(source, name).steps


def _all_steps(source: _Source, name: str, label: str) -> Excerpt:
    return Excerpt((_steps(source, name).shown,), label)


def _step(source: _Source, which: str, label: str) -> Excerpt:
    name, _, rule = which.partition(" ")
    reasons = _steps(source, name).shown.reasons
    rules = dict.fromkeys(reason.rule.key.split(".")[1] for reason in reasons)
    found = [reason for reason in reasons if reason.rule.key == f"rule.{rule}.name"]
    if not found:
        raise UsageError(
            f"no step to the gradient by '{name}' is called '{rule}'", _choice(rule, rules)
        )
    told = Paragraph((says("excerpt.step", rule=found[0].rule, why=found[0].why),))
    return _formulas([reason.formula for reason in found[:1]], label, (told,))


# --- what stands in the document ----------------------------------------------------------------


def _equation(source: _Source, which: str, label: str) -> Excerpt:
    asked = re.fullmatch(r"(\d{1,6})(?:-(\d{1,6}))?", which)
    if asked is None:
        raise UsageError(
            f"'{which}' is no number of an equation", "write 'equation 5' or 'equation 5-7'"
        )
    first, last = int(asked[1]), int(asked[2] or asked[1])
    lines = [
        line
        for section in source.document.sections
        for block in section.blocks
        if isinstance(block, Display)
        for line in block.lines
        if line.number is not None
    ]
    shown = tuple(line for line in lines if first <= (line.number or 0) <= last)
    if len(shown) != last - first + 1:
        raise UsageError(
            f"the derivation of '{source.built.name}' has no equation {which}",
            f"it has equations 1 to {len(lines)}",
        )
    alone = bool(label) and len(shown) == 1
    return Excerpt((Display(shown),), label or _named(source), alone)


def _section(source: _Source, key: str, label: str) -> Excerpt:
    sections = {section.key: section.blocks for section in source.document.sections}
    asked = sections.get(key, ())
    if any(isinstance(block, Figure) for block in asked):
        raise UsageError(
            f"the section '{key}' is a picture",
            f"include {key}.svg, which `derive build {source.built.name}` writes, as an image",
        )
    if any(isinstance(block, Listing) for block in asked):
        raise UsageError(
            f"the section '{key}' is code with numbers of equations in another document",
            "ask for the functions one by one, as 'listing _gradients'",
        )
    if not asked:
        raise UsageError(f"the derivation has no section '{key}'", _choice(key, sections))
    return Excerpt(asked, label or _named(source))


def _named(source: _Source) -> str:
    """What equations go by without a label: no label of TeX or Pandoc likes an underscore."""
    return source.built.name.replace("_", "-")


def _listing(source: _Source, name: str, label: str) -> Excerpt:
    known = [function.name for function in functions(source.code)]
    if name not in known:
        raise UsageError(f"the program has no function '{name}'", _choice(name, known))
    lines = tuple(function_lines(source.code, (name,)))
    caption = says("excerpt.listing", function=Code(name), model=Code(source.built.name))
    return Excerpt((Listing(lines),), label, caption=caption)


Chooser = Callable[[_Source, str, str], Excerpt]

KINDS: Mapping[str, Chooser] = {
    "gradient": _gradient,
    "matrix": _matrix,
    "definition": _definition,
    "steps": _all_steps,
    "step": _step,
    "equation": _equation,
    "section": _section,
    "listing": _listing,
}
EXAMPLES: Mapping[str, str] = {
    "gradient": "w",
    "matrix": "w",
    "definition": "y_hat",
    "steps": "w",
    "step": "w chain_rule",
    "equation": "5",
    "section": "chain",
    "listing": "_gradients",
}
