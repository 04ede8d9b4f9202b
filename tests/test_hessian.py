"""Second derivatives: published results as whole formulas, and all kinds of models as numbers."""

from xml.etree import ElementTree

import numpy as np
import pytest
import sympy
from forms import add, at, call, index, over, subtract, term, times, total
from second_derivatives import (
    SMALL,
    STEP,
    Point,
    all_parameters,
    asked,
    case,
    difference,
    hessian_of,
    is_true,
    with_cores,
)

from derive import DeriveError, Model
from derive.calculus.hessian import hessian
from derive.errors import DerivationError
from derive.terms import Negate, Size, same

n, k, d = Size("n"), Size("k"), Size("d")

FACTORISATION = """
n: dim; m: dim; k: dim
T: input[n, m]; U: param[n, k]; V: param[m, k]
f = sum((T - U @ V.T) ** 2)
"""
QUADRATIC = "n: dim; A: input[n, n]; x: param[n]; f = x @ A @ x"
REGRESSION = """
n: dim; d: dim; X: input[n, d]; y: input[n]; w: param[d]
y_hat = X @ w
f = mean((y_hat - y) ** 2)
"""
LOGISTIC = """
n: dim; d: dim; X: input[n, d]; t: input[n]; w: param[d]
z = X @ w
f = sum(softplus(z) - t * z)
"""
SIGNS = """
n: dim; d: dim; X: input[n, d]; y: input[n]; w: param[d]
z = X @ w
f = sum(log(1 + exp(-y * z)))
"""
SOFTMAX = """
n: dim; t: input[n]; z: param[n]
assume(sum(t) == 1)
p = softmax(z)
f = -sum(t * log(p))
"""
LINEAR_LAYER = """
n: dim; d: dim; m: dim; X: input[n, d]; Y: input[n, m]; W: param[d, m]; b: param[m]
f = sum((X @ W + b - Y) ** 2)
"""


class Blocks:
    """The Hessian block of a model by two quantities, as formulas."""

    def __init__(self, text, rows, columns):
        point = asked(text)
        model = point.specification
        declared = {x.quantity.name: x.quantity for x in model.declarations}
        self.quantities = declared | {e.left.name: e.left for e in model.equations}
        by_rows, by_columns = self.quantities[rows], self.quantities[columns]
        self.blocks = hessian(point.derivation, by_rows, by_columns).blocks

    def __getitem__(self, name):
        return self.quantities[name]

    @property
    def deltas(self):
        return [block.deltas for block in self.blocks]

    def is_core(self, place, expected):
        """Whether a core is expected(i, ...) in its own indices."""
        core = self.blocks[place].core
        return same(core.right, term(expected(*core.indices)))


# --- published results, as formulas -------------------------------------------------------------


def test_matrix_factorisation_is_an_identity_times_a_small_core():
    # ∂²‖T − U Vᵀ‖²/∂U[i,a] ∂U[j,b] = 2 [i = j] (VᵀV)[a,b]
    b, q = Blocks(FACTORISATION, "U", "U"), index(Size("m"))
    assert b.deltas == [((0, 2),)]
    assert b.is_core(0, lambda i, j: times(2, total(q, times(at(b["V"], q, j), at(b["V"], q, i)))))
    assert b.blocks[0].core.left.shape == (k, k)
    assert repr(asked(FACTORISATION).hessian("U", "U").matrix) == (
        "∂²f/∂U² = I[n] ⊗ (2 Vᵀ V)    (n, k, n, k), core (k, k)"
    )


def test_the_mixed_block_of_a_matrix_factorisation_keeps_its_delta():
    # ∂²‖T − U Vᵀ‖²/∂U[i,a] ∂V[j,b] = 2 U[i,b] V[j,a] − 2 [a = b] (T − U Vᵀ)[i,j]
    b, q = Blocks(FACTORISATION, "U", "V"), index(k)
    T, U, V = (b[name] for name in "TUV")
    assert b.deltas == [((1, 3),), ()]

    def residual(i, j):
        return subtract(at(T, i, j), total(q, times(at(U, i, q), at(V, j, q))))

    assert b.is_core(0, lambda i, j: Negate(times(2, residual(i, j))))
    assert b.is_core(1, lambda i, p, j, q: times(2, at(U, i, q), at(V, j, p)))


def test_a_quadratic_form_gives_the_matrix_and_its_transpose():
    # ∂²(xᵀ A x)/∂x² = A + Aᵀ
    b = Blocks(QUADRATIC, "x", "x")
    assert b.deltas == [()]
    assert b.is_core(0, lambda i, j: add(at(b["A"], i, j), at(b["A"], j, i)))
    assert repr(asked(QUADRATIC).hessian("x", "x").matrix) == "∂²f/∂x² = A + Aᵀ    (n, n)"


