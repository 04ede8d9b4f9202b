"""Indices in print: they count from one, and their letters never clash."""

from __future__ import annotations

import pytest
from printed_terms import (
    X,
    a,
    at_i,
    at_j,
    at_k,
    b,
    k,
    m,
    n,
    shown,
    total,
    w,
    x,
)

from derive.terms import (
    ONE,
    TWO,
    ZERO,
    Add,
    Compare,
    Entry,
    Index,
    IndexValue,
    Multiply,
    Negate,
    Power,
    Quantity,
    Reduction,
    Size,
    number,
)
from derive.typeset.letters import choose_letters
from derive.typeset.unicode import unicode

PLACES = [
    (at_i, "i"),
    (ZERO, "1"),
    (number(4), "5"),
    (Add((at_i, ONE)), "i + 1"),
    (Add((at_i, Negate(ONE))), "i − 1"),
    (Add((at_i, at_j)), "i + j − 1"),
    (Add((Multiply((TWO, at_i)), at_j)), "2 (i − 1) + j"),
    (Multiply((TWO, at_i)), "2 (i − 1) + 1"),
    (Add((Multiply((m, at_i)), at_j)), "m (i − 1) + j"),
    (Add((Multiply((at_i, m)), at_j, Negate(Size("p")))), "(i − 1) m + j − p"),
    (Add((n, Negate(ONE))), "n"),
    (Add((n, Negate(ONE), Negate(at_i))), "n − i + 1"),
    (Add((Negate(at_i), number(3))), "5 − i"),
    (Entry(Quantity("t", (n,), "index"), (at_i,)), "t[i]"),
    (Add((at_i, Entry(Quantity("t", (n,), "index"), (ZERO,)))), "i + t₁ − 1"),
    (IndexValue(Index(ONE)), "1"),
]


@pytest.mark.parametrize(("subscript", "position"), PLACES)
def test_a_subscript_is_printed_as_a_position_that_counts_from_one(subscript, position):
    v = Entry(Quantity("v", (n, m)), (at_k, subscript))
    assert unicode(shown(v)) == f"v[k, {position}]"


NUMBERS = [
    (at_i, "i − 1"),
    (Add((at_i, ONE)), "i"),
    (Multiply((TWO, at_i)), "2 (i − 1)"),
    (Add((at_i, b)), "i + b − 1"),
    (Negate(at_i), "−(i − 1)"),
    (Power(a, at_i), "a^(i − 1)"),
    (Add((a, Multiply((b, IndexValue(Index(ONE)))))), "a + b · 0"),
    (Entry(Quantity("t", kind="index")), "t − 1"),
]


@pytest.mark.parametrize(("term", "text"), NUMBERS)
def test_an_index_used_as_a_number_is_one_less_than_its_letter(term, text):
    assert unicode(shown(term)) == text


CONDITIONS = [
    (Compare("<=", at_j, at_i), "j ≤ i"),
    (Compare("==", at_i, ZERO), "i = 1"),
    (Compare("<", at_i, n), "i ≤ n"),
    (Compare("<=", at_i, Add((n, Negate(ONE)))), "i ≤ n"),
    (Compare("<=", at_i, Add((n, Negate(TWO)))), "i < n"),
    (Compare("<=", ZERO, Add((at_i, at_j, Negate(ONE)))), "3 ≤ i + j"),
    (Compare("==", Add((Multiply((TWO, at_i)), at_j)), at_k), "2 (i − 1) + j = k"),
    (Compare("!=", at_k, Entry(Quantity("t", (n,), "index"), (at_i,))), "k ≠ t[i]"),
    (Compare(">", Entry(X, (at_i, at_j)), ZERO), "X[i, j] > 0"),
    (Compare(">", n, ONE), "n > 1"),
]


@pytest.mark.parametrize(("condition", "text"), CONDITIONS)
def test_conditions_count_from_one(condition, text):
    assert unicode(shown(condition)) == text


def test_a_sum_over_an_axis_of_size_one_is_not_printed():
    only = Index(ONE, "i")
    assert unicode(shown(Reduction("sum", (only,), x(IndexValue(only))))) == "x₁"
    assert unicode(shown(Reduction("mean", (only, k), x(at_k)))) == "(1/n) Σ_k x[k]"
    guard = Compare("==", x(at_i), ZERO)
    assert unicode(shown(Reduction("sum", (only,), x(at_i), (guard,)))) == "[x[i] = 0] x[i]"


def letters(*nodes, taken=()):
    return list(choose_letters(nodes, taken).values())


def test_the_author_s_letter_is_kept_where_it_is_free():
    unnamed = Index(n)
    assert letters(Multiply((x(IndexValue(unnamed)), x(at_i)))) == ["j", "i"]
    assert letters(Multiply((x(at_k), x(at_i)))) == ["k", "i"]


def test_sums_side_by_side_share_a_letter_and_sums_inside_each_other_do_not():
    other = Index(n, "k")
    side_by_side = Add((total(k, x(at_k)), total(other, x(IndexValue(other)))))
    assert unicode(shown(side_by_side)) == "Σ_k x[k] + Σ_k x[k]"
    inside = total(k, Multiply((x(at_k), total(other, w(IndexValue(other))))))
    assert unicode(shown(inside)) == "Σ_k x[k] Σ_i w[i]"


def test_no_index_takes_the_letter_of_a_free_index_a_quantity_or_a_size():
    other = Index(Size("j"), "x")
    term = Multiply((x(at_i), total(other, x(IndexValue(other)))))
    assert letters(term) == ["i", "k"]
    assert letters(term, taken=("k", "l")) == ["i", "m"]
    assert letters(x(IndexValue(Index(n, "alpha"))), taken=("α",)) == ["i"]


def test_letters_never_run_out():
    assert letters(*(IndexValue(Index(n)) for _ in range(28)))[-3:] == ["z", "i_1", "j_1"]
