"""The derivative of one term with respect to one entry, a named rule at a time.

This is scalar calculus.  The entry may carry indices that a reduction inside the term binds: then
the derivative is taken at that place of the range, and those indices stand free in the result
("of the sum only the term with this k contains w[k]").  What it means for whole quantities, the
chain rule with its sums, is the business of `adjoint.py`.
"""

from __future__ import annotations

from collections.abc import Callable

from derive.calculus.steps import Step
from derive.conditions import opposite
from derive.errors import DerivationError
from derive.functions import function_row
from derive.linalg import operator_row
from derive.reductions import reduction_row
from derive.simplify import guarded, negative, power, product, quotient, summed, total
from derive.terms import (
    ONE,
    ZERO,
    Add,
    Call,
    Choice,
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
    Number,
    Partial,
    Power,
    Reduction,
    Size,
    Term,
    free_indices,
    number,
    same,
)


def parts(term: Term) -> tuple[Term, ...]:
    """The terms directly below `term` whose value it varies with: no subscripts, no conditions."""
    match term:
        case Number() | Constant() | Size() | IndexValue() | Entry() | FloorDivide():
            return ()
        case Call("stop_gradient", _):
            return ()
        case Add(terms) | Multiply(terms) | Call(_, terms) | LinearAlgebra(_, terms):
            return terms
        case Negate(inner) | Reduction(_, _, inner) | Matrix(_, inner):
            return (inner,)
        case Divide(left, right) | Power(left, right) | Choice(_, left, right):
            return (left, right)
    raise DerivationError(
        f"cannot look into a {type(term).__name__}", "write it with known functions and reductions"
    )


def occurrences(term: Term) -> tuple[Entry, ...]:
    """The distinct entries whose value `term` varies with, in reading order."""
    found: dict[Entry, None] = {}
    pending = [term]
    while pending:
        top = pending.pop()
        if isinstance(top, Entry):
            found[top] = None
        pending += reversed(parts(top))
    return tuple(found)


def contains(term: Term, entry: Entry) -> bool:
    """Whether `term` varies with `entry`."""
    return term == entry or any(contains(part, entry) for part in parts(term))


def lifted_indices(term: Term, entry: Entry) -> tuple[Index, ...]:
    """The indices that reductions of `term` bind and `entry` carries, from the outside in."""
    if not contains(term, entry):
        return ()
    carried = set(free_indices(entry))
    found = [i for i in getattr(term, "indices", ()) if i in carried]
    for part in parts(term):
        found += lifted_indices(part, entry)
    return tuple(dict.fromkeys(found))


def differentiate(term: Term, entry: Entry) -> Step:
    """∂term/∂entry as a step whose substeps work it out.

    >>> from derive.terms import TWO, Quantity
    >>> x = Entry(Quantity("x"))
    >>> differentiate(Power(x, TWO), x).after == Multiply((TWO, x))
    True
    """
    if term == entry:
        return Step("itself", Partial(term, entry), ONE, (("entry", entry),))
    if not contains(term, entry):
        return Step("constant", Partial(term, entry), ZERO, (("entry", entry), ("term", term)))
    rule = RULES.get(type(term))
    if rule is None:
        raise DerivationError(
            f"no rule differentiates a {type(term).__name__}",
            "write it with known functions and reductions, or stop the gradient there",
        )
    return rule(term, entry)


def _of_sum(term: Add, entry: Entry) -> Step:
    varying = [part for part in term.terms if contains(part, entry)]
    steps = tuple(differentiate(part, entry) for part in varying)
    after = total(*(step.after for step in steps))
    rule, named = ("only_term", varying[0]) if len(varying) == 1 else ("sum_rule", term)
    if named == entry:
        rule = "other_terms"
    return Step(rule, Partial(term, entry), after, (("entry", entry), ("term", named)), steps)


def _of_product(term: Multiply, entry: Entry) -> Step:
    steps, summands = [], []
    for position, factor in enumerate(term.factors):
        if contains(factor, entry):
            step = differentiate(factor, entry)
            before, behind = term.factors[:position], term.factors[position + 1 :]
            summands.append(product(*before, step.after, *behind))
            steps.append(step)
    rule = "constant_factor" if len(steps) == 1 else "product_rule"
    after = total(*summands)
    return Step(rule, Partial(term, entry), after, (("entry", entry),), tuple(steps))


def _of_negative(term: Negate, entry: Entry) -> Step:
    step = differentiate(term.term, entry)
    after = negative(step.after)
    return Step("constant_factor", Partial(term, entry), after, (("entry", entry),), (step,))


