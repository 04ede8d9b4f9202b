"""Gradients, updates and printed formulas that are known to be wrong, each in a way of its own."""

from dataclasses import replace
from unittest.mock import patch

import numpy as np
from further_bugs import FURTHER
from handwritten import module, trained
from printed_mutants import reader, spoilt_formulas
from published_bugs import PUBLISHED

from derive import Model
from derive.calculus.explain import steps_to_check
from derive.calculus.requested import requested
from derive.document.build import document_of
from derive.numbers import dual
from derive.pipeline import source_of
from derive.printed import lines
from derive.printed.claims import claims_in
from derive.terms import TWO, Multiply
from derive.typeset.unicode import unicode
from derive.verification.report import Report
from derive.verification.verify import step_lines
from derive.verification.verify import verify as verified

ORDER = ("verified", "undecided", "failed")


def by_hand(text, cost, setup=(), change=("", ""), seed=0, **gradients):
    """The verdict on a program with these kernels, some of whose text is changed."""
    model = Model(text).specification
    source = module(model, cost, gradients, setup)
    assert change[0] in source, change
    return verified(trained(model), source.replace(*change), seed).verdict


def generated(text, *changes, style="readable"):
    """The verdict on the program of a model after changes."""
    model = Model(text, "m")
    source = source_of(model.derivation, style)
    for old, new in changes:
        assert old in source, (old, source)
        source = source.replace(old, new)
    return verified(model.derivation.model, source).verdict


def with_mistaken_oracle(check):
    """The verdict where the oracle itself has the slope of tanh wrong."""
    mistaken = dual._smooth("tanh", lambda x, y: 1 - y)
    with patch.dict(dual.FUNCTIONS, {"tanh": mistaken}):
        return check()


def in_place(text, function):
    """The verdict on a function in the place of the generated one."""
    return Model(text).verify(against=function).verdict


def in_the_place_of(name):
    """The verdict on a gradient that was published."""
    return in_place(*(PUBLISHED | FURTHER)[name][:2])


def steps_of(text, change):
    """The verdict on the steps and the formula of a gradient after a change."""
    model = Model(text).derivation.model
    (gradient,) = [g for g in Model(text).derivation.gradients if g.wrt.name == "w"]
    steps = steps_to_check(Model(text).derivation, gradient)
    steps, formula = change(steps, gradient.equation)
    return Report("m", step_lines(model, [("w", steps, [formula])])).verdict


def printed(name, kind, beginning):
    """The verdict on a formula of a document of the gallery that is spoilt in one place."""
    read = reader(name)
    claim, layout = next(
        (claim, layout)
        for claim in read.claims
        for found, layout in spoilt_formulas(claim.layout, read.arrays)
        if found == kind and unicode(layout).startswith(beginning)
    )
    said = [
        replace(one, by_readings=claim.by_readings)
        for one in claims_in(claim.section, claim.number, layout)
    ]
    derivation = read.writer.derivation
    asked = requested(derivation)
    with patch.object(lines, "claims_of", lambda _: said):
        found = lines.printed_lines(derivation, document_of(derivation, asked), asked)
    return Report(name, found).verdict


def last_formula_doubled(steps, formula):
    return steps, replace(formula, right=Multiply((TWO, formula.right)))


def first_rule_doubled(steps, formula):
    first, *others = steps
    return (replace(first, after=Multiply((TWO, first.after))), *others), formula


