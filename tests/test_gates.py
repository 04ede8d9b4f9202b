"""Sums of terms that are zero outside their own range of an index, printed range by range."""

import pytest

from derive.terms import (
    ONE,
    ZERO,
    Add,
    Choice,
    Compare,
    Entry,
    Index,
    IndexValue,
    Multiply,
    Negate,
    Quantity,
    Size,
    number,
)
from derive.typeset.ranges import by_ranges
from derive.typeset.symbols import Notation
from derive.typeset.terms import layout
from derive.typeset.unicode import unicode

H = Size("H")
j = Index(Multiply((number(3), H)))
at = IndexValue(j)


def times(count):
    return Multiply((number(count), H))


def gate(name, *conditions):
    """A vector that is read at j, and zero where a condition fails."""
    term = Entry(Quantity(name, (j.size,)), (at,))
    for condition in conditions:
        term = Choice(condition, term, ZERO)
    return term


FIRST = gate("a", Compare("<", at, H))
SECOND = gate("b", Compare("<=", H, at), Compare(">", times(2), at))
THIRD = gate("c", Compare("<", Add((times(2), Negate(ONE))), at))


def shown(*terms):
    return unicode(layout(Add(terms), Notation({j: "j"})))


@pytest.mark.parametrize("terms", [(FIRST, SECOND, THIRD), (THIRD, FIRST, SECOND)])
def test_ranges_that_make_up_an_axis_are_cases_in_its_order(terms):
    assert shown(*terms) == "{a[j], j ≤ H; b[j], H < j ≤ 2 H; c[j], j > 2 H}"


def test_what_stands_in_one_range_is_added_up():
    twice = gate("d", Compare("<", at, H))
    assert shown(FIRST, SECOND, twice, THIRD) == (
        "{a[j] + d[j], j ≤ H; b[j], H < j ≤ 2 H; c[j], j > 2 H}"
    )


@pytest.mark.parametrize(
    "terms",
    [
        # A gap, an overlap, and a term that has no range.
        (FIRST, THIRD),
        (FIRST, SECOND, THIRD, gate("d", Compare("<", at, times(2)))),
        (FIRST, SECOND, THIRD, gate("d")),
    ],
)
def test_other_sums_stay_sums(terms):
    assert by_ranges(Add(terms)) is None
