r"""The Typst printer: the markup between the dollar signs of an equation of Typst.

A comma, a semicolon and a bracket mean something to Typst's functions; printed ones have names.
"""

from __future__ import annotations

from derive.names import Accented, Letters, Scripted, Sequence, Style, Symbol, styled
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

ACCENTS = {
    "hat": "hat",
    "bar": "macron",
    "tilde": "tilde",
    "dot": "dot",
    "vec": "arrow",
}
OPERATORS = {
    TIMES: "thin",
    DOT: "dot.op",
    ",": "comma",
    ";": "semi",
    ":": "colon",
    ":=": "colon.eq",
    "<": "lt",
    ">": "gt",
    "/": "slash",
    "∑": "sum",
    "∏": "product",
}
FENCES = {
    ("(", "prefix"): "paren.l",
    (")", "postfix"): "paren.r",
    ("[", "prefix"): "bracket.l",
    ("]", "postfix"): "bracket.r",
    ("{", "prefix"): "brace.l",
    ("}", "postfix"): "brace.r",
    ("|", "prefix"): "bar.v",
    ("|", "postfix"): "bar.v",
    ("⌊", "prefix"): "floor.l",
    ("⌋", "postfix"): "floor.r",
    ("⌈", "prefix"): "ceil.l",
    ("⌉", "postfix"): "ceil.r",
}


def typst(layout: Layout) -> str:
    """The layout as Typst mathematics.

    >>> typst(Fraction(NumberText("1"), Root(NumberText("2"))))
    'frac(1, sqrt(2))'
    """
    match layout:
        case Identifier(symbol):
            return _symbol(symbol)
        case NumberText(text):
            return text
        case FunctionName(text):
            return _function(text)
        case Text(text):
            return _quoted(text)
        case Operator(sign, form):
            return _operator(sign, form)
        case Space():
            return "quad"
        case Row(items):
            return _row(items)
        case Fenced(opening, body, closing):
            left, right = FENCES[opening, "prefix"], FENCES[closing, "postfix"]
            inside = f"{left} {typst(body)} {right}"
            return f"lr({inside})" if is_tall(body) else inside
        case Bracket(sign, form, tall):
            fence = FENCES[sign, form]
            return f"lr({fence}, size: #200%)" if tall else fence
        case Group(body):
            return typst(body)
        case Marked(key, body):
            return f"{key}({typst(body)})"
        case Shaped(body, shape):
            return f"attach(limits({typst(body)}), b: {typst(shape)})"
        case Fraction(numerator, denominator):
            return f"frac({typst(numerator)}, {typst(denominator)})"
        case Raised() | Subscripted():
            return _attached(layout)
        case Root(body):
            return f"sqrt({typst(body)})"
        case BigOperator():
            return _big(layout)
        case Cases(rows):
            lines = (f"{typst(value)} & quad {typst(when)}" for value, when in rows)
            return f"cases({', '.join(lines)})"
        case Matrix(rows):
            return _matrix(rows)
        case Aligned(lines):
            return _stacked(lines)
    raise TypeError(f"typst: unknown layout {type(layout).__name__}")


def typst_lines(layout: Layout) -> str:
    """A displayed formula; the lines of an aligned one are lines of the equation."""
    if isinstance(layout, Aligned):
        return " \\\n".join(f"{typst(left)} & {typst(right)}" for left, right in layout.lines)
    return typst(layout)


def _row(items: tuple[Layout, ...]) -> str:
    return " ".join(shown for item in items if (shown := typst(item)))


def _matrix(rows: tuple[tuple[Layout, ...], ...]) -> str:
    tall = any(is_tall(item) for line in rows for item in line)
    lines = "; ".join(", ".join(map(typst, line)) for line in rows)
    return f'mat(delim: "[", {"row-gap: #0.6em, " if tall else ""}{lines})'


def _stacked(lines: tuple[tuple[Layout, Layout], ...]) -> str:
    """Lines in a place inside a formula."""
    shown = "; ".join(", ".join(_displayed(cell) for cell in line) for line in lines)
    return f"mat(delim: #none, align: #left, column-gap: #0pt, row-gap: #0.5em, {shown})"


def _displayed(cell: Layout) -> str:
    return f"display({shown})" if (shown := typst(cell)) else '""'


def _operator(sign: str, form: str) -> str:
    if sign == APPLY:
        return ""
    if form == "prefix" and sign == MINUS:
        return f'class("unary", {sign})'
    if form == "ordinary":
        return f'class("normal", {OPERATORS.get(sign, sign)})'
    return OPERATORS.get(sign, sign)


def _function(text: str) -> str:
    return {"σ": "σ", "lnΓ": 'op("ln") Γ'}.get(text, f"op({_quoted(text)})")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _attached(layout: Raised | Subscripted) -> str:
    base: Layout = layout
    above = below = ""
    if isinstance(base, Raised):
        above, base = f", t: {typst(base.superscript)}", base.base
    if isinstance(base, Subscripted):
        between = " " if base.compact else " comma "
        below = f", b: {between.join(map(typst, base.subscripts))}"
        base = base.base
    return f"attach({typst(base)}{above}{below})"


def _big(operator: BigOperator) -> str:
    index, first, last = (typst(part) for part in (operator.index, operator.first, operator.last))
    named = operator.sign not in OPERATORS
    below = f"{first} ≤ {index} ≤ {last}" if named else f"{index} = {first}"
    if operator.conditions:
        lines = "; ".join((below, *map(typst, operator.conditions)))
        below = f"mat(delim: #none, row-gap: #0.3em, {lines})"
    if named:
        return f"attach(op({_quoted(operator.sign)}, limits: #true), b: {below})"
    return f"attach({OPERATORS[operator.sign]}, t: {last}, b: {below})"


def _symbol(form: Symbol) -> str:
    match form:
        case Letters(text, style):
            return _letters(text, style)
        case Accented(accent, body):
            return f"{ACCENTS[accent]}({_symbol(body)})"
        case Scripted(body, below, above):
            under = f", b: {_symbol(below)}" if below else ""
            over = f", t: {_symbol(above)}" if above else ""
            return f"attach({_symbol(body)}{over}{under})"
        case Sequence(parts):
            return " ".join(map(_symbol, parts))
    raise TypeError(f"typst: unknown symbol {type(form).__name__}")


def _letters(text: str, style: Style) -> str:
    if text == ",":
        return "comma"
    if text.isdecimal() and style != "bold":
        return text
    if style == "upright" or len(text) > 1:
        return f"upright({_quoted(styled(text, style))})"
    return styled(text, style)
