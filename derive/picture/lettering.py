"""A formula of one line as letters: which slant, which size, how high, and how wide they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import fsum
from unicodedata import east_asian_width

from derive.names import Accented, Letters, Scripted, Sequence, Symbol, styled, unicode_symbol
from derive.typeset.layout import (
    APPLY,
    TIMES,
    Fenced,
    FunctionName,
    Group,
    Identifier,
    Layout,
    Marked,
    NumberText,
    Operator,
    Raised,
    Root,
    Row,
    Space,
    Subscripted,
    Text,
    bracketed,
    row,
)

# A script is smaller, and stands a part of its height lower or higher.
SCRIPT, LOWER, HIGHER = 0.72, 0.22, -0.38
THIN = "\N{THIN SPACE}"
# How wide letters are, as parts of their height: an average of the usual fonts.
WIDTHS = {
    **dict.fromkeys("ijltfr()[]|,.;:'!/", 0.36),
    **dict.fromkeys("MWmw", 0.88),
    **dict.fromkeys("+−=<>≤≥≠×∂√αωφψ", 0.66),
    **dict.fromkeys("IJ", 0.56),
    THIN: 0.2,
    "\N{ZERO WIDTH SPACE}": 0.0,
    "\N{EM SPACE}": 1.0,
}
CAPITAL, LETTER = 0.77, 0.54
# Fonts that are made for small sizes have broader letters.
BROADER = 1.15
# Spacing accents, how wide they are, and how much higher they stand over a capital.
ACCENTS = {"hat": "ˆ", "bar": "¯", "tilde": "˜", "dot": "˙", "vec": "→"}
ACCENT, OVER_CAPITAL = 0.36, -0.22
# Letters with accents that every font has come before this one.
LAST_USUAL = "\N{LATIN SMALL LETTER B WITH STROKE}"


@dataclass(frozen=True)
class Run:
    """Letters of one slant, size and height above or below the line, and the space before them."""

    text: str
    italic: bool = False
    size: float = 1.0
    down: float = 0.0
    space: float = 0.0


def line_width(layout: Layout) -> float:
    """How wide a formula on one line is, as a part of the height of its letters."""
    return fsum(
        run.size * (run.space + fsum(map(_wide, run.text))) * (1.0 if run.size == 1 else BROADER)
        for run in runs(layout)
    )


def _wide(letter: str) -> float:
    if east_asian_width(letter) in "WF":
        return 1.0
    return WIDTHS.get(letter, CAPITAL if letter.isupper() else LETTER)


def runs(layout: Layout) -> Iterator[Run]:
    """The letters of a formula in reading order; `TypeError` where it needs more than a line."""
    match layout:
        case Identifier(symbol):
            yield from _symbol(symbol)
        case NumberText(text) | Text(text) | FunctionName(text):
            yield Run(text)
        case Operator(sign, form):
            yield Run(_operator(sign, form))
        case Space():
            yield Run("\N{EM SPACE}")
        case Row(items):
            for item in items:
                yield from runs(item)
        case Fenced(opening, body, closing):
            yield Run(opening)
            yield from runs(body)
            yield Run(closing)
        case Marked(_, body):
            yield from runs(body)
        case Root(body):
            yield Run("√")
            yield from runs(bracketed(body.body) if isinstance(body, Group) else body)
        case Raised(base, script):
            yield from runs(base)
            yield from _script(runs(script), HIGHER)
        case Subscripted(base, subscripts, compact):
            between = () if compact else (Operator(",", "separator"),)
            listed = [part for one in subscripts for part in (*between, one)]
            yield from runs(base)
            yield from _script(runs(row(*listed[len(between) :])), LOWER)
        case _:
            raise TypeError(f"runs: {type(layout).__name__} needs more than a line")


def _operator(sign: str, form: str) -> str:
    if sign == TIMES:
        return THIN
    if sign == APPLY:
        return ""
    if form == "separator":
        return sign + THIN
    return f"{THIN}{sign}{THIN}" if form == "infix" else sign


def _script(runs: Iterator[Run], shift: float) -> Iterator[Run]:
    for run in runs:
        down = round(shift + SCRIPT * run.down, 4)
        yield replace(run, size=round(SCRIPT * run.size, 4), down=down)


def _symbol(form: Symbol) -> Iterator[Run]:
    match form:
        case Letters(text, style):
            yield Run(styled(text, style), italic=style == "italic")
        case Accented(accent, body):
            yield from _accented(accent, body)
        case Sequence(parts):
            for part in parts:
                yield from _symbol(part)
        case Scripted(body, below, above):
            yield from _symbol(body)
            if below is not None:
                yield from _script(_symbol(below), LOWER)
            if above is not None:
                yield from _script(_symbol(above), HIGHER)


def _accented(accent: str, body: Symbol) -> Iterator[Run]:
    """A letter with its accent, where there is a character for both; else the accent laid over it.

    Fonts for text seldom place a combining accent well.
    """
    whole = unicode_symbol(Accented(accent, body))
    if len(whole) == 1 and whole < LAST_USUAL:
        yield Run(whole, isinstance(body, Letters) and body.style == "italic")
        return
    letters = list(_symbol(body))
    wide = fsum(run.size * fsum(map(_wide, run.text)) for run in letters)
    high = any(letter.isupper() for run in letters for letter in run.text)
    back = (wide + ACCENT) / 2 - (0.08 if letters[0].italic else 0.0)
    yield from letters
    yield Run(ACCENTS[accent], down=OVER_CAPITAL if high else 0.0, space=-back)
    # What follows stands behind the letter, not behind the accent.
    yield Run("\N{ZERO WIDTH SPACE}", space=round(back - ACCENT, 4))
