"""Formulas of a docstring: numbers in a column of their own, breaks at operators and factors."""

import pytest

from derive.code.formula_lines import formula_lines, numbered_lines


def test_a_formula_that_fits_stays_on_one_line():
    assert formula_lines("y = A x + b", 11) == ["y = A x + b"]


@pytest.mark.parametrize(
    ("text", "room", "lines"),
    [
        # Before a sign rather than between factors, and outside of brackets.
        ("y = a b (c + d) + e f g", 21, ["y = a b (c + d)", "    + e f g"]),
        # Between factors where there is no sign, before a joint first.
        ("y = aaaaaaaaaa · bbb cccccc", 20, ["y = aaaaaaaaaa", "    · bbb cccccc"]),
        ("y = aaaaaa bbbbbb cccccc", 20, ["y = aaaaaa bbbbbb", "    cccccc"]),
        # Not in subscripts, and not behind a sum or its range.
        ("y = f[t, n, j] g[t, n, j]", 22, ["y = f[t, n, j]", "    g[t, n, j]"]),
        ("y = a Σ_{t: t ≥ 2} f[t, n] g[t]", 25, ["y = a", "    Σ_{t: t ≥ 2} f[t, n]", "    g[t]"]),
        ("yyy = Σ_{t: t ≥ 2} f[t, n] g[t]", 25, ["yyy =", "    Σ_{t: t ≥ 2} f[t, n]", "    g[t]"]),
        # Inside brackets where nothing else is left.
        ("y = (aaaa + bbbb + cccc)", 20, ["y = (aaaa + bbbb", "    + cccc)"]),
        # A line for each case.
        ("y = {aaaa, i ≤ j; 0, i > j}", 20, ["y = {aaaa, i ≤ j;", "    0, i > j}"]),
        # What has no place to break at is left as it is.
        ("y[iiii, jjjj]", 8, ["y[iiii, jjjj]"]),
    ],
)
def test_a_long_formula_is_broken_where_it_reads_best(text, room, lines):
    assert formula_lines(text, room) == lines


def test_numbers_stand_below_each_other_and_accents_take_no_room():
    assert numbered_lines([("x̂ = x/s", "(1)"), ("C = x̂² + 1", ""), ("y = 2 x̂", "(2)")]) == [
        ["x̂ = x/s    (1)"],
        ["C = x̂² + 1"],
        ["y = 2 x̂    (2)"],
    ]


def test_numbers_leave_room_for_themselves():
    text = " + ".join(["aaaa"] * 14)
    (lines,) = numbered_lines([(text, "(1)–(12)")])
    assert lines == [" + ".join(["aaaa"] * 12) + " " * 4 + "(1)–(12)", "    + aaaa + aaaa"]
