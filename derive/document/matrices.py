"""Matrix formulas of a document: whole arrays by their symbols, or written out entry by entry."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from derive.calculus.adjoint import Derivation, Gradient
from derive.calculus.adoption import is_short
from derive.calculus.expand import places, shape_at
from derive.calculus.explain import chain, closed_equation
from derive.document.blocks import Phrase, says
from derive.document.writer import (
    Writer,
    equation_formula,
    formula,
    shape_layout,
    symbol_of,
)
from derive.errors import DerivationError
from derive.model import Equation
from derive.names import symbol
from derive.program.arrays import ArrayTerm, Matmul, Whole, operands, walk, with_operands
from derive.program.solving import untransposed
from derive.program.vectorise import vectorise
from derive.sizes import Shape
from derive.terms import ONE, Entry, Quantity, entries, is_one
from derive.terms import walk as walk_terms
from derive.typeset.arrays import HADAMARD, ONES, layout_array
from derive.typeset.equations import equation, matrix, transposed
from derive.typeset.functions import layout_function
from derive.typeset.layout import FunctionName, Identifier, Layout, Operator, Shaped
from derive.typeset.layout import walk as walk_layout
from derive.typeset.levels import is_indicator

# An upstream gradient of at most so many operations is written out in a matrix formula.
SHORT_ARRAY = 5


@lru_cache(maxsize=1024)
def array_of(defined: Equation) -> ArrayTerm | None:
    """The array term of an equation, None where there is none."""
    try:
        return vectorise(defined)
    except DerivationError:
        return None


def matrix_formula(
    writer: Writer, array: ArrayTerm | None, written: bool = False, shaped: bool = False
) -> Layout | None:
    """`array` in matrix notation, its leaves as symbols or `written` out as matrices of entries.

    With `shaped` the factors of matrix products have their shapes below them.
    """

    def leaf(quantity: Quantity, flipped: bool) -> Layout:
        if written and not all(is_one(size) for size in quantity.shape):
            return entries_matrix(writer, quantity, flipped)
        symbol = symbol_of(writer, quantity)
        return transposed(symbol) if flipped else symbol

    if array is None:
        return None
    sizes = (lambda shape: shape_layout(writer, shape)) if shaped else None
    return layout_array(untransposed(array, writer.derivation.known.symmetric), leaf, sizes)


def entries_matrix(writer: Writer, quantity: Quantity, flipped: bool = False) -> Layout:
    """The entries of a vector (as a column) or a matrix at the sizes of the example."""
    shown = [formula(writer, Entry(quantity, place)) for place in places(quantity, writer.sizes)]
    return stacked(writer, quantity, shown, flipped)


def stacked(
    writer: Writer, quantity: Quantity, shown: Sequence[Layout], flipped: bool = False
) -> Layout:
    """Layouts in the shape of a quantity of one or two axes."""
    shape = shape_at(quantity, writer.sizes)
    columns = shape[1] if len(shape) == 2 else 1
    rows = tuple(tuple(shown[i : i + columns]) for i in range(0, len(shown), columns))
    return matrix(tuple(zip(*rows, strict=True)) if flipped else rows)


def definition_formula(writer: Writer, defined: Equation) -> Layout:
    """The definition in matrix notation where that is plain, in index notation elsewhere."""
    right = matrix_formula(writer, array_of(defined))
    if right is None:
        return equation_formula(writer, defined)
    return equation(symbol_of(writer, defined.left), right)


def written_as_matrices(writer: Writer, defined: Equation) -> Layout | None:
    """The same with the entries of each matrix, where the right side is a matrix product."""
    array = array_of(defined)
    if array is None or not any(isinstance(part, Matmul) for part in walk(array)):
        return None
    if max((len(quantity.shape) for quantity in _quantities(defined)), default=0) > 2:
        return None
    right = matrix_formula(writer, array, written=True)
    if right is None:
        return None
    alone = all(is_one(size) for size in defined.left.shape)
    left = symbol_of(writer, defined.left) if alone else entries_matrix(writer, defined.left)
    return equation(left, right)


def _quantities(defined: Equation) -> tuple[Quantity, ...]:
    return (defined.left, *(entry.quantity for entry in entries(defined.right)))


def closed_array(writer: Writer, gradient: Gradient) -> ArrayTerm | None:
    """A gradient as an array term, with short upstream gradients written out and kept whole."""
    return _closed_array(writer.derivation, gradient)


# Sections, and the documents and the code, ask for the same gradients again.
@lru_cache(maxsize=1024)
def _closed_array(derivation: Derivation, gradient: Gradient) -> ArrayTerm | None:
    if chain(derivation, gradient).simplification:
        array = array_of(closed_equation(derivation, gradient))
    else:
        array = array_of(gradient.equation)
    if array is None:
        return None
    read = dict.fromkeys(part.quantity for part in walk(array) if isinstance(part, Whole))
    for quantity in read:
        value = _short_array(derivation, quantity)
        if value is not None:
            array = replaced(array, Whole(quantity), value)
    return array


@lru_cache(maxsize=1024)
def _short_array(derivation: Derivation, quantity: Quantity) -> ArrayTerm | None:
    """An upstream gradient that reads no other and is short as it is or as a matrix: 2 W r."""
    found = derivation.known.gradients.get(quantity)
    if found is None or any(entry.quantity.kind == "gradient" for entry in entries(found.right)):
        return None
    array = array_of(found)
    short = array is not None and len(tuple(walk(array))) <= SHORT_ARRAY
    return array if short or is_short(found) else None


def gradient_formula(writer: Writer, gradient: Gradient) -> Layout:
    """∂C/∂w in closed form: in matrix notation where it is plain, else entry by entry."""
    plain = plain_gradient(writer, gradient)
    if plain is not None:
        return plain
    return equation_formula(writer, closed_equation(writer.derivation, gradient))


@lru_cache(maxsize=256)
def plain_gradient(writer: Writer, gradient: Gradient, shaped: bool = False) -> Layout | None:
    """∂C/∂w in matrix notation, None where there is none; `shaped` with the shapes of factors."""
    closed = closed_equation(writer.derivation, gradient)
    right = matrix_formula(writer, closed_array(writer, gradient), shaped=shaped)
    if right is None and any(map(is_indicator, walk_terms(closed.right))):
        # A product by name says more than a sum over [y = k].
        right = matrix_formula(writer, array_of(gradient.equation), shaped=shaped)
    if right is None:
        return None
    left = symbol_of(writer, gradient.equation.left)
    if shaped and gradient.wrt.shape:
        left = Shaped(left, shape_layout(writer, as_column(gradient.wrt.shape)))
    return equation(left, right)


def as_column(shape: Shape) -> Shape:
    """The shape of an array in matrix notation, where one axis makes a column."""
    return (*shape, ONE) if len(shape) == 1 else shape


def words_in(formulas: Sequence[Layout]) -> list[Phrase]:
    """What the words of matrix notation mean that some formulas use."""
    parts = [part for formula_ in formulas for part in walk_layout(formula_)]
    words = [says("notation.ones", word=ONES)] if ONES in parts else []
    if Operator(HADAMARD) in parts:
        words.append(says("notation.entrywise", word=Operator(HADAMARD)))
    for function, name in (("diag", "v"), ("rowsum", "A")):
        if FunctionName(function) in parts:
            argument = Identifier(symbol(name))
            word = layout_function(function, argument)
            words.append(says(f"notation.{function}", word=word, argument=argument))
    return words


def replaced(array: ArrayTerm, old: ArrayTerm, new: ArrayTerm) -> ArrayTerm:
    """`array` with `new` wherever `old` stands."""
    if array == old:
        return new
    return with_operands(array, tuple(replaced(part, old, new) for part in operands(array)))
