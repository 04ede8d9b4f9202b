"""The programs in `examples/` learn what they are said to learn."""

import sys
from pathlib import Path
from runpy import run_path

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"


def program(name):
    """What an example defines."""
    return run_path(str(EXAMPLES / f"{name}.py"))


def test_most_digits_are_read_rightly(capsys):
    pytest.importorskip("sklearn")
    assert program("digits")["main"]() > 0.95
    assert "epoch 12" in capsys.readouterr().out


def test_descent_finds_the_ridge_solution(capsys):
    pytest.importorskip("sklearn")
    descent, closed = program("diabetes")["main"]()
    assert descent == pytest.approx(closed, abs=1e-4)
    assert descent > 0.4
    assert "R^2" in capsys.readouterr().out


def test_newton_is_there_after_eight_steps(capsys):
    newton, descent = program("newton")["main"]()
    assert newton < 1e-14
    assert descent > 1e-3
    assert "Newton step 8" in capsys.readouterr().out


def test_a_text_is_learnt_nearly_by_heart(capsys):
    bits, written = program("zen")["main"]()
    assert bits < 0.6
    assert written.startswith("beautiful is better than ")
    assert "epoch 25" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["digits", "diabetes"])
def test_without_scikit_learn_the_programs_say_what_is_missing(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(SystemExit, match="pip install scikit-learn"):
        program(name)
