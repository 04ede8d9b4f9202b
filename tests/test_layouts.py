"""How arguments lie in memory changes nothing: every model, every layout, every kind of float."""

from pathlib import Path

import numpy as np
import pytest
from test_cases import NAMES
from test_generated_cases import arguments, live  # noqa: F401  (a fixture)

from derive.verification.loading import load_module

# Products of matrices may be summed in another order where an array lies otherwise.
ROUNDING = 1e-12


def frozen(array):
    """A copy that cannot be written."""
    array = array.copy()
    array.flags.writeable = False
    return array


def spread(array):
    """The same numbers, with others between them in memory."""
    wide = np.full([2 * extent for extent in array.shape], 7, array.dtype)
    wide[(slice(None, None, 2),) * array.ndim] = array
    return wide[(slice(None, None, 2),) * array.ndim]


def backwards(array):
    """The same numbers, the last one first in memory."""
    turned = (slice(None, None, -1),) * array.ndim
    return array[turned].copy()[turned]


def swapped(array):
    """The same numbers with their bytes the other way round."""
    return array.astype(array.dtype.newbyteorder())


def offset(array):
    """The same numbers at an address that is no multiple of their size."""
    memory = np.zeros(array.nbytes + 1, np.uint8)
    inside = memory[1:].view(array.dtype).reshape(array.shape)
    inside[...] = array
    return inside


LAYOUTS = [frozen, np.asfortranarray, spread, backwards, swapped, offset]


def lying(table, layout):
    """A table of arguments whose arrays lie as `layout` puts them; a single number lies one way."""
    lain = {k: layout(v) if np.ndim(v) else v for k, v in table.items()}
    return {k: v.copy() if isinstance(v, np.ndarray) and not v.ndim else v for k, v in lain.items()}


def arrays_of(*tables):
    return [value for table in tables for value in table.values() if isinstance(value, np.ndarray)]


def differences(found, expected):
    """The largest difference of each entry, relative to the largest number of all."""
    scale = max(np.abs(value).max() for value in expected.values())
    return {key: np.abs(found[key] - value).max() / scale for key, value in expected.items()}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", NAMES)
def test_a_layout_changes_nothing(name, layout, live):  # noqa: F811
    module = live(name)
    params, data, _, _ = arguments(name, "small", live)
    cost, grads = module.gradients(params, **data)
    lain, given = lying(params, layout), lying(data, layout)
    before = [value.copy() for value in arrays_of(lain, given)]

    found, slopes = module.gradients(lain, **given)
    assert abs(found - cost) <= ROUNDING * max(1, abs(cost))
    assert max(differences(slopes, grads).values()) <= ROUNDING
    for value, kept in zip(arrays_of(lain, given), before, strict=True):
        np.testing.assert_array_equal(value, kept)

    own = list(slopes.values())
    for number, gradient in enumerate(own):
        for other in [*arrays_of(lain, given), *own[:number]]:
            assert not np.shares_memory(gradient, other)


@pytest.mark.parametrize("layout", LAYOUTS[1:])
@pytest.mark.parametrize("name", NAMES)
def test_a_step_changes_the_parameters_where_they_lie(name, layout, live):  # noqa: F811
    module = live(name)
    params, data, _, _ = arguments(name, "small", live)
    plain = {key: value.copy() for key, value in params.items()}
    lain = lying(params, layout)
    kept = dict(lain)
    for table in (plain, lain):
        module.step(table, **data, alpha=0.1)
    assert all(lain[key] is value for key, value in kept.items())
    assert max(differences(lain, plain).values()) <= ROUNDING


@pytest.mark.parametrize("name", NAMES)
def test_parameters_that_cannot_be_written_are_refused_by_name(name, live):  # noqa: F811
    params, data, _, _ = arguments(name, "small", live)
    first = next(iter(params))
    params[first] = frozen(params[first])
    with pytest.raises(ValueError, match=rf"^params\['{first}'\] is read-only"):
        live(name).step(params, **data)


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.longdouble])
@pytest.mark.parametrize("name", NAMES)
def test_gradients_and_parameters_keep_their_type_beside_data_of_any(name, kind, live):  # noqa: F811
    if name in ("cookbook_inverse", "gp_marginal") and kind is np.longdouble:
        pytest.skip("linear algebra takes float32 and float64")
    module = live(name)
    params, data, _, exact = arguments(name, "small", live)
    params = {key: value.astype(np.float32) for key, value in params.items()}
    given = {
        key: value.astype(kind)
        if isinstance(value, np.ndarray) and value.dtype.kind == "f"
        else value
        for key, value in data.items()
    }
    _, grads = module.gradients(params, **given)
    assert {gradient.dtype for gradient in grads.values()} == {np.dtype(np.float32)}
    assert max(differences(grads, exact).values()) <= 1e-5
    kept = dict(params)
    module.step(params, **given, alpha=0.01)
    assert all(params[key] is value and value.dtype == np.float32 for key, value in kept.items())


GENERATED = Path(__file__).parent.parent / "generated"
MODULES = sorted(path.parent.name for path in GENERATED.glob("*/update.py"))


class Started(Exception):
    """Where a training run starts: the parameters, and the data with the sizes."""


def start_of(module, monkeypatch):
    """The parameters and the data with which a module begins when it is run as a program."""

    def check(params, **data):
        raise Started(params, data)

    monkeypatch.setattr(module, "check", check)
    with pytest.raises(Started) as started:
        module.main()
    return started.value.args


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("name", MODULES)
def test_a_layout_changes_nothing_in_the_gallery(name, layout, monkeypatch):
    source = (GENERATED / name / "update.py").read_text(encoding="utf-8")
    module = load_module(source, name)
    params, data = start_of(module, monkeypatch)
    cost, grads = module.gradients(params, **data)
    found, slopes = module.gradients(lying(params, layout), **lying(data, layout))
    assert abs(found - cost) <= ROUNDING * max(1, abs(cost))
    assert max(differences(slopes, grads).values()) <= ROUNDING


def test_an_axis_that_is_repeated_without_memory_is_read_as_if_it_had_some(live):  # noqa: F811
    module = live("softmax_ce_mean")
    params, data, _, _ = arguments("softmax_ce_mean", "small", live)
    rows = {k: np.broadcast_to(v[:1], v.shape) for k, v in data.items() if np.ndim(v)}
    assert all(value.strides[0] == 0 for value in rows.values())
    cost, grads = module.gradients(params, **(data | rows))
    found, slopes = module.gradients(params, **(data | lying(rows, np.array)))
    assert found == pytest.approx(cost, rel=ROUNDING)
    assert max(differences(slopes, grads).values()) <= ROUNDING
