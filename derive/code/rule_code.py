"""The update rule of a model as statements that change parameters in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from derive.calculus.update import common, is_general
from derive.code.layout import commented
from derive.code.module_names import MODULE_NAMES
from derive.code.numpy_code import code
from derive.code.size_code import decimal
from derive.model import Assignment, Equation, Objective, UpdateRule
from derive.names import RESERVED, python_names
from derive.program.vectorise import vectorise
from derive.terms import Add, Entry, Name, Negate, Quantity, Term, entries


def update_lines(
    objective: Objective,
    parameters: Sequence[Quantity],
    settings: Mapping[Name, str],
    comments: Mapping[Name, str],
) -> list[str]:
    """One line a parameter for a rule of one assignment, else a loop over the parameters.

    `settings` gives the identifiers of the rule's settings, `comments` the number of the update of
    each parameter, or of each quantity that the rule changes.
    """
    rule = objective.rule
    if is_general(rule):
        return _loop(objective, settings, comments)
    lines = []
    for parameter in parameters:
        key = f'["{parameter.name}"]'
        names = {rule.parameter.name: f"params{key}", rule.gradient.name: f"grads{key}"}
        line = _changed(rule.assignments[0], {**settings, **names}, [rule.parameter])
        lines += commented(line, comments.get(parameter.name, ""))
    return lines


def _loop(
    objective: Objective, settings: Mapping[Name, str], comments: Mapping[Name, str]
) -> list[str]:
    """A loop in which the names of the rule are local variables; what is common stands before."""
    rule = objective.rule
    names = rule_names(rule, settings)
    shared = common(rule)
    own = [state for state in (*rule.states, rule.parameter) if state not in shared]
    remembered = {s.name: f'state["{s.name}"]' for s in rule.states if s in shared}
    before: list[str] = []
    lines = [f'{names[state.name]} = state["{state.name}"][name]' for state in own[:-1]]
    lines.append(f"{names[rule.gradient.name]} = grads[name]")
    for assignment in rule.assignments:
        left = assignment.left
        line = _changed(assignment, {**names, **remembered} if left in shared else names, own)
        written = commented(line, comments.get(left.name, ""))
        (before if left in shared else lines).extend(written)
    read = {
        e.quantity.name for a in rule.assignments if a.left not in shared for e in entries(a.right)
    }
    before += [f"{names[name]} = {place}" for name, place in remembered.items() if name in read]
    head = f"for name, {names[rule.parameter.name]} in params.items():"
    return [*before, head, *(f"    {line}" for line in lines)]


def rule_names(rule: UpdateRule, settings: Mapping[Name, str]) -> dict[Name, str]:
    """The identifiers of the settings of a rule, and of its own quantities as local variables."""
    local = [rule.parameter, rule.gradient, *rule.states, *(a.left for a in rule.assignments)]
    reserved = RESERVED | MODULE_NAMES | {"name"} | frozenset(settings.values())
    found = python_names([str(quantity.name) for quantity in local], reserved)
    own = {quantity.name: found[str(quantity.name)] for quantity in local}
    return {**settings, **own}


def _changed(assignment: Assignment, names: Mapping[Name, str], arrays: Sequence[Quantity]) -> str:
    """`theta -= alpha * g` where the rule takes one thing from θ, else the whole right side.

    The memory of `arrays` is filled; what else there is gets another value.
    """
    target = names[assignment.left.name]
    match assignment.right:
        case Add((Entry(quantity), Negate(change))) if quantity == assignment.left:
            return f"{target} -= {rule_code(change, names)}"
        case Add((Entry(quantity), change)) if quantity == assignment.left:
            return f"{target} += {rule_code(change, names)}"
    place = f"{target}[...]" if assignment.left in arrays else target
    return f"{place} = {rule_code(assignment.right, names)}"


def rule_code(term: Term, names: Mapping[Name, str]) -> str:
    """The code of a rule's term; elementwise, so that one entry stands for the whole array."""
    return code(vectorise(Equation(Quantity("entry"), (), term)), names)


def state_lines(objective: Objective) -> list[str]:
    """How the states of a rule start: 0 where all parameters have it in common, else zeros."""
    shared = common(objective.rule)
    zeros = "{name: np.zeros_like(value) for name, value in table.items()}"
    return [
        f'"{state.name}": {0 if state in shared else zeros},' for state in objective.rule.states
    ]


def setting_values(objective: Objective) -> list[tuple[Quantity, str]]:
    """The settings of the rule with their defaults: the model's, else the rule's own."""
    given = dict(objective.settings)
    values = ((q, given.get(str(q.name), default)) for q, default in objective.rule.settings)
    return [(quantity, decimal(value)) for quantity, value in values]
