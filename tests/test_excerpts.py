"""Excerpts: parts of a derivation as text for other texts, with labels by which they are cited."""

import json
import re
from pathlib import Path

import pytest
from compile_documents import complaints_of, missing
from documents import NEURON

from derive import arguments, cli
from derive.errors import DeriveError, UsageError, VerificationError
from derive.excerpts import FORMS, choice, choose, excerpt, written
from derive.excerpts.choice import EXAMPLES, KINDS
from derive.project import LANGUAGES, ModelText, find_model
from derive.verification.report import Line, Report

DOCS = Path(__file__).parent.parent / "docs"
GRADIENT = r"\frac{\partial C}{\partial w_i} = 2 (\hat{y} - y) x_i"
CHAIN = (
    r"\frac{\partial C}{\partial w_i} = \frac{\partial C}{\partial \hat{y}} "
    r"\frac{\partial \hat{y}}{\partial w_i}"
)
# What makes a label of an equation in each format that has them, and what refers to one.
LABELS = {
    "myst": (r"^:label: (\S+)$", r"\{eq\}`([^`]+)`"),
    "quarto": (r"^\$\$ \{#eq-(\S+)\}$", r"\(\[-@eq-([\w-]+)\]\)"),
    "latex": (r"\\label\{eq:([^}]+)\}", r"\\eqref\{eq:([^}]+)\}"),
}
LABELLED = pytest.mark.parametrize("form", LABELS)
DRAWN = ("graph", "run", "code")
MODELS = ("neuron", "softmax_regression", "lstm")


def sections(name):
    document = choice._source(find_model(name)).document
    return [section.key for section in document.sections if section.key not in DRAWN]


# --- formulas -----------------------------------------------------------------------------------


def test_a_gradient_in_every_format():
    assert {form: excerpt("neuron", "gradient w", form, "w") for form in FORMS} == {
        "markdown": f"```math\n{GRADIENT}\n```\n",
        "myst": f"```{{math}}\n:label: w\n{GRADIENT}\n```\n",
        "quarto": f"$$\n{GRADIENT}\n$$ {{#eq-w}}\n",
        "latex": (
            "% Made by derive from the model neuron.  Needs amsmath, amssymb and xcolor; "
            "a listing with a label needs listings.\n"
            "\\begin{align}\n"
            f"  {GRADIENT.replace(' = ', ' &= ', 1)} \\label{{eq:w}}\n"
            "\\end{align}\n"
        ),
    }


def test_without_a_label_a_formula_has_no_number():
    assert excerpt("neuron", "gradient w", "quarto") == f"$$\n{GRADIENT}\n$$\n"
    assert excerpt("neuron", "gradient w", "myst") == f"```{{math}}\n{GRADIENT}\n```\n"
    assert r"\notag" in excerpt("neuron", "gradient w", "latex")


@pytest.mark.parametrize(
    ("what", "formula"),
    [
        ("matrix w", r"\frac{\partial C}{\partial w} = x^{\top} [2 (\hat{y} - y)]"),
        ("gradient x", r"\frac{\partial C}{\partial x_i} = 2 (\hat{y} - y) w_i"),
        ("gradient y_hat", r"\frac{\partial C}{\partial \hat{y}} = 2 (\hat{y} - y)"),
        ("definition y_hat", r"\hat{y} = x w + b"),
        ("definition C", r"C = (\hat{y} - y)^2"),
        ("  definition   C ", r"C = (\hat{y} - y)^2"),
    ],
)
def test_a_formula_of_the_neuron(what, formula):
    assert excerpt("neuron", what, "quarto", "eq-f") == f"$$\n{formula}\n$$ {{#eq-f}}\n"


def test_a_recurrence_is_defined_by_several_equations_each_with_its_label():
    text = "T: dim; x: input[T]; a: param; h[-1] = 0; h[t] = tanh(a * h[t-1] + x[t])\n"
    found = ModelText("r", text + "C = sum(h[t] ** 2, t)\nminimize(C)", "r.model")
    shown = written(found, choose(found, "definition h", "h"), "quarto", "en")
    assert re.findall(LABELS["quarto"][0], shown, re.MULTILINE) == ["h-1", "h-2"]


# --- steps --------------------------------------------------------------------------------------


def test_a_named_step_says_its_rule_and_its_reason():
    assert excerpt("neuron", "step w chain_rule", "quarto", "chain") == (
        r"By the rule “chain rule” ($w_i$ reaches the cost through $\hat{y}$ alone):"
        f"\n\n$$\n{CHAIN}\n$$ {{#eq-chain}}\n"
    )
    assert excerpt("neuron", "step w chain_rule", "quarto", language="zh").startswith("由“")


def test_steps_are_folded():
    whole, folded = (excerpt("neuron", "steps w", "quarto", depth=d) for d in (None, 0))
    assert [line for line in whole.splitlines() if not line.startswith("  ")] == folded.splitlines()
    assert folded.count("\n- **") == 5
    assert whole.count("\n  - **") == 2


