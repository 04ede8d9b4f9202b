"""What a model asks for beyond its gradients, in the generated module, against the oracle.

Second derivatives are compared along random directions, one for each parameter: a block that is
wrong anywhere gives a wrong product with almost every direction.  Jacobians and gradients by data
are compared entry by entry.  Both as kernels on exact numbers and as functions on floats, at points
away from kinks, where there is only one second derivative.
"""

from __future__ import annotations

import inspect
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from types import ModuleType
from typing import Any

import numpy as np

from derive.model import (
    Request,
    Specification,
    hessian_blocks,
    is_requested,
    jacobian_pairs,
    parameters,
    varied_data,
)
from derive.numbers.arithmetic import Undefined
from derive.terms import Name
from derive.verification.comparing import exact_as_floats, first_difference, scale_of, show_number
from derive.verification.oracle import arithmetic_of, gradient, lift
from derive.verification.points import Point
from derive.verification.report import Level, Line, Verdict
from derive.verification.running import NOT_RUNNING, Names, arguments, as_floats, public
from derive.verification.sampling import fill, random_numbers
from derive.verification.second import jacobian, moved_gradients
from derive.verification.verify_floats import BOUND

# So many points are enough: each is away from special values, their sizes differ.
MOST = 4

DIRECTIONS, ENTRIES = "along random directions", "every entry"

