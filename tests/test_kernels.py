"""Kernels as written by hand: one forward pass, nothing unused, no name that says nothing."""

import ast
import re
from functools import partial

import numpy as np
import pytest
from test_cases import NAMES as CASES
from test_cases import read

from derive.calculus.adjoint import derive_gradients
from derive.calculus.targets import forward_quantities, target_names
from derive.code.docstring import Formulas
from derive.code.module import module_source
from derive.language import read_model
from derive.model import parameters
from derive.program.interpret import run
from derive.program.passes import passes_of
from derive.program.plan import gradient_of, program_for
from derive.verification.loading import load_module

KERNELS = ("_forward", "_loss", "_gradients", "_values")

RIDGE = """
N: dim; D: dim
X: input[N, D]; y: input[N]
w: param[D]; b: param
y_hat = X @ w + b
L = mean((y_hat - y)**2) + 0.1 * sum(w**2)
minimize(L)
"""
BOWL = """
n: dim
x: param[n]; A: input[n, n]
f = x @ A @ x
minimize(f)
"""
METRIC = """
N: dim; D: dim
X: input[N, D]; y: input[N]
w: param[D]
z = tanh(X @ w)
largest = max(z)
L = mean((z - y)**2)
minimize(L)
"""
ATTENTION = """
T: dim; D: dim
x: input[T, D]; y: input[T, D]
W: param[D, D]
t: range(T); u: range(T)
S = x @ W @ x.T
A[t, u] = softmax(S[t, u], u, where=u <= t)
L = sum((A @ x - y)**2)
minimize(L)
"""
LABELS = """
N: dim; D: dim; K: dim
X: input[N, D]; y: index(K)[N]
W: param[D, K]
z = X @ W
log_p = log_softmax(z, axis=-1)
L = -mean(log_p[n, y[n]], n)
minimize(L)
"""
RECURRENT = """
T: dim; D: dim
x: input[T, D]; y: input[T, D]
U: param[D, D]; h0: param[D]
h[-1] = h0
h[t] = tanh(x[t] + h[t-1] @ U)
L = sum((h - y)**2)
minimize(L)
"""
NORMALISED = """
N: dim; D: dim
X: input[N, D]
g: param[D]
rho = sqrt(mean(X ** 2, axis=1, keepdims=True) + 1)
Y = g * X / rho
C = sum(Y ** 3)
minimize(C)
"""
WORDS = """
N: dim
X: input[N, N]
u: param[N]; v: param[N]
S = X * u
C = sum(S[i, i], i) + sum(X[i, j] * exp(u[i] * v[j]), i, j)
minimize(C)
"""
PLACES = """
V: dim; N: dim
first: index(V)[N]; second: index(V)[N]
E: param[V]
C = sum(E[first[n]] * E[second[n]] + E[first[n]] ** 3, n)
minimize(C)
"""
BEFORE = ATTENTION.replace("u <= t", "u < t")


def derived(model):
    derivation = derive_gradients(model)
    equations = tuple(gradient.equation for gradient in derivation.gradients)
    return derivation.model, equations, derivation.recurrences


def source_of(model):
    model, equations, recurrences = derived(model)
    return module_source(model, equations, Formulas(), recurrences)


def kernels(text):
    """The source of each kernel, and what needs no comment between them."""
    source = source_of(read_model(text, "model"))
    found = (re.search(rf"^def {name}\(.*?(?=\n\n\n)", source, re.M | re.S) for name in KERNELS)
    return [match.group() for match in found if match is not None]


# --- whole kernels ------------------------------------------------------------------------------


def test_a_regression():
    assert kernels(RIDGE) == [
        """\
def _forward(w, b, X):
    return X @ w + b""",
        """\
def _loss(w, b, X, y):
    y_hat = _forward(w, b, X)
    return np.mean((y_hat - y) ** 2) + 0.1 * np.sum(w**2)""",
        """\
def _gradients(w, b, X, y):
    y_hat = _forward(w, b, X)
    N = X.shape[0]
    error = y_hat - y
    L = np.mean(error**2) + 0.1 * np.sum(w**2)
    d_y_hat = 2 / N * error
    d_w = d_y_hat @ X + 0.2 * w
    d_b = d_y_hat.sum()
    return L, {"w": d_w, "b": d_b}""",
        """\
def _values(w, b, X):
    y_hat = _forward(w, b, X)
    return {"y_hat": y_hat}""",
    ]


