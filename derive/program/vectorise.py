"""From an index equation to an array term.

Axes carry the index they run over (`labelled`); a sum of products is a matrix product wherever it
is one (`contract`); everything else broadcasts.  A subscript that no whole array serves is read
through grids of integers: slower, but right for every subscript the language has.  What cannot be
written as array operations raises `DerivationError`, which names the node.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from derive.calculus.tidy import all_of, conditions_of
from derive.conditions import needs_no_guard, numbers_last
from derive.errors import DerivationError
from derive.model import Equation
from derive.polynomials import is_size
from derive.program.array_functions import PARTIAL, apply_function
from derive.program.arrays import ArrayTerm, Exact, Extent, Fold, Pi, show_name
from derive.program.context import Context, defined, keeping
from derive.program.contract import contract
from derive.program.factors import Factors, factors_of
from derive.program.finite import is_masked, masked_term
from derive.program.fitting import fitted
from derive.program.flattening import taken_apart
from derive.program.folds import EMPTY, EXTREMES, applied, chosen, counting, fold, locate, logsumexp
from derive.program.joining import joined_pieces, may_join
from derive.program.labelled import (
    Labelled,
    aligned,
    combine,
    common_order,
    either,
    has_axes,
    multiplied,
    union,
)
from derive.program.masked_softmax import masked_softmax, normalised
from derive.program.masks import with_masked_factors
from derive.program.matrix_arrays import entry_of_matrices, identity
from derive.program.ranges import chosen_pieces, narrowed, summed_pieces
from derive.program.reads import in_stored_order, read
from derive.program.scatter import added_up, read_at_places, scattering, total_of
from derive.program.windows import (
    overlapped,
    overlapping,
    padded_windows,
    windows,
    with_zeros_outside,
)
from derive.terms import (
    ONE,
    Add,
    AllOf,
    AnyOf,
    Call,
    Choice,
    Compare,
    Condition,
    Constant,
    Divide,
    Entry,
    FloorDivide,
    Index,
    IndexValue,
    LinearAlgebra,
    Matrix,
    Multiply,
    Negate,
    Node,
    Not,
    Number,
    Power,
    Reduction,
    Size,
    Term,
    children,
    free_indices,
    is_one,
)


def vectorise(
    equation: Equation, context: Context | None = None, *, part: bool = False
) -> ArrayTerm:
    """The right-hand side of an equation as one array term of the shape of its left-hand side.

    What becomes a `part` of a larger array may lack axes: it is broadcast where it is put.
    `context` is what is known of the model, its data, sizes and arrays.

    >>> from derive.program.arrays import Matmul, Whole
    >>> from derive.terms import Multiply, Quantity, Size
    >>> n, m = Size("n"), Size("m")
    >>> i, k = Index(n), Index(m)
    >>> A, v, u = Quantity("A", (n, m)), Quantity("v", (m,)), Quantity("u", (n,))
    >>> product = Multiply((Entry(A, (IndexValue(i), IndexValue(k))), Entry(v, (IndexValue(k),))))
    >>> vectorise(Equation(u, (i,), Reduction("sum", (k,), product))) == Matmul(Whole(A), Whole(v))
    True
    """
    name = show_name(equation.left.name)
    if equation.domain:
        raise DerivationError(
            f"the equation of {name} holds for some values of its indices only",
            "give the other values too, with where(condition, a, b)",
        )
    right = equation.right
    context = replace(context or Context(), wanted=equation.indices, part=right if part else None)
    value = _summand(right, context) if part else _labelled(right, context)
    return fitted(value, equation, part=part)


def _labelled(term: Term, context: Context) -> Labelled:
    if not children(term) or (context.kept is not None and not needs_no_guard(term)):
        return _computed(term, context)
    return context.computed.array(term, context.plain, lambda: _computed(term, context))


def _computed(term: Term, context: Context) -> Labelled:
    match term:
        case Number(value, text):
            return Labelled(Exact(value, text))
        case Constant("pi"):
            return Labelled(Pi())
        case Size():
            return Labelled(Extent(term))
        case IndexValue(index):
            return counting(index)
        case Entry():
            return _entry(term, context)
        case Add():
            return _added(term, context)
        case Multiply() | Negate() | Divide():
            return _product(term, context)
        case FloorDivide(left, right):
            parts = [_labelled(left, context), _labelled(right, context)]
            return combine("floor_divide", parts, context.wanted)
        case Power(base, exponent):
            return _power(base, exponent, context)
        case Call(function, arguments):
            return _call(function, arguments, context)
        case Reduction():
            return _reduction(term, context)
        case Choice(condition, _, _) if any(map(is_size, conditions_of(condition))):
            return either(*_decided(term, context), context.wanted)
        case LinearAlgebra():
            return _linear_algebra(term, context)
        case Choice() if eye := identity(term):
            return eye
        case Choice() if found := padded_windows(term, context.formulas):
            return found
        case Choice() if (pieces := chosen_pieces(term)) and may_join(pieces, context):
            return joined_pieces(pieces, _labelled, context)
        case Choice() if softmax := masked_softmax(term):
            return normalised(softmax, _condition, _labelled, context)
        case Choice(condition, chosen) if is_masked(term, context.finite or ()):
            parts = [_labelled(chosen, context), _condition(condition, context)]
            return combine("multiply", parts, context.wanted)
        case Choice(condition, then, otherwise):
            holds = _condition(condition, context)
            fails = combine("not", [holds], context.wanted)
            parts = [
                _labelled(then, keeping(context, holds)),
                _labelled(otherwise, keeping(context, fails)),
            ]
            return combine("where", [holds, *parts], context.wanted)
    raise _unknown(term)


def _added(term: Add, context: Context) -> Labelled:
    """A sum, in which terms that each have a range of an index of their own are one array."""
    pieces, others = summed_pieces(term.terms)
    if not pieces or not may_join(pieces, context):
        return total_of(term, _summand, _labelled, context)
    whole, rest = joined_pieces(pieces, _labelled, context), [_summand(t, context) for t in others]
    return combine("add", [whole, *rest], context.wanted) if rest else whole


def _summand(term: Term, context: Context) -> Labelled:
    """A part of a sum, where a plain number serves as an array."""
    match term:
        case Choice(condition, _, _) if any(map(is_size, conditions_of(condition))):
            return either(*_decided(term, context), context.wanted, plain=True)
    return _labelled(term, context)


def _decided(choice: Choice, context: Context) -> tuple[ArrayTerm, Labelled, Labelled]:
    """The part of a condition that sizes and steps decide, and what is chosen by it.

    What may not be chosen is one expression: nothing is added up in it.
    """
    context = replace(context, plain=True)
    conditions = conditions_of(choice.condition)
    rest = tuple(condition for condition in conditions if not is_size(condition))
    chosen = choice.chosen
    if rest:
        chosen = Choice(all_of(rest), chosen, choice.otherwise)
    decided = all_of(tuple(condition for condition in conditions if is_size(condition)))
    return (
        _condition(decided, context).term,
        _labelled(chosen, context),
        _labelled(choice.otherwise, context),
    )


def _unknown(node: Node) -> DerivationError:
    return DerivationError(
        f"{type(node).__name__} cannot be written as array operations",
        "work it out before the program is made",
    )


# --- products, powers, functions ----------------------------------------------------------------


def _product(term: Term, context: Context) -> Labelled:
    factors = factors_of(term)
    values = [_labelled(factor, context) for factor in factors.above]
    return _assemble(values, factors, context)


def _assemble(values: list[Labelled], factors: Factors, context: Context) -> Labelled:
    """± the product of the values divided by the divisors of `factors`."""
    below = [defined(_labelled(divisor, context), context) for divisor in factors.below]
    one = Labelled(Exact(Fraction(1)))
    values = [value for value in values if value != one] or [one]
    value = multiplied(values, context.wanted)
    if below:
        divisor = multiplied(below, context.wanted)
        value = combine("divide", [value, divisor], context.wanted)
    return combine("negate", [value], context.wanted) if factors.negative else value


def _power(base: Term, exponent: Term, context: Context) -> Labelled:
    below = _labelled(base, context)
    match exponent:
        case Number(value) | Negate(Number(value)) if (value < 0) != isinstance(exponent, Negate):
            positive = defined(_power(base, Number(abs(value)), context), context)
            return combine("divide", [Labelled(Exact(Fraction(1))), positive], context.wanted)
        case Number(value) if value == 1:
            return below
        case Number(value) if value == Fraction(1, 2):
            return applied("sqrt", defined(below, context))
    return combine("power", [below, _labelled(exponent, context)], context.wanted)


def _call(function: str, arguments: Sequence[Term], context: Context) -> Labelled:
    values = [_labelled(argument, context) for argument in arguments]
    if function in PARTIAL:
        values = [defined(value, context) for value in values]
    order = common_order(values, context.wanted)
    if len(values) == 1:
        return Labelled(apply_function(function, (values[0].term,)), values[0].axes)
    return Labelled(apply_function(function, tuple(aligned(v, order) for v in values)), order)


# --- conditions ---------------------------------------------------------------------------------


def _condition(condition: Condition, context: Context) -> Labelled:
    match condition:
        case Compare():
            turned = numbers_last(condition)
            parts = [_labelled(turned.left, context), _labelled(turned.right, context)]
            return combine(turned.relation, parts, context.wanted)
        case AllOf(conditions):
            return _all(conditions, context)
        case AnyOf(conditions):
            parts = [_condition(part, context) for part in conditions]
            return combine("or", parts, context.wanted)
        case Not(inner):
            return combine("not", [_condition(inner, context)], context.wanted)
    raise _unknown(condition)


def _all(conditions: Sequence[Condition], context: Context) -> Labelled:
    """Conditions of which each counts only where those before it hold."""
    parts = [_condition(conditions[0], context)]
    for condition in conditions[1:]:
        held = parts[0] if len(parts) == 1 else combine("and", parts, context.wanted)
        parts.append(_condition(condition, keeping(context, held)))
    return combine("and", parts, context.wanted)


# --- reductions ---------------------------------------------------------------------------------


def _reduction(reduction: Reduction, context: Context) -> Labelled:
    within = read_at_places(narrowed(reduction), context.bounds)
    if within == reduction and context.kept is None:
        within = with_zeros_outside(reduction, context.formulas)
    if within != reduction:
        return _labelled(within, context)
    if context.adds_up and (found := scattering(reduction, context.bounds)):
        return added_up(found, _labelled, context)
    if context.adds_up and (over := overlapping(reduction, context.formulas)):
        return overlapped(over, _labelled, context)
    masked = with_masked_factors(reduction, context.finite)
    if context.kept is None and masked != reduction:
        return _labelled(masked, context)
    indices, empty = in_stored_order(reduction), EMPTY.get(reduction.kind)
    if empty is not None and any(map(is_size, reduction.where)):
        return _reduced_if(reduction, empty, context)
    inside = replace(context, wanted=(*context.wanted, *indices))
    if (zeroed := masked_term(reduction, context.finite or ())) is not None:
        return fold("sum", _labelled(zeroed, inside), indices)
    mask = _mask(reduction, inside)
    if mask is not None:
        inside = keeping(inside, mask)
    match reduction.kind:
        case "sum" | "mean" if not reduction.where:
            total = _sum(reduction.term, indices, context)
            return total if reduction.kind == "sum" else _mean(total, indices, context)
        case "mean":
            total = _reduction(replace(reduction, kind="sum"), context)
            ones = Reduction("sum", indices, ONE, reduction.where)
            return combine("divide", [total, _reduction(ones, context)], context.wanted)
        case "sum" | "prod" | "max" | "min":
            value = chosen(mask, _labelled(reduction.term, inside), reduction.kind, inside.wanted)
            return fold(reduction.kind, value, indices)
        case "argmax" | "argmin" as sought:
            kind = EXTREMES[sought]
            value = chosen(mask, _labelled(reduction.term, inside), kind, inside.wanted)
            return locate(sought, value, indices)
        case "logsumexp":
            return logsumexp(_labelled(reduction.term, inside), mask, indices, inside.wanted)
    raise DerivationError(
        f"the reduction '{reduction.kind}' cannot be written as array operations",
        "use one of sum, mean, prod, max, min, argmax, argmin, logsumexp",
    )


def _reduced_if(reduction: Reduction, empty: ArrayTerm, context: Context) -> Labelled:
    """A reduction of which sizes and steps decide whether it has anything to reduce."""
    decided = tuple(condition for condition in reduction.where if is_size(condition))
    rest = tuple(condition for condition in reduction.where if not is_size(condition))
    value = _reduction(replace(reduction, where=rest), replace(context, plain=True))
    holds = _condition(all_of(decided), context).term
    return either(holds, value, Labelled(empty), context.wanted, plain=True)


def _mask(reduction: Reduction, inside: Context) -> Labelled | None:
    """Where the filter of a reduction holds; None where it has none."""
    if not reduction.where:
        return None
    first, *others = reduction.where
    return _condition(AllOf(reduction.where) if others else first, inside)


def _sum(term: Term, indices: tuple[Index, ...], context: Context) -> Labelled:
    """The sum of a term over indices: constant factors outside, the rest contracted."""
    match term:
        case Reduction("sum", inner, below, ()):
            return _sum(below, (*indices, *inner), context)
    apart = taken_apart(term, indices, context)
    if apart is not None:
        return _labelled(apart, context)
    factors = factors_of(term, indices)
    inside = replace(context, wanted=(*context.wanted, *indices))
    constant = [f for f in factors.above if not set(free_indices(f)) & set(indices)]
    varying = [_labelled(f, inside) for f in factors.above if f not in constant]
    labels = union(varying)
    absent = [i.size for i in indices if i not in labels and not is_one(i.size)]
    values = [_labelled(f, context) for f in (*constant, *absent)]
    if varying:
        values.append(contract(varying, [i for i in indices if i in labels], context))
    return _assemble(values, factors, context)


def _mean(total: Labelled, indices: Sequence[Index], context: Context) -> Labelled:
    sizes = [index.size for index in indices if not is_one(index.size)]
    match total.term:
        case Fold("sum", operand, axes) if has_axes(operand, axes, sizes):
            return Labelled(Fold("mean", operand, axes), total.axes)
    return _assemble([total], Factors(False, (), tuple(sizes)), context)


def _linear_algebra(node: LinearAlgebra, context: Context) -> Labelled:
    def whole(operand: Matrix) -> Labelled:
        """An operand at all its places, also where few of the entries made of it are kept."""
        kept = context.kept
        if kept is not None and set(kept.labels) - set(free_indices(operand)):
            kept = None
        wanted = (*context.wanted, *operand.indices)
        return _labelled(operand.term, replace(context, wanted=wanted, kept=kept))

    def value(subscript: Term) -> Labelled:
        return _labelled(subscript, context)

    return entry_of_matrices(node, whole, value, context.wanted, context.kept is not None)


def _entry(entry: Entry, context: Context) -> Labelled:
    def value(subscript: Term) -> Labelled:
        return _labelled(subscript, context)

    filtered = context.kept is not None
    found = windows(entry, context.formulas)
    return found or read(entry, value, context.wanted, filtered=filtered)
