"""Where a training run starts, and what its lines show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from derive.code.example_code import example_function
from derive.code.layout import bracketed
from derive.code.module_parts import Parts
from derive.code.public_functions import head
from derive.code.starting_code import (
    base_sizes,
    init_lines,
    size_arguments,
    size_choices,
    told,
)
from derive.code.styles import Style
from derive.model import Example, definition, parameters, stops_a_gradient
from derive.terms import Quantity, entries, is_one

# A training run prints so many lines, where the model does not say how often.
MOST_LINES = 20

# At most so many values are shown in each line of a trajectory.
MOST_SHOWN = 4


def start(parts: Parts) -> dict[str, Any]:
    """The first parameters, the data of the example, and the training run."""
    spec, names = parts.spec, parts.names
    shapes = [size for quantity in parameters(spec) for size in quantity.shape]
    first = base_sizes(told(spec), shapes)
    choices = size_choices(spec, parts.given_dimensions, names)
    return {
        "init_def": head("init", ["seed=0"], size_arguments(first, names)),
        "init_lines": init_lines(spec, names),
        **example_function(parts),
        "init_choices": ", ".join(size_choices(spec, first, names)),
        "given_choices": "".join(f", {choice}" for choice in choices),
        "stops": stops_a_gradient(spec),
        "train_call": _train_call(spec.example or Example(), choices),
    }


def _train_call(example: Example, choices: Sequence[str]) -> list[str]:
    """The training run of the program, of which about twenty lines are seen."""
    every = example.every or max(1, example.steps // MOST_LINES)
    seen = [f"every={every}"] if every > 1 else []
    arguments = ["params", f"[data] * {example.steps}", *choices, *seen]
    return bracketed("costs = train(", arguments, ")", 8)


def trajectory(parts: Parts, style: Style) -> dict[str, Any]:
    """What a line of the training run shows beside the cost.

    Predictions before and after the step, with their targets, where they are single numbers; else
    the parameters, where those are; else nothing.
    """
    spec = parts.spec
    equation = definition(spec, str(spec.objective.cost.name))
    read = [entry.quantity for entry in entries(equation.right)] if equation else []
    read = list({quantity.name: quantity for quantity in read}.values())
    predictions = [q for q in read if q in parts.values and _is_single(q)]
    targets = [q for q in read if q.name in parts.targets and _is_single(q)]
    own = list(parameters(spec))
    passed = [f"{name}={name}" for name in parts.given]
    look, shown = "", []
    if 0 < len(predictions) <= MOST_SHOWN:
        arguments = ["params", *(f'data["{name}"]' for name in parts.visible), *passed]
        look, shown = f"forward({', '.join(arguments)})", predictions
    elif len(own) <= MOST_SHOWN and all(map(_is_single, own)):
        look, shown = "{name: np.copy(params[name]) for name in params}", own
    if len(look) > 60:
        look, shown = "", []
    told = [parts.names[q.name] for q in targets] if predictions else []
    work = ["work=work"] if style == "workspace" else []
    return {
        "look": look,
        "shown": [(q.name, _label(parts.names[q.name])) for q in shown],
        "shown_targets": [(name, _label(name)) for name in told],
        "cost_name": spec.objective.cost.name,
        "cost_label": _label(parts.names[spec.objective.cost.name]),
        "train_step": bracketed(
            "cost = step(",
            ["params", "**data", "state=state", *work, *passed, *parts.passed_settings],
            ")",
            8,
        ),
        "batch_text": show_batch(parts.data),
    }


def _label(name: str) -> str:
    """A name that every terminal can print."""
    return name.encode("ascii", "backslashreplace").decode()


def _is_single(quantity: Quantity) -> bool:
    return all(map(is_one, quantity.shape))


def show_batch(arguments: Sequence[str]) -> str:
    """A batch as the docstring of `train` writes it."""
    return f"({arguments[0]},)" if len(arguments) == 1 else f"({', '.join(arguments)})"
