"""What all functions of a generated module are made from."""

from __future__ import annotations

from dataclasses import dataclass

from derive.code.docstring import Formulas
from derive.code.starting_code import size_arguments, told
from derive.model import Dimension, Specification, data
from derive.program.arrays import Apply, walk
from derive.program.program import Program, every_statement, is_given
from derive.terms import Name, Quantity

# The functions that soon exceed the largest float: a logistic 1 / (1 + exp(-x)) is then 0.
GROWING = frozenset({"exp", "expm1", "sinh", "cosh"})


@dataclass(frozen=True)
class Parts:
    """What all functions of the module are made from."""

    spec: Specification
    program: Program
    names: dict[Name, str]
    settings: dict[Name, str]
    targets: frozenset[Name]
    values: tuple[Quantity, ...]
    formulas: Formulas

    @property
    def given_dimensions(self) -> list[Dimension]:
        """The sizes that no shape tells, with those of the example as defaults."""
        given = {rule.name for rule in self.program.sizes if is_given(rule)}
        return [dimension for dimension in told(self.spec).dimensions if dimension.name in given]

    @property
    def given(self) -> list[str]:
        """The sizes that no shape tells, as they are passed on."""
        return [self.names[dimension.name] for dimension in self.given_dimensions]

    @property
    def given_arguments(self) -> list[str]:
        """The sizes that no shape tells, as arguments with defaults."""
        return size_arguments(self.given_dimensions, self.names)

    @property
    def passed_settings(self) -> list[str]:
        """The settings of the update rule where they are passed on to `update`."""
        return ["**settings"] if self.settings else []

    @property
    def may_overflow(self) -> bool:
        """Whether the way to a result that is finite may go through a number that is not."""
        values = (statement.value for statement in every_statement(self.program.statements))
        terms = (part for value in values for part in walk(value))
        return any(isinstance(term, Apply) and term.function in GROWING for term in terms)

    @property
    def data(self) -> list[str]:
        """All data as arguments."""
        return [self.names[quantity.name] for quantity in data(self.spec)]

    @property
    def visible(self) -> list[str]:
        """The data that are no targets, as arguments."""
        return [self.names[q.name] for q in data(self.spec) if q.name not in self.targets]
