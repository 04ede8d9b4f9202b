"""Levels two and three: right modules pass, wrong ones are caught and the mistake is named."""

from dataclasses import replace
from fractions import Fraction

import pytest
from forms import (
    add,
    at,
    call,
    equation,
    index,
    m,
    n,
    neuron,
    quantity,
    reduce,
    specification,
    square,
    subtract,
    times,
    total,
)
from handwritten import check, failure, module

from derive import Model
from derive.errors import VerificationError
from derive.model import Assignment, Objective, UpdateRule
from derive.terms import Entry, Number, Quantity
from derive.verification.loading import load_exact
from derive.verification.verify import require, verify


def neuron_module(**changed):
    error = "2 * (y_hat - y)"
    gradients = {"w": f"x.T @ ({error})", "b": f"({error})[0, 0]"} | changed
    return module(neuron(), "((y_hat - y) ** 2)[0, 0]", gradients, ["y_hat = x @ w + b"])


def test_a_right_module_is_verified_and_the_report_says_how():
    report = check(neuron(), neuron_module())
    assert report.ok
    text = str(report)
    measured = [line.worst for line in report.lines if line.worst is not None]
    assert max(measured) < 1e-15
    for line in report.lines:
        if line.worst is not None:
            text = text.replace(f", worst error {line.worst:.1e}", "")
    assert text.splitlines() == [
        "neuron: verified",
        "the code on exact numbers, against dual numbers through the forward equations",
        "  at n=3; n=4; n=1; n=2",
        "  ✓ C      exact",
        "  ✓ ∂C/∂w  exact",
        "  ✓ ∂C/∂b  exact",
        "the code on floats, against the oracle and along random directions",
        "  at n=3; n=4; n=1; n=2",
        "  ✓ ∂C/∂w          float64, every entry; Taylor slopes 1 and 2 (at 3 of 4 sizes)",
        "  ✓ ∂C/∂b          float64, every entry; Taylor slopes 1 and 2 (at 3 of 4 sizes)",
        "  ✓ values         float64, every value",
        "  ✓ types          float32 (at 1 of 4 sizes)",
        "  ✓ arguments      float64, not finite (at 1 of 4 sizes)",
        "  ✓ large numbers  float64, finite (at 1 of 4 sizes)",
        "  ✓ update         float64, 3 steps of 'sgd' (at 1 of 4 sizes)",
    ]
    require(report)


@pytest.mark.parametrize(
    ("wrong", "likely"),
    [
        ("x.T @ (y_hat - y)", "it is 1/2 of what it should be: is a factor 2 missing?"),
        ("-x.T @ (2 * (y_hat - y))", "it has the wrong sign"),
        ("x.T @ (2 * (y_hat - y)) * x.shape[1]", "is a division by n missing? (a sum for a mean?)"),
        ("x.T * 0", "it is zero: nothing arrives here"),
        ("x * (2 * (y_hat - y))", "is a transpose missing?"),
        ("x.T * 0 + (2 * (y_hat - y) * x).sum()", "it is summed over an axis too many"),
        ("2 * x.T", ""),
    ],
)
def test_a_wrong_gradient_fails_at_the_smallest_sizes_with_the_likely_mistake(wrong, likely):
    report = check(neuron(), neuron_module(w=wrong))
    assert not report.ok
    note = failure(report, "∂C/∂w")
    assert note.endswith(likely)
    if "transpose" not in likely and "too many" not in likely:
        assert note.startswith("∂C/∂w[0, 0] is ")
        assert note.splitlines()[0].endswith("at n=1" if "division" not in likely else "at n=2")
    assert failure(report, "∂C/∂w", "float64").endswith(likely)
    assert [line.verdict for line in report.lines if line.quantity == "∂C/∂b"] == ["verified"] * 3
    with pytest.raises(VerificationError, match="does not compute what its equations say"):
        require(report)


def test_floats_alone_catch_it_along_a_random_direction():
    report = check(neuron(), neuron_module(w="x.T @ (2 * (y_hat - y)) * 1.01"))
    (taylor,) = [e for e in report.lines if "Taylor" in e.how and e.quantity == "∂C/∂w"]
    assert taylor.verdict == "failed"
    assert taylor.note.startswith("the remainder falls like h^1.")


