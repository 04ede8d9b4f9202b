"""What authors say of their quantities: the comment behind a declaration or a definition."""

from __future__ import annotations

import io
import tokenize
from collections.abc import Mapping

from derive.language.source import Source


def meanings(source: Source, lines: Mapping[str, int]) -> tuple[tuple[str, str], ...]:
    r"""The words behind the line of each name; a line with several names says nothing of one.

    `lines` holds the line on which each name is declared or first defined.

    >>> meanings(Source("", "n: dim  # the inputs\nw: param[n]; b: param  # both"),
    ...     {"n": 1, "w": 2, "b": 2})
    (('n', 'the inputs'),)
    """
    names: dict[int, list[str]] = {}
    for name, line in lines.items():
        names.setdefault(line, []).append(name)
    said = {line: words for line, words in _comments(source) if len(names.get(line, ())) == 1}
    return tuple((names[line][0], words) for line, words in said.items())


def _comments(source: Source) -> list[tuple[int, str]]:
    """The comments that stand behind something, by their lines."""
    found = []
    for token in tokenize.generate_tokens(io.StringIO(source.text + "\n").readline):
        line, column = token.start
        if token.type == tokenize.COMMENT and source.lines[line - 1][:column].strip():
            words = token.string.lstrip("#").strip().rstrip(".,;:")
            found += [(line, words)] if words else []
    return found
