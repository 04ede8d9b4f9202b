"""Applications of functions, with arguments that lie in their domain, away from overflow."""

from random_models.draft import SUM, added, atom, called, fit, multiplied, negated, raised

ANYWHERE = (
    "tanh sin sigmoid cos softplus arctan erf arcsinh erfc square softsign silu gelu mish "
    "log_sigmoid gelu_tanh elu selu"
).split()
OF_BOUNDED = "exp expm1 sinh cosh tan arcsin arccos arctanh".split()
OF_POSITIVE = "log sqrt log1p log2 log10 lgamma digamma".split()
KINKED = "abs relu leaky_relu clip hardtanh relu6 sign".split()
OF_TWO = "maximum minimum logaddexp arctan2".split()


def bounded(draft, argument):
    """Something between -1/2 and 1/2."""
    return multiplied(called(draft.choose(("tanh", "sin")), argument), atom("2"), "/")


def positive(draft, argument):
    """Something larger than 1/2, mostly."""
    match draft.choose(("square", "exp", "softplus", "abs")):
        case "square":
            return added(raised(argument, 2), atom("1"))
        case "exp":
            return called("exp", bounded(draft, argument))
        case "softplus":
            return added(called("softplus", argument), atom("0.5"))
    return added(atom("1"), called("abs", argument))


def applied(draft, argument):
    """A function of one argument."""
    kind = draft.choose(("any", "any", "bounded", "positive", "kink", "power", "minus", "own"))
    if kind == "own":
        return called(own_function(draft), argument)
    if kind == "minus":
        draft.note("minus")
        return negated(argument)
    if kind == "power":
        exponent = draft.choose(("2", "3", "1.5", "(-1)"))
        draft.note(f"power {exponent}")
        return raised(argument if exponent in "23" else positive(draft, argument), exponent)
    table = {"any": ANYWHERE, "bounded": OF_BOUNDED, "positive": OF_POSITIVE, "kink": KINKED}
    name = draft.choose(table[kind])
    draft.note("function", name)
    if kind == "bounded":
        argument = bounded(draft, argument)
    if kind == "positive":
        argument = positive(draft, argument)
    if name == "clip":
        return called(name, argument, "-1", "0.5")
    return called(name, argument)


def with_pole(draft, read):
    """A function that has no value at zero of an entry that is positive where it is asked for."""
    name = draft.choose(("log", "sqrt", "1 /"))
    draft.note("only where positive", f"{name} only where positive")
    return f"1 / {read}" if name == "1 /" else f"{name}({read})"


def joined(draft, left, right):
    """An operation on two operands."""
    operator = draft.choose(("+", "*", "-", "/", "function"))
    if operator == "function":
        name = draft.choose(OF_TWO)
        draft.note("function", name)
        return called(name, left, positive(draft, right) if name == "arctan2" else right)
    draft.note(operator)
    if operator == "/":
        return multiplied(left, positive(draft, right), "/")
    return multiplied(left, right) if operator == "*" else added(left, right, operator)


def own_function(draft):
    """The name of a function of the text, a new one or one that is there."""
    draft.note("def")
    there = named(draft, "f")
    if not there or draft.chance(30):
        body, form = (
            applied(draft, atom("t")),
            draft.choose(("plain", "joined", "default", "local")),
        )
        # What the functions above call is written already.
        name = f"f{len(named(draft, 'f')) + 1}"
        head = f"def {name}(t):"
        if form == "joined":
            body = joined(draft, body, draft.choose((atom("t"), atom("0.5"), body)))
        if form == "default":
            draft.note("def with a default")
            head, body = f"def {name}(t, s=0.5):", joined(draft, body, atom("s"))
        if form == "local":
            draft.note("def with a definition")
            value = fit(joined(draft, body, atom("t")), SUM)
            draft.functions.append(f"{head}\n    u = {value}\n    return tanh(u) * u")
        else:
            draft.functions.append(f"{head} return {fit(body, SUM)}")
        there = [*there, name]
    return draft.choose(there)


def named(draft, stem):
    """The names of the functions so far, of numbers `f` or of arrays `a`."""
    names = [text.split("(")[0].removeprefix("def ") for text in draft.functions]
    return [name for name in names if name[0] == stem]


WHOLE = (
    "u - mean(u)",
    "u / sqrt(mean(u ** 2) + s)",
    "softmax(u, axis=-1) * s",
    "u * sum(u, axis=-1, keepdims=True)",
    "logsumexp(u) - u",
    "u / (1 + sum(u ** 2, axis=0))",
)


def array_function(draft):
    """The name of a function of a whole array, which keeps its shape."""
    draft.note("def of arrays")
    there = named(draft, "a")
    if not there or draft.chance(30):
        name = f"a{len(there) + 1}"
        inner = draft.choose(("u", "tanh(u)", *(f"{other}(u)" for other in there)))
        lines = [f"def {name}(t, s=0.5):", f"    u = {inner.replace('u', 't')}"]
        draft.functions.append("\n".join([*lines, f"    return {draft.choose(WHOLE)}"]))
        there = [*there, name]
    return draft.choose(there)


def number(draft):
    return atom(draft.choose(("2", "0.5", "3", "0.3", "1", "1/3", "pi")))
