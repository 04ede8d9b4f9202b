"""An update rule applied to one entry: its assignments with θ, g and the states put in."""

from __future__ import annotations

from derive.model import UpdateRule
from derive.terms import Entry, Node, Quantity, Term, rewrite


def updated(
    rule: UpdateRule, target: Entry, named: Term, value: Term
) -> tuple[tuple[Entry, Term, Term], ...]:
    """Each assignment of the rule for `target`: its left side, and its right side twice.

    The gradient stands in the first right side as `named`, in the second as `value`.
    """
    states = {state: state_of(state, target) for state in rule.states}
    places = {rule.parameter: target} | states

    def put_in(term: Term, gradient: Term) -> Term:
        def choose(node: Node) -> Node | None:
            if not isinstance(node, Entry):
                return None
            return gradient if node.quantity == rule.gradient else places.get(node.quantity)

        return rewrite(term, choose)

    return tuple(
        (
            places.get(assignment.left, Entry(assignment.left)),
            put_in(assignment.right, named),
            put_in(assignment.right, value),
        )
        for assignment in rule.assignments
    )


def state_of(state: Quantity, target: Entry) -> Entry:
    """The entry of a state that belongs to one entry of a parameter: m is m_w at the place of w."""
    name = f"{state.name}_{target.quantity.name}"
    return Entry(Quantity(name, target.quantity.shape, "state"), target.subscripts)
