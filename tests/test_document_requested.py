"""A document shows what its model asks for, under the numbers that stand in the code."""

import re

import pytest
from requested_models import LAYER, LOGISTIC, QUADRATIC, SCALAR

from derive.pipeline import build_model


def built(text, *languages):
    return dict(build_model(text, "m", languages or ("en",)).files)


def section(document, title):
    """The tagged equations of a section, by their numbers, as LaTeX without spaces."""
    text = document.split(f"## {title}\n")[1].split("\n## ")[0]
    tagged = re.findall(r"```math\n(.*?) \\tag\{(\d+)\}\n```", text, re.DOTALL)
    return {int(number): "".join(formula.split()) for formula, number in tagged}


def in_code(source, *functions):
    """The numbers in the comments of some functions."""
    bodies = (re.split(rf"def {name}\(", source)[1].split("\ndef ")[0] for name in functions)
    return {int(number) for body in bodies for number in re.findall(r"# \((\d+)\)", body)}


def test_second_derivatives_stand_in_closed_form():
    found = section(built(QUADRATIC)["derivation.md"], "Beyond the gradient")
    cost = r"\frac{\partial^2C}{\partialx"
    assert found == {
        5: cost + r"^2}=A+A^{\top}",
        6: cost + r"\partial\varepsilon}=(A+A^{\top})v",
    }


def test_blocks_that_are_zero_are_said_to_be():
    document = built(SCALAR)["derivation.md"]
    mixed, alone = (
        rf"$`\frac{{\partial^2 C}}{{\partial {wrt}}} = 0`$" for wrt in (r"w \partial u", "u^2")
    )
    assert f"\nZero everywhere: {mixed} and {alone}.\n" in document


@pytest.mark.parametrize(
    ("text", "functions"),
    [(LOGISTIC, ("_hessian", "_hvp", "_input_gradients")), (LAYER, ("_jacobian", "_hvp"))],
)
def test_the_numbers_stand_in_the_code(text, functions):
    files = built(text, "en", "zh")
    numbers = set(section(files["derivation.md"], "Beyond the gradient"))
    assert numbers == set(section(files["derivation.zh.md"], "梯度之外"))
    assert numbers == set(range(min(numbers), max(numbers) + 1))
    shown = {number for number in in_code(files["update.py"], *functions) if number >= min(numbers)}
    assert len(shown) > len(numbers) / 2
    assert shown <= numbers
