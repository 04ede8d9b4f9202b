"""Elementary functions in print: a name with brackets, a root, or brackets of their own."""

from __future__ import annotations

from derive.typeset.layout import (
    APPLY,
    Fenced,
    FunctionName,
    Group,
    Identifier,
    Layout,
    NumberText,
    Operator,
    Root,
    Subscripted,
    bracketed,
    listed,
    row,
)

# What is not here is printed by its name in the language.
NAMES = {"sigmoid": "σ", "relu": "ReLU", "maximum": "max", "minimum": "min", "lgamma": "lnΓ"}
FENCES = {"abs": ("|", "|"), "floor": ("⌊", "⌋"), "ceil": ("⌈", "⌉")}


def layout_function(function: str, *arguments: Layout) -> Layout:
    """The layout of function(arguments).

    >>> layout_function("abs", NumberText("2"))
    Fenced(opening='|', body=NumberText(text='2'), closing='|')
    """
    shown = listed(*arguments)
    if function == "sqrt":
        alone = isinstance(shown, Identifier | NumberText | Subscripted)
        return Root(shown if alone else Group(shown))
    if function in FENCES:
        opening, closing = FENCES[function]
        return Fenced(opening, shown, closing)
    name = FunctionName(NAMES.get(function, function))
    return row(name, Operator(APPLY, "ordinary"), bracketed(shown))
