"""What makes a specification a model, whoever built it."""

from dataclasses import replace

import pytest

from derive.errors import DeriveError
from derive.language import read_model
from derive.model import Declaration, Equation
from derive.terms import Entry, Index, IndexValue, Quantity, Reduction, Size
from derive.wellformed import Caution, check_specification

n, m = Size("n"), Size("m")
MODEL = read_model(
    "n: dim; m: dim\nx: input[n, m]; w: param[m]\np = x @ w\nC = sum(p ** 2)\nminimize(C)"
)
x, w, p = (Quantity("x", (n, m), "input"), Quantity("w", (m,), "param"), Quantity("p", (n,)))


def with_equations(*equations):
    return replace(MODEL, equations=equations)


def with_first(**changes):
    first, *others = MODEL.equations
    return with_equations(replace(first, **changes), *others)


i, j, k = Index(n, "i"), Index(m, "j"), Index(m, "k")
at_i, at_j, at_k = (IndexValue(index) for index in (i, j, k))
twice = Reduction("sum", (k,), Reduction("sum", (k,), Entry(x, (at_i, at_k))))


def test_a_model_of_the_language_is_well_formed():
    assert check_specification(MODEL) == ()


def test_a_parameter_that_does_not_reach_the_cost_is_a_caution():
    text = "w: param; u: param; v: param\nq = u ** 2\nC = w ** 2\nminimize(C)"
    cautions = check_specification(read_model(text))
    assert [caution.cause for caution in cautions] == [
        "the parameter 'u' does not reach the cost 'C': its gradient is zero",
        "the parameter 'v' does not reach the cost 'C': its gradient is zero",
    ]
    assert all(caution.cure == "use it, or delete it" for caution in cautions)
    assert [caution.place.line for caution in cautions if caution.place] == [1, 1]
    assert all(isinstance(caution, Caution) for caution in cautions)


@pytest.mark.parametrize(
    "lines",
    [
        "h[-1] = 0\nh[t] = w * h[t-1] + y[t]\nC = sum(h)",
        "h[-1] = w\nh[t] = h[t-1] + y[t]\nC = sum(h)",
        "h[-1] = 0\ns[t] = h[t-1] * w\nh[t] = s[t] + y[t]\nC = sum(s)",
        "f = w ** 2\nC = grad(f, w)",
    ],
)
def test_a_parameter_may_reach_the_cost_through_steps_and_gradients(lines):
    model = read_model("T: dim; y: input[T]; w: param\n" + lines + "\nminimize(C)")
    assert check_specification(model) == ()


@pytest.mark.parametrize(
    ("broken", "cause"),
    [
        (
            with_first(indices=(i,), right=Entry(x, (at_i, at_j))),
            "the index 'j' in the definition of 'p' is neither on its left nor bound by a "
            "reduction",
        ),
        (with_first(indices=(i,), right=twice), "an index of 'p' is bound twice"),
        (
            with_first(indices=(j,)),
            "'p' has the shape (n,), but its indices run over (m,)",
        ),
        (
            with_first(indices=(i,), right=Entry(Quantity("u", (n,)), (at_i,))),
            "'p' reads 'u', which is not defined before it",
        ),
        (
            with_first(indices=(i,), right=Entry(Quantity("w", (n,), "param"), (at_i,))),
            "'p' reads 'w' with the shape (n,), but it is (m,)",
        ),
        (
            with_first(indices=(i,), right=Entry(w, ())),
            "'w' has the shape (m,), but 0 subscripts",
        ),
        (
            with_first(indices=(i,), right=Size("q")),
            "the size 'q' in the definition of 'p' is not declared",
        ),
        (
            replace(MODEL, declarations=(*MODEL.declarations, Declaration(x))),
            "'x' is defined twice",
        ),
        (
            replace(MODEL, declarations=(*MODEL.declarations, Declaration(Quantity("", ())))),
            "'' is not a name",
        ),
        (
            replace(
                MODEL,
                declarations=(*MODEL.declarations, Declaration(Quantity("w\nimport os", ()))),
            ),
            "'w\\nimport os' is not a name",
        ),
        (
            with_equations(*reversed(MODEL.equations)),
            "'C' reads 'p', which is not defined before it",
        ),
        (
            replace(MODEL, objective=replace(MODEL.objective, cost=p)),
            "the cost 'p' has the shape (n,), but only a single number can be minimised",
        ),
        (
            replace(MODEL, objective=replace(MODEL.objective, cost=Quantity("D"))),
            "the cost 'D' is not defined",
        ),
    ],
)
def test_what_is_no_model_is_refused(broken, cause):
    with pytest.raises(DeriveError) as refused:
        check_specification(broken)
    assert refused.value.cause == cause
    assert refused.value.cure


def test_a_model_without_a_parameter_is_refused():
    model = read_model("x: input; w: param\nC = x * w\nminimize(C)")
    fixed = Equation(Quantity("C"), (), Entry(Quantity("x", (), "input")))
    broken = replace(model, declarations=model.declarations[:1], equations=(fixed,))
    with pytest.raises(DeriveError, match="the model has no parameter"):
        check_specification(broken)
