"""What a person reads of a derivation: chains of named factors, kept whole, and steps in order."""

import pytest
from forms import add, at, index, n, neuron, square, subtract, times, total

from derive.calculus.adjoint import derive_gradients
from derive.calculus.explain import at as at_place
from derive.calculus.explain import (
    chain,
    closed_equation,
    gradient_named,
    gradient_steps,
    is_short,
    upstream_value,
)
from derive.calculus.steps import walk_steps
from derive.errors import DeriveError
from derive.language import read_model
from derive.model import quantity_named
from derive.terms import (
    ONE,
    ZERO,
    Add,
    Entry,
    Multiply,
    Negate,
    Partial,
    number,
    same,
    substitute,
    walk,
)
from derive.verification.check_steps import check_steps


def derived(text):
    return derive_gradients(read_model(text + "; minimize(f, sgd())", name="m"))


NEURON = derive_gradients(neuron())
X, Y, W, B, Y_HAT = (quantity_named(NEURON.model, name) for name in ("x", "y", "w", "b", "y_hat"))
PREDICTION = at(Y_HAT, 0, 0)
ERROR = times(2, subtract(PREDICTION, Y))


def the_chain(name, derivation=NEURON, **places):
    """The chain of one gradient, at the first place of every axis that `places` does not give."""
    gradient = gradient_named(derivation, name)
    values = dict.fromkeys(gradient.equation.indices, ZERO)
    values |= {i: number(places[i.letter]) for i in values if i.letter in places}
    return at_place(chain(derivation, gradient), values)


def without_unit_sums(term):
    """A term whose sums over axes of size one are their only summand."""
    while hasattr(term, "kind") and all(index.size == ONE for index in term.indices):
        term = substitute(term.term, dict.fromkeys(term.indices, ZERO))
    return term


# --- the neuron ---------------------------------------------------------------------------------


def test_the_chain_of_a_weight_is_upstream_times_local_by_name():
    # ∂C/∂w = ∂C/∂ŷ ∂ŷ/∂w
    forms = the_chain("w")
    upstream = Entry(gradient_named(NEURON, "y_hat").equation.left, (ZERO, ZERO))
    named = without_unit_sums(forms.named)
    assert named == Multiply((upstream, Partial(PREDICTION, at(W, 0, 0))))


def test_the_upstream_factor_is_put_in_and_kept_whole():
    # 2(ŷ − y) · x, a product of two factors and no sum of products
    forms = the_chain("w")
    assert without_unit_sums(forms.kept) == Multiply((ERROR, at(X, 0, 0)))
    assert without_unit_sums(forms.substituted) == Multiply((ERROR, at(X, 0, 0)))
    assert without_unit_sums(forms.closed) == times(2, subtract(PREDICTION, Y), at(X, 0, 0))


def test_the_factor_one_of_the_bias_is_written_once_and_then_left_out():
    # ∂C/∂b = 2(ŷ − y) · 1 = 2(ŷ − y)
    forms = the_chain("b")
    assert without_unit_sums(forms.substituted) == Multiply((ERROR, ONE))
    assert without_unit_sums(forms.kept) == ERROR
    assert without_unit_sums(forms.closed) == ERROR


@pytest.mark.parametrize("name", ["w", "b", "y_hat"])
def test_no_form_expands_the_error(name):
    # 2(ŷ − y) and never 2ŷ − 2y: every sum in sight is ŷ − y
    forms = the_chain(name)
    for form in (forms.substituted, forms.kept, forms.closed):
        sums = [node for node in walk(form) if isinstance(node, Add)]
        assert [without_unit_sums(one) for one in sums] != []
        for one in sums:
            places = {i: ZERO for node in walk(one) for i in _indices(node)}
            assert substitute(one, places) == subtract(PREDICTION, Y)


def _indices(node):
    return (node.index,) if hasattr(node, "index") else ()


def test_what_stands_in_the_cost_itself_has_no_chain():
    forms = the_chain("y_hat")
    assert forms.named is None
    assert forms.closed == forms.substituted == forms.kept == ERROR


def test_an_entry_of_the_gradient_is_found_at_its_place():
    gradient = gradient_named(NEURON, "w")
    first, second = gradient.equation.indices
    forms = at_place(chain(NEURON, gradient), {first: number(2), second: ZERO})
    assert forms.entry == at(gradient.equation.left, 2, 0)
    assert without_unit_sums(forms.kept) == Multiply((ERROR, at(X, 0, 2)))


# --- short and long upstream gradients ----------------------------------------------------------


def test_a_short_upstream_gradient_is_written_out():
    d = derived("u: param; v = u ** 3; f = v ** 2")
    v = quantity_named(d.model, "v")
    assert is_short(gradient_named(d, "v"))
    assert upstream_value(d, gradient_named(d, "v").entry) == times(2, at(v))


