"""Recurrences: what is computed from itself at the step before, or two steps before."""

from typing import NamedTuple

from random_models.arrays import array
from random_models.draft import SUM, Known, added, atom, called, fit, multiplied
from random_models.entries import entry


class Earlier(NamedTuple):
    """A quantity as it was a step before."""

    known: Known
    axis: int
    subscript: str

    @property
    def rest(self):
        """The shape that is left of it at one step."""
        shape = self.known.shape
        return shape[: self.axis] + shape[self.axis + 1 :]

    def place(self, draft, scope, subscript):
        """The subscripts of one of its entries."""
        places = [subscript(draft, scope, size) for size in self.rest]
        places.insert(self.axis, self.subscript)
        return places


def recurrence(draft):
    """One quantity that steps, or two that step together."""
    size = draft.sized(draft.choose(("n", "n", "m", "d")))
    rest = draft.shape(2)
    axis = draft.choose((0, 0, *range(len(rest) + 1)))
    downward, two = draft.chance(30), draft.chance(20)
    letter = draft.letter(size, ())
    scope = [(letter, size)]
    taken = {letter}
    for other in rest:
        scope.append((draft.letter(other, taken), other))
        taken.add(scope[-1][0])
    draft.note("recurrence", "downward" if downward else "upward", f"steps along axis {axis}")
    lines = Lines(draft, size, scope, axis, downward, two)
    names = [draft.fresh("h")]
    if draft.chance(30):
        names.append(f"g{names[0][1:]}")
        names += [f"c{names[0][1:]}"] if draft.chance(30) else []
        draft.note("coupled recurrences", f"{len(names)} coupled recurrences")
    if axis == 0 and draft.chance(35):
        draft.note("recurrence in array notation")
        lines.in_arrays(names[0])
    else:
        lines.in_entries(names)


class Lines:
    """The lines of one recurrence."""

    def __init__(self, draft, size, scope, axis, downward, two):
        self.draft, self.size, self.scope, self.axis = draft, size, scope, axis
        shape = [own for _, own in scope[1:]]
        shape.insert(axis, size)
        self.shape = tuple(shape)
        letter = scope[0][0]
        on_axis = draft.chance(35)
        self.ahead = not downward and on_axis and draft.chance(40)
        back = 2 if two else 1
        if two:
            draft.note("two steps back")
        if on_axis:
            draft.note("starts on the axis")
            self.starts = [f"{size} - {k}" if downward else f"{k - 1}" for k in range(1, back + 1)]
        else:
            up = [f"{-k}" for k in range(1, back + 1)]
            down = [size if k == 0 else f"{size} + {k}" for k in range(back)]
            self.starts = down if downward else up
        if self.ahead:
            self.here = f"{letter} + {back}"
            self.earlier = [letter if k == 0 else f"{letter} + {k}" for k in range(back)][::-1]
            draft.ranges[letter] = size
            draft.note("steps ahead")
        else:
            self.here = letter
            self.earlier = [f"{letter} {'+' if downward else '-'} {k}" for k in range(1, back + 1)]

    def left(self, name, place, whole=False):
        places = [] if whole else [letter for letter, _ in self.scope[1:]]
        places.insert(self.axis, place)
        return f"{name}[{', '.join(places)}]"

    def in_entries(self, names):
        draft, others = self.draft, self.scope[1:]
        for name in names:
            for start in self.starts:
                with draft.bound(*others):
                    value = entry(draft, others, draft.count(0, 1))
                    draft.lines.append(f"{self.left(name, start)} = {fit(value, SUM)}")
        quantities = [Known(name, self.shape, "defined") for name in names]
        # What steps ahead reads other quantities where they may be outside.
        scope = others if self.ahead else self.scope
        for known in quantities:
            own = [Earlier(known, self.axis, place) for place in self.earlier]
            other = [Earlier(k, self.axis, self.earlier[0]) for k in quantities if k != known]
            draft.before, draft.step = own + other, self.scope[0][0]
            with draft.bound(*self.scope):
                draft.alone.update([self.scope[0][0]] if self.ahead else [])
                step = self._step(own, entry(draft, scope, draft.count(1, 2)))
                draft.lines.append(f"{self.left(known.name, self.here)} = {fit(step, SUM)}")
        draft.before, draft.step = [], None
        for known in quantities:
            draft.define(known.name, known.shape)

    def _step(self, own, drawn):
        """Something that reads what it was before, so that it is a recurrence for certain."""
        before = [atom(self.left(earlier.known.name, earlier.subscript)) for earlier in own]
        total = multiplied(atom("0.5"), before[0])
        for more in before[1:]:
            total = added(total, multiplied(atom("0.25"), more), "-")
        if self.draft.chance(50):
            return called("tanh", added(total, drawn))
        return added(total, called("sin", drawn))

    def in_arrays(self, name):
        draft = self.draft
        known = Known(name, self.shape, "defined")
        for start in self.starts:
            value = array(draft, self.shape[1:], draft.count(0, 1))
            draft.lines.append(f"{name}[{start}] = {fit(value, SUM)}")
        own = [Earlier(known, 0, place) for place in self.earlier]
        draft.before, draft.row = own, (self.scope[0] if not self.ahead else None)
        letter, size = self.scope[0]
        with draft.bound((letter, size)):
            total = atom(f"{name}[{self.earlier[0]}]")
            for place in self.earlier[1:]:
                total = added(total, multiplied(atom("0.25"), atom(f"{name}[{place}]")))
            drawn = array(draft, self.shape[1:], draft.count(1, 2))
            step = called("tanh", added(total, drawn))
            draft.lines.append(f"{name}[{self.here}] = {step.text}")
        draft.before, draft.row = [], None
        draft.define(name, self.shape)
