"""Sums of products in the cheapest order, and what is known computed no second time."""

from itertools import combinations

import pytest
from forms import (
    add,
    at,
    compare,
    equation,
    index,
    over,
    quantity,
    specification,
    times,
    total,
)

from derive.code.numpy_code import code
from derive.language import read_model
from derive.program.arrays import Whole, walk
from derive.program.context import Context
from derive.program.orders import (
    CLEARLY,
    FEATURES,
    ROWS,
    SETTING,
    as_written,
    best_order,
    cheapest,
    cost,
    representative_sizes,
)
from derive.program.vectorise import vectorise
from derive.terms import Size

SIZES = {"N": ROWS, "T": ROWS, "D": FEATURES, "J": FEATURES, "K": FEATURES, "r": 4}
N, T, D, J, K, R = (Size(name) for name in ("N", "T", "D", "J", "K", "r"))
n, t, s, i, j, k, r = (
    index(size, letter) for size, letter in zip((N, T, T, D, J, K, R), "ntsijkr", strict=True)
)
X, A, B = quantity("X", N, D), quantity("A", D, J), quantity("B", J, K)
U, V, u, v, w = (
    quantity("U", D, R), quantity("V", R, K), quantity("u", N), quantity("v", K),
    quantity("w", J),
)  # fmt: skip
P, Q, M = quantity("P", N, T, T), quantity("Q", N, T, D), quantity("M", D, D)

# The indices of the result, those that are summed, and the factors.
PRODUCTS = {
    "a chain that ends in a vector": ((n,), (i, j, k), (X, n, i), (A, i, j), (B, j, k), (v, k)),
    "a chain that begins with a vector": ((k,), (n, i, j), (u, n), (X, n, i), (A, i, j), (B, j, k)),
    "two layers": ((n, k), (i, j), (X, n, i), (A, i, j), (B, j, k)),
    "a narrow middle": ((n, k), (i, r), (X, n, i), (U, i, r), (V, r, k)),
    "scaled rows and columns": ((n, j), (i,), (u, n), (X, n, i), (A, i, j), (w, j)),
    "a scaled middle": ((n, k), (i, j), (X, n, i), (A, i, j), (w, j), (B, j, k)),
    "a stack": ((n, t, j), (s, i), (P, n, t, s), (Q, n, s, i), (A, i, j)),
    "one number": ((), (n, i, j, k), (u, n), (X, n, i), (A, i, j), (B, j, k), (v, k)),
}


def every_order(places):
    """All ways to multiply factors two at a time."""
    if len(places) == 1:
        return [places[0]]
    found = []
    first, *others = places
    for count in range(len(others)):
        for chosen in combinations(others, count):
            rest = [place for place in others if place not in chosen]
            found += [
                (left, right)
                for left in every_order([first, *chosen])
                for right in every_order(rest)
            ]
    return found


def network(name):
    _, summed, *factors = PRODUCTS[name]
    return [frozenset(places) for _, *places in factors], summed


@pytest.mark.parametrize("name", PRODUCTS)
def test_no_order_is_cheaper_than_the_cheapest(name):
    factors, summed = network(name)
    orders = every_order(list(range(len(factors))))
    assert len(orders) == {3: 3, 4: 15, 5: 105}[len(factors)]
    least = min(cost(order, factors, summed, SIZES) for order in orders)
    assert cost(cheapest(factors, summed, SIZES), factors, summed, SIZES) == least
    chosen = best_order(factors, summed, SIZES)
    assert cost(chosen, factors, summed, SIZES) <= CLEARLY * least


@pytest.mark.parametrize("name", PRODUCTS)
def test_an_order_that_costs_as_much_as_the_cheapest_stays_as_it_is_written(name):
    factors, summed = network(name)
    text, best = as_written(factors, summed), cheapest(factors, summed, SIZES)
    work = [cost(order, factors, summed, SIZES) for order in (text, best)]
    expected = text if work[0] <= CLEARLY * work[1] else best
    assert best_order(factors, summed, SIZES) == expected


def array(indices, right):
    left = quantity("left", *(axis.size for axis in indices))
    term = vectorise(equation(left, indices, right), Context(sizes=SIZES))
    names = {part.quantity.name for part in walk(term) if isinstance(part, Whole)}
    return code(term, {name: name for name in (*names, *SIZES)})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a chain that ends in a vector", "X @ (A @ (B @ v))"),
        ("a chain that begins with a vector", "u @ X @ A @ B"),
        ("two layers", "X @ A @ B"),
        ("a narrow middle", "X @ U @ V"),
        ("scaled rows and columns", "u[:, None] * w * (X @ A)"),
        ("a scaled middle", "((X @ A) * w) @ B"),
        ("a stack", "P @ Q @ A"),
        ("one number", "u @ X @ A @ B @ v"),
    ],
)
def test_the_order_of_a_product(name, text):
    kept, summed, *factors = PRODUCTS[name]
    assert array(kept, total(summed, times(*(at(*factor) for factor in factors)))) == text


