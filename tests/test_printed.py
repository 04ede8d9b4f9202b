"""What is printed is evaluated: formulas are read back, and wrong ones are noticed."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from printed_mutants import attack

from derive import Model
from derive.calculus.adjoint import derive_gradients
from derive.calculus.inner import completed
from derive.calculus.requested import requested
from derive.document.blocks import Display, Paragraph
from derive.document.build import document_of
from derive.document.writer import writer_for
from derive.language import read_model
from derive.names import Letters
from derive.printed.expressions import (
    Applied,
    Chain,
    Named,
    Numeral,
    Power,
    Product,
    Quotient,
    Ranged,
    Sum,
)
from derive.printed.lines import printed_lines
from derive.printed.reader import read
from derive.typeset.equations import TRANSPOSE
from derive.typeset.layout import Raised, Row
from derive.typeset.symbols import Notation
from derive.typeset.terms import layout
from derive.typeset.unicode import unicode

CASES = sorted((Path(__file__).parent / "cases").glob("*/*.model"))


def derived(text, name="model"):
    """The derivation of a text, what it asks for, and its document."""
    derivation = derive_gradients(completed(read_model(text, name=name))[0])
    asked = requested(derivation)
    return derivation, document_of(derivation, asked), asked


def printed(text):
    """What is found about the document of a text."""
    derivation, document, asked = derived(text)
    return printed_lines(derivation, document, asked)


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_every_equation_of_every_case_is_what_the_oracle_says(path):
    lines = printed(path.read_text(encoding="utf-8"))
    assert {line.verdict for line in lines} == {"verified"}, "\n".join(line.note for line in lines)


# --- reading ------------------------------------------------------------------------------------


def named(letter, *subscripts):
    return Named(Letters(letter, "italic"), subscripts)


def definition(text):
    """The right side of the last equation of a text, in index notation, as it is read."""
    model = read_model(text + "; minimize(C)")
    writer = writer_for(derive_gradients(model))
    last = model.equations[-1].right
    letters = writer.letters((last,))
    return read(layout(last, Notation(letters)))


one, two = Numeral(Fraction(1)), Numeral(Fraction(2))
u, v, w = named("u"), named("v"), named("w")


@pytest.mark.parametrize(
    ("term", "meaning"),
    [
        ("u - v - w", Sum(((False, u), (True, v), (True, w)))),
        ("u - (v - w)", Sum(((False, u), (True, Sum(((False, v), (True, w))))))),
        ("-u * v", Sum(((True, Product((u, v))),))),
        ("u * v / w", Quotient(Product((u, v)), w)),
        ("u * (v / w)", Product((u, Quotient(v, w)))),
        ("u / (v * w)", Quotient(u, Product((v, w)))),
        ("-u ** 2", Sum(((True, Power(u, two)),))),
        ("(u + v) ** 2", Power(Sum(((False, u), (False, v))), two)),
        ("tanh(u) * v", Product((Applied("tanh", (u,)), v))),
        ("exp(u - v)", Applied("exp", (Sum(((False, u), (True, v))),))),
    ],
)
def test_a_formula_is_read_in_the_order_in_which_it_was_written(term, meaning):
    assert definition(f"u: param; v: param; w: param; C = {term}") == meaning


def test_a_sum_reaches_as_far_as_its_product():
    i, n = Letters("i", "italic"), Named(Letters("n", "italic"))
    x = named("x", Named(i))
    text = "n: dim; x: param[n]; u: param; v: param; C = u * sum(x[i] * v, i) + v"
    inside = Ranged("∑", i, one, n, (), Product((x, v)))
    assert definition(text) == Sum(((False, Product((u, inside))), (False, v)))
    text = "n: dim; x: param[n]; u: param; C = sum(x[i] + u, i, where=i < 2)"
    few = (Chain((Named(i), Numeral(Fraction(3))), ("<",)),)
    summed = Ranged("∑", i, one, n, few, Sum(((False, x), (False, u))))
    assert definition(text) == summed


# --- wrong formulas -----------------------------------------------------------------------------


def spoilt(document, number, change):
    """The document with one numbered formula changed."""

    def line(old):
        return replace(old, formula=change(old.formula)) if old.number == number else old

    def block(old):
        return Display(tuple(map(line, old.lines))) if isinstance(old, Display) else old

    sections = (replace(s, blocks=tuple(map(block, s.blocks))) for s in document.sections)
    return replace(document, sections=tuple(sections))


def test_a_wrong_formula_is_named_with_its_number_and_both_sides():
    derivation, document, asked = derived(
        "N: dim = 2; D: dim = 3; X: input[N, D]; w: param[D]; y: input[N]; z = X @ w;"
        "C = sum((z - y) ** 2); minimize(C)"
    )

    def turned(formula):
        *before, matrix, times, vector = formula.items
        return Row((*before, Raised(matrix, TRANSPOSE), times, vector))

    lines = printed_lines(derivation, spoilt(document, 1, turned), asked)
    (failed,) = (line for line in lines if line.verdict == "failed")
    assert failed.quantity == "The model"
    assert failed.note.splitlines() == [
        "(1) z = Xᵀ w",
        "  (4, 3) times (4, 1) is no matrix product",
    ]


MODELS = ("neuron", "ridge_regression", "softmax_regression", "mlp", "cnn")


def test_spoilt_formulas_are_noticed():
    survivors = {
        (name, kind, formula)
        for name in MODELS
        for kind, formula, alive in attack(name, most=40)
        if alive
    }
    # What is lost in these is a derivative that is one: ∂C/∂b = Σ_i ∂C/∂z[i] = Σ_i ... · 1.
    equivalent = {one for one in survivors if one[1] == "lost factor" and " · 1" in one[2]}
    assert survivors == equivalent


# --- what reading the documents brought to light ------------------------------------------------


def test_the_place_of_a_maximum_counts_from_one_as_its_letters_do():
    text = "n: dim; x: param[n]; C = max(x[i], i) ** 2; minimize(C)"
    assert repr(Model(text).gradient("x")) == (
        "∂C/∂x[i] = {2 max_j x[j], i = argmax_j x[j]; 0, i ≠ argmax_j x[j]}    (n,)"
    )
    assert {line.verdict for line in printed(text)} == {"verified"}


def test_the_place_of_a_maximum_over_one_is_the_first():
    text = "n: dim; w: param[n, 1]; z = max(w, axis=1); C = sum(z ** 2); minimize(C)"
    assert {line.verdict for line in printed(text)} == {"verified"}


@pytest.mark.parametrize(
    ("text", "setting"),
    [
        ("alpha: param; C = (alpha - 1) ** 2; minimize(C, sgd())", "α_sgd"),
        ("eps: const = 1; w: param; C = (w - eps) ** 2; minimize(C, adam())", "ε_adam"),
        ("t: param; C = (t - 1) ** 2; minimize(C, adam())", "τ ← τ + 1"),
        ("T: dim; w: param[T]; z[t] = w[t] ** 2; C = sum(z); minimize(C, adam())", "τ ← τ + 1"),
        ("n: dim; w: param[n]; C = sum(w ** 2); minimize(C, adam())", "t ← t + 1"),
    ],
)
def test_what_a_rule_calls_does_not_print_like_anything_of_the_model(text, setting):
    derivation, document, asked = derived(text)
    shown = [unicode(line.formula) for line in displayed(document)]
    assert any(setting in formula and "←" in formula for formula in shown)
    assert {line.verdict for line in printed_lines(derivation, document, asked)} == {"verified"}


def displayed(document):
    blocks = (block for section in document.sections for block in section.blocks)
    return [line for block in blocks if isinstance(block, Display) for line in block.lines]


def test_no_entry_is_printed_that_its_array_does_not_have():
    text = "T: dim = 2; x: input[T]; w: param; h[-1] = 0; h[t] = tanh(w * h[t - 1] + x[t])"
    _, document, _ = derived(f"{text}; C = sum(h ** 2); minimize(C)")
    shown = [unicode(line.formula) for line in displayed(document)]
    assert any(line.startswith("∂h₂/∂h₁ = ") for line in shown)
    assert not any("∂h₃/∂h₂ = " in line for line in shown)


def test_a_document_says_where_one_entry_is_read_in_several_places():
    text = "n: dim; z: param[n]; P = softmax(z); C = sum(P ** 2); minimize(C)"
    _, document, _ = derived(text)
    blocks = [block for section in document.sections for block in section.blocks]
    keys = [p.key for b in blocks if isinstance(b, Paragraph) for p in b.phrases]
    assert keys.count("local.readings") == 1
