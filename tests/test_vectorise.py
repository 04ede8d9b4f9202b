"""Index equations as array terms: the text an expert would write, and the value that loops give."""

from fractions import Fraction
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
    m,
    n,
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
from derive.errors import DerivationError
from derive.program.array_shapes import shape_of
from derive.program.arrays import Matmul, Transpose, Whole
from derive.program.interpret import evaluate
from derive.program.vectorise import vectorise
from derive.terms import AllOf, AnyOf, Choice, Negate, Not, Partial, Power, Size, number
from derive.verification.oracle import lift, values

p = Size("p")
SIZES = {"n": 3, "m": 4, "p": 2}

A, B, M = quantity("A", n, m), quantity("B", m, p), quantity("M", n, n)
G, H = quantity("G", n, p), quantity("H", n, m)
T, U = quantity("T", p, n, m), quantity("U", p, m, n)
u, v, c = quantity("u", n), quantity("v", m), quantity("c")
row, one = quantity("row", 1, m), quantity("one", 1, 1)
label, token = quantity("label", n, kind="index"), quantity("token", p, kind="index")

i, i2, j, j2, k = (index(n), index(n, "s"), index(m, "j"), index(m, "t"), index(p, "k"))
e, f = index(1, "e"), index(1, "f")

a_ij, h_ij, u_i, v_j = at(A, i, j), at(H, i, j), at(u, i), at(v, j)
below = compare("<=", j, i)

# The indices on the left, the right side, the code.
TABLE = [
    # products
    ((i, k), total(j, times(a_ij, at(B, j, k))), "A @ B"),
    ((k, i), total(j, times(a_ij, at(B, j, k))), "B.T @ A.T"),
    ((j, k), total(i, times(a_ij, at(G, i, k))), "A.T @ G"),
    ((i, i2), total(j, times(a_ij, at(H, i2, j))), "A @ H.T"),
    ((i,), total(j, times(a_ij, v_j)), "A @ v"),
    ((j,), total(i, times(a_ij, u_i)), "u @ A"),
    ((), total(i, times(u_i, u_i)), "u @ u"),
    ((i, j), times(u_i, v_j), "np.outer(u, v)"),
    ((), total((i, j), times(u_i, a_ij, v_j)), "u @ A @ v"),
    ((i, k), total(j, times(a_ij, v_j, at(B, j, k))), "(A * v) @ B"),
    ((k, i, i2), total(j, times(at(T, k, i, j), at(U, k, j, i2))), "T @ U"),
    ((k, i), total(j, times(at(T, k, i, j), v_j)), "T @ v"),
    ((k, k2 := index(p)), total((i, j), times(at(T, k, i, j), at(U, k2, j, i))),
     "np.tensordot(T, U, axes=((1, 2), (2, 1)))"),
    # factors that no summed index reaches stand outside
    ((i,), total(j, times(2, a_ij, v_j)), "2 * (A @ v)"),
    ((i,), total(j, Negate(over(times(a_ij, v_j), c))), "-(A @ v / c)"),
    ((i,), reduce("mean", j, times(a_ij, v_j)), "A @ v / m"),
    ((), total(j, c), "c * m"),
    # sums
    ((i,), total(j, a_ij), "A.sum(axis=1)"),
    ((), total(i, total(j, a_ij)), "A.sum()"),
    ((), reduce("mean", (i, j), square(a_ij)), "np.mean(A**2)"),
    ((j,), reduce("max", i, a_ij), "A.max(axis=0)"),
    ((), total((i, j), times(a_ij, h_ij)), "np.sum(A * H)"),
    # broadcasting
    ((i, j), add(a_ij, v_j), "A + v"),
    ((i, j), subtract(a_ij, u_i), "A - u[:, None]"),
    ((j, i), a_ij, "A.T"),
    ((i, j), v_j, "np.full((n, m), v)"),
    ((i, j), add(a_ij, at(row, 0, j)), "A + row"),
    ((e, j), total(i, a_ij), "A.sum(axis=0, keepdims=True)"),
    ((i, j), Choice(below, a_ij, number(0)),
     "np.where(np.arange(m) <= np.arange(n)[:, None], A, 0)"),
    # axes of size one
    ((), total((e, f), at(one, e, f)), "one[0, 0]"),
    ((j,), total(e, times(2, at(row, e, j))), "2 * row[0]"),
    ((j, f), total(e, times(at(row, e, j), at(one, e, f))), "row.T @ one"),
    ((e, f), c, "np.reshape(c, (1, 1))"),
    # numbers
    ((i,), times(Fraction(1, 2), u_i), "u / 2"),
    ((i,), times(Fraction(-3, 2), u_i), "-3 * u / 2"),
    ((i,), times(over(1, n), u_i), "u / n"),
    ((i,), Power(u_i, number(Fraction(-1))), "1 / u"),
    ((i,), add(i, 1), "np.arange(1, n + 1)"),
    # other subscripts
    ((), total(i, at(M, i, i)), "np.trace(M)"),
    ((k, j), at(A, at(token, k), j), "A[token]"),
    ((i,), at(A, i, at(label, i)), "A[np.arange(n), label]"),
    ((i,), at(A, i, 0), "A[:, 0]"),
    ((j,), at(A, 2, j), "A[2]"),
]  # fmt: skip


def left_of(indices):
    return quantity("left", *(axis.size for axis in indices))


def term_of(indices, right):
    return vectorise(equation(left_of(indices), indices, right))


def own_names():
    known = [q for q in globals().values() if hasattr(q, "kind")]
    return {q.name: q.name for q in known} | {size: size for size in SIZES}


