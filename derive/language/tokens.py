"""What can be said about a text from its words alone, before it is parsed.

Brackets, names, numbers, quotes and the words of Python are looked at here, where each still has
its spelling and its place.
"""

from __future__ import annotations

import keyword
import math
import re
import sys
import tokenize
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction

from derive.errors import LanguageError, Place
from derive.identifiers import LONGEST_NAME, folded, look_alikes
from derive.language.source import Source

DEEPEST_BRACKETS = 40
MOST_DIGITS = 1_000
LARGEST_EXPONENT = 1_000
MOST_SIGNS = 8
MOST_WORDS = 10_000

SPOKEN_KEYWORDS = frozenset({"def", "return", "and", "or", "not", "with", "pass", "True", "False"})
KEYWORD_CURES = {
    "if": "a choice is where(condition, a, b)",
    "else": "a choice is where(condition, a, b)",
    "elif": "choices nest: where(c, a, where(d, b, e))",
    "for": "an equation with an index holds for all its values: z[i] = x[i] ** 2",
    "while": "an equation with an index holds for all its values: z[i] = x[i] ** 2",
    "import": "nothing is imported; the functions of the language are known by name",
    "from": "nothing is imported; the functions of the language are known by name",
    "is": "equality is ==",
    "None": "leave the argument out; for a new axis write the indices: z[i, j] = x[i, j] * s[i]",
}
BRACKETS = {")": "(", "]": "[", "}": "{"}
# Some versions of `tokenize` take these for operators.
MEANINGLESS = frozenset({"$", "?", "!", "`"})
# What is written so on paper.
ON_PAPER = {
    **dict.fromkeys("×·∙⋅", "a product is written a * b"),
    **dict.fromkeys("²³⁴⁵⁶⁷⁸⁹ⁿ", "a power is written x ** 2"),
    **dict.fromkeys("₀₁₂₃₄₅₆₇₈₉", "a name with an index is written x_1, an entry x[i]"),
    **dict.fromkeys("½⅓¼¾", "a fraction is written 1 / 2"),
    "−": "minus is written -",
    "÷": "a quotient is written a / b",
    "≤": "it is written <=",
    "≥": "it is written >=",
    "≠": "it is written !=",
    "√": "a root is written sqrt(x)",
    "∑": "a sum is written sum(f[k], k)",
    "∏": "a product is written prod(f[k], k)",
    "∂": "a derivative is written grad(f, x)",
    "←": "an equation is written with =",
    "∞": "what is left out is not read: sum(f[k], k, where=...), where(condition, a, b)",
}
LARGEST_FLOAT, SMALLEST_FLOAT = Fraction(sys.float_info.max), Fraction(math.ulp(0.0))
SIGNS = frozenset({"-", "+", "~", "not"})
TITLE = re.compile(r"""[rR]?("|')""")
DECIMAL = re.compile(r"([0-9_]*)\.?([0-9_]*)(?:[eE]([+-]?[0-9_]+))?")
SKIPPED = frozenset({tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT})


@dataclass
class Reading:
    """What the words read so far leave open."""

    source: Source
    brackets: list[tokenize.TokenInfo] = field(default_factory=list)
    spellings: dict[str, Place] = field(default_factory=dict)
    signs: int = 0
    words: int = 0
    titled: bool = False
    name_end: tuple[int, int] = (0, 0)

    def place(self, token: tokenize.TokenInfo) -> Place:
        """The place of a word."""
        return self.source.span(*token.start, max(1, len(token.string.split("\n")[0])))


def check_tokens(source: Source) -> None:
    """Raise a `LanguageError` at the first word that no model can contain."""
    reading = Reading(source)
    for token in _tokens(reading):
        if token.type not in SKIPPED:
            _check_run(token, reading)
            _check_characters(token, reading)
            CHECKS.get(token.type, _pass)(token, reading)
    _check_look_alikes(reading)


def _tokens(reading: Reading) -> Iterator[tokenize.TokenInfo]:
    lines = iter([line + "\n" for line in reading.source.lines])
    try:
        yield from tokenize.generate_tokens(lambda: next(lines, ""))
    except (tokenize.TokenError, SyntaxError) as error:
        raise _unfinished(error, reading) from None


def _unfinished(error: tokenize.TokenError | SyntaxError, reading: Reading) -> LanguageError:
    if reading.brackets:
        opened = reading.brackets[-1]
        return LanguageError(
            f"'{opened.string}' is never closed", "close the bracket", reading.place(opened)
        )
    if isinstance(error, SyntaxError):
        line = min(error.lineno or 1, len(reading.source.lines))
        return LanguageError(
            "the line is indented as no line above it",
            "begin it at the margin, or under the other lines of its block",
            reading.source.span(line, 0, max(1, len(reading.source.lines[line - 1]))),
        )
    place = reading.source.span(min(error.args[1][0], len(reading.source.lines)), 0)
    if "string" in error.args[0]:
        return LanguageError("the quotes are never closed", "close them", place)
    return LanguageError("the text ends inside a statement", "finish its last line", place)


# --- the checks, by kind of word ----------------------------------------------------------------


def _pass(token: tokenize.TokenInfo, reading: Reading) -> None:
    """Nothing to check."""


def _check_run(token: tokenize.TokenInfo, reading: Reading) -> None:
    """Bound the signs in a row and the words in a statement."""
    reading.signs = reading.signs + 1 if token.string in SIGNS else 0
    reading.words = 0 if token.type == tokenize.NEWLINE else reading.words + 1
    if reading.signs > MOST_SIGNS:
        raise LanguageError(
            f"more than {MOST_SIGNS} signs stand in a row", "two signs cancel", reading.place(token)
        )
    if reading.words > MOST_WORDS:
        raise LanguageError(
            f"the statement has more than {MOST_WORDS} words",
            "give a part of it a name",
            reading.place(token),
        )


