"""Names for the parts of a program that the model does not name.

A part is called by its label; two that would be called the same are numbered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from derive.program.arrays import (
    Apply,
    ArrayTerm,
    Copy,
    Elementwise,
    Matmul,
    Transpose,
    Whole,
    operands,
    walk,
    with_operands,
)
from derive.program.labels import Labels, product_label
from derive.program.part_names import MOTION, fresh, is_unnamed, label_of
from derive.program.program import Line, Loop, Program, Statement, every_statement
from derive.terms import (
    Derivative,
    Name,
    Quantity,
)

# What a part is called where its first name is taken.
OTHER_WORDS = {"error": "residual"}


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
            wanted = labels.wanted(statement.value, _use(name, statements))
            other = OTHER_WORDS.get(wanted, wanted) if wanted in taken else wanted
            found[name] = fresh(other, taken)
            taken.add(found[name])
    lines = tuple(_renamed_line(line, found) for line in program.statements)
    return replace(program, statements=lines)


def _use(name: Name, statements: tuple[Statement, ...]) -> str:
    """What a part is for: `pre_h` where h is a function of it, else `d_w_part` of d_w."""
    for statement in statements:
        if any(isinstance(p, Whole) and p.quantity.name == name for p in walk(statement.value)):
            target = statement.target.name
            return "part" if is_unnamed(target) else _use_in(name, statement)
    return "part"


def _use_in(name: Name, statement: Statement) -> str:
    target, value = label_of(statement.target.name), statement.value
    turned = value.operand if isinstance(value, Copy) else value
    if isinstance(turned, Transpose) and isinstance(turned.operand, Whole):
        return f"{target}_transposed"
    match statement.target.name, value:
        case Derivative(_, wrt), Matmul(one, other) if wrt != MOTION:
            factors = [_turned(one), _turned(other)]
            if _is_named(factors[0], name) or _is_named(factors[1], name):
                factor = factors[1] if _is_named(factors[0], name) else factors[0]
                if isinstance(factor, Whole) and not is_unnamed(factor.quantity.name):
                    return f"d_{product_label(label_of(factor.quantity.name), label_of(wrt))}"
    read = [p.quantity.name for p in operands(value) if isinstance(p, Whole)]
    is_argument = isinstance(value, Apply) or _is_choice(value)
    return f"pre_{target}" if is_argument and name in read else f"{target}_part"


def _turned(term: ArrayTerm) -> ArrayTerm:
    return term.operand if isinstance(term, Transpose) else term


def _is_named(term: ArrayTerm, name: Name) -> bool:
    return isinstance(term, Whole) and term.quantity.name == name


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
