"""Array terms as matrix formulas: products side by side, transposes, square brackets for 1 × 1.

Matrix notation has no word for everything that arrays can do.  What it cannot say plainly gives
None, and the reader sees the index form instead.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction as Rational

from derive.names import Letters, symbol
from derive.program.array_shapes import shape_of
from derive.program.arrays import (
    Apply,
    ArrayTerm,
    Elementwise,
    Exact,
    Extent,
    Fold,
    Identity,
    Matmul,
    OfMatrices,
    Pi,
    Select,
    Transpose,
    Whole,
)
from derive.sizes import Shape
from derive.terms import ONE as ONE_SIZE
from derive.terms import Multiply, Size
from derive.typeset.broadcasting import is_number, stretched
from derive.typeset.equations import transposed
from derive.typeset.functions import layout_function
from derive.typeset.layout import (
    MINUS,
    TIMES,
    Fenced,
    Fraction,
    Group,
    Identifier,
    Layout,
    NumberText,
    Operator,
    Raised,
    row,
)
from derive.typeset.leaves import Leaf, Show, Unsayable
from derive.typeset.operators import IDENTITY, layout_operator, transposed_inverse

SUM, ENTRYWISE, PRODUCT, SIGN, ATOM = range(5)
ONE, ZERO = Exact(Rational(1)), Exact(Rational(0))
HADAMARD = "\N{RING OPERATOR}"
SIGNS = {"==": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥"}
# The column of ones.
ONES = Identifier(Letters("1", "bold"))


@dataclass(frozen=True)
class _Piece:
    layout: Layout
    level: int


def layout_array(
    term: ArrayTerm, show: Show, shape: Callable[[Shape], Layout] | None = None
) -> Layout | None:
    """The matrix formula of `term`, None where there is no plain one.

    `show(quantity, transposed)` prints a whole quantity: its symbol, or its entries as a matrix.
    With `shape` the factors of each matrix product have their shapes below them.
    """
    try:
        return _piece(term, Leaf(show, shape)).layout
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
        case Exact() | Extent():
            return _number(term)
        case Select(operand, _) if is_number(term) and is_number(operand):
            return _piece(operand, leaf)
        case Select(vector, ("all", "new")) if len(shape_of(term)) == 2:
            return _piece(vector, leaf)
        case Select(vector, ("new", "all")) if len(shape_of(term)) == 2:
            return _Piece(_as_row(vector, leaf), PRODUCT)
        case Fold("sum", operand, axes):
            return _folded(operand, axes, leaf)
        case Matmul():
            return _product(term, leaf)
        case Elementwise("add", parts):
            return _Piece(_sum(parts, shape_of(term), leaf), SUM)
        case Elementwise("multiply", parts):
            return _scaled(parts, leaf)
        case Elementwise("negate", (operand,)):
            minus = Operator(MINUS, "prefix")
            return _Piece(row(minus, _bracketed(operand, leaf, ENTRYWISE)), SUM)
        case Elementwise("divide", (above, below)):
            return _quotient(above, below, leaf)
        case Elementwise("power", (base, exponent)) if is_number(base):
            raised = Raised(_bracketed(base, leaf, ATOM), _piece(exponent, leaf).layout)
            return _Piece(raised, ATOM)
        case Elementwise("where", (Elementwise() as condition, chosen, zero)) if zero == ZERO:
            if chosen == ONE:
                return _Piece(_indicator(condition, leaf), ATOM)
            return _scaled((chosen, Elementwise("where", (condition, ONE, ZERO))), leaf)
        case Elementwise("power", (base, Exact(two))) if two == 2:
            squared = _bracketed(base, leaf, SIGN)
            return _Piece(row(squared, Operator(HADAMARD), squared), ENTRYWISE)
        case Apply(function, (operand,)):
            return _Piece(layout_function(function, _piece(operand, leaf).layout), ATOM)
    raise Unsayable(type(term).__name__)


def _indicator(condition: Elementwise, leaf: Leaf) -> Layout:
    """The array that is 1 where a relation holds, entry by entry, and 0 elsewhere: [Z > 0]."""
    match condition:
        case Elementwise(relation, (left, right)) if relation in SIGNS:
            if is_number(right) or shape_of(left) == shape_of(right):
                shown = [_bracketed(side, leaf, SUM) for side in (left, right)]
                return Fenced("[", row(shown[0], Operator(SIGNS[relation]), shown[1]), "]")
    raise Unsayable(condition.operation)


def _number(term: ArrayTerm) -> _Piece:
    """A number or a size."""
    match term:
        case Exact(value, text) if value >= 0 and text is not None:
            return _Piece(NumberText(text), ATOM)
        case Exact(value) if value >= 0 and value.denominator == 1:
            return _Piece(NumberText(str(value)), ATOM)
        case Exact(value) if value > 0:
            above, below = NumberText(str(value.numerator)), NumberText(str(value.denominator))
            return _Piece(Fraction(above, below), SIGN)
        case Extent(Size(name)):
            return _Piece(Identifier(symbol(name)), ATOM)
        case Extent(Multiply(factors)):
            return _Piece(_side_by_side([_number(Extent(f)).layout for f in factors]), PRODUCT)
    raise Unsayable(type(term).__name__)


def _quotient(above: ArrayTerm, below: ArrayTerm, leaf: Leaf) -> _Piece:
    match above, below:
        case (one, Elementwise("add", (other, Apply("exp", (inside,))))) if one == other == ONE:
            # On arrays the logistic function is a formula; to a reader it has a name.
            return _Piece(layout_function("sigmoid", _piece(_opposite(inside), leaf).layout), ATOM)
        case _, Elementwise("add", (one, Apply("exp", _))) if one == ONE:
            return _scaled((above, Elementwise("divide", (ONE, below))), leaf)
    if not is_number(below):
        raise Unsayable("divide")
    if _is_wide(above):
        return _over_number(above, below, leaf)
    fraction = Fraction(_grouped(above, leaf, PRODUCT), _grouped(below, leaf, ATOM))
    return _Piece(fraction, SIGN)


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


def _sum(parts: tuple[ArrayTerm, ...], shape: Shape, leaf: Leaf) -> Layout:
    items = [_summand(parts[0], shape, leaf, SUM)]
    for part in parts[1:]:
        match part:
            case Elementwise("negate", (operand,)):
                items += [Operator(MINUS), _summand(operand, shape, leaf, ENTRYWISE)]
            case _:
                items += [Operator("+"), _summand(part, shape, leaf, ENTRYWISE)]
    return row(*items)


def _summand(part: ArrayTerm, shape: Shape, leaf: Leaf, level: int) -> Layout:
    """A summand, a vector that is the same in every row or column with its ones: v 𝟏ᵀ, 𝟏 vᵀ."""
    found = stretched(part, shape)
    if found is None:
        return _bracketed(part, leaf, level)
    if found.down:
        return _side_by_side([ONES, _as_row(found.vector, leaf)])
    return _side_by_side([_bracketed(found.vector, leaf, PRODUCT), transposed(ONES)])


def _folded(operand: ArrayTerm, axes: tuple[int, ...], leaf: Leaf) -> _Piece:
    """Sums over rows and columns, as products with a column of ones."""
    rank = len(shape_of(operand))
    if rank == 1 and isinstance(operand, Whole):
        return _Piece(_side_by_side([transposed(ONES), leaf(operand.quantity, False)]), PRODUCT)
    if rank != 2 or len(axes) != 1:
        raise Unsayable("Fold")
    rows, columns = shape_of(operand)
    numbers, rest = _coefficient(operand)
    before = [_number(one).layout for one in numbers]
    match axes:
        case (0,):
            flipped = leaf.shaped(_as_row(rest, leaf), columns, rows)
            return _Piece(
                _side_by_side([*before, flipped, leaf.shaped(ONES, rows, ONE_SIZE)]), PRODUCT
            )
        case (1,) if isinstance(operand, Elementwise) and operand.operation == "multiply":
            return _Piece(layout_function("rowsum", _piece(operand, leaf).layout), ATOM)
    matrix = leaf.shaped(_bracketed(rest, leaf, PRODUCT), rows, columns)
    return _Piece(_side_by_side([*before, matrix, leaf.shaped(ONES, columns, ONE_SIZE)]), PRODUCT)


def _is_wide(term: ArrayTerm) -> bool:
    """Whether a number stands better before an array than below it: 2/n e, 1/n Xᵀ e, but T/n."""
    numbers, rest = _coefficient(term)
    return not is_number(rest) and (bool(numbers) or isinstance(rest, Matmul | Fold))


def _opposite(term: ArrayTerm) -> ArrayTerm:
    match term:
        case Elementwise("negate", (inside,)):
            return inside
    return Elementwise("negate", (term,))


def _over_number(above: ArrayTerm, below: ArrayTerm, leaf: Leaf) -> _Piece:
    """The 2/n of 2/n Xᵀ e, and what is behind it."""
    numbers, rest = _coefficient(above)
    shown = [_bracketed(number, leaf, PRODUCT) for number in numbers] or [NumberText("1")]
    fraction = Fraction(_side_by_side(shown), _grouped(below, leaf, ATOM))
    return _Piece(_side_by_side([fraction, _bracketed(rest, leaf, PRODUCT)]), PRODUCT)


def _product(term: Matmul, leaf: Leaf) -> _Piece:
    """A matrix product: numbers in front, a computed 1 × 1 factor whole in square brackets.

    An array of one axis is a column: x @ y is xᵀ y, and x @ A is Aᵀ x.
    """
    left, right = term.left, term.right
    ranks = len(shape_of(left)), len(shape_of(right))
    if min(ranks) == 1 and max(ranks) > 2:
        raise Unsayable("a vector beside many matrices")
    if ranks[0] == 1 != ranks[1]:
        left, right = _flipped(right), left
    numbers: list[Layout] = []
    factors: list[Layout] = []
    for operand in (left, right):
        shape = shape_of(operand)
        if _is_computed_number(operand):
            number = Fenced("[", _piece(operand, leaf).layout, "]")
            factors.append(leaf.shaped(number, *shape))
            continue
        coefficient, rest = _coefficient(operand)
        numbers += [_piece(number, leaf).layout for number in coefficient]
        if ranks == (1, 1) and not factors:
            factors.append(leaf.shaped(_as_row(rest, leaf), ONE_SIZE, *shape))
        elif isinstance(rest, Matmul):
            factors.append(_piece(rest, leaf).layout)
        else:
            column = shape if len(shape) == 2 else (*shape, ONE_SIZE)
            factors.append(leaf.shaped(_bracketed(rest, leaf, PRODUCT), *column))
    return _Piece(_side_by_side([*numbers, *factors]), PRODUCT)


def _flipped(matrix: ArrayTerm) -> ArrayTerm:
    if isinstance(matrix, Transpose):
        return matrix.operand
    return Transpose(matrix, (1, 0))


def _as_row(column: ArrayTerm, leaf: Leaf) -> Layout:
    numbers, rest = _coefficient(column)
    if numbers:
        return _side_by_side([*(_number(one).layout for one in numbers), _as_row(rest, leaf)])
    match column:
        case Whole(quantity):
            return leaf(quantity, True)
        case Fold("sum", matrix, (0,)) if len(shape_of(matrix)) == 2:
            return _side_by_side([transposed(ONES), _bracketed(matrix, leaf, PRODUCT)])
        case Matmul(left, right) if len(shape_of(left)) == 1:
            return _side_by_side([_as_row(left, leaf), _bracketed(right, leaf, PRODUCT)])
    return transposed(_bracketed(column, leaf, ATOM))


def _is_computed_number(term: ArrayTerm) -> bool:
    return len(shape_of(term)) == 2 and is_number(term) and not isinstance(term, Whole)


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
    down = [p for p in parts if isinstance(p, Select) and p.selectors == ("all", "new")]
    columns = [part.operand for part in down if len(shape_of(part.operand)) == 1]
    rows = [part for part in parts if len(shape_of(part)) == 1]
    if not len(columns) == len(rows) == 1 or len(parts) != len(numbers) + 2:
        return None
    shown = [_bracketed(number, leaf, PRODUCT) for number in numbers]
    column = leaf.shaped(_bracketed(columns[0], leaf, PRODUCT), *shape_of(columns[0]), ONE_SIZE)
    shown += [column, leaf.shaped(_as_row(rows[0], leaf), ONE_SIZE, *shape_of(rows[0]))]
    return _Piece(_side_by_side(shown), PRODUCT)


def _scaled(parts: tuple[ArrayTerm, ...], leaf: Leaf) -> _Piece:
    """A product entry by entry: numbers in front, whole arrays with a ring between them."""
    parts = tuple(part for part in parts if part != ONE) or parts[:1]
    if len(parts) == 1:
        return _piece(parts[0], leaf)
    whole = _outer(parts, leaf) or _with_diagonals(parts, leaf)
    if whole is not None:
        return whole
    arrays = [part for part in parts if not is_number(part)]
    if len(arrays) > 1:
        parts = (*(part for part in parts if is_number(part)), *arrays)
    items: list[Layout] = []
    for position, part in enumerate(parts):
        layout = _bracketed(part, leaf, SIGN if len(arrays) > 1 else PRODUCT)
        if position:
            both = part in arrays and parts[position - 1] in arrays
            before = parts[position - 1]
            dotted = _has_product(before) or (_has_product(part) and not isinstance(before, Exact))
            items.append(Operator(HADAMARD if both else "\N{MIDDLE DOT}" if dotted else TIMES))
        items.append(_factor(layout))
    return _Piece(row(*items), ENTRYWISE if len(arrays) > 1 else PRODUCT)


def _with_diagonals(parts: tuple[ArrayTerm, ...], leaf: Leaf) -> _Piece | None:
    """The diag(u) A diag(v) of a matrix whose rows and columns are scaled, None for others."""
    shape = shape_of(Elementwise("multiply", parts))
    found = [(part, stretched(part, shape)) for part in parts]
    matrices = tuple(part for part, one in found if one is None and not is_number(part))
    if not matrices or all(one is None for _, one in found):
        return None
    numbers = [_bracketed(part, leaf, PRODUCT) for part in parts if is_number(part)]
    rows = [_diagonal(one.vector, leaf) for _, one in found if one is not None and not one.down]
    columns = [_diagonal(one.vector, leaf) for _, one in found if one is not None and one.down]
    middle = _bracketed(Elementwise("multiply", matrices), leaf, PRODUCT)
    return _Piece(_side_by_side([*numbers, *rows, middle, *columns]), PRODUCT)


def _diagonal(vector: ArrayTerm, leaf: Leaf) -> Layout:
    return layout_function("diag", _piece(vector, leaf).layout)


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
