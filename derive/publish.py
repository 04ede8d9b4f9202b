"""A document in one format and one language, as the context of a template: finished strings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, Literal

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
# What stands between the parts of a step: it is no markup, and keeps its spaces.
MARKS = ("colon", "dash")
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
        "words": {key: form.text(words[f"controls.{key}"]) for key in CONTROLS}
        | {key: words[f"controls.{key}"] for key in MARKS},
        "introduction": blocks_context(document.introduction, form, language),
        "sections": [
            {
                "key": section.key,
                "title": form.text(words[f"section.{section.key}"]),
                "blocks": blocks_context(section.blocks, form, language),
            }
            for section in document.sections
        ],
    }


def blocks_context(blocks: Iterable[Block], form: Format, language: str) -> list[dict[str, Any]]:
    """The blocks of a document, each with its kind and its parts as markup."""
    return [_block(block, form, language) for block in blocks]


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
            title = _filled(words["list.figure"], {"number": (str(number),)})
            joint = words["list.sentences"]
            return {
                "kind": "figure",
                "number": number,
                "title": "".join(_piece(piece, form) for piece in title),
                "drawing": form.drawing(_shown(block, language)),
                "caption": joint.join(_gap(phrase, form, words) for phrase in caption),
            }
    raise TypeError(f"unknown block {type(block).__name__}")


# --- sentences ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cited:
    """The number of an equation or a figure, where a sentence refers to it."""

    kind: Literal["equation", "figure"]
    number: int


# What a sentence is made of, in the order in which it is read; a string is plain text.
Piece = str | Layout | Verbatim | Code | LineReference | Cited


def spoken(gap: Gap, words: Catalogue) -> tuple[Piece, ...]:
    """A phrase, formula or list in the words of a language, in no format.

    >>> from derive.document.blocks import says
    >>> spoken(says("list.pair", first=Code("w"), last=Reference(4, 4)), catalogue("en"))
    (Code(text='w'), ' and ', 'equation ', Cited(kind='equation', number=4))
    """
    match gap:
        case Layout() | Verbatim() | Code() | LineReference():
            return (gap,)
        case Reference(first, last):
            key = "list.equation" if first == last else "list.equations"
            ends = {"first": Cited("equation", first), "last": Cited("equation", last)}
            return _filled(words[key], {name: (cited,) for name, cited in ends.items()})
        case FigureReference(number):
            return _filled(words["list.figure"], {"number": (Cited("figure", number),)})
        case Listed(items):
            return _joined([spoken(item, words) for item in items], words)
        case Phrase(key, gaps):
            return _filled(words[key], {name: spoken(filling, words) for name, filling in gaps})
    raise TypeError(f"unknown gap {type(gap).__name__}")


def _filled(sentence: str, gaps: Mapping[str, tuple[Piece, ...]]) -> tuple[Piece, ...]:
    """The pieces of the sentence; a gap without a filling is a `KeyError` that names it."""
    found: list[Piece] = []
    for text, gap in pieces(sentence):
        found += [text] if text else []
        found += () if gap is None else gaps[gap]
    return tuple(found)


def _joined(items: list[tuple[Piece, ...]], words: Catalogue) -> tuple[Piece, ...]:
    if len(items) < 2:
        return items[0] if items else ()
    first = items[0]
    for item in items[1:-1]:
        first = _filled(words["list.many"], {"first": first, "last": item})
    key = "list.pair" if len(items) == 2 else "list.last"
    return _filled(words[key], {"first": first, "last": items[-1]})


def _gap(gap: Gap, form: Format, words: Catalogue) -> str:
    return "".join(_piece(piece, form) for piece in spoken(gap, words))


def _piece(piece: Piece, form: Format) -> str:
    match piece:
        case str():
            return _spaced(form, piece)
        case Layout():
            return form.inline(piece)
        case Verbatim(text):
            return form.text(text)
        case Code(text):
            return form.code(text)
        case LineReference(number):
            return form.line(number)
        case Cited(kind, number):
            return form.reference(number) if kind == "equation" else form.figure(number)
    raise TypeError(f"unknown piece {type(piece).__name__}")


def _spaced(form: Format, text: str) -> str:
    """Escaped text that keeps the spaces at its ends, where a formula stands."""
    before = " " if text[:1] == " " else ""
    behind = " " if text[-1:] == " " and text.strip() else ""
    return before + form.phrase(text.strip()) + behind
