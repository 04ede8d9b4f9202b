"""Numbers that move: a value and how fast it changes, usable wherever a scalar is.

As the values of dual numbers they give second derivatives: the outer slopes are first derivatives,
and how fast these move is what is sought.  A number that moves is a dual number with one direction,
so that nothing is known here that `dual` does not know.

>>> from derive.numbers.scalars import Exact
>>> x = Dual(moving(Exact.of(3), Exact.of(1)), {0: Exact.of(1)})
>>> rate((x * x * x).slopes[0])
Exact(18)
"""

from __future__ import annotations

import operator
from typing import Any

from derive.numbers.arithmetic import Scalar
from derive.numbers.dual import Dual, absolute, arctan2, as_dual, call


class Moving(Scalar):
    """A scalar that changes along one direction; `value` is a dual number."""

    __slots__ = ()

    _plus = staticmethod(operator.add)
    _minus = staticmethod(operator.sub)
    _times = staticmethod(operator.mul)

    def __repr__(self) -> str:
        return f"Moving({self.value.value}, {rate(self)})"

    @classmethod
    def _lift(cls, other: object) -> Dual:
        return other.value if isinstance(other, Moving) else as_dual(other)

    @classmethod
    def _quotient(cls, above: Dual, below: Dual) -> Scalar:
        return cls(above / below)

    @classmethod
    def _power(cls, base: Dual, exponent: Dual) -> Scalar:
        return cls(base**exponent)

    def __abs__(self) -> Moving:
        return Moving(absolute(self.value))

    def apply(self, name: str) -> Scalar:
        """The elementary function that NumPy knows by `name`."""
        return Moving(call(name, self.value))

    def arctan2(self, other: Scalar) -> Scalar:
        """The angle of the point (other, self)."""
        return Moving(arctan2(self.value, self._lift(other)))

    @property
    def constant(self) -> Scalar:
        """The value, which does not move."""
        value: Scalar = self.value.value
        return value


def moving(value: Scalar, slope: Scalar) -> Moving:
    """The number with a value and the slope of it."""
    return Moving(Dual(value, {0: slope}))


def rate(number: Any) -> Any:
    """How fast a number moves; zero for one that does not."""
    if isinstance(number, Moving):
        return number.value.slopes.get(0, 0 * number.value.value)
    return 0 * number
