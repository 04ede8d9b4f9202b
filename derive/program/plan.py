"""From a model and its gradients to the array program: what is computed, in which order, from what.

`program_for` makes it and `restricted` keeps what some outputs need.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from derive.calculus.symmetry import symmetric_quantities
from derive.calculus.targets import forward_quantities, target_names
from derive.model import Equation, Recurrence, Specification, data, parameters
from derive.program.array_shapes import shape_of
from derive.program.arrays import ArrayTerm, Copy, Exact, Full, Select, Transpose, Whole
from derive.program.carrying import with_carried
from derive.program.found_sizes import size_rules
from derive.program.joint_axes import with_joint_axes
from derive.program.naming import named
from derive.program.number_types import with_number_types
from derive.program.orders import representative_sizes
from derive.program.program import (
    Line,
    Loop,
    Program,
    SizeRule,
    Statement,
    check_program,
    every_statement,
    line_sizes,
    parts,
    reads,
    size_names,
    targets,
)
from derive.program.scaled_products import with_scaled_factors
from derive.program.sharing import inlined, shared
from derive.program.solving import with_solutions
from derive.program.stabilise import stabilised
from derive.program.stepping import lines_of
from derive.program.tidying import tidied_lines
from derive.program.unit_axes import with_unit_axes
from derive.terms import Derivative, Name, Quantity


def gradient_of(cost: Quantity, wrt: Quantity) -> Quantity:
    """The gradient of the cost with respect to a quantity, which has that quantity's shape."""
    return Quantity(Derivative(cost.name, wrt.name), wrt.shape, "gradient")


def program_for(
    spec: Specification, gradients: Sequence[Equation], recurrences: Sequence[Recurrence] = ()
) -> Program:
    """The program that computes the cost and its gradients; a parameter without one gets zeros.

    What can be computed without a target is an output too, also where the cost does not need it.
    `recurrences` say which of the gradients step together.
    """
    cost = spec.objective.cost
    equations = stabilised(spec, gradients, recurrences).equations
    lines = lines_of(spec, equations, (*spec.recurrences, *recurrences))
    computed = {statement.target.name for statement in every_statement(lines)}
    outputs = [cost]
    for parameter in parameters(spec):
        gradient = gradient_of(cost, parameter)
        outputs.append(gradient)
        if gradient.name not in computed:
            zeros = Full(Exact(Fraction(0)), parameter.shape, Whole(parameter))
            lines.append(Statement(gradient, zeros))
    outputs += [q for q in forward_quantities(spec, target_names(spec)) if q not in outputs]
    return assembled(spec, lines, (), outputs)


def program_of(
    spec: Specification, outputs: Sequence[Quantity], more: Sequence[Quantity] = ()
) -> Program:
    """The program that computes some quantities that a model defines.

    `more` are inputs beside its parameters and data: the direction of a product with a Hessian.
    """
    lines = lines_of(spec, spec.equations, spec.recurrences)
    return assembled(spec, lines, more, outputs)


def assembled(
    spec: Specification,
    lines: Sequence[Line],
    more: Sequence[Quantity],
    outputs: Sequence[Quantity],
) -> Program:
    """The program of some lines, which read parameters, data and `more`: nothing twice in it."""
    program = Program(
        inputs=(*parameters(spec), *data(spec), *more),
        constants=tuple((d.quantity, d.value) for d in spec.declarations if d.value is not None),
        sizes=size_rules(spec),
        statements=tuple(lines),
        outputs=tuple(outputs),
    )
    program = with_solutions(program, symmetric_quantities(spec))
    tidy = tidied_lines(program.statements, frozenset(q.name for q in outputs))
    typed = with_number_types(with_unit_axes(tidy), _main(spec))
    program = replace(program, statements=with_joint_axes(typed))
    program = restricted(shared(program), program.outputs)
    program = _with_own_outputs(program, spec.objective.cost)
    lines = with_scaled_factors(program.statements, representative_sizes(spec))
    program = named(with_carried(replace(program, statements=lines)))
    check_program(program)
    return program


