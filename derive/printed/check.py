"""What is printed is evaluated: every equation of a document, against the oracle.

Each side of an equation is worked out as it stands in print, by a reader who knows the notation and
nothing of the derivation, where every name has the value that the oracle gives it.  Equations that
are written out for an instance are evaluated at the sizes of the instance, all others at sizes that
differ from each other.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from derive.errors import DeriveError
from derive.names import Symbol, unicode_symbol
from derive.numbers.arithmetic import Undefined
from derive.numbers.dual import Dual
from derive.numbers.evaluation import OutOfRange
from derive.printed.claims import Claim
from derive.printed.evaluate import running_letters, slopes_of, value_of
from derive.printed.expressions import Differentiated, Expression, Named, walk
from derive.printed.scope import Meaning, Scope, letters_of
from derive.printed.values import Unfitting, Value, Whole, equal
from derive.verification.comparing import show_number
from derive.verification.partials import Unread

# At so many values of the free letters of an equation its sides are compared where they are not
# zero, at so many where it has cases, and so many values are looked at.
PLACES, OF_CASES, TRIED = 8, 32, 64
# So many places in print are told apart that read the same entry.
MOST_READINGS = 8

Assigned = Callable[[Scope], Value]


@dataclass(frozen=True)
class Checked:
    """An equation, at how many places its sides were compared, and what is `wrong` with it.

    `unread` says why a reader could make nothing of it.
    """

    claim: Claim
    places: int
    wrong: str = ""
    unread: str = ""


@dataclass(frozen=True)
class Sides:
    """The values of an equation at one place: of the right sides, and of the left one.

    Where the left side is a derivative, `slopes` are what each place in print contributes to it.
    """

    scope: Scope
    left: Value
    others: list[Value]
    slopes: Mapping[int, Any] | None = None

    def holds(self) -> bool:
        """Whether all sides are the same."""
        return all(equal(self.left, other) for other in self.others)

    def says_something(self) -> bool:
        """Whether there is more than 0 = 0."""
        zero = self.scope.number(0)
        return not all(equal(zero, value) for value in (self.left, *self.others))

    def counting(self, readings: Reading) -> Sides:
        """The same, where only some of the places in print count that read the entry."""
        kept = (slope for key, slope in (self.slopes or {}).items() if key in readings)
        return replace(self, left=Dual(sum(kept, self.scope.number(0).value)))


Reading = frozenset[int]


def check_claim(
    claim: Claim, meaning: Meaning, random: Random, assigned: Assigned | None = None
) -> Checked:
    """Compare the sides of an equation at some values of its letters.

    `assigned` is what the left side of an assignment becomes.  A formula may be differentiated
    reading by reading: then the right side is what some of the places in print contribute that
    read the entry, the same ones everywhere.
    """
    found: list[Sides] = []
    telling, enough = 0, OF_CASES if claim.chooses else PLACES
    readings: dict[int, int] = {}
    try:
        for scope in scopes(claim, meaning, random):
            sides = _sides(claim, scope, readings, assigned)
            if sides is not None:
                found.append(sides)
                telling += sides.says_something()
            if telling == enough:
                break
    except (Unfitting, OutOfRange) as error:
        return Checked(claim, len(found), wrong=error.cause)
    except DeriveError as error:
        return Checked(claim, len(found), unread=error.cause)
    wrong = next((sides for sides in found if not sides.holds()), None)
    if wrong is None or (claim.by_readings and _holds_for_some(claim, found, len(readings))):
        return Checked(claim, len(found))
    return Checked(claim, len(found), wrong=_difference(wrong))


def _holds_for_some(claim: Claim, found: Sequence[Sides], readings: int) -> bool:
    """Whether, at all places, some of the readings contribute what the right side says.

    A reading that a condition left out everywhere contributes nothing.
    """
    if readings > MOST_READINGS or any(sides.slopes is None for sides in found):
        return False
    fewest = 0 if _occurrences(claim) > readings else 1
    return any(
        all(sides.counting(frozenset(some)).holds() for sides in found)
        for count in range(fewest, readings + 1)
        for some in itertools.combinations(range(readings), count)
    )


def _occurrences(claim: Claim) -> int:
    """At how many places in print there is an entry of what is differentiated by."""
    first = claim.sides[0]
    if not isinstance(first, Differentiated) or not isinstance(first.wrt, Named):
        return 0
    parts = (part for part in walk(first.body) if isinstance(part, Named))
    return sum(part.symbol == first.wrt.symbol for part in parts)


def scopes(claim: Claim, meaning: Meaning, random: Random) -> Iterator[Scope]:
    """Values for the free letters, in no order; often two letters have the same value."""
    ranges = ranges_of(claim.sides, meaning)
    every = math.prod(ranges.values())
    if every <= TRIED:
        drawn = list(itertools.product(*(range(1, size + 1) for size in ranges.values())))
        random.shuffle(drawn)
    else:
        drawn = [_drawn(list(ranges.values()), random) for _ in range(TRIED)]
    for place in dict.fromkeys(drawn):
        yield Scope(meaning, dict(zip(ranges, place, strict=True)))


def _drawn(sizes: list[int], random: Random) -> tuple[int, ...]:
    """A value for each letter: any, or that of a letter before, where a guard may hold."""
    place: list[int] = []
    for size in sizes:
        before = [value for value in place if value <= size]
        again = before and random.random() < 0.5
        place.append(random.choice(before) if again else random.randint(1, size))
    return tuple(place)


def ranges_of(sides: tuple[Expression, ...], meaning: Meaning) -> dict[Symbol, int]:
    """The free letters of an equation and the sizes over which they run.

    The left side says how far; on the right a letter may stand where a case allows it only.
    """
    found: dict[Symbol, int] = {}
    for some in (sides[:1], sides[1:]):
        new: dict[Symbol, int] = {}
        for letter, size in running_letters(some, meaning):
            new[letter] = min(size, new.get(letter, size))
        found = new | found
    usual = {letter: meaning.ranges.get(letter) for letter in letters_of(sides, meaning)}
    return found | {letter: n for letter, n in usual.items() if n and letter not in found}


def _sides(
    claim: Claim, scope: Scope, readings: dict[int, int], assigned: Assigned | None
) -> Sides | None:
    """The values of all sides, None where the equation says nothing."""
    left = _left(claim, scope, readings, assigned)
    if left is None:
        return None
    try:
        right = [value_of(side, scope) for side in claim.sides[1:]]
    except (Unread, Undefined):
        return None
    except OutOfRange:
        if claim.worked or _guessed(claim, scope):
            return None
        raise
    value, slopes = left
    sides = Sides(scope, value, right, slopes)
    if slopes == {} and not sides.holds() and _guessed(claim, scope):
        return None
    return sides


def _left(
    claim: Claim, scope: Scope, readings: dict[int, int], assigned: Assigned | None
) -> tuple[Value, Mapping[int, Any] | None] | None:
    """The value of the left side, and its slopes by readings where it is a derivative."""
    first = claim.sides[0]
    try:
        if assigned is not None:
            return assigned(scope), None
        if not isinstance(first, Differentiated):
            return value_of(first, scope), None
        slopes = slopes_of(first.wrt, first.body, scope, readings, claim.by_readings)
    except (Unread, OutOfRange, Undefined):
        return None
    return Dual(sum(slopes.values(), scope.number(0).value)), slopes


def _guessed(claim: Claim, scope: Scope) -> bool:
    """Whether a letter may have a value outside its range, which this equation does not say."""
    said = {letter for letter, _ in running_letters(claim.sides, scope.point)}
    return not said >= set(scope.letters)


# --- what is wrong ------------------------------------------------------------------------------


def _difference(sides: Sides) -> str:
    letters = {unicode_symbol(symbol): place for symbol, place in sides.scope.letters.items()}
    places = {**letters, **sides.scope.point.here.sizes}
    where = ", ".join(f"{name} = {place}" for name, place in places.items())
    shown = " and ".join(map(_shown, (sides.left, *sides.others)))
    return f"its sides are {shown} at {where or 'a point'}"


def _shown(value: Value) -> str:
    if not isinstance(value, Whole):
        return show_number(value.value)
    lines = value.array.reshape((-1, value.array.shape[-1]))
    rows = ("[" + ", ".join(show_number(entry.value) for entry in line) + "]" for line in lines)
    return "[" + ", ".join(rows) + "]"
