"""Generated modules of other models: rules with a state, guards, networks, texts that misbehave."""

import math
import re

import numpy as np
import pytest
from models_by_hand import MOMENTUM, NEURON_FORMULAS, neuron_gradients, neuron_model

from derive.calculus.adjoint import derive_gradients
from derive.calculus.update import common
from derive.code.docstring import Formula, Formulas
from derive.code.module import module_source
from derive.language import read_model
from derive.language.rules import read_rule, rule_named
from derive.verification.loading import load_module


def module_of(text):
    model = read_model(text, "model")
    gradients = tuple(gradient.equation for gradient in derive_gradients(model).gradients)
    source = module_source(model, gradients, Formulas())
    return load_module(source, "model"), source


def test_a_rule_with_a_state_is_a_loop_in_its_own_letters():
    source = module_source(neuron_model(MOMENTUM), neuron_gradients(), NEURON_FORMULAS)
    assert (
        """
    for name, theta in params.items():
        m = state["m"][name]
        g = grads[name]
        m[...] = beta * m + g
        theta -= alpha * m
"""
        in source
    )
    momentum = load_module(source, "momentum")
    params, x = momentum.init(), momentum.example()["x"]
    with pytest.raises(TypeError, match=re.escape("pass state=init_state(params)")):
        momentum.step(params, x, 1)
    state = momentum.init_state(params)
    w, memory = params["w"].copy(), np.zeros((3, 1))
    for _ in range(3):
        memory = 0.9 * memory + momentum.gradients(params, x, 1)[1]["w"]
        w -= 0.001 * memory
        momentum.step(params, x, 1, state)
        np.testing.assert_allclose(params["w"], w, rtol=1e-15)
    np.testing.assert_allclose(state["m"]["w"], memory, rtol=1e-15)
    assert len(momentum.train(params, [(x, 1)] * 2, report=None)) == 2


def test_what_all_parameters_have_in_common_is_kept_once():
    source = module_source(neuron_model(rule_named("adam")), neuron_gradients(), NEURON_FORMULAS)
    assert (
        """
    state["t"] += 1
    t = state["t"]
    for name, theta in params.items():
"""
        in source
    )
    adam = load_module(source, "adam")
    params = adam.init()
    state = adam.init_state(params)
    for _ in range(3):
        adam.step(params, adam.example()["x"], 1, state)
    assert state["t"] == 3


def test_what_an_entry_reads_before_it_is_counted_is_kept_for_each_entry():
    rule = read_rule(
        "theta: param; g: gradient; t: state = zeros; alpha: setting = 0.1\n"
        "theta = theta - alpha * t * g\nt = t + 1",
        "late",
    )
    assert common(rule) == frozenset()


CLASSES = """
\"\"\"Classes \\"by\\" rows\"\"\"
N: dim
V: dim
K: dim = 2
half: dim = V // 2
stride: dim
token: index(V)[N]
x: input[N]
E: param[V, K]
lambda_: param[2*K] = ones
step: param = 0.5
eps: const = 1e-3

z[n] = sum(E[token[n], k], k) + stride * step + eps
L = mean((z[n] - x[n]) ** 2, n) + sum(lambda_[j], j) / half
minimize(L, sgd)
"""


