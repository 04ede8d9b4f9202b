"""Named rewrites: each before and after, and each true on random numbers."""

from dataclasses import replace
from fractions import Fraction

import pytest

from derive.calculus.adjoint import derive_gradients, path_term
from derive.calculus.explain import chain, gradient_named, steps_to_check
from derive.calculus.matching import alike
from derive.calculus.rewrites.knowledge import knowledge_of
from derive.calculus.rewrites.ratios import weight
from derive.calculus.rewrites.table import REWRITES, everywhere, simplification
from derive.calculus.steps import Step
from derive.errors import VerificationError
from derive.language import read_model
from derive.model import definition
from derive.simplify import total
from derive.terms import Index, IndexValue, Multiply, Power, Size, entries, number, substitute
from derive.verification.check_steps import check_steps

DECLARED = """
n: dim; m: dim
a: input; b: input; c: input; s: input; p: input; q: input
x: input[n]; y: input[n]; v: input[m]
T: input[n, m]; W: input[n, n]; P: input[n, m]; r: input[n]; e: input
w: param
label: index(n)[m]
o: range(m); z: range(n)
assume(rows_sum_to_one(T), symmetric(W), s > 0, signs(e))
mu = mean(x)
nu = sum(y) / n
h[i] = sum(T[i, k] * v[k], k)
t = tanh(a * b)
g[k] = where(y[k] > 0, exp(y[k]), 0)
"""


def right_side(text, *indices):
    """The right side of `text` as an equation in the given letters, in the model above."""
    letters = f"[{', '.join(indices)}]" if indices else ""
    source = f"{DECLARED}\nterm{letters} = {text}\nf = w * {'sum(term)' if indices else 'term'}"
    model = read_model(source + "\nminimize(f, sgd())", name="m")
    equation = definition(model, "term")
    return model, equation


def in_letters(equation, letters):
    values = dict(zip(equation.indices, map(IndexValue, letters), strict=True))
    return substitute(equation.right, values)


RULES = {rewrite.name: rewrite.rule for rewrite in REWRITES}

# rule, before, after, the letters of the indices that both have
TABLE = [
    ("where_positive", "where(a > 0, relu(a) * b, 0)", "where(a > 0, a * b, 0)", ""),
    ("where_positive", "where(a > 0, maximum(0, a) - b, 0)", "where(a > 0, a - b, 0)", ""),
    ("where_positive", "where(0 < a, maximum(a, 0), b)", "where(0 < a, a, b)", ""),
    (
        "where_positive",
        "sum(relu(x[k]) * y[k], k, where=x[k] > 0)",
        "sum(x[k] * y[k], k, where=x[k] > 0)",
        "",
    ),
    ("positive", "abs(s) * a", "s * a", ""),
    ("signs_squared", "a * e ** 2", "a", ""),
    ("signs_squared", "e ** 3 + a", "e + a", ""),
    ("signs_squared", "e * a * e", "a", ""),
    ("positive", "relu(s) + a", "s + a", ""),
    ("symmetric", "sum(W[j, i] * x[j], j)", "sum(W[i, j] * x[j], j)", "i"),
    ("cancel", "p * (q / p)", "q", ""),
    ("cancel", "p * q / (a * p)", "q / a", ""),
    ("cancel", "a / a ** 2", "1 / a", ""),
    ("cancel", "a ** 3 / a", "a ** 2", ""),
    ("cancel", "s / sqrt(s)", "sqrt(s)", ""),
    ("one_term", "sum(x[k] * y[k], k, where=label[i] == k)", "x[label[i]] * y[label[i]]", "i"),
    ("one_term", "sum(T[k, j], j, k, where=k == label[i])", "sum(T[label[i], j], j)", "i"),
    (
        "at_the_place",
        "where(label[o] == z, x[z] / (a * x[label[o]]), 0)",
        "where(label[o] == z, 1 / a, 0)",
        "oz",
    ),
    ("at_the_place", "where(o == z, -x[z] / x[o], 0)", "where(o == z, -1, 0)", "oz"),
    ("into_the_sum", "p * (a / p - b)", "a - p * b", ""),
    ("into_the_sum", "p * c * (a / p - b) / q", "c * (a - p * b) / q", ""),
    ("multiplied_out", "p * (1 - a) - (1 - p) * a", "p - a", ""),
    ("names", "tanh(b * a) * c", "t * c", ""),
    ("names", "sum(x[k] * exp(y[k]), k, where=y[k] > 0)", "sum(x[k] * g[k], k)", ""),
    ("names", "sum(v[k] * T[i, k], k)", "h[i]", "i"),
    ("one_fraction", "a * (1 / b) / c", "a / (c * b)", ""),
    ("one_fraction", "a * (1 / b)", "a / b", ""),
    ("one_fraction", "2 * a / (2 * b)", "a / b", ""),
    ("one_fraction", "2 * (a / 2) * b", "a * b", ""),
    ("powers", "sqrt(s) * sqrt(s)", "s", ""),
    ("powers", "sqrt(s) ** 2", "s", ""),
    ("powers", "(a - b) * (a - b)", "(a - b) ** 2", ""),
    ("logistic", "exp(a) / (1 + exp(a))", "sigmoid(a)", ""),
    ("logistic", "b * exp(a) / (exp(a) + 1)", "b * sigmoid(a)", ""),
    ("logistic", "1 / (1 + exp(-a))", "sigmoid(a)", ""),
    ("logistic", "b / (1 + exp(a))", "b * sigmoid(-a)", ""),
    ("reflected", "(1 - sigmoid(a)) * b", "sigmoid(-a) * b", ""),
    ("reflected", "(1 - sigmoid(-a)) / b", "sigmoid(a) / b", ""),
    ("out_of_the_sum", "sum(2 * a * x[k], k)", "2 * a * sum(x)", ""),
    ("out_of_the_sum", "sum(x[k] / a, k)", "sum(x) / a", ""),
    ("out_of_the_sum", "sum(x[k] / n, k)", "1 / n * sum(x)", ""),
    ("out_of_the_sum", "sum(x[i] * T[i, k], k)", "x[i] * sum(T[i, k], k)", "i"),
    (
        "out_of_the_sum",
        "sum(x[i] * y[i] * P[i, k], i, k)",
        "sum(x[i] * y[i] * sum(P[i, k], k), i)",
        "",
    ),
    ("rows_sum_to_one", "sum(x[i] * T[i, k], k)", "x[i]", "i"),
    ("rows_sum_to_one", "sum(x[i] * T[i, k], i, k)", "sum(x)", ""),
    ("deviations", "sum(x[k] - mu, k)", "0", ""),
    ("deviations", "sum(y[k] - nu, k)", "0", ""),
    ("like_terms", "a + a", "2 * a", ""),
    ("like_terms", "a * b + c - 3 * b * a", "-(2 * a * b) + c", ""),
    ("like_terms", "a + b - a", "b", ""),
    ("one_sum", "sum(x[k] * y[k], k) - sum(x[k] * r[k], k)", "sum(x[k] * (y[k] - r[k]), k)", ""),
    ("common_factor", "p * a - p * b", "p * (a - b)", ""),
    ("common_factor", "a / n - b / n", "(a - b) / n", ""),
    ("common_factor", "2 * a - 2 * b", "2 * (a - b)", ""),
    ("common_factor", "a / n - where(b > 0, 1 / n, 0)", "(a - where(b > 0, 1, 0)) / n", ""),
    ("signs", "-(a - b)", "b - a", ""),
    ("signs", "-a + b", "b - a", ""),
    ("signs", "-a - b", "-(a + b)", ""),
    ("signs", "where(a > 0, -1, 0) + b", "b - where(a > 0, 1, 0)", ""),
]


