"""The page and its answers, as contexts of templates: what is said where, and in which words.

An answer is what becomes of a draft.  The page is a whole with an answer in it; its script asks for
further answers alone.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from derive.errors import DeriveError, Place
from derive.project import LANGUAGES
from derive.prose import catalogue, pieces
from derive.render import render_page
from derive.serving.drafts import Draft, Made, Outcome
from derive.serving.guard import LONGEST_TEXT
from derive.serving.highlight import highlighted
from derive.verification.report import LEVELS, MARKS, Report, show_sizes

# The endings of the program and of what is said of it; all else is in a language.
PROGRAM = ("py", "json")
THEMES = ("light", "dark")
WORDS = "serve."
# How each language is called by those who speak it.
ENDONYMS = {"en": "English", "zh": "中文"}
SCRIPT = re.compile(r"<script\b[^>]*>(.*?)</script>", re.DOTALL)

# What a browser is told of a file; whatever else there is, it only saves.
TYPES = {
    ".html": "text/html",
    ".json": "application/json",
    ".md": "text/markdown",
    ".py": "text/x-python",
    ".svg": "image/svg+xml",
    ".tex": "text/x-tex",
}


@dataclass(frozen=True)
class View:
    """How the page is looked at: its language, and a theme, or "" for that of the system."""

    language: str = LANGUAGES[0]
    theme: str = ""


# --- the page -----------------------------------------------------------------------------------


def page(draft: Draft, outcome: Outcome, view: View, gallery: Mapping[str, str]) -> str:
    """The whole page, with a draft and what became of it."""
    return render_page(
        "page.html",
        {
            **_answer(draft, outcome, view),
            "theme": view.theme,
            "languages": [{"code": code, "name": ENDONYMS[code]} for code in LANGUAGES],
            "themes": THEMES,
            "gallery": tuple(gallery),
            "draft": draft,
            "lines": draft.text.split("\n"),
            "longest": LONGEST_TEXT,
            "command": "derive serve",
            "silent": pieces(catalogue(view.language)["serve.silent"]),
        },
    )


def answer(draft: Draft, outcome: Outcome, view: View) -> str:
    """What became of a draft, to be put into the page."""
    return render_page("answer.html", _answer(draft, outcome, view))


def _answer(draft: Draft, outcome: Outcome, view: View) -> dict[str, Any]:
    words = _words(view.language)
    made = outcome if isinstance(outcome, Made) else None
    return {
        "words": words,
        "language": view.language,
        "as_built": pieces(words["as_built"]),
        "made": None if made is None else _made(made, view, words),
        "error": _error(outcome, words) if isinstance(outcome, DeriveError) else None,
    }


def _words(language: str) -> dict[str, str]:
    found = catalogue(language)
    return {key.removeprefix(WORDS): found[key] for key in found if key.startswith(WORDS)}


def _filled(sentence: str, **gaps: str) -> str:
    return "".join(text + (gaps[gap] if gap else "") for text, gap in pieces(sentence))


# --- what is wrong ------------------------------------------------------------------------------


def _error(error: DeriveError, words: Mapping[str, str]) -> dict[str, Any]:
    place = error.place
    return {
        "cause": error.cause,
        "cure": error.cure,
        "place": None if place is None else _place(place, words),
    }


def _place(place: Place, words: Mapping[str, str]) -> dict[str, Any]:
    """The line in three pieces, the middle of which is marked, and where it stands."""
    text, start = place.text, place.column
    width = max(1, min(place.width, len(text) - start))
    return {
        "where": _filled(words["place"], source=place.source, number=str(place.line)),
        "line": place.line,
        "column": start,
        "width": width,
        "before": text[:start],
        "marked": text[start : start + width],
        "behind": text[start + width :],
        "carets": "^" * width,
    }


# --- what was made ------------------------------------------------------------------------------


def _made(made: Made, view: View, words: Mapping[str, str]) -> dict[str, Any]:
    verdict = made.report.verdict
    return {
        "key": made.draft.key,
        "name": made.draft.name,
        "verdict": verdict,
        "verdict_word": words[verdict],
        "document": _address(made, _document(view.language)),
        "code": highlighted(made.files["update.py"].decode("utf-8")),
        "cautions": made.cautions,
        "levels": _levels(made.report, words),
        "groups": _groups(made, words),
    }


def _document(language: str) -> str:
    middle = "" if language == LANGUAGES[0] else f".{language}"
    return f"derivation{middle}.html"


def _address(made: Made, name: str) -> str:
    return f"/built/{made.draft.key}/{name}"


def _how(piece: str, words: Mapping[str, str]) -> str:
    """How something was checked, in the words of a language: its sentence, with what fills it.

    >>> _how("2 of 8 steps exact", {"how_n_of_n_steps_exact": "{second}: {first}"})
    '8: 2'
    """
    filled = re.findall(r"\d+(?!\w)|'[^']*'", piece)
    shape = re.sub(r"\d+(?!\w)", "n", re.sub(r"'[^']*'", "w", piece))
    sentence = words.get(f"how_{shape.replace(' ', '_')}", piece)
    gaps = dict(zip(("first", "second"), (one.strip("'") for one in filled), strict=False))
    return "".join(text + gaps.get(gap or "", "") for text, gap in pieces(sentence))


def _levels(report: Report, words: Mapping[str, str]) -> list[dict[str, Any]]:
    """The lines of the report by level, those about one quantity next to each other."""
    found = []
    for level in LEVELS:
        lines = [line for line in report.lines if line.level == level]
        rows = [
            {
                "mark": MARKS[line.verdict],
                "verdict": line.verdict,
                "verdict_word": words[line.verdict],
                "quantity": line.quantity,
                "how": ", ".join(_how(piece, words) for piece in line.how.split(", ")),
                "sizes": [shown for shown in map(show_sizes, line.sizes) if shown],
                "error": "" if line.worst is None else f"{line.worst:.1e}",
                "note": line.note,
            }
            for line in lines
        ]
        if rows:
            measured = any(row["error"] for row in rows)
            sized = any(row["sizes"] for row in rows)
            title = words[f"level_{level}"]
            found.append({"title": title, "rows": rows, "measured": measured, "sized": sized})
    return found


def _groups(made: Made, words: Mapping[str, str]) -> list[dict[str, Any]]:
    """The files to download, by what they are for: the documents of each language, and the code."""
    groups: dict[str, list[dict[str, str]]] = {}
    for name, content in made.files.items():
        _, *language, ending = name.split(".")
        title = _filled(words["documents"], language=ENDONYMS[(*language, LANGUAGES[0])[0]])
        groups.setdefault(words["program"] if ending in PROGRAM else title, []).append(
            {
                "name": name,
                "address": _address(made, name),
                "size": f"{len(content) / 1024:.1f} KiB",
                "about": words.get(f"file_{ending}", ""),
            }
        )
    return [{"title": title, "files": files} for title, files in groups.items()]


# --- files --------------------------------------------------------------------------------------


def media_type(name: str) -> str:
    """The media type of a file of the output.

    >>> media_type("update.py")
    'text/x-python; charset=utf-8'
    """
    known = TYPES.get(PurePath(name).suffix)
    return "application/octet-stream" if known is None else f"{known}; charset=utf-8"


def document_policy(document: bytes) -> str:
    """The policy of a document: it may style itself, run its own scripts, and fetch nothing."""
    scripts = (found.group(1).encode() for found in SCRIPT.finditer(document.decode("utf-8")))
    digests = (base64.b64encode(hashlib.sha256(script).digest()).decode() for script in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; font-src data:; "
        "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )
