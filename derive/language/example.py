"""`with example(steps=200): x[0, i] = i + 1`: the data of the worked example, line by line."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import reduce

from derive.language.declarations import (
    LARGEST_SIZE,
    check_new_name,
    constant,
    example_size,
    read_declaration,
)
from derive.language.definitions import Definition, equation, over, read_definition
from derive.language.draws import added_up, drawn
from derive.language.lookup import did_you_mean
from derive.language.scope import Draft, Scope, Slot, outline
from derive.language.subscripts import is_unit, parts_of
from derive.language.values import Array, Shape, Subscripts, aligned, exact_value, joined
from derive.model import Draw, Equation, Example
from derive.sizes import is_whole, show_shape, show_size
from derive.terms import Choice, Compare, Index, Number, Quantity, Term, entries

MOST_STEPS = 1_000_000
EXAMPLE_CURE = "write `with example(steps=200):` and under it the data, x[i] = i + 1"
OPTIONS = ("steps", "every")


@dataclass
class Lines:
    """What the lines of an example have given so far; this and the draft of the example change."""

    data: tuple[str, ...]
    equations: dict[str, Equation] = field(default_factory=dict)
    draws: list[Draw] = field(default_factory=list)


def read_example(statement: ast.With, scope: Scope) -> None:
    """Add the worked example to the draft."""
    head = statement.items[0].context_expr
    given = _options(head)
    if given is None or len(statement.items) > 1:
        raise scope.error(statement, "'with' opens the worked example, or a rule", EXAMPLE_CURE)
    if scope.draft.example is not None:
        raise scope.error(statement, "the model has two worked examples", "keep one of them")
    options = {str(option.arg): _option(option, scope) for option in given}
    sizes = {name: value for name, value in options.items() if name not in OPTIONS}
    inside = replace(scope, draft=_draft(statement, sizes, scope.draft))
    data = (n for n, d in scope.draft.declarations.items() if d.quantity.kind in ("input", "index"))
    lines = Lines(tuple(data))
    for line in statement.body:
        _read_line(line, lines, inside)
    _check_all_read(statement, lines, scope)
    scope.draft.spent = inside.draft.spent
    scope.draft.example = Example(
        tuple(lines.equations.values()),
        options.get("steps", Example().steps),
        tuple(lines.draws),
        tuple(sizes.items()),
        options.get("every"),
    )


def _options(head: ast.expr) -> list[ast.keyword] | None:
    """The options of `example(...)`; None for anything else."""
    match head:
        case ast.Call(func=ast.Name(id="example"), args=[], keywords=options):
            return options
    return None


def _option(option: ast.keyword, scope: Scope) -> int:
    """A whole number: of steps, or a size of the training run."""
    name, dimensions = str(option.arg), scope.draft.dimensions
    value = constant(option.value, scope, EXAMPLE_CURE)
    most = MOST_STEPS if name in OPTIONS else LARGEST_SIZE
    known = name in OPTIONS or (name in dimensions and dimensions[name].formula is None)
    if not known or value.denominator != 1 or not 1 <= value <= most:
        raise scope.error(
            option.value,
            f"'{option.arg}={scope.spelling(option.value)}' is no option of the example",
            f"its options are steps and every, whole numbers from 1 to {MOST_STEPS}, and the "
            "sizes that are computed from no others",
        )
    return int(value)


def _draft(statement: ast.With, sizes: Mapping[str, int], draft: Draft) -> Draft:
    """A draft for the example alone: its sizes, its names, and its random numbers."""
    known: dict[str, int] = {}
    for name, dimension in draft.dimensions.items():
        value = sizes.get(name, dimension.default)
        if dimension.formula is not None:
            found = example_size(dimension.formula, known)
            value = None if found is None else int(found)
        if value is not None:
            known[name] = value
    lines, reads = outline(statement.body)
    return replace(
        draft,
        lines={**lines, **draft.lines},
        reads={**reads, **draft.reads},
        example_sizes=known,
        ranges=dict(draft.ranges),
        quantities=dict(draft.quantities),
        draws=[],
    )


# --- lines --------------------------------------------------------------------------------------


def _read_line(line: ast.stmt, lines: Lines, scope: Scope) -> None:
    match line:
        case ast.Pass():
            return
        case ast.AnnAssign(annotation=ast.Call(func=ast.Name(id="range"))):
            read_declaration(line, scope)
            return
        case ast.Assign(targets=[ast.Name() | ast.Subscript(value=ast.Name()) as target]):
            pass
        case _:
            raise scope.error(line, "the example gives the data, one a line", EXAMPLE_CURE)
    name = target.value if isinstance(target, ast.Subscript) else target
    assert isinstance(name, ast.Name)
    if name.id in lines.equations:
        raise scope.error(
            target, f"'{name.id}' is given twice", f"give it at once, {name.id} = [1, 2, 3]"
        )
    if name.id in lines.data:
        one = _given(target, line, scope.draft.quantities[name.id], scope)
    else:
        check_new_name(name, scope)
        one = _made(target, line, scope)
        scope.draft.quantities[name.id] = one.left
    _check(one, line.value, lines, scope)
    whole, draws = drawn(one, scope.draft.draws or [])
    lines.equations[name.id] = whole
    lines.draws += draws


def _given(target: ast.expr, line: ast.Assign, left: Quantity, scope: Scope) -> Equation:
    """Data of the model: `x[0, i] = i + 1`, `y = 1` or `x = [[1, 2, 3]]`."""
    if isinstance(target, ast.Subscript):
        array, letters = _by_entries(target, line.value, left, scope)
        definition = Definition(str(left.name), array, letters, "index")
    else:
        array = _fitted(_literal(line.value, scope), left, left.shape, line.value, scope)
        definition = Definition(str(left.name), array, (None,) * len(left.shape), "array")
    return equation(definition, left, left.shape, line, scope)


def _made(target: ast.expr, line: ast.Assign, scope: Scope) -> Equation:
    """What data are made from: `t[i] = i / N`.  Whole numbers may be subscripts."""
    if isinstance(target, ast.Name):
        array = _literal(line.value, scope)
        definition = Definition(target.id, array, (None,) * len(array.shape), "array")
    else:
        definition = read_definition(target, line.value, scope)
    left = Quantity(definition.name, definition.array.shape)
    one = equation(definition, left, left.shape, line, scope)
    return replace(one, left=replace(left, kind="index")) if is_whole(one.right) else one


def _check(one: Equation, node: ast.expr, lines: Lines, scope: Scope) -> None:
    """Data are made of what stands above, and each random number belongs to one entry."""
    draws = scope.draft.draws or []
    known = {*lines.equations, *(draw.quantity.name for draw in draws)}
    for entry in entries(one.right):
        if entry.quantity.kind != "const" and entry.quantity.name not in known:
            raise scope.error(
                node,
                f"the data read '{entry.quantity.name}', which has no value above",
                "the example is made of numbers, indices and the data given before",
            )
    for draw in added_up(one.right, draws):
        raise scope.error(
            node,
            f"'{one.left.name}' adds up, or runs over, what '{draw.distribution}' draws",
            "give the random numbers a line and indices of their own: e[k] = normal(0, 1)",
        )


def _check_all_read(statement: ast.With, lines: Lines, scope: Scope) -> None:
    """Refuse a name that is no data, and that no data are made from: it is a slip of the pen."""
    read = {e.quantity.name for one in lines.equations.values() for e in entries(one.right)}
    for line in statement.body:
        match line:
            case ast.Assign(targets=[ast.Name(id=name) | ast.Subscript(value=ast.Name(id=name))]):
                if name not in (*lines.data, *read):
                    raise scope.error(
                        line.targets[0],
                        f"'{name}' is no data of the model, and no data below are made from it",
                        did_you_mean(name, lines.data)
                        or "the example gives values to what is declared as input",
                    )


def _by_entries(
    target: ast.Subscript, value: ast.expr, left: Quantity, scope: Scope
) -> tuple[Array, tuple[str | None, ...]]:
    """The right side under the indices of the left, whose ranges are the first axes of `left`."""
    parts = parts_of(target)
    if len(parts) > len(left.shape):
        raise scope.error(
            target,
            f"'{left.name}' has the shape {show_shape(left.shape)}, but {len(parts)} subscripts "
            "are given",
            "give one subscript an axis",
        )
    slots: dict[str, Slot] = {}
    axes: list[Slot] = []
    for part, size in zip(parts, left.shape, strict=False):
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
    rest = left.shape[len(parts) :]
    right = _fitted(scope.with_slots(slots).number(value), left, rest, value, scope)
    letters = (*(axis.letter or None for axis in axes), *(None for _ in rest))
    return over(list(axes), right, target, scope), letters


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


# --- shapes -------------------------------------------------------------------------------------


def _fitted(array: Array, left: Quantity, axes: Shape, node: ast.expr, scope: Scope) -> Array:
    """`array` broadcast to the last `axes` of the data, at the sizes of the example."""
    given = _in_numbers(array.shape, scope)
    wanted = _in_numbers(axes, scope)
    whole = joined(given, wanted, lambda a, b: _fits(a, b, scope))
    if whole is None or len(array.shape) > len(axes) or _too_long(given, wanted, scope):
        sizes = "" if wanted == axes else f", which is {show_shape(wanted)} here"
        entries_of = "" if axes == left.shape else "each entry of "
        raise scope.error(
            node,
            f"{entries_of}'{left.name}' has the shape {show_shape(axes)}{sizes}, but its data "
            f"have the shape {show_shape(array.shape)}",
            "change the data, or the sizes that are declared",
        )
    entry = aligned(array, axes)

    def term(subscripts: Subscripts) -> Term:
        found = entry(subscripts)
        assert isinstance(found, Term)
        return found

    return Array(axes, term)


def _in_numbers(shape: Shape, scope: Scope) -> Shape:
    values = [example_size(size, scope.draft.example_sizes) for size in shape]
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
