"""Terms in print: whole formulas on one line, in LaTeX and in MathML."""

from __future__ import annotations

from fractions import Fraction
from xml.etree import ElementTree

import pytest
from printed_terms import (
    a,
    alpha,
    at_i,
    at_j,
    at_k,
    b,
    cost,
    dw,
    dy_hat,
    j,
    k,
    n,
    residual,
    shown,
    total,
    upstream,
    w,
    x,
    y_hat,
    z,
)

from derive.names import read_latex
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
    Derivative,
    Divide,
    Entry,
    FloorDivide,
    Multiply,
    Negate,
    Not,
    Number,
    Partial,
    Power,
    Quantity,
    Reduction,
    number,
)
from derive.typeset.equations import as_factor, column, equation, equations, matrix, transposed
from derive.typeset.latex import latex
from derive.typeset.layout import (
    Identifier,
    Marked,
    Space,
    Text,
    product,
    row,
)
from derive.typeset.mathml import mathml
from derive.typeset.symbols import Notation, name_layout
from derive.typeset.terms import layout
from derive.typeset.unicode import unicode

FORMULAS = [
    (
        (y_hat, Add((total(k, Multiply((x(at_k), w(at_k)))), b))),
        "ŷ = Σ_k x[k] w[k] + b",
        r"\hat{y} = \sum_{k = 1}^{n} x_k w_k + b",
    ),
    ((cost, Power(residual, TWO)), "C = (ŷ − y)²", r"C = (\hat{y} - y)^2"),
    (
        (dw(at_i), upstream, Multiply((upstream, x(at_i)))),
        "∂C/∂w[i] = 2 (ŷ − y) = 2 (ŷ − y) · x[i]",
        r"\frac{\partial C}{\partial w_i} = 2 (\hat{y} - y) = 2 (\hat{y} - y) \cdot x_i",
    ),
    (
        (dw(ZERO), Multiply((dy_hat, Partial(y_hat, w(ZERO)))), Multiply((TWO, residual, x(ZERO)))),
        "∂C/∂w₁ = ∂C/∂ŷ ∂ŷ/∂w₁ = 2 (ŷ − y) x₁",
        r"\frac{\partial C}{\partial w_1} = \frac{\partial C}{\partial \hat{y}}"
        r" \frac{\partial \hat{y}}{\partial w_1} = 2 (\hat{y} - y) x_1",
    ),
    (
        (Partial(Add((x(at_i), b)), w(at_i)),),
        "∂/∂w[i] (x[i] + b)",
        r"\frac{\partial}{\partial w_i} (x_i + b)",
    ),
    # Sums: the end of a sum is open, so that it is in brackets before another factor.
    (
        (Multiply((TWO, total(k, x(at_k)))), Multiply((total(k, x(at_k)), TWO))),
        "2 Σ_k x[k] = (Σ_k x[k]) · 2",
        r"2 \sum_{k = 1}^{n} x_k = \left( \sum_{k = 1}^{n} x_k \right) \cdot 2",
    ),
    (
        (total(k, Add((x(at_k), Negate(b)))), total(k, Negate(x(at_k)))),
        "Σ_k (x[k] − b) = Σ_k (−x[k])",
        r"\sum_{k = 1}^{n} (x_k - b) = \sum_{k = 1}^{n} (-x_k)",
    ),
    (
        (total(k, Divide(x(at_k), b)), Divide(total(k, x(at_k)), b)),
        "Σ_k x[k]/b = (Σ_k x[k])/b",
        r"\sum_{k = 1}^{n} \frac{x_k}{b} = \frac{\sum_{k = 1}^{n} x_k}{b}",
    ),
    (
        (Reduction("sum", (j, k), Multiply((x(at_j), w(at_k)))),),
        "Σ_j Σ_k x[j] w[k]",
        r"\sum_{j = 1}^{n} \sum_{k = 1}^{n} x_j w_k",
    ),
    (
        (Reduction("mean", (j, k), x(at_k)), Reduction("mean", (k,), x(at_k))),
        "(1/(n n)) Σ_j Σ_k x[k] = (1/n) Σ_k x[k]",
        r"\frac{1}{n n} \sum_{j = 1}^{n} \sum_{k = 1}^{n} x_k = \frac{1}{n} \sum_{k = 1}^{n} x_k",
    ),
    (
        (total(k, x(at_k), Compare("!=", at_k, at_i), kind="prod"),),
        "∏_{k: k ≠ i} x[k]",
        r"\prod_{\substack{k = 1 \\ k \ne i}}^{n} x_k",
    ),
    (
        (total(k, x(at_k), kind="max"), total(k, x(at_k), Compare("<=", at_k, at_i), kind="min")),
        "max_k x[k] = min_{k: k ≤ i} x[k]",
        r"\max_{1 \le k \le n} x_k = \min_{\substack{1 \le k \le n \\ k \le i}} x_k",
    ),
    (
        (total(k, x(at_k), kind="logsumexp"),),
        "log Σ_k exp(x[k])",
        r"\log \sum_{k = 1}^{n} \exp(x_k)",
    ),
    (
        (total(k, x(at_k), Compare(">", x(at_k), ZERO), kind="mean"),),
        "(1/|{k : x[k] > 0}|) Σ_{k: x[k] > 0} x[k]",
        r"\frac{1}{\lvert \lbrace k : x_k > 0 \rbrace \rvert}"
        r" \sum_{\substack{k = 1 \\ x_k > 0}}^{n} x_k",
    ),
    # Functions, roots, choices.
    (
        (Call("sigmoid", (z,)), Divide(ONE, Add((ONE, Call("exp", (Negate(z),)))))),
        "σ(z) = 1/(1 + exp(−z))",
        r"\sigma(z) = \frac{1}{1 + \exp(-z)}",
    ),
    (
        (Multiply((z, Call("tanh", (z,)))), Multiply((z, Call("softplus", (z,))))),
        "z tanh(z) = z softplus(z)",
        r"z \tanh(z) = z \, \mathrm{softplus}(z)",
    ),
    (
        (Call("sqrt", (Add((z, Number(Fraction(1, 100_000), "1e-5"))),)), Call("sqrt", (z,))),
        "√(z + 10⁻⁵) = √z",
        r"\sqrt{z + 10^{-5}} = \sqrt{z}",
    ),
    (
        (Call("abs", (Negate(z),)), Call("maximum", (z, a)), FloorDivide(n, TWO)),
        "|−z| = max(z, a) = ⌊n/2⌋",
        r"\lvert -z \rvert = \max(z, a) = \left\lfloor \frac{n}{2} \right\rfloor",
    ),
    (
        (Choice(Compare(">", z, ZERO), z, ZERO),),
        "{z, z > 0; 0, z ≤ 0}",
        r"\begin{cases} z & z > 0 \\ 0 & z \le 0 \end{cases}",
    ),
    (
        (Add((a, Choice(Compare(">", z, ZERO), z, ZERO))),),
        "a + z [z > 0]",
        r"a + z [z > 0]",
    ),
    (
        (
            AnyOf((AllOf((Compare("<", z, a), Not(Compare("==", z, b)))), Compare(">=", z, b))),
            AllOf((AnyOf((Compare("<", z, a), Compare("<", a, z))), Compare("!=", z, b))),
        ),
        "z < a ∧ ¬(z = b) ∨ z ≥ b = (z < a ∨ a < z) ∧ z ≠ b",
        r"z < a \land \lnot (z = b) \lor z \ge b = (z < a \lor a < z) \land z \ne b",
    ),
    # Powers, fractions, numbers, names.
    (
        (Power(z, Divide(Negate(TWO), number(3))), Power(Divide(a, b), TWO), Power(TWO, z)),
        "z^(−2/3) = (a/b)² = 2^z",
        r"z^{-2 / 3} = \left( \frac{a}{b} \right)^2 = 2^z",
    ),
    (
        (Multiply((number(2), number(3), number(Fraction(1, 2)), Number(Fraction(1, 10), "0.1"))),),
        "2 · 3 (1/2) · 0.1",
        r"2 \cdot 3 \frac{1}{2} \cdot 0.1",
    ),
    (
        (Number(Fraction(5, 2000), "2.5e-3"), Power(dw(at_i), TWO), Power(x(at_i), TWO)),
        "2.5 · 10⁻³ = (∂C/∂w[i])² = x[i]²",
        r"2.5 \cdot 10^{-3} = \left( \frac{\partial C}{\partial w_i} \right)^2 = x_i^2",
    ),
    (
        (Entry(Quantity("W_1", (n, n)), (at_i, at_j)), Multiply((Entry(Quantity("loss")), z))),
        "W₁[i, j] = loss · z",
        r"(W_1)_{i j} = \mathrm{loss} \cdot z",
    ),
]


