"""What generated modules take and refuse: every kind of argument works, or is refused by name."""

import re

import numpy as np
import pytest

from derive import Model

LINE = """
n: dim; d: dim
x: input[n, d]; y: input[n]; k: index(2)[n]
w: param[d]; b: param[2]
C = mean((x @ w + b[k] - y) ** 2)
minimize(C)
"""
X = np.array([[1.0, 2.0, 0.5], [0.0, -1.0, 3.0]])
Y, K = np.array([1.0, -2.0]), np.array([0, 1])


@pytest.fixture(scope="module")
def line():
    return Model(LINE).compile()


def started(dtype=np.float64):
    return {"w": np.array([0.5, -1.0, 2.0], dtype), "b": np.array([0.25, 0.75], dtype)}


class Frame:
    """What a table of another library looks like from here."""

    def __init__(self, rows):
        self.rows = rows

    def __array__(self, dtype=None, copy=None):
        return np.array(self.rows, dtype)


# --- what is taken ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "x",
    [
        X.tolist(),
        tuple(map(tuple, X)),
        X.view(np.matrix),
        Frame(X),
        X.astype(">f8"),
        X.astype(np.longdouble),
        np.asfortranarray(X),
        list(X),
    ],
    ids=lambda x: type(x).__name__,
)
def test_what_holds_the_same_numbers_gives_the_same_gradients(line, x):
    cost, grads = line.gradients(started(), X, Y, K)
    found, slopes = line.gradients(started(), x, Y, K)
    assert found == pytest.approx(cost, rel=1e-15)
    for name, gradient in grads.items():
        assert type(slopes[name]) is np.ndarray
        np.testing.assert_allclose(slopes[name].astype(float), gradient, rtol=1e-14)


@pytest.mark.parametrize("kind", [np.int8, np.uint8, np.uint64, np.int32, ">i4", np.intp])
def test_subscripts_of_every_kind_of_integer(line, kind):
    cost = line.loss(started(), X, Y, K)
    assert line.loss(started(), X, Y, K.astype(kind)) == cost
    assert line.loss(started(), X, Y, K.tolist()) == cost


def test_integers_and_lists_take_the_type_of_the_parameters(line):
    whole = np.array([[1, 2, 3], [4, 5, 6]])
    for x in (whole, whole.tolist(), whole.astype(np.uint8), X.tolist()):
        _, grads = line.gradients(started(np.float32), x, [1, 2], K)
        assert {gradient.dtype for gradient in grads.values()} == {np.dtype(np.float32)}


def test_a_parameter_alone_with_whole_numbers_stays_float32():
    model = Model(
        "n: dim = 5; w: param = 1; i: range(n); C = sum((w * i - 1) ** 2, i); minimize(C)"
    )
    module = model.compile()
    params = {"w": np.array(0.5, np.float32)}
    _, grads = module.gradients(params, n=4)
    assert grads["w"].dtype == np.float32
    module.step(params, n=4, alpha=0.1)
    assert params["w"].dtype == np.float32


def test_every_gradient_is_an_array_of_its_own_in_the_type_of_its_parameter():
    text = (
        "x: input; w: param; b: param; v: param[2]; u: param[2]; C = x * w + b + v @ u; minimize(C)"
    )
    module = Model(text).compile()
    x, single = np.array(3.0), np.float32
    params = {
        "w": np.array(2.0, single),
        "b": np.array(1.0),
        "v": X[0, :2],
        "u": np.ones(2, single),
    }
    _, grads = module.gradients(params, x)
    assert {name: gradient.dtype for name, gradient in grads.items()} == {
        name: value.dtype for name, value in params.items()
    }
    assert {name: gradient.tolist() for name, gradient in grads.items()} == {
        "w": 3.0,
        "b": 1.0,
        "v": [1.0, 1.0],
        "u": X[0, :2].tolist(),
    }
    for gradient in grads.values():
        assert not any(np.shares_memory(gradient, value) for value in (x, *params.values()))


def test_what_cannot_be_written_is_not_trained(line):
    params = started()
    params["b"].flags.writeable = False
    message = "params['b'] is read-only, but an update changes it in place"
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        line.step(params, X, Y, K)
    for name, value in started().items():
        np.testing.assert_array_equal(params[name], value)


