"""The value of one term at one place, by loops that say what the notation means.

Nothing is rearranged and nothing is shared between places: a reduction visits its places in order,
a choice reads only what it chooses, a subscript that leaves its axis is an error.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Literal

import numpy as np

from derive.dual import RATIONAL, Dual, call
from derive.elimination import OPERATORS
from derive.errors import DerivationError, VerificationError
from derive.scalars import PI, Digits, Exact, NotRational, Scalar, Undefined
from derive.terms import (
    Add,
    AllOf,
    AnyOf,
    Call,
    Choice,
    Compare,
    Condition,
    Constant,
    Divide,
    Entry,
    FloorDivide,
    Index,
    IndexValue,
    LinearAlgebra,
    Matrix,
    Multiply,
    Name,
    Negate,
    Node,
    Not,
    Number,
    Partial,
    Power,
    Reduction,
    Size,
    Term,
    walk,
)

How = Literal["exact", "50 digits"]

# Functions with a kink, between their arguments or at 0.
KINKED = frozenset({"abs", "relu", "sign", "maximum", "minimum"})

SCALARS: dict[How, type[Scalar]] = {"exact": Exact, "50 digits": Digits}


class OutOfRange(VerificationError):
    """A subscript left its axis, or an entry has no value."""


@dataclass
class Evaluation:
    """What is known while a term is evaluated: sizes, arrays, the values of the indices in reach.

    Arrays hold numbers (index data: integers).  `read` may replace the number that an entry is,
    and `partial` says what a derivative that is not worked out yet is worth.  `seen` collects the
    truth values of the conditions, and the sides of the kinks, that were met.
    """

    sizes: Mapping[str, int]
    arrays: dict[Name, np.ndarray]
    how: How = "exact"
    indices: dict[Index, int] = field(default_factory=dict)
    read: Callable[[Entry, Any], Any] | None = None
    partial: Callable[[Partial, Evaluation], Any] | None = None
    seen: dict[Node, set[bool]] | None = None

    def number(self, value: int | Fraction) -> Dual:
        """An exact number as a number of this evaluation."""
        return Dual(SCALARS[self.how].of(value))

    def pi(self) -> Dual:
        """The constant pi."""
        if self.how == "exact":
            raise NotRational("pi is not rational", "evaluate to 50 digits")
        return Dual(PI)


# --- terms --------------------------------------------------------------------------------------


def evaluate(term: Term, here: Evaluation) -> Any:
    """The value of a scalar term, a `Dual`; of what is not chosen nothing is read."""
    match term:
        case Entry():
            return _entry(term, here)
        case Multiply(factors):
            return _product((evaluate(factor, here) for factor in factors), here)
        case Add(terms):
            return _sum((evaluate(part, here) for part in terms), here)
        case Number(value):
            return here.number(value)
        case Negate(inner):
            return -evaluate(inner, here)
        case Reduction("argmax" | "argmin"):
            return here.number(_position(term, here))
        case Reduction():
            return REDUCTIONS[term.kind](_kept(term, here), here)
        case Power(base, exponent):
            return evaluate(base, here) ** evaluate(exponent, here)
        case Call(name, arguments):
            numbers = [evaluate(argument, here) for argument in arguments]
            if here.seen is not None and name in KINKED:
                _note(term, numbers[0] > (numbers[1] if len(numbers) > 1 else 0), here)
            return call(name, *numbers)
        case Divide(above, below):
            return evaluate(above, here) / evaluate(below, here)
        case Choice(condition, chosen, otherwise):
            return evaluate(chosen if holds(condition, here) else otherwise, here)
        case Size() | IndexValue() | FloorDivide():
            return here.number(rational(term, here))
        case Constant("pi"):
            return here.pi()
        case LinearAlgebra():
            return _linear_algebra(term, here)
        case Partial() if here.partial is not None:
            return here.partial(term, here)
    raise DerivationError(
        f"the oracle cannot evaluate a {type(term).__name__}", "write it with known operations"
    )


def rational(term: Term, here: Evaluation) -> Fraction:
    """The value of a term in sizes, indices and index data: what may stand in a subscript."""
    match term:
        case IndexValue(index):
            return Fraction(here.indices[index])
        case Number(value):
            return value
        case Size(name):
            return Fraction(here.sizes[name])
        case Add(terms):
            return sum((rational(part, here) for part in terms), Fraction(0))
        case Multiply(factors):
            result = Fraction(1)
            for factor in factors:
                result *= rational(factor, here)
            return result
        case Negate(inner):
            return -rational(inner, here)
        case Divide(above, below):
            return rational(above, here) / rational(below, here)
        case FloorDivide(above, below):
            return Fraction(rational(above, here) // rational(below, here))
        case Power(base, exponent):
            return Fraction(rational(base, here) ** rational(exponent, here))
        case Entry(quantity) if quantity.kind == "index":
            return Fraction(int(here.arrays[quantity.name][_location(term, here)]))
    raise DerivationError(
        f"a {type(term).__name__} cannot stand in a subscript or a size",
        "use sizes, indices and index data",
    )


def whole(term: Term, here: Evaluation) -> int:
    """The value of a size or a subscript, which must be an integer."""
    value = rational(term, here)
    if value.denominator != 1:
        raise OutOfRange(f"a size or a subscript is {value}", "use sizes that divide exactly")
    return value.numerator


RELATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def holds(condition: Condition, here: Evaluation) -> bool:
    """Whether a condition on indices, sizes and data is true; it is read from left to right."""
    match condition:
        case Compare(relation, left, right):
            truth = bool(RELATIONS[relation](evaluate(left, here), evaluate(right, here)))
            if here.seen is not None:
                _note(condition, truth, here)
            return truth
        case AllOf(conditions):
            return all(holds(part, here) for part in conditions)
        case AnyOf(conditions):
            return any(holds(part, here) for part in conditions)
        case Not(inner):
            return not holds(inner, here)
    raise DerivationError(
        f"the oracle cannot decide a {type(condition).__name__}", "write it with comparisons"
    )


def _note(node: Node, truth: bool, here: Evaluation) -> None:
    if here.seen is not None:
        here.seen.setdefault(node, set()).add(truth)


def _location(entry: Entry, here: Evaluation) -> tuple[int, ...]:
    """Where an entry stands in its array; a subscript that leaves its axis is an error."""
    shape = here.arrays[entry.quantity.name].shape
    location = tuple(whole(subscript, here) for subscript in entry.subscripts)
    fits = len(location) == len(shape)
    if not fits or not all(0 <= at < size for at, size in zip(location, shape, strict=True)):
        raise OutOfRange(
            f"'{entry.quantity.name}' has shape {shape} and is read at {list(location)}",
            "filter the reading with `where`, or use `pad`",
        )
    return location


def _entry(entry: Entry, here: Evaluation) -> Any:
    name = entry.quantity.name
    location = _location(entry, here)
    value = here.arrays[name][location]
    if value is None:
        raise OutOfRange(
            f"'{name}' has no value at {list(location)}", "define it before it is read"
        )
    if entry.quantity.kind == "index":
        return here.number(int(value))
    return value if here.read is None else here.read(entry, value)


def _linear_algebra(term: LinearAlgebra, here: Evaluation) -> Any:
    """One entry of an operator: its operands are evaluated whole, as rows of numbers."""
    operands = [_rows(operand, here) for operand in term.operands]
    result = OPERATORS[term.operator](*operands)
    at = [whole(subscript, here) for subscript in term.subscripts]
    if not at:
        return result
    return result[at[0]][at[1] if len(at) > 1 else 0]


def _rows(operand: Matrix, here: Evaluation) -> list[list[Any]]:
    """The entries of an operand; a vector is one column."""
    ranges = [whole(index.size, here) for index in operand.indices]
    found = iter([evaluate(operand.term, here) for _ in places(operand.indices, (), here)])
    columns = ranges[1] if len(ranges) > 1 else 1
    return [[next(found) for _ in range(columns)] for _ in range(ranges[0])]


# --- reductions ---------------------------------------------------------------------------------


def places(
    indices: Sequence[Index], where: Iterable[Condition], here: Evaluation
) -> Iterator[tuple[int, ...]]:
    """Set the indices to each of their values in turn, the last fastest, where `where` holds."""
    outside = {index: here.indices[index] for index in indices if index in here.indices}
    ranges = [range(whole(index.size, here)) for index in indices]
    conditions = tuple(where)
    for place in itertools.product(*ranges):
        here.indices.update(zip(indices, place, strict=True))
        if all(holds(condition, here) for condition in conditions):
            yield place
    here.indices.update(outside)


def _kept(reduction: Reduction, here: Evaluation) -> list[Any]:
    kept = places(reduction.indices, reduction.where, here)
    return [evaluate(reduction.term, here) for _ in kept]


def _position(reduction: Reduction, here: Evaluation) -> int:
    """The number of the first best place, row by row over the whole range of the indices."""
    sizes = [whole(index.size, here) for index in reduction.indices]
    found = []
    for place in places(reduction.indices, reduction.where, here):
        position = 0
        for at, size in zip(place, sizes, strict=True):
            position = position * size + at
        found.append((position, evaluate(reduction.term, here)))
    larger = reduction.kind == "argmax"
    better = RELATIONS[">" if larger else "<"]
    return int(_first(_nonempty(found, "best place"), lambda a, b: better(a[1], b[1]))[0])


def _sum(terms: Iterable[Any], here: Evaluation) -> Any:
    result = None
    for term in terms:
        result = term if result is None else result + term
    return here.number(0) if result is None else result


def _product(factors: Iterable[Any], here: Evaluation) -> Any:
    result = None
    for factor in factors:
        result = factor if result is None else result * factor
    return here.number(1) if result is None else result


def _nonempty(kept: list[Any], name: str) -> list[Any]:
    if not kept:
        raise Undefined(f"a {name} over nothing is not defined", "keep at least one place")
    return kept


def _first(kept: list[Any], better: Callable[[Any, Any], bool]) -> Any:
    """The first of the best: the gradient of a maximum goes there."""
    best = kept[0]
    for other in kept[1:]:
        if better(other, best):
            best = other
    return best


def _logsumexp(kept: list[Any], here: Evaluation) -> Any:
    return call("log", _sum((call("exp", term) for term in kept), here))


REDUCTIONS: dict[str, Callable[[list[Any], Evaluation], Any]] = {
    "sum": _sum,
    "prod": _product,
    "mean": lambda kept, here: _sum(_nonempty(kept, "mean"), here) / here.number(len(kept)),
    "max": lambda kept, here: _first(_nonempty(kept, "maximum"), lambda a, b: a > b),
    "min": lambda kept, here: _first(_nonempty(kept, "minimum"), lambda a, b: a < b),
    "logsumexp": lambda kept, here: _logsumexp(_nonempty(kept, "logsumexp"), here),
}


# --- arithmetic ---------------------------------------------------------------------------------


def is_rational(node: Node) -> bool:
    """Whether a term takes rational numbers to rational numbers."""
    return all(_keeps_rational(part) for part in walk(node))


def _keeps_rational(node: Node) -> bool:
    match node:
        case Call(name, _):
            return name in RATIONAL
        case Power(_, exponent):
            return isinstance(exponent, Number) and exponent.value.denominator == 1
        case Reduction(kind):
            return kind != "logsumexp"
        case Constant():
            return False
        case LinearAlgebra(operator):
            return operator not in ("logdet", "cholesky")
    return True
