"""More gradients by hand, of the kinds that are published: see `published_bugs`."""

import numpy as np
from published_bugs import (
    BATCH_NORM,
    CROSS_ENTROPY,
    SOFTMAX,
    TWO_LAYERS,
    delta,
    sigmoid,
    softmax,
    standardised,
)


def wrong_sign(W, b, x, y):
    d = -delta(W, b, x, y)
    return x.T @ d, -d.sum(0)


def only_the_variance_is_constant(x, g, b, q):
    _, s, xh = standardised(x)
    d = q * g
    return {"x": s * (d - d.mean(0)), "g": (q * xh).sum(0), "b": q.sum(0)}


def no_derivative_of_relu(W1, W2, x, y):
    h = np.maximum(x @ W1, 0)
    r = 2 * (h @ W2 - y)
    return x.T @ (r @ W2.T), h.T @ r


def softmax_by_loops(z, g):
    """Right, and unusual: the whole Jacobian of each row."""
    rows = []
    for scores, slopes in zip(z, g, strict=True):
        p = softmax(scores)
        rows.append((np.diag(p) - np.outer(p, p)) @ slopes)
    return np.sum(g * softmax(z)), np.array(rows)


RECURRENT = """
T: dim; D: dim; H: dim; x: input[T, D]; y: input[H]; W: param[D, H]; U: param[H, H]
j: range(H)
h[-1, j] = 0
h[t] = tanh(x[t] @ W + h[t-1] @ U)
C = sum((h[T-1] - y) ** 2); minimize(C)
"""


def states(W, U, x):
    h = [np.zeros(len(U))]
    for row in x:
        h.append(np.tanh(row @ W + h[-1] @ U))
    return h


def through_time(W, U, x, y, back, before=0):
    h, dW, dU = states(W, U, x), np.zeros_like(W), np.zeros_like(U)
    dh = 2 * (h[-1] - y)
    for t in reversed(range(before, len(x))):
        dz = dh * (1 - h[t + 1] ** 2)
        dW += np.outer(x[t], dz)
        dU += np.outer(h[t], dz)
        dh = back(dz, U)
    return {"W": dW, "U": dU}


def cut_off_after_one_step(W, U, x, y):
    return through_time(W, U, x, y, lambda dz, U: 0 * dz)


def recurrent_matrix_not_transposed(W, U, x, y):
    return through_time(W, U, x, y, lambda dz, U: dz @ U)


def right_through_time(params, data):
    return through_time(**params, **data, back=lambda dz, U: dz @ U.T)


EMBEDDING = """
V: dim; T: dim; D: dim; token: index(V)[T]; E: param[V, D]; G: input[T, D]
C = sum(G * tanh(E[token])); minimize(C)
"""


def embedding_overwritten(E, token, G):
    dE = np.zeros_like(E)
    dE[token] = G * (1 - np.tanh(E[token]) ** 2)
    return dE


def embedding_by_one_hot(E, token, G):
    """Right, and unusual: a product with one-hot rows."""
    hot = np.eye(len(E))[token]
    return hot.T @ (G * (1 - np.tanh(hot @ E) ** 2))


RIDGE = """
N: dim; D: dim; X: input[N, D]; y: input[N]; w: param[D]; lam: input
C = sum((X @ w - y) ** 2) / (2 * N) + lam * sum(w ** 2); minimize(C)
"""


def penalty_forgotten(w, X, y, lam):
    return X.T @ (X @ w - y) / len(y)


def penalty_divided(w, X, y, lam):
    return X.T @ (X @ w - y) / len(y) + 2 * lam * w / len(y)


def activation_for_its_derivative(W1, W2, x, y):
    h = np.maximum(x @ W1, 0)
    r = 2 * (h @ W2 - y)
    return x.T @ ((r @ W2.T) * h), h.T @ r


LOG_DETERMINANT = """
n: dim; A: param[n, n]; B: input[n, n]
C = logdet(A) + sum(B * A); minimize(C)
"""


def inverse_untransposed(A, B):
    return np.linalg.inv(A) + B


VARIANCE = "n: dim; x: param[n]; C = sum((x - mean(x)) ** 2) / n; minimize(C)"


def sample_variance(x):
    return 2 * (x - x.mean()) / (len(x) - 1)


