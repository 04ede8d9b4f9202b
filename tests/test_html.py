"""The HTML page: the twelve equations in MathML, well formed, and standing alone."""

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from documents import BOWL, NEURON, numbered, shown, unnumbered

# --- the equations, in whole --------------------------------------------------------------------

TIMES = "<mo>\N{INVISIBLE TIMES}</mo>"
WIDE = '<mo rspace="0.17em">\N{INVISIBLE TIMES}</mo>'
D = "<mi>∂</mi>"
Y_HAT = '<mover accent="true"><mi>y</mi><mo stretchy="false">ˆ</mo></mover>'
C, X, Y, W, B, ALPHA = (f"<mi>{letter}</mi>" for letter in "Cxywbα")
IS, PLUS, MINUS, DOT, BECOMES = (f"<mo>{sign}</mo>" for sign in "=+−·←")


def n(number):
    return f"<mn>{number}</mn>"


def sub(letter, number):
    return f"<msub>{letter}<mn>{number}</mn></msub>"


def by(above, below):
    return f"<mfrac><mrow>{D}{above}</mrow><mrow>{D}{below}</mrow></mfrac>"


def fenced(left, body, right, stretchy=' stretchy="false"'):
    return f"<mrow><mo{stretchy}>{left}</mo>{body}<mo{stretchy}>{right}</mo></mrow>"


def matrix(*rows):
    cells = ("".join(f"<mtd>{cell}</mtd>" for cell in r) for r in rows)
    return fenced("[", f"<mtable>{''.join(f'<mtr>{c}</mtr>' for c in cells)}</mtable>", "]", "")


ERROR = n(2) + TIMES + fenced("(", f"{Y_HAT}{MINUS}{Y}", ")")
X_T = "<msup><mi>x</mi><mi>⊤</mi></msup>"
CLOSED = X_T + TIMES + fenced("[", ERROR, "]")
ROW = matrix([sub(X, 1), sub(X, 2), sub(X, 3)])
COLUMN = matrix([sub(W, 1)], [sub(W, 2)], [sub(W, 3)])
COMMA = '<mo separator="true">,</mo><mspace width="1em"></mspace>'


def chain(parameter, local):
    named = coloured(by(C, Y_HAT)) + WIDE + by(Y_HAT, parameter)
    return by(C, parameter) + IS + named + IS + coloured(ERROR) + DOT + local


def coloured(upstream):
    return f'<mrow class="upstream">{upstream}</mrow>'


def shaped(body, rows, columns):
    return f"<munder>{body}<mrow>{rows}<mo>×</mo>{columns}</mrow></munder>"


def update(parameter, value):
    against = parameter + MINUS + ALPHA + WIDE + by(C, parameter)
    return parameter + BECOMES + against + IS + parameter + MINUS + ALPHA + DOT + value


def weight(q):
    return sub(W, q), sub(X, q)


EQUATIONS = {
    1: Y_HAT + IS + X + TIMES + W + PLUS + B,
    2: Y_HAT + IS + ROW + WIDE + COLUMN + PLUS + B,
    3: Y_HAT + IS + PLUS.join([*(sub(X, q) + TIMES + sub(W, q) for q in (1, 2, 3)), B]),
    5: chain(*weight(1)),
    6: chain(*weight(2)),
    7: chain(*weight(3)),
    8: chain(B, n(1)),
    **{8 + q: update(sub(W, q), fenced("(", f"{ERROR}{DOT}{sub(X, q)}", ")")) for q in (1, 2, 3)},
    12: update(B, ERROR),
}
CLOSING = [
    shaped(by(C, W), "<mi>n</mi>", n(1))
    + IS
    + shaped(X_T, "<mi>n</mi>", n(1))
    + TIMES
    + shaped(fenced("[", ERROR, "]"), n(1), n(1)),
    by(C, B) + IS + ERROR,
    W + BECOMES + W + MINUS + ALPHA + DOT + CLOSED,
    B + BECOMES + B + MINUS + ALPHA + DOT + ERROR,
]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_twelve_equations(language):
    found = numbered(shown(NEURON, "html", language), "html")
    assert sorted(found) == list(range(1, 13))
    local = found.pop(4)
    assert found == EQUATIONS
    each = [by(Y_HAT, p) + IS + value for p, value in [*map(weight, (1, 2, 3)), (B, n(1))]]
    assert without_space(local) == without_space("<mo>,</mo>".join(each))


