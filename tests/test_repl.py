"""A model to talk to: what is typed, and what is shown, in whole."""

from xml.etree import ElementTree

import numpy as np
import pytest
import sympy
from documents import NEURON

import derive
from derive import DeriveError, Model
from derive.terminal import show

neuron = Model.read("neuron")


def refused(action, *arguments, **named):
    """The cause and the cure of the error of an action."""
    with pytest.raises(DeriveError) as raised:
        action(*arguments, **named)
    return raised.value.cause, raised.value.cure


# --- one Unicode line with its shape ------------------------------------------------------------


def test_a_model_shows_its_equations():
    assert repr(neuron) == "ŷ = x w + b; C = (ŷ − y)²"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("(x + 1) / 2", "(x + 1)/2"),
        ("x / (1 + abs(x))", "x/(1 + |x|)"),
        ("x * sigmoid(x)", "x σ(x)"),
        ("x / (2 * y)", "x/(2 y)"),
    ],
)
def test_fractions_on_one_line_keep_their_brackets(text, shown):
    model = Model(f"x: param; y: param; f = {text}; minimize(f)")
    assert repr(model) == f"f = {shown}"


def test_a_gradient_is_one_line_with_its_shape():
    assert repr(neuron.gradient("w")) == "∂C/∂w[i] = 2 (ŷ − y) x[i]    (n, 1)"
    assert repr(neuron.gradient("b")) == "∂C/∂b = 2 (ŷ − y)    ()"


def test_inputs_and_defined_quantities_have_gradients_too():
    assert repr(neuron.gradient("x")) == "∂C/∂x[i] = 2 (ŷ − y) w[i]    (1, n)"
    assert repr(neuron.gradient("y")) == "∂C/∂y = −2 (ŷ − y)    ()"
    assert repr(neuron.gradient("y_hat")) == "∂C/∂ŷ = 2 (ŷ − y)    (1, 1)"


def test_the_matrix_form():
    assert repr(neuron.gradient("w").matrix) == "∂C/∂w = xᵀ [2 (ŷ − y)]    (n, 1)"
    assert repr(neuron.gradient("b").matrix) == "∂C/∂b = 2 (ŷ − y)    ()"


def test_the_scalar_equations_at_a_size():
    three = "∂C/∂w₁ = 2 (ŷ − y) x₁\n∂C/∂w₂ = 2 (ŷ − y) x₂\n∂C/∂w₃ = 2 (ŷ − y) x₃"
    assert repr(neuron.gradient("w").at(n=3)) == three
    assert repr(neuron.gradient("w").at()) == three
    assert repr(neuron.gradient("w").at(n=4)) == f"{three}\n∂C/∂w₄ = 2 (ŷ − y) x₄"
    assert repr(neuron.gradient("w").at(n=1)) == "∂C/∂w₁ = 2 (ŷ − y) x₁"


def test_the_steps_one_rule_a_line_with_its_reason():
    assert (
        repr(neuron.gradient("w").steps)
        == """\
chain rule: ∂C/∂w[i] = ∂C/∂ŷ ∂ŷ/∂w[i]  (w[i] reaches the cost through ŷ alone)
local derivative: ∂ŷ/∂w[i] = x[i]  (how ŷ answers to w[i])
  sum rule: ∂/∂w[i] (Σ_j x[j] w[j] + b) = x[i]  (only Σ_j x[j] w[j] contains w[i])
    one term of the sum: ∂/∂w[i] (Σ_j x[j] w[j]) = Σ_j x[j] [j = i] = x[i]  \
(of all terms of the sum only x[i] w[i] contains w[i])
      constant factor: ∂/∂w[i] (x[i] w[i]) = x[i]  \
(what does not contain w[i] stays as a factor)
upstream gradient: ∂C/∂ŷ = 2 (ŷ − y)  (how the cost answers to ŷ, found before)
  power rule: ∂/∂ŷ ((ŷ − y)²) = 2 (ŷ − y)  \
(the exponent 2 comes down as a factor and is lowered by one)
    sum rule: ∂/∂ŷ (ŷ − y) = 1  (the other terms do not contain ŷ)
substitution: ∂C/∂ŷ ∂ŷ/∂w[i] = 2 (ŷ − y) · x[i]  \
(each factor is put in by its value and kept whole)
simplification: 2 (ŷ − y) · x[i] = 2 (ŷ − y) x[i]  (one product, without factors of 1)"""
    )


