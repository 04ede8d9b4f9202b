"""Symbolic sizes become written-out scalar equations: sums term by term, nothing rearranged."""

import pytest
from forms import add, at, compare, equation, index, m, n, neuron, quantity, reduce, times, total

from derive.calculus.expand import (
    example_sizes,
    instance,
    places,
    shape_at,
    without_unit_sums,
    written_out,
)
from derive.errors import DeriveError
from derive.language import read_model
from derive.model import definition, quantity_named
from derive.numbers.evaluate import evaluate
from derive.numbers.evaluation import Evaluation
from derive.terms import Entry, Reduction, Size, number, walk

X, W, z = quantity("X", n, m), quantity("W", m, n), quantity("z", n)
i, j, k = index(n), index(n, "j"), index(m, "k")


def test_the_neuron_for_three_inputs_is_x1_w1_x2_w2_x3_w3_and_b():
    # ŷ = x_1 w_1 + x_2 w_2 + x_3 w_3 + b, one flat sum
    model = neuron()
    x, w, b = (Entry(quantity_named(model, name), ()) for name in "xwb")
    ((left, right),) = instance(definition(model, "y_hat"), {"n": 3})
    assert left == at(quantity_named(model, "y_hat"), 0, 0)
    products = [times(at(x.quantity, 0, q), at(w.quantity, q, 0)) for q in range(3)]
    assert right == add(*products, b)


def test_a_matrix_product_entry_by_entry_row_by_row():
    Z = quantity("Z", n, n)
    defined = equation(Z, (i, j), total(k, times(at(X, i, k), at(W, k, j))))
    expected = tuple(
        (
            at(Z, row, column),
            add(*(times(at(X, row, q), at(W, q, column)) for q in range(3))),
        )
        for row in range(2)
        for column in range(2)
    )
    assert instance(defined, {"n": 2, "m": 3}) == expected


def test_a_sum_of_one_term_is_that_term_and_an_empty_sum_is_zero():
    assert written_out(total(k, at(quantity("a", m), k)), {"m": 1}) == at(quantity("a", m), 0)
    assert written_out(total(k, at(quantity("a", m), k)), {"m": 0}) == number(0)


def test_a_sum_among_other_summands_needs_no_brackets_but_those_of_the_author_stay():
    # b + Σ_k a[k] = b + a_1 + a_2, while b + (c + d) keeps its brackets
    a, b, c, d = quantity("a", m), quantity("b"), quantity("c"), quantity("d")
    assert written_out(add(b, total(k, at(a, k))), {"m": 2}) == add(b, at(a, 0), at(a, 1))
    assert written_out(add(b, add(c, d)), {}) == add(b, add(c, d))


def test_sums_over_two_indices_and_sums_in_sums():
    both = total((i, k), at(X, i, k))
    nested = total(i, total(k, at(X, i, k)))
    entries = [at(X, row, column) for row in range(2) for column in range(2)]
    assert written_out(both, {"n": 2, "m": 2}) == add(*entries)
    assert written_out(nested, {"n": 2, "m": 2}) == add(*entries)


def test_a_sum_inside_another_operation_keeps_its_place():
    squares = times(2, total(i, at(z, i)), at(z, 0))
    assert written_out(squares, {"n": 2}) == times(2, add(at(z, 0), at(z, 1)), at(z, 0))


@pytest.mark.parametrize("kind", ["mean", "prod", "logsumexp", "max"])
def test_other_reductions_stay(kind):
    reduction = reduce(kind, i, at(z, i))
    assert written_out(reduction, {"n": 2}) == reduction


def test_a_sum_under_conditions_stays():
    filtered = total(i, at(z, i), compare(">", i, 0))
    assert written_out(filtered, {"n": 3}) == filtered


def test_what_is_written_out_has_the_same_value_and_no_sum():
    # Σ_i (i + Σ_k i k) over i < 3, k < 4
    both = total(i, add(i, total(k, times(i, k))))
    sizes = {"n": 3, "m": 4}
    flat = written_out(both, sizes)
    assert not any(isinstance(node, Reduction) for node in walk(flat))
    values = [evaluate(term, Evaluation(sizes, {})).value.value for term in (both, flat)]
    assert values == [21, 21]


def test_a_sum_over_an_axis_of_size_one_is_its_only_term():
    # Σ_i Σ_k X[i, k] over one i is Σ_k X[0, k]
    one, row = index(1), quantity("r", 1, m)
    bare = without_unit_sums(total((one, k), times(2, at(row, one, k))))
    assert bare == total(k, times(2, at(row, 0, k)))
    assert without_unit_sums(total(one, total(k, at(row, one, k)))) == total(k, at(row, 0, k))


# --- sizes and places ---------------------------------------------------------------------------

TEXT = (
    "n: dim = 3; m: dim; h: dim = 2 * n + 1; w: param[n, h, m]; C = sum(w ** 2); minimize(C, sgd())"
)


def test_sizes_are_given_or_those_of_the_text_or_small():
    model = read_model(TEXT, name="m")
    assert example_sizes(model) == {"n": 3, "m": 2, "h": 7}
    assert example_sizes(model, n=5) == {"n": 5, "m": 2, "h": 11}
    w = quantity_named(model, "w")
    assert shape_at(w, example_sizes(model)) == (3, 7, 2)


def test_a_size_that_the_model_does_not_have_is_named():
    with pytest.raises(DeriveError) as raised:
        example_sizes(read_model(TEXT, name="m"), k=4)
    assert raised.value.cause == "'k' is not a size of this model"
    assert raised.value.cure == "its sizes are: n, m, h"


@pytest.mark.parametrize("size", [0, -3])
def test_a_size_is_at_least_one(size):
    with pytest.raises(DeriveError, match=f"n = {size} is no size"):
        example_sizes(read_model(TEXT, name="m"), n=size)


def test_places_run_row_by_row():
    found = [tuple(int(at_.value) for at_ in place) for place in places(X, {"n": 2, "m": 2})]
    assert found == [(0, 0), (0, 1), (1, 0), (1, 1)]
    assert list(places(quantity("b"), {})) == [()]
    assert list(places(quantity("e", Size("n")), {"n": 0})) == []
