"""float32 stays float32: integers beside numbers of the data take their type."""

import numpy as np
import pytest

from derive.calculus.adjoint import derive_gradients
from derive.code.docstring import Formulas
from derive.code.module import module_source
from derive.language import read_model
from derive.verification.loading import load_module

HEAD = """
n: dim
m: dim
w: param[n]
v: param[n, n]
x: input[n, m]
y: index(n)[n]
i: range(n)
j: range(m)
k: range(n)
"""
FORWARD = [
    ("y[i] * w[i]", "y_float = y.astype(w.dtype)\n    z = y_float * w"),
    ("(i + 1) / n * w[i]", "= np.arange(n, dtype=w.dtype)"),
    ("w[i] * sum(1, k, where=y[k] >= i)", ".astype(w.dtype)"),
    ("sum(v[i, k] + 2 * where(i == k, 1, 0), k)", "np.eye(n, dtype=v.dtype)"),
    ("w[i] + sum(where(x[i, j] > 0, i, j), j)", ".astype("),
    ("w[i] / sqrt(i + 1)", "np.sqrt("),
]


def module_of(line):
    text = f"{HEAD}z[i] = {line}\nC = sum(z**2) + sum(w[i] * i, i) + sum(v**2)\n"
    derivation = derive_gradients(read_model(f"{text}minimize(C, sgd(alpha=0.1))", "m"))
    equations = tuple(gradient.equation for gradient in derivation.gradients)
    source = module_source(derivation.model, equations, Formulas(), derivation.recurrences)
    return load_module(source, "m"), source


@pytest.mark.parametrize(("line", "part"), FORWARD)
def test_integers_beside_numbers_take_their_type(line, part):
    module, source = module_of(line)
    assert part in source
    random = np.random.default_rng(0)
    inputs = {"w": random.normal(size=3), "v": random.normal(size=(3, 3))}
    params = {name: np.asarray(value) for name, value in inputs.items()}
    data = {"x": random.normal(size=(3, 4)), "y": np.array([2, 0, 2])}
    data = {name: data[name] for name in module.DATA}
    single = {k: v.astype("f4") if v.dtype == np.float64 else v for k, v in data.items()}
    cost, grads = module.gradients(params, **data)
    less, found = module.gradients({k: v.astype("f4") for k, v in params.items()}, **single)
    assert less == pytest.approx(cost, rel=1e-5)
    for name, gradient in grads.items():
        assert found[name].dtype == np.float32, name
        np.testing.assert_allclose(found[name], gradient, rtol=1e-5, atol=1e-5)
