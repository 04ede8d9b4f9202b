"""What generated modules are called with: sizes, defaults, settings, batches, large numbers."""

import inspect
import itertools
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

from derive import Model

GALLERY = sorted((Path(__file__).parent.parent / "derive" / "gallery").glob("*.model"))

SEQUENCE = """
N: dim; T: dim; H: dim; K: dim; S: dim; D: dim; M: dim = D - 1
x: input[N, T + 1]; y: input[M]; z: input[S + K - 1]
u: param[2*H]; k: param[K]
n: range(N); t: range(T); s: range(S); p: range(K); j: range(H); d: range(D)
C = sum(t * x[n, t + 1], n, t) * sum(j * u[j + H], j) + sum(s * z[s + p] * k[p], s, p) + D * y[0]
minimize(C)
"""


@pytest.fixture(scope="module")
def sequence():
    return Model(SEQUENCE).compile()


def module_of(path):
    return Model(path.read_text(encoding="utf-8"), path.stem).compile()


# --- sizes --------------------------------------------------------------------------------------


def cost_of_sequence(x, y, z, u, k):
    """The same by loops over sizes that are known here."""
    T, H, S, D = x.shape[1] - 1, len(u) // 2, len(z) - len(k) + 1, len(y) + 1
    first = sum(t * x[n, t + 1] for n in range(len(x)) for t in range(T))
    second = sum(j * u[j + H] for j in range(H))
    return first * second + sum(s * z[s : s + len(k)] @ k for s in range(S)) + D * y[0]


@pytest.mark.parametrize("sizes", [(2, 5, 4, 3, 6, 2), (1, 2, 1, 1, 1, 1), (3, 2, 2, 4, 2, 5)])
def test_an_axis_that_is_longer_than_a_size_tells_it(sequence, sizes):
    rng = np.random.default_rng(0)
    n, t, h, k, s, m = sizes
    x, y, z = rng.normal(size=(n, t)), rng.normal(size=m), rng.normal(size=s + k - 1)
    params = {"u": rng.normal(size=2 * h), "k": rng.normal(size=k)}
    wanted = cost_of_sequence(x, y, z, **params)
    assert sequence.loss(params, x, y, z) == pytest.approx(wanted, rel=1e-12)
    assert list(inspect.signature(sequence.loss).parameters) == ["params", "x", "y", "z"]


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("x", (2, 1), "the size T must be a whole number from 1, not 0 with T + 1 = 1"),
        ("u", (5,), "the size H must be a whole number from 1, not 2.5 with 2*H = 5"),
        ("z", (2,), "the size S must be a whole number from 1, not 0 with S + K - 1 = 2, K = 3"),
        ("x", (3,), "x must have the shape (N, T + 1), got (3,)"),
    ],
)
def test_an_axis_that_tells_no_size_is_refused(sequence, name, shape, message):
    shapes = {"x": (2, 3), "y": (2,), "z": (4,), "u": (4,), "k": (3,)} | {name: shape}
    given = {name: np.ones(shape) for name, shape in shapes.items()}
    params = {name: given.pop(name) for name in ("u", "k")}
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        sequence.loss(params, **given)


def test_an_axis_that_has_the_size_is_preferred_and_others_are_held_to_it():
    text = "T: dim; x: input[T + 1]; z: input[T]; w: param; t: range(T)"
    module = Model(f"{text}; C = w * sum(x[t + 1] * z[t], t) / T; minimize(C)").compile()
    assert module.loss({"w": 2.0}, [9.0, 1.0, 2.0], [3.0, 4.0]) == 11
    with pytest.raises(ValueError, match=r"^the size T \+ 1 must be 3 with T = 2, got 4$"):
        module.loss({"w": 2.0}, np.ones(4), np.ones(2))


def test_the_shapes_of_targets_are_read_last():
    text = "T: dim; x: input[T + 1]; y: input[T]; w: param; t: range(T); z[t] = w * x[t + 1] * T"
    module = Model(f"{text}; C = sum((z - y) ** 2); minimize(C)").compile()
    assert module.forward({"w": 1.0}, np.array([5.0, 2.0, 3.0]))["z"].tolist() == [4, 6]


