"""What is asked of the playground, a draft, and what becomes of it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from derive.errors import DeriveError
from derive.verification.report import Report


@dataclass(frozen=True)
class Draft:
    """A text as it stands in the page, and the name that its files are to have."""

    name: str
    text: str

    @property
    def key(self) -> str:
        """What the results of this text are found by.

        >>> Draft("a", "bc").key == Draft("ab", "c").key
        False
        """
        return hashlib.sha256(f"{self.name}\0{self.text}".encode()).hexdigest()


@dataclass(frozen=True)
class Made:
    """What became of a draft: the files that `derive build` writes, byte for byte, by name."""

    draft: Draft
    files: Mapping[str, bytes]
    report: Report
    cautions: tuple[str, ...]


Outcome = Made | DeriveError
