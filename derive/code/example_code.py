"""`example()` of a generated module: the data of the worked example, computed and drawn.

The equations of the example go through the same array program as the model's.  A random draw
stands where it is read; the data of which the model says nothing are drawn last.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from derive.code.fact_code import fulfilled
from derive.code.layout import bracketed
from derive.code.module_parts import Parts
from derive.code.numpy_code import code
from derive.code.program_code import statement_lines
from derive.code.public_functions import head
from derive.code.size_code import Names, new_shape
from derive.code.starting_code import base_sizes, size_arguments, size_lines, training
from derive.model import Draw, Equation, Example, Specification, data
from derive.names import RESERVED, python_names
from derive.program.arrays import Whole, walk
from derive.program.program import Program, Statement, line_sizes
from derive.program.vectorise import vectorise
from derive.sizes import is_whole
from derive.terms import (
    ONE,
    ZERO,
    Entry,
    FloorDivide,
    Name,
    Node,
    Quantity,
    Size,
    Term,
    number,
    rewrite,
)
from derive.terms import walk as walk_term

# The names that the function has besides those of quantities.
OWN_NAMES = frozenset({"rng", "seed"})
STANDARD = (ZERO, ONE)
STATED = "The data of the worked example, by name."
DRAWN = "Data to train on, drawn with a seed, by name."


def example_function(parts: Parts) -> dict[str, Any]:
    """The head of `example`, what it says, and its body."""
    spec, names = parts.spec, parts.names
    example = spec.example or Example()
    undrawn, statements = _undrawn(spec, example), _statements(example, _constants(parts))
    terms = _sizes(statements, (*example.draws, *undrawn))
    sizes = size_arguments(base_sizes(training(spec), terms), names)
    lines = size_lines(spec, terms, names)
    is_drawn = bool(example.draws or undrawn)
    if is_drawn:
        sizes = ["seed=0", *sizes]
        lines.append("rng = np.random.default_rng(seed)")
    lines += _computed(statements, example.draws, names)
    lines += [f"{names[draw.quantity.name]} = {_draw(draw, names)}" for draw in undrawn]
    made = {draw.quantity.name for draw in undrawn}
    facts = [fact for fact in spec.facts if fact.quantity.name in made]
    lines += [fulfilled(fact, names[fact.quantity.name]) for fact in facts]
    items = [f'"{names[q.name]}": {names[q.name]}' for q in data(spec)]
    lines += bracketed("return {", items, "}", indent=4)
    return {
        "example_def": head("example", [], sizes),
        "example_doc": DRAWN if is_drawn else STATED,
        "example_lines": lines,
    }


def _statements(example: Example, constants: Mapping[Quantity, Term]) -> list[Statement]:
    """The array program of the equations, line by line as the author wrote them."""

    def rule(node: Node) -> Node | None:
        return constants.get(node.quantity) if isinstance(node, Entry) else None

    equations = [replace(e, right=rewrite(e.right, rule)) for e in example.equations]
    return [Statement(e.left, vectorise(e), e) for e in equations]


def _constants(parts: Parts) -> dict[Quantity, Term]:
    """The constants that only the example reads: the module has no line for them."""
    named = {quantity for quantity, _ in parts.program.constants}
    given = (d for d in parts.spec.declarations if d.value is not None)
    return {d.quantity: number(d.value) for d in given if d.value and d.quantity not in named}


def _sizes(statements: Sequence[Statement], draws: Sequence[Draw]) -> list[Term]:
    """The sizes that are read where the data are made."""
    named: list[Term] = [Size(name) for line in statements for name in line_sizes(line)]
    return named + [size for d in draws for size in (*d.quantity.shape, *d.arguments)]


def _undrawn(spec: Specification, example: Example) -> list[Draw]:
    """The draws of data of which the example says nothing."""
    own = {equation.left.name for equation in example.equations}
    return [
        Draw(d.quantity, "normal", STANDARD)
        if d.bound is None
        else Draw(d.quantity, "integers", (ZERO, d.bound))
        for d in spec.declarations
        if d.quantity.kind in ("input", "index") and d.quantity.name not in own
    ]


def _computed(statements: Sequence[Statement], drawn: Sequence[Draw], names: Names) -> list[str]:
    """The lines of the statements, each draw in its line, or before it where it is read twice."""
    own = [str(s.target.name) for s in statements if s.target.name not in names]
    known: dict[Name, str] = dict(names)
    known.update(python_names(own, RESERVED | OWN_NAMES | frozenset(names.values())))
    draws = {draw.quantity.name: draw for draw in drawn}
    lines: list[str] = []
    for line in statements:
        read = [part.quantity.name for part in walk(line.value) if isinstance(part, Whole)]
        for name in [name for name in dict.fromkeys(read) if name in draws]:
            known[name] = _draw(draws[name], names)
            if read.count(name) > 1:
                own_name = _unused("drawn", known)
                lines.append(f"{own_name} = {known[name]}")
                known[name] = own_name
        lines += statement_lines(Program((), (), (), (line,), ()), known, {})
        if line.target.kind == "index" and line.equation and not _is_integer(line.equation.right):
            lines.append(f"{known[line.target.name]} = {known[line.target.name]}.astype(int)")
    return lines


def _is_integer(term: Term) -> bool:
    """Whether NumPy computes a term in integers: it rounds other numbers down to floats."""
    floors = [part for part in walk_term(term) if isinstance(part, FloorDivide)]
    return is_whole(term) and all(is_whole(f.numerator) and is_whole(f.denominator) for f in floors)


def _draw(draw: Draw, names: Names) -> str:
    """`rng.normal(2, 0.1, size=(N, D))`; what NumPy takes anyway is left out."""
    first, second = draw.arguments
    arguments = [_scalar(first, names), _scalar(second, names)]
    if draw.distribution == "integers":
        arguments = arguments[1:] if first == ZERO else arguments
    elif draw.arguments == STANDARD:
        arguments = []
    if draw.quantity.shape:
        arguments.append(f"size={new_shape(draw.quantity.shape, names)}")
    return f"rng.{draw.distribution}({', '.join(arguments)})"


def _scalar(term: Term, names: Names) -> str:
    return code(vectorise(Equation(Quantity("number"), (), term)), names)


def _unused(word: str, names: Names) -> str:
    """A name that begins with `word` and is not taken."""
    return python_names([word], frozenset(names.values()))[word]
