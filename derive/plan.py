"""The array program of a model: which statement computes what, in which order, from what.

`program_for` makes it, `restricted` keeps what some outputs need, `check_program` refuses what is
not well formed; `interpret` runs it and `numpy_code` prints it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from derive.array_shapes import shape_of, sizes_in
from derive.arrays import (
    Apply,
    ArrayTerm,
    Copy,
    Elementwise,
    Exact,
    Full,
    Select,
    Transpose,
    Whole,
    is_plain_number,
    operands,
    show_name,
    walk,
    with_operands,
)
from derive.errors import DerivationError
from derive.model import Dimension, Equation, Specification, data, parameters
from derive.recognise import with_names
from derive.sizes import show_shape
from derive.terms import Derivative, Name, Quantity, Size, Term
from derive.terms import walk as walk_term
from derive.vectorise import vectorise


@dataclass(frozen=True)
class Statement:
    """target = value.  `equation` is what it computes, None for a part that several lines share."""

    target: Quantity
    value: ArrayTerm
    equation: Equation | None = None


@dataclass(frozen=True)
class SizeRule:
    """How a program finds a size: on an axis of an input, by a formula, or else by its caller."""

    name: str
    quantity: Quantity | None = None
    axis: int = 0
    formula: Term | None = None


@dataclass(frozen=True)
class Program:
    """Statements in order, what they read and what they are for.

    `constants` are numbers by name, `sizes` the sizes used as numbers, in an order in which each
    formula reads only what is above it.
    """

    inputs: tuple[Quantity, ...]
    constants: tuple[tuple[Quantity, Fraction], ...]
    sizes: tuple[SizeRule, ...]
    statements: tuple[Statement, ...]
    outputs: tuple[Quantity, ...]


def gradient_of(cost: Quantity, wrt: Quantity) -> Quantity:
    """The gradient of the cost with respect to a quantity, which has that quantity's shape."""
    return Quantity(Derivative(cost.name, wrt.name), wrt.shape, "gradient")


def program_for(spec: Specification, gradients: Sequence[Equation]) -> Program:
    """The program that computes the cost and its gradients; a parameter without one gets zeros."""
    cost = spec.objective.cost
    equations = [*spec.equations, *with_names(gradients, spec.equations)]
    statements = [Statement(e.left, vectorise(e), e) for e in equations]
    outputs = [cost]
    for parameter in parameters(spec):
        gradient = gradient_of(cost, parameter)
        outputs.append(gradient)
        if all(statement.target.name != gradient.name for statement in statements):
            zeros = Full(Exact(Fraction(0)), parameter.shape, Whole(parameter))
            statements.append(Statement(gradient, zeros))
    program = Program(
        inputs=(*parameters(spec), *data(spec)),
        constants=tuple((d.quantity, d.value) for d in spec.declarations if d.value is not None),
        sizes=_size_rules(spec),
        statements=tuple(statements),
        outputs=tuple(outputs),
    )
    program = _with_own_outputs(restricted(_shared(program), program.outputs))
    check_program(program)
    return program


def _with_own_outputs(program: Program) -> Program:
    """A gradient that only looks at another array gets one of its own: a caller may change it."""
    outputs = {output.name for output in program.outputs if output.kind == "gradient"}
    statements = [
        replace(s, value=Copy(s.value)) if s.target.name in outputs and _is_view(s.value) else s
        for s in program.statements
    ]
    return replace(program, statements=tuple(statements))


def _is_view(term: ArrayTerm) -> bool:
    match term:
        case Whole(quantity):
            return bool(quantity.shape)
        case Transpose(operand, _) | Select(operand, _):
            return bool(shape_of(term)) and _is_view(operand)
    return False


def _size_rules(spec: Specification) -> tuple[SizeRule, ...]:
    """Sizes on the axes of inputs (data first: they are at hand), then formulas in text order."""
    found: dict[str, SizeRule] = {}
    formulas = {d.name for d in spec.dimensions if d.formula is not None}
    for quantity in (*data(spec), *parameters(spec)):
        for axis, size in enumerate(quantity.shape):
            if isinstance(size, Size) and size.name not in formulas:
                found.setdefault(size.name, SizeRule(size.name, quantity, axis))
    rules = [_size_rule(d, found) for d in spec.dimensions]
    return tuple(sorted(rules, key=lambda rule: rule.formula is not None))


def _size_rule(dimension: Dimension, found: dict[str, SizeRule]) -> SizeRule:
    given = SizeRule(dimension.name, formula=dimension.formula)
    return found.get(dimension.name, given)


# --- what is needed -----------------------------------------------------------------------------


def reads(term: ArrayTerm) -> tuple[Name, ...]:
    """The names of the quantities that a term reads, in reading order."""
    names = (part.quantity.name for part in walk(term) if isinstance(part, Whole))
    return tuple(dict.fromkeys(names))


def restricted(program: Program, outputs: Iterable[Quantity]) -> Program:
    """The part of a program that some outputs need; what only one line shares goes back into it."""
    outputs = tuple(outputs)
    needed = {output.name for output in outputs}
    kept: list[Statement] = []
    for statement in reversed(program.statements):
        if statement.target.name in needed:
            kept.append(statement)
            needed.update(reads(statement.value))
    statements = _inlined(tuple(reversed(kept)))
    needed |= {name for statement in statements for name in reads(statement.value)}
    sizes = _needed_sizes(program.sizes, statements)
    needed |= {rule.quantity.name for rule in sizes if rule.quantity is not None}
    return Program(
        tuple(quantity for quantity in program.inputs if quantity.name in needed),
        tuple(pair for pair in program.constants if pair[0].name in needed),
        sizes,
        statements,
        outputs,
    )


