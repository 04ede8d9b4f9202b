"""Integers beside numbers of the data take their type: float32 stays float32.

NumPy computes float32 with an array of integers in float64.  Counts, identity matrices and places
hold integers; where they meet numbers of the data in arithmetic, they are made of that type.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from derive.program.array_shapes import shape_of
from derive.program.arrays import (
    Apply,
    ArrayTerm,
    Cast,
    Copy,
    Either,
    Elementwise,
    Empty,
    Exact,
    Fold,
    Full,
    Gather,
    Join,
    Matmul,
    OfMatrices,
    Overlap,
    Pad,
    Reshape,
    Scatter,
    Select,
    Tensordot,
    Transpose,
    Whole,
    Windows,
    is_plain_number,
    operands,
    walk,
    with_operands,
)
from derive.program.program import Line, Loop, Statement, parts
from derive.terms import Derivative, Name, Quantity

ARITHMETIC = ("add", "multiply", "divide", "power")
TRUTH = ("==", "!=", "<", "<=", ">", ">=", "and", "or", "not")

# The array whose type each computed one has, None for numbers that no data are in.
Types = dict[Name, ArrayTerm | None]


def with_number_types(lines: Sequence[Line], main: Quantity) -> tuple[Line, ...]:
    """The lines, in which no integers change the type of the numbers that they meet.

    What no data are in has the type of a parameter, the `main` one.
    """
    types: Types = {}
    result: list[Line] = []
    for line in lines:
        if isinstance(line, Loop):
            steps = tuple(replace(s, value=_typed(s.value, types)) for s in parts(line))
            result.append(replace(line, statements=steps))
        else:
            result.append(_typed_statement(line, types, Whole(main)))
    return tuple(result)


def _typed_statement(statement: Statement, types: Types, main: ArrayTerm) -> Statement:
    """A statement with its type; a gradient takes that of the variable that it belongs to."""
    target, value = statement.target, _typed(statement.value, types)
    if isinstance(value, Elementwise) and value.operation in TRUTH and not shape_of(value):
        # A quantity is a number, of which there is an opposite.
        value = Elementwise("where", (value, Exact(Fraction(1)), Exact(Fraction(0))))
    if statement.axis is None:
        match target.name:
            case Derivative(_, wrt, 0) if _is_untyped(value, types):
                own = _numbers(Whole(Quantity(wrt, target.shape)), types)
                value = value if own is None else cast(value, own)
            case _ if _is_untyped(value, types):
                value = cast(value, main)
        types[target.name] = _numbers(value, types)
    return replace(statement, value=value)


def _typed(term: ArrayTerm, types: Types) -> ArrayTerm:
    made = tuple(_typed(part, types) for part in operands(term))
    match term:
        case Elementwise("where", _) | Either():
            made = (made[0], *_alike(made[1:], types))
        case Elementwise(operation) if operation in ARITHMETIC:
            made = _alike(made, types)
        case Matmul() | Tensordot() | Join() | Apply() | OfMatrices():
            made = _alike(made, types)
        case Full(value, shape, like) if like is not None and _numbers(like, types) is None:
            # What it is to be like holds integers only.
            return Full(value, shape)
    return with_operands(term, made)


def _alike(terms: Sequence[ArrayTerm], types: Types) -> tuple[ArrayTerm, ...]:
    """Operands of one operation, all of the type of the first that has numbers of the data."""
    like = _first(_numbers(term, types) for term in terms)
    if like is None:
        return tuple(terms)
    return tuple(cast(t, like) if _is_untyped(t, types) else t for t in terms)


def cast(term: ArrayTerm, like: ArrayTerm) -> ArrayTerm:
    """The same values of another type, which what they are made of has already."""
    match term:
        case Fold() | Select() | Transpose() | Gather() if _can_be_cast(operands(term)[0]):
            first, *others = operands(term)
            return with_operands(term, (cast(first, like), *others))
        case Elementwise("add" | "multiply" | "negate" | "divide"):
            return _of_cast_parts(term, like)
        case Elementwise("power") | Apply() | OfMatrices() if _is_made_of_arrays(term):
            # A single number of theirs has no type that could be changed.
            return _of_cast_parts(term, like)
        case Either(condition, chosen, otherwise):
            branches = (cast(b, like) if shape_of(b) else b for b in (chosen, otherwise))
            return Either(condition, *branches)
        case Full(value, shape, None):
            return Full(value, shape, like)
        case Empty(shape, ()):
            return Empty(shape, (like,))
    return Cast(term, like)


def _can_be_cast(term: ArrayTerm) -> bool:
    """Whether a value has a type that can be changed: a single truth may be one of Python's."""
    is_truth = isinstance(term, Elementwise) and term.operation in TRUTH
    return _has_type(term) and not (is_truth and not shape_of(term))


def _of_cast_parts(term: ArrayTerm, like: ArrayTerm) -> ArrayTerm:
    parts = operands(term)
    return with_operands(term, tuple(cast(p, like) if _can_be_cast(p) else p for p in parts))


def _is_made_of_arrays(term: ArrayTerm) -> bool:
    return not shape_of(term) and any(map(shape_of, walk(term)))


def _has_type(term: ArrayTerm) -> bool:
    """Whether a value has a type of NumPy's: an array, what is made of one, or by its functions.

    Numbers of Python take the type that they meet.
    """
    return any(shape_of(part) or _is_by_numpy(part) for part in walk(term))


def _is_by_numpy(term: ArrayTerm) -> bool:
    match term:
        case Elementwise("where"):
            return True
        case Apply():
            return not is_plain_number(term)
    return False


def _is_untyped(term: ArrayTerm, types: Types) -> bool:
    """Whether a value is computed from arrays, of which none holds numbers of the data.

    How many truths there are in all is a number of Python's, which takes the type that it meets.
    """
    match term:
        case Elementwise(operation) if operation in TRUTH:
            return False
        case Fold("sum", Elementwise("where", (_, Exact(1), Exact(0)))) if not shape_of(term):
            return False
    return _has_type(term) and _numbers(term, types) is None


def _numbers(term: ArrayTerm, types: Types) -> ArrayTerm | None:
    """An array of the data whose type of numbers the value has, None where there is none."""
    searched: Sequence[ArrayTerm] = ()
    match term:
        case Whole(quantity):
            given = quantity.kind in ("param", "input")
            has_type = given or (quantity.shape and quantity.kind != "index")
            return types.get(quantity.name, term if has_type else None)
        case Cast(_, like):
            return like
        case Elementwise("where", (_, *branches)):
            searched = branches
        case Elementwise("add" | "multiply" | "negate" | "divide" | "power", terms):
            searched = terms
        case Apply() | Matmul() | Tensordot() | OfMatrices() | Join():
            searched = operands(term)
        case Either():
            searched = operands(term)[1:]
        case (
            Fold()
            | Transpose()
            | Select()
            | Gather()
            | Copy()
            | Scatter()
            | Overlap()
            | Pad()
            | Reshape()
            | Windows()
        ):
            searched = operands(term)[:1]
        case Full(value, _, like):
            searched = (value,) if like is None else (like,)
        case Empty(_, arrays):
            searched = arrays
    return _first(_numbers(part, types) for part in searched)


def _first(found: Iterable[ArrayTerm | None]) -> ArrayTerm | None:
    """The first with axes, else the first number alone: that one has a type where it is given."""
    arrays = [array for array in found if array is not None]
    return next((array for array in arrays if shape_of(array)), arrays[0] if arrays else None)
