"""Expressions of array notation, of a shape that is known."""

from random_models.draft import ATOM, Piece, atom, called, fit, multiplied
from random_models.functions import applied, array_function, joined, number, positive, with_pole

REDUCTIONS = ("sum", "mean", "max", "min", "prod", "logsumexp")


def array(draft, shape, depth):
    """An expression of this shape."""
    if depth == 0:
        return leaf(draft, shape)
    forms = [leaf, function, operation, operation, broadcast, choice, stopped]
    forms += [reduction] * (2 if len(shape) < 3 else 0)
    forms += [product, product, product] if len(shape) < 3 or draft.row is None else []
    forms += [normalised, transposed, selected, own] if shape else []
    return draft.choose(forms)(draft, shape, depth)


def leaf(draft, shape, depth=0):
    """What is declared or defined, perhaps a part of it."""
    if draft.row is not None and draft.chance(70):
        return row(draft, shape)
    drawn = draft.count(0, 19)
    if drawn >= 18 and len(shape) < 3:
        return part(draft, shape)
    if drawn == 17 and not shape:
        draft.note("number")
        return number(draft)
    return atom(draft.read(shape).name)


def row(draft, shape):
    """A row, or a column, of something, at the index of the line; or what the step before left."""
    letter, size = draft.row
    before = [step for step in draft.before if step.rest == shape]
    if before and draft.chance(50):
        step = draft.choose(before)
        return atom(f"{step.known.name}[{step.subscript}]")
    draft.alone.add(letter)
    if len(shape) == 1 and draft.chance(30):
        draft.note("x[:, t]")
        return atom(f"{draft.read((*shape, size)).name}[:, {letter}]")
    draft.note("x[t]")
    return atom(f"{draft.read((size, *shape)).name}[{letter}]")


def part(draft, shape):
    """What fewer subscripts leave."""
    size = draft.size()
    draft.note("fewer subscripts")
    place = draft.choose(("0", "0" if size == "1" else f"{size} - 1"))
    if shape and draft.chance(40):
        return atom(f"{draft.read((shape[0], size, *shape[1:])).name}[:, {place}]")
    return atom(f"{draft.read((size, *shape)).name}[{place}]")


def function(draft, shape, depth):
    return applied(draft, array(draft, shape, depth - 1))


def own(draft, shape, depth):
    """A function of the text, of an array as a whole."""
    argument = array(draft, shape, depth - 1)
    return called(array_function(draft), argument, *(["s=2"] if draft.chance(30) else []))


def operation(draft, shape, depth):
    return joined(draft, array(draft, shape, depth - 1), array(draft, shape, depth - 1))


def broadcast(draft, shape, depth):
    """An operand with fewer axes, or with axes of size one, beside one of the shape."""
    draft.note("broadcast")
    left = array(draft, shape, depth - 1)
    if draft.chance(40):
        right = number(draft)
    else:
        fewer = shape[draft.count(0, len(shape)) :]
        ones = draft.count(0, len(fewer) - 1) if fewer and draft.chance(40) else -1
        fewer = tuple("1" if axis == ones else size for axis, size in enumerate(fewer))
        right = array(draft, fewer, draft.count(0, depth - 1))
    if draft.chance(50):
        left, right = right, left
    return joined(draft, left, right)


def choice(draft, shape, depth):
    draft.note("where")
    if draft.chance(20):
        read = draft.read(shape).name
        chosen = multiplied(array(draft, shape, depth - 1), atom(f"({with_pole(draft, read)})"))
        return called("where", f"{read} > 0", chosen, array(draft, shape, depth - 1))
    operands = [array(draft, shape, depth - 1) for _ in range(2)]
    return called("where", comparison(draft, shape), *operands)


def comparison(draft, shape):
    """A condition on entries of an array."""
    if draft.chance(15):
        draft.note("conditions on arrays")
        joint = draft.choose(("and", "or"))
        return f"{comparison(draft, shape)} {joint} {comparison(draft, shape)}"
    relation = draft.choose((">", "<", "<=", ">="))
    right = draft.choose(("0", "0.5", "read"))
    draft.note("condition on data")
    right = draft.read(shape).name if right == "read" else right
    return f"{draft.read(shape).name} {relation} {right}"


