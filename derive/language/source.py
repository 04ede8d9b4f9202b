"""A model text, bounded before anything parses it, and the places in it.

The limits keep every later step fast and shallow: what passes here can be tokenised, parsed and
walked without running out of stack.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property

from derive.errors import LanguageError, Place
from derive.identifiers import character_name, unseen_character, visible

LONGEST_TEXT = 1_000_000
LONGEST_LINE = 2_000
MOST_LINES = 20_000

SMALLEST_MODEL = """a smallest model is

    w: param = 1
    C = (w - 3) ** 2
    minimize(C, sgd(alpha=0.1))"""


@dataclass(frozen=True)
class Source:
    """A text and the name by which messages call it.  Lines count from 1, columns from 0."""

    name: str
    text: str

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines, without their ends."""
        return tuple(self.text.split("\n"))

    def span(self, line: int, column: int, width: int = 1) -> Place:
        """The place of `width` characters."""
        return Place(self.name, line, column, width, self.lines[line - 1])

    def place(self, node: ast.expr | ast.stmt | ast.arg) -> Place:
        """The place of a node of the syntax tree: what of it stands on its first line."""
        start = self._column(node.lineno, node.col_offset)
        if node.end_lineno == node.lineno and node.end_col_offset is not None:
            end = self._column(node.lineno, node.end_col_offset)
        else:
            end = len(self.lines[node.lineno - 1].rstrip())
        return self.span(node.lineno, start, max(1, end - start))

    def spelling(self, node: ast.expr) -> str:
        """The text of a node as its author wrote it, on one line."""
        last, end_offset = node.end_lineno or node.lineno, node.end_col_offset or 0
        pieces = list(self.lines[node.lineno - 1 : last])
        pieces[-1] = pieces[-1][: self._column(last, end_offset)]
        pieces[0] = pieces[0][self._column(node.lineno, node.col_offset) :]
        return " ".join(" ".join(pieces).split())

    def error(self, node: ast.expr | ast.stmt | ast.arg, cause: str, cure: str) -> LanguageError:
        """The error that points at `node`."""
        return LanguageError(cause, cure, self.place(node))

    def _column(self, line: int, offset: int) -> int:
        """The column of a byte offset: the syntax tree counts in UTF-8."""
        text = self.lines[line - 1]
        return offset if text.isascii() else len(text.encode()[:offset].decode(errors="ignore"))


def bounded(text: object, name: str) -> Source:
    """The text as a `Source`, if it is one, neither empty nor too long, and can be seen."""
    if not isinstance(text, str):
        raise LanguageError(f"a model is a text, not {type(text).__name__}", "pass a str")
    if len(text) > LONGEST_TEXT:
        raise LanguageError(
            f"the text has {len(text)} characters, at most {LONGEST_TEXT} are read",
            "split the model, or write equal layers as a recurrence",
        )
    source = Source(name, text.removeprefix("\N{BYTE ORDER MARK}").replace("\r\n", "\n"))
    if not source.text.strip():
        raise LanguageError("the model is empty", SMALLEST_MODEL)
    _check_characters(source)
    _check_lines(source)
    return source


def _check_lines(source: Source) -> None:
    if len(source.lines) > MOST_LINES:
        raise LanguageError(
            f"the text has {len(source.lines)} lines, at most {MOST_LINES} are read",
            "write equal equations as one, with an index",
            source.span(MOST_LINES + 1, 0),
        )
    for count, line in enumerate(source.lines, start=1):
        if len(line) > LONGEST_LINE:
            raise LanguageError(
                f"the line has {len(line)} characters, at most {LONGEST_LINE} are read",
                "break the line, or give a part of it a name",
                source.span(count, LONGEST_LINE),
            )


def _check_characters(source: Source) -> None:
    position = unseen_character(source.text)
    if position is None:
        return
    line = source.text.count("\n", 0, position) + 1
    column = position - (source.text.rfind("\n", 0, position) + 1)
    raise LanguageError(
        f"the character {character_name(source.text[position])} cannot be seen as it is",
        "delete it; a gap is a plain space",
        Place(source.name, line, column, 1, visible(source.lines[line - 1])),
    )
