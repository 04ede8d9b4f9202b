"""The worked example in numbers, and the code beside the mathematics."""

import re
from fractions import Fraction

import numpy as np
import pytest

from derive.calculus.adjoint import derive_gradients
from derive.document.listing import kernel_lines, lines_of_equations
from derive.document.worked_numbers import error_pairs, steady
from derive.language import read_model
from derive.pipeline import build_model, source_of
from derive.project import find_model
from derive.terms import Negate
from derive.verification.small_run import NO_SMALL_RUN, small_run

NEURON = find_model("neuron").text


@pytest.fixture(scope="module")
def neuron():
    return derive_gradients(read_model(NEURON, name="neuron"))


@pytest.fixture(scope="module")
def run(neuron):
    return small_run(neuron.model, source_of(neuron), {"n": 3}, error_pairs(neuron))


def test_the_numbers_follow_from_each_other(run):
    w, b, x, y = (run.before[name] for name in ("w", "b", "x", "y"))
    error = x @ w + b - y
    assert np.allclose(run.before["y_hat"], x @ w + b)
    assert np.isclose(run.costs[0], error[0, 0] ** 2)
    assert np.allclose(run.gradients["w"], 2 * x.T @ error)
    assert np.allclose(run.after["w"], w - 0.001 * 2 * x.T @ error)
    assert np.isclose(run.costs[1], (x @ run.after["w"] + run.after["b"] - y)[0, 0] ** 2)


def test_what_the_checks_of_the_document_say(run, neuron):
    assert run.slope_bound == 1e-7
    assert [(a.name, b.name) for a, b in error_pairs(neuron)] == [("y", "y_hat")]
    assert run.without_error == tuple(error_pairs(neuron))


def test_an_example_that_does_not_run_at_these_sizes_gives_no_numbers():
    lstm = derive_gradients(read_model(find_model("lstm").text, name="lstm"))
    sizes = {"N": 3, "T": 3, "V": 2, "H": 2}
    assert small_run(lstm.model, source_of(lstm), sizes) is NO_SMALL_RUN


@pytest.mark.parametrize("value", [0.62345678, 123.45678, 4.4e-7, 0.5, 0.12345, 1e5 / 3, -2.5])
def test_no_machine_prints_another_number(value):
    printed = {str(steady(value * (1 + noise), abs(value))) for noise in (0, 1e-12, -1e-12)}
    assert len(printed) == 1
    (number,) = {steady(value, abs(value))}
    found = -number.term.value if isinstance(number, Negate) else number.value
    assert abs(found - Fraction(value)) <= max(Fraction(1, 10**4), abs(Fraction(value))) / 1000


def test_what_is_noise_beside_the_other_numbers_is_zero():
    assert steady(3e-17, 1.0).value == 0


def test_every_tag_of_the_code_is_a_line_of_the_listing(neuron):
    source = source_of(neuron)
    lines = source.split("\n")
    assert lines_of_equations(source).keys() == {1, *range(5, 13)}
    for line in kernel_lines(source):
        assert lines[line.number - 1].startswith(line.text)


def test_results_equations_and_code_are_linked():
    page = dict(build_model(NEURON, "neuron").files)["derivation.html"]
    for number in re.findall(r'<td><a href="#line-(\d+)">', page):
        row = re.search(rf'<li id="line-{number}".*?</li>', page).group()
        assert re.search(r'href="#eq-\d+"', row)
    ends = set(re.findall(r'href="#((?:eq|line)-\d+)"', page))
    assert ends
    assert all(f'id="{end}"' in page for end in ends)
