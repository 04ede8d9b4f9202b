"""The generated modules of models whose gradients are known from elsewhere.

Loss, gradients and one step of gradient descent agree with the reference to 1e-10, relative to
the largest entry over that model's gradients.
"""

import inspect

import numpy as np
import pytest
from test_cases import NAMES, load, read, sizes_of

from derive import Model
from derive.model import parameters

BOUND = 1e-10


@pytest.fixture(scope="module")
def live():
    """Each module, generated once."""
    made = {}

    def module(name):
        if name not in made:
            made[name] = Model(read(name).source, name).compile()
        return made[name]

    return module


def arguments(name, which, live):
    """Parameters, data with the sizes that no shape shows, loss and gradients."""
    model, module = read(name), live(name)
    inputs, loss, grads = load(name, which)
    params = {p.name: inputs.pop(p.name) for p in parameters(model)}
    accepted = inspect.signature(module.gradients).parameters
    sizes = sizes_of(model, params | inputs, name, which)
    given = {size: value for size, value in sizes.items() if size in accepted}
    return params, inputs | given, loss, grads


@pytest.mark.parametrize("which", ["small", "alt"])
@pytest.mark.parametrize("name", NAMES)
def test_loss_gradients_and_step_are_the_reference(name, which, live):
    params, data, loss, grads = arguments(name, which, live)
    before = {key: value.copy() for key, value in params.items()}
    scale = max(np.abs(gradient).max() for gradient in grads.values())

    cost, found = live(name).gradients(params, **data)
    assert abs(cost - loss) <= BOUND * max(1, abs(loss))
    assert found.keys() == grads.keys()
    for key, gradient in grads.items():
        assert found[key].shape == gradient.shape
        assert np.abs(found[key] - gradient).max() <= BOUND * scale, key

    assert live(name).step(params, **data, alpha=0.1) == cost
    for key, gradient in grads.items():
        moved = before[key] - 0.1 * gradient
        assert np.abs(params[key] - moved).max() <= BOUND * scale, key


@pytest.mark.parametrize("which", ["small", "alt"])
@pytest.mark.parametrize("name", NAMES)
def test_gradients_of_float32_are_float32_and_as_near_as_that_is(name, which, live):
    params, data, _, grads = arguments(name, which, live)
    params = {key: value.astype(np.float32) for key, value in params.items()}
    for key, value in data.items():
        if isinstance(value, np.ndarray) and value.dtype == np.float64:
            data[key] = value.astype(np.float32)
    scale = max(np.abs(gradient).max() for gradient in grads.values())
    _, found = live(name).gradients(params, **data)
    assert {key: gradient.dtype for key, gradient in found.items()} == dict.fromkeys(
        grads, np.dtype(np.float32)
    )
    for key, gradient in grads.items():
        assert np.abs(found[key] - gradient).max() <= 1e-5 * scale, key
