"""Reports, certificates, and the likely mistake behind a difference."""

import numpy as np
import pytest
from forms import at, equation, quantity, specification, square, times

from derive.calculus.steps import Step
from derive.project import LANGUAGES
from derive.prose import catalogue
from derive.terms import Derivative, Partial, Quantity
from derive.verification.check_steps import StepCheck
from derive.verification.diagnose import Sample, diagnose
from derive.verification.report import LEVELS, Line, Report, certificate, report_lines
from derive.verification.verify import step_line, step_lines

SIZES = ((("n", 3), ("m", 2)), (("n", 1), ("m", 1)))


VERDICTS = ("verified", "undecided", "failed")


def report(verdict):
    return Report(
        "net",
        (
            Line("kernels", "C", SIZES, "exact", "verified"),
            Line("float64", "∂C/∂w", SIZES[:1], "float64", verdict, 2e-16, 1e-10, "a note"),
        ),
    )


@pytest.mark.parametrize(
    ("verdict", "mark"), [("verified", "✓"), ("failed", "✗"), ("undecided", "?")]
)
def test_a_report_says_what_was_checked_how_and_with_what_result(verdict, mark):
    assert report_lines(report(verdict)) == [
        f"net: {verdict}",
        "the code on exact numbers, against dual numbers through the forward equations",
        "  at n=3 m=2; n=1 m=1",
        "  ✓ C  exact",
        "the code on floats, against the oracle and along random directions",
        "  at n=3 m=2",
        f"  {mark} ∂C/∂w  float64, worst error 2.0e-16",
        "      a note",
    ]
    assert report(verdict).ok == (verdict == "verified")


def test_sizes_stand_once_a_level_and_what_is_said_of_one_quantity_on_one_line():
    six = tuple((("width", 10 + k), ("height", k)) for k in range(6))
    lines = (
        Line("float64", "a", six, "float64, every entry", "verified", 1e-16),
        Line("float64", "a", six[:4], "float64, Taylor slopes 1 and 2", "verified"),
        Line("float64", "b", six, "float64, every entry", "verified", 0.0),
        Line("float64", "b", six, "float64, Taylor slopes 1 and 2", "failed", note="wrong"),
    )
    assert report_lines(Report("net", lines))[2:] == [
        "  at width=10 height=0",
        *(f"     width={10 + k} height={k}" for k in range(1, 6)),
        "  ✓ a  float64, every entry, worst error 1.0e-16; Taylor slopes 1 and 2 (at 4 of 6 sizes)",
        "  ✓ b  float64, every entry, worst error 0.0e+00",
        "  ✗ b  float64, Taylor slopes 1 and 2",
        "      wrong",
    ]


def test_a_certificate_holds_bounds_and_no_measured_error():
    assert certificate(report("undecided")) == {
        "model": "net",
        "verified": False,
        "checks": [
            {
                "level": "kernels",
                "quantity": "C",
                "sizes": [{"n": 3, "m": 2}, {"n": 1, "m": 1}],
                "how": "exact",
                "verdict": "verified",
            },
            {
                "level": "float64",
                "quantity": "∂C/∂w",
                "sizes": [{"n": 3, "m": 2}],
                "how": "float64",
                "verdict": "undecided",
                "bound": 1e-10,
            },
        ],
    }


def test_the_steps_of_a_quantity_are_one_line():
    exact = StepCheck("sum_rule", "exact", (("n", 2),), 1)
    digits = StepCheck("function_rule", "50 digits", (("n", 2),), 1)
    undecided = StepCheck("log_rule", "undecided", (("n", 2),), 0)
    sizes = ((("n", 2),),)
    assert step_line("w", (exact, exact)) == Line("steps", "w", sizes, "exact, 2 steps", "verified")
    how = "50 digits, 1 of 2 steps exact"
    assert step_line("w", (exact, digits)) == Line("steps", "w", sizes, how, "verified")
    line = step_line("w", (exact, digits, undecided))
    assert (line.verdict, line.note) == ("undecided", "not decided: log_rule")


