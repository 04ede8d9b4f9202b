"""`h[-1] = h0` and `h[t] = tanh(h[t-1] @ U)`: equations that step an index together."""

from __future__ import annotations

import ast

from derive.language.declarations import check_new_name
from derive.language.definitions import Definition, equation, letters_of, open_slots, over
from derive.language.scope import Scope, Slot
from derive.language.starts import Start, index_and_offset, plus
from derive.language.subscripts import is_fixed, parts_of
from derive.language.values import Array, Subscripts
from derive.model import Equation
from derive.sizes import show_size
from derive.symbolic import whole_difference
from derive.terms import (
    Add,
    Choice,
    IndexValue,
    Node,
    Quantity,
    Term,
    entries,
    number,
    rewrite,
)

STEP_CURE = "a step is written h[t] = ... h[t-1] ..., and starts at h[-1] = ... or h[0] = ..."


def read_recurrence(target: ast.Subscript, statement: ast.Assign, scope: Scope) -> bool:
    """Read an initial value or a step of a recurrence; False where the line is neither."""
    name = target.value
    if not isinstance(name, ast.Name):
        return False
    fixed = [axis for axis, part in enumerate(parts_of(target)) if is_fixed(part, scope)]
    sizes = [parts_of(target)[axis] for axis in fixed]
    if len(fixed) > 1 or (fixed and _step_below(name.id, fixed[0], target, scope) is None):
        for part in sizes:
            if isinstance(part, ast.Name):
                raise scope.error(
                    part,
                    f"'{part.id}' is a size, so it cannot be an index",
                    f"choose another letter for the index, as i in {name.id}[i] = ...",
                )
    if len(fixed) > 1:
        raise scope.error(
            target, f"'{name.id}' would step along {len(fixed)} axes", "step along one axis"
        )
    if fixed:
        _read_initial(name, fixed[0], target, statement, scope)
        return True
    start = scope.draft.starts.get(name.id)
    if start is None or any(e.left == start.quantity for e in scope.draft.equations):
        return False
    _read_step(start, target, statement, scope)
    return True


# --- where it starts ----------------------------------------------------------------------------


def _read_initial(
    name: ast.Name, axis: int, target: ast.Subscript, statement: ast.Assign, scope: Scope
) -> None:
    """Add `h[-1, j] = ...` to what is known of the start of h."""
    draft = scope.draft
    parts = parts_of(target)
    before = draft.starts.get(name.id)
    if before is None:
        check_new_name(name, scope)
    elif before.axis != axis:
        raise scope.error(
            target, f"'{name.id}' would step along two axes", "step along one axis of it"
        )
    slots, inner = open_slots(parts[:axis] + parts[axis + 1 :], scope)
    value = over(slots, inner.number(statement.value), target, scope)
    position = scope.scalar(parts[axis])
    if before is None:
        letter, offset, span = _step_index(name.id, axis, target, scope)
        size = plus(span, max(offset, 0))
        shape = (*value.shape[:axis], size, *value.shape[axis:])
        quantity = Quantity(name.id, shape)
    else:
        letter, offset, span, quantity = (
            before.letter,
            before.offset,
            before.span,
            before.quantity,
        )
    place, downward = _place(position, quantity.shape[axis], parts[axis], scope)
    values = (*(before.values if before else ()), (place, value))
    draft.quantities[name.id] = quantity
    others = letters_of(slots, value)
    letters = (*others[:axis], letter, *others[axis:])
    draft.starts[name.id] = Start(quantity, axis, values, letter, offset, span, downward, letters)
    _check_contiguous(draft.starts[name.id], target, scope)


def _place(position: Term, size: Term, part: ast.expr, scope: Scope) -> tuple[int, bool]:
    """The place of an initial value, and whether it stands at the end of the axis."""
    formulas = scope.draft.formulas
    from_end = whole_difference(position, size, formulas)
    from_start = whole_difference(position, number(0), formulas)
    if from_start is not None and (from_start <= 0 or from_end is None or from_end < -1):
        return from_start, False
    if from_end is not None:
        return from_end, True
    raise scope.error(
        part,
        f"'{scope.spelling(part)}' is neither at the start nor at the end of the axis of size "
        f"{show_size(size)}",
        STEP_CURE,
    )


def _check_contiguous(start: Start, target: ast.Subscript, scope: Scope) -> None:
    places = sorted(place for place, _ in start.values)
    if places != list(range(places[0], places[0] + len(places))):
        raise scope.error(
            target,
            f"the initial values of '{start.quantity.name}' do not stand side by side",
            "give each place before the first step one value",
        )


def _step_index(name: str, axis: int, target: ast.Subscript, scope: Scope) -> tuple[str, int, Term]:
    """The letter that steps, its offset on the left, and its range, from the lines below."""
    found = _step_below(name, axis, target, scope)
    if found is None:
        raise scope.error(
            target,
            f"'{name}' has an initial value, but no line below says how it steps",
            f"write {name}[t] = ... {name}[t-1] ... below; an equation has an index on its left",
        )
    letter, offset = found
    return letter, offset, _span(letter, target, scope)


def _step_below(
    name: str, axis: int, target: ast.Subscript, scope: Scope
) -> tuple[str, int] | None:
    """The letter that steps and its offset, in the first line below that is a step of `name`."""
    for line in scope.draft.definitions:
        left = line.targets[0]
        if line.lineno < target.lineno or not isinstance(left, ast.Subscript):
            continue
        parts = parts_of(left)
        if not isinstance(left.value, ast.Name) or left.value.id != name or axis >= len(parts):
            continue
        found = _letter_and_offset(parts[axis])
        if found is not None and not is_fixed(parts[axis], scope):
            return found
    return None


