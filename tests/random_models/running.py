"""Many models, in batches: what was drawn, what became of it, and failures as small texts."""

import re
import time
import traceback
from collections import Counter
from dataclasses import dataclass, field

import hypothesis
from hypothesis import HealthCheck, Phase

from random_models.checking import check
from random_models.models import models

# So many models share a seed; a batch ends with its first failure, which is then made smaller.
BATCH = 100
# So many seconds a failure is made smaller.
SHRINKING = 40


@dataclass
class Tally:
    """What came of all models so far; `failures` holds the smallest text for each symptom."""

    models: int = 0
    verdicts: Counter = field(default_factory=Counter)
    features: Counter = field(default_factory=Counter)
    failures: dict = field(default_factory=dict)
    seen: set = field(default_factory=set)

    def lines(self):
        """The report, a line at a time."""
        verdicts = Counter()
        for (verdict, _), number in self.verdicts.items():
            verdicts[verdict] += number
        shares = ", ".join(
            f"{number} {verdict} ({number / self.models:.1%})"
            for verdict, number in verdicts.most_common()
        )
        yield f"{self.models} different models: {shares}"
        yield "drawn in so many models:"
        for feature, number in self.features.most_common():
            yield f"  {number:>7}  {feature}"
        for verdict in ("refused", "undecided", "failed"):
            causes = [(n, c) for (v, c), n in self.verdicts.most_common() if v == verdict]
            if causes:
                yield f"{verdict}:"
                yield from (f"  {number:>7}  {cause}" for number, cause in causes)
        yield from map(self.shown, self.failures)

    def shown(self, symptom):
        """One failure, with the seed of its batch and the smallest text."""
        seed, text = self.failures[symptom]
        return f"\n{symptom} (seed {seed}):\n{text}"


def symptom_of(error):
    """What went wrong and where, without the names and numbers of one model."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "hypothesis" not in frame.filename]
    said = re.sub(r"\d+", "#", re.sub(r"'[^']*'", "'…'", f"{error}"))
    return f"{type(error).__name__} in {own[-1].name}: {said[:100]}"


def draw_many(number, seed, minutes=None, report=print, complete=2):
    """Draw and check at least so many different models, in batches of their own seeds.

    A failure of a kind that was not met before is shrunk.  Stops earlier after so many minutes.
    Of a hundred models so many go through every stage, documents and reports among them.
    """
    tally, ends = Tally(), None if minutes is None else time.monotonic() + 60 * minutes
    batch = 0
    while tally.models < number and (ends is None or time.monotonic() < ends):
        before = set(tally.failures)
        _batch(tally, seed * 100_000 + batch, complete)
        batch += 1
        for symptom in [found for found in tally.failures if found not in before]:
            report(tally.shown(symptom))
        if batch % 5 == 0:
            report(f"{tally.models} models, {len(tally.failures)} kinds of failures")
    return tally


def _batch(tally, seed, complete):
    """One batch, and where it fails in a new way, the smallest text that fails like this."""
    smallest: dict = {}
    known: dict = {}
    ends = [0.0]

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=BATCH,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(models(complete))
    def draw(drawn):
        if smallest and time.monotonic() > ends[0]:
            return
        key = drawn.text, drawn.complete
        if key not in known:
            known[key] = _result(drawn)
            # While a failure is being made smaller nothing is counted.
            if not smallest and drawn.text not in tally.seen:
                tally.seen.add(drawn.text)
                tally.models += 1
                tally.verdicts[known[key]] += 1
                tally.features.update(drawn.features)
        verdict, cause = known[key]
        if verdict == "failed" and cause not in tally.failures:
            wanted = next(iter(smallest), cause)
            ends[0] = ends[0] if smallest else time.monotonic() + SHRINKING
            if cause == wanted:
                best = smallest.setdefault(cause, drawn.text)
                smallest[cause] = min(best, drawn.text, key=len)
                raise AssertionError(cause)

    try:
        draw()
    except (AssertionError, hypothesis.errors.Flaky, ExceptionGroup):
        tally.failures |= {cause: (seed, text) for cause, text in smallest.items()}


def _result(drawn):
    """The verdict on a model and its cause.  Anything that is raised is a failure to report."""
    try:
        outcome = check(drawn.text, drawn.complete)
    except Exception as error:
        return "failed", symptom_of(error)
    return outcome.verdict, outcome.cause
