"""Names for the parts of a program that the model does not name.

A part is called by its label; two that would be called the same are numbered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from derive.program.arrays import (
    Apply,
    ArrayTerm,
    Elementwise,
    Whole,
    operands,
    walk,
    with_operands,
)
from derive.program.labels import Labels
from derive.program.part_names import fresh, is_unnamed, label_of
from derive.program.program import Line, Loop, Program, Statement, every_statement
from derive.terms import (
    Derivative,
    Name,
    Quantity,
)


def named(program: Program) -> Program:
    """The program with a name for each part that has none."""
    statements = tuple(every_statement(program.statements))
    taken: set[Name] = {quantity.name for quantity in program.inputs}
    taken |= {quantity.name for quantity, _ in program.constants}
    taken |= {rule.name for rule in program.sizes}
    taken |= {s.target.name for s in statements if not is_unnamed(s.target.name)}
    taken |= {line.number.name for line in program.statements if isinstance(line, Loop)}
    taken |= {label_of(name) for name in taken if isinstance(name, Derivative)}
    found: dict[Name, str] = {}
    known = {s.target.name: s.value for s in statements if s.axis is None}
    for statement in statements:
        name = statement.target.name
        if is_unnamed(name) and name not in found:
            labels = Labels(found, known)
            found[name] = fresh(labels.wanted(statement.value, _use(name, statements)), taken)
            taken.add(found[name])
    lines = tuple(_renamed_line(line, found) for line in program.statements)
    return replace(program, statements=lines)


def _use(name: Name, statements: tuple[Statement, ...]) -> str:
    """What a part is for: `d_w_part` where it is first read to compute d_w."""
    for statement in statements:
        if any(isinstance(p, Whole) and p.quantity.name == name for p in walk(statement.value)):
            target = statement.target.name
            if is_unnamed(target):
                return "part"
            inside = isinstance(statement.value, Apply) or _is_choice(statement.value)
            is_argument = inside and name in (
                p.quantity.name for p in operands(statement.value) if isinstance(p, Whole)
            )
            return f"pre_{label_of(target)}" if is_argument else f"{label_of(target)}_part"
    return "part"


def _is_choice(term: ArrayTerm) -> bool:
    return isinstance(term, Elementwise) and term.operation == "where"


def _renamed_line(line: Line, names: Mapping[Name, str]) -> Line:
    if isinstance(line, Loop):
        statements, handed = (
            tuple(_renamed_statement(statement, names) for statement in group)
            for group in (line.statements, line.handed)
        )
        return replace(line, statements=statements, handed=handed)
    return _renamed_statement(line, names)


def _renamed_statement(statement: Statement, names: Mapping[Name, str]) -> Statement:
    target, value = statement.target, _renamed(statement.value, names)
    return replace(statement, target=_new(target, names), value=value)


def _renamed(term: ArrayTerm, names: Mapping[Name, str]) -> ArrayTerm:
    if isinstance(term, Whole):
        return Whole(_new(term.quantity, names))
    return with_operands(term, tuple(_renamed(part, names) for part in operands(term)))


def _new(quantity: Quantity, names: Mapping[Name, str]) -> Quantity:
    return replace(quantity, name=names.get(quantity.name, quantity.name))