@pytest.mark.parametrize(("terms", "line", "tex"), FORMULAS)
def test_a_formula_on_one_line_and_in_latex(terms, line, tex):
    formula = shown(*terms)
    assert (unicode(formula), latex(formula)) == (line, tex)


def test_the_update_with_its_marked_factor():
    step = Add((w(ZERO), Negate(Multiply((alpha, Multiply((upstream, x(ZERO))))))))
    formula = shown(w(ZERO), step, relation=":=", marks={upstream: "upstream"})
    assert unicode(formula) == "w₁ := w₁ − α · (2 (ŷ − y) · x₁)"
    assert latex(formula) == (
        r"w_1 := w_1 - \alpha \cdot (\textcolor{upstream}{2 (\hat{y} - y)} \cdot x_1)"
    )


def test_the_stacked_gradient():
    notation = Notation()
    thirds = [number(place) for place in range(3)]
    error = matrix([[layout(upstream, notation)]])
    formula = equation(
        column([layout(dw(at), notation) for at in thirds]),
        product(column([layout(x(at), notation) for at in thirds]), error),
        product(transposed(name_layout("x", notation)), error),
    )
    assert unicode(formula) == (
        "[∂C/∂w₁; ∂C/∂w₂; ∂C/∂w₃] = [x₁; x₂; x₃] [2 (ŷ − y)] = xᵀ [2 (ŷ − y)]"
    )
    assert latex(formula) == (
        r"\begin{bmatrix} \frac{\partial C}{\partial w_1} \\[6pt] \frac{\partial C}{\partial w_2}"
        r" \\[6pt] \frac{\partial C}{\partial w_3} \end{bmatrix} = \begin{bmatrix} x_1 \\ x_2 \\"
        r" x_3 \end{bmatrix} [2 (\hat{y} - y)] = x^{\top} [2 (\hat{y} - y)]"
    )


