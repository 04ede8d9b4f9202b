"""The kernels of a generated module: the mathematics, without checks.

`_forward` stands once; the others go on from what it returns.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from derive.code.docstring import comments
from derive.code.layout import INDENT, WIDTH, bracketed
from derive.code.module_parts import Parts
from derive.code.numpy_code import code
from derive.code.program_code import (
    held_names,
    is_expression,
    returned_lines,
    statement_lines,
)
from derive.code.size_code import Names
from derive.model import parameters
from derive.program.arrays import ArrayTerm, Select, Whole
from derive.program.part_names import fresh
from derive.program.passes import Passes, passes_of
from derive.program.plan import gradient_of, read_by
from derive.program.program import Line, Program, Statement, targets
from derive.program.reuse import changes
from derive.terms import Name, Quantity, is_one


def passes_for(parts: Parts) -> Passes:
    """The forward pass of a module and what goes on from it."""
    cost = parts.spec.objective.cost
    gradients = [gradient_of(cost, parameter) for parameter in parameters(parts.spec)]
    return passes_of(parts.program, cost, gradients, parts.values, parts.targets)


def kernels(parts: Parts, passes: Passes) -> dict[str, Any]:
    """The signature and the lines of each kernel: forward, values, loss, gradients.

    There is no forward pass, None, where nothing can be computed before the targets.
    """
    cost = parts.spec.objective.cost
    gradients = [gradient_of(cost, parameter) for parameter in parameters(parts.spec)]
    names = parts.names
    cost_code = code(scalar(cost), names)
    pairs = zip(parameters(parts.spec), gradients, strict=True)
    items = [f'"{parameter.name}": {names[gradient.name]}' for parameter, gradient in pairs]
    values = [f'"{q.name}": {names[q.name]}' for q in parts.values]
    both = bracketed(f"return {cost_code}, {{", items, "}", 4)
    return {
        "forward": _forward(parts, passes.forward) if passes.forward.outputs else None,
        "values": _kernel(parts, "_values", passes, bracketed("return {", values, "}", 4)),
        "loss": _kernel(parts, "_loss", passes, [f"return {cost_code}"]),
        "gradients": _kernel(parts, "_gradients", passes, both),
    }


def scalar(cost: Quantity) -> ArrayTerm:
    """The cost as a number, where all its axes have size one."""
    whole = Whole(cost)
    return Select(whole, (0,) * len(cost.shape)) if cost.shape else whole


def _forward(parts: Parts, program: Program) -> dict[str, Any]:
    """The forward pass; what is more than a line can name is returned behind a star."""
    named, kept = _named(_passed(parts, program.outputs), parts.names)
    returned = f"return {', '.join(named)}"
    lines = [returned]
    if kept:
        word = fresh("kept", set(parts.names.values()))
        lines = [*_tuple(word, kept), f"{returned}, *{word}"]
    return {
        "signature": signature(parts, "_forward", parts.visible),
        "body": body_lines(parts, program, lines),
    }


def _tuple(word: str, names: Sequence[str]) -> list[str]:
    line = f"{word} = ({', '.join(names)})"
    if len(line) + INDENT <= WIDTH:
        return [line]
    return [f"{word} = (", *(f"    {name}," for name in names), ")"]


def _passed(
    parts: Parts, outputs: Sequence[Quantity]
) -> tuple[Sequence[Quantity], Sequence[Quantity]]:
    """What the forward pass returns; where that is too much for a line, in two groups.

    The second one is what has no name in the model, or what a line has no room for.
    """
    everything = [parts.names[quantity.name] for quantity in outputs]
    if _fits(everything):
        return outputs, ()
    number = max((i for i, q in enumerate(outputs, 1) if q in parts.values), default=0)
    while number and not _fits([*everything[:number], "*kept"]):
        number -= 1
    return outputs[:number], outputs[number:]


def _named(groups: Sequence[Sequence[Quantity]], names: Names) -> Iterator[list[str]]:
    return ([names[quantity.name] for quantity in group] for group in groups)


def _fits(names: Sequence[str]) -> bool:
    return len(f"    {', '.join(names)} = _forward(") <= WIDTH


def _kernel(parts: Parts, name: str, passes: Passes, returned: list[str]) -> dict[str, Any]:
    """A kernel that goes on from the forward pass."""
    programs = {"_values": passes.values, "_loss": passes.loss, "_gradients": passes.gradients}
    program, before = programs[name], passes.forward.statements
    names = held_names(program, parts.names, before)
    freed = _freed(parts, passes) if name == "_gradients" else []
    call = forward_call(parts, passes.forward.outputs, program, names, freed)
    cost = parts.spec.objective.cost
    inputs = {names[quantity.name] for quantity in program.inputs}
    is_late = cost not in passes.forward.outputs
    late = [name for name in freed if is_late and name in inputs]
    at_once = [name for name in freed if name not in late]
    call += _freeing(at_once)
    arguments = parts.visible if name == "_values" else parts.data
    body = body_lines(
        parts, program, returned, before, {cost.name: _freeing(late, said=bool(at_once))}
    )
    return {
        "signature": signature(parts, name, arguments),
        "body": _returned_at_once(call, body),
    }


def _freed(parts: Parts, passes: Passes) -> list[str]:
    """The matrices of the forward pass that nothing behind the cost reads, where others are read.

    What the cost does not read either is freed at once: arrays that live shortly take its place,
    and what is large stands at the end of memory, whence an allocator can give it back in one.
    What is changed in place lives on under another name.
    """
    program, cost = passes.gradients, parts.spec.objective.cost
    places = [place for place, line in enumerate(program.statements) if cost in targets(line)]
    later = program.statements[max(places, default=-1) + 1 :]
    read = {name for line in later for name in read_by(line)}
    read |= {
        change.start.quantity.name
        for change in changes(program, passes.forward.statements).values()
        if isinstance(change.start, Whole)
    }
    large = [q for q in passes.forward.outputs if sum(not is_one(s) for s in q.shape) > 1]
    unread = [parts.names[q.name] for q in large if q.name not in read]
    return unread if len(unread) < len(large) else []


def _freeing(names: Sequence[str], *, said: bool = False) -> list[str]:
    why = "" if said else "  # to make room for the gradients"
    return [f"del {', '.join(names)}{why}"] if names else []


def _returned_at_once(call: list[str], body: list[str]) -> list[str]:
    """`return _forward(w)` where its one value is all that a kernel returns."""
    target, _, made = call[0].partition(" = ") if len(call) == 1 else ("", "", "")
    return [f"return {made}"] if body == [f"return {target}"] else call + body


def signature(parts: Parts, name: str, arguments: Sequence[str], *first: str) -> list[str]:
    """The first lines of a kernel, which takes the parameters before other arguments."""
    own = [parts.names[q.name] for q in parameters(parts.spec)]
    return bracketed(f"def {name}(", [*first, *own, *arguments, *parts.given], "):")


def forward_call(
    parts: Parts,
    passed: Sequence[Quantity],
    program: Program,
    names: Names,
    freed: Sequence[str] = (),
) -> list[str]:
    """What the forward pass returns, by name where the program reads it, or frees it."""
    read = {names[quantity.name] for quantity in program.inputs}.union(freed)
    named, kept = _named(_passed(parts, passed), names)
    if read.isdisjoint((*named, *kept)):
        return []
    unpacked_to, unpacked = _targets([*named, *kept], read), list[str]()
    if not read.isdisjoint(kept):
        word = fresh("kept", set(parts.names.values()))
        unpacked_to = ", ".join([*(name if name in read else "_" for name in named), f"*{word}"])
        unpacked = _unpacked(_targets(kept, read), word)
    own = [parts.names[q.name] for q in parameters(parts.spec)]
    call = bracketed(
        f"{unpacked_to} = _forward(", [*own, *parts.visible, *parts.given], ")", INDENT
    )
    return [*call, *unpacked]


def _targets(names: Sequence[str], read: Collection[str]) -> str:
    """The names that are read; one underscore for each other, and one star for all at the end."""
    targets = [name if name in read else "_" for name in names]
    last = max((place for place, name in enumerate(targets) if name != "_"), default=-1)
    if len(targets) - last > 2:
        targets[last + 1 :] = ["*_"]
    return ", ".join(targets)


def _unpacked(targets: str, word: str) -> list[str]:
    line = f"{targets} = {word}"
    if len(line) + INDENT <= WIDTH:
        return [line]
    return ["(", *(f"    {target}," for target in targets.split(", ")), f") = {word}"]


def body_lines(
    parts: Parts,
    program: Program,
    returned: list[str],
    before: Sequence[Line] = (),
    freeing: Mapping[Name, Sequence[str]] | None = None,
) -> list[str]:
    """The lines of a program, and what is returned: at once where the last line computes it.

    The lines `before` have made inputs for this program alone; `freeing` stands behind a quantity.
    """
    known = parts.formulas
    every = (*known.forward, *known.gradients, *known.requested, *known.product)
    numbers = comments(every)
    if program.statements and len(program.outputs) == 1:
        *first, last = program.statements
        name = parts.names[program.outputs[0].name]
        if isinstance(last, Statement) and returned == [f"return {name}"] and is_expression(last):
            program = replace(program, statements=tuple(first))
            returned = returned_lines(last, parts.names, numbers)
    return statement_lines(
        program, parts.names, numbers, returned, before=before, freeing=freeing or {}
    )
