"""Dual numbers: a value together with its slopes along many directions at once.

The rules of arithmetic carry the slopes along, so that evaluating a formula evaluates its
derivative with it.  Functions with a kink are short programs that branch on the value, and smooth
ones state their slope once: nothing here is shared with the derivation that is to be judged.

>>> from derive.numbers.scalars import Exact
>>> x = Dual(Exact.of(3), {0: Exact.of(1)})
>>> (x * x + 1).slopes
{0: Exact(6)}
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from derive.errors import DerivationError
from derive.numbers.arithmetic import NotDefined, Scalar, undefined
from derive.numbers.scalars import PI, Digits

Slopes = Mapping[int, Scalar]


# Not frozen, since millions are made in one verification; nothing changes one.
@dataclass(eq=False, slots=True)
class Dual:
    """`value` and its derivative along each direction in which there is one."""

    value: Scalar
    slopes: Slopes = field(default_factory=dict)

    def __add__(self, other: object) -> Dual:
        second = as_dual(other)
        slopes = dict(self.slopes)
        _gather(slopes, second.slopes)
        return Dual(self.value + second.value, slopes)

    __radd__ = __add__

    def __neg__(self) -> Dual:
        return Dual(-self.value, {direction: -slope for direction, slope in self.slopes.items()})

    def __sub__(self, other: object) -> Dual:
        return self + -as_dual(other)

    def __rsub__(self, other: object) -> Dual:
        return as_dual(other) + -self

    def __mul__(self, other: object) -> Dual:
        second = as_dual(other)
        value = self.value * second.value
        return along(value, (self, second.value), (second, self.value))

    __rmul__ = __mul__

    def __truediv__(self, other: object) -> Dual:
        second = as_dual(other)
        value = existing(self.value / second.value)
        above = along(value, (self, 1), (second, -value))
        return Dual(value, {d: slope / second.value for d, slope in above.slopes.items()})

    def __rtruediv__(self, other: object) -> Dual:
        return as_dual(other) / self

    def __pow__(self, other: object) -> Dual:
        exponent = as_dual(other)
        value = existing(self.value**exponent.value)
        parts = []
        # x ** 0 is one everywhere, also at x = 0, where x ** -1 does not exist.
        if self.slopes and exponent.value != 0:
            slope = existing(self.value ** (exponent.value - 1))
            parts.append((self, exponent.value * slope))
        if exponent.slopes:
            parts.append((exponent, existing(value * self.value.apply("log"))))
        return along(value, *parts)

    def __rpow__(self, other: object) -> Dual:
        return as_dual(other) ** self

    def __eq__(self, other: object) -> bool:
        return bool(self.value == as_dual(other).value)

    def __lt__(self, other: object) -> bool:
        return bool(self.value < as_dual(other).value)

    def __le__(self, other: object) -> bool:
        return bool(self.value <= as_dual(other).value)

    def __gt__(self, other: object) -> bool:
        return bool(self.value > as_dual(other).value)

    def __ge__(self, other: object) -> bool:
        return bool(self.value >= as_dual(other).value)


def as_dual(operand: Any) -> Dual:
    """An operand as a dual number; a plain number has no slopes."""
    return operand if isinstance(operand, Dual) else Dual(operand)


def existing(value: Scalar) -> Scalar:
    """The value itself; an error where it does not exist: this point is outside the domain."""
    if isinstance(value, NotDefined):
        raise undefined(str(value.value))
    return value


def along(value: Scalar, *parts: tuple[Dual, Scalar | int]) -> Dual:
    """`value`, whose slope is the sum of the slopes of the parts, each times its weight."""
    slopes: dict[int, Scalar] = {}
    for part, weight in parts:
        if part.slopes:
            _gather(slopes, {d: slope * weight for d, slope in part.slopes.items()})
    return Dual(value, slopes)


def total(numbers: Iterable[Dual]) -> Dual | None:
    """The sum of dual numbers; None where there are none."""
    value: Scalar | None = None
    slopes: dict[int, Scalar] = {}
    for number in numbers:
        value = number.value if value is None else value + number.value
        _gather(slopes, number.slopes)
    return None if value is None else Dual(value, slopes)


def _gather(slopes: dict[int, Scalar], more: Slopes) -> None:
    """Add slopes to those that are there."""
    if not slopes:
        slopes.update(more)
        return
    for direction, slope in more.items():
        slopes[direction] = slopes[direction] + slope if direction in slopes else slope


def _smooth(name: str, slope: Callable[[Any, Any], Any]) -> Callable[[Dual], Dual]:
    """An elementary function by its NumPy name; `slope` is a function of x and of its value."""

    def function(x: Dual) -> Dual:
        value = existing(x.value.apply(name))
        # Without a direction the slope is not asked for: it need not exist (a root at 0).
        return along(value, (x, existing(slope(x.value, value)))) if x.slopes else Dual(value)

    return function


exp = _smooth("exp", lambda x, y: y)
log = _smooth("log", lambda x, y: 1 / x)
sqrt = _smooth("sqrt", lambda x, y: 1 / (2 * y))
tanh = _smooth("tanh", lambda x, y: 1 - y * y)
erf = _smooth("erf", lambda x, y: 2 * (-x * x).exp() / PI.apply("sqrt"))


def sign(x: Dual) -> Dual:
    """-1, 0 or 1, with no slope."""
    return (0 * x) + (x.value > 0) - (x.value < 0)


def absolute(x: Dual) -> Dual:
    """|x|; its slope at 0 is 0."""
    return sign(x) * x


def maximum(a: Dual, b: Dual) -> Dual:
    """The larger; the first of equals."""
    return a if a >= b else b


def minimum(a: Dual, b: Dual) -> Dual:
    """The smaller; the first of equals."""
    return a if a <= b else b


def relu(x: Dual) -> Dual:
    """The positive part of x; its slope at 0 is 0."""
    return x if x > 0 else 0 * x


def sigmoid(x: Dual) -> Dual:
    """1 / (1 + exp(-x))."""
    return 1 / (1 + exp(-x))


def softplus(x: Dual) -> Dual:
    """log(1 + exp(x))."""
    return log(1 + exp(x))


def arctan2(y: Dual, x: Dual) -> Dual:
    """The angle of the point (x, y) from the positive half of the first axis."""
    square = x.value * x.value + y.value * y.value
    # A number that stands still takes the kind of one that moves.
    value = (y.value + 0 * x.value).arctan2(x.value)
    return along(value, (y, existing(x.value / square)), (x, existing(-y.value / square)))


FUNCTIONS: dict[str, Callable[..., Dual]] = {
    "exp": exp,
    "log": log,
    "sqrt": sqrt,
    "tanh": tanh,
    "erf": erf,
    "sin": _smooth("sin", lambda x, y: x.cos()),
    "cos": _smooth("cos", lambda x, y: -x.sin()),
    "tan": _smooth("tan", lambda x, y: 1 + y * y),
    "arcsin": _smooth("arcsin", lambda x, y: 1 / (1 - x * x).sqrt()),
    "arccos": _smooth("arccos", lambda x, y: -1 / (1 - x * x).sqrt()),
    "arctan": _smooth("arctan", lambda x, y: 1 / (1 + x * x)),
    "sinh": _smooth("sinh", lambda x, y: x.cosh()),
    "cosh": _smooth("cosh", lambda x, y: x.sinh()),
    "arcsinh": _smooth("arcsinh", lambda x, y: 1 / (1 + x * x).sqrt()),
    "arccosh": _smooth("arccosh", lambda x, y: 1 / (x * x - 1).sqrt()),
    "arctanh": _smooth("arctanh", lambda x, y: 1 / (1 - x * x)),
    "expm1": lambda x: exp(x) - 1,
    "log1p": lambda x: log(1 + x),
    "lgamma": _smooth("lgamma", lambda x, y: x.digamma()),
    "digamma": _smooth("digamma", lambda x, y: x.trigamma()),
    "sign": sign,
    "abs": absolute,
    "maximum": maximum,
    "minimum": minimum,
    "relu": relu,
    "sigmoid": sigmoid,
    "softplus": softplus,
    "logaddexp": lambda a, b: log(exp(a) + exp(b)),
    "log2": lambda x: log(x) / log(Dual(Digits.of(2))),
    "log10": lambda x: log(x) / log(Dual(Digits.of(10))),
    "erfc": lambda x: 1 - erf(x),
    "arctan2": arctan2,
    # Its own slope is the polygamma function of order two.
    "trigamma": _smooth("trigamma", lambda x, y: x.apply("tetragamma")),
    "stop_gradient": lambda x: Dual(x.value.constant),
}

# Functions that take rational numbers to rational numbers.
RATIONAL = frozenset({"sign", "abs", "maximum", "minimum", "relu", "stop_gradient"})


def call(name: str, *arguments: Dual) -> Dual:
    """The elementary function `name` of dual numbers.

    >>> from derive.numbers.scalars import Exact
    >>> call("relu", Dual(Exact.of(-2), {0: Exact.of(1)})).slopes
    {0: Exact(0)}
    """
    if name not in FUNCTIONS:
        raise DerivationError(
            f"the oracle does not know the function '{name}'",
            f"use one of {', '.join(sorted(FUNCTIONS))}",
        )
    return FUNCTIONS[name](*arguments)