def test_linear_regression():
    # ∂²C/∂w² = 2 XᵀX/N
    b, q = Blocks(REGRESSION, "w", "w"), index(n)
    X = b["X"]

    def gram(i, j):
        return total(q, times(at(X, q, i), at(X, q, j)))

    assert b.is_core(0, lambda i, j: times(over(2, n), gram(i, j)))
    assert repr(asked(REGRESSION).hessian("w", "w").matrix) == "∂²f/∂w² = 2/n Xᵀ X    (d, d)"


def test_logistic_regression():
    # ∂²C/∂w² = Xᵀ diag(σ(1 − σ)) X
    b, q = Blocks(LOGISTIC, "w", "w"), index(n)
    X, slope = b["X"], call("sigmoid", at(b["z"], q))
    weight = (slope, subtract(1, slope))
    assert b.is_core(0, lambda i, j: total(q, times(at(X, q, i), *weight, at(X, q, j))))
    assert repr(asked(LOGISTIC).hessian("w", "w").matrix) == (
        "∂²f/∂w² = Xᵀ diag(σ(z) ∘ (1 − σ(z))) X    (d, d)"
    )


def test_logistic_regression_with_signs_for_targets():
    # y² is 1 where y is declared to be a sign: Xᵀ diag(σ(1 − σ)) X
    assert repr(asked(SIGNS).hessian("w", "w").matrix) == (
        "∂²f/∂w² = Xᵀ diag(σ(−y ∘ z) ∘ (1 − σ(−y ∘ z)) ∘ y²) X    (d, d)"
    )
    assert repr(asked(SIGNS + "assume(y**2 == 1)\n").hessian("w", "w").matrix) == (
        "∂²f/∂w² = Xᵀ diag(σ(−y ∘ z) ∘ (1 − σ(−y ∘ z))) X    (d, d)"
    )


def test_softmax_with_cross_entropy_in_the_logits():
    # ∂²L/∂z² = diag(p) − p pᵀ
    b = Blocks(SOFTMAX, "z", "z")
    p = b["p"]
    assert b.deltas == [((0, 1),), ()]
    assert b.is_core(0, lambda i: at(p, i))
    assert b.is_core(1, lambda i, j: Negate(times(at(p, i), at(p, j))))
    shown = asked(SOFTMAX).hessian("z", "z")
    cores = "(n, n), cores (n,) and (n, n)"
    assert repr(shown) == f"∂²f/∂z[i] ∂z[j] = [i = j] p[i] − p[i] p[j]    {cores}"
    assert repr(shown.matrix) == f"∂²f/∂z² = diag(p) − p pᵀ    {cores}"


def test_a_linear_layer_is_a_gram_matrix_beside_an_identity():
    # ∂²‖XW + 1b − Y‖²/∂W² = 2 XᵀX ⊗ I, ∂²/∂b² = 2n I
    layer = asked(LINEAR_LAYER)
    assert repr(layer.hessian("W", "W").matrix) == (
        "∂²f/∂W² = (2 Xᵀ X) ⊗ I[m]    (d, m, d, m), core (d, d)"
    )
    assert repr(layer.hessian("W", "b")) == (
        "∂²f/∂W[j, k] ∂b[l] = 2 [k = l] Σ_i X[i, j]    (d, m, m), core (d,)"
    )
    assert repr(layer.hessian("b", "b").matrix) == "∂²f/∂b² = (2 n) I[m]    (m, m), core ()"


# --- shown --------------------------------------------------------------------------------------


def test_second_derivatives_in_latex_and_in_sympy():
    shown = asked(SOFTMAX).hessian("z", "z")
    assert shown.matrix._repr_latex_() == (
        r"$$\frac{\partial^2 f}{\partial z^2} = \mathrm{diag}(p) - p p^{\top}$$"
    )
    assert r"\frac{\partial^2 f}{\partial z_i \partial z_j}" in shown._repr_latex_()
    i, j = sympy.symbols("i i_1", integer=True, nonnegative=True)
    p = sympy.IndexedBase("p")
    assert shown.sympy == sympy.KroneckerDelta(i, j) * p[i] - p[i] * p[j]


def test_a_row_vector_is_transposed():
    neuron = Model.read("neuron")
    assert repr(neuron.hessian("w", "w").matrix) == (
        "∂²C/∂w² = 2 xᵀ x    (n, 1, n, 1), core (n, n)"
    )
    assert repr(neuron.hessian("w", "b")) == "∂²C/∂w[i] ∂b = 2 x[i]    (n, 1), core (n,)"


