"""Hard points: what the generated code computes there, beside fifty digits of mpmath.

Each row of `cases/stability.json` names a function, its inputs, the value to fifty digits and the
relative error that is allowed.  A row is stated by several models, as people write it: with a
function of the language, by hand, through quantities that have names.
"""

import json
from pathlib import Path

import mpmath
import numpy as np
import pytest

from derive import Model

ROWS = {
    row["id"]: row
    for row in json.loads(
        (Path(__file__).parent / "cases" / "stability.json").read_text(encoding="utf-8")
    )
}

# Past the largest float an exponential is infinite, also one that the model names and `forward`
# returns; what is divided by it is zero: as it is.
pytestmark = [
    pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning"),
    pytest.mark.filterwarnings("ignore:a result is not finite, but all:RuntimeWarning"),
]


def module_of(text):
    return Model(text + "\nminimize(C)").compile()


def computed(module, what, values, data):
    """The cost C, the gradient "∂z", or a quantity of the forward pass; z holds the inputs."""
    params = {
        name: np.array(values if shape else values[0], dtype=float)
        for name, shape in module.PARAMETERS.items()
    }
    if what == "C":
        return module.loss(params, **data)
    if what.startswith("∂"):
        return module.gradients(params, **data)[1][what[1:]]
    return module.forward(params, **{k: v for k, v in data.items() if k in inputs(module)})[what]


def inputs(module):
    """What `forward` takes besides parameters."""
    code = module.forward.__code__
    return code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount]


def close(found, reference, tolerance):
    """Whether floats are within a relative tolerance of numbers of fifty digits."""
    found = np.ravel(found)
    wanted = [mpmath.mpf(text) for text in np.ravel(reference)]
    smallest = mpmath.mpf(np.finfo(float).tiny)
    return len(found) == len(wanted) and all(
        np.isfinite(a) and abs(mpmath.mpf(float(a)) - b) <= abs(b) * tolerance + smallest
        for a, b in zip(found, wanted, strict=True)
    )


# --- the rows that have a value -----------------------------------------------------------------

Z, VECTOR = "z: param; ", "n: dim; z: param[n]; "
LABEL = "n: dim; z: param[n]; k: index(n); "
TARGET = "n: dim; z: param[n]; t: input[n]; "
BINARY = "z: param; y: input; "
NORMED = "n: dim; z: param[n]; eps: const = 1e-5; "
NORMAL = "z: param; y: input; mu: input; "

