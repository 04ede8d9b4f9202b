"""What an expert would write more simply: signs, numbers and scalars of array terms.

Every rule is an identity of real numbers.  Scalars meet before they meet an array, so that a
product with several of them passes over the array once.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import Any

from derive.polynomials import StepNumber
from derive.program.array_shapes import shape_of
from derive.program.arrays import (
    Addition,
    Apply,
    ArrayTerm,
    Either,
    Elementwise,
    Exact,
    Extent,
    Fold,
    Full,
    Places,
    Scatter,
    Select,
    Transpose,
    Whole,
    is_plain_number,
    operands,
    walk,
    with_operands,
)
from derive.program.program import Line, Loop, Statement, every_statement
from derive.program.rectified import with_rectified
from derive.terms import Name, Number, Term
from derive.terms import walk as walk_term

RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


def tidied_lines(lines: Sequence[Line], outputs: frozenset[Name]) -> list[Line]:
    """The lines with tidied values; a gradient that is a number is written where it is read."""
    numbers: dict[Name, ArrayTerm] = {}
    result: list[Line] = []
    for line in lines:
        line = _with_values(line, lambda value: _tidied(value, numbers))
        if isinstance(line, Statement) and _is_number(line, lines, outputs):
            value = line.value.value if isinstance(line.value, Full) else line.value
            numbers[line.target.name] = value
        else:
            result.append(line)
    return with_rectified(_with_roots(result))


def _with_roots(lines: Sequence[Line]) -> list[Line]:
    """The lines with powers of roots that are known anyway: x ** (3 / 2) is root ** 3."""
    values = [part for s in every_statement(lines) for part in walk(s.value)]
    roots = {p.operands[0]: p for p in values if isinstance(p, Apply) and p.function == "sqrt"}

    def rooted(term: ArrayTerm) -> ArrayTerm:
        term = with_operands(term, tuple(map(rooted, operands(term))))
        match term:
            case Elementwise("power", (base, Exact(value))) if value.denominator == 2:
                power = Exact(Fraction(value.numerator))
                return Elementwise("power", (roots[base], power)) if base in roots else term
        return term

    return [_with_values(line, rooted) for line in lines]


def _with_values(line: Line, rule: Callable[[ArrayTerm], ArrayTerm]) -> Line:
    if isinstance(line, Loop):
        inside = tuple(replace(s, value=rule(s.value)) for s in line.statements)
        return replace(line, statements=inside)
    return replace(line, value=rule(line.value))


def _is_number(statement: Statement, lines: Sequence[Line], outputs: frozenset[Name]) -> bool:
    """Whether a gradient is one number everywhere, and only ever a factor of what reads it."""
    name, value = statement.target.name, statement.value
    number = value.value if isinstance(value, Full) else value
    if isinstance(name, str) or name in outputs or statement.axis is not None:
        return False
    if not is_plain_number(number):
        return False
    readers = [s.value for s in every_statement(lines) if s is not statement]
    return all(
        _behind(reader) != name
        and all(_is_factor(term, name) for term in walk(reader) if operands(term))
        for reader in readers
    )


def _is_factor(term: ArrayTerm, name: Name) -> bool:
    """Whether the operands of a term that are the quantity itself are factors of a product.

    What else has the shape of the product must be there.
    """
    found = [part for part in operands(term) if _behind(part) == name]
    match term:
        case _ if not found or (isinstance(term, Select | Transpose) and _behind(term) == name):
            return True
        case Elementwise("multiply", parts):
            others = [part for part in parts if part not in found]
            return bool(others) and shape_of(with_operands(term, tuple(others))) == shape_of(term)
    return False


def _behind(term: ArrayTerm) -> Name | None:
    while isinstance(term, Select | Transpose):
        term = term.operand
    return term.quantity.name if isinstance(term, Whole) else None


def _tidied(term: ArrayTerm, numbers: dict[Name, ArrayTerm]) -> ArrayTerm:
    name = _behind(term)
    if name in numbers:
        return numbers[name]
    return tidied(with_operands(term, tuple(_tidied(part, numbers) for part in operands(term))))


def tidied(term: ArrayTerm) -> ArrayTerm:
    """The term by the first rule that applies to it; its operands are tidy.

    >>> from derive.terms import Quantity
    >>> x, y = Whole(Quantity("x")), Whole(Quantity("y"))
    >>> minus = lambda part: Elementwise("negate", (part,))
    >>> tidied(minus(Elementwise("add", (x, minus(y))))) == Elementwise("add", (y, minus(x)))
    True
    """
    match term:
        case Elementwise("negate", (Elementwise("negate", (inner,)),)):
            return inner
        case Elementwise("negate", (Elementwise("add", parts),)) if _falls(parts):
            return _sum([_negative(part) for part in parts])
        case Elementwise("negate", (Fold("sum" | "mean", inner) as fold,)) if _is_falling(inner):
            return replace(fold, operand=tidied(_negative(inner)))
        case Apply("abs" | "cosh", (Elementwise("negate", (inner,)),)):
            return replace(term, operands=(inner,))
        case Elementwise("multiply", parts):
            return _product(parts)
        case Either(Elementwise(relation, (left, right)), chosen, otherwise) if (
            holds := _decided(relation, left, right)
        ) is not None:
            return chosen if holds else otherwise
        case Either(condition, Elementwise("multiply", parts), otherwise) if _is_zero(otherwise):
            return _chosen_factor(term, condition, parts)
        case Elementwise("divide", (Scatter() as made, bottom)) if is_plain_number(bottom):
            return _scaled(made, bottom)
        case Elementwise("divide", (top, bottom)) if not shape_of(bottom):
            return _scalar_first(top, bottom)
        case Scatter(base, additions):
            return Scatter(base, _together(additions))
    return term


def _together(additions: Sequence[Addition]) -> tuple[Addition, ...]:
    """Additions of which those to the same places are one."""
    values: dict[tuple[Places, bool], list[ArrayTerm]] = {}
    for addition in additions:
        values.setdefault((addition.subscripts, addition.repeats), []).append(addition.value)
    return tuple(
        Addition(places, parts[0] if len(parts) == 1 else Elementwise("add", tuple(parts)), repeats)
        for (places, repeats), parts in values.items()
    )


def _negative(term: ArrayTerm) -> ArrayTerm:
    match term:
        case Elementwise("negate", (inner,)):
            return inner
        case Exact(value, text):
            return Exact(-value, text and (text.removeprefix("-") if value < 0 else f"-{text}"))
    return Elementwise("negate", (term,))


def _falls(parts: Sequence[ArrayTerm]) -> bool:
    """Whether at least half of the terms of a sum are subtracted."""
    return 2 * sum(map(_is_negative, parts)) >= len(parts)


def _is_negative(term: ArrayTerm) -> bool:
    match term:
        case Elementwise("negate"):
            return True
        case Exact(value):
            return value < 0
    return False


def _is_falling(term: ArrayTerm) -> bool:
    return isinstance(term, Elementwise) and (
        term.operation == "negate" or (term.operation == "add" and _falls(term.operands))
    )


def _sum(parts: Sequence[ArrayTerm]) -> ArrayTerm:
    """A sum that starts with a term that is not subtracted."""
    first = next((place for place, part in enumerate(parts) if not _is_negative(part)), 0)
    ordered = (parts[first], *(part for place, part in enumerate(parts) if place != first))
    return Elementwise("add", ordered)


def _product(parts: Sequence[ArrayTerm]) -> ArrayTerm:
    """A product with one number, in front, and none that is 1; a quotient where that is 1 / n."""
    negated = sum(_is_negated(part) for part in parts)
    if negated:
        plain = _product([_negative(part) if _is_negated(part) else part for part in parts])
        return _signed(plain) if negated % 2 else plain
    exact = [value for part in parts if (value := _exact(part)) is not None]
    others = tuple(part for part in parts if _exact(part) is None)
    number = math.prod(exact, start=Fraction(1))
    match others:
        case (Elementwise("divide", (top, bottom)), *rest) if (
            _exact(top) == number == 1 and is_plain_number(bottom) and rest
        ):
            return Elementwise("divide", (_product(rest), bottom))
    if len(exact) < 2 and number != 1:
        return Elementwise("multiply", tuple(sorted(parts, key=lambda p: _exact(p) is None)))
    if number.numerator == 1 and others:
        above = others[0] if len(others) == 1 else Elementwise("multiply", others)
        below = Exact(Fraction(number.denominator))
        return above if number == 1 else Elementwise("divide", (above, below))
    return Elementwise("multiply", (Exact(number), *others)) if others else Exact(number)


def _is_negated(term: ArrayTerm) -> bool:
    return isinstance(term, Elementwise) and term.operation == "negate"


def _signed(product: ArrayTerm) -> ArrayTerm:
    """-2 * x for a product that starts with a number."""
    match product:
        case Elementwise("multiply", (Exact() as number, *others)):
            return Elementwise("multiply", (_negative(number), *others))
    return _negative(product)


def _exact(term: ArrayTerm) -> Fraction | None:
    """The value of a number, or of a quotient of two."""
    match term:
        case Exact(value):
            return value
        case Elementwise("divide", (Exact(top), Exact(bottom))):
            return top / bottom
    return None


def _decided(relation: str, left: ArrayTerm, right: ArrayTerm) -> bool | None:
    """Whether a condition on two numbers holds, None where they are not known."""
    numbers = [_number(part) for part in (left, right)]
    if relation not in RELATIONS or None in numbers:
        return None
    holds: bool = RELATIONS[relation](*numbers)
    return holds


def _number(term: ArrayTerm) -> Fraction | None:
    match term:
        case Exact(value) | Extent(Number(value)):
            return value
    return None


def _is_zero(term: ArrayTerm) -> bool:
    match term:
        case Full(Exact(value)) | Exact(value):
            return value == 0
    return False


def _chosen_factor(whole: Either, condition: ArrayTerm, parts: Sequence[ArrayTerm]) -> ArrayTerm:
    """A product of which only one factor is not there at each step, chosen or 0 by itself."""
    held = [part for part in parts if not _is_at_each_step(part)]
    if len(held) != 1 or not isinstance(held[0], Select):
        return whole
    chosen = Either(condition, held[0], Exact(Fraction(0)))
    made = Elementwise("multiply", tuple(chosen if part is held[0] else part for part in parts))
    return made if shape_of(made) == shape_of(whole) else whole


def _is_at_each_step(term: ArrayTerm) -> bool:
    """Whether a value is there at each step, and takes no more than elementwise operations."""
    match term:
        case Select(Whole(), selectors):
            places = [selector for selector in selectors if isinstance(selector, Term)]
            moved = (place for place in places if not isinstance(place, StepNumber))
            return not any(isinstance(node, StepNumber) for p in moved for node in walk_term(p))
        case Whole():
            return True
        case Elementwise() | Apply() | Exact():
            return all(map(_is_at_each_step, operands(term)))
    return False


def _scaled(made: Scatter, bottom: ArrayTerm) -> ArrayTerm:
    """An array to which values are added, with each of them divided."""

    def over(term: ArrayTerm) -> ArrayTerm:
        match term:
            case Full(Exact(value)) if value == 0:
                return term
            case Elementwise("negate", (inner,)):
                return Elementwise("negate", (over(inner),))
            case Exact(value) if value < 0:
                return Elementwise("negate", (over(Exact(-value)),))
        return tidied(Elementwise("divide", (term, bottom)))

    additions = (Addition(a.subscripts, over(a.value), a.repeats) for a in made.additions)
    return Scatter(over(made.base), tuple(additions))


def _scalar_first(top: ArrayTerm, bottom: ArrayTerm) -> ArrayTerm:
    """`2 / n * x` for 2 * x / n."""
    match top:
        case Elementwise("multiply", (number, *others)) if is_plain_number(number) and any(
            map(shape_of, others)
        ):
            return Elementwise("multiply", (Elementwise("divide", (number, bottom)), *others))
        case Elementwise("negate", (Elementwise("multiply", (number, *_)) as inner,)) if (
            is_plain_number(number)
        ):
            return Elementwise("negate", (_scalar_first(inner, bottom),))
    return Elementwise("divide", (top, bottom))
