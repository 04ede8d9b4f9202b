"""Compile the LaTeX of documents and say what TeX complains of.

Without arguments it takes every document of generated/ in every language; else the folders given.
A line for each document with a complaint, then the counts; exit code 1 where there is any.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

# English pages need a plain TeX; Chinese ones XeTeX with the ctex classes and the Fandol fonts.
ENGINES = {"en": ("pdflatex", "lmodern.sty"), "zh": ("xelatex", "ctexart.cls")}
# A loose line of a paragraph is none: beside a long formula there is no better one.
COMPLAINT = re.compile(
    r"^(?:.*Warning:.*|Overfull .*|Underfull (?!.*in paragraph).*|! .*|Missing character.*)$", re.M
)
GENERATED = Path(__file__).parents[1] / "generated"


def missing(language: str) -> str:
    """What the TeX of this machine lacks for a language; nothing where it lacks nothing."""
    engine, needed = ENGINES[language]
    if shutil.which(engine) is None:
        return f"{engine} is not installed"
    found = subprocess.run(["kpsewhich", needed], capture_output=True, check=False)
    return f"the TeX installation has no {needed}" if found.returncode else ""


def complaints_of(page: str, language: str, folder: Path) -> list[str]:
    """What TeX says of a page once its references are settled."""
    (folder / "page.tex").write_text(page, encoding="utf-8")
    options = ["-no-shell-escape", "-interaction=nonstopmode", "-halt-on-error"]
    for _ in range(2):
        command = [ENGINES[language][0], *options, "page.tex"]
        done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
        if done.returncode:
            return [done.stdout.decode("utf-8", errors="replace")[-2000:]]
    log = (folder / "page.log").read_text(encoding="utf-8", errors="replace")
    return COMPLAINT.findall(log)


def _compiled(path: Path) -> tuple[Path, list[str]]:
    language = "zh" if path.name.endswith(".zh.tex") else "en"
    with tempfile.TemporaryDirectory() as folder:
        return path, complaints_of(path.read_text(encoding="utf-8"), language, Path(folder))


def main(folders: list[Path]) -> int:
    """Compile every derivation*.tex below the folders."""
    for language in ENGINES:
        if lack := missing(language):
            print(lack, file=sys.stderr)
            return 2
    paths = sorted(path for folder in folders for path in folder.rglob("derivation*.tex"))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(_compiled, paths))
    for path, complaints in results:
        for complaint in complaints:
            print(f"{path.parent.name}/{path.name}: {complaint}")
    bad = sum(bool(complaints) for _, complaints in results)
    print(f"{len(results)} documents compiled, {bad} with a complaint of TeX")
    return 1 if bad or not results else 0


if __name__ == "__main__":
    sys.exit(main([Path(folder) for folder in sys.argv[1:]] or [GENERATED]))
