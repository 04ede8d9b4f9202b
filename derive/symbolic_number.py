"""A number that remembers how it depends on one symbol, so that SymPy can differentiate it.

At one place, with every entry but one replaced by its number, a term is a function of one symbol.
The value decides which branch is taken and which of several terms is the largest; the expression
is what SymPy differentiates.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import sympy

from derive.dual import Dual
from derive.evaluate import SCALARS, How
from derive.scalars import CONTEXT, Digits, Exact, Scalar

# Guard digits beyond the 50 that are compared.
BINARY_DIGITS = 200
DECIMAL_DIGITS = 60

SYMBOL: Any = sympy.Symbol("t", real=True)

FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sqrt": sympy.sqrt,
    "exp": sympy.exp,
    "log": sympy.log,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "tan": sympy.tan,
    "arcsin": sympy.asin,
    "arccos": sympy.acos,
    "arctan": sympy.atan,
    "sinh": sympy.sinh,
    "cosh": sympy.cosh,
    "tanh": sympy.tanh,
    "arcsinh": sympy.asinh,
    "arccosh": sympy.acosh,
    "arctanh": sympy.atanh,
    "erf": sympy.erf,
    "lgamma": sympy.loggamma,
    "digamma": sympy.digamma,
    "trigamma": sympy.trigamma,
}


@dataclass(frozen=True, eq=False, slots=True)
class Symbolic:
    """`expression` in the one symbol, and its `value` at the point."""

    value: Scalar
    expression: Any

    def __add__(self, other: Any) -> Symbolic:
        second = _join(other)
        return Symbolic(self.value + second.value, self.expression + second.expression)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Symbolic:
        second = _join(other)
        return Symbolic(self.value * second.value, self.expression * second.expression)

    __rmul__ = __mul__

    def __neg__(self) -> Symbolic:
        return Symbolic(-self.value, -self.expression)

    def __abs__(self) -> Symbolic:
        return -self if self < 0 else self

    def __sub__(self, other: Any) -> Symbolic:
        return self + -_join(other)

    def __rsub__(self, other: Any) -> Symbolic:
        return _join(other) + -self

    def __truediv__(self, other: Any) -> Symbolic:
        second = _join(other)
        return Symbolic(self.value / second.value, self.expression / second.expression)

    def __rtruediv__(self, other: Any) -> Symbolic:
        return _join(other) / self

    def __pow__(self, other: Any) -> Symbolic:
        second = _join(other)
        return Symbolic(self.value**second.value, self.expression**second.expression)

    def __rpow__(self, other: Any) -> Symbolic:
        return _join(other) ** self

    def __eq__(self, other: object) -> bool:
        return bool(self.value == _join(other).value)

    def __lt__(self, other: Any) -> bool:
        return bool(self.value < _join(other).value)

    def __le__(self, other: Any) -> bool:
        return bool(self.value <= _join(other).value)

    def __gt__(self, other: Any) -> bool:
        return bool(self.value > _join(other).value)

    def __ge__(self, other: Any) -> bool:
        return bool(self.value >= _join(other).value)

    def apply(self, name: str) -> Symbolic:
        """The elementary function that NumPy knows by `name`."""
        return Symbolic(self.value.apply(name), FUNCTIONS[name](self.expression))

    def arctan2(self, other: Any) -> Symbolic:
        """The angle of the point (other, self)."""
        second = _join(other)
        angle = sympy.atan2(self.expression, second.expression)
        return Symbolic(self.value.arctan2(second.value), angle)


def _join(other: Any) -> Symbolic:
    """An operand as a number that does not depend on the symbol."""
    if isinstance(other, Symbolic):
        return other
    return Symbolic(other, _to_sympy(other))


def _to_sympy(number: Any) -> Any:
    match number:
        case Exact():
            return sympy.Rational(number.value.numerator, number.value.denominator)
        case Digits():
            return sympy.Float(number.value._mpf_, precision=BINARY_DIGITS)
    return sympy.Integer(int(number))


def variable(number: Dual) -> Dual:
    """A number as the symbol itself."""
    symbol: Any = Symbolic(number.value, SYMBOL)
    return Dual(symbol)


def derivative_at(result: Any, point: Scalar | None, how: How) -> Dual:
    """SymPy's derivative of what was computed from the symbol, where the symbol is `point`.

    >>> from derive.scalars import Exact
    >>> x = Dual(Exact.of(3))
    >>> t = variable(x)
    >>> derivative_at(t * t + 1, x.value, "exact").value
    Exact(6)
    """
    if point is None or not isinstance(result.value, Symbolic):
        return Dual(SCALARS[how].of(0))
    slope = result.value.expression.diff(SYMBOL).xreplace({SYMBOL: _to_sympy(point)})
    if slope.is_Rational:
        return Dual(SCALARS[how].of(Fraction(int(slope.p), int(slope.q))))
    return Dual(Digits(CONTEXT.make_mpf(slope.evalf(DECIMAL_DIGITS)._mpf_)))
