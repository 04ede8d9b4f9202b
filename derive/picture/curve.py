"""The drawing of a run: a number that changes from step to step, over the steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from derive.decimals import rounded as measured
from derive.picture.drawing import LABEL, SMALL, Drawing, Item, Label, Line, Word, rounded
from derive.typeset.layout import Layout
from derive.typeset.symbols import Notation
from derive.typeset.terms import layout

# The frame of the plot, and the room around it for ticks and names.
WIDTH, HEIGHT = 290.0, 150.0
LEFT, TOP, RIGHT, BOTTOM = 52.0, 24.0, 16.0, 42.0
TICK = 4.0
# A run is drawn through at most so many points, and has about so many ticks.
MOST_POINTS, TICKS = 120, 5
# Positive numbers that fall or grow by more than this factor are drawn by their logarithms.
FACTOR = 100.0
DIGITS = 6


@dataclass(frozen=True)
class Scale:
    """From a number to a place between 0 and 1, and the numbers that are marked."""

    first: float
    last: float
    ticks: tuple[float, ...]
    logarithmic: bool = False

    def place(self, value: float) -> float:
        """Where a number stands."""
        shown = log10(value) if self.logarithmic else value
        return (shown - self.first) / (self.last - self.first)


def curve(values: Sequence[float], symbol: Layout, steps: Word) -> Drawing:
    """The curve of the `values` before each step and after the last, with its axes.

    `symbol` names the number, and `steps` what is counted.
    """
    across, up = steps_to(len(values) - 1), scale_of(values)
    shown = [
        (_across(across, float(step)), _down(up, values[step])) for step in _sampled(len(values))
    ]
    right, bottom = LEFT + WIDTH, TOP + HEIGHT
    items = (
        *_marks(across, up),
        Line("frame", (LEFT, TOP), (((LEFT, bottom),), ((right, bottom),))),
        Line("curve", shown[0], tuple((point,) for point in shown[1:])),
        Label(symbol, (LEFT, TOP - 14), "middle", LABEL),
        Label(steps, (LEFT + WIDTH / 2, bottom + 34), "middle", LABEL),
    )
    return Drawing(right + RIGHT, bottom + BOTTOM, items)


def _across(scale: Scale, step: float) -> float:
    return rounded(LEFT + WIDTH * scale.place(step))


def _down(scale: Scale, value: float) -> float:
    """The height of a number, to half a unit: steps that nearly go astray differ by machines."""
    return round(2 * (TOP + HEIGHT * (1 - scale.place(value)))) / 2


def _marks(across: Scale, up: Scale) -> Iterator[Item]:
    """The ticks with their numbers, and a faint line at each height."""
    bottom = TOP + HEIGHT
    for value in up.ticks:
        y = _down(up, value)
        yield Line("grid", (LEFT, y), (((LEFT + WIDTH, y),),))
        yield Label(_number(value), (LEFT - TICK - 3, y), "end", SMALL, "faint")
    for step in across.ticks:
        x = _across(across, step)
        yield Line("frame", (x, bottom), (((x, bottom + TICK),),))
        yield Label(_number(step), (x, bottom + TICK + 9), "middle", SMALL, "faint")


def _number(value: float) -> Layout:
    return layout(measured(value, DIGITS), Notation())


def _sampled(count: int) -> list[int]:
    """At most so many steps, evenly, the first and the last among them."""
    last = count - 1
    points = min(last, MOST_POINTS)
    return [last * place // points for place in range(points + 1)]


def scale_of(values: Sequence[float]) -> Scale:
    """A scale on which all values stand."""
    low, high = min(values), max(values)
    if low > 0 and high > FACTOR * low:
        return _logarithmic(low, high)
    return linear(low, high)


def steps_to(last: int) -> Scale:
    """A scale from no step to the last, whole numbers at its ticks.

    >>> steps_to(300).ticks
    (0.0, 100.0, 200.0, 300.0)
    """
    unit = max(1.0, _unit(last / TICKS))
    return Scale(0.0, float(last), tuple(unit * place for place in range(int(last / unit) + 1)))


def linear(low: float, high: float) -> Scale:
    """A scale from a round number to a round number.

    >>> linear(0.3, 2.4).ticks
    (0.0, 0.5, 1.0, 1.5, 2.0, 2.5)
    """
    # What the digits of the ticks do not tell apart is drawn as a line that stays.
    least = max(abs(low), abs(high)) * 10.0 ** (2 - DIGITS)
    if high - low <= least:
        margin = max(1.0, 10 * least)
        low, high = low - margin, high + margin
    unit = _unit((high - low) / TICKS)
    first, last = floor(low / unit), ceil(high / unit)
    ticks = tuple(float(f"{unit * place:.{DIGITS}g}") for place in range(first, last + 1))
    return Scale(ticks[0], ticks[-1], ticks)


def _unit(least: float) -> float:
    """The next round number."""
    power = 10.0 ** floor(log10(least))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= least), 10 * power)


def _logarithmic(low: float, high: float) -> Scale:
    first, last = floor(log10(low)), ceil(log10(high))
    each = ceil((last - first) / (TICKS + 1))
    ticks = tuple(float(f"1e{power}") for power in range(first, last + 1, each))
    return Scale(float(first), float(last), ticks, logarithmic=True)
