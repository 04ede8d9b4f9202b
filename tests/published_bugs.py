"""Gradients written by hand that were published, restated in NumPy, with the model of each.

`claims` are (what the report must say, or None where the gradient is right; the function; where it
was found).  A function takes parameters and data by name.
"""

import numpy as np


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def softmax(z, axis=-1):
    e = np.exp(z - z.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


LINE = """
N: dim; x: input[N]; y: input[N]; w: param
L = mean((w * x - y) ** 2); minimize(L)
"""


def mean_of_dot(w, x, y):
    return np.dot(2 * x, w * x - y).mean()


LOGISTIC_SQUARES = """
N: dim; D: dim; x: input[N, D]; y: input[N]; w: param[D]; b: param
p = sigmoid(x @ w + b); L = mean((p - y) ** 2); minimize(L)
"""


def factor_two_lost(params, x, y):
    p = sigmoid(x @ params["w"] + params["b"])
    dz = (p - y) * p * (1 - p) / len(p)
    return {"w": x.T @ dz, "b": dz.sum()}


HINGE = """
N: dim; D: dim; K: dim; x: input[N, D]; y: index(K)[N]; reg: input; W: param[D, K]
S = x @ W
L = sum(relu(S[n, k] - S[n, y[n]] + 1), n, k, where=k != y[n]) / N + 0.5 * reg * sum(W ** 2)
minimize(L)
"""


def regularisation_doubled(W, x, y, reg):
    S, n = x @ W, np.arange(len(x))
    M = S - S[n, y][:, None] + 1
    M[n, y] = 0
    G = (M > 0) * 1.0
    G[n, y] = -G.sum(1)
    return x.T @ G / len(x) + 2 * reg * W


OUTPUTS = """
N: dim; D: dim; K: dim; x: input[N, D]; y: input[N, K]; W: param[D, K]
L = 0.5 * mean((x @ W - y) ** 2); minimize(L)
"""


def divided_by_the_batch_only(W, x, y):
    return x.T @ (x @ W - y) / len(x)


CROSS_ENTROPY = """
N: dim; D: dim; K: dim; x: input[N, D]; y: index(K)[N]; W: param[D, K]; b: param[K]
log_p = log_softmax(x @ W + b, axis=1); L = -sum(log_p[n, y[n]], n); minimize(L)
"""


def delta(W, b, x, y):
    p = softmax(x @ W + b)
    p[np.arange(len(p)), y] -= 1
    return p


def bias_sums_everything(W, b, x, y):
    d = delta(W, b, x, y)
    return x.T @ d, np.full(b.shape, d.sum())


def bias_is_a_mean(W, b, x, y):
    d = delta(W, b, x, y)
    return x.T @ d, d.mean(0)


SIGMOID = "n: dim; x: param[n]; c: input[n]; L = sum(c * sigmoid(x)); minimize(L)"


def prime_of_output(x, c):
    return c * sigmoid(sigmoid(x)) * (1 - sigmoid(sigmoid(x)))


GELU = "n: dim; x: param[n]; c: input[n]; L = sum(c * gelu_tanh(x)); minimize(L)"


def derivative_of_the_other_gelu(x, c):
    u = np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)
    return c * (0.5 + 0.5 * np.tanh(u) + x * np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi))


SOFTMAX = """
N: dim; K: dim; z: param[N, K]; g: input[N, K]
L = sum(g * softmax(z, axis=1)); minimize(L)
"""


def diagonal_jacobian(z, g):
    return g * softmax(z) * (1 - softmax(z))


BINARY = "n: dim; z: param[n]; y: input[n]; L = sum(softplus(z) - y * z); minimize(L)"


def delta_without_prime(z, y):
    return sigmoid(z) - y


def delta_with_prime(z, y):
    return (sigmoid(z) - y) * sigmoid(z) * sigmoid(-z)


BATCH_NORM = """
N: dim; D: dim; x: param[N, D]; g: param[D]; b: param[D]; q: input[N, D]; eps: const = 1e-3
mu = mean(x, axis=0)
v = mean((x - mu) ** 2, axis=0)
y = g * (x - mu) / sqrt(v + eps) + b
L = sum(q * y); minimize(L)
"""


def standardised(x, eps=1e-3):
    c = x - x.mean(0)
    s = 1 / np.sqrt((c**2).mean(0) + eps)
    return c, s, c * s


def statistics_are_constant(x, g, b, q):
    _, s, xh = standardised(x)
    return {"x": q * g * s, "g": (q * xh).sum(0), "b": q.sum(0)}