SUM = "n: dim; w: param[n]; x: input[n]"
TANH = f"{SUM}; C = sum(tanh(w)); minimize(C)"
PRODUCTS = f"{SUM}; C = sum((w * x) ** 2); minimize(C)"
LINEAR = f"{SUM}; C = sum(w * x); minimize(C)"
LOOKED_UP = "n: dim; m: dim; E: param[m + n]; g: input[n]; token: index(m + n)[n]"
LOOKED_UP += "\nC = sum(g[t] * E[token[t]], t); minimize(C)"
MEAN = "n: dim; m: dim; W: param[n, m]; C = sum(W ** 2) / (n * m); minimize(C)"
SHIFTED = f"{SUM}; C = sum(relu(w * x - 3/4)); minimize(C)"
FAR = f"{SUM}; C = sum(relu(w - 100)); minimize(C)"
FAR_DATA = f"{SUM}; C = sum(w * x + w * relu(x - 100)); minimize(C)"
DEAD = f"{SUM}; k: range(n); C = sum(w[k] * relu(x[k] - 100*k), k); minimize(C)"
SOFTMAX = "n: dim; z: param[n]; y: input[n]; P = softmax(z); C = -sum(y * log(P)); minimize(C)"
WINDOWS = "n: dim; m: dim = (n - 3) // 2 + 1; k: range(3); t: range(m); x: param[n]; g: input[m]"
WINDOWS += "\ny[t] = max(x[2*t + k], k); L = sum(g * y); minimize(L)"
QUARTIC = f"{SUM}; z = w * x; C = sum(z ** 4); minimize(C)"
ADAM = f"{SUM}; C = sum((w * x) ** 2); minimize(C, adam())"
SMALL_TOO_MUCH = "(1 - np.tanh(w) ** 2 + 1e-20 * w)"

GRADIENTS = "cost, grads = _gradients("
LATE = "{n: np.array(g, params[n].dtype) for n, g in grads.items()}"

