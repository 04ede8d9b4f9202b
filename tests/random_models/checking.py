"""One random model through the stages: refused with a reason, undecided, or right everywhere.

Most models take the short way, without documents and with two points; some are built as a user
would build them and must be judged verified.
"""

from __future__ import annotations

import importlib.util
import re
import warnings
import zlib
from dataclasses import dataclass
from random import Random

import numpy as np

from derive.calculus.adjoint import derive_gradients
from derive.calculus.inner import completed
from derive.calculus.requested import NOTHING
from derive.code.docstring import Formulas
from derive.code.module import module_context
from derive.errors import DerivationError, LanguageError
from derive.language import read_model
from derive.model import parameters
from derive.pipeline import build_model
from derive.program.interpret import run as interpret
from derive.program.plan import program_for
from derive.render import render_python
from derive.terms import Derivative
from derive.verification.loading import load_exact, load_module
from derive.verification.points import point_at
from derive.verification.running import arguments, as_floats, identifiers, run_kernels
from derive.verification.verify import difference_at
from derive.verification.verify_floats import exact_as_floats
from derive.verification.verify_update import update_line
from derive.verification.work import Counting
from derive.wellformed import check_specification

in_torch = None
if importlib.util.find_spec("torch"):
    from random_models import in_torch

# Where the kernels of a module end.
PUBLIC = "# What is called from outside."
# Small sizes, the largest first; the first that fit the model and are little work are taken.
SIZES = ((2, 3, 2), (3, 2, 2), (2, 2, 2), (2, 1, 2), (1, 2, 1), (3, 3, 1), (1, 1, 1))
WORK = 12_000
KINDS = ("signed", "positive", "signed", "dominant")
# Floats of a model drawn at random may cancel; what is wrong is wrong by more.
BOUND = 1e-6


@dataclass(frozen=True)
class Outcome:
    """What became of a model: `verified`, `refused` or `undecided`, and why."""

    verdict: str
    cause: str = ""


def check(text: str, complete: bool) -> Outcome:
    """Raises an AssertionError, or what a stage raises, where something is wrong."""
    try:
        model = read_model(text, "random")
        check_specification(model)
        model, _ = completed(model)
        derivation = derive_gradients(model)
        gradients = tuple(gradient.equation for gradient in derivation.gradients)
        program = program_for(model, gradients, derivation.recurrences)
        source = module_source(model, program)
    except (LanguageError, DerivationError) as error:
        if "defect" in error.cure:
            raise
        return Outcome("refused", f"{type(error).__name__}: {normal(error.cause)}")
    if complete:
        return built(text)
    points = points_of(model, zlib.crc32(text.encode()))
    if not points:
        return Outcome("undecided", "no point in the domain")
    with np.errstate(all="ignore"), warnings.catch_warnings():
        # A step may leave the domain of a model that was drawn at random.
        warnings.simplefilter("ignore", RuntimeWarning)
        compare(model, program, source, points)
        if in_torch is not None:
            like_torch(text, model, points[0])
    return Outcome("verified")


def module_source(model, program):
    """The generated module, without formulas in its docstring."""
    return render_python(module_context(model, program, Formulas(), NOTHING))


def normal(cause: str) -> str:
    """A cause without the names and the numbers of one text."""
    return re.sub(r"\d+", "#", re.sub(r"'[^']*'", "'…'", cause))


def built(text: str) -> Outcome:
    """The way of a user: documents, module and report."""
    report = build_model(text, "random").report
    failed = [line for line in report.lines if line.verdict == "failed"]
    assert not failed, "; ".join(f"{line.quantity}: {line.note}" for line in failed)
    undecided = [line for line in report.lines if line.verdict == "undecided"]
    if undecided:
        return Outcome("undecided", normal(undecided[0].note)[:80])
    return Outcome("verified")


def points_of(model, seed):
    """Two points in the domain, at different sizes where there are any."""
    random, found = Random(seed), []
    names = [d.name for d in model.dimensions if d.formula is None]
    counted = Counting(model, [parameter.name for parameter in parameters(model)])
    tried = dict.fromkeys(drawn[: len(names)] for drawn in SIZES)
    for drawn in tried:
        candidate = counted.candidate(dict(zip(names, drawn, strict=True)), loosely=True)
        if candidate is None or (candidate.work > WORK and drawn != list(tried)[-1]):
            continue
        points = (point_at(model, candidate.free, random, kind) for kind in KINDS)
        point = next((point for point in points if point is not None), None)
        found += [point] if point is not None else []
        if len(found) == 2:
            break
    if found:
        special = point_at(model, free_sizes(model, found[-1]), random, "special")
        found += [special] if special is not None else []
    return found


