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
from derive.publish import document_context
from derive.render import render_document

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
    parameters = [str(quantity.name) for quantity in document.numbers.gradients]
    cells: list[dict[str, Any]] = []
    for key, part in zip(keys, parts, strict=True):
        cells.append(_markdown(key, part.strip()))
        for number, source in enumerate(_live(key, document.name, text, parameters)):
            cells.append(_code(f"{key}-{number + 1}", source))
    whole = {"cells": cells, "metadata": {"kernelspec": KERNEL}, **FORMAT}
    return json.dumps(whole, ensure_ascii=False, indent=1) + "\n"


def _live(key: str, name: str, text: str, parameters: list[str]) -> Iterator[str]:
    """What a reader may ask where a section ends: the objects that its formulas come from."""
    match key:
        case "introduction":
            yield f"from derive import Model\n\nmodel = Model({_literal(text)}, name={name!r})"
        case "model":
            yield "model"
        case "chain" | "gradient":
            for parameter in parameters:
                yield f"model.gradient({parameter!r})"
                yield f"model.gradient({parameter!r}).steps"
        case "matrix":
            for parameter in parameters:
                yield f"model.gradient({parameter!r}).matrix"
        case "results":
            yield "program = model.compile()\nprint(program.__doc__)"
        case "checks":
            yield "print(model.verify())"


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
