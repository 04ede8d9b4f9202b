"""The MathML Core printer: no mstyle, menclose or columnalign; bold and script by code point."""

from __future__ import annotations

from html import escape

from derive.names import Accented, Letters, Scripted, Sequence, Style, Symbol, styled
from derive.typeset.layout import (
    APPLY,
    TIMES,
    Aligned,
    BigOperator,
    Bracket,
    Cases,
    Fenced,
    Form,
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
    "hat": "\N{MODIFIER LETTER CIRCUMFLEX ACCENT}",
    "bar": "¯",
    "tilde": "\N{SMALL TILDE}",
    "dot": "˙",
    "vec": "→",
}
# How a cell stands that does not stand in the middle, as it does by itself.
LEFT = ' style="text-align:left"'
# The two columns of aligned lines touch at the relation, whose own space keeps them apart.
ALIGNED_LEFT = ' style="text-align:right;padding:0.25em 0"'
ALIGNED_RIGHT = ' style="text-align:left;padding:0.25em 0"'


def mathml(layout: Layout, display: bool = False) -> str:
    """The layout as one `<math>` element, inline or displayed.

    >>> mathml(Root(NumberText("2")))
    '<math><msqrt><mn>2</mn></msqrt></math>'
    """
    style = ' display="block"' if display else ""
    return f"<math{style}>{_inside(layout)}</math>"


def mathml_of_page(layout: Layout, display: bool = False) -> str:
    """The same for a page, whose style sheet says once how the cells of aligned lines stand."""
    return mathml(layout, display).replace(ALIGNED_LEFT, "").replace(ALIGNED_RIGHT, "")


def mathml_body(layout: Layout) -> str:
    """The layout as exactly one element, to stand inside another."""
    match layout:
        case Identifier(symbol):
            return _symbol(symbol)
        case NumberText(text):
            return _element("mn", escape(text))
        case FunctionName(text):
            return _element("mi", escape(text))
        case Text(text):
            return _element("mtext", escape(text))
        case Operator():
            return _operator(layout, alone=True)
        case Space():
            return '<mspace width="1em"></mspace>'
        case Row() | Fenced():
            return _element("mrow", _inside(layout))
        case Bracket(sign, form, tall):
            return f'<mo form="{form}" stretchy="{"true" if tall else "false"}">{escape(sign)}</mo>'
        case Group(body):
            return mathml_body(body)
        case Fraction(numerator, denominator):
            return _element("mfrac", mathml_body(numerator), mathml_body(denominator))
        case Raised(Subscripted(base, subscripts, compact), superscript):
            below = _subscripts(subscripts, compact)
            return _element("msubsup", mathml_body(base), below, mathml_body(superscript))
        case Raised(base, superscript):
            return _element("msup", mathml_body(base), mathml_body(superscript))
        case Subscripted(base, subscripts, compact):
            return _element("msub", mathml_body(base), _subscripts(subscripts, compact))
        case Root(body):
            return _element("msqrt", _inside(body))
        case BigOperator():
            return _big(layout)
        case Cases() | Matrix() | Aligned():
            return _table(layout)
        case Marked(key, body):
            return f'<mrow class="{escape(key)}">{_inside(body)}</mrow>'
        case Shaped(body, shape):
            return _element("munder", mathml_body(body), mathml_body(shape))
    raise TypeError(f"mathml: unknown layout {type(layout).__name__}")


def _element(tag: str, *content: str) -> str:
    return f"<{tag}>{''.join(content)}</{tag}>"


def _inside(layout: Layout) -> str:
    """The layout within an element that is a row by itself."""
    match layout:
        case Row(items):
            return _row(items)
        case Fenced(opening, body, closing):
            stretchy = "" if is_tall(body) else ' stretchy="false"'
            left, right = (f"<mo{stretchy}>{escape(sign)}</mo>" for sign in (opening, closing))
            inner = body.items if isinstance(body, Row) else (body,)
            return left + _row(inner, enclosed=True) + right
        case Group(body):
            return _inside(body)
    return mathml_body(layout)


def _row(items: tuple[Layout, ...], enclosed: bool = False) -> str:
    """Items side by side; `enclosed` ones have a bracket on either side."""
    shown = []
    for place, item in enumerate(items):
        beside = items[max(place - 1, 0)], items[min(place + 1, len(items) - 1)]
        first, last = (not enclosed and place == end for end in (0, len(items) - 1))
        # Invisible signs have no width; names, bars and large signs beside them need a thin space.
        if isinstance(item, Operator) and item.form == "infix" and item.sign in (TIMES, APPLY):
            space = ' rspace="0.17em"' if any(_needs_air(layout) for layout in beside) else ""
            shown.append(f"<mo{space}>{item.sign}</mo>")
        elif isinstance(item, Operator):
            shown.append(_operator(item, first, last))
        else:
            shown.append(mathml_body(item))
    return "".join(shown)


