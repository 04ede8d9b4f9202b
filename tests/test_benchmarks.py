"""The steps of the benchmarks, by hand and generated, give the same numbers."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

FOLDER = str(Path(__file__).parents[1] / "benchmarks")
SMALL = {"N": 5, "D": 4, "H": 2, "M": 6, "K": 3, "B": 2, "T": 3, "E": 2}
IMAGES = {"N": 2, "C": 3, "H": 6, "W": 5, "F": 4, "K": 3, "P": 4, "Q": 3}


@pytest.fixture(scope="module")
def tasks():
    """The module of the tasks, which like all scripts there reads its neighbours by name."""
    sys.path.insert(0, FOLDER)
    try:
        import tasks
    finally:
        sys.path.remove(FOLDER)
    return tasks


@pytest.mark.parametrize("place", range(8))
def test_both_steps_return_the_same_cost_and_leave_the_same_parameters(tasks, place):
    assert len(tasks.TASKS) == 8
    task = tasks.TASKS[place]
    sizes = IMAGES if task.name == "convolution" else SMALL
    task = replace(task, dtype=np.float64, sizes=sizes)
    start, data = task.start()
    by_hand, generated = ({name: a.copy() for name, a in start.items()} for _ in range(2))
    costs = [
        task.by_hand(by_hand, **data, alpha=0.5),
        task.module.step(generated, **data, alpha=0.5),
    ]
    np.testing.assert_allclose(*costs, rtol=1e-12)
    for name, value in start.items():
        assert not np.array_equal(by_hand[name], value)
        np.testing.assert_allclose(generated[name], by_hand[name], rtol=1e-10, atol=1e-13)
