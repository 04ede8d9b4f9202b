"""Where a training run starts: the first parameters and the data of the worked example, as code."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from derive.code.fact_code import fulfilled
from derive.code.numpy_code import bracketed, code
from derive.code.size_code import Names, decimal, new_shape, size_code
from derive.model import Declaration, Dimension, Initializer, Specification
from derive.program.program import size_names
from derive.program.vectorise import vectorise
from derive.terms import ONE, Multiply, Name, Quantity, Term

# Sizes of a worked example for which the model names none: small, and pairwise different.
SMALLEST_SIZE = 4


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


def size_arguments(dimensions: Sequence[Dimension], names: Names) -> list[str]:
    """Sizes as keyword arguments, with their defaults."""
    arguments = [
        names[d.name] if d.default is None else f"{names[d.name]}={d.default}" for d in dimensions
    ]
    return ["*", *arguments] if arguments else []


def size_choices(
    spec: Specification, dimensions: Sequence[Dimension], names: Names, *, every: bool = False
) -> list[str]:
    """Arguments for the sizes that have no default, or for every one of them."""
    free = [d for d in spec.dimensions if d.default is None and d.formula is None]
    sizes = {d.name: SMALLEST_SIZE + place for place, d in enumerate(free)}
    return [
        f"{names[d.name]}={sizes.get(d.name, d.default)}"
        for d in dimensions
        if every or d.name in sizes
    ]


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


# --- the worked example -------------------------------------------------------------------------


def example_terms(spec: Specification) -> list[Term]:
    """The sizes that the data of the worked example need."""
    declarations = [d for d in spec.declarations if d.quantity.kind in ("input", "index")]
    bounds = [d.bound for d in declarations if d.bound is not None]
    return [size for d in declarations for size in d.quantity.shape] + bounds


def example_lines(spec: Specification, names: Names) -> list[str]:
    """The body of `example`: data by equation where the model gives one, else drawn."""
    equations = {e.left.name: e for e in spec.example.equations} if spec.example else {}
    items: list[str] = []
    drawn: list[Name] = []
    for declaration in spec.declarations:
        quantity = declaration.quantity
        if quantity.kind not in ("input", "index"):
            continue
        if quantity.name in equations:
            value = code(vectorise(equations[quantity.name]), names)
        else:
            value = _draw(declaration, names)
            drawn.append(quantity.name)
        items.append(f'"{names[quantity.name]}": {value}')
    lines = size_lines(spec, example_terms(spec), names)
    if drawn:
        lines.append("rng = np.random.default_rng(0)")
    facts = [fact for fact in spec.facts if fact.quantity.name in drawn]
    if not facts:
        return lines + bracketed("return {", items, "}", indent=4)
    made = [fulfilled(fact, f'data["{names[fact.quantity.name]}"]') for fact in facts]
    return lines + bracketed("data = {", items, "}", indent=4) + made + ["return data"]


def _draw(declaration: Declaration, names: Names) -> str:
    shape = new_shape(declaration.quantity.shape, names)
    if declaration.bound is None:
        return f"rng.standard_normal({shape})"
    return f"rng.integers({size_code(declaration.bound, names)}, size={shape})"
