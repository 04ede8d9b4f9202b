"""Conditions on one index as ranges: slices, narrower sums, pieces side by side."""

from random import Random

import numpy as np
import pytest
from forms import (
    add,
    at,
    call,
    compare,
    equation,
    index,
    over,
    quantity,
    reduce,
    specification,
    square,
    subtract,
    times,
    total,
)

from derive.code.numpy_code import code
from derive.program.interpret import evaluate
from derive.program.ranges import Range, narrowed, range_of
from derive.program.vectorise import vectorise
from derive.terms import ONE, ZERO, AllOf, Choice, Reduction, Size, number
from derive.verification.oracle import values
from derive.verification.sampling import random_inputs

n, m = Size("n"), Size("m")
SIZES = {"n": 4, "m": 3}
i, j = index(n), index(m, "j")
U, V = quantity("u", n, kind="input"), quantity("v", n, kind="input")
A, S = quantity("A", n, m, kind="input"), quantity("s", kind="input")
LEFT = quantity("left", n)
WIDE = quantity("wide", times(2, n), kind="input")
NAMES = {name: name for name in ("u", "v", "A", "s", "n", "m", "wide")}


@pytest.mark.parametrize(
    ("condition", "start", "end"),
    [
        (compare(">=", i, 1), ONE, n),
        (compare("<", i, 1), ZERO, ONE),
        (compare("<", add(i, 1), n), ZERO, subtract(n, 1)),
        (compare("==", i, subtract(n, 1)), subtract(n, 1), n),
        (compare(">", 1, i), ZERO, ONE),
        (compare("<=", 0, subtract(i, 1)), ONE, n),
    ],
)
def test_a_condition_on_one_index_is_a_range(condition, start, end):
    assert range_of(condition) == Range(i, start, end)


@pytest.mark.parametrize(
    "condition",
    [
        compare("!=", i, 1),
        compare("<", i, j),
        compare("<", i, at(S)),
        compare("<", times(2, i), n),
        # There may be no third value.
        compare(">=", i, 2),
    ],
)
def test_other_conditions_are_none(condition):
    assert range_of(condition) is None


def test_a_sum_goes_over_its_range():
    where = (compare(">=", i, 1), compare("<", at(V, i), 2))
    found = narrowed(Reduction("sum", (i,), at(U, subtract(i, 1)), where))
    (inside,) = found.indices
    assert inside.size == subtract(n, 1)
    assert (found.term, found.where) == (
        at(U, inside),
        (compare("<", at(V, add(inside, 1)), 2),),
    )
    # The place of an extreme is counted from the first value.
    place = Reduction("argmax", (i,), at(U, i), (compare(">=", i, 1),))
    assert narrowed(place) == place


FIRST, LATER = compare("<", i, 1), compare(">=", i, 1)
BEFORE = at(U, subtract(i, 1))

TABLE = [
    (total(i, times(BEFORE, at(V, i)), LATER), "u[:-1] @ v[1:]"),
    (total(i, at(U, i), compare("==", i, subtract(n, 1))), "u[n - 1]"),
    (total(i, at(U, i), compare("<", add(i, 1), n)), "u[:-1].sum()"),
]
PIECES = [
    (Choice(LATER, BEFORE, at(S)), "np.concatenate((np.reshape(s, (1,)), u[:-1]))"),
    (Choice(LATER, BEFORE, ZERO), "np.concatenate((np.zeros(1, dtype=u.dtype), u[:-1]))"),
    (Choice(FIRST, at(S), BEFORE), "np.concatenate((np.reshape(s, (1,)), u[:-1]))"),
    (at(WIDE, add(n, i)), "wide[n:]"),
    (at(WIDE, i), "wide[:n]"),
    (Choice(compare(">", at(V, i), 0), ONE, ZERO), "np.where(v > 0, 1, 0)"),
]


@pytest.mark.parametrize(("right", "text"), TABLE, ids=[text for _, text in TABLE])
def test_a_sum_reads_slices(right, text):
    assert code(vectorise(equation(quantity("left"), (), right)), NAMES) == text


@pytest.mark.parametrize(("right", "text"), PIECES, ids=[text for _, text in PIECES])
def test_pieces_stand_side_by_side(right, text):
    assert code(vectorise(equation(LEFT, (i,), right)), NAMES) == text


def test_summands_that_cover_an_axis_are_one_array():
    k = index(times(2, n), "k")
    lower, upper = compare("<", k, n), compare(">=", k, n)
    right = add(
        Choice(upper, at(V, subtract(k, n)), ZERO), Choice(lower, at(U, k), ZERO), at(WIDE, k)
    )
    left = quantity("left", times(2, n))
    assert code(vectorise(equation(left, (k,), right)), NAMES) == "np.concatenate((u, v)) + wide"


POSITIVE = compare(">", at(V, i), 0)
AFTER = compare(">", at(V, add(i, 1)), 0)
CHOSEN = Choice(LATER, call("sqrt", add(1, square(BEFORE))), call("sqrt", add(2, at(V, i))))


@pytest.mark.parametrize(
    "right",
    [
        *(right for right, _ in TABLE),
        # A filter on the index of the pieces, around them.
        total(i, times(CHOSEN, at(V, i)), POSITIVE),
        total(i, over(1, Choice(LATER, add(1, square(BEFORE)), number(3))), POSITIVE),
        # A condition that is read only where the one before it holds.
        total(i, Choice(AllOf((compare("<", add(i, 1), n), AFTER)), at(U, i), at(V, i)), POSITIVE),
        total((i, j), times(at(A, i, j), BEFORE), LATER, compare("<", j, 1)),
        reduce("max", i, at(U, i), LATER),
        reduce("mean", i, at(U, i), LATER),
    ],
)
def test_the_value_is_what_loops_give(right):
    model = specification(equation(quantity("left"), (), right))
    inputs = random_inputs(model, SIZES, Random(3), "positive")
    here = {name: array.astype(np.float64) for name, array in inputs.items()}
    found = evaluate(vectorise(model.equations[0]), here, SIZES)
    wanted = values(model, SIZES, inputs, "50 digits")["left"].item()
    np.testing.assert_allclose(found, float(wanted.value), rtol=1e-14)
