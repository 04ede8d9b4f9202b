"""Array terms: the closed set of operations of which a generated program is made.

An array term is what stands on the right of a line of generated code.  Nodes hold structure only;
`operands` and `with_operands` take them apart, `shape_of` gives their symbolic shape and refuses
what NumPy would refuse.  Equal terms are equal values, so a repeated term is seen by `==`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from derive.errors import DerivationError
from derive.sizes import Shape, show_shape
from derive.terms import ONE, Derivative, Name, Quantity, Term, is_one

Operation = Literal[
    "add", "multiply", "negate", "divide", "floor_divide", "power", "where", "clip",
    "==", "!=", "<", "<=", ">", ">=", "and", "or", "not",
]  # fmt: skip
Folding = Literal["sum", "mean", "prod", "max", "min"]
Selector = int | Literal["all", "new"]


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
class Transpose(ArrayTerm):
    """The operand with its axes in another order: axis k of the result is `axes[k]` of it."""

    operand: ArrayTerm
    axes: tuple[int, ...]


@dataclass(frozen=True)
class Select(ArrayTerm):
    """`operand[0, :, None]`: a number drops an axis, "all" keeps one, "new" inserts one."""

    operand: ArrayTerm
    selectors: tuple[Selector, ...]


@dataclass(frozen=True)
class Gather(ArrayTerm):
    """`operand[a, b]` with arrays of integers that broadcast together; None keeps a whole axis.

    At most one subscript is given where any is None, so that NumPy leaves its axes in place.
    """

    operand: ArrayTerm
    subscripts: tuple[ArrayTerm | None, ...]


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


# --- structure ----------------------------------------------------------------------------------


def operands(term: ArrayTerm) -> tuple[ArrayTerm, ...]:
    """The array terms directly below `term`, in reading order."""
    match term:
        case Whole() | Exact() | Pi() | Infinity() | Extent() | Counting():
            return ()
        case Elementwise(_, parts) | Apply(_, parts):
            return parts
        case Matmul(left, right) | Tensordot(left, right, _, _):
            return (left, right)
        case Transpose(operand, _) | Select(operand, _) | Copy(operand):
            return (operand,)
        case Fold(_, operand, _) | Locate(_, operand, _):
            return (operand,)
        case Gather(operand, subscripts):
            return (operand, *(part for part in subscripts if part is not None))
        case Full(value, _, like):
            return (value,) if like is None else (value, like)
    raise TypeError(f"operands: unknown array term {type(term).__name__}")


def with_operands(term: ArrayTerm, parts: tuple[ArrayTerm, ...]) -> ArrayTerm:
    """`term` with `parts` in the place of its operands."""
    match term:
        case Whole() | Exact() | Pi() | Infinity() | Extent() | Counting():
            return term
        case Elementwise(operation, _):
            return Elementwise(operation, parts)
        case Apply(function, _):
            return Apply(function, parts)
        case Matmul():
            return Matmul(*parts)
        case Tensordot(_, _, left_axes, right_axes):
            return Tensordot(parts[0], parts[1], left_axes, right_axes)
        case Transpose(_, axes):
            return Transpose(parts[0], axes)
        case Select(_, selectors):
            return Select(parts[0], selectors)
        case Fold(kind, _, axes):
            return Fold(kind, parts[0], axes)
        case Locate(kind, _, axes):
            return Locate(kind, parts[0], axes)
        case Copy():
            return Copy(parts[0])
        case Gather(_, subscripts):
            given = iter(parts[1:])
            return Gather(parts[0], tuple(s if s is None else next(given) for s in subscripts))
        case Full(_, shape, like):
            return Full(parts[0], shape, None if like is None else parts[1])
    raise TypeError(f"with_operands: unknown array term {type(term).__name__}")


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


def show_name(name: Name) -> str:
    """A name in a message: `w`, or `∂C/∂w` for a derivative."""
    if isinstance(name, Derivative):
        return f"∂{show_name(name.of)}/∂{show_name(name.wrt)}"
    return name


def sizes_in(term: ArrayTerm) -> tuple[Term, ...]:
    """The sizes that the value of `term` needs as numbers, in reading order."""
    found: dict[Term, None] = {}
    for part in walk(term):
        match part:
            case Extent(size) | Counting(size):
                found[size] = None
            case Full(_, shape, None):
                found.update(dict.fromkeys(shape))
            case Locate(_, _, axes) if len(axes) > 1:
                found.update(dict.fromkeys(shape_of(part)))
    return tuple(found)


# --- shapes -------------------------------------------------------------------------------------


def shape_of(term: ArrayTerm) -> Shape:
    """The symbolic shape of a term; what does not fit together raises DerivationError.

    >>> from derive.sizes import show_shape
    >>> from derive.terms import Size
    >>> n = Size("n")
    >>> x, w = (Whole(Quantity(name, shape)) for name, shape in (("x", (ONE, n)), ("w", (n, ONE))))
    >>> show_shape(shape_of(Matmul(Transpose(x, (1, 0)), Matmul(x, w))))
    '(n, 1)'
    """
    match term:
        case Whole(quantity):
            return quantity.shape
        case Exact() | Pi() | Infinity() | Extent():
            return ()
        case Counting(size):
            return (size,)
        case Elementwise(_, parts) | Apply(_, parts):
            return broadcast(*map(shape_of, parts))
        case Matmul(left, right):
            return _matmul_shape(shape_of(left), shape_of(right))
        case Tensordot():
            return _tensordot_shape(term)
        case Transpose(operand, axes):
            before = shape_of(operand)
            if sorted(axes) != list(range(len(before))):
                raise _misfit("axes", str(axes), "an array of shape", show_shape(before))
            return tuple(before[axis] for axis in axes)
        case Select(operand, selectors):
            return _selected(shape_of(operand), selectors)
        case Gather(operand, subscripts):
            return _gathered(shape_of(operand), subscripts)
        case Fold(_, operand, axes) | Locate(_, operand, axes):
            before = shape_of(operand)
            if not set(axes) <= set(range(len(before))):
                raise _misfit("axes", str(axes), "an array of shape", show_shape(before))
            return tuple(size for axis, size in enumerate(before) if axis not in axes)
        case Copy(operand):
            return shape_of(operand)
        case Full(value, shape, _):
            if broadcast(shape_of(value), shape) != shape:
                raise _misfit("a value of shape", show_shape(shape_of(value)), "an array of shape",
                              show_shape(shape))  # fmt: skip
            return shape
    raise TypeError(f"shape_of: unknown array term {type(term).__name__}")


def broadcast(*shapes: Shape) -> Shape:
    """The common shape of broadcast operands; only axes of literal size one are stretched."""
    result: Shape = ()
    for shape in shapes:
        rank = max(len(result), len(shape))
        left, right = ((ONE,) * (rank - len(s)) + s for s in (result, shape))
        for a, b in zip(left, right, strict=True):
            if a != b and not is_one(a) and not is_one(b):
                raise _misfit("shapes", show_shape(result), "and", show_shape(shape))
        result = tuple(b if is_one(a) else a for a, b in zip(left, right, strict=True))
    return result


def _matmul_shape(left: Shape, right: Shape) -> Shape:
    inner = right[-2:][0] if right else None
    if not left or inner is None or left[-1] != inner:
        raise _misfit("shapes", show_shape(left), "@", show_shape(right))
    return broadcast(left[:-2], right[:-2]) + left[:-1][-1:] + right[-2:][1:]


def _tensordot_shape(term: Tensordot) -> Shape:
    left, right = shape_of(term.left), shape_of(term.right)
    if [left[a] for a in term.left_axes] != [right[a] for a in term.right_axes]:
        raise _misfit("shapes", show_shape(left), "and", show_shape(right))
    kept = ((left, term.left_axes), (right, term.right_axes))
    return tuple(size for shape, axes in kept for a, size in enumerate(shape) if a not in axes)


def _selected(shape: Shape, selectors: tuple[Selector, ...]) -> Shape:
    sizes = iter(shape)
    result: list[Term] = []
    if sum(selector != "new" for selector in selectors) != len(shape):
        raise _misfit("selectors", str(selectors), "an array of shape", show_shape(shape))
    for selector in selectors:
        if selector == "new":
            result.append(ONE)
        elif selector == "all":
            result.append(next(sizes))
        else:
            next(sizes)
    return tuple(result)


def _gathered(shape: Shape, subscripts: tuple[ArrayTerm | None, ...]) -> Shape:
    if len(subscripts) != len(shape):
        raise _misfit("a number of subscripts,", str(len(subscripts)), "an array of shape",
                      show_shape(shape))  # fmt: skip
    arrays = [shape_of(part) for part in subscripts if part is not None]
    if len(arrays) == len(shape):
        return broadcast(*arrays)
    if len(arrays) != 1:
        raise DerivationError(
            "several arrays of subscripts beside whole axes have no fixed place for their axes",
            "write every subscript out",
        )
    at = next(axis for axis, part in enumerate(subscripts) if part is not None)
    return shape[:at] + arrays[0] + shape[at + 1 :]


def _misfit(what: str, left: str, joint: str, right: str) -> DerivationError:
    return DerivationError(
        f"{what} {left} {joint} {right} do not fit together",
        "this is a defect of the array code: report the model that led to it",
    )
