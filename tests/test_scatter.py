"""Values added up where index data say: none is lost, and no mask of places and rows is made."""

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

LOOKUP = """
N: dim
T: dim
V: dim
D: dim
tok: index(V)[N, T]
r: input[N, D]
E: param[V, D]
L = sum(r[n, d] * E[tok[n, t], d]**2, n, t, d)
minimize(L, sgd(alpha=0.1))
"""
COLUMNS = LOOKUP.replace("param[V, D]", "param[D, V]").replace("E[tok[n, t], d]", "E[d, tok[n, t]]")
TWO_READS = """
N: dim
V: dim
D: dim
a: index(V)[N]
b: index(V)[N]
E: param[V, D]
L = sum(E[a[n], d]**2 * E[b[n], d], n, d) + sum(E**3)
minimize(L, sgd(alpha=0.1))
"""
PICKED = """
N: dim
I: dim
K: dim
x: input[N, I]
y: index(K)[N]
w: param[I, K]
z = x @ w
log_p = log_softmax(z, axis=1)
L = -mean(log_p[n, y[n]], n)
minimize(L, sgd(alpha=0.1))
"""
CHAIN = """
N: dim
T: dim
K: dim
y: index(K)[N, T]
x: input[N, T]
A: param[K, K]
t: range(T)
L = sum(where(t >= 1, A[y[n, t-1], y[n, t]]**2, 0) * x[n, t], n, t)
minimize(L, sgd(alpha=0.1))
"""
ROW_OF_EACH = """
N: dim
T: dim
K: dim
y: index(K)[N, T]
x: input[N, T]
b: param[N, K]
L = sum(b[n, y[n, t]]**2 * x[n, t], n, t)
minimize(L, sgd(alpha=0.1))
"""
EVERY_OTHER = """
T: dim
h: dim
x: input[T, 2*h]
w: param[T, 2*h]
i: range(h)
r[t, i] = w[t, 2*i]**2 * x[t, 2*i + 1] - w[t, 2*i + 1]**3
L = sum(r**2)
minimize(L, sgd(alpha=0.1))
"""
MODELS = {
    "lookup": LOOKUP,
    "columns": COLUMNS,
    "two_reads": TWO_READS,
    "picked": PICKED,
    "chain": CHAIN,
    "row_of_each": ROW_OF_EACH,
    "every_other": EVERY_OTHER,
}

# Every axis of these has a size of its own.
SIMPLE = [name for name in MODELS if name != "every_other"]


def gradients_of(text):
    derivation = derive_gradients(read_model(text, "model"))
    return derivation, tuple(gradient.equation for gradient in derivation.gradients)


def source_of(text):
    derivation, gradients = gradients_of(text)
    return module_source(derivation.model, gradients, Formulas(), derivation.recurrences)


ADDED = [
    ("lookup", ["d_E = np.zeros_like(E)", "np.add.at(d_E, tok, "]),
    ("columns", ["np.add.at(d_E_transposed, tok, ", "d_E = d_E_transposed.T.copy()"]),
    ("two_reads", ["np.add.at(d_E, a, ", "np.add.at(d_E, b, "]),
    ("picked", [", y] -= 1 / "]),
    ("chain", ["np.add.at(d_A, (y[:, :-1], y[:, 1:]), "]),
    ("row_of_each", ["np.add.at(d_b, (all_n[:, None], y), "]),
    ("every_other", ["] += ", "] -= "]),
]


@pytest.mark.parametrize(("name", "parts"), ADDED)
def test_values_are_added_where_they_belong_without_a_mask(name, parts):
    source = source_of(MODELS[name])
    kernel = source[source.index("def _gradients(") : source.index("# What is called")]
    assert [part for part in parts if part not in kernel] == []
    assert "np.where" not in kernel
    assert "==" not in kernel


@pytest.mark.parametrize("name", MODELS)
def test_the_code_is_right_on_exact_numbers_and_on_floats(name):
    built = build_model(MODELS[name], "model")
    assert built.report.ok, str(built.report)


def test_no_value_is_lost_where_places_repeat():
    module = load_module(source_of(LOOKUP), "model")
    tok, r = np.array([[1, 1, 2], [1, 0, 1]]), np.array([[1.0], [10.0]])
    _, grads = module.gradients({"E": np.ones((4, 1))}, tok, r)
    np.testing.assert_array_equal(grads["E"][:, 0], [20, 2 + 2 + 20 + 20, 2, 0])


@pytest.mark.parametrize("name", SIMPLE)
def test_a_program_means_what_its_code_does(name):
    derivation, gradients = gradients_of(MODELS[name])
    program = program_for(derivation.model, gradients, derivation.recurrences)
    module, numbers = load_module(source_of(MODELS[name]), "model"), np.random.default_rng(0)
    sizes = {"N": 5, "T": 4, "V": 3, "D": 2, "K": 3, "I": 2}
    shapes = {
        q.name: tuple(sizes[size.name] for size in q.shape)
        for q in (d.quantity for d in derivation.model.declarations)
    }
    arrays = {
        d.quantity.name: numbers.integers(3, size=shapes[d.quantity.name])
        if d.bound is not None
        else numbers.normal(size=shapes[d.quantity.name])
        for d in derivation.model.declarations
    }
    params = {name: arrays[name] for name in module.PARAMETERS}
    cost, grads = module.gradients(params, **{name: arrays[name] for name in module.DATA})
    values = run(program, arrays)
    assert values["L"] == pytest.approx(cost, rel=1e-14)
    found = {q.name.wrt: values[q.name] for q in program.outputs if q.kind == "gradient"}
    assert set(found) == set(params)
    for name, grad in grads.items():
        np.testing.assert_allclose(found[name], grad, rtol=1e-13)


@pytest.mark.parametrize("name", SIMPLE)
def test_a_gradient_of_float32_is_float32(name):
    module = load_module(source_of(MODELS[name]), "model")
    sizes = {"N": 5, "T": 4, "V": 3, "D": 2, "K": 3, "I": 2}
    shape = {n: tuple(map(sizes.get, s)) for n, s in {**module.PARAMETERS, **module.DATA}.items()}
    params = {name: np.ones(shape[name], np.float32) for name in module.PARAMETERS}
    data = {
        name: np.zeros(shape[name], int) if name in module.BELOW else np.ones(shape[name], "f4")
        for name in module.DATA
    }
    _, grads = module.gradients(params, **data)
    assert {name: grad.dtype for name, grad in grads.items()} == {
        name: np.dtype("float32") for name in params
    }
