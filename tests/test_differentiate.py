"""Scalar calculus by named rules: each derivative as a whole term, each rule by its name."""

from fractions import Fraction

import pytest

from derive.calculus.differentiate import differentiate, lifted_indices, occurrences
from derive.calculus.steps import walk_steps
from derive.errors import DerivationError
from derive.terms import (
    ONE,
    TWO,
    ZERO,
    Add,
    Call,
    Choice,
    Compare,
    Divide,
    Entry,
    Index,
    IndexValue,
    Multiply,
    Negate,
    Power,
    Quantity,
    Reduction,
    Size,
    number,
    same,
    substitute,
)

x, y, z = (Entry(Quantity(name)) for name in "xyz")
n = Size("n")
i, k = Index(n, "i"), Index(n, "k")


def entry(name, *indices):
    shape = tuple(index.size for index in indices)
    return Entry(Quantity(name, shape), tuple(IndexValue(index) for index in indices))


DERIVATIVES = [
    ("itself", x, ONE),
    ("constant", Multiply((y, z)), ZERO),
    ("only_term", Add((y, Multiply((TWO, x)))), TWO),
    ("sum_rule", Add((x, Power(x, TWO))), Add((ONE, Multiply((TWO, x))))),
    ("constant_factor", Multiply((y, x, z)), Multiply((y, z))),
    ("constant_factor", Negate(x), Negate(ONE)),
    ("constant_factor", Divide(x, y), Divide(ONE, y)),
    ("product_rule", Multiply((x, Call("exp", (x,)))), None),
    ("power_rule", Power(Add((x, Negate(y))), TWO), Multiply((TWO, Add((x, Negate(y)))))),
    ("power_rule", Power(Add((y, Negate(x))), TWO), Negate(Multiply((TWO, Add((y, Negate(x))))))),
    ("power_rule", Power(x, number(Fraction(1, 2))), None),
    ("reciprocal_rule", Divide(y, x), Negate(Divide(y, Power(x, TWO)))),
    ("function_rule", Call("tanh", (x,)), Add((ONE, Negate(Power(Call("tanh", (x,)), TWO))))),
    ("exponential_rule", Power(y, x), Multiply((Power(y, x), Call("log", (y,))))),
]


@pytest.mark.parametrize(("rule", "term", "expected"), DERIVATIVES)
def test_each_rule_gives_the_textbook_form(rule, term, expected):
    step = differentiate(term, x)
    assert step.rule == rule
    if expected is not None:
        assert step.after == expected


def test_product_rule_keeps_the_order_of_the_factors():
    e = Call("exp", (x,))
    assert differentiate(Multiply((x, e)), x).after == Add((e, Multiply((x, e))))


def test_quotient_rule_is_u_prime_over_v_minus_u_v_prime_over_v_squared():
    v = Add((ONE, x))
    after = differentiate(Divide(x, v), x).after
    assert after == Add((Divide(ONE, v), Negate(Divide(x, Power(v, TWO)))))


def test_a_sum_over_k_has_one_term_that_contains_x_k():
    # ∂/∂x[k] Σ_k a[k] x[k] = a[k], at the place k
    term = Reduction("sum", (k,), Multiply((entry("a", k), entry("x", k))))
    step = differentiate(term, entry("x", k))
    assert (step.rule, step.after) == ("one_place", entry("a", k))
    assert lifted_indices(term, entry("x", k)) == (k,)


def test_a_sum_whose_every_term_contains_the_entry_stays_a_sum():
    # ∂/∂x Σ_k a[k] x = Σ_k a[k]
    term = Reduction("sum", (k,), Multiply((entry("a", k), x)))
    step = differentiate(term, x)
    assert step.rule == "under_the_sum"
    assert same(step.after, Reduction("sum", (k,), entry("a", k)))


def test_softmax_is_the_derivative_of_logsumexp():
    term = Reduction("logsumexp", (k,), entry("z", k))
    after = differentiate(term, entry("z", k)).after
    here = Add((entry("z", k), Negate(Reduction("logsumexp", (i,), entry("z", i)))))
    assert same(after, Call("exp", (here,)), {k: k})


def test_the_derivative_of_a_product_over_k_leaves_its_own_factor_out():
    term = Reduction("prod", (k,), entry("z", k))
    others = Reduction("prod", (i,), entry("z", i), (Compare("!=", IndexValue(i), IndexValue(k)),))
    assert same(differentiate(term, entry("z", k)).after, others, {k: k})


def test_a_choice_is_differentiated_branch_by_branch():
    positive = Compare(">", x, ZERO)
    step = differentiate(Choice(positive, Power(x, TWO), y), x)
    assert step.after == Choice(positive, Multiply((TWO, x)), ZERO)


def test_subscripts_and_conditions_are_not_differentiated():
    gather = Entry(Quantity("e", (n,)), (x,))
    assert occurrences(Choice(Compare(">", x, ZERO), gather, y)) == (gather, y)


def test_an_unknown_function_is_named():
    with pytest.raises(DerivationError, match="no derivative is known for 'bessel'"):
        differentiate(Call("bessel", (x,)), x)


def test_substeps_lead_from_the_outermost_rule_to_the_entry_itself():
    term = Power(Add((x, Negate(y))), TWO)
    rules = [(depth, step.rule) for depth, step in walk_steps((differentiate(term, x),))]
    assert rules == [(0, "power_rule"), (1, "other_terms"), (2, "itself")]


def test_what_is_substituted_is_not_bound_by_a_sum_inside():
    # Σ_k x[i] x[k] at i = k is Σ_j x[k] x[j]
    inside = Index(n)
    sums = [
        Reduction("sum", (bound,), Multiply((entry("x", outer), entry("x", bound))))
        for outer, bound in ((i, k), (k, inside))
    ]
    assert same(substitute(sums[0], {i: IndexValue(k)}), sums[1])


def test_what_a_sum_binds_is_not_substituted():
    # (x[k] Σ_k x[k]) at k = 0 is x[0] Σ_k x[k]
    inner = Reduction("sum", (k,), entry("x", k))
    at_zero = substitute(Multiply((entry("x", k), inner)), {k: ZERO})
    assert at_zero == Multiply((Entry(Quantity("x", (n,)), (ZERO,)), inner))
