"""The LaTeX of documents compiles, and TeX has nothing to complain of.

A sample; `python tests/compile_documents.py` compiles all of them.
"""

from pathlib import Path

import pytest
from compile_documents import complaints_of, missing
from documents import LAYER, NEURON, shown

from derive.project import find_model

CASES = Path(__file__).parent / "cases"


def complaints(page, language, folder):
    """What TeX says of a page; the test is skipped where there is no TeX for its language."""
    if lack := missing(language):
        pytest.skip(lack)
    return complaints_of(page, language, folder)


# The formulas of a page are the same in each language: some pages will do for the others.
GALLERY = ("attention", "cnn", "lstm", "neuron", "softmax_regression", "transformer", "vae")
PAGES = [(name, "en") for name in GALLERY] + [(name, "zh") for name in ("neuron", "lstm")]
# Models with formulas that are far too wide for a line, in each of the ways there are.
WIDE = [
    ("activations_smooth", "en"),
    ("cookbook_inverse", "zh"),
    ("pooling_overlap", "en"),
    ("robust_regression", "zh"),
]


@pytest.mark.tex
@pytest.mark.parametrize(("name", "language"), [*PAGES, *WIDE])
def test_every_page_compiles_without_a_complaint(name, language, tmp_path):
    case = CASES / name / f"{name}.model"
    text = case.read_text(encoding="utf-8") if case.exists() else find_model(name).text
    page = shown(text, "tex", language, name)
    assert complaints(page, language, tmp_path) == []
    assert (tmp_path / "page.pdf").stat().st_size > 10_000


@pytest.mark.tex
def test_a_complaint_would_be_seen(tmp_path):
    wide = shown(NEURON, "tex").replace("The cost is", "x" * 200)
    (complaint,) = complaints(wide, "en", tmp_path)
    assert complaint.startswith("Overfull")


@pytest.mark.tex
def test_a_title_of_markup_compiles_as_text(tmp_path):
    title = r"100% of $x_1$ & \input{a} # ~ ^ <b>bold</b> _ | {{ name }} << name >>"
    page = shown(f'r"""{title}"""\n' + NEURON.partition("\n")[2], "tex")
    assert complaints(page, "en", tmp_path) == []


@pytest.mark.tex
def test_a_model_too_large_to_be_written_out_compiles(tmp_path):
    assert complaints(shown(LAYER, "tex", name="layer"), "en", tmp_path) == []
