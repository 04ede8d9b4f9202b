"""Array terms: the closed set of operations of which a generated program is made.

An array term is what stands on the right of a line of generated code.  Nodes hold structure only;
`operands` and `with_operands` take them apart; `array_shapes` says which shape they have.  Equal
terms are equal values, so a repeated term is seen by `==`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

from derive.sizes import Shape
from derive.terms import Derivative, Name, Quantity, Term

Operation = Literal[
    "add", "multiply", "negate", "divide", "floor_divide", "power", "where", "clip",
    "==", "!=", "<", "<=", ">", ">=", "and", "or", "not",
]  # fmt: skip
Folding = Literal["sum", "mean", "prod", "max", "min"]
MatrixOperator = Literal["inv", "solve", "det", "logdet", "cholesky"]
Places = tuple["ArrayTerm | None", ...]


@dataclass(frozen=True)
class Slice:
    """The `size` places of an axis from `start` on."""

    start: Term
    size: Term


# A number or a size expression drops an axis, "new" inserts one.
Selector = int | Term | Slice | Literal["all", "new"]


class ArrayTerm:
    """A value of some shape.  The subclasses below are the only ones."""

    __slots__ = ()


@dataclass(frozen=True)
class Whole(ArrayTerm):
    """A named quantity, all of it."""

    quantity: Quantity


@dataclass(frozen=True)
class Exact(ArrayTerm):
    """An exact number; `text` keeps the author's spelling and does not count in equality."""

    value: Fraction
    text: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Pi(ArrayTerm):
    """The number pi."""


@dataclass(frozen=True)
class Infinity(ArrayTerm):
    """Plus infinity: what a filtered minimum starts from."""


@dataclass(frozen=True)
class Extent(ArrayTerm):
    """A size used as a number."""

    size: Term


@dataclass(frozen=True)
class Counting(ArrayTerm):
    """The values 0, ..., size - 1 of an index, shape (size,)."""

    size: Term


@dataclass(frozen=True)
class Elementwise(ArrayTerm):
    """An operation on broadcast operands; `add` and `multiply` take any number of them."""

    operation: Operation
    operands: tuple[ArrayTerm, ...]


@dataclass(frozen=True)
class Apply(ArrayTerm):
    """An elementary function that NumPy has under the same name, of broadcast operands."""

    function: str
    operands: tuple[ArrayTerm, ...]


@dataclass(frozen=True)
class Matmul(ArrayTerm):
    """left @ right: the last axis of left against the last but one (or only one) of right."""

    left: ArrayTerm
    right: ArrayTerm


@dataclass(frozen=True)
class Tensordot(ArrayTerm):
    """The sum over pairs of axes; the other axes of left stand before those of right."""

    left: ArrayTerm
    right: ArrayTerm
    left_axes: tuple[int, ...]
    right_axes: tuple[int, ...]


@dataclass(frozen=True)
class OfMatrices(ArrayTerm):
    """Linear algebra on the last two axes; the right side of `solve` is a vector or a matrix."""

    operator: MatrixOperator
    operands: tuple[ArrayTerm, ...]


@dataclass(frozen=True)
class Identity(ArrayTerm):
    """The identity matrix with `size` rows."""

    size: Term


@dataclass(frozen=True)
class Transpose(ArrayTerm):
    """The operand with its axes in another order: axis k of the result is `axes[k]` of it."""

    operand: ArrayTerm
    axes: tuple[int, ...]


@dataclass(frozen=True)
class Reshape(ArrayTerm):
    """The operand with neighbouring axes merged, or an axis split, row by row."""

    operand: ArrayTerm
    shape: Shape


@dataclass(frozen=True)
class Select(ArrayTerm):
    """`operand[0, T - 1, :, None, 1:]`: nothing is copied."""

    operand: ArrayTerm
    selectors: tuple[Selector, ...]


