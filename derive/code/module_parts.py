"""What all functions of a generated module are made from."""

from __future__ import annotations

from dataclasses import dataclass

from derive.code.docstring import Formulas
from derive.model import Specification, data
from derive.program.program import Program
from derive.terms import Name, Quantity


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
    def given(self) -> list[str]:
        """The sizes that no shape tells, as arguments."""
        rules = (r for r in self.program.sizes if r.quantity is None and r.formula is None)
        return [self.names[rule.name] for rule in rules]

    @property
    def data(self) -> list[str]:
        """All data as arguments."""
        return [self.names[quantity.name] for quantity in data(self.spec)]

    @property
    def visible(self) -> list[str]:
        """The data that are no targets, as arguments."""
        return [self.names[q.name] for q in data(self.spec) if q.name not in self.targets]
