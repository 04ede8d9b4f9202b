"""Recurrences as loops: which equations step together, and what one step is.

Equations of a recurrence that reach each other from one step to the next are computed in a loop
over the steps.  The others are array operations over all steps, before it or after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from derive.calculus.matching import named
from derive.calculus.tidy import tidied, tidy
from derive.model import Equation, Recurrence, Specification
from derive.polynomials import StepNumber, collected
from derive.program.activations import with_activations
from derive.program.arrays import ArrayTerm, Empty, Whole
from derive.program.context import Context
from derive.program.finite import finite_names
from derive.program.hoisting import Hoisting
from derive.program.orders import representative_sizes
from derive.program.peeling import at_range, gathered, is_peeled
from derive.program.program import Line, Loop, Statement
from derive.program.ranges import Range
from derive.program.repeated import with_repeated
from derive.program.vectorise import vectorise
from derive.simplify import negative, total
from derive.terms import ONE, ZERO, Derivative, Index, Name, Quantity, Term, entries, substitute


def lines_of(
    spec: Specification, equations: Sequence[Equation], recurrences: Sequence[Recurrence]
) -> list[Line]:
    """The lines that compute the equations, those of each recurrence in a loop."""
    taken = {d.quantity.name for d in spec.declarations} | {e.left.name for e in equations}
    taken |= {dimension.name for dimension in spec.dimensions}
    equations, recurrences = with_activations(equations, recurrences, taken)
    blocks = {q.name: recurrence for recurrence in recurrences for q in recurrence.quantities}
    own = {equation.left.name for equation in equations}
    equations = with_repeated(equations, blocks, taken)
    bounds = {d.quantity.name: d.bound for d in spec.declarations if d.bound is not None}
    formulas = {d.name: d.formula for d in spec.dimensions if d.formula is not None}
    finite, sizes = finite_names(equations), representative_sizes(spec)
    context = Context(bounds=bounds, formulas=formulas, finite=finite, sizes=sizes)
    stepping = _Stepping(_declared(spec), tuple(equations), taken, context)
    lines: list[Line] = []
    for recurrence, group in groupby(map(tidied, equations), lambda e: blocks.get(e.left.name)):
        block = list(group)
        for part in [block] if recurrence is None else components(block):
            if recurrence is not None and _steps(part):
                lines += stepping.loop(part, recurrence)
            else:
                for e in part:
                    stated = e if e.left.name in own else None
                    lines.append(Statement(e.left, stepping.value(stepping.read(e)), stated))
    return lines


def _declared(spec: Specification) -> tuple[Quantity, ...]:
    """What a caller passes in, and is a number: arrays that hold numbers take their type."""
    kinds = ("input", "param")
    return tuple(d.quantity for d in spec.declarations if d.quantity.kind in kinds)


# --- which equations step together --------------------------------------------------------------


def components(block: Sequence[Equation]) -> list[list[Equation]]:
    """The equations in groups that reach each other, each group after what it reads."""
    names = {equation.left.name for equation in block}
    direct = {e.left.name: _read_names(e) & names for e in block}
    reached = {name: _closure(name, direct) for name in direct}
    waiting, done = list(block), set[Name]()
    groups = []
    while waiting:
        for equation in waiting:
            name = equation.left.name
            group = {other for other in reached[name] if name in reached[other]} | {name}
            if reached[name] <= group | done:
                break
        groups.append([e for e in waiting if e.left.name in group])
        waiting = [e for e in waiting if e.left.name not in group]
        done |= group
    return groups


def _read_names(equation: Equation) -> set[Name]:
    return {entry.quantity.name for entry in entries(equation.right)}


def _closure(start: Name, direct: dict[Name, set[Name]]) -> set[Name]:
    found: set[Name] = set()
    waiting = set(direct[start])
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= direct[name] - found
    return found


def _steps(group: Sequence[Equation]) -> bool:
    return len(group) > 1 or group[0].left.name in _read_names(group[0])


# --- loops --------------------------------------------------------------------------------------


class _Stepping:
    """Makes loops; `letters` remembers what the index of the steps was called before."""

    def __init__(
        self,
        declared: tuple[Quantity, ...],
        equations: tuple[Equation, ...],
        taken: set[Name],
        context: Context,
    ) -> None:
        self.declared = declared
        self.definitions = {equation.left.name: equation for equation in equations}
        self.context = context
        self.letters: dict[Term, str] = {}
        self.hoisting = Hoisting(taken)

    def read(self, equation: Equation) -> Equation:
        """The equation with what was computed before a loop read by its name."""
        return replace(equation, right=named(equation.right, self.hoisting.parts))

    def value(self, equation: Equation) -> ArrayTerm:
        """The array of an equation."""
        return vectorise(equation, self.context)

    def loop(self, block: Sequence[Equation], recurrence: Recurrence) -> list[Line]:
        """A recurrence as a loop, after what is computed for all its steps together."""
        axis = dict(zip((q.name for q in recurrence.quantities), recurrence.axes, strict=True))
        axes = [axis[equation.left.name] for equation in block]
        steps = [equation.indices[axis] for equation, axis in zip(block, axes, strict=True)]
        number, size, done = self._number(steps), steps[0].size, len(self.hoisting.parts)
        gathering = zip(block, steps, strict=True)
        block = [replace(e, right=gathered(e.right, step)) for e, step in gathering]
        arrays = self._arrays(block)
        block = self.hoisting.hoisted(block, steps)
        lines: list[Line] = [Statement(e.left, self.value(e)) for e in self.hoisting.parts[done:]]
        lines += arrays
        last = collected(total(size, negative(ONE)))
        ends = (last, size, ZERO, last) if recurrence.downward else (ZERO, ONE, ONE, size)
        first = [_within(e, step, ends[:2]) for e, step in zip(block, steps, strict=True)]
        later = [_within(e, step, ends[2:]) for e, step in zip(block, steps, strict=True)]
        start, end = ZERO, size
        if is_peeled(first, block, steps):
            lines += [self._step(e, axis, ends[0]) for e, axis in zip(first, axes, strict=True)]
            block, start, end = later, ends[2], ends[3]
        inside = tuple(self._step(e, axis, number) for e, axis in zip(block, axes, strict=True))
        return [*lines, Loop(number, start, end, recurrence.downward, inside)]

    def _step(self, equation: Equation, axis: int, place: Term) -> Statement:
        """The equation at one step."""
        left, step = equation.left, equation.indices[axis]
        at_step = Equation(
            replace(left, shape=left.shape[:axis] + left.shape[axis + 1 :]),
            tuple(index for index in equation.indices if index is not step),
            tidy(substitute(equation.right, {step: place})),
            notation=equation.notation,
        )
        value = vectorise(at_step, self.context, part=True)
        return Statement(left, value, equation, axis, place)

    def _number(self, steps: Sequence[Index]) -> StepNumber:
        size = steps[0].size
        found = next((step.letter for step in steps if step.letter), None)
        letter = found or self.letters.get(size, "t")
        self.letters.setdefault(size, letter)
        while letter in self.hoisting.taken:
            letter = f"{letter}_step"
        return StepNumber(letter)

    def _arrays(self, block: Sequence[Equation]) -> list[Statement]:
        """The arrays that a loop fills: all of the type that what they are computed from has.

        A gradient has the type of what it is the gradient of.
        """
        read = _closure(block[0].left.name, self._reads())
        like = tuple(Whole(q) for q in self.declared if q.name in read)
        made: list[Statement] = []
        for equation in block:
            left = equation.left
            match left.name:
                case Derivative(_, wrt, 0):
                    own: tuple[Whole, ...] = (Whole(replace(left, name=wrt, kind="defined")),)
                case _:
                    # One of the same shape, where there is one, says type and shape in a word.
                    alike = (m.target for m in made if m.target.shape == left.shape)
                    own = (Whole(next(alike, block[0].left)),) if made else like
            made.append(Statement(left, Empty(left.shape, own), equation))
        return made

    def _reads(self) -> dict[Name, set[Name]]:
        found = {name: _read_names(equation) for name, equation in self.definitions.items()}
        names = set().union(*found.values()) if found else set()
        return {**{name: set[Name]() for name in names}, **found}


def _within(equation: Equation, step: Index, ends: tuple[Term, ...]) -> Equation:
    """The equation where its step is in a range."""
    return replace(equation, right=at_range(equation.right, Range(step, ends[0], ends[1])))
