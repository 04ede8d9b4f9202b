r"""The LaTeX printer: amsmath, and only commands that GitHub's Markdown accepts as well."""

from __future__ import annotations

from derive.names import latex_script, latex_symbol
from derive.typeset.escape import escape_latex
from derive.typeset.layout import (
    APPLY,
    DOT,
    MINUS,
    TIMES,
    Aligned,
    BigOperator,
    Bracket,
    Cases,
    Fenced,
    Fraction,
    FunctionName,
    Group,
    Identifier,
    Layout,
    Marked,
    Matrix,
    NumberText,
    Operator,
    Raised,
    Root,
    Row,
    Shaped,
    Space,
    Subscripted,
    Text,
    is_tall,
)

OPERATORS = {
    DOT: r"\cdot",
    MINUS: "-",
    "∂": r"\partial",
    "←": r"\leftarrow",
    "≠": r"\ne",
    "≤": r"\le",
    "≥": r"\ge",
    "≈": r"\approx",
    "∈": r"\in",
    "∧": r"\land",
    "∨": r"\lor",
    "¬": r"\lnot",
    "⊤": r"\top",
    "∘": r"\circ",
    "⊗": r"\otimes",
    "⋆": r"\star",
    "∗": r"\ast",
    "∇": r"\nabla",
    "×": r"\times",
    "→": r"\to",
    "⋯": r"\cdots",
    "⋮": r"\vdots",
    "⋱": r"\ddots",
    "∑": r"\sum",
    "∏": r"\prod",
}
FENCES = {
    "{": r"\lbrace",
    "}": r"\rbrace",
    "⌊": r"\lfloor",
    "⌋": r"\rfloor",
    "⌈": r"\lceil",
    "⌉": r"\rceil",
}
FUNCTIONS = frozenset(
    ("exp", "log", "ln", "sin", "cos", "tan", "sinh", "cosh", "tanh", "max", "min", "det")
)


def latex(layout: Layout) -> str:
    r"""The layout as LaTeX, without the dollar signs or the environment around it.

    >>> print(latex(Fraction(NumberText("1"), Root(NumberText("2")))))
    \frac{1}{\sqrt{2}}
    """
    match layout:
        case Identifier(symbol):
            return latex_symbol(symbol)
        case NumberText(text):
            return text
        case FunctionName(text):
            return _function(text)
        case Text(text):
            return rf"\text{{{escape_latex(text)}}}"
        case Operator(sign):
            return OPERATORS.get(sign, sign)
        case Space():
            return r"\quad"
        case Row(items):
            return _row(items)
        case Fenced(opening, body, closing):
            return _fenced(opening, body, closing)
        case Bracket(sign, form, tall):
            return _bracket(sign, form, tall)
        case Group(body):
            return latex(body)
        case Fraction(numerator, denominator):
            return rf"\frac{{{latex(numerator)}}}{{{latex(denominator)}}}"
        case Raised(base, superscript):
            return latex(base) + latex_script("^", latex(superscript))
        case Subscripted(base, subscripts, compact):
            below = (" " if compact else ", ").join(map(latex, subscripts))
            return latex(base) + latex_script("_", below)
        case Root(body):
            return rf"\sqrt{{{latex(body)}}}"
        case BigOperator():
            return _big(layout)
        case Cases(rows):
            lines = r" \\ ".join(f"{latex(value)} & {latex(when)}" for value, when in rows)
            return rf"\begin{{cases}} {lines} \end{{cases}}"
        case Matrix(rows):
            return _matrix(rows)
        case Aligned(lines):
            return _aligned(lines)
        case Marked(key, body):
            return rf"\textcolor{{{key}}}{{{latex(body)}}}"
        case Shaped(body, shape):
            return rf"\underset{{{latex(shape)}}}{{{latex(body)}}}"
    raise TypeError(f"latex: unknown layout {type(layout).__name__}")


def _row(items: tuple[Layout, ...]) -> str:
    text, close = "", True
    for place, item in enumerate(items):
        if isinstance(item, Operator) and item.sign == APPLY:
            close = item.form == "ordinary"
        elif item == Operator(TIMES):
            # LaTeX sets the names it knows apart from a factor before them, and no others.
            unknown = _is_unknown_name(items[place + 1]) if place + 1 < len(items) else False
            text += r" \," if unknown else ""
        else:
            separator = isinstance(item, Operator) and item.form == "separator"
            text += ("" if close or separator else " ") + latex(item)
            # A minus stays close to its term, as brackets do to their function and to their inside.
            close = item == Operator(MINUS, "prefix") or _opens(item)
    return text


def _opens(item: Layout) -> bool:
    return isinstance(item, Bracket) and item.form == "prefix" and item.sign in ("(", "[")


def _is_unknown_name(item: Layout) -> bool:
    return isinstance(item, FunctionName) and item.text not in FUNCTIONS


def _function(text: str) -> str:
    if text in FUNCTIONS:
        return f"\\{text}"
    return {"σ": r"\sigma", "lnΓ": r"\ln\Gamma"}.get(text, rf"\mathrm{{{escape_latex(text)}}}")


def _fenced(opening: str, body: Layout, closing: str) -> str:
    r"""Brackets, which grow around what is tall.  Braces are spelled, as Markdown reads \{ as {."""
    left, right = _fence(opening, "prefix"), _fence(closing, "postfix")
    if is_tall(body):
        return rf"\left{left} {latex(body)} \right{right}"
    spaced = f"{left} " if left.startswith("\\") else left
    return spaced + latex(body) + (f" {right}" if right.startswith("\\") else right)


def _bracket(sign: str, form: str, tall: bool) -> str:
    size = r"\Big" if tall else r"\big"
    return f"{size}{'l' if form == 'prefix' else 'r'}{_fence(sign, form)}"


def _fence(sign: str, form: str) -> str:
    if sign == "|":
        return r"\lvert" if form == "prefix" else r"\rvert"
    return FENCES.get(sign, sign)


def _big(operator: BigOperator) -> str:
    index, first, last = (latex(part) for part in (operator.index, operator.first, operator.last))
    conditions = "".join(rf" \\ {latex(condition)}" for condition in operator.conditions)
    if operator.sign in OPERATORS:
        below = (
            rf"\substack{{{index} = {first}{conditions}}}" if conditions else f"{index} = {first}"
        )
        return f"{OPERATORS[operator.sign]}_{{{below}}}^{{{last}}}"
    below = rf"{first} \le {index} \le {last}"
    below = rf"\substack{{{below}{conditions}}}" if conditions else below
    return f"{_function(operator.sign)}_{{{below}}}"


def _aligned(lines: tuple[tuple[Layout, Layout], ...]) -> str:
    shown = " \\\\\n".join(f"{latex(left)} & {latex(right)}".strip() for left, right in lines)
    return f"\\begin{{aligned}}\n{shown}\n\\end{{aligned}}"


def _matrix(rows: tuple[tuple[Layout, ...], ...]) -> str:
    # Fractions need more air between the rows than amsmath gives them.
    tall = any(is_tall(item) for line in rows for item in line)
    end = " \\\\[6pt] " if tall else r" \\ "
    lines = end.join(" & ".join(latex(item) for item in line) for line in rows)
    return rf"\begin{{bmatrix}} {lines} \end{{bmatrix}}"
