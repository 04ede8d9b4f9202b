"""Long lines, broken inside brackets as `ruff format` breaks them.

A sum or product that is too long has a line for each of its parts, a call its arguments on lines of
their own.  What cannot be broken so that every line fits is left to the caller, who names a part.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

WIDTH = 100
INDENT = 4

# The operators at which an expression is broken, those that bind least tightly first.
LEVELS = (("|",), ("&",), ("+", "-"), ("*", "/", "//", "@"))
UNBROKEN = ("==", "!=", "<", "<=", ">", ">=", "if", "else")

# Brackets that are broken within brackets that are broken; what is deeper is worth a name.
DEEPEST = 2


def laid_out(head: str, text: str, indent: int) -> list[str] | None:
    """`head` and an expression on lines that fit, None where they cannot be made to.

    >>> laid_out("x = ", "a + b", 0)
    ['x = a + b']
    """
    room = WIDTH - indent
    if len(head + text) <= room:
        return [head + text]
    parts = _parts(text)
    lines = _bracket_at_an_end(head, parts, room)
    if lines is None and (len(parts) > 2 or (len(parts) == 2 and parts[1][-1] not in ")]")):
        lines = _wrapped(head + "(", _inside(text, room - INDENT, 1), ")")
    if lines is None or any(len(line) > room for line in lines):
        return None
    return lines


def _bracket_at_an_end(head: str, parts: Sequence[str], room: int) -> list[str] | None:
    """`2 * (...)` and `(...) / n` have their brackets already, and so has a call."""
    if len(parts) > 2:
        return None
    first, last = parts[0], parts[-1]
    opening = _opening(last)
    if opening is not None and last.endswith(")"):
        before = " ".join([*parts[:-1], last[:opening]])
        return _broken_bracket(head + before, last[opening:], "", room, 1)
    is_bracket = first.startswith("(") and first.endswith(")")
    if len(parts) == 2 and is_bracket and not {"(", "["} & {*last}:
        return _broken_bracket(head, first, f" {last}", room, 1)
    return None


def _opening(text: str) -> int | None:
    """Where the only bracket of `f(...)`, `-(...)` or `* np.sum(...)` opens."""
    depth = 0
    for place in reversed(range(len(text))):
        depth += (text[place] in ")]") - (text[place] in "([")
        if not depth:
            before = text[:place]
            return None if any(letter in before for letter in "()[]") else place
    return None


def _broken_bracket(
    before: str, bracket: str, after: str, room: int, depth: int
) -> list[str] | None:
    """A bracket with what stands in it on lines of its own."""
    content = bracket[1:-1]
    items = _items(content)
    joined = ", ".join(items)
    if len(joined) + INDENT <= room:
        return _wrapped(before + "(", [joined], ")" + after)
    inside: list[str] = []
    for item in items:
        lines = _inside(item, room - INDENT - 1, depth)
        if lines is None:
            return None
        ending = "," if len(items) > 1 else ""
        inside += [*lines[:-1], lines[-1] + ending]
    return _wrapped(before + "(", inside, ")" + after)


def _wrapped(opening: str, inside: Sequence[str] | None, closing: str) -> list[str] | None:
    if inside is None:
        return None
    return [opening, *(f"    {line}" for line in inside), closing]


def _inside(text: str, room: int, depth: int) -> list[str] | None:
    """An expression that stands in brackets: a line for each of its parts."""
    if len(text) <= room:
        return [text]
    parts = _parts(text)
    if len(parts) == 1:
        opening = _opening(text)
        if depth == DEEPEST or opening is None or not text.endswith(")"):
            return None
        return _broken_bracket(text[:opening], text[opening:], "", room, depth + 1)
    lines: list[str] = []
    for part in parts:
        operator, _, operand = part.partition(" ") if lines else ("", "", part)
        found = [part] if len(part) <= room else _operand(operator, operand, room, depth)
        if found is None:
            return None
        lines += found
    return lines


def _operand(operator: str, operand: str, room: int, depth: int) -> list[str] | None:
    opening = _opening(operand)
    if depth == DEEPEST or opening is None or not operand.endswith(")"):
        return None
    before = f"{operator} {operand[:opening]}".lstrip()
    return _broken_bracket(before, operand[opening:], "", room, depth + 1)


# --- what stands outside of all brackets --------------------------------------------------------


def _split(text: str, separator: str) -> list[str]:
    """The text between separators that stand outside of all brackets."""
    found, depth = [""], 0
    for letter in text:
        depth += (letter in "([") - (letter in ")]")
        if letter == separator and not depth:
            found.append("")
        else:
            found[-1] += letter
    return found


def _items(text: str) -> list[str]:
    return [item.strip() for item in _split(text, ",") if item.strip()]


def _parts(text: str) -> list[str]:
    """The operands of the operators that bind least tightly, each but the first with its own."""
    words = _split(text, " ")
    if any(word in UNBROKEN for word in words):
        return [text]
    level = next((level for level in LEVELS if any(word in level for word in words)), ())
    places = [0, *(place for place, word in enumerate(words) if word in level), len(words)]
    return [" ".join(words[start:end]) for start, end in pairwise(places)]


# --- comments, and lists of arguments -----------------------------------------------------------


def commented(line: str, comment: str, indent: int = INDENT) -> list[str]:
    """A line with its comment behind it, or above it where both are too long."""
    if not comment:
        return [line]
    joined = f"{line}  # {comment}"
    return [joined] if len(joined) + indent <= WIDTH else [f"# {comment}", line]


def bracketed(opening: str, items: Sequence[str], closing: str, indent: int = 0) -> list[str]:
    """`opening items closing` on one line, arguments on three, or with a line for each item."""
    joined = ", ".join(items)
    if len(opening + joined + closing) + indent <= WIDTH:
        return [opening + joined + closing]
    if opening.endswith("(") and len(joined) + indent + INDENT <= WIDTH:
        return [opening, f"    {joined}", closing]
    return [opening, *(f"    {item}," for item in items), closing]
