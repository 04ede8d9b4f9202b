"""What a rule may use besides the term itself: definitions, declared facts, earlier gradients."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from derive.calculus.matching import entry_at, match
from derive.calculus.symmetry import symmetric_quantities
from derive.model import Equation, FactKind, Specification
from derive.terms import (
    Add,
    Call,
    Entry,
    Index,
    Name,
    Node,
    Quantity,
    Term,
    children,
    entries,
    walk,
)

# Facts from which it follows that the entries along the last axis sum to one.
SUM_TO_ONE: tuple[FactKind, ...] = ("rows_sum_to_one", "one_hot")


@dataclass
class Knowledge:
    """Definitions by a quantity that they read, facts by name, the gradients found so far.

    `bounds` are the sizes below which index data stay, and `sums` says what is read by the sums
    that the author wrote.
    Each definition is kept under the one quantity, of all that it reads, that the fewest others
    read: a name is looked for among few definitions, however many a model has.
    """

    definitions: Mapping[Quantity, Equation] = field(default_factory=dict)
    readers: Mapping[Quantity, tuple[Equation, ...]] = field(default_factory=dict)
    facts: frozenset[tuple[FactKind, Name]] = frozenset()
    sums: frozenset[tuple[Name, ...]] = frozenset()
    bounds: Mapping[Quantity, Term] = field(default_factory=dict)
    gradients: dict[Quantity, Equation] = field(default_factory=dict)

    def sums_to_one(self, quantity: Quantity) -> bool:
        """Whether the entries along the last axis of a quantity are declared to sum to one."""
        return any((kind, quantity.name) in self.facts for kind in SUM_TO_ONE)

    def is_(self, kind: FactKind, quantity: Quantity) -> bool:
        """Whether a fact is declared of a quantity."""
        return (kind, quantity.name) in self.facts

    @property
    def symmetric(self) -> frozenset[Name]:
        """The matrices that are symmetric, by declaration or as their definition shows."""
        return frozenset(name for kind, name in self.facts if kind == "symmetric")

    def is_written(self, term: Term) -> bool:
        """Whether a definition holds a sum that reads the same quantities in the same order."""
        return _key(term) in self.sums

    def name_of(self, term: Term) -> Entry | None:
        """The entry that is defined as `term`, up to the order of factors and summands."""
        for definition in self._candidates(term):
            values = match(definition.right, term, frozenset(definition.indices))
            if values is not None and _fits(values):
                entry = entry_at(definition, values)
                if entry is not None:
                    return entry
        return None

    def _candidates(self, term: Term) -> Iterator[Equation]:
        for quantity in dict.fromkeys(entry.quantity for entry in entries(term)):
            for definition in self.readers.get(quantity, ()):
                if type(definition.right) is type(term):
                    yield definition


def _fits(values: Mapping[Index, Term]) -> bool:
    """Whether each index of a definition has a value that runs over the same range."""
    return all(getattr(value, "index", index).size == index.size for index, value in values.items())


def knowledge_of(model: Specification) -> Knowledge:
    """What is known of a model before any gradient is."""
    counts: dict[Quantity, int] = {}
    for equation in model.equations:
        for quantity in _read(equation):
            counts[quantity] = counts.get(quantity, 0) + 1
    readers: dict[Quantity, tuple[Equation, ...]] = {}
    for equation in model.equations:
        read = _read(equation)
        nameable = not isinstance(equation.right, Entry) and children(equation.right)
        if read and nameable and not equation.domain:
            rarest = min(read, key=lambda quantity: counts[quantity])
            readers[rarest] = (*readers.get(rarest, ()), equation)
    facts: list[tuple[FactKind, Name]] = [(fact.kind, fact.quantity.name) for fact in model.facts]
    facts += [("symmetric", name) for name in symmetric_quantities(model)]
    return Knowledge(
        {equation.left: equation for equation in model.equations},
        readers,
        frozenset(facts),
        frozenset(
            _key(part)
            for equation in model.equations
            for part in walk(equation.right)
            if isinstance(part, Add)
        ),
        {d.quantity: d.bound for d in model.declarations if d.bound is not None},
    )


def _key(term: Node) -> tuple[Name, ...]:
    """What a term reads and which functions it calls, in reading order."""
    return tuple(
        part.quantity.name if isinstance(part, Entry) else part.function
        for part in walk(term)
        if isinstance(part, Entry | Call)
    )


def _read(equation: Equation) -> tuple[Quantity, ...]:
    return tuple(dict.fromkeys(entry.quantity for entry in entries(equation.right)))