# --- what stands in the document ----------------------------------------------------------------


@LABELLED
def test_equations_have_the_numbers_of_the_document_in_their_labels(form):
    label, _ = LABELS[form]
    shown = excerpt("neuron", "equation 5-7", form)
    assert re.findall(label, shown, re.MULTILINE) == ["neuron-5", "neuron-6", "neuron-7"]
    assert re.findall(label, excerpt("neuron", "equation 5", form, "f"), re.MULTILINE) == ["f"]


@LABELLED
@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_all_sections_together_cite_what_they_show_and_each_label_once(form, name, language):
    text = "\n".join(
        excerpt(name, f"section {key}", form, language=language) for key in sections(name)
    )
    label, reference = LABELS[form]
    labels = re.findall(label, text, re.MULTILINE)
    assert len(labels) == len(set(labels)) > 5
    assert all(one.startswith(name.replace("_", "-") + "-") for one in labels)
    cited = set(re.findall(reference, text))
    assert cited
    assert cited <= set(labels)


def test_markdown_has_no_labels_and_so_the_numbers_of_the_document():
    shown = excerpt("neuron", "section chain", "markdown")
    assert re.findall(r"\\tag\{(\d+)\}", shown) == ["5", "6", "7", "8"]
    assert "from equation (4)." in shown


def test_a_listing_is_a_function_of_the_program_without_numbers_of_another_document():
    code = (
        "def _update(params, grads, *, alpha=0.001):\n"
        '    params["w"] -= alpha * grads["w"]\n'
        '    params["b"] -= alpha * grads["b"]\n'
    )
    said = "The function `_update` of the program made from the model `neuron`"
    assert excerpt("neuron", "listing _update", "quarto") == f"```python\n{code}```\n"
    assert excerpt("neuron", "listing _update", "quarto", "u") == (
        f'```{{#lst-u .python lst-cap="{said}"}}\n{code}```\n'
    )
    assert excerpt("neuron", "listing _update", "myst", "u") == (
        f"```{{code-block}} python\n:name: u\n:caption: {said}\n\n{code}```\n"
    )


# --- TeX and Pandoc -----------------------------------------------------------------------------

PARTS = ["steps w", "step w chain_rule", "listing step", "gradient w", "definition C"]
PAGE = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage{lmodern,amsmath,amssymb,xcolor,listings}
\usepackage[margin=20mm]{geometry}
\emergencystretch=4em
\begin{document}
By \eqref{eq:part-3} and listing~\ref{lst:part-2}:

