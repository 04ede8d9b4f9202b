"""Functions that neither NumPy nor `math` has, of one number: the derivatives of log Γ.

Their source goes into the generated modules that need them, so it reads as it should read there.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable


def digamma(x: float) -> float:
    """The derivative of log Γ: reflection, recurrence, then its asymptotic series (A&S 6.3.18)."""
    if x <= 0:
        return digamma(1 - x) - math.pi / math.tan(math.pi * x)
    below = 0.0
    while x < 10:
        below += 1 / x
        x += 1
    y = 1 / (x * x)
    tail = y * (1 / 120 - y * (1 / 252 - y * (1 / 240 - y * (1 / 132 - y * 691 / 32760))))
    return math.log(x) - 1 / (2 * x) - y * (1 / 12 - tail) - below


def trigamma(x: float) -> float:
    """The derivative of digamma: reflection, recurrence, then its series (A&S 6.4.12)."""
    if x <= 0:
        return (math.pi / math.sin(math.pi * x)) ** 2 - trigamma(1 - x)
    below = 0.0
    while x < 10:
        below += 1 / (x * x)
        x += 1
    y = 1 / (x * x)
    tail = y * (1 / 30 - y * (1 / 42 - y * (1 / 30 - y * (5 / 66 - y * 691 / 2730))))
    return 1 / x + y / 2 + y / x * (1 / 6 - tail) + below


SERIES: dict[str, Callable[[float], float]] = {"digamma": digamma, "trigamma": trigamma}


def source_lines(name: str, called: str) -> list[str]:
    """The source of a function of `SERIES`, called `called`, without annotations.

    >>> source_lines("digamma", "_psi")[0]
    'def _psi(x):'
    """
    text = inspect.getsource(SERIES[name]).replace(f"{name}(", f"{called}(")
    return text.replace("x: float) -> float", "x)").rstrip().splitlines()
