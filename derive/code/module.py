"""What stands in a generated module.

Everything is decided here; the template only lays it out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from derive.calculus.requested import NOTHING, Requested
from derive.calculus.targets import forward_quantities, target_names
from derive.code.docstring import Formulas, docstring_context
from derive.code.kernels import kernels, passes_for
from derive.code.module_names import identifiers, setting_names
from derive.code.module_parts import Parts
from derive.code.public_functions import public_functions, update_function
from derive.code.requested import provided
from derive.code.styles import Style
from derive.code.tables import tables
from derive.code.trajectory import start, trajectory
from derive.code.workspace import workspace
from derive.model import Equation, Recurrence, Specification
from derive.numbers.special import source_lines
from derive.program.array_functions import BY_SERIES, IN_MATH
from derive.program.plan import program_for, restricted
from derive.program.program import Program, every_statement
from derive.program.stabilise import forms_in, stabilised
from derive.render import render_python


def module_source(
    spec: Specification,
    gradients: Sequence[Equation],
    formulas: Formulas,
    recurrences: Sequence[Recurrence] = (),
    requested: Requested = NOTHING,
    style: Style = "readable",
) -> str:
    """The source text of the NumPy module of a model; `recurrences` are those of the gradients."""
    program = program_for(spec, gradients, recurrences)
    computed = {statement.target.name for statement in every_statement(program.statements)}
    forms = forms_in(stabilised(spec, gradients, recurrences), computed)
    formulas = replace(formulas, stable=tuple((form.form, form.computed) for form in forms))
    return render_python(module_context(spec, program, formulas, requested, style))


def module_context(
    spec: Specification,
    program: Program,
    formulas: Formulas,
    requested: Requested,
    style: Style = "readable",
) -> dict[str, Any]:
    """What the template of the module needs, every line decided."""
    names = identifiers(spec, program)
    targets = target_names(spec)
    settings = setting_names(spec, names)
    values = forward_quantities(spec, targets)
    # A target whose shape alone tells a size has to be there.
    targets -= {quantity.name for quantity in restricted(program, values).inputs}
    parts = Parts(spec, program, names, settings, targets, values, formulas)
    passes = passes_for(parts)
    context = {
        "name": spec.name,
        **docstring_context(spec, names, formulas),
        **tables(parts),
        **kernels(parts, passes),
        **public_functions(parts, style),
        "provided": provided(parts, passes, requested),
        "work": workspace(parts) if style == "workspace" else None,
        **update_function(parts),
        **start(parts),
        **trajectory(parts, style),
    }
    found = [context[key] for key in ("forward", "values", "loss", "gradients")]
    found += [part for part in context["provided"].values() if isinstance(part, dict)]
    bodies = [kernel["body"] for kernel in found if kernel is not None]
    bodies += [context["update_lines"], context["example_lines"]]
    work = context["work"]
    bodies += [] if work is None else [work[key]["body"] for key in ("kernel", "maker", "updating")]
    written = "\n".join(line for body in bodies for line in body)
    lacking = [name for name in sorted(IN_MATH) if f"_{name}(" in written]
    series = [name for name in sorted(BY_SERIES) if f"_{name}(" in written]
    blocks = [source_lines(name, f"_{name}_of_number") for name in series]
    brought = {"lacking": lacking, "series": list(zip(series, blocks, strict=True))}
    return {**context, **brought, "written": written}