SOFTMAX = (
    "p = softmax(z); C = sum(p)",
    "p = exp(z) / sum(exp(z)); C = sum(p)",
    "e = exp(z); p = e / sum(e); C = sum(p)",
    "e = exp(z); s = sum(e); p = e / s; C = sum(p)",
    "p[i] = exp(z[i]) / sum(exp(z[j]), j); C = sum(p)",
    "m = max(z); e = exp(z - m); p = e / sum(e); C = sum(p)",
    "l = log_softmax(z); p = exp(l); C = sum(p)",
)
ENTROPY = (
    "C = -log_softmax(z)[k]",
    "C = -log(softmax(z)[k])",
    "p = softmax(z); C = -log(p[k])",
    "e = exp(z); p = e / sum(e); C = -log(p[k])",
    "e = exp(z); s = sum(e); C = -log(e[k] / s)",
    "C = logsumexp(z) - z[k]",
    "C = log(sum(exp(z))) - z[k]",
)
LOG_SUM_EXP = (
    "C = logsumexp(z)",
    "C = log(sum(exp(z)))",
    "e = exp(z); s = sum(e); C = log(s)",
    "C = log(exp(z[0]) + exp(z[1]))",
    "C = logaddexp(z[0], z[1])",
    "C = log(mean(exp(z))) + log(2)",
)
LOG_SIGMOID = (
    "C = log(sigmoid(z))",
    "C = log_sigmoid(z)",
    "s = sigmoid(z); C = log(s)",
    "C = log(1 / (1 + exp(-z)))",
    "s = 1 / (1 + exp(-z)); C = log(s)",
    "C = log(exp(z) / (1 + exp(z)))",
    "C = -softplus(-z)",
    "C = -log(1 + exp(-z))",
    "C = z - softplus(z)",
    "C = z - log(1 + exp(z))",
    "q = 1 - sigmoid(z); C = log(1 - q)",
    "s = sigmoid(-z); C = log(1 - s)",
    "C = log1p(-sigmoid(-z))",
    "C = minimum(z, 0) - log(1 + exp(-abs(z)))",
)
SLOPES = (
    ("C = sigmoid(z)", "∂z"),
    ("s = sigmoid(z); C = s", "∂z"),
    ("C = 1 / (1 + exp(-z))", "∂z"),
    ("C = exp(z) / (1 + exp(z))", "∂z"),
    ("C = -(1 - sigmoid(z))", "∂z"),
    ("C = softplus(z); g = grad(C, z)", "∂z"),
    ("s = sigmoid(z); C = s * (1 - s)", "C"),
    ("s = sigmoid(z); r = 1 - s; C = s * r", "C"),
    ("s = sigmoid(z); C = s - s ** 2", "C"),
    ("C = exp(-z) / (1 + exp(-z)) ** 2", "C"),
    ("e = exp(-z); C = e / (1 + e) ** 2", "C"),
    ("s = sigmoid(z); d = grad(s, z); C = d", "C"),
)
TANH_SLOPES = (
    ("C = 1 - tanh(z) ** 2", "C"),
    ("h = tanh(z); C = 1 - h ** 2", "C"),
    ("h = tanh(z); C = 1 - h * h", "C"),
    ("h = tanh(z); C = (1 - h) * (1 + h)", "C"),
    ("C = tanh(z)", "∂z"),
    ("h = tanh(z); C = h", "∂z"),
    ("C = (exp(z) - exp(-z)) / (exp(z) + exp(-z))", "∂z"),
)
SOFTPLUS = (
    "C = softplus(z)",
    "C = log(1 + exp(z))",
    "C = log(exp(z) + 1)",
    "C = log1p(exp(z))",
    "e = exp(z); C = log(1 + e)",
    "t = 1 + exp(z); C = log(t)",
    "C = -log(sigmoid(-z))",
    "s = sigmoid(z); C = -log(1 - s)",
    "C = logaddexp(0, z)",
    "C = maximum(z, 0) + log(1 + exp(-abs(z)))",
)
BINARY_ENTROPY = (
    "s = sigmoid(z); C = -(y * log(s) + (1 - y) * log(1 - s))",
    "s = 1 / (1 + exp(-z)); C = -(y * log(s) + (1 - y) * log(1 - s))",
    "C = -y * log(sigmoid(z)) - (1 - y) * log(1 - sigmoid(z))",
    "s = sigmoid(z); q = 1 - s; C = -(y * log(s) + (1 - y) * log(q))",
    "C = -y * log_sigmoid(z) - (1 - y) * log_sigmoid(-z)",
    "C = softplus(z) - y * z",
    "C = log(1 + exp(z)) - y * z",
    "C = maximum(z, 0) - y * z + log(1 + exp(-abs(z)))",
    "s = sigmoid(z); C = where(y > 0, -log(s), -log(1 - s))",
)
LOG_COSH = (
    "C = log(cosh(z))",
    "c = cosh(z); C = log(c)",
    "C = log((exp(z) + exp(-z)) / 2)",
    "C = log(exp(z) + exp(-z)) - log(2)",
    "C = z + softplus(-2 * z) - log(2)",
)
GELU = (
    "C = gelu(z)",
    "C = z / 2 * (1 + erf(z / sqrt(2)))",
    "C = z * (1 + erf(z / sqrt(2))) / 2",
    "P = (1 + erf(z / sqrt(2))) / 2; C = z * P",
    "P = 0.5 + erf(z / sqrt(2)) / 2; C = z * P",
    "e = erf(z / sqrt(2)); C = 0.5 * z * (1 + e)",
    "C = z * erfc(-z / sqrt(2)) / 2",
)
FOCAL = (
    "p = sigmoid(z); C = -(1 - p) ** 2 * log(p)",
    "p = 1 / (1 + exp(-z)); C = -(1 - p) ** 2 * log(p)",
    "C = -(1 - sigmoid(z)) ** 2 * log(sigmoid(z))",
    "p = sigmoid(z); q = 1 - p; C = -q ** 2 * log(p)",
    "C = sigmoid(-z) ** 2 * softplus(-z)",
)
FOCAL_HALF = (
    "C = -(1 - z) ** 0.5 * log(z)",
    "C = -sqrt(1 - z) * log(z)",
    "g: const = 0.5; C = -(1 - z) ** g * log(z)",
    "q = 1 - z; C = -q ** 0.5 * log(z)",
)
LAYER_NORM = (
    "m = mean(z); v = mean((z - m) ** 2); h = (z - m) / sqrt(v + eps); C = sum(h ** 2)",
    "m = sum(z) / n; v = sum((z - m) ** 2) / n; h = (z - m) / sqrt(v + eps); C = sum(h ** 2)",
    "c = z - mean(z); h = c * (mean(c ** 2) + eps) ** (-1/2); C = sum(h ** 2)",
    "m = mean(z); v = mean(z ** 2) - m ** 2; h = (z - m) / sqrt(v + eps); C = sum(h ** 2)",
    "q = mean(z ** 2); m = mean(z); h = (z - m) / sqrt(q - m ** 2 + eps); C = sum(h ** 2)",
)
RMS_NORM = (
    "h = z / sqrt(mean(z ** 2)); C = sum(h)",
    "r = sqrt(mean(z ** 2)); h = z / r; C = sum(h)",
    "q = mean(z ** 2); h = z / sqrt(q); C = sum(h)",
    "q = mean(z * z); r = q ** 0.5; h = z / r; C = sum(h)",
    "r = sqrt(sum(z ** 2) / n); h = z / r; C = sum(h)",
    "h[i] = z[i] / sqrt(mean(z[j] ** 2, j)); C = sum(h)",
)
NORM = (
    "C = sqrt(sum(z ** 2))",
    "C = sqrt(sum(z * z))",
    "C = sqrt(z @ z)",
    "q = sum(z ** 2); C = sqrt(q)",
    "C = sum(z ** 2) ** 0.5",
    "C = sqrt(sum(abs(z) ** 2))",
)
LOG_VARIANCE = (
    "C = z / 2 + (y - mu) ** 2 * exp(-z) / 2",
    "C = z / 2 + (y - mu) ** 2 / (2 * exp(z))",
    "v = exp(z); C = log(v) / 2 + (y - mu) ** 2 / (2 * v)",
    "v = exp(z); C = (log(v) + (y - mu) ** 2 / v) / 2",
    "s = exp(z / 2); C = log(s) + ((y - mu) / s) ** 2 / 2",
    "r = y - mu; C = (z + r ** 2 * exp(-z)) / 2",
)
DIVERGENCE = (
    "p = softmax(a); q = softmax(b); C = sum(p * log(p / q))",
    "p = softmax(a); q = softmax(b); C = sum(p * (log(p) - log(q)))",
    "C = sum(softmax(a) * (log_softmax(a) - log_softmax(b)))",
    "d = exp(a); e = exp(b); p = d / sum(d); q = e / sum(e); C = sum(p * log(p / q))",
)
LONG_CHAIN = (
    "T: dim; z: param; o: input[T]; f[-1] = 0; f[t] = f[t-1] + log(z) + 0 * o[t]; C = f[T-1]",
    "T: dim; z: param; o: input[T]; assume(positive(z)); p[t] = z + 0 * o[t]; C = sum(log(p))",
    "n: dim; T: dim; z: param[n]; o: input[T]\n"
    "f[-1, i] = log(z[i]); f[t, j] = logsumexp(f[t-1, i] + log(z[i]), i) + 0 * o[t]\n"
    "C = f[T-1, 0] - log(z[0])",
)
POISSON = (
    "C = exp(z) - y * z",
    "m = exp(z); C = m - y * z",
    "m = exp(z); C = m - y * log(m)",
)
CANCELLED = (
    "C = (sqrt(1 + z) - 1) / z",
    "r = sqrt(1 + z); C = (r - 1) / z",
    "d = sqrt(1 + z) - 1; C = d / z",
    "C = 1 / (sqrt(1 + z) + 1)",
)
BATCH_NORM = (
    "m = mean(z); v = mean((z - m) ** 2); h = (z - m) / sqrt(v + eps); C = sum(h)",
    "c = z - mean(z); h = c / sqrt(mean(c ** 2) + eps); C = sum(h)",
    "m = mean(z); v = mean(z ** 2) - m ** 2; h = (z - m) / sqrt(v + eps); C = sum(h)",
)


