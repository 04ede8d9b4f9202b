"""For the tests of other projects: their own gradients held against a derivation, in one line.

from derive.testing import assert_gradient

def test_my_gradient():
    assert_gradient("logistic_regression", my_gradient)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from derive.repl import Model


def assert_gradient(
    model: Model | str, function: Callable[..., Any], *, seed: int = 0, cases: int | None = None
) -> None:
    """Fail, with the report as the message, unless `function` returns the gradients of `model`.

    `model` is a `Model`, or what `Model.read` takes: the name of a model of the gallery, or a path.
    `function` takes parameters and data by their names, `f(w, x, y)` or `f(params, x, y)` with a
    dictionary, and returns a dictionary of gradients, a tuple in the order of the parameters, one
    array where there is one parameter, or (cost, gradients).  Raises an AssertionError where they
    are wrong, or some of them could not be decided; a DeriveError where it cannot be called.

    >>> cube = Model("w: param; C = w ** 3; minimize(C)", "cube")
    >>> assert_gradient(cube, lambda w: 3 * w**2)
    >>> assert_gradient(cube, lambda w: w**2)
    Traceback (most recent call last):
    AssertionError: cube: failed
    ...
    """
    __tracebackhide__ = True
    asked = Model.read(model) if isinstance(model, str) else model
    report = asked.verify(seed, function, cases)
    if not report.ok:
        raise AssertionError(str(report))