def test_the_list_of_local_derivatives():
    notation = Notation()
    places = [number(place) for place in range(2)]
    formula = equations(
        *(
            equation(layout(Partial(y_hat, w(at)), notation), layout(x(at), notation))
            for at in places
        )
    )
    assert unicode(formula) == "∂ŷ/∂w₁ = x₁, ∂ŷ/∂w₂ = x₂"
    assert latex(formula) == (
        r"\frac{\partial \hat{y}}{\partial w_1} = x_1,"
        r" \quad \frac{\partial \hat{y}}{\partial w_2} = x_2"
    )


def test_whole_arrays_and_symbols_that_authors_gave():
    notation = Notation(symbols={"C": read_latex(r"\mathcal{L}"), "W": read_latex(r"\mathbf{W}")})
    assert latex(name_layout(Derivative("C", "W"), notation)) == (
        r"\frac{\partial \mathcal{L}}{\partial \mathbf{W}}"
    )
    assert unicode(name_layout(Derivative("C", "W"), notation)) == "∂ℒ/∂𝐖"


def test_a_sum_is_in_brackets_as_a_factor_and_under_a_transpose():
    difference = layout(residual, Notation())
    assert unicode(product(as_factor(difference), transposed(difference))) == "(ŷ − y) (ŷ − y)ᵀ"


def test_mathml_of_a_sum_and_of_a_gradient():
    assert mathml(shown(y_hat, total(k, Multiply((x(at_k), b)))), display=True) == (
        '<math display="block"><mover accent="true"><mi>y</mi><mo stretchy="false">ˆ</mo>'
        "</mover><mo>=</mo><munderover><mo>∑</mo><mrow><mi>k</mi><mo>=</mo><mn>1</mn>"
        "</mrow><mi>n</mi></munderover><msub><mi>x</mi><mi>k</mi></msub><mo>\u2062</mo><mi>b</mi>"
        "</math>"
    )
    assert mathml(shown(dw(at_i), Power(residual, TWO))) == (
        "<math><mfrac><mrow><mi>∂</mi><mi>C</mi></mrow><mrow><mi>∂</mi>"
        "<msub><mi>w</mi><mi>i</mi></msub></mrow></mfrac><mo>=</mo><msup><mrow>"
        '<mo stretchy="false">(</mo><mover accent="true"><mi>y</mi><mo stretchy="false">ˆ</mo>'
        '</mover><mo>−</mo><mi>y</mi><mo stretchy="false">)</mo></mrow><mn>2</mn></msup></math>'
    )


# How many children each element of MathML Core must have, None for any number.
ARITIES = {"mfrac": 2, "msup": 2, "msub": 2, "munder": 2, "mover": 2, "msubsup": 3, "munderover": 3}
CONTAINERS = ("math", "mrow", "msqrt", "mtable", "mtr", "mtd")
TOKENS = ("mi", "mn", "mo", "mtext", "mspace")


@pytest.mark.parametrize("terms", [terms for terms, _, _ in FORMULAS])
def test_mathml_is_well_formed_and_of_the_core(terms):
    for element in ElementTree.fromstring(mathml(shown(*terms))).iter():
        if element.tag in ARITIES:
            assert len(element) == ARITIES[element.tag]
        elif element.tag in TOKENS:
            assert len(element) == 0
        else:
            assert element.tag in CONTAINERS
            assert not (element.text or "").strip()


def test_marks_texts_and_styles_in_mathml():
    formula = row(Marked("a<b", Text("1 < 2")), Space(), Identifier(read_latex(r"\mathbf{x}")))
    assert mathml(formula) == (
        '<math><mrow class="a&lt;b"><mtext>1 &lt; 2</mtext></mrow>'
        '<mspace width="1em"></mspace><mi mathvariant="normal">𝐱</mi></math>'
    )
