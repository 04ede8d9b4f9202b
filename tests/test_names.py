"""One table: every name has a symbol, its LaTeX, its Unicode form and its Python identifier."""

import keyword

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from derive.errors import DeriveError
from derive.names import (
    COMMAND_OF_LETTER,
    RESERVED,
    latex_name,
    latex_symbol,
    name_table,
    python_name,
    python_names,
    read_latex,
    unicode_name,
    unicode_symbol,
)


@pytest.mark.parametrize(
    ("name", "latex", "unicode", "python"),
    [
        ("x", "x", "x", "x"),
        ("y_hat", r"\hat{y}", "ŷ", "y_hat"),
        ("ŷ", r"\hat{y}", "ŷ", "y_hat"),
        ("alpha", r"\alpha", "α", "alpha"),
        ("ω", r"\omega", "ω", "omega"),
        ("x_bar", r"\bar{x}", "x̄", "x_bar"),
        ("m_tilde", r"\tilde{m}", "m̃", "m_tilde"),
        ("x_dot", r"\dot{x}", "ẋ", "x_dot"),
        ("v_vec", r"\vec{v}", "v⃗", "v_vec"),
        ("lambda_", r"\lambda", "λ", "lambda_"),
        ("λ", r"\lambda", "λ", "lambda_"),
        ("w_1", "w_1", "w₁", "w_1"),
        ("w12", "w_{12}", "w₁₂", "w12"),
        ("beta_1", r"\beta_1", "β₁", "beta_1"),
        ("y_hat_1", r"\hat{y}_1", "ŷ₁", "y_hat_1"),
        ("x_1_2", "x_{1,2}", "x_1,2", "x_1_2"),
        ("Wq", "W_q", "W_q", "Wq"),
        ("W_out", r"W_{\mathrm{out}}", "W_out", "W_out"),
        ("loss", r"\mathrm{loss}", "loss", "loss"),
        ("log_p", r"\mathrm{log\ p}", "log_p", "log_p"),
        ("loss_hat", r"\widehat{\mathrm{loss}}", "loss_hat", "loss_hat"),
        ("eps", r"\varepsilon", "ε", "eps"),
        ("np", r"\mathrm{np}", "np", "np_"),
        ("sum", r"\mathrm{sum}", "sum", "sum_"),
        ("grads", r"\mathrm{grads}", "grads", "grads_"),
        ("损失", r"\text{损失}", "损失", "损失"),
    ],
)
def test_every_form_of_a_name(name, latex, unicode, python):
    assert (latex_name(name), unicode_name(name), python_name(name)) == (latex, unicode, python)


def test_identifiers_are_all_different_and_own_spellings_are_kept():
    assert python_names(["ω", "omega", "np", "np_", "ŷ", "y_hat", "if_"]) == {
        "ω": "omega_",
        "omega": "omega",
        "np": "np__",
        "np_": "np_",
        "ŷ": "y_hat_",
        "y_hat": "y_hat",
        "if_": "if_",
    }


def test_more_names_can_be_reserved():
    assert python_name("forward", RESERVED | {"forward"}) == "forward_"


# Omicron is left out: it looks like a Latin o and has no LaTeX of its own.
NAMES = st.from_regex(r"[a-zA-Zα-ξπ-ωŷŵ][a-z0-9_α-ξπ-ω]{0,5}", fullmatch=True).filter(
    str.isidentifier
)


@settings(deadline=None, derandomize=True, database=None)
@given(st.lists(NAMES, unique=True, max_size=8))
def test_identifiers_are_ascii_and_free_and_lead_back_to_their_names(names):
    identifiers = python_names(names)
    assert list(identifiers) == names
    assert len(set(identifiers.values())) == len(names)
    for identifier in identifiers.values():
        assert identifier.isidentifier()
        assert identifier.isascii()
        assert not keyword.iskeyword(identifier)
        assert identifier not in RESERVED


def test_the_columns_of_a_table_are_reversible():
    rows = name_table(["x", "ŷ", "alpha", "W_out", "loss"], {"loss": r"\mathcal{L}"})
    assert [row.latex for row in rows] == [
        "x",
        r"\hat{y}",
        r"\alpha",
        r"W_{\mathrm{out}}",
        r"\mathcal{L}",
    ]
    assert [row.unicode for row in rows] == ["x", "ŷ", "α", "W_out", "ℒ"]
    assert [row.python for row in rows] == ["x", "y_hat", "alpha", "W_out", "loss"]


@pytest.mark.parametrize("pair", [("w1", "w_1"), ("omega", "ω"), ("lambda_", "λ"), ("Wq", "W_q")])
def test_names_that_print_alike_are_refused(pair):
    with pytest.raises(DeriveError) as caught:
        name_table(pair)
    assert str(caught.value) == (
        f"'{pair[0]}' and '{pair[1]}' would both be printed as {unicode_name(pair[0])}\n"
        "  cure: rename one of them, or give one of them another symbol"
    )


@pytest.mark.parametrize(
    ("given_text", "latex", "unicode"),
    [
        (r"\hat{\beta}_{1}", r"\hat{\beta}_1", "β̂₁"),
        (r"\mathbf{x}", r"\mathbf{x}", "𝐱"),
        (r"\mathcal{L}", r"\mathcal{L}", "ℒ"),
        (r"W_{\mathrm{in}}^{2}", r"W_{\mathrm{in}}^2", "W_in²"),
        (r"\Delta t", r"\Delta t", "Δt"),
        (r"\vec v", r"\vec{v}", "v⃗"),
        (r"x_{i,1}", "x_{i,1}", "x_i,1"),
        (r"\phi", r"\varphi", "φ"),
    ],
)
def test_symbols_that_authors_give(given_text, latex, unicode):
    form = read_latex(given_text)
    assert (latex_symbol(form), unicode_symbol(form)) == (latex, unicode)
    assert read_latex(latex_symbol(form)) == form


@pytest.mark.parametrize(
    "text",
    [
        r"\input{passwd}",
        r"\def\x{1}",
        "x$",
        "x%",
        r"\\",
        "",
        "{x",
        "x}",
        "x_",
        "_x",
        "x_1_2",
        r"\hat",
        r"\mathbf{\alpha}",
        r"\mathrm{a_b}",
        "#1",
        "<b>",
        "&",
        "{}",
        "x" * 41,
    ],
)
def test_everything_else_is_refused(text):
    with pytest.raises(DeriveError) as caught:
        read_latex(text)
    assert caught.value.cause.startswith(f"'{text}' cannot be the symbol of a quantity: ")


def test_greek_is_a_bijection_between_letters_and_commands():
    assert len(set(COMMAND_OF_LETTER.values())) == len(COMMAND_OF_LETTER)
