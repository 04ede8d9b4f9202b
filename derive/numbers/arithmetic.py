"""What exact numbers share, and the values of array code that are no numbers.

Array code computes what it then discards: `np.where(n > 0, s / n, 0)` divides by zero.  So a value
that does not exist is a value too, `NotDefined`, which spoils all that it meets; and a maximum over
nothing starts from `Infinite`.  Neither agrees with any number when results are compared.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable
from fractions import Fraction
from numbers import Real
from typing import Any, NoReturn, Self

from derive.errors import VerificationError


class NotRational(VerificationError):
    """The value is not a rational number, so exact arithmetic cannot hold it."""


class Undefined(VerificationError):
    """The value does not exist at this point: a division by zero, the logarithm of zero."""


def undefined(what: str) -> Undefined:
    """The error of a value that does not exist."""
    return Undefined(f"{what} is not defined", "evaluate at a point inside the domain")


class Scalar:
    """What the classes share: arithmetic through `_lift`, and the refusal to be rounded."""

    __slots__ = ("value",)
    value: Any

    # The operations on raw values.
    _plus = _minus = _times = staticmethod(operator.add)

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
        return NotImplemented if raw is None else type(self)(self._plus(self.value, raw))

    __radd__ = __add__

    def __sub__(self, other: object) -> Any:
        raw = self._lift(other)
        return NotImplemented if raw is None else type(self)(self._minus(self.value, raw))

    def __rsub__(self, other: object) -> Any:
        raw = self._lift(other)
        return NotImplemented if raw is None else type(self)(self._minus(raw, self.value))

    def __mul__(self, other: object) -> Any:
        raw = self._lift(other)
        return NotImplemented if raw is None else type(self)(self._times(self.value, raw))

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Any:
        raw = self._lift(other)
        return NotImplemented if raw is None else self._quotient(self.value, raw)

    def __rtruediv__(self, other: object) -> Any:
        raw = self._lift(other)
        return NotImplemented if raw is None else self._quotient(raw, self.value)

    def __pow__(self, other: object) -> Any:
        raw = self._lift(other)
        return NotImplemented if raw is None else self._power(self.value, raw)

    def __rpow__(self, other: object) -> Any:
        raw = self._lift(other)
        return NotImplemented if raw is None else self._power(raw, self.value)

    @classmethod
    def _quotient(cls, above: Any, below: Any) -> Scalar:
        raise NotImplementedError

    @classmethod
    def _power(cls, base: Any, exponent: Any) -> Scalar:
        raise NotImplementedError

    def apply(self, name: str) -> Scalar:
        """The elementary function that NumPy knows by `name`."""
        raise NotImplementedError

    @property
    def constant(self) -> Scalar:
        """Itself: it does not move."""
        return self

    def __neg__(self) -> Self:
        return type(self)(-self.value)

    def __pos__(self) -> Self:
        return self

    def __abs__(self) -> Self:
        return type(self)(abs(self.value))

    def __bool__(self) -> bool:
        return bool(self.value != 0)

    def __eq__(self, other: object) -> bool:
        return self._compare(other, operator.eq)

    def __ne__(self, other: object) -> bool:
        return self._compare(other, operator.ne)

    def __lt__(self, other: object) -> bool:
        return self._compare(other, operator.lt)

    def __le__(self, other: object) -> bool:
        return self._compare(other, operator.le)

    def __gt__(self, other: object) -> bool:
        return self._compare(other, operator.gt)

    def __ge__(self, other: object) -> bool:
        return self._compare(other, operator.ge)

    def _compare(self, other: object, relation: Callable[[Any, Any], bool]) -> bool:
        # An infinite bound is compared with, never computed with: nothing is rounded.
        if isinstance(other, float) and math.isinf(other):
            return relation(0, other)
        raw = self._lift(other)
        return NotImplemented if raw is None else relation(self.value, raw)

    def __hash__(self) -> int:
        return hash(self.value)

    def arctan2(self, other: Scalar) -> Scalar:
        """The angle of the point (other, self), which NumPy asks of the first argument."""
        raise NotRational(f"an angle of {self!r} is not rational", "evaluate to 50 digits")

    def astype(self, dtype: object) -> Self:
        """Itself, as NumPy's numbers change their type: an exact number has no other."""
        return self

    def conjugate(self) -> Self:
        """Itself: the numbers are real."""
        return self


