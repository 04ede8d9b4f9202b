"""Rules that use what is known: declared facts, conditions, definitions, earlier gradients."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from derive.calculus.matching import alike
from derive.calculus.rewrites.knowledge import Knowledge
from derive.calculus.rewrites.ratios import (
    Ratio,
    is_share,
    ratio_of,
    without,
    written,
)
from derive.calculus.symmetry import is_symmetric
from derive.simplify import (
    flat_factors,
    power,
    product,
    summed,
)
from derive.terms import (
    ONE,
    ZERO,
    Add,
    AllOf,
    Call,
    Choice,
    Compare,
    Condition,
    Divide,
    Entry,
    Index,
    IndexValue,
    LinearAlgebra,
    Multiply,
    Negate,
    Node,
    Number,
    Power,
    Reduction,
    Term,
    children,
    free_indices,
    number,
    renew,
    rewrite,
    substitute,
)

# --- declared facts -----------------------------------------------------------------------------


def rows_sum_to_one(term: Term, known: Knowledge) -> Term | None:
    """Σ_k T[i, k] = 1 where that is declared of T and nothing else depends on k."""
    match term:
        case Reduction("sum", indices, inside, ()):
            ratio = ratio_of(inside)
            for place, factor in enumerate(ratio.above):
                others = (*without(ratio.above, place), *ratio.below)
                index = _row_of(factor, known)
                if index in indices and not any(index in free_indices(one) for one in others):
                    rest = tuple(one for one in indices if one is not index)
                    below = Ratio(ratio.coefficient, without(ratio.above, place), ratio.below)
                    return summed(rest, written(below))
    return None


def _row_of(factor: Term, known: Knowledge) -> Index | None:
    """The index along which an entry sums to one, where it runs over all of that axis."""
    match factor:
        case Entry(quantity, (*others, IndexValue(index))) if known.sums_to_one(quantity):
            elsewhere = any(index in free_indices(part) for part in others)
            return None if elsewhere or index.size != quantity.shape[-1] else index
    return None


def symmetric(term: Term, known: Knowledge) -> Term | None:
    """W[j, i] = W[i, j] where W is symmetric: in a sum over j, the summed index stands second."""
    if not isinstance(term, Reduction) or term.kind != "sum":
        return None
    summed_over, outside = term.indices, free_indices(term)

    def rule(node: Node) -> Node | None:
        match node:
            case Entry(quantity, (IndexValue(first), IndexValue(second) as free)):
                turned = first in summed_over and second in outside
                if turned and known.is_("symmetric", quantity):
                    return Entry(quantity, (free, IndexValue(first)))
            case LinearAlgebra("inv", (matrix,), (IndexValue(first), IndexValue(second) as free)):
                turned = first in summed_over and second in outside
                if turned and is_symmetric(matrix, known.symmetric):
                    return LinearAlgebra("inv", (matrix,), (free, IndexValue(first)))
        return None

    after = rewrite(term, rule)
    return None if after == term else after


def positive(term: Term, known: Knowledge) -> Term | None:
    """|s| = s, max(0, s) = s and √(s²) = s where s is declared positive."""
    match term:
        case Call("abs" | "relu", (Entry(quantity) as entry,)):
            return entry if known.is_("positive", quantity) else None
        case Call("sign", (Entry(quantity),)):
            return ONE if known.is_("positive", quantity) else None
    return None


def signs_squared(term: Term, known: Knowledge) -> Term | None:
    """y² = 1 where every entry of y is declared to be 1 or -1."""
    match term:
        case Power(Entry(quantity) as entry, Number(value)) if value.denominator == 1:
            if known.is_("signs", quantity):
                return entry if value % 2 else ONE
        case Multiply(factors):
            for read in factors:
                declared = isinstance(read, Entry) and known.is_("signs", read.quantity)
                places = [k for k, factor in enumerate(factors) if factor == read]
                if declared and len(places) > 1:
                    return product(*(f for k, f in enumerate(factors) if k not in places[:2]))
    return None


# --- conditions ---------------------------------------------------------------------------------


def where_positive(term: Term, known: Knowledge) -> Term | None:
    """max(0, z) = z under the condition z > 0."""
    match term:
        case Choice(condition, chosen, otherwise):
            after = _under(condition, chosen)
            return None if after == chosen else Choice(condition, after, otherwise)
        case Reduction(kind, indices, inside, where) if where:
            after = _under(AllOf(where), inside)
            return None if after == inside else Reduction(kind, indices, after, where)
    return None


def _under(condition: Condition, term: Term) -> Term:
    """`term` where a condition holds."""
    stated = condition.conditions if isinstance(condition, AllOf) else (condition,)
    above_zero = [found for one in stated if (found := _positive_part(one)) is not None]

    def rule(node: Node) -> Node | None:
        part = _rectified(node)
        if part is not None and any(alike(part, one) for one in above_zero):
            return part
        return None

    return rewrite(term, rule) if above_zero else term


def _positive_part(condition: Condition) -> Term | None:
    """The z of a condition z > 0 or z >= 0."""
    match condition:
        case Compare(">" | ">=", part, bound) if bound == ZERO:
            return part
        case Compare("<" | "<=", bound, part) if bound == ZERO:
            return part
    return None


def _rectified(node: Node) -> Term | None:
    """The z of max(0, z), however it is written."""
    match node:
        case Call("relu", (part,)):
            return part
        case Call("maximum", (first, second)) if ZERO in (first, second):
            return second if first == ZERO else first
    return None


# --- definitions --------------------------------------------------------------------------------


def names(term: Term, known: Knowledge) -> Term | None:
    """What is defined is called by its name; a softmax is found in exp(z - log Σ exp z) too."""
    if not children(term) or isinstance(term, Entry | Negate):
        return None
    found = known.name_of(term) or _power_of_root(term, known)
    if found is None and isinstance(term, Call):
        share = _as_share(term, known)
        found = None if share is None else known.name_of(share)
    if found is None and isinstance(term, Divide) and is_share(term):
        above = ratio_of(term.numerator)
        return _named_pair(replace(above, below=(*above.below, term.denominator)), known)
    return found


def _power_of_root(term: Term, known: Knowledge) -> Term | None:
    """v^(3/2) as σ³ where σ is the name of √v."""
    match term:
        case Power(base, Number(value)) if value.denominator == 2:
            root = known.name_of(Call("sqrt", (base,)))
            if root is not None and value < 0:
                return Divide(ONE, power(root, number(-2 * value)))
            return None if root is None else power(root, number(2 * value))
    return None


def roots_below(term: Term, known: Knowledge) -> Term | None:
    """x/(n √v) is x/(n σ) where σ is the name of √v.

    Other divisors keep their form: that of a softmax is found in it when it is made stable.
    """

    def rule(node: Node) -> Node | None:
        match node:
            case Call("sqrt"):
                return known.name_of(node)
            case Power():
                return _power_of_root(node, known)
        return None

    match term:
        case Divide(above, below):
            after = rewrite(below, rule)
            return None if after == below else Divide(above, after)
    return None


def named_where(term: Term, known: Knowledge) -> Term | None:
    """Σ_k g_k p_k over some k is Σ_k g_k q_k over all, where q is defined as p there, else 0."""
    match term:
        case Reduction("sum", indices, Multiply(factors), where) if where:
            condition = where[0] if len(where) == 1 else AllOf(where)
            for place, factor in enumerate(factors):
                others = (*factors[:place], *factors[place + 1 :])
                found = known.name_of(Choice(condition, factor, ZERO))
                if found is not None and all(map(_is_read_everywhere, others)):
                    return summed(indices, product(*factors[:place], found, *factors[place + 1 :]))
    return None


def _is_read_everywhere(term: Term) -> bool:
    """Whether a term has a value at all values of its indices: an entry with plain subscripts."""
    return isinstance(term, Entry) and all(
        isinstance(subscript, IndexValue) and subscript.index.size == size
        for subscript, size in zip(term.subscripts, term.quantity.shape, strict=True)
    )


def named_ratio(term: Term, known: Knowledge) -> Term | None:
    """Where c is the name of a/b, x (a/b) = x c: one factor above the bar and one below it."""
    return _named_pair(ratio_of(term), known) if isinstance(term, Multiply | Divide) else None


def _named_pair(ratio: Ratio, known: Knowledge) -> Term | None:
    for place, above in enumerate(ratio.above):
        for other, below in enumerate(ratio.below):
            found = known.name_of(Divide(above, below)) or _named_inside(above, below, known)
            if found is not None:
                factors = (*ratio.above[:place], found, *ratio.above[place + 1 :])
                return written(Ratio(ratio.coefficient, factors, without(ratio.below, other)))
    return None


def _named_inside(above: Term, below: Term, known: Knowledge) -> Term | None:
    """(Σ_k a[k] x[k])/b as Σ_k c[k] x[k] where c[k] is the name of a[k]/b."""
    match above:
        case Reduction("sum", _, Multiply() as inside):
            ratio = ratio_of(inside)
            for place, factor in enumerate(ratio.above):
                found = known.name_of(Divide(factor, below))
                if found is not None:
                    factors = (*ratio.above[:place], found, *ratio.above[place + 1 :])
                    return replace(above, term=written(replace(ratio, above=factors)))
    return None


def _as_share(term: Call, known: Knowledge) -> Term | None:
    """exp(a - log Σ exp b) as exp(a)/Σ exp(b), also where the difference has a name."""
    match term:
        case Call("exp", (Add((above, Negate(Reduction("logsumexp", indices, inside, where)))),)):
            normaliser = Reduction("sum", indices, Call("exp", (inside,)), where)
            return Divide(Call("exp", (above,)), normaliser)
        case Call("exp", (Entry(quantity, subscripts),)) if quantity in known.definitions:
            definition = known.definitions[quantity]
            values = dict(zip(definition.indices, subscripts, strict=True))
            if isinstance(definition.right, Add):
                return _as_share(Call("exp", (renew(substitute(definition.right, values)),)), known)
    return None


def deviations(term: Term, known: Knowledge) -> Term | None:
    """Σ_n (x_n - μ) = 0 where μ is the mean of x over n: the deviations from a mean cancel."""
    match term:
        case Reduction("sum", indices, Add((each, Negate(Entry() as mean))), ()):
            if any(index in indices for index in free_indices(mean)):
                return None
            if _is_mean(mean, indices, each, known):
                return ZERO
    return None


def _is_mean(mean: Entry, indices: tuple[Index, ...], each: Term, known: Knowledge) -> bool:
    """Whether an entry is defined as the mean of `each` over `indices`."""
    definition = known.definitions.get(mean.quantity)
    if definition is None:
        return False
    values = dict(zip(definition.indices, mean.subscripts, strict=True))
    right = substitute(definition.right, values)
    if alike(right, Reduction("mean", indices, each)):
        return True
    # Written as a sum over a count.
    total, count = Reduction("sum", indices, each), ratio_of(right)
    sizes = tuple(index.size for index in indices)
    counted = Ratio(Fraction(1), (total,), sizes)
    return alike(written(count), written(counted))


def exchanged(term: Term, known: Knowledge) -> Term | None:
    """Σ_k (Σ_e G[e] V[k, e]) P[k] = Σ_e G[e] O[e] where O[e] = Σ_k P[k] V[k, e].

    A gradient that is itself a sum of products is put in by its value and the sums change places,
    if what is then inside has a name.
    """
    match term:
        case Reduction("sum", indices, Multiply(factors), ()):
            for place, factor in enumerate(factors):
                others = (*factors[:place], *factors[place + 1 :])
                found = _exchanged(indices, factor, others, known)
                if found is not None:
                    return found
    return None


def _exchanged(
    indices: tuple[Index, ...], factor: Term, others: tuple[Term, ...], known: Knowledge
) -> Term | None:
    equation = known.gradients.get(factor.quantity) if isinstance(factor, Entry) else None
    if equation is None or not isinstance(factor, Entry):
        return None
    values = dict(zip(equation.indices, factor.subscripts, strict=True))
    match renew(substitute(equation.right, values)):
        case Reduction("sum", outer, inside, ()):
            every = [*flat_factors((inside,)), *others]
            moving = [f for f in every if any(i in indices for i in free_indices(f))]
            staying = [f for f in every if f not in moving]
            name = known.name_of(Reduction("sum", indices, product(*moving)))
            if name is not None and staying:
                return summed(outer, product(*staying, name))
    return None
