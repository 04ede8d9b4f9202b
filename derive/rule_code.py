"""The update rule of a model as statements that change parameters in place."""

from __future__ import annotations

from collections.abc import Sequence

from derive.model import Assignment, Equation, Objective, UpdateRule
from derive.numpy_code import code, commented, decimal
from derive.terms import Add, Entry, Name, Negate, Quantity, Term
from derive.vectorise import vectorise


def update_lines(
    objective: Objective,
    parameters: Sequence[Quantity],
    settings: dict[Name, str],
    comments: dict[Name, str],
) -> list[str]:
    """One line a parameter for a rule of one assignment, else a loop over the parameters.

    `settings` gives the identifiers of the rule's settings, `comments` the number of each
    parameter's update.
    """
    rule = objective.rule
    if len(rule.assignments) == 1:
        lines = []
        for parameter in parameters:
            line = _assignment(rule.assignments[0], _places(rule, f'"{parameter.name}"', settings))
            lines += commented(line, comments.get(parameter.name, ""))
        return lines
    places = _places(rule, "name", settings)
    body = [_assignment(assignment, places) for assignment in rule.assignments]
    return ["for name in PARAMETERS:", *(f"    {line}" for line in body)]


def _places(rule: UpdateRule, key: str, settings: dict[Name, str]) -> dict[Name, str]:
    """What the names of a rule are in the code, for the parameter under `key`."""
    places = dict(settings)
    places[rule.parameter.name] = f"params[{key}]"
    places[rule.gradient.name] = f"grads[{key}]"
    for state in rule.states:
        places[state.name] = f'state["{state.name}"][{key}]'
    return places


def _assignment(assignment: Assignment, places: dict[Name, str]) -> str:
    """`theta -= alpha * g` where the rule takes one thing from θ, else the whole right side."""
    target = places[assignment.left.name]
    match assignment.right:
        case Add((Entry(quantity), Negate(change))) if quantity == assignment.left:
            return f"{target} -= {_code(change, places)}"
        case Add((Entry(quantity), change)) if quantity == assignment.left:
            return f"{target} += {_code(change, places)}"
    return f"{target}[...] = {_code(assignment.right, places)}"


def _code(term: Term, places: dict[Name, str]) -> str:
    """The code of a rule's term; elementwise, so that one entry stands for the whole array."""
    return code(vectorise(Equation(Quantity("entry"), (), term)), places)


def state_lines(rule: UpdateRule) -> list[str]:
    """How the states of a rule start: zeros in the shapes of the parameters."""
    return [
        f'"{state.name}": {{name: np.zeros_like(value) for name, value in table.items()}},'
        for state in rule.states
    ]


def setting_values(objective: Objective) -> list[tuple[Quantity, str]]:
    """The settings of the rule with their defaults: the model's, else the rule's own."""
    given = dict(objective.settings)
    values = ((q, given.get(str(q.name), default)) for q, default in objective.rule.settings)
    return [(quantity, decimal(value)) for quantity, value in values]
