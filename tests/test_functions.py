"""Each row of the tables against SymPy: partial derivatives, and the weights of reductions."""

import math
from fractions import Fraction
from random import Random

import pytest
import sympy
from forms import at, call, compare, index, m, n, quantity, reduce, square, times, total

from derive import functions, reductions
from derive.differentiate import differentiate
from derive.errors import DerivationError
from derive.symbolic import SYMPY_FUNCTIONS, to_sympy
from derive.terms import ONE, Call, Compare, Entry, IndexValue, Reduction, number, same, substitute

EVERY_FUNCTION = sorted(functions.ROWS)
EVERY_REDUCTION = sorted(reductions.ROWS)

x = Entry(quantity("x"))
k, p = index(n, "k"), index(m, "p")
z = quantity("z", n)
z_k = at(z, k)


def arguments_of(row):
    return tuple(Entry(quantity(f"x_{place}")) for place in range(len(row.partials)))


def difference(name, place):
    """What the table says, less SymPy's derivative of SymPy's function."""
    row = functions.ROWS[name]
    arguments = arguments_of(row)
    symbols = [to_sympy(argument) for argument in arguments]
    expected = sympy.diff(SYMPY_FUNCTIONS[name](*symbols), symbols[place])
    return symbols, to_sympy(row.partials[place](*arguments)) - expected


ROWS_AND_PLACES = [
    (name, place) for name in EVERY_FUNCTION for place in range(len(functions.ROWS[name].partials))
]


@pytest.mark.parametrize(("name", "place"), ROWS_AND_PLACES)
def test_each_partial_derivative_is_sympys_as_an_expression(name, place):
    _, rest = difference(name, place)
    assert sympy.simplify(rest.rewrite(sympy.exp)) == 0


@pytest.mark.parametrize(("name", "place"), ROWS_AND_PLACES)
def test_each_partial_derivative_is_sympys_at_random_points(name, place):
    symbols, rest = difference(name, place)
    random = Random(name)
    for _ in range(5):
        values = [sympy.Rational(random.randrange(1, 64, 2), 32) for _ in symbols]
        assert abs(rest.subs(dict(zip(symbols, values, strict=True))).evalf(30)) < 1e-28


def test_the_rows_are_in_the_form_of_a_textbook():
    slope = {name: functions.ROWS[name].partials[0](x) for name in ("tanh", "sigmoid", "log")}
    assert slope["tanh"] == functions.one_minus(square(call("tanh", x)))
    sigmoid = call("sigmoid", x)
    assert slope["sigmoid"] == times(sigmoid, functions.one_minus(sigmoid))
    assert to_sympy(slope["log"]) == 1 / sympy.Symbol("x")


@pytest.mark.parametrize("name", EVERY_FUNCTION)
def test_each_row_is_called_by_its_name(name):
    row = functions.function_row(name)
    assert row.name == name
    assert row.partials != ()


def test_an_unknown_function_is_named_with_those_that_are_known():
    with pytest.raises(DerivationError) as raised:
        functions.function_row("bessel")
    assert str(raised.value) == (
        "no derivative is known for 'bessel'\n"
        f"  cure: use one of {', '.join(sorted(functions.ROWS))}"
    )


# --- reductions ---------------------------------------------------------------------------------

# Each reduction of the terms z_0, z_1, ... as SymPy writes it.
IN_SYMPY = {
    "sum": lambda terms: sum(terms),
    "mean": lambda terms: sum(terms) / sympy.Integer(len(terms)),
    "prod": lambda terms: sympy.Mul(*terms),
    "logsumexp": lambda terms: sympy.log(sum(map(sympy.exp, terms))),
}


def written_out(term, size):
    """SymPy's expression of a term over z_0, ..., with every reduction done and n = `size`."""
    symbols = sympy.symbols(f"z_0:{size}")
    base = sympy.IndexedBase("z")
    exact = to_sympy(term).subs(sympy.Symbol("n", integer=True, positive=True), size).doit()
    return sympy.sympify(exact).subs({base[i]: symbol for i, symbol in enumerate(symbols)})


