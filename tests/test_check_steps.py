"""Level one: a true step passes, and each kind of wrong step is caught."""

from random import Random

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

from derive.calculus.differentiate import differentiate
from derive.calculus.steps import Step
from derive.errors import VerificationError
from derive.functions import ROWS
from derive.terms import (
    ONE,
    TWO,
    ZERO,
    Choice,
    Derivative,
    Entry,
    IndexValue,
    Negate,
    Partial,
    Power,
    Quantity,
    number,
)
from derive.verification.check_steps import (
    PLACES,
    StepCheck,
    check_equal,
    check_equations,
    check_step,
    check_steps,
    free_point,
)

x, y, b = (quantity(name) for name in "xyb")
X, W = quantity("X", n, m, kind="input"), quantity("W", m, n, kind="param")
i, j, k = index(n), index(n, "j"), index(m, "k")
product = total(k, times(at(X, i, k), at(W, k, j)))
SIZES = {"n": 2, "m": 3}


def checked(before, after, sizes=SIZES):
    return check_step(Step("rule", before, after), sizes)


def wrong(before, after, sizes=SIZES):
    with pytest.raises(VerificationError, match="the step 'rule'"):
        checked(before, after, sizes)


def test_a_true_step_passes_and_says_how_it_was_checked():
    step = Step("power_rule", Partial(square(at(x)), at(x)), times(TWO, at(x)))
    assert check_step(step, {}) == StepCheck("power_rule", "exact", (), 1)
    step = Step("exp", Partial(call("exp", at(x)), at(x)), call("exp", at(x)))
    assert check_step(step, {}) == StepCheck("exp", "50 digits", (), 1)


def test_a_lost_factor_a_sign_and_a_missing_term_are_caught():
    error = subtract(x, y)
    before = Partial(square(error), at(x))
    assert checked(before, times(2, error)).how == "exact"
    wrong(before, error)
    wrong(before, Negate(times(2, error)))
    wrong(before, times(2, add(x, y)))
    wrong(before, times(2, at(x)))
    wrong(before, number(0))
    quotient = over(at(x), add(at(x), at(y)))
    below = square(add(x, y))
    right = subtract(over(1, add(x, y)), over(at(x), below))
    assert checked(Partial(quotient, at(x)), right).how == "exact"
    wrong(Partial(quotient, at(x)), over(1, add(x, y)))


def test_a_reading_is_the_one_at_this_place_of_the_range():
    before = Partial(product, at(W, k, j))
    assert checked(before, at(X, i, k)).places == PLACES
    wrong(before, number(1))
    wrong(before, at(X, j, k))
    square_sizes = Partial(total(k, times(at(X, i, k), at(X, j, k))), at(X, i, k))
    assert checked(square_sizes, at(X, j, k)).how == "exact"
    wrong(square_sizes, at(X, i, k))


def test_a_place_of_an_array_however_it_is_read():
    other = index(m, "l")
    assert checked(Partial(product, at(W, other, j)), at(X, i, other)).how == "exact"
    trace = total(i, at(quantity("A", n, n), i, i))
    row, column = index(n, "p"), index(n, "q")
    delta = Choice(compare("==", row, column), ONE, ZERO)
    place = at(quantity("A", n, n), row, column)
    assert checked(Partial(trace, place), delta).places == 4
    wrong(Partial(trace, place), ONE)


def test_of_two_readings_the_one_that_the_indices_name():
    v, other = quantity("v", n), index(n, "r")
    largest = reduce("logsumexp", j, at(v, j))
    share = call("exp", subtract(at(v, other), largest))
    # by the reading under the sum: v[i] beside it is another one, also where i is r
    assert checked(Partial(subtract(at(v, i), largest), at(v, other)), Negate(share)).places == 4
    assert checked(Partial(subtract(at(v, i), largest), at(v, i)), ONE).places == 2


def test_a_transposed_subscript_is_caught_where_all_sizes_are_equal():
    A = quantity("A", n, n)
    v, r = quantity("v", n), index(n, "r")
    before = total(j, times(at(A, i, j), at(v, j)))
    assert checked(before, total(r, times(at(A, i, r), at(v, r)))).how == "exact"
    wrong(before, total(r, times(at(A, r, i), at(v, r))))


def test_a_missing_sum_and_a_missing_mean_are_caught():
    v = quantity("v", n)
    mean = reduce("mean", i, square(at(v, i)))
    assert checked(mean, over(total(i, square(at(v, i))), n)).how == "exact"
    wrong(mean, total(i, square(at(v, i))))
    total_ = Partial(total(i, times(at(v, i), at(b))), at(b))
    assert checked(total_, total(i, at(v, i))).how == "exact"
    wrong(total_, at(v, i))


def test_filters_leave_out_places_of_which_nothing_is_said():
    v = quantity("v", n)
    kept = total(i, square(at(v, i)), compare("<", i, 1))
    assert checked(Partial(kept, at(v, i)), times(2, at(v, i)), {"n": 3}).places == 1
    wrong(Partial(kept, at(v, i)), at(v, i), {"n": 3})


