"""The derivatives of log Γ against fifty digits."""

import mpmath
import pytest

from derive.numbers.special import digamma, source_lines, trigamma

POINTS = [1e-3, 0.3, 0.5, 1.0, 1.4616321449683622, 2.0, 5.5, 9.99, 10.0, 40.0, 1e6, -0.5, -3.7]


@pytest.mark.parametrize("x", POINTS)
@pytest.mark.parametrize(("function", "order"), [(digamma, 0), (trigamma, 1)])
def test_psi_to_thirteen_digits(function, order, x):
    with mpmath.workdps(50):
        truth = mpmath.psi(order, mpmath.mpf(x))
        assert abs(function(x) - truth) <= 2e-14 * max(1, abs(truth))


def test_the_source_names_itself():
    lines = source_lines("trigamma", "_trigamma_of_number")
    assert lines[0] == "def _trigamma_of_number(x):"
    assert sum("_trigamma_of_number(" in line for line in lines) == 2