@pytest.mark.parametrize("kind", EVERY_REDUCTION)
@pytest.mark.parametrize("size", [1, 2, 4])
def test_each_weight_is_sympys_derivative_by_each_term(kind, size):
    symbols = sympy.symbols(f"z_0:{size}")
    weight = reductions.reduction_row(kind).weight(reduce(kind, k, z_k))
    for place, symbol in enumerate(symbols):
        expected = sympy.diff(IN_SYMPY[kind](symbols), symbol)
        found = written_out(substitute(weight, {k: number(place)}), size)
        assert sympy.simplify(found - expected) == 0


def test_every_reduction_is_compared():
    assert set(IN_SYMPY) == set(reductions.ROWS)


@pytest.mark.parametrize("kind", EVERY_REDUCTION)
def test_the_value_over_nothing_is_neutral_where_there_is_one(kind):
    # adding one term to nothing gives that term: 0 + z = z, 1 · z = z; a mean of nothing is none
    neutral = {"sum": Fraction(0), "prod": Fraction(1), "mean": None, "logsumexp": None}
    assert reductions.reduction_row(kind).empty == neutral[kind]


def test_a_mean_divides_by_what_is_kept():
    mean = reductions.reduction_row("mean")
    both = reduce("mean", (k, p), at(quantity("a", n, m), k, p))
    assert to_sympy(mean.weight(both)) == to_sympy(ONE) / (to_sympy(n) * to_sympy(m))
    kept = reduce("mean", k, z_k, compare(">", k, 1))
    q = index(n, "q")
    assert same(mean.weight(kept).denominator, total(q, 1, compare(">", q, 1)))


def test_the_product_of_the_others_is_right_where_a_factor_is_zero():
    # ∂(z_0 z_1 z_2)/∂z_0 at z = (0, 2, 5) is 10, where ∏/z_0 would be 0/0
    weight = substitute(
        reductions.reduction_row("prod").weight(reduce("prod", k, z_k)), {k: number(0)}
    )
    z_0, z_1, z_2 = sympy.symbols("z_0:3")
    assert written_out(weight, 3).subs({z_0: 0, z_1: 2, z_2: 5}) == 10


def test_the_product_over_two_indices_leaves_out_one_place_only():
    a = quantity("a", n, m)
    weight = reductions.reduction_row("prod").weight(reduce("prod", (k, p), at(a, k, p)))
    assert isinstance(weight, Reduction)
    r, s = weight.indices
    elsewhere = (
        Compare("!=", IndexValue(r), IndexValue(k)),
        Compare("!=", IndexValue(s), IndexValue(p)),
    )
    (where,) = weight.where
    assert where.conditions == elsewhere


def test_the_derivative_of_logsumexp_is_the_softmax():
    weight = reductions.reduction_row("logsumexp").weight(reduce("logsumexp", k, z_k))
    values = [0.5, -1.25, 2.0]
    z_0, z_1, z_2 = sympy.symbols("z_0:3")
    scale = sum(map(math.exp, values))
    for place, value in enumerate(values):
        found = written_out(substitute(weight, {k: number(place)}), 3)
        number_ = float(found.subs(dict(zip((z_0, z_1, z_2), values, strict=True))))
        assert math.isclose(number_, math.exp(value) / scale, rel_tol=1e-14)


def test_an_unknown_reduction_is_named_with_those_that_are_known():
    with pytest.raises(DerivationError) as raised:
        reductions.reduction_row("median")
    assert raised.value.cause == "no derivative is known for the reduction 'median'"
    assert raised.value.cure == f"use one of {', '.join(sorted(reductions.ROWS))}"


@pytest.mark.parametrize("name", EVERY_FUNCTION)
def test_inside_and_outside_multiply(name):
    # d f(x²)/dx = f'(x²) · 2x, as SymPy has it
    derived = differentiate(Call(name, (square(x),)), x)
    assert derived.rule == "function_rule"
    symbol = to_sympy(x)
    expected = sympy.diff(SYMPY_FUNCTIONS[name](symbol**2), symbol)
    rest = (to_sympy(derived.after) - expected).subs(symbol, sympy.Rational(3, 8))
    assert abs(rest.evalf(30)) < 1e-28