@pytest.mark.parametrize("size", ["T * K", "10 - T", "T // 2", "T ** 2", "T + K"])
def test_a_size_that_no_axis_tells_is_asked_for_by_name(size):
    text = f"T: dim; K: dim; x: input[{size}]; w: param; C = w * sum(x) / (T + K); minimize(C)"
    signature = inspect.signature(Model(text).compile().loss)
    required = [p.name for p in signature.parameters.values() if p.kind is p.KEYWORD_ONLY]
    assert required == ["T", "K"]


WINDOWS = """
S: dim = 4; K: dim = 2; stride: dim = 2
x: input[S]; w: param[K]
i: range((S - K) // stride + 1)
y[i] = sum(x[stride*i + k] * w[k], k)
C = sum(y[i] ** 2, i)
minimize(C)
"""


@pytest.mark.parametrize(
    ("example", "stride"), [("", 2), ("\nwith example(S=7, stride=3, K=3):\n    x = 1\n", 3)]
)
def test_sizes_have_those_of_the_example_as_defaults(example, stride):
    module = Model(WINDOWS + example).compile("hessian, hvp, jacobian(y), gradient(x)")
    params, data = module.init(), module.example()
    assert len(params["w"]) == (3 if example else 2)
    for public in (module.forward, module.loss, module.gradients, module.hessian):
        parameter = inspect.signature(public).parameters["stride"]
        assert (parameter.default, parameter.kind) == (stride, parameter.KEYWORD_ONLY)
    assert module.loss(params, **data) == module.loss(params, **data, stride=stride)
    assert module.step(params, **data) == module.train(params, [data], report=None)[0]


def test_a_size_of_which_nothing_is_said_is_asked_for():
    module = Model("n: dim; x: input[n]; w: param[n]; C = sum(x * w); minimize(C)").compile()
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'n'"):
        module.init()


# --- the gallery --------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=GALLERY, ids=[path.stem for path in GALLERY])
def learner(request):
    """A module of the gallery."""
    return module_of(request.param)


def test_first_parameters_fit_the_data_of_the_example(learner):
    params, data = learner.init(), learner.example()
    cost, grads = learner.gradients(params, **data)
    assert np.isfinite(cost)
    assert {name: g.shape for name, g in grads.items()} == {n: p.shape for n, p in params.items()}


@pytest.mark.parametrize("scale", [30.0, 1e3, 1e10, 1e30])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_finite_results_come_without_a_warning(learner, scale, dtype):
    params = {name: (scale * value).astype(dtype) for name, value in learner.init().items()}
    data = learner.example()
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="warn", under="ignore"):
        warnings.simplefilter("always")
        cost, grads = learner.gradients(params, **data)
        visible = inspect.signature(learner.forward).parameters
        values = learner.forward(params, **{n: data[n] for n in data if n in visible})
    results = [cost, *grads.values(), *values.values()]
    assert not caught or not all(np.isfinite(result).all() for result in results)


def test_everything_of_float32_is_float32(learner):
    params = {name: value.astype(np.float32) for name, value in learner.init().items()}
    data = {name: np.asarray(value) for name, value in learner.example().items()}
    data = {n: v.astype(np.float32) if v.dtype.kind == "f" else v for n, v in data.items()}
    cost, grads = learner._gradients(*learner._checked(params, data).values())
    assert {value.dtype for value in grads.values()} == {np.dtype(np.float32)}
    assert np.asarray(cost).dtype == np.float32


def test_parameters_are_saved_and_loaded(learner, tmp_path):
    params, data = learner.init(), learner.example()
    np.savez(tmp_path / "params.npz", **params)
    with np.load(tmp_path / "params.npz") as loaded:
        assert learner.loss(loaded, **data) == learner.loss(params, **data)
        with pytest.raises(TypeError, match=r"^params must be a dict, to be changed in place, not"):
            learner.step(loaded, **data, state=learner.init_state(params))
        again = dict(loaded)
    costs = [learner.train(p, [data] * 2, report=None) for p in (params, again)]
    assert costs[0] == costs[1]


# --- large numbers ------------------------------------------------------------------------------


def test_what_overflows_on_the_way_is_warned_of_only_where_it_shows():
    text = "w: param; x: input; p = {}; C = p * x; minimize(C)"
    logistic = Model(text.format("1 / (1 + exp(-w))")).compile()
    assert logistic.loss({"w": -1000.0}, 2.0) == 0
    growing = Model(text.format("exp(w)")).compile()
    with pytest.warns(RuntimeWarning, match="^a result is not finite, but all arguments are$"):
        assert growing.loss({"w": 1000.0}, 2.0) == np.inf
    with pytest.raises(ValueError, match="x holds a number that is not finite"):
        growing.loss({"w": 1000.0}, np.inf)


