"""Declared facts in a generated module: arguments are held to them, drawn data fulfil them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import wrap

from derive.code.layout import INDENT, WIDTH
from derive.model import Fact, FactKind, Specification
from derive.terms import Name


@dataclass(frozen=True)
class FactRow:
    """What a fact says of an array called `{0}`: in words, as a test, and made true of it."""

    wording: str
    holds: str
    made: str


ROWS: dict[FactKind, FactRow] = {
    "rows_sum_to_one": FactRow(
        "rows that sum to one",
        "np.abs({0}.sum(axis=-1) - 1).max() < 1e-5",
        "np.abs({0}) / np.abs({0}).sum(axis=-1, keepdims=True)",
    ),
    "one_hot": FactRow(
        "a single one in each row, and zeros",
        "np.isin({0}, (0, 1)).all() and ({0}.sum(axis=-1) == 1).all()",
        "({0} == {0}.max(axis=-1, keepdims=True)).astype(float)",
    ),
    "symmetric": FactRow(
        "symmetric rows and columns",
        "np.abs({0} - {0}.T).max() <= 1e-5 * np.abs({0}).max()",
        "({0} + {0}.T) / 2",
    ),
    "orthonormal": FactRow(
        "orthonormal columns",
        "np.abs({0}.T @ {0} - np.eye({0}.shape[1])).max() < 1e-5",
        "np.linalg.qr({0})[0]",
    ),
    "positive": FactRow("positive entries only", "({0} > 0).all()", "np.abs({0}) + 0.1"),
    "signs": FactRow("entries 1 and -1", "(np.abs({0}) == 1).all()", "np.copysign(1.0, {0})"),
}


def checks(spec: Specification, names: Mapping[Name, str]) -> list[str]:
    """One entry a fact of the table that a module holds its arguments against."""
    return [
        f'("{names[fact.quantity.name]}", "{ROWS[fact.kind].wording}", '
        f"lambda array: {ROWS[fact.kind].holds.format('array')})"
        for fact in spec.facts
    ]


def assumed(facts: Sequence[Fact], names: Mapping[Name, str]) -> list[str]:
    """What a caller who changes parameters is told of the facts about them.

    >>> from derive.terms import Quantity
    >>> for line in assumed([Fact("positive", Quantity("s", (), "param"))], {"s": "s"}):
    ...     print(line)
    The model assumes that s has positive entries only. A step may end that; the next call then
    refuses the parameters.
    """
    about = [
        f"{names[fact.quantity.name]} has {ROWS[fact.kind].wording}"
        for fact in facts
        if fact.quantity.kind == "param"
    ]
    if not about:
        return []
    told = f"The model assumes that {' and '.join(about)}. A step may end that; the next call then"
    return wrap(f"{told} refuses the parameters.", WIDTH - INDENT)


def fulfilled(fact: Fact, array: str) -> str:
    """The line that makes a fact true of an array.

    >>> from derive.terms import Quantity
    >>> fulfilled(Fact("positive", Quantity("s")), "s")
    's = np.abs(s) + 0.1'
    """
    return f"{array} = {ROWS[fact.kind].made.format(array)}"
