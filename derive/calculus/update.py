"""An update rule applied to one entry: its assignments with θ, g and the states put in."""

from __future__ import annotations

from collections.abc import Collection

from derive.model import Assignment, UpdateRule
from derive.terms import Entry, Node, Quantity, Term, entries, rewrite

# What stands for any parameter where the rule's own word is a name of the model.
LETTERS = ("theta", "phi", "psi", "xi", "omega")


def is_general(rule: UpdateRule) -> bool:
    """Whether a rule is stated once for all parameters: it has several lines, or remembers."""
    return bool(rule.states) or len(rule.assignments) > 1


def common(rule: UpdateRule) -> frozenset[Quantity]:
    """What a rule changes that is the same for all parameters, as the number of steps is.

    It reads no entry and no gradient, and stands before what belongs to one entry.
    """
    found = {a.left for a in rule.assignments} - {rule.parameter}
    known = found | {quantity for quantity, _ in rule.settings}
    while own := [a.left for a in rule.assignments if a.left in found and _reads(a) - known]:
        found, known = found - {*own}, known - {*own}
    first = [assignment.left in found for assignment in rule.assignments]
    return frozenset(found) if first == sorted(first, reverse=True) else frozenset()


def _reads(assignment: Assignment) -> set[Quantity]:
    return {entry.quantity for entry in entries(assignment.right)}


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
    local = {assignment.left: Entry(assignment.left) for assignment in rule.assignments}
    owned = {*rule.states} - common(rule) | {q for q in local if str(q.name) in taken}
    places = local | {q: state_of(q, target) for q in owned} | {rule.parameter: target}

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
