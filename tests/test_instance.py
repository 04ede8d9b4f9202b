"""First entries at small sizes, the smallest sizes, and gradients without an error."""

import re

import pytest
from documents import shown

from derive.calculus.expand import smallest_sizes
from derive.language import read_model
from derive.pipeline import build_model
from derive.project import find_model


def page(name):
    return shown(find_model(name).text, "md", name=name)


def formulas(markdown, key):
    """The formulas between a sentence and the next one."""
    behind = markdown[markdown.index(key) + len(key) :]
    found = []
    for block in behind.split("\n\n")[1:]:
        if not block.startswith("```math"):
            break
        found.append(block.removeprefix("```math\n").removesuffix("\n```"))
    return found


def test_the_first_entries_of_softmax_regression():
    markdown = page("softmax_regression")
    assert formulas(markdown, "short sums are, for the first entry,") == [
        r"Z_{1, 1} = X_{1, 1} W_{1, 1} + X_{1, 2} W_{2, 1} + b_1",
        r"P_{1, 1} = \frac{\exp(Z_{1, 1})}"
        r"{\exp(Z_{1, 1}) + \exp(Z_{1, 2}) + \exp(Z_{1, 3})}",
    ]
    assert formulas(markdown, "short gradients are, for the first entry,")[1] == (
        r"\frac{\partial C}{\partial b_1} = \frac{1}{N} (P_{1, 1} - T_{1, 1} + P_{2, 1} - T_{2, 1}"
        r" + P_{3, 1} - T_{3, 1} + P_{4, 1} - T_{4, 1})"
    )


def test_what_is_written_out_in_whole_has_no_first_entries():
    assert "for the first entry" not in page("linear_regression")


@pytest.mark.parametrize(
    ("text", "sizes"),
    [
        ("n: dim; w: param[n]", {"n": 1}),
        ("S: dim; K: dim; I: dim = S - K + 1; w: param[I, K]", {"S": 1, "K": 1, "I": 1}),
        ("S: dim; M: dim = S // 2; w: param[M]", {"S": 2, "M": 1}),
        ("S: dim; M: dim = S // 9; w: param[M]", None),
    ],
)
def test_every_axis_has_a_place_at_the_smallest_sizes(text, sizes):
    model = read_model(f"{text}; C = sum(w ** 2); minimize(C)", name="model")
    assert smallest_sizes(model) == sizes


def test_where_a_size_cannot_be_one_few_terms_are_left():
    found = formulas(page("cnn"), "in its first entry, what scalar calculus gives:")
    assert found[-2:] == [
        r"\frac{\partial C}{\partial U_{1, 1, 1, 1}} = (P_{1, 1} - [y_1 = 1]) B_{1, 1, 1, 1}",
        r"\frac{\partial C}{\partial d_1} = P_{1, 1} - [y_1 = 1]",
    ]
    assert len(found) == 6


SORTED = """N: dim = 3; D: dim = 2; K: dim = 3
X: input[N, D]; y: index(K)[N]
W: param[D, K] = normal(0, 1); b: param[K]
Z = X @ W + b
P = softmax(Z, axis=1)
C = -mean(log(P[n, y[n]]), n) {more}
minimize(C)"""


def built(text):
    return dict(build_model(text, "model").files)["derivation.md"]


def test_classes_that_are_certain_give_no_gradient():
    said = "With $`y`$ set to the most probable class, and $`W`$ and $`b`$ made so large that"
    assert said in built(SORTED.format(more=""))


def test_where_a_gradient_is_left_it_is_not_said():
    assert "most probable" not in built(SORTED.format(more="+ sum(W ** 2)"))


def test_a_gradient_in_the_table_of_results_is_a_formula():
    cells = re.findall(r"^\| \$`\w+`\$ \| (.*?) \|", page("word2vec"), re.MULTILINE)[-2:]
    assert all(r"\frac{\partial C}{\partial" in cell for cell in cells)
