"""The derivation document: equations (1) to (12) of the neuron, and what other texts give."""

import re
from itertools import pairwise

import pytest
from documents import BOWL, FORMS, LAYER, NEURON, displayed, document, numbered, shown, unnumbered

from derive.document.blocks import Display, Paragraph, Table, Working
from derive.pipeline import build_model

# The equations of the neuron, each in whole; & is where the lines of a group are aligned.
EQUATIONS = {
    1: r"\hat{y} &= x w + b",
    2: r"\hat{y} &= \begin{bmatrix} x_1 & x_2 & x_3 \end{bmatrix} "
    r"\begin{bmatrix} w_1 \\ w_2 \\ w_3 \end{bmatrix} + b",
    3: r"\hat{y} &= x_1 w_1 + x_2 w_2 + x_3 w_3 + b",
    4: r"\frac{\partial \hat{y}}{\partial w_1} &= x_1, \quad "
    r"\frac{\partial \hat{y}}{\partial w_2} = x_2, \quad "
    r"\frac{\partial \hat{y}}{\partial w_3} = x_3, \quad "
    r"\frac{\partial \hat{y}}{\partial b} = 1",
    5: r"\frac{\partial C}{\partial w_1} &= \frac{\partial C}{\partial \hat{y}} "
    r"\frac{\partial \hat{y}}{\partial w_1} = 2 (\hat{y} - y) \cdot x_1",
    6: r"\frac{\partial C}{\partial w_2} &= \frac{\partial C}{\partial \hat{y}} "
    r"\frac{\partial \hat{y}}{\partial w_2} = 2 (\hat{y} - y) \cdot x_2",
    7: r"\frac{\partial C}{\partial w_3} &= \frac{\partial C}{\partial \hat{y}} "
    r"\frac{\partial \hat{y}}{\partial w_3} = 2 (\hat{y} - y) \cdot x_3",
    8: r"\frac{\partial C}{\partial b} &= \frac{\partial C}{\partial \hat{y}} "
    r"\frac{\partial \hat{y}}{\partial b} = 2 (\hat{y} - y) \cdot 1",
    9: r"w_1 &\leftarrow w_1 - \alpha \frac{\partial C}{\partial w_1} "
    r"= w_1 - \alpha \cdot (2 (\hat{y} - y) \cdot x_1)",
    10: r"w_2 &\leftarrow w_2 - \alpha \frac{\partial C}{\partial w_2} "
    r"= w_2 - \alpha \cdot (2 (\hat{y} - y) \cdot x_2)",
    11: r"w_3 &\leftarrow w_3 - \alpha \frac{\partial C}{\partial w_3} "
    r"= w_3 - \alpha \cdot (2 (\hat{y} - y) \cdot x_3)",
    12: r"b &\leftarrow b - \alpha \frac{\partial C}{\partial b} "
    r"= b - \alpha \cdot 2 (\hat{y} - y)",
}
STACKED = (
    r"\begin{bmatrix} \frac{\partial C}{\partial w_1} \\[6pt] \frac{\partial C}{\partial w_2} "
    r"\\[6pt] \frac{\partial C}{\partial w_3} \end{bmatrix} &= "
    r"\begin{bmatrix} 2 (\hat{y} - y) \cdot x_1 \\ 2 (\hat{y} - y) \cdot x_2 "
    r"\\ 2 (\hat{y} - y) \cdot x_3 \end{bmatrix} = "
    r"\begin{bmatrix} x_1 \\ x_2 \\ x_3 \end{bmatrix} [2 (\hat{y} - y)] = "
    r"x^{\top} [2 (\hat{y} - y)]"
)
NAMED = [
    r"C &= (\hat{y} - y)^2",
    r"\frac{\partial C}{\partial \hat{y}} &= 2 (\hat{y} - y)",
    STACKED,
    r"\underset{n \times 1}{\frac{\partial C}{\partial w}} &= "
    r"\underset{n \times 1}{x^{\top}} \underset{1 \times 1}{[2 (\hat{y} - y)]}",
    r"\frac{\partial C}{\partial b} &= 2 (\hat{y} - y)",
    r"w &\leftarrow w - \alpha \cdot x^{\top} [2 (\hat{y} - y)]",
    r"b &\leftarrow b - \alpha \cdot 2 (\hat{y} - y)",
    r"&1 - 2 \alpha (x x^{\top} + 1)",
    r"0 &< \alpha < \frac{1}{x x^{\top} + 1}",
    # where every size is one
    r"\frac{\partial C}{\partial w_1} &= 2 (\hat{y} - y) \cdot x_1",
    r"\frac{\partial C}{\partial b} &= 2 (\hat{y} - y)",
]


