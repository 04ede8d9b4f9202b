"""The styles of a generated module: all compute the same numbers, in other ways."""

from __future__ import annotations

from typing import Literal, get_args

# Readable: arrays are made where a value is new.  Workspace: each has a place that is made once.
Style = Literal["readable", "workspace"]
STYLES: tuple[Style, ...] = get_args(Style)
