"""Long formulas break into aligned lines; text never becomes markup."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from printed_terms import (
    a,
    b,
    residual,
    shown,
    w,
    x,
    y_hat,
)

from derive.terms import (
    TWO,
    Add,
    Divide,
    Multiply,
    Negate,
    number,
)
from derive.typeset.breaking import broken, width
from derive.typeset.equations import equation, equations
from derive.typeset.escape import escape_html, escape_latex, escape_markdown
from derive.typeset.latex import latex
from derive.typeset.layout import (
    Aligned,
    Layout,
    Marked,
    NumberText,
    Operator,
    Row,
    Space,
    Text,
    row,
    walk,
)
from derive.typeset.layout import (
    Fraction as FractionLayout,
)
from derive.typeset.mathml import mathml
from derive.typeset.unicode import unicode


def long_formula() -> Layout:
    products = Add(tuple(Multiply((x(number(at)), w(number(at)))) for at in range(12)))
    return shown(y_hat, products, Add((products, Negate(b))))


def test_a_formula_that_fits_is_left_alone():
    formula = shown(y_hat, residual)
    assert broken(formula, width(formula)) == formula


def test_a_long_formula_breaks_before_relations_and_signs_and_loses_nothing():
    formula = long_formula()
    lines = broken(formula, 30)
    assert isinstance(lines, Aligned)
    assert all(width(row(*line)) <= 30 for line in lines.lines)
    assert [unicode(left) for left, _ in lines.lines] == ["ŷ", "", "", ""]
    starts = [unicode(right).split()[0] for _, right in lines.lines]
    assert starts == ["=", "+", "=", "+"]
    flat = [item for line in lines.lines for item in row(*line).items if item != Space()]
    assert Row(tuple(flat)) == formula


def test_aligned_lines_in_latex_and_mathml():
    formula = broken(shown(y_hat, Add((a, b)), Add((b, a))), 3)
    assert latex(formula) == (
        "\\begin{aligned}\n\\hat{y} & = a \\\\\n& \\quad \\quad + b \\\\\n& = b \\\\\n"
        "& \\quad \\quad + a\n\\end{aligned}"
    )
    table = ElementTree.fromstring(mathml(formula)).find("mtable")
    assert [len(line) for line in table] == [2, 2, 2, 2]


def test_brackets_are_never_broken():
    inner = Add(tuple(x(number(at)) for at in range(30)))
    formula = shown(Multiply((TWO, inner)))
    assert broken(formula, 5) == formula


NASTY = r"""\end{document} $x_1^2$ {a} & #1 50% ~ `ls` <script>"a"</script> *b* [c](d) |"""


def test_text_never_becomes_latex():
    assert escape_latex(NASTY) == (
        r"\textbackslash{}end\{document\} \$x\_1\textasciicircum{}2\$ \{a\} \& \#1 50\%"
        r" \textasciitilde{} \textasciigrave{}ls\textasciigrave{} \textless{}script\textgreater{}"
        r'"a"\textless{}/script\textgreater{} *b* [c](d) \textbar{}'
    )


def test_text_never_becomes_html():
    assert escape_html("<b a='1'>&\"") == "&lt;b a=&#x27;1&#x27;&gt;&amp;&quot;"


def test_text_never_becomes_markdown():
    assert escape_markdown(NASTY) == (
        r"\\end\{document\} \$x\_1^2\$ \{a\} &amp; \#1 50% \~ \`ls\` &lt;script&gt;"
        r'"a"&lt;/script&gt; \*b\* \[c\](d) \|'
    )
    assert [escape_markdown(text) for text in ("- a", "1. a", "2) a", "+ a", "=== a", "> a")] == [
        r"\- a",
        r"1\. a",
        r"2\) a",
        r"\+ a",
        r"\=== a",
        "&gt; a",
    ]
    assert escape_markdown("http://x www.x") == r"http\://x www\.x"


@pytest.mark.parametrize("escape", [escape_latex, escape_html, escape_markdown])
def test_line_breaks_and_control_characters_become_spaces(escape):
    assert escape("a\n\nb\x00c\t") == "a  b c"


def test_every_layout_prints_in_every_form():
    formula = row(Marked("upstream", Text("so")), Space(), Operator("→"))
    assert (unicode(formula), latex(formula)) == (
        "so  → ",
        r"\textcolor{upstream}{\text{so}} \quad \to",
    )
    assert any(isinstance(part, FractionLayout) for part in walk(shown(Divide(a, b))))


def test_formulas_in_a_row_come_to_stand_below_each_other():
    # a = b,  c = d  in too little room: one line each, cut at the relation and not at the comma
    one, two, three, four = (NumberText(text * 4) for text in "1234")
    comma = Operator(",", "separator")
    lines = ((one, row(Operator("="), two, comma)), (three, row(Operator("="), four)))
    assert broken(equations(equation(one, two), equation(three, four)), 8) == Aligned(lines)
