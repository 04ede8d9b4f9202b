"""Ten measurements and the course of diabetes: ridge regression, beside its closed solution."""

from pathlib import Path
from runpy import run_path
from types import SimpleNamespace

import numpy as np

try:
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import Ridge
except ImportError:
    raise SystemExit("the data come with scikit-learn: pip install scikit-learn") from None

GENERATED = Path(__file__).parent.parent / "generated"
ridge = SimpleNamespace(**run_path(str(GENERATED / "ridge_regression" / "update.py")))


def main(steps=1500, strength=0.01):
    """Train by gradient descent; return R² on patients held back, and that of the solution."""
    X, y = load_diabetes(return_X_y=True)
    X, y = X / X.std(axis=0), y / y.std()
    order = np.random.default_rng(0).permutation(len(X))
    held_back, learnt = np.split(order, [len(order) // 4])

    params = ridge.init(D=X.shape[1])
    data = {"X": X[learnt], "y": y[learnt], "lambda_": strength}
    ridge.train(params, [data] * steps, every=steps // 10)

    # The cost is a mean of squares, scikit-learn's is their sum.
    solution = Ridge(alpha=strength * len(learnt)).fit(X[learnt], y[learnt])
    apart = np.abs(params["w"] - solution.coef_).max()
    print(f"largest distance of a weight from the solution in one step: {apart:.1e}")

    variance = np.var(y[held_back])
    guesses = [ridge.forward(params, X[held_back])["y_hat"], solution.predict(X[held_back])]
    descent, closed = (1 - np.mean((g - y[held_back]) ** 2) / variance for g in guesses)
    print(f"R^2 on patients held back: {descent:.4f} by descent, {closed:.4f} by the solution")
    return descent, closed


if __name__ == "__main__":
    main()
