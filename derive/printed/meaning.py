"""What the symbols of a document stand for: the oracle's values, at sizes and data that are drawn.

Derivatives are slopes of dual numbers through the forward equations.  Nothing that was derived is
used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from random import Random
from typing import Any

import numpy as np

from derive.calculus.requested import Requested
from derive.document.starts import Start
from derive.document.writer import Writer
from derive.model import Specification
from derive.names import Symbol, symbol
from derive.numbers.dual import Dual
from derive.numbers.evaluate import evaluate, places
from derive.numbers.evaluation import SCALARS, Evaluation, whole
from derive.printed.claims import Claim
from derive.printed.evaluate import running_letters
from derive.printed.expressions import Slope, walk
from derive.printed.names import name_of
from derive.printed.reader import Unreadable
from derive.printed.scope import Location, Meaning, Scope, plain
from derive.terms import Derivative, Entry, Name, Partial, Quantity, number
from derive.verification.oracle import as_duals, lift, shape_of
from derive.verification.oracle import plain as plain_numbers
from derive.verification.sampling import fill
from derive.verification.second import jacobian, moved_gradients
from derive.verification.true_point import TruePoint


def meaning_at(writer: Writer, here: Evaluation, claims: Sequence[Claim], seed: int = 0) -> Meaning:
    """The meaning of a document's symbols at a point where the model has its values.

    A letter runs over what its author said, or else over the axis that it stands for in a claim.
    """
    model = writer.model
    settings = [quantity for quantity, _ in model.objective.rule.settings]
    declared = [declaration.quantity for declaration in model.declarations]
    defined = [equation.left for equation in model.equations]
    names: dict[Symbol, Quantity] = {}
    for quantity in (*settings, *declared, *defined):
        if isinstance(quantity.name, str):
            other = names.setdefault(symbol_of(writer, quantity.name), quantity)
            if other != quantity:
                raise Unreadable(f"'{quantity.name}' prints like '{other.name}'", "rename one")
    sizes = {symbol(name): size for name, size in here.sizes.items()}
    arrays = {plain(name): array for name, array in here.arrays.items()}
    arrays |= {q.name: _drawn((), here, Random(seed + k)) for k, q in enumerate(settings)}
    before = {start.quantity.name: _started(start, here) for start in writer.starts}
    meaning = Meaning(names, sizes, here, arrays, before, {}, local_of(model, here))
    ranges: dict[Symbol, int] = {}
    for claim in claims:
        for letter, size in running_letters(claim.sides, meaning):
            ranges[letter] = min(size, ranges.get(letter, size))
    for term, letters in reversed([*writer.usual.items()]):
        ranges |= {symbol(letter): whole(term, here) for letter in letters}
    return replace(meaning, ranges=ranges)


def symbol_of(writer: Writer, name: str) -> Symbol:
    """The symbol that a name is printed as."""
    return writer.symbols.get(name) or symbol(name)


def _drawn(shape: tuple[int, ...], here: Evaluation, random: Random) -> np.ndarray:
    """Random numbers between 0 and 1."""
    count = int(np.prod(shape, dtype=int))
    numbers = iter(random.sample([Fraction(n, 256) for n in range(1, 256)], count))
    return as_duals(lift(fill(shape, numbers), here.how))


def _started(start: Start, here: Evaluation) -> tuple[int, int, np.ndarray]:
    """The axis along which a quantity steps, the place before its first step, the values there."""
    shape = shape_of(start.quantity, here.sizes)
    found = np.empty((*shape[: start.axis], *shape[start.axis + 1 :]), dtype=object)
    inner = replace(here, indices=dict(here.indices))
    for place in places(start.indices, (), inner):
        found[place] = evaluate(start.value, inner)
    return start.axis, shape[start.axis] if start.downward else -1, found


def local_of(model: Specification, here: Evaluation) -> Any:
    """The derivative of an entry of a definition by an entry that its right side reads.

    By itself it is one, but for what steps: there it is what the right side says, like all others.
    """
    stepping = {quantity.name for r in model.recurrences for quantity in r.quantities}

    def local(above: Quantity, at: Location, below: Quantity, place: Location) -> Any:
        assert here.partial is not None
        if (above.name, at) == (below.name, place) and above.name not in stepping:
            return Dual(SCALARS[here.how].of(1))
        of, wrt = (
            Entry(quantity, tuple(number(p) for p in where))
            for quantity, where in ((above, at), (below, place))
        )
        return here.partial(Partial(of, wrt), here)

    return local


# --- beyond the gradient ------------------------------------------------------------------------


def beyond(
    meaning: Meaning,
    model: Specification,
    point: TruePoint,
    asked: Requested,
    claims: Sequence[Claim],
) -> Meaning:
    """The meaning with the derivatives that some claims read: second ones, Jacobians, directions.

    Here a fraction ∂z/∂w is the derivative by all ways from w to z.
    """
    names, arrays = dict(meaning.names), dict(meaning.arrays)
    along: dict[Name, np.ndarray] = {}
    step: Name | None = None
    if asked.product is not None and asked.product.system.equations:
        left = asked.product.system.equations[0].left.name
        assert isinstance(left, Derivative)
        step = left.wrt
        names[symbol(str(step))] = Quantity(step)
        for k, (quantity, vector) in enumerate(asked.product.vectors.items()):
            shape = shape_of(quantity, point.here.sizes)
            arrays[vector.name] = _drawn(shape, meaning.here, Random(k))
            along[quantity.name] = plain_numbers(arrays[vector.name])
            names[symbol(str(vector.name))] = vector
    inner = Scope(replace(meaning, names=names, arrays=arrays))
    sides = [side for claim in claims for side in claim.sides]
    for slope in {part for side in sides for part in walk(side) if isinstance(part, Slope)}:
        name = name_of(slope, inner)
        if name not in arrays:
            arrays[name] = as_duals(_derivative(model, point, name, step, along))
    return replace(meaning, names=names, arrays=arrays)


def _derivative(
    model: Specification,
    point: TruePoint,
    name: Name,
    step: Name | None,
    along: Mapping[Name, np.ndarray],
) -> np.ndarray:
    """What the oracle says a derivative is whose steps are not those to the cost."""
    assert isinstance(name, Derivative)
    given, how = (model, point.sizes, point.inputs), point.here.how
    if isinstance(name.of, Derivative):
        first = name.of.wrt
        assert name.of.of == model.objective.cost.name
        if name.wrt == step:
            return moved_gradients(*given, (first,), along, how)[first]
        return _second(model, point, first, name.wrt)
    if name.wrt != step:
        return jacobian(*given, name.of, name.wrt, how)
    parts = []
    for moved, vector in along.items():
        rows = jacobian(*given, name.of, moved, how)
        parts.append(np.tensordot(rows, vector, axes=vector.ndim))
    return np.asarray(sum(parts[1:], parts[0]), dtype=object)


def _second(model: Specification, point: TruePoint, first: Name, second: Name) -> np.ndarray:
    """∂²C/∂first ∂second: how the gradient changes as each entry of the second moves alone."""
    quantities = [d.quantity for d in model.declarations]
    quantities += [equation.left for equation in model.equations]
    shape = next(shape_of(q, point.here.sizes) for q in quantities if q.name == second)
    how = point.here.how
    zero, one = (SCALARS[how].of(value) for value in (0, 1))
    columns = []
    for place in np.ndindex(shape):
        unit = np.full(shape, zero, dtype=object)
        unit[place] = one
        given = (model, point.sizes, point.inputs)
        columns.append(moved_gradients(*given, (first,), {second: unit}, how)[first])
    whole = np.stack(columns, axis=-1)
    return whole.reshape((*columns[0].shape, *shape))