TANH = "n: dim; x: param[n]; c: input[n]; C = sum(c * tanh(x)); minimize(C)"


def takes_input_for_output(x, c):
    return c * (1 - x**2)


PRODUCT = "n: dim; x: param[n]; C = prod(x); minimize(C)"


def product_over_factor(x):
    return np.prod(x) / x


def product_of_others(x):
    """Right, and unusual: also where a factor is zero."""
    return np.array([np.prod(np.delete(x, k)) for k in range(len(x))])


CAUSAL = """
T: dim; D: dim; q: param[T, D]; k: param[T, D]; v: input[T, D]; G: input[T, D]
S = q @ k.T / sqrt(D)
A[t, u] = softmax(S[t, u], u, where=u <= t)
C = sum(G * (A @ v)); minimize(C)
"""


def softmax_gradient_without_its_sum(q, k, v, G):
    S = np.where(np.tri(len(q)) > 0, q @ k.T / np.sqrt(q.shape[1]), -np.inf)
    A = softmax(S)
    dS = A * (G @ v.T) / np.sqrt(q.shape[1])
    return dS @ k, dS.T @ q


DIFFERENCES = """
n: dim; x: param[n]; t: range(n - 1)
d[t] = x[t + 1] - x[t]; C = sum(d ** 2); minimize(C)
"""


def one_side_only(x):
    d, dx = np.diff(x), np.zeros_like(x)
    dx[1:] += 2 * d
    return dx


def by_differences(x, step=1e-6):
    def at(x):
        return np.sum(np.diff(x) ** 2)

    moved = np.eye(len(x)) * step
    return np.array([(at(x + e) - at(x)) / step for e in moved])


LEAKY = """
n: dim; x: param[n]; c: input[n]; C = sum(c * leaky_relu(x, 0.1)); minimize(C)
"""


def slope_of_relu(x, c):
    return c * (x > 0)


def other_slope_at_the_kink(x, c):
    """Right: at 0 any slope between those of the two sides will do."""
    return c * np.where(x >= 0, 1, 0.1)


BILINEAR = "m: dim; n: dim; A: param[m, n]; x: input[m]; y: input[n]; C = x @ A @ y; minimize(C)"


def transposed_shape(A, x, y):
    return np.outer(y, x)


def in_single_precision(A, x, y):
    return np.outer(x, y).astype(np.float32)


BATCH = """
N: dim; D: dim; x: input[N, D]; b: param[D]; C = sum(exp(x + b)); minimize(C)
"""


def not_summed_over_the_batch(b, x):
    return np.exp(x + b)


def logistic_by_labels(w, X, y):
    z = X @ w
    return X.T @ (sigmoid(z) - y) / len(y)


LOGISTIC = """
N: dim; D: dim; X: input[N, D]; y: input[N]; w: param[D]
p = sigmoid(X @ w); C = -mean(y * log(p) + (1 - y) * log(1 - p)); minimize(C)
"""

COSINE = """
N: dim; D: dim; a: param[N, D]; b: param[N, D]
p[n] = sqrt(sum(a[n, d] ** 2, d)); q[n] = sqrt(sum(b[n, d] ** 2, d))
C = sum(a[n, d] * b[n, d] / (p[n] * q[n]), n, d); minimize(C)
"""


def length_is_constant(a, b):
    p, q = (np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b))
    return b / (p * q), a / (p * q) - b * (a * b).sum(1, keepdims=True) / (p * q**3)


DIVERGENCE = """
N: dim; D: dim; mu: param[N, D]; v: param[N, D]
C = -0.5 * sum(1 + v - mu ** 2 - exp(v)); minimize(C)
"""


def sign_of_one_term(mu, v):
    return mu, 0.5 * (np.exp(v) + 1)


CONVOLUTION = """
n: dim; k: dim; m: dim = n - k + 1; x: param[n]; w: param[k]; g: input[m]; t: range(m)
y[t] = sum(w[i] * x[t + i], i); C = sum(g * y); minimize(C)
"""


def last_window_left_out(x, w, g):
    dx, dw = np.zeros_like(x), np.zeros_like(w)
    for t in range(len(g) - 1):
        dx[t : t + len(w)] += g[t] * w
        dw += g[t] * x[t : t + len(w)]
    return dx, dw


