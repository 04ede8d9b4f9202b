"""Jacobians as single index equations, and gradients with respect to anything."""

import numpy as np
import pytest
from second_derivatives import SMALL, Point, asked, case, difference, jacobian_of

from derive import DeriveError, Model
from derive.calculus.adjoint import derive_gradients
from derive.calculus.jacobian import extended, with_gradients
from derive.errors import DerivationError
from derive.verification.oracle import gradient

# --- as formulas --------------------------------------------------------------------------------


def test_of_a_prediction_by_its_weights():
    # ∂ŷ/∂w = xᵀ
    neuron = Model.read("neuron")
    assert repr(neuron.jacobian("y_hat", "w")) == "∂ŷ/∂w[i] = x[i]    (1, 1, n, 1)"
    assert repr(neuron.jacobian("y_hat", "b")) == "∂ŷ/∂b = 1    (1, 1)"
    assert repr(neuron.jacobian("C", "x")) == "∂C/∂x[i] = 2 (ŷ − y) w[i]    (1, 1, 1, n)"


def test_of_a_softmax_by_its_logits():
    # ∂p/∂z = diag(p) − p pᵀ
    model = asked("n: dim; z: param[n]; p = softmax(z); f = sum(p ** 2)")
    shown = "∂p[i]/∂z[j] = p[i] [i = j] − p[i] p[j]    (n, n)"
    assert repr(model.jacobian("p", "z")) == shown


def test_of_a_linear_map_is_its_matrix():
    model = asked("n: dim; m: dim; A: input[n, m]; x: param[m]; y = A @ x; f = sum(y ** 2)")
    assert repr(model.jacobian("y", "x").matrix) == "∂y/∂x = A    (n, m)"
    assert str(model.jacobian("y", "x").sympy) == "A[i, i_1]"
    A, x = np.arange(6.0).reshape(2, 3), np.ones(3)
    assert np.array_equal(model.jacobian("y", "x").value(A=A, x=x), A)


def test_the_deltas_of_a_chain_collapse():
    # ŷ = tanh(tanh(X U) V): of the hidden layer only the unit of the weight is left.
    model = asked(
        "n: dim; d: dim; k: dim; X: input[n, d]; U: param[d, k]; V: param[k]\n"
        "h = tanh(X @ U); y_hat = tanh(h @ V); f = sum(y_hat ** 2)"
    )
    assert repr(model.jacobian("y_hat", "U")) == (
        "∂ŷ[i]/∂U[j, l] = (1 − ŷ[i]²) V[l] (1 − h[i, l]²) X[i, j]    (n, d, k)"
    )


def test_through_two_layers_one_sum_is_left():
    # y = tanh(tanh(X U) V) w: ∂y[i]/∂U[j, l] sums over the units of the second layer alone.
    model = asked(
        "n: dim; d: dim; k: dim; X: input[n, d]; U: param[d, k]; V: param[k, k]; w: param[k]\n"
        "a = tanh(X @ U); b = tanh(a @ V); y = b @ w; f = sum(y ** 2)"
    )
    assert repr(model.jacobian("y", "U")) == (
        "∂y[i]/∂U[j, l] = (1 − a[i, l]²) X[i, j] Σ_m w[m] (1 − b[i, m]²) V[l, m]    (n, d, k)"
    )


# --- true as numbers ----------------------------------------------------------------------------

OUTPUTS = {
    "activations_smooth": ("smooth", "a"),
    "attention_causal": ("A", "Wq"),
    "batchnorm_train": ("u_hat", "W"),
    "factorization_machine": ("f", "V"),
    "gp_marginal": ("K", "l"),
    "infonce_clip": ("S", "A"),
    "layernorm_affine": ("y", "A"),
    "linreg_ridge_mse": ("Y_hat", "W"),
    "lstm_bptt": ("y_hat", "Wh"),
    "mlp_tanh_mse": ("y_hat", "W1"),
    "rnn_bptt": ("h", "Wh"),
    "skipgram_neg": ("far", "u"),
    "softmax_ce_mean": ("log_p", "b1"),
    "vae_elbo": ("l", "W"),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_the_jacobians_of_the_cases(name):
    of, wrt = OUTPUTS[name]
    point = case(name)
    found = jacobian_of(point, of, wrt)
    (array,) = point.computed(extended(point.model, found.system), [found.equation.left])
    assert difference(array, point.first(of, wrt)) < 1e-40


@pytest.mark.parametrize("name", SMALL)
def test_gradients_by_inputs_and_by_what_is_defined(name):
    point = case(name)
    model = point.model
    asked_for = [d.quantity for d in model.declarations if d.quantity.kind == "input"]
    asked_for += [e.left for e in model.equations if e.left != model.objective.cost]
    assert asked_for
    for quantity in asked_for:
        derivation = derive_gradients(model, (quantity,))
        found = next(g for g in derivation.gradients if g.wrt == quantity).equation.left
        (array,) = point.computed(extended(model, with_gradients(derivation)), [found])
        wanted = gradient(model, point.sizes, point.inputs, [quantity.name], "50 digits")[1]
        assert difference(array, wanted[quantity.name]) < 1e-40


def test_a_jacobian_along_a_recurrence_is_a_recurrence():
    text = (
        "T: dim; w: param; x: input[T]; t: range(T)\n"
        "h[-1] = 0; h[t] = tanh(w * h[t-1] + x[t]); f = sum(h ** 2)"
    )
    point = Point(text, {"T": 4})
    found = jacobian_of(point, "h", "w")
    (recurrence,) = found.system.recurrences
    assert recurrence.quantities == (found.equation.left,)
    assert not recurrence.downward
    (array,) = point.computed(extended(point.model, found.system), [found.equation.left])
    assert difference(array, point.first("h", "w")) < 1e-40
    floats = {name: np.asarray(array, dtype=float) for name, array in point.inputs.items()}
    expected = np.array([float(entry.value) for entry in array])
    assert asked(text).jacobian("h", "w").value(**floats) == pytest.approx(expected, rel=1e-12)


# --- what cannot be done ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "wrt", "cause"),
    [
        ("y_hat", "y", "'y_hat' is not computed from 'y', so its Jacobian is zero"),
        ("x", "w", "'x' is not computed from 'w'"),
        ("y_hat", "q", "'q' is not a quantity of this model"),
    ],
)
def test_what_does_not_depend_has_no_jacobian(of, wrt, cause):
    with pytest.raises(DeriveError) as refused:
        Model.read("neuron").jacobian(of, wrt)
    assert refused.value.cause == cause


def test_what_steps_is_not_varied_by_itself():
    model = asked(
        "T: dim; w: param; x: input[T]; t: range(T)\n"
        "h[-1] = 0; h[t] = tanh(w * h[t-1] + x[t]); y = h[T-1] * w; f = y ** 2"
    )
    for refusing in (lambda: model.jacobian("y", "h"), lambda: model.hessian("h", "h")):
        with pytest.raises(DerivationError) as refused:
            refusing()
        assert refused.value.cause == (
            "'h' moves its own later steps, so it cannot be varied by itself"
        )
    assert model.hessian("w", "h").shape == "(T,)"
