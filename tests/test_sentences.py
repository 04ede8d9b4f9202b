"""Sentences of a document that say what its formulas mean: each is there where it is true."""

import pytest
from documents import shown

from derive.document.listing import kernel_lines, lines_of_equations
from derive.project import find_model

NEURON, SOFTMAX, ATTENTION, CNN = (
    find_model(name).text for name in ("neuron", "softmax_regression", "attention", "cnn")
)
SAME_PLACE = "reads the same variable at more than one place of its formula"
SHARED = "An index that two entries share is the same in both"


def notation(text):
    """The first section of a document in Markdown."""
    return shown(text, "md").split("## Notation")[1].split("\n## ")[0]


def test_a_row_times_a_column_is_the_sum_and_not_what_stands_before_it():
    assert (
        r"in $`\frac{\partial C}{\partial W_{j k}}`$, the sum down the rows of $`X`$ and of "
        r"$`P - T`$ is row $`j`$ of $`X^{\top}`$ times column $`k`$ of $`P - T`$."
    ) in shown(SOFTMAX, "md")


def test_a_factor_on_the_right_is_transposed_for_a_sum_along_its_rows():
    assert (
        r"In equation (15), the sum runs along the rows of both "
        r"$`\hat{Y}_n - Y_n`$ and $`(W_o)_h`$."
    ) in shown(ATTENTION, "md")


def test_a_cost_reads_each_probability_once_where_every_sample_has_its_own_row():
    assert f"$`C`$ {SAME_PLACE}" not in shown(CNN, "md")
    assert f"$`P`$ {SAME_PLACE}" in shown(CNN, "md")


def test_a_cost_that_looks_up_rows_may_read_one_of_them_twice():
    page = shown(
        "N: dim; V: dim; word: index(V)[N]; E: param[V]\nC = sum(E[word[n]] ** 2, n)\nminimize(C)",
        "md",
    )
    assert f"$`C`$ {SAME_PLACE}" in page


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (CNN, "As equation (5) is linear in $`A_2`$, the local derivative is what multiplies it"),
        (CNN, "As equation (1) is linear in each parameter"),
    ],
)
def test_what_an_equation_is_linear_in(text, says):
    assert says in shown(text, "md")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (NEURON, "The local derivatives are put in from equation (4)."),
        (SOFTMAX, "The local derivatives are put in from equations (3) to (4)."),
    ],
)
def test_where_the_local_derivatives_of_the_chain_rule_stand(text, says):
    assert says in shown(text, "md")


def test_what_entries_share_is_said_where_they_share_it():
    assert SHARED in shown(SOFTMAX, "md")
    assert SHARED not in shown(NEURON, "md")


def test_the_words_of_formulas_for_slices_are_explained():
    said = notation(ATTENTION)
    for words in (
        "A symbol without subscripts is the whole array",
        r"The symbol $`\mathbf{1}`$ stands for a column of ones.",
        r"The sign $`\circ`$ multiplies entry by entry.",
        r"The column $`\mathrm{rowsum}(A)`$ holds the sum of each row of $`A`$.",
    ):
        assert words in said


def test_the_names_of_an_update_rule_stand_in_the_notation():
    rows = [
        line for line in notation(CNN).split("\n") if "update" in line and "setting" not in line
    ]
    assert [row.split(" | ")[0].strip("| ") for row in rows] == [
        r"$`\theta`$",
        "$`t`$",
        r"$`m_{\theta}`$",
        r"$`v_{\theta}`$",
        r"$`\hat{m}`$",
        r"$`\hat{v}`$",
    ]
    assert "any parameter" not in notation(NEURON)


def test_no_index_has_the_letter_of_the_steps_unless_its_author_gave_it():
    assert r"\sum_{t = 1}" not in shown(CNN, "md")
    assert r"\sum_{t = 1}^{T}" in shown(ATTENTION, "md")


def test_sizes_are_said_to_be_written_out_only_where_they_are():
    assert "$`3`$ where equations are written out" in notation(NEURON)
    assert "$`4`$ in the worked example" in notation(SOFTMAX)


def test_all_of_an_upstream_gradient_has_its_colour_whatever_its_sign():
    page = shown(SOFTMAX, "md")
    assert r"= -\textcolor{brown}{\frac{T_{i k}}{N P_{i k}}} P_{i k} +" in page


def test_where_every_size_is_one_no_factor_of_one_is_left():
    closing = shown(SOFTMAX, "md").split("Where every size is 1")[1]
    assert r"= (P_{1, 1} - T_{1, 1}) X_{1, 1}" in closing
    assert r"= P_{1, 1} - T_{1, 1}" in closing


def test_a_tag_on_a_line_of_its_own_belongs_to_the_line_below():
    source = "def _forward(x):\n    # (7)\n    return x"
    lines = list(kernel_lines(source))
    assert [(line.number, line.text, line.equations) for line in lines] == [
        (1, "def _forward(x):", ()),
        (3, "    return x", (7, 7)),
    ]
    assert lines_of_equations(source) == {7: 3}
