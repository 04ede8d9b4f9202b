"""The points of a verification: different sizes, distinct numbers, every branch and unit met."""

from fractions import Fraction

from forms import (
    add,
    at,
    call,
    compare,
    equation,
    index,
    n,
    neuron,
    over,
    quantity,
    specification,
    square,
    subtract,
    times,
    total,
)
from handwritten import check, failure, module, trained

from derive.terms import Choice, Negate, number
from derive.verification.points import draw_points
from derive.verification.report import certificate
from derive.verification.verify import step_lines, verify


def verdicts(report):
    return {line.verdict for line in report.lines}


def test_the_same_seed_gives_the_same_points_and_certificate():
    error = "2 * (y_hat - y)"
    slopes = {"w": f"x.T @ ({error})", "b": f"({error})[0, 0]"}
    source = module(neuron(), "((y_hat - y) ** 2)[0, 0]", slopes, ["y_hat = x @ w + b"])
    one, two = (certificate(check(neuron(), source)) for _ in range(2))
    assert one == two
    assert "worst" not in str(one)
    first, again = (draw_points(neuron(), 7) for _ in range(2))
    assert [p.sizes for p in first] == [p.sizes for p in again]
    assert all((a.inputs["x"] == b.inputs["x"]).all() for a, b in zip(first, again, strict=True))
    other = draw_points(neuron(), 8)
    assert [str(point.inputs) for point in other] != [str(point.inputs) for point in first]


def test_sizes_are_pairwise_different_and_numbers_are_not_special():
    points = draw_points(neuron(), 3)
    generic = [point for point in points if not point.special]
    for point in generic:
        numbers = [v for array in point.inputs.values() for v in array.flat]
        assert len(set(numbers)) == len(numbers)
        assert not {Fraction(0), Fraction(1), Fraction(-1)} & set(numbers)
    assert {dict(point.sizes)["n"] for point in points} >= {1, 2}
    assert any(point.special for point in points)


def test_points_are_drawn_until_every_unit_is_on():
    k = index(n)
    w, x = quantity("w", n, kind="param"), quantity("x", n, kind="input")
    body = total(k, square(call("relu", times(at(w, k), at(x, k)))))
    model = specification(equation(quantity("C"), (), body))
    cost = "(np.maximum(w * x, 0) ** 2).sum()"
    right = module(model, cost, {"w": "2 * np.maximum(w * x, 0) * x"})
    dead = module(
        model, cost, {"w": "np.where(np.arange(len(w)) == 0, 0, 2) * np.maximum(w * x, 0) * x"}
    )
    for seed in range(20):
        assert verify(trained(model), right, seed).ok
        assert not verify(trained(model), dead, seed).ok


def test_both_sides_of_a_condition_are_met_or_it_is_said():
    k = index(n)
    w, x, limit = (
        quantity(name, *shape, kind=kind)
        for name, shape, kind in (
            ("w", (n,), "param"),
            ("x", (n,), "input"),
            ("limit", (), "input"),
        )
    )
    near = compare("<=", at(w, k), limit)
    body = total(k, Choice(near, square(at(w, k)), times(at(x, k), at(w, k))))
    model = specification(equation(quantity("C"), (), body))
    cost = "np.where(w <= limit, w**2, x * w).sum()"
    right = module(model, cost, {"w": "np.where(w <= limit, 2 * w, x)"})
    near_side = module(model, cost, {"w": "np.where(w <= limit, 2 * w, 2 * x)"})
    far_side = module(model, cost, {"w": "np.where(w <= limit, w, x)"})
    for seed in range(20):
        assert verify(trained(model), right, seed).ok
        assert not verify(trained(model), near_side, seed).ok
        assert not verify(trained(model), far_side, seed).ok
    never = total(k, Choice(compare("<", square(at(w, k)), 0), number(0), at(w, k)))
    model = specification(equation(quantity("C"), (), never))
    report = check(model, module(model, "w.sum()", {"w": "np.ones_like(w)"}))
    assert [(line.quantity, line.note) for line in report.lines if line.verdict == "undecided"] == [
        ("C", "a condition in its equation was always false: the other side is not verified")
    ]


