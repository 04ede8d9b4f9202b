"""Declared facts in generated modules: arguments that break one are refused, drawn data keep it."""

import numpy as np
import pytest

from derive import Model

MODELS = {
    "rows_sum_to_one": ("T: input[3, 4]", "C = sum(T) * w", np.full((3, 4), 0.25), "rows that sum"),
    "one_hot": ("T: input[3, 4]", "C = sum(T) * w", np.eye(3, 4), "a single one in each row"),
    "symmetric": ("T: input[3, 3]", "C = sum(T) * w", np.ones((3, 3)), "symmetric rows"),
    "orthonormal": ("T: input[4, 2]", "C = sum(T) * w", np.eye(4, 2), "orthonormal columns"),
    "positive": ("T: input[3]", "C = sum(log(T)) * w", np.ones(3), "positive entries"),
    "signs": ("T: input[3]", "C = sum(T) * w", np.array([1.0, -1.0, 1.0]), "entries 1 and -1"),
}


@pytest.fixture(params=sorted(MODELS))
def case(request):
    declared, cost, good, wording = MODELS[request.param]
    text = f"{declared}; w: param = 1; assume({request.param}(T)); {cost}; minimize(C, sgd())"
    return Model(text).compile(), good, wording


def test_what_breaks_a_fact_is_refused_by_name(case):
    module, good, wording = case
    params = module.init()
    module.gradients(params, good)
    broken = good.copy()
    broken[0] -= 2.5
    if good.ndim == 2:
        broken[0, -1] += 7.0
    with pytest.raises(ValueError, match=f"T must have {wording}.*the model assumes it"):
        module.gradients(params, broken)


def test_data_that_are_drawn_keep_the_fact(case):
    module, _, _ = case
    module.loss(module.init(), **module.example())
