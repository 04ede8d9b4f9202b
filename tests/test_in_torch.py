"""PyTorch, where it is installed, reads the forward lines of a model as the language means them."""

import numpy as np
import pytest

pytest.importorskip("torch")
from random_models import in_torch
from random_models.checking import Outcome, check

x = np.array([[1.0, -2.0, 3.0], [0.5, 4.0, -1.0]])


@pytest.mark.parametrize(
    ("line", "cost", "slope"),
    [
        ("C = sum(x ** 2)", (x**2).sum(), 2 * x),
        ("C = sum(x[i, j] * x[i, 2 - j], i, j)", (x * x[:, ::-1]).sum(), 2 * x[:, ::-1]),
        ("C = sum(x[i, j], i, j, where=x[i, j] > 0)", x[x > 0].sum(), (x > 0) * 1.0),
        ("z[i] = pad(x[i - 1, 0])\nC = sum(z)", x[0, 0], [[1.0, 0, 0], [0, 0, 0]]),
        ("C = sum(max(x[i, j], j), i)", 7.0, np.array([[0, 0, 1.0], [0, 1, 0]])),
        ("h[-1] = 2\nh[i] = h[i - 1] * x[i, 0]\nC = h[n - 1]", 1.0, [[1.0, 0, 0], [2, 0, 0]]),
        ("h[n] = 2\nh[i] = h[i + 1] + x[i, 0]\nC = h[0]", 3.5, [[1.0, 0, 0], [1, 0, 0]]),
        (
            "def f(t, s=3): return s * t\nC = sum(f(x[y]))",
            3 * (x[1].sum() * 2),
            [[0.0] * 3, [6.0] * 3],
        ),
        ("C = sum(stop_gradient(x) * x)", (x**2).sum(), x),
        ("f = sum(x ** 3)\nC = sum(grad(f, x))", 3 * (x**2).sum(), 6 * x),
    ],
)
def test_values_and_gradients(line, cost, slope):
    text = f"n: dim\nx: param[n, 3]; y: index(n)[2]; i: range(n)\n{line}\nminimize(C)\n"
    shapes = {"x": (2, 3), "y": (2,), "C": (), "z": (2,), "h": (2,), "f": ()}
    values, gradients = in_torch.gradients_of(
        text, {"n": 2}, {"x": x, "y": np.array([1, 1])}, shapes
    )
    assert values["C"] == pytest.approx(cost)
    assert gradients["x"] == pytest.approx(np.array(slope))


def test_a_derivation_that_torch_contradicts_is_a_failure(monkeypatch):
    text = "n: dim; w: param[n]; C = sum(tanh(w)); minimize(C)"
    assert check(text, complete=False) == Outcome("verified")
    monkeypatch.setitem(in_torch.FUNCTIONS, "tanh", in_torch.torch.sin)
    with pytest.raises(AssertionError, match="torch's C is off"):
        check(text, complete=False)
