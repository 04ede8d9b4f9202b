"""The section of matrix formulas: entries stacked, and every gradient as a product of matrices."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from derive.calculus.adjoint import Gradient
from derive.calculus.explain import chain, closed_equation
from derive.calculus.update import is_general
from derive.document.blocks import (
    Block,
    Display,
    Gap,
    Listed,
    Numbered,
    Paragraph,
    Phrase,
    Section,
    paragraph,
    says,
)
from derive.document.convolutions import CORRELATION, convolution_formula
from derive.document.matrices import (
    closed_array,
    definition_formula,
    gradient_formula,
    matrix_formula,
    plain_gradient,
    stacked,
    words_in,
)
from derive.document.slices import InStack, in_stack, is_stacked, slice_formula, stack_example
from derive.document.transposes import transposes
from derive.document.updates import update_formula
from derive.document.writer import (
    Writer,
    at_first_places,
    at_places,
    formula,
    gradients_of_parameters,
    symbol_of,
)
from derive.model import Equation
from derive.program.arrays import Matmul
from derive.terms import Choice, Node, Quantity, Reduction, entries
from derive.terms import walk as walk_terms
from derive.typeset.equations import equation
from derive.typeset.layout import Fenced, Layout, Operator, row, walk


def matrix_section(writer: Writer) -> Section | None:
    """The entries stacked in the shape of their variable, and the closing formulas.

    None where every parameter is a number: its entry is all there is.
    """
    own = gradients_of_parameters(writer)
    if not any(gradient.wrt.shape for gradient in own):
        return None
    blocks = [block for gradient in own for block in _stacking(writer, gradient)]
    blocks += _closing(writer, own)
    if not is_general(writer.model.objective.rule):
        lines = tuple(Numbered(update_formula(writer, gradient)) for gradient in own)
        blocks += [paragraph("matrix.closing_update"), Display(lines)]
    shown = [gradient for gradient in _needed(writer, own) if gradient.wrt in writer.gradients]
    shown = own + [one for one in shown if one not in own]
    blocks += [*_signs(writer, shown), *transposes(writer, shown)]
    if any(_has_computed_number(writer, gradient) for gradient in own):
        blocks.append(paragraph("matrix.brackets"))
    return Section("matrix", tuple(blocks)) if blocks else None


def _forward_slices(writer: Writer, gradients: list[InStack]) -> list[Block]:
    """What a slice of a stack is, and the forward pass for one place of the stack."""
    example = stack_example(writer, gradients)
    if example is None:
        return []
    slice_, whole, letters = example
    shown = (stacked_formula(writer, defined) for defined in writer.model.equations)
    lines = tuple(Numbered(one) for one in shown if one is not None)
    gaps: dict[str, Gap] = {"slice": slice_, "whole": whole, "letters": Listed(letters)}
    blocks: list[Block] = [paragraph("matrix.slices", **gaps)]
    return [*blocks, paragraph("matrix.forward"), Display(lines)] if lines else blocks


def _closing(writer: Writer, own: list[Gradient]) -> list[Block]:
    """The gradients in matrix form, each behind those that it reads; and which have none."""
    lines: list[Numbered] = []
    plain: list[Gap] = []
    in_slices: list[InStack] = []
    for gradient in _needed(writer, own):
        shown = matrix_form(writer, gradient)
        if shown is not None:
            lines.append(Numbered(shown.formula))
            in_slices += [shown.stack] if shown.stack is not None else []
        elif gradient.wrt in writer.gradients:
            plain.append(symbol_of(writer, gradient.equation.left))
    blocks = _forward_slices(writer, in_slices)
    if lines:
        blocks += [paragraph("matrix.closing"), Display(tuple(lines))]
    if plain:
        key = "matrix.index_form" if lines else "matrix.no_form"
        blocks.append(paragraph(key, gradients=Listed(tuple(plain))))
    return blocks


def _needed(writer: Writer, own: list[Gradient]) -> list[Gradient]:
    """The gradients of the parameters and those that they are computed from, in their order."""
    by_name = {gradient.equation.left: gradient for gradient in writer.derivation.gradients}
    wanted = {gradient.equation.left for gradient in own}
    for gradient in reversed(writer.derivation.gradients):
        if gradient.equation.left in wanted:
            wanted |= _read(writer, gradient) & set(by_name)
    return [gradient for left, gradient in by_name.items() if left in wanted]


def _read(writer: Writer, gradient: Gradient) -> set[Quantity]:
    """What a gradient reads as it is printed."""
    found = matrix_form(writer, gradient)
    shown = closed_equation(writer.derivation, gradient) if found is None else found.equation
    return {entry.quantity for entry in entries(shown.right)}


@dataclass(frozen=True)
class MatrixForm:
    """A gradient as a product of matrices, and the equation that it says; where in a `stack`."""

    formula: Layout
    equation: Equation
    stack: InStack | None = None


@lru_cache(maxsize=256)
def matrix_form(writer: Writer, gradient: Gradient) -> MatrixForm | None:
    """A gradient as a product of matrices, with their shapes, or of those of a stack."""
    closed = closed_equation(writer.derivation, gradient)
    sliced = slice_formula(writer, closed, shaped=True) if is_stacked(closed) else None
    if sliced is not None:
        return MatrixForm(sliced, closed, in_stack(closed))
    convolved = convolution_formula(writer, closed, shaped=True)
    if convolved is not None:
        left = convolved.left
        return MatrixForm(convolved.formula, closed, InStack(closed, left.entry, len(left.shape)))
    whole = plain_gradient(writer, gradient, shaped=True)
    if whole is not None:
        said = matrix_formula(writer, closed_array(writer, gradient)) is not None
        return MatrixForm(whole, closed if said else gradient.equation)
    return None


def stacked_formula(writer: Writer, defined: Equation) -> Layout | None:
    """An equation at one place of its stack, as a product or as a convolution of matrices."""
    found = slice_formula(writer, defined)
    convolved = convolution_formula(writer, defined) if found is None else None
    return found if convolved is None else convolved.formula


def _signs(writer: Writer, gradients: list[Gradient]) -> list[Block]:
    """What correlations and convolutions are, where there are any: the forward pass shows first."""
    equations = {one: writer.definitions.get(one.left) for one in writer.model.equations}
    for gradient in gradients:
        closed = closed_equation(writer.derivation, gradient)
        equations[closed] = writer.gradients.get(gradient.wrt)
    said: dict[str, Phrase] = {}
    for defined, reference in equations.items():
        found = convolution_formula(writer, defined)
        if found is not None and reference is not None:
            key = "correlation" if found.sign == CORRELATION else "convolution"
            gaps: dict[str, Gap] = {
                "first": found.first,
                "second": found.second,
                "sign": Operator(found.sign),
                "product": row(found.first, Operator(found.sign), found.second),
                "reference": reference,
            }
            said.setdefault(key, says(f"matrix.{key}", **gaps))
    return [Paragraph(tuple(said.values()))] if said else []


def matrix_words(writer: Writer) -> tuple[Phrase, ...]:
    """What a document says of the words of matrix notation that it uses: 𝟏, diag, rowsum, ∘."""
    shown = [definition_formula(writer, defined) for defined in writer.model.equations]
    for gradient in writer.derivation.gradients:
        found = matrix_form(writer, gradient)
        shown.append(gradient_formula(writer, gradient) if found is None else found.formula)
    words = words_in(shown)
    if any(isinstance(node, Choice | Reduction) for node in _nodes(writer)):
        words.append(says("notation.bracket"))
    return tuple(words)


def _nodes(writer: Writer) -> Iterator[Node]:
    """The nodes of all formulas: of the definitions, and of the gradients as they are shown."""
    for defined in writer.model.equations:
        yield from walk_terms(defined.right)
    for gradient in writer.derivation.gradients:
        yield from walk_terms(chain(writer.derivation, gradient).shown)


def _has_computed_number(writer: Writer, gradient: Gradient) -> bool:
    array = closed_array(writer, gradient)
    shown = matrix_formula(writer, array)
    square = (part for part in walk(shown) if isinstance(part, Fenced)) if shown else ()
    return isinstance(array, Matmul) and any(part.opening == "[" for part in square)


def _stacking(writer: Writer, gradient: Gradient) -> list[Block]:
    """The partials = their values = a product of matrices of entries = the same by symbols."""
    places = at_places(writer, gradient, chain(writer.derivation, gradient))
    array = closed_array(writer, gradient)
    if not writer.small or len(places) < 2 or not isinstance(array, Matmul):
        return []
    written, named = (matrix_formula(writer, array, written=w) for w in (True, False))
    if written is None or named is None:
        return []
    columns = [
        stacked(writer, gradient.wrt, [formula(writer, at_first_places(t)) for t in terms])
        for terms in zip(*((forms.entry, forms.shown) for forms in places), strict=True)
    ]
    gaps: dict[str, Gap] = {
        "wrt": symbol_of(writer, gradient.wrt),
        "references": writer.gradients[gradient.wrt],
    }
    shown = equation(*columns, written, named)
    return [paragraph("matrix.stacking", **gaps), Display((Numbered(shown),))]
