"""Each row of the tables against SymPy: partial derivatives, and the weights of reductions."""

import math
from fractions import Fraction
from random import Random

import numpy as np
import pytest
import sympy
from forms import (
    at,
    call,
    compare,
    index,
    m,
    n,
    over,
    quantity,
    reduce,
    square,
    subtract,
    times,
    total,
)

from derive import functions, reductions
from derive.calculus.differentiate import differentiate
from derive.errors import DerivationError
from derive.numbers.evaluate import evaluate
from derive.numbers.evaluation import Evaluation
from derive.symbolic import to_sympy
from derive.terms import (
    ONE,
    ZERO,
    Call,
    Compare,
    Entry,
    IndexValue,
    Power,
    Reduction,
    number,
    same,
    substitute,
)
from derive.verification.oracle import as_duals, lift

a, b = sympy.symbols("a b", real=True)
LAST = 64

# What each function is, written in SymPy once more, and where it is smooth: multiples of 1/64.
EVERYWHERE = (range(-2 * LAST + 1, 2 * LAST, 2), a)
POSITIVE = (range(1, 3 * LAST, 2), a)
INSIDE = (range(-LAST + 1, LAST, 2), a)
ABOVE_ONE = (range(LAST + 1, 3 * LAST, 2), a)
FUNCTIONS = {
    "abs": (abs(a), *EVERYWHERE),
    "arccos": (sympy.acos(a), *INSIDE),
    "arccosh": (sympy.acosh(a), *ABOVE_ONE),
    "arcsin": (sympy.asin(a), *INSIDE),
    "arcsinh": (sympy.asinh(a), *EVERYWHERE),
    "arctan": (sympy.atan(a), *EVERYWHERE),
    "arctan2": (sympy.atan2(a, b), *EVERYWHERE, b),
    "arctanh": (sympy.atanh(a), *INSIDE),
    "cos": (sympy.cos(a), *EVERYWHERE),
    "cosh": (sympy.cosh(a), *EVERYWHERE),
    "digamma": (sympy.digamma(a), *POSITIVE),
    "erf": (sympy.erf(a), *EVERYWHERE),
    "erfc": (1 - sympy.erf(a), *EVERYWHERE),
    "exp": (sympy.exp(a), *EVERYWHERE),
    "expm1": (sympy.exp(a) - 1, *EVERYWHERE),
    "lgamma": (sympy.loggamma(a), *POSITIVE),
    "log": (sympy.log(a), *POSITIVE),
    "log10": (sympy.log(a) / sympy.log(10), *POSITIVE),
    "log1p": (sympy.log(1 + a), *POSITIVE),
    "log2": (sympy.log(a) / sympy.log(2), *POSITIVE),
    "logaddexp": (sympy.log(sympy.exp(a) + sympy.exp(b)), *EVERYWHERE, b),
    "maximum": (sympy.Max(a, b), *EVERYWHERE, b),
    "minimum": (sympy.Min(a, b), *EVERYWHERE, b),
    "relu": (sympy.Max(a, 0), *EVERYWHERE),
    "sigmoid": (1 / (1 + sympy.exp(-a)), *EVERYWHERE),
    "sign": (sympy.sign(a), *EVERYWHERE),
    "sin": (sympy.sin(a), *EVERYWHERE),
    "sinh": (sympy.sinh(a), *EVERYWHERE),
    "softplus": (sympy.log(1 + sympy.exp(a)), *EVERYWHERE),
    "sqrt": (sympy.sqrt(a), *POSITIVE),
    "tan": (sympy.tan(a), *INSIDE),
    "tanh": (sympy.tanh(a), *EVERYWHERE),
}
KINKED = {"abs": "abs", "maximum": "first", "minimum": "first", "relu": "relu", "sign": "sign"}

EVERY_FUNCTION = sorted(functions.ROWS)
EVERY_REDUCTION = sorted(reductions.ROWS)
SMOOTH = [name for name in EVERY_FUNCTION if name not in KINKED]

x = Entry(quantity("x"))
k, p = index(n, "k"), index(m, "p")
z = quantity("z", n)
z_k = at(z, k)


def expression(term):
    """SymPy's expression of a term in a and b, with the functions that SymPy calls otherwise."""
    real = {sympy.Symbol("a"): a, sympy.Symbol("b"): b}
    shown = to_sympy(term).subs(real)
    return shown.replace(sympy.Function("trigamma"), lambda at: sympy.polygamma(1, at))


def differences(name):
    """For each argument: what the table says, less SymPy's derivative."""
    meaning, _, *symbols = FUNCTIONS[name]
    arguments = [Entry(quantity(symbol.name)) for symbol in symbols]
    partials = functions.ROWS[name].partials
    return [
        expression(partial(*arguments)) - sympy.diff(meaning, symbol)
        for partial, symbol in zip(partials, symbols, strict=True)
    ]


def points(name):
    """Five random points of the domain at which no two numbers are equal and none is 0."""
    _, numerators, *symbols = FUNCTIONS[name]
    random = Random(name)
    for _ in range(5):
        drawn = random.sample(numerators, len(symbols))
        yield {
            symbol: sympy.Rational(top, LAST) for symbol, top in zip(symbols, drawn, strict=True)
        }


