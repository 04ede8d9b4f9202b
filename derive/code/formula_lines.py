"""Formulas of a docstring on lines that fit, each with its number in a column of its own.

A formula that is too long goes on below, indented: with each of its cases on a line, else from an
operator or a factor on, those outside of brackets first.  Subscripts are never parted, nor a sum
from what it sums.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence

from derive.code.layout import INDENT, WIDTH

# What stands between a formula and its number.
GAP = 4

# A line that goes on begins with a sign rather than with another operator; none ends with one.
SIGNS, JOINTS = ("+", "−"), ("·", "∘")
RELATIONS = ("=", "←", "≠", "<", "≤", ">", "≥", "∧", "∨")
OPERATORS = (*SIGNS, *JOINTS, *RELATIONS)

# The range of a sum with the space behind it: Σ_k, Σ_{k: k < i}.
RANGE = re.compile(r"(?:Σ|∏|max|min|log)(?:_\w+|_\{[^{}]*\})? ")


def numbered_lines(formulas: Sequence[tuple[str, str]]) -> list[list[str]]:
    """The lines of each formula, (text, number); a number stands behind the first.

    >>> numbered_lines([("y = a x", "(1)"), ("C = y²", "")])
    [['y = a x    (1)'], ['C = y²']]
    """
    numbers = max((len(number) for _, number in formulas), default=0)
    broken = [formula_lines(text, WIDTH - INDENT - numbers - GAP) for text, _ in formulas]
    numbered = [lines[0] for lines, (_, number) in zip(broken, formulas, strict=True) if number]
    column = max(map(shown_width, numbered), default=0) + GAP
    return [
        [first + " " * (column - shown_width(first)) + number if number else first, *rest]
        for (first, *rest), (_, number) in zip(broken, formulas, strict=True)
    ]


def shown_width(text: str) -> int:
    """The columns that a text takes: an accent stands over the letter before it.

    >>> shown_width("x̂")
    1
    """
    return sum(not unicodedata.combining(letter) for letter in text)


def formula_lines(text: str, room: int) -> list[str]:
    """A formula on lines of at most `room` columns, as far as it has places to break at.

    >>> formula_lines("y = Σ_k A[i, k] x[k] + Σ_k B[i, k] z[k]", 24)
    ['y = Σ_k A[i, k] x[k]', '    + Σ_k B[i, k] z[k]']
    """
    if shown_width(text) <= room:
        return [text]
    first, *others = _cases(text)
    lines = _filled(first, room)
    for case in others:
        lines += [" " * INDENT + line for line in _filled(case, room - INDENT)]
    return lines


def _filled(text: str, room: int) -> list[str]:
    """As much on each line as fits, the later ones indented."""
    line, rest = _parted(text, room)
    lines = [line]
    while rest:
        line, rest = _parted(rest, room - INDENT)
        lines.append(" " * INDENT + line)
    return lines


def _parted(text: str, room: int) -> tuple[str, str]:
    """What stands on a line, and what goes on below."""
    if shown_width(text) <= room:
        return text, ""
    places = list(_places(text))
    fitting = [one for one in places if shown_width(text[: one[1]]) <= room] or places[:1]
    # A line that is not half full is broken at a worse place.
    full = [one for one in fitting if one[1] > room // 2] or fitting[-1:]
    if not full:
        return text, ""
    _, place = min(full, key=lambda one: (one[0], -one[1]))
    return text[:place], text[place + 1 :]


def _cases(text: str) -> list[str]:
    """The formula cut behind each case of its outermost brace."""
    ends = [p for p, opened in _spaces(text) if opened == "{" and text[p - 1] == ";"]
    starts = [0, *(place + 1 for place in ends)]
    return [text[start:end] for start, end in zip(starts, [*ends, len(text)], strict=True)]


def _places(text: str) -> Iterator[tuple[tuple[int, int], int]]:
    """The spaces at which a line may end, each with how little it is to be preferred."""
    for place, opened in _spaces(text):
        before, after = text[:place].rsplit(" ", 1)[-1], text[place + 1 :].split(" ", 1)[0]
        if before in RELATIONS[:2] and not opened:
            yield (len(opened), 3), place
        elif before not in OPERATORS and after not in RELATIONS:
            kind = 0 if after in SIGNS else 1 if after in JOINTS else 2
            yield (len(opened), kind), place


def _spaces(text: str) -> Iterator[tuple[int, str]]:
    """The spaces that stand in no subscript and behind no sum, each with the brackets around it."""
    opened = ""
    joined = RANGE.sub(lambda found: "_" * len(found[0]), text)
    for place, letter in enumerate(joined):
        if letter in "([{":
            opened += letter
        elif letter in ")]}":
            opened = opened[:-1]
        elif letter == " " and "[" not in opened:
            yield place, opened
