"""Expressions of index notation: one number for all values of the indices in scope."""

from random_models.arrays import REDUCTIONS
from random_models.draft import DERIVED, atom, called, multiplied
from random_models.functions import applied, joined, number, with_pole


def entry(draft, scope, depth):
    """An expression in which the indices of `scope`, pairs of a letter and a size, are free."""
    if depth == 0:
        return leaf(draft, scope)
    forms = [leaf, function, operation, operation, operation, reduction, reduction, reduction]
    forms += [choice, softmax, stopped, guarded] if scope else [stopped]
    return draft.choose(forms)(draft, scope, depth)


def function(draft, scope, depth):
    return applied(draft, entry(draft, scope, depth - 1))


def operation(draft, scope, depth):
    return joined(draft, entry(draft, scope, depth - 1), entry(draft, scope, depth - 1))


def stopped(draft, scope, depth):
    draft.note("stop_gradient")
    return called("stop_gradient", entry(draft, scope, depth - 1))


def choice(draft, scope, depth):
    draft.note("where")
    operands = [entry(draft, scope, depth - 1) for _ in range(2)]
    return called("where", condition(draft, scope), *operands)


def guarded(draft, scope, depth):
    """What has a value only where a number is positive, chosen or summed up there."""
    if draft.chance(50):
        read = element(draft, scope)
        inside = multiplied(atom(f"({with_pole(draft, read)})"), entry(draft, scope, depth - 1))
        return called("where", f"{read} > 0", inside, number(draft))
    size = draft.choose(scope)[1]
    own = draft.letter(size, {draft.step, *(letter for letter, _ in scope)}), size
    with draft.bound(own):
        read = element(draft, [own, *scope])
        inside = multiplied(entry(draft, [own, *scope], 0), atom(f"({with_pole(draft, read)})"))
        return called("sum", inside, own[0], f"where={read} > 0")


def reduction(draft, scope, depth):
    kind = draft.choose(REDUCTIONS)
    own = []
    for _ in range(draft.choose((1, 1, 2))):
        size = draft.size()
        taken = {draft.step, *(letter for letter, _ in (*scope, *own))}
        own.append((draft.letter(size, taken), size))
    draft.note(kind, f"{kind} over {len(own)} indices")
    with draft.bound(*own):
        body = entry(draft, [*own, *scope], depth - 1)
        options = [letter for letter, _ in own]
        if draft.chance(30):
            draft.note("where=", f"{kind} with where=")
            options.append(f"where={condition(draft, [*own, *scope])}")
        return called(kind, body, *options)


def softmax(draft, scope, depth):
    """A softmax over one of the indices in scope, or over two; not over the steps before."""
    open_ = [pair for pair in scope if pair[0] != draft.step]
    if not open_:
        return function(draft, scope, depth)
    own = [draft.choose(open_)]
    rest = [pair for pair in open_ if pair not in own]
    own += [draft.choose(rest)] if rest and draft.chance(20) else []
    name = draft.choose(("softmax", "log_softmax"))
    draft.note(f"{name} over an index" if len(own) == 1 else f"{name} over 2 indices")
    options = [letter for letter, _ in own]
    if name == "softmax" and draft.chance(30):
        draft.note("softmax with where=")
        options.append(f"where={condition(draft, scope)}")
    with draft.bound(*own):
        return called(name, entry(draft, scope, depth - 1), *options)


def condition(draft, scope):
    """A condition on indices or on data."""
    pairs = [(a, b) for a, s in scope for b, t in scope if a < b and s == t]
    if pairs and draft.chance(60):
        left, right = draft.choose(pairs)
        draft.note("mask")
        return f"{left} {draft.choose(('<=', '>=', '==', '!=', '<'))} {right}"
    form = draft.choose(("data", "index", "both", "not", "class"))
    draft.note({"both": "and, or", "class": "comparison with index data"}.get(form, form))
    match form:
        case "data":
            return on_data(draft, scope)
        case "index":
            return on_index(draft, scope)
        case "not":
            return f"not {on_data(draft, scope)}"
        case "class":
            letter, size = draft.choose(scope)
            return f"{letter} {draft.choose(('!=', '=='))} {gathered(draft, scope, size)}"
    joint = draft.choose(("and", "or"))
    return f"{on_data(draft, scope)} {joint} {on_index(draft, scope)}"


def on_data(draft, scope):
    draft.note("condition on data")
    return f"{element(draft, scope)} {draft.choose(('>', '<='))} {draft.choose(('0', '0.5'))}"


def on_index(draft, scope):
    draft.note("condition on an index")
    letter, size = draft.choose(scope)
    if draft.chance(25):
        draft.note("chained comparison")
        return f"1 <= {letter} < {size}"
    return f"{letter} {draft.choose(('<', '>=', '!='))} {size if draft.chance(30) else 1}"


