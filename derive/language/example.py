"""`with example(steps=200): x[0, i] = i + 1`: the data of the worked example."""

from __future__ import annotations

import ast
from fractions import Fraction
from functools import reduce

from derive.language.declarations import constant, example_size
from derive.language.definitions import Definition, equation, over
from derive.language.lookup import did_you_mean
from derive.language.scope import Scope, Slot
from derive.language.subscripts import is_unit, parts_of
from derive.language.values import Array, Shape, Subscripts, aligned, exact_value, joined
from derive.model import Equation, Example, Notation
from derive.sizes import show_shape, show_size
from derive.terms import ZERO, Choice, Compare, Index, Number, Quantity, Term, entries

MOST_STEPS = 1_000_000
EXAMPLE_CURE = "write `with example(steps=200):` and under it the data, x[i] = i + 1"


def read_example(statement: ast.With, scope: Scope) -> None:
    """Add the worked example to the draft."""
    head = statement.items[0].context_expr
    options = _options(head)
    if options is None or len(statement.items) > 1:
        raise scope.error(statement, "'with' opens the worked example, or a rule", EXAMPLE_CURE)
    if scope.draft.example is not None:
        raise scope.error(statement, "the model has two worked examples", "keep one of them")
    steps = Example().steps
    for option in options:
        value = constant(option.value, scope, EXAMPLE_CURE)
        if option.arg != "steps" or value.denominator != 1 or not 1 <= value <= MOST_STEPS:
            raise scope.error(
                option.value,
                f"'{option.arg}={scope.spelling(option.value)}' is no option of the example",
                f"its one option is steps, from 1 to {MOST_STEPS}",
            )
        steps = int(value)
    equations: dict[str, Equation] = {}
    for line in statement.body:
        if not isinstance(line, ast.Pass):
            one = _data(line, equations, scope)
            equations[str(one.left.name)] = one
    scope.draft.example = Example(tuple(equations.values()), steps)


def _options(head: ast.expr) -> list[ast.keyword] | None:
    """The options of `example(...)`; None for anything else."""
    match head:
        case ast.Call(func=ast.Name(id="example"), args=[], keywords=options):
            return options
    return None


def _data(line: ast.stmt, known: dict[str, Equation], scope: Scope) -> Equation:
    """One line `x[0, i] = i + 1`, `y = 1` or `x = [[1, 2, 3]]`."""
    if not isinstance(line, ast.Assign) or len(line.targets) != 1:
        raise scope.error(line, "the example gives the data, one a line", EXAMPLE_CURE)
    target = line.targets[0]
    name = target.value if isinstance(target, ast.Subscript) else target
    data = [n for n, d in scope.draft.declarations.items() if d.quantity.kind in ("input", "index")]
    if not isinstance(name, ast.Name) or name.id not in data:
        text = scope.spelling(name)
        raise scope.error(
            target,
            f"'{text}' is no data of the model",
            did_you_mean(text, data) or "the example gives values to what is declared as input",
        )
    if name.id in known:
        raise scope.error(
            target, f"'{name.id}' is given twice", f"give it at once, {name.id} = [1, 2, 3]"
        )
    left = scope.draft.quantities[name.id]
    if isinstance(target, ast.Subscript):
        array, letters = _by_entries(target, line.value, left, scope)
    else:
        array = _literal(line.value, scope)
        letters = (None,) * len(left.shape)
    _check_reads(array, line.value, known, scope)
    fitted = _fitted(array, left, line.value, scope)
    notation: Notation = "index" if isinstance(target, ast.Subscript) else "array"
    definition = Definition(name.id, fitted, letters, notation)
    return equation(definition, left, left.shape, line, scope)