def stated(head, texts, what, **data):
    """Texts that state a row in the same way: what each computes, from which data."""
    return [(head + text, what, data) for text in texts]


STATED = {
    "softmax_1e4": stated(VECTOR, SOFTMAX, "p"),
    "ce_1e4_grad": [
        *stated(LABEL, ENTROPY, "∂z", k=2),
        *stated(TARGET, ["p = softmax(z); C = -sum(t * log(p))"], "∂z", t=[0, 0, 1]),
        *stated(TARGET, ["C = -sum(t * log_softmax(z))"], "∂z", t=[0, 0, 1]),
        *stated(TARGET, ["e = exp(z); p = e / sum(e); C = -t @ log(p)"], "∂z", t=[0, 0, 1]),
    ],
    "lse_mixed": stated(VECTOR, LOG_SUM_EXP, "C"),
    "logsigmoid_-800": stated(Z, LOG_SIGMOID, "C"),
    "logsigmoid_40": stated(Z, LOG_SIGMOID, "C"),
    "sigmoid_prime_40": [(Z + text, what, {}) for text, what in SLOPES if "grad(C" not in text],
    "tanh_prime_20": [(Z + text, what, {}) for text, what in TANH_SLOPES],
    "softplus_800": stated(Z, SOFTPLUS, "C"),
    "bce_grad": stated(BINARY, BINARY_ENTROPY, "∂z", y=1),
    "logcosh_1000": stated(Z, LOG_COSH, "C"),
    "gelu_-10": stated(Z, GELU, "C"),
    "focal_easy_loss": stated(Z, FOCAL, "C"),
    "focal_gamma_half_grad": stated(Z, FOCAL_HALF, "∂z"),
    "layernorm_offset_1e8": stated(NORMED, LAYER_NORM, "h"),
    "rmsnorm_huge": stated(VECTOR, RMS_NORM, "h"),
    "norm_tiny": stated(VECTOR, NORM, "C"),
    "gauss_nll_s_-800_grad": stated(NORMAL, LOG_VARIANCE, "∂z", y=0, mu=0),
    "hmm_1000_steps": [(text, "C", {"o": np.zeros(1000)}) for text in LONG_CHAIN],
    "poisson_eta_709": stated(Z + "y: input; ", POISSON, "C", y=2),
    "batchnorm_N1_dx": stated(NORMED, BATCH_NORM, "∂z"),
    "cancel_quadratic": stated(Z, CANCELLED, "C"),
}
# The parameter holds these of the inputs of a row, where not all.
OWN = {"gauss_nll_s_-800_grad": slice(1, 2)}


