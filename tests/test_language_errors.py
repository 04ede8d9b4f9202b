"""What the language refuses: the whole message, with its place, its cause and its cure."""

from pathlib import Path
from textwrap import dedent

import pytest

from derive.errors import LanguageError
from derive.language import read_model


def refused_models():
    """The texts of the models that are refused, and what is said, by a title."""
    text = (Path(__file__).parent / "refused_models.txt").read_text(encoding="utf-8")
    found = {}
    for section in text.split("### ")[1:]:
        title, rest = section.split("\n", 1)
        model, message = rest.split("\n---\n")
        found[title] = (model, message.strip("\n"))
    return found


MODELS = refused_models()
THE_TEN = (
    "an undefined name",
    "an unbound index",
    "shapes that do not fit",
    "a cycle",
    "a reserved name",
    "a call of Python",
    "an unclosed bracket",
    "a cost that is no single number",
    "a size that does not fit its data",
)
UNSEEN = "delete it; a gap is a plain space"
CHARACTERS = {
    "\N{LATIN SMALL LIGATURE FI}: param; fi: param": (
        "'\N{LATIN SMALL LIGATURE FI}' and 'fi' are one name to Python",
        "spell both the same, or choose two names that can be told apart",
    ),
    "a: param; \N{CYRILLIC SMALL LETTER A}: param": (
        "'a' and '\N{CYRILLIC SMALL LETTER A}' look alike but are two names",
        "spell both the same, or choose two names that can be told apart",
    ),
    "w: param  # \N{RIGHT-TO-LEFT OVERRIDE} ) x (": (
        "the character U+202E RIGHT-TO-LEFT OVERRIDE cannot be seen as it is",
        UNSEEN,
    ),
    "w\N{ZERO WIDTH SPACE}: param": (
        "the character U+200B ZERO WIDTH SPACE cannot be seen as it is",
        UNSEEN,
    ),
    "w:\N{NO-BREAK SPACE}param": (
        "the character U+00A0 NO-BREAK SPACE cannot be seen as it is",
        UNSEEN,
    ),
    "w: param\0": ("the character U+0000 CONTROL CHARACTER cannot be seen as it is", UNSEEN),
    "w: param; C = (w - 1)\N{SUPERSCRIPT TWO}": (
        "the character '\N{SUPERSCRIPT TWO}' has no meaning in a model",
        "a power is written x ** 2",
    ),
    "w: param; C = w \N{MULTIPLICATION SIGN} w": (
        "the character '\N{MULTIPLICATION SIGN}' has no meaning in a model",
        "a product is written a * b",
    ),
    "w\N{SUBSCRIPT ONE}: param": (
        "the character '\N{SUBSCRIPT ONE}' has no meaning in a model",
        "a name with an index is written x_1, an entry x[i]",
    ),
    "w: param $": (
        "the character '$' has no meaning in a model",
        "names are made of letters, digits and underscores",
    ),
}
MANY = 10_000
LIMITS = {
    "bytes": (b"w: param", "a model is a text, not bytes"),
    "characters": ("w" * 1_000_001, "the text has 1000001 characters, at most 1000000 are read"),
    "lines": ("w: param\n" * 20_000, "the text has 20001 lines, at most 20000 are read"),
    "nested brackets": (
        "C = " + "(" * MANY + "w" + ")" * MANY,
        "the line has 20005 characters, at most 2000 are read",
    ),
    "nested brackets on many lines": (
        "C = " + "(\n" * MANY,
        "the brackets are nested more than 40 deep",
    ),
    "signs": ("C = " + "-" * MANY + "w", "the line has 10005 characters, at most 2000 are read"),
    "signs on a line": ("C = " + "-" * 1000 + "w", "more than 8 signs stand in a row"),
    "a long name": ("w" * 1000 + ": param", "the name has 1000 characters, at most 60 are read"),
    "a long number": (
        "C = " + "1" * 1500,
        "at most 1000 digits and exponents to 1000 are read",
    ),
    "a large exponent of ten": (
        "C = 1e999999999",
        "at most 1000 digits and exponents to 1000 are read",
    ),
    "a large exponent": (
        "w: param\nC = w ** (10 ** 900)",
        "the power is too large: exponents to 1000 and numbers of 1000 digits are read",
    ),
    "a tower": (
        "C = 9 ** 9 ** 9 ** 9",
        "the power is too large: exponents to 1000 and numbers of 1000 digits are read",
    ),
    "a power of a power": (
        "C = (9 ** 900) ** 900",
        "the power is too large: exponents to 1000 and numbers of 1000 digits are read",
    ),
    "a chain of quotients": (
        "w: param\nC = " + "/".join("w" * 500),
        "the expression is nested more than 60 deep",
    ),
    "a long statement": (
        "w: param\nC = (" + "+\n".join("w" * 6000) + ")",
        "the statement has more than 10000 words",
    ),
    "functions that call each other": (
        "w: param\ndef f0(t): return t\n"
        + "\n".join(f"def f{k}(t): return f{k - 1}(t)" for k in range(1, 30))
        + "\nC = f29(w)",
        "more than 20 functions call each other",
    ),
    "functions that double": (
        "w: param\ndef f0(t): return t * t\n"
        + "\n".join(f"def f{k}(t): return f{k - 1}(t) * f{k - 1}(t)" for k in range(1, 19))
        + "\nC = f18(w)",
        "the model unfolds into too many terms",
    ),
    "definitions inside a function": (
        "w: param\ndef f(t):\n    a0 = t\n"
        + "\n".join(f"    a{k} = tanh(a{k - 1})" for k in range(1, 110))
        + "\n    return a109\nC = f(w)",
        "the definition of 'C' is nested more than 100 deep",
    ),
}


@pytest.mark.parametrize(("text", "message"), MODELS.values(), ids=MODELS)
def test_a_bad_model_says_where_why_and_what_to_write(text, message):
    with pytest.raises(LanguageError) as refused:
        read_model(text)
    assert str(refused.value) == message


def test_the_bad_models_that_everybody_writes_are_there():
    assert set(THE_TEN) <= set(MODELS)


@pytest.mark.parametrize("text", ["", "\n\n", "  \n\t\n", "# nothing", "'title'"])
def test_an_empty_file_is_shown_a_model(text):
    with pytest.raises(LanguageError) as refused:
        read_model(text)
    assert refused.value.cause == "the model is empty"
    shown = refused.value.cure.removeprefix("a smallest model is\n")
    assert len(read_model(dedent(shown)).equations) == 1


@pytest.mark.parametrize(("text", "said"), CHARACTERS.items(), ids=map(ascii, CHARACTERS))
def test_characters_that_deceive_are_refused(text, said):
    with pytest.raises(LanguageError) as refused:
        read_model(text)
    assert (refused.value.cause, refused.value.cure) == said
    assert refused.value.place is not None
    assert refused.value.place.line == 1


@pytest.mark.parametrize(("text", "cause"), LIMITS.values(), ids=LIMITS)
def test_what_is_too_large_is_refused_before_it_costs_anything(text, cause):
    with pytest.raises(LanguageError) as refused:
        read_model(text)
    assert refused.value.cause == cause
    assert refused.value.cure
    assert len(str(refused.value)) < 1000


def test_long_chains_and_many_definitions_are_no_problem():
    layers = "\n".join(f"a{k} = tanh(a{k - 1})" for k in range(1, 5001))
    assert len(read_model(f"a0: param\n{layers}\nminimize(a5000)").equations) == 5000
    total = "+\n".join("w" * 2000)
    (found,) = read_model(f"w: param\nC = ({total})\nminimize(C)").equations
    assert len(found.right.terms) == 2000
