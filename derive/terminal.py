"""What `derive show` prints: a whole derivation or one gradient, folded to what was asked for."""

from __future__ import annotations

from derive.document.blocks import Display, Paragraph
from derive.document.build import document_of
from derive.errors import UsageError
from derive.formats import TEXT
from derive.language.lookup import did_you_mean
from derive.model import Specification
from derive.prose import catalogue
from derive.publish import say
from derive.repl import Model, Steps


def show(
    specification: Specification,
    quantity: str | None = None,
    depth: int | None = None,
    section: str | None = None,
) -> str:
    """The derivation in Unicode: of the whole model, or of one gradient with its steps.

    What stands deeper than `depth` is folded, and `section` is the only one of a model's document.
    """
    model = Model.of(specification)
    if quantity is not None:
        asked = model.gradient(quantity)
        steps = asked.steps if depth is None else asked.steps.folded(depth)
        return f"{asked!r}\n{asked.matrix!r}\n\n{steps!r}\n{_unfolding(asked.steps, steps)}"
    document = document_of(model.derivation)
    shown = [s for s in document.sections if s.key not in ("notation", "results", "checks")]
    if section is not None:
        keys = [one.key for one in shown]
        shown = [one for one in shown if one.key == section]
        if not shown:
            close = did_you_mean(section, keys)
            cure = close or f"there are: {', '.join(keys)}"
            raise UsageError(f"the derivation has no section '{section}'", cure)
    words, lines = catalogue("en"), [document.title]
    for one in shown:
        lines += ["", words[f"section.{one.key}"]]
        for block in one.blocks:
            match block:
                case Paragraph(phrases):
                    lines.append(" ".join(say(phrase, TEXT, "en") for phrase in phrases))
                case Display(numbered):
                    lines.append(TEXT.display(numbered))
    return "\n".join(lines) + "\n"


def _unfolding(whole: Steps, shown: Steps) -> str:
    """How to see what is folded."""
    hidden = len(whole.shown.reasons) - len(shown.shown.reasons)
    deepest = max((reason.depth for reason in whole.shown.reasons), default=0)
    return f"\n{hidden} steps are folded; --depth {deepest} shows all\n" if hidden else ""
