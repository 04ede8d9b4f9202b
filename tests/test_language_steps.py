"""Texts whose equations step, use whole arrays, gradients, or facts."""

import pytest

from derive.language import read_model
from derive.model import Recurrence
from derive.terms import (
    ONE,
    TWO,
    ZERO,
    Add,
    Call,
    Choice,
    Compare,
    Derivative,
    Entry,
    Index,
    IndexValue,
    LinearAlgebra,
    Matrix,
    Multiply,
    Negate,
    Quantity,
    Size,
    number,
    same,
)

HEAD = """
n: dim; m: dim
x: input[n, m]; y: input[n]
v: param[m]; W: param[m, m]; a: param
"""
TAIL = "\ncost = a ** 2\nminimize(cost)\n"

m = Size("m")
W = Quantity("W", (m, m), "param")
a = Entry(Quantity("a", (), "param"))


def equations_of(text):
    """The equations of a few lines, without the cost that completes them to a model."""
    return read_model(HEAD + text + TAIL).equations[:-1]


# --- recurrences --------------------------------------------------------------------------------

STEPS = "T: dim; k: dim; a: param\nx: input[T, k]; h0: param[k]; U: param[k, k]\n"
T, k_ = Size("T"), Size("k")


def steps_of(text, head=STEPS):
    return read_model(head + text + TAIL)


def test_an_initial_value_before_the_axis_is_read_where_the_step_leaves_it():
    model = steps_of("h[-1] = h0\nh[t, j] = tanh(h[t-1, j] + x[t, j])")
    found = model.equations[0]
    h, t_, j = found.left, *(IndexValue(index) for index in found.indices)
    before = Entry(h, (Add((t_, Negate(ONE))), j))
    initial = Entry(Quantity("h0", (k_,), "param"), (j,))
    read = Choice(Compare(">=", t_, ONE), before, initial)
    inputs = Entry(Quantity("x", (T, k_), "input"), (t_, j))
    assert h == Quantity("h", (T, k_))
    assert found.right == Call("tanh", (Add((read, inputs)),))
    assert model.recurrences == (Recurrence((h,), (0,)),)


def test_an_initial_value_on_the_axis_is_the_other_branch_of_the_equation():
    model = steps_of("h[0, j] = h0[j]\nh[t, j] = h[t-1, j] * x[t, j]")
    found = model.equations[0]
    t_, j = (IndexValue(index) for index in found.indices)
    step = Multiply(
        (
            Entry(found.left, (Add((t_, Negate(ONE))), j)),
            Entry(Quantity("x", (T, k_), "input"), (t_, j)),
        )
    )
    initial = Entry(Quantity("h0", (k_,), "param"), (j,))
    assert found.right == Choice(Compare(">=", t_, ONE), step, initial)


def test_a_step_may_be_written_one_ahead():
    model = steps_of("h[0, j] = h0[j]\nh[t + 1, j] = h[t, j] * x[t, j]")
    found = model.equations[0]
    t_, j = (IndexValue(index) for index in found.indices)
    before = Add((t_, Negate(ONE)))
    step = Multiply(
        (Entry(found.left, (before, j)), Entry(Quantity("x", (T, k_), "input"), (before, j)))
    )
    initial = Entry(Quantity("h0", (k_,), "param"), (j,))
    assert found.left == Quantity("h", (Add((T, ONE)), k_))
    assert found.right == Choice(Compare(">=", t_, ONE), step, initial)


def test_a_recurrence_may_start_at_the_end():
    model = steps_of("t: range(T)\nq[T - 1, j] = h0[j]\nq[t, j] = q[t+1, j] * x[t + 1, j]")
    found = model.equations[0]
    t_, j = (IndexValue(index) for index in found.indices)
    after = Add((t_, ONE))
    step = Multiply(
        (Entry(found.left, (after, j)), Entry(Quantity("x", (T, k_), "input"), (after, j)))
    )
    initial = Entry(Quantity("h0", (k_,), "param"), (j,))
    condition = Compare("<=", t_, Add((T, Negate(TWO))))
    assert found.right == Choice(condition, step, initial)
    assert model.recurrences == (Recurrence((found.left,), (0,), downward=True),)