# --- what is refused ----------------------------------------------------------------------------


class Broken:
    def __array__(self, dtype=None, copy=None):
        raise TypeError("this table is not loaded")


REFUSED = [
    ("x", X * 1j, TypeError, "x must hold real numbers, not complex128"),
    ("x", X.astype(object), TypeError, "x must hold real numbers, not object"),
    ("x", X.astype(str), TypeError, "x must hold real numbers, not <U32"),
    ("x", X > 0, TypeError, "x must hold real numbers, not bool"),
    ("x", None, TypeError, "x must hold real numbers, not object"),
    ("x", [[10**30] * 3] * 2, TypeError, "x must hold real numbers, not object"),
    ("x", X.astype("M8[s]"), TypeError, "x must hold real numbers, not datetime64[s]"),
    ("x", np.ma.masked_less(X, 0), TypeError,
     "x must not be masked: fill it, or make the mask an input"),
    ("x", Broken(), ValueError, "x must be an array: this table is not loaded"),
    ("x", np.where(X > 2, np.nan, X), ValueError, "x holds a number that is not finite"),
    ("y", [1, -np.inf], ValueError, "y holds a number that is not finite"),
    ("x", X[0], ValueError, "x must have the shape (n, d) with d = 3, got (3,)"),
    ("x", X[:, :2], ValueError, "x must have the shape (n, d) with d = 3, got (2, 2)"),
    ("x", 1.0, ValueError, "x must have the shape (n, d) with d = 3, got ()"),
    ("k", [0.0, 1.0], TypeError, "k must hold integers, not float64"),
    ("k", [True, False], TypeError, "k must hold integers, not bool"),
    ("k", [0, 2], ValueError, "k must hold subscripts from 0 to 1"),
    ("k", np.array([0, 2**64 - 1], np.uint64), ValueError, "k must hold subscripts from 0 to 1"),
    ("params", None, TypeError, "params must be a dict of arrays by name, not NoneType"),
    ("params", [1, 2], TypeError, "params must be a dict of arrays by name, not list"),
    ("params", {"w": 1, 2: 3}, ValueError, "params must have the keys ['b', 'w'], got [2, 'w']"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "kind", "message"), REFUSED)
def test_what_is_refused_is_named(line, name, value, kind, message):
    given = {"params": started(), "x": X, "y": Y, "k": K} | {name: value}
    for public in (line.loss, line.gradients, line.step):
        with np.errstate(all="ignore"), pytest.raises(kind) as error:
            public(given["params"], x=given["x"], y=given["y"], k=given["k"])
        assert str(error.value) == message


@pytest.mark.parametrize("alpha", [np.nan, np.inf, "fast", None, 1j, [1.0]])
def test_a_setting_is_a_finite_number(line, alpha):
    params = started()
    with pytest.raises(ValueError, match=re.escape(f"alpha must be a finite number, not {alpha}")):
        line.step(params, X, Y, K, alpha=alpha)
    np.testing.assert_array_equal(params["w"], started()["w"])


def test_no_axis_is_empty(line):
    with pytest.raises(ValueError, match=re.escape("x must not be empty, got the shape (0, 3)")):
        line.loss(started(), X[:0], Y[:0], K[:0])


def test_what_is_no_number_cannot_hide_behind_a_comparison():
    text = "n: dim; x: input[n]; w: param; z = w * x; C = sum(where(z > 0, z, 0)); minimize(C)"
    module = Model(text).compile()
    with pytest.raises(ValueError, match="x holds a number that is not finite"):
        module.loss({"w": 1.0}, [1.0, np.nan])


# --- sizes --------------------------------------------------------------------------------------

WINDOWS = """
L: dim; K: dim; stride: dim
M: dim = (L - K) // stride + 1
x: input[L]; w: param[K]
i: range(M)
C = {}(sum(x[stride*i + k] * w[k], k), i)
minimize(C)
"""