def unaligned(markup):
    """A formula without its alignment mark; the marks between the entries of a matrix stay."""
    return re.sub(r"&(?=[=<1]|\\leftarrow)", "", markup, count=1)


# --- the neuron ---------------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_twelve_equations_in_latex_and_no_others(language):
    assert numbered(shown(NEURON, "tex", language), "tex") == EQUATIONS


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_twelve_equations_in_markdown_and_no_others(language):
    found = numbered(shown(NEURON, "md", language), "md")
    assert found == {number: unaligned(markup) for number, markup in EQUATIONS.items()}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_closing_formulas_and_all_that_have_no_number(language):
    assert unnumbered(shown(NEURON, "tex", language), "tex") == NAMED
    assert unnumbered(shown(NEURON, "md", language), "md") == [unaligned(one) for one in NAMED]


def test_the_upstream_gradient_is_whole_and_in_one_colour():
    page = shown(NEURON, "tex")
    coloured = re.findall(r"\\textcolor\{(\w+)\}(\{[^=]*?\}) (?=\\cdot|\\frac)", page)
    assert set(coloured) == {
        ("upstream", r"{\frac{\partial C}{\partial \hat{y}}}"),
        ("upstream", r"{2 (\hat{y} - y)}"),
    }


@pytest.mark.parametrize("ending", FORMS)
def test_the_numbers_stand_in_reading_order(ending):
    numbers = [number for number, _ in displayed(shown(NEURON, ending), ending) if number]
    assert numbers == list(range(1, 13))


def test_every_reference_is_to_an_equation_that_is_there():
    page = shown(NEURON, "tex")
    referred = {int(number) for number in re.findall(r"\\eqref\{eq:(\d+)\}", page)}
    assert referred == {1, 3, 4, 5, 7, 8, 9, 11, 12}
    assert referred <= set(numbered(page, "tex"))


def test_the_remark_in_the_example():
    page = shown(NEURON, "md")
    assert "$`x x^{\\top} + 1 = 15`$" in page
    assert "$`0.97`$" in page
    assert "$`0 < \\alpha < \\frac{1}{15}`$" in page


def test_the_general_entry_beside_those_written_out():
    general = r"$`\frac{\partial C}{\partial w_i} = 2 (\hat{y} - y) \cdot x_i`$"
    assert shown(NEURON, "md").count(general) == 1


@pytest.mark.parametrize("ending", FORMS)
def test_no_formula_expands_the_error(ending):
    page = shown(NEURON, ending).replace("<mo>\N{INVISIBLE TIMES}</mo>", " ")
    assert not re.search(r"2 ?(\\hat\{y\}|<mover).{0,90}2 ?(y|<mi>y)", page)


# --- the same model in other words --------------------------------------------------------------


def shapes(blocks):
    """What a section is made of, without its formulas."""
    for block in blocks:
        match block:
            case Paragraph(phrases):
                yield tuple(phrase.key for phrase in phrases)
            case Display(lines):
                yield "display", len(lines)
            case Working(reasons):
                yield "working", tuple(reason.rule.key for reason in reasons)
            case Table(heads, rows):
                yield "table", heads, len(rows)


def outline(text):
    return [(section.key, list(shapes(section.blocks))) for section in document(text).sections]


def test_four_inputs_give_the_same_document_with_one_equation_more_in_each_group():
    three, four = outline(NEURON), outline(NEURON.replace("n: dim = 3", "n: dim = 4"))
    assert [key for key, _ in three] == [key for key, _ in four]
    longer = [
        (key, old, new)
        for (key, before), (_, after) in zip(three, four, strict=True)
        for old, new in zip(before, after, strict=True)
        if old != new
    ]
    assert longer == [
        ("chain", ("display", 4), ("display", 5)),
        ("update", ("display", 4), ("display", 5)),
    ]


def test_the_equations_for_four_inputs_are_those_of_three_and_their_like():
    found = numbered(shown(NEURON.replace("n: dim = 3", "n: dim = 4"), "tex"), "tex")
    assert sorted(found) == list(range(1, 15))
    assert found[3] == r"\hat{y} &= x_1 w_1 + x_2 w_2 + x_3 w_3 + x_4 w_4 + b"
    for old, new in {5: 5, 6: 6, 7: 7, 8: 9, 9: 10, 10: 11, 11: 12, 12: 14}.items():
        assert found[new] == EQUATIONS[old]
    assert found[8] == EQUATIONS[7].replace("_3", "_4")
    assert found[13] == EQUATIONS[11].replace("_3", "_4")


