"""How long exact numbers get, and how far errors grow, before any number is computed.

What a polynomial of degree d makes of short fractions is a fraction with d times their digits, and
an error of its data grows d times.  So the degree of a term, as a quotient of polynomials in data,
says whether exact arithmetic is to be had, and whether 50 digits are enough: `w ** 1000` is one
thing, its thousandth power another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from derive.terms import (
    Add,
    Condition,
    Divide,
    Entry,
    LinearAlgebra,
    Multiply,
    Name,
    Negate,
    Node,
    Number,
    Partial,
    Power,
    Reduction,
    children,
)

# Numbers of so many times the digits of their data are computed exactly.
LARGEST_DEGREE = 2_000
# At a higher degree 50 digits do not tell a right result from a wrong one.
TOLD_APART = 100_000
# What is counted is not exact beyond it.
CAP = 1 << 64
# Binary digits of a number that count as one factor.
BITS = 16
# About so many values an index has, and steps a recurrence, where something is verified.
EXTENT = 5

# The degrees of the polynomials above and below the line.
Degree = tuple[int, int]
Definitions = Iterable[tuple[Name, Node]]


def are_short(definitions: Definitions) -> bool:
    """Whether exact values of all definitions, each of which may read those before it, are short.

    >>> from derive.terms import Quantity, number
    >>> w = Entry(Quantity("w"))
    >>> are_short([("u", Power(w, number(100))), ("C", Power(Entry(Quantity("u")), number(100)))])
    False
    """
    return Degrees(exact=True).highest(definitions) <= LARGEST_DEGREE


def highest_degree(definitions: Definitions) -> int:
    """How many times a relative error of the data may grow on the way through the definitions."""
    return Degrees(exact=False).highest(definitions)


@dataclass
class Degrees:
    """The degrees of definitions; an `exact` sum of fractions has the product of their divisors."""

    exact: bool
    known: dict[Name, Degree] = field(default_factory=dict)

    def highest(self, definitions: Definitions) -> int:
        """The highest degree of a definition."""
        listed = tuple(definitions)
        # What is read before it is defined steps.
        for _ in range(EXTENT if _steps(listed) else 1):
            for name, node in listed:
                self.known[name] = self.of(node)
        return max(map(sum, self.known.values()), default=0)

    def of(self, node: Node) -> Degree:
        """The degree of a term or a condition."""
        match node:
            case Number(value):
                return _factors(value.numerator), _factors(value.denominator)
            case Entry(quantity):
                return self.known.get(quantity.name, (1, 0))
            case Negate(term):
                return self.of(term)
            case Add(terms):
                return self._sum([self.of(term) for term in terms])
            case Multiply(factors):
                return _product([self.of(factor) for factor in factors])
            case Divide(above, below):
                return _product([self.of(above), self.of(below)[::-1]])
            case Power(base, Number(exponent)):
                return _product([self.of(base)], abs(int(exponent)) + 1)
            case Reduction(kind, indices, term):
                places = EXTENT ** min(len(indices), EXTENT)
                inner = self.of(term)
                return _product([inner], places) if kind == "prod" else self._sum([inner], places)
            case LinearAlgebra(operands=operands):
                # A determinant, and what is divided by it.
                return _product([self.of(operand.term) for operand in operands] * 2, EXTENT)
            case Partial(term, _):
                upper, lower = self.of(term)
                return upper + lower, 2 * lower
        # A choice, or a function of its arguments.
        parts = [self.of(part) for part in children(node)]
        if isinstance(node, Condition):
            return max(map(sum, parts), default=0), 0
        return max((part[0] for part in parts), default=1), max((p[1] for p in parts), default=0)

    def _sum(self, parts: list[Degree], times: int = 1) -> Degree:
        if not self.exact:
            return max(above for above, _ in parts), max(below for _, below in parts)
        divisor = times * sum(below for _, below in parts)
        return min(max(above + divisor - below for above, below in parts), CAP), min(divisor, CAP)


def _product(parts: list[Degree], times: int = 1) -> Degree:
    above, below = (times * sum(part[place] for part in parts) for place in (0, 1))
    return min(above, CAP), min(below, CAP)


def _factors(value: int) -> int:
    return abs(value).bit_length() // BITS


def _steps(definitions: tuple[tuple[Name, Node], ...]) -> bool:
    defined, before = {name for name, _ in definitions}, set[Name]()
    for name, node in definitions:
        if (_read(node) & defined) - before:
            return True
        before.add(name)
    return False


def _read(node: Node) -> set[Name]:
    pending, found = [node], set[Name]()
    while pending:
        part = pending.pop()
        if isinstance(part, Entry):
            found.add(part.quantity.name)
        pending += children(part)
    return found
