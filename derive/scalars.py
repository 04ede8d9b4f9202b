"""Numbers for object arrays that nothing can round unseen.

`Exact` is a rational number; `Digits` has 50 decimal digits, in an mpmath context of its own.  Both
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
from fractions import Fraction
from typing import Any, NoReturn, Self

import mpmath
import numpy as np

from derive.errors import VerificationError

DIGITS = 50
# Numbers of 50 digits that differ by less than this, relative to their scale, agree.
AGREEMENT = Fraction(1, 10**45)

# A context of our own: nothing that another library does to mpmath's global precision reaches it.
CONTEXT: Any = mpmath.MPContext()
CONTEXT.dps = DIGITS

INTEGERS = (int, np.integer, np.bool_)


class NotRational(VerificationError):
    """The value is not a rational number, so exact arithmetic cannot hold it."""


class Undefined(VerificationError):
    """The value does not exist at this point: a division by zero, the logarithm of zero."""


def undefined(what: str) -> Undefined:
    """The error of a value that does not exist."""
    return Undefined(f"{what} is not defined", "evaluate at a point inside the domain")


class Scalar:
    """What the two classes share: arithmetic through `_lift`, and the refusal to be rounded."""

    __slots__ = ("value",)
    value: Any

    def __init__(self, value: Any) -> None:
        self.value = value

    @classmethod
    def of(cls, value: int | Fraction) -> Self:
        """The scalar of an exact number."""
        raise NotImplementedError

    @classmethod
    def _lift(cls, other: object) -> Any:
        """The raw value of an operand; None for what is no number of ours; floats are refused."""
        raise NotImplementedError

    def _refuse(self) -> NoReturn:
        raise VerificationError(
            f"{self!r} would be rounded to a float",
            "keep to operations that work on object arrays, without a dtype and without floats",
        )

    def __float__(self) -> float:
        self._refuse()

    def __int__(self) -> int:
        self._refuse()

    def __complex__(self) -> complex:
        self._refuse()

    def __add__(self, other: object) -> Any:
        raw = self._lift(other)
        return NotImplemented if raw is None else type(self)(self.value + raw)

    __radd__ = __add__

    def __sub__(self, other: object) -> Any:
        raw = self._lift(other)
        return NotImplemented if raw is None else type(self)(self.value - raw)

    def __rsub__(self, other: object) -> Any:
        raw = self._lift(other)
        return NotImplemented if raw is None else type(self)(raw - self.value)

    def __mul__(self, other: object) -> Any:
        raw = self._lift(other)
        return NotImplemented if raw is None else type(self)(self.value * raw)

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Any:
        raw = self._lift(other)
        return NotImplemented if raw is None else type(self)(_quotient(self.value, raw))

    def __rtruediv__(self, other: object) -> Any:
        raw = self._lift(other)
        return NotImplemented if raw is None else type(self)(_quotient(raw, self.value))

    def __pow__(self, other: object) -> Any:
        raw = self._lift(other)
        return NotImplemented if raw is None else self._power(self.value, raw)

    def __rpow__(self, other: object) -> Any:
        raw = self._lift(other)
        return NotImplemented if raw is None else self._power(raw, self.value)

    @classmethod
    def _power(cls, base: Any, exponent: Any) -> Self:
        raise NotImplementedError

    def apply(self, name: str) -> Self:
        """The elementary function that NumPy knows by `name`."""
        raise NotImplementedError

    def __neg__(self) -> Self:
        return type(self)(-self.value)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return type(self)(abs(self.value))

    def __bool__(self) -> bool:
        return bool(self.value != 0)

    def __eq__(self, other: object) -> bool:
        return self._compare(other, operator.eq)  # type: ignore[no-any-return]

    def __ne__(self, other: object) -> bool:
        return self._compare(other, operator.ne)  # type: ignore[no-any-return]

    def __lt__(self, other: object) -> bool:
        return self._compare(other, operator.lt)  # type: ignore[no-any-return]

    def __le__(self, other: object) -> bool:
        return self._compare(other, operator.le)  # type: ignore[no-any-return]

    def __gt__(self, other: object) -> bool:
        return self._compare(other, operator.gt)  # type: ignore[no-any-return]

    def __ge__(self, other: object) -> bool:
        return self._compare(other, operator.ge)  # type: ignore[no-any-return]

    def _compare(self, other: object, relation: Callable[[Any, Any], Any]) -> Any:
        # An infinite bound is compared with, never computed with: nothing is rounded.
        if isinstance(other, float) and math.isinf(other):
            return relation(0, other)
        raw = self._lift(other)
        return NotImplemented if raw is None else relation(self.value, raw)

    def __hash__(self) -> int:
        return hash(self.value)

    def arctan2(self, other: Scalar) -> Self:
        """The angle of the point (other, self), which NumPy asks of the first argument."""
        raise NotRational(f"an angle of {self!r} is not rational", "evaluate to 50 digits")

    def conjugate(self) -> Self:
        """Itself: the numbers are real."""
        return self


class Exact(Scalar):
    """A rational number; `value` is a Fraction.

    >>> float(Exact(Fraction(1, 2)))
    Traceback (most recent call last):
    derive.errors.VerificationError: Exact(1/2) would be rounded to a float
      cure: keep to operations that work on object arrays, without a dtype and without floats
    """

    __slots__ = ()

    @classmethod
    def of(cls, value: int | Fraction) -> Exact:
        """The scalar of an exact number."""
        return cls(Fraction(value))

    def __repr__(self) -> str:
        return f"Exact({self.value})"

    @classmethod
    def _lift(cls, other: object) -> Any:
        if isinstance(other, Exact):
            other = other.value
        return other if isinstance(other, Fraction) else _whole(other)

    @classmethod
    def _power(cls, base: Fraction | int, exponent: Fraction | int) -> Exact:
        if base == 0 and exponent < 0:
            raise undefined(f"0 ** {exponent}")
        power = Fraction(exponent)
        if power.denominator == 1:
            return Exact(Fraction(base) ** power.numerator)
        if power.denominator == 2:
            return Exact(_square_root(Fraction(base)) ** power.numerator)
        raise NotRational(f"{base} ** {power} is not rational", "evaluate to 50 digits")

    def apply(self, name: str) -> Exact:
        """The function called `name`, where its value is rational: the root of a square."""
        if name == "sqrt":
            return Exact(_square_root(self.value))
        raise NotRational(f"{name} of {self!r} is not rational", "evaluate to 50 digits")


class Digits(Scalar):
    """A real number to 50 digits; `value` is a number of our own mpmath context."""

    __slots__ = ()

    @classmethod
    def of(cls, value: int | Fraction) -> Digits:
        """The scalar nearest to an exact number."""
        fraction = Fraction(value)
        return cls(CONTEXT.mpf(fraction.numerator) / fraction.denominator)

    def __repr__(self) -> str:
        return f"Digits({CONTEXT.nstr(self.value, 20)})"

    @classmethod
    def _lift(cls, other: object) -> Any:
        if isinstance(other, Fraction):
            other = Digits.of(other)
        return other.value if isinstance(other, Digits) else _whole(other)

    @classmethod
    def _power(cls, base: Any, exponent: Any) -> Digits:
        if base == 0 and exponent < 0:
            raise undefined(f"0 ** {exponent}")
        return cls(_real(CONTEXT.power(base, exponent), f"** {exponent}", base))

    def apply(self, name: str) -> Digits:
        """The elementary function that NumPy knows by `name`, to 50 digits."""
        try:
            return Digits(_real(ELEMENTARY[name](self.value), name, self.value))
        except (ValueError, ZeroDivisionError) as outside:
            raise undefined(f"{name} at {CONTEXT.nstr(self.value, 8)}") from outside

    def arctan2(self, other: Scalar) -> Digits:
        """The angle of the point (other, self)."""
        return Digits(CONTEXT.atan2(self.value, other.value))


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


def _quotient(numerator: Any, denominator: Any) -> Any:
    if denominator == 0:
        raise undefined(f"{numerator} / 0")
    if isinstance(numerator, int) and isinstance(denominator, int):
        return Fraction(numerator, denominator)
    return numerator / denominator


def _square_root(value: Fraction) -> Fraction:
    """The root of a rational number whose numerator and denominator are squares."""
    if value < 0:
        raise undefined(f"the square root of {value}")
    root = Fraction(math.isqrt(value.numerator), math.isqrt(value.denominator))
    if root**2 != value:
        raise NotRational(f"the square root of {value} is not rational", "evaluate to 50 digits")
    return root


def _real(result: Any, name: str, argument: Any) -> Any:
    """A finite real result; anything else has left the domain."""
    if not isinstance(result, CONTEXT.mpf) or not CONTEXT.isfinite(result):
        raise undefined(f"{name} at {CONTEXT.nstr(argument, 8)}")
    return result


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
    "lgamma": CONTEXT.loggamma,
    "digamma": CONTEXT.digamma,
    "trigamma": lambda x: CONTEXT.psi(1, x),
    "tetragamma": lambda x: CONTEXT.psi(2, x),
}


def _method(name: str) -> Callable[[Scalar], Scalar]:
    return lambda scalar: scalar.apply(name)


# NumPy's `np.exp(z)` calls `element.exp()`.
for _name in ELEMENTARY:
    setattr(Scalar, _name, _method(_name))

PI = Digits(+CONTEXT.pi)


def agree(left: Any, right: Any, scale: Any = 1) -> bool:
    """Equal, or the same to 45 of 50 digits relative to `scale` and to the larger of both.

    >>> agree(Exact.of(1), 1), agree(Digits.of(2).apply("sqrt") ** 2, 2)
    (True, True)
    """
    if not isinstance(left, Digits) and not isinstance(right, Digits):
        return bool(left == right)
    largest = max(abs(left), abs(right), abs(scale))
    return bool(abs(left - right) <= largest * Digits.of(AGREEMENT))
