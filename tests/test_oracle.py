"""The oracle: values and gradients of small models against what mathematics says of them."""

from dataclasses import replace
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from forms import (
    add,
    at,
    call,
    compare,
    equation,
    index,
    m,
    n,
    neuron,
    over,
    quantity,
    reduce,
    specification,
    square,
    subtract,
    times,
    total,
)

from derive.errors import DerivationError, VerificationError
from derive.model import Dimension, Recurrence
from derive.numbers.arithmetic import Undefined
from derive.numbers.dual import FUNCTIONS, Dual
from derive.numbers.dual import call as dual_call
from derive.numbers.evaluation import OutOfRange
from derive.numbers.scalars import Digits, Exact, agree
from derive.terms import Choice, FloorDivide, Size, number
from derive.verification.oracle import arithmetic_of, complete_sizes, gradient, values


def fractions(*values):
    return np.array([Fraction(value) for value in values], dtype=object)


def scalar(value):
    return np.array(Fraction(value), dtype=object)


def exact(array):
    return [number.value for number in array.flat]


def vector_model(cost_of, name="x", size=n):
    """A model whose cost is one term in a parameter x[n]."""
    x = quantity(name, size, kind="param")
    cost = quantity("C")
    return specification(equation(cost, (), cost_of(x)))


def slopes(model, sizes, **inputs):
    params = [d.quantity.name for d in model.declarations if d.quantity.kind == "param"]
    return gradient(model, sizes, inputs, params, arithmetic_of(model))


def test_the_gradient_of_a_squared_error_exactly():
    x, w = fractions(1, 2, 3).reshape(1, 3), fractions("1/2", "-1/3", "2/7").reshape(3, 1)
    b, y = Fraction(1, 5), Fraction(3)
    error = sum(x[0, k] * w[k, 0] for k in range(3)) + b - y
    cost, found = slopes(neuron(), {"n": 3}, x=x, w=w, b=scalar(b), y=scalar(y))
    assert cost == error**2
    assert found["w"].shape == (3, 1)
    assert exact(found["w"]) == [2 * error * x[0, k] for k in range(3)]
    assert exact(found["b"]) == [2 * error]


def test_values_are_what_the_equations_say():
    x, w = fractions(1, 2).reshape(1, 2), fractions(3, 4).reshape(2, 1)
    inputs = {"x": x, "w": w, "b": scalar(5), "y": scalar(10)}
    found = values(neuron(), {"n": 2}, inputs)
    assert {name: array.tolist() for name, array in found.items()} == {"y_hat": [[16]], "C": [[36]]}


def test_a_gradient_by_an_intermediate_quantity():
    x, w = fractions(1, 2).reshape(1, 2), fractions(3, 4).reshape(2, 1)
    inputs = {"x": x, "w": w, "b": scalar(5), "y": scalar(10)}
    _, found = gradient(neuron(), {"n": 2}, inputs, ["y_hat", "x"])
    assert found["y_hat"].tolist() == [[12]]
    assert found["x"].tolist() == [[36, 48]]


def test_the_derivative_of_a_product_is_the_product_of_the_others_also_at_zero():
    k = index(n)
    model = vector_model(lambda x: reduce("prod", k, at(x, k)))
    for data in ((2, 3, 5), (2, 0, 5), (0, 0, 5)):
        a, b, c = data
        cost, found = slopes(model, {"n": 3}, x=fractions(*data))
        assert cost == a * b * c
        assert exact(found["x"]) == [b * c, a * c, a * b]


@pytest.mark.parametrize(
    ("kind", "data", "best"), [("max", (1, 4, 4, 2), 1), ("min", (3, 1, 2, 1), 1)]
)
def test_an_extremum_gives_its_gradient_to_the_first_of_equals(kind, data, best):
    k = index(n)
    model = vector_model(lambda x: reduce(kind, k, at(x, k)))
    cost, found = slopes(model, {"n": 4}, x=fractions(*data))
    assert cost == data[best]
    assert exact(found["x"]) == [int(at == best) for at in range(4)]


def test_the_gradient_of_a_trace_of_a_square_is_twice_the_transpose():
    a, cost = quantity("A", n, n, kind="param"), quantity("C")
    i, k = index(n), index(n, "k")
    model = specification(equation(cost, (), total((i, k), times(at(a, i, k), at(a, k, i)))))
    data = fractions(*range(1, 10)).reshape(3, 3)
    _, found = slopes(model, {"n": 3}, A=data)
    assert (found["A"] == 2 * data.T).all()


