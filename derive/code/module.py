"""What stands in a generated module: tables, signatures, kernels, guards, the trajectory.

Everything is decided here; the template only lays it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from derive.calculus.targets import forward_quantities, target_names
from derive.code.docstring import Formulas, comments, docstring_context
from derive.code.fact_code import checks
from derive.code.module_names import identifiers, setting_names
from derive.code.numpy_code import WIDTH, bracketed, code
from derive.code.program_code import statement_lines
from derive.code.rule_code import setting_values, state_lines, update_lines
from derive.code.size_code import decimal, size_code
from derive.code.starting_code import (
    base_sizes,
    example_lines,
    example_terms,
    init_lines,
    size_arguments,
    size_choices,
)
from derive.model import Equation, Recurrence, Specification, data, definition, parameters
from derive.names import python_name
from derive.numbers.special import source_lines
from derive.program.array_functions import BY_SERIES, IN_MATH
from derive.program.arrays import ArrayTerm, Select, Whole
from derive.program.plan import gradient_of, program_for, restricted
from derive.program.program import Program, size_names
from derive.render import render_python
from derive.sizes import show_size
from derive.terms import Name, Number, Quantity, Size, Term, entries, is_one

# At most so many values are shown in each line of a trajectory.
MOST_SHOWN = 4


def module_source(
    spec: Specification,
    gradients: Sequence[Equation],
    formulas: Formulas,
    recurrences: Sequence[Recurrence] = (),
) -> str:
    """The source text of the NumPy module of a model; `recurrences` are those of the gradients."""
    program = program_for(spec, gradients, recurrences)
    return render_python(module_context(spec, gradients, program, formulas))


@dataclass(frozen=True)
class _Parts:
    """What all functions of the module are made from."""

    spec: Specification
    program: Program
    names: dict[Name, str]
    settings: dict[Name, str]
    targets: frozenset[Name]
    values: tuple[Quantity, ...]
    formulas: Formulas

    @property
    def given(self) -> list[str]:
        """The sizes that no shape tells, as arguments."""
        rules = (r for r in self.program.sizes if r.quantity is None and r.formula is None)
        return [self.names[rule.name] for rule in rules]

    @property
    def data(self) -> list[str]:
        """All data as arguments."""
        return [self.names[quantity.name] for quantity in data(self.spec)]

    @property
    def visible(self) -> list[str]:
        """The data that are no targets, as arguments."""
        return [self.names[q.name] for q in data(self.spec) if q.name not in self.targets]


def module_context(
    spec: Specification, gradients: Sequence[Equation], program: Program, formulas: Formulas
) -> dict[str, Any]:
    """What the template of the module needs, every line decided."""
    names = identifiers(spec, program)
    targets = target_names(spec)
    settings = setting_names(spec, names)
    values = forward_quantities(spec, targets)
    # A target whose shape alone tells a size has to be there.
    targets -= {quantity.name for quantity in restricted(program, values).inputs}
    parts = _Parts(spec, program, names, settings, targets, values, formulas)
    context = {
        "name": spec.name,
        **docstring_context(spec, names, formulas),
        **_tables(parts),
        **_kernels(parts),
        **_functions(parts),
        **_update(parts),
        **_start(parts),
        **_trajectory(parts),
    }
    kernels = (context[key]["body"] for key in ("forward", "loss", "gradients"))
    written = "\n".join(line for body in (*kernels, context["update_lines"]) for line in body)
    lacking = [name for name in sorted(IN_MATH) if f"_{name}(" in written]
    series = [name for name in sorted(BY_SERIES) if f"_{name}(" in written]
    blocks = [source_lines(name, f"_{name}_of_number") for name in series]
    brought = {"lacking": lacking, "series": list(zip(series, blocks, strict=True))}
    brought["written"] = written
    return {**context, **brought, "uses_math": bool(lacking or series) or "math." in written}


# --- tables -------------------------------------------------------------------------------------


def _tables(parts: _Parts) -> dict[str, Any]:
    spec, names = parts.spec, parts.names
    shapes = [f'"{q.name}": {_shape_entry(q.shape)}' for q in parameters(spec)]
    inputs = [f'"{names[q.name]}": {_shape_entry(q.shape)}' for q in data(spec)]
    below = [
        f'"{names[d.quantity.name]}": {_size_entry(d.bound)}'
        for d in spec.declarations
        if d.bound is not None
    ]
    formulas = [_derived_entry(*pair) for pair in _derived(spec)]
    facts = checks(spec, names)
    constants = [f"{names[q.name]} = {decimal(value)}" for q, value in parts.program.constants]
    return {
        "parameters_table": bracketed("PARAMETERS = {", shapes, "}"),
        "data_table": bracketed("DATA = {", inputs, "}"),
        "below_table": bracketed("BELOW = {", below, "}") if below else [],
        "derived_table": ["DERIVED = {", *(f"    {f}," for f in formulas), "}"] if formulas else [],
        "fact_table": ["FACTS = [", *(f"    {row}," for row in facts), "]"] if facts else [],
        "constants": constants,
        "given": bool(parts.given),
    }


def _derived(spec: Specification) -> list[tuple[str, Term]]:
    """The sizes that follow from others: dimensions with a formula, expressions in shapes."""
    found = {d.name: d.formula for d in spec.dimensions if d.formula is not None}
    for quantity in (*parameters(spec), *data(spec)):
        for size in quantity.shape:
            if not isinstance(size, (Number, Size)):
                found.setdefault(show_size(size), size)
    return list(found.items())


def _derived_entry(name: str, formula: Term) -> str:
    """`"2*K": (("K",), lambda K: 2 * K)`."""
    needed = size_names(formula)
    quoted = ", ".join(f'"{size}"' for size in needed) + ("," if len(needed) == 1 else "")
    names: dict[Name, str] = {size: python_name(size) for size in needed}
    arguments = ", ".join(names.values())
    return f'"{name}": (({quoted}), lambda {arguments}: {size_code(formula, names)})'


def _shape_entry(shape: Sequence[Term]) -> str:
    sizes = ", ".join(map(_size_entry, shape))
    return f"({sizes},)" if len(shape) == 1 else f"({sizes})"


def _size_entry(size: Term) -> str:
    return str(size.value) if isinstance(size, Number) else f'"{show_size(size)}"'


# --- kernels ------------------------------------------------------------------------------------


def _kernels(parts: _Parts) -> dict[str, Any]:
    cost = parts.spec.objective.cost
    gradients = [gradient_of(cost, parameter) for parameter in parameters(parts.spec)]
    names = parts.names
    scalar = code(_scalar(cost), names)
    pairs = zip(parameters(parts.spec), gradients, strict=True)
    items = [f'"{parameter.name}": {names[gradient.name]}' for parameter, gradient in pairs]
    values = [f'"{q.name}": {names[q.name]}' for q in parts.values]
    return {
        "forward": _kernel(
            parts, "_forward", parts.visible, parts.values, bracketed("return {", values, "}", 4)
        ),
        "loss": _kernel(parts, "_loss", parts.data, [cost], [f"return {scalar}"]),
        "gradients": _kernel(
            parts,
            "_gradients",
            parts.data,
            [cost, *gradients],
            bracketed(f"return {scalar}, {{", items, "}", 4),
        ),
    }


def _scalar(cost: Quantity) -> ArrayTerm:
    """The cost as a number, where all its axes have size one."""
    whole = Whole(cost)
    return Select(whole, (0,) * len(cost.shape)) if cost.shape else whole


def _kernel(
    parts: _Parts,
    name: str,
    arguments: Sequence[str],
    outputs: Sequence[Quantity],
    returned: list[str],
) -> dict[str, Any]:
    program = restricted(parts.program, outputs)
    numbers = comments((*parts.formulas.forward, *parts.formulas.gradients))
    own = [parts.names[q.name] for q in parameters(parts.spec)]
    return {
        "signature": bracketed(f"def {name}(", [*own, *arguments, *parts.given], "):"),
        "body": statement_lines(program, parts.names, numbers) + returned,
    }


# --- public functions ---------------------------------------------------------------------------


def _functions(parts: _Parts) -> dict[str, Any]:
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
        "forward_call": _checked("return _forward(*", parts.visible, parts, ")"),
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


def _checked(opening: str, arguments: Sequence[str], parts: _Parts, closing: str) -> list[str]:
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


def _update(parts: _Parts) -> dict[str, Any]:
    objective = parts.spec.objective
    title = objective.rule.title.rstrip(".")
    numbers = comments(parts.formulas.update)
    return {
        "rule": title,
        "rule_lower": title[:1].lower() + title[1:],
        "state_lines": state_lines(objective),
        "update_lines": update_lines(objective, parameters(parts.spec), parts.settings, numbers),
    }


# --- where it starts ----------------------------------------------------------------------------


def _start(parts: _Parts) -> dict[str, Any]:
    spec, names = parts.spec, parts.names
    shapes = [size for quantity in parameters(spec) for size in quantity.shape]
    first, worked = base_sizes(spec, shapes), base_sizes(spec, example_terms(spec))
    init_sizes = size_arguments(first, names)
    rules = {r.name for r in parts.program.sizes if r.quantity is None and r.formula is None}
    given = [dimension for dimension in spec.dimensions if dimension.name in rules]
    return {
        "init_def": bracketed("def init(", ["seed=0", *init_sizes], "):"),
        "init_lines": init_lines(spec, names),
        "example_def": bracketed("def example(", size_arguments(worked, names), "):"),
        "example_lines": example_lines(spec, names),
        "init_choices": ", ".join(size_choices(spec, first, names)),
        "example_choices": ", ".join(size_choices(spec, worked, names)),
        "steps": spec.example.steps if spec.example else 100,
        "given_choices": "".join(f", {c}" for c in size_choices(spec, given, names, every=True)),
    }


# --- the trajectory -----------------------------------------------------------------------------


def _trajectory(parts: _Parts) -> dict[str, Any]:
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
    return {
        "look": look,
        "shown": [q.name for q in shown],
        "shown_targets": [parts.names[q.name] for q in targets if predictions],
        "cost_name": spec.objective.cost.name,
        "train_step": bracketed(
            "cost = step(",
            ["params", "**data", "state=state", *passed]
            + [f"{name}={name}" for name in parts.settings.values()],
            ")",
            8,
        ),
        "batch_text": show_batch(parts.data),
    }


def _is_single(quantity: Quantity) -> bool:
    return all(map(is_one, quantity.shape))


def show_batch(arguments: Sequence[str]) -> str:
    """A batch as the docstring of `train` writes it."""
    return f"({arguments[0]},)" if len(arguments) == 1 else f"({', '.join(arguments)})"