def _operator(
    operator: Operator, first: bool = False, last: bool = False, alone: bool = False
) -> str:
    """A sign; its form stands there where its place in the row does not say it."""
    sign = escape(operator.sign)
    if operator.form == "ordinary":
        return f"<mi>{sign}</mi>" if operator.sign != APPLY else f"<mo>{sign}</mo>"
    if operator.form == "separator" or alone:
        return f"<mo>{sign}</mo>"
    implied: Form = "prefix" if first and not last else "infix"
    form = "" if operator.form == implied and (first or not last) else f' form="{operator.form}"'
    return f"<mo{form}>{sign}</mo>"


def _needs_air(layout: Layout) -> bool:
    if isinstance(layout, Group | Marked | Shaped):
        return _needs_air(layout.body)
    return isinstance(layout, FunctionName | BigOperator | Fraction | Matrix)


def _subscripts(subscripts: tuple[Layout, ...], compact: bool) -> str:
    between = "" if compact else "<mo>,</mo>"
    shown = [mathml_body(subscript) for subscript in subscripts]
    return shown[0] if len(shown) == 1 else _element("mrow", between.join(shown))


def _big(operator: BigOperator) -> str:
    index, first, last = (
        mathml_body(part) for part in (operator.index, operator.first, operator.last)
    )
    conditions = [mathml_body(condition) for condition in operator.conditions]
    if operator.sign in "∑∏":
        below = _stacked(_element("mrow", index, "<mo>=</mo>", first), conditions)
        return _element("munderover", f"<mo>{operator.sign}</mo>", below, last)
    below = _stacked(_element("mrow", first, "<mo>≤</mo>", index, "<mo>≤</mo>", last), conditions)
    named = _element("munder", _element("mi", escape(operator.sign)), below)
    return _element("mrow", named, '<mspace width="0.17em"></mspace>')


def _stacked(first: str, others: list[str]) -> str:
    if not others:
        return first
    cells = (f'<mtd style="padding:0">{line}</mtd>' for line in (first, *others))
    return _element("mtable", *(_element("mtr", cell) for cell in cells))


def _table(layout: Cases | Matrix | Aligned) -> str:
    match layout:
        case Cases(rows):
            lines = "".join(_line((value, LEFT), (when, LEFT)) for value, when in rows)
            return _element("mrow", "<mo>{</mo>", _element("mtable", lines))
        case Matrix(entries):
            lines = "".join(_line(*((item, "") for item in line)) for line in entries)
            return _element("mrow", "<mo>[</mo>", _element("mtable", lines), "<mo>]</mo>")
    halves = (_line((left, ALIGNED_LEFT), (right, ALIGNED_RIGHT)) for left, right in layout.lines)
    return f'<mtable displaystyle="true">{"".join(halves)}</mtable>'


def _line(*cells: tuple[Layout, str]) -> str:
    shown = (f"<mtd{style}>{_inside(item)}</mtd>" for item, style in cells)
    return _element("mtr", *shown)


def _symbol(form: Symbol) -> str:
    match form:
        case Letters(text, style):
            return _letters(text, style)
        case Accented(accent, body):
            over = f'<mo stretchy="false">{ACCENTS[accent]}</mo>'
            return f'<mover accent="true">{_symbol(body)}{over}</mover>'
        case Scripted(body, below, None) if below:
            return _element("msub", _symbol(body), _symbol(below))
        case Scripted(body, None, above) if above:
            return _element("msup", _symbol(body), _symbol(above))
        case Scripted(body, below, above) if below and above:
            return _element("msubsup", _symbol(body), _symbol(below), _symbol(above))
        case Sequence(parts):
            return _element("mrow", *(_symbol(part) for part in parts))
    raise TypeError(f"mathml: unknown symbol {type(form).__name__}")


def _letters(text: str, style: Style) -> str:
    if text == ",":
        return "<mo>,</mo>"
    if text.isdecimal() and style != "bold":
        return _element("mn", text)
    shown = escape(styled(text, style))
    upright = style != "italic" and len(text) == 1
    return f'<mi mathvariant="normal">{shown}</mi>' if upright else _element("mi", shown)
