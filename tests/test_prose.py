"""The prose: the same keys and gaps in every language, each of them used, and none missing."""

import ast
import re
from pathlib import Path

import pytest
from documents import BOWL, LAYER, NEURON, document

from derive import linalg
from derive.calculus.adjoint import derive_gradients
from derive.calculus.explain import gradient_steps
from derive.calculus.rewrites.table import REWRITES
from derive.calculus.steps import walk_steps
from derive.document.blocks import Listed, Paragraph, Phrase, Table, Working
from derive.errors import DeriveError
from derive.formats import TEXT
from derive.functions import ROWS
from derive.language import read_model
from derive.project import LANGUAGES
from derive.prose import catalogue, pieces
from derive.publish import say

HOUSE = Path(__file__).parent.parent / "derive"
KEYS = list(catalogue("en"))
every_language = pytest.mark.parametrize("language", LANGUAGES)


def gaps(sentence):
    return {gap for _, gap in pieces(sentence) if gap is not None}


# --- the catalogues -----------------------------------------------------------------------------


@every_language
def test_every_catalogue_has_the_keys_and_gaps_of_the_others_in_the_same_order(language):
    words = catalogue(language)
    assert list(words) == KEYS
    assert {key: gaps(words[key]) for key in KEYS} == {
        key: gaps(catalogue("en")[key]) for key in KEYS
    }


@every_language
def test_no_sentence_is_empty_but_the_space_between_sentences(language):
    empty = [key for key, sentence in catalogue(language).items() if not sentence.strip()]
    assert empty == ["list.sentences"]


def test_every_catalogue_is_a_language_and_the_other_way_round():
    files = {path.stem for path in (HOUSE / "catalogue").glob("*.toml")}
    assert files == set(LANGUAGES)


def test_chinese_sentences_are_chinese():
    # words of the article's language, but for names and for what only joins
    english = {
        key
        for key, sentence in catalogue("zh").items()
        if not re.search(r"[\u4e00-\u9fff]", sentence)
    }
    assert english == {
        "controls.colon",
        "controls.dash",
        "list.many",
        "list.sentences",
        "notation.said",
        "rules.rmsprop",
        "rules.adam",
    }


def test_a_language_without_prose_is_named():
    with pytest.raises(DeriveError) as raised:
        catalogue("tlh")
    assert raised.value.cause == "there is no prose in the language 'tlh'"
    assert raised.value.cure == "use en or zh"


# --- the rules ----------------------------------------------------------------------------------


def names_of_rules():
    """The first argument of every `Step(...)` in the house, and what `rule` may be there."""
    found = set()
    for path in sorted(HOUSE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name("Step"), args=[ast.Constant(str(rule)), *_]):
                    found.add(rule)
                case ast.Assign(targets=[ast.Name("rule")], value=value):
                    found |= strings(value)
                case ast.Assign(
                    targets=[ast.Tuple([ast.Name("rule"), *_])], value=ast.Tuple(parts)
                ):
                    found |= strings(parts[0])
                case ast.Assign(
                    targets=[ast.Tuple([ast.Name("rule"), *_])], value=ast.IfExp(_, a, b)
                ):
                    found |= strings(a.elts[0]) | strings(b.elts[0])
    return found


def strings(value):
    """The texts that an expression may be, not those that it only compares."""
    match value:
        case ast.Constant(str(text)):
            return {text}
        case ast.IfExp(_, body, orelse):
            return strings(body) | strings(orelse)
    return set()


# Checks of equations are called so; they are no step of a derivation.
CHECKED_ONLY = {"gradient"}


def test_every_rule_of_the_engine_has_a_name_and_a_reason_and_no_other_has():
    told = {key.split(".")[1] for key in KEYS if key.startswith("rule.")}
    of_operators = {row.rule for row in linalg.ROWS.values()}
    of_rewrites = {rewrite.name for rewrite in REWRITES}
    assert (names_of_rules() | of_operators | of_rewrites) - CHECKED_ONLY == told
    assert {f"rule.{rule}.{part}" for rule in told for part in ("name", "why")} <= set(KEYS)


