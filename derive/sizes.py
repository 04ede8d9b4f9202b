"""Sizes as text and as numbers: `4*H`, `(n, 1)`, the value of a size at given dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import prod

from derive.errors import DerivationError
from derive.terms import (
    Add,
    Choice,
    Constant,
    Divide,
    Entry,
    FloorDivide,
    IndexValue,
    Multiply,
    Negate,
    Number,
    Power,
    Reduction,
    Size,
    Term,
)

Shape = tuple[Term, ...]

# How tightly the operators of the language bind, loosest first.
SUM, PRODUCT, SIGN, POWER, LEAF = range(5)


def show_shape(shape: Shape) -> str:
    """A shape as Python writes it.

    >>> show_shape((Size("n"), Number(Fraction(1)))), show_shape((Size("n"),)), show_shape(())
    ('(n, 1)', '(n,)', '()')
    """
    sizes = [show_size(size) for size in shape]
    return f"({sizes[0]},)" if len(sizes) == 1 else f"({', '.join(sizes)})"


def show_size(size: Term) -> str:
    """A size, or an affine subscript, as the language writes it.

    >>> show_size(Add((Multiply((Number(Fraction(2)), Size("H"))), Negate(Size("K")))))
    '2*H - K'
    """
    return _show(size, SUM)


def _show(size: Term, context: int) -> str:
    text, strength = _parts(size)
    return f"({text})" if strength < context else text


def _parts(size: Term) -> tuple[str, int]:
    match size:
        case Number(value):
            return str(value), LEAF if value >= 0 and value.denominator == 1 else SIGN
        case Size(name) | Constant(name):
            return name, LEAF
        case IndexValue(index):
            return index.letter or "i", LEAF
        case Add(terms):
            signed = (
                f" - {_show(term.term, PRODUCT)}"
                if isinstance(term, Negate)
                else f" + {_show(term, SUM)}"
                for term in terms[1:]
            )
            return _show(terms[0], SUM) + "".join(signed), SUM
        case Multiply(factors):
            return "*".join(_show(factor, SIGN) for factor in factors), PRODUCT
        case Negate(term):
            return f"-{_show(term, SIGN)}", SIGN
        case Divide(left, right):
            return f"{_show(left, PRODUCT)}/{_show(right, POWER)}", PRODUCT
        case FloorDivide(left, right):
            return f"{_show(left, PRODUCT)}//{_show(right, POWER)}", PRODUCT
        case Power(base, exponent):
            return f"{_show(base, LEAF)}**{_show(exponent, POWER)}", POWER
    return "...", LEAF


def size_at(size: Term, values: Mapping[str, int]) -> Fraction:
    """The value of `size` where every dimension has the value given by name.

    A dimension without a value is a `DerivationError`.

    >>> size_at(FloorDivide(Size("H"), Number(Fraction(2))), {"H": 7})
    Fraction(3, 1)
    """

    def at(part: Term) -> Fraction:
        return size_at(part, values)

    match size:
        case Number(value):
            return value
        case Size(name) if name in values:
            return Fraction(values[name])
        case Size(name):
            raise DerivationError(f"the size '{name}' has no value", f"give one, {name}=3")
        case Add(terms):
            return sum(map(at, terms), Fraction(0))
        case Multiply(factors):
            return prod(map(at, factors), start=Fraction(1))
        case Negate(term):
            return -at(term)
        case Divide(left, right) if at(right):
            return at(left) / at(right)
        case FloorDivide(left, right) if at(right):
            return Fraction(at(left) // at(right))
        case Power(base, exponent) if 0 <= at(exponent) <= 64:
            return at(base) ** int(at(exponent))
    raise DerivationError(
        f"the size {show_size(size)} has no value here", "use +, -, *, / and // of dimensions"
    )


def is_whole(term: Term) -> bool:
    """Whether the values of a term are certain to be whole numbers."""
    match term:
        case Number(value):
            return value.denominator == 1
        case Size() | IndexValue() | FloorDivide() | Reduction("argmax" | "argmin"):
            return True
        case Entry(quantity):
            return quantity.kind == "index"
        case Add(parts) | Multiply(parts):
            return all(map(is_whole, parts))
        case Negate(inner) | Reduction("sum" | "prod" | "max" | "min", _, inner):
            return is_whole(inner)
        case Choice(_, chosen, otherwise):
            return is_whole(chosen) and is_whole(otherwise)
    return False
