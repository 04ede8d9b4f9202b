"""The tables of a generated module: shapes, bounds, derived sizes, facts, constants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from derive.code.fact_code import checks
from derive.code.module_parts import Parts
from derive.code.numpy_code import bracketed
from derive.code.size_code import decimal, size_code
from derive.model import Specification, data, parameters
from derive.names import python_name
from derive.program.program import size_names
from derive.sizes import show_size
from derive.terms import Name, Number, Size, Term


def tables(parts: Parts) -> dict[str, Any]:
    """The entries of each table, laid out in lines."""
    spec, names = parts.spec, parts.names
    shapes = [f'"{q.name}": {_shape_entry(q.shape)}' for q in parameters(spec)]
    inputs = [f'"{names[q.name]}": {_shape_entry(q.shape)}' for q in data(spec)]
    below = [
        f'"{names[d.quantity.name]}": {_size_entry(d.bound)}'
        for d in spec.declarations
        if d.bound is not None
    ]
    formulas = [_derived_entry(*pair) for pair in _derived(spec)]
    facts = checks(spec, names)
    constants = [f"{names[q.name]} = {decimal(value)}" for q, value in parts.program.constants]
    return {
        "parameters_table": bracketed("PARAMETERS = {", shapes, "}"),
        "data_table": bracketed("DATA = {", inputs, "}"),
        "below_table": bracketed("BELOW = {", below, "}") if below else [],
        "derived_table": ["DERIVED = {", *(f"    {f}," for f in formulas), "}"] if formulas else [],
        "fact_table": ["FACTS = [", *(f"    {row}," for row in facts), "]"] if facts else [],
        "constants": constants,
        "given": bool(parts.given),
    }


def _derived(spec: Specification) -> list[tuple[str, Term]]:
    """The sizes that follow from others: dimensions with a formula, expressions in shapes."""
    found = {d.name: d.formula for d in spec.dimensions if d.formula is not None}
    for quantity in (*parameters(spec), *data(spec)):
        for size in quantity.shape:
            if not isinstance(size, (Number, Size)):
                found.setdefault(show_size(size), size)
    return list(found.items())


def _derived_entry(name: str, formula: Term) -> str:
    """`"2*K": (("K",), lambda K: 2 * K)`."""
    needed = size_names(formula)
    quoted = ", ".join(f'"{size}"' for size in needed) + ("," if len(needed) == 1 else "")
    names: dict[Name, str] = {size: python_name(size) for size in needed}
    arguments = ", ".join(names.values())
    return f'"{name}": (({quoted}), lambda {arguments}: {size_code(formula, names)})'


def _shape_entry(shape: Sequence[Term]) -> str:
    sizes = ", ".join(map(_size_entry, shape))
    return f"({sizes},)" if len(shape) == 1 else f"({sizes})"


def _size_entry(size: Term) -> str:
    return str(size.value) if isinstance(size, Number) else f'"{show_size(size)}"'