def test_every_function_is_compared():
    assert set(FUNCTIONS) == set(functions.ROWS)


# SymPy sees no reason why √(a² − 1) = √(a − 1) √(a + 1) for a > 1; that row is compared in numbers.
@pytest.mark.parametrize("name", [name for name in SMOOTH if name != "arccosh"])
def test_each_partial_derivative_is_sympys_as_an_expression(name):
    for rest in differences(name):
        assert sympy.simplify(rest.rewrite(sympy.exp)) == 0


@pytest.mark.parametrize("name", EVERY_FUNCTION)
def test_each_partial_derivative_is_sympys_at_random_points(name):
    for rest in differences(name):
        for point in points(name):
            assert abs(rest.subs(point).evalf(30)) < 1e-28


@pytest.mark.parametrize("name", SMOOTH)
def test_inside_and_outside_multiply(name):
    # ∂ f(x³, ...)/∂x = Σ_k ∂f/∂argument_k · 3x², as SymPy has it
    meaning, _, *symbols = FUNCTIONS[name]
    inside = [Entry(quantity("a")), Power(Entry(quantity("a")), number(3))][-len(symbols) :]
    derived = differentiate(Call(name, tuple(inside)), Entry(quantity("a")))
    assert derived.rule == "function_rule"
    composed = meaning.subs(dict(zip(symbols, map(expression, inside), strict=True)))
    rest = expression(derived.after) - sympy.diff(composed, a)
    for point in points(name):
        assert abs(rest.subs(point).evalf(30)) < 1e-26


def slope_at(name, *values):
    """The partial derivatives of a row at a point, by exact evaluation."""
    arguments = [number(Fraction(value)) for value in values]
    here = Evaluation({}, {})
    return [evaluate(row(*arguments), here).value.value for row in functions.ROWS[name].partials]


def test_the_conventions_at_the_kinks():
    assert {name: row.kink for name, row in functions.ROWS.items() if row.kink} == KINKED
    assert slope_at("relu", 0) == [0]
    assert slope_at("relu", 1) == [1]
    assert slope_at("relu", -1) == [0]
    assert slope_at("maximum", 2, 2) == [1, 0]
    assert slope_at("minimum", 2, 2) == [1, 0]
    assert slope_at("maximum", 2, 3) == [0, 1]
    assert slope_at("minimum", 2, 3) == [1, 0]
    assert functions.ROWS["abs"].partials[0](x) == call("sign", x)
    assert functions.ROWS["sign"].partials[0](x) == ZERO


def test_the_rows_are_in_the_form_of_a_textbook():
    slope = {name: functions.ROWS[name].partials[0](x) for name in ("tanh", "sigmoid", "log")}
    assert slope["tanh"] == subtract(1, square(call("tanh", x)))
    sigmoid = call("sigmoid", x)
    assert slope["sigmoid"] == times(sigmoid, subtract(1, sigmoid))
    assert slope["log"] == over(1, x)


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
OF_ALL_TERMS = sorted(set(reductions.ROWS) - {"max", "min"})


def written_out(term, size):
    """SymPy's expression of a term over z_0, ..., with every reduction done and n = `size`."""
    symbols = sympy.symbols(f"z_0:{size}")
    base = sympy.IndexedBase("z")
    exact = to_sympy(term).subs(sympy.Symbol("n", integer=True, positive=True), size).doit()
    return sympy.sympify(exact).subs({base[i]: symbol for i, symbol in enumerate(symbols)})


@pytest.mark.parametrize("kind", OF_ALL_TERMS)
@pytest.mark.parametrize("size", [1, 2, 4])
def test_each_weight_is_sympys_derivative_by_each_term(kind, size):
    symbols = sympy.symbols(f"z_0:{size}")
    weight = reductions.reduction_row(kind).weight(reduce(kind, k, z_k))
    for place, symbol in enumerate(symbols):
        expected = sympy.diff(IN_SYMPY[kind](symbols), symbol)
        found = written_out(substitute(weight, {k: number(place)}), size)
        assert sympy.simplify(found - expected) == 0


def test_every_reduction_is_compared():
    assert {*IN_SYMPY, "max", "min"} == set(reductions.ROWS)


def weights_of(kind, values):
    """The weight at each place of a vector, by exact evaluation."""
    weight = reductions.reduction_row(kind).weight(reduce(kind, k, z_k))
    array = as_duals(lift(np.array([Fraction(value) for value in values], dtype=object), "exact"))
    here = Evaluation({"n": len(values)}, {"z": array})
    return [
        evaluate(substitute(weight, {k: number(place)}), here).value.value
        for place in range(len(values))
    ]


def test_the_first_of_the_largest_has_the_whole_weight_of_a_maximum():
    assert weights_of("max", [1, 5, 2, 5]) == [0, 1, 0, 0]
    assert weights_of("min", [1, 5, 1]) == [1, 0, 0]
    assert weights_of("max", [-1]) == [1]


def test_the_value_over_nothing_is_neutral_where_there_is_one():
    # one term added to nothing is that term: 0 + z = z, 1 · z = z; a mean of nothing is none
    empty = {kind: row.empty for kind, row in reductions.ROWS.items() if row.empty is not None}
    assert empty == {"sum": 0, "prod": 1}


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
