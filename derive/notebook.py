"""The Jupyter notebook of a derivation: its prose in cells of Markdown, beside the live objects.

It holds the model's text and nothing that was computed: who opens it runs it.  Its cells have names
that follow from what they hold, so that the same document is the same file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from derive.document.blocks import Document
from derive.formats import MARKDOWN, REASON, Format, dollars
from derive.program.part_names import MOTION
from derive.publish import document_context
from derive.render import render_document
from derive.terms import Derivative, Name

# The version of the format of notebooks that is written here.
FORMAT = {"nbformat": 4, "nbformat_minor": 5}
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def _display(lines: tuple[Any, ...]) -> str:
    shown = []
    for line in lines:
        tag = "" if line.number is None else rf" \tag{{{line.number}}}"
        shown.append(f"${dollars(line.formula)[:-1]}{tag}$$")
    return "\n\n".join(shown)


JUPYTER: Format = replace(
    MARKDOWN,
    inline=dollars,
    reason=lambda formula: dollars(formula, REASON),
    display=_display,
)


def notebook(document: Document, text: str, language: str) -> str:
    """The notebook of a document whose model has this `text`, as JSON."""
    page = render_document(document_context(document, JUPYTER, language), "markdown", "md")
    parts = re.split(r"\n(?=## )", page)
    keys = ("introduction", *(section.key for section in document.sections))
    cells: list[dict[str, Any]] = []
    for key, part in zip(keys, parts, strict=True):
        cells.append(_markdown(key, part.strip()))
        for number, source in enumerate(_live(key, document, text)):
            cells.append(_code(f"{key}-{number + 1}", source))
    whole = {"cells": cells, "metadata": {"kernelspec": KERNEL}, **FORMAT}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _live(key: str, document: Document, text: str) -> Iterator[str]:
    """What a reader may ask where a section ends: the objects that its formulas come from."""
    numbers = document.numbers
    gradients = [str(quantity.name) for quantity in numbers.gradients]
    match key:
        case "introduction":
            given = f"{_literal(text)}, name={document.name!r}"
            yield f"from derive import Model\n\nmodel = Model({given})"
        case "model":
            yield "model"
        case "local":
            # The cost reads these, and its derivative by them is a local one.
            for quantity in numbers.definitions:
                if quantity not in numbers.gradients:
                    yield f"model.gradient({str(quantity.name)!r})"
        case "chain" | "gradient":
            for name in gradients:
                yield f"model.gradient({name!r})"
                yield f"model.gradient({name!r}).steps"
        case "matrix":
            for name in gradients:
                yield f"model.gradient({name!r}).matrix"
        case "requested":
            defined = [quantity.name for quantity in numbers.definitions]
            yield from dict.fromkeys(_asked(name, defined) for name in numbers.requested)
        case "results":
            yield "program = model.compile()\nprint(program.__doc__)"
        case "checks":
            yield "print(model.verify())"


def _asked(name: Name, defined: list[Name]) -> str:
    """What gives the derivative of this name, beyond the gradients."""
    match name:
        case Derivative(_, wrt) if wrt == MOTION:
            return "model.hvp()"
        case Derivative(Derivative(_, rows), columns):
            return f"model.hessian({str(rows)!r}, {str(columns)!r}).matrix"
        case Derivative(of, wrt) if of in defined:
            return f"model.jacobian({str(of)!r}, {str(wrt)!r})"
        case Derivative(_, wrt):
            return f"model.gradient({str(wrt)!r})"
    raise TypeError(f"unknown derivative {name!r}")


def _literal(text: str) -> str:
    """A literal of the text, on as many lines where that is plain."""
    plain = "\\" not in text and "'''" not in text and not text.endswith("'")
    return f"'''\\\n{text}'''" if plain else repr(text)


def _markdown(name: str, source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": _lines(source)}


def _code(name: str, source: str) -> dict[str, Any]:
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": name,
        "metadata": {},
        "outputs": [],
        "source": _lines(source),
    }


def _lines(source: str) -> list[str]:
    return source.splitlines(keepends=True)
