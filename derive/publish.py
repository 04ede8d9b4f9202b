"""A document in one format and one language, as the context of a template: finished strings."""

from __future__ import annotations

from html import escape
from typing import Any

from derive.document.blocks import (
    Block,
    Code,
    Display,
    Document,
    Figure,
    FigureReference,
    Gap,
    LineReference,
    Listed,
    Listing,
    Paragraph,
    Phrase,
    Reference,
    Table,
    Verbatim,
    Working,
)
from derive.formats import TEXT, Format, Shown
from derive.picture.svg import svg_box, svg_items
from derive.prose import Catalogue, catalogue, pieces
from derive.typeset.layout import Layout

# What a page calls its parts that only a screen has.
CONTROLS = ("contents", "fold", "unfold")
# Columns that hold words, and so may have several lines.
PROSE = ("notation.meaning",)


def document_context(document: Document, form: Format, language: str) -> dict[str, Any]:
    """What a template needs: title, introduction and sections, all of it markup of the format."""
    words = catalogue(language)
    return {
        "language": language,
        "name": document.name,
        "title": form.text(document.title),
        "subtitle": form.text(words["document.subtitle"]),
        "words": {
            key: form.text(words[f"controls.{key}"]) for key in ("contents", "fold", "unfold")
        },
        "introduction": [_block(block, form, language) for block in document.introduction],
        "sections": [
            {
                "key": section.key,
                "title": form.text(words[f"section.{section.key}"]),
                "blocks": [_block(block, form, language) for block in section.blocks],
            }
            for section in document.sections
        ],
    }


def say(gap: Gap, form: Format, language: str) -> str:
    """A phrase, formula or list as one string of the format."""
    return _gap(gap, form, catalogue(language))


def figures(document: Document) -> tuple[Figure, ...]:
    """The figures of a document, in their order."""
    blocks = (block for section in document.sections for block in section.blocks)
    return tuple(block for block in blocks if isinstance(block, Figure))


def picture_file(figure: Figure, language: str) -> str:
    """The name of the file with a figure, for formats that hold none.

    >>> from derive.document.blocks import says
    >>> from derive.picture.drawing import Drawing
    >>> picture_file(Figure("graph", 1, Drawing(1, 1, ()), (), says("graph.told")), "zh")
    'graph.zh.svg'
    """
    return ".".join((figure.key, *(() if language == "en" else (language,)), "svg"))


def picture_context(figure: Figure, language: str) -> dict[str, Any]:
    """What the template of a picture needs."""
    shown = _shown(figure, language)
    box = svg_box(figure.drawing)
    items = svg_items(figure.drawing, shown.words)
    return {"title": escape(shown.title), "told": escape(shown.told), "items": items, **box}


def _shown(figure: Figure, language: str) -> Shown:
    words = catalogue(language)
    return Shown(
        figure.number,
        figure.drawing,
        words.__getitem__,
        words[f"{figure.key}.title"],
        say(figure.told, TEXT, language),
        picture_file(figure, language),
    )


def _block(block: Block, form: Format, language: str) -> dict[str, Any]:
    words = catalogue(language)
    match block:
        case Paragraph(phrases):
            joint = words["list.sentences"]
            text = joint.join(_gap(phrase, form, words) for phrase in phrases)
            return {"kind": "paragraph", "text": text}
        case Display(lines):
            return {"kind": "display", "text": form.display(lines)}
        case Working(reasons):
            return {
                "kind": "working",
                "title": form.text(words["working.title"]),
                "reasons": [
                    {
                        "depth": reason.depth,
                        "rule": _gap(reason.rule, form, words),
                        "formula": form.reason(reason.formula),
                        "why": _gap(reason.why, form, words),
                    }
                    for reason in reasons
                ],
            }
        case Table(heads, rows):
            return {
                "kind": "table",
                "heads": [form.text(words[head]) for head in heads],
                "prose": [head in PROSE for head in heads],
                # A row of Markdown is one line.
                "rows": [
                    [_gap(cell, form, words).replace("\n", " ") for cell in line] for line in rows
                ],
            }
        case Listing(lines):
            return {"kind": "display", "text": form.listing(lines)}
        case Figure(_, number, _, caption, _):
            title = _filled(words["list.figure"], {"number": str(number)}, form)
            joint = words["list.sentences"]
            return {
                "kind": "figure",
                "number": number,
                "title": title,
                "drawing": form.drawing(_shown(block, language)),
                "caption": joint.join(_gap(phrase, form, words) for phrase in caption),
            }
    raise TypeError(f"unknown block {type(block).__name__}")


def _gap(gap: Gap, form: Format, words: Catalogue) -> str:
    match gap:
        case Layout():
            return form.inline(gap)
        case Verbatim(text):
            return form.text(text)
        case Code(text):
            return form.code(text)
        case Reference(first, last):
            key = "list.equation" if first == last else "list.equations"
            ends = {"first": form.reference(first), "last": form.reference(last)}
            return _filled(words[key], ends, form)
        case LineReference(number):
            return form.line(number)
        case FigureReference(number):
            return _filled(words["list.figure"], {"number": form.figure(number)}, form)
        case Listed(items):
            return _joined([_gap(item, form, words) for item in items], form, words)
        case Phrase(key, gaps):
            return _filled(words[key], {name: _gap(g, form, words) for name, g in gaps}, form)
    raise TypeError(f"unknown gap {type(gap).__name__}")


def _filled(sentence: str, gaps: dict[str, str], form: Format) -> str:
    """The sentence as markup; a gap without a filling is a `KeyError` that names it."""
    return "".join(
        _spaced(form, text) + ("" if gap is None else gaps[gap]) for text, gap in pieces(sentence)
    )


def _spaced(form: Format, text: str) -> str:
    """Escaped text that keeps the spaces at its ends, where a formula stands."""
    before = " " if text[:1] == " " else ""
    behind = " " if text[-1:] == " " and text.strip() else ""
    return before + form.phrase(text.strip()) + behind


def _joined(items: list[str], form: Format, words: Catalogue) -> str:
    if len(items) < 2:
        return "".join(items)
    first = items[0]
    for item in items[1:-1]:
        first = _filled(words["list.many"], {"first": first, "last": item}, form)
    key = "list.pair" if len(items) == 2 else "list.last"
    return _filled(words[key], {"first": first, "last": items[-1]}, form)