def test_a_sum_in_a_sum_is_taken_apart_where_that_is_cheaper():
    # (A B) v = A (B v), but (X A) B stays as its author wrote it.
    inner = total(j, times(at(A, i, j), at(B, j, k)))
    assert array((i,), total(k, times(inner, at(v, k)))) == "A @ (B @ v)"
    layers = total(i, times(at(X, n, i), at(A, i, j)))
    assert array((n, k), total(j, times(layers, at(B, j, k)))) == "X @ A @ B"


def test_no_outer_product_is_made_for_a_quadratic_form():
    assert (
        array((), total((i, s := index(D)), times(at(M, i, s), at(M, s, i)))) == "np.sum(M * M.T)"
    )


def test_stacks_of_matrices_with_further_axes_are_one_product():
    heads = quantity("heads", N, T, J, D)
    right = total(i, times(at(heads, n, t, j, i), at(Q, n, s, i)))
    left = quantity("left", N, T, J, T)
    term = vectorise(equation(left, (n, t, j, s), right), Context(sizes=SIZES))
    names = {"heads": "heads", "Q": "Q"}
    assert code(term, names) == "heads @ Q.transpose(0, 2, 1)[:, None, :, :]"


def test_a_stack_of_matrices_times_a_stack_of_vectors_is_one_product():
    vectors = quantity("vectors", N, T)
    assert array((n, t), total(s, times(at(P, n, t, s), at(vectors, n, s)))) == (
        "(P @ vectors[:, :, None])[:, :, 0]"
    )
    assert array((n, s), total(t, times(at(vectors, n, t), at(P, n, t, s)))) == (
        "(vectors[:, None, :] @ P)[:, 0]"
    )


def test_a_condition_makes_no_array_with_the_axes_of_all_factors():
    # The slope of relu stands outside of the sum, a condition on rows beside them.
    H, G = quantity("H", N, D), quantity("G", N, J)
    positive = compare(">", at(H, n, i), 0)
    upstream = times(at(G, n, j), at(A, i, j))
    assert array((n, i), total(j, upstream, positive)) == "np.where(H > 0, G @ A.T, 0)"
    # The pairs i < i' of a factorisation machine are a matrix of zeros and ones.
    other = index(D)
    pairs = times(at(X, n, i), at(X, n, other), at(U, i, r), at(U, other, r))
    found = array((n,), total((i, other, r), pairs, compare("<", i, other)))
    assert "None, :, None" not in found
    assert "U @ U.T" in found


def test_a_quotient_with_axes_of_its_own_divides_a_factor():
    # Σ_k (A[i,k] B[j,k] + A[j,k] B[i,k]) / c[k] makes no array over i, j and k.
    C, E, c = quantity("C", D, K), quantity("E", D, K), quantity("c", K)
    other = index(D)
    both = add(times(at(C, i, k), at(E, other, k)), times(at(C, other, k), at(E, i, k)))
    assert array((i, other), total(k, over(both, at(c, k)))) == "(C / c) @ E.T + ((C / c) @ E.T).T"


def test_a_part_is_computed_with_the_same_axes_wherever_it_stands():
    context = Context(sizes=SIZES)
    names = {q.name: q.name for q in (X, A)}
    texts = []
    for indices in ((n, j), (j, n)):
        left = quantity("left", *(axis.size for axis in indices))
        inner = index(D)
        right = total(inner, times(at(X, n, inner), at(A, inner, j)))
        texts.append(code(vectorise(equation(left, indices, right), context), names))
    assert texts == ["X @ A", "(X @ A).T"]


MODEL = """
N: dim
D: dim
K: dim = 3
s: dim
M: dim = N // s
x: input[N, D]
w: param[D, K]
z = x @ w
C = sum(z**2) + s + M
minimize(C, sgd(alpha=0.1))
"""


def test_rows_are_many_and_features_are_some():
    assert representative_sizes(read_model(MODEL, "model")) == {
        "N": ROWS,
        "D": FEATURES,
        "K": FEATURES,
        "s": SETTING,
        "M": ROWS // SETTING,
    }
    assert representative_sizes(specification(equation(quantity("C"), (), 1))) == {}
