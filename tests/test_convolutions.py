"""Sums over windows as correlations and convolutions, in print and as they are read back."""

import numpy as np
import pytest

from derive.calculus.adjoint import derive_gradients
from derive.calculus.explain import closed_equation, gradient_named
from derive.document.convolutions import convolution_formula
from derive.document.matrix_form import stacked_formula
from derive.document.writer import writer_for
from derive.language import read_model
from derive.numbers.dual import Dual
from derive.printed.values import Unfitting, Whole, convolution, correlation
from derive.project import find_model
from derive.typeset.unicode import unicode


def shown(derivation, name):
    gradient = closed_equation(derivation, gradient_named(derivation, name))
    found = convolution_formula(writer_for(derivation), gradient)
    return None if found is None else unicode(found.formula)


def of(text):
    return derive_gradients(read_model(text, name="model"))


CNN = derive_gradients(read_model(find_model("cnn").text, name="cnn"))
# As in Jefkine, Backpropagation in Convolutional Neural Networks (2016), for stacks of filters.
GRADIENTS = {
    "V": "∂C/∂V[f] = Σ_n ∂C/∂Z₁[n, f] ⋆ X[n]",
    "W": "∂C/∂W[g, f] = Σ_n ∂C/∂Z₂[n, g] ⋆ A₁[n, f]",
    "A1": "∂C/∂A₁[n, f] = Σ_g ∂C/∂Z₂[n, g] ∗ W[g, f]",
}


@pytest.mark.parametrize(("quantity", "formula"), GRADIENTS.items())
def test_the_gradients_of_two_layers_of_filters(quantity, formula):
    assert shown(CNN, quantity) == formula


def test_the_layers_themselves():
    writer = writer_for(CNN)
    lines = {e.left.name: stacked_formula(writer, e) for e in CNN.model.equations}
    assert {name: unicode(line) for name, line in lines.items() if line is not None} == {
        "Z1": "Z₁[n, f] = V[f] ⋆ X[n] + b[f] 𝟏 𝟏ᵀ",
        "Z2": "Z₂[n, g] = Σ_f W[g, f] ⋆ A₁[n, f] + c[g] 𝟏 𝟏ᵀ",
    }


SIGNAL = """N: dim; T: dim; K: dim; L: dim = {places}
x: param[N, T]; w: param[K]; b: param
t: range(L)
z[n, t] = sum(w[k] * x[n, {place}], k) + b
C = sum(z ** 2)
minimize(C)"""


def test_a_filter_along_one_axis_is_laid_on_a_column():
    signal = of(SIGNAL.format(places="T - K + 1", place="t + k"))
    assert shown(signal, "w") == "∂C/∂w = 2 Σ_n z[n] ⋆ x[n]"
    assert shown(signal, "x") == "∂C/∂x[n] = 2 z[n] ∗ w"


@pytest.mark.parametrize(
    ("places", "place"),
    [("(T - K) // 2 + 1", "2*t + k"), ("T - K", "t + k"), ("T - K", "t + k + 1")],
)
def test_strides_and_places_left_out_have_no_sign(places, place):
    signal = of(SIGNAL.format(places=places, place=place))
    assert [shown(signal, name) for name in "wx"] == [None, None]


# --- as they are read back ----------------------------------------------------------------------


def matrix(rows):
    return Whole(np.array([[Dual(entry) for entry in row] for row in rows], dtype=object))


def numbers(value):
    return [[entry.value for entry in row] for row in value.array]


def test_a_correlation_is_the_sum_over_each_window():
    found = correlation(matrix([[1, 2], [3, 4]]), matrix([[1, 0, 2], [0, 1, 0], [5, 0, 1]]))
    assert numbers(found) == [[5, 7], [17, 5]]


def test_a_convolution_is_a_correlation_with_zeros_around_and_the_window_turned_round():
    kernel, image = np.array([[1, 2], [3, 4]]), np.array([[1, 0, 2], [0, 1, 5]])
    turned = correlation(matrix(kernel[::-1, ::-1]), matrix(np.pad(image, 1)))
    assert numbers(convolution(matrix(image), matrix(kernel))) == numbers(turned)


def test_what_does_not_fit_is_said():
    with pytest.raises(Unfitting, match="does not fit into"):
        correlation(matrix([[1, 2, 3]]), matrix([[1, 2]]))
