"""Formulas of second derivatives: deltas before their cores, and matrix notation where it is plain.

A delta of two vectors is a diagonal matrix, diag(p) - p pᵀ; of two matrices, whose entries are
taken row by row, it is a Kronecker product with an identity: I ⊗ VᵀV.  A sum over one index with a
weight for each of its places is a product around a diagonal matrix: Xᵀ diag(s) X.
"""

from __future__ import annotations

from derive.calculus.hessian import Block, Hessian, block_term
from derive.document.elementwise import number_before, vector
from derive.document.matrices import array_of, matrix_formula
from derive.document.writer import Writer, at_first_places, formula, symbol_of
from derive.model import Equation
from derive.simplify import flat_factors, product, total
from derive.terms import (
    ONE,
    Entry,
    Index,
    IndexValue,
    Negate,
    Number,
    Quantity,
    Reduction,
    Term,
    free_indices,
    is_one,
)
from derive.typeset.equations import equation, transposed
from derive.typeset.functions import layout_function
from derive.typeset.layout import (
    MINUS,
    FunctionName,
    Layout,
    NumberText,
    Operator,
    Subscripted,
    bracketed,
    row,
)
from derive.typeset.layout import product as side_by_side
from derive.typeset.symbols import Notation
from derive.typeset.terms import layout

KRONECKER = Operator("⊗")
IDENTITY = FunctionName("I")


def hessian_formula(writer: Writer, found: Hessian) -> Layout:
    """One entry of the block of second derivatives, its deltas as factors."""
    defined = found.equation
    left = Entry(defined.left, tuple(IndexValue(index) for index in defined.indices))
    right = total(*(block_term(block, defined.indices) for block in found.blocks))
    return formula(writer, at_first_places(left), at_first_places(right))


def hessian_matrix(writer: Writer, found: Hessian) -> Layout | None:
    """The block as a matrix, None where matrix notation has no plain word for it."""
    rank = len(found.rows.shape)
    runs = [axis for axis, index in enumerate(found.equation.indices) if not is_one(index.size)]
    rows = [axis for axis in runs if axis < rank]
    columns = [axis for axis in runs if axis >= rank]
    items: list[Layout] = []
    for block in found.blocks:
        negative, core = _sign(block.core.right)
        shown = _matrix(writer, found, block, core, rows, columns)
        if shown is None:
            return None
        if items:
            items.append(Operator(MINUS if negative else "+"))
        elif negative:
            items.append(Operator(MINUS, "prefix"))
        items.append(shown)
    return equation(
        symbol_of(writer, found.equation.left), row(*items) if items else NumberText("0")
    )


def _sign(core: Term) -> tuple[bool, Term]:
    return (True, core.term) if isinstance(core, Negate) else (False, core)


def _matrix(
    writer: Writer, found: Hessian, block: Block, core: Term, rows: list[int], columns: list[int]
) -> Layout | None:
    """One block as a matrix: its core by itself, on a diagonal or beside an identity."""
    deltas = [(r, c) for r, c in block.deltas if r in rows]
    indices = found.equation.indices
    if not deltas:
        own = tuple(indices[axis] for axis in (*rows, *columns))
        plain = len(rows) <= 1 and len(columns) <= 1 and block.axes == (*rows, *columns)
        return _core(writer, core, own) if plain else None
    paired = [row_ for row_, _ in deltas]
    left_over = [axis for axis in (*rows, *columns) if axis not in {a for d in deltas for a in d}]
    straight = all(rows.index(row_) == columns.index(column) for row_, column in deltas)
    if straight and len(rows) == len(columns) == len(deltas):
        size = indices[paired[0]].size if len(rows) == 1 else None
        if block.axes == ():
            return _scaled_identity(writer, core, size)
        if len(rows) == 1:
            inner = _core(writer, core, (indices[rows[0]],))
            return None if inner is None else layout_function("diag", inner)
    if len(rows) == len(columns) == 2 and len(deltas) == 1 and list(block.axes) == left_over:
        place = rows.index(paired[0])
        inner = _core(writer, core, tuple(indices[axis] for axis in left_over))
        if inner is None or columns.index(deltas[0][1]) != place:
            return None
        identity = _identity(writer, indices[paired[0]].size)
        factor = inner if isinstance(core, Entry) else bracketed(inner)
        pair = (identity, KRONECKER, factor) if place == 0 else (factor, KRONECKER, identity)
        return row(*pair)
    return None


