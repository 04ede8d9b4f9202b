"""Mutants of the verifier: each lacks a check, and lets a gradient through that is wrong.

A row names what is lacking, says how (attributes of modules, and what stands in their place), and
which known-wrong gradients show it: the verdict on each is milder than that of the whole verifier.
A check for which no such gradient is known would be idle.
"""

from contextlib import ExitStack
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from math import prod
from unittest.mock import patch

import numpy as np

from derive.numbers import scalars
from derive.printed import check, lines
from derive.verification import (
    against,
    points,
    running,
    sampling,
    small_sizes,
    verify,
    verify_floats,
    verify_public,
    verify_update,
    verify_workspace,
)
from derive.verification.report import Line
from mutants.known_wrong import WRONG

ORDER = ("verified", "undecided", "failed")


@dataclass(frozen=True)
class Lack:
    """What a mutant of the verifier lacks: attributes of modules replaced, and what shows it."""

    shown_by: str
    attributes: dict = field(hash=False)

    def verdict(self, wrong):
        """The verdict of the mutated verifier on a known-wrong gradient."""
        with ExitStack() as changes:
            for (owner, name), value in self.attributes.items():
                changes.enter_context(patch.object(owner, name, value))
            return WRONG[wrong]()


def nothing(*_, **__):
    return ()


def equal(model, random, wrt):
    """Sizes that are all the same."""
    every = small_sizes.candidates(model, random, wrt)
    return [c for c in every if len(set(c.free.values())) == 1]


def nothing_of(*_, **__):
    return []


def nothing_wrong(*_):
    return iter(())


def only_special(random, count, kind="signed"):
    return iter([Fraction(random.choice((0, 1, -1))) for _ in range(count)])


def distinct(shape, bound, random):
    """Subscripts without repeats, as far as there are."""
    count = prod(shape)
    return np.array((list(range(bound)) * count)[:count], dtype=np.int64).reshape(shape)


def not_read(claim, *_):
    """An equation that nobody looked at."""
    return check.Checked(claim, 1)


class Cleared(verify_workspace.Poisoned):
    """NumPy, whose empty arrays hold zeros."""

    def empty(self, shape, dtype):
        return np.zeros(shape, dtype)


def quiet_line(*_, **__):
    return Line("float64", "left out", (), "", "verified")


LACKS = {
    "no exact kernels": Lack("a term of 10⁻²⁰", {(verify, "kernel_lines"): nothing}),
    "no floats": Lack("public, rounded at zero", {(verify, "float_lines"): nothing}),
    "no entries in floats": Lack(
        "public, wrong at zero", {(verify_floats, "_entries_line"): quiet_line}
    ),
    "no Taylor test": Lack(
        "the oracle has the same mistake", {(verify_floats, "_taylor_line"): quiet_line}
    ),
    "no values": Lack("a value of the other sign", {(verify_public, "_values"): nothing_wrong}),
    "no types": Lack("a state of float64", {(verify_public, "_types"): nothing_wrong}),
    "nothing is to be refused": Lack(
        "any number is taken", {(verify_public, "_refusals"): nothing_wrong}
    ),
    "no large numbers": Lack(
        "an exponential that is not shifted", {(verify, "large_points"): nothing}
    ),
    "no update": Lack("a setting that is not passed on", {(verify, "update_line"): quiet_line}),
    "one step": Lack("no average of squares", {(verify_update, "STEPS"): 1}),
    "gradients of one size": Lack("another small number", {(verify_update, "SIZES"): (1.5,)}),
    "settings of the model only": Lack(
        "a setting that is not passed on", {(verify_update, "OTHER"): 1}
    ),
    "an update takes anything": Lack(
        "an update with any gradient", {(verify_update, "_unguarded"): lambda *_, **__: ""}
    ),
    "nothing that is asked for": Lack(
        "a Hessian with another sign", {(verify, "requested_lines"): nothing}
    ),
    "ten digits are enough": Lack("a term of 10⁻²⁰", {(scalars, "AGREEMENT"): Fraction(1, 10**10)}),
    "three digits of floats": Lack(
        "public, rounded at zero", {(verify_floats, "BOUND"): 1e-3, (verify_public, "BOUND"): 1e-3}
    ),
    "three digits of an update": Lack("another small number", {(verify_update, "BOUND"): 1e-3}),
    "no special values": Lack("wrong where a number is zero", {(points, "SPECIAL"): ()}),
    "nothing but special values": Lack(
        "right where a number is 0, 1 or -1", {(sampling, "random_numbers"): only_special}
    ),
    "no ties": Lack("wrong at a tie of two numbers", {(points, "ties"): nothing_of}),
    "no kinks are crossed": Lack("never on", {(points, "crossing"): nothing_of}),
    "one side is enough": Lack(
        "a branch that data alone choose",
        {(verify, "choice_lines"): nothing, (points, "one_sided"): nothing},
    ),
    "entries may stay zero": Lack(
        "an entry that is never on",
        {(verify, "dead_entries"): nothing, (points, "dead_entries"): nothing},
    ),
    "equal sizes": Lack(
        "another size", {(points, "candidates"): equal, (points, "with_ones"): nothing_of}
    ),
    "no size of one": Lack("an axis of one is lost", {(points, "with_ones"): nothing_of}),
    "no other sizes": Lack("a loop of fixed length", {(points, "other_sizes"): nothing_of}),
    "no index twice": Lack(
        "written over and not added up", {(sampling, "random_indices"): distinct}
    ),
    "the cost of one kernel": Lack(
        "another cost in `_loss`", {(running, "agree"): lambda *_: True}
    ),
    "two points": Lack("two windows overlap", {(points, "CHOSEN"): 0}),
    "nine digits less": Lack(
        "a difference quotient", {(against, "BOUNDS"): {"f8": (1e-3, 1e-3), "f4": (1e-3, 1e-3)}}
    ),
    "no cost": Lack("another cost is returned", {(against, "_cost_line"): nothing}),
    "no formula": Lack(
        "a formula that is not the gradient", {(verify, "check_equations"): nothing}
    ),
    "no step": Lack("a rule that is not true", {(verify, "check_steps"): nothing}),
    "arguments may change": Lack(
        "an argument is changed", {(verify_floats, "_require_unchanged"): nothing}
    ),
    "no workspace": Lack(
        "a sum with the sums of the step before", {(verify, "workspace_lines"): nothing}
    ),
    "new memory is clear": Lack(
        "a sum that starts with what memory held", {(verify_workspace, "Poisoned"): Cleared}
    ),
    "a workspace of one type": Lack(
        "a workspace of float64", {(verify_workspace, "TYPES"): (np.float64,)}
    ),
    "one step in a workspace": Lack(
        "a workspace that forgets the average", {(verify_workspace, "STEPS"): 1}
    ),
    "nobody reads what is printed": Lack(
        "a product in print without its transpose", {(lines, "check_claim"): not_read}
    ),
    "one place of a formula": Lack("a sign in print", {(check, "PLACES"): 1, (check, "TRIED"): 1}),
    "any reading counts": Lack(
        "a sign in print of one reading", {(check, "_holds_for_some"): lambda *_: True}
    ),
    "one point for choices in print": Lack(
        "a sum in print that ends early", {(lines, "FURTHER"): 0}
    ),
}


@cache
def whole(wrong):
    """The verdict of the whole verifier on a known-wrong gradient."""
    return WRONG[wrong]()


def lets_through(lack, wrong):
    """Whether the mutated verifier is milder with a wrong gradient than the whole one."""
    return ORDER.index(lack.verdict(wrong)) < ORDER.index(whole(wrong))