WRONG = {
    "a term of 10⁻²⁰": lambda: by_hand(TANH, "np.tanh(w).sum()", w=SMALL_TOO_MUCH),
    "another cost in `_loss`": lambda: by_hand(
        TANH,
        "np.tanh(w).sum()",
        change=("    return np.tanh(w).sum()\n", "    return np.tanh(w).sum() + 1e-20 * w.sum()\n"),
        w="1 - np.tanh(w) ** 2",
    ),
    "wrong at a tie of two numbers": lambda: by_hand(
        SHIFTED, "np.maximum(w * x - 3/4, 0).sum()", w="np.where(w * x >= 3/4, x, 0)"
    ),
    "wrong where a number is zero": lambda: by_hand(
        PRODUCTS, "((w * x) ** 2).sum()", w="2 * w * x**2 + (x == 0)"
    ),
    "right where a number is 0, 1 or -1": lambda: by_hand(
        PRODUCTS, "((w * x) ** 2).sum()", w="2 * w * np.abs(x)"
    ),
    "another size": lambda: by_hand(
        MEAN, "(W**2).sum() / (W.shape[0] * W.shape[1])", W="2 * W / W.shape[0] ** 2"
    ),
    "an axis of one is lost": lambda: by_hand(LINEAR, "(w * x).sum()", w="np.squeeze(x)"),
    "a loop of fixed length": lambda: by_hand(
        LINEAR, "(w * x).sum()", w="np.concatenate([x[:3], 0 * x[3:]])"
    ),
    "never on": lambda: by_hand(FAR, "np.maximum(w - 100, 0).sum()", w="0 * w"),
    "a branch that data alone choose": lambda: by_hand(
        FAR_DATA, "(w * x + w * np.maximum(x - 100, 0)).sum()", w="1 * x"
    ),
    "an entry that is never on": lambda: by_hand(
        DEAD,
        "(w * np.maximum(x - (100 * np.arange(len(x))).astype(x.dtype), 0)).sum()",
        w="np.maximum(x, 0) * (np.arange(len(x)) == 0)",
    ),
    "written over and not added up": lambda: by_hand(
        LOOKED_UP,
        "(g * E[token]).sum()",
        ["d = np.zeros_like(E)", "d[token] += g"],
        E="d",
    ),
    "the oracle has the same mistake": lambda: with_mistaken_oracle(
        lambda: by_hand(TANH, "np.tanh(w).sum()", w="1 - np.tanh(w)")
    ),
    "public, wrong at zero": lambda: by_hand(
        PRODUCTS,
        "((w * x) ** 2).sum()",
        change=(LATE, LATE.replace("np.array(g", "np.array(g + np.any(params[n] == 0)")),
        w="2 * w * x**2",
    ),
    "public, rounded at zero": lambda: by_hand(
        TANH,
        "np.tanh(w).sum()",
        change=(
            LATE,
            LATE.replace("np.array(g", "np.array(g + 1e-6 * np.any(params[n] == 0)"),
        ),
        w="1 - np.tanh(w) ** 2",
    ),
    "an argument is changed": lambda: by_hand(
        PRODUCTS,
        "((w * x) ** 2).sum()",
        change=(f"    {GRADIENTS}", f"    data['x'] *= -1; {GRADIENTS}"),
        w="2 * w * x**2",
    ),
    "no average of squares": lambda: generated(ADAM, ("1 - beta_2**t", "1 - beta_2")),
    "a setting that is not passed on": lambda: generated(ADAM, ("beta_2=beta_2", "beta_2=0.999")),
    "another small number": lambda: generated(
        ADAM,
        (
            "state, *, alpha=0.001, beta_1=0.9, beta_2=0.999, epsilon=1e-08):\n    state[",
            "state, *, alpha=0.001, beta_1=0.9, beta_2=0.999, epsilon=1.00001e-08):\n    state[",
        ),
    ),
    "an update with any gradient": lambda: generated(
        ADAM, ('    _all_finite(_named("grads", grads))\n', "")
    ),
    "a state of float64": lambda: generated(
        ADAM, ("np.zeros_like(value)", "np.zeros_like(value, dtype=np.float64)")
    ),
    "a value of the other sign": lambda: generated(
        SOFTMAX,
        (
            "values = _values(*arguments.values())",
            "values = {k: -v for k, v in _values(*arguments.values()).items()}",
        ),
    ),
    "any number is taken": lambda: generated(
        SOFTMAX, ("    _finite_from(arguments, [cost, *grads.values()])\n", "")
    ),
    "an exponential that is not shifted": lambda: generated(SOFTMAX, (".max()", ".min()")),
    "a Hessian with another sign": lambda: generated(
        PRODUCTS.replace("minimize", "provide(hvp); minimize"),
        (
            "result = _hvp(*arguments.values())",
            "result = {k: -v for k, v in _hvp(*arguments.values()).items()}",
        ),
    ),
    "two windows overlap": lambda: by_hand(
        WINDOWS,
        "g @ np.array([x[2 * t : 2 * t + 3].max() for t in range(len(g))], dtype=x.dtype)",
        [
            "d = np.zeros_like(x)",
            "for t in range(len(g)):",
            "    d[2 * t + int(x[2 * t : 2 * t + 3].argmax())] = g[t]",
        ],
        # Here two points at each size are not enough.
        seed=1,
        x="d",
    ),
    "a difference quotient": lambda: in_the_place_of("by_differences"),
    "another cost is returned": lambda: in_place(
        "n: dim; w: param[n]; L = sum(w ** 2); minimize(L)",
        lambda w: (np.sum(w**2) + 1, 2 * w),
    ),
    "a formula that is not the gradient": lambda: steps_of(QUARTIC, last_formula_doubled),
    "a rule that is not true": lambda: steps_of(QUARTIC, first_rule_doubled),
    "a sum with the sums of the step before": lambda: generated(
        LOOKED_UP, ("    d_E.fill(0)\n", ""), style="workspace"
    ),
    "a sum that starts with what memory held": lambda: generated(
        LOOKED_UP,
        ("    d_E.fill(0)\n", ""),
        (
            '    return C, {"E": d_E}\n\n\ndef _workspace',
            '    E = d_E.copy()\n    d_E.fill(0)\n    return C, {"E": E}\n\n\ndef _workspace',
        ),
        style="workspace",
    ),
    "a workspace of float64": lambda: generated(
        LOOKED_UP,
        ("np.empty((m + n,), dtype)", "np.empty((m + n,), np.float64)"),
        style="workspace",
    ),
    "a workspace that forgets the average": lambda: generated(
        ADAM, ("np.multiply(beta_1, m, out=", "np.multiply(0, m, out="), style="workspace"
    ),
    "a product in print without its transpose": lambda: printed(
        "softmax_regression", "lost transpose", "∂C/∂W"
    ),
    "a sign in print": lambda: printed("softmax_regression", "sign", "∂C/∂P[i, k]"),
    "a sign in print of one reading": lambda: printed(
        "softmax_regression", "sign", "∂/∂Z[i, k] (exp(Z[i, l])/"
    ),
    "a sum in print that ends early": lambda: printed(
        "mlp_classifier", "shorter range", "∂C/∂Z₂[n, k] = Σ_l ∂C/∂P[n, l] ∂P[n, l]/∂Z₂[n, k]"
    ),
}
