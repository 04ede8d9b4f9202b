"""Derivations and NumPy update code from the forward mathematics of a model.

>>> from derive import Model
>>> Model.read("neuron").gradient("w")
∂C/∂w[i] = 2 (ŷ − y) x[i]    (n, 1)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from derive.errors import DeriveError as DeriveError
    from derive.repl import Model as Model

__all__ = ["DeriveError", "Model"]

_HOMES = {"DeriveError": "derive.errors", "Model": "derive.repl"}


def __getattr__(name: str) -> Any:
    # SymPy takes a third of a second to import; `import derive` alone should not.
    if name not in _HOMES:
        raise AttributeError(f"module 'derive' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
