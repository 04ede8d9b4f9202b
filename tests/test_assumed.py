"""Random data of which the assumed facts are true, and models that are verified on such data."""

from fractions import Fraction
from random import Random

import numpy as np
import pytest

from derive import Model
from derive.errors import VerificationError
from derive.language.facts import FACTS
from derive.verification.assumed import FULFIL
from derive.verification.sampling import KINDS, SPECIAL, fill, random_inputs, random_numbers

IDENTITY = np.array([[Fraction(i == j) for j in range(3)] for i in range(3)])
TRUE = {
    "rows_sum_to_one": lambda a: (a.sum(axis=-1) == 1).all(),
    "one_hot": lambda a: (np.sort(a, axis=-1) == [0, 0, 1]).all(),
    "symmetric": lambda a: (a == a.T).all(),
    "orthonormal": lambda a: (a.T @ a == IDENTITY).all(),
    "positive": lambda a: (a > 0).all(),
    "signs": lambda a: (a * a == 1).all(),
}


@pytest.mark.parametrize("fact", FACTS)
@pytest.mark.parametrize("kind", dict.fromkeys((*KINDS, *SPECIAL)))
def test_what_is_assumed_is_true_exactly(fact, kind):
    text = f"n: dim; A: input[n, n]; w: param; assume({fact}(A)); C = w * sum(A); minimize(C)"
    model = Model(text).specification
    for seed in range(5):
        data = random_inputs(model, {"n": 3}, Random(seed), kind)["A"]
        assert TRUE[fact](data)
        assert all(isinstance(entry, Fraction) for entry in data.flat)


@pytest.mark.parametrize("fact", FACTS)
def test_random_data_do_not_satisfy_a_fact_by_chance(fact):
    data = fill((3, 3), random_numbers(Random(0), 9))
    changed = FULFIL[fact](data.copy(), Random(0))
    assert TRUE[fact](changed)
    assert not TRUE[fact](data)


def test_more_columns_than_rows_are_not_orthonormal():
    with pytest.raises(VerificationError) as raised:
        FULFIL["orthonormal"](fill((2, 3), random_numbers(Random(0), 6)), Random(0))
    assert raised.value.cause == "3 columns of 2 entries cannot be orthonormal"


@pytest.mark.parametrize(
    ("form", "share"),
    [
        (
            "log_softmax(X @ W, axis=1)",
            "exp(Σ_m X[i, m] W[m, l] − log Σ_m exp(Σ_p X[i, p] W[p, m]))",
        ),
        ("log(softmax(X @ W, axis=1))", "exp(Σ_m X[i, m] W[m, l])/(Σ_p exp(Σ_m X[i, m] W[m, p]))"),
    ],
)
def test_shares_minus_targets_also_where_the_logits_have_no_name(form, share):
    text = "n: dim; d: dim; k: dim; X: input[n, d]; T: input[n, k]; W: param[d, k]"
    model = Model(f"{text}\nassume(rows_sum_to_one(T))\nC = -sum(T * {form})\nminimize(C)")
    assert repr(model.gradient("W")) == f"∂C/∂W[j, l] = Σ_i X[i, j] ({share} − T[i, l])    (d, k)"


@pytest.mark.parametrize(
    "text",
    [
        "T: input[n, k]; z: param[n, k]; assume(rows_sum_to_one(T))\n"
        "C = -sum(T * log_softmax(z, axis=1))",
        "T: input[n, k]; z: param[n, k]; assume(one_hot(T))\nC = sum(T * z ** 2)",
        "A: input[n, n]; x: param[n]; assume(A == A.T)\nC = x @ A @ x",
        "Q: input[n, k]; x: param[k]; assume(orthonormal(Q))\nC = sum((Q @ x) ** 2)",
        "s: input; x: param[n]; assume(s > 0)\nC = sum(x ** 2) / s + log(s)",
    ],
)
def test_models_that_assume_something_are_verified(text):
    model = Model(f"n: dim; k: dim\n{text}\nminimize(C)")
    report = model.verify()
    assert report.ok, str(report)
