"""Generated code at hard points: logits of a thousand give finite and right costs and gradients."""

import numpy as np
import pytest

from derive import Model

HEAD = "N: dim; K: dim; W: param[N, K]; "
ENTROPIES = {
    "log_softmax": HEAD + "T: input[N, K]; L = -sum(T * log_softmax(W, axis=1)) / N",
    "log of a named softmax": HEAD
    + "T: input[N, K]; P = softmax(W, axis=1); L = -sum(T * log(P)) / N",
    "log of a softmax": HEAD + "T: input[N, K]; L = -sum(T * log(softmax(W, axis=1))) / N",
}

LOGITS = np.array([[1e3, -1e3, 999.0], [0.0, 1e4, -1e4]])
TARGETS = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])


def live(text):
    return Model(text + "; minimize(L, sgd())").compile()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("text", ENTROPIES.values(), ids=ENTROPIES)
def test_cross_entropy_of_large_logits(text):
    # row 1: log(1 + e⁻¹) + 1 is its loss, (σ(1), 0, σ(-1) - 1)/2 its gradient; row 2 is decided
    cost, grads = live(text).gradients({"W": LOGITS.copy()}, TARGETS)
    share = 1 / (1 + np.exp(-1))
    assert cost == pytest.approx((np.log1p(np.exp(-1)) + 1) / 2, rel=1e-14)
    expected = np.array([[share, 0, -share], [0, 0, 0]]) / 2
    assert np.allclose(grads["W"], expected, rtol=1e-13, atol=0)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "loss", ["sum(log(1 + exp(-w)))", "-sum(log(sigmoid(w)))", "sum(softplus(-w))"]
)
def test_logistic_losses_of_large_margins(loss):
    module = live(f"n: dim; w: param[n]; L = {loss}")
    cost = module.loss({"w": np.array([800.0, -800.0, 40.0])})
    assert cost == pytest.approx(800 + np.exp(-40), rel=1e-14)


def test_the_largest_logit_decides_a_causal_softmax():
    text = (
        "T: dim; S: param[T, T]; x: input[T]\n"
        "P[t, u] = softmax(S[t, u], u, where=u <= t)\n"
        "L = sum(P @ x)\n"
    )
    module = Model(text + "minimize(L, sgd())").compile()
    large = np.array([[1e3, 1e5], [-1e3, 1e3]])
    cost, grads = module.gradients({"S": large}, np.array([2.0, 3.0]))
    assert cost == 5.0
    assert np.isfinite(grads["S"]).all()