def test_kinks_and_choices_are_followed_on_their_branch():
    v = quantity("v", n)
    step = Choice(compare(">", at(v, i), 0), ONE, ZERO)
    assert checked(Partial(call("relu", at(v, i)), at(v, i)), step, {"n": 6}).how == "exact"
    wrong(Partial(call("relu", at(v, i)), at(v, i)), ONE, {"n": 6})
    largest = Partial(reduce("max", i, at(v, i)), at(v, i))
    first = Choice(compare("==", at(v, i), reduce("max", j, at(v, j))), ONE, ZERO)
    assert checked(largest, first, {"n": 5}).how == "exact"
    wrong(largest, ONE, {"n": 5})


def test_outside_the_domain_a_step_is_tried_elsewhere_or_left_undecided():
    root = Partial(call("sqrt", at(x)), at(x))
    assert checked(root, over(1, times(2, call("sqrt", at(x))))).how == "50 digits"
    nowhere = call("log", Negate(square(at(x))))
    assert checked(nowhere, nowhere) == StepCheck("rule", "undecided", tuple(SIZES.items()), 0)


@pytest.mark.parametrize(
    ("body", "entry"),
    [
        (product, at(W, k, j)),
        (Power(call("tanh", product), number(3)), at(W, k, j)),
        (over(call("exp", at(x)), add(1, call("exp", at(x)))), at(x)),
        (reduce("prod", i, at(quantity("v", n), i)), at(quantity("v", n), i)),
        (reduce("logsumexp", i, at(quantity("v", n), i)), at(quantity("v", n), i)),
        (reduce("mean", (i, j), times(at(X, i, k), at(b))), at(b)),
    ],
)
def test_the_steps_of_differentiation_are_true(body, entry):
    step = differentiate(body, entry)
    assert check_step(step, SIZES).places > 0


@pytest.mark.parametrize("name", sorted(ROWS))
def test_the_rows_of_functions_are_true(name):
    inner = add(1, square(at(x))) if name == "arccosh" else over(at(x), 3)
    arguments = [inner, at(y)][: len(ROWS[name].partials)]
    step = differentiate(call(name, *arguments), at(x))
    assert check_step(step, {}).places == 1
    doubled = Step(step.rule, step.before, add(step.after, 1))
    with pytest.raises(VerificationError):
        check_step(doubled, {})


def gradient_equation(right):
    w = Quantity(Derivative("C", "w"), (n, ONE), "gradient")
    p, q = index(n, "p"), index(1, "q")
    return equation(w, (p, q), right(p, q))


def test_gradient_equations_are_held_against_the_oracle():
    data, y_hat, target = quantity("x", 1, n, kind="input"), quantity("y_hat", 1, 1), quantity("y")
    error = subtract(at(y_hat, 0, 0), target)
    right = gradient_equation(lambda p, q: times(2, error, at(data, 0, p)))
    (check,) = check_equations(neuron(), [right])
    assert (check.how, check.places) == ("exact", dict(check.sizes)["n"])
    for mistaken in (
        lambda p, q: times(error, at(data, 0, p)),
        lambda p, q: times(2, error),
        lambda p, q: Negate(times(2, error, at(data, 0, p))),
    ):
        with pytest.raises(VerificationError, match=r"left .*, right .* at p = 0, q = 0"):
            check_equations(neuron(), [gradient_equation(mistaken)])


def test_between_quantities_a_derivative_is_that_of_the_equation():
    model = neuron()
    p, q = index(n, "p"), index(1, "q")
    y_hat, w = quantity("y_hat", 1, 1), quantity("w", n, 1, kind="param")
    data = quantity("x", 1, n, kind="input")
    local = Partial(at(y_hat, 0, q), at(w, p, q))
    upstream = Entry(Quantity(Derivative("C", "y_hat"), (ONE, ONE), "gradient"), (ZERO, ZERO))
    gradient = Entry(
        Quantity(Derivative("C", "w"), (n, ONE), "gradient"), (IndexValue(p), IndexValue(q))
    )
    steps = (
        Step("chain_rule", gradient, times(upstream, local)),
        Step("local", local, at(data, 0, p)),
        Step("substitute", gradient, times(upstream, at(data, 0, p))),
    )
    assert [check.how for check in check_steps(model, steps)] == ["exact"] * 3
    with pytest.raises(VerificationError, match="the step 'local'"):
        check_steps(model, [Step("local", local, ONE)])
    with pytest.raises(VerificationError, match="the step 'chain_rule'"):
        check_steps(model, [Step("chain_rule", gradient, local)])


def test_substeps_are_checked_with_their_step():
    bad = Step("inner", Partial(square(at(x)), at(x)), at(x))
    data = specification(equation(quantity("C"), (), square(at(quantity("x", kind="param")))))
    with pytest.raises(VerificationError, match="the step 'inner'"):
        check_steps(data, [Step("outer", ONE, ONE, substeps=(bad,))])


def test_two_equal_terms_are_equal_at_every_place():
    here = free_point((product,), SIZES, 0)

    assert check_equal(product, product, here, Random(0)) == 4
