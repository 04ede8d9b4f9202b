"""The directive `derive` in a book of Sphinx: MyST and reStructuredText, HTML and LaTeX."""

import re
import subprocess
import sys
from html import unescape
from pathlib import Path

import pytest
from documents import NEURON

pytest.importorskip("sphinx")
pytest.importorskip("myst_parser")

CONF = 'project = "Book"\nextensions = ["derive.sphinx", "myst_parser"]\nnumfig = True\n'
INDEX = """# A book

By {eq}`slope`, {eq}`rule`, {eq}`neuron-5` and {numref}`code`.

```{derive} models/neuron.model
:show: gradient w
:label: slope
```

```{derive} models/neuron.model
:show: steps w
:depth: 1
```

```{derive} neuron
:show: section model
```

```{derive} neuron
:show: section local
```

```{derive} neuron
:show: section chain
```

```{derive} neuron
:show: section results
```

```{derive} models/neuron.model
:show: listing _update
:label: code
```

```{toctree}
second
```
"""
SECOND = """In reStructuredText
===================

By :eq:`slope` of the first chapter, and :eq:`rule`:

.. derive:: models/neuron.model
   :show: step w chain_rule
   :label: rule
   :language: zh

.. derive:: softmax_regression
   :show: listing step
   :label: softmax
   :caption: One step & more

.. derive:: models/neuron.model
   :show: definition y_hat
"""


