"""The symbolic shape of array terms, and the sizes they need; misfits are refused."""

from __future__ import annotations

from collections.abc import Sequence

from derive.errors import DerivationError
from derive.polynomials import collected, least
from derive.program.arrays import (
    Addition,
    Apply,
    ArrayTerm,
    Cast,
    Copy,
    Counting,
    Either,
    Elementwise,
    Empty,
    Exact,
    Extent,
    Fold,
    Full,
    Gather,
    Identity,
    Infinity,
    Join,
    Locate,
    Matmul,
    OfMatrices,
    Overlap,
    Pad,
    Pi,
    Places,
    Reshape,
    Scatter,
    Select,
    Selector,
    Slice,
    Tensordot,
    Transpose,
    Whole,
    Windows,
    walk,
)
from derive.sizes import Shape, show_shape
from derive.terms import ONE, Add, Multiply, Term, is_one, number


def shape_of(term: ArrayTerm) -> Shape:
    """The symbolic shape of a term; what does not fit together raises DerivationError.

    >>> from derive.sizes import show_shape
    >>> from derive.terms import Quantity, Size
    >>> n = Size("n")
    >>> x, w = (Whole(Quantity(name, shape)) for name, shape in (("x", (ONE, n)), ("w", (n, ONE))))
    >>> show_shape(shape_of(Matmul(Transpose(x, (1, 0)), Matmul(x, w))))
    '(n, 1)'
    """
    match term:
        case Whole(quantity):
            return quantity.shape
        case OfMatrices() | Identity():
            return _linear_algebra_shape(term)
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
            before = _with_axes(operand, axes, every=True)
            return tuple(before[axis] for axis in axes)
        case Select(operand, selectors):
            return _selected(shape_of(operand), selectors)
        case Gather(operand, subscripts):
            return _gathered(shape_of(operand), subscripts)
        case Fold(_, operand, axes) | Locate(_, operand, axes):
            before = _with_axes(operand, axes)
            return tuple(size for axis, size in enumerate(before) if axis not in axes)
        case Copy(operand) | Cast(operand, _) | Overlap(operand):
            return shape_of(operand)
        case Scatter() | Pad() | Windows():
            return _placed_shape(term)
        case Full(value, shape, _):
            return _full_shape(shape_of(value), shape)
        case Either(_, chosen, otherwise):
            return broadcast(shape_of(chosen), shape_of(otherwise))
        case Join(parts, axis, size):
            first = shape_of(parts[0])
            return (*first[:axis], size, *first[axis + 1 :])
        case Empty(shape, _) | Reshape(_, shape):
            return shape
    raise TypeError(f"shape_of: unknown array term {type(term).__name__}")


def _full_shape(value: Shape, shape: Shape) -> Shape:
    if broadcast(value, shape) != shape:
        raise _misfit("a value of shape", show_shape(value), "an array of shape", show_shape(shape))
    return shape


def _with_axes(operand: ArrayTerm, axes: tuple[int, ...], *, every: bool = False) -> Shape:
    """The shape of an operand that has these axes; a transposition names them all."""
    shape = shape_of(operand)
    if not set(axes) <= set(range(len(shape))) or (every and len(axes) < len(shape)):
        raise _misfit("axes", str(axes), "an array of shape", show_shape(shape))
    return shape


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


def _linear_algebra_shape(term: OfMatrices | Identity) -> Shape:
    if isinstance(term, Identity):
        return (term.size, term.size)
    shapes = tuple(map(shape_of, term.operands))
    matrix = shapes[0]
    if len(matrix) < 2:
        raise _misfit(term.operator, "of", "an array of shape", show_shape(matrix))
    if term.operator == "solve":
        return _matmul_shape((*matrix[:-1], shapes[1][-2:][0]), shapes[1])
    return matrix[:-2] if term.operator in ("det", "logdet") else matrix


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
        elif isinstance(selector, Slice):
            next(sizes)
            result.append(selector.size)
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


def _placed_shape(term: Scatter | Pad | Windows) -> Shape:
    if isinstance(term, Scatter):
        return _scattered_shape(term)
    shape = shape_of(term.operand)
    if isinstance(term, Pad):
        pairs = zip(shape, term.widths, strict=True)
        return tuple(collected(Add((size, *widths))) for size, widths in pairs)
    counts = {view.axis: view.count for view in term.views}
    places = tuple(counts.get(axis, size) for axis, size in enumerate(shape))
    return (*places, *(view.size for view in term.views))


