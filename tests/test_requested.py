"""What a model asks for: second derivatives, Jacobians, gradients by data, vectors."""

import re
import tracemalloc

import numpy as np
import pytest
from requested_models import CHAIN, FACTORS, LAYER, LOGISTIC, PICKED, QUADRATIC, RECURRENT, SCALAR

from derive import Model
from derive.pipeline import source_of

RNG = np.random.default_rng(0)


def module(text):
    return Model(text).compile()


def drawn(*shape):
    return RNG.standard_normal(shape)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def close(found, expected, tolerance=1e-12):
    """The same tables of arrays: names, shapes and numbers."""
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        for name in expected:
            close(found[name], expected[name], tolerance)
        return
    assert np.shape(found) == np.shape(expected)
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


# --- formulas by hand ---------------------------------------------------------------------------


def logistic_hessian(w, b, X):
    p = sigmoid(X @ w + b)
    weight = p * (1 - p) / len(X)
    both = weight @ X
    return {
        "w": {"w": X.T @ (weight[:, None] * X), "b": both},
        "b": {"w": both, "b": weight.sum()},
    }


@pytest.mark.parametrize(("n", "d"), [(7, 3), (1, 1), (1, 4), (5, 1)])
def test_the_hessian_of_logistic_regression(n, d):
    params = {"w": drawn(d), "b": drawn()}
    X, y = drawn(n, d), drawn(n)
    close(module(LOGISTIC).hessian(params, X, y), logistic_hessian(**params, X=X))


def test_float32_stays_float32():
    params = {"w": drawn(3).astype(np.float32), "b": np.float32(0.5)}
    X, y = drawn(7, 3).astype(np.float32), drawn(7).astype(np.float32)
    live = module(LOGISTIC)
    found = live.hessian(params, X, y)
    product = live.hvp(params, params, X, y)
    blocks = [block for row in found.values() for block in row.values()]
    arrays = [*blocks, *product.values(), *live.input_gradients(params, X, y).values()]
    assert {np.asarray(array).dtype for array in arrays} == {np.dtype(np.float32)}
    close(found, logistic_hessian(**params, X=X), tolerance=1e-6)


@pytest.mark.parametrize("text", [FACTORS, LAYER, RECURRENT, SCALAR])
def test_constants_are_float32_too(text):
    live = module(text)
    sizes = {"n": 3, "m": 2, "k": 2, "N": 3, "D": 2, "H": 4, "T": 3}
    shapes = {**live.PARAMETERS, **live.DATA}
    arrays = {
        name: drawn(*(sizes.get(size, size) for size in shape)).astype(np.float32)
        for name, shape in shapes.items()
    }
    params = {name: arrays[name] for name in live.PARAMETERS}
    data = {name: arrays[name] for name in live.DATA}
    results = [live.hvp(params, params, **data)]
    if hasattr(live, "hessian"):
        results += live.hessian(params, **data).values()
    if text is LAYER:
        results += live.jacobian(params, **data).values()
    types = {np.asarray(array).dtype for table in results for array in table.values()}
    assert types == {np.dtype(np.float32)}


def test_labels_do_not_widen_float32():
    live = module(PICKED)
    params, x = {"W": drawn(2, 3).astype(np.float32)}, drawn(4, 5, 2).astype(np.float32)
    y = np.arange(20).reshape(4, 5) % 3
    tables = [live.input_gradients(params, x, y), live.hvp(params, params, x, y)]
    tables += live.hessian(params, x, y).values()
    types = {np.asarray(array).dtype for table in tables for array in table.values()}
    assert types == {np.dtype(np.float32)}


@pytest.mark.parametrize("n", [1, 4])
def test_the_hessian_of_a_quadratic_form(n):
    A, x, v = drawn(n, n), drawn(n), drawn(n)
    live = module(QUADRATIC)
    close(live.hessian({"x": x}, A), {"x": {"x": A + A.T}})
    close(live.hvp({"x": x}, {"x": v}, A), {"x": (A + A.T) @ v})


@pytest.mark.parametrize(("n", "m", "k"), [(4, 3, 2), (1, 1, 1), (3, 1, 2)])
def test_the_hessian_of_two_factors(n, m, k):
    U, V, T = drawn(n, k), drawn(m, k), drawn(n, m)
    mixed = 2 * np.einsum("ib,ja->iajb", U, V)
    mixed -= 2 * np.einsum("ij,ab->iajb", T - U @ V.T, np.eye(k))
    expected = {
        "U": {"U": 2 * np.einsum("ij,ab->iajb", np.eye(n), V.T @ V), "V": mixed},
        "V": {
            "U": mixed.transpose(2, 3, 0, 1),
            "V": 2 * np.einsum("ij,ab->iajb", np.eye(m), U.T @ U),
        },
    }
    close(module(FACTORS).hessian({"U": U, "V": V}, T), expected)