@pytest.mark.parametrize(
    ("row", "text", "what", "data"),
    [(row, *one) for row, several in STATED.items() for one in several],
    ids=[f"{row}: {text}" for row, several in STATED.items() for text, *_ in several],
)
def test_a_hard_point_is_computed_to_its_tolerance(row, text, what, data):
    values = ROWS[row]["inputs"][OWN.get(row, slice(None))]
    found = computed(module_of(text), what, values, data)
    assert close(found, ROWS[row]["ref"], ROWS[row]["rtol"]), found


@pytest.mark.parametrize("text", DIVERGENCE)
def test_the_divergence_of_peaked_distributions(text):
    row = ROWS["kl_peaked"]
    module = module_of("n: dim; a: param[n]; b: param[n]; " + text)
    one, other = row["inputs"], row["inputs"][::-1]
    found = module.loss({"a": np.array(one), "b": np.array(other)})
    assert close(found, row["ref"], row["rtol"])


@pytest.mark.parametrize(
    "text", ["C = logdet(A)", "C = log(abs(det(A)))", "d = abs(det(A)); C = log(d)"]
)
def test_the_logarithm_of_a_determinant_that_overflows(text):
    row = ROWS["logdet_overflow"]
    found = module_of("A: param[2, 2]; " + text).loss({"A": np.diag(row["inputs"])})
    assert close(found, row["ref"], row["rtol"])


