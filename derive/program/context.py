"""Where a term is computed: in which order its axes are wanted, and where its values count.

What a filter drops is computed all the same, and so must not fail: a divisor that does not count
is one, and so is what a logarithm is taken of.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from derive.polynomials import least
from derive.program.arrays import Apply, ArrayTerm, Elementwise, Exact, Extent, Pi
from derive.program.computed import Computed
from derive.program.labelled import Labelled, combine
from derive.terms import Index, Name, Term


@dataclass(frozen=True)
class Context:
    """The order of axes that is wanted, and where values are kept, if some are dropped.

    `bounds` says below which size index data stay, where values may be put at the places they name,
    and `formulas` what sizes are; `finite` names quantities that have no infinite
    values, None where a formula is written and nothing is computed; `sizes` are representative
    values, by which work is compared, and `computed` holds the arrays that are known.  What is
    `plain` is one expression: nothing is added up in it.  The term that is `part` of a larger array
    is broadcast where it is put, and may be a number at some steps.
    """

    wanted: tuple[Index, ...] = ()
    kept: Labelled | None = None
    bounds: Mapping[Name, Term] = field(default_factory=dict)
    formulas: Mapping[str, Term] = field(default_factory=dict)
    finite: frozenset[Name] | None = None
    sizes: Mapping[str, int] = field(default_factory=dict)
    computed: Computed = field(default_factory=Computed)
    plain: bool = False
    part: Term | None = None

    @property
    def adds_up(self) -> bool:
        """Whether values may be added up in an array of their own."""
        return self.kept is None and not self.plain


def keeping(context: Context, mask: Labelled) -> Context:
    """Inside a choice or a filter: only what the mask keeps counts."""
    if context.kept is not None:
        mask = combine("and", [context.kept, mask], context.wanted)
    return replace(context, kept=mask)


def _exists(term: ArrayTerm) -> bool:
    """Whether a plain number is surely positive: one that is made of sizes may be zero."""
    match term:
        case Exact(value):
            return value > 0
        case Extent(size):
            smallest = least(size)
            return smallest is not None and smallest > 0
        case Elementwise("multiply" | "divide" | "add", parts) | Apply("exp" | "sqrt", parts):
            return all(map(_exists, parts))
    return isinstance(term, Pi)


def defined(value: Labelled, context: Context) -> Labelled:
    """A divisor, or what a logarithm is taken of: 1 where nothing counts."""
    if context.kept is None or _exists(value.term):
        return value
    return combine("where", [context.kept, value, Labelled(Exact(Fraction(1)))], context.wanted)