def test_steps_are_a_sequence():
    steps = neuron.gradient("w").steps
    assert len(steps) == 5
    assert [step.rule for step in steps] == [
        "chain_rule",
        "local",
        "upstream",
        "substitute",
        "simplify",
    ]
    assert steps[0].rule == "chain_rule"
    assert steps[-1].rule == "simplify"


# --- MathML and LaTeX ---------------------------------------------------------------------------


def test_latex_stands_between_dollars():
    entry = r"$$\frac{\partial C}{\partial w_i} = 2 (\hat{y} - y) x_i$$"
    assert neuron.gradient("w")._repr_latex_() == entry
    assert neuron.gradient("w").matrix._repr_latex_() == (
        r"$$\frac{\partial C}{\partial w} = x^{\top} [2 (\hat{y} - y)]$$"
    )
    assert neuron._repr_latex_() == (
        r"$$\begin{gathered}\hat{y} = x w + b \\ C = (\hat{y} - y)^2\end{gathered}$$"
    )


def test_html_is_well_formed_mathml():
    gradient = neuron.gradient("w")
    shown = [neuron, gradient, gradient.matrix, gradient.at(n=2), gradient.steps]
    formulas = []
    for thing in shown:
        page = ElementTree.fromstring(f"<div>{thing._repr_html_()}</div>")
        formulas.append(len(page.findall(".//math")))
    # the steps hold formulas in their reasons as well
    assert formulas[:4] == [2, 1, 1, 2]
    assert formulas[4] > 10


# --- SymPy --------------------------------------------------------------------------------------


def test_a_gradient_is_a_sympy_expression():
    y, i = sympy.Symbol("y"), sympy.Symbol("i", integer=True, nonnegative=True)
    y_hat, x = sympy.IndexedBase("y_hat"), sympy.IndexedBase("x")
    # SymPy would multiply 2 * (ŷ - y) out at once; as a product of three factors it does not
    assert neuron.gradient("w").sympy == sympy.Mul(2, y_hat[0, 0] - y, x[0, i])
    assert sympy.expand(neuron.gradient("b").sympy - 2 * (y_hat[0, 0] - y)) == 0


def test_a_model_from_sympy_gives_the_same_gradients():
    x, w, b, y, y_hat, C = sympy.symbols("x w b y y_hat C")
    equations = [sympy.Eq(y_hat, x * w + b), sympy.Eq(C, (y_hat - y) ** 2)]
    scalar = Model.from_sympy(equations, wrt=[w, b])
    assert sympy.expand(scalar.gradient("w").sympy - 2 * (y_hat - y) * x) == 0
    assert sympy.expand(scalar.gradient("b").sympy - 2 * (y_hat - y)) == 0
    alone = Model.from_sympy((x * w + b - y) ** 2, wrt=[w, b])
    assert sympy.expand(alone.gradient("w").sympy - 2 * (x * w + b - y) * x) == 0


# --- code and verification ----------------------------------------------------------------------


def test_the_compiled_module_trains():
    live = neuron.compile()
    params = live.init(seed=1, n=2)
    x, y = np.array([[1.0, 2.0]]), 1.0
    cost, grads = live.gradients(params, x, y)
    error = (x @ params["w"] + params["b"] - y)[0, 0]
    assert np.isclose(cost, error**2, rtol=1e-15)
    assert np.allclose(grads["w"], 2 * error * x.T, rtol=1e-15)
    assert np.allclose(grads["b"], 2 * error, rtol=1e-15)
    for _ in range(3):
        live.step(params, x, y, alpha=0.01)
    assert live.loss(params, x, y) < cost


def test_verify_gives_a_report_that_is_good():
    report = neuron.verify()
    assert report.ok
    assert str(report).startswith("neuron: verified\n")


# --- what may be asked --------------------------------------------------------------------------


def test_a_model_is_read_from_its_text_a_path_or_the_gallery(tmp_path):
    path = tmp_path / "mine.model"
    path.write_text(NEURON, encoding="utf-8")
    models = [Model(NEURON), Model.read(str(path)), neuron]
    assert {repr(model.gradient("w")) for model in models} == {repr(neuron.gradient("w"))}
    assert Model.read(str(path)).specification.name == "mine"


def test_an_unknown_quantity_is_met_with_those_that_are_like_it():
    assert refused(neuron.gradient, "y_hut") == (
        "'y_hut' is not a quantity of this model",
        "did you mean 'y_hat'?",
    )
    assert refused(neuron.gradient, "weights") == (
        "'weights' is not a quantity of this model",
        "there are: x, y, w, b, y_hat, C",
    )
    assert refused(Model.read, "neron") == ("there is no model 'neron'", "did you mean 'neuron'?")


