"""Vectors that are computed entry by entry, in whole: σ(z) ∘ (1 − σ(z)).

Here a function of a vector is that of each entry, a ring joins vectors entry by entry, and what
carries no index is a number.
"""

from __future__ import annotations

from derive.document.writer import Writer, formula, symbol_of
from derive.simplify import flat_factors, product
from derive.terms import (
    Add,
    Call,
    Divide,
    Entry,
    Index,
    IndexValue,
    Multiply,
    Negate,
    Number,
    Power,
    Term,
    free_indices,
    is_one,
)
from derive.typeset.arrays import HADAMARD
from derive.typeset.functions import layout_function
from derive.typeset.layout import (
    MINUS,
    Fraction,
    Group,
    Layout,
    Operator,
    Raised,
    bracketed,
    row,
)
from derive.typeset.layout import product as side_by_side
from derive.typeset.levels import Level, level


def vector(writer: Writer, term: Term, index: Index) -> Layout | None:
    """`term` for all values of its one index as a column, None where there is no plain word."""

    def inner(part: Term, place: Level = Level.ANY) -> Layout | None:
        shown = vector(writer, part, index)
        return bracketed(shown) if shown is not None and level(part) < place else shown

    if not free_indices(term):
        return formula(writer, term)
    match term:
        case Entry():
            return symbol_of(writer, term.quantity) if _is_column(term, index) else None
        case Negate(positive):
            shown = inner(positive, Level.PRODUCT)
            return None if shown is None else row(Operator(MINUS, "prefix"), shown)
        case Add(terms):
            return _sum([(part, inner(_unsigned(part), Level.PRODUCT)) for part in terms])
        case Multiply():
            factors = flat_factors((term,))
            numbers = [factor for factor in factors if not free_indices(factor)]
            vectors = [factor for factor in factors if factor not in numbers]
            return _joined(
                number_before(writer, numbers), [inner(part, Level.FACTOR) for part in vectors]
            )
        case Divide(above, below) if not free_indices(below):
            shown = inner(above)
            return None if shown is None else Fraction(Group(shown), formula(writer, below))
        case Power(base, Number() as exponent):
            shown = inner(base, Level.ATOM)
            return None if shown is None else Raised(shown, formula(writer, exponent))
        case Call(function, (argument,)):
            shown = inner(argument)
            return None if shown is None else layout_function(function, shown)
    return None


def _is_column(entry: Entry, index: Index) -> bool:
    """Whether an entry runs down a column as its index runs: a (1, n) array is a row."""
    shape = entry.quantity.shape
    long = [axis for axis, size in enumerate(shape) if not is_one(size)]
    return long == [0] and entry.subscripts[0] == IndexValue(index)


def _unsigned(term: Term) -> Term:
    return term.term if isinstance(term, Negate) else term


def _sum(parts: list[tuple[Term, Layout | None]]) -> Layout | None:
    items: list[Layout] = []
    for term, shown in parts:
        if shown is None:
            return None
        if isinstance(term, Negate):
            items.append(Operator(MINUS) if items else Operator(MINUS, "prefix"))
        elif items:
            items.append(Operator("+"))
        items.append(shown)
    return row(*items)


def _joined(numbers: list[Layout], vectors: list[Layout | None]) -> Layout | None:
    items: list[Layout] = []
    for shown in vectors:
        if shown is None:
            return None
        items += [Operator(HADAMARD), shown] if items else [shown]
    return side_by_side(*numbers, row(*items))


def number_before(writer: Writer, factors: list[Term]) -> list[Layout]:
    """The factors that carry no index, as one number before a vector or a matrix."""
    if not factors:
        return []
    value = product(*factors)
    shown = formula(writer, value)
    loose = level(value) < Level.PRODUCT or _ends_in_sum(value)
    return [bracketed(shown) if loose else shown]


def _ends_in_sum(term: Term) -> bool:
    last = flat_factors((term,))[-1]
    return not isinstance(last, Number | Entry | Power | Divide | Call)
