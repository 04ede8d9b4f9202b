"""What a rewrite may look at beside the term itself: what the names in it stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from derive.model import Equation
from derive.terms import (
    Divide,
    Entry,
    Multiply,
    Name,
    Negate,
    Number,
    Term,
    renew,
    substitute,
)


@dataclass(frozen=True)
class Known:
    """Definitions, constants, what is positive and what steps, each by name.

    `in_recurrence` says that the term is computed once for every step, `in_gradient` that it is a
    gradient.  There a slope is taken from the activation, 1 - h², which is at hand.
    """

    definitions: Mapping[Name, Equation] = field(default_factory=dict)
    constants: Mapping[Name, Fraction] = field(default_factory=dict)
    positive: frozenset[Name] = frozenset()
    stepping: frozenset[Name] = frozenset()
    in_recurrence: bool = False
    in_gradient: bool = False
    _opened: dict[Entry, Term] = field(default_factory=dict, repr=False, compare=False)

    def opened(self, term: Term) -> Term:
        """What an entry is defined as, down to the first operation; other terms stay."""
        if not isinstance(term, Entry) or term.quantity.name not in self.definitions:
            return term
        if term not in self._opened:
            definition = self.definitions[term.quantity.name]
            here = dict(zip(definition.indices, term.subscripts, strict=True))
            inside = renew(substitute(definition.right, here))
            self._opened[term] = term if definition.domain else self.opened(inside)
        return self._opened[term]

    def gradient(self, term: Term) -> Term | None:
        """What a gradient is computed as, where it is computed for all its places at once."""
        if not isinstance(term, Entry) or isinstance(term.quantity.name, str):
            return None
        name = term.quantity.name
        if name in self.stepping or name not in self.definitions:
            return None
        return self.opened(term)

    def value(self, term: Term) -> Fraction | None:
        """The value of a number or of a constant."""
        match term:
            case Number(value):
                return value
            case Entry(quantity, ()):
                return self.constants.get(quantity.name)
        return None


def is_at_hand(term: Term) -> bool:
    """Whether a term is a product of entries and numbers, which costs nothing to compute again."""
    match term:
        case Negate(inner):
            return is_at_hand(inner)
        case Multiply(factors):
            return all(map(is_at_hand, factors))
        case Divide(above, Number()):
            return is_at_hand(above)
    return isinstance(term, Entry | Number)