def test_numbers_alone_and_a_parameter_in_which_the_cost_is_linear():
    live = module(SCALAR)
    params, (x, y) = {"w": 2.0, "u": 5.0}, (3.0, 1.0)
    close(live.hessian(params, x, y), {"w": {"w": 18, "u": 0}, "u": {"w": 0, "u": 0}})
    close(live.hvp(params, {"w": 0.5, "u": 7.0}, x, y), {"w": 9, "u": 0})
    close(live.jacobian(params, x, y), {"C": {"w": 30, "u": 3}})
    close(live.input_gradients(params, x, y), {"x": 20, "y": -10})
    assert live.flatten(live.hessian(params, x, y)).tolist() == [[18, 0], [0, 0]]


@pytest.mark.parametrize(("N", "D", "H"), [(4, 3, 2), (1, 1, 1)])
def test_the_jacobian_of_a_layer(N, D, H):
    W, b, s, X, Y = drawn(D, H), drawn(H), drawn(), drawn(N, D), drawn(N, H)
    h = np.tanh(s * (X @ W) + b)
    slope, eye = 1 - h**2, np.eye(H)
    expected = {
        "h": {
            "W": s * np.einsum("nj,ni,jk->njik", slope, X, eye),
            "b": np.einsum("nj,jk->njk", slope, eye),
            "s": slope * (X @ W),
        },
        "C": {"X": (2 * (h - Y) * slope) @ W.T * s},
    }
    close(module(LAYER).jacobian({"W": W, "b": b, "s": s}, X, Y), expected)


@pytest.mark.parametrize("n", [1, 2, 5])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_neighbours_have_a_band_of_ones_beside_the_diagonal(n, dtype):
    x = drawn(n).astype(dtype)
    found = module(CHAIN).hessian({"x": x})["x"]["x"]
    close(found, np.diag(12 * x**2) + np.eye(n, k=1) + np.eye(n, k=-1), tolerance=1e-6)
    assert found.dtype == dtype


@pytest.mark.parametrize("T", [1, 2, 5])
def test_a_recurrence(T):
    # h[T-1] = b Σ aᵏ x[T-1-k]
    x, a, b = drawn(T), 0.7, 1.3
    k = np.arange(T)
    back = x[::-1]
    first = (k * a ** np.maximum(k - 1, 0)) @ back
    second = (k * (k - 1) * a ** np.maximum(k - 2, 0)) @ back
    live, params = module(RECURRENT), {"a": a, "b": b}
    expected = {"a": {"a": b * second, "b": first}, "b": {"a": first, "b": 0}}
    close(live.hessian(params, x), expected)
    close(
        live.hvp(params, {"a": 2.0, "b": 3.0}, x),
        {"a": 2 * b * second + 3 * first, "b": 2 * first},
    )
    close(live.input_gradients(params, x), {"x": b * a ** k[::-1]})
    close(live.jacobian(params, x)["h"]["a"][-1], b * first)


# --- vectors ------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [LOGISTIC, FACTORS])
def test_the_matrix_of_a_hessian_acts_on_flat_directions(text):
    live = module(text)
    sizes = {"n": 5, "m": 3, "k": 2, "d": 3}
    params, direction = live.init(**_free(text, sizes)), live.init(seed=1, **_free(text, sizes))
    direction = {name: array + drawn(*array.shape) for name, array in direction.items()}
    data = {
        name: drawn(*(sizes.get(size, size) for size in shape)) for name, shape in live.DATA.items()
    }
    matrix = live.flatten(live.hessian(params, **data))
    product = live.hvp(params, direction, **data)
    close(matrix @ live.flatten(direction), live.flatten(product))
    np.testing.assert_array_equal(matrix, matrix.T)


def _free(text, sizes):
    """The sizes of parameters."""
    return {name: sizes[name] for name in (("n", "m", "k") if text is FACTORS else ("d",))}


def test_vectors_hold_the_parameters_in_their_order_and_give_them_back():
    params = {"W": np.arange(6.0).reshape(2, 3), "b": np.array([6.0, 7, 8]), "s": np.array(9.0)}
    live = module(LAYER)
    vector = live.flatten(params)
    assert vector.tolist() == list(range(10))
    back = live.unflatten(vector, params)
    close(back, params)
    back["W"][0, 0] = 100
    assert vector[0] == 0


def test_one_step_of_newtons_method_solves_least_squares():
    live = module(
        """
        n: dim; d: dim
        X: input[n, d]; y: input[n]
        w: param[d]; b: param
        C = sum((X @ w + b - y) ** 2)
        minimize(C)
        provide(hessian, flatten)
        """.replace("\n        ", "\n")
    )
    X, y, params = drawn(9, 3), drawn(9), {"w": drawn(3), "b": drawn()}
    _, grads = live.gradients(params, X, y)
    step = np.linalg.solve(live.flatten(live.hessian(params, X, y)), live.flatten(grads))
    found = live.unflatten(live.flatten(params) - step, params)
    right, *_ = np.linalg.lstsq(np.column_stack([X, np.ones(9)]), y)
    close(live.flatten(found), right, tolerance=1e-10)


