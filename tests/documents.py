"""Documents of models in memory, and the formulas that are displayed in them."""

import re
from functools import cache

from derive.calculus.adjoint import derive_gradients
from derive.document.build import document_of, with_checks, with_module, with_pictures
from derive.formats import HTML, LATEX, MARKDOWN
from derive.language import read_model
from derive.pipeline import source_of, written
from derive.project import find_model
from derive.verification.small_run import NO_SMALL_RUN

NEURON, BOWL = (find_model(name).text for name in ("neuron", "bowl"))
LAYER = """
m: dim = 40; n: dim = 30; k: dim = 10
X: input[m, n]; Y: input[m, k]
W: param[n, k] = glorot; b: param[k] = zeros
Z = tanh(X @ W + b)
C = mean((Z - Y) ** 2)
minimize(C, momentum())
"""
FORMS = {"tex": LATEX, "html": HTML, "md": MARKDOWN}


@cache
def document(text, name="neuron"):
    """The document of a model text, in no format."""
    derivation = derive_gradients(read_model(text, name=name))
    pictured = with_pictures(document_of(derivation), derivation)
    coded = with_module(pictured, derivation, source_of(derivation), NO_SMALL_RUN)
    return with_checks(coded, derivation, exact=True)


@cache
def shown(text, ending, language="en", name="neuron"):
    """The document of a model text in one format and one language."""
    return written(document(text, name), FORMS[ending], language)


def displayed(page, ending):
    """The displayed formulas of a page in reading order, as (number or None, markup)."""
    found = {"tex": _in_latex, "html": _in_html, "md": _in_markdown}[ending](page)
    return [
        (None if number is None else int(number), uncoloured(markup)) for number, markup in found
    ]


def uncoloured(markup):
    """LaTeX without its colours: what stands in them stays."""
    while (found := re.search(r"\\textcolor\{\w+\}\{", markup)) is not None:
        depth, end = 1, found.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(markup[end], 0)
            end += 1
        markup = markup[: found.start()] + markup[found.end() : end - 1] + markup[end:]
    return markup


def numbered(page, ending):
    """The numbered formulas of a page by their number."""
    found = [(number, markup) for number, markup in displayed(page, ending) if number is not None]
    assert len(dict(found)) == len(found), "a number stands twice"
    return dict(found)


def unnumbered(page, ending):
    """The displayed formulas without a number, in reading order."""
    return [markup for number, markup in displayed(page, ending) if number is None]


def _in_latex(page):
    for body in re.findall(r"\\begin\{align\}\n(.*?)\n\\end\{align\}", page, re.DOTALL):
        for line in re.split(r" \\\\\n(?=  )", body):
            markup, mark, number = re.fullmatch(
                r"  (.*) (\\notag|\\label\{eq:(\d+)\})", line, re.DOTALL
            ).groups()
            yield (None if mark == r"\notag" else number), markup


def _in_markdown(page):
    for body in re.findall(r"```math\n(.*?)\n```", page, re.DOTALL):
        markup, number = re.fullmatch(r"(.*?)(?: \\tag\{(\d+)\})?", body, re.DOTALL).groups()
        yield number, markup


def _in_html(page):
    for attributes, body in re.findall(r'<div class="equation"(.*?)>(.*?)</div>', page, re.DOTALL):
        number = re.search(r'id="eq-(\d+)"', attributes)
        markup = re.match(r'<math display="block">(.*?)</math>', body, re.DOTALL).group(1)
        yield (number and number.group(1)), markup
