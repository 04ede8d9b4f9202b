"""Numbers for object arrays that nothing can round unseen.

`Exact` is a rational number; `Digits` has 50 decimal digits, in a decimal context of its own.  Both
work with integers, refuse floats, and raise where Python or NumPy would turn them into a float.
NumPy's functions call the method of the same name on each element of an object array, so that
`np.exp(z)` needs no change to run on them.

>>> x = Exact(Fraction(1, 3))
>>> x + 1, x**2, 1 / x
(Exact(4/3), Exact(1/9), Exact(3))
>>> Digits.of(2).sqrt() ** 2 == 2
False
>>> abs(Digits.of(2).sqrt() ** 2 - 2) < Digits.of(Fraction(1, 10**48))
True
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from decimal import MAX_EMAX, MIN_EMIN, Context, Decimal, InvalidOperation, Overflow
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np

from derive.errors import VerificationError
from derive.numbers.arithmetic import Infinite, NotDefined, NotRational, Scalar, undefined

DIGITS = 50
# Numbers of 50 digits that differ by less than this, relative to their scale, agree: a recurrence
# may lose ten of them.
AGREEMENT = Fraction(1, 10**40)

# Contexts of our own: nothing that another library does to global precision reaches them.  Decimal
# numbers are fast, mpmath knows the functions.
DECIMAL = Context(prec=DIGITS, Emax=MAX_EMAX, Emin=MIN_EMIN)
CONTEXT: Any = mpmath.MPContext()
CONTEXT.dps = DIGITS + 5

INTEGERS = (int, np.integer, np.bool_)


class Exact(Scalar):
    """A rational number; `value` is an integer or a Fraction.

    >>> float(Exact(Fraction(1, 2)))
    Traceback (most recent call last):
    derive.errors.VerificationError: Exact(1/2) would be rounded to a float
      cure: keep to operations that work on object arrays, without a dtype and without floats
    """

    __slots__ = ()

    _plus = staticmethod(operator.add)
    _minus = staticmethod(operator.sub)
    _times = staticmethod(operator.mul)

    @classmethod
    def of(cls, value: int | Fraction) -> Exact:
        """The scalar of an exact number."""
        return cls(int(value) if value.denominator == 1 else value)

    def __repr__(self) -> str:
        return f"Exact({self.value})"

    @classmethod
    def _lift(cls, other: object) -> Any:
        if type(other) is Exact:
            return other.value
        return other if isinstance(other, Fraction) else _whole(other)

    @classmethod
    def _quotient(cls, above: Fraction | int, below: Fraction | int) -> Scalar:
        return Exact(Fraction(above) / below) if below else NotDefined(f"{above} / 0")

    @classmethod
    def _power(cls, base: Fraction | int, exponent: Fraction | int) -> Scalar:
        power = Fraction(exponent)
        if base == 0 and power < 0:
            return NotDefined(f"0 ** {exponent}")
        if power.denominator == 1:
            return Exact(Fraction(base) ** power.numerator)
        if power.denominator == 2:
            root = _square_root(Fraction(base))
            return root if isinstance(root, NotDefined) else root**power.numerator
        raise NotRational(f"{base} ** {power} is not rational", "evaluate to 50 digits")

    def apply(self, name: str) -> Scalar:
        """The function called `name`, where its value is rational: the root of a square."""
        if name == "sqrt":
            return _square_root(Fraction(self.value))
        raise NotRational(f"{name} of {self!r} is not rational", "evaluate to 50 digits")


def _in_range(operation: Callable[[Any, Any], Decimal]) -> Any:
    """An operation of numbers with 50 digits, whose exponents have an end."""

    def inside(left: Any, right: Any) -> Decimal:
        try:
            return operation(left, right)
        except Overflow:
            raise undefined("a number of more than 10 ** 18 digits") from None

    return staticmethod(inside)


_divided = _in_range(DECIMAL.divide)
_powered = _in_range(DECIMAL.power)


class Digits(Scalar):
    """A real number to 50 digits; `value` is a Decimal, computed in our own context."""

    __slots__ = ()

    _plus = _in_range(DECIMAL.add)
    _minus = _in_range(DECIMAL.subtract)
    _times = _in_range(DECIMAL.multiply)

    @classmethod
    def of(cls, value: int | Fraction) -> Digits:
        """The scalar nearest to an exact number."""
        return cls(DECIMAL.divide(Decimal(value.numerator), Decimal(value.denominator)))

    def __repr__(self) -> str:
        return f"Digits({CONTEXT.nstr(_to_mpmath(self.value), 20)})"

    @classmethod
    def _lift(cls, other: object) -> Any:
        if type(other) is Digits:
            return other.value
        if isinstance(other, (Fraction, Exact)):
            return Digits.of(other.value if isinstance(other, Exact) else other).value
        return _whole(other)

    def __neg__(self) -> Digits:
        return Digits(self.value.copy_negate())

    def __abs__(self) -> Digits:
        return Digits(self.value.copy_abs())

    @classmethod
    def _quotient(cls, above: Any, below: Any) -> Scalar:
        return Digits(_divided(above, below)) if below else NotDefined(f"{above} / 0")

    @classmethod
    def _power(cls, base: Any, exponent: Any) -> Scalar:
        if base == 0 and exponent < 0:
            return NotDefined(f"0 ** {exponent}")
        if isinstance(exponent, int) or exponent == exponent.to_integral_value():
            return Digits(_powered(base, int(exponent)) if exponent else Decimal(1))
        result = CONTEXT.power(_to_mpmath(base), _to_mpmath(exponent))
        return _real(result, f"** {exponent}", base)

    def apply(self, name: str) -> Scalar:
        """The elementary function that NumPy knows by `name`, to 50 digits."""
        if name in DECIMAL_FUNCTIONS:
            try:
                value = DECIMAL_FUNCTIONS[name](self.value)
            except (InvalidOperation, Overflow):
                return NotDefined(f"{name} at {self.value:.8g}")
            finite = value.is_finite()
            return Digits(value) if finite else NotDefined(f"{name} at {self.value:.8g}")
        try:
            return _real(ELEMENTARY[name](_to_mpmath(self.value)), name, self.value)
        except (ValueError, ZeroDivisionError):
            return NotDefined(f"{name} at {self.value:.8g}")

    def arctan2(self, other: Scalar) -> Scalar:
        """The angle of the point (other, self)."""
        angle = CONTEXT.atan2(_to_mpmath(self.value), _to_mpmath(other.value))
        return Digits(_to_decimal(angle))


def _whole(other: object) -> int | None:
    """A Python integer; floats are refused, what is no number is None."""
    if isinstance(other, INTEGERS):
        return int(other)
    if isinstance(other, (float, np.floating)):
        raise VerificationError(
            f"the float {other!r} met an exact number",
            "write the constant as a literal of the kernel, or as a quotient of integers",
        )
    return None


def _square_root(value: Fraction) -> Scalar:
    """The root of a rational number whose numerator and denominator are squares."""
    if value < 0:
        return NotDefined(f"the square root of {value}")
    root = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
    if root**2 != value:
        raise NotRational(f"the square root of {value} is not rational", "evaluate to 50 digits")
    return Exact.of(root)


def _to_mpmath(value: Decimal | int) -> Any:
    return CONTEXT.mpf(str(value))


def _to_decimal(value: Any) -> Decimal:
    return DECIMAL.create_decimal(CONTEXT.nstr(value, DIGITS + 5, strip_zeros=False))


def _real(result: Any, name: str, argument: Any) -> Scalar:
    """A finite real result; anything else has left the domain."""
    if not isinstance(result, CONTEXT.mpf) or not CONTEXT.isfinite(result):
        return NotDefined(f"{name} at {argument:.8g}")
    return Digits(_to_decimal(result))


# The name that NumPy looks up on an object, and mpmath's function of the same value.
ELEMENTARY: dict[str, Callable[[Any], Any]] = {
    "sqrt": CONTEXT.sqrt,
    "exp": CONTEXT.exp,
    "exp2": lambda x: CONTEXT.power(2, x),
    "expm1": CONTEXT.expm1,
    "log": CONTEXT.ln,
    "log1p": CONTEXT.log1p,
    "log2": lambda x: CONTEXT.log(x, 2),
    "log10": CONTEXT.log10,
    "sin": CONTEXT.sin,
    "cos": CONTEXT.cos,
    "tan": CONTEXT.tan,
    "arcsin": CONTEXT.asin,
    "arccos": CONTEXT.acos,
    "arctan": CONTEXT.atan,
    "sinh": CONTEXT.sinh,
    "cosh": CONTEXT.cosh,
    "tanh": CONTEXT.tanh,
    "arcsinh": CONTEXT.asinh,
    "arccosh": CONTEXT.acosh,
    "arctanh": CONTEXT.atanh,
    "erf": CONTEXT.erf,
    "erfc": CONTEXT.erfc,
    "lgamma": CONTEXT.loggamma,
    "digamma": CONTEXT.digamma,
    "trigamma": lambda x: CONTEXT.psi(1, x),
    "tetragamma": lambda x: CONTEXT.psi(2, x),
}


DECIMAL_FUNCTIONS: dict[str, Callable[[Decimal], Decimal]] = {
    "sqrt": DECIMAL.sqrt,
    "exp": DECIMAL.exp,
    "log": DECIMAL.ln,
    "log10": DECIMAL.log10,
}


def _method(name: str) -> Callable[[Scalar], Scalar]:
    return lambda scalar: scalar.apply(name)


# NumPy's `np.exp(z)` calls `element.exp()`.
for _name in ELEMENTARY:
    setattr(Scalar, _name, _method(_name))

PI = Digits(_to_decimal(+CONTEXT.pi))


def agree(left: Any, right: Any, scale: Any = 1) -> bool:
    """Equal, or the same to 40 of 50 digits relative to `scale` and to the larger of both.

    >>> agree(Exact.of(1), 1), agree(Digits.of(2).apply("sqrt") ** 2, 2)
    (True, True)
    """
    if isinstance(left, (NotDefined, Infinite)) or isinstance(right, (NotDefined, Infinite)):
        return False
    if not isinstance(left, Digits) and not isinstance(right, Digits):
        return bool(left == right)
    largest = max(abs(left), abs(right), abs(scale))
    return bool(abs(left - right) <= largest * Digits.of(AGREEMENT))
