"""Published results, each a whole formula that is a named step or the result of a user's text."""

import pytest

from derive.calculus.adjoint import derive_gradients
from derive.calculus.explain import chain, gradient_named
from derive.document.matrices import gradient_formula
from derive.document.writer import at_first_places, formula, writer_for
from derive.language import read_model
from derive.typeset.unicode import unicode


class Published:
    """The formulas of a model: of each gradient its equation, its named steps, its matrix form."""

    def __init__(self, text):
        model = read_model(text.strip() + "\nminimize(C, sgd())\n", name="m")
        self.derivation = derive_gradients(model)
        self.writer = writer_for(self.derivation)

    def matrix(self, name):
        return unicode(gradient_formula(self.writer, gradient_named(self.derivation, name)))

    def equation(self, name):
        gradient = gradient_named(self.derivation, name)
        return self._shown(gradient, gradient.equation.right)

    def steps(self, name):
        """The rules and the formulas by which a gradient was simplified."""
        gradient = gradient_named(self.derivation, name)
        steps = chain(self.derivation, gradient).simplification
        return {step.rule: self._shown(gradient, step.after) for step in steps}

    def _shown(self, gradient, right):
        terms = (at_first_places(term) for term in (gradient.entry, right))
        return unicode(formula(self.writer, *terms))


# --- 1. a neuron with ReLU (Parr & Howard, arXiv 1802.01528) -------------------------------------

RELU = """
N: dim; D: dim
x: input[N, D]; y: input[N]; w: param[D]; b: param
"""


@pytest.mark.parametrize("rectified", ["maximum(0, z)", "relu(z)", "maximum(z, 0)"])
def test_a_neuron_with_relu(rectified):
    # ∂C/∂w = 2/N Σ e x and ∂C/∂b = 2/N Σ e over i with z > 0, where e = z - y
    model = Published(f"{RELU}\nz = x @ w + b\nC = mean((y - {rectified}) ** 2)")
    condition = "0 < z[i]" if rectified.startswith("max") else "z[i] > 0"
    if rectified == "maximum(z, 0)":
        condition = "z[i] ≥ 0"
    steps = chain(model.derivation, gradient_named(model.derivation, "w")).simplification
    kept = "z ≥ 0" if "≥" in condition else "z > 0"
    assert model.matrix("w") == f"∂C/∂w = (2/N) xᵀ ((z − y) ∘ [{kept}])"
    assert model.matrix("b") == (
        f"∂C/∂b = (2/N) Σ_{{i: {condition.replace('j', 'i')}}} (z[i] − y[i])"
    )
    assert steps != ()


# --- 2. the Matrix Cookbook (2012), 119, 84 and 88 ----------------------------------------------


def test_cookbook_119():
    model = Published("""
p: dim; q: dim; r: dim; s: dim
A: input[p, q]; B: input[r, s]; K: input[p, s]; X: param[q, r]
E = A @ X @ B + K
C = trace(E @ E.T)""")
    assert model.matrix("X") == "∂C/∂X = 2 Aᵀ E Bᵀ"


@pytest.mark.parametrize(
    ("shape", "expected"), [("K", "∂C/∂b = 2 Eᵀ 𝟏"), ("1, K", "∂C/∂b = 2 𝟏ᵀ E")]
)
def test_least_squares(shape, expected):
    # a row of biases: 2·1ᵀE; a bias with one axis is a column: its transpose
    model = Published(f"""
N: dim; D: dim; K: dim
X: input[N, D]; Y: input[N, K]; W: param[D, K]; b: param[{shape}]
E = X @ W + b - Y
C = sum(E ** 2)""")
    assert model.matrix("W") == "∂C/∂W = 2 Xᵀ E"
    assert model.matrix("b") == expected


QUADRATIC = """
m: dim; n: dim
x: input[m]; W: input[m, m]; A: param[m, n]; s: param[n]
{fact}
r = x - A @ s
C = r @ W @ r"""


def test_cookbook_84_and_88():
    model = Published(QUADRATIC.format(fact="assume(symmetric(W))"))
    assert model.matrix("s") == "∂C/∂s = −2 Aᵀ W r"
    assert model.matrix("A") == "∂C/∂A = −2 W r sᵀ"


def test_cookbook_84_without_symmetry():
    model = Published(QUADRATIC.format(fact=""))
    assert model.matrix("r") == "∂C/∂r = (W + Wᵀ) r"


# --- 4. softmax with cross-entropy --------------------------------------------------------------

SOFTMAX = """
N: dim; D: dim; K: dim
X: input[N, D]; T: input[N, K]; W: param[D, K]; b: param[K]
{fact}
{model}"""

