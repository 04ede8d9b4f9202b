"""Formulas spoilt on purpose: `python tests/printed_mutants.py` counts what is noticed, by kind.

A mutant differs from a printed formula in one place: a sign, a transpose, a pair of brackets, an
index, a range, a factor.  It has to be found wrong, or to say nothing to a reader.  What changes
nothing is no mutant: numbers that change places, a transposed number, a lost factor of one.
"""

import argparse
import sys
from collections import Counter
from dataclasses import fields, replace
from functools import cache
from random import Random

from derive.calculus.adjoint import derive_gradients
from derive.calculus.inner import completed
from derive.calculus.requested import requested
from derive.document.build import document_of
from derive.document.writer import writer_for
from derive.errors import DeriveError
from derive.language import read_model
from derive.printed.check import check_claim
from derive.printed.claims import claims_in, claims_of
from derive.printed.lines import points_for
from derive.printed.meaning import beyond, meaning_at
from derive.project import find_model, gallery
from derive.terms import is_one
from derive.typeset.equations import TRANSPOSE
from derive.typeset.layout import (
    DOT,
    MINUS,
    TIMES,
    BigOperator,
    Cases,
    Fenced,
    Fraction,
    Identifier,
    Layout,
    NumberText,
    Operator,
    Raised,
    Row,
    Subscripted,
    row,
)
from derive.typeset.unicode import unicode
from derive.verification.true_point import true_point

# --- mutants ------------------------------------------------------------------------------------


def mutants(layout, arrays):
    """Each way to spoil one place of a layout, by its kind; `arrays` are the symbols of arrays."""
    yield from here(layout, arrays)
    for field in fields(layout):
        value = getattr(layout, field.name)
        for kind, spoilt in _inside(value, arrays):
            yield kind, replace(layout, **{field.name: spoilt})


def _inside(value, arrays):
    if isinstance(value, Layout):
        yield from mutants(value, arrays)
    elif isinstance(value, tuple):
        for place, part in enumerate(value):
            for kind, spoilt in _inside(part, arrays):
                yield kind, (*value[:place], spoilt, *value[place + 1 :])


def here(layout, arrays):
    """The mutants at the top of a layout."""
    match layout:
        case Row(items):
            yield from _in_row(items, arrays)
        case Raised(base, sign) if sign == TRANSPOSE:
            yield "lost transpose", base
        case Raised(base, NumberText(text)):
            yield "other exponent", Raised(base, NumberText(str(int(text) + 1)))
            yield "lost exponent", base
        case Fraction(above, below) if not _is_derivative(above):
            yield "lost divisor", above
            yield "upside down", Fraction(below, above)
        case Subscripted(base, (first, second, *rest)) if first != second:
            yield "swapped indices", Subscripted(base, (second, first, *rest))
        case BigOperator(sign, index, first, last, conditions):
            yield "shorter range", BigOperator(sign, index, NumberText("2"), last, conditions)
            if conditions:
                yield "lost condition", BigOperator(sign, index, first, last, conditions[1:])
        case Cases(((value, condition), (other, opposite))):
            yield "swapped cases", Cases(((other, condition), (value, opposite)))


def _in_row(items, arrays):
    for place, item in enumerate(items):
        before, behind = items[:place], items[place + 1 :]
        match item:
            case Operator("+"):
                yield "sign", row(*before, Operator(MINUS), *behind)
            case Operator(sign, "prefix") if sign == MINUS:
                yield "sign", row(*behind)
            case Operator(sign) if sign == MINUS:
                yield "sign", row(*before, Operator("+"), *behind)
            case Operator("∘") if behind:
                yield "lost factor", row(*before, *behind[1:])
                yield "matrix product for ∘", row(*before, Operator(TIMES), *behind)
            case Operator(sign) if sign in (TIMES, DOT) and behind:
                if NumberText("1") != behind[0]:
                    yield "lost factor", row(*before, *behind[1:])
                if _is_array(before[-1], arrays) and _is_array(behind[0], arrays):
                    swapped = (*before[:-1], behind[0], item, before[-1], *behind[1:])
                    yield "swapped factors", row(*swapped)
                yield "sum for product", row(*before, Operator("+"), *behind)
            case BigOperator():
                yield "lost sum", row(*before, *behind)
            case Fenced("(", Row() as body, ")") if not before or not _applies(before[-1]):
                yield "lost brackets", row(*before, body, *behind)
            case Fenced("[", _, "]") if len(items) > 1:
                yield "lost condition", row(*before, NumberText("1"), *behind)
            case Identifier(symbol) if symbol in arrays and _joined(before, behind):
                yield "added transpose", row(*before, Raised(item, TRANSPOSE), *behind)


