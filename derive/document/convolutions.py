"""Sums over a window as correlations and convolutions: ∂C/∂W_gf = Σ_n ∂C/∂Z_ng ⋆ A_nf.

The matrices are those of a stack, as in `slices`.  A correlation K ⋆ X lays K on X at every place
where it fits; the entries of K ∗ X are the sums of K[p] X[k] over all p + k = i, which is how a
correlation goes back.  Only what fills its matrix exactly is either of them: stride and padding are
left to the index form.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import permutations

from derive.document.matrices import as_column
from derive.document.slices import opened
from derive.document.writer import Writer, formula, runs, shape_layout
from derive.model import Dimension, Equation
from derive.names import symbol
from derive.polynomials import collected
from derive.sizes import Shape
from derive.terms import (
    ONE,
    ZERO,
    Add,
    Compare,
    Entry,
    Index,
    IndexValue,
    Multiply,
    Negate,
    Node,
    Quantity,
    Reduction,
    Size,
    Term,
    free_indices,
    rewrite,
)
from derive.typeset.arrays import ONES
from derive.typeset.equations import equation, transposed
from derive.typeset.layout import BigOperator, Identifier, Layout, NumberText, Operator, Shaped, row
from derive.typeset.layout import product as side_by_side
from derive.typeset.symbols import Notation
from derive.typeset.terms import layout

CORRELATION, CONVOLUTION = "\N{STAR OPERATOR}", "\N{ASTERISK OPERATOR}"
# Windows have one axis or two: matrix notation has no word for more.
MOST_AXES = 2


@dataclass(frozen=True)
class Slice:
    """One matrix of a stack: where it stands, and its shape."""

    entry: Entry
    shape: Shape


@dataclass(frozen=True)
class Convolution:
    """left = coefficient · Σ over `summed` of first `sign` second, and numbers for all places."""

    left: Slice
    coefficient: Term
    summed: tuple[Index, ...]
    sign: str
    first: Slice
    second: Slice
    added: tuple[Term, ...] = ()


def convolution_of(defined: Equation, dimensions: Sequence[Dimension]) -> Convolution | None:
    """The equation as a correlation or a convolution of matrices, None where it is neither."""
    terms = defined.right.terms if isinstance(defined.right, Add) else (defined.right,)
    for axes in range(MOST_AXES, 0, -1):
        places = tuple(index for index in defined.indices if runs(index))[-axes:]
        if len(places) < axes or places != defined.indices[-axes:]:
            continue
        found = [(term, one) for term in terms if (one := _of(term, places, dimensions))]
        if len(found) != 1:
            continue
        ((term, (coefficient, summed, sign, first, second)),) = found
        added = tuple(other for other in terms if other is not term)
        if any(set(free_indices(other)) & set(places) for other in added):
            continue
        whole = Entry(defined.left, tuple(IndexValue(index) for index in defined.indices))
        left = _slice(whole, axes)
        return Convolution(left, coefficient, summed, sign, first, second, added)
    return None


_Found = tuple[Term, tuple[Index, ...], str, Slice, Slice]


def _of(term: Term, places: tuple[Index, ...], dimensions: Sequence[Dimension]) -> _Found | None:
    """The coefficient, the sums, the sign and the two matrices of one term."""
    coefficient, rest = opened(term)
    match rest:
        case Reduction("sum", indices, Multiply((Entry() as one, Entry() as other)), where):
            for first, second in permutations((one, other)):
                sign, inner = _windows(first, second, places, where)
                if not inner or not set(inner) <= set(indices):
                    continue
                summed = tuple(index for index in indices if index not in inner and runs(index))
                outer = [*_stack(first, len(places)), *_stack(second, len(places))]
                if any(set(free_indices(part)) & {*inner, *places} for part in outer):
                    continue
                slices = _slice(first, len(places)), _slice(second, len(places))
                if _fits(sign, places, slices, inner, dimensions):
                    return coefficient, summed, sign, *slices
    return None


def _windows(
    first: Entry, second: Entry, places: tuple[Index, ...], where: Sequence[Node]
) -> tuple[str, tuple[Index, ...]]:
    """Which of the two it is, and the indices that run within the windows; none where neither."""
    within, beyond = (_inner(entry, len(places)) for entry in (first, second))
    plain = tuple(part.index for part in within if isinstance(part, IndexValue))
    if len(plain) < len(places) or len(within) < len(places):
        return "", ()
    moved = [
        (IndexValue(place), IndexValue(index)) for place, index in zip(places, plain, strict=True)
    ]
    if not where and all(_adds(part, *pair) for part, pair in zip(beyond, moved, strict=True)):
        return CORRELATION, plain
    others = tuple(part.index for part in beyond if isinstance(part, IndexValue))
    if len(others) < len(places) or len(where) != len(places):
        return "", ()
    for place, index, other in zip(places, plain, others, strict=True):
        if not any(_meets(one, place, index, other) for one in where):
            return "", ()
    return CONVOLUTION, (*plain, *others)


def _adds(term: Term, *parts: IndexValue) -> bool:
    return isinstance(term, Add) and len(term.terms) == len(parts) and set(term.terms) == set(parts)


def _meets(condition: Node, place: Index, index: Index, other: Index) -> bool:
    """Whether a condition says index + other = place."""
    match condition:
        case Compare("==", left, IndexValue(found)) if found == place:
            return _adds(left, IndexValue(index), IndexValue(other))
    return False


def _fits(
    sign: str,
    places: tuple[Index, ...],
    slices: tuple[Slice, Slice],
    inner: tuple[Index, ...],
    dimensions: Sequence[Dimension],
) -> bool:
    """Whether the sums reach every entry of both matrices, and the places are all there are."""
    formulas = {d.name: d.formula for d in dimensions if d.formula is not None}

    def put_in(node: Node) -> Node | None:
        known = formulas.get(node.name) if isinstance(node, Size) else None
        return None if known is None else rewrite(known, put_in)

    def same(one: Term, *others: Term) -> bool:
        return collected(rewrite(Add((one, *map(Negate, others))), put_in)) == ZERO

    first, second = (one.shape for one in slices)
    read = (*first, *second) if sign == CONVOLUTION else first
    if not all(same(index.size, size) for index, size in zip(inner, read, strict=True)):
        return False
    ways = zip(places, first, second, strict=True)
    if sign == CORRELATION:
        return all(same(Add((place.size, a)), b, ONE) for place, a, b in ways)
    return all(same(Add((place.size, ONE)), a, b) for place, a, b in ways)


def _inner(entry: Entry, axes: int) -> tuple[Term, ...]:
    return entry.subscripts[-axes:]


def _stack(entry: Entry, axes: int) -> tuple[Term, ...]:
    return entry.subscripts[:-axes]


def _slice(entry: Entry, axes: int) -> Slice:
    quantity, shape = entry.quantity, entry.quantity.shape
    outer = Quantity(quantity.name, shape[:-axes], quantity.kind)
    return Slice(Entry(outer, entry.subscripts[:-axes]), shape[-axes:])


@dataclass(frozen=True)
class Printed:
    """A convolution as it is printed: its formula, its sign, and the two that it joins."""

    formula: Layout
    left: Slice
    sign: str
    first: Layout
    second: Layout


def convolution_formula(writer: Writer, defined: Equation, shaped: bool = False) -> Printed | None:
    """The equation with a sign for its sum over windows, None where it has none of that kind."""
    found = convolution_of(defined, writer.model.dimensions)
    if found is None:
        return None
    whole = Entry(defined.left, tuple(IndexValue(index) for index in defined.indices))
    notation = Notation(writer.letters((whole, defined.right)), writer.symbols)
    parts = (found.left, found.first, found.second)
    plain = [layout(part.entry, notation) for part in parts]
    left, *pair = (
        Shaped(one, shape_layout(writer, as_column(part.shape))) if shaped else one
        for one, part in zip(plain, parts, strict=True)
    )
    joined = row(*_sums(found.summed, notation), pair[0], Operator(found.sign), pair[1])
    if found.coefficient != ONE:
        joined = side_by_side(formula(writer, found.coefficient), joined)
    ones = (ONES,) if len(found.left.shape) == 1 else (ONES, transposed(ONES))
    for term in found.added:
        joined = row(joined, Operator("+"), side_by_side(layout(term, notation), *ones))
    return Printed(equation(left, joined), found.left, found.sign, *plain[1:])


def _sums(summed: Sequence[Index], notation: Notation) -> Iterator[Layout]:
    for index in summed:
        letter = Identifier(symbol(notation.letters[index]))
        yield BigOperator("∑", letter, NumberText("1"), layout(index.size, notation))
