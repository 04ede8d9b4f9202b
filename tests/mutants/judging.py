"""The judge: the verification of a build, told of each mutant at points that are drawn once."""

import itertools
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from derive.calculus.inner import completed
from derive.language import read_model
from derive.project import find_model
from derive.verification.loading import load_exact, load_module
from derive.verification.running import NOT_RUNNING, identifiers
from derive.verification.verify import checks, draw, kernel_lines
from derive.verification.verify_public import public_lines
from derive.verification.verify_update import update_line
from mutants.kinds import mutants
from mutants.source import OUTSIDE, PUBLIC, Program, seen_in

KERNELS = ("_forward", "_values", "_loss", "_gradients")
UPDATING = ("init_state", "update", "step")


@contextmanager
def quiet():
    """What mistakes make NumPy and the compiler of Python complain of is not shown."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@dataclass(frozen=True)
class Judge:
    """A model of the gallery with its generated source."""

    name: str
    source: str
    seed: int = 0

    @cached_property
    def model(self):
        return completed(read_model(find_model(self.name).text, name=self.name))[0]

    @cached_property
    def drawn(self):
        return draw(self.model, self.seed)

    @cached_property
    def names(self):
        return identifiers(self.model, load_module(self.source))

    @cached_property
    def mutants(self):
        """Every mutant of the source."""

        def run():
            assert all(line.verdict != "failed" for line in self.lines(self.source, 1)), self.name

        with quiet():
            seen = seen_in(self.name, run)
        return mutants(Program(self.name, self.source), seen)

    def lines(self, source, most=None):
        """The lines of the verification of a source, at all points or the first ones."""
        drawn = replace(self.drawn, points=self.drawn.points[:most])
        return checks(self.model, source, drawn, explained=False)

    def level(self, mutant):
        """At which level a mutant is caught, and by what; None where it passes as verified."""
        with quiet():
            return self._level(mutant)

    def _level(self, mutant):
        try:
            # What one point leaves open others may decide.
            failed = (line for line in self._first(mutant) if line.verdict == "failed")
            for line in itertools.chain(failed, self.lines(mutant.applied(self.source))):
                if line.verdict != "verified":
                    return line.level, line.quantity
        except NOT_RUNNING as error:
            return "loading", type(error).__name__
        return None

    def _first(self, mutant):
        """The lines that a mistake in this function is likeliest to show in, at one point.

        What fails at one of the points fails at all of them, so most mutants end here.
        """
        model, (first, *_) = self.model, self.drawn.points
        source = mutant.applied(self.source)
        if mutant.function in PUBLIC:
            module = load_module(source, self.name)
            if mutant.function in UPDATING:
                yield update_line(model, module, first, self.names)
            yield from public_lines(model, module, (first,), self.names)
        elif mutant.function == "_update":
            yield update_line(model, load_module(source, self.name), first, self.names)
        elif mutant.function in KERNELS:
            module = load_exact(source.partition(OUTSIDE)[0], first.how, self.name)
            yield from kernel_lines(model, module, (first,), self.names, explained=False)
