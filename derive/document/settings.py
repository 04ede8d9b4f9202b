"""The names of an update rule beside those of a model: no two of them print alike.

A model may call a constant `eps`, which prints ε as Adam's epsilon does, or a parameter `alpha`.
In its document the setting is then that of its rule: ε_adam, α_sgd.  What a rule counts, as the
steps t, has another letter where the model has a t, be it an index.  The names in the code stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from derive.calculus.update import common, is_general
from derive.model import Assignment, Specification
from derive.names import Symbol, symbol
from derive.terms import BINDERS, Entry, Index, Node, Quantity, rewrite, walk

# The quantity as a document names it, by the one that the rule has.
Renamed = Mapping[Quantity, Quantity]

# What steps are counted by, where the letter of the rule is one of the model's.
COUNTERS = ("tau", "kappa", "s", "k", "r", "q")


def renamed_quantities(
    model: Specification, given: Mapping[str, Symbol]
) -> dict[Quantity, Quantity]:
    """What would print like a name or an index of the model, under names of their own.

    >>> from derive.language import read_model
    >>> text = "alpha: param; C = (alpha - 1) ** 2; minimize(C, sgd())"
    >>> [own.name for own in renamed_quantities(read_model(text), {}).values()]
    ['alpha_sgd']
    >>> text = "T: dim; w: param[T]; z[t] = w[t] ** 2; C = sum(z); minimize(C, adam())"
    >>> [own.name for own in renamed_quantities(read_model(text), {}).values()]
    ['tau']
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
    taken |= {symbol(str(found.get(setting, setting).name)) for setting, _ in rule.settings}
    taken |= {symbol(index.letter) for index in indices_of(model) if index.letter is not None}
    for counter in sorted(common(rule), key=str) if is_general(rule) else ():
        if symbol(str(counter.name)) in taken:
            free = (letter for letter in COUNTERS if symbol(letter) not in taken)
            found[counter] = replace(counter, name=next(free, f"{counter.name}_{rule.name}"))
            taken.add(symbol(str(found[counter].name)))
    return found


def indices_of(model: Specification) -> Iterator[Index]:
    """The indices of all equations, free and bound."""
    for equation in model.equations:
        yield from equation.indices
        for node in walk(equation.right):
            if isinstance(node, BINDERS):
                yield from node.indices


def with_names(model: Specification, names: Renamed) -> Specification:
    """The model with quantities of its rule under other names."""
    if not names:
        return model
    objective, rule = model.objective, model.objective.rule

    def put_in(node: Node) -> Node | None:
        if isinstance(node, Entry) and node.quantity in names:
            return Entry(names[node.quantity], node.subscripts)
        return None

    spelled = {str(former.name): str(own.name) for former, own in names.items()}
    own = replace(
        rule,
        settings=tuple((names.get(setting, setting), value) for setting, value in rule.settings),
        states=tuple(names.get(state, state) for state in rule.states),
        assignments=tuple(
            Assignment(names.get(a.left, a.left), rewrite(a.right, put_in))
            for a in rule.assignments
        ),
    )
    settings = tuple((spelled.get(name, name), value) for name, value in objective.settings)
    return replace(model, objective=replace(objective, rule=own, settings=settings))