@pytest.mark.parametrize(("indices", "right", "text"), TABLE, ids=[text for *_, text in TABLE])
def test_the_code_is_what_an_expert_would_write(indices, right, text):
    assert code(term_of(indices, right), own_names()) == text


MORE = [
    ((i,), total(j, a_ij, below)),
    ((i,), reduce("mean", j, a_ij, below)),
    ((i,), reduce("max", j, a_ij, below)),
    ((i,), reduce("min", j, times(a_ij, v_j), Not(compare("<", i, j)))),
    ((i,), reduce("prod", j, a_ij, compare("!=", j, i))),
    ((), reduce("prod", (i, j), 2)),
    ((i,), reduce("prod", j, c)),
    ((), reduce("mean", (i, j), c)),
    ((i, i2), total((j, k), times(a_ij, at(B, j, k), at(G, i2, k)))),
    ((i, k), total(j, times(add(a_ij, u_i), at(B, j, k)))),
    ((), total((i, i2), times(u_i, at(M, i, i2), at(u, i2)))),
    ((i, j), total(k, times(at(T, k, i, j), at(U, k, j, i), at(G, i, k)))),
    # places of extrema, counted row by row
    ((i,), reduce("argmax", j, a_ij)),
    ((), reduce("argmin", (i, j), a_ij)),
    ((k,), reduce("argmax", (j, i), at(T, k, i, j))),
    ((k,), reduce("argmax", (i, j), at(T, k, i, j))),
    ((), reduce("argmax", (e, i), u_i)),
    ((), reduce("argmax", (e, f), at(one, e, f))),
    ((), reduce("argmin", (i, j), u_i)),
    # reads that would leave the range are not made
    ((i, j), Choice(compare("<", add(j, 1), m), at(A, i, add(j, 1)), number(0))),
    ((j,), total(i, at(v, subtract(j, i)), compare("<=", i, j))),
    ((i,), Choice(compare("==", i, 0), number(0), over(u_i, i))),
    ((i,), Choice(AllOf((compare(">", i, 0), compare("<", i, 2))), u_i, at(c))),
    ((i,), Choice(AnyOf((compare("==", i, 0), compare("==", i, 2))), u_i, Negate(u_i))),
    ((i, i2), add(at(M, i, i2), at(M, i2, i))),
    ((k,), at(A, k, add(k, 1))),
    ((j,), total(i, times(a_ij, at(label, i)))),
    ((k,), total(i, u_i, compare("==", at(label, i), at(token, k)))),
]


@pytest.mark.parametrize(("indices", "right"), [row[:2] for row in TABLE] + MORE)
def test_the_value_is_what_loops_give(indices, right):
    model = specification(equation(left_of(indices), indices, right))
    random = Random(7)
    inputs = {}
    for declaration in model.declarations:
        shape = tuple(SIZES.get(getattr(s, "name", ""), 1) for s in declaration.quantity.shape)
        bound = 3 if declaration.quantity.kind == "index" else 9
        drawn = [random.randrange(bound) or bound - 1 for _ in range(int(np.prod(shape)))]
        inputs[declaration.quantity.name] = np.array(drawn).reshape(shape)
    here = {
        name: array if name in ("label", "token") else lift(array, "exact")
        for name, array in inputs.items()
    }
    found = evaluate(term_of(indices, right), here, SIZES)
    wanted = values(model, SIZES, inputs)["left"]
    assert np.shape(found) == wanted.shape
    assert np.all(np.asarray(found, dtype=object) == wanted)


def test_logsumexp_does_not_overflow():
    term = term_of((i,), reduce("logsumexp", j, times(1000, a_ij)))
    ones = np.ones((3, 4))
    assert evaluate(term, {"A": ones}, SIZES) == pytest.approx(1000 + np.log(4) * np.ones(3))


def test_functions_are_numpys_or_stable_formulas():
    names = ("tanh", "sigmoid", "softplus", "relu", "erf")
    found = {name: code(term_of((i,), call(name, u_i)), own_names()) for name in names}
    assert found == {
        "tanh": "np.tanh(u)",
        "relu": "np.maximum(u, 0)",
        "erf": "_erf(u)",
        "sigmoid": "1 / (1 + np.exp(-u))",
        "softplus": "np.maximum(u, 0) + np.log1p(np.exp(-np.abs(u)))",
    }


def test_shapes_stay_symbolic():
    product = Matmul(Transpose(Whole(A), (1, 0)), Whole(G))
    assert shape_of(product) == (m, p)


@pytest.mark.parametrize(
    ("right", "cause"),
    [
        (call("mystery", u_i), "'mystery' is not known on arrays"),
        (Partial(u_i, u_i), "Partial cannot be written as array operations"),
        (reduce("median", j, a_ij), "the reduction 'median' cannot be written as array operations"),
        (a_ij, "the index 'j' on the right of left is neither on its left nor summed over"),
    ],
)
def test_what_cannot_be_done_is_named(right, cause):
    with pytest.raises(DerivationError) as error:
        term_of((i,), right)
    assert error.value.cause == cause


def test_an_equation_for_some_places_only_is_refused():
    with pytest.raises(DerivationError, match="holds for some values of its indices only"):
        vectorise(equation(quantity("left", n), (i,), u_i, compare(">", i, 0)))


def test_shapes_that_do_not_fit_are_refused():
    with pytest.raises(DerivationError, match=r"shapes \(n, m\) @ \(n, p\) do not fit together"):
        shape_of(Matmul(Whole(A), Whole(G)))
