"""A function in a file of the user's own: the one place where a file of somebody else is executed.

`derive verify MODEL --against FILE:FUNCTION` runs that file as Python would, because its user asks
for it.  Nothing else that is read, a model least of all, is ever executed.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any

from derive.errors import DeriveError, UsageError
from derive.language.lookup import did_you_mean

CALLED = "derive_against"


class Guarded:
    """Code of somebody else: what it raises becomes the error that `told` makes of its message.

    What was raised is kept as the cause of the error, with its traceback.
    """

    def __init__(self, told: Callable[[str], DeriveError]) -> None:
        self.told = told

    def __enter__(self) -> Guarded:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, Exception | SystemExit):
            raise self.told(message(error)) from error


def message(error: BaseException) -> str:
    """What was raised, its message on one line, and the innermost line of code."""
    name, text = type(error).__name__, " ".join(str(error).split())
    frames = traceback.extract_tb(error.__traceback__)
    if isinstance(error, SyntaxError):
        return f"{name}: {error.msg} (line {error.lineno})"
    inner = [frame for frame in frames if frame.filename != __file__]
    # The user's own lines stand outside of those of the libraries that they call.
    own = [frame for frame in inner if "site-packages" not in frame.filename]
    at = f" ({Path(own[-1].filename).name}, line {own[-1].lineno})" if own else ""
    return f"{name}: {text}{at}" if text else f"{name}{at}"


def load_function(asked: str) -> Callable[..., Any]:
    """The function that `FILE:FUNCTION` names.  The file is executed.

    Raises a UsageError where there is no such file, no such function, or the file cannot be run.
    """
    file, _, name = asked.rpartition(":")
    if not file or not name:
        raise UsageError(
            f"'{asked}' does not name a function in a file",
            "write FILE:FUNCTION, as in gradients.py:loss_gradient",
        )
    path = Path(file)
    if not path.is_file():
        raise UsageError(f"there is no file '{file}'", "give the path of a Python file")
    module = _executed(path)
    found: Any = module
    for part in name.split("."):
        known = [key for key, value in vars(found).items() if callable(value)]
        if part not in vars(found):
            close = did_you_mean(part, known) or f"it has {', '.join(known) or 'no function'}"
            raise UsageError(f"'{file}' has no function '{name}'", close)
        found = getattr(found, part)
    if not callable(found):
        raise UsageError(f"'{name}' in '{file}' is no function", "name a function that it defines")
    function: Callable[..., Any] = found
    return function


def _executed(path: Path) -> ModuleType:
    loader = SourceFileLoader(CALLED, str(path.resolve()))
    spec = spec_from_loader(CALLED, loader)
    assert spec is not None, "a source file has a loader"
    module = module_from_spec(spec)
    # As for a file that Python is started with: its neighbours can be imported.
    sys.path.insert(0, str(path.resolve().parent))
    sys.modules[CALLED] = module
    with Guarded(
        lambda said: UsageError(f"'{path}' cannot be run: {said}", "run it with Python first")
    ):
        loader.exec_module(module)
    return module
