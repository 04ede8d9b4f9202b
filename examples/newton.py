"""Logistic regression by Newton's method, beside gradient descent, from one generated module."""

from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np

GENERATED = Path(__file__).parent.parent / "generated"
logistic = SimpleNamespace(**run_path(str(GENERATED / "logistic_regression" / "update.py")))


def newton_step(params, X, y):
    """Move to where the quadratic that touches the cost is least; return how small the slope was.

    `flatten` makes one matrix of the blocks of the Hessian, and one vector of the gradients.
    """
    _, grads = logistic.gradients(params, X, y)
    slope = logistic.flatten(grads)
    change = np.linalg.solve(logistic.flatten(logistic.hessian(params, X, y)), slope)
    params.update(logistic.unflatten(logistic.flatten(params) - change, params))
    return np.abs(slope).max()


def main(steps=8):
    """Return the largest entry of the gradient after as many steps of each method."""
    data = logistic.example(seed=0)
    params = logistic.init(seed=0)
    for number in range(1, steps + 1):
        slope = newton_step(params, **data)
        print(f"Newton step {number}: the largest slope was {slope:.1e}")

    descending = logistic.init(seed=0)
    logistic.train(descending, [data] * steps, report=lambda _: None)
    ends = [
        np.abs(logistic.flatten(logistic.gradients(found, **data)[1])).max()
        for found in (params, descending)
    ]
    print(f"after {steps} steps: {ends[0]:.1e} by Newton's method, {ends[1]:.1e} by descent")
    return ends


if __name__ == "__main__":
    main()
