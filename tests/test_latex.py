"""The LaTeX of every gallery model compiles, and TeX has nothing to complain of."""

import re
import shutil
import subprocess

import pytest
from documents import LAYER, NEURON, shown

from derive.project import find_model, gallery

# English pages need a plain TeX; Chinese ones XeTeX with the ctex classes and the Fandol fonts.
ENGINES = {"en": ("pdflatex", "lmodern.sty"), "zh": ("xelatex", "ctexart.cls")}
COMPLAINT = re.compile(r"^(?:.*Warning:.*|(?:Over|Under)full .*|! .*|Missing character.*)$", re.M)


def complaints(page, language, folder):
    """What TeX says of a page once its references are settled."""
    engine, needed = ENGINES[language]
    if shutil.which(engine) is None:
        pytest.skip(f"{engine} is not installed")
    found = subprocess.run(["kpsewhich", needed], capture_output=True, check=False)
    if found.returncode:
        pytest.skip(f"the TeX installation has no {needed}")
    (folder / "page.tex").write_text(page, encoding="utf-8")
    command = [engine, "-interaction=nonstopmode", "-halt-on-error", "page.tex"]
    for _ in range(2):
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:]
    log = (folder / "page.log").read_text(encoding="utf-8", errors="replace")
    return COMPLAINT.findall(log)


# The formulas of a page are the same in each language: some pages will do for the others.
SOME = ("bowl", "neuron", "softmax_regression", "lstm")
PAGES = [(name, "en") for name in gallery()] + [(name, "zh") for name in SOME]


@pytest.mark.tex
@pytest.mark.parametrize(("name", "language"), PAGES)
def test_every_page_compiles_without_a_complaint(name, language, tmp_path):
    page = shown(find_model(name).text, "tex", language, name)
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
