"""Gradients by hand: the wrong ones are rejected for the right reason, the right ones accepted."""

import sys
from types import ModuleType

import numpy as np
import pytest
from further_bugs import BILINEAR, FURTHER
from published_bugs import LINE, PUBLISHED, TWO_LAYERS, as_in_the_tutorial

from derive import DeriveError, Model
from derive.cli import main
from derive.testing import assert_gradient

BUGS = {name: case[:3] for name, case in (PUBLISHED | FURTHER).items()}
every_bug = pytest.mark.parametrize(("text", "function", "said"), BUGS.values(), ids=BUGS)


def failures(report):
    cost = f"∂{report.lines[0].quantity.split('/')[0].removeprefix('∂')}/∂"
    return {
        line.quantity.removeprefix(cost): line.note
        for line in report.lines
        if line.verdict == "failed"
    }


@every_bug
def test_what_is_wrong_is_rejected_for_the_right_reason_and_nothing_else(text, function, said):
    report = Model(text).verify(against=function)
    notes = failures(report)
    assert {name: part for name, part in said.items() if part in notes.get(name, "")} == said
    assert set(notes) == set(said)
    assert report.verdict == ("failed" if said else "verified")


@pytest.mark.parametrize("seed", [1, 2])
def test_no_seed_leads_to_points_where_a_wrong_gradient_is_right(seed):
    verdicts = {
        name: Model(text).verify(seed, against=function).verdict
        for name, (text, function, _, _) in PUBLISHED.items()
        if name != "layernorm_wrong_rank"
    }
    expected = {name: "failed" if BUGS[name][2] else "verified" for name in verdicts}
    assert verdicts == expected


def test_a_failure_is_shown_at_the_smallest_sizes_with_its_mistake():
    report = Model(LINE, "line").verify(against=lambda w, x, y: np.sum(2 * x * (w * x - y)))
    assert str(report).splitlines() == [
        "line: failed",
        "the given function on floats, against dual numbers through the forward equations",
        "  at N=3; N=4; N=1; N=2",
        "  ✗ ∂L/∂w  float64, 24 points, worst error 3.0e+00",
        "      ∂L/∂w is 4.67285, it should be 2.33643 at N=2",
        "      likely: it is N times what it should be: is a division by N missing? "
        "(a sum for a mean?)",
    ]


# --- how a function may be called, and what it may return ---------------------------------------


def gradients(W1, W2, x, y):
    found = as_in_the_tutorial(W1, W2, x, y)
    return found["W1"], found["W2"]


def cost(W1, W2, x, y):
    return np.sum((np.maximum(x @ W1, 0) @ W2 - y) ** 2)


@pytest.mark.parametrize(
    "function",
    [
        as_in_the_tutorial,
        lambda params, x, y: as_in_the_tutorial(**params, x=x, y=y),
        lambda p, d: as_in_the_tutorial(**p, **d),
        lambda p, **data: as_in_the_tutorial(**p, **data),
        lambda y, x, W2, W1, /: as_in_the_tutorial(W1, W2, x, y),
        lambda x, y, W1, W2, N, K, eps=1e-5: as_in_the_tutorial(W1, W2, x, y),
        gradients,
        lambda W1, W2, x, y: list(gradients(W1, W2, x, y)),
        lambda W1, W2, x, y: (cost(W1, W2, x, y), *gradients(W1, W2, x, y)),
        lambda W1, W2, x, y: (cost(W1, W2, x, y), gradients(W1, W2, x, y)),
        lambda W1, W2, x, y: (cost(W1, W2, x, y), as_in_the_tutorial(W1, W2, x, y)),
        lambda W1, W2, x, y: [g.tolist() for g in gradients(W1, W2, x, y)],
    ],
)
def test_arguments_go_by_their_names_and_results_by_their_kind(function):
    assert_gradient(Model(TWO_LAYERS), function, cases=3)


class Tensor:
    """What PyTorch hands out, as far as it matters here."""

    def __init__(self, array):
        self.array = np.asarray(array)

    def detach(self):
        return Detached(self.array)

    def __matmul__(self, other):
        return Tensor(self.array @ other.array)


class Detached(Tensor):
    def cpu(self):
        return self.array


def test_a_function_that_names_torch_takes_and_returns_tensors(monkeypatch):
    torch = ModuleType("torch")
    torch.as_tensor, torch.outer = Tensor, lambda x, y: Tensor(np.outer(x.array, y.array))
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setitem(globals(), "torch", torch)
    assert_gradient(Model(BILINEAR), in_torch)


def in_torch(A, x, y):
    return torch.outer(x, y)  # noqa: F821


def test_the_real_pytorch_is_understood():
    torch = pytest.importorskip("torch")
    assert_gradient(Model(BILINEAR), lambda A, x, y: torch.outer(*map(torch.as_tensor, (x, y))))


def test_a_wrong_cost_is_said():
    report = Model(LINE).verify(
        against=lambda w, x, y: (np.sum((w * x - y) ** 2), 2 * np.mean(x * (w * x - y)))
    )
    assert "is a division by N missing?" in failures(report)["L"]


# --- errors -------------------------------------------------------------------------------------


NOISE = np.random.default_rng(0)


def raising(w, x, y):
    raise RuntimeError("out of luck")


