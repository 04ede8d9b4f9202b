"""The notebook: valid, the same each time, and it runs."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from documents import BOWL, LAYER, NEURON, document

from derive import cli
from derive.notebook import notebook
from derive.pipeline import build_model

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


def test_what_is_asked_for_stands_beside_what_gives_it():
    asked = "\nprovide(hessian, jacobian(y_hat), hvp, gradient(x))\n"
    built = build_model(NEURON + asked, "neuron", ())
    whole = json.loads(notebook(built.document, NEURON + asked, "en"))
    code = {c["id"]: "".join(c["source"]) for c in whole["cells"] if c["cell_type"] == "code"}
    assert [source for key, source in code.items() if key.startswith("requested")] == [
        "model.hessian('w', 'w').matrix",
        "model.hessian('w', 'b').matrix",
        "model.hessian('b', 'b').matrix",
        "model.hvp()",
        "model.jacobian('y_hat', 'w')",
        "model.jacobian('y_hat', 'b')",
        "model.gradient('x')",
    ]
    assert code["local-1"] == "model.gradient('y_hat')"


def test_jupyter_runs_a_notebook_whose_formulas_all_show_themselves():
    pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    command = [sys.executable, str(Path(__file__).parent / "run_notebooks.py"), "neuron"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == (
        "2 notebooks, 22 cells of code, 0 notebooks with failures"
    )


def test_the_command_writes_it_beside_the_document(tmp_path, capsys):
    asked = ["build", "bowl", "--notebook", "--lang", "zh", "-o", str(tmp_path)]
    assert cli.main(asked) == 0
    made = tmp_path / "bowl" / "derivation.zh.ipynb"
    assert json.loads(made.read_text(encoding="utf-8"))["cells"][0]["id"] == "introduction"
    assert capsys.readouterr().err.endswith(f"{made} is written\n")
