"""Whatever may go wrong is one error with a cause and a cure, and never a traceback."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from derive.errors import DerivationError, DeriveError, LanguageError

Result = TypeVar("Result")

# What an unforeseen error says may be a whole expression.
LONGEST_DEFECT = 300


def guarded(work: Callable[..., Result], *arguments: Any) -> Result | DeriveError:
    """What `work` returns, or the error; in the development mode of Python a defect is raised."""
    try:
        return work(*arguments)
    except DeriveError as error:
        return error
    except RecursionError:
        return LanguageError(
            "the model is nested, or its definitions follow upon each other, too deeply",
            "split long definitions, or write equal layers as a recurrence",
        )
    except MemoryError:
        return DerivationError(
            "there is not enough memory for this model", "choose smaller sizes, or split the model"
        )
    except BrokenPipeError:
        raise
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        return _defect(error)


def _defect(error: Exception) -> DeriveError:
    """An error that nobody foresaw, in a form that can be reported."""
    *_, last = traceback.extract_tb(error.__traceback__)
    text = " ".join(str(error).split())[:LONGEST_DEFECT]
    return DeriveError(
        f"derive failed at {Path(last.filename).name}, line {last.lineno}: "
        f"{type(error).__name__}: {text}",
        "this is a defect of derive, not of the model; report it with the model's text",
    )
