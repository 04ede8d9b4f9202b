"""The pictures: every quantity once, every edge once each way, nothing in another's way."""

import shutil
import subprocess
from functools import cache
from itertools import combinations, pairwise
from xml.etree import ElementTree

import numpy as np
import pytest

from derive.calculus.adjoint import derive_gradients
from derive.calculus.inner import completed
from derive.document.graph import graph_of
from derive.document.writer import writer_for
from derive.language import read_model
from derive.picture.boxes import text_width
from derive.picture.draw import MARGIN, WIDEST, drawn
from derive.picture.drawing import SYMBOL, Delay, Head, Label, Line, Outline
from derive.picture.layers import crossings, in_rows
from derive.picture.svg import svg, svg_text
from derive.picture.tikz import tikz
from derive.project import find_model, gallery
from derive.render import environment
from derive.terms import entries
from derive.typeset.one_line import one_line
from derive.typeset.unicode import unicode

RESIDUAL = """
n: dim = 2
x: input[n]; y: input[n]
W: param[n, n]; V: param[n, n]
a = tanh(W @ x)
b = tanh(V @ a) + a
c = tanh(W @ b) + a
C = mean((c - y) ** 2)
minimize(C, sgd())
"""
UNREAD = """
x: input; w: param; v: param
z = w * x
other = v * x
C = z ** 2
minimize(C, sgd())
"""
INNER = """
x: input; w: param
f = x * w ** 3
d = grad(f, w)
C = d ** 2
minimize(C, sgd())
"""
TEXTS = {name: find_model(name).text for name in gallery()}
TEXTS |= {"residual": RESIDUAL, "unread": UNREAD, "inner": INNER}
every_model = pytest.mark.parametrize("name", TEXTS)
every_drawing = pytest.mark.parametrize("name", [*TEXTS, "neuron 1", "lstm 3", "vae 4"])


@cache
def derivation_of(name):
    return derive_gradients(completed(read_model(TEXTS[name], name=name))[0])


@cache
def graph(name):
    """The graph of a model; behind its name a number says how many values each quantity has."""
    name, _, count = name.partition(" ")
    derivation = derivation_of(name)
    values = {}
    if count:
        declared = [d.quantity for d in derivation.model.declarations]
        defined = [equation.left for equation in derivation.model.equations]
        values = {q.name: np.full(int(count), -0.12345) for q in (*declared, *defined)}
    return graph_of(writer_for(derivation), values)


@cache
def drawing(name):
    return drawn(graph(name))


def of_kind(name, kind, **traits):
    items = (item for item in drawing(name).items if isinstance(item, kind))
    return [i for i in items if all(getattr(i, trait) == value for trait, value in traits.items())]


def symbols(name):
    """The names of the nodes as they are shown."""
    return [unicode(node.symbol) for node in graph(name).nodes]


def arrows(name, back):
    """The edges by the symbols of their ends; those that a gradient goes back along."""
    shown = symbols(name)
    return {
        (shown[edge.source], shown[edge.target])
        for edge in graph(name).edges
        if edge.name is not None or not back
    }


# --- the graph ----------------------------------------------------------------------------------


def test_the_graph_of_the_neuron():
    assert {unicode(n.symbol): n.kind for n in graph("neuron").nodes} == {
        "x": "data",
        "y": "target",
        "w": "parameter",
        "b": "parameter",
        "ŷ": "computed",
        "C": "cost",
    }
    assert arrows("neuron", back=False) == {
        ("x", "ŷ"),
        ("w", "ŷ"),
        ("b", "ŷ"),
        ("ŷ", "C"),
        ("y", "C"),
    }
    shown = symbols("neuron")
    back = {
        (shown[edge.source], shown[edge.target]): unicode(edge.local)
        for edge in graph("neuron").edges
        if edge.local is not None
    }
    assert back == {("w", "ŷ"): "x[i]", ("b", "ŷ"): "1", ("ŷ", "C"): "2 (ŷ − y)"}


@every_model
def test_every_quantity_is_a_node_and_every_reading_an_edge(name):
    model = derivation_of(name).model
    quantities = [d.quantity for d in model.declarations if d.quantity.kind != "const"]
    quantities += [equation.left for equation in model.equations]
    assert len(graph(name).nodes) == len(quantities)
    place = {quantity: number for number, quantity in enumerate(quantities)}
    read = {
        (place[entry.quantity], place[equation.left])
        for equation in model.equations
        for entry in entries(equation.right)
        if entry.quantity in place
    }
    found = [(edge.source, edge.target) for edge in graph(name).edges]
    assert sorted(found) == sorted(read)


@every_model
def test_a_gradient_goes_back_along_every_path_of_the_chain_rule(name):
    derivation = derivation_of(name)
    place = {
        quantity: number
        for number, quantity in enumerate(
            [d.quantity for d in derivation.model.declarations if d.quantity.kind != "const"]
            + [equation.left for equation in derivation.model.equations]
        )
    }
    paths = {
        (place[gradient.wrt], place[path.equation.left])
        for gradient in derivation.gradients
        for path in gradient.paths
    }
    back = {(e.source, e.target) for e in graph(name).edges if e.name is not None}
    assert back == paths


def test_a_recurrence_is_folded_into_one_step():
    shown = symbols("lstm")
    steps = {(shown[e.source], shown[e.target]) for e in graph("lstm").edges if e.steps}
    assert steps == {("h", "a"), ("c", "c")}
    assert len(of_kind("lstm", Delay)) == 2


def test_what_does_not_reach_the_cost_is_shown_and_has_no_way_back():
    assert arrows("unread", back=False) - arrows("unread", back=True) == {
        ("x", "z"),
        ("x", "other"),
        ("v", "other"),
    }


# --- the drawing --------------------------------------------------------------------------------