def without_space(markup):
    """A formula without the attributes and elements that only set it apart."""
    plain = re.sub(r"<mspace[^>]*>(</mspace>)?", "", markup)
    return (
        re.sub(r"<mo[^>]*>,</mo>", "<mo>,</mo>", plain).replace("<mrow>", "").replace("</mrow>", "")
    )


def test_the_closing_formulas():
    found = unnumbered(shown(NEURON, "html"), "html")
    assert found[3:7] == CLOSING
    partials = matrix(*([by(C, sub(W, q))] for q in (1, 2, 3)))
    values = matrix(*([f"{ERROR}{DOT}{sub(X, q)}"] for q in (1, 2, 3)))
    inputs = matrix(*([sub(X, q)] for q in (1, 2, 3)))
    one = fenced("[", ERROR, "]")
    assert found[2] == partials + IS + values + IS + inputs + WIDE + one + IS + CLOSED


# --- the page -----------------------------------------------------------------------------------

PAGES = [(text, language) for text in (NEURON, BOWL) for language in ("en", "zh")]
every_page = pytest.mark.parametrize(("text", "language"), PAGES)

MATHML_CORE = set(
    "math merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mprescripts mroot mrow ms "
    "mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover".split()
)
HTML_ELEMENTS = set(
    "html head meta title style script body header nav main ol h1 h2 p section div a table thead "
    "tbody tr th td code details summary ul li i span math figure figcaption b svg desc path rect "
    "text tspan".split()
)
VOID = {"meta", "br", "link", "img"}


class Page(HTMLParser):
    """Elements, attributes and identifiers of a page, and whether each element is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.elements, self.attributes, self.in_math = [], [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append(tag)
        self.attributes += [(tag, name, value) for name, value in attributes]
        if "math" in self.open:
            self.in_math.append(tag)
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def values(self, name):
        return [value for _, found, value in self.attributes if found == name]


@every_page
def test_every_element_is_closed_and_known(text, language):
    page = Page(shown(text, "html", language))
    assert set(page.in_math) <= MATHML_CORE
    assert set(page.elements) - set(page.in_math) <= HTML_ELEMENTS
    assert page.elements.count("math") > 20


@every_page
def test_every_formula_is_well_formed_xml(text, language):
    formulas = re.findall(r"<math.*?</math>", shown(text, "html", language), re.DOTALL)
    assert len(formulas) > 20
    for formula in formulas:
        assert len(ElementTree.fromstring(formula)) > 0


@every_page
def test_the_page_stands_alone(text, language):
    page = Page(shown(text, "html", language))
    assert {"link", "img", "iframe", "object"} & set(page.elements) == set()
    assert page.values("src") == []
    assert all(target.startswith("#") for target in page.values("href"))
    assert [name for _, name, _ in page.attributes if name.startswith("on")] == []
    outside = re.findall(r"https?:|url\((?!data:)|@import", shown(text, "html", language))
    assert outside == []


@every_page
def test_every_link_leads_somewhere_and_no_place_has_two_names(text, language):
    page = Page(shown(text, "html", language))
    places = page.values("id")
    assert len(places) == len(set(places))
    assert {target[1:] for target in page.values("href")} <= set(places)
    assert {f"eq-{number}" for number in numbered(shown(text, "html"), "html")} <= set(places)


@every_page
def test_the_page_names_its_language_and_its_letters(text, language):
    page = Page(shown(text, "html", language))
    assert page.values("lang") == [language]
    assert page.values("charset") == ["utf-8"]
    assert page.elements.count("h1") == 1
