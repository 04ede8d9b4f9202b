"""Terms: scalar expressions in entries of quantities, in the author's order and form.

A term is what stands on the right of an index equation `name[i, j] = term`.  Nodes hold structure
only; every operation on them lives in a module of its own.  Three decisions make them safe:
- an `Index` is an identity, never a letter; letters are chosen when a term is printed;
- a `Quantity` carries its shape, so an entry knows which of its axes have size one;
- conditions (`i = j`, `j <= i`, a range) are kept beside bound indices, never multiplied in.
Sizes are terms too: numbers, `Size("n")` and arithmetic on them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Literal, TypeVar, cast

Kind = Literal["input", "param", "const", "index", "defined", "gradient", "setting", "state"]
Relation = Literal["==", "!=", "<", "<=", ">", ">="]


class Term:
    """A scalar expression.  The subclasses below are the only ones."""

    __slots__ = ()


class Condition:
    """A statement about indices, sizes and data.  The subclasses below are the only ones."""

    __slots__ = ()


# --- what terms are made of ---------------------------------------------------------------------


@dataclass(frozen=True)
class Derivative:
    """The name of ∂of/∂wrt: first `rank` axes of `of`, none for the cost, then those of `wrt`."""

    of: Name
    wrt: Name
    rank: int = 0


Name = str | Derivative


@dataclass(frozen=True)
class Quantity:
    """A named array of the model: `shape` holds one size term an axis, `()` is a scalar."""

    name: Name
    shape: tuple[Term, ...] = ()
    kind: Kind = "defined"


@dataclass(frozen=True, eq=False)
class Index:
    """A free or bound index running over 0, ..., size - 1; equal only to itself.

    `letter` is the letter its author wrote, a wish for the printer.
    """

    size: Term
    letter: str | None = None

    def __repr__(self) -> str:
        return f"<{self.letter or 'index'} {id(self):x}>"


# --- leaves -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Number(Term):
    """An exact number; `text` keeps the author's spelling (`0.1`) and counts in no comparison."""

    value: Fraction
    text: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Constant(Term):
    """A mathematical constant: `pi`."""

    name: Literal["pi"]


@dataclass(frozen=True)
class Size(Term):
    """A dimension used as a number: `n`."""

    name: str


@dataclass(frozen=True)
class IndexValue(Term):
    """The value of an index, counted from 0."""

    index: Index


@dataclass(frozen=True)
class Entry(Term):
    """`quantity[subscripts]`, one scalar: one subscript an axis; index data may stand in one."""

    quantity: Quantity
    subscripts: tuple[Term, ...] = ()


# --- operations ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Add(Term):
    """terms[0] + terms[1] + ..., where a `Negate` is printed as a subtraction."""

    terms: tuple[Term, ...]


@dataclass(frozen=True)
class Multiply(Term):
    """factors[0] factors[1] ...; a product inside a product keeps its own group."""

    factors: tuple[Term, ...]


@dataclass(frozen=True)
class Negate(Term):
    """-term."""

    term: Term


@dataclass(frozen=True)
class Divide(Term):
    """numerator / denominator, exact."""

    numerator: Term
    denominator: Term


@dataclass(frozen=True)
class FloorDivide(Term):
    """The floor of numerator / denominator, of sizes and indices only."""

    numerator: Term
    denominator: Term


@dataclass(frozen=True)
class Power(Term):
    """base ** exponent."""

    base: Term
    exponent: Term


@dataclass(frozen=True)
class Call(Term):
    """An elementary function, a row of `functions`, of scalar arguments."""

    function: str
    arguments: tuple[Term, ...]


@dataclass(frozen=True)
class Reduction(Term):
    """`kind` (a row of `reductions`) of `term` over `indices`, where every one of `where` holds."""

    kind: str
    indices: tuple[Index, ...]
    term: Term
    where: tuple[Condition, ...] = ()


@dataclass(frozen=True)
class Choice(Term):
    """`chosen` where the condition holds, else `otherwise`; what is not chosen is not read."""

    condition: Condition
    chosen: Term
    otherwise: Term


@dataclass(frozen=True)
class Matrix(Term):
    """An array as a whole: `term` at all values of `indices`, which it binds."""

    indices: tuple[Index, ...]
    term: Term


@dataclass(frozen=True)
class LinearAlgebra(Term):
    """One entry of what an operator (inverse, solve, determinant, ...) makes of whole arrays."""

    operator: str
    operands: tuple[Matrix, ...]
    subscripts: tuple[Term, ...] = ()


@dataclass(frozen=True)
class Partial(Term):
    """∂of/∂wrt, not yet worked out: what a step starts from."""

    of: Term
    wrt: Entry


# --- conditions ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Compare(Condition):
    """left relation right."""

    relation: Relation
    left: Term
    right: Term


@dataclass(frozen=True)
class AllOf(Condition):
    """Every one of `conditions` holds."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class AnyOf(Condition):
    """At least one of `conditions` holds."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Not(Condition):
    """`condition` does not hold."""

    condition: Condition


Node = Term | Condition
# What binds its `indices` in the nodes below it.
BINDERS = (Reduction, Matrix)
NodeT = TypeVar("NodeT", bound=Node)

ZERO, ONE, TWO = (Number(Fraction(value)) for value in (0, 1, 2))


def number(value: int | Fraction) -> Number:
    """The term of an exact number."""
    return Number(Fraction(value))


# --- structure ----------------------------------------------------------------------------------


