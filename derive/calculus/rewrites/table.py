"""The rules in their order, and how they are applied: everywhere, until none applies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from derive.calculus.rewrites.expansion import into_the_sum, multiplied_out
from derive.calculus.rewrites.inverses import solution
from derive.calculus.rewrites.knowledge import Knowledge
from derive.calculus.rewrites.known import (
    deviations,
    exchanged,
    named_ratio,
    named_where,
    names,
    positive,
    roots_below,
    rows_sum_to_one,
    signs_squared,
    symmetric,
    where_positive,
)
from derive.calculus.rewrites.places import at_the_place, one_term
from derive.calculus.rewrites.products import cancel, logistic, one_fraction, powers, reflected
from derive.calculus.rewrites.sums import common_factor, like_terms, one_sum, out_of_the_sum, signs
from derive.calculus.steps import Step
from derive.simplify import guarded, negative, power, product, quotient, summed, total
from derive.terms import (
    ZERO,
    Add,
    Choice,
    Divide,
    Multiply,
    Negate,
    Power,
    Reduction,
    Term,
)

Rule = Callable[[Term, Knowledge], Term | None]


@dataclass(frozen=True)
class Rewrite:
    """A rule by its name in the catalogue; one that is applied `once` is never needed again."""

    name: str
    rule: Rule
    once: bool = False


REWRITES = (
    Rewrite("where_positive", where_positive),
    Rewrite("positive", positive),
    Rewrite("signs_squared", signs_squared),
    Rewrite("symmetric", symmetric),
    Rewrite("solution", solution),
    Rewrite("cancel", cancel),
    Rewrite("one_term", one_term),
    Rewrite("at_the_place", at_the_place),
    Rewrite("into_the_sum", into_the_sum),
    Rewrite("multiplied_out", multiplied_out),
    Rewrite("names", names),
    Rewrite("names", roots_below),
    Rewrite("names", named_where),
    Rewrite("one_fraction", one_fraction),
    Rewrite("powers", powers),
    Rewrite("logistic", logistic),
    Rewrite("reflected", reflected),
    Rewrite("out_of_the_sum", out_of_the_sum),
    Rewrite("rows_sum_to_one", rows_sum_to_one),
    Rewrite("deviations", deviations),
    Rewrite("like_terms", like_terms),
    Rewrite("one_sum", one_sum),
    Rewrite("common_factor", common_factor),
    Rewrite("names", named_ratio),
    Rewrite("signs", signs),
    Rewrite("exchanged", exchanged, once=True),
)
# No term that a person reads needs as many passes; a term that does stays as it is.
PASSES = 60


def simplification(term: Term, known: Knowledge) -> tuple[Step, ...]:
    """The named steps from `term` to its simplest form, none where no rule applies.

    After each step the rules are tried again from the first.
    """
    steps: list[Step] = []
    while len(steps) < PASSES:
        step = _next(term, known, tuple(step.rule for step in steps))
        if step is None:
            return tuple(steps)
        steps.append(step)
        term = step.after
    return tuple(steps)


def _next(term: Term, known: Knowledge, done: tuple[str, ...]) -> Step | None:
    for one in REWRITES:
        if one.once and one.name in done:
            continue
        after = everywhere(term, _knowing(one.rule, known))
        if after != term:
            return Step(one.name, term, after)
    return None


def _knowing(rule: Rule, known: Knowledge) -> Callable[[Term], Term | None]:
    return lambda part: rule(part, known)


def everywhere(term: Term, rule: Callable[[Term], Term | None]) -> Term:
    """`term` with the rule applied to each part, from below, where parts stand as values.

    Subscripts, conditions, arguments of functions and divisors keep their form: they are read
    again by name, and a program computes them once.
    """
    found = rule(term)
    if found is not None:
        return found
    match term:
        case Add(parts) | Multiply(parts):
            below: tuple[Term, ...] = parts
        case Negate(inner) | Divide(inner, _) | Power(inner, _) | Reduction("sum", _, inner):
            below = (inner,)
        case Choice(_, chosen, otherwise):
            below = (chosen, otherwise)
        case _:
            return term
    after = tuple(everywhere(part, rule) for part in below)
    return term if after == below else _rebuilt(term, after)


def _rebuilt(term: Term, parts: tuple[Term, ...]) -> Term:
    """`term` with other parts, without the zeros and ones that they bring."""
    match term:
        case Add():
            return total(*parts)
        case Multiply():
            return product(*parts)
        case Negate():
            return negative(parts[0])
        case Divide(_, denominator):
            return quotient(parts[0], denominator)
        case Power(_, exponent):
            return power(parts[0], exponent)
        case Reduction("sum", indices, _, where):
            return summed(indices, parts[0], where)
        case Choice():
            return _chosen(term, parts[0], parts[1])
    raise TypeError(f"_rebuilt: unknown node {type(term).__name__}")


def _chosen(term: Choice, chosen: Term, otherwise: Term) -> Term:
    if chosen == otherwise:
        return chosen
    if otherwise == ZERO:
        return guarded((term.condition,), chosen)
    return Choice(term.condition, chosen, otherwise)