def _letter_and_offset(part: ast.expr) -> tuple[str, int] | None:
    """`t`, `t + 1` or `t - 1` on the left of a step."""
    match part:
        case ast.Name(id=letter):
            return letter, 0
        case ast.BinOp(left=ast.Name(id=letter), op=ast.Add(), right=ast.Constant(value=int(k))):
            return letter, k
        case ast.BinOp(left=ast.Name(id=letter), op=ast.Sub(), right=ast.Constant(value=int(k))):
            return letter, -k
    return None


def _span(letter: str, target: ast.Subscript, scope: Scope) -> Term:
    """The range of the letter that steps: declared, or the first axis that it subscripts alone."""
    draft = scope.draft
    if letter in draft.ranges:
        return draft.ranges[letter]
    for line in draft.definitions:
        for node in ast.walk(line.value) if line.lineno >= target.lineno else ():
            match node:
                case ast.Subscript(value=ast.Name(id=name)) if name in draft.quantities:
                    sizes = zip(parts_of(node), draft.quantities[name].shape, strict=False)
                    for part, size in sizes:
                        if isinstance(part, ast.Name) and part.id == letter:
                            return size
    raise scope.error(
        target,
        f"the range of the step '{letter}' is not known",
        draft.range_cure(letter, "T"),
    )


# --- how it steps -------------------------------------------------------------------------------


def _read_step(start: Start, target: ast.Subscript, statement: ast.Assign, scope: Scope) -> None:
    """Read `h[t, j] = ...`, and make its initial values on the axis a choice of the equation."""
    parts = parts_of(target)
    name, shape = str(start.quantity.name), start.quantity.shape
    if start.axis >= len(parts) or _letter_and_offset(parts[start.axis]) is None:
        raise scope.error(target, f"this is no step of '{name}'", STEP_CURE)
    letter = ast.copy_location(ast.Name(start.letter), parts[start.axis])
    slots: list[Slot | None]
    slots, inner = open_slots([*parts[: start.axis], letter, *parts[start.axis + 1 :]], scope)
    for axis, slot in enumerate(slots):
        if slot is not None and axis == start.axis:
            slot.declared = start.span
        elif slot is not None and slot.declared is None:
            slot.seen.append((shape[axis], f"the initial value of {name}"))
    array = over(slots, inner.number(statement.value), target, scope)
    _check_shape(start, array, target, scope)
    own = letters_of(slots, array)
    # Where the step names no index of an axis, the initial value may.
    letters = (
        letter or (named if named not in own else None)
        for letter, named in zip(own, start.letters, strict=True)
    )
    definition = Definition(name, _whole(start, array), tuple(letters), "index")
    one = equation(definition, start.quantity, shape, statement, scope)
    _check_lags(one, start, target, scope)
    scope.draft.equations.append(one)


def _check_shape(start: Start, array: Array, target: ast.Subscript, scope: Scope) -> None:
    wanted, found = list(start.quantity.shape), list(array.shape)
    del wanted[start.axis], found[start.axis]
    fits = len(wanted) == len(found)
    if not fits or not all(map(scope.draft.same, wanted, found)):
        shapes = [f"({', '.join(map(show_size, shape))})" for shape in (wanted, found)]
        raise scope.error(
            target,
            f"a step of '{start.quantity.name}' has the shape {shapes[1]}, but its initial value "
            f"{shapes[0]}",
            "give both one shape",
        )


def _whole(start: Start, step: Array) -> Array:
    """The right side at every place of the axis: the step, or an initial value there."""
    own = [value for value in start.values if start.inside(value[0])]
    first = start.first

    def entry(subscripts: Subscripts) -> Term:
        place = subscripts[start.axis]
        rest = subscripts[: start.axis] + subscripts[start.axis + 1 :]
        at_step = (
            *subscripts[: start.axis],
            plus(place, -start.offset),
            *subscripts[start.axis + 1 :],
        )
        term: Term = step.entry(at_step)
        if start.offset:
            term = rewrite(term, _added_up)
        if not own:
            return term
        nearest, *farther = sorted(own, key=lambda v: v[0], reverse=not start.downward)
        values = [nearest, *farther]
        otherwise = values[-1][1].entry(rest)
        for where, value in reversed(values[:-1]):
            otherwise = Choice(start.at("==", place, where), value.entry(rest), otherwise)
        condition = start.at("<=" if start.downward else ">=", place, first)
        return Choice(condition, term, otherwise)

    return Array(start.quantity.shape, entry)


def _added_up(node: Node) -> Node | None:
    """(t - 1) + 1 as t: what an offset on the left leaves in the subscripts."""
    if not isinstance(node, Add):
        return None
    index, offset = index_and_offset(node)
    return None if index is None else plus(IndexValue(index), offset)


def _check_lags(one: Equation, start: Start, target: ast.Subscript, scope: Scope) -> None:
    """Refuse a step that reads farther back than the initial values reach."""
    here = one.indices[start.axis]
    places = [place for place, _ in start.values]
    for entry in entries(one.right):
        if entry.quantity != start.quantity:
            continue
        index, offset = index_and_offset(entry.subscripts[start.axis])
        reached = start.first + offset
        if index is here and not min(places) <= reached <= max(places) and offset != 0:
            wrong_way = (offset > 0) is not start.downward
            raise scope.error(
                target,
                f"'{start.quantity.name}' reads itself "
                + (
                    "at a later step"
                    if wrong_way
                    else f"{abs(offset)} steps back, but has {len(places)} initial value"
                    + ("s" if len(places) > 1 else "")
                ),
                STEP_CURE if wrong_way else "give it one initial value for each step back",
            )