def test_crossed_deltas_are_no_identity():
    # ∂² tr(X X)/∂X[i, j] ∂X[k, l] = 2 [i = l] [j = k], which exchanges rows and columns.
    crossed = asked("n: dim; X: param[n, n]; f = trace(X @ X)").hessian("X", "X")
    assert repr(crossed.matrix) == (
        "∂²f/∂X[i, j] ∂X[k, l] = 2 [i = l, j = k]    (n, n, n, n), core ()"
    )
    straight = asked("n: dim; X: param[n, n]; f = sum(X ** 2)").hessian("X", "X")
    assert repr(straight.matrix) == "∂²f/∂X² = 2 I    (n, n, n, n), core ()"


def test_a_linear_cost_has_no_curvature():
    linear = asked("n: dim; c: input[n]; w: param[n]; f = sum(c * w)").hessian("w", "w")
    assert repr(linear) == "∂²f/∂w[i] ∂w[j] = 0    (n, n)"
    found = linear.value(c=np.ones(3), w=np.ones(3))
    assert np.array_equal(found, np.zeros((3, 3)))
    assert found.dtype == float


def test_a_notebook_shows_mathml():
    shown = asked(FACTORISATION).hessian("U", "U")
    for html in (
        shown._repr_html_(),
        shown.matrix._repr_html_(),
        asked(SOFTMAX).hvp()._repr_html_(),
    ):
        root = ElementTree.fromstring(f"<body>{html}</body>")
        assert [child.tag for child in root] == ["div"] * len(root)
        assert {fraction.tag for fraction in root.iter() if fraction.tag.endswith("mfrac")} != set()
    assert "⊗" in shown.matrix._repr_html_()


def test_cores_are_all_that_is_computed():
    random = np.random.default_rng(0)
    T, U, V = (random.normal(size=shape) for shape in ((3, 4), (3, 2), (4, 2)))
    block = asked(FACTORISATION).hessian("U", "U")
    (core,) = block.cores(U=U, V=V, T=T)
    assert core == pytest.approx(2 * V.T @ V)
    whole = 2 * np.einsum("ij,ka,kb->iajb", np.eye(3), V, V)
    assert block.value(U=U, V=V, T=T) == pytest.approx(whole)


# --- true as numbers ----------------------------------------------------------------------------

