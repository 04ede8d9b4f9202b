"""Which mistake in a derivation leads to a gradient that is wrong: the first one that fits.

Relations between the arrays come first.  Then each part of the equations is made a constant in
turn: what is then missing from the gradient is the contribution of this part, and where the error
is a multiple of it, that term is missing, or has a wrong factor or sign.  Then other derivatives
are put in the place of right ones, and last two terms at a time are looked at.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from derive.errors import DerivationError
from derive.model import Specification
from derive.numbers.arithmetic import Undefined
from derive.numbers.evaluation import Evaluation, OutOfRange, whole
from derive.terms import Entry, Index, Name, Reduction, Term
from derive.verification.comparing import exact_as_floats
from derive.verification.diagnose import Sample, close, diagnose, factor_between, in_sizes
from derive.verification.mistakes import (
    Part,
    collected,
    depending,
    mistakes_at,
    once_more,
    only_at,
    parts,
    quantity_without,
    without,
)
from derive.verification.oracle import run, slopes_of
from derive.verification.points import Point

# At most so many parts are looked at two at a time, and so many places of indices one by one.
TOGETHER, PLACES = 16, 64

Show = Callable[[Term], str]
Arrays = tuple[np.ndarray, ...]


@dataclass(frozen=True, eq=False)
class Suspicion:
    """A gradient of a model that is wrong: the points, and there what it is and should be."""

    model: Specification
    name: Name
    points: Sequence[Point]
    samples: Sequence[Sample]
    show: Show

    def gradients(self, model: Specification) -> Arrays | None:
        """What the gradient would be if another model were differentiated; None where undefined."""
        found = []
        for point in self.points:
            try:
                here, places = run(model, dict(point.sizes), point.inputs, [self.name], "50 digits")
            except (Undefined, OutOfRange, DerivationError):
                return None
            cost = here.arrays[model.objective.cost.name].item()
            slopes = slopes_of(cost, [self.name], here, places)
            found.append(exact_as_floats(slopes[self.name]))
        return tuple(found)

    def first(self) -> Suspicion:
        """The same at the first point alone, where most hypotheses end."""
        return replace(self, points=self.points[:1], samples=self.samples[:1])

    def explained_by(self, model: Specification) -> bool:
        """Whether a model, differentiated, gives what was found, and not what is right."""
        for suspicion in (self.first(), self):
            found = suspicion.gradients(model)
            if found is None or not suspicion.fits(found):
                return False
        return True

    def fits(self, arrays: Arrays) -> bool:
        """Whether these arrays are what was found."""
        return all(close(s.found, a) for s, a in zip(self.samples, arrays, strict=True))


def likely_mistake(suspicion: Suspicion) -> str:
    """What was probably done wrong, in one sentence; "" where nothing fits."""
    found = diagnose(suspicion.samples)
    if found or any(s.found.shape != s.expected.shape for s in suspicion.samples):
        return found
    return next(_hypotheses(suspicion), "")


def _hypotheses(suspicion: Suspicion) -> Iterator[str]:
    contributions = list(_contributions(suspicion))
    for text, arrays in contributions:
        yield from _as_multiple(suspicion, text, arrays)
    yield from _two_missing(suspicion)
    yield from (f"only {text} is there" for text, a in contributions if suspicion.fits(a))
    all_parts = list(parts(suspicion.model, suspicion.name))
    for part in all_parts:
        for mistake in mistakes_at(part):
            if suspicion.explained_by(mistake.model):
                yield mistake.text
    for name in sorted(depending(suspicion.model, suspicion.name), key=str):
        for mistake in once_more(suspicion.model, name):
            if suspicion.explained_by(mistake.model):
                yield mistake.text
    for part in all_parts:
        yield from _written_over(suspicion, part)
    yield from _two_multiples(suspicion, contributions)


# --- terms that are missing, or have a wrong factor ---------------------------------------------


def _sources(suspicion: Suspicion) -> Iterator[tuple[str, Specification]]:
    """What may be taken for a constant: whole quantities, then the parts of their equations."""
    model = suspicion.model
    moving = depending(model, suspicion.name) - {suspicion.name, model.objective.cost.name}
    for name in dict.fromkeys(e.left.name for e in model.equations if e.left.name in moving):
        yield f"the term through '{name}'", quantity_without(model, name)
    found = list(parts(model, suspicion.name))
    for part in sorted(found, key=lambda part: not part.is_summand):
        yield _described(part, suspicion.show), without(part)


def _described(part: Part, show: Show) -> str:
    of = f"in the equation of '{part.equation.left.name}'"
    if part.is_summand:
        return f"the summand {show(part.term)} {of}"
    return f"the term through {show(part.term)} {of}"


def _contributions(suspicion: Suspicion) -> Iterator[tuple[str, Arrays]]:
    """What each source contributes to the gradient, where that is some of it and not all."""
    seen: list[Arrays] = []
    for text, model in _sources(suspicion):
        found = suspicion.gradients(model)
        if found is None:
            continue
        arrays = tuple(s.expected - a for s, a in zip(suspicion.samples, found, strict=True))
        nothing = all(close(s.expected, a) for s, a in zip(suspicion.samples, found, strict=True))
        if nothing or any(all(map(close, arrays, other)) for other in seen):
            continue
        seen.append(arrays)
        yield text, arrays


def _as_multiple(suspicion: Suspicion, text: str, arrays: Arrays) -> Iterator[str]:
    """The error as a multiple of one contribution."""
    known = []
    for sample, array in zip(suspicion.samples, arrays, strict=True):
        ratio = factor_between(array, sample.found - sample.expected)
        if ratio is not None:
            known.append((sample, 1 + ratio))
        elif not (close(sample.found, sample.expected) and is_nothing(array, sample)):
            return
    if known:
        yield from _said(text, known)


def is_nothing(array: np.ndarray, sample: Sample) -> bool:
    """Whether a contribution is no more than a rounding error."""
    return bool(np.abs(array).max(initial=0.0) <= 1e-12 * np.abs(sample.expected).max(initial=0.0))


def _said(text: str, known: Sequence[tuple[Sample, float]]) -> Iterator[str]:
    """What is wrong with a term that counts so many times."""
    if all(abs(times) < 1e-6 for _, times in known):
        yield f"{text} is missing"
    elif all(abs(times + 1) < 1e-6 for _, times in known):
        yield f"{text} has the wrong sign"
    elif all(times > 0 for _, times in known) and (factor := in_sizes(known)):
        above, below = (f"({part})" if " " in part else part for part in factor)
        if below == "1":
            yield f"{text} is {above} times what it should be"
        else:
            yield f"{text} is {above}/{below} of what it should be"


def _two_missing(suspicion: Suspicion) -> Iterator[str]:
    """Two quantities, or two reductions, that both count as constants."""
    model = suspicion.model
    moving = depending(model, suspicion.name) - {suspicion.name, model.objective.cost.name}
    names = [e.left.name for e in model.equations if e.left.name in moving]
    for one, two in itertools.combinations(dict.fromkeys(names[:TOGETHER]), 2):
        if suspicion.explained_by(quantity_without(quantity_without(model, one), two)):
            yield f"the terms through '{one}' and '{two}' are missing"
    inner = [p for p in parts(model, suspicion.name) if isinstance(p.term, Reduction)]
    for first, second in itertools.combinations(inner[:TOGETHER], 2):
        if first.equation == second.equation:
            # The second one stands at the same place in the model without the first.
            changed = without(first)
            again = [p for p in parts(changed, suspicion.name) if p.term == second.term]
            candidates = [without(p) for p in again]
        else:
            candidates = [_merged(without(first), without(second), second)]
        if any(suspicion.explained_by(candidate) for candidate in candidates):
            shown = (suspicion.show(part.term) for part in (first, second))
            yield f"the terms through {' and '.join(shown)} are missing"


def _merged(first: Specification, second: Specification, part: Part) -> Specification:
    """The first model with the changed equation of the second one."""
    names = [equation.left.name for equation in first.equations]
    at = names.index(part.equation.left.name)
    changed = (*first.equations[:at], second.equations[at], *first.equations[at + 1 :])
    return replace(first, equations=changed)


def _two_multiples(
    suspicion: Suspicion, contributions: Sequence[tuple[str, Arrays]]
) -> Iterator[str]:
    """The error as a sum of multiples of two contributions."""
    few = contributions[:TOGETHER]
    for (one, first), (two, second) in itertools.combinations(few, 2):
        known: list[tuple[list[tuple[Sample, float]], ...]] = []
        factors: tuple[list[tuple[Sample, float]], list[tuple[Sample, float]]] = ([], [])
        for sample, a, b in zip(suspicion.samples, first, second, strict=True):
            basis = np.stack([a.ravel(), b.ravel()], axis=1)
            error = (sample.found - sample.expected).ravel()
            if error.size < 3 or not np.all(np.isfinite(error)):
                break
            solution, _, rank, _ = np.linalg.lstsq(basis, error, rcond=None)
            if rank < 2 or not close(basis @ solution, error):
                break
            for kept, ratio in zip(factors, solution, strict=True):
                kept.append((sample, 1 + float(ratio)))
        else:
            known.append(factors)
        for pair in known:
            said = [next(_said(*each), "") for each in zip((one, two), pair, strict=True)]
            if all(said):
                yield ", and ".join(said)


# --- what is written over -----------------------------------------------------------------------


def _written_over(suspicion: Suspicion, part: Part) -> Iterator[str]:
    """Contributions to one entry that should be added up, of which one only is left."""
    if not isinstance(part.term, Entry | Reduction):
        return
    for indices in collected(part):
        letters = ", ".join(index.letter or "an index" for index in indices)
        likely = _fitting(suspicion.first(), part, indices, letters)
        if likely:
            fitting = _fitting(suspicion, part, indices, letters)
            yield from (text for text in likely if text in fitting)


def _fitting(
    suspicion: Suspicion, part: Part, indices: tuple[Index, ...], letters: str
) -> list[str]:
    gathered = _gathered(suspicion, part, indices)
    found = _collections(gathered, suspicion, letters)
    return [text for text, arrays in found if suspicion.fits(arrays)]


def _gathered(
    suspicion: Suspicion, part: Part, indices: tuple[Index, ...]
) -> list[list[np.ndarray]]:
    """At each point, what other parts and each place of the indices contribute; [] if unknown."""
    found = []
    for point, sample in zip(suspicion.points, suspicion.samples, strict=True):
        alone = replace(suspicion, points=[point], samples=[sample])
        here = Evaluation(dict(point.sizes), {})
        ranges = [range(whole(index.size, here)) for index in indices]
        rest = alone.gradients(without(part))
        places = list(itertools.product(*ranges))
        if rest is None or len(places) > PLACES:
            return []
        shares = []
        for place in places:
            share = alone.gradients(only_at(part, dict(zip(indices, place, strict=True))))
            if share is None:
                return []
            shares.append(share[0] - rest[0])
        found.append([rest[0], *shares])
    return found


def _collections(
    gathered: list[list[np.ndarray]], suspicion: Suspicion, letters: str
) -> Iterator[tuple[str, Arrays]]:
    """What is left where contributions are not added up as they should be."""
    if not gathered:
        return
    repeated = (
        f"what arrives at one entry several times, from different values of {letters}, is written "
        "over and not added up: only the last one is left (lost duplicates)"
    )
    yield repeated, tuple(rest + _last(shares) for rest, *shares in gathered)
    yield (
        f"{repeated} ",
        tuple(np.where(_any(shares), _last(shares), rest) for rest, *shares in gathered),
    )
    for at, name in ((-1, "last"), (0, "first")):
        only = f"only the {name} value of {letters} counts: the others are not added up"
        yield only, tuple(rest + shares[at] for rest, *shares in gathered)
        missing = f"the {name} value of {letters} is missing: is a range off by one?"
        yield (
            missing,
            tuple(
                sample.expected - shares[at]
                for sample, (_, *shares) in zip(suspicion.samples, gathered, strict=True)
            ),
        )


def _last(shares: Sequence[np.ndarray]) -> np.ndarray:
    """At each entry the last share that is not zero."""
    result = np.zeros_like(shares[0])
    for share in shares:
        result = np.where(share != 0, share, result)
    return result


def _any(shares: Sequence[np.ndarray]) -> np.ndarray:
    return np.asarray(np.any([share != 0 for share in shares], axis=0))