def test_where_the_cost_is_all_there_is_no_forward_pass():
    assert kernels(BOWL) == [
        """\
def _loss(x, A):
    return x @ A @ x""",
        """\
def _gradients(x, A):
    f = x @ A @ x
    d_x = (A + A.T) @ x
    return f, {"x": d_x}""",
        """\
def _values(x):
    return {}""",
    ]


def test_what_the_cost_does_not_need_is_computed_for_who_asks_for_it():
    forward, loss, gradients, values = kernels(METRIC)
    assert "max" not in forward + loss + gradients
    assert (
        values
        == """\
def _values(w, X):
    z = _forward(w, X)
    largest = z.max()
    return {"z": z, "largest": largest}"""
    )


def test_a_masked_softmax_has_one_mask():
    assert (
        kernels(ATTENTION)[0]
        == """\
def _forward(W, x):
    T = x.shape[0]
    S = x @ W @ x.T
    all_t = np.arange(T)
    A = np.where(all_t <= all_t[:, None], S, -np.inf)
    A -= A.max(axis=1, keepdims=True)
    np.exp(A, out=A)
    A /= A.sum(axis=1, keepdims=True)
    return A, S"""
    )


def test_where_a_mask_may_keep_nothing_the_largest_is_guarded():
    forward = kernels(BEFORE)[0]
    assert forward.splitlines()[-6:] == [
        "    A = np.where(all_t < all_t[:, None], S, -np.inf)",
        "    max_S_masked = A.max(axis=1, keepdims=True)",
        "    A -= np.where(max_S_masked > -np.inf, max_S_masked, 0)",
        "    np.exp(A, out=A)",
        "    A /= np.maximum(A.sum(axis=1, keepdims=True), 1)",
        "    return A, S",
    ]


def test_where_nothing_is_kept_the_softmax_is_zero():
    module = load_module(source_of(read_model(BEFORE, "model")))
    x = np.random.default_rng(0).normal(size=(4, 2))
    values = module.forward({"W": 1000 * np.eye(2)}, x)
    np.testing.assert_array_equal(values["A"][0], np.zeros(4))
    np.testing.assert_allclose(values["A"][1:].sum(axis=1), np.ones(3), rtol=1e-12)
    _, grads = module.gradients({"W": np.eye(2)}, x, x)
    assert np.isfinite(grads["W"]).all()


def test_an_axis_of_size_one_stays_and_without_targets_the_cost_is_computed_once():
    assert kernels(NORMALISED)[:3] == [
        """\
def _forward(g, X):
    rho = np.sqrt(np.mean(X**2, axis=1, keepdims=True) + 1)
    Y = g * X / rho
    C = np.sum(Y**3)
    return C, rho, Y""",
        """\
def _loss(g, X):
    C, *_ = _forward(g, X)
    return C""",
        """\
def _gradients(g, X):
    C, rho, Y = _forward(g, X)
    d_Y = 3 * Y**2
    d_g = np.sum(d_Y * (X / rho), axis=0)
    return C, {"g": d_g}""",
    ]


def test_what_numpy_has_a_word_for_is_called_by_it():
    assert (
        kernels(WORDS)[0]
        == """\
def _forward(u, v, X):
    S = X * u
    X_exp_uv = X * np.exp(np.outer(u, v))
    C = np.trace(S) + X_exp_uv.sum()
    return C, S, X_exp_uv"""
    )


def test_what_is_added_at_the_same_places_is_added_together():
    added = [line.strip() for line in kernels(PLACES)[1].splitlines() if "add.at" in line]
    assert added == [
        "np.add.at(d_E, first, E_second + 3 * E_first**2)",
        "np.add.at(d_E, second, E_first)",
    ]


def test_a_cross_entropy():
    assert (
        kernels(LABELS)[2]
        == """\
def _gradients(W, X, y):
    log_p, z = _forward(W, X)
    del z  # to make room for the gradients
    N = X.shape[0]
    all_n = np.arange(N)
    L = -log_p[all_n, y].mean()
    d_z = np.exp(log_p) / N
    d_z[all_n, y] -= 1 / N
    d_W = X.T @ d_z
    return L, {"W": d_W}"""
    )


