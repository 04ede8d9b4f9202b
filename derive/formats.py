"""The formats of a document: how each writes text, formulas, references and names of code."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from html import escape
from itertools import groupby
from typing import Literal, TypeVar

from derive.document.blocks import CodeLine, Numbered
from derive.picture.drawing import Drawing
from derive.picture.svg import Words, svg
from derive.picture.tikz import tikz
from derive.typeset.breaking import broken, widest_piece
from derive.typeset.escape import escape_html, escape_latex, escape_markdown, escape_typst
from derive.typeset.latex import latex
from derive.typeset.layout import RELATIONS, Aligned, Layout, Operator, Row, row
from derive.typeset.mathml import mathml_of_page
from derive.typeset.typst import typst, typst_lines
from derive.typeset.unicode import unicode
from derive.typeset.width import width

# The widths of a displayed line on a page and of a formula beside its reason, in em.
LINE = 38.0
REASON = 28.0
# A page may end between the lines of a formula of more than so many.
LONG = 12
# What fits on the screen of a phone, in em.
NARROW = 14.0


@dataclass(frozen=True)
class Shown:
    """A figure as it is printed: its drawing, the words in it, and what tells what it shows.

    `file` is where it stands for a format that holds no drawings.
    """

    number: int
    drawing: Drawing
    words: Words
    title: str
    told: str
    file: str


Shape = TypeVar("Shape")

# What an equation is called, by its number.
Label = Callable[[int], str]

Kind = Literal["latex", "html", "markdown", "typst", "text"]


@dataclass(frozen=True)
class Format:
    """What one format does with the parts of a document; all results are finished markup.

    `text` takes a whole line, `phrase` a part of a sentence; `reason` a formula of a working, which
    may be too long for a line.
    """

    name: Kind
    ending: str
    text: Callable[[str], str]
    phrase: Callable[[str], str]
    inline: Callable[[Layout], str]
    reason: Callable[[Layout], str]
    display: Callable[[tuple[Numbered, ...]], str]
    code: Callable[[str], str]
    reference: Callable[[int], str]
    figure: Callable[[int], str]
    drawing: Callable[[Shown], str]
    line: Callable[[int], str]
    listing: Callable[[tuple[CodeLine, ...]], str]


def once(form: Format) -> Format:
    """The format that writes each formula of a document once: it is the same in every language."""
    return replace(
        form,
        inline=_once(form.inline),
        reason=_once(form.reason),
        display=_once(form.display),
    )


def _once(write: Callable[[Shape], str]) -> Callable[[Shape], str]:
    # By identity: to compare formulas is to walk through them.
    known: dict[int, tuple[Shape, str]] = {}

    def written(shape: Shape) -> str:
        if id(shape) not in known:
            known[id(shape)] = shape, write(shape)
        return known[id(shape)][1]

    return written


def _tag(line: CodeLine) -> str:
    """The comment with the equations of a line of code: # (5)–(7)."""
    numbers = "–".join(f"({number})" for number in dict.fromkeys(line.equations))
    return f"  # {numbers}" if numbers else ""


def _inline(formula: Layout) -> Layout:
    """A formula within a sentence: a line is broken in it only where a piece of it is too wide."""
    return formula if widest_piece(formula) <= LINE else broken(formula, LINE)


# --- LaTeX --------------------------------------------------------------------------------------


def _sides(formula: Layout) -> str:
    """The LaTeX of a formula with the alignment mark before its first relation."""
    items = formula.items if isinstance(formula, Row) else (formula,)
    for place, item in enumerate(items):
        if isinstance(item, Operator) and item.form == "infix" and item.sign in RELATIONS:
            left, right = row(*items[:place]), row(*items[place:])
            return f"{latex(left)} &{latex(right)}" if place else f"&{latex(right)}"
    return f"&{latex(formula)}"


def latex_display(lines: tuple[Numbered, ...], label: Label = str) -> str:
    """The lines in displays that a page may end between; `label` names a number."""
    shown = [(broken(line.formula, LINE), _latex_mark(line, label)) for line in lines]
    displays = []
    for long, group in groupby(shown, key=lambda one: _is_long(one[0])):
        if long:
            displays += [_latex_long(formula, mark) for formula, mark in group]
        else:
            displays.append(_latex_together(list(group)))
    return "\n".join(displays)