def _is_array(item, arrays):
    """Whether an item is the symbol of an array, or its transpose."""
    match item:
        case Raised(base, sign) if sign == TRANSPOSE:
            return _is_array(base, arrays)
        case Identifier(symbol):
            return symbol in arrays
    return False


def _is_derivative(above):
    first = above.items[0] if isinstance(above, Row) else above
    first = first.base if isinstance(first, Raised) else first
    return isinstance(first, Operator) and first.sign == "∂"


def _applies(item):
    return isinstance(item, Operator) and item.sign == "\N{FUNCTION APPLICATION}"


def _joined(before, behind):
    """Whether a factor stands beside."""
    beside = (*before[-1:], *behind[:1])
    return any(isinstance(item, Operator) and item.sign == TIMES for item in beside)


def spoilt_formulas(layout, arrays):
    """The mutants of what stands behind the first sign of equality."""
    items = layout.items if isinstance(layout, Row) else ()
    sign = next((k for k, item in enumerate(items) if _sign(item) in ("=", "←")), None)
    if sign is not None:
        for kind, spoilt in mutants(row(*items[sign + 1 :]), arrays):
            yield kind, row(*items[: sign + 1], spoilt)


def _sign(item):
    return item.sign if isinstance(item, Operator) else ""


# --- the reader that is attacked ----------------------------------------------------------------


class Read:
    """The displayed formulas of one model, and the points where they are evaluated."""

    def __init__(self, name):
        text = find_model(name).text
        model, _ = completed(read_model(text, name=name))
        derivation = derive_gradients(model)
        asked = requested(derivation)
        self.writer = writer_for(derivation)
        claims = claims_of(document_of(derivation, asked))
        self.claims = [claim for claim in claims if not claim.assigns]
        self.general = self._meanings(asked, claims, None)
        sizes = tuple(self.writer.sizes.items())
        written = self.writer.small or any(claim.instance for claim in claims)
        self.instances = self._meanings(asked, claims, sizes) if written else []
        names = self.general[0][0].names
        self.arrays = {
            symbol for symbol, q in names.items() if any(not is_one(size) for size in q.shape)
        }

    def _meanings(self, asked, claims, sizes):
        """What the names of equations mean at each point, and those of what is requested."""
        own = [claim for claim in claims if claim.section == "requested"]
        found = []
        for seed in range(max(map(points_for, claims))):
            point = true_point(self.writer.model, seed, sizes)
            meaning = meaning_at(self.writer, point.here, claims, seed)
            further = beyond(meaning, self.writer.model, point, asked, own) if own else meaning
            found.append((meaning, further))
        return found

    def survives(self, claim, layout):
        """Whether all that a spoilt formula says is taken for true."""
        try:
            said = list(claims_in(claim.section, claim.number, layout))
            said = [replace(one, by_readings=claim.by_readings) for one in said]
            checked = [
                check_claim(one, meaning, Random(0))
                for meaning in self.meanings(claim)
                for one in said
            ]
        except (DeriveError, ValueError, AssertionError, AttributeError):
            return False
        return all(one.places and not one.wrong for one in checked)

    def meanings(self, claim):
        """Where a formula is evaluated."""
        written_out = claim.instance or (self.writer.small and claim.written_out)
        points = (self.instances if written_out else self.general)[: points_for(claim)]
        return [point[claim.section == "requested"] for point in points]


@cache
def reader(name):
    """The formulas of a model of the gallery."""
    return Read(name)


def attack(name, most=None, seed=0):
    """(kind, formula, survived) for mutants of the formulas of one model, `most` of them."""
    read = reader(name)
    every = [
        (kind, claim, spoilt)
        for claim in {claim.layout: claim for claim in read.claims}.values()
        for kind, spoilt in spoilt_formulas(claim.layout, read.arrays)
        if spoilt != claim.layout
    ]
    if most is not None and len(every) > most:
        every = Random(seed).sample(every, most)
    return [(kind, unicode(spoilt), read.survives(claim, spoilt)) for kind, claim, spoilt in every]


def main():
    """Attack the formulas of the gallery; print the counts by kind, and what survived."""
    parser = argparse.ArgumentParser(description="Spoils printed formulas and reads them.")
    parser.add_argument("models", nargs="*", default=gallery())
    options = parser.parse_args()
    made, survived = Counter(), Counter()
    for name in options.models:
        for kind, formula, alive in attack(name):
            made[kind] += 1
            survived[kind] += alive
            if alive:
                print(f"{name}: {kind}: {formula}", flush=True)
    for kind, count in made.most_common():
        print(f"{count:>7} {kind}, {survived[kind]} not told from the formula")
    print(f"{made.total():>7} mutants, {survived.total()} not told from the formula")
    return 0


if __name__ == "__main__":
    sys.exit(main())
