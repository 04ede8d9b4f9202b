"""The model language: what each construct means, as terms or as the same in index notation."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from derive.errors import DeriveError
from derive.functions import ROWS
from derive.language import read_model, rule_named
from derive.language.calls import FUNCTIONS
from derive.language.inline import LIBRARY
from derive.model import Dimension, Initializer
from derive.terms import (
    ONE,
    TWO,
    ZERO,
    Add,
    AllOf,
    AnyOf,
    Call,
    Choice,
    Compare,
    Constant,
    Divide,
    Entry,
    FloorDivide,
    Index,
    IndexValue,
    Multiply,
    Negate,
    Not,
    Number,
    Power,
    Quantity,
    Reduction,
    Size,
    Term,
    number,
    same,
)

HEAD = """
n: dim; m: dim
x: input[n, m]; y: input[n]; t: index(m)[n]
v: param[m]; W: param[m, m]; a: param; b: param; c: param
"""
TAIL = "\ncost = a ** 2\nminimize(cost)\n"

n, m = Size("n"), Size("m")
x, y = Quantity("x", (n, m), "input"), Quantity("y", (n,), "input")
W, v = Quantity("W", (m, m), "param"), Quantity("v", (m,), "param")
a, b, c = (Entry(Quantity(name, (), "param")) for name in "abc")


def equations_of(text, head=HEAD):
    """The equations of a few lines, without the cost that completes them to a model."""
    return read_model(head + text + TAIL).equations[:-1]


def right_of(text):
    return equations_of(f"z = {text}")[-1].right


def agree(left, right):
    """Whether two equations are one, up to the names of their indices."""
    pairs = dict(zip(left.indices, right.indices, strict=True))
    sizes = [(one.size, other.size) for one, other in pairs.items()]
    return (
        left.left == right.left
        and all(one == other for one, other in sizes)
        and same(left.right, right.right, pairs)
    )


# --- the two models of the gallery --------------------------------------------------------------

NEURON = '''"""A linear neuron with squared error."""
n: dim = 3

x: input[1, n]
y: input
w: param[n, 1] = uniform(0, 1)
b: param = -0.5

y_hat = x @ w + b
C = (y_hat - y) ** 2

minimize(C, sgd(alpha=0.001))

with example(steps=200):
    x[0, i] = i + 1
    y = 1
'''


def test_the_neuron_means_what_it_says():
    model = read_model(NEURON, name="neuron", source="neuron.model")
    x_, w_ = Quantity("x", (ONE, n), "input"), Quantity("w", (n, ONE), "param")
    y_, b_ = Quantity("y", (), "input"), Quantity("b", (), "param")
    assert (model.name, model.title) == ("neuron", "A linear neuron with squared error.")
    assert model.dimensions == (Dimension("n", default=3),)
    assert [d.quantity for d in model.declarations] == [x_, y_, w_, b_]
    assert [d.initial for d in model.declarations] == [
        None,
        None,
        Initializer("uniform", (Fraction(0), Fraction(1))),
        Initializer("constant", (Fraction(-1, 2),)),
    ]
    prediction, cost = model.equations
    y_hat = Quantity("y_hat", (ONE, ONE))
    i, j = (IndexValue(index) for index in prediction.indices)
    k = Index(n)
    inner = Multiply((Entry(x_, (i, IndexValue(k))), Entry(w_, (IndexValue(k), j))))
    assert prediction.left == y_hat
    assert same(prediction.right, Add((Reduction("sum", (k,), inner), Entry(b_))))
    i, j = (IndexValue(index) for index in cost.indices)
    assert cost.left == Quantity("C", (ONE, ONE))
    assert cost.right == Power(Add((Entry(y_hat, (i, j)), Negate(Entry(y_)))), TWO)
    assert {equation.notation for equation in model.equations} == {"array"}
    assert model.objective.cost == cost.left
    assert model.objective.rule == rule_named("sgd")
    assert model.objective.settings == (("alpha", Fraction(1, 1000)),)
    assert model.example is not None
    assert model.example.steps == 200
    first, second = model.example.equations
    assert (first.left, second.left) == (x_, y_)
    assert first.right == Add((IndexValue(first.indices[1]), ONE))
    assert (second.indices, second.right) == ((), ONE)
    assert cost.place is not None
    assert (cost.place.source, cost.place.line) == ("neuron.model", 10)


def test_the_neuron_in_index_notation_is_the_same_model():
    indices = "y_hat[i, j] = sum(x[i, k] * w[k, j], k) + b\nC[i, j] = (y_hat[i, j] - y) ** 2"
    arrays = "y_hat = x @ w + b\nC = (y_hat - y) ** 2"
    first = read_model(NEURON).equations
    second = read_model(NEURON.replace(arrays, indices)).equations
    assert len(first) == len(second) == 2
    assert all(agree(*pair) for pair in zip(first, second, strict=True))
    assert {equation.notation for equation in second} == {"index"}


def test_the_bowl_is_a_function_of_two_numbers():
    model = read_model("x: param = 1; y: param = 3; f = x ** 2 + y ** 2; minimize(f)")
    squares = tuple(Power(Entry(Quantity(name, (), "param")), TWO) for name in "xy")
    assert [e.right for e in model.equations] == [Add(squares)]


# --- the author's form --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("a + b - c", Add((a, b, Negate(c)))),
        ("a + (b - c)", Add((a, Add((b, Negate(c)))))),
        ("(a - b) - c", Add((a, Negate(b), Negate(c)))),
        ("2 * a * b", Multiply((TWO, a, b))),
        ("2 * (a * b)", Multiply((TWO, Multiply((a, b))))),
        ("-a * b", Negate(Multiply((a, b)))),
        ("-a / b", Negate(Divide(a, b))),
        ("-a ** 2", Negate(Power(a, TWO))),
        ("+a", a),
        ("a / b * c", Multiply((Divide(a, b), c))),
        ("a * b / c", Divide(Multiply((a, b)), c)),
        ("a ** -1", Power(a, Negate(ONE))),
        ("1 / 2 * a", Multiply((Divide(ONE, TWO), a))),
        ("0.1 * a", Multiply((Number(Fraction(1, 10)), a))),
        ("1_000 * a", Multiply((number(1000), a))),
        ("1e-5 * a", Multiply((Number(Fraction(1, 100000)), a))),
        ("2 * pi * a", Multiply((TWO, Constant("pi"), a))),
        ("a / n", Divide(a, n)),
        ("a * (n // 2)", Multiply((a, FloorDivide(n, TWO)))),
        ("maximum(a, b)", Call("maximum", (a, b))),
        ("stop_gradient(a)", Call("stop_gradient", (a,))),
    ],
)
def test_sums_and_products_keep_the_order_and_the_grouping(text, term):
    assert right_of(text) == term


def test_a_decimal_is_exact_and_keeps_its_spelling():
    found = right_of("0.10 * a").factors[0]
    assert (found.value, found.text) == (Fraction(1, 10), "0.10")


# --- arrays and indices -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arrays", "indices"),
    [
        ("z = x @ v", "z[i] = sum(x[i, k] * v[k], k)"),
        ("z = v @ v", "z = sum(v[k] * v[k], k)"),
        ("z = W @ W @ v", "z[i] = sum(sum(W[i, j] * W[j, k], j) * v[k], k)"),
        ("z = x.T", "z[j, i] = x[i, j]"),
        ("z = x + v", "z[i, j] = x[i, j] + v[j]"),
        ("z = a * x", "z[i, j] = a * x[i, j]"),
        ("z = x - mean(x, axis=1, keepdims=True)", "z[i, j] = x[i, j] - mean(x[i, k], k)"),
        ("z = sum(x, axis=0)", "z[j] = sum(x[i, j], i)"),
        ("z = sum(x, axis=-1)", "z[i] = sum(x[i, j], j)"),
        ("z = mean(x)", "z = mean(x[i, j], i, j)"),
        ("z = max(x, axis=(0, 1))", "z = max(x[i, j], i, j)"),
        ("z = sum(x, where=x > 0)", "z = sum(x[i, j], i, j, where=x[i, j] > 0)"),
        ("z = sum(a)", "z = a"),
        ("z = softmax(x, axis=-1)", "z[i, j] = softmax(x[i, j], j)"),
        ("z = softmax(x, axis=1)", "z[i, j] = exp(x[i, j]) / sum(exp(x[i, k]), k)"),
        ("z = log_softmax(v)", "z[i] = v[i] - logsumexp(v[k], k)"),
        ("z = where(x > 0, x, 0)", "z[i, j] = where(x[i, j] > 0, x[i, j], 0)"),
        ("z = W[t]", "z[i, j] = W[t[i], j]"),
        ("z = x[:, t]", "z[i, j] = x[i, t[j]]"),
        ("z[i] = x[i] @ v", "z[i] = sum(x[i, k] * v[k], k)"),
        ("z[:, j] = x[:, j] * y", "z[i, j] = x[i, j] * y[i]"),
        ("z[i] = tanh(x[i])", "z[i, j] = tanh(x[i, j])"),
        ("z = trace(W @ W)", "z = sum(sum(W[i, k] * W[k, i], k), i)"),
        ("z = eye(m)", "i: range(m); j: range(m); z[i, j] = where(i == j, 1, 0)"),
        ("z = silu(x)", "z[i, j] = x[i, j] * sigmoid(x[i, j])"),
        ("z = leaky_relu(x)", "z[i, j] = where(x[i, j] > 0, x[i, j], 0.01 * x[i, j])"),
        ("z = elu(x, alpha=2)", "z[i, j] = where(x[i, j] > 0, x[i, j], 2 * (exp(x[i, j]) - 1))"),
        ("def f(u): return tanh(u @ W)\nz = f(x)", "z = tanh(x @ W)"),
        ("def f(u, k=2):\n    s = u ** k\n    return s + a\nz = f(b)", "z = b ** 2 + a"),
        ("def f(S):\n    P[i, j] = softmax(S[i, j], j)\n    return P\nz = f(x)",
         "z = softmax(x, axis=1)"),
        ("def pad(u): return u + 1\nz = pad(a)", "z = a + 1"),
    ],
)  # fmt: skip
def test_array_notation_stands_for_index_notation(arrays, indices):
    assert agree(equations_of(arrays)[-1], equations_of(indices)[-1])


def test_conditions_chain_join_and_deny():
    found = right_of("where(a <= b < c and not a == b or c > 0, a, 0)")
    chain = AllOf((Compare("<=", a, b), Compare("<", b, c)))
    condition = AnyOf((AllOf((chain, Not(Compare("==", a, b)))), Compare(">", c, ZERO)))
    assert found == Choice(condition, a, ZERO)


def test_a_filter_stands_beside_the_indices():
    (found,) = equations_of("z[i] = sum(x[i, k], k, where=k <= i and x[i, k] > 0)")
    i, k = IndexValue(found.indices[0]), IndexValue(found.right.indices[0])
    entry = Entry(x, (i, k))
    assert found.right.where == (Compare("<=", k, i), Compare(">", entry, ZERO))
    assert found.right.term == entry


def test_a_filtered_softmax_is_zero_where_it_is_filtered_out():
    (found,) = equations_of("z[i, j] = softmax(W[i, j], j, where=j <= i)")
    i, j = (IndexValue(index) for index in found.indices)
    k = Index(m, "j")
    total = Reduction(
        "sum",
        (k,),
        Call("exp", (Entry(W, (i, IndexValue(k))),)),
        (Compare("<=", IndexValue(k), i),),
    )
    share = Divide(Call("exp", (Entry(W, (i, j)),)), total)
    assert same(found.right, Choice(Compare("<=", j, i), share, ZERO))


def test_subscripts_are_affine_or_looked_up():
    head = HEAD + "i: range(n // 2); j: range(n)\n"
    strided, gathered = equations_of("z[i] = x[2*i + 1, 0]\nu[j] = x[j, t[j]]", head)
    i, j = IndexValue(strided.indices[0]), IndexValue(gathered.indices[0])
    assert strided.left == Quantity("z", (FloorDivide(n, TWO),))
    assert strided.right == Entry(x, (Add((Multiply((TWO, i)), ONE)), ZERO))
    labels = Quantity("t", (n,), "index")
    assert gathered.right == Entry(x, (j, Entry(labels, (j,))))


def test_padding_reads_zero_outside():
    head = HEAD + "i: range(n); p: range(3)\n"
    (found,) = equations_of("z[i, p] = pad(y[i + p - 1])", head)
    i, p = (IndexValue(index) for index in found.indices)
    place = Add((i, p, Negate(ONE)))
    inside = AllOf((Compare("<=", ZERO, place), Compare("<", place, n)))
    assert found.right == Choice(inside, Entry(y, (place,)), ZERO)


def test_broadcasting_reads_an_axis_of_size_one_at_zero():
    (found,) = equations_of("u: input[n, 1]; z = u * x".replace("; z", "\nz"))
    i, j = (IndexValue(index) for index in found.indices)
    column = Quantity("u", (n, ONE), "input")
    assert found.right == Multiply((Entry(column, (i, ZERO)), Entry(x, (i, j))))


def test_bound_indices_are_never_shared():
    (found,) = equations_of("def twice(u): return u * u\nz = twice(v @ v)")
    first, second = found.right.factors
    assert first.indices[0] is not second.indices[0]
    assert same(first, second)


def test_sizes_are_compared_as_polynomials():
    head = "H: dim; a: param\nw: param[2*(H + 1)]; u: param[H + H + 2]\n"
    (found,) = equations_of("z = w + u", head)
    assert len(found.indices) == 1


def test_a_derived_size_is_what_its_formula_says():
    head = "H: dim; K: dim; a: param\nHo: dim = H - K + 1\nw: param[Ho]; u: param[1 - K + H]\n"
    (found,) = equations_of("z = w + u", head)
    assert found.left.shape == (Size("Ho"),)


# --- the language as a whole --------------------------------------------------------------------


def test_every_elementary_function_can_be_written():
    assert set(ROWS) <= set(FUNCTIONS)
    assert not set(FUNCTIONS) & set(LIBRARY)


@pytest.mark.parametrize("name", sorted(LIBRARY))
def test_every_function_of_the_library_is_read(name):
    required = len(LIBRARY[name].parameters) - len(LIBRARY[name].defaults)
    arguments = ", ".join(["a", "1", "2"][:required])
    assert isinstance(right_of(f"{name}({arguments})"), Term)


def test_statements_may_share_a_line_and_comments_are_free():
    text = "w: param; C = w ** 2  # σ\n\n# nothing here is executed\nminimize(C)"
    assert read_model(text).equations[0].right == Power(Entry(Quantity("w", (), "param")), TWO)


@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_line_ends_and_a_byte_order_mark_do_not_matter(ends):
    text = "\N{BYTE ORDER MARK}" + ends.join(["w: param", "C = w ** 2", "minimize(C)", ""])
    assert [d.quantity.name for d in read_model(text).declarations] == ["w"]


@pytest.mark.parametrize("name", ["ω", "ŷ", "y\u0302", "x\u0302", "lambda_", "grad_w", "I", "np"])
def test_names_may_have_any_letters(name):
    model = read_model(f"{name}: param; C = {name} ** 2; minimize(C)")
    assert len(model.declarations) == 1


def test_a_title_is_one_line_and_may_end_in_a_backslash():
    assert (
        read_model('"""Two\nlines.\n\nMore."""\nw: param; C = w; minimize(C)').title == "Two lines."
    )
    assert read_model("'ends in \\\\'\nw: param; C = w; minimize(C)").title == "ends in \\"


def test_reading_twice_gives_one_model():
    first, second = read_model(NEURON), read_model(NEURON)
    assert all(agree(*pair) for pair in zip(first.equations, second.equations, strict=True))
    assert first.declarations == second.declarations


def refusal(text):
    """What is said about a text, or nothing where it is read."""
    try:
        read_model(text)
    except DeriveError as error:
        return error
    return None


@given(st.text(alphabet="wCn123 .,:;=()[]*+-/\n#'\"@<>defminize(&é", max_size=60))
def test_any_text_is_read_or_refused(text):
    error = refusal(text)
    assert error is None or (error.cause and error.cure)


@given(st.text(max_size=40))
def test_any_characters_are_read_or_refused(text):
    error = refusal("w: param\nC = w" + text + "\nminimize(C)")
    assert error is None or len(str(error)) < 2000
