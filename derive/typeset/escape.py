"""Escaping of plain text: titles and names can hold any character and never become markup."""

from __future__ import annotations

import re
from html import escape

from derive.names import COMMAND_OF_LETTER as COMMANDS

LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "`": r"\textasciigrave{}",
}
# Letters and signs of mathematics, which the text fonts of LaTeX lack.
MATHEMATICS = {letter: rf"\ensuremath{{\{command}}}" for letter, command in COMMANDS.items()} | {
    "−": r"\ensuremath{-}",
    "·": r"\ensuremath{\cdot}",
    "×": r"\ensuremath{\times}",
    "±": r"\ensuremath{\pm}",
    "√": r"\ensuremath{\surd}",
    "∞": r"\ensuremath{\infty}",
    "≤": r"\ensuremath{\le}",
    "≥": r"\ensuremath{\ge}",
    "≠": r"\ensuremath{\ne}",
    "→": r"\ensuremath{\to}",
    "∂": r"\ensuremath{\partial}",
    "∈": r"\ensuremath{\in}",
    "²": r"\textsuperscript{2}",
    "³": r"\textsuperscript{3}",
    "½": r"\ensuremath{\frac{1}{2}}",
}
# What is markup anywhere, what makes a link of a word, and what is markup at the start of a line.
_MARKDOWN_ANYWHERE = re.compile(r"[\\`*_{}\[\]#|~$@]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_TYPST = re.compile(r"[\\#$*_`<>@\[\]=+/~'\"-]")
_MARKDOWN_START = re.compile(r"^(\d*)([-+=.)])")


def escape_latex(text: str) -> str:
    r"""Text for LaTeX, outside mathematics.

    >>> print(escape_latex("50% of $x_1$, a\\b"))
    50\% of \$x\_1\$, a\textbackslash{}b
    """
    known = LATEX | MATHEMATICS
    return "".join(known.get(letter, letter) for letter in _one_line(text))


def escape_html(text: str) -> str:
    """Text for HTML, in content and in quoted attributes.

    >>> escape_html('a < b & "c"')
    'a &lt; b &amp; &quot;c&quot;'
    """
    return escape(_one_line(text), quote=True)


def escape_markdown(text: str, starts_line: bool = True) -> str:
    r"""Text for GitHub Markdown; what HTML would read as a tag or an entity is an entity.

    >>> print(escape_markdown("1. a *bold* <b> & $x_1$"))
    1\. a \*bold\* &lt;b&gt; &amp; \$x\_1\$
    """
    escaped = _MARKDOWN_ANYWHERE.sub(r"\\\g<0>", _one_line(text))
    if starts_line:
        escaped = _MARKDOWN_START.sub(r"\1\\\2", escaped)
    return escape(escaped, quote=False)


def escape_typst(text: str) -> str:
    r"""Text for Typst, outside mathematics.

    >>> print(escape_typst("a *bold* #set $x_1$"))
    a \*bold\* \#set \$x\_1\$
    """
    return _TYPST.sub(r"\\\g<0>", _one_line(text))


def _one_line(text: str) -> str:
    """`text` without line breaks or control characters, which end an argument or a paragraph."""
    if not text.isprintable():
        text = "".join(c if c.isprintable() else " " for c in text)
    return text.strip()
