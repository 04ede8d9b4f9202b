"""Initial values in print: equations of their own, and plain reads of the step before."""

import pytest
from documents import displayed, shown

from derive.calculus.adjoint import derive_gradients
from derive.document.build import document_of
from derive.document.summary import summary_of
from derive.language import read_model


def formulas(text):
    derivation = derive_gradients(read_model(text, name="m"))
    summary = summary_of(derivation, document_of(derivation).numbers)
    return [formula.text for formula in (*summary.forward, *summary.gradients)]


def test_an_initial_value_of_zero_needs_no_condition_anywhere():
    assert formulas("""
T: dim; H: dim
x: input[T, H]; U: param[H, H]
j: range(H)
h[-1, j] = 0
h[t, j] = tanh(sum(h[t-1, k] * U[k, j], k) + x[t, j])
C = sum(h[T-1, j] ** 2, j)
minimize(C)""") == [
        "h[0, j] = 0",
        "h[t, j] = tanh(Σ_k h[t − 1, k] U[k, j] + x[t, j])",
        "C = Σ_j h[T, j]²",
        "∂C/∂h[t, k] = [t < T] Σ_j ∂C/∂h[t + 1, j] · (1 − h[t + 1, j]²) U[k, j] "
        "+ 2 h[T, k] [T = t]",
        "∂C/∂U[k, j] = Σ_t ∂C/∂h[t, j] · (1 − h[t, j]²) h[t − 1, k]",
    ]


def test_another_initial_value_is_read_by_the_name_of_the_step_before():
    shown = formulas("""
N: dim; T: dim
x: input[N, T]; a: param; b: param[N]
c[n, -1] = b[n]
c[n, t] = a * c[n, t-1] + x[n, t]
C = sum(c[n, T-1] ** 2, n)
minimize(C)""")
    assert shown[:2] == ["c[n, 0] = b[n]", "c[n, t] = a c[n, t − 1] + x[n, t]"]
    assert shown[4] == "∂C/∂a = Σ_n Σ_t ∂C/∂c[n, t] c[n, t − 1]"
    assert shown[5] == "∂C/∂b[n] = a Σ_{t: t < 2} ∂C/∂c[n, t]"


def test_steps_that_run_down_start_behind_the_last_place():
    shown = formulas("""
T: dim
r: input[T]; g: param; s: param
R[T] = s
R[t] = r[t] + g * R[t+1]
C = sum(R ** 2)
minimize(C)""")
    assert shown[:2] == ["R[T + 1] = s", "R[t] = r[t] + g R[t + 1]"]


@pytest.mark.parametrize(
    ("starts", "step"),
    [
        # An initial value on the axis itself is one case of the equation.
        ("h[0] = a", "h[t] = {a + h[t − 1], t ≥ 2; a, t < 2}"),
        # Of two initial values each has its place.
        (
            "h[-2] = a; h[-1] = a",
            "h[t] = a + ({h[t − 1], t ≥ 2; a, t < 2 ∧ t = 1; a, t < 2 ∧ t ≠ 1})",
        ),
    ],
)
def test_other_starts_stay_cases_of_the_equation(starts, step):
    shown = formulas(f"""
T: dim; a: param
t: range(T)
{starts}
h[t] = a + h[t-1]
C = h[T-1] ** 2
minimize(C)""")
    assert shown[0] == step


NETWORK = """
T: dim; H: dim
x: input[T, H]; y: input[H]; U: param[H, H]; V: param[H, H]
j: range(H)
h[-1, j] = 0
h[t] = tanh(h[t-1] @ U + x[t] @ V)
C = mean((h[T-1] - y) ** 2)
minimize(C)"""


def test_a_document_states_the_initial_value_before_the_step():
    assert displayed(shown(NETWORK, "md", name="m"), "md")[:2] == [
        (None, "h_{0, j} = 0"),
        (
            1,
            r"h_{t j} = \tanh\left( \sum_{i = 1}^{H} h_{t - 1, i} U_{i j} "
            r"+ \sum_{i = 1}^{H} x_{t i} V_{i j} \right)",
        ),
    ]


def test_steps_beside_each_other_share_their_letters():
    # ∂h/∂U and ∂h/∂V are worked out one after the other, with the same letters
    page = shown(NETWORK, "md", name="m")
    assert r"\frac{\partial}{\partial U_{k j}}" in page
    assert r"\frac{\partial}{\partial V_{k j}}" in page