IN_INDICES = NEURON.replace("y_hat = x @ w + b", "y_hat[p, q] = sum(x[p, i] * w[i, q], i) + b")
IN_INDICES = IN_INDICES.replace("C = (y_hat - y) ** 2", "C[p, q] = (y_hat[p, q] - y) ** 2")


def without_letters(page):
    """A page in which all letters of indices are one."""
    return re.sub(r"(?<![\\A-Za-z])[ijk](?![A-Za-z])", "i", page)


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("ending", FORMS)
def test_index_notation_gives_the_same_document_but_for_the_letters_of_indices(ending, language):
    assert IN_INDICES != NEURON
    pages = [shown(text, ending, language) for text in (NEURON, IN_INDICES)]
    assert without_letters(pages[0]) == without_letters(pages[1])
    assert displayed(pages[0], ending) == displayed(pages[1], ending)


IN_VECTORS = (
    NEURON.replace("input[1, n]", "input[n]")
    .replace("param[n, 1]", "param[n]")
    .replace("x @ w", "sum(x[i] * w[i], i)")
    .replace("x[0, i]", "x[i]")
)


def test_vectors_instead_of_matrices_give_the_same_scalar_equations():
    found = numbered(shown(IN_VECTORS, "tex"), "tex")
    assert {number: found[number] for number in range(2, 13)} == {
        number: EQUATIONS[number] for number in range(2, 13)
    }
    assert found[1] == r"\hat{y} &= x^{\top} w + b"
    assert sorted(found) == list(range(1, 13))
    closing = unnumbered(shown(IN_VECTORS, "md"), "md")
    gradient = r"\underset{n \times 1}{\frac{\partial C}{\partial w}} = 2 (\hat{y} - y) \cdot x"
    assert gradient in closing
    assert r"1 - 2 \alpha (x^{\top} x + 1)" in closing


def test_both_languages_have_the_same_formulas():
    for ending in FORMS:
        pages = [shown(NEURON, ending, language) for language in ("en", "zh")]
        assert displayed(pages[0], ending) == displayed(pages[1], ending)
        assert inline(pages[0], ending) == inline(pages[1], ending)
        assert pages[0] != pages[1]


def inline(page, ending):
    """The formulas inside sentences and tables, sorted: languages order their words differently."""
    body = page.partition(r"\begin{document}")[2] if ending == "tex" else page
    pattern = {"tex": r"\$([^$]+)\$", "md": r"\$`([^`]+)`\$", "html": r"<math>(.*?)</math>"}
    return sorted(re.findall(pattern[ending], body))


# --- other models -------------------------------------------------------------------------------


def test_the_bowl():
    assert numbered(shown(BOWL, "tex"), "tex") == {
        1: r"\frac{\partial f}{\partial x} &= 2 x",
        2: r"\frac{\partial f}{\partial y} &= 2 y",
        3: r"x &\leftarrow x - \alpha \frac{\partial f}{\partial x} = x - \alpha \cdot 2 x",
        4: r"y &\leftarrow y - \alpha \frac{\partial f}{\partial y} = y - \alpha \cdot 2 y",
    }
    assert unnumbered(shown(BOWL, "tex"), "tex") == [
        r"f &= x^2 + y^2",
        r"f (1, 3) &= 10",
        r"\nabla f (1, 3) &= (2, 6)",
    ]


def test_why_the_gradient_of_the_bowl_is_the_steepest_direction():
    page = shown(BOWL, "md")
    assert "$`(x, y) = (1, 3)`$" in page
    assert r"$`\sqrt{40} \cos(\varphi)`$" in page
    rates = re.findall(r"^\| \$`(\(\d, \d\))`\$ \| \$`(.*?)`\$ \|$", page, re.MULTILINE)
    assert rates == [
        ("(1, 0)", "2"),
        ("(0, 1)", "6"),
        ("(1, 1)", r"\approx 5.657"),
        ("(2, 6)", r"\approx 6.325"),
    ]


@pytest.mark.parametrize(("language", "says"), [("en", "does not reach"), ("zh", "不影响")])
def test_a_parameter_that_does_not_reach_the_cost_is_said_to(language, says):
    text = NEURON.replace("b: param", "a: param[n] = 0; b: param")
    built = build_model(text, "neuron", (language,))
    assert built.cautions == (
        "the parameter 'a' does not reach the cost 'C': its gradient is zero",
    )
    page = shown(text, "md", language)
    (sentence,) = [line for line in page.splitlines() if says in line]
    assert "$`a`$" in sentence
    assert numbered(page, "md") == numbered(shown(NEURON, "md", language), "md")


