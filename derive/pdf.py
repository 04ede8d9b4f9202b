"""The PDF of a document: by TeX where it is installed, else by the Typst extra.

Both run on a copy of the output in a directory of their own, without a network and without a shell,
and write no date: the same document is the same PDF.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from derive.errors import OutputError

Maker = Literal["latexmk", "typst"]

# What compiles a page of a language, and a file that a TeX installation needs for it.
ENGINES = {"en": ("-pdf", "pdflatex", "lmodern.sty"), "zh": ("-xelatex", "xelatex", "ctexart.cls")}
PACKAGES = {
    "en": "texlive-latex-recommended texlive-pictures lmodern latexmk",
    "zh": "texlive-xetex texlive-lang-chinese texlive-fonts-recommended texlive-pictures latexmk",
}
# As for all reproducible builds: the time that documents say they were made at.
EPOCH = {"SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1", "TZ": "UTC"}
LONGEST = 300


def maker(language: str) -> Maker:
    """What makes PDFs of documents in `language` here; `OutputError` where nothing does."""
    _, engine, needed = ENGINES[language]
    if shutil.which("latexmk") and shutil.which(engine) and _found(needed):
        return "latexmk"
    if importlib.util.find_spec("typst") is not None:
        return "typst"
    raise OutputError(
        f"a PDF in the language '{language}' needs TeX or Typst, and neither is installed",
        f"pip install 'derive-grad[pdf]' installs Typst; TeX is, on Debian: {PACKAGES[language]}",
    )


def _found(name: str) -> bool:
    if not shutil.which("kpsewhich"):
        return False
    return subprocess.run(["kpsewhich", name], capture_output=True, check=False).returncode == 0


def make_pdf(files: Iterable[tuple[str, str]], source: str, language: str, by: Maker) -> bytes:
    """The PDF of the document called `source` among `files`, which hold its pictures as well.

    Raises `OutputError` with what the program says where it fails.
    """
    with tempfile.TemporaryDirectory(prefix="derive-") as place:
        folder = Path(place)
        for name, text in files:
            (folder / name).write_text(text, encoding="utf-8")
        return _by_tex(folder, source, language) if by == "latexmk" else _by_typst(folder, source)


def _by_tex(folder: Path, source: str, language: str) -> bytes:
    mode, engine, _ = ENGINES[language]
    options = ["-norc", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error"]
    command = ["latexmk", mode, *options, f"-{engine}={engine} -no-shell-escape %O %S", source]
    environment = os.environ | EPOCH
    try:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, check=False, timeout=LONGEST
        )
    except subprocess.TimeoutExpired:
        raise _failed("TeX", f"it took longer than {LONGEST} s") from None
    pdf = (folder / source).with_suffix(".pdf")
    if done.returncode or not pdf.is_file():
        said = done.stdout.decode("utf-8", "replace")
        errors = re.findall(r"^(?:.*:\d+: .*|! .*)$", said, re.MULTILINE)
        raise _failed("TeX", errors[0] if errors else said.strip()[-500:])
    return pdf.read_bytes()


def _by_typst(folder: Path, source: str) -> bytes:
    compiler = importlib.import_module("typst")
    try:
        made = compiler.compile(str(folder / source), root=str(folder), timestamp=0)
    except RuntimeError as error:
        raise _failed("Typst", str(error)) from None
    if not isinstance(made, bytes):
        raise _failed("Typst", "it made no single file")
    return made


def _failed(program: str, why: str) -> OutputError:
    return OutputError(f"{program} made no PDF: {why}", "report this with the model")
