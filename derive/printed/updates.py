"""The assignments of an update rule as they are printed, against the rule read entry by entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

from derive.model import Specification
from derive.numbers.evaluate import evaluate, is_rational
from derive.numbers.evaluation import Evaluation, How
from derive.printed.claims import Claim
from derive.printed.expressions import Expression, Named
from derive.printed.names import entry_of
from derive.printed.reader import Unreadable
from derive.printed.scope import Meaning, Scope, plain
from derive.printed.values import Value, entrywise, whole
from derive.terms import Derivative, Name, Quantity


def stepped(model: Specification, target: Expression, scope: Scope) -> Value:
    """What a rule of one line makes of a parameter, or of one entry of it."""
    rule, point = model.objective.rule, scope.point
    (assignment,) = rule.assignments
    if not isinstance(target, Named):
        raise Unreadable("an assignment changes what is no name", "mend the print")
    quantity, at = entry_of(target, scope)
    slopes = point.arrays[plain(Derivative(model.objective.cost.name, quantity.name))]
    settings = {setting.name: point.arrays[setting.name].item() for setting, _ in rule.settings}

    def changed(value: Any, slope: Any) -> Any:
        given = settings | {rule.parameter.name: value, rule.gradient.name: slope}
        return evaluate(assignment.right, _evaluation(given, point.here.how))

    entries = point.arrays[quantity.name]
    if at is not None:
        return changed(entries[at], slopes[at])
    return entrywise(changed, whole(entries), whole(slopes))


def _evaluation(given: Mapping[Name, Any], how: How) -> Evaluation:
    arrays = {name: np.array(number, dtype=object) for name, number in given.items()}
    return Evaluation({}, arrays, how)


def rule_at(
    model: Specification, claims: Sequence[Claim], meaning: Meaning, random: Random
) -> Iterator[tuple[Claim, Meaning, Value]]:
    """Each line of a rule that is stated once for all parameters, with what it should give.

    The lines are carried out one after the other, on random numbers for all that they read.  What
    a line changes is the quantity of the rule's own line at its place.
    """
    rule = model.objective.rule
    how: How = "exact" if all(is_rational(a.right) for a in rule.assignments) else "50 digits"
    settings = [setting for setting, _ in rule.settings]
    read = (*settings, *rule.states, rule.parameter, rule.gradient)
    pool = random.sample([Fraction(n, 64) for n in range(1, 64)], len(read))
    here = Evaluation({}, {}, how)
    own = {q.name: here.number(value) for q, value in zip(read, pool, strict=True)}
    names = {s: q for s, q in meaning.names.items() if q in settings}
    for claim, assignment in zip(claims, rule.assignments, strict=True):
        if not isinstance(claim.sides[0], Named):
            raise Unreadable("an assignment changes what is no name", "mend the print")
        names[claim.sides[0].symbol] = Quantity(assignment.left.name)
    for claim, assignment in zip(claims, rule.assignments, strict=True):
        arrays = {name: np.array(number, dtype=object) for name, number in own.items()}
        slope = Derivative(model.objective.cost.name, rule.parameter.name)
        arrays[slope] = arrays[rule.gradient.name]
        known = names | {s: q for s, q in meaning.names.items() if q == model.objective.cost}
        after = evaluate(assignment.right, _evaluation(own, how))
        yield claim, replace(meaning, names=known, sizes={}, here=here, arrays=arrays), after
        own[assignment.left.name] = after
