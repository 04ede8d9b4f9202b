"""Random terms, printed and read back: brackets where they are needed, and only there."""

from __future__ import annotations

import re
from fractions import Fraction
from xml.etree import ElementTree

from hypothesis import assume, given, settings
from hypothesis import strategies as st
from printed_terms import (
    a,
    b,
    shown,
    z,
)

from derive.terms import (
    ONE,
    TWO,
    Add,
    Divide,
    Entry,
    Multiply,
    Negate,
    Number,
    Power,
    Term,
    number,
)
from derive.typeset.breaking import broken
from derive.typeset.latex import latex
from derive.typeset.mathml import mathml
from derive.typeset.unicode import unicode

VALUES = {"a": Fraction(3, 7), "b": Fraction(5), "z": Fraction(-11, 13)}


def value(term: Term) -> Fraction:
    match term:
        case Number(exact):
            return exact
        case Entry(quantity):
            return VALUES[quantity.name]
        case Add(terms):
            return sum((value(part) for part in terms), Fraction(0))
        case Multiply(factors):
            result = Fraction(1)
            for factor in factors:
                result *= value(factor)
            return result
        case Negate(inner):
            return -value(inner)
        case Divide(above, below):
            return value(above) / value(below)
        case Power(base, exponent):
            return value(base) ** int(value(exponent))
    raise AssertionError(term)


class Ambiguous(Exception):
    """A person could read the line in more than one way, or in none."""


TOKEN = re.compile(r"\s*(\\?[A-Za-z]+|\d+|[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+|[-+−·/^(){}])")
DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789−")


class Reader:
    """Reads a printed line as a person would; brackets and braces leave no trace of their own."""

    def __init__(self, text: str) -> None:
        for command in (r"\left", r"\right"):
            text = text.replace(command, "")
        text = text.replace(r"\cdot", "·").replace("-", "−")
        self.tokens = TOKEN.findall(text)
        self.slash = False
        if re.sub(r"\s", "", "".join(self.tokens)) != re.sub(r"\s", "", text):
            raise Ambiguous(text)

    def next(self) -> str:
        return self.tokens[0] if self.tokens else ""

    def take(self, expected: str | None = None) -> str:
        if not self.tokens or expected not in (None, self.tokens[0]):
            raise Ambiguous(self.tokens)
        return self.tokens.pop(0)

    def line(self):
        tree = self.sum()
        if self.tokens:
            raise Ambiguous(self.tokens)
        return tree

    def sum(self):
        parts = [self.signed() if self.next() == "−" else self.dots()]
        while self.next() in ("+", "−"):
            parts.append(self.signed() if self.next() == "−" else self.take() and self.dots())
        return parts[0] if len(parts) == 1 else ("+", *parts)

    def signed(self):
        self.take("−")
        return ("−", self.dots())

    def dots(self):
        """A product with dots; a slash next to a dot could end on either side of it."""
        parts = [self.quotient()]
        slashed = self.slash
        while self.next() == "·":
            self.take()
            parts.append(self.quotient())
            slashed = slashed or self.slash
        if len(parts) == 1:
            return parts[0]
        if slashed:
            raise Ambiguous(self.tokens)
        return ("·", *parts)

    def quotient(self):
        """A product over a single thing; what a product behind a slash means is nobody's guess."""
        above = self.factors()
        self.slash = self.next() == "/"
        if not self.slash:
            return above
        self.take()
        below = self.power()
        self.slash = True
        if self.starts() or self.next() == "/":
            raise Ambiguous(self.tokens)
        return ("/", above, below)

    def factors(self):
        parts = [self.power()]
        while self.starts():
            if self.next().isdecimal():
                raise Ambiguous(self.tokens)
            parts.append(self.power())
        return parts[0] if len(parts) == 1 else ("×", *parts)

    def starts(self):
        return (self.next().isalnum() and self.next().isascii()) or self.next() in (r"\frac", "(")

    def power(self):
        bar = self.next() == r"\frac"
        base = self.atom()
        if bar and self.next() == "^":
            raise Ambiguous(self.tokens)
        if self.next() and self.next()[0] in "⁰¹²³⁴⁵⁶⁷⁸⁹⁻":
            return ("^", base, Reader(self.take().translate(DIGITS)).line())
        if self.next() == "^":
            self.take()
            return ("^", base, self.atom())
        return base

    def atom(self):
        token = self.take()
        if token in "({":
            tree = self.sum()
            self.take(")" if token == "(" else "}")
            return tree
        if token == r"\frac":
            return ("/", self.atom(), self.atom())
        if not token.isalnum() or not token.isascii():
            raise Ambiguous(token)
        return token