@dataclass(frozen=True)
class Gather(ArrayTerm):
    """`operand[a, b]` with arrays of integers that broadcast together; None keeps a whole axis.

    At most one subscript is given where any is None, so that NumPy leaves its axes in place.
    """

    operand: ArrayTerm
    subscripts: Places


@dataclass(frozen=True)
class Pad(ArrayTerm):
    """The operand with zeros around it: so many before and after each of its axes."""

    operand: ArrayTerm
    widths: tuple[tuple[Term, Term], ...]


@dataclass(frozen=True)
class View:
    """Windows along an axis: `count` of them, of some `size`, each a `stride` after the last."""

    axis: int
    count: Term
    size: Term
    stride: Term


@dataclass(frozen=True)
class Windows(ArrayTerm):
    """All windows of an array: their places stand for its axes, axes within a window come last."""

    operand: ArrayTerm
    views: tuple[View, ...]


@dataclass(frozen=True)
class Overlap(ArrayTerm):
    """Zeros, the `base`, to whose windows values are added: the reverse of `Windows`.

    The axes within a window come last in the value; those that it lacks are not `present`.
    """

    base: ArrayTerm
    value: ArrayTerm
    views: tuple[View, ...]
    present: tuple[bool, ...]


@dataclass(frozen=True)
class Addition:
    """Values added at the places `[a, b]` of the first axes; `repeats` where places may be equal.

    The subscripts are arrays of integers that broadcast together; None is a whole axis, as NumPy's.
    One that `counts_all` counts the entries of the whole array, row by row.
    """

    subscripts: Places
    value: ArrayTerm
    repeats: bool
    counts_all: bool = False


@dataclass(frozen=True)
class Scatter(ArrayTerm):
    """A new array with the values of `base`, to which additions are made; none of them is lost."""

    base: ArrayTerm
    additions: tuple[Addition, ...]


@dataclass(frozen=True)
class Fold(ArrayTerm):
    """A sum, mean, product, maximum or minimum over some axes, which disappear."""

    kind: Folding
    operand: ArrayTerm
    axes: tuple[int, ...]


@dataclass(frozen=True)
class Locate(ArrayTerm):
    """The number of the first largest (smallest) place of some axes, counted row by row.

    The axes disappear; several of them are the last ones, in their order.
    """

    kind: Literal["argmax", "argmin"]
    operand: ArrayTerm
    axes: tuple[int, ...]


@dataclass(frozen=True)
class Full(ArrayTerm):
    """`value` broadcast into a new array of the shape, of the number type of `like` if given."""

    value: ArrayTerm
    shape: Shape
    like: ArrayTerm | None = None


@dataclass(frozen=True)
class Copy(ArrayTerm):
    """The same values in an array of their own."""

    operand: ArrayTerm


@dataclass(frozen=True)
class Cast(ArrayTerm):
    """The same values, of the number type of another array."""

    operand: ArrayTerm
    like: ArrayTerm


@dataclass(frozen=True)
class Either(ArrayTerm):
    """`chosen` where a condition on sizes and steps holds, else `otherwise`; the other is not read.

    Their shapes broadcast together, and the value has that of the one that is chosen.
    """

    condition: ArrayTerm
    chosen: ArrayTerm
    otherwise: ArrayTerm


@dataclass(frozen=True)
class Join(ArrayTerm):
    """The operands one after the other along an axis; `size` is the size of that axis."""

    operands: tuple[ArrayTerm, ...]
    axis: int
    size: Term


@dataclass(frozen=True)
class Empty(ArrayTerm):
    """A new array without values, of the number type that `like` have together."""

    shape: Shape
    like: tuple[ArrayTerm, ...]


