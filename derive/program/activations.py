"""Functions that a step computes and the backward pass needs again, kept for all steps.

The gates of an LSTM are sigmoids of parts of one array.  Their derivatives hold the same sigmoids,
so the forward loop keeps them: they become quantities that step with the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from derive.calculus.matching import match
from derive.model import Equation, Recurrence
from derive.polynomials import collected, is_size, polynomial
from derive.program.hoisting import reads_within
from derive.program.part_names import fresh
from derive.simplify import negative, total
from derive.terms import (
    Add,
    Call,
    Condition,
    Entry,
    Index,
    IndexValue,
    Multiply,
    Name,
    Negate,
    Node,
    Quantity,
    Term,
    entries,
    free_indices,
    number,
    rewrite,
    substitute,
    walk,
)

# An axis is looked upon as so many equal parts at most.
MOST_BLOCKS = 12


def with_activations(
    equations: Sequence[Equation], recurrences: Sequence[Recurrence], taken: set[Name]
) -> tuple[list[Equation], list[Recurrence]]:
    """The equations and recurrences, with a quantity for each function that both passes need."""
    kept: dict[Name, list[Equation]] = {}
    steps: dict[Index, None] = {}
    grown = []
    gradients = [
        equation.right for equation in equations if not isinstance(equation.left.name, str)
    ]
    for recurrence in recurrences:
        for quantity, axis in zip(recurrence.quantities, recurrence.axes, strict=True):
            equation = next((e for e in equations if e.left == quantity), None)
            if equation is None or not isinstance(quantity.name, str):
                continue
            step = equation.indices[axis]
            for term in _activations(equation, step):
                if any(_is_instance(term, gradient) for gradient in gradients):
                    made = _equation(term, equation, taken)
                    kept.setdefault(quantity.name, []).append(made)
                    place = [i for i in equation.indices if i in free_indices(term)].index(step)
                    steps[made.indices[place]] = None
                    recurrence = replace(
                        recurrence,
                        quantities=(*recurrence.quantities, made.left),
                        axes=(*recurrence.axes, place),
                    )
        grown.append(recurrence)
    known = sorted((e for group in kept.values() for e in group), key=_size, reverse=True)
    result: list[Equation] = []
    for equation in equations:
        result += kept.get(equation.left.name, [])
        result.append(replace(equation, right=_named(equation.right, known, steps)))
    return result, grown


def _activations(equation: Equation, step: Index) -> list[Call]:
    """The functions in an equation that have a value at every step, whatever is chosen."""
    found = [
        part
        for part in walk(equation.right)
        if isinstance(part, Call)
        and part is not equation.right
        and step in free_indices(part)
        and set(free_indices(part)) <= set(equation.indices)
        and not any(isinstance(node, Condition) for node in walk(part))
        and reads_within(part)
    ]
    return list(dict.fromkeys(found))


def _is_instance(term: Call, gradient: Term) -> bool:
    holes = frozenset(free_indices(term))
    return any(
        match(term, node, holes) is not None for node in walk(gradient) if isinstance(node, Call)
    )


def _label(term: Call) -> str:
    """`tanh_c`, and of a part of an axis its number, counted from 0: `sigmoid_a_3`."""
    entry = entries(term)[0]
    words = [term.function, str(entry.quantity.name)]
    for subscript, size in zip(entry.subscripts, entry.quantity.shape, strict=True):
        free = free_indices(subscript)
        if len(free) == 1 and free[0].size != size:
            offset = total(subscript, negative(IndexValue(free[0])))
            blocks = (b for b in range(MOST_BLOCKS) if _is_block(offset, b, free[0].size))
            words += [str(block) for block in blocks]
    return "_".join(words)


def _is_block(offset: Term, block: int, size: Term) -> bool:
    return not polynomial(total(offset, negative(Multiply((number(block), size)))))


def _equation(term: Call, equation: Equation, taken: set[Name]) -> Equation:
    name = fresh(_label(term), taken)
    taken.add(name)
    own = [index for index in equation.indices if index in free_indices(term)]
    inside = {index: Index(index.size, index.letter) for index in own}
    left = Quantity(name, tuple(index.size for index in own))
    right = substitute(term, {old: IndexValue(new) for old, new in inside.items()})
    return Equation(left, tuple(inside.values()), right)


def _size(equation: Equation) -> int:
    return sum(1 for _ in walk(equation.right))


def _named(term: Term, known: Sequence[Equation], steps: dict[Index, None]) -> Term:
    """The term with the kept functions read by their names, the most special ones first."""

    def rule(node: Node) -> Node | None:
        if not isinstance(node, Call):
            return None
        for equation in known:
            values = match(equation.right, node, frozenset(equation.indices))
            if values is None or len(values) < len(equation.indices):
                continue
            places = {index: collected(value) for index, value in values.items()}
            if all(i in steps or _is_place(value) for i, value in places.items()):
                return Entry(equation.left, tuple(places[index] for index in equation.indices))
        return None

    return rewrite(term, rule)


def _is_place(value: Term) -> bool:
    """Whether a subscript is an index, or an index moved to the start of its range."""
    match value:
        case IndexValue() | Add((IndexValue(), Negate())):
            return not is_size(value)
    return False