def _by_entries(
    target: ast.Subscript, value: ast.expr, left: Quantity, scope: Scope
) -> tuple[Array, tuple[str | None, ...]]:
    """The right side under the indices of the left, whose ranges are the axes of `left`."""
    parts = parts_of(target)
    if len(parts) != len(left.shape):
        raise scope.error(
            target,
            f"'{left.name}' has the shape {show_shape(left.shape)}, but {len(parts)} subscripts "
            "are given",
            "give one subscript an axis",
        )
    slots: dict[str, Slot] = {}
    axes: list[Slot] = []
    for part, size in zip(parts, left.shape, strict=True):
        if is_unit(part, size):
            axes.append(Slot("", Index(size), size))
        elif isinstance(part, ast.Name) and not scope.known(part.id) and part.id not in slots:
            slots[part.id] = Slot(part.id, Index(size, part.id), size)
            axes.append(slots[part.id])
        else:
            raise scope.error(
                part,
                f"'{scope.spelling(part)}' does not stand for all entries of an axis of size "
                f"{show_size(size)}",
                f"write an index, or all values at once: {left.name} = [1, 2, 3]",
            )
    right = scope.with_slots(slots).number(value)
    if right.shape:
        raise scope.error(
            value,
            f"'{scope.spelling(value)}' has the shape {show_shape(right.shape)}, but the left "
            "stands for one number",
            "give it one subscript an axis",
        )
    return over(list(axes), right, target, scope), tuple(axis.letter or None for axis in axes)


def _literal(node: ast.expr, scope: Scope) -> Array:
    """An expression, or nested lists of numbers."""
    if not isinstance(node, ast.List):
        return scope.number(node)
    rows = [_literal(element, scope) for element in node.elts]
    if not rows or any(row.shape != rows[0].shape for row in rows):
        raise scope.error(node, "the rows of the list have different lengths", "give all values")
    shape: Shape = (Number(Fraction(len(rows))), *rows[0].shape)

    def entry(subscripts: Subscripts) -> Term:
        here, rest = subscripts[0], subscripts[1:]
        values = [row.entry(rest) for row in rows]
        places = (Number(Fraction(place)) for place in range(len(rows) - 2, -1, -1))

        def choose(otherwise: Term, place: Number) -> Term:
            return Choice(Compare("==", here, place), values[int(place.value)], otherwise)

        return reduce(choose, places, values[-1])

    return Array(shape, entry)


def _check_reads(array: Array, node: ast.expr, known: dict[str, Equation], scope: Scope) -> None:
    for entry in entries(array.entry(tuple(ZERO for _ in array.shape))):
        if str(entry.quantity.name) not in known:
            raise scope.error(
                node,
                f"the data read '{entry.quantity.name}', which has no value above",
                "the example is made of numbers, indices and the data given before",
            )


def _fitted(array: Array, left: Quantity, node: ast.expr, scope: Scope) -> Array:
    """`array` broadcast to the shape of the data, at the sizes of the example."""
    given = _in_numbers(array.shape, scope)
    wanted = _in_numbers(left.shape, scope)
    whole = joined(given, wanted, lambda a, b: _fits(a, b, scope))
    if whole is None or len(array.shape) > len(left.shape) or _too_long(given, wanted, scope):
        sizes = "" if wanted == left.shape else f", which is {show_shape(wanted)} here"
        raise scope.error(
            node,
            f"'{left.name}' has the shape {show_shape(left.shape)}{sizes}, but its data have the "
            f"shape {show_shape(array.shape)}",
            "change the data, or the sizes that are declared",
        )
    entry = aligned(array, left.shape)

    def term(subscripts: Subscripts) -> Term:
        found = entry(subscripts)
        assert isinstance(found, Term)
        return found

    return Array(left.shape, term)


def _in_numbers(shape: Shape, scope: Scope) -> Shape:
    values = [example_size(size, scope) for size in shape]
    return tuple(
        size if value is None else Number(value) for size, value in zip(shape, values, strict=True)
    )


def _fits(left: Term, right: Term, scope: Scope) -> bool:
    """Whether sizes are equal; a size that nobody has given fits any number."""
    numbers = exact_value(left) is not None, exact_value(right) is not None
    return numbers in ((True, False), (False, True)) or scope.draft.same(left, right)


def _too_long(given: Shape, wanted: Shape, scope: Scope) -> bool:
    """Whether the data are longer than an axis of size one."""
    pairs = zip(given[::-1], wanted[::-1], strict=False)
    return any(exact_value(own) == 1 and not _fits(size, own, scope) for size, own in pairs)