def test_a_size_that_is_none_is_refused():
    at = neuron.gradient("w").at
    assert refused(at, m=3) == ("'m' is not a size of this model", "its sizes are: n")
    assert refused(at, n=0) == ("n = 0 is no size", "give a whole number, at least 1")


def test_the_cost_has_no_gradient_with_respect_to_itself():
    assert refused(neuron.gradient, "C") == ("'C' is the cost itself", "ask for another quantity")


def test_an_error_in_a_text_shows_its_place():
    with pytest.raises(DeriveError) as raised:
        Model("w: param\nf = v ** 2\nminimize(f, sgd())")
    lines = str(raised.value).splitlines()
    assert lines[1:3] == ["   2 | f = v ** 2", "           ^"]


def test_a_parameter_that_does_not_reach_the_cost_is_a_caution():
    assert neuron.cautions == ()
    (caution,) = Model("w: param; q: param; f = w ** 2; minimize(f, sgd())").cautions
    assert caution.cause == "the parameter 'q' does not reach the cost 'f': its gradient is zero"


# --- what `derive show` prints ------------------------------------------------------------------


def test_a_whole_derivation_in_a_terminal():
    lines = show(neuron.specification).splitlines()
    assert lines[0] == "A linear neuron with squared error"
    for line in (
        "  (1)  ŷ = x w + b",
        "  (2)  ŷ = [x₁, x₂, x₃] [w₁; w₂; w₃] + b",
        "  (3)  ŷ = x₁ w₁ + x₂ w₂ + x₃ w₃ + b",
        "  (4)  ∂ŷ/∂w₁ = x₁, ∂ŷ/∂w₂ = x₂, ∂ŷ/∂w₃ = x₃, ∂ŷ/∂b = 1",
        "  (5)  ∂C/∂w₁ = ∂C/∂ŷ ∂ŷ/∂w₁ = 2 (ŷ − y) · x₁",
        "  (8)  ∂C/∂b = ∂C/∂ŷ ∂ŷ/∂b = 2 (ŷ − y) · 1",
        "   (9)  w₁ ← w₁ − α ∂C/∂w₁ = w₁ − α · (2 (ŷ − y) · x₁)",
        "  (12)  b ← b − α ∂C/∂b = b − α · 2 (ŷ − y)",
        "    ∂C/∂w = xᵀ [2 (ŷ − y)]",
        "    w ← w − α · xᵀ [2 (ŷ − y)]",
    ):
        assert lines.count(line) == 1, line
    assert all(line == line.rstrip() for line in lines)


def test_one_gradient_in_a_terminal():
    asked = neuron.gradient("w")
    assert show(neuron.specification, "w") == f"{asked!r}\n{asked.matrix!r}\n\n{asked.steps!r}\n"


def test_the_public_names():
    assert derive.__all__ == ["DeriveError", "Model"]
    assert refused(show, neuron.specification, "v")[0] == "'v' is not a quantity of this model"


def test_steps_are_folded_and_it_is_said_how_to_see_them():
    asked = neuron.gradient("w")
    shown = show(neuron.specification, "w", depth=0)
    assert repr(asked.steps.folded()) in shown
    deepest = max(reason.depth for reason in asked.steps.shown.reasons)
    folded = len(asked.steps.shown.reasons) - len(asked.steps.folded().shown.reasons)
    assert folded > 0
    assert shown.endswith(f"\n{folded} steps are folded; --depth {deepest} shows all\n")
    assert [line for line in repr(asked.steps.folded()).splitlines() if line[0] == " "] == []
    assert show(neuron.specification, "w", depth=deepest) == show(neuron.specification, "w")


def test_one_section_is_shown_alone():
    lines = show(neuron.specification, section="chain").splitlines()
    assert lines[:3] == [neuron.specification.title.rstrip("."), "", "The chain rule"]
    with pytest.raises(DeriveError, match="has no section 'chian'"):
        show(neuron.specification, section="chian")


def test_steps_of_a_large_model_are_told_though_its_document_leaves_them_out():
    steps = Model.read("transformer").gradient("Wq").steps
    assert [step.rule for step in steps][:2] == ["chain_rule", "local"]
    assert repr(steps).startswith("chain rule: ")
    assert steps._repr_html_().count("<math") > len(steps)