MODELS = [
    NEURON,
    BOWL,
    LAYER,
    "u: param; v = u ** 2; f = v * u; minimize(f, adam())",
    "a: input; x: param; f = (a * x + x ** 2) / (1 + x ** 2) - 1 / x; minimize(f, sgd())",
    "a: input; x: param; f = a ** x + -x + x ** a; minimize(f, sgd())",
    "n: dim; w: param[n]; a: input; f = sum(a * w) * sum(w ** 2 + a); minimize(f, sgd())",
    "n: dim; w: param[n]; f = sum(softmax(w) ** 2) + prod(w) + max(w); minimize(f, sgd())",
    "n: dim; w: param[n]; b: param; f = sum(where(w[i] > 0, w[i] * b, b), i); minimize(f, sgd())",
    *(
        f"x: param; y: param; f = {name}({'x, y'[: 3 * len(row.partials) - 2]}); minimize(f, sgd())"
        for name, row in ROWS.items()
    ),
]


OPERATORS = [
    "n: dim; A: param[n, n]; b: param[n]; f = sum(solve(A, b)) + logdet(A); minimize(f, sgd())",
    "n: dim; A: param[n, n]; f = det(A) * sum(inv(A)[i, j], i, j); minimize(f, sgd())",
    "n: dim; A: param[n, n]; f = sum(cholesky(A)[i, j] ** 2, i, j); minimize(f, sgd())",
]


@pytest.mark.parametrize("text", [*MODELS, *OPERATORS])
def test_every_step_provides_the_gaps_of_its_reason(text):
    derivation = derive_gradients(read_model(text, name="m"))
    rules = set()
    for gradient in derivation.gradients:
        for _, step in walk_steps(gradient_steps(derivation, gradient)):
            rules.add(step.rule)
            provided = {name for name, _ in step.arguments}
            assert gaps(catalogue("en")[f"rule.{step.rule}.why"]) <= provided, step.rule
    assert rules != set()


# --- the keys -----------------------------------------------------------------------------------


def texts_of_the_house():
    """Every text in the modules that make documents, with a * for what is put in."""
    for path in sorted(HOUSE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.JoinedStr(parts):
                    shown = (p.value if isinstance(p, ast.Constant) else "*" for p in parts)
                    yield path.name, "".join(shown)
                case ast.Constant(str(text)):
                    yield path.name, text


def test_no_key_is_unused():
    patterns = {
        text for _, text in texts_of_the_house() if re.fullmatch(r"[\w*]+(\.[\w*]+)+", text)
    }
    known = re.compile("|".join(re.escape(p).replace(r"\*", r"\w+") for p in sorted(patterns)))
    assert [key for key in KEYS if known.fullmatch(key) is None] == []


def test_every_key_that_is_named_exists():
    sections = {key.partition(".")[0] for key in KEYS}
    named = {
        text
        for path, text in texts_of_the_house()
        if re.fullmatch(r"[a-z]+(\.[a-z_]+)+", text) and text.partition(".")[0] in sections
    }
    assert len(named) > 40
    assert named - set(KEYS) - {"update.py"} == set()


def phrases(thing):
    """The phrases inside a part of a document."""
    match thing:
        case Phrase(key, given):
            yield key, dict(given)
            for _, gap in given:
                yield from phrases(gap)
        case Paragraph(inner) | Listed(inner):
            for part in inner:
                yield from phrases(part)
        case Working(reasons):
            for reason in reasons:
                yield from phrases(reason.rule)
                yield from phrases(reason.why)
        case Table(heads, rows):
            yield from ((head, {}) for head in heads)
            for line in rows:
                for cell in line:
                    yield from phrases(cell)


@pytest.mark.parametrize("text", MODELS)
def test_every_phrase_of_a_document_is_known_and_filled(text):
    made = document(text)
    blocks = [*made.introduction, *(b for section in made.sections for b in section.blocks)]
    for block in blocks:
        for key, given in phrases(block):
            assert gaps(catalogue("en")[key]) <= set(given), key
    assert {f"section.{section.key}" for section in made.sections} <= set(KEYS)


# --- sentences ----------------------------------------------------------------------------------


def test_a_list_has_the_commas_and_the_and_of_its_language():
    def listed(count, language):
        from_one = tuple(Phrase("notation.input") for _ in range(count))
        return say(Listed(from_one), TEXT, language)

    assert [listed(count, "en") for count in (1, 2, 3)] == [
        "input",
        "input and input",
        "input, input and input",
    ]
    assert listed(3, "zh") == "输入、输入 和 输入"
    assert listed(0, "en") == ""


def test_text_and_gaps_take_turns():
    assert pieces("so {x} is {y}.") == [("so ", "x"), (" is ", "y"), (".", None)]
    assert pieces("nothing") == [("nothing", None)]
