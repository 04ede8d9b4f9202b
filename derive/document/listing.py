"""The kernels of the module beside the mathematics: lines with their numbers and equations."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache

from derive.document.blocks import Code, CodeLine, Listing, Section, paragraph

# What is shown of a module: the mathematics, without the checks around it.
KERNELS = ("_forward", "_gradients", "_update")
TAG = re.compile(r"\s*# \((\d+)\)(?:–\((\d+)\))?$")


def listing_section(source: str) -> Section:
    """The lines of the kernels, each with the equation that it computes."""
    lines = tuple(kernel_lines(source))
    return Section("code", (paragraph("code.intro", module=Code("update.py")), Listing(lines)))


def kernel_lines(source: str) -> Iterator[CodeLine]:
    r"""The lines of the kernels of a module, in its order.

    >>> lines = kernel_lines("def _forward(x):\n    return x  # (1)")
    >>> [(line.number, line.equations) for line in lines]
    [(1, ()), (2, (1, 1))]
    """
    return function_lines(source, KERNELS)


def function_lines(source: str, names: Collection[str]) -> Iterator[CodeLine]:
    """The lines of some functions of a module, in its order, without their tags."""
    text, started = source.split("\n"), False
    for node in functions(source):
        if node.name in names:
            if started:
                yield CodeLine(node.lineno - 1, "", ())
            started = True
            above: tuple[int, ...] = ()
            for number in range(node.lineno, (node.end_lineno or node.lineno) + 1):
                line = _line(number, text[number - 1])
                # A line too long for its tag has it on the line before.
                if line.text or not line.equations:
                    yield CodeLine(number, line.text, line.equations or above)
                above = () if line.text else line.equations


# The lines of results, the listing and whoever asks for one function read the same module.
@lru_cache(maxsize=4)
def functions(source: str) -> tuple[ast.FunctionDef, ...]:
    """The functions of a module, in its order."""
    return tuple(node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))


def _line(number: int, text: str) -> CodeLine:
    tag = TAG.search(text)
    if tag is None:
        return CodeLine(number, text, ())
    first = int(tag.group(1))
    return CodeLine(number, text[: tag.start()], (first, int(tag.group(2) or first)))


def lines_of_equations(source: str) -> Mapping[int, int]:
    """The line that computes an equation, by its number."""
    found: dict[int, int] = {}
    for line in kernel_lines(source):
        if line.equations:
            first, last = line.equations
            found |= dict.fromkeys(range(first, last + 1), line.number)
    return found
