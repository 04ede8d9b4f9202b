"""Is a specification a model?  Names, shapes, indices and order, whoever built it.

The language finds most of this earlier, with a place in the text.  Here stands what every later
stage relies on, so that a specification made from SymPy or by hand is held to the same rules.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from derive.errors import DeriveError, Place
from derive.identifiers import LONGEST_NAME, folded
from derive.model import Equation, Specification, parameters
from derive.sizes import show_shape
from derive.terms import (
    Derivative,
    Entry,
    IndexValue,
    Name,
    Node,
    Quantity,
    Reduction,
    Size,
    entries,
    free_indices,
    is_one,
    walk,
)


@dataclass(frozen=True)
class Caution:
    """Something that is probably not meant, but is mathematics all the same."""

    cause: str
    cure: str
    place: Place | None = None


def check_specification(specification: Specification) -> tuple[Caution, ...]:
    """The cautions about a model; what is no model raises a `DeriveError`."""
    _check_names(specification)
    known = {d.quantity.name: d.quantity for d in specification.declarations}
    sizes = {dimension.name for dimension in specification.dimensions}
    for quantity in known.values():
        _check_sizes(quantity.shape, sizes, f"the shape of '{quantity.name}'")
    together = {
        q: recurrence for recurrence in specification.recurrences for q in recurrence.quantities
    }
    for equation in specification.equations:
        here = known
        if equation.left in together:
            here = known | {q.name: q for q in together[equation.left].quantities}
        _check_equation(equation, here, sizes)
        known[equation.left.name] = equation.left
    _check_cost(specification, known)
    return unreached(specification)


def _check_names(specification: Specification) -> None:
    names = [
        *(dimension.name for dimension in specification.dimensions),
        *(str(declaration.quantity.name) for declaration in specification.declarations),
        *(str(equation.left.name) for equation in specification.equations),
    ]
    seen: set[str] = set()
    for name in names:
        # What Python would read as another name is none.
        if not name.isidentifier() or name.startswith("_") or folded(name) != name:
            raise DeriveError(
                f"{name[:60]!r} is not a name", "names are letters, digits and underscores: w_1"
            )
        if len(name) > LONGEST_NAME:
            raise DeriveError(
                f"the name {name[:20]}... has {len(name)} characters",
                f"choose one of at most {LONGEST_NAME}",
            )
        if name in seen:
            raise DeriveError(f"'{name}' is defined twice", "give one of the two another name")
        seen.add(name)


def _check_equation(equation: Equation, known: dict[Name, Quantity], sizes: set[str]) -> None:
    name, place = equation.left.name, equation.place
    shape = tuple(index.size for index in equation.indices)
    if shape != equation.left.shape:
        raise DeriveError(
            f"'{name}' has the shape {show_shape(equation.left.shape)}, but its indices run over "
            f"{show_shape(shape)}",
            "give the left side one index an axis",
            place,
        )
    parts = _parts(equation)
    loose = [index for part in parts for index in free_indices(part)]
    for index in loose:
        if index not in equation.indices:
            raise DeriveError(
                f"the index '{index.letter or 'i'}' in the definition of '{name}' is neither on "
                "its left nor bound by a reduction",
                "bind it by a sum, or write it on the left",
                place,
            )
    for part in parts:
        _check_bound_once(part, equation)
        for entry in entries(part):
            _check_entry(entry, equation, known)
        _check_sizes((part,), sizes, f"the definition of '{name}'")


def _check_bound_once(part: Node, equation: Equation) -> None:
    bound: set[object] = set(equation.indices)
    for node in walk(part):
        for index in node.indices if isinstance(node, Reduction) else ():
            if index in bound:
                raise DeriveError(
                    f"an index of '{equation.left.name}' is bound twice",
                    "give every reduction an index of its own",
                    equation.place,
                )
            bound.add(index)


def _check_entry(entry: Entry, equation: Equation, known: dict[Name, Quantity]) -> None:
    quantity = entry.quantity
    if isinstance(quantity.name, Derivative):
        for name in (quantity.name.of, quantity.name.wrt):
            _check_known(name, equation, known)
    else:
        _check_known(quantity.name, equation, known)
        if known[quantity.name] != quantity:
            raise DeriveError(
                f"'{equation.left.name}' reads '{quantity.name}' with the shape "
                f"{show_shape(quantity.shape)}, but it is "
                f"{show_shape(known[quantity.name].shape)}",
                "use one shape for a quantity",
                equation.place,
            )
    if len(entry.subscripts) != len(quantity.shape):
        raise DeriveError(
            f"'{quantity.name}' has the shape {show_shape(quantity.shape)}, but "
            f"{len(entry.subscripts)} subscripts",
            "give it one subscript an axis",
            equation.place,
        )


def _check_known(name: Name, equation: Equation, known: dict[Name, Quantity]) -> None:
    if name not in known:
        raise DeriveError(
            f"'{equation.left.name}' reads '{name}', which is not defined before it",
            "declare it, or put its definition first",
            equation.place,
        )


def _check_sizes(terms: Iterable[Node], sizes: set[str], where: str) -> None:
    for term in terms:
        for node in walk(term):
            used = (
                (node, *(i.size for i in node.indices))
                if isinstance(node, Reduction)
                else ((node, node.index.size) if isinstance(node, IndexValue) else (node,))
            )
            for part in used:
                if isinstance(part, Size) and part.name not in sizes:
                    raise DeriveError(
                        f"the size '{part.name}' in {where} is not declared",
                        f"declare it: {part.name}: dim",
                    )


def _check_cost(specification: Specification, known: dict[Name, Quantity]) -> None:
    objective = specification.objective
    cost = objective.cost
    if known.get(cost.name) != cost:
        raise DeriveError(f"the cost '{cost.name}' is not defined", "define it", objective.place)
    if not all(is_one(size) for size in cost.shape):
        raise DeriveError(
            f"the cost '{cost.name}' has the shape {show_shape(cost.shape)}, but only a single "
            "number can be minimised",
            "reduce it by a sum or a mean",
            objective.place,
        )
    if not parameters(specification):
        raise DeriveError("the model has no parameter", "declare one: w: param[n]", objective.place)


def unreached(specification: Specification) -> tuple[Caution, ...]:
    """A caution for each parameter that the cost does not depend on."""
    needed: set[object] = {specification.objective.cost.name}
    blocks = [{q.name for q in r.quantities} for r in specification.recurrences]
    for equation in reversed(specification.equations):
        # In a recurrence every quantity reaches every other, at a later step.
        needed |= {name for block in blocks if block & needed for name in block}
        if equation.left.name in needed:
            needed |= {name for part in _parts(equation) for name in _read_names(part)}
    cost = specification.objective.cost.name
    places = {d.quantity.name: d.place for d in specification.declarations}
    return tuple(
        Caution(
            f"the parameter '{parameter.name}' does not reach the cost '{cost}': its gradient is "
            "zero",
            "use it, or delete it",
            places[parameter.name],
        )
        for parameter in parameters(specification)
        if parameter.name not in needed
    )


def _read_names(part: Node) -> Iterator[Name]:
    """The names that a term reads; a derivative reads what it is the derivative of."""
    for entry in entries(part):
        name = entry.quantity.name
        yield from (name.of, name.wrt) if isinstance(name, Derivative) else (name,)


def _parts(equation: Equation) -> tuple[Node, ...]:
    return (equation.right, *equation.domain)
