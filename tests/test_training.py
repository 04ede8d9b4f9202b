"""Every module of the gallery, run as a program, learns from the data that it makes itself."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from derive import Model
from derive.pipeline import source_of

GALLERY = sorted((Path(__file__).parent.parent / "derive" / "gallery").glob("*.model"))
NUMBER = r"-?\d[\d.]*(?:e[+-]\d+)?"
# The last cost, beside the first one, is at most so large.
REACHED = 0.7


@pytest.fixture(scope="module", params=GALLERY, ids=[path.stem for path in GALLERY])
def source(request):
    """The text of a generated module."""
    text = request.param.read_text(encoding="utf-8")
    return source_of(Model(text, request.param.stem).derivation)


@pytest.fixture
def lines(source, tmp_path):
    """What the module prints, on a terminal that knows ASCII only; warnings are errors."""
    path = tmp_path / "update.py"
    path.write_text(source, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-W", "error", path],
        capture_output=True,
        env={"PYTHONIOENCODING": "ascii"},
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout.decode("ascii").splitlines()


def test_the_run_checks_itself_and_gets_better(lines):
    check, *steps, end = lines
    measured, derived = map(float, re.findall(NUMBER, check))
    assert measured == pytest.approx(derived, rel=1e-5, abs=1e-5)
    name, first, last, taken = re.match(
        rf"(\w+) ({NUMBER}) -> ({NUMBER}) in (\d+) steps", end
    ).groups()
    costs = [float(re.search(rf" {name} ({NUMBER})", line).group(1)) for line in steps]
    assert np.isfinite(costs).all()
    assert costs[0] == pytest.approx(float(first), rel=1e-3)
    assert float(last) <= REACHED * float(first)
    assert int(steps[-1].split()[0]) <= int(taken)
    assert len(steps) > 10


def test_there_is_something_to_run():
    assert len(GALLERY) > 20