def test_a_tie_at_the_kink_of_two_arguments_is_met():
    a, b = quantity("a", kind="param"), quantity("b", kind="param")
    model = specification(equation(quantity("C"), (), call("maximum", a, b)))
    slopes = {"a": "np.where(a >= b, 1, 0)", "b": "np.where(a >= b, 0, 1)"}
    assert check(model, module(model, "np.maximum(a, b)", slopes)).ok
    wrong = {"a": "np.where(a > b, 1, 0)", "b": "np.where(a > b, 0, 1)"}
    assert failure(check(model, module(model, "np.maximum(a, b)", wrong)), "∂C/∂a").startswith(
        "∂C/∂a is 0, it should be 1"
    )


def test_a_tie_of_computed_sides_is_met_exactly():
    k = index(n)
    w, b = quantity("w", n, kind="param"), quantity("b", kind="param")
    x, tau = quantity("x", n, kind="input"), quantity("tau", kind="input")
    r = quantity("r")
    pinball = call("maximum", Negate(times(tau, r)), times(subtract(1, tau), r))
    model = specification(
        equation(r, (), add(total(k, times(at(x, k), at(w, k))), b)),
        equation(quantity("C"), (), pinball),
    )
    tied = [p for p in draw_points(model, 0) if p.values["r"].item() == 0]
    assert any(p.inputs["tau"].item() != 0 for p in tied)
    cost = "np.maximum(-tau * r, (1 - tau) * r)"
    slope = "np.where(-tau * r >= (1 - tau) * r, -tau, 1 - tau)"
    setup = ["r = x @ w + b"]
    right = {"w": f"x * {slope}", "b": slope}
    assert check(model, module(model, cost, right, setup)).ok
    strict = {name: text.replace(">=", ">") for name, text in right.items()}
    assert failure(check(model, module(model, cost, strict, setup)), "∂C/∂b")


def test_where_no_data_lie_in_the_domain_it_is_undecided():
    w = quantity("w", kind="param")
    model = specification(equation(quantity("C"), (), call("log", Negate(square(at(w))))))
    report = check(model, module(model, "np.log(-(w**2))", {"w": "2 / w"}))
    assert [(line.verdict, line.note) for line in report.lines] == [
        ("undecided", "no random point lies in the domain of 'model'")
    ]
    assert not report.ok
    (steps,) = step_lines(model, [("∂C/∂w", (), ())])
    assert steps.verdict == "undecided"


def test_what_a_choice_discards_need_not_exist():
    k = index(n)
    w, x = quantity("w", n, kind="param"), quantity("x", n, kind="input")
    share = Choice(compare("!=", at(x, k), 0), over(at(w, k), at(x, k)), number(0))
    model = specification(equation(quantity("C"), (), total(k, share)))
    cost = "np.where(x != 0, w / x, 0).sum()"
    assert check(model, module(model, cost, {"w": "np.where(x != 0, 1 / x, 0)"})).ok
    note = failure(check(model, module(model, cost, {"w": "1 / x"})), "∂C/∂w")
    assert note.startswith("∂C/∂w[0] is not defined (1 / 0), it should be 0 at n=1")


def test_what_is_never_exercised_is_not_called_verified():
    k = index(n)
    w = quantity("w", n, kind="param")
    model = specification(
        equation(quantity("C"), (), total(k, call("relu", subtract(-1, square(at(w, k))))))
    )
    report = check(
        model, module(model, "np.maximum(-1 - w**2, 0).sum()", {"w": "np.zeros_like(w)"})
    )
    assert not report.ok
    assert verdicts(report) == {"verified", "undecided"}
    notes = [line.note for line in report.lines if line.verdict == "undecided"]
    assert notes == [
        "always zero where it was tried, so never exercised: [0], [1], [2]",
        "a kink in its equation was always false: the other side is not verified",
    ]