def _check_characters(token: tokenize.TokenInfo, reading: Reading) -> None:
    """Refuse what is not ASCII and no part of a name, whatever kind of word it is taken for."""
    if token.type == tokenize.STRING or token.string.isascii() or token.start < reading.name_end:
        return
    for place, character in enumerate(token.string):
        before = "a" if place else ""
        if not character.isascii() and not (before + character).isidentifier():
            raise _no_meaning(character, reading.place(token))


def _no_meaning(character: str, place: Place) -> LanguageError:
    return LanguageError(
        f"the character '{character}' has no meaning in a model",
        ON_PAPER.get(character, "names are made of letters, digits and underscores"),
        place,
    )


def _check_bracket(token: tokenize.TokenInfo, reading: Reading) -> None:
    word = token.string
    if word in MEANINGLESS:
        _check_unknown(token, reading)
    if word in BRACKETS.values():
        reading.brackets.append(token)
    if len(reading.brackets) > DEEPEST_BRACKETS:
        raise LanguageError(
            f"the brackets are nested more than {DEEPEST_BRACKETS} deep",
            "give a part of the expression a name",
            reading.place(token),
        )
    if word not in BRACKETS:
        return
    if not reading.brackets:
        raise LanguageError(
            f"'{word}' closes no bracket", "delete it, or open one", reading.place(token)
        )
    opened = reading.brackets.pop().string
    if opened != BRACKETS[word]:
        right = next(close for close, start in BRACKETS.items() if start == opened)
        raise LanguageError(
            f"'{opened}' is closed by '{word}'", f"close it with '{right}'", reading.place(token)
        )


def _check_name(token: tokenize.TokenInfo, reading: Reading) -> None:
    if token.start < reading.name_end:
        return
    spelling = _whole_name(token, reading)
    name, place = folded(spelling), reading.place(token)
    if len(name) > LONGEST_NAME:
        raise LanguageError(
            f"the name has {len(name)} characters, at most {LONGEST_NAME} are read",
            "choose a shorter one",
            place,
        )
    if keyword.iskeyword(name) and name not in SPOKEN_KEYWORDS:
        raise LanguageError(
            f"'{name}' is a word of Python, and has no meaning in a model",
            (f"{KEYWORD_CURES[name]}; " if name in KEYWORD_CURES else "")
            + f"as a name write '{name}_'",
            place,
        )
    if name.startswith("_"):
        raise LanguageError(
            f"'{name}' is reserved: names that begin with an underscore belong to Python",
            "choose another name; nothing in a model is run as Python",
            place,
        )
    reading.spellings.setdefault(spelling, place)


def _whole_name(token: tokenize.TokenInfo, reading: Reading) -> str:
    """The name with its combining marks, which some versions of `tokenize` cut off."""
    row, start = token.start
    line = reading.source.lines[row - 1]
    end = token.end[1]
    while end < len(line) and ("a" + line[end]).isidentifier():
        end += 1
    reading.name_end = (row, end)
    return line[start:end]


def _check_number(token: tokenize.TokenInfo, reading: Reading) -> None:
    parts = DECIMAL.fullmatch(token.string)
    if parts is None:
        raise LanguageError(
            f"'{token.string[:20]}' is not a decimal number",
            "write a number as 3, 0.1 or 1e-5",
            reading.place(token),
        )
    whole, decimals, exponent = parts.groups()
    digits = len(whole) + len(decimals)
    too_long = digits > MOST_DIGITS or len(exponent or "") > 6
    if too_long or abs(int(exponent or 0)) > LARGEST_EXPONENT:
        raise LanguageError(
            f"at most {MOST_DIGITS} digits and exponents to {LARGEST_EXPONENT} are read",
            "write a power, or scale the quantity",
            reading.place(token),
        )
    value = Fraction(token.string)
    if value > LARGEST_FLOAT or 0 < value < SMALLEST_FLOAT:
        raise LanguageError(
            f"the number {token.string[:20]} is beyond all floats",
            "scale the quantity: floats reach from 5e-324 to 1.8e308",
            reading.place(token),
        )


def _check_string(token: tokenize.TokenInfo, reading: Reading) -> None:
    if reading.titled or reading.words > 1 or not TITLE.match(token.string):
        raise LanguageError(
            "a text in quotes has no meaning here",
            "only the title, the first line of a model, stands in quotes",
            reading.place(token),
        )
    reading.titled = True


def _check_unknown(token: tokenize.TokenInfo, reading: Reading) -> None:
    if token.string.isspace() or token.start < reading.name_end:
        return
    if token.string in "\"'":
        raise LanguageError("the quotes are never closed", "close them", reading.place(token))
    raise _no_meaning(token.string, reading.place(token))


CHECKS: dict[int, Callable[[tokenize.TokenInfo, Reading], None]] = {
    tokenize.OP: _check_bracket,
    tokenize.NAME: _check_name,
    tokenize.NUMBER: _check_number,
    tokenize.STRING: _check_string,
    tokenize.ERRORTOKEN: _check_unknown,
    getattr(tokenize, "FSTRING_START", tokenize.STRING): _check_string,
}


def _check_look_alikes(reading: Reading) -> None:
    pair = look_alikes(reading.spellings)
    if pair is None:
        return
    first, second = pair
    same = folded(first) == folded(second)
    raise LanguageError(
        f"'{first}' and '{second}' "
        + ("are one name to Python" if same else "look alike but are two names"),
        "spell both the same, or choose two names that can be told apart",
        reading.spellings.get(second) or next(reversed(reading.spellings.values())),
    )
