"""Where a training run starts: its sizes, and the first parameters, as code."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import chain
from random import Random

from derive.code.layout import bracketed
from derive.code.size_code import Names, decimal, new_shape, size_code
from derive.errors import DerivationError
from derive.model import (
    Declaration,
    Dimension,
    Initializer,
    Specification,
    axis_dimensions,
)
from derive.program.program import size_names
from derive.sizes import size_at
from derive.terms import ONE, Multiply, Quantity, Term

# Sizes of a training run for which the model names none: small, and pairwise different.
SMALLEST_SIZE = 4
MOST_DRAWS = 1000


def base_sizes(spec: Specification, terms: Sequence[Term]) -> tuple[Dimension, ...]:
    """The dimensions that a caller must give so that the sizes `terms` are known, in text order."""
    needed = {name for term in terms for name in size_names(term)}
    for dimension in reversed(spec.dimensions):
        if dimension.name in needed and dimension.formula is not None:
            needed.update(size_names(dimension.formula))
    return tuple(d for d in spec.dimensions if d.name in needed and d.formula is None)


def size_lines(spec: Specification, terms: Sequence[Term], names: Names) -> list[str]:
    """The sizes that follow from others, computed."""
    needed = {name for term in terms for name in size_names(term)}
    lines: list[str] = []
    for dimension in reversed(spec.dimensions):
        if dimension.name in needed and dimension.formula is not None:
            needed.update(size_names(dimension.formula))
            lines.append(f"{names[dimension.name]} = {size_code(dimension.formula, names)}")
    return lines[::-1]


def told(spec: Specification) -> Specification:
    """The model with the sizes of its example, which are the defaults of the module."""
    own = dict(spec.example.sizes) if spec.example else {}
    return _filled(spec, own)


def training(spec: Specification) -> Specification:
    """The model with the sizes of its training run: small ones that fit where nobody gives them."""
    run = told(spec)
    free = [d.name for d in run.dimensions if d.default is None and d.formula is None]
    drawn = (_filled(run, sizes) for sizes in _small_sizes(free, axis_dimensions(spec)))
    first = next(drawn)
    return next((one for one in chain([first], drawn) if _fits(one)), first)


def _small_sizes(names: Sequence[str], axes: Collection[str]) -> Iterator[dict[str, int]]:
    """Sizes that are pairwise different, and then others, so that a window fits what it is over.

    A stride or a padding is no axis, and is one.
    """
    yield {name: SMALLEST_SIZE + place for place, name in enumerate(names)}
    random = Random(0)
    for _ in range(MOST_DRAWS if names else 0):
        drawn = {name: 2 + int(2 * SMALLEST_SIZE * random.random()) for name in names}
        yield {name: size if name in axes else 1 for name, size in drawn.items()}


def _filled(spec: Specification, sizes: Mapping[str, int]) -> Specification:
    filled = (replace(d, default=sizes.get(d.name, d.default)) for d in spec.dimensions)
    return replace(spec, dimensions=tuple(filled))


def _fits(spec: Specification) -> bool:
    """Whether every axis has a whole number of entries, at least one."""
    sizes = {d.name: d.default for d in spec.dimensions if d.default is not None}
    shapes = [size for d in spec.declarations for size in d.quantity.shape]
    extents: list[Fraction] = []
    try:
        for dimension in spec.dimensions:
            if dimension.formula is not None:
                extents.append(size_at(dimension.formula, sizes))
                sizes[dimension.name] = int(extents[-1])
        extents += [size_at(size, sizes) for size in shapes]
    except DerivationError:
        return False
    return all(extent >= 1 and extent.denominator == 1 for extent in extents)


def size_arguments(dimensions: Sequence[Dimension], names: Names) -> list[str]:
    """Sizes as keyword arguments, with their defaults."""
    arguments = [
        names[d.name] if d.default is None else f"{names[d.name]}={d.default}" for d in dimensions
    ]
    return arguments


def size_choices(spec: Specification, dimensions: Sequence[Dimension], names: Names) -> list[str]:
    """Arguments for the sizes of the training run that have no default."""
    sizes = {d.name: d.default for d in training(spec).dimensions}
    return [f"{names[d.name]}={sizes[d.name]}" for d in dimensions if d.default is None]


# --- parameters ---------------------------------------------------------------------------------


def init_lines(spec: Specification, names: Names) -> list[str]:
    """The body of `init`."""
    parameters = [d for d in spec.declarations if d.quantity.kind == "param"]
    terms = [size for d in parameters for size in d.quantity.shape]
    starts = [f'"{d.quantity.name}": {_start(d, names)}' for d in parameters]
    lines = size_lines(spec, terms, names)
    if any("rng." in start for start in starts):
        lines.append("rng = np.random.default_rng(seed)")
    return lines + bracketed("return {", starts, "}", indent=4)


def _start(declaration: Declaration, names: Names) -> str:
    quantity = declaration.quantity
    initial = declaration.initial or _usual(quantity)
    shape = new_shape(quantity.shape, names)
    arguments = ", ".join(map(decimal, initial.arguments))
    match initial.distribution:
        case "constant":
            return _constant(initial.arguments[0], shape)
        case "normal" | "uniform" as drawn:
            if quantity.shape:
                return f"rng.{drawn}({arguments}, {shape})"
            return f"np.array(rng.{drawn}({arguments}))"
    fan_in, fan_out = _fans(quantity)
    if initial.distribution == "glorot":
        total = f"({size_code(fan_in, names)} + {size_code(fan_out, names)})"
        return f"np.sqrt(6 / {total}) * rng.uniform(-1, 1, {shape})"
    below = size_code(fan_in, names)
    below = f"({below})" if " " in below else below
    return f"np.sqrt(2 / {below}) * rng.standard_normal({shape})"


def _usual(quantity: Quantity) -> Initializer:
    """How a parameter starts of which nothing is said: weights by Glorot, the rest at zero."""
    if len(quantity.shape) > 1:
        return Initializer("glorot")
    return Initializer("constant", (Fraction(0),))


def _constant(value: Fraction, shape: str) -> str:
    if shape == "()":
        return f"np.array({float(value)!r})"
    creator = {0: "zeros", 1: "ones"}.get(int(value)) if value.denominator == 1 else None
    return f"np.{creator}({shape})" if creator else f"np.full({shape}, {float(value)!r})"


def _fans(quantity: Quantity) -> tuple[Term, Term]:
    """How many inputs and outputs a weight joins: all axes but the last, and the last."""
    if not quantity.shape:
        return ONE, ONE
    *inputs, last = quantity.shape
    if not inputs:
        return last, ONE
    return (inputs[0] if len(inputs) == 1 else Multiply(tuple(inputs))), last