def operands(term: ArrayTerm) -> tuple[ArrayTerm, ...]:
    """The array terms directly below `term`, in reading order."""
    match term:
        case Whole() | Exact() | Pi() | Infinity() | Extent() | Counting() | Identity():
            return ()
        case Elementwise(_, parts) | Apply(_, parts) | OfMatrices(_, parts):
            return parts
        case Matmul(one, other) | Tensordot(one, other) | Cast(one, other) | Overlap(one, other):
            return (one, other)
        case Transpose(operand, _) | Reshape(operand, _) | Select(operand, _) | Copy(operand):
            return (operand,)
        case Fold(_, operand, _) | Locate(_, operand, _) | Pad(operand, _) | Windows(operand, _):
            return (operand,)
        case Gather(operand, subscripts):
            return (operand, *(part for part in subscripts if part is not None))
        case Scatter(base, additions):
            return (base, *filter(None, (p for a in additions for p in (*a.subscripts, a.value))))
        case Full(value, _, like):
            return (value,) if like is None else (value, like)
        case Either(condition, chosen, otherwise):
            return (condition, chosen, otherwise)
        case Join(parts) | Empty(_, parts):
            return parts
    raise TypeError(f"operands: unknown array term {type(term).__name__}")


def with_operands(term: ArrayTerm, parts: tuple[ArrayTerm, ...]) -> ArrayTerm:
    """`term` with `parts` in the place of its operands."""
    match term:
        case Whole() | Exact() | Pi() | Infinity() | Extent() | Counting() | Identity():
            return term
        case Elementwise(operation, _):
            return Elementwise(operation, parts)
        case Apply(function, _):
            return Apply(function, parts)
        case OfMatrices(operator, _):
            return OfMatrices(operator, parts)
        case Matmul() | Cast() | Either():
            return type(term)(*parts)
        case Tensordot(_, _, left_axes, right_axes):
            return Tensordot(parts[0], parts[1], left_axes, right_axes)
        case Transpose() | Reshape() | Select() | Copy() | Fold() | Locate() | Pad() | Windows():
            return replace(term, operand=parts[0])
        case Overlap():
            return replace(term, base=parts[0], value=parts[1])
        case Gather(_, subscripts):
            return Gather(parts[0], _given(subscripts, iter(parts[1:])))
        case Scatter(_, added):
            given = iter(parts[1:])
            return Scatter(parts[0], tuple(_with_parts(a, given) for a in added))
        case Full(_, shape, like):
            return Full(parts[0], shape, None if like is None else parts[1])
        case Join(_, axis, size):
            return Join(parts, axis, size)
        case Empty(shape, _):
            return Empty(shape, parts)
    raise TypeError(f"with_operands: unknown array term {type(term).__name__}")


def _with_parts(addition: Addition, new: Iterator[ArrayTerm]) -> Addition:
    return replace(addition, subscripts=_given(addition.subscripts, new), value=next(new))


def _given(old: Places, new: Iterator[ArrayTerm]) -> Places:
    return tuple(None if part is None else next(new) for part in old)


def walk(term: ArrayTerm) -> Iterator[ArrayTerm]:
    """`term` and all array terms below it, from the top."""
    yield term
    for part in operands(term):
        yield from walk(part)


def is_plain_number(term: ArrayTerm) -> bool:
    """Whether the term is a number without any data in it: a Python number in generated code."""
    if isinstance(term, (Exact, Pi, Infinity, Extent)):
        return True
    return isinstance(term, (Elementwise, Apply)) and all(map(is_plain_number, term.operands))


def is_whole_number(term: ArrayTerm) -> bool:
    """Whether the term is an integer, or made of integers by operations that keep them."""
    match term:
        case Exact(value):
            return value.denominator == 1
        case Extent() | Counting():
            return True
        case Elementwise("add" | "multiply" | "negate" | "floor_divide" | "clip", parts):
            return all(map(is_whole_number, parts))
    return False


def show_name(name: Name, *below: str) -> str:
    """A name in a message: `w`, or `∂C/∂w` for a derivative, `∂²C/∂w ∂b` for a second one."""
    if isinstance(name, Derivative):
        return show_name(name.of, f"∂{show_name(name.wrt)}", *below)
    return f"∂{('', '', '²', '³')[len(below)]}{name}/{' '.join(below)}" if below else name
