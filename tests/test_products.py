"""Products with second derivatives that are never formed: H v and Gauss-Newton."""

import numpy as np
import pytest
from second_derivatives import (
    SMALL,
    all_parameters,
    along,
    asked,
    case,
    derivation_of,
    difference,
    hessian_of,
    with_cores,
)

from derive import DeriveError
from derive.calculus.products import gauss_newton, hessian_vector
from derive.errors import DerivationError
from derive.model import parameters

REGRESSION = """
n: dim; d: dim; X: input[n, d]; y: input[n]; w: param[d]
y_hat = X @ w
f = mean((y_hat - y) ** 2)
"""


@pytest.mark.parametrize("name", SMALL)
def test_a_product_with_the_hessian_is_a_difference_along_the_direction(name):
    point = case(name)
    names = all_parameters(point)
    product = hessian_vector(derivation_of(point, *names), parameters(point.model))
    vectors, expected = along(point, product, names)
    found = point.computed(product.model, product.results.values(), vectors)
    for (quantity, _), array in zip(product.results.items(), found, strict=True):
        assert difference(array, expected[quantity.name]) < 1e-27


def test_the_product_for_a_regression_passes_through_the_prediction():
    regression = asked(REGRESSION)
    assert repr(regression.hvp()) == (
        "∂ŷ[i]/∂ε = Σ_j X[i, j] v[j]\n∂²f/∂w[j] ∂ε = (2/n) Σ_i X[i, j] ∂ŷ[i]/∂ε    (d,)"
    )
    random = np.random.default_rng(1)
    X, y, w, v = (random.normal(size=shape) for shape in ((5, 3), 5, 3, 3))
    assert regression.hvp().directions == {"w": "v"}
    found = regression.hvp().value(X=X, y=y, w=w, v=v)["w"]
    assert found == pytest.approx(2 / 5 * X.T @ X @ v)


def test_gauss_newton_leaves_out_the_curvature_of_the_model():
    # C = Σ (ŷ − y)², ŷ = tanh(X w): G = 2 Jᵀ J with J = diag(1 − ŷ²) X, which is not the Hessian.
    text = REGRESSION.replace("X @ w", "tanh(X @ w)").replace("mean", "sum")
    random = np.random.default_rng(2)
    X, y, w, v = (random.normal(size=shape) for shape in ((5, 3), 5, 3, 3))
    slope = (1 - np.tanh(X @ w) ** 2)[:, None] * X
    found = asked(text).gauss_newton("y_hat").value(X=X, y=y, w=w, v=v)["w"]
    assert found == pytest.approx(2 * slope.T @ slope @ v)
    exact = asked(text).hvp().value(X=X, y=y, w=w, v=v)["w"]
    assert found != pytest.approx(exact)


def test_gauss_newton_at_the_logits_of_a_network():
    # G = Jᵀ (diag(p) − p pᵀ)/N J: exact, with the Jacobian and the inner block as wholes.
    point = case("softmax_ce_mean")
    names = all_parameters(point)
    product = gauss_newton(point.model, parameters(point.model), "z")
    vectors = {v.name: point.draw(v) for v in product.vectors.values()}
    found = point.computed(product.model, product.results.values(), vectors)
    jacobians = {name: point.first("z", name) for name in names}
    places = tuple(range(2))
    moved = sum(
        np.tensordot(jacobians[q.name], vectors[v.name], axes=len(q.shape))
        for q, v in product.vectors.items()
    )
    model, whole = with_cores(point, hessian_of(point, "z", "z"))
    (curvature,) = point.computed(model, [whole])
    weight = np.tensordot(curvature, moved, axes=2)
    for (quantity, _), array in zip(product.results.items(), found, strict=True):
        expected = np.tensordot(weight, jacobians[quantity.name], axes=(places, places))
        assert difference(array, expected) < 1e-30


def test_directions_keep_clear_of_the_names_of_the_model():
    model = asked("v: param; epsilon: input; f = epsilon * v ** 2")
    assert model.hvp().directions == {"v": "direction"}
    assert repr(model.hvp()) == "∂²f/∂v ∂τ = 2 ε · direction    ()"


def test_what_is_no_output_is_refused():
    with pytest.raises(DerivationError) as refused:
        asked(REGRESSION).gauss_newton("X")
    assert refused.value.cause == (
        "'X' is not a defined quantity between the parameters and the cost"
    )


def test_an_array_of_another_name_is_refused():
    arrays = {"X": np.ones((2, 2)), "y": np.ones(2), "w": np.ones(2)}
    with pytest.raises(DeriveError) as refused:
        asked(REGRESSION).hvp().value(**arrays, u=np.ones(2))
    assert refused.value.cause == "'u' is nothing that this model takes"