def batch_norm_in_three_terms(x, g, b, q):
    _, s, xh = standardised(x)
    d = q * g
    dx = s * (d - d.mean(0) - xh * (d * xh).mean(0))
    return {"x": dx, "g": (q * xh).sum(0), "b": q.sum(0)}


LAYER_NORM = """
B: dim; T: dim; D: dim; x: param[B, T, D]; g: param[D]; q: input[B, T, D]; eps: const = 1e-5
mu = mean(x, axis=-1, keepdims=True)
v = mean((x - mu) ** 2, axis=-1, keepdims=True)
L = sum(q * g * (x - mu) / sqrt(v + eps)); minimize(L)
"""


def layer_norm_over(axes, x, g, q):
    c = x - x.mean(-1, keepdims=True)
    s = 1 / np.sqrt((c**2).mean(-1, keepdims=True) + 1e-5)
    xh, d = c * s, q * g
    dx = s * (d - d.mean(axes, keepdims=True) - xh * (d * xh).mean(axes, keepdims=True))
    return {"x": dx, "g": (q * xh).sum((0, 1))}


def layer_norm_over_two_axes(x, g, q):
    return layer_norm_over((1, 2), x, g, q)


WORD_VECTORS = """
V: dim; D: dim; S: dim; U: param[V, D]; v: param[D]; o: index(V); neg: index(V)[S]
L = softplus(-(U[o] @ v)) + sum(softplus(U[neg] @ v)); minimize(L)
"""


def duplicates_lost(U, v, o, neg):
    a, b = -sigmoid(-U[o] @ v), sigmoid(U[neg] @ v)
    G = np.zeros_like(U)
    G[o] += a * v
    G[neg] += np.outer(b, v)
    return {"U": G, "v": a * U[o] + b @ U[neg]}


ATTENTION = """
T: dim; S: dim; d: dim; E: dim
Q: param[T, d]; K: param[S, d]; V: param[S, E]; G: input[T, E]
A = softmax(Q @ K.T / sqrt(d), axis=1); L = sum(G * (A @ V)); minimize(L)
"""


def scale_missing(Q, K, V, G):
    A = softmax(Q @ K.T / Q.shape[1] ** 0.5)
    dA = G @ V.T
    dS = A * (dA - (dA * A).sum(1, keepdims=True))
    return dS @ K, dS.T @ Q, A.T @ G


SQUARE_LAYERS = """
N: dim; D: dim; W: param[D, D]; V: param[D, D]; x: input[N, D]; t: input[N, D]
h = tanh(x @ W); r = h @ V - t; L = 0.5 * sum(r ** 2); minimize(L)
"""


def not_transposed(W, V, x, t):
    h = np.tanh(x @ W)
    r = h @ V - t
    return x.T @ ((r @ V) * (1 - h * h)), h.T @ r


TWO_LAYERS = """
N: dim; D: dim; H: dim; K: dim; W1: param[D, H]; W2: param[H, K]; x: input[N, D]; y: input[N, K]
L = sum((relu(x @ W1) @ W2 - y) ** 2); minimize(L)
"""


def as_in_the_tutorial(W1, W2, x, y):
    z = x @ W1
    h = np.maximum(z, 0)
    g = 2 * (h @ W2 - y)
    dh = np.matmul(g, np.transpose(W2))
    dh[z < 0] = 0
    return {"W2": np.matmul(np.transpose(h), g), "W1": np.matmul(np.transpose(x), dh)}


POOLING = """
n: dim; s: dim; m: dim = (n - 3) // s + 1; x: param[n]; g: input[m]
k: range(3); t: range(m)
y[t] = max(x[t*s + k], k); L = sum(g * y); minimize(L)
"""


def overlap_overwritten(x, g, s):
    dx = np.zeros_like(x)
    for t, slope in enumerate(g):
        dx[t * s + int(x[t * s : t * s + 3].argmax())] = slope
    return dx


INVERSE = """
n: dim; X: param[n, n]; a: input[n]; b: input[n]
L = a @ inv(X) @ b; minimize(L)
"""


def inverse_not_transposed(X, a, b):
    return -np.linalg.inv(X) @ np.outer(a, b) @ np.linalg.inv(X)


