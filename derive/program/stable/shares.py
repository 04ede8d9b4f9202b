"""Softmaxes, whose largest exponent is taken off all exponents."""

from __future__ import annotations

from derive.program.stable.known import Known
from derive.program.stable.softmax import Softmax, shifted
from derive.program.stable.views import softmax_in
from derive.terms import Add, Call, Divide, Negate, Node, Reduction, Term


def softmax(node: Node, known: Known) -> Term | None:
    """exp(z) / Σ exp(z) = exp(z - max z) / Σ exp(z - max z): no exponential is above one."""
    match node:
        case Divide(above, below):
            found = softmax_in(above, below, known)
            return None if found is None or is_shifted(found, known) else shifted(found)
    return None


def is_shifted(softmax: Softmax, known: Known) -> bool:
    """Whether the largest exponent is taken off already."""
    match softmax.each:
        case Call("minimum"):
            return True
        case Add(terms):
            parts = [part.term for part in terms if isinstance(part, Negate)]
            opened = [known.opened(part) for part in parts]
            return any(isinstance(part, Reduction) and part.kind == "max" for part in opened)
    return False
