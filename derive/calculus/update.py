"""An update rule applied to one entry: its assignments with θ, g and the states put in."""

from __future__ import annotations

from collections.abc import Collection

from derive.model import UpdateRule
from derive.terms import Entry, Node, Quantity, Term, rewrite

# What stands for any parameter where the rule's own word is a name of the model.
LETTERS = ("theta", "phi", "psi", "xi", "omega")


def is_general(rule: UpdateRule) -> bool:
    """Whether a rule is stated once for all parameters: it has several lines, or remembers."""
    return bool(rule.states) or len(rule.assignments) > 1


def any_parameter(rule: UpdateRule, taken: Collection[str]) -> Quantity:
    """The θ of a rule, by a letter that is not `taken`."""
    own = str(rule.parameter.name)
    free = (letter for letter in (own, *LETTERS) if letter not in taken)
    return Quantity(next(free, own), (), "param")


def updated(
    rule: UpdateRule, target: Entry, named: Term, value: Term, taken: Collection[str] = ()
) -> tuple[tuple[Entry, Term, Term], ...]:
    """Each assignment of the rule for `target`: its left side, and its right side twice.

    The gradient stands in the first right side as `named`, in the second as `value`.  What is local
    to the rule keeps its name, unless that is `taken`.
    """
    places = {rule.parameter: target} | {state: state_of(state, target) for state in rule.states}
    for assignment in rule.assignments:
        left = assignment.left
        own = state_of(left, target) if str(left.name) in taken else Entry(left)
        places.setdefault(left, own)

    def put_in(term: Term, gradient: Term) -> Term:
        def choose(node: Node) -> Node | None:
            if not isinstance(node, Entry):
                return None
            return gradient if node.quantity == rule.gradient else places.get(node.quantity)

        return rewrite(term, choose)

    return tuple(
        (
            places[assignment.left],
            put_in(assignment.right, named),
            put_in(assignment.right, value),
        )
        for assignment in rule.assignments
    )


def state_of(state: Quantity, target: Entry) -> Entry:
    """The entry of a state that belongs to one entry of a parameter: m is m_w at the place of w."""
    name = f"{state.name}_{target.quantity.name}"
    return Entry(Quantity(name, target.quantity.shape, "state"), target.subscripts)
