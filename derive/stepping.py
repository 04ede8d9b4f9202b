"""Recurrences as loops: which equations step together, and what one step is.

Equations of a recurrence that reach each other from one step to the next are computed in a loop
over the steps.  The others are array operations over all steps, before it or after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

from derive.arrays import ArrayTerm, Empty, Whole
from derive.model import Equation, Recurrence, Specification
from derive.polynomials import StepNumber
from derive.program import Line, Loop, Statement
from derive.terms import ZERO, Derivative, Index, Name, Quantity, Term, entries, substitute
from derive.tidy import tidied
from derive.vectorise import vectorise


def lines_of(
    spec: Specification, equations: Sequence[Equation], recurrences: Sequence[Recurrence]
) -> list[Line]:
    """The lines that compute the equations, those of each recurrence in a loop."""
    blocks = {q.name: recurrence for recurrence in recurrences for q in recurrence.quantities}
    stepping = _Stepping(_declared(spec), tuple(equations))
    lines: list[Line] = []
    for recurrence, group in groupby(map(tidied, equations), lambda e: blocks.get(e.left.name)):
        block = list(group)
        if recurrence is None:
            lines += [Statement(e.left, vectorise(e), e) for e in block]
            continue
        for part in components(block):
            if _steps(part):
                lines += stepping.loop(part, recurrence)
            else:
                lines += [Statement(e.left, vectorise(e), e) for e in part]
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

    def __init__(self, declared: tuple[Quantity, ...], equations: tuple[Equation, ...]) -> None:
        self.declared = declared
        self.definitions = {equation.left.name: equation for equation in equations}
        self.letters: dict[Term, str] = {}

    def loop(self, block: Sequence[Equation], recurrence: Recurrence) -> list[Line]:
        """A recurrence as a loop, after what is computed for all its steps together."""
        axes = {
            q.name: axis for q, axis in zip(recurrence.quantities, recurrence.axes, strict=True)
        }
        steps = [equation.indices[axes[equation.left.name]] for equation in block]
        number = StepNumber(self._letter(steps))
        statements = [_step(equation, axes[equation.left.name], number) for equation in block]
        arrays = [Statement(e.left, Empty(e.left.shape, self._like(e, block)), e) for e in block]
        size = steps[0].size
        return [*arrays, Loop(number, ZERO, size, recurrence.downward, tuple(statements))]

    def _letter(self, steps: Sequence[Index]) -> str:
        size = steps[0].size
        found = next((step.letter for step in steps if step.letter), None)
        letter = found or self.letters.get(size, "t")
        self.letters.setdefault(size, letter)
        taken = {quantity.name for quantity in self.declared} | set(self.definitions)
        while letter in taken:
            letter = f"{letter}_step"
        return letter

    def _like(self, equation: Equation, block: Sequence[Equation]) -> tuple[ArrayTerm, ...]:
        """The arrays whose types of numbers, together, are that of the array of a quantity."""
        match equation.left.name:
            case Derivative(_, wrt, 0):
                return (Whole(replace(equation.left, name=wrt, kind="defined")),)
            case name:
                read = _closure(name, self._reads())
                return tuple(Whole(q) for q in self.declared if q.name in read)

    def _reads(self) -> dict[Name, set[Name]]:
        found = {name: _read_names(equation) for name, equation in self.definitions.items()}
        names = set().union(*found.values()) if found else set()
        return {**{name: set[Name]() for name in names}, **found}


def _step(equation: Equation, axis: int, number: StepNumber) -> Statement:
    """The equation at one step."""
    left, step = equation.left, equation.indices[axis]
    at_step = Equation(
        replace(left, shape=left.shape[:axis] + left.shape[axis + 1 :]),
        tuple(index for index in equation.indices if index is not step),
        substitute(equation.right, {step: number}),
        notation=equation.notation,
    )
    return Statement(left, vectorise(at_step, part=True), equation, axis, number)