def test_two_steps_back_need_two_initial_values():
    model = steps_of("t: range(T)\nf[-2] = a\nf[-1] = 1\nf[t] = f[t-1] + f[t-2]")
    found = model.equations[0]
    t_ = IndexValue(found.indices[0])
    one, two = (Entry(found.left, (Add((t_, Negate(number(back)))),)) for back in (1, 2))
    earlier = Choice(Compare("==", t_, ONE), ONE, a)
    assert found.right == Add(
        (
            Choice(Compare(">=", t_, ONE), one, Choice(Compare("==", t_, ZERO), ONE, a)),
            Choice(Compare(">=", t_, TWO), two, earlier),
        )
    )


def test_equations_of_one_recurrence_stand_together():
    """s reads h and h reads s; u only prepares, o only reads."""
    model = steps_of(
        "t: range(T); j: range(k)\nh[-1, j] = 0\ns[t] = h[t-1] @ U\nu = tanh(x)\n"
        "h[t, j] = s[t, j] + u[t, j]\no = sum(h)"
    )
    names = [equation.left.name for equation in model.equations]
    assert names == ["u", "s", "h", "o", "cost"]
    s, h = (model.equations[place].left for place in (1, 2))
    assert model.recurrences == (Recurrence((s, h), (0, 0)),)


def test_a_recurrence_may_read_another_whose_lines_stand_among_its_own():
    """The Kalman filter: the variances step without the means, which read them."""
    model = steps_of(
        "t: range(T)\nm[-1] = 0\nP[-1] = 1\n"
        "f[t] = a * m[t-1]\nV[t] = P[t-1] + 1\nS[t] = V[t] + 1\ng[t] = V[t] / S[t]\n"
        "m[t] = f[t] + g[t] * (x[t, 0] - f[t])\nP[t] = (1 - g[t]) * V[t]"
    )
    names = [equation.left.name for equation in model.equations]
    assert names == ["V", "S", "g", "P", "f", "m", "cost"]
    stepping = [[q.name for q in recurrence.quantities] for recurrence in model.recurrences]
    assert stepping == [["V", "S", "g", "P"], ["f", "m"]]


def test_what_starts_and_does_not_read_itself_is_no_recurrence():
    model = steps_of("h[0] = h0\nh[t, j] = 2 * x[t, j]")
    assert model.recurrences == ()
    assert isinstance(model.equations[0].right, Choice)


# --- linear algebra, gradients, facts -----------------------------------------------------------


def test_an_operator_takes_whole_arrays():
    (found,) = equations_of("z = inv(W)")
    i, j = (IndexValue(index) for index in found.indices)
    p, q = Index(m), Index(m)
    whole = Matrix((p, q), Entry(W, (IndexValue(p), IndexValue(q))))
    assert same(found.right, LinearAlgebra("inv", (whole,), (i, j)))
    assert equations_of("z = logdet(W)")[0].right.subscripts == ()
    assert len(equations_of("z = solve(W, v)")[0].right.operands) == 2


def test_a_gradient_is_a_quantity():
    _, found = equations_of("f = v @ v\nz = grad(f, v)")
    gradient = Quantity(Derivative("f", "v"), (m,), "gradient")
    assert found.right == Entry(gradient, (IndexValue(found.indices[0]),))


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("rows_sum_to_one(x)", "rows_sum_to_one", "x"),
        ("sum(x, axis=1) == 1", "rows_sum_to_one", "x"),
        ("1 == sum(x, axis=-1)", "rows_sum_to_one", "x"),
        ("one_hot(x)", "one_hot", "x"),
        ("symmetric(W)", "symmetric", "W"),
        ("W == W.T", "symmetric", "W"),
        ("orthonormal(W)", "orthonormal", "W"),
        ("W.T @ W == eye(m)", "orthonormal", "W"),
        ("positive(y)", "positive", "y"),
        ("y > 0", "positive", "y"),
        ("signs(y)", "signs", "y"),
        ("y**2 == 1", "signs", "y"),
    ],
)
def test_facts_are_assumed_by_name_or_by_equation(text, kind, name):
    model = read_model(HEAD + f"assume({text})" + TAIL)
    assert [(fact.kind, fact.quantity.name) for fact in model.facts] == [(kind, name)]