def children(node: Node) -> tuple[Node, ...]:
    """The nodes directly below `node`, subscripts and conditions among them, in reading order."""
    match node:
        case Number() | Constant() | Size() | IndexValue():
            return ()
        case Entry(_, parts) | Add(parts) | Multiply(parts) | Call(_, parts):
            return parts
        case AllOf(parts) | AnyOf(parts):
            return parts
        case Negate(term) | Not(term) | Matrix(_, term):
            return (term,)
        case LinearAlgebra(_, operands, subscripts):
            return (*operands, *subscripts)
        case Divide(a, b) | FloorDivide(a, b) | Power(a, b) | Partial(a, b) | Compare(_, a, b):
            return (a, b)
        case Reduction(_, _, term, where):
            return (term, *where)
        case Choice(condition, chosen, otherwise):
            return (condition, chosen, otherwise)
    raise TypeError(f"children: unknown node {type(node).__name__}")


def rebuild(node: NodeT, parts: tuple[Any, ...]) -> NodeT:
    """`node` with `parts` in the place of its children, each of the kind that stood there."""
    built: Node
    match node:
        case Number() | Constant() | Size() | IndexValue():
            built = node
        case Add() | Multiply() | AllOf() | AnyOf():
            built = type(node)(parts)
        case Entry(quantity, _):
            built = Entry(quantity, parts)
        case Call(function, _):
            built = Call(function, parts)
        case Negate() | Not() | Divide() | FloorDivide() | Power() | Partial() | Choice():
            built = type(node)(*parts)
        case Compare(relation, _, _):
            built = Compare(relation, *parts)
        case Reduction(kind, indices, _, _):
            built = Reduction(kind, indices, parts[0], parts[1:])
        case Matrix(indices, _):
            built = Matrix(indices, parts[0])
        case LinearAlgebra(operator, operands, _):
            built = LinearAlgebra(operator, parts[: len(operands)], parts[len(operands) :])
        case _:
            raise TypeError(f"rebuild: unknown node {type(node).__name__}")
    return cast(NodeT, built)


def walk(node: Node) -> Iterator[Node]:
    """`node` and all nodes below it, from the top, in reading order."""
    yield node
    for child in children(node):
        yield from walk(child)


def entries(node: Node) -> tuple[Entry, ...]:
    """The distinct entries in `node`, in the order in which they are read."""
    return tuple(dict.fromkeys(part for part in walk(node) if isinstance(part, Entry)))


def free_indices(node: Node) -> tuple[Index, ...]:
    """The indices whose value `node` depends on, in reading order."""
    if isinstance(node, IndexValue):
        return (node.index,)
    bound = node.indices if isinstance(node, BINDERS) else ()
    found = (index for child in children(node) for index in free_indices(child))
    return tuple(dict.fromkeys(index for index in found if index not in bound))


def rewrite(node: NodeT, rule: Callable[[Node], Node | None]) -> NodeT:
    """Replace, from the top, each node for which `rule` returns another; that one is final."""
    replaced = rule(node)
    if replaced is not None:
        return cast(NodeT, replaced)
    after = tuple(rewrite(child, rule) for child in children(node))
    return node if after == children(node) else rebuild(node, after)


def substitute(node: NodeT, values: Mapping[Index, Term]) -> NodeT:
    """`node` with terms in the place of free indices, of whose own indices none is captured."""
    read = {index for value in values.values() for index in free_indices(value)}

    def rule(n: Node) -> Node | None:
        if isinstance(n, IndexValue):
            return values.get(n.index)
        if isinstance(n, BINDERS) and not read.isdisjoint(n.indices):
            return substitute(renew(n), values)
        if isinstance(n, BINDERS) and any(index in values for index in n.indices):
            outer = {index: value for index, value in values.items() if index not in n.indices}
            return rebuild(n, tuple(substitute(child, outer) for child in children(n)))
        return None

    return rewrite(node, rule)


def renew(node: NodeT) -> NodeT:
    """`node` with fresh bound indices, so that two copies of one term share none."""
    bound = (index for n in walk(node) if isinstance(n, BINDERS) for index in n.indices)
    fresh = {index: Index(index.size, index.letter) for index in dict.fromkeys(bound)}

    def rule(n: Node) -> Node | None:
        if isinstance(n, IndexValue):
            return IndexValue(fresh.get(n.index, n.index))
        if isinstance(n, BINDERS):
            inside = rebuild(n, tuple(rewrite(child, rule) for child in children(n)))
            return replace(inside, indices=tuple(fresh[index] for index in n.indices))
        return None

    return rewrite(node, rule)


def same(left: Node, right: Node, free: Mapping[Index, Index] | None = None) -> bool:
    """Equality up to the identity of bound indices; `free` pairs free indices of left and right.

    >>> i, j = Index(Size("n")), Index(Size("n"))
    >>> x = Quantity("x", (Size("n"),))
    >>> same(*(Reduction("sum", (k,), Entry(x, (IndexValue(k),))) for k in (i, j)))
    True
    """
    pairs = dict(free or {})
    if isinstance(left, IndexValue) and isinstance(right, IndexValue):
        return pairs.get(left.index, left.index) is right.index
    below = children(left), children(right)
    if type(left) is not type(right) or len(below[0]) != len(below[1]):
        return False
    if isinstance(left, BINDERS) and isinstance(right, BINDERS):
        if [index.size for index in left.indices] != [index.size for index in right.indices]:
            return False
        pairs |= dict(zip(left.indices, right.indices, strict=True))
        left = replace(left, indices=right.indices)
    # What is left to compare is the head of the node: its quantity, function, kind, relation.
    if rebuild(left, below[1]) != right:
        return False
    return all(same(one, other, pairs) for one, other in zip(*below, strict=True))


def is_one(size: Term) -> bool:
    """Whether an axis has the literal size one; such axes carry no subscript in print."""
    return isinstance(size, Number) and size.value == 1
