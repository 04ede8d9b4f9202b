"""Update rules, read from the same language: `theta = theta - alpha * g`."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from fractions import Fraction
from importlib.resources import files

from derive.errors import DeriveError, LanguageError
from derive.language.declarations import constant
from derive.language.expressions import read_expression
from derive.language.lookup import did_you_mean
from derive.language.scope import Draft, Scope
from derive.language.source import Source
from derive.language.syntax import parsed
from derive.language.values import at
from derive.model import Assignment, UpdateRule
from derive.terms import Kind, Quantity

KINDS: tuple[Kind, ...] = ("param", "gradient", "setting", "state")
RULE_CURE = (
    "a rule declares theta: param, g: gradient, alpha: setting = 0.01, m: state = zeros, "
    "and updates: theta = theta - alpha * g"
)


def rule_names() -> tuple[str, ...]:
    """The names of the rules that come with the package."""
    texts = (files("derive") / "rules").iterdir()
    return tuple(sorted(t.name.removesuffix(".rule") for t in texts if t.name.endswith(".rule")))


def rule_named(name: str, own: tuple[str, ...] = ()) -> UpdateRule:
    """A rule of the package; another name is a `DeriveError` that knows the names `own` as well.

    >>> [str(setting.name) for setting, _ in rule_named("sgd").settings]
    ['alpha']
    """
    names = rule_names()
    if name not in names:
        names = (*own, *names)
        cure = did_you_mean(name, names) or f"the rules are {', '.join(names)}"
        raise DeriveError(f"there is no update rule '{name}'", cure)
    text = (files("derive") / "rules" / f"{name}.rule").read_text(encoding="utf-8")
    return read_rule(text, name)


def read_rule(text: str, name: str) -> UpdateRule:
    """The rule that a text describes, for one parameter and its gradient.

    Every line is elementwise.  A name that no line declares is a quantity of the step itself.
    """
    tree = parsed(text, name, f"{name}.rule")
    return _rule(name, tree.title, tree.statements, tree.source)


def read_rule_block(statement: ast.With, scope: Scope) -> None:
    """Add the rule of `with rule(name):` to the draft; its lines see nothing of the model."""
    match statement.items:
        case [ast.withitem(context_expr=ast.Call(args=[ast.Name(id=name)], keywords=[]))]:
            pass
        case _:
            raise scope.error(statement, "a rule has one name", "write `with rule(heavy_ball):`")
    if name in scope.draft.rules:
        raise scope.error(statement, f"the rule '{name}' is defined twice", "keep one of them")
    title = name.replace("_", " ").strip()
    scope.draft.rules[name] = _rule(name, title, statement.body, scope.source)


def _rule(name: str, title: str, statements: Sequence[ast.stmt], source: Source) -> UpdateRule:
    scope = Scope(Draft(source), read_expression, source)
    settings: list[tuple[Quantity, Fraction]] = []
    assignments: list[Assignment] = []
    for statement in statements:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=declared), annotation=ast.Name(id=kind)) if (
                kind in KINDS
            ):
                quantity = Quantity(declared, (), next(known for known in KINDS if known == kind))
                scope.draft.quantities[declared] = quantity
                if kind == "setting":
                    settings.append((quantity, _default(statement, scope)))
                else:
                    _check_start(kind, statement, scope)
            case ast.Assign(targets=[ast.Name(id=updated)]):
                right = at(scope.number(statement.value))
                left = scope.draft.quantities.setdefault(updated, Quantity(updated))
                assignments.append(Assignment(left, right))
            case _:
                raise scope.error(statement, "this is no line of an update rule", RULE_CURE)
    return _assembled(name, title, scope, settings, assignments)


def _check_start(kind: str, statement: ast.AnnAssign, scope: Scope) -> None:
    """States start at zero; a parameter and its gradient are given."""
    match kind, statement.value:
        case ("state", None | ast.Name(id="zeros")) | ("param" | "gradient", None):
            return
    raise scope.error(
        statement,
        "a state starts at zero, a parameter and a gradient are given",
        "write m: state = zeros, theta: param, g: gradient",
    )


def _default(statement: ast.AnnAssign, scope: Scope) -> Fraction:
    if statement.value is None:
        raise scope.error(statement, "the setting has no default", "write alpha: setting = 0.01")
    return constant(statement.value, scope, "write alpha: setting = 0.01")


def _assembled(
    name: str,
    title: str,
    scope: Scope,
    settings: list[tuple[Quantity, Fraction]],
    assignments: list[Assignment],
) -> UpdateRule:
    by_kind = {
        kind: tuple(q for q in scope.draft.quantities.values() if q.kind == kind) for kind in KINDS
    }
    if len(by_kind["param"]) != 1 or len(by_kind["gradient"]) != 1:
        raise LanguageError("a rule has one parameter and one gradient", RULE_CURE)
    (parameter,), (gradient,) = by_kind["param"], by_kind["gradient"]
    if not any(assignment.left == parameter for assignment in assignments):
        raise LanguageError(f"the rule never updates '{parameter.name}'", RULE_CURE)
    return UpdateRule(
        name, title, parameter, gradient, tuple(settings), by_kind["state"], tuple(assignments)
    )