# --- how it is called ---------------------------------------------------------------------------


def test_read_only_fortran_and_strided_arguments_give_the_same():
    live, X, y = module(LOGISTIC), drawn(6, 3), drawn(6)
    params, direction = {"w": drawn(3), "b": drawn()}, {"w": drawn(3), "b": drawn()}
    doubled = np.repeat(X, 2, axis=1)
    frozen = X.copy()
    frozen.flags.writeable = False
    for other in (np.asfortranarray(X), doubled[:, ::2], frozen, X.tolist()):
        close(live.hessian(params, other, y), live.hessian(params, X, y))
        close(live.hvp(params, direction, other, y), live.hvp(params, direction, X, y))
        close(live.input_gradients(params, other, y), live.input_gradients(params, X, y))


def test_arguments_are_left_as_they_are():
    live, X, y = module(LOGISTIC), drawn(6, 3), drawn(6)
    params, direction = {"w": drawn(3), "b": drawn()}, {"w": drawn(3), "b": drawn()}
    everything = [X, y, *params.values(), *direction.values()]
    before = [array.copy() for array in everything]
    for result in (live.hessian(params, X, y), {"": live.hvp(params, direction, X, y)}):
        for row in result.values():
            for array in row.values():
                assert not any(np.shares_memory(array, other) for other in everything)
    assert all(map(np.array_equal, before, everything))


REFUSED = [
    (lambda live, p, X, y: live.hvp(p, {"w": p["w"]}, X, y), "direction must have the keys"),
    (
        lambda live, p, X, y: live.hvp(p, {"w": np.ones(2), "b": 0.0}, X, y),
        "direction['w'] must have the shape (d,) with d = 3, got (2,)",
    ),
    (
        lambda live, p, X, y: live.hvp(p, {"w": np.full(3, np.nan), "b": 0.0}, X, y),
        "direction['w'] holds a number that is not finite",
    ),
    (lambda live, p, X, y: live.hessian(p, X.T, y), "X must have the shape"),
    (lambda live, p, X, y: live.flatten({"w": p["w"]}), "a table must have the keys ['b', 'w']"),
    (lambda live, p, X, y: live.unflatten(np.ones(3), p), "vector must have the shape (4,)"),
]


@pytest.mark.parametrize(("call", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        call(module(LOGISTIC), {"w": drawn(3), "b": drawn()}, drawn(6, 3), drawn(6))


def test_a_module_has_what_is_asked_for_and_no_more():
    every = {"hessian", "hvp", "jacobian", "input_gradients", "flatten", "unflatten"}
    texts = {
        "hessian(w, b)": {"hessian"},
        "hvp": {"hvp"},
        "jacobian(z)": {"jacobian"},
        "gradient(y)": {"input_gradients"},
        "flatten": {"flatten", "unflatten"},
    }
    plain = LOGISTIC.split("provide")[0]
    assert every.isdisjoint(vars(module(plain)))
    for asked, names in texts.items():
        assert every & set(vars(module(f"{plain}provide({asked})"))) == names
    params, X, y = {"w": drawn(3), "b": drawn()}, drawn(6, 3), drawn(6)
    one = module(f"{plain}provide(hessian(b, w))").hessian(params, X, y)
    close(one, {"b": {"w": logistic_hessian(**params, X=X)["b"]["w"]}})


# --- how it is computed -------------------------------------------------------------------------


def kernel(text, name):
    """The lines of a kernel of the module."""
    lines = source_of(Model(text).derivation).split(f"def {name}(")[1].split("\n\n")[0].splitlines()
    return [line.strip() for line in lines[1:]]


def test_closed_forms_stay_closed():
    whole = ["d_x_x = A + A.T  # (5)", 'return {"x": {"x": d_x_x}}']
    assert kernel(QUADRATIC, "_hessian") == whole
    scaled, product = (line.split("  #")[0] for line in kernel(LOGISTIC, "_hessian")[3:5])
    name = scaled.split(" = X / ")[0]
    assert re.fullmatch(r"\w+ = X / \w+\[:, None\]", scaled)
    assert product == f"d_w_w = {name}.T @ X / n"
    lines = kernel(FACTORS, "_hessian")
    assert "d_U_U[all_n, :, all_n] += 2 * (V.T @ V)" in lines
    assert "d_U_V[:, all_k, :, all_k] -= 2 * (T - U @ V.T)" in lines
    assert not any("for " in line or "where" in line for line in lines)


def test_a_diagonal_is_filled_without_another_array_of_the_size_of_the_block():
    live, n, k = module(FACTORS), 60, 4
    params, T = {"U": drawn(n, k), "V": drawn(n, k)}, drawn(n, n)
    size = sum(block.nbytes for block in live.hessian(params, T)["U"].values())
    size += live.hessian(params, T)["V"]["V"].nbytes
    tracemalloc.start()
    live._hessian(params["U"], params["V"], T)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1.1 * size
