"""Convolutions and pooling: windows that slide over an axis, and what is added back to them."""

import numpy as np
import pytest

from derive.calculus.adjoint import derive_gradients
from derive.code.docstring import Formulas
from derive.code.module import module_source
from derive.language import read_model
from derive.pipeline import build_model
from derive.program.interpret import run
from derive.program.plan import program_for
from derive.verification.loading import load_module

CONVOLUTION = """
N: dim; I: dim; C: dim; H: dim; K: dim; pad: dim
Ho: dim = (H + 2*pad - K) // 2 + 1
x: param[N, I, H]
w: param[C, I, K]
r: input[N, C, Ho]
h: range(Ho)
z[n, c, h] = sum(w[c, i, k] * pad(x[n, i, h*2 + k - pad]), i, k)
L = sum(r * z**2)
minimize(L, sgd(alpha=0.1))
"""
CORRELATION = """
N: dim; H: dim; K: dim
Ho: dim = H - K + 1
x: param[N, H]
w: param[K]
h: range(Ho)
z[n, h] = sum(w[k] * x[n, h + k], k)
L = sum(z**3)
minimize(L, sgd(alpha=0.1))
"""
SAME = """
H: dim; W: dim
x: param[H, W]
w: param[3, 3]
h: range(H)
v: range(W)
k: range(3)
l: range(3)
z[h, v] = sum(w[k, l] * pad(x[h + k - 1, v + l - 1]), k, l)
L = sum(z**3)
minimize(L, sgd(alpha=0.1))
"""
LARGEST = """
N: dim; H: dim; K: dim; stride: dim
Ho: dim = (H - K) // stride + 1
x: param[N, H]
r: input[N, Ho]
h: range(Ho)
k: range(K)
z[n, h] = max(x[n, h*stride + k], k)
L = sum(r * z)
minimize(L, sgd(alpha=0.1))
"""
MEAN = LARGEST.replace("max(x", "mean(x")
MODELS = {
    "convolution": CONVOLUTION,
    "correlation": CORRELATION,
    "same": SAME,
    "largest": LARGEST,
    "mean": MEAN,
}
SIZES = {"N": 2, "I": 3, "C": 2, "H": 7, "W": 5, "K": 3, "stride": 2, "pad": 1}
LINES = {
    "convolution": [
        "np.pad(x, ((0, 0), (0, 0), (pad, pad)))",
        "sliding_window_view(",
        "[:, :, ::2]",
        ".transpose(0, 1, 3, 2).reshape(N, I * K, Ho)",
        "w.reshape(C, I * K) @ x_columns",
        "np.sum(d_z @ x_columns.transpose(0, 2, 1), axis=0).reshape(C, I, K)",
        "+= ",
        "for k in range(K):",
        ":, :, pad : pad + H]",
    ],
    "correlation": ["sliding_window_view(x, K, axis=1)", "[:, k : k + Ho] += "],
    "same": ["np.pad(x, ((1, 1), (1, 1)))", "sliding_window_view(", "np.ndindex(3, 3)"],
    "largest": ["sliding_window_view(x, K, axis=1)[:, ::stride]", ".argmax(axis=2)"],
    "mean": ["sliding_window_view(x, K, axis=1)[:, ::stride]", "k : k + stride * Ho : stride] += "],
}


def derived(text):
    derivation = derive_gradients(read_model(text, "model"))
    return derivation, tuple(gradient.equation for gradient in derivation.gradients)


def source_of(name):
    derivation, gradients = derived(MODELS[name])
    return module_source(derivation.model, gradients, Formulas(), derivation.recurrences)


def inputs_of(module, dtype):
    """Arrays of the module's shapes, from one seed."""
    random, sizes = np.random.default_rng(0), dict(SIZES)
    for name, (needed, formula) in getattr(module, "DERIVED", {}).items():
        sizes[name] = formula(*(sizes[size] for size in needed))
    shapes = {**module.PARAMETERS, **module.DATA}
    return {
        name: random.normal(size=[sizes.get(s, s) for s in shape]).astype(dtype)
        for name, shape in shapes.items()
    }


def given(name):
    """The sizes that no shape shows."""
    hidden = {"convolution": ["pad"], "largest": ["K", "stride"], "mean": ["K", "stride"]}
    return {size: SIZES[size] for size in hidden.get(name, [])}


@pytest.mark.parametrize("name", MODELS)
def test_windows_are_views_and_are_added_back_without_a_mask(name):
    source = source_of(name)
    kernel = source[source.index("\ndef _") : source.index("# What is called")]
    assert [line for line in LINES[name] if line not in kernel] == []
    assert "np.clip" not in kernel
    assert name == "largest" or ("np.where" not in kernel and "np.arange" not in kernel)
    assert max(map(len, kernel.splitlines())) <= 100


@pytest.mark.parametrize("name", MODELS)
def test_the_code_is_right_on_exact_numbers_and_on_floats(name):
    built = build_model(MODELS[name], "model")
    assert built.report.ok, str(built.report)


@pytest.mark.parametrize("name", MODELS)
def test_a_program_means_what_its_code_does(name):
    derivation, gradients = derived(MODELS[name])
    module = load_module(source_of(name), "model")
    arrays = inputs_of(module, np.float64)
    params = {name: arrays[name] for name in module.PARAMETERS}
    cost, grads = module.gradients(params, *(arrays[n] for n in module.DATA), **given(name))
    program = program_for(derivation.model, gradients, derivation.recurrences)
    values = run(program, arrays, given(name))
    assert values["L"] == pytest.approx(cost, rel=1e-13)
    found = {q.name.wrt: values[q.name] for q in program.outputs if q.kind == "gradient"}
    assert set(found) == set(grads)
    for key, gradient in grads.items():
        np.testing.assert_allclose(found[key], gradient, rtol=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_float32_stays_float32(name):
    module = load_module(source_of(name), "model")
    arrays = inputs_of(module, np.float32)
    params = {name: arrays[name] for name in module.PARAMETERS}
    _, grads = module.gradients(params, *(arrays[n] for n in module.DATA), **given(name))
    assert {key: gradient.dtype for key, gradient in grads.items()} == dict.fromkeys(
        params, np.dtype(np.float32)
    )


def test_the_first_of_equal_places_is_the_largest():
    module = load_module(source_of("largest"), "model")
    x, r = np.array([[1.0, 1, 1, 0, 1, 1, 0]]), np.array([[1.0, 10, 100]])
    _, grads = module.gradients({"x": x}, r, K=3, stride=2)
    np.testing.assert_array_equal(grads["x"], [[1, 0, 10, 0, 100, 0, 0]])
