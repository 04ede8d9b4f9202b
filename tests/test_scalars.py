"""Scalars for object arrays: exact, or to 50 digits, and never a float."""

import math
import operator
from fractions import Fraction

import mpmath
import numpy as np
import pytest

from derive.errors import VerificationError
from derive.numbers.arithmetic import Infinite, NotDefined, NotRational
from derive.numbers.scalars import ELEMENTARY, Digits, Exact, agree

third = Fraction(1, 3)


def exact(*values):
    return np.array([Exact.of(value) for value in values], dtype=object)


def digits(*values):
    return np.array([Digits.of(value) for value in values], dtype=object)


def test_exact_arithmetic_is_the_arithmetic_of_fractions():
    x, y = Fraction(2, 7), Fraction(-5, 3)
    a, b = Exact.of(x), Exact.of(y)
    assert [a + b, a - b, a * b, a / b, a**2, b**-3, -a, abs(b), +a] == [
        x + y, x - y, x * y, x / y, x**2, y**-3, -x, abs(y), x
    ]  # fmt: skip
    assert [1 + a, 1 - a, 2 * a, 2 / a, a + 1, a - 1, a * 2, a / 2] == [
        1 + x, 1 - x, 2 * x, 2 / x, x + 1, x - 1, x * 2, x / 2
    ]  # fmt: skip
    assert (b < a, b <= a, b > a, b >= a, a == x, a != x) == (True, True, False, False, True, False)
    assert hash(Exact.of(3)) == hash(3)
    assert Exact.of(Fraction(9, 4)) ** Fraction(1, 2) == Fraction(3, 2)


def test_matrices_of_exact_numbers():
    a, b = exact(1, 2, 3).reshape(1, 3), exact(third, third, -1).reshape(3, 1)
    assert (a @ b).tolist() == [[Exact.of(-2)]]
    assert a.sum() == 6
    assert a.mean() == 2
    assert np.maximum(a, 2).tolist() == [[2, 2, 3]]
    assert ((a > 1) * a).tolist() == [[0, 2, 3]]
    assert np.where(a > 2, a, 0).tolist() == [[0, 0, 3]]
    assert np.sign(b).tolist() == [[1], [1], [-1]]
    assert a.argmax() == 2


@pytest.mark.parametrize("make", [exact, digits])
def test_nothing_becomes_a_float(make):
    array = make(1, third)
    for round_ in (float, int, complex, lambda x: x + 0.5, lambda x: 0.5 * x, lambda x: x == 0.5):
        with pytest.raises(VerificationError):
            round_(array[0])
    for round_ in (
        lambda: array.astype(float),
        lambda: np.array(array, dtype=np.float64),
        lambda: array * np.float64(2),
        lambda: np.ones(2) + array,
    ):
        with pytest.raises(VerificationError):
            round_()


def test_an_infinite_bound_can_be_compared_with():
    assert exact(1, 2).max(initial=-np.inf) == 2
    assert Digits.of(10**9) < float("inf")


@pytest.mark.parametrize("name", sorted(set(ELEMENTARY) & set(dir(np))))
def test_numpy_functions_reach_fifty_digits(name):
    x = Fraction(5, 4) if name == "arccosh" else Fraction(3, 8)
    found = getattr(np, name)(digits(x))[0]
    approximate = getattr(np, name)(float(x))
    assert isinstance(found, Digits)
    assert abs(float(found.value) - approximate) < 1e-15 * max(1, abs(approximate)) * 4


def test_known_constants_to_fifty_digits():
    e = "2.7182818284590452353602874713526624977572470936999595749669676277"
    root = "1.4142135623730950488016887242096980785696718753769480731766797379"
    assert agree(Digits.of(1).apply("exp"), Fraction(e))
    assert agree(Digits.of(2).apply("sqrt"), Fraction(root))
    assert not agree(Digits.of(2).apply("sqrt"), Fraction(root) + Fraction(1, 10**39))


def test_the_global_precision_of_mpmath_does_not_matter():
    before = Digits.of(2).apply("log")
    with mpmath.workdps(5):
        assert Digits.of(2).apply("log") == before
    assert mpmath.mp.dps == 15


def test_what_is_not_rational_is_refused():
    assert Exact.of(Fraction(4, 9)).apply("sqrt") == Fraction(2, 3)
    for compute in (
        lambda: np.exp(exact(1)),
        lambda: np.sqrt(exact(2)),
        lambda: Exact.of(2) ** Fraction(1, 2),
        lambda: Exact.of(8) ** third,
    ):
        with pytest.raises(NotRational):
            compute()


def test_what_does_not_exist_spoils_what_it_meets_and_agrees_with_nothing():
    for compute in (
        lambda: Exact.of(1) / 0,
        lambda: 1 / Digits.of(0),
        lambda: Exact.of(0) ** -1,
        lambda: Digits.of(-1).apply("sqrt"),
        lambda: Digits.of(0).apply("log"),
        lambda: Digits.of(-1).apply("log"),
        lambda: Digits.of(2).apply("arcsin"),
        lambda: Digits.of(-2) ** Fraction(1, 2),
        lambda: Exact.of(-4).apply("sqrt"),
    ):
        nothing = compute()
        assert isinstance(nothing, NotDefined)
        for spoilt in (nothing + 1, 1 - nothing, third * nothing, nothing / nothing, -nothing):
            assert spoilt is nothing
        assert nothing.apply("exp") is nothing
        relations = (operator.lt, operator.le, operator.eq, operator.ge, operator.gt)
        assert not any(related(nothing, 1) for related in relations)
        assert not any(related(third, nothing) for related in relations)
        assert not agree(nothing, nothing)
        with pytest.raises(VerificationError):
            float(nothing)


def test_what_does_not_exist_may_be_discarded():
    counts = np.array([Exact.of(2), Exact.of(0)], dtype=object)
    shares = np.where(counts > 0, 1 / counts, 0)
    assert list(shares) == [Fraction(1, 2), 0]
    spoilt = (1 / counts).sum()
    assert isinstance(spoilt, NotDefined)


def test_infinity_is_compared_with_and_has_limits():
    infinity = Infinite(math.inf)
    for one in (Exact.of(3), Digits.of(-3), 7):
        assert infinity > one > -infinity
        assert infinity + one == infinity == infinity - one
        assert one - infinity == -infinity
    values = np.array([Exact.of(-5), -infinity, Exact.of(-7)], dtype=object)
    assert values.max() == -5
    assert (-infinity).apply("exp") == 0
    for nothing in (infinity - infinity, infinity * 0, infinity / infinity, infinity.apply("sin")):
        assert isinstance(nothing, NotDefined)
    assert not agree(infinity, infinity)
