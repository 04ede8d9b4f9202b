"""A document in one format and one language, as the context of a template: finished strings."""

from __future__ import annotations

from typing import Any

from derive.document.blocks import (
    Block,
    Code,
    Display,
    Document,
    Gap,
    Listed,
    Paragraph,
    Phrase,
    Reference,
    Table,
    Verbatim,
    Working,
)
from derive.formats import Format
from derive.prose import Catalogue, catalogue, pieces
from derive.typeset.layout import Layout


def document_context(document: Document, form: Format, language: str) -> dict[str, Any]:
    """What a template needs: title, introduction and sections, all of it markup of the format."""
    words = catalogue(language)
    return {
        "language": language,
        "name": document.name,
        "title": form.text(document.title),
        "subtitle": form.text(words["document.subtitle"]),
        "introduction": [_block(block, form, words) for block in document.introduction],
        "sections": [
            {
                "key": section.key,
                "title": form.text(words[f"section.{section.key}"]),
                "blocks": [_block(block, form, words) for block in section.blocks],
            }
            for section in document.sections
        ],
    }


def say(gap: Gap, form: Format, language: str) -> str:
    """A phrase, formula or list as one string of the format."""
    return _gap(gap, form, catalogue(language))


def _block(block: Block, form: Format, words: Catalogue) -> dict[str, Any]:
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
                "rows": [[_gap(cell, form, words) for cell in line] for line in rows],
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
