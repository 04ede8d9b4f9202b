"""The settings of an update rule beside the names of a model: no two of them print alike.

A model may call a constant `eps`, which prints ε as Adam's epsilon does, or a parameter `alpha`.
In its document the setting is then that of its rule: ε_adam, α_sgd.  Its name in the code stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from derive.model import Assignment, Specification
from derive.names import Symbol, symbol
from derive.terms import Entry, Node, Quantity, rewrite

# The setting as a document names it, by the one that the rule has.
Renamed = Mapping[Quantity, Quantity]


def renamed_settings(model: Specification, given: Mapping[str, Symbol]) -> dict[Quantity, Quantity]:
    """The settings that would print like a name of the model, under names of their own.

    >>> from derive.language import read_model
    >>> text = "alpha: param; C = (alpha - 1) ** 2; minimize(C, sgd())"
    >>> [own.name for own in renamed_settings(read_model(text), {}).values()]
    ['alpha_sgd']
    """
    rule = model.objective.rule
    names = [str(declaration.quantity.name) for declaration in model.declarations]
    names += [str(equation.left.name) for equation in model.equations]
    names += [dimension.name for dimension in model.dimensions]
    taken = {given.get(name) or symbol(name) for name in names}
    found: dict[Quantity, Quantity] = {}
    for setting, _ in rule.settings:
        if symbol(str(setting.name)) in taken:
            own = f"{setting.name}_{rule.name}"
            while symbol(own) in taken:
                own += "_rule"
            found[setting] = replace(setting, name=own)
    return found


def with_settings(model: Specification, names: Renamed) -> Specification:
    """The model with its rule's settings under other names."""
    if not names:
        return model
    objective, rule = model.objective, model.objective.rule

    def put_in(node: Node) -> Node | None:
        if isinstance(node, Entry) and node.quantity in names:
            return Entry(names[node.quantity], node.subscripts)
        return None

    spelled = {str(setting.name): str(own.name) for setting, own in names.items()}
    own = replace(
        rule,
        settings=tuple((names.get(setting, setting), value) for setting, value in rule.settings),
        assignments=tuple(Assignment(a.left, rewrite(a.right, put_in)) for a in rule.assignments),
    )
    settings = tuple((spelled.get(name, name), value) for name, value in objective.settings)
    return replace(model, objective=replace(objective, rule=own, settings=settings))