%s
\end{document}
"""


@pytest.mark.tex
def test_excerpts_compile_within_a_document_of_someone_else(tmp_path):
    if lack := missing("en"):
        pytest.skip(lack)
    parts = [excerpt("neuron", what, "latex", f"part-{i}") for i, what in enumerate(PARTS)]
    parts += [excerpt("neuron", f"section {key}", "latex") for key in sections("neuron")]
    assert complaints_of(PAGE % "\n".join(parts), "en", tmp_path) == []


def pandoc(text):
    """The blocks of a text as Pandoc reads it, on which Quarto stands."""
    reader = pytest.importorskip("pypandoc")
    return json.loads(reader.convert_text(text, "json", format="markdown"))["blocks"]


def test_pandoc_reads_what_quarto_looks_for():
    (block,) = pandoc(excerpt("neuron", "gradient w", "quarto", "w"))
    assert [part["t"] for part in block["c"]] == ["Math", "Space", "Str"]
    assert block["c"][0]["c"][0] == {"t": "DisplayMath"}
    assert block["c"][2]["c"] == "{#eq-w}"
    (code,) = pandoc(excerpt("neuron", "listing step", "quarto", "s"))
    name, classes, attributes = code["c"][0]
    assert (code["t"], name, classes) == ("CodeBlock", "lst-s", ["python"])
    assert [key for key, _ in attributes] == ["lst-cap"]


def test_pandoc_reads_each_citation_as_one():
    text = "\n".join(excerpt("attention", f"section {s}", "quarto") for s in sections("attention"))
    read = json.dumps(pandoc(text))
    cited = re.findall(LABELS["quarto"][1], text)
    assert len(cited) > 5
    assert read.count('"t": "Cite"') == read.count('"SuppressAuthor"') == len(cited)
    # Dollars that are left were not read as mathematics.
    assert not re.search(r'"Str", "c": "[^"]*\$', read)


# --- what is wrong ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("what", "cause", "cure"),
    [
        ("gradent w", "'gradent' is no part of a derivation", "did you mean 'gradient'?"),
        (
            "formula w",
            "'formula' is no part of a derivation",
            f"there are: {', '.join(KINDS)}; write for example 'gradient w'",
        ),
        ("step", "'step' does not say which", "write 'step w chain_rule'"),
        (
            "step w chain",
            "no step to the gradient by 'w' is called 'chain'",
            "did you mean 'chain_rule'?",
        ),
        (
            "equation 13",
            "the derivation of 'neuron' has no equation 13",
            "it has equations 1 to 12",
        ),
        (
            "equation five",
            "'five' is no number of an equation",
            "write 'equation 5' or 'equation 5-7'",
        ),
        (
            "equation 7-5",
            "the derivation of 'neuron' has no equation 7-5",
            "it has equations 1 to 12",
        ),
        ("section chian", "the derivation has no section 'chian'", "did you mean 'chain'?"),
        (
            "section run",
            "the section 'run' is a picture",
            "include run.svg, which `derive build neuron` writes, as an image",
        ),
        (
            "section code",
            "the section 'code' is code with numbers of equations in another document",
            "ask for the functions one by one, as 'listing _gradients'",
        ),
        ("listing stepp", "the program has no function 'stepp'", "did you mean 'step'?"),
        ("definition w", "'w' is not defined by an equation", "there are: y_hat, C"),
        ("gradient C", "'C' is the cost itself", "ask for another quantity"),
    ],
)
def test_a_part_that_there_is_not_is_named(what, cause, cure):
    with pytest.raises(DeriveError) as raised:
        excerpt("neuron", what)
    assert (raised.value.cause, raised.value.cure) == (cause, cure)


def test_a_format_that_there_is_not_is_named():
    with pytest.raises(UsageError) as raised:
        excerpt("neuron", "gradient w", "qarto")
    assert str(raised.value) == (
        "'qarto' is no format of an excerpt\n  cure: did you mean 'quarto'?"
    )


def test_each_kind_has_an_example_that_is_one():
    assert list(EXAMPLES) == list(KINDS)
    assert all(excerpt("neuron", f"{kind} {which}") for kind, which in EXAMPLES.items())


def test_of_what_is_not_verified_there_is_no_excerpt(monkeypatch):
    build = choice.build_model

    def wrong(*arguments):
        built = build(*arguments)
        line = Line("floats", "w", "by force", (), "failed", None, "1 is not 2")
        return choice.replace(built, report=Report(built.name, (line,)))

    monkeypatch.setattr(choice, "build_model", wrong)
    with pytest.raises(VerificationError, match="is not verified"):
        choose(ModelText("neuron", NEURON + "\n# unseen", "neuron.model"), "gradient w")


# --- the command --------------------------------------------------------------------------------


def test_the_command_prints_it(capsys):
    assert cli.main(["excerpt", "neuron", "gradient", "w", "--format", "quarto"]) == 0
    assert capsys.readouterr() == (f"$$\n{GRADIENT}\n$$\n", "")


def test_the_command_says_what_is_wrong_with_the_model_and_prints_nothing(tmp_path, capsys):
    path = tmp_path / "bad.model"
    path.write_text("w: param\nC = (v - 3) ** 2\nminimize(C)\n", encoding="utf-8")
    assert cli.main(["excerpt", str(path), "gradient", "w"]) == 2
    assert capsys.readouterr() == (
        "",
        f"error: {path}, line 2\n   2 | C = (v - 3) ** 2\n            ^\n"
        "'v' is not defined\n  cure: did you mean 'w'?\n",
    )


def test_the_command_knows_the_formats():
    assert tuple(FORMS) == arguments.EXCERPTS


# --- the page for authors -----------------------------------------------------------------------

PAGE_FOR_AUTHORS = (DOCS / "authors.md").read_text(encoding="utf-8")


def test_the_page_for_authors_names_every_part():
    parts = re.findall(r"^\| `([^`]+)` \| ", PAGE_FOR_AUTHORS.split("## Sphinx")[0], re.MULTILINE)
    assert [part.split()[0] for part in parts] == list(KINDS)
    assert all(excerpt("neuron", part) for part in parts)


def test_the_commands_of_the_page_print_what_it_shows(capsys, tmp_path, monkeypatch):
    (tmp_path / "neuron.model").write_text(NEURON, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    commands = re.findall(r"derive (excerpt .*) > (\S+)", PAGE_FOR_AUTHORS)
    printed = {}
    for command, file in commands:
        assert cli.main(command.split()) == 0
        printed[file] = capsys.readouterr().out
    (shown,) = re.findall(r"````quarto\n(.*?)````", PAGE_FOR_AUTHORS, re.DOTALL)
    assert printed["_slope.qmd"] == shown
    assert printed["_chain.qmd"].count("{#eq-neuron-") == 4


def test_the_cell_of_the_page_prints_the_same(tmp_path, monkeypatch, capsys):
    (tmp_path / "neuron.model").write_text(NEURON, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    (cell,) = re.findall(r"```\{python\}\n(.*?)```", PAGE_FOR_AUTHORS, re.DOTALL)
    exec(cell, {})
    assert capsys.readouterr().out.strip() == f"$$\n{GRADIENT}\n$$ {{#eq-slope}}"