def _of_quotient(term: Divide, entry: Entry) -> Step:
    above, below = term.numerator, term.denominator
    steps = tuple(differentiate(part, entry) for part in (above, below) if contains(part, entry))
    if not contains(below, entry):
        rule, after = "constant_factor", quotient(steps[0].after, below)
    elif not contains(above, entry):
        rule, after = "reciprocal_rule", negative(_below(above, below, steps[0].after))
    else:
        first = quotient(steps[0].after, below)
        second = negative(_below(above, below, steps[1].after))
        rule, after = "quotient_rule", total(first, second)
    return Step(rule, Partial(term, entry), after, (("entry", entry),), steps)


def _below(above: Term, below: Term, slope: Term) -> Term:
    """The second summand, u v′/v²; where v is a normaliser, (u/v)(v′/v): the ratio stays whole."""
    if isinstance(below, Reduction):
        return product(quotient(above, below), quotient(slope, below))
    return quotient(product(above, slope), Power(below, number(2)))


def _of_power(term: Power, entry: Entry) -> Step:
    base, exponent = term.base, term.exponent
    steps, summands = [], []
    if contains(base, entry):
        steps.append(differentiate(base, entry))
        lowered = power(base, _one_less(exponent))
        summands.append(product(exponent, lowered, steps[-1].after))
    if contains(exponent, entry):
        steps.append(differentiate(exponent, entry))
        summands.append(product(term, Call("log", (base,)), steps[-1].after))
    rule = "power_rule" if not contains(exponent, entry) else "exponential_rule"
    arguments = (("entry", entry), ("base", base), ("exponent", exponent))
    return Step(rule, Partial(term, entry), total(*summands), arguments, tuple(steps))


def _one_less(exponent: Term) -> Term:
    if isinstance(exponent, Number):
        return Number(exponent.value - 1)
    return Add((exponent, Negate(ONE)))


def _of_call(term: Call, entry: Entry) -> Step:
    row = function_row(term.function)
    steps, summands = [], []
    for partial, argument in zip(row.partials, term.arguments, strict=True):
        if contains(argument, entry):
            steps.append(differentiate(argument, entry))
            summands.append(product(partial(*term.arguments), steps[-1].after))
    arguments = (("entry", entry), ("term", term))
    after = total(*summands)
    return Step("function_rule", Partial(term, entry), after, arguments, tuple(steps))


def _of_reduction(term: Reduction, entry: Entry) -> Step:
    step = differentiate(term.term, entry)
    carried = set(free_indices(entry))
    at_this_place = tuple(i for i in term.indices if i in carried)
    everywhere = tuple(i for i in term.indices if i not in carried)
    weight = reduction_row(term.kind).weight(term)
    # Where nothing is left to sum, the conditions guard the one term that contains the entry.
    after = summed(everywhere, product(weight, step.after), term.where)
    rule = "one_place" if at_this_place else "under_the_sum"
    arguments = (("entry", entry), ("term", term.term))
    return Step(rule, Partial(term, entry), after, arguments, (step,))


def _of_linear_algebra(term: LinearAlgebra, entry: Entry) -> Step:
    row = operator_row(term.operator)
    carried = set(free_indices(entry))
    steps, summands = [], []
    for slope, operand in zip(row.slopes, term.operands, strict=True):
        if contains(operand, entry):
            steps.append(differentiate(operand.term, entry))
            everywhere = tuple(i for i in operand.indices if i not in carried)
            summands.append(summed(everywhere, product(slope(term), steps[-1].after)))
    arguments = (("entry", entry), ("term", term))
    return Step(row.rule, Partial(term, entry), total(*summands), arguments, tuple(steps))


def _of_choice(term: Choice, entry: Entry) -> Step:
    steps = tuple(
        differentiate(part, entry)
        for part in (term.chosen, term.otherwise)
        if contains(part, entry)
    )
    slopes = iter(steps)
    chosen, otherwise = (
        next(slopes).after if contains(part, entry) else ZERO
        for part in (term.chosen, term.otherwise)
    )
    after = _chosen(term.condition, chosen, otherwise)
    return Step("choice_rule", Partial(term, entry), after, (("entry", entry),), steps)


def _chosen(condition: Condition, chosen: Term, otherwise: Term) -> Term:
    """The choice between two slopes, as a guard where one of them is zero."""
    if same(chosen, otherwise):
        return chosen
    if otherwise == ZERO:
        return guarded((condition,), chosen)
    if chosen == ZERO:
        return guarded((opposite(condition),), otherwise)
    return Choice(condition, chosen, otherwise)


RULES: dict[type[Term], Callable[..., Step]] = {
    Add: _of_sum,
    Multiply: _of_product,
    Negate: _of_negative,
    Divide: _of_quotient,
    Power: _of_power,
    Call: _of_call,
    Reduction: _of_reduction,
    LinearAlgebra: _of_linear_algebra,
    Choice: _of_choice,
}
