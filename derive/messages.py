"""What the command says on stderr: short, in colour where there is any, moving no cursor."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from derive.errors import DeriveError
from derive.identifiers import visible

COLOURS = {"red": "31", "green": "32", "yellow": "33", "cyan": "36", "bold": "1"}
# So many bytes of an error are read.
LONGEST_ERROR = 1_500


def say(text: str, colour: str | None = None) -> None:
    """One line to stderr."""
    print(painted(visible(text), colour, sys.stderr), file=sys.stderr)


def say_error(error: DeriveError, model: str | None = None) -> None:
    """An error, of a model where its place does not say which."""
    about = f"{model}: " if model and error.place is None else ""
    text = _brief(visible(about + str(error)))
    print(f"{painted('error:', 'red', sys.stderr)} {text}", file=sys.stderr)


def _brief(text: str) -> str:
    """An error without its middle, where a name or a report in it is very long."""
    found = text.encode("utf-8", "replace")
    if len(found) <= LONGEST_ERROR:
        return text
    ends = (found[: 2 * LONGEST_ERROR // 3], found[-LONGEST_ERROR // 3 :])
    return " ... ".join(end.decode("utf-8", "ignore") for end in ends)


def say_cautions(model: str, cautions: Iterable[str]) -> None:
    """What is allowed in a model, but perhaps not meant."""
    for caution in cautions:
        print(f"{painted('caution:', 'yellow', sys.stderr)} {model}: {caution}", file=sys.stderr)


def diff_colour(line: str) -> str | None:
    """The colour of a line of a diff."""
    for start, colour in (
        ("---", "bold"),
        ("+++", "bold"),
        ("@@", "cyan"),
        ("-", "red"),
        ("+", "green"),
    ):
        if line.startswith(start):
            return colour
    return None


def painted(text: str, colour: str | None, stream: TextIO) -> str:
    """The text in a colour, where the stream shows any."""
    return f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if colour and _colourful(stream) else text


def _colourful(stream: TextIO) -> bool:
    """Whether to write colour: https://no-color.org wins over https://force-color.org."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or is_terminal(stream)


def is_terminal(stream: TextIO) -> bool:
    """Whether a person looks at the stream, on what can draw a line again."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"
