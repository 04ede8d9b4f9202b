"""The docstring of a generated module: title, formulas with their numbers, table of shapes."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from derive.calculus.update import is_general
from derive.code.formula_lines import numbered_lines
from derive.code.layout import WIDTH
from derive.code.size_code import Names
from derive.model import Specification, data, parameters
from derive.sizes import show_shape
from derive.terms import Name


@dataclass(frozen=True)
class Formula:
    """A formula of the document on one line, the name it belongs to and its number, such as (5)."""

    name: Name
    text: str
    number: str = ""


@dataclass(frozen=True)
class Formulas:
    """The mathematics of the docstring.  An update belongs to the name of what it changes.

    `stable` says which forms are computed as which others, so that floats neither overflow nor
    cancel.  The equations of a product with the Hessian are as many again: the document has them,
    and comments refer to it.
    """

    forward: tuple[Formula, ...] = ()
    gradients: tuple[Formula, ...] = ()
    update: tuple[Formula, ...] = ()
    requested: tuple[Formula, ...] = ()
    product: tuple[Formula, ...] = ()
    stable: tuple[tuple[str, str], ...] = ()


def docstring_context(spec: Specification, names: Names, formulas: Formulas) -> dict[str, Any]:
    """The title, the sections of formulas and the lines of the table of shapes."""
    title = _plain(" ".join(spec.title.split()) or spec.name)
    title = title if title.endswith((".", "!", "?")) else f"{title}."
    rule = spec.objective.rule.title.rstrip(".")
    every = ", for each parameter" if is_general(spec.objective.rule) else ""
    sections = (
        ("Forward", formulas.forward),
        ("Gradients", formulas.gradients),
        (f"Update by {rule}{every}", formulas.update),
        ("On request", formulas.requested),
    )
    written = [(_plain(formula.text), formula.number) for _, group in sections for formula in group]
    lines = iter(numbered_lines(written))
    if len(title) > WIDTH - 3:
        title = "\n".join([f"The model `{spec.name}`.", "", *textwrap.wrap(title, WIDTH)])
    return {
        "title": title,
        "sections": [
            (heading, [line for _ in group for line in next(lines)])
            for heading, group in sections
            if group
        ]
        + ([("Computed in stable forms", _stable_lines(formulas))] if formulas.stable else []),
        "shapes": _shape_lines(spec, names),
    }


def _plain(text: str) -> str:
    """Text that cannot end the docstring in which it stands."""
    return text.replace("\\", "∖").replace('"', "'")


def _stable_lines(formulas: Formulas) -> list[str]:
    width = max(len(form) for form, _ in formulas.stable)
    return [f"{form:<{width}}  as  {computed}" for form, computed in formulas.stable]


def _shape_lines(spec: Specification, names: Names) -> list[str]:
    words = {"input": "data", "index": "data, subscripts", "param": "parameter"}
    cost = spec.objective.cost.name
    rows = [(q, words[q.kind]) for q in (*data(spec), *parameters(spec))]
    # A derived gradient that nothing reads is not computed and has no name.
    named = (e.left for e in spec.equations if e.left.name in names)
    rows += [(quantity, "cost" if quantity.name == cost else "") for quantity in named]
    cells = [(names[q.name], show_shape(q.shape), word) for q, word in rows]
    widths = [max(len(cell[column]) for cell in cells) + 2 for column in (0, 1)]
    return [f"{a:<{widths[0]}}{b:<{widths[1]}}{c}".rstrip() for a, b, c in cells]


def comments(formulas: Sequence[Formula]) -> dict[Name, str]:
    """The number of each named formula, as the comment of the line that computes it."""
    return {formula.name: formula.number for formula in formulas if formula.number}
