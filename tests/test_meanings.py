"""The author's words for a quantity come from the comment behind its line."""

from documents import shown

from derive.language import read_model

TEXT = """
n: dim = 2      # inputs.
x: input[n]     # a row | of them
w: param[n]; b: param  # of neither
y = sum(x * w) + b     # output
C = y ** 2
# no words for anything
minimize(C)
"""


def test_words_stand_behind_one_name():
    assert dict(read_model(TEXT).meanings) == {
        "n": "inputs",
        "x": "a row | of them",
        "y": "output",
    }


def test_they_are_its_meaning_in_the_table():
    page = shown(TEXT, "md")
    assert r"| $`x`$ | $`n`$ | a row \| of them (input) | `x` |" in page
    assert "| $`y`$ | a number | output | `y` |" in page
    assert "| $`b`$ | a number | parameter | `b` |" in page
