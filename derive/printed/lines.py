"""The report on what is printed: a line for each section of a document."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from random import Random

from derive.calculus.adjoint import Derivation
from derive.calculus.requested import NOTHING, Requested
from derive.document.blocks import Document
from derive.document.matrices import definition_formula, gradient_formula
from derive.document.writer import Writer, writer_for
from derive.errors import DeriveError
from derive.printed.check import Checked, check_claim
from derive.printed.claims import Claim, claims_in, claims_of
from derive.printed.meaning import beyond, meaning_at
from derive.printed.scope import Meaning, Scope
from derive.printed.updates import rule_at, stepped
from derive.printed.values import Value
from derive.prose import catalogue
from derive.typeset.unicode import unicode
from derive.verification.oracle import arithmetic_of
from derive.verification.report import Line, Verdict
from derive.verification.true_point import TruePoint, true_point

# Where several lines of a rule stand that is stated once for all parameters.
UPDATE = "update"
# At so many further points choices are evaluated, for data on both sides of their conditions.
FURTHER = 2
# At so many points instances are: an entry of data that are one-hot is zero at most of them.
INSTANCES = 8
# So many equations are named that are wrong, or that could not be read.
NAMED = 3


def printed_lines(
    derivation: Derivation, document: Document, asked: Requested = NOTHING, seed: int = 0
) -> tuple[Line, ...]:
    """Evaluate every equation of a document; a line for each of its sections.

    Also the formulas that only the generated module shows.  Nothing is raised where an equation is
    wrong: the report says so.
    """
    writer, model = writer_for(derivation), derivation.model
    try:
        claims = _distinct((*claims_of(document), *_in_the_module(writer)))
        found = tuple(_checked(writer, claims, asked, seed))
    except DeriveError as error:
        how, title = arithmetic_of(model), document.title or document.name
        return (Line("printed", title, (), how, "undecided", note=error.cause),)
    sections = dict.fromkeys(claim.section for claim in claims)
    return tuple(_line(section, found) for section in sections)


def _distinct(claims: Sequence[Claim]) -> tuple[Claim, ...]:
    """Each equation once: a table repeats what stands above."""
    found: dict[tuple[object, ...], Claim] = {}
    for claim in claims:
        found.setdefault((claim.sides, claim.assigns, claim.by_readings), claim)
    return tuple(found.values())


def _in_the_module(writer: Writer) -> Iterator[Claim]:
    """What the docstring of the generated module says that the document may not."""
    for defined in writer.model.equations:
        yield from claims_in("model", None, definition_formula(writer, defined))
    for gradient in writer.derivation.gradients:
        yield from claims_in("matrix", None, gradient_formula(writer, gradient))


Found = tuple[Checked, TruePoint]


def _checked(
    writer: Writer, claims: Sequence[Claim], asked: Requested, seed: int
) -> Iterator[Found]:
    """Each equation, and the point where it was evaluated.

    What is written out for an instance is evaluated at its sizes.
    """
    written = [one for one in claims if one.instance or (writer.small and one.written_out)]
    apart = [claim for claim in claims if claim not in written]
    for some, sizes in ((apart, None), (written, tuple(writer.sizes.items()))):
        for other in range(max(map(points_for, some), default=0)):
            here = [claim for claim in some if other < points_for(claim)]
            point = true_point(writer.model, seed + other, sizes)
            yield from _at(writer, here, asked, point, seed)


def points_for(claim: Claim) -> int:
    """At how many points an equation is evaluated."""
    if claim.instance:
        return INSTANCES
    return 1 + FURTHER if claim.chooses and not claim.assigns else 1


def _at(
    writer: Writer, claims: Sequence[Claim], asked: Requested, point: TruePoint, seed: int
) -> Iterator[Found]:
    model, random = writer.model, Random(seed)
    meaning = meaning_at(writer, point.here, claims, seed)
    requested = [claim for claim in claims if claim.section == "requested"]
    further = beyond(meaning, model, point, asked, requested) if requested else meaning
    general = [c for c in claims if c.assigns and len(model.objective.rule.assignments) > 1]
    yield from ((one, point) for one in _rule(writer, general, meaning, random))
    for claim in claims:
        if claim not in general:
            own = further if claim in requested else meaning
            yield _one(writer, claim, own, random), point


def _rule(
    writer: Writer, claims: Sequence[Claim], meaning: Meaning, random: Random
) -> Iterator[Checked]:
    for claim, here, after in rule_at(writer.model, claims, meaning, random) if claims else ():
        yield check_claim(claim, here, random, partial(_known, after))


def _known(after: Value, scope: Scope) -> Value:
    return after


def _one(writer: Writer, claim: Claim, meaning: Meaning, random: Random) -> Checked:
    if not claim.assigns:
        return check_claim(claim, meaning, random)
    return check_claim(
        claim, meaning, random, lambda scope: stepped(writer.model, claim.sides[0], scope)
    )


# --- the report ---------------------------------------------------------------------------------


def _line(section: str, found: Sequence[Found]) -> Line:
    """What was found about the equations of one section."""
    own = [(checked, point) for checked, point in found if checked.claim.section == section]
    wrong = [checked for checked, _ in own if checked.wrong]
    said = {checked.claim for checked, _ in own if checked.places or checked.wrong}
    unread = [checked for checked, _ in own if checked.claim not in said]
    verdict: Verdict = "failed" if wrong else "undecided" if unread else "verified"
    notes = [f"{_said(one.claim)}\n  {one.wrong}" for one in wrong[:NAMED]]
    notes += [
        f"not decided: {_said(one.claim)}: {one.unread or 'no place'}" for one in unread[:NAMED]
    ]
    sizes = tuple(dict.fromkeys(tuple(point.here.sizes.items()) for _, point in own))
    count = len({checked.claim for checked, _ in own})
    how = f"{own[0][1].here.how}, {count} equation{'s' * (count != 1)}"
    title = catalogue("en")[f"section.{section}"]
    return Line("printed", title, sizes, how, verdict, note="\n".join(notes))


def _said(claim: Claim) -> str:
    number = "" if claim.number is None else f"({claim.number}) "
    return f"{number}{unicode(claim.layout)}"
