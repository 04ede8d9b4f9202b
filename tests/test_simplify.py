"""Products and sums as a person would write them: whole terms, in the order they were given."""

from fractions import Fraction

import pytest
from forms import add, at, compare, index, n, over, quantity, square, subtract, times, total
from hypothesis import given
from hypothesis import strategies as st

from derive import simplify
from derive.numbers.evaluate import evaluate
from derive.numbers.evaluation import Evaluation
from derive.terms import (
    ONE,
    TWO,
    ZERO,
    Add,
    AllOf,
    Choice,
    Divide,
    Entry,
    Multiply,
    Negate,
    Number,
    number,
)

x, y, z = (Entry(quantity(name)) for name in "xyz")
k = index(n, "k")
x_k = at(quantity("x", n), k)

PRODUCTS = [
    ((), ONE),
    ((x,), x),
    ((x, ONE), x),
    ((ONE, ONE), ONE),
    ((x, ZERO, y), ZERO),
    ((y, x), times(y, x)),
    ((x, TWO), times(2, x)),
    ((TWO, x, number(3)), times(6, x)),
    ((Negate(x), y), Negate(times(x, y))),
    ((over(1, y), TWO, x), times(over(2, y), x)),
    ((x, TWO, over(3, y), over(1, z)), times(x, over(6, y), over(1, z))),
    ((TWO, over(x, y)), times(2, over(x, y))),
    ((Negate(x), Negate(y)), times(x, y)),
    ((number(-1), x), Negate(x)),
    ((number(Fraction(1, 2)), x), times(Fraction(1, 2), x)),
    ((number(-2),), Negate(TWO)),
    ((times(2, subtract(y, z)), x), times(2, subtract(y, z), x)),
    ((x, times(2, y)), times(2, x, y)),
    ((add(x, y), z), times(add(x, y), z)),
]


@pytest.mark.parametrize(("factors", "expected"), PRODUCTS)
def test_a_product_is_flat_with_its_sign_outside_and_its_number_in_front(factors, expected):
    assert simplify.product(*factors) == expected


SUMS = [
    ((), ZERO),
    ((ZERO, ZERO), ZERO),
    ((ZERO, x), x),
    ((y, x), add(y, x)),
    ((x, add(y, z)), add(x, y, z)),
    ((x, Negate(y)), subtract(x, y)),
    ((x, x), add(x, x)),
]


@pytest.mark.parametrize(("summands", "expected"), SUMS)
def test_a_sum_is_flat_without_zeros_and_in_order(summands, expected):
    assert simplify.total(*summands) == expected


def test_minus_minus_x_is_x_and_minus_zero_is_zero():
    assert simplify.negative(x) == Negate(x)
    assert simplify.negative(Negate(x)) == x
    assert simplify.negative(ZERO) == ZERO


def test_a_quotient_has_its_sign_in_front_and_no_denominator_one():
    assert simplify.quotient(x, y) == over(x, y)
    assert simplify.quotient(Negate(x), y) == Negate(over(x, y))
    assert simplify.quotient(x, ONE) == x
    assert simplify.quotient(ZERO, y) == ZERO


def test_what_the_numbers_of_a_quotient_share_is_cancelled():
    # 2u/2 = u, 2u/4 = u/2, −6u/4 = −3u/2, while 3u/2 and 2/4 stay
    u = subtract(x, y)
    assert simplify.quotient(times(2, u), TWO) == u
    assert simplify.quotient(times(2, u), number(4)) == over(u, 2)
    assert simplify.quotient(Negate(times(6, u)), number(4)) == Negate(over(times(3, u), 2))
    assert simplify.quotient(times(3, u), TWO) == over(times(3, u), 2)
    assert simplify.quotient(TWO, number(4)) == over(2, 4)


def test_the_first_power_is_the_base_and_the_zeroth_is_one():
    assert simplify.power(x, ONE) == x
    assert simplify.power(x, ZERO) == ONE
    assert simplify.power(x, TWO) == square(x)