def applied(name, term, known):
    """The term after every rule of that name was tried once, None where none applies."""
    for rewrite in REWRITES:
        if rewrite.name == name:
            after = everywhere(term, lambda part, rule=rewrite.rule: rule(part, known))
            if after != term:
                return after
    return None


def plain_knowledge(model):
    """What is known of the model, but for the term that is looked at."""
    known = knowledge_of(model)
    others = {
        quantity: tuple(e for e in equations if e.left.name not in ("term", "f"))
        for quantity, equations in known.readers.items()
    }
    return replace(known, readers=others)


@pytest.mark.parametrize(("name", "before", "after", "letters"), TABLE)
def test_a_rule_takes_before_to_after(name, before, after, letters):
    model, given = right_side(before, *letters)
    _, expected = right_side(after, *letters)
    indices = [Index(Size("n"), letter) for letter in letters]
    found = applied(name, in_letters(given, indices), plain_knowledge(model))
    assert found is not None
    assert alike(found, in_letters(expected, indices))


@pytest.mark.parametrize(("name", "before", "after", "letters"), TABLE)
def test_a_rule_is_true_on_random_numbers(name, before, after, letters):
    model, given = right_side(before, *letters)
    found = applied(name, given.right, plain_knowledge(model))
    for seed in range(5):
        (check,) = check_steps(model, [Step(name, given.right, found)], seed)
        assert check.how != "undecided"
        assert check.places > 0


def test_a_root_and_its_square_below_the_bar_are_a_power_of_minus_three_halves():
    model, given = right_side("a / (sqrt(s) * s)")
    a, s = entries(given.right)
    found = applied("powers", given.right, plain_knowledge(model))
    assert found == Multiply((a, Power(s, number(Fraction(-3, 2)))))


def test_every_rule_is_in_the_table():
    # The order of the sums is read off gradients: attention below; inverses are tested apart.
    assert {row[0] for row in TABLE} == set(RULES) - {"exchanged", "solution"}


# --- what stays as it is ------------------------------------------------------------------------

