"""The notebook: valid, the same each time, and it runs."""

import json
import re

import pytest
from documents import BOWL, LAYER, NEURON, document

from derive import cli
from derive.notebook import notebook

TEXTS = {"neuron": NEURON, "bowl": BOWL, "layer": LAYER}


def cells(name, language="en"):
    return json.loads(notebook(document(TEXTS[name], name), TEXTS[name], language))["cells"]


def run(code):
    """Run cells in their order, as Jupyter does, and give what each of them shows."""
    names, shown = {}, []
    for cell in code:
        *before, last = "".join(cell["source"]).split("\n")
        try:
            value = compile("\n".join((*before, last)), cell["id"], "eval")
        except SyntaxError:
            exec(compile("\n".join((*before, last)), cell["id"], "exec"), names)
            shown.append(None)
        else:
            shown.append(eval(value, names))
    return names, shown


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_notebook_is_valid_and_the_same_each_time(name, language):
    text = notebook(document(TEXTS[name], name), TEXTS[name], language)
    assert text == notebook(document(TEXTS[name], name), TEXTS[name], language)
    whole = json.loads(text)
    assert (whole["nbformat"], whole["nbformat_minor"]) == (4, 5)
    names = [cell["id"] for cell in whole["cells"]]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch("[a-zA-Z0-9-_]{1,64}", one) for one in names)
    assert all(cell["outputs"] == [] for cell in whole["cells"] if cell["cell_type"] == "code")


def test_a_notebook_is_valid_by_its_schema():
    nbformat = pytest.importorskip("nbformat")
    whole = json.loads(notebook(document(NEURON), NEURON, "en"))
    nbformat.validate(nbformat.from_dict(whole))


@pytest.mark.parametrize("name", ["neuron", "bowl"])
def test_a_notebook_runs(name, capsys):
    code = [cell for cell in cells(name) if cell["cell_type"] == "code"]
    names, shown = run(code)
    gradients = [repr(one) for one in shown if one is not None]
    assert repr(names["model"].gradient(next(iter(names["program"].init(seed=0))))) in gradients
    assert "verified" in capsys.readouterr().out


def test_the_formulas_stand_beside_the_objects_they_come_from():
    neuron = cells("neuron")
    order = [cell["id"] for cell in neuron]
    place = order.index("chain")
    assert order[place + 1 : place + 5] == ["chain-1", "chain-2", "chain-3", "chain-4"]
    assert neuron[place + 1]["source"] == ["model.gradient('w')"]
    prose = "".join(neuron[place]["source"])
    assert r"\tag{5}$$" in prose
    assert "```" not in prose
    assert "$`" not in prose


def test_the_command_writes_it_beside_the_document(tmp_path, capsys):
    asked = ["build", "bowl", "--notebook", "--lang", "zh", "-o", str(tmp_path)]
    assert cli.main(asked) == 0
    made = tmp_path / "bowl" / "derivation.zh.ipynb"
    assert json.loads(made.read_text(encoding="utf-8"))["cells"][0]["id"] == "introduction"
    assert capsys.readouterr().err.endswith(f"{made} is written\n")