def test_a_cost_that_no_parameter_reaches_has_a_document_of_zeros():
    text = "w: param; x: input; C = x ** 2; minimize(C, sgd())"
    assert numbered(shown(text, "tex"), "tex") == {
        1: r"\frac{\partial C}{\partial w} &= 0",
        2: r"w &\leftarrow w - \alpha \frac{\partial C}{\partial w} = w - \alpha \cdot 0",
    }


def test_a_model_with_a_name_in_the_cost_that_is_used_twice():
    # u in v = u² and in C = v u: two paths, added under one number
    text = "u: param; v = u ** 2; C = v * u; minimize(C, sgd())"
    assert numbered(shown(text, "tex"), "tex")[3] == (
        r"\frac{\partial C}{\partial u} &= \frac{\partial C}{\partial v} "
        r"\frac{\partial v}{\partial u} + v = u \cdot 2 u + v"
    )


def test_what_goes_without_saying_leaves_no_gap_in_the_steps():
    for text in (NEURON, BOWL, LAYER):
        blocks = [block for section in document(text).sections for block in section.blocks]
        workings = [block.reasons for block in blocks if isinstance(block, Working)]
        assert workings != []
        for reasons in workings:
            depths = [reason.depth for reason in reasons]
            assert depths[0] == 0
            assert all(after <= before + 1 for before, after in pairwise(depths))


def test_no_index_takes_the_letter_of_a_size_in_any_formula():
    page = shown(LAYER, "md")
    bound = re.findall(r"\\sum_\{(\w) = 1\}", page)
    assert len(bound) > 5
    assert set(bound) & {"m", "n", "k", "b"} == set()
    assert re.search(r"_\{?(\w )?[mnk]\b", page) is None


# --- titles -------------------------------------------------------------------------------------

MARKUP = (
    r"100% of $x_1$ & \input{a} # ~ ^ <b>bold</b> *stars* `code` [a](b) | {{ name }} << name >>"
)


TITLES = {
    "tex": (
        r"{\LARGE 100\% of \$x\_1\$ \& \textbackslash{}input\{a\} \# \textasciitilde{} "
        r"\textasciicircum{} \textless{}b\textgreater{}bold\textless{}/b\textgreater{} *stars* "
        r"\textasciigrave{}code\textasciigrave{} [a](b) \textbar{} \{\{ name \}\} "
        r"\textless{}\textless{} name \textgreater{}\textgreater{}\par}"
    ),
    "html": (
        r"<h1>100% of $x_1$ &amp; \input{a} # ~ ^ &lt;b&gt;bold&lt;/b&gt; *stars* `code` [a](b) "
        "| {{ name }} &lt;&lt; name &gt;&gt;</h1>"
    ),
    "md": (
        r"# 100% of \$x\_1\$ &amp; \\input\{a\} \# \~ ^ &lt;b&gt;bold&lt;/b&gt; \*stars\* "
        r"\`code\` \[a\](b) \| \{\{ name \}\} &lt;&lt; name &gt;&gt;"
    ),
}


@pytest.mark.parametrize("ending", FORMS)
def test_a_title_with_markup_stays_text(ending):
    page = shown(f'r"""{MARKUP}"""\n' + NEURON.partition("\n")[2], ending)
    assert TITLES[ending] in page.splitlines()
    assert "<b>bold" not in page
    assert numbered(page, ending) == numbered(shown(NEURON, ending), ending)


def test_the_full_stop_of_a_title_is_left_out():
    assert document(NEURON).title == "A linear neuron with squared error"


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", "what is taken there is a convention. The slope of ReLU is 0 at 0. Of several "
               "largest or smallest entries only the first counts. The slope of an absolute value "
               "is 0 at 0."),
        ("zh", "其取值是约定。ReLU 在 0 处的斜率取 0。有多个最大或最小的元素时，只计第一个。"
               "绝对值在 0 处的斜率取 0。"),
    ],
)  # fmt: skip
def test_what_is_taken_at_a_kink_is_said_once(language, says):
    text = "n: dim; w: param[n]\nC = sum(relu(w)) + sum(relu(2 * w)) + max(abs(w))\nminimize(C)"
    assert shown(text, "html", language).count(says) == 1
    assert "convention" not in shown(NEURON, "html")