WRITTEN = [
    "P = softmax(X @ W + b, axis=1)\nC = -sum(T * log(P)) / N",
    "Z = X @ W + b\nP = softmax(Z, axis=1)\nC = -sum(T * log(P)) / N",
    "Z = X @ W + b\nP = softmax(Z, axis=1)\nC = -sum(T * log_softmax(Z, axis=1)) / N",
    "Z = X @ W + b\nP = softmax(Z, axis=1); q = log_softmax(Z, axis=1)\nC = -sum(T * q) / N",
]


@pytest.mark.parametrize("fact", ["rows_sum_to_one(T)", "one_hot(T)", "sum(T, axis=1) == 1"])
@pytest.mark.parametrize("text", WRITTEN)
def test_softmax_with_cross_entropy(text, fact):
    model = Published(SOFTMAX.format(fact=f"assume({fact})", model=text))
    assert model.matrix("W") == "∂C/∂W = (1/N) Xᵀ (P − T)"
    assert model.matrix("b") == "∂C/∂b = (1/N) (P − T)ᵀ 𝟏"


@pytest.mark.parametrize("text", WRITTEN[1:])
def test_softmax_with_cross_entropy_in_the_logits(text):
    model = Published(SOFTMAX.format(fact="assume(one_hot(T))", model=text))
    assert model.equation("Z") == "∂C/∂Z[i, k] = (P[i, k] − T[i, k])/N"
    assert "rows_sum_to_one" in model.steps("Z")


def test_softmax_with_cross_entropy_of_any_targets():
    model = Published(SOFTMAX.format(fact="", model=WRITTEN[0]))
    assert model.matrix("W") == "∂C/∂W = (1/N) Xᵀ (diag(T 𝟏) P − T)"
    assert model.matrix("b") == "∂C/∂b = (1/N) (diag(T 𝟏) P − T)ᵀ 𝟏"


@pytest.mark.parametrize("text", WRITTEN[1:])
def test_the_logits_with_any_targets(text):
    model = Published(SOFTMAX.format(fact="", model=text))
    assert model.matrix("Z") == "∂C/∂Z = (diag(T 𝟏) P − T)/N"


def test_softmax_with_labels():
    model = Published("""
N: dim; K: dim
y: index(K)[N]; Z: param[N, K]
P = softmax(Z, axis=1)
C = mean(logsumexp(Z[i, k], k) - Z[i, y[i]], i)""")
    assert model.equation("Z") == "∂C/∂Z[i, k] = (P[i, k] − [y[i] = k])/N"


# --- 5. a network (Nielsen, BP1 to BP4) ---------------------------------------------------------

NETWORK = """
D: dim; H: dim; K: dim
x: input[D]; y: input[K]; W1: param[H, D]; b1: param[H]; W2: param[K, H]; b2: param[K]
z1 = W1 @ x + b1
a1 = sigmoid(z1)
z2 = W2 @ a1 + b2
a2 = sigmoid(z2)
C = -sum(y * log(a2 + 1) ** 3 + exp(a2) * y)
"""


def test_the_four_equations_of_backpropagation():
    # σ′(z) is a (1 - a)
    model = Published(NETWORK)
    assert model.matrix("z2") == "∂C/∂z₂ = (∂C/∂a₂) ∘ a₂ ∘ (1 − a₂)"
    assert model.matrix("a1") == "∂C/∂a₁ = W₂ᵀ (∂C/∂z₂)"
    assert model.matrix("z1") == "∂C/∂z₁ = (∂C/∂a₁) ∘ a₁ ∘ (1 − a₁)"
    for layer, below in (("₁", "xᵀ"), ("₂", "a₁ᵀ")):
        digit = "12"["₁₂".index(layer)]
        assert model.matrix(f"b{digit}") == f"∂C/∂b{layer} = ∂C/∂z{layer}"
        assert model.matrix(f"W{digit}") == f"∂C/∂W{layer} = (∂C/∂z{layer}) {below}"


# --- 6. strided convolution (Goodfellow, Bengio & Courville 9.11, 9.13) --------------------------

CONVOLUTION = """
Q: dim; H: dim; W: dim; F: dim; A: dim; B: dim; s: dim
M: dim = (H - A) // s + 1
N: dim = (W - B) // s + 1
V: param[Q, H, W]; K: param[F, Q, A, B]
m: range(M); n: range(N)
Z[i, m, n] = sum(V[j, m*s + k, n*s + l] * K[i, j, k, l], j, k, l)
C = sum(tanh(Z) ** 3 + exp(Z) * Z)
"""


