"""Matrix formulas for arrays of more than two axes: each is a stack of matrices.

An author writes the gradient of an attention head for one head h and one sequence n, as products of
the matrices that stand there: ∂C/∂V_hn = A_hnᵀ ∂C/∂O_hn.  Which axes are the matrix is read off the
equation: the last two of each array that it reads.  All others are the stack; an index that runs
along the stack only stays, or its sum stands before the product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from derive.document.matrices import array_of, as_column
from derive.document.starts import plainly
from derive.document.writer import Writer, formula, runs, shape_layout
from derive.model import Equation
from derive.names import symbol
from derive.program.arrays import ArrayTerm, Fold, Whole
from derive.simplify import flat_factors, product, quotient
from derive.sizes import Shape
from derive.terms import (
    ONE,
    Derivative,
    Divide,
    Entry,
    Index,
    IndexValue,
    Multiply,
    Node,
    Quantity,
    Reduction,
    Term,
    entries,
    free_indices,
    is_one,
    rewrite,
    walk,
)
from derive.typeset.arrays import ONES, layout_array
from derive.typeset.equations import as_factor, equation, transposed
from derive.typeset.layout import (
    TIMES,
    BigOperator,
    Identifier,
    Layout,
    NumberText,
    Operator,
    Shaped,
    row,
)
from derive.typeset.layout import product as side_by_side
from derive.typeset.leaves import Show
from derive.typeset.symbols import Notation
from derive.typeset.terms import layout


@dataclass(frozen=True)
class Sliced:
    """An equation at one place of the stack: left = coefficient · Σ over `summed` of `matrices`.

    `slices` says which entry of the stack each quantity of `matrices` stands for.
    """

    left: Entry
    coefficient: Term
    summed: tuple[Index, ...]
    matrices: Equation
    slices: Mapping[Quantity, Entry]


def sliced(defined: Equation) -> Sliced | None:
    """The equation as one of matrices in stacks, None where it is none."""
    within = _matrix_indices(defined.right)
    stack = [index for index in defined.indices if runs(index) and index not in within]
    coefficient, inside = opened(defined.right)
    sums: tuple[Index, ...] = ()
    match inside:
        case Reduction("sum", sums, inside, ()):
            pass
    summed = tuple(index for index in sums if index not in within and runs(index))
    if not summed:
        coefficient, sums, inside = ONE, (), defined.right
    if not stack and not summed:
        return None
    slices: dict[Quantity, Entry] = {}

    def rule(node: Node) -> Node | None:
        return _slice(node, within, slices) if isinstance(node, Entry) else None

    kept = tuple(index for index in sums if index in within)
    right = rewrite(Reduction("sum", kept, inside) if kept else inside, rule)
    own = tuple(index for index in defined.indices if index in within)
    reduced = (node for node in walk(inside) if isinstance(node, Reduction))
    if any(runs(index) and index not in within for node in reduced for index in node.indices):
        return None
    if not set(free_indices(right)) <= set(own) or len(own) > 2:
        return None
    if any(len(entry.subscripts) > 2 for entry in entries(right)):
        return None
    shape = tuple(index.size for index in own)
    matrices = Equation(Quantity("slice", shape), own, right)
    left = Entry(defined.left, tuple(IndexValue(index) for index in defined.indices))
    if not all(_stack_leads(entry, within) for entry in (left, *entries(inside))):
        return None
    return Sliced(_stack_entry(left, within), coefficient, summed, matrices, slices)


def _matrix_indices(right: Term) -> frozenset[Index]:
    """The indices that run along one of the last two axes of some array."""
    found: set[Index] = set()
    for entry in entries(right):
        for subscript in _running(entry)[-2:]:
            found |= set(free_indices(subscript))
    return frozenset(found)


def _running(entry: Entry) -> list[Term]:
    axes = zip(entry.quantity.shape, entry.subscripts, strict=True)
    return [subscript for size, subscript in axes if not is_one(size)]


def opened(term: Term) -> tuple[Term, Term]:
    """The factor without indices, and what stands behind it."""
    match term:
        case Multiply():
            factors = flat_factors((term,))
            numbers = [factor for factor in factors if not free_indices(factor)]
            rest = [factor for factor in factors if factor not in numbers]
            if len(rest) == 1:
                before, inside = opened(rest[0])
                return product(*numbers, before), inside
        case Divide(above, below) if not free_indices(below):
            before, inside = opened(above)
            return quotient(before, below), inside
    return ONE, term


def _slice(entry: Entry, within: frozenset[Index], slices: dict[Quantity, Entry]) -> Entry | None:
    """The entry of a slice that an entry of a stack is, None where there is no stack."""
    axes = list(zip(entry.quantity.shape, entry.subscripts, strict=True))
    kept = [(size, s) for size, s in axes if isinstance(s, IndexValue) and s.index in within]
    if len(kept) == len(axes):
        return None
    outer = _stack_entry(entry, within)
    shape = tuple(size for size, _ in kept)
    known = next((q for q, one in slices.items() if one == outer and q.shape == shape), None)
    quantity = known or Quantity(f"slice {len(slices)}", shape)
    slices[quantity] = outer
    return Entry(quantity, tuple(subscript for _, subscript in kept))


def _stack_leads(entry: Entry, within: frozenset[Index]) -> bool:
    """Whether the axes of the stack come first: what has fewer subscripts is entered from there."""
    axes = _running(entry)
    inner = [isinstance(axis, IndexValue) and axis.index in within for axis in axes]
    return inner == sorted(inner)


def _stack_entry(entry: Entry, within: frozenset[Index]) -> Entry:
    """The entry without the subscripts that run within a matrix."""
    axes = [
        (size, subscript)
        for size, subscript in zip(entry.quantity.shape, entry.subscripts, strict=True)
        if not (isinstance(subscript, IndexValue) and subscript.index in within)
    ]
    shape = tuple(size for size, _ in axes)
    quantity = Quantity(entry.quantity.name, shape, entry.quantity.kind)
    return Entry(quantity, tuple(subscript for _, subscript in axes))


@dataclass(frozen=True)
class InSlices:
    """An equation in slices as an array term, how its leaves are printed, and in which letters."""

    found: Sliced
    array: ArrayTerm
    show: Show
    notation: Notation


def in_slices(writer: Writer, defined: Equation) -> InSlices | None:
    """What there is to print of an equation at one place of the stack."""
    right = plainly(defined.right, writer.starts)
    found = sliced(Equation(defined.left, defined.indices, right))
    array = None if found is None else array_of(found.matrices)
    if found is None or array is None:
        return None
    slices = found.slices
    whole = Entry(defined.left, tuple(IndexValue(index) for index in defined.indices))
    notation = Notation(writer.letters((whole, right)), writer.symbols)

    def show(quantity: Quantity, flipped: bool) -> Layout:
        shown = layout(slices.get(quantity, Entry(Quantity(quantity.name))), notation)
        return transposed(shown) if flipped else shown

    return InSlices(found, array, show, notation)


def slice_formula(writer: Writer, defined: Equation, shaped: bool = False) -> Layout | None:
    """The equation at one place of the stack in matrix notation, None where it has none."""
    told = in_slices(writer, defined)
    sizes = (lambda shape: shape_layout(writer, shape)) if shaped else None
    matrices = None if told is None else _matrices(told, sizes)
    if told is None or matrices is None:
        return None
    found, notation = told.found, told.notation
    left = layout(found.left, notation)
    if shaped and found.matrices.left.shape:
        left = Shaped(left, shape_layout(writer, as_column(found.matrices.left.shape)))
    signs = tuple(_sums(found, notation))
    right_side = row(*signs, as_factor(matrices)) if signs else matrices
    if found.coefficient != ONE:
        right_side = side_by_side(formula(writer, found.coefficient), right_side)
    return equation(left, right_side)


def _matrices(told: InSlices, sizes: Callable[[Shape], Layout] | None) -> Layout | None:
    """What stands behind the sums; the sum of all entries of one slice is 𝟏ᵀ A 𝟏."""
    match told.array:
        case Fold("sum", Whole() as slice_, (0, 1)):
            shown = layout_array(Fold("sum", slice_, (1,)), told.show, sizes)
            flat = transposed(ONES)
            ones = flat if sizes is None else Shaped(flat, sizes((ONE, slice_.quantity.shape[0])))
            return None if shown is None else row(ones, Operator(TIMES), shown)
    return layout_array(told.array, told.show, sizes)


def _sums(found: Sliced, notation: Notation) -> Iterator[Layout]:
    for index in found.summed:
        letter = Identifier(symbol(notation.letters[index]))
        yield BigOperator("∑", letter, NumberText("1"), layout(index.size, notation))


def is_stacked(defined: Equation) -> bool:
    """Whether an equation reads or makes an array of more than two axes."""
    whole = Entry(defined.left, tuple(IndexValue(index) for index in defined.indices))
    return any(len(_running(entry)) > 2 for entry in (whole, *entries(defined.right)))


@dataclass(frozen=True)
class InStack:
    """A gradient at one place of the stack: its equation, and the matrix that stands there."""

    equation: Equation
    left: Entry
    axes: int


def in_stack(defined: Equation) -> InStack | None:
    """Which matrix an equation in slices gives."""
    found = sliced(defined)
    return None if found is None else InStack(defined, found.left, len(found.matrices.left.shape))


def stack_example(
    writer: Writer, gradients: Sequence[InStack]
) -> tuple[Layout, Layout, tuple[Layout, ...]] | None:
    """A slice of one of the arrays that are stacks of matrices, the array, and the letters."""
    stacks = [one for one in gradients if one.axes == 2 and one.left.subscripts]
    if not stacks:
        return None
    most = max(stacks, key=lambda one: len(one.left.subscripts))
    name = most.left.quantity.name
    assert isinstance(name, Derivative)
    letters = writer.letters((most.left, most.equation.right))
    notation = Notation(letters, writer.symbols)
    one = Entry(Quantity(name.wrt, most.left.quantity.shape), most.left.subscripts)
    named = tuple(Identifier(symbol(letters[index])) for index in free_indices(most.left))
    return layout(one, notation), layout(Entry(Quantity(name.wrt)), notation), named