class NotDefined(Scalar):
    """A value that does not exist; `value` says why.  What is computed from it does not either.

    Like the float `nan` it is neither less than, equal to nor greater than anything.
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"NotDefined({self.value})"

    def _itself(self, *others: Any) -> Any:
        # An array takes its entries one by one.
        return self if all(isinstance(other, SINGLE) for other in others) else NotImplemented

    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = _itself
    __truediv__ = __rtruediv__ = __pow__ = __rpow__ = _itself
    __neg__ = __pos__ = __abs__ = _itself

    def apply(self, name: str) -> Scalar:
        """Itself: no function gives it a value."""
        return self

    def arctan2(self, other: Scalar) -> Scalar:
        """Itself."""
        return self

    def __bool__(self) -> bool:
        return True

    def _compare(self, other: object, relation: Callable[[Any, Any], bool]) -> bool:
        return relation is operator.ne

    __hash__ = Scalar.__hash__


# What is a number, and no array of them.
SINGLE: Any = (Scalar, Real)


class Infinite(Scalar):
    """Plus or minus infinity; `value` is a float, which is compared with and never rounded.

    >>> Infinite(-math.inf).apply("exp"), Infinite(math.inf) + 1 > 10**9
    (0, True)
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return f"Infinite({self.value})"

    def _with(self, other: Any, operation: Callable[[Any, Any], float]) -> Any:
        if isinstance(other, NotDefined):
            return other
        if not isinstance(other, SINGLE):
            # An array takes its entries one by one.
            return NotImplemented
        sign = (other > 0) - (other < 0)
        infinite = isinstance(other, (Infinite, float))
        result = operation(self.value, sign * math.inf if infinite else float(sign))
        if math.isnan(result):
            return NotDefined(f"an operation on {self!r} and {other!r}")
        return Infinite(result) if math.isinf(result) else int(result)

    def __add__(self, other: object) -> Any:
        return self._with(other, operator.add)

    __radd__ = __add__

    def __sub__(self, other: object) -> Any:
        return self._with(other, operator.sub)

    def __rsub__(self, other: object) -> Any:
        return -(self - other)

    def __mul__(self, other: object) -> Any:
        return self._with(other, lambda a, b: a * b)

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Any:
        return self._with(other, lambda a, b: a / b if b else math.nan)

    def __rtruediv__(self, other: object) -> Any:
        return self._with(other, lambda a, b: b / a)

    def __pow__(self, other: object) -> Any:
        return NotDefined(f"a power of {self!r}")

    __rpow__ = __pow__

    def apply(self, name: str) -> Any:
        """Where the function has a limit that is used in practice: exp, log, tanh, sqrt."""
        limits: dict[tuple[str, bool], float] = {
            ("exp", True): math.inf,
            ("exp", False): 0,
            ("expm1", False): -1,
            ("tanh", True): 1,
            ("tanh", False): -1,
            ("log", True): math.inf,
            ("sqrt", True): math.inf,
        }
        limit = limits.get((name, self.value > 0))
        if limit is None:
            return NotDefined(f"{name} of {self!r}")
        return Infinite(limit) if math.isinf(limit) else int(limit)

    def _compare(self, other: object, relation: Callable[[Any, Any], bool]) -> bool:
        if isinstance(other, NotDefined):
            refused: bool = NotImplemented  # the other operand answers
            return refused
        return relation(self.value, other.value if isinstance(other, Infinite) else _finite(other))

    __hash__ = Scalar.__hash__


def _finite(other: object) -> float:
    """What an infinite number is compared with: zero stands for everything finite."""
    return other if isinstance(other, float) and math.isinf(other) else 0.0