@pytest.mark.parametrize("reduction", ["sum", "max", "mean", "logsumexp"])
def test_a_window_that_does_not_fit_is_refused_with_both_sizes(reduction):
    module = Model(WINDOWS.format(reduction)).compile()
    assert np.isfinite(module.loss({"w": np.ones(3)}, np.ones(7), stride=2))
    known = "with L = 2, K = 3, stride"
    for stride, kind, message in (
        (2, ValueError, f"the size M must be a whole number from 1, not 0 {known} = 2"),
        (0, ValueError, f"the size M is divided by zero {known} = 0"),
        (-1, ValueError, "stride must not be negative, got -1"),
        (1.0, TypeError, "stride must be an int, not 1.0"),
    ):  # fmt: skip
        with pytest.raises(kind) as error:
            module.loss({"w": np.ones(3)}, np.ones(2), stride=stride)
        assert str(error.value) == message


def test_an_exact_division_leaves_nothing():
    text = "D: dim; h: dim; d: dim = D / h; x: input[D]; w: param[h]; j: range(d); a: range(h)"
    text += "; C = sum(x[a*d + j] * w[a], a, j); minimize(C)"
    module = Model(text).compile()
    assert module.loss({"w": [1.0, 2.0]}, [1.0, 2.0, 3.0, 4.0]) == 17
    message = "the size d must be a whole number from 1, not 2.5 with D = 5, h = 2"
    with pytest.raises(ValueError, match=re.escape(message)):
        module.loss({"w": [1.0, 2.0]}, np.ones(5))


def test_a_maximum_over_nothing_is_refused_and_a_sum_is_zero():
    text = "T: dim; x: input[T]; w: param; t: range(T - 1); C = {}(w * x[t + 1], t); minimize(C)"
    total, largest = (Model(text.format(kind)).compile() for kind in ("sum", "max"))
    assert total.loss({"w": 2.0}, [1.0]) == 0
    message = "the size T - 1 must be a whole number from 1, not 0 with T = 1"
    with pytest.raises(ValueError, match=re.escape(message)):
        largest.loss({"w": 2.0}, [1.0])


# --- facts --------------------------------------------------------------------------------------


def test_a_parameter_is_held_to_what_the_model_assumes_before_every_step():
    text = "x: input; s: param = 1; assume(positive(s)); C = (log(s) - x) ** 2; minimize(C)"
    module = Model(text).compile()
    assert "The model assumes that s has positive entries only." in module.update.__doc__
    params = {"s": np.array(1.0)}
    module.step(params, -3.0, alpha=1.0)
    assert params["s"] < 0
    message = "params['s'] must have positive entries only: the model assumes it"
    with pytest.raises(ValueError, match=re.escape(message)):
        module.step(params, -3.0, alpha=1.0)


FACTS = {
    "orthonormal": np.linalg.qr(np.random.default_rng(0).standard_normal((40, 20)))[0],
    "symmetric": (lambda a: a @ a.T)(np.random.default_rng(1).standard_normal((30, 7))),
    "rows_sum_to_one": np.random.default_rng(2).dirichlet(np.ones(500), 4),
}


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("scale", [1.0, 1e-6])
def test_facts_hold_to_the_precision_of_the_numbers(fact, dtype, scale):
    rows, columns = ("n", "n") if fact == "symmetric" else ("n", "m")
    sizes = "n: dim" if fact == "symmetric" else "n: dim; m: dim"
    text = f"{sizes}; A: input[{rows}, {columns}]; w: param = 1; assume({fact}(A)); "
    module = Model(text + "C = w * sum(A); minimize(C)").compile()
    value = FACTS[fact] * (scale if fact == "symmetric" else 1)
    module.loss(module.init(), value.astype(dtype))
    off = value.copy()
    off[0, 1] += 0.01 * np.abs(value).max()
    with pytest.raises(ValueError, match="A must have"):
        module.loss(module.init(), off.astype(dtype))


# --- precision ----------------------------------------------------------------------------------


def test_linear_algebra_names_what_it_cannot_take():
    text = "n: dim; A: input[n, n]; b: param[n]; C = sum(solve(A, b)); minimize(C)"
    module = Model(text).compile()
    for kind in (np.float16, np.longdouble):
        message = f"A must hold float32 or float64 for linear algebra, not {np.dtype(kind)}"
        with pytest.raises(TypeError, match=f"^{message}$"):
            module.loss({"b": np.ones(2)}, np.eye(2, dtype=kind))
    _, grads = module.gradients({"b": np.ones(2, np.float32)}, np.eye(2, dtype=np.float32))
    assert grads["b"].dtype == np.float32
