"""The workspace style: a step that allocates no array, in memory that its caller holds.

The kernel computes what the readable ones do, operation by operation, and rounds as they do; every
array that it makes has a place in the workspace, which is made once for arguments of given shapes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from derive.code.docstring import comments
from derive.code.kernels import scalar, signature
from derive.code.layout import INDENT, WIDTH, bracketed
from derive.code.module_parts import Parts
from derive.code.numpy_code import code
from derive.code.program_code import used_size_lines
from derive.code.public_functions import call, head, kernel_call
from derive.code.rule_code import setting_values
from derive.code.size_code import Names, shape_code
from derive.code.workspace_code import operation_lines
from derive.code.workspace_update import update_in
from derive.model import parameters
from derive.program.found_sizes import size_rules
from derive.program.plan import gradient_of, read_by, restricted
from derive.program.program import every_statement
from derive.program.single_steps import with_single_steps
from derive.program.slots import Holding, Slot, Slots, with_slots

TYPES: dict[Holding, str] = {"numbers": "dtype", "truths": "bool", "counts": "np.intp"}


def workspace(parts: Parts) -> dict[str, Any]:
    """The kernel of the workspace style, and what makes its arrays."""
    cost = parts.spec.objective.cost
    gradients = [gradient_of(cost, parameter) for parameter in parameters(parts.spec)]
    program = restricted(parts.program, [cost, *gradients])
    taken = {*parts.names, *parts.names.values(), "work", "dtype"}
    slots = with_slots(with_single_steps(program, taken))
    # A shape is told by sizes that no value needs.
    slots = replace(slots, program=replace(slots.program, sizes=size_rules(parts.spec)))
    names = _names(parts, slots)
    update = update_in(parts.spec.objective, parts.settings, comments(parts.formulas.update))
    updated = [
        "scratch",
        "params",
        "grads",
        *(["state"] if parts.spec.objective.rule.states else []),
    ]
    settings = [
        f"{parts.settings[q.name]}={default}" for q, default in setting_values(parts.spec.objective)
    ]
    pairs = zip(parameters(parts.spec), gradients, strict=True)
    items = [f'"{parameter.name}": {names[gradient.name]}' for parameter, gradient in pairs]
    returned = bracketed(f"return {code(scalar(cost), names)}, {{", items, "}", 4)
    return {
        "kernel": {
            "signature": signature(parts, "_gradients_in", parts.data, "work"),
            "body": _kernel(parts, slots, names, returned),
        },
        "maker": {
            "signature": signature(parts, "_workspace", parts.data),
            "body": _maker(parts, slots, names),
        },
        "updating": {"signature": head("_update_in", updated, settings), "body": update["lines"]},
        "scratch": update["arrays"],
        "definition": head("workspace", ["params", *parts.data], parts.given_arguments),
        "renewed": call(
            "work = _renewed(",
            ["work", "params", "data", *(f"{name}={name}" for name in parts.given)],
        ),
        "make": call("arrays = _workspace(", ["*arguments.values()", *parts.given]),
        "gradients": kernel_call("cost, grads = _gradients_in(", parts, 'work["arrays"]'),
        "step_update": call(
            "_update_in(", ['work["scratch"]', *updated[1:], *parts.passed_settings]
        ),
    }


def _names(parts: Parts, slots: Slots) -> Names:
    """The identifiers of all quantities: of an array, that of its slot.

    A slot is called by the first quantity of the model that is in it, if there is one.
    """
    every = every_statement((*slots.constants, *slots.program.statements))
    own = {s.target.name: str(s.target.name) for s in every if s.target.name not in parts.names}
    known = {**own, **parts.names}
    called: dict[Slot, str] = {}
    for name, slot in sorted(slots.of.items(), key=lambda item: item[0] in own):
        called.setdefault(slot, known[name])
    return {**known, **{name: called[slot] for name, slot in slots.of.items()}}


def _arrays(slots: Slots) -> list[Slot]:
    """The slots that no constant fills, each once."""
    constant = {slots.of[statement.target.name] for statement in slots.constants}
    return [slot for slot in dict.fromkeys(slots.of.values()) if slot not in constant]


def _held(slots: Slots, names: Names) -> list[str]:
    """The identifiers of what a workspace holds: constants that are read, and arrays."""
    read = {name for line in slots.program.statements for name in read_by(line)}
    constants = [s.target.name for s in slots.constants if s.target.name in read]
    return [*(names[name] for name in constants), *(names[slot.name] for slot in _arrays(slots))]


def _kernel(parts: Parts, slots: Slots, names: Names, returned: list[str]) -> list[str]:
    known = parts.formulas
    numbers = comments((*known.forward, *known.gradients))
    lines = [*operation_lines(slots, names, numbers), *returned]
    held = _held(slots, names)
    unpacked = [f"{', '.join(held)}{',' if len(held) == 1 else ''} = work"] if held else []
    if len(unpacked) == 1 and len(unpacked[0]) + INDENT > WIDTH:
        unpacked = bracketed("(", held, ") = work", INDENT)
    return [*unpacked, *used_size_lines(slots.program, names, lines), *lines]


def _maker(parts: Parts, slots: Slots, names: Names) -> list[str]:
    """The arrays in a tuple, those that are known filled."""
    numbers = [q for q in slots.program.inputs if q.kind in ("param", "input")]
    typed = ", ".join(names[quantity.name] for quantity in numbers)
    lines = [
        f"{names[statement.target.name]} = {code(statement.value, names)}"
        for statement in slots.constants
    ]
    made = [
        f"np.empty({shape_code(slot.shape, names)}, {TYPES[slot.holding]}),"
        for slot in _arrays(slots)
    ]
    constants = [f"{name}," for name in _held(slots, names)[: -len(made) or None]]
    body = [*lines, "return (", *(f"    {line}" for line in (*constants, *made)), ")"]
    return [f"dtype = np.result_type({typed})", *used_size_lines(slots.program, names, body), *body]
