"""What is measured: a model, its sizes, and the same step written by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import ModuleType
from typing import Any

import numpy as np
import plain_numpy
from plain_numpy import Array, Params

from derive import Model

# So small that the numbers stay what they are, however often a step is repeated.
ALPHA = 1e-9

LINEAR_REGRESSION = """
N: dim; D: dim
X: input[N, D]; y: input[N]
w: param[D]; b: param
C = mean((X @ w + b - y) ** 2)
minimize(C)
"""

LOGISTIC_REGRESSION = """
N: dim; D: dim
X: input[N, D]; y: input[N]
w: param[D]; b: param
z = X @ w + b
C = mean(softplus(z) - y * z)
minimize(C)
"""

SOFTMAX_REGRESSION = """
N: dim; D: dim; K: dim
X: input[N, D]; y: index(K)[N]
W: param[D, K]; b: param[K]
z = X @ W + b
P = softmax(z, axis=1)
C = -mean(log(P[n, y[n]]), n)
minimize(C)
"""

MLP = """
N: dim; D: dim; H: dim; M: dim; K: dim
x: input[N, D]; y: index(K)[N]
W1: param[D, H]; W2: param[H, M]; W3: param[M, K]
b1: param[H]; b2: param[M]; b3: param[K]
h1 = relu(x @ W1 + b1)
h2 = relu(h1 @ W2 + b2)
z = h2 @ W3 + b3
P = softmax(z, axis=1)
C = -mean(log(P[n, y[n]]), n)
minimize(C)
"""

SMALL_MLP = """
N: dim; D: dim; H: dim; K: dim
x: input[N, D]; y: index(K)[N]
W1: param[D, H]; W2: param[H, K]; b1: param[H]; b2: param[K]
h = tanh(x @ W1 + b1)
z = h @ W2 + b2
P = softmax(z, axis=1)
C = -mean(log(P[n, y[n]]), n)
minimize(C)
"""

ATTENTION = """
B: dim; T: dim; D: dim; H: dim; E: dim
x: input[B, T, D]; y: input[B, T, D]
Wq: param[D, H, E]; Wk: param[D, H, E]; Wv: param[D, H, E]; Wo: param[H, E, D]
q[n, h, t, e] = sum(x[n, t, i] * Wq[i, h, e], i)
k[n, h, t, e] = sum(x[n, t, i] * Wk[i, h, e], i)
v[n, h, t, e] = sum(x[n, t, i] * Wv[i, h, e], i)
S[n, h, t, u] = sum(q[n, h, t, e] * k[n, h, u, e], e) / sqrt(E)
A = softmax(S, axis=-1)
O = A @ v
y_hat[n, t, j] = sum(O[n, h, t, e] * Wo[h, e, j], h, e)
C = mean((y_hat - y) ** 2)
minimize(C)
"""

CONVOLUTION = """
N: dim; C: dim; H: dim; W: dim; F: dim; K: dim
P: dim = H - K + 1
Q: dim = W - K + 1
x: input[N, C, H, W]; y: input[N, F, P, Q]
w: param[F, C, K, K]; b: param[F]
p: range(P); q: range(Q)
z[n, f, p, q] = b[f] + sum(w[f, c, k, l] * x[n, c, p + k, q + l], c, k, l)
L = mean((relu(z) - y) ** 2)
minimize(L)
"""


@dataclass(frozen=True)
class Task:
    """A step of training: the model's text, its competitor, its type of numbers and its sizes."""

    name: str
    text: str
    by_hand: Callable[..., float]
    dtype: type[np.floating[Any]]
    sizes: Mapping[str, int]

    @cached_property
    def module(self) -> ModuleType:
        """The generated module."""
        return Model(self.text).compile()

    def kernels(self, params: Params, data: dict[str, Array]) -> None:
        """The generated step without the checks of what is passed in, which one by hand lacks."""
        _, grads = self.module._gradients(**params, **data)
        self.module._update(params, grads, alpha=ALPHA)

    def start(self, seed: int = 0) -> tuple[Params, dict[str, Array]]:
        """Parameters and data, drawn at random."""
        rng = np.random.default_rng(seed)
        params = {}
        for name, shape in self.module.PARAMETERS.items():
            deviation = self.sizes[shape[0]] ** -0.5 if shape else 1.0
            params[name] = np.asarray(rng.normal(0, deviation, self._shape(shape)), self.dtype)
        data = {}
        for name, shape in self.module.DATA.items():
            bound = getattr(self.module, "BELOW", {}).get(name)
            if bound:
                data[name] = rng.integers(0, self.sizes[bound], self._shape(shape))
            else:
                data[name] = rng.standard_normal(self._shape(shape)).astype(self.dtype)
        return params, data

    def _shape(self, shape: tuple[int | str, ...]) -> tuple[int, ...]:
        return tuple(self.sizes[s] if isinstance(s, str) else s for s in shape)


TASKS = (
    Task("MLP 784-256-128-10, batch 64", MLP, plain_numpy.mlp, np.float32,
         {"N": 64, "D": 784, "H": 256, "M": 128, "K": 10}),
    Task("MLP 4-8-8-3, batch 1", MLP, plain_numpy.mlp, np.float32,
         {"N": 1, "D": 4, "H": 8, "M": 8, "K": 3}),
    Task("MLP 4-16-3, batch 1", SMALL_MLP, plain_numpy.small_mlp, np.float64,
         {"N": 1, "D": 4, "H": 16, "K": 3}),
    Task("softmax regression", SOFTMAX_REGRESSION, plain_numpy.softmax_regression, np.float64,
         {"N": 10_000, "D": 784, "K": 10}),
    Task("logistic regression", LOGISTIC_REGRESSION, plain_numpy.logistic_regression, np.float64,
         {"N": 10_000, "D": 784}),
    Task("linear regression", LINEAR_REGRESSION, plain_numpy.linear_regression, np.float64,
         {"N": 100_000, "D": 100}),
    Task("attention", ATTENTION, plain_numpy.attention, np.float32,
         {"B": 8, "T": 128, "D": 64, "H": 4, "E": 16}),
    Task("convolution", CONVOLUTION, plain_numpy.convolution, np.float32,
         {"N": 32, "C": 3, "H": 32, "W": 32, "F": 16, "K": 3, "P": 30, "Q": 30}),
)  # fmt: skip