def _scattered_shape(term: Scatter) -> Shape:
    shape = shape_of(term.base)
    for addition in term.additions:
        wanted = _places_shape(addition.subscripts, shape)
        found = shape_of(addition.value)
        if broadcast(found, wanted) != wanted:
            raise _misfit("values of shape", show_shape(found), "at places of shape",
                          show_shape(wanted))  # fmt: skip
    return shape


def added_value(addition: Addition) -> ArrayTerm:
    """What is added at some places, with as many axes as these have.

    Where NumPy's `np.add.at` would have to repeat a vector along more axes, it reads beyond its end
    (as of NumPy 2.4).
    """
    value = addition.value
    rank = max(len(shape_of(part)) for part in addition.subscripts if part is not None)
    own = len(shape_of(value))
    if not addition.repeats or not 0 < own < rank:
        return value
    selectors: list[Selector] = ["new" if axis < rank - own else "all" for axis in range(rank)]
    return Select(value, tuple(selectors))


def _places_shape(subscripts: Places, shape: Shape) -> Shape:
    """The shape of `array[subscripts]`, where None is a whole axis."""
    named = [axis for axis, subscript in enumerate(subscripts) if subscript is not None]
    places = broadcast(*(shape_of(part) for part in subscripts if part is not None))
    rest = [(axis, size) for axis, size in enumerate(shape) if axis not in named]
    first = named[0] if named == list(range(named[0], named[-1] + 1)) else 0
    before = tuple(size for axis, size in rest if axis < first)
    return (*before, *places, *(size for axis, size in rest if axis >= first))


def _misfit(what: str, left: str, joint: str, right: str) -> DerivationError:
    return DerivationError(
        f"{what} {left} {joint} {right} do not fit together",
        "this is a defect of the array code: report the model that led to it",
    )


def sizes_in(term: ArrayTerm) -> tuple[Term, ...]:
    """The sizes that the value of `term` needs as numbers, in reading order."""
    found: dict[Term, None] = {}
    for part in walk(term):
        match part:
            case Extent(size) | Counting(size) | Identity(size):
                found[size] = None
            case Full(_, shape, like) if like is None or shape_of(like) != shape:
                found.update(dict.fromkeys(shape))
            case Empty(shape, _) | Reshape(_, shape):
                found.update(dict.fromkeys(shape))
            case Pad(_, widths):
                found.update(dict.fromkeys(width for pair in widths for width in pair))
            case Windows(_, views):
                found.update(dict.fromkeys(s for v in views for s in (v.size, v.stride)))
            case Overlap(_, _, views):
                found.update(dict.fromkeys(s for v in views for s in (v.size, v.stride, v.count)))
            case Select(_, selectors):
                for selector in selectors:
                    match selector:
                        case Slice(start, size):
                            found.update({start: None, size: None})
                        case Term():
                            found[selector] = None
            case Locate(_, _, axes) if len(axes) > 1:
                found.update(dict.fromkeys((*shape_of(part), joined_size(part))))
    return tuple(found)


def joined_size(term: Locate) -> Term:
    """The size of the last axes as one, -1 where NumPy finds it, since no other may be empty."""
    shape, kept = shape_of(term.operand), shape_of(term)
    if all((least(size) or 0) >= 1 for size in kept):
        return number(-1)
    return collected(Multiply(shape[len(kept) :]))


def is_diagonal(term: ArrayTerm) -> bool:
    """Whether a term is the diagonal of a matrix, all of it."""
    match term:
        case Gather(operand, (Counting(size), Counting(other))):
            return shape_of(operand) == (size, size) and other == size
    return False


def outer_vectors(parts: Sequence[ArrayTerm]) -> tuple[ArrayTerm, ArrayTerm] | None:
    """The vectors of which a product is the outer product, None for another product."""
    match parts:
        case (Select(rows, ("all", "new")), columns) | (columns, Select(rows, ("all", "new"))):
            return (rows, columns) if len(shape_of(columns)) == 1 else None
    return None
