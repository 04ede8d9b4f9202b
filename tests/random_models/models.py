"""A whole model: definitions of every kind, a cost that reads them, a rule of update."""

from typing import NamedTuple

from hypothesis import strategies as st

from random_models.arrays import array, positive_definite
from random_models.draft import SUM, Draft, added, atom, called, fit, multiplied, raised
from random_models.entries import element, entry
from random_models.steps import recurrence

RULES = ("", "momentum(alpha=0.1)", "adam", "nesterov", "rmsprop(alpha=0.001)", "adamw", "own")
OWN_RULE = """with rule(own):
    theta: param
    g: gradient
    m: state = zeros
    alpha: setting = 0.1
    m = 0.5 * m + tanh(g)
    direction = m * (1 - m)
    theta = theta - alpha * direction"""


MOST = 6


class Drawn(NamedTuple):
    """A model text, what was drawn in it, and whether it goes through every stage there is."""

    text: str
    features: tuple[str, ...]
    complete: bool


@st.composite
def models(draw, complete):
    """A model; so many of a hundred go through every stage."""
    draft = Draft(draw)
    definition(draft)
    # One choice before each definition, so that one that is not needed can be left out.
    while len(draft.lines) < MOST and draft.chance(55):
        definition(draft)
    cost(draft)
    whole = draft.chance(complete)
    if whole:
        request(draft)
    if draft.tied():
        draft.note("tied parameters")
    return Drawn(draft.text(), tuple(sorted(draft.features)), whole)


def definition(draft):
    kinds = (in_arrays, in_entries, in_entries, recurrence, in_rows, of_matrices, slope)
    draft.choose(kinds)(draft)


def in_arrays(draft):
    shape = draft.shape()
    value = array(draft, shape, draft.count(1, 3))
    define(draft, shape, value)


def define(draft, shape, value, subscripts=""):
    name = draft.fresh()
    draft.lines.append(f"{name}{subscripts} = {fit(value, SUM)}")
    draft.define(name, shape)


def in_entries(draft):
    shape = draft.shape()
    scope = []
    for size in shape:
        scope.append((draft.letter(size, {letter for letter, _ in scope}), size))
    with draft.bound(*scope):
        value = entry(draft, scope, draft.count(1, 3))
        subscripts = f"[{', '.join(letter for letter, _ in scope)}]" if scope else ""
        define(draft, shape, value, subscripts)


def in_rows(draft):
    """An equation whose left side leaves whole axes."""
    size, rest = draft.size(), draft.shape(2)
    letter = draft.letter(size, ())
    draft.note("whole axes on the left")
    draft.row = (letter, size)
    with draft.bound(draft.row):
        value = array(draft, rest, draft.count(1, 2))
        define(draft, (size, *rest), value, f"[{letter}]")
    draft.row = None


def of_matrices(draft):
    """Linear algebra of a matrix that is positive definite."""
    size = draft.sized(draft.choose(("n", "m", "2")))
    name = draft.fresh()
    form = draft.choose(("inv", "solve", "logdet", "det", "trace", "cholesky"))
    draft.note(form)
    if form != "cholesky" and draft.chance(30):
        draft.note("any matrix")
        name = draft.read((size, size)).name
    else:
        draft.lines.append(f"{name} = {positive_definite(draft, size, draft.count(0, 1))}")
        draft.define(name, (size, size))
    if form == "solve":
        shape = draft.choose(((size,), (size, draft.size())))
        define(draft, shape, called(form, name, array(draft, shape, draft.count(0, 1))))
    else:
        define(draft, (size, size) if form in ("inv", "cholesky") else (), called(form, name))


def slope(draft):
    """The gradient of an earlier number by something that is declared."""
    numbers = [k for k in draft.known if k.kind == "defined" and not k.shape]
    if not numbers:
        return in_arrays(draft)
    of = draft.choose(numbers)
    reached = draft.read_by(of.name)
    varied = [k for k in draft.known if k.kind not in ("index", "const") and k.name in reached]
    varied = [k for k in varied if k != of]
    if not varied:
        return in_arrays(draft)
    wrt = draft.choose(varied)
    draft.note("grad")
    return define(draft, wrt.shape, called("grad", of.name, wrt.name))


def request(draft):
    """What the module is to offer beside the usual."""
    asked = ["hvp", "hessian", "flatten"]
    data = [known.name for known in draft.known if known.kind == "input"]
    asked += [f"gradient({name})" for name in data[:1]]
    defined = [known.name for known in draft.known if known.kind == "defined"]
    asked += [f"jacobian({name})" for name in defined[-1:]]
    one = draft.choose(("", *asked))
    if one:
        draft.note(f"provide {one.split('(')[0]}")
        draft.lines.append(f"provide({one})")


def cost(draft):
    """The cost reads the last definition, and mostly the others that nothing reads."""
    text = " ".join(draft.lines)
    defined = [known for known in draft.known if known.kind == "defined"]
    unread = [
        k for k in defined if len(text.split(f"{k.name} ")) + len(text.split(f"{k.name}[")) <= 3
    ]
    total = summand(draft, defined[-1])
    for known in unread:
        if known != defined[-1] and draft.chance(80):
            total = added(total, summand(draft, known))
    if not any(known.kind == "param" for known in draft.known):
        total = added(total, raised(atom(draft.declare((), "param").name), 2))
    draft.lines.append(f"C = {fit(total, SUM)}")
    rule = draft.choose(RULES)
    draft.note(f"rule {rule.split('(')[0] or 'sgd'}")
    if rule == "own":
        draft.lines.append(OWN_RULE)
    draft.lines.append(f"minimize(C, {rule})" if rule else "minimize(C)")


def summand(draft, known):
    """A number that reads a quantity."""
    form = draft.choose(("sum of squares", "array", "indices"))
    if not known.shape:
        return atom(known.name) if draft.chance(50) else raised(atom(known.name), 2)
    if form == "sum of squares":
        return called("sum", raised(atom(known.name), 2))
    if form == "array":
        value = array(draft, known.shape, 1)
        return called(draft.choose(("mean", "sum")), multiplied(atom(known.name), value))
    scope = []
    for size in known.shape:
        scope.append((draft.letter(size, {letter for letter, _ in scope}), size))
    letters = [letter for letter, _ in scope]
    with draft.bound(*scope):
        draft.alone.update(letters)
        body = f"{known.name}[{', '.join(letters)}] * {element(draft, scope)}"
    return called(draft.choose(("sum", "mean")), body, *letters)
