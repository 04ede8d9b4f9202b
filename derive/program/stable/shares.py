"""Softmaxes, whose largest exponent is taken off all exponents."""

from __future__ import annotations

from derive.program.stable.known import Known
from derive.program.stable.softmax import Softmax, log_of_softmax, match_each, shifted
from derive.program.stable.views import is_shifted, logarithm_of_sum, softmax_in
from derive.terms import Add, Call, Divide, Negate, Node, Term


def softmax(node: Node, known: Known) -> Term | None:
    """exp(z) / Σ exp(z) = exp(z - max z) / Σ exp(z - max z): no exponential is above one."""
    match node:
        case Divide(above, below):
            found = softmax_in(above, below, known)
            return None if found is None or is_shifted(found.each, known) else shifted(found)
    return None


def log_share(first: Term, second: Term, known: Known) -> Term | None:
    """Z - log Σ exp(z) = (z - max z) - log Σ exp(z - max z), where z is large."""
    found = _logarithm(first, second, known)
    return None if found is None or is_shifted(found.each, known) else log_of_softmax(found)


def softmax_of_logarithm(node: Node, known: Known) -> Term | None:
    """exp(z - log Σ exp(z)) = exp(z) / Σ exp(z): a large z takes no digits from the exponent."""
    match node:
        case Call("exp", (Add((first, second)),)):
            found = _logarithm(first, second, known)
            return None if found is None or is_shifted(found.each, known) else shifted(found)
    return None


def _logarithm(first: Term, second: Term, known: Known) -> Softmax | None:
    """The softmax whose logarithm a difference is."""
    if not isinstance(second, Negate):
        return None
    found = logarithm_of_sum(second.term, known)
    if found is None or not match_each(found.term, first, found.indices):
        return None
    return Softmax(first, found.term, found.indices, found.where)
