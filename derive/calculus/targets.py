"""Which data are targets, and what can be computed without them."""

from __future__ import annotations

from derive.model import Specification, data
from derive.terms import Name, Quantity, entries


def target_names(spec: Specification) -> frozenset[Name]:
    """The inputs that only the equation of the cost reads."""
    cost = spec.objective.cost.name
    read = {
        entry.quantity.name
        for equation in spec.equations
        if equation.left.name != cost
        for entry in entries(equation.right)
    }
    return frozenset(q.name for q in data(spec) if q.name not in read)


def forward_quantities(spec: Specification, targets: frozenset[Name]) -> tuple[Quantity, ...]:
    """The quantities of the author's naming that can be computed without a target, in order."""
    closed = set(targets)
    found = []
    for equation in spec.equations:
        if any(entry.quantity.name in closed for entry in entries(equation.right)):
            closed.add(equation.left.name)
        elif isinstance(equation.left.name, str):
            found.append(equation.left)
    return tuple(found)
