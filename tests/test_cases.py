"""Models whose losses and gradients are known from elsewhere, against the oracle.

`reference.npz` holds inputs, losses and gradients of two sets of sizes; floats are exact numbers,
so the oracle's only difference from the reference is the reference's own rounding.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from derive.language import read_model
from derive.model import parameters
from derive.terms import Size
from derive.verification.oracle import arithmetic_of, gradient

CASES = Path(__file__).parent / "cases"

NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir())


def read(name):
    return read_model((CASES / name / f"{name}.model").read_text(encoding="utf-8"), name)


def load(name, which):
    """Inputs, loss and gradients of one set of sizes."""
    with np.load(CASES / name / "reference.npz") as archive:
        arrays = {key: archive[key] for key in archive.files if key.startswith(f"{which}/")}
    parts = {"param": {}, "data": {}, "grad": {}}
    for key, array in arrays.items():
        _, part, *rest = key.split("/")
        if part in parts:
            parts[part][rest[0]] = array
    return parts["param"] | parts["data"], arrays[f"{which}/loss"], parts["grad"]


def sizes_of(model, inputs, name, which):
    """The sizes that the shapes show, and those that the case gives by name."""
    given = json.loads((CASES / name / "sizes.json").read_text(encoding="utf-8"))[which]
    sizes = {
        size.name: extent
        for d in model.declarations
        for size, extent in zip(d.quantity.shape, inputs[d.quantity.name].shape, strict=True)
        if isinstance(size, Size)
    }
    free = [d.name for d in model.dimensions if d.formula is None]
    return {size: int(sizes.get(size, inputs.get(size, given.get(size)))) for size in free}


def rounded(array):
    return np.vectorize(lambda number: float(number.value), otypes=[float])(array)


def test_there_are_cases():
    assert len(NAMES) == 18


@pytest.mark.parametrize("which", ["small", "alt"])
@pytest.mark.parametrize("name", NAMES)
def test_the_oracle_agrees_with_the_reference(name, which):
    model = read(name)
    inputs, loss, gradients = load(name, which)
    declared = {d.quantity.name: inputs[d.quantity.name] for d in model.declarations}
    names = [parameter.name for parameter in parameters(model)]
    sizes = sizes_of(model, inputs, name, which)
    cost, found = gradient(model, sizes, declared, names, arithmetic_of(model))
    assert sorted(names) == sorted(gradients)
    assert float(cost.value) == pytest.approx(float(loss), rel=1e-13)
    scale = max(np.abs(expected).max(initial=0) for expected in gradients.values())
    for parameter, expected in gradients.items():
        assert found[parameter].shape == expected.shape
        assert np.abs(rounded(found[parameter]) - expected).max(initial=0) < 1e-13 * scale
