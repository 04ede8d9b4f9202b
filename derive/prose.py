"""The prose of the documents, one catalogue a language.

A catalogue is a TOML file; a key names a sentence with gaps in braces.  All languages have the
same keys and the same gaps, which a test holds against each other.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from string import Formatter

from derive.errors import DeriveError

Catalogue = Mapping[str, str]


@cache
def catalogue(language: str) -> Catalogue:
    """The sentences of a language by dotted key.

    >>> catalogue("en")["section.goal"], catalogue("zh")["section.goal"]
    ('What is sought', '目标')
    """
    path = files("derive") / "catalogue" / f"{language}.toml"
    if not path.is_file():
        raise DeriveError(f"there is no prose in the language '{language}'", "use en or zh")
    return dict(_flat(tomllib.loads(path.read_text(encoding="utf-8")), ""))


def _flat(table: Mapping[str, object], prefix: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for key, value in table.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{prefix}{key}.")
        else:
            found.append((prefix + key, str(value)))
    return found


def pieces(sentence: str) -> list[tuple[str, str | None]]:
    """The sentence as (text, gap behind it) pairs.

    >>> pieces("so {x} is {y}.")
    [('so ', 'x'), (' is ', 'y'), ('.', None)]
    """
    return [(text, gap) for text, gap, _, _ in Formatter().parse(sentence)]
