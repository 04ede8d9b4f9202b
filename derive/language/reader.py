"""From the text of a model to its `Specification`: one reader for each kind of statement."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from derive.errors import LanguageError
from derive.language.circles import stepping_together
from derive.language.declarations import check_new_name, read_declaration
from derive.language.definitions import LEFT_CURE, equation, read_definition
from derive.language.example import read_example
from derive.language.expressions import read_expression
from derive.language.facts import read_assume
from derive.language.inline import read_function
from derive.language.lookup import did_you_mean
from derive.language.meanings import meanings
from derive.language.objective import MINIMIZE_CURE, read_minimize
from derive.language.recurrences import read_recurrence
from derive.language.requests import read_provide
from derive.language.rules import read_rule_block
from derive.language.scope import Draft, Scope, outline
from derive.language.syntax import STATEMENTS, Tree, parsed
from derive.model import Request, Specification
from derive.names import latex_name, unicode_name
from derive.terms import Quantity
from derive.wellformed import check_specification


def read_model(text: str, name: str = "model", source: str = "<text>") -> Specification:
    """The model that `text` describes; `name` is its name, `source` what messages call the text.

    Whatever is wrong is a `LanguageError` with its place, cause and cure.  Nothing in the text is
    executed.

    >>> model = read_model("w: param = 1; C = (w - 3) ** 2; minimize(C, sgd(alpha=0.1))")
    >>> [equation.left.name for equation in model.equations], model.objective.rule.name
    (['C'], 'sgd')
    """
    tree = parsed(text, name, source)
    draft = _draft(tree)
    scope = Scope(draft, read_expression, tree.source)
    try:
        for statement in tree.statements:
            _read_statement(statement, scope)
        specification = _specification(draft, tree, name)
        _check_print(specification, draft)
        check_specification(specification)
    except RecursionError:
        raise LanguageError(
            "the expressions of the model are nested too deeply", "give parts of them names"
        ) from None
    return specification


def read_requests(text: str, model: Specification) -> tuple[Request, ...]:
    """What a model asks for with `provide(text)` in addition.

    >>> model = read_model("w: param = 1; C = (w - 3) ** 2; minimize(C)")
    >>> [request.offer for request in read_requests("hessian, hvp", model)]
    ['hessian', 'hvp']
    """
    tree = parsed(f"provide({text})", model.name, "<provide>")
    quantities = [d.quantity for d in model.declarations] + [e.left for e in model.equations]
    draft = Draft(
        tree.source,
        quantities={str(quantity.name): quantity for quantity in quantities},
        requests=list(model.requests),
    )
    for statement in tree.statements:
        _read_statement(statement, Scope(draft, read_expression, tree.source))
    return tuple(draft.requests)


def _draft(tree: Tree) -> Draft:
    """A draft that knows which names the text defines, on which lines, from what."""
    lines, reads = outline(tree.statements)
    definitions = tuple(s for s in tree.statements if isinstance(s, ast.Assign))
    return Draft(tree.source, lines, reads, definitions)


def _specification(draft: Draft, tree: Tree, name: str) -> Specification:
    if draft.objective is None:
        lines = draft.source.lines
        last = max(k for k, line in enumerate(lines, start=1) if line.strip())
        raise LanguageError(
            "the model minimises nothing",
            f"end it with a cost that is a single number: {MINIMIZE_CURE}",
            draft.source.span(last, 0, len(lines[last - 1])),
        )
    equations, recurrences = stepping_together(draft)
    return Specification(
        name=name,
        title=tree.title,
        dimensions=tuple(draft.dimensions.values()),
        declarations=tuple(draft.declarations.values()),
        equations=equations,
        objective=draft.objective,
        example=draft.example,
        source=draft.source.text,
        recurrences=recurrences,
        facts=tuple(draft.facts),
        requests=tuple(draft.requests),
        meanings=meanings(draft.source, draft.lines),
    )


def _check_print(specification: Specification, draft: Draft) -> None:
    """Refuse two names of which a reader of the formulas sees one."""
    first: dict[str, str] = {}
    quantities = [d.quantity for d in specification.declarations]
    quantities += [equation.left for equation in specification.equations]
    names = [dimension.name for dimension in specification.dimensions]
    for name in (*names, *(str(quantity.name) for quantity in quantities)):
        for printed in dict.fromkeys((latex_name(name), unicode_name(name))):
            other = first.setdefault(printed, name)
            if other != name:
                line = draft.lines[name]
                raise LanguageError(
                    f"'{other}' and '{name}' would both be printed as {unicode_name(name)}",
                    "rename one of them",
                    draft.source.span(line, 0, len(draft.source.lines[line - 1])),
                )


# --- statements ---------------------------------------------------------------------------------


def _read_statement(statement: ast.stmt, scope: Scope) -> None:
    reader = READERS.get(type(statement))
    if reader is None:
        raise scope.error(
            statement, "this is no statement of a model", CURES.get(type(statement), STATEMENTS)
        )
    reader(statement, scope)


def _read_equation(statement: ast.Assign, scope: Scope) -> None:
    target = statement.targets[0]
    name = target.value if isinstance(target, ast.Subscript) else target
    if len(statement.targets) > 1 or not isinstance(name, ast.Name):
        raise scope.error(target, f"'{scope.spelling(target)}' cannot be defined", LEFT_CURE)
    if isinstance(target, ast.Subscript) and read_recurrence(target, statement, scope):
        return
    check_new_name(name, scope)
    definition = read_definition(target, statement.value, scope)
    left = Quantity(definition.name, definition.array.shape)
    scope.draft.equations.append(equation(definition, left, left.shape, statement, scope))
    scope.draft.quantities[definition.name] = left


def _read_function(statement: ast.FunctionDef, scope: Scope) -> None:
    scope.draft.functions[statement.name] = read_function(statement, scope.source)


def _read_command(statement: ast.Expr, scope: Scope) -> None:
    """`minimize(...)`, `assume(...)` or `provide(...)`: a line that is a call."""
    call = statement.value
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in COMMANDS:
        COMMANDS[call.func.id](call, scope)
        return
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
        name = call.func.id
        cure = "minimise the negative: minimize(C), C = -f" if name == "maximize" else ""
        cure = cure or did_you_mean(name, COMMANDS)
        raise scope.error(call, f"'{name}(...)' is no statement", cure or STATEMENTS)
    if isinstance(call, ast.Compare):
        raise scope.error(call, "an equation is written with one =", "z = x + 1")
    raise scope.error(
        call, f"'{scope.spelling(call)}' alone says nothing", f"give it a name; {STATEMENTS}"
    )


def _read_block(statement: ast.With, scope: Scope) -> None:
    """`with rule(name):` or `with example(...):`."""
    match statement.items[0].context_expr:
        case ast.Call(func=ast.Name(id="rule")) | ast.Name(id="rule"):
            read_rule_block(statement, scope)
        case _:
            read_example(statement, scope)


COMMANDS: Mapping[str, Callable[[ast.Call, Scope], None]] = {
    "minimize": read_minimize,
    "assume": read_assume,
    "provide": read_provide,
}
READERS: Mapping[type[ast.stmt], Callable[..., None]] = {
    ast.AnnAssign: read_declaration,
    ast.Assign: _read_equation,
    ast.FunctionDef: _read_function,
    ast.Expr: _read_command,
    ast.With: _read_block,
}
CURES: Mapping[type[ast.stmt], str] = {
    ast.AugAssign: "a quantity has one value: write z = y + x with a new name on the left",
    ast.Return: "a result is returned by a `def`, in its last line",
    ast.Pass: "delete it",
}
