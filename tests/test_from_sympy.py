"""Models whose equations are SymPy expressions."""

from fractions import Fraction

import pytest
import sympy
from sympy import Eq, IndexedBase, MatrixSymbol, OneMatrix, Piecewise, Sum, Symbol, symbols

from derive.errors import DeriveError
from derive.from_sympy import specification_from_sympy
from derive.language import read_model
from derive.model import Dimension
from derive.terms import same

n, m, i, j, k = symbols("n m i j k")
a, b, y = symbols("a b y")


def agree(first, second):
    """Whether two models have the same equations, up to the names of indices."""
    assert len(first.equations) == len(second.equations) > 0
    return all(
        left.left == right.left
        and same(left.right, right.right, dict(zip(left.indices, right.indices, strict=True)))
        for left, right in zip(first.equations, second.equations, strict=True)
    )


def test_the_neuron_in_matrices_is_the_neuron_of_the_language():
    x, w = MatrixSymbol("x", 1, n), MatrixSymbol("w", n, 1)
    y_hat, cost = MatrixSymbol("y_hat", 1, 1), MatrixSymbol("C", 1, 1)
    one = OneMatrix(1, 1)
    model = specification_from_sympy(
        [Eq(y_hat, x * w + b * one), Eq(cost, (y_hat - y * one) ** 2)],
        wrt=[w, b],
        settings={"alpha": 0.001},
        sizes={"n": 3},
    )
    text = "n: dim = 3\nx: input[1, n]; y: input; w: param[n, 1]; b: param\n"
    text += "y_hat = x @ w + b\nC = (y_hat - y) ** 2\nminimize(C, sgd(alpha=0.001))"
    written = read_model(text)
    assert agree(model, written)
    assert model.dimensions == (Dimension("n", 3),)
    assert model.objective == written.objective
    names = [d.quantity.name for d in model.declarations]
    assert names == [d.quantity.name for d in written.declarations] == ["x", "y", "w", "b"]


def test_the_neuron_in_indices_is_the_neuron_of_the_language():
    x, w = IndexedBase("x", shape=(n,)), IndexedBase("w", shape=(n,))
    y_hat = Symbol("y_hat")
    equations = [
        Eq(y_hat, Sum(w[k] * x[k], (k, 0, n - 1)) + b),
        Eq(Symbol("C"), (y_hat - y) ** 2),
    ]
    text = "n: dim\nx: input[n]; y: input; w: param[n]; b: param\n"
    text += "y_hat = sum(w[k] * x[k], k) + b\nC = (y_hat - y) ** 2\nminimize(C)"
    assert agree(specification_from_sympy(equations, wrt=[w, b]), read_model(text))


@pytest.mark.parametrize(
    ("expression", "text"),
    [
        (a**2 + b**2, "a ** 2 + b ** 2"),
        (-2 * a * b, "-2 * a * b"),
        (a / b, "a / b"),
        (3 * a / 2, "3 * a / 2"),
        (1 / a, "1 / a"),
        (a**-2, "1 / a ** 2"),
        (sympy.sqrt(a), "sqrt(a)"),
        (sympy.Rational(-1, 2) + a, "a - 1 / 2"),
        (sympy.pi * a, "pi * a"),
        (sympy.exp(a) - b, "exp(a) - b"),
        (sympy.asin(a), "arcsin(a)"),
        (sympy.Max(a, b), "maximum(a, b)"),
        (sympy.Function("sigmoid")(a), "sigmoid(a)"),
        (Piecewise((a, a > 0), (b, True)), "where(a > 0, a, b)"),
        (Piecewise((a, (a > 0) & (b <= 1)), (b, True)), "where(a > 0 and b <= 1, a, b)"),
        (sympy.Float("0.5") * a, "0.500000000000000 * a"),
    ],
)
def test_an_expression_reads_as_a_person_would_write_it(expression, text):
    used = sorted(expression.free_symbols, key=str)
    model = specification_from_sympy(expression, wrt=used)
    params = "; ".join(f"{symbol}: param" for symbol in used)
    assert agree(model, read_model(f"{params}\nC = {text}\nminimize(C)"))


X, V, S = MatrixSymbol("X", n, m), MatrixSymbol("V", m, n), MatrixSymbol("S", n, n)