MODELS = {
    "a quadratic form": (QUADRATIC, {"n": 3}),
    "matrix factorisation": (FACTORISATION, {"n": 2, "m": 3, "k": 2}),
    "linear layer": (LINEAR_LAYER, {"n": 3, "d": 2, "m": 2}),
    "logistic regression": (SIGNS, {"n": 3, "d": 2}),
    "a product of many": ("n: dim; x: param[n]; f = prod(x)", {"n": 3}),
    "a trace": (
        "n: dim; A: input[n, n]; X: param[n, n]; f = trace(X @ A @ X) + sum(X[i, i]**3, i)",
        {"n": 2},
    ),
    "a gather with repeats": (
        "n: dim; V: dim; d: dim; token: index(V)[n]; E: param[V, d]\n"
        "f = sum(tanh(E[token[i], j]) * E[token[i], j], i, j)",
        {"n": 4, "V": 2, "d": 2},
    ),
    "padding and a stride": (
        "n: dim; x: param[n]; w: param[3]; i: range(2); p: range(3)\n"
        "z[i] = sum(pad(x[2*i + p - 1]) * w[p], p); f = sum(z**3)",
        {"n": 3},
    ),
    "a largest entry": (
        "n: dim; m: dim; x: param[n, m]; f = sum(max(x, axis=1)**3)",
        {"n": 2, "m": 2},
    ),
    "a function of several": ("x: param; y: param; f = arctan2(x, y) * x**y", {}),
    "normalisation": (
        "n: dim; x: param[n]; m = mean(x); f = sum(((x - m) / sqrt(mean((x - m)**2) + 1))**3)",
        {"n": 3},
    ),
    "an inner gradient": (
        "n: dim; x: param[n]; g0 = prod(x); g = grad(g0, x); f = sum(g**2)",
        {"n": 3},
    ),
    "a recurrence": (
        "T: dim; w: param; u: param; x: input[T]; t: range(T)\n"
        "h[-1] = u; h[t] = tanh(w * h[t-1] + x[t]); f = sum(h**2)",
        {"T": 3},
    ),
    "what is filtered out": (
        "n: dim; m: dim; S: param[n, n]; x: input[n]\n"
        "A[i, j] = softmax(S[i, j], j, where=j < i and x[j] > 0); f = sum(A**2)",
        {"n": 3, "m": 2},
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_every_block_is_the_difference_of_gradients(name):
    text, sizes = MODELS[name]
    point = Point(text, sizes, seed=3, positive=("y",) if "arctan2" in text else ())
    names = all_parameters(point)
    assert names
    for place, rows in enumerate(names):
        assert all(is_true(point, rows, columns) for columns in names[place:])


@pytest.mark.parametrize("name", SMALL)
def test_the_blocks_of_the_cases(name):
    _, rows, columns = SMALL[name]
    assert is_true(case(name), rows, columns)


# --- what cannot be done ------------------------------------------------------------------------


def test_what_is_not_a_quantity_is_refused():
    model = asked(REGRESSION)
    with pytest.raises(DeriveError) as refused:
        model.hessian("w", "q")
    assert refused.value.cause == "'q' is not a quantity of this model"


def test_whole_numbers_are_not_differentiated():
    model = asked("n: dim; V: dim; y: index(V)[n]; E: param[V]; f = sum(E[y[i]]**2, i)")
    with pytest.raises(DeriveError) as refused:
        model.hessian("E", "y")
    assert refused.value.cause == "'y' holds whole numbers, which have no derivative"


def test_a_function_without_a_second_derivative_is_named():
    model = asked("x: param; f = digamma(x)")
    with pytest.raises(DerivationError) as refused:
        model.hessian("x", "x")
    assert refused.value.cause == "no derivative is known for 'trigamma'"


def test_by_a_parameter_and_by_what_is_computed_from_it():
    # C = h³, h = tanh(w x): ∂²C/∂w ∂h = 6 h (1 − h²) x, whichever comes first: h moves alone.
    model = asked("w: param; x: input; h = tanh(w * x); f = h ** 3")
    assert repr(model.hessian("h", "w")) == "∂²f/∂h ∂w = 6 h (1 − h²) x    ()"
    assert repr(model.hessian("w", "h")) == "∂²f/∂w ∂h = 6 h (1 − h²) x    ()"
    mixed = asked("n: dim; d: dim; X: input[n, d]; w: param[d]; h = tanh(X @ w); f = sum(h ** 3)")
    X, w = np.array([[0.5, -1.0, 0.25], [0.75, 0.125, 1.5]]), np.array([0.5, 0.25, -1.0])
    turned = mixed.hessian("h", "w").value(X=X, w=w)
    assert mixed.hessian("w", "h").value(X=X, w=w) == pytest.approx(turned.T)
    h = np.tanh(X @ w)
    assert turned == pytest.approx((6 * h * (1 - h**2))[:, None] * X)


def test_what_is_stopped_stays_a_constant():
    # The gradient of Σ stop(x) x² is 2 stop(x) x, and its derivative 2 stop(x).
    model = asked("n: dim; x: param[n]; f = sum(stop_gradient(x) * x ** 2)")
    x = np.array([1.5, -2.0])
    assert np.array_equal(model.hessian("x", "x").value(x=x), np.diag(2 * x))


def test_a_name_is_not_written_for_a_formula_that_stays_where_it_is():
    # f = a tanh(u) with a = tanh(u): a alone is moved, so ∂²f/∂a² is 0 and not 1.
    model = asked("u: param; a = tanh(u); b = tanh(u); f = a * tanh(u) + b ** 2")
    assert repr(model.hessian("a", "a")) == "∂²f/∂a² = 0    ()"
    assert repr(model.hessian("a", "b")) == "∂²f/∂a ∂b = 0    ()"
    assert repr(model.hvp("a")) == "∂²f/∂a ∂ε = 0    ()"


def test_the_cost_has_no_second_derivative_by_itself():
    with pytest.raises(DeriveError) as refused:
        Model.read("neuron").hessian("C", "w")
    assert refused.value.cause == "'C' is the cost itself"


def test_by_what_steps_and_by_what_it_reads():
    # ∂²f/∂h ∂w is a recurrence itself, which runs back; the other order is its transpose.
    text = (
        "T: dim; w: param; x: input[T]; t: range(T)\n"
        "h[-1] = 0; h[t] = tanh(w * h[t-1] + x[t]); y = h[T-1] * w; f = y ** 2"
    )
    point = Point(text, {"T": 3})
    ends = [point.gradients(["h"], {"w": point.inputs["w"] + sign * STEP})["h"] for sign in (1, -1)]
    for rows, columns in (("h", "w"), ("w", "h")):
        model, whole = with_cores(point, hessian_of(point, rows, columns))
        (found,) = point.computed(model, [whole])
        assert difference(found, (ends[0] - ends[1]) / (2 * STEP)) < 1e-27
    floats = {name: np.asarray(array, dtype=float) for name, array in point.inputs.items()}
    expected = np.array([float(entry.value) for entry in found])
    assert asked(text).hessian("w", "h").value(**floats) == pytest.approx(expected, rel=1e-12)