# name: model, function, for each wrong gradient what must be said of it, where it was found
PUBLISHED = {
    "mse_mean_of_dot": (
        LINE,
        mean_of_dot,
        {"w": "is a division by N missing? (a sum for a mean?)"},
        "patrickloeber/pytorchTutorial #5, #10, #11",
    ),
    "mse_factor2_lost": (
        LOGISTIC_SQUARES,
        factor_two_lost,
        {"w": "is a factor 2 missing?", "b": "is a factor 2 missing?"},
        "Open-Deep-ML/DML-OpenProblem #54",
    ),
    "reg_half_factor": (
        HINGE,
        regularisation_doubled,
        {"W": "in the equation of 'L' is 2 times what it should be"},
        "cs231n/cs231n.github.io #89",
    ),
    "multi_output_mse": (
        OUTPUTS,
        divided_by_the_batch_only,
        {"W": "is a division by K missing? (a sum for a mean?)"},
        "scikit-learn #8349, #34830",
    ),
    "bias_sum_everything": (
        CROSS_ENTROPY,
        bias_sums_everything,
        {"b": "the sum of all entries in every entry: it is summed over an axis too many"},
        "rasbt/stat453-deep-learning-ss21 #5",
    ),
    "bias_mean_for_sum_loss": (
        CROSS_ENTROPY,
        bias_is_a_mean,
        {"b": "is a factor N missing? (a mean for a sum?)"},
        "kvfrans/notes #5",
    ),
    "sigmoid_prime_of_output": (
        SIGMOID,
        prime_of_output,
        {"x": "the derivative of sigmoid is taken at its output, not at its argument"},
        "dwhitena/gophernet #6",
    ),
    "gelu_tanh_grad_of_erf": (
        GELU,
        derivative_of_the_other_gelu,
        {"x": "the derivative of an approximation or of a similar function"},
        "ddbourgin/numpy-ml, GELU.grad",
    ),
    "softmax_diagonal_jacobian": (
        SOFTMAX,
        diagonal_jacobian,
        {"z": "only the diagonal of the Jacobian is kept"},
        "deeplearning4j/libnd4j #440, RubixML/ML #438, eriklindernoren/ML-From-Scratch #71",
    ),
    "ce_sigmoid_delta": (
        BINARY,
        delta_without_prime,
        {},
        "mnielsen/neural-networks-and-deep-learning #77",
    ),
    "ce_sigmoid_delta_with_prime": (
        BINARY,
        delta_with_prime,
        {"z": "the derivative of sigmoid at 'z' is a factor too many"},
        "mnielsen/neural-networks-and-deep-learning #77, the proposed fix",
    ),
    "batchnorm_stats_constant": (
        BATCH_NORM,
        statistics_are_constant,
        {"x": "the terms through 'mu' and 'v' are missing"},
        "CS231n, assignment 2; cf. BVLC/caffe #1891, mlpack #2549",
    ),
    "batchnorm_simplified": (
        BATCH_NORM,
        batch_norm_in_three_terms,
        {},
        "BVLC/caffe #3878, #4110, pjreddie/darknet #29, mxnet #1053",
    ),
    "layernorm_wrong_rank": (
        LAYER_NORM,
        layer_norm_over_two_axes,
        {"x": "it is right where T is 1, so a wrong axis is likely"},
        "flagos-ai/FlagGems #5392",
    ),
    "scatter_duplicates_lost": (
        WORD_VECTORS,
        duplicates_lost,
        {"U": "is written over and not added up"},
        "ZacBi/CS224n-2019-solutions #5",
    ),
    "attention_scale_missing": (
        ATTENTION,
        scale_missing,
        {"Q": "is a division by sqrt(d) missing?", "K": "is a division by sqrt(d) missing?"},
        "backward passes of attention without 1/sqrt(d)",
    ),
    "square_layer_transpose": (
        SQUARE_LAYERS,
        not_transposed,
        {"W": "a transpose of 'V' is missing or one too many, in the equation of 'r'"},
        "networks from scratch with layers of one size",
    ),
    "tutorial_matmul_form": (
        TWO_LAYERS,
        as_in_the_tutorial,
        {},
        "jcjohnson/pytorch-examples #5",
    ),
    "maxpool_overlap_overwrite": (
        POOLING,
        overlap_overwritten,
        {"x": "is written over and not added up"},
        "devitocodes/joey #5",
    ),
    "inverse_wrong_transpose": (
        INVERSE,
        inverse_not_transposed,
        {"X": "a transpose of the inv is missing"},
        "The Matrix Cookbook (61) without a transpose; cf. ekzhang/jax-js #84",
    ),
}
