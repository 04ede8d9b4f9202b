"""What a model asks for beyond its gradients: numbered equations, each by its name in the code.

Of two blocks of the Hessian that are each other's transpose one is shown.
"""

from __future__ import annotations

from collections.abc import Mapping

from derive.calculus.products import Product
from derive.calculus.requested import Requested
from derive.document.blocks import (
    Block,
    Display,
    Gap,
    Listed,
    Numbered,
    Paragraph,
    Reference,
    Section,
    paragraph,
    says,
)
from derive.document.hessians import IDENTITY, KRONECKER, hessian_formula, hessian_matrix
from derive.document.matrices import (
    definition_formula,
    gradient_formula,
    words_in,
)
from derive.document.matrix_form import matrix_words
from derive.document.writer import Writer, equation_formula, symbol_of, writer_for
from derive.program.requested import block_quantity, in_motion
from derive.terms import Derivative, Name, Quantity
from derive.typeset.equations import equation
from derive.typeset.layout import Layout, NumberText, walk

Lines = Mapping[Name, Layout]


def requested_section(writer: Writer, requested: Requested) -> Section | None:
    """The equations of all that is asked for, None where nothing is."""
    blocks = (
        *_hessian_blocks(writer, requested),
        *_product_blocks(writer, requested.product),
        *_group(writer, "requested.jacobian", jacobian_lines(writer, requested)),
        *_group(writer, "requested.inputs", input_lines(writer, requested)),
    )
    return Section("requested", (*blocks, *_words(writer, blocks))) if blocks else None


def hessian_lines(writer: Writer, requested: Requested) -> dict[Name, Layout]:
    """The blocks that are not zero, each after the second derivatives that it reads."""
    shown: dict[Name, Layout] = {}
    for _, block in requested.blocks:
        if block is not None and block.blocks:
            for defined in block.intermediate:
                shown.setdefault(defined.left.name, equation_formula(writer, defined))
            whole = hessian_matrix(writer, block) or hessian_formula(writer, block)
            shown[block.equation.left.name] = whole
    return shown


def zero_blocks(writer: Writer, requested: Requested) -> dict[Name, Layout]:
    """The symbols of the blocks that are zero."""
    found = (pair for pair, block in requested.blocks if block is None or not block.blocks)
    wholes = (block_quantity(writer.model, *pair) for pair in found)
    return {whole.name: symbol_of(writer, whole) for whole in wholes}


def product_lines(writer: Writer, product: Product) -> dict[Name, Layout]:
    """The equations from the directions to the Hessian times these."""
    names = in_motion(product)
    return {
        names.get(defined.left, defined.left).name: definition_formula(writer, defined)
        for defined in product.system.equations
    }


def jacobian_lines(writer: Writer, requested: Requested) -> dict[Name, Layout]:
    """The Jacobians, each after what it reads."""
    shown: dict[Name, Layout] = {}
    for one in requested.jacobians:
        for defined in (*one.system.equations, one.equation):
            shown.setdefault(defined.left.name, equation_formula(writer, defined))
    return shown


def input_lines(writer: Writer, requested: Requested) -> dict[Name, Layout]:
    """The gradients by data, after those of quantities that only data reach."""
    if requested.inputs is None:
        return {}
    own, known = writer_for(requested.inputs), {g.wrt for g in writer.derivation.gradients}
    return {
        gradient.equation.left.name: gradient_formula(own, gradient)
        for gradient in requested.inputs.gradients
        if gradient.wrt not in known
    }


# --- blocks of the document ---------------------------------------------------------------------


def _hessian_blocks(writer: Writer, requested: Requested) -> tuple[Block, ...]:
    cost = symbol_of(writer, writer.model.objective.cost)
    blocks = _group(writer, "requested.hessian", hessian_lines(writer, requested), cost=cost)
    if zero := zero_blocks(writer, requested):
        symbols = (equation(symbol, NumberText("0")) for symbol in zero.values())
        blocks = (*blocks, paragraph("requested.zero", blocks=Listed(tuple(symbols))))
    if any(rows != columns for (rows, columns), _ in requested.blocks):
        blocks = (*blocks, paragraph("requested.transposed"))
    return blocks


def _product_blocks(writer: Writer, product: Product | None) -> tuple[Block, ...]:
    if product is None or not product.system.equations:
        return ()
    gaps: dict[str, Gap] = {
        "directions": Listed(tuple(symbol_of(writer, v) for v in product.vectors.values())),
        "parameters": Listed(tuple(symbol_of(writer, q) for q in product.vectors)),
        "start": equation(symbol_of(writer, Quantity(_step(product))), NumberText("0")),
    }
    return _group(writer, "requested.product", product_lines(writer, product), **gaps)


def _step(product: Product) -> Name:
    """The name of the step along the directions."""
    name = product.system.equations[0].left.name
    assert isinstance(name, Derivative)
    return name.wrt


def _group(writer: Writer, key: str, lines: Lines, **gaps: Gap) -> tuple[Block, ...]:
    """A sentence and its equations, without those that stand above already."""
    numbered = []
    for name, line in lines.items():
        if name not in writer.requested:
            number = writer.next_number()
            writer.requested[name] = Reference(number, number)
            numbered.append(Numbered(line, number))
    return (paragraph(key, **gaps), Display(tuple(numbered))) if numbered else ()


def _words(writer: Writer, blocks: tuple[Block, ...]) -> tuple[Paragraph, ...]:
    """What the words of matrix notation mean that the document has not used before."""
    displays = (block for block in blocks if isinstance(block, Display))
    formulas = [line.formula for display in displays for line in display.lines]
    parts = [part for shown in formulas for part in walk(shown)]
    before = matrix_words(writer)
    words = [phrase for phrase in words_in(formulas) if phrase not in before]
    for key, word in (("identity", IDENTITY), ("kronecker", KRONECKER)):
        if word in parts:
            words.append(says(f"requested.{key}", word=word))
    return (Paragraph(tuple(words)),) if words else ()