def leaf(draft, scope, depth=0):
    drawn = draft.count(0, 24)
    if drawn == 24:
        draft.note("number")
        return number(draft)
    if drawn == 23 and scope:
        draft.note("index as a number")
        return atom(draft.choose(scope)[0])
    if drawn == 22 and draft.dimensions:
        draft.note("size as a number")
        return atom(draft.choose(tuple(draft.dimensions)))
    if draft.before and draft.chance(50):
        return earlier(draft, scope)
    if drawn >= 20 and scope:
        return padded(draft, scope)
    return atom(element(draft, scope))


def earlier(draft, scope):
    """An entry of what the step before left."""
    step, alone = draft.choose(draft.before), set(draft.alone)
    places = step.place(draft, scope, subscript)
    # What is being defined tells no range.
    draft.alone = alone
    return atom(f"{step.known.name}[{', '.join(places)}]")


def element(draft, scope):
    """An entry of something that is there, or of something new that fits the indices."""
    readable = [known for known in reversed(draft.known) if known.kind != "index"]
    flat = [letter for letter, size in scope if draft.meaning(size) == "n*m"]
    if flat and draft.chance(30):
        draft.note("reshape")
        letter = draft.choose(flat)
        draft.shorter.add(letter)
        return f"{draft.read(('n', 'm')).name}[{letter} // m, {letter} % m]"
    if readable and draft.chance(55):
        known = draft.choose(readable)
    else:
        sizes = [size for _, size in scope]
        shape = [size for size in sizes if draft.chance(75)][:3]
        if len(shape) < 3 and draft.chance(15):
            shape.append(draft.size())
        if shape and draft.chance(12):
            shape[0] = draft.sized(draft.choose(tuple(DERIVED)))
        if len(shape) > 1 and draft.chance(20):
            shape.reverse()
        known = draft.declare(tuple(shape))
    if not known.shape:
        return known.name
    places = [subscript(draft, scope, size) for size in known.shape]
    return f"{known.name}[{', '.join(places)}]"


def subscript(draft, scope, size):
    """A place on an axis of this size, inside for certain."""
    fitting = [letter for letter, own in scope if own == size]
    affine = sum_of_indices(draft, scope, size)
    if affine and draft.chance(60):
        return affine
    drawn = draft.count(0, 19)
    if fitting and drawn < 16:
        letter = draft.choose(fitting)
        if drawn < 14:
            draft.alone.add(letter)
            return letter
        draft.note("reversed subscript")
        return f"{size} - 1 - {letter}"
    if drawn == 19 or (drawn > 15 and scope):
        return gathered(draft, scope, size)
    draft.note("fixed subscript")
    return "0" if size == "1" or draft.chance(60) else f"{size} - 1"


def gathered(draft, scope, size):
    """A place that is read from index data."""
    there = [
        known
        for known in draft.known
        if known.kind == "index" and f"index({size})" in " ".join(draft.declarations)
    ]
    indices = [draft.choose(scope)] if scope and draft.chance(80) else []
    rest = [pair for pair in scope if pair not in indices]
    indices += [draft.choose(rest)] if indices and rest and draft.chance(15) else []
    shape = tuple(own for _, own in indices)
    fitting = [
        known
        for known in there
        if known.shape == shape
        and any(line.startswith(f"{known.name}: index({size})") for line in draft.declarations)
    ]
    known = fitting[0] if fitting else draft.index_data(size, shape)
    draft.note("gather", f"gather by data of rank {len(indices)}")
    if not indices:
        return known.name
    if len(indices) == 1 and draft.chance(15):
        draft.note("gather at a computed place")
        return f"{known.name}[{subscript(draft, scope, shape[0])}]"
    draft.alone.update(letter for letter, _ in indices)
    return f"{known.name}[{', '.join(letter for letter, _ in indices)}]"


def sum_of_indices(draft, scope, size):
    """A sum of indices that fills an axis whose size follows from others, if they are there."""
    terms = []
    for factor, own in DERIVED.get(draft.meaning(size), ()):
        fitting = [letter for letter, other in scope if other == own]
        if fitting:
            terms.append(f"{factor}{draft.choose(fitting)}")
        elif own == "2" and draft.chance(50):
            terms.append("1")
    if terms and terms != ["1"]:
        draft.note("affine subscript")
        # Alone on an axis that is longer than its range.
        draft.shorter.update(term for term in terms if terms == [term])
        return " + ".join(terms)
    return None


def padded(draft, scope):
    """An entry that may lie outside, where it is zero."""
    draft.note("pad")
    letter, size = draft.choose(scope)
    shape = [size, *(own for other, own in scope if other != letter and draft.chance(40))][:2]
    known = draft.read(tuple(shape))
    others = [subscript(draft, scope, own) for own in shape[1:]]
    step = draft.choose(("1", "2", *(other for other, _ in scope if other != letter)))
    shift = draft.choose((f"{letter} - {step}", f"{letter} + {step}", f"2*{letter} - {step}"))
    return called("pad", f"{known.name}[{', '.join([shift, *others])}]")