def bilinear():
    """C = sum_ij u_i W_ij v_j, with a square W."""
    i, j = index(n), index(n, "j")
    u, v = quantity("u", n, kind="input"), quantity("v", n, kind="input")
    W = quantity("W", n, n, kind="param")
    return specification(
        equation(quantity("C"), (), total((i, j), times(at(u, i), at(W, i, j), at(v, j))))
    )


def test_a_transpose_is_caught_where_shapes_cannot_show_it():
    right = module(bilinear(), "u @ W @ v", {"W": "np.outer(u, v)"})
    assert check(bilinear(), right).ok
    wrong = module(bilinear(), "u @ W @ v", {"W": "np.outer(v, u)"})
    note = failure(check(bilinear(), wrong), "∂C/∂W")
    assert note.endswith("it is the transpose of what it should be")


def test_a_gradient_that_is_right_at_special_values_only_is_caught():
    k = index(n)
    w, x = quantity("w", n, kind="param"), quantity("x", n, kind="input")
    model = specification(equation(quantity("C"), (), total(k, square(times(at(w, k), at(x, k))))))
    cost = "((w * x) ** 2).sum()"
    assert check(model, module(model, cost, {"w": "2 * w * x**2"})).ok
    # x² is |x| at -1, 0 and 1
    assert failure(check(model, module(model, cost, {"w": "2 * w * np.abs(x)"})), "∂C/∂w")


def test_a_gradient_that_is_wrong_at_special_values_only_is_caught():
    k = index(n)
    w = quantity("w", n, kind="param")
    model = specification(equation(quantity("C"), (), total(k, call("relu", at(w, k)))))
    cost = "np.maximum(w, 0).sum()"
    assert check(model, module(model, cost, {"w": "np.where(w > 0, 1, 0)"})).ok
    note = failure(check(model, module(model, cost, {"w": "np.where(w >= 0, 1, 0)"})), "∂C/∂w")
    assert "it should be 0 at n=1, at special values" in note


def test_repeats_in_index_data_must_add_up():
    table, t = quantity("E", m, kind="param"), index(n, "t")
    token, g = quantity("token", n, kind="index"), quantity("g", n, kind="input")
    body = total(t, times(at(g, t), at(table, at(token, t))))
    model = specification(equation(quantity("C"), (), body), bounds={"token": m})
    setup = ["d = np.zeros_like(E)", "np.add.at(d, token, g)"]
    assert check(model, module(model, "(g * E[token]).sum()", {"E": "d"}, setup)).ok
    setup = ["d = np.zeros_like(E)", "d[token] += g"]
    assert failure(check(model, module(model, "(g * E[token]).sum()", {"E": "d"}, setup)), "∂C/∂E")


def test_transcendental_models_are_checked_to_fifty_digits():
    k = index(n)
    w = quantity("w", n, kind="param")
    model = specification(equation(quantity("C"), (), reduce("mean", k, call("tanh", at(w, k)))))
    cost, right = "np.tanh(w).mean()", "(1 - np.tanh(w) ** 2) / w.shape[0]"
    report = check(model, module(model, cost, {"w": right}))
    assert report.ok
    assert {line.how for line in report.lines if line.level == "kernels"} == {"50 digits"}
    # one part in 10¹² of a term is far below what floats show, and far above 40 digits
    small = "(1 - np.tanh(w) ** 2 + 1e-12 * w) / w.shape[0]"
    report = check(model, module(model, cost, {"w": small}))
    assert {line.level for line in report.lines if line.verdict == "failed"} == {"kernels"}