def test_a_gather_adds_up_over_repeats():
    table = quantity("E", m, kind="param")
    token, weight = quantity("token", n, kind="index"), quantity("g", n, kind="input")
    cost, t = quantity("C"), index(n, "t")
    read = at(table, at(token, t))
    model = specification(
        equation(cost, (), total(t, times(at(weight, t), read))), bounds={"token": m}
    )
    inputs = {"E": fractions(5, 6, 7), "token": np.array([2, 0, 2, 2]), "g": fractions(1, 2, 3, 4)}
    cost_value, found = slopes(model, {"n": 4, "m": 3}, **inputs)
    assert cost_value == 7 + 2 * 5 + 3 * 7 + 4 * 7
    assert exact(found["E"]) == [2, 0, 8]


def test_a_softmax_to_fifty_digits():
    i, k = index(n), index(n, "k")
    x, y = quantity("z", n, kind="param"), quantity("y", n, kind="input")
    p, cost = quantity("p", n), quantity("C")
    share = over(call("exp", at(x, i)), total(k, call("exp", at(x, k))))
    j = index(n, "j")
    model = specification(
        equation(p, (i,), share), equation(cost, (), total(j, times(at(y, j), at(p, j))))
    )
    z, t = fractions("1/2", "-3/4", "5/8"), fractions(2, "1/3", -1)
    _, found = slopes(model, {"n": 3}, z=z, y=t)
    with mpmath.workdps(60):
        weights = [mpmath.exp(mpmath.mpf(v.numerator) / v.denominator) for v in z]
        share_of = [w / sum(weights) for w in weights]
        targets = [mpmath.mpf(v.numerator) / v.denominator for v in t]
        mean = sum(s * v for s, v in zip(share_of, targets, strict=True))
        known = [s * (v - mean) for s, v in zip(share_of, targets, strict=True)]
        texts = [mpmath.nstr(value, 52) for value in known]
    for entry, text in zip(found["z"], texts, strict=True):
        assert agree(entry, Fraction(text))


def test_logsumexp_is_the_logarithm_of_a_sum_and_its_gradient_a_softmax():
    k = index(n)
    model = vector_model(lambda x: reduce("logsumexp", k, at(x, k)))
    cost, found = slopes(model, {"n": 3}, x=fractions(1, 2, 1000))
    assert agree(sum(found["x"]), 1)
    assert agree(cost, 1000)
    assert found["x"][0] > 0


def strided(filtered):
    """y[i] = sum_k w[k] x[2 i + k - 1], the reading outside being left out where it is filtered."""
    x, w = quantity("x", n, kind="param"), quantity("w", m, kind="param")
    y, cost = quantity("y", Size("o")), quantity("C")
    i, k, j = index(Size("o")), index(m, "k"), index(Size("o"), "j")
    place = add(times(2, i), k, -1)
    inside = (compare(">=", place, 0), compare("<", place, n)) if filtered else ()
    body = total(k, times(at(w, k), at(x, place)), *inside)
    model = specification(
        equation(y, (i,), body), equation(cost, (), total(j, times(add(j, 1), at(y, j))))
    )
    sizes = (
        Dimension("n"),
        Dimension("m"),
        Dimension("o", formula=FloorDivide(add(n, 1), number(2))),
    )
    return replace(model, dimensions=sizes)


def test_a_convolution_with_stride_and_padding():
    x, w = [Fraction(v) for v in (3, 1, 4, 1, 5)], [Fraction(v) for v in (2, 7, 1)]
    model = strided(filtered=True)
    _, found = slopes(model, {"n": 5, "m": 3}, x=fractions(*x), w=fractions(*w))
    by_x, by_w = [Fraction(0)] * 5, [Fraction(0)] * 3
    for i in range(3):
        for k in range(3):
            if 0 <= 2 * i + k - 1 < 5:
                by_x[2 * i + k - 1] += (i + 1) * w[k]
                by_w[k] += (i + 1) * x[2 * i + k - 1]
    assert exact(found["x"]) == by_x
    assert exact(found["w"]) == by_w
    assert complete_sizes(model, {"n": 5, "m": 3}) == {"n": 5, "m": 3, "o": 3}


