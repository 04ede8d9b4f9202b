"""The training run in a document: the one that the module prints, as numbers and as a curve."""

import re

import numpy as np
import pytest
from documents import NEURON

from derive.calculus.adjoint import derive_gradients
from derive.document.build import document_of, with_pictures
from derive.language import read_model
from derive.picture.curve import HEIGHT, LEFT, MOST_POINTS, TOP, WIDTH, curve, scale_of
from derive.picture.drawing import Label, Line, Word
from derive.pipeline import build_model, source_of
from derive.publish import figures
from derive.typeset.layout import NumberText
from derive.typeset.unicode import unicode
from derive.verification.loading import load_module
from derive.verification.training import NO_RUN, training_run


def run_of(text):
    model = read_model(text, name="neuron")
    return training_run(model, source_of(derive_gradients(model)))


def drawn(values):
    return curve(values, NumberText("1"), Word("run.steps"))


def line(values):
    """The points of the curve, from 0 to 1 across and upwards."""
    (found,) = (i for i in drawn(values).items if isinstance(i, Line) and i.style == "curve")
    points = [found.start, *(segment[0] for segment in found.segments)]
    return [((x - LEFT) / WIDTH, (TOP + HEIGHT - y) / HEIGHT) for x, y in points]


def marks(values):
    """The numbers at the axis that goes up, from below."""
    labels = (i for i in drawn(values).items if isinstance(i, Label))
    return [unicode(i.text) for i in labels if i.tone == "faint" and i.anchor == "end"]


# --- the run ------------------------------------------------------------------------------------


def test_the_run_is_the_one_that_the_module_prints(capsys):
    run = run_of(NEURON)
    load_module(source_of(derive_gradients(read_model(NEURON, name="neuron")))).main()
    printed = [float(cost) for cost in re.findall(r"   C (\S+)$", capsys.readouterr().out, re.M)]
    assert len(printed) == len(run.costs) - 1 == 200
    assert np.allclose(printed, run.costs[:-1], rtol=1e-9)
    assert run.costs[-1] < run.costs[-2]


def test_the_values_are_those_at_the_start():
    values = run_of(NEURON).values
    assert set(values) == {"x", "y", "w", "b", "y_hat", "C"}
    assert values["y_hat"].item() == pytest.approx(values["x"] @ values["w"] + values["b"])
    assert values["C"].item() == pytest.approx((values["y_hat"].item() - 1) ** 2)


def test_a_run_that_would_be_long_is_not_made():
    assert run_of(NEURON.replace("steps=200", "steps=1_000_000")) is NO_RUN


def test_a_run_that_comes_to_no_end_is_none():
    assert run_of(NEURON.replace("alpha=0.001", "alpha=1e300")) is NO_RUN


def test_a_document_without_a_run_has_no_curve_and_no_numbers():
    derivation = derive_gradients(read_model(NEURON, name="neuron"))
    plain = document_of(derivation)
    pictured = with_pictures(plain, derivation, NO_RUN)
    (graph,) = (section for section in pictured.sections if section not in plain.sections)
    (figure,) = figures(pictured)
    assert figure in graph.blocks
    assert [phrase.key for phrase in figure.caption] == ["graph.nodes", "graph.arrows"]
    keys = [section.key for section in pictured.sections]
    assert keys[keys.index("graph") + 1] == "local"


# --- in the document ----------------------------------------------------------------------------


@pytest.mark.parametrize("language", ["en", "zh"])
def test_figures_are_numbered_cited_and_there(language):
    files = dict(build_model(NEURON, "neuron", ("en", "zh")).files)
    ending = "" if language == "en" else ".zh"
    page = files[f"derivation{ending}.html"]
    assert re.findall(r'<figure id="(fig-\d)">', page) == ["fig-1", "fig-2"]
    assert set(re.findall(r'href="#(fig-\d)"', page)) == {"fig-1", "fig-2"}
    assert page.index('<section id="graph">') < page.index('<section id="local">')
    paper = files[f"derivation{ending}.tex"]
    assert re.findall(r"\\label\{(fig:\d)\}", paper) == ["fig:1", "fig:2"]
    assert set(re.findall(r"\\ref\{(fig:\d)\}", paper)) == {"fig:1", "fig:2"}
    assert paper.count(r"\begin{tikzpicture}") == 2
    shown = re.findall(r"!\[.+?\]\((.+?)\)", files[f"derivation{ending}.md"])
    assert shown == [f"graph{ending}.svg", f"run{ending}.svg"]
    assert set(shown) <= set(files)


def test_the_numbers_of_the_run_stand_in_text_and_graph():
    files = dict(build_model(NEURON, "neuron").files)
    assert "$`0.0998`$ to $`5.11 \\cdot 10^{-7}`$" in files["derivation.md"]
    texts = re.findall(r"<text[^>]*>(.*?)</text>", files["graph.svg"])
    assert {"1.32", "0.0998", "(1, 2, 3)"} <= {t.replace("\N{THIN SPACE}", " ") for t in texts}


# --- the curve ----------------------------------------------------------------------------------


def test_a_straight_run_is_a_straight_curve():
    expected = [(0, 1), (1 / 3, 2 / 3), (2 / 3, 1 / 3), (1, 0)]
    assert np.allclose(line([3.0, 2.0, 1.0, 0.0]), expected, atol=2e-3)
    assert marks([3.0, 2.0, 1.0, 0.0]) == ["0", "1", "2", "3"]


def test_a_cost_that_falls_far_is_drawn_by_its_logarithm():
    run = [10.0**-power for power in range(5)]
    assert scale_of(run).logarithmic
    assert not scale_of([*run, 0.0]).logarithmic
    assert np.allclose(line(run), [(p / 4, 1 - p / 4) for p in range(5)], atol=2e-3)
    assert marks(run) == ["10⁻⁴", "0.001", "0.01", "0.1", "1"]


def test_a_cost_that_stays_is_a_level_curve():
    assert {y for _, y in line([2.0, 2.0, 2.0])} == {0.5}


def test_a_cost_below_zero_has_its_place():
    assert marks([13.4, -24.3]) == ["−30", "−20", "−10", "0", "10", "20"]


def test_a_long_run_keeps_its_ends():
    points = line([1000.0 - step for step in range(1001)])
    assert len(points) == MOST_POINTS + 1
    assert (points[0], points[-1]) == ((0, 1), (1, 0))


def test_one_step_is_a_curve():
    assert [x for x, _ in line([2.0, 1.0])] == [0, 1]
