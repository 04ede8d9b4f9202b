"""The update rule of a model, operation by operation, in memory that a workspace holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from derive.calculus.update import common
from derive.code.rule_code import rule_code, rule_names
from derive.code.workspace_code import operation_lines
from derive.model import Equation, Objective
from derive.program.program import Program, Statement, every_statement
from derive.program.single_steps import with_single_steps
from derive.program.slots import with_slots
from derive.program.vectorise import vectorise
from derive.terms import Entry, Index, IndexValue, Name, Node, Quantity, Size, Term, rewrite

# All arrays of a rule have the shape of a parameter, whatever that is.
ENTRIES = Size("entries of a parameter")


def update_in(
    objective: Objective, settings: Mapping[Name, str], comments: Mapping[Name, str]
) -> dict[str, Any]:
    """The lines of an update in place, and how many arrays like a parameter it needs."""
    rule = objective.rule
    shared = common(rule)
    names = rule_names(rule, settings)
    arrays = {rule.parameter, rule.gradient, *rule.states} - shared
    program = _program(objective, arrays)
    slots = with_slots(with_single_steps(program, names.values()))
    own = {q.name for q in (rule.parameter, *rule.states)}
    scratch = [s for s in dict.fromkeys(slots.of.values()) if s.name not in own]
    made = {s.target.name: str(s.target.name) for s in every_statement(slots.program.statements)}
    known = {**made, **names}
    known |= {name: known[slot.name] for name, slot in slots.of.items() if name not in own}
    remembered = {s.name: f'state["{s.name}"]' for s in rule.states if s in shared}
    before = [
        f"{remembered.get(a.left.name, names[a.left.name])} = "
        f"{rule_code(a.right, {**names, **remembered})}"
        for a in rule.assignments
        if a.left in shared
    ]
    before += [f"{names[name]} = {place}" for name, place in remembered.items()]
    per_entry = [state for state in rule.states if state not in shared]
    inside = [f'{names[state.name]} = state["{state.name}"][name]' for state in per_entry]
    inside.append(f"{names[rule.gradient.name]} = grads[name]")
    if scratch:
        targets = ", ".join(known[slot.name] for slot in scratch)
        inside.append(f"{targets}{',' if len(scratch) == 1 else ''} = scratch[name]")
    inside += operation_lines(slots, known, comments)
    head = f"for name, {names[rule.parameter.name]} in params.items():"
    return {"lines": [*before, head, *(f"    {line}" for line in inside)], "arrays": len(scratch)}


def _program(objective: Objective, arrays: set[Quantity]) -> Program:
    """The assignments of a rule that differ from parameter to parameter, on arrays."""
    rule = objective.rule
    shared = common(rule)
    local = {a.left for a in rule.assignments} - shared
    shaped = {q: Quantity(q.name, (ENTRIES,), q.kind) for q in arrays | local}
    index = Index(ENTRIES)

    def on_arrays(term: Term) -> Term:
        def placed(node: Node) -> Node | None:
            if isinstance(node, Entry) and node.quantity in shaped:
                return Entry(shaped[node.quantity], (IndexValue(index),))
            return None

        return rewrite(term, placed)

    statements = tuple(
        Statement(shaped[a.left], vectorise(Equation(shaped[a.left], (index,), on_arrays(a.right))))
        for a in rule.assignments
        if a.left not in shared
    )
    kept = tuple(shaped[q] for q in (rule.parameter, *rule.states) if q in shaped)
    return Program((), (), (), statements, kept)