def test_a_wrong_step_is_a_failed_line():
    x, cost = quantity("x", kind="param"), quantity("C")
    model = specification(equation(cost, (), square(x)))
    slope = Quantity(Derivative("C", "x"), (), "gradient")
    right = Step("local", Partial(at(cost), at(x)), times(2, x))
    wrong = Step("local", Partial(at(cost), at(x)), at(x))
    derived = (
        ("right", (right,), (equation(slope, (), times(2, x)),)),
        ("wrong step", (wrong,), ()),
        ("wrong equation", (right,), (equation(slope, (), times(3, x)),)),
    )
    lines = step_lines(model, derived)
    assert [(line.quantity, line.verdict) for line in lines] == [
        ("right", "verified"),
        ("wrong step", "failed"),
        ("wrong equation", "failed"),
    ]
    assert lines[1].note.startswith("the step 'local': left ")
    assert lines[2].note.startswith("the step 'gradient': left ")


def test_relations_between_arrays_are_recognised():
    expected = np.array([[1.0, 2.0], [3.0, 5.0]])
    found = {
        "it has the wrong sign": -expected,
        "it is zero: nothing arrives here": 0 * expected,
        "it is the transpose of what it should be": expected.T,
        "it is 1/2 of what it should be: is a factor 2 missing?": expected / 2,
        "it is n times what it should be: is a division by n missing? (a sum for a mean?)": (
            5 * expected
        ),
        "it is n m times what it should be: is a division by n m missing? (a sum for a mean?)": (
            15 * expected
        ),
        "it is 1/sqrt(m) of what it should be: is a factor sqrt(m) missing?": expected / 3**0.5,
        "it is n/(n - 1) times what it should be": expected * 5 / 4,
        "it is 1/rate of what it should be: is a factor rate missing?": expected / 0.7,
        "it has shape (4,), it should have (2, 2): its entries are right": expected.ravel(),
        "it has shape (3, 2, 2), it should have (2, 2): "
        "is a sum over the axis 0 missing, that of the batch?": np.stack([expected / 3] * 3),
        "it is the sum of all entries in every entry: it is summed over an axis too many": (
            np.full((2, 2), expected.sum())
        ),
        "it is the mean along axis 1 in every entry: it is averaged over an axis too many": (
            np.repeat(expected.mean(1, keepdims=True), 2, axis=1)
        ),
        "its entries stand in reverse order along axis 0": expected[::-1],
        "a factor 'x' is missing": expected / np.array([2.0, 3.0]),
        "": expected + 1,
    }
    given = {"n": 5, "m": 3}, {"rate": 0.7}, {"x": np.array([2.0, 3.0])}
    for text, array in found.items():
        assert diagnose([Sample(expected, array, *given)]) == text


def test_a_sum_over_the_wrong_axis_has_the_sum_of_the_right_one():
    upstream = np.array([[1.0, 2.0, 4.0], [3.0, 5.0, 7.0]])
    sample = Sample(upstream.sum(axis=0), upstream.sum(axis=1), {})
    assert diagnose([sample]) == (
        "it has shape (2,), it should have (3,), with the same sum of all entries: "
        "is it summed over the wrong axis?"
    )


def test_a_relation_must_hold_at_every_point():
    one, two = np.array([1.0, 2.0]), np.array([2.0, 3.0])
    assert diagnose([Sample(one, 2 * one, {}), Sample(two, 3 * two, {})]) == ""
    assert "2 times" in diagnose([Sample(one, 2 * one, {}), Sample(two, 2 * two, {})])


def test_what_cannot_be_decided_is_neither_verified_nor_failed():
    good, open_, wrong = (Line("kernels", v, (), "exact", v) for v in VERDICTS)
    assert Report("m", (good,)).verdict == "verified"
    assert Report("m", (good, open_)).verdict == "undecided"
    assert Report("m", (good, open_, wrong)).verdict == "failed"
    assert [Report("m", lines).ok for lines in ((good,), (open_,), (wrong,))] == [
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_level_has_a_title_in_each_language(language):
    assert all(catalogue(language)[f"serve.level_{level}"] for level in LEVELS)