KEPT = [
    ("sum(W[i, j] * x[j], j)", "i"),
    ("sum(x[i] * sum(W[i, j] * x[j], j), i)", ""),
    ("sum(r[k] - nu, k)", ""),
    ("sum(P[i, k], k)", "i"),
    ("sum(y[k] - mu, k)", ""),
    ("sigmoid(a) * (1 - sigmoid(a))", ""),
    ("2 * (a - b) * c", ""),
    ("-2 * (a - b) * c", ""),
    ("a * a", ""),
    ("(a + b) * (a + c)", ""),
    ("(a ** 2) ** (1/2)", ""),
    ("where(a < 0, relu(a), 0)", ""),
    ("where(a > 0, relu(b), 0)", ""),
    ("abs(a)", ""),
    ("exp(a) / (2 + exp(a))", ""),
]


@pytest.mark.parametrize(("text", "letters"), KEPT)
def test_what_no_rule_is_true_of_stays(text, letters):
    model, given = right_side(text, *letters)
    assert simplification(given.right, plain_knowledge(model)) == ()


def test_a_wrong_step_is_caught():
    model, given = right_side("sum(P[i, k], k)", "i")
    _, one = right_side("1 + 0 * a")
    with pytest.raises(VerificationError):
        check_steps(model, [Step("rows_sum_to_one", given.right, one.right)])


# --- whole simplifications ----------------------------------------------------------------------


def derived(text):
    return derive_gradients(read_model(text + "\nminimize(f, sgd())", name="m"))


ATTENTION = derived(
    "n: dim; m: dim; d: dim; e: dim; Q: param[n, d]; K: param[m, d]; V: param[m, e]\n"
    "Y: input[n, e]; S = Q @ K.T; P = softmax(S, axis=1); O = P @ V; f = sum((O - Y) ** 4)"
)


def test_the_order_of_sums_is_changed_where_the_inner_sum_has_a_name():
    steps = chain(ATTENTION, gradient_named(ATTENTION, "S")).simplification
    assert [step.rule for step in steps] == ["out_of_the_sum", "common_factor", "exchanged"]


MODELS = [
    "n: dim; x: input[n]; w: param[n]; u = w * x; mu = mean(u); d = mean((u - mu) ** 2)\n"
    "z = (u - mu) / sqrt(d + 1); f = sum(z ** 3)",
    "n: dim; k: dim; Z: param[n, k]; T: input[n, k]; assume(rows_sum_to_one(T))\n"
    "f = -sum(T * log_softmax(Z, axis=1)) / n",
    "n: dim; k: dim; Z: param[n, k]; T: input[n, k]; assume(one_hot(T))\n"
    "P = softmax(Z, axis=1); f = -sum(T * log(P)) / n",
    "n: dim; A: input[n, n]; x: param[n]; assume(symmetric(A)); f = x @ A @ x",
    "n: dim; X: input[n]; w: param; f = sum(log(1 + exp(-X * w)))",
]


@pytest.mark.parametrize("derivation", [ATTENTION, *map(derived, MODELS)])
def test_every_step_of_a_gradient_is_true(derivation):
    simplified = 0
    for gradient in derivation.gradients:
        steps = steps_to_check(derivation, gradient)
        checks = check_steps(derivation.model, steps)
        assert len(checks) >= len(steps)
        assert all(check.places > 0 for check in checks)
        simplified += len(chain(derivation, gradient).simplification)
    assert simplified > 0


@pytest.mark.parametrize("derivation", [ATTENTION, *map(derived, MODELS)])
def test_simplifying_leads_step_by_step_from_the_closed_form_to_the_last(derivation):
    for gradient in derivation.gradients:
        forms = chain(derivation, gradient)
        terms = [forms.closed, *(step.after for step in forms.simplification)]
        assert [step.before for step in forms.simplification] == terms[:-1]
        assert simplification(terms[-1], derivation.known) == ()


def test_what_cancels_is_written_out():
    # The gradient in Z reads P and T, and no gradient.
    derivation = derived(MODELS[2])
    equation = gradient_named(derivation, "Z").equation
    assert [entry.quantity.name for entry in entries(equation.right)] == ["P", "T"]


def test_what_does_not_cancel_is_read_by_its_name():
    derivation = derived("n: dim; x: input[n]; w: param[n]; u = sum(w * x); f = (u - 1) ** 2")
    slope = gradient_named(derivation, "u").equation.left
    read = [entry.quantity for entry in entries(gradient_named(derivation, "w").equation.right)]
    assert slope in read


def test_an_adopted_equation_is_no_longer_than_the_plain_sum_of_the_paths():
    for derivation in (ATTENTION, *map(derived, MODELS)):
        for gradient in derivation.gradients:
            plain = total(*map(path_term, gradient.paths))
            upstream = [path.upstream for path in gradient.paths if path.upstream is not None]
            freed = sum(
                weight(derivation.known.gradients[entry.quantity].right)
                for entry in dict.fromkeys(upstream)
            )
            assert weight(gradient.equation.right) <= weight(plain) + freed
