"""Inverses of symmetric matrices, solutions by name, and what shows that a matrix is symmetric."""

import pytest
from forms import at, index, n, over, quantity, subtract, term, times

from derive.calculus.adjoint import derive_gradients
from derive.calculus.explain import chain, closed_equation
from derive.calculus.symmetry import symmetric_quantities
from derive.document.matrices import matrix_formula
from derive.document.writer import Writer
from derive.language import read_model
from derive.program.vectorise import vectorise
from derive.terms import LinearAlgebra, Matrix, same
from derive.typeset.unicode import unicode


def inverse(matrix, row, column):
    places = index(n), index(n)
    return LinearAlgebra("inv", (Matrix(places, at(matrix, *places)),), (term(row), term(column)))


def simplified(text, wrt):
    """A gradient with the names of the steps to its simplest form, and its matrix formula."""
    model = read_model(f"{text}\nminimize(f, sgd())\n", name="m")
    derivation = derive_gradients(model)
    (gradient,) = (g for g in derivation.gradients if g.wrt.name == wrt)
    forms = chain(derivation, gradient)
    shown = matrix_formula(
        Writer(derivation, {}, {}, small=False),
        vectorise(closed_equation(derivation, gradient)),
    )
    return gradient, forms, shown and unicode(shown)


EVIDENCE = "alpha = solve(K, y); f = y @ alpha / 2 + logdet(K) / 2"


@pytest.mark.parametrize(
    "kernel_of",
    [
        "K: param[n, n]; assume(symmetric(K))",
        "x: input[n]; s: param; K[i, j] = exp(-s * (x[i] - x[j])**2) + s * where(i == j, 1, 0)",
    ],
)
def test_the_evidence_of_a_gaussian_process(kernel_of):
    # Rasmussen & Williams 5.9: ∂(-log p)/∂K = (K⁻¹ - α αᵀ) / 2, where α = K⁻¹ y
    gradient, forms, shown = simplified(f"n: dim; y: input[n]; {kernel_of}; {EVIDENCE}", "K")
    K, alpha = gradient.wrt, quantity("alpha", n)
    p, q = gradient.equation.indices
    entry = inverse(K, q, p)
    expected = over(subtract(entry, times(at(alpha, q), at(alpha, p))), 2)
    assert same(forms.simplified, expected)
    assert [step.rule for step in forms.simplification][:2] == ["symmetric", "out_of_the_sum"]
    assert "solution" in [step.rule for step in forms.simplification]
    assert shown == "(K⁻¹ − α αᵀ)/2"


def test_the_inverse_of_a_matrix_that_is_not_symmetric_keeps_its_transpose():
    _, _, shown = simplified(f"n: dim; y: input[n]; K: param[n, n]; {EVIDENCE}", "K")
    assert shown == "(K⁻ᵀ − K⁻ᵀ y αᵀ)/2"


def test_both_halves_of_a_gram_matrix_are_one():
    _, _, shown = simplified("n: dim; m: dim; A: param[m, n]; f = logdet(A.T @ A + eye(n))", "A")
    assert shown == "2 A (Aᵀ A + I)⁻¹"


@pytest.mark.parametrize(
    ("definition", "shows"),
    [
        ("X @ X.T", True),
        ("X.T @ X + eye(n)", True),
        ("X @ X", False),
        ("X + X.T", True),
        ("X - X.T", False),
        ("S * (X @ X.T)", True),
        ("inv(S)", True),
        ("inv(X)", False),
    ],
)
def test_a_definition_shows_that_it_is_symmetric(definition, shows):
    text = f"n: dim; X: param[n, n]; S: input[n, n]; assume(symmetric(S)); M = {definition}"
    model = read_model(f"{text}; f = sum(M ** 2)\nminimize(f, sgd())\n", name="m")
    assert ("M" in symmetric_quantities(model)) is shows