def test_sizes_subscripts_and_names_are_guarded():
    model, source = module_of(CLASSES)
    assert source.startswith('"""Classes \'by\' rows.\n')
    params = model.init(V=4)
    assert {name: value.shape for name, value in params.items()} == {
        "E": (4, 2),
        "lambda_": (4,),
        "step": (),
    }
    token, x = np.array([0, 3, 3]), np.array([1.0, 2.0, 3.0])
    cost, grads = model.gradients(params, token, x, stride=3)
    z = params["E"][token].sum(axis=1) + 3 * 0.5 + 1e-3
    assert cost == pytest.approx(np.mean((z - x) ** 2) + 4 / 2)
    rows = np.zeros((4, 2))
    np.add.at(rows, token, (2 * (z - x) / 3)[:, None])
    np.testing.assert_allclose(grads["E"], rows, rtol=1e-14)
    for bad, kind, message in (
        ([0, 4, 1], ValueError, "token must hold subscripts from 0 to 3"),
        ([0, -1, 1], ValueError, "token must hold subscripts from 0 to 3"),
        ([0.0, 1.0, 2.0], TypeError, "token must hold integers, not float64"),
        ([0, 1], ValueError, "x must have the shape (N,) with N = 2, got (3,)"),
    ):
        with pytest.raises(kind) as error:
            model.loss(params, bad, x, stride=3)
        assert str(error.value) == message
    with pytest.raises(TypeError, match=re.escape("stride must be an int, not 1.5")):
        model.loss(params, token, x, stride=1.5)
    wide = {**params, "lambda_": np.ones(5)}
    with pytest.raises(ValueError, match=re.escape("the size 2*K must be 4 with K = 2, got 5")):
        model.loss(wide, token, x, stride=3)


MLP = """
N: dim
I: dim = 4
H: dim = 3
x: input[N, I]
y: input[N]
W1: param[I, H]
b1: param[H]
W2: param[H]
h = tanh(x @ W1 + b1)
y_hat = h @ W2
L = mean((y_hat - y) ** 2)
minimize(L, sgd(alpha=0.1))
"""


def test_a_network_reads_as_written_by_hand():
    model, source = module_of(MLP)
    assert (
        """
def _gradients(W1, b1, W2, x, y):
    y_hat, h = _forward(W1, b1, W2, x)
    N = x.shape[0]
    error = y_hat - y
    L = np.mean(error**2)
    d_y_hat = 2 / N * error
"""
        in source
    )
    params, data = model.init(), model.example(N=5)
    measured, derived = model.check(params, **data)
    assert measured == pytest.approx(derived, rel=1e-7)
    printed = []
    costs = model.train(params, [data] * 50, report=printed.append)
    assert costs[-1] < costs[0]
    assert printed[0] == f"    1   L {costs[0]:<12.4g}{'#' * 40}"


def test_a_title_or_a_formula_cannot_leave_the_docstring():
    spec = neuron_model()
    formula = Formula("C", '""" + oops() \\ """')
    source = module_source(spec, neuron_gradients(), Formulas(forward=(formula,)))
    assert load_module(source, "neuron").__doc__.count("''' + oops() ∖ '''") == 1


def test_functions_that_numpy_lacks_come_with_the_module():
    text = """
    N: dim
    x: input[N]
    w: param = 0.5
    L = sum(erf(w * x[n]) * x[n], n)
    minimize(L, sgd)
    """
    model, source = module_of("\n".join(line.strip() for line in text.splitlines()))
    assert "def _erf(x):" in source
    params, x = model.init(), np.array([0.5, -1.0, 2.0])
    assert model.loss(params, x) == pytest.approx(sum(v * math.erf(0.5 * v) for v in x))
    slope = sum(v * v * 2 / math.sqrt(math.pi) * math.exp(-((0.5 * v) ** 2)) for v in x)
    assert model.gradients(params, x)[1]["w"] == pytest.approx(slope)
    kept = {"w": np.float32(0.5)}
    assert model._loss(kept["w"], x.astype(np.float32)).dtype == np.float32


FILTERED = """
n: dim
x: input[n]
w: param[n]
L = sum(log(w[i]) / (x[i] - 1), i, where=w[i] > 0) + sum(where(x[i] > 1, sqrt(x[i] - 1), w[i]), i)
minimize(L, sgd)
"""


def test_what_is_filtered_out_is_not_computed():
    model, _ = module_of(FILTERED)
    x, w = np.array([2.0, 1.0, 3.0]), np.array([2.0, 0.0, -1.0])
    cost, grads = model.gradients({"w": w}, x)
    assert cost == pytest.approx(np.log(2.0) + 1 + 0 + np.sqrt(2.0))
    np.testing.assert_allclose(grads["w"], [0.5, 1.0, 0.0])
