"""Sizes and numbers as Python source text, with the precedence of Python's operators."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from fractions import Fraction

from derive.terms import Add, Divide, FloorDivide, Multiply, Name, Negate, Number, Power, Size, Term

Names = Mapping[Name, str]

# How tightly Python binds: an operand is bracketed where it binds less tightly than its place asks.
CHOICE, COMPARISON, OR, AND, SUM, PRODUCT, SIGN, POWER, ATOM = range(9)


def decimal(value: Fraction) -> str:
    """A number as Python writes it: an integer where it is one, else the nearest decimal."""
    return str(value.numerator) if value.denominator == 1 else repr(float(value))


def number_text(value: Fraction, spelling: str | None = None) -> tuple[str, int]:
    """An integer, the author's decimal, or a quotient of integers; with how tightly it binds.

    Digits that a float cannot hold stay, so that the number that is written is the exact one.
    """
    if value < 0:
        inner, level = number_text(-value, spelling)
        return f"-{inner}", min(level, SIGN)
    if value.denominator == 1:
        return decimal(value), ATOM
    if spelling is not None:
        short = decimal(value)
        return (short if Fraction(short) == value else spelling), ATOM
    return f"{value.numerator} / {value.denominator}", PRODUCT


def is_simple_operand(text: str) -> bool:
    """Whether `ruff format` writes the power operator without spaces beside this operand."""
    return re.fullmatch(r"-?[A-Za-z_]\w*(\.[A-Za-z_]\w*)*|[0-9.e+-]+", text) is not None


def shape_code(shape: Sequence[Term], names: Names) -> str:
    """A shape as a tuple."""
    sizes = ", ".join(size_code(size, names) for size in shape)
    return f"({sizes},)" if len(shape) == 1 else f"({sizes})"


def new_shape(shape: Sequence[Term], names: Names) -> str:
    """A shape as an argument of what makes new arrays: one axis needs no tuple."""
    return size_code(shape[0], names) if len(shape) == 1 else shape_code(shape, names)


def size_code(size: Term, names: Names, *, exact: bool = True) -> str:
    """A size expression.  Where `/` of sizes is known to be `exact`, `//` computes it."""
    return size_text(size, names, "//" if exact else "/")[0]


def _without_sign(term: Term) -> tuple[bool, Term]:
    match term:
        case Negate(inner):
            return True, inner
        case Number(value) if value < 0:
            return True, Number(-value)
    return False, term


def size_text(size: Term, names: Names, division: str = "//") -> tuple[str, int]:
    """A size expression and how tightly it binds; `division` is the operator of `/`."""

    def at(part: Term, level: int) -> str:
        text, found = size_text(part, names, division)
        return text if found >= level else f"({text})"

    match size:
        case Number(value):
            return number_text(value)
        case Size(name):
            return names[name], ATOM
        case Add((first, *others)):
            text = at(first, SUM)
            for part in others:
                negative, inner = _without_sign(part)
                text += f" {'-' if negative else '+'} {at(inner, PRODUCT)}"
            return text, SUM
        case Multiply((first, *others)):
            return " * ".join([at(first, PRODUCT), *(at(part, SIGN) for part in others)]), PRODUCT
        case Negate(term):
            return f"-{at(term, SIGN)}", SIGN
        case Divide(left, right):
            return f"{at(left, PRODUCT)} {division} {at(right, SIGN)}", PRODUCT
        case FloorDivide(left, right):
            return f"{at(left, PRODUCT)} // {at(right, SIGN)}", PRODUCT
        case Power(left, right):
            base, exponent = at(left, ATOM), at(right, SIGN)
            sign = "**" if is_simple_operand(base) and is_simple_operand(exponent) else " ** "
            return f"{base}{sign}{exponent}", POWER
    raise TypeError(f"size_code: unknown size {type(size).__name__}")
