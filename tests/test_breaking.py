"""Long formulas break into aligned lines; text never becomes markup."""

from __future__ import annotations

from unittest.mock import patch
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
from derive.typeset import width as widths
from derive.typeset.breaking import broken
from derive.typeset.equations import equation, equations
from derive.typeset.escape import escape_html, escape_latex, escape_markdown
from derive.typeset.latex import latex
from derive.typeset.layout import (
    Aligned,
    Bracket,
    Fenced,
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
from derive.typeset.width import width


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


def many(count, at=0):
    return Add(tuple(x(number(at + place)) for place in range(count)))


def flat(layout):
    """What is read, in order: brackets that were opened are brackets, a dot is a product."""
    match layout:
        case Aligned(lines):
            return [item for line in lines for cell in line for item in flat(cell)]
        case Row(items):
            return [item for one in items for item in flat(one)]
        case Fenced(opening, body, closing):
            return [opening, *flat(body), closing]
        case Bracket(sign):
            return [sign]
        case Operator("·"):
            return [Operator("\N{INVISIBLE TIMES}")]
        case Space():
            return []
    return [layout]


def lines_of(formula, limit):
    found = broken(formula, limit)
    assert isinstance(found, Aligned)
    assert max(width(row(*line)) for line in found.lines) <= limit
    return [unicode(row(*line)) for line in found.lines]


def test_brackets_are_opened_only_where_they_are_too_wide_for_a_line():
    formula = shown(a, Add((Multiply((TWO, many(3))), Multiply((b, many(5, 10)))))).items[2:]
    assert lines_of(row(*formula), 12) == [
        "2 (x₁ + x₂ + x₃)",
        "  + b (x₁₁ + x₁₂ + x₁₃",
        "  + x₁₄ + x₁₅)",
    ]


@pytest.mark.parametrize("limit", [10, 14, 20, 30])
def test_opened_brackets_lose_nothing(limit):
    inner = Multiply((TWO, Add((many(9), Multiply((a, Add((b, many(9, 20)))))))))
    formula = shown(y_hat, Add((inner, Negate(Multiply((b, inner))))))
    lines_of(formula, limit)
    assert flat(broken(formula, limit)) == flat(formula)


def test_opened_brackets_are_as_tall_as_what_they_hold():
    formula = broken(shown(Multiply((TWO, Add((Divide(a, b), *many(8).terms))))), 12)
    assert latex(formula).startswith("\\begin{aligned}\n& 2 \\Bigl(\\frac{a}{b} + x_1")
    assert latex(formula).endswith("+ x_8 \\Bigr)\n\\end{aligned}")


def test_a_wide_numerator_goes_behind_its_fraction_in_brackets():
    assert lines_of(shown(Divide(many(6), a)), 10) == ["1/a (x₁ + x₂ + x₃ + x₄", "  + x₅ + x₆)"]


def test_a_wide_denominator_is_stacked_in_its_place():
    stacked = broken(shown(Divide(a, many(8))), 10)
    assert latex(stacked) == (
        "\\frac{a}{\\begin{aligned}\n& x_1 + x_2 + x_3 + x_4 \\\\\n"
        "& \\quad \\quad + x_5 + x_6 \\\\\n& \\quad \\quad + x_7 + x_8\n\\end{aligned}}"
    )


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


def test_the_parts_of_a_deep_fraction_are_measured_once():
    # 1 / (1 + 1 / (1 + ... 2)), which is too wide for its line at every depth
    value = number(2)
    for _ in range(24):
        value = Divide(number(1), Add((number(1), value)))
    formula = shown(value)
    with patch.object(widths, "_width", wraps=widths._width) as measured:
        assert broken(formula, 8) != formula
    assert measured.call_count < 10 * sum(1 for _ in walk(formula))
