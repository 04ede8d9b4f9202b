"""Errors that say the place, the cause and the cure.

Every error a user can meet is a `DeriveError`.  The cause says what is wrong with both shapes or
both names; the cure says what to write instead; the place points at the text.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Place:
    """A span of one line of a model text.

    `line` counts from 1, `column` from 0 as in the source, `width` is the number of characters
    under the caret.  `text` is the whole line, `source` names the file.
    """

    source: str
    line: int
    column: int
    width: int
    text: str


class DeriveError(Exception):
    """What went wrong (`cause`), how to mend it (`cure`) and, where there is a text, its `place`.

    >>> print(DeriveError("'v' is not defined", "did you mean 'w'?"))
    'v' is not defined
      cure: did you mean 'w'?
    """

    def __init__(self, cause: str, cure: str, place: Place | None = None) -> None:
        # All three: an error is pickled, and made again, with the arguments of `Exception`.
        super().__init__(cause, cure, place)
        self.cause = cause
        self.cure = cure
        self.place = place

    def __str__(self) -> str:
        lines = []
        if self.place is not None:
            lines += show_place(self.place)
        lines += [self.cause, f"  cure: {self.cure}"]
        return "\n".join(lines)


class LanguageError(DeriveError):
    """The text of a model cannot be read, or does not mean anything."""


class DerivationError(DeriveError):
    """The mathematics is well formed, but this derivative is not known here."""


class VerificationError(DeriveError):
    """A step, a formula or the generated code disagrees with the forward equations."""


class UsageError(DeriveError):
    """A command, a setting or the name of a model means nothing here."""


class OutputError(DeriveError):
    """A file cannot be written, or is not ours to overwrite."""


# Longer lines are cut around the caret, so that a message stays readable in a terminal.
LONGEST_LINE = 100


def show_place(place: Place) -> list[str]:
    """The header, the line of source and the caret line of an error message."""
    text, column = place.text, place.column
    if len(text) > LONGEST_LINE:
        start = max(0, min(column - LONGEST_LINE // 2, len(text) - LONGEST_LINE))
        text, column = text[start : start + LONGEST_LINE], column - start
    width = max(1, min(place.width, len(text) - column))
    gutter = f"{place.line:>4} | "
    return [
        f"{place.source}, line {place.line}",
        gutter + text,
        " " * (len(gutter) + column) + "^" * width,
    ]