def meaning(tree) -> Fraction:
    if isinstance(tree, str):
        return Fraction(tree) if tree.isdecimal() else VALUES[tree]
    sign, *parts = tree
    values = [meaning(part) for part in parts]
    match sign:
        case "+":
            return sum(values)
        case "−":
            return -values[0]
        case "/":
            return values[0] / values[1]
        case "^":
            return values[0] ** int(values[1])
    result = Fraction(1)
    for factor in values:
        result *= factor
    return result


def without_brackets(text: str):
    """The text without one pair of round brackets, for every pair."""
    text = text.replace(r"\left(", "(").replace(r"\right)", ")")
    opened = []
    for place, letter in enumerate(text):
        if letter == "(":
            opened.append(place)
        elif letter == ")":
            start = opened.pop()
            yield f"{text[:start]} {text[start + 1 : place]} {text[place + 1 :]}"


LEAVES = st.sampled_from([a, b, z, TWO, number(3), number(-2), number(Fraction(1, 2))])
EXPONENTS = st.sampled_from([TWO, number(-1), Add((ONE, TWO)), Negate(TWO), Divide(TWO, ONE)])


def composed(below):
    several = st.lists(below, min_size=2, max_size=3).map(tuple)
    return st.one_of(
        several.map(Add),
        several.map(Multiply),
        below.map(Negate),
        st.builds(Divide, below, below),
        st.builds(Power, below, EXPONENTS),
    )


TERMS = st.recursive(LEAVES, composed, max_leaves=9)
RANDOM = settings(deadline=None, derandomize=True, database=None, max_examples=400)


def finite_value(term):
    try:
        return value(term)
    except ZeroDivisionError:
        assume(False)


@RANDOM
@given(TERMS)
def test_what_is_printed_has_the_value_of_the_term(term):
    expected, formula = finite_value(term), shown(term)
    for printed in (unicode(formula), latex(formula)):
        assert meaning(Reader(printed).line()) == expected, printed


@RANDOM
@given(TERMS)
def test_no_bracket_can_be_left_out(term):
    formula = shown(term)
    for printed in (unicode(formula), latex(formula)):
        whole = Reader(printed).line()
        for shorter in without_brackets(printed):
            try:
                assert Reader(shorter).line() != whole, (printed, shorter)
            except Ambiguous:
                continue


def linear(element: ElementTree.Element) -> str:
    """MathML of arithmetic, as LaTeX that the reader understands."""
    inside = [linear(child) for child in element]
    match element.tag:
        case "mfrac":
            return rf"\frac{{{inside[0]}}}{{{inside[1]}}}"
        case "msup":
            return f"{inside[0]}^{{{inside[1]}}}"
        case "mo" | "mi" | "mn":
            return (element.text or "").replace("\u2062", " ")
    return " ".join(inside)


@RANDOM
@given(TERMS)
def test_mathml_and_latex_have_the_same_structure(term):
    formula = shown(term)
    read = Reader(linear(ElementTree.fromstring(mathml(formula)))).line()
    assert read == Reader(latex(formula)).line()


@RANDOM
@given(TERMS)
def test_the_mathml_read_back_has_the_value_of_the_term(term):
    read = Reader(linear(ElementTree.fromstring(mathml(shown(term))))).line()
    assert meaning(read) == finite_value(term)


LINES = re.compile(r"\\begin\{aligned\}|\\end\{aligned\}|\\\\|&|\\quad|\\[Bb]ig[lr]")


@RANDOM
@given(TERMS, st.sampled_from([1, 2, 4, 8]))
def test_a_formula_on_several_lines_has_the_value_of_the_term(term, limit):
    printed = latex(broken(shown(term), limit))
    assert meaning(Reader(LINES.sub(" ", printed)).line()) == finite_value(term), printed