@pytest.mark.parametrize("downward", [False, True])
def test_a_recurrence_is_computed_one_step_after_the_other(downward):
    """s[t] = w h[t-1], h[t] = s[t] + x[t], from h[-1] = h0; or the same from the other end."""
    w, h0 = quantity("w", kind="param"), quantity("h0", kind="param")
    x, s, h = quantity("x", n, kind="input"), quantity("s", n), quantity("h", n)
    t, u = index(n, "t"), index(n, "u")
    last = at(h, subtract(n, 1)) if not downward else at(h, 0)
    before = at(h, subtract(t, 1)) if not downward else at(h, add(t, 1))
    there = compare(">=", t, 1) if not downward else compare("<", add(t, 1), n)
    model = specification(
        equation(s, (t,), times(w, Choice(there, before, at(h0)))),
        equation(h, (u,), add(at(s, u), at(x, u))),
        equation(quantity("C"), (), last),
    )
    model = replace(model, recurrences=(Recurrence((s, h), (0, 0), downward),))
    inputs = {"x": fractions(1, 10, 100), "w": scalar(2), "h0": scalar(3)}
    cost, found = gradient(model, {"n": 3}, inputs, ["w", "h0", "h"])
    first, second, third = (1, 10, 100) if not downward else (100, 10, 1)
    assert cost == 2**3 * 3 + 2**2 * first + 2 * second + third
    assert exact(found["w"]) == [3 * 2**2 * 3 + 2 * 2 * first + second]
    assert exact(found["h0"]) == [8]
    assert exact(found["h"]) == ([4, 2, 1] if not downward else [1, 2, 4])


def test_a_reading_outside_the_range_is_an_error():
    with pytest.raises(OutOfRange, match=r"'x' has shape \(5,\) and is read at \[-1\]"):
        slopes(
            strided(filtered=False), {"n": 5, "m": 3}, x=fractions(*range(5)), w=fractions(1, 2, 3)
        )


def test_what_is_not_chosen_is_not_read():
    k = index(n)
    following = add(k, 1)
    model = vector_model(
        lambda x: total(
            k, Choice(compare("<", following, n), subtract(at(x, following), at(x, k)), number(0))
        )
    )
    cost, found = slopes(model, {"n": 4}, x=fractions(1, 5, 9, 20))
    assert cost == 19
    assert exact(found["x"]) == [-1, 0, 0, 1]


def test_a_filtered_mean_divides_by_what_is_kept():
    x, mask, cost = quantity("x", n, kind="param"), quantity("M", n, kind="input"), quantity("C")
    k = index(n)
    kept = compare(">", at(mask, k), 0)
    model = specification(equation(cost, (), reduce("mean", k, at(x, k), kept)))
    value, found = slopes(model, {"n": 4}, x=fractions(2, 4, 8, 16), M=fractions(1, 0, 1, 1))
    assert value == Fraction(26, 3)
    assert exact(found["x"]) == [Fraction(1, 3), 0, Fraction(1, 3), Fraction(1, 3)]


def test_a_mean_over_nothing_does_not_exist():
    k = index(n)
    model = vector_model(lambda x: reduce("mean", k, at(x, k), compare("<", k, 0)))
    with pytest.raises(Undefined, match="a mean over nothing"):
        slopes(model, {"n": 2}, x=fractions(1, 2))


def test_relu_and_abs_have_slope_zero_at_their_kink():
    for name in ("relu", "abs"):
        k = index(n)
        model = vector_model(lambda x, f=name, k=k: total(k, call(f, at(x, k))))
        assert arithmetic_of(model) == "exact"
        _, found = slopes(model, {"n": 3}, x=fractions(-2, 0, 3))
        assert exact(found["x"]) == [-1 if name == "abs" else 0, 0, 1]


TWO_ARGUMENTS = ("maximum", "minimum", "logaddexp", "arctan2")
SMOOTH = sorted(set(FUNCTIONS) - {"sign", "abs", "relu", "stop_gradient", *TWO_ARGUMENTS})
POSITIVE = ("sqrt", "log", "log2", "log10", "arccosh", "lgamma", "digamma", "trigamma")


