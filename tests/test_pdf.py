"""PDFs: by TeX or by Typst, the same bytes each time, and what is said where neither is there."""

import subprocess

import pytest
from compile_documents import missing
from documents import LAYER, NEURON, document
from printed_terms import a, b, shown, y_hat
from test_breaking import NASTY

from derive import cli, pdf
from derive.errors import OutputError
from derive.formats import LATEX, TYPST
from derive.pdf import make_pdf, maker
from derive.pipeline import written
from derive.publish import figures, picture_context, picture_file
from derive.render import render_picture
from derive.terms import TWO, Call, Divide, Multiply, Negate, Power
from derive.typeset.breaking import broken
from derive.typeset.escape import escape_typst
from derive.typeset.typst import typst, typst_lines

# --- Typst's markup -----------------------------------------------------------------------------


def test_formulas_in_typst():
    formulas = {
        "hat(y) = frac(a, b)": shown(y_hat, Divide(a, b)),
        'hat(y) = class("unary", −) a thin b': shown(y_hat, Negate(Multiply((a, b)))),
        "hat(y) = attach(a, t: 2)": shown(y_hat, Power(a, TWO)),
        'hat(y) = op("tanh") paren.l a paren.r': shown(y_hat, Call("tanh", (a,))),
        "hat(y) = sqrt(a)": shown(y_hat, Call("sqrt", (a,))),
    }
    assert {markup: typst(formula) for markup, formula in formulas.items()} == {
        markup: markup for markup in formulas
    }


def test_lines_in_typst():
    lines = typst_lines(broken(shown(y_hat, a, b), 3))
    assert lines == "hat(y) & = a \\\n & = b"


def test_text_never_becomes_typst():
    assert escape_typst(NASTY) == (
        r"\\end{document} \$x\_1^2\$ {a} & \#1 50% \~ \`ls\` \<script\>\"a\"\<\/script\>"
        r" \*b\* \[c\](d) |"
    )


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("text", [NEURON, LAYER, f'r"""{NASTY}"""\n' + NEURON.partition("\n")[2]])
def test_typst_makes_the_same_pdf_each_time(text, language):
    pytest.importorskip("typst")
    whole = document(text)
    pictures = [
        (picture_file(figure, language), render_picture(picture_context(figure, language)))
        for figure in figures(whole)
    ]
    files = [*pictures, ("derivation.typ", written(whole, TYPST, language))]
    made = make_pdf(files, "derivation.typ", language, "typst")
    assert made[:5] == b"%PDF-"
    assert made == make_pdf(files, "derivation.typ", language, "typst")


# --- TeX ----------------------------------------------------------------------------------------


@pytest.mark.tex
def test_tex_makes_the_same_pdf_each_time():
    if missing("en") or maker("en") != "latexmk":
        pytest.skip("there is no TeX")
    files = [("derivation.tex", written(document(NEURON), LATEX, "en"))]
    made = make_pdf(files, "derivation.tex", "en", "latexmk")
    assert made[:5] == b"%PDF-"
    assert made == make_pdf(files, "derivation.tex", "en", "latexmk")


@pytest.mark.tex
def test_tex_runs_no_command():
    if missing("en") or maker("en") != "latexmk":
        pytest.skip("there is no TeX")
    told = r"\immediate\write18{touch ran}\IfFileExists{ran}{\undefined}{nothing}"
    page = rf"\documentclass{{article}}\begin{{document}}{told}\end{{document}}"
    made = make_pdf([("derivation.tex", page)], "derivation.tex", "en", "latexmk")
    assert made[:5] == b"%PDF-"


@pytest.mark.tex
def test_tex_says_what_is_wrong():
    if missing("en") or maker("en") != "latexmk":
        pytest.skip("there is no TeX")
    page = (
        r"\documentclass{article}\begin{document}\immediate\write18{touch it}\nothing\end{document}"
    )
    with pytest.raises(OutputError, match="Undefined control sequence"):
        make_pdf([("derivation.tex", page)], "derivation.tex", "en", "latexmk")


# --- the command --------------------------------------------------------------------------------


def nothing_installed(monkeypatch):
    monkeypatch.setattr(pdf.shutil, "which", lambda _: None)
    monkeypatch.setattr(pdf.importlib.util, "find_spec", lambda _: None)


def test_without_tex_and_typst_it_is_said_what_to_install(monkeypatch, tmp_path, capsys):
    nothing_installed(monkeypatch)
    assert cli.main(["build", "neuron", "--pdf", "--lang", "en", "-o", str(tmp_path)]) == 1
    assert capsys.readouterr().err == (
        "error: a PDF in the language 'en' needs TeX or Typst, and neither is installed\n"
        "  cure: pip install 'derive-grad[pdf]' installs Typst; TeX is, on Debian: "
        "texlive-latex-recommended texlive-pictures lmodern latexmk\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_tex_without_the_classes_of_a_language_is_none(monkeypatch):
    absent = subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(pdf.shutil, "which", lambda name: name)
    monkeypatch.setattr(pdf.subprocess, "run", lambda *_, **__: absent)
    monkeypatch.setattr(pdf.importlib.util, "find_spec", lambda _: object())
    assert maker("zh") == "typst"


def test_the_pdf_stands_beside_the_document_and_in_no_certificate(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(pdf, "maker", lambda _: "latexmk")
    monkeypatch.setattr("derive.pipeline.make_pdf", lambda *_: b"%PDF-")
    assert cli.main(["build", "bowl", "--pdf", "--lang", "en", "-o", str(tmp_path)]) == 0
    made = tmp_path / "bowl" / "derivation.pdf"
    assert made.read_bytes() == b"%PDF-"
    assert "derivation.pdf" not in (tmp_path / "bowl" / "certificate.json").read_text()
    assert capsys.readouterr().err.endswith(f"{made} is written\n")
