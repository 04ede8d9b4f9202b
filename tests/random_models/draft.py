"""A model text in the making: its sizes, what is declared, what is defined, what was drawn.

Everything is declared when it is first read, so a text holds nothing that it does not need.  Every
letter of an index belongs to one size; where a letter subscripts no axis of this size alone, its
range is declared.
"""

import re
from collections import Counter
from contextlib import contextmanager
from typing import NamedTuple

from hypothesis import strategies as st

LETTERS = "i j k l p q r s u v a b c d f g o".split()
PERCENT = st.integers(0, 99)
FREE = ("n", "m", "d")
NUMBERS = ("2", "1", "3")
# Sizes that follow from others: the terms of an affine subscript that fills such an axis.
DERIVED = {
    "n + m - 1": (("", "n"), ("", "m")),
    "2*n": (("2*", "n"), ("", "2")),
    "n + 1": (("", "n"), ("", "2")),
    "n*m": (("m*", "n"), ("", "m")),
    "2*n + m - 2": (("2*", "n"), ("", "m")),
    "d*n + m - d": (("d*", "n"), ("", "m")),
}
STARTS = ("zeros", "ones", "normal(0, 0.1)", "uniform(-1, 1)", "glorot", "he", "0.5")
# Each fact, also as the equation that it is.
FACTS = {
    "positive": "{} > 0",
    "signs": "{}**2 == 1",
    "rows_sum_to_one": "sum({}, axis=-1) == 1",
    "one_hot": "one_hot({})",
    "symmetric": "{0} == {0}.T",
    "orthonormal": "{0}.T @ {0} == eye({1})",
}


class Known(NamedTuple):
    """A quantity that can be read."""

    name: str
    shape: tuple[str, ...]
    kind: str


class Piece(NamedTuple):
    """Text of an expression, and how tightly it binds."""

    text: str
    level: int


SUM, PRODUCT, SIGN, POWER, ATOM = range(5)


def atom(text):
    return Piece(text, ATOM)


def fit(piece, level):
    """The text of a piece where something that binds at least like `level` is wanted."""
    return piece.text if piece.level >= level else f"({piece.text})"


def added(left, right, operator="+"):
    return Piece(f"{fit(left, SUM)} {operator} {fit(right, PRODUCT)}", SUM)


def multiplied(left, right, operator="*"):
    return Piece(f"{fit(left, PRODUCT)} {operator} {fit(right, SIGN)}", PRODUCT)


def negated(piece):
    return Piece(f"-{fit(piece, POWER)}", SIGN)


def raised(piece, exponent):
    return Piece(f"{fit(piece, ATOM)} ** {exponent}", POWER)


def called(name, *arguments):
    texts = [part if isinstance(part, str) else part.text for part in arguments]
    return atom(f"{name}({', '.join(texts)})")


