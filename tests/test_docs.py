"""The pages of docs/: each model is derived and verified, each table is held against the code.

A `python` block is a whole model, and a `text` block below it shows gradients of that model.  An
`error` block is a model that is refused, and the message.  `pycon` blocks are sessions.
"""

import doctest
import math
import re
import sys
from pathlib import Path

import pytest

from derive import Model, pipeline
from derive.errors import LanguageError
from derive.functions import ROWS
from derive.identifiers import LONGEST_NAME
from derive.language import inline, read_model, reductions, rule_names, source, syntax, tokens
from derive.language.declarations import INITIALIZERS, LARGEST_SIZE, RESERVED
from derive.language.definitions import DEEPEST_TERM
from derive.language.draws import DATA_FUNCTIONS
from derive.language.elementary import ELEMENTARY
from derive.language.example import MOST_STEPS
from derive.language.facts import FACTS
from derive.language.linear import LINEAR
from derive.language.requests import OFFERS
from derive.model import parameters
from derive.names import name_table
from derive.numbers.degrees import TOLD_APART
from derive.pipeline import source_of
from derive.verification.check_steps import check_equations

DOCS = Path(__file__).parent.parent / "docs"
PAGES = {path.name: path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md"))}
LANGUAGE = PAGES["language.md"]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LIBRARY_TEXT = (Path(inline.__file__).parent / "library.model").read_text(encoding="utf-8")


def blocks(page):
    """The kind and the text of each fenced block, in order."""
    return BLOCK.findall(PAGES[page])


def is_model(text):
    return "minimize(" in text


MODELS = [text for page in PAGES for kind, text in blocks(page) if kind == "python"]
SHOWN = [
    (text, below)
    for page in PAGES
    for (kind, text), (kind_below, below) in zip(blocks(page), blocks(page)[1:], strict=False)
    if kind == "python" and kind_below == "text"
]
MADE = [
    (text, below)
    for page in PAGES
    for (_, text), (_, below) in zip(blocks(page), blocks(page)[1:], strict=False)
    if below.startswith("def example(")
]
REFUSED = [text for page in PAGES for kind, text in blocks(page) if kind == "error"]
EXAMPLES = [text for text in MODELS if is_model(text)]


def name_of(text):
    """The first line that computes the last quantity before the objective, to name a test by."""
    return next(line for line in reversed(text.splitlines()) if "=" in line)[:40]


def section(title):
    """The text below a heading, to the next one."""
    return LANGUAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def table(title, head):
    """The rows below the head of a table, each a list of cells."""
    lines = section(title).split(f"| {head} |")[1].splitlines()[2:]
    rows = lines[: lines.index("")] if "" in lines else lines
    return [[cell.strip() for cell in row[1:-1].split("|")] for row in rows]


def words(text):
    """What stands in backquotes."""
    return re.findall(r"`([^`]+)`", text)


# --- examples -----------------------------------------------------------------------------------


@pytest.mark.parametrize("text", EXAMPLES, ids=name_of)
def test_every_model_has_the_gradients_that_the_oracle_finds(text):
    derivation = Model(text).derivation
    equations = [gradient.equation for gradient in derivation.gradients]
    checks = check_equations(derivation.model, equations)
    assert {gradient.wrt for gradient in derivation.gradients} >= set(derivation.wrt)
    assert derivation.unreachable == ()
    assert len(checks) == len(equations)
    assert [check.rule for check in checks if check.how == "undecided"] == []


@pytest.mark.parametrize(("text", "shown"), SHOWN, ids=[name_of(text) for text, _ in SHOWN])
def test_the_gradients_that_are_shown_are_what_is_printed(text, shown):
    model = Model(text)
    gradients = [model.gradient(str(q.name)) for q in parameters(model.specification)]
    printed = {repr(form) for g in gradients for form in (g.entry, g.matrix)}
    lines = shown.splitlines()
    assert lines
    assert [line for line in lines if line not in printed] == [], printed


@pytest.mark.parametrize(("text", "shown"), MADE, ids=[name_of(text) for text, _ in MADE])
def test_the_data_are_made_as_is_shown(text, shown):
    assert shown in source_of(Model(text).derivation)


@pytest.mark.parametrize("text", REFUSED, ids=[text.splitlines()[-2][:40] for text in REFUSED])
def test_what_is_refused_says_what_the_page_says(text):
    model, message = text.split("<text>, line", 1)
    with pytest.raises(LanguageError) as refused:
        read_model(model)
    assert str(refused.value) == f"<text>, line{message}".rstrip("\n")


@pytest.mark.parametrize("page", [page for page in PAGES if "\n>>> " in PAGES[page]])
def test_sessions_go_as_they_are_shown(page):
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    found = doctest.testfile(str(DOCS / page), module_relative=False, optionflags=flags)
    assert found.attempted > 0
    assert found.failed == 0


def test_every_block_is_of_a_kind_that_is_looked_at():
    kinds = {kind for page in PAGES for kind, _ in blocks(page)}
    assert kinds <= {"python", "text", "error", "rule", "pycon", "toml"}
    assert len(EXAMPLES) > 15
    assert len(REFUSED) > 5
    assert len(MADE) > 0
    assert len(SHOWN) == sum(kind == "text" for page in PAGES for kind, _ in blocks(page))


def test_links_lead_somewhere():
    for page, text in PAGES.items():
        for target in re.findall(r"\]\(([^)]+)\)", text):
            path, _, anchor = target.partition("#")
            if path.startswith("http"):
                continue
            goal = DOCS / path if path else DOCS / page
            assert goal.exists(), target
            if anchor:
                heads = re.findall(r"^#+ (.+)$", goal.read_text(encoding="utf-8"), re.MULTILINE)
                plain = (re.sub(r"[^\w -]", "", head.lower()) for head in heads)
                assert anchor in {head.replace(" ", "-") for head in plain}, target


# --- tables of the language ---------------------------------------------------------------------


def derivatives_of(call):
    """The partial derivatives of a function of the page, as the table of functions has them."""
    name, arguments = re.fullmatch(r"(\w+)\((.+)\)", call).groups()
    letters = arguments.split(", ")
    assert len(letters) == ELEMENTARY[name]
    head = "".join(f"{letter}: param\n" for letter in letters)
    (quoted,) = read_model(f"{head}C = {call}; minimize(C)").equations
    return name, head, [partial(*quoted.right.arguments) for partial in ROWS[name].partials]


ELEMENTARY_ROWS = [
    (words(call)[0], cell) for call, cell in table("Functions", "function | derivative")
]


@pytest.mark.parametrize(("call", "cell"), ELEMENTARY_ROWS, ids=[row[0] for row in ELEMENTARY_ROWS])
def test_the_derivatives_of_the_page_are_those_of_the_table(call, cell):
    name, head, expected = derivatives_of(call)
    if name == "digamma":
        assert words(cell) == []
        return
    found = [read_model(f"{head}C = {d}; minimize(C)").equations[0].right for d in words(cell)]
    assert found == expected


def test_every_elementary_function_is_on_the_page():
    assert {call.split("(")[0] for call, _ in ELEMENTARY_ROWS} == set(ROWS)
    kinks = {name for name, row in ROWS.items() if row.kink}
    assert kinks == {"abs", "sign", "relu", "maximum", "minimum"}
    said = section("Functions").split("taken at a kink")[1].split("\n\n")[0]
    assert kinks <= set(words(said))


def test_the_library_is_the_text_that_is_shown():
    (shown,) = (text for kind, text in blocks("language.md") if text.startswith("def square"))
    assert shown == LIBRARY_TEXT.split("\n\n", 1)[1]


def test_the_rule_is_the_text_that_is_shown():
    rules = Path(inline.__file__).parent.parent / "rules"
    (shown,) = (text for kind, text in blocks("language.md") if kind == "rule")
    assert shown == (rules / "momentum.rule").read_text(encoding="utf-8")
    assert set(rule_names()) <= set(words(section("Update rules")))


def test_reductions_initial_values_operators_and_facts_are_all_there():
    heads = "reduction | over nothing | its derivative with respect to one of its terms"
    reduced = [word for row in table("Reductions", heads) for word in words(row[0])]
    assert reduced == list(reductions.REDUCTIONS)
    initial = " ".join(words(section("Quantities").split("| initial value |")[1]))
    assert all(re.search(rf"\b{name}\b", initial) for name in INITIALIZERS)
    operators = " ".join(row[0] for row in table("Linear algebra", "function | of | is"))
    assert {word.split("(")[0] for word in words(operators)} == set(LINEAR)
    facts = [words(row[0])[0].split("(")[0] for row in table("Facts", "fact | also written | says")]
    assert facts == list(FACTS)
    rows = table("The worked example", "only in an example | is")
    made = [word.split("(")[0] for row in rows for word in words(row[0]) if "(" in word]
    assert made == list(DATA_FUNCTIONS)


def test_what_may_be_asked_for_is_all_there():
    rows = table("More functions", "request | the module has")
    asked = [word for row in rows for word in words(row[0])]
    assert list(dict.fromkeys(word.split("(")[0] for word in asked)) == list(OFFERS)
    head = "n: dim; d: dim; X: input[n, d]; w: param[d]; b: param\nz = X @ w + b\nC = sum(z ** 2)\n"
    for text in asked:
        (request,) = read_model(f"{head}minimize(C)\nprovide({text})").requests
        assert request.offer == text.split("(")[0]


def test_facts_may_be_written_as_the_page_says():
    head = "n: dim; k: dim; w: param\nT: input[n, k]; A: input[n, n]; Q: input[n, k]\n"
    head += "s: input; y: input[n]\n"
    for fact, equation, _ in table("Facts", "fact | also written | says"):
        for text in (*words(fact), *words(equation)):
            model = read_model(f"{head}assume({text})\nC = w ** 2\nminimize(C)")
            assert [known.kind for known in model.facts] == [words(fact)[0].split("(")[0]]


def test_names_are_printed_as_the_page_says():
    for cells in table("Names", "in the text | printed | in LaTeX | in the code"):
        (name,), printed, (latex,), (code,) = words(cells[0]), cells[1], *map(words, cells[2:])
        (row,) = name_table([name])
        assert (row.unicode, row.latex, row.python) == (printed, latex, code)
    taken = section("Names").split("These words are taken:")[1].split(". Refused")[0]
    assert set(words(taken)) == set(RESERVED)


def test_the_limits_are_those_of_the_code():
    said = section("Limits")
    table = "\n".join(line for line in said.splitlines() if line.startswith("|"))
    floats = f"{math.ulp(0.0)} to {sys.float_info.max:.2}".replace("e+", "e")
    assert floats in table
    table = table.replace(floats, "")
    numbers = [int(n.replace(",", "")) for n in re.findall(r"\d[\d,]*", table)]
    assert numbers == [
        source.LONGEST_TEXT,
        source.MOST_LINES,
        source.LONGEST_LINE,
        tokens.DEEPEST_BRACKETS,
        syntax.DEEPEST_EXPRESSION,
        DEEPEST_TERM,
        tokens.MOST_WORDS,
        LONGEST_NAME,
        tokens.MOST_SIGNS,
        tokens.MOST_DIGITS,
        tokens.LARGEST_EXPONENT,
        inline.MOST_CALLS,
        LARGEST_SIZE,
        MOST_STEPS,
        pipeline.MOST_EQUATIONS,
        pipeline.MOST_DECLARATIONS,
        pipeline.MOST_SIZES,
        pipeline.MOST_OPERANDS,
        pipeline.MOST_PARTS,
    ]
    assert f"a degree of {TOLD_APART:,}" in said
