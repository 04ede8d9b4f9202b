"""A model text, bounded before anything parses it, and the places in it.

The limits keep every later step fast and shallow: what passes here can be tokenised, parsed and
walked without running out of stack.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from functools import cached_property

from derive.errors import LanguageError, Place
from derive.identifiers import character_name, unseen_character

LONGEST_TEXT = 1_000_000
LONGEST_LINE = 2_000
MOST_LINES = 20_000

SMALLEST_MODEL = """a smallest model is

    w: param = 1
    C = (w - 3) ** 2
    minimize(C, sgd(alpha=0.1))
"""


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
        return " ".join((ast.get_source_segment(self._around(node), _moved(node)) or "").split())

    def error(self, node: ast.expr | ast.stmt | ast.arg, cause: str, cure: str) -> LanguageError:
        """The error that points at `node`."""
        return LanguageError(cause, cure, self.place(node))

    def _column(self, line: int, offset: int) -> int:
        """The column of a byte offset: the syntax tree counts in UTF-8."""
        text = self.lines[line - 1]
        return offset if text.isascii() else len(text.encode()[:offset].decode(errors="ignore"))
