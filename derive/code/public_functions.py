"""What is called from outside: signatures, checked calls, the update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from derive.calculus.update import common
from derive.code.docstring import comments
from derive.code.layout import INDENT, WIDTH, bracketed
from derive.code.module_parts import Parts
from derive.code.rule_code import setting_values, state_lines, update_lines
from derive.code.styles import Style
from derive.model import parameters


def public_functions(parts: Parts, style: Style) -> dict[str, Any]:
    """The signatures, and the calls of the kernels with checked arguments."""
    work = ["work=None"] if style == "workspace" else []
    settings = [
        f"{parts.settings[q.name]}={default}" for q, default in setting_values(parts.spec.objective)
    ]
    updated = ["params", "grads", *(["state"] if parts.spec.objective.rule.states else [])]
    sizes, more = parts.given_arguments, parts.passed_settings
    passed = [f"{name}={name}" for name in parts.given]
    chosen = [f"{name}={name}" for name in parts.settings.values()]
    return {
        "forward_def": head("forward", ["params", *parts.visible], sizes),
        "loss_def": head("loss", ["params", *parts.data], sizes),
        "gradients_def": head("gradients", ["params", *parts.data], sizes),
        "update_def": head("update", ["params", "grads", "state=None"], settings),
        "step_def": head("step", ["params", *parts.data, "state=None", *work], sizes, more),
        "train_def": head(
            "train", ["params", "batches", "state=None"], [*sizes, "report=print", "every=1"], more
        ),
        "check_def": head("check", ["params", *parts.data], [*sizes, "seed=0"]),
        "forward_arguments": checked(parts.visible, parts.given),
        "loss_arguments": checked(parts.data, parts.given),
        "forward_call": kernel_call("values = _values(", parts),
        "loss_call": kernel_call("cost = _loss(", parts),
        "gradients_call": kernel_call("cost, grads = _gradients(", parts),
        "kernel_update_def": head("_update", [*updated], settings),
        "update_call": call("_update(", [*updated, *chosen]),
        "step_update": call("_update(", [*updated, *more]),
        "ahead": call("ahead = loss(", ["_moved(params, direction, size)", *parts.data, *passed]),
        "behind": call(
            "behind = loss(", ["_moved(params, direction, -size)", *parts.data, *passed]
        ),
        "check_gradients": call("_, grads = gradients(", ["params", *parts.data, *passed]),
        "settings": list(parts.settings.values()),
        "may_overflow": parts.may_overflow,
        "finite_call": call("_finite(", chosen),
    }


def head(
    name: str, arguments: Sequence[str], keywords: Sequence[str], others: Sequence[str] = ()
) -> list[str]:
    """The first lines of a function."""
    by_name = ["*", *keywords] if keywords else []
    return bracketed(f"def {name}(", [*arguments, *by_name, *others], "):")


def call(opening: str, arguments: Sequence[str]) -> list[str]:
    """A call in a function, behind what its result is given to."""
    return bracketed(opening, arguments, ")", 4)


def kernel_call(opening: str, parts: Parts, *first: str) -> list[str]:
    """The call of a kernel, of which a number that overflows on the way is nothing to warn of."""
    arguments = [*first, "*arguments.values()", *parts.given]
    if not parts.may_overflow:
        return call(opening, arguments)
    inside = (" " * INDENT + line for line in bracketed(opening, arguments, ")", 2 * INDENT))
    return ['with np.errstate(over="ignore"):', *inside]


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