def _main(spec: Specification) -> Quantity:
    """The parameter of whose type is what no data are in: one with axes, if there is any."""
    return next((p for p in parameters(spec) if p.shape), parameters(spec)[0])


def _with_own_outputs(program: Program, cost: Quantity) -> Program:
    """A gradient that only looks at another array gets one of its own: a caller may change it.

    So does a cost that is a parameter as it is, which a step changes in place.
    """
    outputs = {output.name for output in program.outputs if output.kind == "gradient"}

    def is_shared(statement: Statement) -> bool:
        if statement.target == cost:
            return isinstance(statement.value, Whole)
        return statement.target.name in outputs and _is_view(statement.value)

    lines = [
        replace(line, value=Copy(line.value))
        if isinstance(line, Statement) and is_shared(line)
        else line
        for line in program.statements
    ]
    return replace(program, statements=tuple(lines))


def _is_view(term: ArrayTerm) -> bool:
    match term:
        case Whole(quantity):
            return bool(quantity.shape)
        case Transpose(operand, _) | Select(operand, _):
            return bool(shape_of(term)) and _is_view(operand)
    return False


# --- what is needed -----------------------------------------------------------------------------


def restricted(program: Program, outputs: Iterable[Quantity]) -> Program:
    """The part of a program that some outputs need; what only one line shares goes back into it."""
    outputs = tuple(outputs)
    return part_of(program, needed_lines(program.statements, outputs), outputs)


def needed_lines(
    lines: Sequence[Line], outputs: Iterable[Quantity], *, given: Collection[Name] = ()
) -> list[Line]:
    """The lines that some outputs need, and no line whose values are given."""
    needed = {output.name for output in outputs}.difference(given)
    kept: list[Line] = []
    for line in reversed(lines):
        if isinstance(line, Loop):
            line = _restricted_loop(line, needed)
        if any(target.name in needed for target in targets(line)):
            kept.append(line)
            needed.update(read_by(line).difference(given))
    return kept[::-1]


def part_of(
    program: Program,
    lines: Sequence[Line],
    outputs: Sequence[Quantity],
    given: Sequence[Quantity] = (),
) -> Program:
    """Some lines of a program as a program; `given` is what other lines have computed for it."""
    outputs = tuple(outputs)
    lines = inlined(lines, outputs)
    needed = {name for line in lines for name in read_by(line)}
    needed |= {output.name for output in outputs}
    sizes = _needed_sizes(program.sizes, lines)
    needed |= {rule.quantity.name for rule in sizes if rule.quantity is not None}
    return Program(
        tuple(quantity for quantity in (*program.inputs, *given) if quantity.name in needed),
        tuple(pair for pair in program.constants if pair[0].name in needed),
        sizes,
        lines,
        outputs,
    )


def read_by(line: Line) -> set[Name]:
    """The names of the quantities that a line reads."""
    return {name for statement in parts(line) for name in reads(statement.value)}


def _restricted_loop(loop: Loop, needed: set[Name]) -> Loop:
    """The statements that the needed ones read, in this step or in another one."""
    wanted, found = set(needed), -1
    while len(wanted) > found:
        found = len(wanted)
        for statement in reversed(parts(loop)):
            if statement.target.name in wanted:
                wanted.update(reads(statement.value))
    statements, handed = (
        tuple(statement for statement in group if statement.target.name in wanted)
        for group in (loop.statements, loop.handed)
    )
    return replace(loop, statements=statements, handed=handed)


def _needed_sizes(rules: tuple[SizeRule, ...], lines: tuple[Line, ...]) -> tuple[SizeRule, ...]:
    needed = {name for line in lines for name in line_sizes(line)}
    for rule in reversed(rules):
        if rule.name in needed:
            needed.update(size_names(rule.formula or rule.more))
    return tuple(rule for rule in rules if rule.name in needed)