def _latex_mark(line: Numbered, label: Label) -> str:
    return r"\notag" if line.number is None else rf"\label{{eq:{label(line.number)}}}"


def _is_long(formula: Layout) -> bool:
    return isinstance(formula, Aligned) and len(formula.lines) > LONG


def _latex_long(formula: Layout, mark: str) -> str:
    """Lines between which a page may end, as it may not in `aligned`."""
    lines = formula.lines if isinstance(formula, Aligned) else ()
    sides = [f"  {latex(left)} &{latex(right)}" for left, right in lines]
    body = " \\notag \\\\\n".join(sides)
    return f"\\begin{{align}}\n{body} {mark}\n\\end{{align}}"


def _latex_together(shown: list[tuple[Layout, str]]) -> str:
    aligned = not any(isinstance(one, Aligned) for one, _ in shown)
    bodies = [(_sides(one) if aligned else latex(one), mark) for one, mark in shown]
    body = " \\\\\n".join(f"  {formula} {mark}" for formula, mark in bodies)
    environment = "align" if aligned else "gather"
    return f"\\begin{{{environment}}}\n{body}\n\\end{{{environment}}}"


def _latex_inline(formula: Layout) -> str:
    """A formula in a sentence; one that is broken begins a line."""
    shown = _inline(formula)
    begins = r"\newline " if isinstance(shown, Aligned) else ""
    return f"{begins}${latex(shown)}$"


def _latex_code(name: str) -> str:
    """A name of the code, which a line may end within, behind an underscore."""
    escaped = escape_latex(name).replace(r"\_", r"\_\allowbreak{}")
    return rf"\texttt{{{escaped}}}"


def _latex_listing(lines: tuple[CodeLine, ...]) -> str:
    shown = []
    for line in lines:
        text = escape_latex(f"|{line.text}")[len(escape_latex("|")) :].replace(" ", "~")
        marks = "--".join(rf"\eqref{{eq:{number}}}" for number in dict.fromkeys(line.equations))
        shown.append(rf"\codeline{{{line.number}}}{{{text}}}{{{marks}}}")
    return "\\begin{listing}\n" + "\n".join(shown) + "\n\\end{listing}"


LATEX = Format(
    "latex",
    "tex",
    escape_latex,
    escape_latex,
    _latex_inline,
    lambda layout: f"${latex(broken(layout, REASON))}$",
    latex_display,
    _latex_code,
    lambda number: rf"\eqref{{eq:{number}}}",
    lambda number: rf"\ref{{fig:{number}}}",
    lambda shown: tikz(shown.drawing, shown.words),
    lambda number: rf"\hyperlink{{line-{number}}}{{{number}}}",
    _latex_listing,
)

# --- HTML ---------------------------------------------------------------------------------------


def _html_display(lines: tuple[Numbered, ...]) -> str:
    shown = []
    for line in lines:
        formula = mathml_of_page(broken(line.formula, LINE), display=True)
        if line.number is None:
            shown.append(f'<div class="equation">{formula}</div>')
        else:
            place = f"eq-{line.number}" if line.line is None else f"line-{line.line}"
            number = f'<a class="number" href="#{place}">({line.number})</a>'
            shown.append(f'<div class="equation" id="eq-{line.number}">{formula}{number}</div>')
    return "\n".join(shown)


def _html_listing(lines: tuple[CodeLine, ...]) -> str:
    shown = []
    for line in lines:
        numbers = dict.fromkeys(line.equations)
        marks = "–".join(f'<a href="#eq-{number}">({number})</a>' for number in numbers)
        mark = f'<span class="mark">{marks}</span>' if marks else ""
        code = escape(line.text, quote=False)
        shown.append(
            f'<li id="line-{line.number}" value="{line.number}"><code>{code}</code>{mark}</li>'
        )
    return f'<ol class="listing">{"".join(shown)}</ol>'


def _html_inline(formula: Layout) -> str:
    """A formula in a sentence; what a narrow screen may lack the room for is scrolled by itself."""
    shown = mathml_of_page(broken(formula, LINE))
    return f'<span class="wide">{shown}</span>' if width(formula) > NARROW else shown


