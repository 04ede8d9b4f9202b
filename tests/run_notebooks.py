"""Run the notebook of every model of the gallery in Jupyter, and count its cells and failures.

    python tests/run_notebooks.py
    python tests/run_notebooks.py neuron mlp --lang zh

Needs nbclient and ipykernel, the extra `notebook`.
"""

import argparse
import sys
import time

from derive.pipeline import build_model, notebook_of
from derive.project import LANGUAGES, SUFFIX, find_model, gallery

# The longest that one cell may take, in seconds.
PATIENCE = 300


def notebooks(names, languages):
    """The name of each notebook, and its JSON."""
    for name in names:
        text = find_model(name).text
        built = build_model(text, name, (), name + SUFFIX)
        for language in languages:
            yield f"{name}, {language}", notebook_of(built, text, language)[1]


def executed(text):
    """The cells of code of a notebook after a run, and what failed in it."""
    import nbformat
    from jupyter_client import AsyncKernelManager
    from nbclient import NotebookClient

    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    # A kernel that is reached by files needs no port.
    kernel = AsyncKernelManager(kernel_name="python3", transport="ipc")
    NotebookClient(notebook, km=kernel, timeout=PATIENCE, allow_errors=True).execute()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return code, [failure for cell in code for failure in failures(cell)]


def failures(cell):
    """What is wrong with a cell that was run: it failed, or a formula has no mathematics."""
    errors = [out for out in cell.outputs if out.output_type == "error"]
    yield from (f"{cell.source}: {error.ename}: {error.evalue}" for error in errors)
    if cell.source.startswith("model") and not errors:
        shown = [out.data for out in cell.outputs if out.output_type == "execute_result"]
        if len(shown) != 1 or "<math" not in shown[0].get("text/html", ""):
            yield f"{cell.source}: no formula is shown"
    if cell.source == "print(model.verify())" and not errors:
        said = "".join(out.get("text", "") for out in cell.outputs)
        if ": failed" in said or not said:
            yield f"{cell.source}: {said}"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="*", metavar="MODEL", help="default: the gallery")
    parser.add_argument("--lang", choices=LANGUAGES, action="append", help="default: all")
    options = parser.parse_args()
    count = wrong = cells = 0
    for name, text in notebooks(options.models or gallery(), options.lang or LANGUAGES):
        start = time.perf_counter()
        code, failed = executed(text)
        count, cells, wrong = count + 1, cells + len(code), wrong + bool(failed)
        seconds = time.perf_counter() - start
        print(f"{name}: {len(code)} cells, {len(failed)} failed, {seconds:.1f} s", flush=True)
        for failure in failed:
            print(f"    {failure}")
    print(f"{count} notebooks, {cells} cells of code, {wrong} notebooks with failures")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
