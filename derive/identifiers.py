"""Characters and names that look like others are refused, before Python folds them together.

Python reads `ﬁ` and `fi` as one name, and draws Latin a and Cyrillic а alike.  So the spelling of
every name is looked at in the source.  Characters that change the order or the look of a text
without being seen (bidirectional controls, zero-width characters) are refused everywhere, comments
included.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

# A name of this many characters still fits a line.
LONGEST_NAME = 60

# Letters of other scripts that are drawn like a Latin letter (a part of the list of UTS 39).
LATIN_LIKE_CYRILLIC = ("AaBCcEeHIiJjKMOoPpSsTXxYyVv", "АаВСсЕеНІіЈјКМОоРрЅѕТХхУуѴѵ")
LATIN_LIKE_GREEK = ("ABEHIKMNOoPTXYvZ", "ΑΒΕΗΙΚΜΝΟοΡΤΧΥνΖ")
SKELETON = {
    ord(other): latin
    for row in (LATIN_LIKE_CYRILLIC, LATIN_LIKE_GREEK)
    for latin, other in zip(*row, strict=True)
}

INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
ALLOWED_CONTROLS = frozenset("\n\t")


def unseen_character(text: str) -> int | None:
    r"""The position of the first character that cannot be seen, or that is no plain space.

    >>> unseen_character("w = 1  # \u202e ) x ("), unseen_character("w = 1")
    (9, None)
    """
    suspects = (
        position
        for position, character in enumerate(text)
        if not character.isascii() or character < " "
        if _unseen(character)
    )
    return next(suspects, None)


def _unseen(character: str) -> bool:
    category = unicodedata.category(character)
    return (category in INVISIBLE_CATEGORIES and character not in ALLOWED_CONTROLS) or (
        category == "Zs" and character != " "
    )


def visible(text: str) -> str:
    r"""`text` with a mark in the place of each character that cannot be seen.

    >>> visible("w\u200b = 1")
    'w� = 1'
    """
    return "".join("\N{REPLACEMENT CHARACTER}" if _unseen(c) else c for c in text)


def character_name(character: str) -> str:
    r"""The code point and the Unicode name of a character, for an error message.

    >>> character_name("\u202e")
    'U+202E RIGHT-TO-LEFT OVERRIDE'
    """
    return f"U+{ord(character):04X} {unicodedata.name(character, 'CONTROL CHARACTER')}"


def folded(name: str) -> str:
    """The name that Python reads for a spelling: its NFKC form."""
    return name if name.isascii() else unicodedata.normalize("NFKC", name)


def skeleton(name: str) -> str:
    r"""What a name looks like: two names with one skeleton cannot be told apart on paper.

    >>> skeleton("\N{CYRILLIC SMALL LETTER A}lpha")
    'alpha'
    """
    return folded(name).translate(SKELETON)


def look_alikes(spellings: Iterable[str]) -> tuple[str, str] | None:
    r"""The first two spellings, in reading order, that Python or a reader takes for one name.

    Two encodings of one accented letter are the same spelling.

    >>> look_alikes(["fi", "x", "\N{LATIN SMALL LIGATURE FI}"])
    ('fi', 'ﬁ')
    """
    seen: dict[str, str] = {}
    for spelling in spellings:
        composed = spelling if spelling.isascii() else unicodedata.normalize("NFC", spelling)
        first = seen.setdefault(skeleton(composed), composed)
        if first != composed:
            return first, composed
    return None