@every_drawing
def test_every_node_and_every_edge_is_drawn_once_each_way(name):
    nodes, edges = graph(name).nodes, graph(name).edges
    assert len(of_kind(name, Outline)) == len(nodes)
    there = [label.text for label in of_kind(name, Label, size=SYMBOL)]
    assert sorted(map(unicode, there)) == sorted(symbols(name))
    back = [edge for edge in edges if edge.name is not None]
    for style, drawn_edges in (("forward", edges), ("backward", back)):
        assert len(of_kind(name, Line, style=style)) == len(drawn_edges)
        assert len(of_kind(name, Head, style=style)) == len(drawn_edges)
    labels = [label.text for label in of_kind(name, Label, tone="backward")]
    assert len(labels) == len(back)
    assert set(labels) <= {edge.name for edge in back} | {edge.local for edge in back}


def box(item):
    """The left, top, right and bottom of an outline or a label."""
    if isinstance(item, Outline):
        (x, y), across, down = item.centre, item.width / 2, item.height / 2
        return x - across, y - down, x + across, y + down
    (x, y), wide = item.place, text_width(item.text, item.size)
    left = x - {"start": 0, "middle": wide / 2, "end": wide}[item.anchor]
    return left, y - item.size / 2, left + wide, y + item.size / 2


def overlap(one, other):
    a, b = box(one), box(other)
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


@every_drawing
def test_no_box_or_label_covers_another(name):
    items = of_kind(name, Outline) + of_kind(name, Label, tone="backward")
    assert [pair for pair in combinations(items, 2) if overlap(*pair)] == []


@every_drawing
def test_everything_stands_within_a_frame_no_wider_than_a_page(name):
    frame = drawing(name)
    assert frame.width <= WIDEST + 2 * MARGIN
    for item in of_kind(name, Outline) + of_kind(name, Label):
        left, top, right, bottom = box(item)
        assert 0 <= left < right <= frame.width
        assert 0 <= top < bottom <= frame.height


def points(line):
    """Points along a line, close together."""
    here = line.start
    for segment in line.segments:
        path = (here, *segment)
        for part in range(1, 21):
            t = part / 20
            level = list(path)
            while len(level) > 1:
                level = [
                    ((1 - t) * a + t * c, (1 - t) * b + t * d) for (a, b), (c, d) in pairwise(level)
                ]
            yield level[0]
        here = segment[-1]


@every_drawing
def test_no_arrow_runs_through_a_box_or_a_label(name):
    obstacles = [*map(box, of_kind(name, Outline) + of_kind(name, Label, tone="backward"))]
    for line in of_kind(name, Line):
        for x, y in points(line):
            inside = [
                (left, top, right, bottom)
                for left, top, right, bottom in obstacles
                if left + 1 < x < right - 1 and top + 1 < y < bottom - 1
            ]
            assert inside == [], (line, (x, y))


@every_drawing
def test_places_are_rounded(name):
    for line in of_kind(name, Line):
        for place in (line.start, *(p for segment in line.segments for p in segment)):
            assert place == tuple(round(part, 1) for part in place)


def test_arrows_cross_rarely():
    for name in ("lstm", "batch_norm", "neuron", "mlp", "cnn", "residual"):
        rows = in_rows(graph(name))
        joined = [pair for way in rows.ways.values() for pair in pairwise(way)]
        assert crossings(rows.rows, joined) == 0, name


# --- the printers -------------------------------------------------------------------------------


@every_drawing
def test_the_element_is_xml_with_a_title_and_a_description(name):
    text = svg(drawing(name), "fig-1", "A < B", "from x", str)
    root = ElementTree.fromstring(text)
    assert (root[0].text, root[1].text) == ("A < B", "from x")
    assert root.get("aria-labelledby").split() == [root[0].get("id"), root[1].get("id")]
    texts = ["".join(element.itertext()) for element in root.iter("text")]
    assert len(texts) == len(of_kind(name, Label))


def test_scripts_stand_below_and_above_and_the_line_goes_on_at_its_height():
    label = next(
        e.local for e in graph("vae").edges if e.local and unicode(e.local).startswith("(1 − A")
    )
    assert unicode(label) == "(1 − A[i, l]²) X[i, j]"
    shown = ElementTree.fromstring(f"<text>{svg_text(label, 10)}</text>")
    assert "".join(shown.itertext()).replace("\N{THIN SPACE}", " ") == "(1 − Ail2) Xij"
    down = [(span.text, float(span.get("dy", 0))) for span in shown]
    assert down == [
        ("A", 0),
        ("il", 2.2),
        ("2", -6),
        (")\N{THIN SPACE}", 3.8),
        ("X", 0),
        ("ij", 2.2),
    ]


def test_a_formula_of_one_line_has_no_bar():
    name = next(e.name for e in graph("neuron").edges if e.name is not None)
    assert unicode(one_line(name)) == "∂ŷ/∂w"


def preamble():
    """What stands before the document in the LaTeX template, in English."""
    template = environment("latex").get_template("derivation.tex.j2")
    empty = {"title": "", "subtitle": "", "introduction": [], "sections": []}
    return template.render(language="en", name="x", **empty).split(r"\begin{document}")[0]


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="there is no TeX here")
def test_every_picture_compiles_and_fits_a_page(tmp_path):
    pictures = "\n\\clearpage\n".join(f"\\noindent{tikz(drawing(name), str)}" for name in TEXTS)
    text = f"{preamble()}\\begin{{document}}\n{pictures}\n\\end{{document}}\n"
    (tmp_path / "pictures.tex").write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "pictures.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    said = done.stdout.decode("utf-8", "replace")
    assert done.returncode == 0, said[-2000:]
    assert "Overfull" not in said
    assert f"({len(TEXTS)} pages" in said
