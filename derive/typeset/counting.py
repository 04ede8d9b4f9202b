"""From counting at zero to counting at one.

Terms count indices from 0, as the code does; what is printed counts from 1.  `count_from_one`
rewrites a term so that every index value stands for the printed letter: a subscript k becomes the
position k + 1, an index used as a number becomes i − 1, and what is linear is collected, so that
x[2 i + p] is printed with the position 2 (i − 1) + p.  Index data count from 1 in print as well,
and so does the place of a maximum; the places of several indices are numbered row by row.
Reductions over axes of literal size one, which are not printed, are dropped on the way.
"""

from __future__ import annotations

from typing import TypeVar, cast

from derive.terms import (
    ZERO,
    Add,
    Compare,
    Condition,
    Entry,
    IndexValue,
    LinearAlgebra,
    Multiply,
    Negate,
    Node,
    Number,
    Reduction,
    Relation,
    Size,
    Term,
    children,
    is_one,
    number,
    rebuild,
)

NodeT = TypeVar("NodeT", bound=Node)

# i < n + 1 is i ≤ n for integers, and so on: the relation without one step to the side.
_SHIFTED: dict[tuple[Relation, int], Relation] = {
    ("<", 1): "<=",
    ("<=", -1): "<",
    (">", -1): ">=",
    (">=", 1): ">",
}


def count_from_one(node: NodeT) -> NodeT:
    """`node` with index values that count from 1, as they are printed.

    >>> from derive.terms import Index
    >>> i = IndexValue(Index(Size("n")))
    >>> count_from_one(Add((i, number(1)))) == i
    True
    """
    return cast(NodeT, _counted(node))


def _counted(node: Node) -> Node:
    match node:
        case IndexValue() | Add() | Reduction("argmax" | "argmin"):
            return _collected(node) if _has_place(node) else _below(node)
        case Entry(quantity, subscripts):
            positions = tuple(_position(subscript) for subscript in subscripts)
            entry = Entry(quantity, positions)
            return Add((entry, number(-1))) if quantity.kind == "index" else entry
        case LinearAlgebra(operator, operands, subscripts):
            # Its operands are printed as whole matrices, which count no indices.
            positions = tuple(_position(subscript) for subscript in subscripts)
            return LinearAlgebra(operator, operands, positions)
        case Compare(relation, left, right) if _has_place(left) or _has_place(right):
            return _compared(relation, left, right)
        case Reduction(_, indices, term, ()) if all(is_one(index.size) for index in indices):
            return _counted(term)
    return _below(node)


def _below(node: Node) -> Node:
    return rebuild(node, tuple(_counted(child) for child in children(node)))


def _collected(term: Term) -> Term:
    return _sum(*_linear(term))


def _position(subscript: Term) -> Term:
    """The position, counted from 1, of a subscript that counts from 0."""
    parts, constant = _linear(subscript)
    return _sum(parts, constant + 1)


def _is_place(term: Term) -> bool:
    match term:
        case Entry(quantity):
            return quantity.kind == "index"
        case Reduction(kind):
            return kind in ("argmax", "argmin")
    return isinstance(term, IndexValue)


def _has_place(term: Term) -> bool:
    """Whether an index counts linearly in `term`."""
    match term:
        case Add(terms):
            return any(_has_place(part) for part in terms)
        case Negate(inner):
            return _has_place(inner)
    return _is_place(term)


def _linear(term: Term) -> tuple[tuple[Term, ...], int]:
    """The parts of a sum, with indices that count from 1, and the whole number left over."""
    match term:
        case Number(value) if value.denominator == 1:
            return (), int(value)
        case IndexValue(index) if is_one(index.size):
            return (), 0
        case IndexValue():
            return (term,), -1
        case Entry(quantity, subscripts) if quantity.kind == "index":
            return (Entry(quantity, tuple(_position(s) for s in subscripts)),), -1
        case Reduction("argmax" | "argmin", indices) if all(is_one(i.size) for i in indices):
            return (), 0
        case Reduction("argmax" | "argmin"):
            return (cast(Term, _below(term)),), -1
        case Negate(inner):
            parts, constant = _linear(inner)
            return tuple(_negated(part) for part in parts), -constant
        case Add(terms):
            collected = [_linear(part) for part in terms]
            parts = tuple(part for some, _ in collected for part in some)
            return parts, sum(constant for _, constant in collected)
    counted = cast(Term, _counted(term))
    return ((), 0) if _is_zero(counted) else ((counted,), 0)


def _is_zero(term: Term) -> bool:
    """Whether a product has a plain zero in it, as the value of an index of size one is."""
    return isinstance(term, Multiply) and ZERO in term.factors


def _negated(term: Term) -> Term:
    return term.term if isinstance(term, Negate) else Negate(term)


def _sum(parts: tuple[Term, ...], constant: int) -> Term:
    if not parts:
        return number(constant)
    if constant > 0 and isinstance(parts[0], Negate):
        return Add((number(constant), *parts))
    rest = number(constant) if constant > 0 else Negate(number(-constant))
    terms = (*parts, rest) if constant else parts
    return terms[0] if len(terms) == 1 else Add(terms)


def _compared(relation: Relation, left: Term, right: Term) -> Condition:
    """The comparison with its whole numbers together, on the right where something stands there."""
    (lefts, below), (rights, above) = _linear(left), _linear(right)
    if not lefts:
        return Compare(relation, number(below - above), _sum(rights, 0))
    shift = above - below
    integers = all(_is_integer(part) for part in lefts + rights)
    if rights and integers and (relation, shift) in _SHIFTED:
        relation, shift = _SHIFTED[relation, shift], 0
    return Compare(relation, _sum(lefts, 0), _sum(rights, shift))


def _is_integer(term: Term) -> bool:
    match term:
        case Number(value):
            return value.denominator == 1
        case Multiply(parts):
            return all(map(_is_integer, parts))
    return _is_place(term) or isinstance(term, Size)
