"""From a text to its syntax tree: title and statements, none of them nested too deeply."""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass

from derive.errors import LanguageError
from derive.identifiers import unseen_character
from derive.language.source import SMALLEST_MODEL, Source, bounded
from derive.language.tokens import check_tokens

DEEPEST_EXPRESSION = 60
LONGEST_TITLE = 300

STATEMENTS = (
    "a line is a declaration `x: input[n]`, an equation `z = x @ w`, `def f(t): return ...`, "
    "`assume(...)`, `minimize(C, sgd(alpha=0.1))`, `provide(hessian)` or `with example(steps=20):`"
)
# What Python's parser says, by a word of its message that has not changed between versions.
SYNTAX_CURES = {
    "comma": "if a product is meant, write it with *",
    "indent": "only the lines of a `def` or a `with` are indented",
    "decimal literal": "write a product with *: 2 * x",
    "assign": "on the left of = stands one name, with or without indices; equality is ==",
    "Maybe you meant '=='": "on the left of = stands one name; equality is ==",
}


@dataclass(frozen=True)
class Tree:
    """A text that parses: its title and its statements."""

    source: Source
    title: str
    statements: tuple[ast.stmt, ...]


def parsed(text: object, name: str, source_name: str) -> Tree:
    """The syntax tree of `text`, or the `LanguageError` of the first thing that is no syntax."""
    source = bounded(text, source_name)
    check_tokens(source)
    body = _module(source).body
    title = name
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        title, body = _title(body[0].value, source) or name, body[1:]
    if not body:
        raise LanguageError("the model is empty", SMALLEST_MODEL)
    for statement in body:
        _check_depth(statement, source)
    return Tree(source, title, tuple(body))


def _module(source: Source) -> ast.Module:
    try:
        with warnings.catch_warnings():
            # Backslashes in a title are the author's.
            warnings.simplefilter("ignore")
            return ast.parse(source.text)
    except SyntaxError as error:
        raise _syntax_error(error, source) from None
    except (RecursionError, MemoryError):
        raise LanguageError(
            "the text is nested too deeply to be read", "give parts of it names"
        ) from None


def _syntax_error(error: SyntaxError, source: Source) -> LanguageError:
    line = min(max(error.lineno or 1, 1), len(source.lines))
    width = 1
    if error.end_lineno == line and error.end_offset and error.offset:
        width = max(1, error.end_offset - error.offset)
    column = min(max((error.offset or 1) - 1, 0), len(source.lines[line - 1]))
    cures = (cure for word, cure in SYNTAX_CURES.items() if word in error.msg)
    return LanguageError(
        "this cannot be read as a statement",
        next(cures, STATEMENTS),
        source.span(line, column, width),
    )


def _title(node: ast.Constant, source: Source) -> str:
    """The first paragraph of the title, on one line."""
    if not isinstance(node.value, str):
        raise source.error(node, "a number alone is no statement", STATEMENTS)
    title = " ".join(re.split(r"\n\s*\n", node.value.strip())[0].split())
    if len(title) > LONGEST_TITLE or unseen_character(title) is not None:
        raise source.error(
            node,
            f"a title is a line of at most {LONGEST_TITLE} characters that can all be seen",
            "shorten it, or take out the escaped characters",
        )
    return title


def _check_depth(statement: ast.stmt, source: Source) -> None:
    """Bound the depth of an expression; a chain `a + b + c` is one level, as on paper."""
    pending: list[tuple[ast.AST, int]] = [(statement, 0)]
    while pending:
        node, depth = pending.pop()
        if depth > DEEPEST_EXPRESSION and isinstance(node, ast.expr):
            raise source.error(
                node,
                f"the expression is nested more than {DEEPEST_EXPRESSION} deep",
                "give a part of it a name",
            )
        for child in ast.iter_child_nodes(node):
            pending.append((child, depth + (not continues_chain(node, child))))


def continues_chain(node: ast.AST, child: ast.AST) -> bool:
    """Whether `child` is the left part of a chain of sums, or of products, that `node` ends."""
    return (
        isinstance(node, ast.BinOp)
        and isinstance(child, ast.BinOp)
        and child is node.left
        and any(
            isinstance(node.op, family) and isinstance(child.op, family)
            for family in ((ast.Add, ast.Sub), (ast.Mult,))
        )
    )