def test_the_sign_of_a_sum_stands_in_front_of_it():
    # Σ_k −x[k] = −Σ_k x[k], and Σ_k 0 = 0; over no index, x is its own sum
    assert simplify.summed((k,), Negate(x_k)) == Negate(total(k, x_k))
    assert simplify.summed((k,), ZERO) == ZERO
    assert simplify.summed((), x) == x
    assert simplify.summed((k,), x_k) == total(k, x_k)


# --- guards -------------------------------------------------------------------------------------

later, even = compare(">", k, 0), compare("==", y, z)


def where(conditions, term):
    condition = conditions[0] if len(conditions) == 1 else AllOf(conditions)
    return Choice(condition, term, ZERO)


def test_a_guard_says_once_where_a_term_is_not_zero():
    assert simplify.guarded((), x) == x
    assert simplify.guarded((later,), ZERO) == ZERO
    assert simplify.guarded((later,), x) == where((later,), x)
    assert simplify.guarded((even,), where((later,), x)) == where((even, later), x)
    assert simplify.guarded((later,), where((later,), x)) == where((later,), x)
    assert simplify.unguarded(where((even, later), x)) == ((even, later), x)
    assert simplify.unguarded(x) == ((), x)


def test_a_guard_moves_out_of_products_quotients_and_signs():
    guarded = where((later,), x)
    assert simplify.product(y, guarded, z) == where((later,), times(y, x, z))
    assert simplify.product(where((even,), y), guarded) == where((even, later), times(y, x))
    assert simplify.quotient(guarded, y) == where((later,), over(x, y))
    assert simplify.negative(guarded) == where((later,), Negate(x))


def test_a_guard_stands_beside_the_indices_of_a_sum():
    # Σ_k [k > 0] x[k] = Σ_{k | k > 0} x[k], and −x[k] likewise
    assert simplify.summed((k,), where((later,), x_k)) == total(k, x_k, later)
    assert simplify.summed((k,), where((later,), Negate(x_k))) == Negate(total(k, x_k, later))
    assert simplify.summed((k,), x_k, (later,)) == total(k, x_k, later)
    assert simplify.summed((), x, (later,)) == where((later,), x)


# --- nothing changes its value ------------------------------------------------------------------

leaves = st.one_of(
    st.sampled_from((x, y, z)),
    st.integers(-3, 3).map(number),
    st.fractions(-3, 3, max_denominator=4).map(Number),
)
terms = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Add(tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: Multiply(tuple(parts))),
        inner.map(Negate),
    ),
    max_leaves=8,
)
VALUES = {"x": Fraction(5, 8), "y": Fraction(-7, 4), "z": Fraction(11, 8)}


def value(term):
    match term:
        case Entry(of):
            return VALUES[of.name]
        case Number(exact):
            return exact
        case Add(parts):
            return sum(map(value, parts))
        case Multiply(parts):
            result = Fraction(1)
            for part in parts:
                result *= value(part)
            return result
        case Negate(inner):
            return -value(inner)
        case Divide(above, below):
            return value(above) / value(below)
    raise TypeError(type(term).__name__)


@given(st.lists(terms, max_size=4))
def test_every_builder_keeps_the_value(parts):
    exact = Fraction(1)
    for part in parts:
        exact *= value(part)
    assert value(simplify.product(*parts)) == exact
    assert value(simplify.total(*parts)) == sum(map(value, parts))
    for part in parts:
        assert value(simplify.negative(part)) == -value(part)
        assert value(simplify.quotient(part, y)) == value(part) / VALUES["y"]


@given(terms)
def test_a_product_is_already_simple(term):
    once = simplify.product(term)
    assert simplify.product(once) == once


def test_the_sum_without_its_sign_has_the_same_value():
    # −Σ_k k² = −(0 + 1 + 4)
    here = Evaluation({"n": 3}, {})
    squares = Negate(times(k, k))
    assert evaluate(total(k, squares), here).value.value == -5
    assert evaluate(simplify.summed((k,), squares), here).value.value == -5