def test_strided_convolution():
    # ∂J/∂K = Σ_mn G V at (m - 1) s + k; ∂J/∂V over those m, k with (m - 1) s + k = j
    model = Published(CONVOLUTION)
    assert model.equation("K") == (
        "∂C/∂K[i, j, k, l] = Σ_m Σ_n ∂C/∂Z[i, m, n] V[j, (m − 1) s + k, (n − 1) s + l]"
    )
    assert model.equation("V") == (
        "∂C/∂V[j, p, q] = Σ_i Σ_m Σ_n Σ_{k: (m − 1) s + k = p} Σ_{l: (n − 1) s + l = q} "
        "∂C/∂Z[i, m, n] K[i, j, k, l]"
    )


# --- 7. attention (the form of the FlashAttention paper) ----------------------------------------

ATTENTION = """
N: dim; M: dim; D: dim; E: dim
Q: param[N, D]; K: param[M, D]; V: param[M, E]; Y: input[N, E]; tau: input
S = tau * (Q @ K.T)
P = softmax(S, axis=1)
O = P @ V
C = sum(exp(O * Y) * O + O ** 2)
"""


def test_attention():
    model = Published(ATTENTION)
    assert model.matrix("V") == "∂C/∂V = Pᵀ (∂C/∂O)"
    assert model.matrix("P") == "∂C/∂P = (∂C/∂O) Vᵀ"
    assert model.matrix("S") == "∂C/∂S = P ∘ (∂C/∂P − rowsum((∂C/∂O) ∘ O) 𝟏ᵀ)"
    assert model.matrix("Q") == "∂C/∂Q = τ · (∂C/∂S) K"
    assert model.matrix("K") == "∂C/∂K = τ · (∂C/∂S)ᵀ Q"
    assert list(model.steps("S")) == ["out_of_the_sum", "common_factor", "exchanged"]


def test_attention_with_a_causal_mask():
    # the same, since P is 0 where it is masked
    model = Published("""
T: dim; D: dim; E: dim
S: param[T, T]; V: param[T, E]; Y: input[T, E]
P[t, u] = softmax(S[t, u], u, where=u <= t)
O = P @ V
C = sum(exp(O * Y) * O + O ** 2)""")
    assert model.matrix("S") == "∂C/∂S = P ∘ (∂C/∂P − rowsum((∂C/∂O) ∘ O) 𝟏ᵀ)"


# --- 8. batch normalisation (Ioffe & Szegedy 2015) ----------------------------------------------

BATCH_NORM = """
m: dim; D: dim
x: param[m, D]; gamma: param[D]; beta: param[D]; eps: input; t: input[m, D]
mu = mean(x, axis=0)
var = mean((x - mu) ** 2, axis=0)
x_hat = (x - mu) / sqrt(var + eps)
y = gamma * x_hat + beta
C = sum(exp(y * t) * y + y ** 2)
"""


def test_batch_normalisation():
    model = Published(BATCH_NORM)
    assert model.equation("x_hat") == "∂C/∂x̂[i, j] = ∂C/∂y[i, j] γ[j]"
    assert model.equation("var") == (
        "∂C/∂var[j] = −(1/2) (var[j] + ε)^(−3/2) Σ_i ∂C/∂x̂[i, j] (x[i, j] − μ[j])"
    )
    assert model.equation("mu") == "∂C/∂μ[j] = −(Σ_i ∂C/∂x̂[i, j])/√(var[j] + ε)"
    assert model.equation("x") == (
        "∂C/∂x[i, j] = (1/m) ∂C/∂μ[j] + ∂C/∂var[j] (2/m) (x[i, j] − μ[j]) "
        "+ (1/√(var[j] + ε)) ∂C/∂x̂[i, j]"
    )
    assert model.equation("gamma") == "∂C/∂γ[j] = Σ_i ∂C/∂y[i, j] x̂[i, j]"
    assert model.equation("beta") == "∂C/∂β[j] = Σ_i ∂C/∂y[i, j]"


def test_why_the_mean_has_one_term_only():
    # the other term is zero: the deviations from the mean add up to zero
    steps = Published(BATCH_NORM).steps("mu")
    assert list(steps)[-1] == "deviations"
    assert "Σ_i (x[i, j] − μ[j])" in steps["out_of_the_sum"]


# --- 9. logistic regression, labels 1 and -1 ----------------------------------------------------


@pytest.mark.parametrize(
    "loss",
    [
        "sum(softplus(-y * (X @ w)))",
        "sum(log(1 + exp(-y * (X @ w))))",
        "-sum(log(sigmoid(y * (X @ w))))",
        "sum(log(1 / sigmoid(y * (X @ w))))",
    ],
)
def test_logistic_regression(loss):
    model = Published(f"N: dim; D: dim; X: input[N, D]; y: input[N]; w: param[D]\nC = {loss}")
    assert model.matrix("w") == "∂C/∂w = −Xᵀ (y ∘ σ(−y ∘ (X w)))"