def test_a_long_upstream_gradient_keeps_its_name():
    d = derived("u: param; v = u ** 3; f = exp(v ** 2 * sin(v)) * tanh(v)")
    upstream = gradient_named(d, "v").entry
    assert not is_short(gradient_named(d, "v"))
    assert upstream_value(d, upstream) == upstream
    assert the_chain("u", d).closed.factors[1] == upstream


def test_an_upstream_gradient_that_is_itself_a_chain_keeps_its_name():
    d = derived("u: param; v = u ** 2; t = v ** 2; f = t ** 2")
    assert not is_short(gradient_named(d, "v"))
    upstream = gradient_named(d, "v").entry
    assert upstream_value(d, upstream) == upstream


def test_a_sum_is_not_short():
    d = derived("n: dim; z: param[n]; a: input[n]; u = z * a; f = sum(u) ** 2")
    assert not is_short(gradient_named(d, "u"))


def test_the_cost_answers_to_itself_with_one():
    assert upstream_value(NEURON, None) == ONE


# --- several paths ------------------------------------------------------------------------------


def test_two_paths_are_two_summands_in_every_form():
    # u in v = u² and in f = v u: ∂f/∂u = ∂f/∂v ∂v/∂u + v, where a second ∂f/∂u would mislead
    d = derived("u: param; v = u ** 2; f = v * u")
    u, v = (quantity_named(d.model, name) for name in "uv")
    forms = the_chain("u", d)
    assert forms.named == add(
        Multiply((gradient_named(d, "v").entry, Partial(at(v), at(u)))),
        at(v),
    )
    assert forms.kept == add(Multiply((at(u), times(2, u))), at(v))
    assert forms.closed == add(times(2, u, u), at(v))


def test_the_closed_equation_of_a_whole_gradient():
    # f = Σ Z²: ∂f/∂W[i, j] = 2 Σ_k Z[k, j] X[k, i]
    d = derived("n: dim; X: input[n, n]; W: param[n, n]; Z = X @ W; f = sum(Z ** 2)")
    closed = closed_equation(d, gradient_named(d, "W"))
    Z, given = (quantity_named(d.model, name) for name in "ZX")
    i, j = closed.indices
    k = index(n)
    expected = times(2, total(k, times(at(Z, k, j), at(given, k, i))))
    assert same(closed.right, expected)


# --- steps --------------------------------------------------------------------------------------


def rules(derivation, name):
    steps = gradient_steps(derivation, gradient_named(derivation, name))
    return [(depth, step.rule) for depth, step in walk_steps(steps)]


def test_the_steps_of_a_weight():
    assert rules(NEURON, "w") == [
        (0, "chain_rule"),
        (0, "local"),
        (1, "only_term"),
        (2, "one_place"),
        (3, "constant_factor"),
        (4, "itself"),
        (0, "upstream"),
        (1, "power_rule"),
        (2, "other_terms"),
        (3, "itself"),
        (0, "substitute"),
        (0, "simplify"),
    ]


def test_steps_lead_from_the_gradient_to_its_closed_form():
    for gradient in NEURON.gradients:
        steps = gradient_steps(NEURON, gradient)
        closed = chain(NEURON, gradient).closed
        assert steps[0].before in (gradient.entry, gradient.paths[0].partial)
        assert same(steps[-1].after, closed)


MODELS = [
    "u: param; v = u ** 2; f = v * u",
    "n: dim; X: input[n, n]; W: param[n, n]; Z = X @ W; f = sum(Z ** 2)",
    "n: dim; W: param[n, n]; x: input[n]; h = W @ x; g = W @ h; f = sum(g ** 2)",
    "x: input; w: param; f = (w * x - w ** 2) / (1 + x ** 2)",
    "x: param; y: param; f = x ** 2 + y ** 2",
]


@pytest.mark.parametrize("text", MODELS)
def test_every_step_is_true_in_exact_arithmetic(text):
    d = derived(text)
    for gradient in d.gradients:
        checks = check_steps(d.model, gradient_steps(d, gradient))
        assert checks != ()
        assert {check.how for check in checks} == {"exact"}


def test_a_gradient_that_is_not_there_is_named():
    with pytest.raises(DeriveError) as raised:
        gradient_named(NEURON, "v")
    assert raised.value.cause == "there is no gradient with respect to 'v'"
    assert raised.value.cure == "there are: y_hat, w, b"


def test_signs_stand_outside_the_closed_product():
    # f = (a − v)², v = u³: ∂f/∂u = −2(a − v) · 3u² = −6 (a − v) u²
    d = derived("a: input; u: param; v = u ** 3; f = (a - v) ** 2")
    a, u, v = (quantity_named(d.model, name) for name in "auv")
    forms = the_chain("u", d)
    slope = Negate(times(2, subtract(a, v)))
    assert forms.kept == Multiply((slope, times(3, square(u))))
    assert forms.closed == Negate(times(6, subtract(a, v), square(u)))
