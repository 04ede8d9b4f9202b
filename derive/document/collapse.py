"""The collapse of Kronecker's δ, shown: Σ_i x_i [i = j] = x_j.

The derivative of a sum by one entry is the sum of the derivatives of its terms.  That of an entry
by another is 1 where their places agree and 0 elsewhere, so one term of the sum is left.
"""

from __future__ import annotations

from derive.calculus.differentiate import differentiate, occurrences
from derive.calculus.steps import Step
from derive.simplify import guarded
from derive.terms import Compare, Entry, IndexValue, Partial, Reduction, Term


def before_collapse(step: Step) -> Term | None:
    """The sum in which δ still stands, None where a step collapses none plainly."""
    match step:
        case Step("one_place", Partial(Reduction("sum", indices, inside, ()), wrt)):
            read = [one for one in occurrences(inside) if one.quantity == wrt.quantity]
            if len(read) != 1:
                return None
            where = _where_one(read[0], wrt)
            bound = {IndexValue(index) for index in indices}
            if {condition.left for condition in where} != bound or _is_sum(inside):
                return None
            slope = differentiate(inside, read[0]).after
            return Reduction("sum", indices, guarded(tuple(where), slope))
    return None


def _where_one(entry: Entry, wrt: Entry) -> list[Compare]:
    """Where the derivative of one entry by another is 1: at the same place."""
    places = zip(entry.subscripts, wrt.subscripts, strict=True)
    return [Compare("==", here, there) for here, there in places if here != there]


def _is_sum(term: Term) -> bool:
    return isinstance(term, Reduction)
