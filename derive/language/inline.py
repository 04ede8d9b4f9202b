"""Functions that are defined in the language: those of a model, and those of the library.

A call is replaced by what the function returns for its arguments.  The function sees its arguments,
its local definitions and the quantities of the model, but not the indices of the line that calls.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files

from derive.errors import LanguageError
from derive.language.definitions import read_definition
from derive.language.scope import Function, Scope
from derive.language.source import Source
from derive.language.syntax import parsed
from derive.language.values import Operand

MOST_CALLS = 20


def read_function(statement: ast.FunctionDef, source: Source) -> Function:
    """The function of a `def`; it is read where it is called."""
    given, name = statement.args, statement.name
    unusual = given.posonlyargs or given.kwonlyargs or given.vararg or given.kwarg
    annotated = statement.returns or any(argument.annotation for argument in given.args)
    parameters = tuple(argument.arg for argument in given.args)
    twice = len(set(parameters)) < len(parameters)
    if unusual or annotated or twice or statement.decorator_list:
        raise source.error(
            statement,
            f"the arguments of '{name}' are more than different names",
            f"write def {name}({', '.join(parameters) or 't'}):",
        )
    *lines, last = statement.body
    if not isinstance(last, ast.Return) or last.value is None:
        raise source.error(
            last, f"'{name}' does not end with a result", "the last line of a `def` is return ..."
        )
    definitions = tuple(line for line in lines if isinstance(line, ast.Assign))
    if len(definitions) < len(lines) or any(len(line.targets) > 1 for line in definitions):
        raise source.error(
            statement,
            f"'{name}' contains what is neither a definition nor its result",
            "a function holds definitions z = ..., and ends with return ...",
        )
    defaulted = parameters[len(parameters) - len(given.defaults) :]
    defaults = dict(zip(defaulted, given.defaults, strict=True))
    return Function(name, parameters, defaults, definitions, last.value, source)


def inlined(node: ast.Call, function: Function, scope: Scope) -> Operand:
    """What `function` returns for the arguments of the call `node`."""
    draft = scope.draft
    if function.name in scope.calls:
        raise scope.error(
            node, f"'{function.name}' calls itself", "write a recurrence: h[t] = ... h[t-1] ..."
        )
    if len(scope.calls) >= MOST_CALLS:
        raise scope.error(
            node,
            f"more than {MOST_CALLS} functions call each other",
            "give a part of the expression a name",
        )
    inside = replace(
        scope, slots={}, local={}, calls=(*scope.calls, function.name), source=function.source
    )
    local: dict[str, Operand] = {}
    for name, value in _arguments(node, function, scope).items():
        home = scope if value not in function.defaults.values() else inside
        local[name] = draft.metered(home.reader(value, home), node)
    try:
        for line in function.definitions:
            here = replace(inside, local=local)
            definition = read_definition(line.targets[0], line.value, here)
            local = {**local, definition.name: draft.metered(definition.array, node)}
        here = replace(inside, local=local)
        return here.reader(function.result, here)
    except LanguageError as error:
        if function.source is scope.source:
            raise
        raise scope.error(node, f"in '{function.name}': {error.cause}", error.cure) from None


def _arguments(node: ast.Call, function: Function, scope: Scope) -> Mapping[str, ast.expr]:
    """The expression for each parameter: by position, by name, or its default."""
    name, parameters = function.name, function.parameters
    given: dict[str, ast.expr] = dict(zip(parameters, node.args, strict=False))
    for option in node.keywords:
        if option.arg not in parameters or option.arg in given:
            raise scope.error(
                option.value,
                f"'{name}' has no further argument '{option.arg}'",
                f"its arguments are {', '.join(parameters)}",
            )
        given[option.arg] = option.value
    full = {**function.defaults, **given}
    starred = any(isinstance(argument, ast.Starred) for argument in node.args)
    if len(full) != len(parameters) or len(node.args) > len(parameters) or starred:
        count = len(node.args) + len(node.keywords)
        raise scope.error(
            node,
            f"'{name}' takes {len(parameters)} argument{'s' if len(parameters) > 1 else ''} "
            f"({', '.join(parameters)}), not {count}",
            f"write {name}({', '.join(parameters)})",
        )
    return {parameter: full[parameter] for parameter in parameters}


def _library() -> Mapping[str, Function]:
    text = (files("derive") / "language" / "library.model").read_text(encoding="utf-8")
    tree = parsed(text, "library", "library.model")
    functions = (s for s in tree.statements if isinstance(s, ast.FunctionDef))
    return {function.name: read_function(function, tree.source) for function in functions}


LIBRARY = _library()