def stopped(draft, shape, depth):
    draft.note("stop_gradient")
    return called("stop_gradient", array(draft, shape, depth - 1))


def reduction(draft, shape, depth):
    """A reduction over an axis, over all, or one that keeps its axis."""
    kind = draft.choose(REDUCTIONS)
    if not shape and draft.chance(50):
        below = draft.shape(2)
        draft.note(kind, f"{kind} over all")
        return called(kind, array(draft, below, depth - 1), *filtered(draft, kind, below))
    if len(shape) < 2 and draft.chance(20):
        return over_two_axes(draft, shape, depth, kind)
    kept = [axis for axis, size in enumerate(shape) if size == "1"]
    axis = draft.choose(kept) if kept else draft.count(0, len(shape))
    behind = shape[axis + 1 :] if kept else shape[axis:]
    below = (*shape[:axis], draft.size(), *behind)
    shown = axis - len(below) if draft.chance(30) else axis
    draft.note(kind, "keepdims" if kept else "axis")
    options = [f"axis={shown}", *(["keepdims=True"] if kept else [])]
    return called(kind, array(draft, below, depth - 1), *options, *filtered(draft, kind, below))


def filtered(draft, kind, shape):
    """A filter, sometimes: of what may be reduced over nothing, one that keeps most."""
    if not shape or draft.chance(80):
        return []
    draft.note("where= on arrays", f"{kind} with where=")
    if kind in ("sum", "prod"):
        return [f"where={comparison(draft, shape)}"]
    return [f"where={draft.read(shape).name} > -3"]


def over_two_axes(draft, shape, depth, kind):
    """A reduction over two axes of three, or of two."""
    below = list(shape)
    first = draft.count(0, len(below))
    below.insert(first, draft.size())
    second = draft.count(first + 1, len(below))
    below.insert(second, draft.size())
    draft.note(kind, "two axes")
    return called(kind, array(draft, tuple(below), depth - 1), f"axis=({first}, {second})")


def product(draft, shape, depth):
    """A matrix product."""
    draft.note("@")
    inner = draft.size()
    left, right = (inner,), (inner,)
    match len(shape):
        case 1 if draft.chance(50):
            right = (inner, shape[0])
        case 1:
            left = (shape[0], inner)
        case 2:
            left, right = (shape[0], inner), (inner, shape[1])
        case 3:
            left, right = (*shape[:2], inner), (inner, shape[2])
            right = (shape[0], *right) if draft.chance(50) else right
            draft.note("@ of stacks")
    operands = array(draft, left, depth - 1), array(draft, right, draft.count(0, depth - 1))
    return multiplied(*operands, "@")


def normalised(draft, shape, depth):
    name = draft.choose(("softmax", "log_softmax"))
    draft.note(name)
    axis = draft.count(0, len(shape) - 1)
    return called(name, array(draft, shape, depth - 1), f"axis={axis}")


def transposed(draft, shape, depth):
    draft.note(".T")
    below = array(draft, shape[::-1], depth - 1)
    return Piece(f"{fit(below, ATOM)}.T", ATOM)


def selected(draft, shape, depth):
    """Rows that are selected by index data."""
    size = draft.size()
    rank = 2 if len(shape) > 1 and draft.chance(40) else 1
    draft.note("E[token]", f"token of rank {rank}")
    data = draft.index_data(size, shape[:rank])
    return atom(f"{draft.read((size, *shape[rank:])).name}[{data.name}]")


def positive_definite(draft, size, depth):
    """A matrix that is positive definite, and not nearly singular."""
    other = draft.size()
    root = array(draft, (size, other), depth)
    if root.level == ATOM and root.text.isalnum() and draft.chance(70):
        return f"{root.text} @ {root.text}.T + eye({size})"
    return multiplied(positive(draft, array(draft, (), 0)), atom(f"eye({size})")).text
