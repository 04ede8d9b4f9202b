"""Programs as lines of NumPy source text: sizes, statements, loops."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby

from derive.code.layout import INDENT, WIDTH, commented, laid_out
from derive.code.numpy_code import code, summands
from derive.code.scatter_code import addition_line, overlap_lines
from derive.code.size_code import Names, size_code
from derive.program.array_shapes import shape_of
from derive.program.arrays import (
    ArrayTerm,
    Cast,
    Copy,
    Either,
    Elementwise,
    Empty,
    Overlap,
    Scatter,
    Select,
    Transpose,
    Whole,
    is_plain_number,
    operands,
    with_operands,
)
from derive.program.labels import Labels
from derive.program.part_names import fresh
from derive.program.program import (
    Line,
    Loop,
    Program,
    SizeRule,
    Statement,
    filled_by,
    is_given,
    is_whole_axis,
    parts,
    size_names,
    size_on,
)
from derive.program.reuse import Change, changes, is_exponential_in_place
from derive.terms import ZERO, Name, Quantity, Size


def statement_lines(
    program: Program,
    names: Names,
    comments: Names,
    ending: Sequence[str] = (),
    *,
    before: Sequence[Line] = (),
    freeing: Mapping[Name, Sequence[str]] | None = None,
) -> list[str]:
    """The sizes that are used, the statements of a program with their comments, and the ending.

    The lines `before` have made inputs for this program alone; `freeing` stands behind a quantity.
    """
    lines: list[str] = []
    changed = changes(program, before)
    known = held_names(program, names, before)
    for line in with_groups(program.statements):
        if isinstance(line, tuple):
            lines += _arrays(line, known)
        elif isinstance(line, Statement) and line.target.name in changed:
            lines += _changes(line, changed[line.target.name], known, comments)
        elif isinstance(line, Statement):
            lines += _statement(line, known, comments, made=(*before, *program.statements))
        else:
            lines += _loop(line, known, comments)
        if isinstance(line, Statement) and freeing:
            lines += freeing.get(line.target.name, ())
    lines += ending
    return used_size_lines(program, names, lines) + lines


def held_names(program: Program, names: Names, before: Sequence[Line] = ()) -> dict[Name, str]:
    """The names, in which an array that is changed has the name of what it becomes."""
    known = dict(names)
    for name, change in reversed(changes(program, before).items()):
        if isinstance(change.start, Whole):
            known[change.start.quantity.name] = known[name]
    return known


def _changes(
    statement: Statement, change: Change, names: dict[Name, str], comments: Names
) -> list[str]:
    """An array that has this name, or a product that gets it, changed where it stands."""
    target, lines = names[statement.target.name], list[str]()
    if not isinstance(change.start, Whole):
        lines = _expression(f"{target} = ", change.start, names, "")
    for place, (operator, value) in enumerate(change.steps, 1):
        last = place == len(change.steps)
        comment = comments.get(statement.target.name, "") if last else ""
        if value is None:
            lines += commented(_in_place(operator, target), comment)
        else:
            lines += _expression(f"{target} {operator}= ", value, names, comment)
    return lines


def _in_place(function: str, target: str) -> str:
    return f"np.{function}({target}, out={target})"


def used_size_lines(program: Program, names: Names, lines: Sequence[str]) -> list[str]:
    """The lines for those sizes of a program that some lines read."""
    words = {word for line in lines for word in re.findall(r"\w+", line.partition("#")[0])}
    used = []
    for rule in reversed(program.sizes):
        if names[rule.name] in words:
            used.append(rule)
            words |= {names[name] for name in size_names(rule.formula or rule.more)}
    return size_lines(used[::-1], names)


def with_groups(lines: Sequence[Line]) -> Iterator[Line | tuple[Statement, ...]]:
    """The lines, of which neighbouring ones that make three or more equal arrays are a group."""

    def made(line: Line) -> ArrayTerm | None:
        is_array = isinstance(line, Statement) and isinstance(line.value, Empty)
        return line.value if is_array and isinstance(line, Statement) else None

    for value, group in groupby(lines, made):
        found = tuple(line for line in group if isinstance(line, Statement) or value is None)
        alike = tuple(line for line in found if isinstance(line, Statement))
        if value is not None and len(alike) > 2:
            yield alike
        else:
            yield from found


def _arrays(group: Sequence[Statement], names: Names) -> list[str]:
    """Arrays of one kind in one line."""
    targets = ", ".join(names[statement.target.name] for statement in group)
    made = f"{code(group[0].value, names)} for _ in range({len(group)})"
    line = f"{targets} = ({made})"
    return [line] if len(line) + INDENT <= WIDTH else [f"{targets} = (", f"    {made}", ")"]


def returned_lines(statement: Statement, names: dict[Name, str], comments: Names) -> list[str]:
    """`return` with the value of a last statement, which needs no name for it."""
    name, comment = statement.target.name, comments.get(statement.target.name, "")
    return _expression("return ", statement.value, dict(names), comment, purpose=names[name])


def is_expression(statement: Statement) -> bool:
    """Whether a statement is no more than `target = value`."""
    return statement.axis is None and not isinstance(statement.value, Scatter | Overlap | Either)


def _statement(
    statement: Statement,
    names: dict[Name, str],
    comments: Names,
    indent: int = INDENT,
    *,
    made: Sequence[Line] = (),
) -> list[str]:
    target = code(filled_by(statement), names)
    comment = comments.get(statement.target.name, "")
    if isinstance(statement.value, Empty):
        comment = ""
    if is_exponential_in_place(statement, made):
        exponent = operands(statement.value)[0]
        lines = _assignment(target, exponent, names, "", indent)
        return [*lines, *commented(_in_place("exp", target), comment, indent)]
    return _assignment(target, statement.value, names, comment, indent)


def loop_head(loop: Loop, names: Names) -> str:
    """`for t in reversed(range(T)):`."""
    ends = [loop.end] if loop.start == ZERO else [loop.start, loop.end]
    steps = f"range({', '.join(size_code(end, names) for end in ends)})"
    steps = f"reversed({steps})" if loop.downward else steps
    return f"for {names[loop.number.name]} in {steps}:"


def _loop(loop: Loop, names: dict[Name, str], comments: Names) -> list[str]:
    """The head of the loop, and one step below it."""
    lines = [loop_head(loop, names)]
    for statement in parts(loop):
        inside = _statement(statement, names, comments, 2 * INDENT)
        lines += [" " * INDENT + line for line in inside]
    return lines


def _assignment(
    target: str, value: ArrayTerm, names: dict[Name, str], comment: str, indent: int = INDENT
) -> list[str]:
    """The lines of `target = value`."""
    if isinstance(value, Scatter):
        return _additions(target, value, names, comment, indent)
    if isinstance(value, Overlap):
        return _overlap(target, value, names, comment, indent)
    if isinstance(value, Either) and len(f"{target} = {code(value, names)}") + indent > WIDTH:
        return _choice(target, value, names, comment, indent)
    return _expression(f"{target} = ", value, names, comment, indent)


def _expression(
    head: str,
    value: ArrayTerm,
    names: dict[Name, str],
    comment: str,
    indent: int = INDENT,
    purpose: str = "",
) -> list[str]:
    """The head and a value behind it; of what cannot be broken well a part gets a name."""
    lines = laid_out(head, code(value, names), indent)
    if lines is not None:
        alone = [f"# {comment}", *lines] if comment else lines
        return commented(lines[0], comment, indent) if len(lines) == 1 else alone
    part = _worth_a_name(value, names)
    if part is None:
        return commented(head + code(value, names), comment, indent)
    name, before = _part(part, names, indent, purpose or head.split()[0].split("[")[0])
    rest = _replaced(value, part, name)
    return [*before, *_expression(head, rest, names, comment, indent, purpose)]


def _worth_a_name(value: ArrayTerm, names: Names) -> ArrayTerm | None:
    """The longest operand, without what only looks at it in another way."""
    found = [_inner(part) for part in operands(value)]
    found = [part for part in found if operands(part)]
    return max(found, key=lambda part: len(code(part, names)), default=None)


def _inner(term: ArrayTerm) -> ArrayTerm:
    match term:
        case Select(operand) | Transpose(operand) | Cast(operand):
            return _inner(operand)
        case Elementwise(_, parts):
            arrays = [part for part in parts if not is_plain_number(part)]
            return _inner(arrays[0]) if len(arrays) == 1 else term
    return term


def _replaced(term: ArrayTerm, old: ArrayTerm, new: ArrayTerm) -> ArrayTerm:
    if term == old:
        return new
    return with_operands(term, tuple(_replaced(part, old, new) for part in operands(term)))


def _part(
    term: ArrayTerm, names: dict[Name, str], indent: int, purpose: str
) -> tuple[Whole, list[str]]:
    """A part of a line with a name of its own, and the lines that compute it."""
    wanted = Labels(names).wanted(term, f"{purpose}_part")
    part = Quantity(fresh(wanted, {*names, *names.values()}), shape_of(term))
    names[part.name] = str(part.name)
    head = f"{names[part.name]} = "
    return Whole(part), _expression(head, term, names, "", indent, purpose)


def _additions(
    target: str, value: Scatter, names: dict[Name, str], comment: str, indent: int
) -> list[str]:
    """The array to which values are added, in its own memory, and a line for each addition."""
    shared = isinstance(value.base, Whole | Transpose | Select | Either)
    base = Copy(value.base) if shared else value.base
    lines = _assignment(target, base, names, comment, indent)
    for addition in value.additions:
        line = addition_line(target, addition, names)
        if len(line) + indent > WIDTH and operands(addition.value):
            part, computed = _part(addition.value, names, indent, target)
            lines += computed
            line = addition_line(target, replace(addition, value=part), names)
        lines.append(line)
    return lines


def _overlap(
    target: str, value: Overlap, names: dict[Name, str], comment: str, indent: int
) -> list[str]:
    """Zeros, and a loop over the places in a window, each of which adds to a part of the array."""
    lines = _assignment(target, value.base, names, comment, indent)
    added = value.value
    if not isinstance(added, Whole):
        added, computed = _part(added, names, indent, target)
        lines = [*computed, *lines]
    return [*lines, *overlap_lines(target, value, added, names, indent)]


def _choice(
    target: str, value: Either, names: dict[Name, str], comment: str, indent: int
) -> list[str]:
    """A choice with a line for each part, and a line for each term of a sum too long for one."""
    chosen = [code(value.chosen, names)]
    is_sum = isinstance(value.chosen, Elementwise) and value.chosen.operation == "add"
    if is_sum and len(chosen[0]) + indent + INDENT > WIDTH:
        chosen = summands(operands(value.chosen), names)
    inside = [*chosen, f"if {code(value.condition, names)}", f"else {code(value.otherwise, names)}"]
    head = [f"# {comment}"] if comment else []
    return [*head, f"{target} = (", *(f"    {line}" for line in inside), ")"]


def size_lines(rules: Sequence[SizeRule], names: Names) -> list[str]:
    """How a kernel finds sizes: those of neighbouring axes of an array together."""
    plain = [rule for rule in rules if rule.quantity is not None and is_whole_axis(rule)]
    lines = []
    for quantity in dict.fromkeys(rule.quantity for rule in plain if rule.quantity is not None):
        own = sorted((r for r in plain if r.quantity == quantity), key=lambda rule: rule.axis)
        runs: list[list[SizeRule]] = []
        for rule in own:
            if runs and runs[-1][-1].axis + 1 == rule.axis:
                runs[-1].append(rule)
            else:
                runs.append([rule])
        lines += [_sizes_line(run, quantity, names) for run in runs]
    computed = [rule for rule in rules if rule not in plain and not is_given(rule)]
    return lines + [_computed_size(rule, names) for rule in computed]


def _sizes_line(run: Sequence[SizeRule], quantity: Quantity, names: Names) -> str:
    start, end = run[0].axis, run[-1].axis + 1
    targets = ", ".join(names[rule.name] for rule in run)
    if len(run) == 1:
        return f"{targets} = {names[quantity.name]}.shape[{start}]"
    first, last = str(start or ""), "" if end == len(quantity.shape) else str(end)
    part = f"[{first}:{last}]" if first or last else ""
    return f"{targets} = {names[quantity.name]}.shape{part}"


def _computed_size(rule: SizeRule, names: Names) -> str:
    """`T = x.shape[0] - 1`, or a formula."""
    if rule.quantity is None:
        return f"{names[rule.name]} = {size_code(rule.formula or ZERO, names)}"
    extent = f"{names[rule.quantity.name]}.shape[{rule.axis}]"
    formula = size_on(rule, Size(extent))
    return f"{names[rule.name]} = {size_code(formula, {**names, extent: extent})}"