def _needed_sizes(
    rules: tuple[SizeRule, ...], statements: tuple[Statement, ...]
) -> tuple[SizeRule, ...]:
    terms = [size for statement in statements for size in sizes_in(statement.value)]
    needed = {name for term in terms for name in size_names(term)}
    for rule in reversed(rules):
        if rule.name in needed and rule.formula is not None:
            needed.update(size_names(rule.formula))
    return tuple(rule for rule in rules if rule.name in needed)


def size_names(size: Term) -> tuple[str, ...]:
    """The names of the dimensions that a size expression reads."""
    return tuple(dict.fromkeys(p.name for p in walk_term(size) if isinstance(p, Size)))


def _inlined(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
    """Shared parts that only one place reads, written where they are read."""
    uses = Counter(
        part.quantity.name
        for statement in statements
        for part in walk(statement.value)
        if isinstance(part, Whole)
    )
    bodies: dict[Name, ArrayTerm] = {}
    result = []
    for statement in statements:
        statement = replace(statement, value=_replaced(statement.value, bodies))
        if is_shared(statement) and uses[statement.target.name] == 1:
            bodies[statement.target.name] = statement.value
        else:
            result.append(statement)
    return tuple(result)


def is_shared(statement: Statement) -> bool:
    """Whether a statement names a part that several lines share, not a quantity of the model."""
    return statement.equation is None and statement.target.kind == "defined"


def _replaced(term: ArrayTerm, bodies: dict[Name, ArrayTerm]) -> ArrayTerm:
    if isinstance(term, Whole):
        return bodies.get(term.quantity.name, term)
    return with_operands(term, tuple(_replaced(part, bodies) for part in operands(term)))


# --- computed once ------------------------------------------------------------------------------


def _shared(program: Program) -> Program:
    """Each part that is worth a name computed once.

    The value of an earlier line is read from its name; a part that occurs again becomes a line.
    """
    counts: Counter[ArrayTerm] = Counter()
    for statement in program.statements:
        _count(statement.value, counts)
    taken = {quantity.name for quantity in program.inputs}
    taken |= {quantity.name for quantity, _ in program.constants}
    taken |= {rule.name for rule in program.sizes}
    taken |= {statement.target.name for statement in program.statements}
    known: dict[ArrayTerm, Quantity] = {}
    result: list[Statement] = []

    def named(term: ArrayTerm) -> ArrayTerm:
        if term in known:
            return Whole(known[term])
        value = with_operands(term, tuple(named(part) for part in operands(term)))
        if counts[term] < 2 or not _is_work(term):
            return value
        quantity = Quantity(_fresh_name(value, taken), shape_of(value))
        taken.add(quantity.name)
        known[term] = quantity
        result.append(Statement(quantity, value))
        return Whole(quantity)

    for statement in program.statements:
        if statement.value in known:
            value: ArrayTerm = Whole(known[statement.value])
        else:
            parts = tuple(named(part) for part in operands(statement.value))
            value = with_operands(statement.value, parts)
            if operands(statement.value) and not is_plain_number(statement.value):
                known[statement.value] = statement.target
        result.append(replace(statement, value=value))
    return replace(program, statements=tuple(result))


def _count(term: ArrayTerm, counts: Counter[ArrayTerm]) -> None:
    counts[term] += 1
    if counts[term] == 1:
        for part in operands(term):
            _count(part, counts)


def _is_work(term: ArrayTerm) -> bool:
    """Whether a part costs more than one elementwise operation; less is clearer written again."""
    return not isinstance(term, (Transpose, Select)) and _work(term) > 1


def _work(term: ArrayTerm) -> int:
    if is_plain_number(term):
        return 0
    below = sum(_work(part) for part in operands(term))
    match term:
        case Whole() | Transpose() | Select() | Elementwise("negate"):
            return below
        case Elementwise():
            return below + 1
    return below + 2


def _fresh_name(value: ArrayTerm, taken: set[Name]) -> str:
    """`exp_z` for a function of one quantity, else a number."""
    match value:
        case Apply(function, (Whole(Quantity(name=str(name))),)):
            if f"{function}_{name}" not in taken:
                return f"{function}_{name}"
    number = 1
    while f"shared_{number}" in taken:
        number += 1
    return f"shared_{number}"


# --- well formed --------------------------------------------------------------------------------


def check_program(program: Program) -> None:
    """Raise DerivationError unless every name is defined once and before use, with its shape."""
    shapes = {quantity.name: quantity.shape for quantity in program.inputs}
    shapes |= {quantity.name: quantity.shape for quantity, _ in program.constants}
    for statement in program.statements:
        target, value = statement.target, statement.value
        for part in walk(value):
            if isinstance(part, Whole) and shapes.get(part.quantity.name) != part.quantity.shape:
                raise _defect(f"{show_name(part.quantity.name)} is read before it has its value")
        if target.name in shapes:
            raise _defect(f"{show_name(target.name)} is computed twice")
        if shape_of(value) != target.shape:
            raise _defect(
                f"{show_name(target.name)} has the shape {show_shape(target.shape)}, but its value "
                f"has the shape {show_shape(shape_of(value))}"
            )
        shapes[target.name] = target.shape
    for output in program.outputs:
        if output.name not in shapes:
            raise _defect(f"{show_name(output.name)} is never computed")


def _defect(cause: str) -> DerivationError:
    return DerivationError(cause, "this is a defect of the program: report the model it came from")
