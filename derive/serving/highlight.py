"""The source of a module as lines of coloured pieces: what a page shows, not what is saved."""

from __future__ import annotations

import builtins
import io
import keyword
import tokenize
from collections.abc import Iterator

# The class of a piece, or "" for one without colour, and its text.
Piece = tuple[str, str]

COLOURED = {tokenize.COMMENT: "comment", tokenize.STRING: "string", tokenize.NUMBER: "number"}
# Python 3.12 reads the parts of a formatted string by themselves.
COLOURED |= {
    getattr(tokenize, name): "string"
    for name in ("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END")
    if hasattr(tokenize, name)
}
NAMES_GIVEN = ("def", "class")


def highlighted(source: str) -> tuple[tuple[Piece, ...], ...]:
    """The lines of Python source, each as (class, text) pieces that make up the whole line.

    >>> highlighted("x = 1  # one")
    ((('', 'x = '), ('number', '1'), ('', '  '), ('comment', '# one')),)
    """
    lines = source.split("\n")
    shown: list[list[Piece]] = [[] for _ in lines]
    reached = [0 for _ in lines]
    for kind, (first, start), (last, end) in _coloured(source):
        for number in range(first, last + 1):
            line = lines[number - 1]
            begin = max(reached[number - 1], start if number == first else 0)
            stop = end if number == last else len(line)
            shown[number - 1] += _plain(line[reached[number - 1] : begin])
            if stop > begin:
                shown[number - 1].append((kind, line[begin:stop]))
            reached[number - 1] = stop
    for number, line in enumerate(lines):
        shown[number] += _plain(line[reached[number] :])
    return tuple(tuple(pieces) for pieces in (shown if lines[-1] else shown[:-1]))


def _plain(text: str) -> list[Piece]:
    return [("", text)] if text else []


def _coloured(source: str) -> Iterator[tuple[str, tuple[int, int], tuple[int, int]]]:
    before = ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        kind = COLOURED.get(token.type, "")
        if token.type == tokenize.NAME:
            if keyword.iskeyword(token.string):
                kind = "keyword"
            elif before in NAMES_GIVEN:
                kind = "given"
            elif before != "." and token.string in vars(builtins):
                kind = "builtin"
        before = token.string
        if kind:
            yield kind, token.start, token.end
