"""What is computed instead of what is written, where floats would overflow or cancel.

These rewrites come after all differentiation: a shift by the maximum is never differentiated, and
no document shows it.  A named quantity keeps its line; a line that reads it where that loses its
digits reads what it is made of.  The rewrites stand in `stable/table.py`.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, replace
from typing import cast

from derive.calculus.recognise import Recognised, with_names
from derive.model import Equation, Recurrence, Specification
from derive.program.stable.known import Known
from derive.program.stable.products import with_quotients
from derive.program.stable.table import RECOGNISED, REWRITES, Stabilisation
from derive.terms import Name, Node, NodeT, Term, children, rebuild

EVERY = (*REWRITES, *RECOGNISED)


@dataclass(frozen=True)
class Stabilised:
    """Equations as they are to be computed, and which rewrites were used for which quantity."""

    equations: tuple[Equation, ...]
    used: tuple[tuple[Name, Stabilisation], ...]


def stabilised(
    spec: Specification,
    gradients: Sequence[Equation] = (),
    recurrences: Sequence[Recurrence] = (),
) -> Stabilised:
    """The equations of a model and of its gradients, in their order, as they are to be computed.

    `recurrences` say which of the gradients step together.

    >>> from derive.language import read_model
    >>> model = read_model("w: param; s = sigmoid(w); C = -log(s); minimize(C)")
    >>> [(name, rewrite.name) for name, rewrite in stabilised(model).used]
    [('C', 'log_sigmoid')]
    """
    gradients = with_names(gradients, spec.equations)
    every = (*spec.equations, *gradients)
    stepping = {q.name for block in (*spec.recurrences, *recurrences) for q in block.quantities}
    constants = {d.quantity.name: d.value for d in spec.declarations if d.value is not None}
    positive = {fact.quantity.name for fact in spec.facts if fact.kind == "positive"}
    definitions = {equation.left.name: equation for equation in every}
    known = Known(definitions, constants, frozenset(positive), frozenset(stepping))
    done: list[Equation] = []
    named = Recognised()
    used: list[tuple[Name, Stabilisation]] = []
    for equation in every:
        here = replace(
            known,
            in_recurrence=equation.left.name in stepping,
            in_gradient=equation.left.kind == "gradient",
        )
        right, rewrites = stable(equation.right, here)
        if rewrites:
            (equation,) = with_names((replace(equation, right=right),), named)
            equation = replace(equation, right=with_quotients(equation.right))
            used += [(equation.left.name, one) for one in dict.fromkeys(rewrites)]
        done.append(equation)
        named.add(equation)
    return Stabilised(tuple(done), tuple(used))


def forms_in(stabilised: Stabilised, computed: Container[Name]) -> tuple[Stabilisation, ...]:
    """The rewrites that were used for what is computed, in the order of the table."""
    used = {one.name for name, one in stabilised.used if name in computed}
    return tuple(one for one in REWRITES if one.name in used)


def stable(term: Term, known: Known) -> tuple[Term, list[Stabilisation]]:
    """A term as it is to be computed, and the rewrites that were used, from the top."""
    used: list[Stabilisation] = []

    def rewritten(node: Node) -> Node | None:
        for one in EVERY:
            found = one.rule(node, known)
            if found is not None:
                used.append(one)
                return visited(found)
        return None

    def visited(node: NodeT) -> NodeT:
        found = rewritten(node)
        if found is None:
            below = tuple(map(visited, children(node)))
            if below == children(node):
                return node
            node = rebuild(node, below)
            found = rewritten(node)
        return node if found is None else cast(NodeT, found)

    return visited(term), used
