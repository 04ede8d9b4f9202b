"""Sizes and shapes as they are written in code, tables and messages."""

from __future__ import annotations

from derive.errors import DerivationError
from derive.terms import Add, Divide, FloorDivide, Multiply, Negate, Number, Power, Size, Term

Shape = tuple[Term, ...]


def show_shape(shape: Shape) -> str:
    """A shape as it is written in code and in tables: `(1, n)`, `(n,)`, `()`."""
    sizes = ", ".join(map(show_size, shape))
    return f"({sizes},)" if len(shape) == 1 else f"({sizes})"


def show_size(size: Term) -> str:
    """A size as Python writes it."""
    match size:
        case Number(value):
            return str(value)
        case Size(name):
            return name
        case Add(terms):
            return " + ".join(map(show_size, terms)).replace("+ -", "- ")
        case Multiply(factors):
            return " * ".join(map(_bracketed, factors))
        case Negate(term):
            return f"-{_bracketed(term)}"
        case Divide(left, right) | FloorDivide(left, right):
            return f"{_bracketed(left)} // {_bracketed(right)}"
        case Power(left, right):
            return f"{_bracketed(left)}**{_bracketed(right)}"
    raise DerivationError(
        f"a size made by {type(size).__name__} cannot be written as code",
        "make sizes of numbers, dimensions and arithmetic",
    )


def _bracketed(size: Term) -> str:
    text = show_size(size)
    return text if isinstance(size, (Number, Size)) and not text.startswith("-") else f"({text})"
