"""Elementary functions over the whole range of floats, and their slopes, beside mpmath."""

import mpmath
import numpy as np
import pytest

from derive import Model

# Past the largest float an exponential is infinite, and what is divided by it is zero: as it is.
pytestmark = pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")

# Logarithmically, from the smallest to the largest, both signs; and where functions turn.
SIZES = [10.0**k for k in (-300, -200, -100, -20, -16, -8, -5, -3, -1)]
SIZES += [0.7, 1.0, 3.0, 10.0, 20.0, 40.0, 300.0, 700.0, 800.0, 1e4, 1e8, 1e20, 1e155, 1e300]
RANGE = np.array([-size for size in reversed(SIZES)] + SIZES)


def sigma(x):
    return 1 / (1 + mpmath.exp(-x)) if x >= 0 else mpmath.exp(x) / (1 + mpmath.exp(x))


def softplus(x):
    return mpmath.log1p(mpmath.exp(-abs(x))) + max(x, 0)


def slope(x):
    return sigma(x) * sigma(-x)


def phi(x):
    # Far out it is 0 or 1 to more digits than mpmath can say.
    return mpmath.erfc(-x / mpmath.sqrt(2)) / 2 if abs(x) < 1e4 else mpmath.mpf(x > 0)


ELEMENTWISE = {
    "sigmoid(z)": (sigma, slope),
    "1 / (1 + exp(-z))": (sigma, slope),
    "exp(z) / (1 + exp(z))": (sigma, slope),
    "1 - sigmoid(z)": (lambda x: sigma(-x), lambda x: -slope(x)),
    "log(1 + exp(z))": (softplus, sigma),
    "log1p(exp(z))": (softplus, sigma),
    "log(sigmoid(z))": (lambda x: -softplus(-x), lambda x: sigma(-x)),
    "-log(1 - sigmoid(z))": (softplus, sigma),
    "1 - tanh(z)": (lambda x: 2 * sigma(-2 * x), lambda x: -4 * slope(2 * x)),
    "gelu(z)": (
        lambda x: x * phi(x),
        lambda x: phi(x) + x * mpmath.exp(-x * x / 2) / mpmath.sqrt(2 * mpmath.pi),
    ),
    "silu(z)": (lambda x: x * sigma(x), lambda x: sigma(x) + x * slope(x)),
    "sqrt(z ** 2)": (abs, mpmath.sign),
    "(exp(z) - exp(-z)) / (exp(z) + exp(-z))": (mpmath.tanh, lambda x: 4 * slope(2 * x)),
}


def agrees(found, wanted, tolerance, largest, tiny):
    """Whether a float is near a number; beyond the largest float it is infinite."""
    if abs(wanted) > largest:
        return abs(float(found)) > largest / 2
    error = abs(mpmath.mpf(float(found)) - wanted) if np.isfinite(found) else mpmath.inf
    return error <= tolerance * abs(wanted) + tiny


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("text", ELEMENTWISE)
def test_elementary_functions_keep_their_digits_over_the_whole_range(text, dtype):
    limits = np.finfo(dtype)
    within = (np.abs(RANGE) > float(limits.tiny)) & (np.abs(RANGE) < float(limits.max))
    values = RANGE[within].astype(dtype)
    module = Model(f"n: dim; z: param[n]; f = {text}; C = sum(f); minimize(C)").compile()
    params = {"z": values}
    named = [module.forward(params)["f"], module.gradients(params)[1]["z"]]
    for found, function in zip(named, ELEMENTWISE[text], strict=True):
        assert found.dtype == dtype
        for x, value in zip(values, found, strict=True):
            wanted = function(mpmath.mpf(float(x)))
            bound = 1e3 * float(limits.eps)
            assert agrees(value, wanted, bound, float(limits.max), 4 * float(limits.tiny)), (
                x,
                value,
            )


def test_the_slope_of_a_layer_is_taken_from_the_layer():
    module = Model("n: dim; z: param[n]; f = tanh(z); C = sum(f); minimize(C)").compile()
    found = module.gradients({"z": RANGE})[1]["z"]
    wanted = [float(4 * slope(2 * mpmath.mpf(float(x)))) for x in RANGE]
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-15)
