"""The SymPy image of terms, and the equality of sizes."""

from fractions import Fraction

import pytest
import sympy
from hypothesis import given
from hypothesis import strategies as st

from derive.errors import DerivationError
from derive.language import read_model
from derive.sizes import show_shape, show_size, size_at
from derive.symbolic import SYMPY_FUNCTIONS, same_size, to_sympy, whole_difference
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
    LinearAlgebra,
    Multiply,
    Negate,
    Not,
    Number,
    Partial,
    Power,
    Quantity,
    Reduction,
    Size,
    number,
)

n, m = Size("n"), Size("m")
k = Index(n, "k")
at_k = IndexValue(k)
a, b = (Entry(Quantity(name)) for name in "ab")
x_k = Entry(Quantity("x", (n,)), (at_k,))

A, B = sympy.symbols("a b")
N = sympy.Symbol("n", integer=True, positive=True)
K = sympy.Symbol("k", integer=True, nonnegative=True)
X = sympy.IndexedBase("x")
LIMITS = (K, 0, N - 1)


@pytest.mark.parametrize(
    ("term", "image"),
    [
        (Number(Fraction(1, 3)), sympy.Rational(1, 3)),
        (Constant("pi"), sympy.pi),
        (n, N),
        (Add((a, b, Negate(a))), B),
        (Multiply((TWO, a, b)), 2 * A * B),
        (Divide(a, b), A / B),
        (FloorDivide(n, TWO), sympy.floor(N / 2)),
        (Power(a, TWO), A**2),
        (Call("tanh", (a,)), sympy.tanh(A)),
        (Call("sigmoid", (a,)), 1 / (1 + sympy.exp(-A))),
        (Call("unheard_of", (a, b)), sympy.Function("unheard_of")(A, B)),
        (Reduction("sum", (k,), x_k), sympy.Sum(X[K], LIMITS)),
        (Reduction("prod", (k,), x_k), sympy.Product(X[K], LIMITS)),
        (Reduction("mean", (k,), x_k), sympy.Sum(X[K], LIMITS) / N),
        (Reduction("logsumexp", (k,), x_k), sympy.log(sympy.Sum(sympy.exp(X[K]), LIMITS))),
        (
            Reduction("sum", (k,), x_k, (Compare("<", at_k, TWO),)),
            sympy.Sum(sympy.Piecewise((X[K], K < 2), (0, True)), LIMITS),
        ),
        (
            Choice(AllOf((Compare(">", a, ZERO), Not(Compare("==", a, b)))), a, b),
            sympy.Piecewise((A, (A > 0) & sympy.Ne(A, B)), (B, True)),
        ),
        (
            Choice(AnyOf((Compare(">=", a, ONE), Compare("<=", a, b))), a, b),
            sympy.Piecewise((A, (A >= 1) | (A <= B)), (B, True)),
        ),
        (Partial(Power(a, TWO), a), sympy.Derivative(A**2, A)),
    ],
)
def test_a_term_has_a_sympy_image(term, image):
    symbols = {k: K}
    assert to_sympy(term, symbols) == image


def test_an_index_keeps_its_symbol_and_two_of_one_letter_differ():
    other = Index(n, "k")
    symbols = {}
    first = to_sympy(Add((at_k, IndexValue(other))), symbols)
    assert [symbol.name for symbol in symbols.values()] == ["k", "k_1"]
    assert first == symbols[k] + symbols[other]
    assert to_sympy(at_k, symbols) == symbols[k]


@pytest.mark.parametrize(
    "term", [Reduction("max", (k,), x_k), LinearAlgebra("det", (), ())], ids=["max", "det"]
)
def test_what_sympy_cannot_say_is_refused(term):
    with pytest.raises(DerivationError, match="SymPy has no expression for"):
        to_sympy(term)


@pytest.mark.parametrize("name", sorted(SYMPY_FUNCTIONS))
def test_every_function_of_the_table_takes_its_arguments(name):
    count = 2 if name in ("maximum", "minimum") else 1
    image = to_sympy(Call(name, (a, b)[:count]))
    assert image.free_symbols == {A, B} if count == 2 else {A}


@pytest.mark.parametrize(
    ("left", "right", "equal"),
    [
        (n, n, True),
        (n, m, False),
        (ONE, TWO, False),
        (Add((n, m)), Add((m, n)), True),
        (Multiply((TWO, Add((n, ONE)))), Add((n, n, TWO)), True),
        (Add((n, Negate(n))), ZERO, True),
        (FloorDivide(n, TWO), Divide(n, TWO), False),
    ],
)
def test_sizes_are_equal_where_they_are_equal_for_all_dimensions(left, right, equal):
    assert same_size(left, right) is equal
    assert same_size(right, left) is equal


def test_derived_dimensions_are_what_their_formulas_say():
    formulas = {"p": Add((n, ONE)), "q": Multiply((TWO, Size("p")))}
    assert same_size(Size("q"), Add((n, n, TWO)), formulas)
    assert whole_difference(Size("q"), Multiply((TWO, n)), formulas) == 2


@st.composite
def polynomials(draw, depth=3):
    """Sizes with +, * and -, of two dimensions and small numbers."""
    if depth == 0 or draw(st.booleans()):
        return draw(st.sampled_from([n, m, ONE, TWO, number(3)]))
    left, right = draw(polynomials(depth - 1)), draw(polynomials(depth - 1))
    return draw(st.sampled_from([Add((left, right)), Multiply((left, right)), Negate(left)]))


@given(polynomials(), polynomials())
def test_equal_sizes_have_equal_values(left, right):
    points = [{"n": 2, "m": 5}, {"n": 7, "m": 3}, {"n": 11, "m": 13}]
    values = [size_at(left, point) == size_at(right, point) for point in points]
    assert all(values) or not same_size(left, right)
    assert same_size(left, left)


@given(polynomials())
def test_a_size_is_shown_as_what_reads_back_as_the_same_size(size):
    text = f"n: dim; m: dim\na: param\nC = a * ({show_size(size)})\nminimize(C)"
    factor = read_model(text).equations[0].right.factors[1]
    assert same_size(factor, size)


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (Multiply((number(4), Size("H"))), "4*H"),
        (Add((FloorDivide(Add((n, Negate(m))), TWO), ONE)), "(n - m)//2 + 1"),
        (Multiply((TWO, Add((n, ONE)))), "2*(n + 1)"),
        (Negate(Add((n, ONE))), "-(n + 1)"),
        (Power(Add((n, ONE)), TWO), "(n + 1)**2"),
        (Divide(n, Multiply((TWO, m))), "n/(2*m)"),
        (Add((n, Negate(Add((m, ONE))))), "n - (m + 1)"),
    ],
)
def test_sizes_are_shown_as_the_language_writes_them(size, text):
    assert show_size(size) == text


def test_shapes_are_shown_as_python_writes_them():
    assert [show_shape(shape) for shape in ((), (n,), (ONE, n))] == ["()", "(n,)", "(1, n)"]


def test_a_size_without_a_value_is_refused():
    with pytest.raises(DerivationError, match="the size 'n' has no value"):
        size_at(n, {"m": 3})
    with pytest.raises(DerivationError, match="has no value here"):
        size_at(Divide(n, ZERO), {"n": 3})