def book(folder, index=INDEX, second=SECOND):
    """A book of two chapters and a model."""
    (folder / "models").mkdir(parents=True)
    for name, text in {
        "conf.py": CONF,
        "index.md": index,
        "second.rst": second,
        "models/neuron.model": NEURON,
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def build(folder, builder="html", *options):
    """The exit status, what was said, and the pages or the LaTeX that was written."""
    out = folder / "out" / builder
    command = [sys.executable, "-m", "sphinx", "-q", "-b", builder, *options, str(folder), str(out)]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    endings = ("html", "tex")
    pages = {p.name: p.read_text(encoding="utf-8") for e in endings for p in out.glob(f"*.{e}")}
    return done.returncode, done.stdout + done.stderr, pages


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return book(tmp_path_factory.mktemp("sphinx") / "book")


@pytest.fixture(scope="module")
def html(folder):
    return build(folder, "html", "-W", "-j", "2")


# --- a book -------------------------------------------------------------------------------------


def test_a_book_is_built_without_a_warning(html):
    status, said, pages = html
    assert (status, said) == (0, "")
    assert {"index.html", "second.html"} <= set(pages)


def test_every_citation_leads_to_what_has_its_number(html):
    _, _, pages = html
    numbers = {
        page: dict(re.findall(r'id="equation-([\w-]+)">\s*<span class="eqno">(\(\d+\))', text))
        for page, text in pages.items()
    }
    cited = [
        (target or page, label, shown)
        for page in ("index.html", "second.html")
        for target, label, shown in re.findall(
            r'<a class="reference internal" href="([\w.]*)#equation-([\w-]+)">([^<]*)</a>',
            pages[page],
        )
    ]
    assert len(cited) == 10
    assert all(numbers[page][label] == shown for page, label, shown in cited)
    assert ("second.html", "rule", numbers["second.html"]["rule"]) in cited
    assert sorted(label for labels in numbers.values() for label in labels) == sorted(
        ["slope", "rule", *(f"neuron-{number}" for number in range(1, 9))]
    )


def test_what_is_not_cited_is_no_warning_and_has_no_number(html):
    _, _, pages = html
    assert r"\[\hat{y} = x w + b\]" in unescape(pages["second.html"])


def test_a_listing_is_cited_and_coloured_and_has_its_caption(html):
    _, _, pages = html
    assert re.search(
        r'href="#code"><span class="std std-numref">Listing 1</span>', pages["index.html"]
    )
    assert "The function <code" in pages["index.html"]
    assert '<span class="caption-text">One step &amp; more</span>' in pages["second.html"]
    shown = re.sub(r"<[^>]+>", "", unescape(pages["index.html"]))
    assert '    params["w"] -= alpha * grads["w"]\n' in shown


def test_steps_are_lists_within_each_other(html):
    (steps,) = re.findall(
        r'<ul class="derive-steps[^"]*">.*?</ul>\n(?=<p>The)', html[2]["index.html"], re.S
    )
    plain = re.sub(r"</?(?:span|p)[^>]*>", "", steps)
    rules = re.findall(r"<strong>(.*?)</strong>|(<ul>)|(</ul>)", plain)
    assert ["".join(one) for one in rules] == [
        "chain rule",
        "local derivative",
        "<ul>",
        "sum rule",
        "</ul>",
        "upstream gradient",
        "<ul>",
        "power rule",
        "</ul>",
        "substitution",
        "simplification",
        "</ul>",
    ]


def test_the_language_is_that_of_the_directive_or_of_the_book(html, folder):
    assert "由“链式法则”（" in html[2]["second.html"]
    assert "This is" not in html[2]["second.html"]
    _, _, pages = build(folder, "html", "-E", "-D", "language=zh_CN")
    assert "每个参数" in pages["index.html"]


def test_the_same_book_in_latex(folder):
    status, said, pages = build(folder, "latex", "-W")
    assert (status, said) == (0, "")
    text = pages["book.tex"]
    labels = re.findall(r"\\label\{equation:([\w:-]+)\}", text)
    cited = re.findall(r"\\eqref\{equation:([\w:-]+)\}", text)
    assert len(labels) == len(set(labels)) == 10
    assert len(cited) == 10
    assert set(cited) <= set(labels)
    assert r"\textcolor{brown}{2 (\hat{y} - y)} \cdot x_1" in text
    assert r"\hyperref[\detokenize{index:code}]" in text


def test_the_book_of_the_page_for_authors(tmp_path):
    page = (Path(__file__).parent.parent / "docs" / "authors.md").read_text(encoding="utf-8")
    (myst,), (rst,) = (re.findall(rf"````{k}\n(.*?)````", page, re.DOTALL) for k in ("myst", "rst"))
    texts = [text.replace("neuron.model", "models/neuron.model") for text in (myst, rst)]
    made = book(tmp_path / "book", texts[0], f":orphan:\n\nSteps\n=====\n\n{texts[1]}")
    status, said, pages = build(made, "html", "-W")
    assert (status, said) == (0, "")
    assert pages["index.html"].count('class="eqno"') == 2
    assert pages["second.html"].count("<strong>") == 7


# --- what changes -------------------------------------------------------------------------------


def test_a_model_that_changes_changes_its_chapter(tmp_path):
    made = book(
        tmp_path / "book", "# One\n\n```{derive} models/neuron.model\n:show: definition C\n```\n"
    )
    assert r"C = (\hat{y} - y)^2" in build(made)[2]["index.html"]
    path = made / "models" / "neuron.model"
    path.write_text(NEURON.replace("** 2", "** 4"), encoding="utf-8")
    status, _, pages = build(made)
    assert status == 0
    assert r"C = (\hat{y} - y)^4" in pages["index.html"]


# --- what is wrong ------------------------------------------------------------------------------


def one_chapter(folder, argument, option):
    return book(
        folder, f"# One\n\nText.\n\n```{{derive}} {argument}\n{option}\n```\n", ":orphan:\n"
    )


def test_an_error_of_the_model_ends_the_build_at_the_line_of_the_book(tmp_path):
    made = one_chapter(tmp_path / "book", "models/neuron.model", ":show: gradient w")
    path = made / "models" / "neuron.model"
    path.write_text("w: param\nC = (v - 3) ** 2\nminimize(C)\n", encoding="utf-8")
    status, said, pages = build(made)
    assert status == 2
    plain = "\n".join(line.strip() for line in said.splitlines())
    assert "Model error!" in plain
    assert (
        f"{made / 'index.md'}:5: {path}, line 2\n2 | C = (v - 3) ** 2\n^\n"
        "'v' is not defined\ncure: did you mean 'w'?\n"
    ) in plain
    assert pages == {}


@pytest.mark.parametrize(
    ("argument", "option", "message"),
    [
        ("neuron", ":show: gradient v", "'v' is not a quantity of this model"),
        ("neuron", ":label: w", "it is not said what to show"),
        ("nuron", ":show: gradient w", "there is no model 'nuron'"),
        ("models/none.model", ":show: gradient w", "models/none.model does not exist"),
    ],
)
def test_what_there_is_not_ends_the_build(tmp_path, argument, option, message):
    status, said, _ = build(one_chapter(tmp_path / "book", argument, option))
    assert status == 2
    assert message in said
    assert "index.md:5: " in said


def test_a_citation_of_what_the_book_does_not_show_is_a_warning_at_its_line(tmp_path):
    made = one_chapter(tmp_path / "book", "neuron", ":show: section chain")
    status, said, _ = build(made, "html", "-W")
    assert status == 1
    assert f"{made / 'index.md'}:5: WARNING: equation not found: neuron-4" in said