def test_a_recurrence_hands_its_value_on():
    assert (
        kernels(RECURRENT)[0]
        == """\
def _forward(U, h0, x):
    T, D = x.shape
    h = np.empty((T, D), dtype=np.result_type(x, U, h0))
    h_before = h0
    for t in range(T):
        h[t] = np.tanh(x[t] + h_before @ U)
        h_before = h[t]
    return h"""
    )


# --- properties ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def sources():
    """The source of each case, generated once."""
    made = {}

    def source(name):
        if name not in made:
            made[name] = source_of(read(name))
        return made[name]

    return source


def functions(source):
    found = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
    return [node for node in found if node.name in KERNELS]


def stored(function):
    """The names that a function gives a value, except those to which it adds."""
    added = [node.target for node in ast.walk(function) if isinstance(node, ast.AugAssign)]
    nodes = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
    return {n.id for n in nodes if isinstance(n.ctx, ast.Store) and n not in added} - {"_"}


@pytest.mark.parametrize("name", CASES)
def test_every_local_is_read(name, sources):
    for function in functions(sources(name)):
        nodes = [node for node in ast.walk(function) if isinstance(node, ast.Name)]
        added = [node.target for node in ast.walk(function) if isinstance(node, ast.AugAssign)]
        read = {n.id for n in nodes if not isinstance(n.ctx, ast.Store) or n in added}
        assert stored(function) <= read


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_computed_twice(name, sources):
    for function in functions(sources(name)):
        values = [
            ast.unparse(node.value)
            for node in function.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.BinOp | ast.Call)
        ]
        # Arrays that are filled later are no values yet.
        made = [value for value in values if not re.match(r"np\.(empty|zeros)", value)]
        assert len(made) == len(set(made))


@pytest.mark.parametrize("name", CASES)
def test_a_name_says_what_a_value_is(name, sources):
    for function in functions(sources(name)):
        names = stored(function)
        assert not [n for n in names if re.fullmatch(r"(shared|part|added|carried)(_\d+)?", n)]


@pytest.mark.parametrize("name", CASES)
def test_a_line_is_not_too_long(name, sources):
    kernels = sources(name).split("# The mathematics")[1].split("# What is called")[0]
    assert max(map(len, kernels.splitlines())) <= 100


@pytest.mark.parametrize("text", [RIDGE, METRIC, ATTENTION, LABELS, RECURRENT, NORMALISED])
def test_the_parts_of_a_program_mean_what_their_code_does(text):
    model, equations, recurrences = derived(read_model(text, "model"))
    cost = model.objective.cost
    gradients = [gradient_of(cost, parameter) for parameter in parameters(model)]
    values = forward_quantities(model, target_names(model))
    program = program_for(model, equations, recurrences)
    passes = passes_of(program, cost, gradients, values, target_names(model))
    random, sizes = np.random.default_rng(0), {"N": 4, "D": 3, "K": 5, "T": 6, "n": 3}
    arrays = {}
    for quantity in (d.quantity for d in model.declarations):
        shape = tuple(sizes[size.name] for size in quantity.shape)
        integers = quantity.kind == "index"
        arrays[quantity.name] = (
            random.integers(0, sizes["K"], shape) if integers else random.normal(size=shape)
        )
    module = load_module(source_of(read_model(text, "model")))
    params = {p.name: arrays[p.name] for p in parameters(model)}
    data = {name: array for name, array in arrays.items() if name not in params}
    loss, grads = module.gradients(params, **data)
    passed = arrays | run(passes.forward, arrays)
    assert run(passes.loss, passed)[cost.name] == pytest.approx(loss, rel=1e-13)
    assert module.loss(params, **data) == pytest.approx(loss, rel=1e-13)
    found = run(passes.gradients, passed)
    # The same operations; but how a library rounds a product depends on where arrays lie in memory.
    equal = partial(np.testing.assert_allclose, rtol=1e-12, atol=1e-13)
    for gradient in gradients:
        equal(found[gradient.name], grads[gradient.name.wrt])
    visible = {name: data[name] for name in data if name in module_arguments(module)}
    named = module.forward(params, **visible)
    for name, value in run(passes.values, passed).items():
        equal(named[name], value)


def module_arguments(module):
    return module.forward.__code__.co_varnames[: module.forward.__code__.co_argcount]
