"""The gallery: short texts, each verified in all of its lines, and the page that lists them.

What is read here is the committed output; that it is what a build gives, `test_pipeline` asserts,
and `test_training` that its programs learn.
"""

import json
import re
from pathlib import Path

import pytest

from derive.language import read_model
from derive.model import parameters
from derive.project import find_model, gallery

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
LONGEST = 40

# Kernels that hold an einsum, each with the reason why no product or sum does the same.
EINSUM: dict[str, str] = {}

every_model = pytest.mark.parametrize("name", gallery())


def output(name, file):
    return (ROOT / "generated" / name / file).read_text(encoding="utf-8")


def kernels(name):
    """The part of a program that computes, without what is called from outside."""
    return output(name, "update.py").partition("# What is called from outside")[0]


@every_model
def test_a_text_is_short_and_says_what_it_is(name):
    lines = find_model(name).text.splitlines()
    assert len(lines) <= LONGEST
    assert re.fullmatch(r'""".+\."""', lines[0])


@every_model
def test_every_check_was_made_and_holds(name):
    certificate = json.loads(output(name, "certificate.json"))
    verdicts = {check["verdict"] for check in certificate["checks"]}
    assert (certificate["verified"], verdicts, certificate["cautions"]) == (True, {"verified"}, [])


@every_model
def test_every_gradient_is_that_of_the_oracle_on_each_level(name):
    model = read_model(find_model(name).text, name=name)
    wanted = {f"∂{model.objective.cost.name}/∂{quantity.name}" for quantity in parameters(model)}
    checks = json.loads(output(name, "certificate.json"))["checks"]
    for level in ("steps", "kernels", "float64"):
        assert wanted <= {check["quantity"] for check in checks if check["level"] == level}


def test_no_kernel_holds_an_einsum_where_a_product_or_a_sum_does():
    assert {name for name in gallery() if "einsum" in kernels(name)} == set(EINSUM)


ROW = re.compile(r"^\| \[(\w+)\]\((\S+)\) \|.*\]\((\S+)\).*\]\((\S+)\) \|$", re.MULTILINE)


def test_the_page_has_a_line_for_each_model():
    rows = ROW.findall(PAGE)
    assert sorted(row[0] for row in rows) == list(gallery())
    for name, *links in rows:
        assert links == [
            f"../derive/gallery/{name}.model",
            f"../generated/{name}/derivation.md",
            f"../generated/{name}/update.py",
        ]
