"""What a model asks for is verified: everything is listed, and mistakes in the code are found."""

import pytest
from requested_models import (
    BOUNDED,
    CELLS,
    CHAIN,
    FACTORS,
    GATED,
    LAYER,
    QUADRATIC,
    RATINGS,
    SCALAR,
)

from derive import Model
from derive.pipeline import source_of
from derive.verification.verify import verify

SECOND = "∂²C/∂U ∂U", "∂²C/∂U ∂V", "∂²C/∂V ∂U", "∂²C/∂V ∂V"


def checked(text, *changes):
    """The quantities that a verification names, and those at which it fails after changes."""
    model = Model(text)
    source = source_of(model.derivation)
    for old, new in changes:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    lines = verify(model.specification, source).lines
    return {(line.level, line.quantity): line.verdict for line in lines}


def test_a_report_lists_everything_that_is_asked_for():
    found = checked(LAYER)
    asked = [f"∂²C/∂{name} v" for name in "Wbs"] + ["∂h/∂W", "∂h/∂b", "∂h/∂s", "∂C/∂X"]
    expected = {(level, name) for level in ("kernels", "float64") for name in asked}
    assert expected | {("float64", "flatten")} <= set(found)
    assert set(found.values()) == {"verified"}
    blocks = {(level, name) for level in ("kernels", "float64") for name in SECOND}
    assert blocks <= set(checked(FACTORS))


@pytest.mark.parametrize("text", [BOUNDED, CELLS, CHAIN, RATINGS, GATED])
def test_what_is_there_at_some_places_only_has_second_derivatives(text):
    assert set(checked(text).values()) == {"verified"}


MUTANTS = {
    "a sign": (FACTORS, "d_U_U[all_n, :, all_n] += ", "d_U_U[all_n, :, all_n] -= ", SECOND[:1]),
    "a block on the wrong diagonal": (
        FACTORS,
        "d_U_V[:, all_k, :, all_k] -= 2 * (T - U @ V.T)",
        "d_U_V[:, all_k, :, 0] -= 2 * (T - U @ V.T)",
        SECOND[1:3],
    ),
    "a transposed block": (
        FACTORS,
        "d_U_V.transpose(2, 3, 0, 1)",
        "d_U_V.transpose(2, 3, 1, 0)",
        SECOND[2:3],
    ),
    "a lost term": (
        FACTORS,
        "d_U_V[:, all_k, :, all_k] -= 2 * (T - U @ V.T)",
        "pass",
        SECOND[1:3],
    ),
    "a lost symmetric part": (QUADRATIC, "d_x_x = A + A.T", "d_x_x = 2 * A", ("∂²C/∂x ∂x",)),
    "a product with half of the matrix": (
        QUADRATIC,
        "d_x_dot = (A + A.T) @ v",
        "d_x_dot = 2 * A @ v",
        ("∂²C/∂x v",),
    ),
    "a Jacobian": (LAYER, '"h": {"W": h_by_W', '"h": {"W": -h_by_W', ("∂h/∂W",)),
    "a gradient by data": (SCALAR, 'return {"x": d_x', 'return {"x": 2 * d_x', ("∂C/∂x",)),
}


@pytest.mark.parametrize(("text", "old", "new", "wrong"), MUTANTS.values(), ids=MUTANTS)
def test_a_mistake_in_the_code_is_found(text, old, new, wrong):
    assert set(checked(text).values()) == {"verified"}
    found = checked(text, (old, new))
    failed = {name for (_, name), verdict in found.items() if verdict == "failed"}
    assert failed == set(wrong)
    assert all(found[level, name] == "failed" for level in ("kernels", "float64") for name in wrong)


def test_vectors_in_another_order_are_found():
    order = "np.concatenate([np.ravel(table[name]) for name in PARAMETERS])"
    found = checked(SCALAR, (order, order.replace("in PARAMETERS", "in reversed(PARAMETERS)")))
    assert [name for name, verdict in found.items() if verdict == "failed"] == [
        ("float64", "flatten")
    ]
