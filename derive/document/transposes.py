"""Why a factor of a matrix product is transposed, said once for each kind of product."""

from __future__ import annotations

from collections.abc import Iterator

from derive.calculus.adjoint import Gradient
from derive.calculus.explain import closed_equation
from derive.document.blocks import Block, Gap, Paragraph, Phrase, says
from derive.document.matrices import array_of, closed_array, matrix_formula
from derive.document.slices import in_slices, is_stacked
from derive.document.writer import Writer, at_first_places, runs, symbol_of
from derive.names import symbol
from derive.program.array_shapes import shape_of
from derive.program.arrays import ArrayTerm, Fold, Matmul, Transpose, walk
from derive.terms import Quantity, is_one
from derive.typeset.arrays import ONES, layout_array
from derive.typeset.equations import transposed
from derive.typeset.layout import Identifier, Layout
from derive.typeset.leaves import Show
from derive.typeset.symbols import Notation
from derive.typeset.terms import layout


def transposes(writer: Writer, gradients: list[Gradient]) -> list[Block]:
    """How the entries of a gradient come to be a matrix product, with the first of each kind."""
    said: dict[str, Phrase] = {}
    for gradient in gradients:
        for key, gaps in _kinds(writer, gradient):
            said.setdefault(key, says(f"matrix.{key}", **gaps))
    return [Paragraph(tuple(said.values()))] if said else []


def _kinds(writer: Writer, gradient: Gradient) -> Iterator[tuple[str, dict[str, Gap]]]:
    closed = closed_equation(writer.derivation, gradient)
    told = in_slices(writer, closed) if is_stacked(closed) else None
    notation = Notation(writer.letters((gradient.entry,)), writer.symbols)
    array, show = _plain_array(writer, gradient), _symbols(writer)
    places = tuple(index for index in gradient.equation.indices if runs(index))
    if told is not None:
        array, show, notation = told.array, told.show, told.notation
        places = told.found.matrices.indices
    gaps: dict[str, Gap] = {
        "entry": layout(at_first_places(gradient.entry), notation),
        "reference": writer.gradients[gradient.wrt],
    }
    for part in walk(array) if array is not None else ():
        match part:
            case Matmul(Transpose(operand, (1, 0)), right) if _are_matrices(operand, right):
                shown = layout_array(operand, show), layout_array(right, show)
                if shown[0] is not None and shown[1] is not None and len(places) == 2:
                    row, column = (Identifier(symbol(notation.letters[index])) for index in places)
                    gaps |= {"operand": shown[0], "left": transposed(shown[0]), "right": shown[1]}
                    yield "rows_of_both", gaps | {"row": row, "column": column}
            case Matmul(left, Transpose(operand, (1, 0))) if _are_matrices(left, operand):
                shown = layout_array(left, show), layout_array(operand, show)
                if shown[0] is not None and shown[1] is not None:
                    yield "along_both", gaps | {"left": shown[0], "operand": shown[1]}
            case Fold("sum", operand, (0,)) if len(shape_of(operand)) == 2 and places:
                added = layout_array(operand, show)
                if added is not None:
                    yield "ones", gaps | {"operand": added, "word": ONES}


def _plain_array(writer: Writer, gradient: Gradient) -> ArrayTerm | None:
    array = closed_array(writer, gradient)
    if array is None or matrix_formula(writer, array) is None:
        return array_of(gradient.equation)
    return array


def _symbols(writer: Writer) -> Show:
    def show(quantity: Quantity, flipped: bool) -> Layout:
        shown = symbol_of(writer, quantity)
        return transposed(shown) if flipped else shown

    return show


def _are_matrices(*parts: ArrayTerm) -> bool:
    return all(
        len(shape_of(part)) == 2 and not any(is_one(size) for size in shape_of(part))
        for part in parts
    )