def _scaled_identity(writer: Writer, core: Term, size: Term | None) -> Layout:
    """C I, without a factor of one."""
    identity = _identity(writer, size)
    if core == ONE:
        return identity
    shown = formula(writer, core)
    return side_by_side(shown if isinstance(core, Entry | Number) else bracketed(shown), identity)


def _identity(writer: Writer, size: Term | None) -> Layout:
    if size is None:
        return IDENTITY
    return Subscripted(IDENTITY, (layout(size, Notation({}, writer.symbols)),), True)


# --- cores --------------------------------------------------------------------------------------


def _core(writer: Writer, core: Term, indices: tuple[Index, ...]) -> Layout | None:
    """A core over at most two indices in matrix notation."""
    if len(indices) == 2:
        special = _around_diagonal(writer, core, indices) or _outer(writer, core, indices)
        if special is not None:
            return special
    return _plain(writer, core, indices)


def _plain(writer: Writer, term: Term, indices: tuple[Index, ...]) -> Layout | None:
    """An array over some indices by the words that matrix notation has."""
    left = Quantity("core", tuple(index.size for index in indices))
    if len(indices) == 1:
        return vector(writer, term, indices[0])
    return matrix_formula(writer, array_of(Equation(left, indices, term)))


def _by_indices(term: Term) -> dict[frozenset[Index], list[Term]]:
    """The factors of a term by the indices that they carry."""
    found: dict[frozenset[Index], list[Term]] = {}
    for factor in flat_factors((term,)):
        found.setdefault(frozenset(free_indices(factor)), []).append(factor)
    return found


def _around_diagonal(writer: Writer, core: Term, indices: tuple[Index, ...]) -> Layout | None:
    """Σ_k A[k, i] s[k] B[k, j] as Aᵀ diag(s) B, None where a term is not of this form."""
    outside = flat_factors((core,))
    sums = [f for f in outside if isinstance(f, Reduction) and f.kind == "sum"]
    if len(sums) != 1 or len(sums[0].indices) != 1 or sums[0].where:
        return None
    outside.remove(sums[0])
    (k,), (i, j) = sums[0].indices, indices
    kinds = _by_indices(sums[0].term)
    first, second, middle = (kinds.pop(frozenset(s), []) for s in ({k, i}, {k, j}, {k}))
    if kinds or free_indices(product(*outside)) or not len(first) == len(second) == 1:
        return None
    left, right = _plain(writer, first[0], (k, i)), _plain(writer, second[0], (k, j))
    weight = _plain(writer, product(*middle), (k,)) if middle else None
    if left is None or right is None or (middle and weight is None):
        return None
    around = [layout_function("diag", weight)] if weight is not None else []
    return side_by_side(*number_before(writer, outside), transposed(left), *around, right)


def _outer(writer: Writer, core: Term, indices: tuple[Index, ...]) -> Layout | None:
    """u[i] v[j] as u vᵀ, None where a term is not of this form."""
    i, j = indices
    kinds = _by_indices(core)
    numbers, first, second = (kinds.pop(frozenset(s), []) for s in (set[Index](), {i}, {j}))
    if kinds or not first or not second:
        return None
    left, right = _column(writer, first, i), _column(writer, second, j)
    if left is None or right is None:
        return None
    return side_by_side(*number_before(writer, numbers), left[0], right[1])


def _column(writer: Writer, factors: list[Term], index: Index) -> tuple[Layout, Layout] | None:
    """A column over an index, and the row that is its transpose."""
    match factors:
        case [Entry(quantity) as entry] if (
            quantity.shape[:1] == (ONE,) and len(quantity.shape) == 2
        ):
            own = symbol_of(writer, quantity)
            return (transposed(own), own) if entry.subscripts[1] == IndexValue(index) else None
    shown = vector(writer, product(*factors), index)
    if shown is None:
        return None
    alone = len(factors) == 1 and isinstance(factors[0], Entry)
    column = shown if alone else bracketed(shown)
    return column, transposed(column)