@pytest.mark.parametrize(
    ("matrix", "text"),
    [
        (X * V, "X @ V"),
        (X * V * S, "X @ V @ S"),
        (X.T, "X.T"),
        (2 * X, "2 * X"),
        (-X * V, "-(X @ V)"),
        (X + V.T, "X + V.T"),
        (X - V.T, "X - V.T"),
        (sympy.HadamardProduct(X, X), "X * X"),
        (sympy.HadamardPower(X, 2), "X ** 2"),
        (S**2, "S @ S"),
        (sympy.Identity(n), "eye(n)"),
    ],
)
def test_matrices_are_read_entry_by_entry(matrix, text):
    z = MatrixSymbol("z", *matrix.shape)
    total = Sum(z[i, j], (i, 0, z.shape[0] - 1), (j, 0, z.shape[1] - 1)) + b**2
    model = specification_from_sympy([Eq(z, matrix), Eq(Symbol("C"), total)], wrt=[b])
    head = "n: dim; m: dim\nX: input[n, m]; V: input[m, n]; S: input[n, n]; b: param\n"
    written = read_model(f"{head}z = {text}\nC = b ** 2\nminimize(C)")
    first, second = model.equations[0], written.equations[0]
    pairs = dict(zip(first.indices, second.indices, strict=True))
    assert first.left == second.left
    assert same(first.right, second.right, pairs)


def test_a_trace_is_an_index_formula():
    text = "n: dim\nS: input[n, n]; b: param\nC = trace(S) + b\nminimize(C)"
    assert agree(specification_from_sympy(sympy.Trace(S) + b, wrt=[b]), read_model(text))


def test_a_delta_is_a_choice():
    delta = Sum(sympy.KroneckerDelta(i, j), (j, 0, n - 1), (i, 0, n - 1)) * b
    text = "n: dim\nb: param\ni: range(n); j: range(n)\n"
    text += "C = b * sum(where(i == j, 1, 0), i, j)\nminimize(C)"
    assert agree(specification_from_sympy(delta, wrt=[b]), read_model(text))


def test_a_range_may_start_anywhere():
    x = IndexedBase("x", shape=(n,))
    model = specification_from_sympy(Sum(x[k], (k, 1, n - 1)), wrt=[x])
    text = "n: dim\nk: range(n - 1)\nx: param[n]\nC = sum(x[k + 1], k)\nminimize(C)"
    found, written = model.equations[0].right, read_model(text).equations[0].right
    assert found.term.subscripts[0].terms[1] == written.term.subscripts[0].terms[1]
    assert len(found.indices) == 1


@pytest.mark.parametrize(
    ("equations", "cause"),
    [
        ([], "there are no equations"),
        (["C = w"], "C = w is not an equation"),
        (sympy.floor(b), "the function floor of 1 arguments is not known"),
        (
            sympy.Derivative(a**2, a) + b,
            "Derivative has no meaning in a model: Derivative(a**2, a)",
        ),
        (sympy.I * b, "ImaginaryUnit has no meaning in a model: I"),
        (a**2, "'b' does not occur in the equations"),
        (Symbol("w\nimport os") * b, "'w\\nimport os' is not a name"),
        (Symbol("}{") * b, "'}{' is not a name"),
        ([Eq(b, a), Eq(Symbol("C"), b)], "'b' is defined, so it cannot be a parameter"),
        (
            [Eq(Symbol("p"), Symbol("q") * b), Eq(Symbol("q"), a)],
            "'q' is read before it is defined, or defined twice",
        ),
        ([Eq(sympy.sin(a), b)], "sin(a) cannot be defined"),
        (IndexedBase("x")[0] * b, "the shape of 'x' is not known"),
        (Piecewise((b, b > 0)), "the Piecewise Piecewise((b, b > 0)) has no value elsewhere"),
    ],
)
def test_what_has_no_meaning_is_refused(equations, cause):
    with pytest.raises(DeriveError) as refused:
        specification_from_sympy(equations, wrt=[b])
    assert refused.value.cause == cause
    assert refused.value.cure


@pytest.mark.parametrize("value", [0.001, Fraction(1, 1000), sympy.Rational(1, 1000)])
def test_settings_are_exact(value):
    model = specification_from_sympy(b**2, wrt=[b], settings={"alpha": value})
    assert model.objective.settings == (("alpha", Fraction(1, 1000)),)


def test_settings_are_numbers_that_the_rule_has():
    with pytest.raises(DeriveError, match="is not a number"):
        specification_from_sympy(b**2, wrt=[b], settings={"alpha": "__import__('os')"})
    with pytest.raises(DeriveError, match="'sgd' has no setting 'beta'"):
        specification_from_sympy(b**2, wrt=[b], settings={"beta": 1})
