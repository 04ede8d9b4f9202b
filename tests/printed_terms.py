"""The entries of the neuron and a few letters, for the tests that print them."""

from __future__ import annotations

from derive.terms import (
    ONE,
    TWO,
    ZERO,
    Add,
    Derivative,
    Entry,
    Index,
    IndexValue,
    Multiply,
    Negate,
    Quantity,
    Reduction,
    Size,
    Term,
)
from derive.typeset.equations import equation
from derive.typeset.layout import (
    Layout,
)
from derive.typeset.letters import choose_letters
from derive.typeset.symbols import Notation
from derive.typeset.terms import layout

n, m = Size("n"), Size("m")
i, j, k = (Index(n, letter) for letter in "ijk")
at_i, at_j, at_k = (IndexValue(index) for index in (i, j, k))
X = Quantity("X", (m, n), "input")
z, a, b = (Entry(Quantity(name)) for name in "zab")
y, alpha = Entry(Quantity("y", kind="input")), Entry(Quantity("alpha", kind="setting"))
y_hat = Entry(Quantity("y_hat", (ONE, ONE)), (ZERO, ZERO))
cost = Entry(Quantity("C", (ONE, ONE)), (ZERO, ZERO))
residual = Add((y_hat, Negate(y)))
upstream = Multiply((TWO, residual))


def x(at: Term) -> Entry:
    return Entry(Quantity("x", (ONE, n), "input"), (ZERO, at))


def w(at: Term) -> Entry:
    return Entry(Quantity("w", (n, ONE), "param"), (at, ZERO))


def dw(at: Term) -> Entry:
    return Entry(Quantity(Derivative("C", "w"), (n, ONE), "gradient"), (at, ZERO))


dy_hat = Entry(Quantity(Derivative("C", "y_hat"), (ONE, ONE), "gradient"), (ZERO, ZERO))


def shown(*terms, relation="=", marks=None) -> Layout:
    """The terms as one equation with the letters that the printer chooses."""
    notation = Notation(choose_letters(terms), marks=marks or {})
    first, *others = (layout(term, notation) for term in terms)
    return equation(first, *others, relation=relation)


def total(index, term, *where, kind="sum"):
    return Reduction(kind, (index,), term, where)