SOLVE = "n: dim; A: param[n, n]; b: input[n]; c: input[n]; C = c @ solve(A, b); minimize(C)"


def solved_without_transpose(A, b, c):
    return -np.outer(np.linalg.solve(A, c), np.linalg.solve(A, b))


FURTHER = {
    "length_is_constant": (COSINE, length_is_constant, {"a": "the term through 'p' is missing"}),
    "sign_of_one_term": (
        DIVERGENCE,
        sign_of_one_term,
        {"v": "the summand v[i, j] in the equation of 'C' has the wrong sign"},
    ),
    "last_window": (
        CONVOLUTION,
        last_window_left_out,
        {
            "x": "the last value of t is missing: is a range off by one?",
            "w": "the last value of t is missing: is a range off by one?",
        },
    ),
    "solve_transpose": (
        SOLVE,
        solved_without_transpose,
        {"A": "it is right where 'A' is symmetric: is a transpose missing?"},
    ),
    "wrong_sign": (CROSS_ENTROPY, wrong_sign, {"W": "it has the wrong sign"}),
    "variance_constant": (
        BATCH_NORM,
        only_the_variance_is_constant,
        {"x": "the term through 'v' is missing"},
    ),
    "relu_missing": (
        TWO_LAYERS,
        no_derivative_of_relu,
        {"W1": "the derivative of relu is missing"},
    ),
    "relu_for_its_derivative": (
        TWO_LAYERS,
        activation_for_its_derivative,
        {"W1": "relu stands where its derivative should"},
    ),
    "softmax_by_loops": (SOFTMAX, softmax_by_loops, {}),
    "one_step_back": (
        RECURRENT,
        cut_off_after_one_step,
        {
            "W": "Σ_k h[t − 1, k] U[k, j] in the equation of 'h' is missing",
            "U": "h[t − 1, j] in the equation of 'h' is missing",
        },
    ),
    "recurrent_transpose": (
        RECURRENT,
        recurrent_matrix_not_transposed,
        {"W": "a transpose of 'U' is missing", "U": "a transpose of 'U' is missing"},
    ),
    "through_time": (RECURRENT, right_through_time, {}),
    "embedding_overwritten": (
        EMBEDDING,
        embedding_overwritten,
        {"E": "is written over and not added up"},
    ),
    "embedding_by_one_hot": (EMBEDDING, embedding_by_one_hot, {}),
    "penalty_forgotten": (RIDGE, penalty_forgotten, {"w": "is missing"}),
    "penalty_divided": (RIDGE, penalty_divided, {"w": "is 1/N of what it should be"}),
    "logdet_transpose": (
        LOG_DETERMINANT,
        inverse_untransposed,
        {"A": "a transpose of the logdet is missing"},
    ),
    "sample_variance": (VARIANCE, sample_variance, {"x": "it is n/(n - 1) times"}),
    "input_for_output": (
        TANH,
        takes_input_for_output,
        {"x": "the derivative of tanh in terms of its output is taken at its argument"},
    ),
    "product_over_factor": (PRODUCT, product_over_factor, {"x": "it is not finite"}),
    "product_of_others": (PRODUCT, product_of_others, {}),
    "causal_softmax": (
        CAUSAL,
        softmax_gradient_without_its_sum,
        {"q": "the term through", "k": "the term through"},
    ),
    "one_side_only": (DIFFERENCES, one_side_only, {"x": "x[t] in the equation of 'd' is missing"}),
    "by_differences": (DIFFERENCES, by_differences, {"x": "or a difference quotient"}),
    "slope_of_relu": (LEAKY, slope_of_relu, {"x": "in the equation of 'C' is missing"}),
    "other_slope_at_the_kink": (LEAKY, other_slope_at_the_kink, {}),
    "transposed_shape": (BILINEAR, transposed_shape, {"A": "is a transpose missing?"}),
    "in_single_precision": (BILINEAR, in_single_precision, {}),
    "not_summed": (
        BATCH,
        not_summed_over_the_batch,
        {"b": "is a sum over the axis 0 missing, that of the batch?"},
    ),
    "logistic_by_labels": (LOGISTIC, logistic_by_labels, {}),
}
