"""What the forward equations name is read by its name: in gradients, in documents and in code."""

import pytest

from derive.calculus.adjoint import derive_gradients
from derive.document.build import document_of
from derive.document.summary import summary_of
from derive.language import read_model
from derive.pipeline import checked_steps, source_of

NORMALISED = """
n: dim = 3; d: dim = 2
X: input[n, d]; g: param[d]; W: param[d, d]
eps: const = 0.01
Z = X @ W
{lines}
C = sum({normalised} * g * Z)
minimize(C, sgd())
"""
# The same norm, with an axis of size one and without.
KEPT = ("rho = sqrt(mean(Z ** 2, axis=1, keepdims=True) + eps)", "Z / rho")
LEFT_OUT = (
    "rho[i] = sqrt(mean(Z[i, j] ** 2, j) + eps)\nV[i, j] = Z[i, j] / rho[i]",
    "V",
)


def derived(lines, normalised):
    text = NORMALISED.format(lines=lines, normalised=normalised)
    return derive_gradients(read_model(text, name="m"))


def gradients(derivation):
    formulas = summary_of(derivation, document_of(derivation).numbers).gradients
    return [formula.text for formula in formulas]


@pytest.mark.parametrize("norm", [KEPT, LEFT_OUT])
def test_a_norm_is_read_by_its_name_with_an_axis_of_size_one_and_without(norm):
    derivation = derived(*norm)
    assert {line.verdict for line in checked_steps(derivation)} == {"verified"}
    assert "√" not in "".join(gradients(derivation))
    assert source_of(derivation).count("+ eps") == 1


def test_the_gradient_of_what_a_norm_is_of():
    derivation = derived(*KEPT)
    (shown,) = (line for line in gradients(derivation) if line.startswith("∂C/∂Z"))
    assert shown == "∂C/∂Z[i, j] = Z[i, j] ((1/d) ∂C/∂ρ[i] + 2 g[j])/ρ[i]"


def test_powers_of_what_a_root_is_of_are_powers_of_the_root():
    derivation = derived(
        "var = mean(Z ** 2, axis=1, keepdims=True)\nsigma = sqrt(var + eps)",
        "sum(sigma) * Z / sqrt(var + eps)",
    )
    assert {line.verdict for line in checked_steps(derivation)} == {"verified"}
    assert "√" not in "".join(gradients(derivation))
    (shown,) = (line for line in gradients(derivation) if line.startswith("∂C/∂var"))
    assert "σ[i]³" in shown