@pytest.mark.parametrize(
    ("function", "cause", "cure"),
    [
        (
            lambda w, x, target: w,
            "'<lambda>' asks for 'target', which the model does not have",
            "<lambda>(params, x, y), where params is a dictionary of w; or <lambda>(w, x, y)",
        ),
        (
            lambda w, x, y: {"v": w},
            "the dictionary that <lambda>(w, x, y) returns has no 'w'",
            "its keys are to be w; it has v",
        ),
        (
            lambda w, x, y: {"w": w, "b": w},
            "the dictionary that <lambda>(w, x, y) returns has 'b', no parameter",
            "its keys are to be w; it has w, b",
        ),
        (
            lambda w, x, y: "nothing",
            "what <lambda>(w, x, y) returns for w is a str, not an array of real numbers",
            "return arrays of floats",
        ),
        (
            lambda w, x, y: None,
            "what <lambda>(w, x, y) returns for w is None, not an array of real numbers",
            "return arrays of floats",
        ),
        (
            lambda w, x, y: w + 1j,
            "what <lambda>(w, x, y) returns for w is an array of complex128, "
            "not an array of real numbers",
            "return arrays of floats",
        ),
        (
            lambda w, x, y: NOISE.normal(),
            "<lambda>(w, x, y) returns another gradient of w for the same data",
            "leave out what is random, or fix its seed in each call",
        ),
        (
            max,
            "the arguments of <built-in function max> cannot be found out",
            "call it from a function whose arguments have names: def f(params, x, y)",
        ),
    ],
)
def test_a_function_that_cannot_be_asked_is_refused(function, cause, cure):
    with pytest.raises(DeriveError) as caught:
        Model(LINE).verify(against=function)
    assert (caught.value.cause, caught.value.cure) == (cause, cure)


def test_what_a_function_raises_is_said_with_its_line_and_the_call():
    with pytest.raises(DeriveError) as caught:
        Model(LINE).verify(against=raising)
    line = raising.__code__.co_firstlineno + 1
    assert caught.value.cause == (
        f"raising(w, x, y) raised RuntimeError: out of luck (test_against.py, line {line}) at N=3"
    )
    assert caught.value.cure == "it was called with w (), x (3,), y (3,)"
    assert isinstance(caught.value.__cause__, RuntimeError)


def test_a_wrong_gradient_fails_a_test_with_the_report():
    with pytest.raises(AssertionError, match="likely: it has the wrong sign"):
        assert_gradient("neuron", lambda w, b, x, y: (-2 * (x @ w + b - y) * x.T, 0))


# --- the command --------------------------------------------------------------------------------

HAND = """
import neighbour

def right(w, b, x, y):
    r = neighbour.twice * (x @ w + b - y)
    return {"w": x.T @ r, "b": r.sum()}

def wrong(params, x, y):
    return {"w": x.T @ (x @ params["w"] + params["b"] - y), "b": 0}

def broken(w, b, x, y):
    return w @ w
"""


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "hand.py").write_text(HAND, encoding="utf-8")
    (tmp_path / "neighbour.py").write_text("twice = 2", encoding="utf-8")
    (tmp_path / "typo.py").write_text("def f(:\n", encoding="utf-8")
    (tmp_path / "absent.py").write_text("import a_module_that_is_not_there\n", encoding="utf-8")

    def run(*arguments):
        code = main(("verify", "neuron", "--against", *arguments))
        return code, *capsys.readouterr()

    yield run
    for name in ("neighbour", "derive_against"):
        sys.modules.pop(name, None)


def test_the_command_accepts_and_rejects(command):
    code, out, err = command("hand.py:right", "--seed", "5", "--cases", "4")
    assert (code, out.splitlines()[0], err) == (0, "neuron: verified", "")
    code, out, err = command("hand.py:wrong")
    assert (code, out.splitlines()[0], err) == (1, "neuron: failed", "")
    assert "likely: it is 1/2 of what it should be: is a factor 2 missing?" in out


@pytest.mark.parametrize(
    ("asked", "code", "said"),
    [
        ("hand.py", 2, "'hand.py' does not name a function in a file"),
        ("foot.py:right", 2, "there is no file 'foot.py'"),
        ("hand.py:rihgt", 2, "'hand.py' has no function 'rihgt'\n  cure: did you mean 'right'?"),
        ("hand.py:__name__", 2, "'__name__' in 'hand.py' is no function"),
        ("typo.py:f", 2, "'typo.py' cannot be run: SyntaxError: invalid syntax (line 1)"),
        ("absent.py:f", 2, "'absent.py' cannot be run: ModuleNotFoundError: No module named "),
        ("hand.py:broken", 1, "broken(w, b, x, y) raised ValueError: matmul: "),
    ],
)
def test_the_command_says_what_is_wrong(command, asked, code, said):
    found, out, err = command(asked)
    assert (found, out) == (code, "")
    assert err.startswith(f"error: {said}")
    assert "Traceback" not in err


def test_a_traceback_is_shown_where_it_is_asked_for(command):
    code, out, err = command("hand.py:broken", "--traceback")
    assert (code, out) == (1, "")
    assert "Traceback (most recent call last)" in err
    assert "return w @ w" in err
