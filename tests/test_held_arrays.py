"""Kernels hold few arrays: what is not read again is changed or freed, nothing is made in vain."""

from test_kernels import kernels

ROWS = """
N: dim; D: dim
X: input[N, D]; Y: input[N, D]
w: param[N]
s[n] = sum(X[n, d] * Y[n, d], d)
u[n] = sum(X[n, d] ** 2, d)
C = sum(w[n] * s[n] * u[n], n)
minimize(C)
"""

HEADS = """
N: dim; T: dim; H: dim; E: dim; D: dim
V: input[N, H, T, E]; Y: input[N, T, D]
W: param[H, E, D]
A = tanh(V)
z[n, t, d] = sum(A[n, h, t, e] * W[h, e, d], h, e)
C = mean((z - Y) ** 2)
minimize(C)
"""

RECTIFIED = """
N: dim; D: dim; H: dim
X: input[N, D]; y: input[N]
W: param[D, H]; v: param[H]
h = relu(X @ W)
z = h @ v
C = mean((z - y) ** 2)
minimize(C)
"""

PROBABILITIES = """
N: dim; D: dim; K: dim
X: input[N, D]; y: index(K)[N]
W: param[D, K]
z = X @ W
P = softmax(z, axis=1)
L = -mean(log(P[n, y[n]]), n)
minimize(L)
"""

IMAGES = """
N: dim; C: dim; H: dim; F: dim; K: dim
P: dim = H - K + 1
x: input[N, C, H, H]; y: input[N, F, P, P]
w: param[F, C, K, K]; b: param[F]
p: range(P); q: range(P)
z[n, f, p, q] = b[f] + sum(w[f, c, k, l] * x[n, c, p + k, q + l], c, k, l)
L = mean((relu(z) - y) ** 2)
minimize(L)
"""


def test_the_products_of_rows_are_summed_without_an_array_of_products():
    assert (
        kernels(ROWS)[0]
        == """\
def _forward(w, X, Y):
    s = np.vecdot(X, Y)
    u = np.vecdot(X, X)
    su = s * u
    C = w @ su
    return C, s, u, su"""
    )


def test_heads_are_merged_once_for_two_products():
    forward, _, gradients, _ = kernels(HEADS)
    assert [line.strip() for line in forward.splitlines()][3:-1] == [
        "A = np.tanh(V)",
        "A_merged = A.transpose(0, 2, 1, 3).reshape(N * T, H * E)",
        "z = (A_merged @ W.reshape(H * E, D)).reshape(N, T, D)",
    ]
    assert "d_W = (A_merged.T @ d_z.reshape(N * T, D)).reshape(H, E, D)" in gradients


def test_a_mask_reads_what_is_kept_anyway():
    forward, _, gradients, _ = kernels(RECTIFIED)
    assert "h = np.maximum(X @ W, 0)" in forward
    assert "d_W = X.T @ (d_h * (h > 0))" in gradients


def test_what_the_forward_pass_made_for_it_alone_is_changed_and_what_is_read_no_more_is_freed():
    assert (
        kernels(PROBABILITIES)[2]
        == """\
def _gradients(W, X, y):
    z, max_z, sum_exp_z_shifted, P = _forward(W, X)
    N = X.shape[0]
    P /= sum_exp_z_shifted[:, None]
    all_n = np.arange(N)
    L = np.mean(np.log(sum_exp_z_shifted) - (z[all_n, y] - max_z))
    del z  # to make room for the gradients
    d_z = P / N
    d_z[all_n, y] -= 1 / N
    d_W = X.T @ d_z
    return L, {"W": d_W}"""
    )


SCORES = """
N: dim; D: dim; E: dim
X: input[N, D]; Y: input[N, E]
W: param[D, E]; V: param[D, E]
q = X @ W
k = X @ V
S = q @ k.T / sqrt(E)
A = softmax(S, axis=1)
z = A @ k
C = mean((z - Y) ** 2)
minimize(C)
"""


def test_a_scalar_passes_over_the_smaller_arrays():
    """N rows of data are more than E features: q and d_q are smaller than S."""
    forward, _, gradients, _ = kernels(SCORES)
    scaled = [line.strip() for line in (forward + gradients).splitlines() if "sqrt(E)" in line]
    assert scaled == [
        "S = (q / math.sqrt(E)) @ k.T",
        "d_k = d_S.T @ q / math.sqrt(E) + A.T @ d_z",
        "d_q = d_S @ k / math.sqrt(E)",
    ]


def test_what_the_cost_does_not_read_either_is_freed_before_it():
    lines = [line.strip() for line in kernels(SCORES)[2].splitlines()]
    assert lines[1:7] == [
        "z, q, k, S, A = _forward(W, V, X)",
        "del S  # to make room for the gradients",
        "N = X.shape[0]",
        "E = W.shape[1]",
        "error = z - Y",
        "C = np.mean(error**2)",
    ]


def test_an_image_is_added_to_where_it_stands_and_its_error_becomes_its_gradient():
    forward, _, gradients, _ = kernels(IMAGES)
    assert "    z += b[:, None, None]" in forward
    assert [line.strip() for line in gradients.splitlines()][-8:-4] == [
        "d_z = np.maximum(z, 0) - y",
        "L = np.mean(d_z**2)",
        "d_z *= 2 / (N * F * P * P)",
        "d_z *= z > 0",
    ]
