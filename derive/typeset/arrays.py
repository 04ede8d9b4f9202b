"""Array terms as matrix formulas: products side by side, transposes, square brackets for 1 × 1.

Matrix notation has no word for everything that arrays can do.  What it cannot say plainly gives
None, and the reader sees the index form instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction as Rational

from derive.array_shapes import shape_of
from derive.arrays import (
    Apply,
    ArrayTerm,
    Elementwise,
    Exact,
    Extent,
    Identity,
    Matmul,
    OfMatrices,
    Pi,
    Select,
    Transpose,
    Whole,
)
from derive.terms import Quantity, is_one
from derive.typeset.equations import transposed
from derive.typeset.functions import layout_function
from derive.typeset.layout import (
    MINUS,
    TIMES,
    Fenced,
    Fraction,
    Group,
    Layout,
    NumberText,
    Operator,
    Raised,
    row,
)
from derive.typeset.operators import IDENTITY, layout_operator, transposed_inverse

Leaf = Callable[[Quantity, bool], Layout]

SUM, PRODUCT, SIGN, ATOM = range(4)
ONE = Exact(Rational(1))
HADAMARD = "\N{RING OPERATOR}"


class Unsayable(Exception):
    """Matrix notation has no plain word for an array term."""


@dataclass(frozen=True)
class _Piece:
    layout: Layout
    level: int


def layout_array(term: ArrayTerm, leaf: Leaf) -> Layout | None:
    """The matrix formula of `term`, None where there is no plain one.

    `leaf(quantity, transposed)` prints a whole quantity: its symbol, or its entries as a matrix.
    """
    try:
        return _piece(term, leaf).layout
    except Unsayable:
        return None


def _piece(term: ArrayTerm, leaf: Leaf) -> _Piece:
    match term:
        case Whole(quantity):
            return _Piece(leaf(quantity, False), ATOM)
        case Transpose(Whole(quantity), (1, 0)):
            return _Piece(leaf(quantity, True), ATOM)
        case OfMatrices() | Identity() | Transpose(OfMatrices("inv"), (1, 0)):
            return _linear_algebra(term, leaf)
        case Transpose(operand, (1, 0)):
            return _Piece(transposed(_piece(operand, leaf).layout), ATOM)
        case Exact(value) if value.denominator == 1 and value >= 0:
            return _Piece(NumberText(str(value)), ATOM)
        case Exact(value, text) if text is not None and value >= 0:
            return _Piece(NumberText(text), ATOM)
        case Select(operand, _) if _is_number(term) and _is_number(operand):
            return _piece(operand, leaf)
        case Matmul():
            return _product(term, leaf)
        case Elementwise("add", parts):
            return _Piece(_sum(parts, leaf), SUM)
        case Elementwise("multiply", parts):
            return _scaled(parts, leaf)
        case Elementwise("negate", (operand,)):
            minus = Operator(MINUS, "prefix")
            return _Piece(row(minus, _bracketed(operand, leaf, PRODUCT)), SUM)
        case Elementwise("divide", (above, below)) if _is_number(below):
            return _Piece(
                Fraction(_grouped(above, leaf, PRODUCT), _grouped(below, leaf, ATOM)), SIGN
            )
        case Elementwise("power", (base, exponent)) if _is_number(base):
            raised = Raised(_bracketed(base, leaf, ATOM), _piece(exponent, leaf).layout)
            return _Piece(raised, ATOM)
        case Apply(function, (operand,)):
            return _Piece(layout_function(function, _piece(operand, leaf).layout), ATOM)
    raise Unsayable(type(term).__name__)


def _linear_algebra(term: ArrayTerm, leaf: Leaf) -> _Piece:
    match term:
        case Identity():
            return _Piece(IDENTITY, ATOM)
        case Transpose(OfMatrices("inv", (matrix,))) | OfMatrices(
            "inv", (Transpose(matrix, (1, 0)),)
        ):
            return _Piece(transposed_inverse(_piece(matrix, leaf).layout), ATOM)
        case OfMatrices("solve", (matrix, right)) if len(shape_of(matrix)) == 2:
            inverse = _piece(OfMatrices("inv", (matrix,)), leaf).layout
            return _Piece(_side_by_side([inverse, _bracketed(right, leaf, PRODUCT)]), PRODUCT)
        case OfMatrices(operator, (matrix,)) if len(shape_of(matrix)) == 2:
            return _Piece(layout_operator(operator, _piece(matrix, leaf).layout), ATOM)
    raise Unsayable(type(term).__name__)


def _is_number(term: ArrayTerm) -> bool:
    """Whether an array holds a single number: all its axes have size one."""
    return all(is_one(size) for size in shape_of(term))


def _bracketed(term: ArrayTerm, leaf: Leaf, level: int) -> Layout:
    piece = _piece(term, leaf)
    return piece.layout if piece.level >= level else Fenced("(", piece.layout, ")")


def _grouped(term: ArrayTerm, leaf: Leaf, level: int) -> Layout:
    """Above or below a fraction bar: in brackets only where the formula stands on one line."""
    piece = _piece(term, leaf)
    whole = piece.level >= level and not isinstance(piece.layout, Fraction)
    return piece.layout if whole else Group(piece.layout)


def _factor(layout: Layout) -> Layout:
    return Group(layout) if isinstance(layout, Fraction) else layout


def _sum(parts: tuple[ArrayTerm, ...], leaf: Leaf) -> Layout:
    items = [_bracketed(parts[0], leaf, SUM)]
    for part in parts[1:]:
        match part:
            case Elementwise("negate", (operand,)):
                items += [Operator(MINUS), _bracketed(operand, leaf, PRODUCT)]
            case _:
                items += [Operator("+"), _bracketed(part, leaf, PRODUCT)]
    return row(*items)


def _product(term: Matmul, leaf: Leaf) -> _Piece:
    """A matrix product: numbers in front, a computed 1 × 1 factor whole in square brackets.

    An array of one axis is a column: x @ y is xᵀ y, and x @ A is Aᵀ x.
    """
    left, right = term.left, term.right
    flat, both_flat = len(shape_of(left)) == 1, len(shape_of(left)) == len(shape_of(right)) == 1
    if flat and not both_flat:
        left, right = _flipped(right), left
    numbers: list[Layout] = []
    factors: list[Layout] = []
    for operand in (left, right):
        if _is_computed_number(operand):
            factors.append(Fenced("[", _piece(operand, leaf).layout, "]"))
            continue
        coefficient, rest = _coefficient(operand)
        numbers += [_piece(number, leaf).layout for number in coefficient]
        if both_flat and not factors:
            factors.append(_as_row(rest, leaf))
        else:
            factors.append(_bracketed(rest, leaf, PRODUCT))
    return _Piece(_side_by_side([*numbers, *factors]), PRODUCT)


def _flipped(matrix: ArrayTerm) -> ArrayTerm:
    if isinstance(matrix, Transpose):
        return matrix.operand
    return Transpose(matrix, (1, 0))


def _as_row(column: ArrayTerm, leaf: Leaf) -> Layout:
    if isinstance(column, Whole):
        return leaf(column.quantity, True)
    return transposed(_bracketed(column, leaf, ATOM))


def _is_computed_number(term: ArrayTerm) -> bool:
    return len(shape_of(term)) == 2 and _is_number(term) and not isinstance(term, Whole)


def _coefficient(term: ArrayTerm) -> tuple[tuple[ArrayTerm, ...], ArrayTerm]:
    """The numbers that multiply an array, and the array without them."""
    if not isinstance(term, Elementwise) or term.operation != "multiply":
        return (), term
    numbers = tuple(part for part in term.operands if isinstance(part, Exact | Extent | Pi))
    rest = tuple(part for part in term.operands if part not in numbers)
    if not numbers or not rest:
        return (), term
    return numbers, rest[0] if len(rest) == 1 else Elementwise("multiply", rest)


def _outer(parts: tuple[ArrayTerm, ...], leaf: Leaf) -> _Piece | None:
    """A column times a row, u vᵀ, None where a product is not one."""
    numbers = [part for part in parts if not shape_of(part)]
    columns = [part.operand for part in parts if isinstance(part, Select) and _is_column(part)]
    rows = [part for part in parts if len(shape_of(part)) == 1]
    if not len(columns) == len(rows) == 1 or len(parts) != len(numbers) + 2:
        return None
    shown = [_bracketed(number, leaf, PRODUCT) for number in numbers]
    shown += [_bracketed(columns[0], leaf, PRODUCT), _as_row(rows[0], leaf)]
    return _Piece(_side_by_side(shown), PRODUCT)


def _is_column(term: Select) -> bool:
    return len(shape_of(term.operand)) == 1 and term.selectors == ("all", "new")


def _scaled(parts: tuple[ArrayTerm, ...], leaf: Leaf) -> _Piece:
    """A product entry by entry: numbers side by side, whole arrays with a ring between them."""
    parts = tuple(part for part in parts if part != ONE) or parts[:1]
    if len(parts) == 1:
        return _piece(parts[0], leaf)
    outer = _outer(parts, leaf)
    if outer is not None:
        return outer
    arrays = [part for part in parts if not _is_number(part)]
    items: list[Layout] = []
    for position, part in enumerate(parts):
        layout = _bracketed(part, leaf, SIGN if len(arrays) > 1 else PRODUCT)
        if position:
            both = part in arrays and parts[position - 1] in arrays
            dotted = _has_product(parts[position - 1]) or _has_product(part)
            items.append(Operator(HADAMARD if both else "\N{MIDDLE DOT}" if dotted else TIMES))
        items.append(_factor(layout))
    return _Piece(row(*items), PRODUCT)


def _has_product(term: ArrayTerm) -> bool:
    match term:
        case Select(operand, _):
            return _has_product(operand)
        case Matmul() | Elementwise("multiply", _):
            return True
    return False


def _side_by_side(layouts: list[Layout]) -> Layout:
    items: list[Layout] = []
    for layout in layouts:
        items += [Operator(TIMES), _factor(layout)] if items else [_factor(layout)]
    return row(*items)