def test_a_count_does_not_change_the_type_of_numbers():
    text = "n: dim; x: input[n]; w: param[n]; n_kept = sum(1, i, where=x[i] > 0)"
    model = Model(f"{text}; C = sum((x / (1 + n_kept) - w) ** 2); minimize(C)")
    module = model.compile()
    arrays = [np.array([0.5, -1.0], np.float32), np.array([1.0, 2.0], np.float32)]
    _, grads = module._gradients(*arrays)
    assert grads["w"].dtype == np.float32
    np.testing.assert_allclose(grads["w"], 2 * (arrays[0] - arrays[1] / 3), rtol=1e-6)


# --- training -----------------------------------------------------------------------------------

LINE = "n: dim; x: input[n]; y: input[n]; w: param = 0.5; C = mean((w * x - y) ** 2)"
X, Y = np.array([1.0, 2.0, -1.0]), np.array([2.0, 3.0, 0.5])


@pytest.fixture(scope="module")
def adam():
    return Model(f"{LINE}; minimize(C, adam)").compile()


def test_batches_are_anything_that_can_be_gone_through(adam):
    batches = [(X[:2], Y[:2]), (X[1:], Y[1:])]
    kinds = [
        batches,
        iter(batches),
        (batch for batch in batches),
        [list(batch) for batch in batches],
        [{"y": y, "x": x} for x, y in batches],
        itertools.islice(itertools.cycle(batches), 2),
    ]
    runs = []
    for kind in kinds:
        params = adam.init()
        runs.append((adam.train(params, kind, report=None, alpha=0.1), params["w"].item()))
    assert len(runs[0][0]) == 2
    assert runs == [runs[0]] * len(kinds)


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ({"x": X, "y": Y}, "TypeError: a batch must be (x, y) or a dict, not str"),
        ([X], "TypeError: a batch must be (x, y) or a dict, not ndarray"),
        ([(X,)], "ValueError: a batch must be (x, y) or a dict, got 1 values"),
        ([{"x": X}], "ValueError: a batch must have the keys ['x', 'y'], got ['x']"),
    ],
)
def test_what_is_no_batch_is_refused(adam, batches, message):
    with pytest.raises((TypeError, ValueError)) as error:
        adam.train(adam.init(), batches)
    assert f"{type(error.value).__name__}: {error.value}" == message


def test_settings_are_those_of_the_update(adam):
    assert list(inspect.signature(adam.update).parameters)[3:] == [
        "alpha", "beta_1", "beta_2", "epsilon",
    ]  # fmt: skip
    by_hand, params, trained = adam.init(), adam.init(), adam.init()
    cost, grads = adam.gradients(by_hand, X, Y)
    adam.update(by_hand, grads, adam.init_state(by_hand), alpha=0.3, beta_1=0.5)
    assert adam.step(params, X, Y, adam.init_state(params), alpha=0.3, beta_1=0.5) == cost
    assert adam.train(trained, [(X, Y)], report=None, alpha=0.3, beta_1=0.5) == [cost]
    assert by_hand == params == trained != adam.init()


def test_an_unknown_setting_changes_nothing(adam):
    params = adam.init()
    for call in (
        lambda: adam.step(params, X, Y, adam.init_state(params), alhpa=1),
        lambda: adam.train(params, [(X, Y)], alhpa=1),
    ):
        with pytest.raises(TypeError, match="unexpected keyword argument 'alhpa'"):
            call()
    assert params == adam.init()


@pytest.mark.parametrize("state", [None, {}])
def test_a_state_that_is_needed_is_asked_for(adam, state):
    params = adam.init()
    _, grads = adam.gradients(params, X, Y)
    message = r"^this update has a state: pass state=init_state\(params\)$"
    for call in (lambda: adam.update(params, grads, state), lambda: adam.step(params, X, Y, state)):
        with pytest.raises(TypeError, match=message):
            call()
    assert params == adam.init()


def test_a_state_goes_on_where_it_was(adam):
    at_once, in_parts = adam.init(), adam.init()
    costs = adam.train(at_once, [(X, Y)] * 6, report=None)
    state = adam.init_state(in_parts)
    parts = [adam.train(in_parts, [(X, Y)] * 3, state, report=None) for _ in range(2)]
    assert parts[0] + parts[1] == costs
    assert in_parts == at_once
