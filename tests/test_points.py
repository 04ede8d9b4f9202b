"""The points of a verification: different sizes, distinct numbers, every branch and unit met."""

from fractions import Fraction

from forms import (
    at,
    call,
    compare,
    equation,
    index,
    n,
    neuron,
    quantity,
    specification,
    square,
    subtract,
    times,
    total,
)
from handwritten import check, failure, module, trained

from derive.points import draw_points
from derive.report import certificate
from derive.terms import Choice, number
from derive.verify import verify


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
    assert any((draw_points(neuron(), 8)[0].inputs["y"] != first[0].inputs["y"],))


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
