"""Training steps written by hand in plain NumPy, the competitors of the generated ones.

Plain means: a new array where a value is new, `-=` and `/=` on arrays of one's own, but no `out=`,
no buffers that a caller holds, no blocks that fit a cache.  Within that, each is the fastest that
we know.  A step changes `params` in place and returns the cost before it; nothing is checked.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[Any]
Params = dict[str, Array]


def _descend(params: Params, grads: Params, alpha: float) -> None:
    for name, gradient in grads.items():
        params[name] -= alpha * gradient


def _cross_entropy(z: Array, y: Array) -> tuple[float, Array]:
    """The mean cross-entropy of softmax(z) and its gradient; z is used up."""
    rows = np.arange(len(y))
    z -= z.max(axis=1, keepdims=True)
    d_z = np.exp(z)
    total = d_z.sum(axis=1, keepdims=True)
    cost = np.mean(np.log(total[:, 0]) - z[rows, y])
    d_z /= total
    d_z[rows, y] -= 1
    d_z /= len(y)
    return float(cost), d_z


def linear_regression(params: Params, X: Array, y: Array, alpha: float) -> float:
    """Mean squared error of X w + b, shapes (N, D) and (N,)."""
    residual = X @ params["w"]
    residual += params["b"] - y
    cost = residual @ residual / len(y)
    residual *= 2 / len(y)
    _descend(params, {"w": residual @ X, "b": residual.sum()}, alpha)
    return float(cost)


def logistic_regression(params: Params, X: Array, y: Array, alpha: float) -> float:
    """Mean cross-entropy of sigmoid(X w + b) and targets of 0 and 1, shapes (N, D) and (N,)."""
    z = X @ params["w"] + params["b"]
    cost = np.mean(np.maximum(z, 0) + np.log1p(np.exp(-np.abs(z))) - y * z)
    d_z = (1 / (1 + np.exp(-z)) - y) / len(y)
    _descend(params, {"w": d_z @ X, "b": d_z.sum()}, alpha)
    return float(cost)


def softmax_regression(params: Params, X: Array, y: Array, alpha: float) -> float:
    """Mean cross-entropy of softmax(X W + b) and labels, shapes (N, D) and (N,)."""
    z = X @ params["W"]
    z += params["b"]
    cost, d_z = _cross_entropy(z, y)
    _descend(params, {"W": X.T @ d_z, "b": d_z.sum(axis=0)}, alpha)
    return cost


def mlp(params: Params, x: Array, y: Array, alpha: float) -> float:
    """Two hidden layers of rectified units, softmax cross-entropy, shapes (N, D) and (N,)."""
    h1 = np.maximum(x @ params["W1"] + params["b1"], 0)
    h2 = np.maximum(h1 @ params["W2"] + params["b2"], 0)
    cost, d_z = _cross_entropy(h2 @ params["W3"] + params["b3"], y)
    d_a2 = d_z @ params["W3"].T
    d_a2 *= h2 > 0
    d_a1 = d_a2 @ params["W2"].T
    d_a1 *= h1 > 0
    grads = {"W1": x.T @ d_a1, "b1": d_a1.sum(axis=0)}
    grads |= {"W2": h1.T @ d_a2, "b2": d_a2.sum(axis=0)}
    grads |= {"W3": h2.T @ d_z, "b3": d_z.sum(axis=0)}
    _descend(params, grads, alpha)
    return cost


def small_mlp(params: Params, x: Array, y: Array, alpha: float) -> float:
    """One hidden layer of tanh, softmax cross-entropy, shapes (N, D) and (N,)."""
    h = np.tanh(x @ params["W1"] + params["b1"])
    cost, d_z = _cross_entropy(h @ params["W2"] + params["b2"], y)
    d_a = d_z @ params["W2"].T
    d_a *= 1 - h**2
    grads = {"W1": x.T @ d_a, "b1": d_a.sum(axis=0), "W2": h.T @ d_z, "b2": d_z.sum(axis=0)}
    _descend(params, grads, alpha)
    return cost


def attention(params: Params, x: Array, y: Array, alpha: float) -> float:
    """Self-attention with H heads and squared error, x and y (B, T, D), Wq, Wk, Wv (D, H, E)."""
    batch, length, width = x.shape
    _, heads, each = params["Wq"].shape

    def split(rows: Array) -> Array:
        return rows.reshape(batch, length, heads, each).transpose(0, 2, 1, 3)

    def merged(array: Array) -> Array:
        return array.transpose(0, 2, 1, 3).reshape(batch * length, heads * each)

    rows = x.reshape(batch * length, width)
    Wo = params["Wo"].reshape(heads * each, width)
    q, k, v = (split(rows @ params[name].reshape(width, -1)) for name in ("Wq", "Wk", "Wv"))
    A = q @ k.swapaxes(2, 3)
    A /= math.sqrt(each)
    A -= A.max(axis=3, keepdims=True)
    A = np.exp(A)
    A /= A.sum(axis=3, keepdims=True)
    outputs = merged(A @ v)
    d_y = outputs @ Wo - y.reshape(rows.shape)
    cost = float(np.mean(d_y**2))
    d_y *= 2 / d_y.size
    d_O = split(d_y @ Wo.T)
    d_S = d_O @ v.swapaxes(2, 3)
    d_S -= (d_O * split(outputs)).sum(axis=3, keepdims=True)
    d_S *= A
    d_S /= math.sqrt(each)
    d_v = A.swapaxes(2, 3) @ d_O
    d_heads = {"Wq": d_S @ k, "Wk": d_S.swapaxes(2, 3) @ q, "Wv": d_v}
    grads = {name: (rows.T @ merged(d)).reshape(width, heads, each) for name, d in d_heads.items()}
    grads["Wo"] = (outputs.T @ d_y).reshape(heads, each, width)
    _descend(params, grads, alpha)
    return cost


def convolution(params: Params, x: Array, y: Array, alpha: float) -> float:
    """A convolution of images, rectified, and squared error, x (N, C, H, W), w (F, C, K, K)."""
    filters, _, size, _ = params["w"].shape
    windows = sliding_window_view(x, (size, size), axis=(2, 3))
    count, _, height, width = windows.shape[:4]
    columns = windows.transpose(0, 1, 4, 5, 2, 3).reshape(count, -1, height * width)
    z = params["w"].reshape(filters, -1) @ columns
    z += params["b"][:, None]
    d_z = np.maximum(z, 0) - y.reshape(z.shape)
    cost = float(np.mean(d_z**2))
    d_z *= z > 0
    d_z *= 2 / d_z.size
    d_w = (d_z @ columns.swapaxes(1, 2)).sum(axis=0).reshape(params["w"].shape)
    _descend(params, {"w": d_w, "b": d_z.sum(axis=(0, 2))}, alpha)
    return cost
