"""A hand-written gradient in the place of the generated one, held against the forward equations.

The function is called at many small sizes and points on floats; what it should return the oracle
says, dual numbers carried through loops over the forward equations.  An entry may differ by
rounding errors only, relative to the scale of its gradient.  At a kink, where there is no
derivative, any slope is accepted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from derive.errors import VerificationError
from derive.model import Specification, parameters
from derive.program.arrays import show_name
from derive.sizes import show_size
from derive.terms import Derivative, Name, Quantity, Term, entries
from derive.verification.comparing import exact_as_floats
from derive.verification.diagnose import Sample, diagnose
from derive.verification.handwritten import Convert, Handwritten, Returned, handwritten
from derive.verification.likely import Show, Suspicion, likely_mistake
from derive.verification.oracle import arithmetic_of
from derive.verification.points import Point, dead_entries, draw_points
from derive.verification.probes import circumstances
from derive.verification.report import Line, Report, Verdict, show_sizes
from derive.verification.running import as_floats
from derive.verification.shrinking import smallest
from derive.verification.verify import choice_lines

# How much of its own scale an entry may differ by, and of the scale of all gradients together.
BOUNDS = {"f8": (1e-9, 1e-13), "f4": (1e-4, 1e-6)}
# So many points at each of a few sizes: some mistakes show at few of them.
CASES = 8
# A wrong gradient is looked at, for its mistake, at so many points.
LOOKED_AT = 4
# An error that is smaller than this is no forgotten term.
SMALL = 0.05


def in_names(term: Term) -> str:
    """A term by the names of what it reads, where nothing better is known.

    >>> from derive.terms import Entry, Quantity
    >>> x = Quantity("x")
    >>> in_names(Entry(x))
    'in x'
    """
    return f"in {', '.join(dict.fromkeys(show_name(e.quantity.name) for e in entries(term)))}"


@dataclass(frozen=True, eq=False)
class Comparison:
    """What a function returned for one quantity at one point, beside what is right."""

    point: Point
    expected: np.ndarray
    found: np.ndarray
    tolerance: float

    @property
    def wrong(self) -> tuple[int, ...] | None:
        """The first entry that differs, () where the shapes do; None where nothing does."""
        if self.expected.shape != self.found.shape:
            return ()
        with np.errstate(all="ignore"):
            right = np.abs(self.found - self.expected) <= self.tolerance
        return None if right.all() else tuple(int(k) for k in np.argwhere(~right)[0])

    @property
    def error(self) -> float:
        """The largest difference."""
        if self.expected.shape != self.found.shape or not np.all(np.isfinite(self.found)):
            return float("inf")
        return float(np.abs(self.found - self.expected).max(initial=0.0))


def verify_against(
    model: Specification,
    function: Callable[..., Any],
    seed: int = 0,
    cases: int = CASES,
    show: Show = in_names,
    convert: Convert | None = None,
) -> Report:
    """Hold the gradients that a function returns against the forward equations of a model.

    `cases` is the least number of random points at each of a few sizes, `show` prints a term,
    `convert` makes of an array of NumPy what the function takes.  Raises a UsageError where the
    function asks for what the model does not have, a VerificationError where it raises or returns
    no arrays.
    """
    called = handwritten(model, function, convert)
    try:
        points = draw_points(model, seed, cases)
    except VerificationError as error:
        cost = show_name(model.objective.cost.name)
        line = Line("against", cost, (), arithmetic_of(model), "undecided", note=error.cause)
        return Report(model.name, (line,))
    results = [called(point) for point in points]
    _same_twice(called, points[0], results[0])
    lines = [
        _Against(model, called, points, results, parameter, show).line
        for parameter in parameters(model)
    ]
    cost_line = _cost_line(model, points, results)
    others = (replace(line, level="against") for line in choice_lines(model, points))
    return Report(model.name, (*lines, *cost_line, *others))


def _same_twice(called: Handwritten, point: Point, before: Returned) -> None:
    again = called(point)[1]
    different = [n for n, a in before[1].items() if not np.array_equal(a, again[n], equal_nan=True)]
    if different:
        raise VerificationError(
            f"{called.shown} returns another gradient of {different[0]} for the same data",
            "leave out what is random, or fix its seed in each call",
        )


@dataclass(frozen=True, eq=False)
class _Against:
    """One gradient of a function, at all points."""

    model: Specification
    called: Handwritten
    points: Sequence[Point]
    results: Sequence[Returned]
    parameter: Quantity
    show: Show

    @property
    def name(self) -> Derivative:
        return Derivative(self.model.objective.cost.name, self.parameter.name)

    def comparison(self, point: Point, returned: Returned) -> Comparison:
        expected = exact_as_floats(point.gradients[self.parameter.name])
        found = returned[1][self.parameter.name]
        own, everywhere = _bounds(found.dtype)
        scale = max(_scale(expected), self._scale_at(point.sizes))
        both = own * scale + everywhere * _scale_of_all(point)
        return Comparison(point, expected, found.astype(np.float64), both)

    def _scale_at(self, sizes: Any) -> float:
        arrays = [p.gradients[self.parameter.name] for p in self.points if p.sizes == sizes]
        return max((_scale(exact_as_floats(array)) for array in arrays), default=0.0)

    @property
    def line(self) -> Line:
        """What is to be said about this gradient."""
        every = [self.comparison(p, r) for p, r in zip(self.points, self.results, strict=True)]
        smooth = [comparison for comparison in every if not comparison.point.tied]
        kinks = [c for c in every if c.point.tied and c.wrong is not None]
        wrong = [comparison for comparison in smooth if comparison.wrong is not None]
        # Another shape is wrong at a kink as well.
        wrong += [c for c in kinks if c.wrong == () and c.expected.shape != c.found.shape]
        sizes = tuple(dict.fromkeys(point.sizes for point in self.points))
        scale = max((_scale(c.expected) for c in smooth), default=0.0) or 1.0
        worst = max((c.error for c in smooth), default=0.0) / scale
        how = f"{every[0].found.dtype}, {len(every)} points"
        note = ""
        verdict: Verdict = "verified"
        silent = [place for wrt, place in dead_entries(self.points) if wrt == self.parameter.name]
        if wrong:
            verdict, note = "failed", self._explained(wrong, smooth)
        elif silent:
            shown = ", ".join(str(list(place)) for place in silent[:3])
            verdict, note = "undecided", f"always zero where it was tried: {shown}"
        elif kinks:
            note = "at a kink it takes another slope than the model does, which is no mistake"
        bound = _bounds(self.results[0][1][self.parameter.name].dtype)[0]
        shown = show_name(self.name)
        return Line("against", shown, sizes, how, verdict, worst, bound, note)

    # --- failures

    def _explained(self, wrong: Sequence[Comparison], smooth: Sequence[Comparison]) -> str:
        generic = [c for c in smooth if not c.point.special]
        finite = [c for c in wrong if np.all(np.isfinite(c.found))]
        first = next((c for c in finite or wrong if not c.point.special), (finite or wrong)[0])
        small = smallest(self.model, partial(self._fails, bool(finite)), first.point)
        shown = self.comparison(small, self.called(small))
        lines = [*_entry_lines(show_name(self.name), shown)]
        if not finite:
            return "\n".join(lines)
        if generic and all(c.wrong is None for c in generic):
            lines.append(f"it is wrong only {_special(first.point)}")
        lines += list(self._likely(shown, generic, first))
        return "\n".join(lines)

    def _fails(self, finite: bool, point: Point) -> bool:
        """Whether it is wrong there, in the same way: with numbers, or with what is none."""
        found = self.comparison(point, self.called(point))
        alike = bool(np.all(np.isfinite(found.found))) == finite
        return alike and not point.tied and found.wrong is not None

    def _likely(
        self, small: Comparison, generic: Sequence[Comparison], first: Comparison
    ) -> Iterator[str]:
        # The smallest one first: most hypotheses end there.
        known = [c for c in generic if np.all(np.isfinite(c.found))]
        told = [c for c in known if c.wrong is not None or _says_something(c)]
        looked_at = [small, *_varied(told)]
        samples = [self._sample(comparison) for comparison in looked_at]
        points = [comparison.point for comparison in looked_at]
        suspicion = Suspicion(self.model, self.parameter.name, points, samples, self.show)
        found = likely_mistake(suspicion)
        if found:
            yield f"likely: {found}"
            return
        size = max(c.error / (_scale(c.expected) or 1.0) for c in looked_at)
        if size < SMALL:
            yield (
                f"likely: it is off by {size:.1e} of its size: the derivative of an approximation "
                "or of a similar function, a rounded constant, or a difference quotient"
            )
            return
        found = "\n".join(circumstances(self.model, first.point, self._is_right))
        yield found or (
            "no mistake that is known here explains it: compare it with the derivation, "
            f"`derive show {self.model.name} {self.parameter.name}`"
        )

    def _is_right(self, point: Point) -> bool | None:
        comparison = self.comparison(point, self.called(point))
        return comparison.wrong is None if np.any(comparison.expected) else None

    def _sample(self, comparison: Comparison) -> Sample:
        point = comparison.point
        arrays: Mapping[str, np.ndarray] = {
            str(name): as_floats(array) for name, array in point.inputs.items()
        }
        constants = {
            str(d.quantity.name): float(d.value)
            for d in self.model.declarations
            if d.value is not None
        }
        numbers = {name: float(array) for name, array in arrays.items() if array.ndim == 0}
        axes = tuple(show_size(size) for size in self.parameter.shape)
        # What is right up to rounding is right.
        found = comparison.expected if comparison.wrong is None else comparison.found
        return Sample(
            comparison.expected,
            found,
            dict(point.sizes),
            numbers | constants,
            {name: array for name, array in arrays.items() if array.ndim},
            axes,
        )


def _says_something(comparison: Comparison) -> bool:
    """Whether the gradient is more there than a rounding error."""
    return _scale(comparison.expected) > BOUNDS["f8"][1] * _scale_of_all(comparison.point)


def _varied(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """A few comparisons, of different sizes where there are any."""
    by_sizes: dict[Any, list[Comparison]] = {}
    for comparison in comparisons:
        by_sizes.setdefault(comparison.point.sizes, []).append(comparison)
    groups = list(by_sizes.values())
    rounds = max((len(group) for group in groups), default=0)
    chosen = [group[k] for k in range(rounds) for group in groups if k < len(group)]
    return chosen[:LOOKED_AT]


def _entry_lines(name: str, comparison: Comparison) -> Iterator[str]:
    """The first entry that differs, at which sizes."""
    place, point = comparison.wrong, comparison.point
    where = f" at {show_sizes(point.sizes)}" if point.sizes else ""
    where += ", at special values" if point.special else ""
    if place is None or comparison.expected.shape != comparison.found.shape:
        return
    entry = f"{name}{list(place)}" if place else name
    found, expected = comparison.found[place], comparison.expected[place]
    yield f"{entry} is {found:.6g}, it should be {expected:.6g}{where}"
    if not np.isfinite(found):
        shown = ", ".join(
            f"{key} = {np.array2string(as_floats(array), precision=3, separator=', ')}"
            for key, array in point.inputs.items()
        )
        yield f"it is not finite, where the model is: {' '.join(shown.split())}"


def _special(point: Point) -> str:
    return "at special values (zeros, ones, repeats)" if point.special else "in some places"


def _bounds(kind: np.dtype[Any]) -> tuple[float, float]:
    return BOUNDS["f4" if kind.kind == "f" and kind.itemsize < 8 else "f8"]


def _scale(array: np.ndarray) -> float:
    return float(np.abs(array).max(initial=0.0))


def _scale_of_all(point: Point) -> float:
    """The largest number that is met on the way: gradients that vanish do so up to rounding."""
    computed = map(exact_as_floats, (*point.gradients.values(), *point.values.values()))
    arrays = (*computed, *map(as_floats, point.inputs.values()))
    return max((_scale(np.nan_to_num(array)) for array in arrays), default=0.0)


def _cost_line(
    model: Specification, points: Sequence[Point], results: Sequence[Returned]
) -> Iterator[Line]:
    """A line for the cost, where the function returns it."""
    cost: Name = model.objective.cost.name
    samples, wrong = [], []
    for point, (found, _) in zip(points, results, strict=True):
        if found is None:
            return
        expected = exact_as_floats(point.values[cost]).reshape(())
        sample = Sample(expected, found.astype(np.float64).reshape(()), dict(point.sizes))
        samples.append((point, sample))
        own, _ = _bounds(found.dtype)
        scale = max(abs(float(expected)), _scale_of_all(point))
        if not abs(float(sample.found) - float(expected)) <= own * scale:
            wrong.append((point, sample))
    sizes = tuple(dict.fromkeys(point.sizes for point in points))
    verdict: Verdict = "failed" if wrong else "verified"
    note = ""
    if wrong:
        (point, sample), *_ = wrong
        note = f"it is {float(sample.found):.6g}, it should be {float(sample.expected):.6g}"
        note += f" at {show_sizes(point.sizes)}" if point.sizes else ""
        likely = diagnose([s for p, s in wrong if not p.special])
        note += f"\nlikely: {likely}" if likely else ""
    how = f"{results[0][1][parameters(model)[0].name].dtype}, {len(points)} points"
    yield Line("against", show_name(cost), sizes, how, verdict, note=note)
