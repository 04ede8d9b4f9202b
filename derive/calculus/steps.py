"""Steps: what was done to a formula, by which named rule, and why.

A step is a pair of terms with a name.  The sentence that explains it is not stored here: `rule` is
a row of the prose catalogue of each language, and `arguments` are the formulas that fill its gaps.
Steps form a tree; a reader folds it as far as they like.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from derive.calculus.tidy import settled
from derive.terms import Index, Term, substitute


@dataclass(frozen=True)
class Step:
    """before = after, by `rule`; `substeps` are how it was worked out, in order."""

    rule: str
    before: Term
    after: Term
    arguments: tuple[tuple[str, Term], ...] = ()
    substeps: tuple[Step, ...] = ()


def walk_steps(steps: tuple[Step, ...], depth: int = 0) -> Iterator[tuple[int, Step]]:
    """All steps with their depth, each before the substeps that work it out."""
    for step in steps:
        yield depth, step
        yield from walk_steps(step.substeps, depth + 1)


def substitute_step(step: Step, values: Mapping[Index, Term]) -> Step:
    """`step` and its substeps with terms in the place of free indices.

    Conditions that then always hold are left out.
    """

    def put_in(term: Term) -> Term:
        return settled(substitute(term, values))

    return Step(
        step.rule,
        put_in(step.before),
        put_in(step.after),
        tuple((name, put_in(term)) for name, term in step.arguments),
        tuple(substitute_step(inner, values) for inner in step.substeps),
    )
