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
    if not draft.functions or draft.chance(30):
        body = applied(draft, atom("t"))
        if draft.chance(50):
            body = joined(draft, body, draft.choose((atom("t"), atom("0.5"), body)))
        name = f"f{len(draft.functions) + 1}"
        draft.functions.append(f"def {name}(t): return {fit(body, SUM)}")
    return f"f{draft.count(1, len(draft.functions))}"


def number(draft):
    return atom(draft.choose(("2", "0.5", "3", "0.3", "1", "1/3", "pi")))