def free_sizes(model, point):
    free = {d.name for d in model.dimensions if d.formula is None}
    return {name: size for name, size in point.sizes if name in free}


def compare(model, program, source, points):
    """All that the module computes at the points, against what the oracle says there."""
    exact = load_exact(source.split(PUBLIC)[0], points[0].how, model.name)
    floats = load_module(source, model.name)
    names = identifiers(model, floats)
    for point in points:
        at = dict(point.sizes)
        for name, found in run_kernels(exact, model, point, names).items():
            place = difference_at(point, name, found)
            assert place is None, f"the kernels give another {name}{place} at {at}"
        if not point.special:
            # Numbers that are equal at special values may differ by a rounding error on floats.
            on_floats(model, program, floats, point, names)
    # A step from a point of special values may start where there is no gradient.
    if model.objective.rule.name != "sgd" or len(source) % 5 == 0:
        line = update_line(model, floats, points[0], names)
        assert line.verdict != "failed", line.note


def on_floats(model, program, module, point, names):
    """The public functions on floats of both widths, and the program without its text."""
    given, data = arguments(model, point, names)
    cost, gradients = module.gradients(given, **data)
    expected = {str(p.name): exact_as_floats(point.gradients[p.name]) for p in parameters(model)}
    truth_of_cost = exact_as_floats(point.values[model.objective.cost.name]).item()
    close("the cost", cost, truth_of_cost, abs(truth_of_cost))
    scale = max((np.abs(array).max(initial=0) for array in expected.values()), default=0)
    for name, array in expected.items():
        close(f"the gradient by {name}", gradients[name], array, scale)
        assert gradients[name].shape == given[name].shape, f"the shape of the gradient by {name}"
    inputs = {name: as_floats(array) for name, array in point.inputs.items()}
    inputs |= {d.quantity.name: float(d.value) for d in model.declarations if d.value is not None}
    results = interpret(program, inputs, dict(point.sizes))
    for parameter in parameters(model):
        own = results[Derivative(model.objective.cost.name, parameter.name)]
        close(f"the interpreted {parameter.name}", own, gradients[str(parameter.name)], scale)
    close("the loss", module.loss(given, **data), truth_of_cost, abs(truth_of_cost))
    visible = {n: v for n, v in data.items() if n in module.forward.__code__.co_varnames}
    for name, array in module.forward(given, **visible).items():
        expected_value = exact_as_floats(point.values[name])
        close(f"forward of {name}", array, expected_value, np.abs(expected_value).max(initial=1))
    narrow = {name: array.astype(np.float32) for name, array in given.items()}
    narrow_data = {
        name: array.astype(np.float32) if getattr(array, "dtype", None) == np.float64 else array
        for name, array in data.items()
    }
    for name, array in module.gradients(narrow, **narrow_data)[1].items():
        assert array.dtype == np.float32, f"the gradient by {name} of float32 is {array.dtype}"


def like_torch(text, model, point):
    """The values and gradients of the text as PyTorch reads it."""
    inputs = {name: as_floats(array) for name, array in point.inputs.items()}
    named = {name: array for name, array in point.values.items() if isinstance(name, str)}
    shapes = {name: array.shape for name, array in (inputs | named).items()}
    values, gradients = in_torch.gradients_of(text, dict(point.sizes), inputs, shapes)
    for name, array in named.items():
        expected = exact_as_floats(array)
        close(f"torch's {name}", values[name], expected, np.abs(expected).max(initial=0))
    expected = {p.name: exact_as_floats(point.gradients[p.name]) for p in parameters(model)}
    scale = max((np.abs(array).max(initial=0) for array in expected.values()), default=0)
    for name, array in expected.items():
        close(f"torch's gradient by {name}", gradients[name], array, scale)


def close(what, found, expected, scale):
    error = np.max(np.abs(np.asarray(found) - expected), initial=0)
    assert error <= BOUND * max(1, scale), f"{what} is off by {error:.1e} on floats"