class Draft:
    """What has been drawn so far."""

    def __init__(self, draw):
        self._draw = draw
        self.features = Counter()
        self.dimensions = {}
        self.known = []
        self.declarations = []
        self.functions = []
        self.facts = []
        self.ranges = {}
        self.letters = {}
        self.lines = []
        self.alone, self.shorter = set(), set()
        # What can be read of the step before: a quantity, its axis that steps, the subscript there.
        self.before = []
        # The index that stands in front of all that a line of array notation reads.
        self.row = None
        # The index of the steps of a recurrence, while one is drawn.
        self.step = None

    # --- choices: the first and the smallest is the simplest ----------------------------------

    def choose(self, options):
        return self._draw(st.sampled_from(options))

    def count(self, low, high):
        return self._draw(st.integers(low, high))

    def chance(self, percent):
        return self._draw(PERCENT) >= 100 - percent

    def note(self, *features):
        self.features.update(features)

    # --- sizes and indices --------------------------------------------------------------------

    def size(self):
        """The size of an axis: mostly a symbol."""
        drawn = self._draw(PERCENT)
        if drawn < 70:
            return self.sized(self.choose(FREE))
        if drawn < 92:
            number = self.choose(NUMBERS)
            self.note(f"size {number}")
            return number
        self.note("derived size")
        return self.sized(self.choose(tuple(DERIVED)))

    def sized(self, size):
        """The size, its symbols declared."""
        for name in FREE:
            if name in size:
                self.dimensions.setdefault(name, None)
        if size in DERIVED and self.chance(50):
            name = next((n for n, s in self.dimensions.items() if s == size), None)
            name = name or f"L{len(self.dimensions)}"
            self.dimensions[name] = size
            return name
        return size

    def meaning(self, size):
        """The formula of a size that has a name, else the size."""
        return self.dimensions.get(size) or size

    def shape(self, most=3):
        rank = self.choose([rank for rank in (1, 0, 2, 2, 1, 3) if rank <= most])
        return tuple(self.size() for _ in range(rank))

    def letter(self, size, taken):
        """A letter for an index of this size that is not among those that are taken."""
        letters = self.letters.setdefault(size, [])
        free = [letter for letter in letters if letter not in taken]
        if free:
            return free[0]
        used = {letter for group in self.letters.values() for letter in group}
        letters.append(next(letter for letter in LETTERS if letter not in used))
        return letters[-1]

    @contextmanager
    def bound(self, *indices):
        """Where indices are bound: those that stand alone on no axis get a declared range."""
        outside, self.alone = self.alone, set()
        yield
        own = {letter for letter, _ in indices}
        for letter, size in indices:
            if letter not in self.alone or letter in self.shorter:
                self.ranges[letter] = size
        self.alone = outside | (self.alone - own)

    # --- what is read -------------------------------------------------------------------------

    def declare(self, shape, kind=None):
        """A new parameter, or new data."""
        drawn = self._draw(PERCENT)
        kind = kind or ("param" if drawn < 55 else "const" if drawn > 96 and not shape else "input")
        stem = {"param": "w", "input": "x", "const": "e", "index": "y"}[kind]
        number = 1 + sum(known.kind == kind for known in self.known)
        known = Known(f"{stem}{number}", shape, kind)
        self.known.append(known)
        self.note(kind, f"{kind} of rank {len(shape)}")
        axes = f"[{', '.join(shape)}]" if shape else ""
        start = " = 0.75" if kind == "const" else ""
        if kind == "param" and self.chance(10):
            self.note("initial value")
            start = f" = {self.choose(STARTS)}"
        if kind != "index":
            self.declarations.append(f"{known.name}: {kind}{axes}{start}")
        if kind == "input" and self.chance(10):
            self._assume(known)
        return known

    def index_data(self, bound, shape):
        """Whole numbers below the bound."""
        known = self.declare(shape, "index")
        axes = f"[{', '.join(shape)}]" if shape else ""
        self.declarations.append(f"{known.name}: index({bound}){axes}")
        return known

    def _assume(self, known):
        facts = ["positive", "signs"]
        facts += ["rows_sum_to_one", "rows_sum_to_one", "one_hot"] if known.shape else []
        if len(known.shape) == 2:
            square = known.shape[0] == known.shape[1]
            facts += ["symmetric", "symmetric", "orthonormal"] if square else []
            facts += ["orthonormal"] if known.shape[1] == "1" else []
        fact = self.choose(facts)
        self.note("assume", f"assume {fact}")
        said = f"{fact}({known.name})"
        if self.chance(30):
            said = FACTS[fact].format(known.name, *known.shape[1:])
        self.facts.append(f"assume({said})")

    def define(self, name, shape):
        known = Known(name, shape, "defined")
        self.known.append(known)
        return known

    def fresh(self, stem="z"):
        return f"{stem}{1 + sum(known.kind == 'defined' for known in self.known)}"

    def read_by(self, name):
        """The words on which a defined quantity depends."""
        reached = {name}
        for line in reversed(self.lines):
            left, _, right = line.partition(" = ")
            if left.split("[")[0] in reached:
                reached |= set(re.findall(r"\w+", right))
        return reached

    def read(self, shape):
        """A quantity of this shape: one that is there, preferably the last, or a new one."""
        there = [k for k in reversed(self.known) if k.shape == shape and k.kind != "index"]
        return self.choose(there) if there and self.chance(65) else self.declare(shape)

    def tied(self):
        """Whether a parameter is read in several places."""
        words = Counter(re.findall(r"\w+", " ".join(self.lines)))
        return any(known.kind == "param" and words[known.name] > 1 for known in self.known)

    # --- the text -----------------------------------------------------------------------------

    def text(self):
        dimensions = [
            f"{name}: dim" + (f" = {formula}" if formula else "")
            for name, formula in self.dimensions.items()
        ]
        ranges = [f"{letter}: range({size})" for letter, size in self.ranges.items()]
        parts = (dimensions, self.declarations, ranges, self.functions, self.facts, self.lines)
        return "\n".join(line for part in parts for line in part) + "\n"