HTML = Format(
    "html",
    "html",
    escape_html,
    escape_html,
    _html_inline,
    lambda layout: mathml_of_page(broken(layout, REASON)),
    _html_display,
    lambda name: f"<code>{escape_html(name)}</code>",
    lambda number: f'<a href="#eq-{number}">({number})</a>',
    lambda number: f'<a href="#fig-{number}">{number}</a>',
    lambda shown: svg(shown.drawing, f"fig-{shown.number}", shown.title, shown.told, shown.words),
    lambda number: f'<a href="#line-{number}">{number}</a>',
    _html_listing,
)

# --- Markdown -----------------------------------------------------------------------------------


def coloured(formula: Layout) -> str:
    """LaTeX in colours that every reader of Markdown knows by name."""
    return latex(formula).replace(r"\textcolor{upstream}", r"\textcolor{brown}")


def dollars(formula: Layout, limit: float = LINE) -> str:
    """A formula on one line between dollars, as Jupyter and Pandoc read it."""
    return f"${' '.join(coloured(broken(formula, limit)).split())}$"


def _markdown_display(lines: tuple[Numbered, ...]) -> str:
    shown = [broken(line.formula, LINE) for line in lines]
    blocks = []
    for line, formula in zip(lines, shown, strict=True):
        tag = "" if line.number is None else rf" \tag{{{line.number}}}"
        blocks.append(f"```math\n{coloured(formula)}{tag}\n```")
    return "\n\n".join(blocks)


def _markdown_listing(lines: tuple[CodeLine, ...]) -> str:
    shown = "\n".join(f"{line.text}{_tag(line)}" for line in lines)
    return f"```python\n{shown}\n```"


MARKDOWN = Format(
    "markdown",
    "md",
    escape_markdown,
    lambda text: escape_markdown(text, starts_line=False),
    lambda layout: f"$`{coloured(_inline(layout))}`$",
    lambda layout: f"$`{coloured(broken(layout, REASON))}`$",
    _markdown_display,
    lambda name: f"`{name}`",
    lambda number: f"({number})",
    str,
    lambda shown: f"![{escape_markdown(shown.title, starts_line=False)}]({shown.file})",
    lambda number: f"[{number}](update.py#L{number})",
    _markdown_listing,
)

# --- Typst --------------------------------------------------------------------------------------


def _typst_display(lines: tuple[Numbered, ...]) -> str:
    shown = []
    for line in lines:
        formula = typst_lines(broken(line.formula, LINE))
        number = "none" if line.number is None else str(line.number)
        shown.append(f"#formula({number}, $ {formula} $)")
    return "\n".join(shown)


def _typst_code(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'#raw("{escaped}")'


def _typst_listing(lines: tuple[CodeLine, ...]) -> str:
    shown = "\n".join(f"{line.number:>4}  {line.text}{_tag(line)}" for line in lines)
    escaped = shown.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'#text(size: 7pt, raw("{escaped}", block: true, lang: "python"))'


# Only what makes a PDF where there is no TeX: it is no file of its own.
TYPST = Format(
    "typst",
    "typ",
    escape_typst,
    escape_typst,
    lambda layout: f"${typst(_inline(layout))}$",
    lambda layout: f"${typst(broken(layout, REASON))}$",
    _typst_display,
    _typst_code,
    lambda number: f'#link(label("eq-{number}"))[({number})]',
    lambda number: f'#link(label("fig-{number}"))[{number}]',
    lambda shown: f'image("{shown.file}", width: {0.75 * shown.drawing.width:.1f}pt)',
    str,
    _typst_listing,
)

# --- one line of text, for terminals ------------------------------------------------------------


def _text_display(lines: tuple[Numbered, ...]) -> str:
    numbers = ["" if line.number is None else f"({line.number})" for line in lines]
    gutter = max(len(number) for number in numbers)
    shown = (unicode(line.formula) for line in lines)
    return "\n".join(f"  {n:>{gutter}}  {one}" for n, one in zip(numbers, shown, strict=True))


TEXT = Format(
    "text",
    "txt",
    str,
    str,
    unicode,
    unicode,
    _text_display,
    str,
    lambda number: f"({number})",
    str,
    lambda shown: f"[{shown.title}: {shown.told}]",
    str,
    lambda lines: "\n".join(f"{line.number:>5}  {line.text}{_tag(line)}" for line in lines),
)

# The formats of the files; `TEXT` is for terminals.
FORMATS = (LATEX, HTML, MARKDOWN)
