"""What is called from outside: signatures, checked calls, the update."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from derive.code.docstring import comments
from derive.code.layout import WIDTH
from derive.code.module_parts import Parts
from derive.code.numpy_code import bracketed
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
    return {
        "forward_def": _definition("forward", ["params", *parts.visible], parts.given),
        "loss_def": _definition("loss", ["params", *parts.data], parts.given),
        "gradients_def": _definition("gradients", ["params", *parts.data], parts.given),
        "update_def": _definition("update", ["params", "grads", "state=None"], settings),
        "step_def": _definition("step", ["params", *parts.data, "state=None"], keywords),
        "train_def": _definition(
            "train", ["params", "batches", "state=None"], [*keywords, "report=print"]
        ),
        "check_def": _definition("check", ["params", *parts.data], [*parts.given, "seed=0"]),
        "forward_call": _checked("return _values(*", parts.visible, parts, ")"),
        "loss_call": _checked("return float(_loss(*", parts.data, parts, "))"),
        "gradients_call": _checked("cost, grads = _gradients(*", parts.data, parts, ")"),
        "step_gradients": _call("cost, grads = gradients(", ["params", *parts.data, *passed]),
        "step_update": _call("update(", ["params", "grads", "state", *chosen]),
        "ahead": _call("ahead = loss(", ["_moved(params, direction, size)", *parts.data, *passed]),
        "behind": _call(
            "behind = loss(", ["_moved(params, direction, -size)", *parts.data, *passed]
        ),
        "check_gradients": _call("_, grads = gradients(", ["params", *parts.data, *passed]),
        "settings": list(parts.settings.values()),
        "finite_call": _call("_finite(", chosen),
    }


def _definition(name: str, arguments: Sequence[str], keywords: Sequence[str]) -> list[str]:
    return bracketed(f"def {name}(", [*arguments, *(["*", *keywords] if keywords else [])], "):")


def _call(opening: str, arguments: Sequence[str]) -> list[str]:
    return bracketed(opening, arguments, ")", 4)


def _checked(opening: str, arguments: Sequence[str], parts: Parts, closing: str) -> list[str]:
    """A kernel called with checked arguments; many data become a dict on lines of its own."""
    items = [f'"{name}": {name}' for name in arguments]
    sizes = ", ".join(f'"{name}": {name}' for name in parts.given)
    given = f", {{{sizes}}}" if sizes else ""
    numbers = "".join(f", {name}" for name in parts.given)
    line = f"{opening}_checked(params, {{{', '.join(items)}}}{given}){numbers}{closing}"
    if len(line) + 4 <= WIDTH:
        return [line]
    lines = bracketed("data = {", items, "}", 4)
    if not parts.given:
        return [*lines, f"{opening}_checked(params, data){closing}"]
    lines += bracketed("given = {", [f'"{name}": {name}' for name in parts.given], "}", 4)
    return [*lines, f"{opening}_checked(params, data, given), *given.values(){closing}"]


def update_function(parts: Parts) -> dict[str, Any]:
    """The update rule: its title, its states, its assignments."""
    objective = parts.spec.objective
    title = objective.rule.title.rstrip(".")
    numbers = comments(parts.formulas.update)
    return {
        "rule": title,
        "rule_first": title[:1].upper() + title[1:],
        "state_lines": state_lines(objective),
        "update_lines": update_lines(objective, parameters(parts.spec), parts.settings, numbers),
    }
