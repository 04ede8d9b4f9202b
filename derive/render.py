"""Jinja environments: context in, text out.  Nothing is decided and nothing is written here."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import jinja2

Kind = Literal["python", "latex", "html", "markdown", "typst", "text", "page"]

# LaTeX and Typst are full of braces and percent signs: their templates have other delimiters.
LATEX_DELIMITERS: Mapping[str, Any] = {
    "block_start_string": "<%",
    "block_end_string": "%>",
    "variable_start_string": "<<",
    "variable_end_string": ">>",
    "comment_start_string": "<#",
    "comment_end_string": "#>",
}


def template_folder() -> Path:
    """Where the templates are: inside the installed package, else at the top of the checkout."""
    package = Path(str(files("derive")))
    installed = package / "_templates"
    return installed if installed.is_dir() else package.parent / "templates"


# It compiles each template once.
@cache
def environment(kind: Kind) -> jinja2.Environment:
    """The environment for one kind of text; a name that a context lacks is an error."""
    env = jinja2.Environment(
        loader=jinja2.FileSystemLoader(template_folder()),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        # What stands on a page of the playground is text; documents are finished markup.
        autoescape=kind == "page",
        **(LATEX_DELIMITERS if kind in ("latex", "typst") else {}),
    )
    if kind == "python":
        env.filters["lines"] = indented
    return env


def indented(lines: Sequence[str], columns: int = 4) -> str:
    """The lines below each other, indented; the first one too, and empty ones stay empty."""
    return "\n".join(" " * columns + line if line else "" for line in lines)


def render_python(context: Mapping[str, Any]) -> str:
    """The source text of a generated module."""
    return environment("python").get_template("update.py.j2").render(context)


def render_document(context: Mapping[str, Any], kind: Kind, ending: str) -> str:
    """A derivation document; `context` holds finished markup of its format."""
    template = environment(kind).get_template(f"derivation.{ending}.j2")
    return template.render(context, font=math_font() if kind == "html" else "")


def render_excerpt(context: Mapping[str, Any], kind: Kind, ending: str) -> str:
    """A part of a document for another text; `context` holds finished markup of its format."""
    return environment(kind).get_template(f"excerpt.{ending}.j2").render(context)


@cache
def math_font() -> str:
    """The font of formulas, in base64, for pages that stand alone."""
    font = files("derive") / "fonts" / "latin-modern-math.woff2"
    return b64encode(font.read_bytes()).decode("ascii")


def render_picture(context: Mapping[str, Any]) -> str:
    """A drawing as a file of its own; `context` holds its finished elements."""
    return environment("html").get_template("picture.svg.j2").render(context)


def render_page(part: str, context: Mapping[str, Any]) -> str:
    """A part of the playground: `page.html`, `answer.html`, `style.css` or `script.js`."""
    return environment("page").get_template(f"playground/{part}.j2").render(context)
