"""An excerpt as text that another text includes, with labels by which its equations are cited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from derive.document.blocks import CodeLine, Numbered
from derive.errors import UsageError
from derive.excerpts.choice import Excerpt, choose
from derive.formats import (
    LATEX,
    LINE,
    MARKDOWN,
    REASON,
    Format,
    coloured,
    dollars,
    latex_display,
)
from derive.language.lookup import did_you_mean
from derive.project import LANGUAGES, ModelText, Project, find_model
from derive.publish import blocks_context, say
from derive.render import render_excerpt
from derive.typeset.breaking import broken
from derive.typeset.layout import Layout


def excerpt(
    model: str,
    what: str,
    form: str = "markdown",
    label: str = "",
    language: str = LANGUAGES[0],
    depth: int | None = None,
    project: Project | None = None,
) -> str:
    r"""The part `what` of the derivation of a model, by name or path, in the format `form`.

    What parts there are, and what a label does, is said at `choose`.

    >>> print(excerpt("neuron", "matrix w", "quarto", label="neuron-w"))
    $$
    \frac{\partial C}{\partial w} = x^{\top} [2 (\hat{y} - y)]
    $$ {#eq-neuron-w}
    <BLANKLINE>
    """
    if form not in FORMS:
        cure = did_you_mean(form, list(FORMS)) or f"there are: {', '.join(FORMS)}"
        raise UsageError(f"'{form}' is no format of an excerpt", cure)
    found = find_model(model, project)
    return written(found, choose(found, what, label, depth), form, language)


def written(found: ModelText, chosen: Excerpt, form: str, language: str) -> str:
    """An excerpt as text of the format `form`, with a line at its end."""
    shape = FORMS[form](chosen, language)
    context = {"model": found.name, "blocks": blocks_context(chosen.blocks, shape, language)}
    return render_excerpt(context, shape.name, shape.ending)


def _caption(chosen: Excerpt, form: Format, language: str) -> str:
    return "" if chosen.caption is None else say(chosen.caption, form, language)


def _source(lines: tuple[CodeLine, ...]) -> str:
    """The code without numbers of equations: they would be those of another document."""
    return "\n".join(line.text for line in lines)


# --- LaTeX --------------------------------------------------------------------------------------


def _latex(chosen: Excerpt, language: str) -> Format:
    def listing(lines: tuple[CodeLine, ...]) -> str:
        if not chosen.name:
            return f"\\begin{{verbatim}}\n{_source(lines)}\n\\end{{verbatim}}"
        options = f"caption={{{_caption(chosen, LATEX, language)}}},label={{lst:{chosen.name}}}"
        style = r"language=Python,basicstyle=\ttfamily\small,breaklines"
        head = rf"\begin{{lstlisting}}[{style},{options}]"
        return f"{head}\n{_source(lines)}\n\\end{{lstlisting}}"

    return replace(
        LATEX,
        inline=lambda formula: _named_colour(LATEX.inline(formula)),
        reason=lambda formula: _named_colour(LATEX.reason(formula)),
        display=lambda lines: _named_colour(latex_display(lines, chosen.label)),
        reference=lambda number: rf"\eqref{{eq:{chosen.label(number)}}}",
        line=str,
        listing=listing,
    )


def _named_colour(markup: str) -> str:
    """The markup in a colour that the package xcolor knows by itself."""
    return markup.replace(r"\textcolor{upstream}", r"\textcolor{brown}")


# --- Markdown -----------------------------------------------------------------------------------


def _markdown(chosen: Excerpt, language: str) -> Format:
    """Markdown without labels, which it lacks: what is numbered has the number of the document."""
    del language

    def display(lines: tuple[Numbered, ...]) -> str:
        shown = (replace(line, number=None) for line in lines)
        return MARKDOWN.display(tuple(shown) if chosen.alone else lines)

    return replace(
        MARKDOWN,
        display=display,
        line=str,
        listing=lambda lines: f"```python\n{_source(lines)}\n```",
    )


def _displayed(formula: Layout) -> str:
    return coloured(broken(formula, LINE))


def _myst(chosen: Excerpt, language: str) -> Format:
    """MyST by its roles and directives, which need no extension of its syntax."""

    def inline(formula: Layout, limit: float = LINE) -> str:
        return f"{{math}}`{dollars(formula, limit)[1:-1]}`"

    def display(lines: tuple[Numbered, ...]) -> str:
        labels = ["" if n.number is None else f":label: {chosen.label(n.number)}\n" for n in lines]
        shown = zip(labels, lines, strict=True)
        return "\n\n".join(
            f"```{{math}}\n{label}{_displayed(line.formula)}\n```" for label, line in shown
        )

    def listing(lines: tuple[CodeLine, ...]) -> str:
        caption = f":caption: {_caption(chosen, MARKDOWN, language)}\n"
        named = f":name: {chosen.name}\n{caption}" if chosen.name else ""
        return f"```{{code-block}} python\n{named}\n{_source(lines)}\n```"

    return replace(
        MARKDOWN,
        inline=inline,
        reason=lambda formula: inline(formula, REASON),
        display=display,
        reference=lambda number: f"{{eq}}`{chosen.label(number)}`",
        line=str,
        listing=listing,
    )


def _quarto(chosen: Excerpt, language: str) -> Format:
    """Pandoc's Markdown with the labels of Quarto, which begin with the kind of what they name."""

    def named(kind: str, label: str) -> str:
        return label if label.startswith(f"{kind}-") else f"{kind}-{label}"

    def attribute(line: Numbered) -> str:
        return "" if line.number is None else f" {{#{named('eq', chosen.label(line.number))}}}"

    def display(lines: tuple[Numbered, ...]) -> str:
        return "\n\n".join(f"$$\n{_displayed(line.formula)}\n$${attribute(line)}" for line in lines)

    def listing(lines: tuple[CodeLine, ...]) -> str:
        caption = _caption(chosen, MARKDOWN, language).replace('"', "'")
        head = f'{{#{named("lst", chosen.name)} .python lst-cap="{caption}"}}'
        return f"```{head if chosen.name else 'python'}\n{_source(lines)}\n```"

    return replace(
        MARKDOWN,
        inline=dollars,
        reason=lambda formula: dollars(formula, REASON),
        display=display,
        # The sentence itself says that it is an equation.
        reference=lambda number: f"([-@{named('eq', chosen.label(number))}])",
        line=str,
        listing=listing,
    )


FORMS: Mapping[str, Callable[[Excerpt, str], Format]] = {
    "markdown": _markdown,
    "myst": _myst,
    "quarto": _quarto,
    "latex": _latex,
}