def test_decimals_in_the_code_are_the_numbers_that_are_written():
    w = quantity("w", kind="param")
    tenth = Number(Fraction(1, 10), "0.1")
    model = specification(equation(quantity("C"), (), times(tenth, square(w))))
    right = module(model, "0.1 * w**2", {"w": "2 * 0.1 * w"})
    assert check(model, right).ok
    assert not check(model, module(model, "0.1 * w**2", {"w": "2 * 0.10000000000000001 * w"})).ok
    assert load_exact("half = 1 / 2\nroot = math.sqrt(4)", "exact").half == Fraction(1, 2)


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        ("* x", "* x.astype(float)", "would be rounded to a float"),
        ("* x", "* np.float64(1) * x", "met an exact number"),
        ('"w": 1', '"w": 1 / 0', "division by zero"),
        ("_loss(w, x)", "_loss(w, z)", "asks for 'z'"),
        ("def _loss", "def _lost", "the module has no '_loss'"),
        ("def _loss(w, x):\n    return 1", "def _loss(w, x):\n    return 2", "by `_gradients`"),
    ],
)
def test_code_that_does_not_run_on_exact_numbers_fails(before, after, cause):
    w, x = quantity("w", kind="param"), quantity("x", kind="input")
    model = specification(equation(quantity("C"), (), times(w, x)))
    source = module(model, "1 * w * x", {"w": "1 * x"})
    assert before in source
    report = check(model, source.replace(before, after))
    assert not report.ok
    notes = "\n".join(line.note for line in report.lines)
    assert "the code does not run" in notes
    assert cause in notes


def test_a_kernel_takes_parameters_then_data():
    w, x = quantity("w", kind="param"), quantity("x", kind="input")
    model = specification(equation(quantity("C"), (), times(w, x)))
    source = module(model, "w * x", {"w": "x"})
    # whatever their identifiers are
    assert check(model, source.replace("_gradients(w, x)", "_gradients(x, w)")).ok is False
    with pytest.raises(VerificationError, match="it is to take w, x, in this order"):
        check(model, source.replace("_gradients(w, x)", "_gradients(w)"))


def test_inputs_must_not_be_changed():
    w, x = quantity("w", n, kind="param"), quantity("x", n, kind="input")
    k = index(n)
    model = specification(equation(quantity("C"), (), total(k, times(at(w, k), at(x, k)))))
    source = module(model, "w @ x", {"w": "x"})
    wrong = source.replace(
        "cost, grads = _gradients(", "params['w'] += 1; cost, grads = _gradients("
    )
    report = check(model, wrong)
    assert next(line.note for line in report.lines if line.verdict == "failed") == (
        "the code does not run on floats: 'gradients' changes its input 'w'\n  cure: work on a copy"
    )


@pytest.mark.parametrize("wrong", ["+= alpha", "-= 2 * alpha", "= alpha", "-= alpha**2"])
def test_a_wrong_update_is_caught(wrong):
    source = neuron_module()
    assert "-= alpha" in source
    report = check(neuron(), source.replace("-= alpha", wrong))
    assert [line.quantity for line in report.lines if line.verdict == "failed"] == ["update"]


def test_an_update_rule_with_states_is_followed_step_by_step():
    theta, g, v, beta = (Quantity(name) for name in ("theta", "g", "v", "beta"))
    rule = UpdateRule(
        "momentum",
        "",
        theta,
        g,
        ((beta, Fraction(1, 2)),),
        (v,),
        (
            Assignment(v, add(times(beta, v), g)),
            Assignment(theta, subtract(theta, Entry(v))),
        ),
    )
    model = replace(neuron(), objective=Objective(neuron().objective.cost, rule))
    source = neuron_module()
    start = source.index("def init_state")
    end = source.index("PARAMETERS =")
    step = """
def init_state(params):
    return {name: np.zeros_like(value) for name, value in params.items()}

def _update(params, grads, state, *, beta=0.5):
    for name in PARAMETERS:
        state[name] = beta * state[name] + grads[name]
        params[name] -= state[name]

def update(params, grads, state=None, *, beta=0.5):
    if not state:
        raise TypeError
    if not all(np.isfinite(grads[name]).all() for name in PARAMETERS):
        raise ValueError
    _update(params, grads, state, beta=beta)

def step(params, *, state=None, beta=0.5, **data):
    cost, grads = gradients(params, **data)
    update(params, grads, state, beta=beta)
    return cost
"""
    right = source[:start] + step + source[end:]
    assert verify(model, right).ok
    assert not verify(model, right.replace("beta * state[name] + grads", "grads")).ok


def test_a_stopped_gradient_is_verified_without_the_slope_of_the_cost():
    text = "n: dim; x: param[n]; y: input\nC = (stop_gradient(sum(x)) * sum(x ** 2) - y) ** 2"
    report = Model(f"{text}\nminimize(C)").verify()
    assert report.ok, str(report)
    assert not any("Taylor" in line.how for line in report.lines)
