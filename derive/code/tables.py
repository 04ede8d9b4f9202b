"""The tables of a generated module: shapes, bounds, derived sizes, facts, constants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from derive.code.fact_code import assumed, checks
from derive.code.layout import bracketed
from derive.code.module_parts import Parts
from derive.code.size_code import decimal, size_code
from derive.model import Specification, data, parameters
from derive.names import python_name
from derive.polynomials import least
from derive.program.found_sizes import sizes_on_axes
from derive.program.program import is_whole_axis, size_names, size_on
from derive.reductions import ROWS
from derive.sizes import show_size
from derive.terms import Compare, Entry, Name, Number, Reduction, Size, Term, walk

# The reductions that have a value over nothing.
OVER_NOTHING = frozenset(kind for kind, row in ROWS.items() if row.empty is not None)


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
        "loose_bounds": _may_lack_bounds(parts),
        "constants": constants,
        "given": bool(parts.given),
        "compares": _compares(spec),
        "assumed": assumed(spec.facts, names),
    }


def _may_lack_bounds(parts: Parts) -> bool:
    """Whether the size below which index data lie may be shown by targets alone."""
    spec = parts.spec
    seen = [q for q in data(spec) if q.name not in parts.targets]
    known = {size for q in (*parameters(spec), *seen) for size in q.shape}
    known |= {Size(rule.name) for rule in parts.program.sizes if rule.quantity is None}
    bounds = [d.bound for d in spec.declarations if d.bound is not None]
    return any(not {*map(Size, size_names(bound))} <= known for bound in bounds)


def _compares(spec: Specification) -> bool:
    """Whether anything depends on comparisons of numbers that are data, or made of data."""
    nodes = [node for equation in spec.equations for node in walk(equation.right)]
    nodes += [condition for equation in spec.equations for condition in equation.domain]
    compared = (part for node in nodes if isinstance(node, Compare) for part in walk(node))
    return any(isinstance(part, Entry) and part.quantity.kind != "index" for part in compared)


def _derived(spec: Specification) -> list[tuple[str, Term]]:
    """The sizes that follow from others, and are to be at least 1.

    Dimensions that are less than an axis or have a formula, expressions in shapes and
    bounds, ranges that could be too short.
    """
    found: dict[str, Term] = {}
    read: set[Term] = set()
    for rule in sizes_on_axes(spec).values():
        if rule.quantity is not None and not is_whole_axis(rule):
            axis = rule.quantity.shape[rule.axis]
            found[rule.name] = size_on(rule, Size(show_size(axis)))
            read.add(axis)
    found.update((d.name, d.formula) for d in spec.dimensions if d.formula is not None)
    shapes = (quantity.shape for quantity in (*parameters(spec), *data(spec)))
    bounds = (d.bound for d in spec.declarations if d.bound is not None)
    for size in (*chain.from_iterable(shapes), *bounds, *_short_ranges(spec)):
        if not isinstance(size, (Number, Size)) and size not in read:
            found.setdefault(show_size(size), size)
    return list(found.items())


def _short_ranges(spec: Specification) -> Iterator[Term]:
    """The ranges that are negative at some sizes, and those of a maximum that could be of nothing.

    >>> from derive.language import read_model
    >>> text = "T: dim; x: param[T]; t: range(T - 1); C = {}(x[t + 1] - x[t], t); minimize(C)"
    >>> [show_size(size) for size in _short_ranges(read_model(text.format("max"), "m"))]
    ['T - 1']
    >>> [show_size(size) for size in _short_ranges(read_model(text.format("sum"), "m"))]
    []
    """
    for equation in spec.equations:
        for index in equation.indices:
            if _may_be_below(index.size, 0):
                yield index.size
        for part in walk(equation.right):
            if isinstance(part, Reduction):
                shortest = 0 if part.kind in OVER_NOTHING else 1
                yield from (i.size for i in part.indices if _may_be_below(i.size, shortest))


def _may_be_below(size: Term, bound: int) -> bool:
    value = least(size)
    return value is None or value < bound


def _derived_entry(name: str, formula: Term) -> str:
    """`"2*K": (("K",), lambda K: 2 * K)`, or `"K": (("2*K",), lambda axis: axis / 2)`."""
    needed = size_names(formula)
    quoted = ", ".join(f'"{size}"' for size in needed) + ("," if len(needed) == 1 else "")
    names: dict[Name, str] = {
        size: python_name(size) if size.isidentifier() else "axis" for size in needed
    }
    arguments = ", ".join(names.values())
    formula_code = size_code(formula, names, exact=False)
    return f'"{name}": (({quoted}), lambda {arguments}: {formula_code})'


def _shape_entry(shape: Sequence[Term]) -> str:
    sizes = ", ".join(map(_size_entry, shape))
    return f"({sizes},)" if len(shape) == 1 else f"({sizes})"


def _size_entry(size: Term) -> str:
    return str(size.value) if isinstance(size, Number) else f'"{show_size(size)}"'