Arrays = dict[str, np.ndarray]
Pairs = Sequence[tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class Along:
    """A point and a direction for each parameter, as fractions."""

    point: Point
    vectors: Mapping[str, np.ndarray]

    def scalars(self) -> Arrays:
        """The directions as scalars of the point's arithmetic."""
        return {name: lift(array, self.point.how) for name, array in self.vectors.items()}

    def floats(self) -> Arrays:
        """The directions as floats."""
        return {name: as_floats(array) for name, array in self.vectors.items()}


@dataclass(frozen=True)
class Offered:
    """A function of the module: what the oracle says, and what its result says of the same.

    Both are arrays by a label.  `has_direction` where the function takes a direction.
    """

    name: str
    how: str
    truth: Callable[[Specification, Along], Arrays]
    found: Callable[[Specification, Any, Arrays], Arrays]
    has_direction: bool = False


# --- what the oracle says, and what the module says ---------------------------------------------


def _moved(model: Specification, along: Along, moving: Mapping[Name, np.ndarray]) -> Arrays:
    wrt = [parameter.name for parameter in parameters(model)]
    point = along.point
    sizes, inputs, how = dict(point.sizes), point.inputs, point.how
    rates = moved_gradients(model, sizes, inputs, wrt, moving, how)
    return {str(name): array for name, array in rates.items()}


def _true_blocks(model: Specification, along: Along) -> Arrays:
    vectors, found = along.scalars(), {}
    for columns in parameters(model):
        rows = [row for row, other in hessian_blocks(model) if other == columns]
        if rows:
            rates = _moved(model, along, {str(columns.name): vectors[str(columns.name)]})
            for row in rows:
                found[_second(model, row.name, columns.name)] = rates[str(row.name)]
    return found


def _found_blocks(model: Specification, result: Any, vectors: Arrays) -> Arrays:
    return {
        _second(model, row.name, column.name): applied(
            result[str(row.name)][str(column.name)], vectors[str(column.name)]
        )
        for row, column in hessian_blocks(model)
    }


def applied(block: Any, vector: np.ndarray) -> np.ndarray:
    """A block times a vector; a block that does not end in the axes of the vector as it is."""
    whole: np.ndarray = np.asarray(block)
    if whole.shape[whole.ndim - vector.ndim :] == vector.shape:
        whole = np.asarray(np.tensordot(whole, vector, axes=vector.ndim))
    return whole


def _second(model: Specification, rows: object, columns: object) -> str:
    return f"∂²{model.objective.cost.name}/∂{rows} ∂{columns}"


def _true_products(model: Specification, along: Along) -> Arrays:
    rates = _moved(model, along, dict(along.scalars().items()))
    return {_product(model, name): array for name, array in rates.items()}


def _found_products(model: Specification, result: Any, vectors: Arrays) -> Arrays:
    return {_product(model, name): np.asarray(result[name]) for name in vectors}


def _product(model: Specification, name: str) -> str:
    return f"∂²{model.objective.cost.name}/∂{name} v"


def _true_jacobians(model: Specification, along: Along) -> Arrays:
    point = along.point
    sizes, inputs, how = dict(point.sizes), point.inputs, point.how
    return {
        f"∂{of.name}/∂{wrt.name}": jacobian(model, sizes, inputs, of.name, wrt.name, how)
        for of, wrt in jacobian_pairs(model)
    }


def _found_jacobians(model: Specification, result: Any, vectors: Arrays) -> Arrays:
    return {
        f"∂{of.name}/∂{wrt.name}": np.asarray(result[str(of.name)][str(wrt.name)])
        for of, wrt in jacobian_pairs(model)
    }


def _true_input_gradients(model: Specification, along: Along) -> Arrays:
    point, names = along.point, [quantity.name for quantity in varied_data(model)]
    _, found = gradient(model, dict(point.sizes), point.inputs, names, point.how)
    return {f"∂{model.objective.cost.name}/∂{name}": array for name, array in found.items()}


def _found_input_gradients(model: Specification, result: Any, vectors: Arrays) -> Arrays:
    cost = model.objective.cost.name
    return {f"∂{cost}/∂{q.name}": np.asarray(result[str(q.name)]) for q in varied_data(model)}


OFFERS = {
    "hessian": Offered("hessian", DIRECTIONS, _true_blocks, _found_blocks),
    "hvp": Offered("hvp", DIRECTIONS, _true_products, _found_products, has_direction=True),
    "jacobian": Offered("jacobian", ENTRIES, _true_jacobians, _found_jacobians),
    "gradient": Offered("input_gradients", ENTRIES, _true_input_gradients, _found_input_gradients),
}


# --- lines --------------------------------------------------------------------------------------


def requested_lines(
    model: Specification,
    exact: ModuleType,
    floats: ModuleType,
    points: Sequence[Point],
    names: Names,
    random: Random,
) -> tuple[Line, ...]:
    """Two lines, of the kernels and of floats, for each thing that the model asks for."""
    alongs = [_along(model, point, random) for point in chosen_points(points)]
    lines: list[Line] = []
    for offered in (OFFERS[r.offer] for r in _once(model.requests) if r.offer in OFFERS):
        lines += _lines(model, offered, exact, floats, alongs, names)
    if is_requested(model, "flatten"):
        lines.append(_flattening(model, floats, alongs, names))
    return tuple(lines)


def _once(requests: Sequence[Request]) -> list[Request]:
    """The first request of each kind."""
    return list({request.offer: request for request in reversed(requests)}.values())[::-1]


def chosen_points(points: Sequence[Point]) -> list[Point]:
    """Points away from special values and kinks: first of pairwise different sizes."""
    generic = [point for point in points if not point.special]
    # Where two sides are compared that are always equal, there is no other point.
    generic = [point for point in generic if not point.tied] or generic
    different = list({point.sizes: point for point in reversed(generic)}.values())[::-1]
    others = [point for point in generic if point not in different]
    return [*different, *others][:MOST]


def _along(model: Specification, point: Point, random: Random) -> Along:
    inputs = {str(p.name): point.inputs[p.name] for p in parameters(model)}
    return Along(
        point,
        {
            name: fill(array.shape, random_numbers(random, array.size))
            for name, array in inputs.items()
        },
    )


def _lines(
    model: Specification,
    offered: Offered,
    exact: ModuleType,
    floats: ModuleType,
    alongs: Sequence[Along],
    names: Names,
) -> list[Line]:
    truths: list[tuple[Along, Arrays]] = []
    for along in alongs:
        try:
            truths.append((along, offered.truth(model, along)))
        except Undefined:
            continue
    if not truths:
        note = "no point was found at which it exists and has one value"
        return [Line("kernels", offered.name, (), arithmetic_of(model), "undecided", note=note)]
    scale = _scale([truth for _, truth in truths])
    lines = []
    levels: dict[Level, ModuleType] = {"kernels": exact, "float64": floats}
    for level, module in levels.items():
        run = _by_kernel if level == "kernels" else _by_function
        sizes = tuple(dict.fromkeys(along.point.sizes for along, _ in truths))
        how = f"{truths[0][0].point.how if level == 'kernels' else level}, {offered.how}"
        try:
            found = [run(model, offered, module, along, names) for along, _ in truths]
        except NOT_RUNNING as error:
            note = f"the code does not run: {error}"
            lines.append(Line(level, offered.name, sizes, how, "failed", note=note))
            continue
        for label in truths[0][1]:
            pairs = [(t[label], f[label]) for (_, t), f in zip(truths, found, strict=True)]
            compared = _exactly if level == "kernels" else _closely
            worst, note = compared(label, pairs, scale)
            verdict: Verdict = "failed" if note else "verified"
            bound = None if worst is None else BOUND
            lines.append(Line(level, label, sizes, how, verdict, worst, bound, note))
    return lines


def _by_kernel(
    model: Specification, offered: Offered, module: ModuleType, along: Along, names: Names
) -> Arrays:
    """What a kernel gives on scalars; its arguments that are no data are the directions."""
    function, vectors = public(module, f"_{offered.name}"), along.scalars()
    values: dict[Name, Any] = {**dict(along.point.sizes), **along.point.arrays()}
    known = {identifier: values[name] for name, identifier in names.items()}
    directions = iter(vectors.values())
    wanted = inspect.signature(function).parameters
    given = [known[name] if name in known else next(directions) for name in wanted]
    return offered.found(model, function(*given), vectors)


def _by_function(
    model: Specification, offered: Offered, module: ModuleType, along: Along, names: Names
) -> Arrays:
    """What a public function gives on floats."""
    function, vectors = public(module, offered.name), along.floats()
    given, by_name = arguments(model, along.point, names)
    wanted = inspect.signature(function).parameters
    data = {name: value for name, value in by_name.items() if name in wanted}
    first = [given, vectors] if offered.has_direction else [given]
    return offered.found(model, function(*first, **data), vectors)


def _exactly(label: str, pairs: Pairs, scale: float) -> tuple[None, str]:
    """No error is measured; what differs is said."""
    for expected, found in pairs:
        place = first_difference(expected, found)
        if expected.shape != found.shape:
            return None, f"its shape is {found.shape}, it should be {expected.shape}"
        if place is not None:
            right, got = show_number(expected.item(place)), show_number(found.item(place))
            return None, f"{label}{list(place) or ''} is {got}, it should be {right}"
    return None, ""


def _closely(label: str, pairs: Pairs, scale: float) -> tuple[float, str]:
    """The largest error relative to the scale of everything that the function returns."""
    worst = 0.0
    for expected, found in pairs:
        right = exact_as_floats(expected)
        if right.shape != found.shape:
            return math.inf, f"its shape is {found.shape}, it should be {right.shape}"
        error = float(np.abs(right - found).max(initial=0.0)) / scale
        worst = max(worst, error if error == error else math.inf)
    return worst, f"{label} differs by {worst:.1e}" if worst > BOUND else ""


def _scale(truths: Sequence[Arrays]) -> float:
    """The largest entry of all that a function returns; one where all of it is zero."""
    return scale_of(array for truth in truths for array in truth.values())


def _flattens_blocks(module: ModuleType, params: Mapping[str, np.ndarray]) -> bool:
    """Whether a table of blocks, each of other numbers, becomes one matrix in their order."""
    numbers = itertools.count()
    blocks = {
        (row, column): np.array([next(numbers) for _ in range(above.size * beside.size)])
        for row, above in params.items()
        for column, beside in params.items()
    }
    table = {
        row: {
            column: blocks[row, column].reshape(above.shape + beside.shape)
            for column, beside in params.items()
        }
        for row, above in params.items()
    }
    rows = [
        np.concatenate([blocks[row, c].reshape(above.size, -1) for c in params], axis=1)
        for row, above in params.items()
    ]
    return np.array_equal(public(module, "flatten")(table), np.concatenate(rows))


def _flattening(
    model: Specification, module: ModuleType, alongs: Sequence[Along], names: Names
) -> Line:
    """`flatten` against the parameters one after the other, and `unflatten` back."""
    sizes = tuple(dict.fromkeys(along.point.sizes for along in alongs))
    right = True
    try:
        for along in alongs:
            params, _ = arguments(model, along.point, names)
            vector = public(module, "flatten")(params)
            right &= np.array_equal(vector, [x for a in params.values() for x in a.flat])
            for given in (vector, vector.tolist()):
                back = public(module, "unflatten")(given, params)
                right &= all(np.array_equal(back[name], array) for name, array in params.items())
                right &= not any(np.shares_memory(back[name], vector) for name in params)
                right &= all(array.dtype == vector.dtype for array in back.values())
            single = public(module, "unflatten")(vector.astype(np.float32), params)
            right &= all(array.dtype == np.float32 for array in single.values())
            if hessian_blocks(model):
                right &= _flattens_blocks(module, params)
        note = "" if right else "the vector does not hold the parameters in their order"
    except NOT_RUNNING as error:
        note = f"the code does not run: {error}"
    verdict: Verdict = "failed" if note else "verified" if alongs else "undecided"
    return Line("float64", "flatten", sizes, "float64, there and back", verdict, note=note)
