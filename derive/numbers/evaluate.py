"""The value of one term at one place, by loops that say what the notation means.

Nothing is rearranged: a reduction visits its places in order, a choice reads only what it chooses,
a subscript that leaves its axis is an error.  A reduction is worked out once for each value of the
indices that it depends on.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from derive.errors import DerivationError
from derive.numbers.arithmetic import Undefined, undefined
from derive.numbers.dual import RATIONAL, call, total
from derive.numbers.elimination import OPERATORS
from derive.numbers.evaluation import Evaluation, OutOfRange, location_of, rational, whole
from derive.numbers.scalars import agree
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

# Functions with a kink, between their arguments or at 0.
KINKED = frozenset({"abs", "relu", "sign", "maximum", "minimum"})

# --- terms --------------------------------------------------------------------------------------


def evaluate(term: Term, here: Evaluation) -> Any:
    """The value of a scalar term, a `Dual`; of what is not chosen nothing is read."""
    evaluator = EVALUATORS.get(type(term))
    if evaluator is None:
        raise DerivationError(
            f"the oracle cannot evaluate a {type(term).__name__}",
            "write it with known operations",
        )
    return evaluator(term, here)


def _call(term: Call, here: Evaluation) -> Any:
    numbers = [evaluate(argument, here) for argument in term.arguments]
    if term.function in KINKED:
        second = numbers[1] if len(numbers) > 1 else here.number(0)
        here.about(term).met(numbers[0] > second, numbers[0], second)
    return call(term.function, *numbers)


def _constant(term: Constant, here: Evaluation) -> Any:
    return here.pi()


def _partial(term: Partial, here: Evaluation) -> Any:
    if here.partial is None:
        raise DerivationError(
            "a derivative that is not worked out has no value here", "work it out first"
        )
    return here.partial(term, here)


def _once(term: Reduction, here: Evaluation) -> Any:
    """The value at these values of the indices that the term depends on, worked out once."""
    known = here.about(term)
    at = tuple([here.indices[index] for index in known.free])
    if at not in known.values:
        known.values[at] = _reduction(term, here)
    return known.values[at]


def _reduction(term: Reduction, here: Evaluation) -> Any:
    if term.kind in ("argmax", "argmin"):
        return here.number(_position(term, here))
    kept = _kept(term, here)
    result = REDUCTIONS[term.kind](kept, here)
    if term.kind in ("max", "min"):
        for number in kept:
            if number is not result:
                here.about(term).compared(number, result)
    return result


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
            known = here.about(condition)
            if known.of_sizes:
                return bool(RELATIONS[relation](rational(left, here), rational(right, here)))
            one, other = evaluate(left, here), evaluate(right, here)
            truth = bool(RELATIONS[relation](one, other))
            known.met(truth, one, other)
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


def _entry(entry: Entry, here: Evaluation) -> Any:
    name = entry.quantity.name
    location = location_of(entry, here)
    value = here.arrays[name][location]
    if value is None:
        raise OutOfRange(
            f"'{name}' has no value at {list(location)}", "define it before it is read"
        )
    if entry.quantity.kind == "index":
        return here.number(int(value))
    return value if here.read is None else here.read(entry, value)


def _linear_algebra(term: LinearAlgebra, here: Evaluation) -> Any:
    """One entry of an operator: its operands are evaluated whole, as rows of numbers, once."""
    known = here.about(term)
    free = [index for operand in term.operands for index in here.about(operand).free]
    inputs = tuple([here.indices[index] for index in free])
    if inputs not in known.values:
        operands = [_rows(operand, here) for operand in term.operands]
        known.values[inputs] = OPERATORS[term.operator](*operands)
    result = known.values[inputs]
    if term.operator == "det" and result.slopes and agree(result.value, 0):
        # It exists, but by way of the inverse, as the derivation has it, it cannot be found.
        raise undefined("the derivative of the determinant of a singular matrix")
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
    result = total(terms)
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


EVALUATORS: dict[type[Term], Callable[[Any, Evaluation], Any]] = {
    Entry: _entry,
    Multiply: lambda term, here: _product((evaluate(f, here) for f in term.factors), here),
    Add: lambda term, here: _sum((evaluate(part, here) for part in term.terms), here),
    Number: lambda term, here: here.number(term.value),
    Negate: lambda term, here: -evaluate(term.term, here),
    Reduction: _once,
    LinearAlgebra: _linear_algebra,
    Power: lambda term, here: evaluate(term.base, here) ** evaluate(term.exponent, here),
    Call: _call,
    Divide: lambda term, here: evaluate(term.numerator, here) / evaluate(term.denominator, here),
    Choice: lambda term, here: evaluate(
        term.chosen if holds(term.condition, here) else term.otherwise, here
    ),
    Size: lambda term, here: here.number(rational(term, here)),
    IndexValue: lambda term, here: here.number(here.indices[term.index]),
    FloorDivide: lambda term, here: here.number(rational(term, here)),
    Constant: _constant,
    Partial: _partial,
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
