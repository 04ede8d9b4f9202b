"""Matrix formulas of stacks, the shapes below their factors, and what is said of transposes."""

import re

import pytest
from documents import shown

from derive.calculus.adjoint import derive_gradients
from derive.calculus.explain import closed_equation, gradient_named
from derive.document.matrix_form import matrix_form
from derive.document.writer import writer_for
from derive.language import read_model
from derive.project import find_model
from derive.typeset.unicode import unicode


class Model:
    def __init__(self, name):
        self.derivation = derive_gradients(read_model(find_model(name).text, name=name))
        self.writer = writer_for(self.derivation)

    def gradient(self, name):
        found = matrix_form(self.writer, gradient_named(self.derivation, name))
        return None if found is None else unicode(found.formula)


# As in the paper on FlashAttention (Dao et al. 2022, appendix B.4), for each head and sequence.
ATTENTION = {
    "O": "∂C/∂O[h, n] = (2/(N T D)) (Ŷ[n] − Y[n]) W_o[h]ᵀ",
    "A": "∂C/∂A[h, n] = ∂C/∂O[h, n] V[h, n]ᵀ",
    "S": "∂C/∂S[h, n] = A[h, n] ∘ (∂C/∂A[h, n] − rowsum(∂C/∂O[h, n] ∘ O[h, n]) 𝟏ᵀ)",
    "V": "∂C/∂V[h, n] = A[h, n]ᵀ ∂C/∂O[h, n]",
    "K": "∂C/∂K[h, n] = (1/√d_k) (∂C/∂S[h, n])ᵀ Q[h, n]",
    "Q": "∂C/∂Q[h, n] = (1/√d_k) ∂C/∂S[h, n] K[h, n]",
    "Wq": "∂C/∂W_q[h] = Σ_n X[n]ᵀ ∂C/∂Q[h, n]",
    "Wo": "∂C/∂W_o[h] = (2/(N T D)) Σ_n O[h, n]ᵀ (Ŷ[n] − Y[n])",
}


@pytest.mark.parametrize(("quantity", "formula"), ATTENTION.items())
def test_the_gradients_of_attention_head_by_head(quantity, formula):
    assert bare(Model("attention").gradient(quantity)) == bare(formula)


def bare(formula):
    """A formula without the brackets that only one line needs."""
    return re.sub(r"[()]", "", formula.replace("∂C/∂", "d "))


def test_a_weight_that_every_step_reads_adds_up_over_the_steps():
    assert bare(Model("lstm").gradient("W")) == bare("∂C/∂W = Σ_t h[t − 1]ᵀ ∂C/∂a[t]")


def test_windows_with_gaps_are_no_matrices():
    assert Model("cnn").gradient("A2") is None


def test_a_bias_collects_every_entry_of_its_matrices():
    shown = Model("cnn").gradient("b")
    assert bare(shown) == bare("∂C/∂b[f] = Σ_n 𝟏ᵀ ∂C/∂Z₁[n, f] 𝟏")


def test_a_relu_is_an_indicator_entry_by_entry():
    assert Model("mlp_classifier").gradient("Z1") == "∂C/∂Z₁ = (∂C/∂A) ∘ [Z₁ > 0]"


def test_shapes_stand_below_the_factors_and_fit():
    page = shown(find_model("softmax_regression").text, "md", name="softmax_regression")
    assert (
        r"\underset{D \times K}{\frac{\partial C}{\partial W}} = "
        r"\frac{1}{N} \underset{D \times N}{X^{\top}} \underset{N \times K}{(P - T)}" in page
    )
    assert "is row $`j`$ of $`X^{\\top}`$ times column $`k`$ of $`P - T`$" in page


def test_what_a_gradient_is_read_from_stands_before_it():
    model = Model("mlp_classifier")
    closed = closed_equation(model.derivation, gradient_named(model.derivation, "W1"))
    assert closed.left.shape == gradient_named(model.derivation, "W1").wrt.shape
