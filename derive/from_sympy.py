"""A model whose forward equations are SymPy expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy

from derive.errors import DeriveError
from derive.language import rule_named
from derive.model import Declaration, Dimension, Equation, Objective, Specification
from derive.sympy_terms import Reader, entry_of, exact
from derive.terms import Entry, Index, IndexValue, Kind, Quantity, Size, Term
from derive.wellformed import check_specification

SHAPE_CURE = "give it one, IndexedBase('x', shape=(n,)), or use MatrixSymbol('x', n, 1)"
LEFT_CURE = "a left side is a symbol, z[i, j] of an IndexedBase, or a MatrixSymbol"


@dataclass
class Found:
    """The quantities that have been met, by name; `wrt` are the names of the parameters."""

    wrt: tuple[str, ...]
    sizes: tuple[str, ...]
    quantities: dict[str, Quantity] = field(default_factory=dict)

    def quantity(self, name: str, shape: tuple[Term, ...], kind: Kind = "input") -> Quantity:
        """The quantity called `name`, declared here if it is met for the first time."""
        kind = "param" if name in self.wrt else kind
        known = self.quantities.setdefault(name, Quantity(name, shape, kind))
        if len(known.shape) != len(shape):
            raise DeriveError(
                f"'{name}' has {len(known.shape)} axes in one place and {len(shape)} in another",
                "give the two quantities two names",
            )
        return known

    def symbol(self, symbol: sympy.Symbol) -> Term:
        """A dimension, or a scalar quantity."""
        name = symbol.name
        return Size(name) if name in self.sizes else Entry(self.quantity(name, ()))

    def array(self, base: Any, subscripts: tuple[Term, ...]) -> Quantity:
        """The quantity of an indexed base or a matrix symbol."""
        shape = base.shape
        if shape is not None:
            return self.quantity(str(base.name), Reader(self).terms(shape))
        # A base without a shape takes it from the ranges of the indices that subscript it.
        if str(base.name) not in self.quantities:
            plain = [s for s in subscripts if isinstance(s, IndexValue)]
            if len(plain) < len(subscripts):
                raise DeriveError(f"the shape of '{base.name}' is not known", SHAPE_CURE)
            return self.quantity(str(base.name), tuple(s.index.size for s in plain))
        return self.quantities[str(base.name)]


def specification_from_sympy(
    equations: Any,
    wrt: Sequence[Any],
    *,
    name: str = "model",
    title: str = "",
    rule: str = "sgd",
    settings: Mapping[str, Any] | None = None,
    sizes: Mapping[str, int] | None = None,
) -> Specification:
    """The model of SymPy `equations`, whose last left side is the cost, minimised over `wrt`.

    `equations` is one expression, which is called C, or a list of `Eq(left, right)` in the order
    of computation.  A left side is a symbol, an entry `z[i, j]` of an indexed base, or a matrix
    symbol.  What is neither defined nor in `wrt` is an input.  `rule` and `settings` are those of
    `minimize`; `sizes` are those of the written-out example, by name.  What has no meaning here is
    a `DeriveError`.

    >>> x, w, b, y = sympy.symbols("x w b y")
    >>> model = specification_from_sympy((x * w + b - y) ** 2, wrt=[w, b])
    >>> [(d.quantity.name, d.quantity.kind) for d in model.declarations]
    [('x', 'input'), ('y', 'input'), ('w', 'param'), ('b', 'param')]
    """
    pairs = _pairs(equations)
    parameters = tuple(_name(symbol) for symbol in wrt)
    found = Found(parameters, tuple(dict.fromkeys(_sizes(pairs))))
    defined = [_equation(left, right, found) for left, right in pairs]
    declarations = _declarations(found, {equation.left.name for equation in defined})
    objective = Objective(
        defined[-1].left,
        rule_named(rule),
        tuple((key, exact(value)) for key, value in (settings or {}).items()),
    )
    _check_settings(objective)
    specification = Specification(
        name=name,
        title=title or name,
        dimensions=tuple(Dimension(size, (sizes or {}).get(size)) for size in found.sizes),
        declarations=declarations,
        equations=tuple(defined),
        objective=objective,
    )
    check_specification(specification)
    return specification


def _pairs(equations: Any) -> list[tuple[Any, Any]]:
    """Left and right sides; a lone expression is the cost C."""
    if isinstance(equations, sympy.Expr):
        return [(sympy.Symbol("C"), equations)]
    listed = [equations] if isinstance(equations, sympy.Eq) else list(equations)
    for equation in listed:
        if not isinstance(equation, sympy.Eq):
            raise DeriveError(f"{str(equation)[:60]} is not an equation", "write Eq(left, right)")
    if not listed:
        raise DeriveError("there are no equations", "give at least the cost")
    return [equation.args for equation in listed]


def _name(symbol: Any) -> str:
    return str(getattr(symbol, "name", symbol))


def _sizes(pairs: list[tuple[Any, Any]]) -> Iterator[str]:
    """The names of the symbols in shapes and ranges, in reading order."""
    for pair in pairs:
        for side in pair:
            for node in sympy.preorder_traversal(side):
                for size in _extents(node):
                    yield from sorted(symbol.name for symbol in size.free_symbols)


def _extents(node: Any) -> tuple[Any, ...]:
    match node:
        case sympy.MatrixSymbol():
            return tuple(node.shape)
        case sympy.IndexedBase():
            return tuple(node.shape or ())
        case sympy.Sum() | sympy.Product():
            return tuple(limit for _, *limits in node.limits for limit in limits)
    return ()


def _equation(left: Any, right: Any, found: Found) -> Equation:
    """The index equation `left = right`."""
    match left:
        case sympy.MatrixSymbol():
            shape = Reader(found).terms(left.shape)
            indices = tuple(Index(size) for size in shape)
            places = tuple(IndexValue(index) for index in indices)
            term = entry_of(right, places, Reader(found))
            return Equation(_defined(left.name, shape, found), indices, term, notation="array")
        case sympy.Symbol():
            term = Reader(found).term(right)
            return Equation(_defined(left.name, (), found), (), term, notation="array")
        case sympy.Indexed():
            return _indexed_equation(left, right, found)
    raise DeriveError(f"{str(left)[:60]} cannot be defined", LEFT_CURE)


def _indexed_equation(left: sympy.Indexed, right: Any, found: Found) -> Equation:
    name = str(left.base.name)
    if left.base.shape is None:
        raise DeriveError(f"the shape of '{name}' is not known", SHAPE_CURE)
    if len(set(left.indices)) < len(left.indices) or not all(s.is_Symbol for s in left.indices):
        raise DeriveError(f"the subscripts of {left} are not different indices", LEFT_CURE)
    shape = Reader(found).terms(left.base.shape)
    indices = tuple(
        Index(size, symbol.name) for size, symbol in zip(shape, left.indices, strict=True)
    )
    places = (IndexValue(index) for index in indices)
    reader = Reader(found, dict(zip(left.indices, places, strict=True)))
    return Equation(_defined(name, shape, found), indices, reader.term(right))


def _defined(name: str, shape: tuple[Term, ...], found: Found) -> Quantity:
    if name in found.quantities:
        raise DeriveError(
            f"'{name}' is read before it is defined, or defined twice",
            "put each definition once, above what reads it",
        )
    if name in found.wrt:
        raise DeriveError(
            f"'{name}' is defined, so it cannot be a parameter", "leave it out of wrt"
        )
    return found.quantity(name, shape, "defined")


def _declarations(found: Found, defined: set[Any]) -> tuple[Declaration, ...]:
    """Inputs in the order in which they are read, then the parameters in the order of `wrt`."""
    for name in found.wrt:
        if name not in found.quantities:
            raise DeriveError(
                f"'{name}' does not occur in the equations",
                "differentiate with respect to what they contain",
            )
    inputs = [name for name in found.quantities if name not in found.wrt and name not in defined]
    return tuple(Declaration(found.quantities[name]) for name in (*inputs, *found.wrt))


def _check_settings(objective: Objective) -> None:
    known = [str(setting.name) for setting, _ in objective.rule.settings]
    for name, _ in objective.settings:
        if name not in known:
            raise DeriveError(
                f"'{objective.rule.name}' has no setting '{name}'",
                f"its settings are {', '.join(known)}",
            )