@pytest.mark.parametrize("name", SMOOTH)
def test_slopes_of_functions_against_differences_to_twenty_digits(name):
    x = Fraction(11, 8) if name == "arccosh" else Fraction(3, 8)
    h = Fraction(1, 10**16)
    for point in (x,) if name in POSITIVE else (x, -x):
        left, right = (FUNCTIONS[name](Dual(Digits.of(point + s * h))).value for s in (-1, 1))
        dual = FUNCTIONS[name](Dual(Digits.of(point), {0: Digits.of(1)}))
        assert abs((right - left) / (2 * h) - dual.slopes[0]) < Digits.of(Fraction(1, 10**20))


@pytest.mark.parametrize("name", TWO_ARGUMENTS)
def test_slopes_of_functions_of_two_arguments(name):
    h = Fraction(1, 10**16)
    for a, b in ((Fraction(3, 8), Fraction(-5, 4)), (Fraction(1, 3), Fraction(7, 5))):
        dual = FUNCTIONS[name](
            Dual(Digits.of(a), {0: Digits.of(1)}), Dual(Digits.of(b), {1: Digits.of(1)})
        )
        for direction, (da, db) in enumerate(((h, 0), (0, h))):
            left, right = (
                FUNCTIONS[name](Dual(Digits.of(a + s * da)), Dual(Digits.of(b + s * db))).value
                for s in (-1, 1)
            )
            slope = dual.slopes.get(direction, 0)
            assert abs((right - left) / (2 * h) - slope) < Digits.of(Fraction(1, 10**20))


def test_of_equal_arguments_the_first_has_the_slope():
    for name in ("maximum", "minimum"):
        both = (Dual(Exact.of(2), {k: Exact.of(1)}) for k in (0, 1))
        assert FUNCTIONS[name](*both).slopes == {0: 1}


def test_a_stopped_gradient_has_a_value_and_no_slope():
    k = index(n)
    model = vector_model(lambda x: total(k, times(call("stop_gradient", at(x, k)), at(x, k))))
    cost, found = slopes(model, {"n": 2}, x=fractions(3, 5))
    assert cost == 34
    assert exact(found["x"]) == [3, 5]


def test_the_place_of_an_extremum_is_counted_row_by_row():
    i, j = index(n), index(m, "j")
    a, cost = quantity("a", n, m, kind="input"), quantity("C")
    for kind, expected in (("argmax", 1), ("argmin", 2)):
        model = specification(equation(cost, (), reduce(kind, (i, j), at(a, i, j))))
        data = fractions(1, 7, 0, 7, 0, 3).reshape(2, 3)
        assert values(model, {"n": 2, "m": 3}, {"a": data})["C"].item() == expected
    filtered = specification(
        equation(cost, (), reduce("argmax", (i, j), at(a, i, j), compare(">", i, 0)))
    )
    assert values(filtered, {"n": 2, "m": 3}, {"a": data})["C"].item() == 3


def test_powers_with_a_varying_exponent():
    x = Dual(Digits.of(2), {0: Digits.of(1)})
    y = Dual(Digits.of(3), {1: Digits.of(1)})
    power = x**y
    assert power == 8
    assert agree(power.slopes[0], 12)
    assert agree(power.slopes[1], 8 * Digits.of(2).apply("log"))
    assert (Dual(Exact.of(0), {0: Exact.of(1)}) ** 0).slopes.get(0, 0) == 0


def test_what_the_oracle_does_not_know_it_names():
    with pytest.raises(DerivationError, match="'bessel'"):
        dual_call("bessel", Dual(Exact.of(1)))
    with pytest.raises(VerificationError, match="'w' is missing"):
        values(neuron(), {"n": 1}, {"x": fractions(1).reshape(1, 1), "y": scalar(1)})
    with pytest.raises(VerificationError, match=r"'x' has shape \(2, 1\)"):
        values(neuron(), {"n": 2}, {"x": fractions(1, 2).reshape(2, 1), "y": scalar(1)})


def test_a_model_without_transcendental_functions_is_exact():
    k = index(n)
    assert arithmetic_of(neuron()) == "exact"
    assert arithmetic_of(vector_model(lambda x: total(k, square(at(x, k))))) == "exact"
    assert arithmetic_of(vector_model(lambda x: total(k, call("tanh", at(x, k))))) == "50 digits"
    assert arithmetic_of(vector_model(lambda x: reduce("logsumexp", k, at(x, k)))) == "50 digits"