# --- the rows that have none --------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("row", "text"),
    [
        (
            "layernorm_constant_eps0",
            "n: dim; z: param[n]; h = z - mean(z); q = h / sqrt(mean(h**2)); C = sum(q)",
        ),
        ("norm_grad_zero", "n: dim; z: param[n]; C = sqrt(sum(z ** 2))"),
        ("sqrt_grad_0", "n: dim; z: param[n]; C = sum(sqrt(z))"),
    ],
)
def test_what_has_no_derivative_is_flagged_and_changes_no_parameter(row, text):
    # an infinite or undefined gradient is seen by its caller, and refused by the update
    module = module_of(text)
    before = np.array(ROWS[row]["inputs"], dtype=float)
    params = {"z": before.copy()}
    _, grads = module.gradients(params)
    assert not np.isfinite(grads["z"]).all()
    with pytest.raises(ValueError, match="grads\\['z'\\]"):
        module.update(params, grads)
    with pytest.raises(ValueError, match="grads\\['z'\\]"):
        module.step(params)
    assert np.array_equal(params["z"], before)


def test_the_root_at_zero_has_an_infinite_slope_and_no_nan():
    module = module_of("z: param; C = sqrt(z)")
    with np.errstate(divide="ignore"):
        _, grads = module.gradients({"z": np.array(ROWS["sqrt_grad_0"]["inputs"][0])})
    assert grads["z"] == np.inf


def test_a_row_that_a_filter_leaves_empty_is_a_row_of_zeros():
    # of ROWS["masked_row"] the model says what is filtered; nothing is infinite
    text = "n: dim; z: param[n]; k: input[n]; p[i] = softmax(z[i], i, where=k[i] > 0); C = sum(p)"
    module = module_of(text)
    data = np.zeros(2)
    cost, grads = module.gradients({"z": np.array([1.0, 2.0])}, data)
    assert cost == 0
    assert np.array_equal(grads["z"], [0, 0])


def test_the_slope_of_relu_at_zero_is_zero():
    values = np.array(ROWS["relu_at_0"]["inputs"])
    for text in ("C = sum(relu(z))", "C = sum(maximum(0, z))", "C = sum(where(z > 0, z, 0))"):
        module = module_of("n: dim; z: param[n]; " + text)
        assert module.gradients({"z": values.copy()})[1]["z"] == 0
    assert set(ROWS) == {
        *STATED, "kl_peaked", "logdet_overflow", "layernorm_constant_eps0", "norm_grad_zero",
        "sqrt_grad_0", "masked_row", "relu_at_0",
    }  # fmt: skip


def test_scores_without_a_name_do_not_overflow_in_any_gradient():
    """Attention whose scores, of some thousands, stand in its softmax alone, and by a name."""
    text = """
T: dim; D: dim
Q: param[T, D]; K: param[T, D]; V: input[T, D]; y: input[T, D]
{}
O = A @ V
C = mean((O - y) ** 2)
minimize(C)
"""
    scores = "sum(Q[i, d] * K[j, d], d) / sqrt(D)"
    unnamed = Model(text.format(f"A[i, j] = softmax({scores}, j)")).compile()
    named = Model(text.format(f"S[i, j] = {scores}; A = softmax(S, axis=1)")).compile()
    rng = np.random.default_rng(0)
    V, y, Q, K = rng.standard_normal((4, 3, 2))
    for scale in (1, 40):
        params = {"Q": scale * Q, "K": scale * K}
        cost, grads = unnamed.gradients(params, V, y)
        wanted, slopes = named.gradients(params, V, y)
        assert cost == pytest.approx(wanted, rel=1e-14)
        for name, gradient in grads.items():
            np.testing.assert_allclose(gradient, slopes[name], rtol=1e-9, atol=1e-12)
    slope, along = unnamed.check({"Q": Q, "K": K}, V, y)
    assert slope == pytest.approx(along, rel=1e-6)
