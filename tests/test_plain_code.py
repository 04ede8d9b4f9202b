"""What the kernels of large models are made of: masks, products made once, arrays used again."""

from __future__ import annotations

import numpy as np
import pytest

from derive import Model
from derive.pipeline import source_of

FILTERED = {
    "one factor": ("r[i] * U[i, j]", "x[i] > 0"),
    "a filter with more indices": ("r[i] * U[i, j]", "U[i, j] > 1"),
    "two factors": ("r[i] * l[i] * U[i, j]", "x[i] > 0"),
    "places by subscripts": ("r[k[i]] * U[i, j]", "U[i, j] > 1"),
}

RELU = """
N: dim; D: dim; H: dim; K: dim
x: input[N, D]; y: input[N, K]
W1: param[D, H]; b1: param[H]; W2: param[H, K]; V: param[K, K]
h1 = relu(x @ W1 + b1)
h2 = relu(h1 @ W2)
C = mean((h2 @ V - y) ** 2)
minimize(C)
"""

ATTENTION = """
B: dim; T: dim; D: dim; H: dim; E: dim
x: input[B, T, D]; y: input[B, T, E]
Wq: param[D, H, E]; Wk: param[D, H, E]; Wv: param[D, H, E]
q[n, h, t, e] = sum(x[n, t, i] * Wq[i, h, e], i)
k[n, h, t, e] = sum(x[n, t, i] * Wk[i, h, e], i)
v[n, h, t, e] = sum(x[n, t, i] * Wv[i, h, e], i)
S[n, h, t, u] = sum(q[n, h, t, e] * k[n, h, u, e], e)
A = softmax(S, axis=-1)
O = A @ v
C = mean((O[n, h, t, e] - y[n, t, e]) ** 2, n, h, t, e)
minimize(C)
"""

GUARDED = """
N: dim
x: input[N]; w: param[N]
l = log(x)
C = sum(where(x > 0, l * w ** 2, 0))
minimize(C)
"""


def kernels(text):
    source = source_of(Model(text).derivation)
    return source[source.index("\ndef _") : source.index("# What is called")]


def test_a_relu_is_a_mask_and_its_argument_is_computed_once():
    code = kernels(RELU)
    assert "np.where" not in code
    assert [code.count(product) for product in ("x @ W1", "h1 @ W2", "x.T @")] == [1, 1, 1]


def test_what_may_be_infinite_stays_a_choice():
    module = Model(GUARDED).compile()
    assert "np.where" in kernels(GUARDED)
    with np.errstate(divide="ignore"):
        cost, grads = module.gradients({"w": np.array([2.0, 3.0])}, np.array([0.0, np.e]))
    assert (cost, grads["w"].tolist()) == (9.0, [0.0, 6.0])


@pytest.mark.parametrize("line", ["A /= A.sum(axis=3, keepdims=True)", "del S"])
def test_large_arrays_are_changed_where_they_stand(line):
    assert line in kernels(ATTENTION)


def test_no_quantity_is_called_by_the_name_of_another():
    written = kernels(ATTENTION)
    lines = [line.partition("  #")[0].strip() for line in written.splitlines()]
    place = lines.index("d_S = d_O @ v.transpose(0, 1, 3, 2)")
    change = ["d_S -= np.vecdot(d_O, O, keepdims=True)", "d_S *= A"]
    assert lines[place + 1 : place + 3] == change
    assert "not read again" not in written


@pytest.mark.parametrize(("term", "kept"), FILTERED.values(), ids=FILTERED)
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_what_is_filtered_out_may_be_infinite(reduction, term, kept):
    """The logarithm of the first entry is minus infinity; all sums leave it out."""
    text = f"""
n: dim; m: dim
x: input[n]; U: input[n, m]; k: index(n)[n]; w: param[m]
l = log(x); r = 1 / x
z[j] = {reduction}({term}, i, where={kept})
C = sum(w[j] ** 2 * z[j], j)
minimize(C)
"""
    x, U, k = np.array([0.0, 1.0, 2.0]), np.array([[1, 0.5], [2, 3], [4, 2]]), np.arange(3)
    r, logs, w = np.array([0, 1, 0.5]), np.log([1.0, 1.0, 2.0]), np.array([2.0, 3.0])
    rows = (r * logs if "l[i]" in term else r)[1:, None] * U[1:]
    z = rows.sum(axis=0) / (2 if reduction == "mean" else 1)
    module = Model(text).compile()
    with np.errstate(all="ignore"):
        cost, grads = module.gradients({"w": w}, x=x, U=U, k=k)
    np.testing.assert_allclose(cost, w**2 @ z, rtol=1e-14)
    np.testing.assert_allclose(grads["w"], 2 * w * z, rtol=1e-14)
