"""Data that must not hurt a generated module, and gradients that must not pass: named as attacks.

These are rows of the table of `test_bad_input.py`.
"""

import numpy as np
import pytest

from derive import Model
from derive.pipeline import source_of
from derive.verification.verify import verify

LINE = """
n: dim = 3; d: dim = 2
x: input[n, d]; y: input[n]; w: param[d]
C = sum((x @ w - y) ** 2)
minimize(C, sgd(alpha=0.1))
"""

# --- what a generated module is given -----------------------------------------------------------

X, Y = np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]]), np.array([1.0, 0.0, -2.0])


@pytest.fixture(scope="module")
def module():
    return Model(LINE).compile()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_nan_data(module, bad):
    params = {"w": np.array([0.5, 0.25])}
    x = X.copy()
    x[1, 1] = bad
    with pytest.raises(ValueError, match="x holds a number that is not finite"):
        module.step(params, x, Y)
    assert params["w"].tolist() == [0.5, 0.25]


@pytest.mark.parametrize("kind", [object, complex, bool, str, "S8", "M8[s]", "V8"])
def test_wrong_dtype(module, kind):
    params = {"w": np.array([0.5, 0.25])}
    x = np.zeros((3, 2), kind) if kind in ("M8[s]", "V8") else X.astype(kind)
    with pytest.raises(TypeError, match="x must hold real numbers"):
        module.step(params, x, Y)
    assert params["w"].tolist() == [0.5, 0.25]


@pytest.mark.parametrize("kind", [bool, complex, object, str])
def test_wrong_dtype_of_a_parameter(module, kind):
    with pytest.raises(TypeError, match=r"params\['w'\] must hold real numbers"):
        module.step({"w": np.array([1, 1]).astype(kind)}, X, Y)


@pytest.mark.parametrize(
    ("kind", "after"), [(np.int64, float), (np.int8, float), (np.float32, np.float32)]
)
def test_a_step_is_never_cut_to_whole_numbers(module, kind, after):
    params = {"w": np.array([1, 1]).astype(kind)}
    module.step(params, X, Y, alpha=0.1)
    assert params["w"].dtype == after
    np.testing.assert_allclose(params["w"], [-1.25, -4.6], rtol=1e-6)


def test_noncontiguous(module):
    params = {"w": np.array([0.5, 0.25])}
    cost, grads = module.gradients(params, X, Y)
    wide = np.repeat(X, 2, axis=1)
    frozen = X.copy()
    frozen.flags.writeable = False
    for x in (np.asfortranarray(X), wide[:, ::2], X[::-1][::-1], frozen, X.astype(">f8")):
        before = x.tobytes()
        found, slopes = module.gradients(params, x, Y)
        assert found == pytest.approx(cost, rel=1e-15)
        np.testing.assert_allclose(slopes["w"], grads["w"], rtol=1e-15)
        assert x.tobytes() == before


# --- the verifier -------------------------------------------------------------------------------


def test_verifier_fooled_zero():
    text = "n: dim\nx: input[n]; w: param[n]\nC = relu(sum(x * w) - 100)\nminimize(C)"

    def wrong(w, x):
        return np.where(np.sum(x * w) > 100, 2 * x, 0 * x)

    assert Model(text).verify(against=wrong).verdict == "failed"


def test_verifier_special_point():
    text = "n: dim\nx: input[n]; g: param; b: param\nC = sum((g * x + b) ** 2)\nminimize(C)"
    wrongs = {
        "right where g is 1": lambda g, b, x: (2 * np.sum((x + b) * x), 2 * np.sum(x + b)),
        "right where b is 0": lambda g, b, x: (2 * np.sum(g * x * x), 2 * np.sum(g * x)),
        "right where n is 1": lambda g, b, x: (2 * (g * x + b) @ x / x.size,
                                               2 * np.sum(g * x + b) / x.size),
    }  # fmt: skip
    verdicts = {name: Model(text).verify(against=wrong).verdict for name, wrong in wrongs.items()}
    assert verdicts == dict.fromkeys(wrongs, "failed")


def test_a_code_that_is_wrong_is_not_verified():
    model = Model(LINE)
    source = source_of(model.derivation)
    wrong = source.replace("2 *", "3 *")
    assert wrong != source
    assert verify(model.specification, wrong).verdict == "failed"
