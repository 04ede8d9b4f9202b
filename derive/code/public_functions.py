"""What is called from outside: signatures, checked calls, the update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from derive.calculus.update import common
from derive.code.docstring import comments
from derive.code.layout import WIDTH, bracketed
from derive.code.module_parts import Parts
from derive.code.rule_code import setting_values, state_lines, update_lines
from derive.model import parameters


def public_functions(parts: Parts) -> dict[str, Any]:
    """The signatures, and the calls of the kernels with checked arguments."""
    settings = [
        f"{parts.settings[q.name]}={default}" for q, default in setting_values(parts.spec.objective)
    ]
    keywords = [*parts.given, *settings]
    passed = [f"{name}={name}" for name in parts.given]
    chosen = [f"{name}={name}" for name in parts.settings.values()]
    passed_on = ["*arguments.values()", *parts.given]
    return {
        "forward_def": definition("forward", ["params", *parts.visible], parts.given),
        "loss_def": definition("loss", ["params", *parts.data], parts.given),
        "gradients_def": definition("gradients", ["params", *parts.data], parts.given),
        "update_def": definition("update", ["params", "grads", "state=None"], settings),
        "step_def": definition("step", ["params", *parts.data, "state=None"], keywords),
        "train_def": definition(
            "train", ["params", "batches", "state=None"], [*keywords, "report=print", "every=1"]
        ),
        "check_def": definition("check", ["params", *parts.data], [*parts.given, "seed=0"]),
        "forward_arguments": checked(parts.visible, parts.given),
        "loss_arguments": checked(parts.data, parts.given),
        "forward_call": call("values = _values(", passed_on),
        "loss_call": call("cost = _loss(", passed_on),
        "gradients_call": call("cost, grads = _gradients(", passed_on),
        "step_gradients": call("cost, grads = gradients(", ["params", *parts.data, *passed]),
        "step_update": call("update(", ["params", "grads", "state", *chosen]),
        "ahead": call("ahead = loss(", ["_moved(params, direction, size)", *parts.data, *passed]),
        "behind": call(
            "behind = loss(", ["_moved(params, direction, -size)", *parts.data, *passed]
        ),
        "check_gradients": call("_, grads = gradients(", ["params", *parts.data, *passed]),
        "settings": list(parts.settings.values()),
        "finite_call": call("_finite(", chosen),
    }


def definition(name: str, arguments: Sequence[str], keywords: Sequence[str]) -> list[str]:
    """The first lines of a function."""
    return bracketed(f"def {name}(", [*arguments, *(["*", *keywords] if keywords else [])], "):")


def call(opening: str, arguments: Sequence[str]) -> list[str]:
    """A call in a function, behind what its result is given to."""
    return bracketed(opening, arguments, ")", 4)


def checked(data: Sequence[str], given: Sequence[str]) -> list[str]:
    """The checked arguments; many data, or sizes, become a dict on lines of its own."""
    items = [f'"{name}": {name}' for name in data]
    sizes = [f'"{name}": {name}' for name in given]
    more = f", {{{', '.join(sizes)}}}" if given else ""
    line = f"arguments = _checked(params, {{{', '.join(items)}}}{more})"
    if len(line) + 4 <= WIDTH:
        return [line]
    lines = bracketed("data = {", items, "}", 4)
    if not given:
        return [*lines, "arguments = _checked(params, data)"]
    lines += bracketed("given = {", sizes, "}", 4)
    return [*lines, "arguments = _checked(params, data, given)"]


def update_function(parts: Parts) -> dict[str, Any]:
    """The update rule: its title, its states, its assignments."""
    objective = parts.spec.objective
    title = objective.rule.title.rstrip(".")
    numbers = comments(parts.formulas.update)
    return {
        "rule": title,
        "state_lines": state_lines(objective),
        "state_per_entry": common(objective.rule) != {*objective.rule.states},
        "update_lines": update_lines(objective, parameters(parts.spec), parts.settings, numbers),
    }
