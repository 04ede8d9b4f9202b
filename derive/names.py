"""One reversible table: a name of the text, its LaTeX, its Unicode form, its Python identifier.

A name is read once into a `Symbol` (letters, accents, scripts).  All printed forms come from the
symbol, so that they agree; the Python identifier comes from the name.  `name_table` reads a whole
list of names and refuses two that would print alike, which is what makes every column reversible.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from derive.errors import DeriveError

Style = Literal["italic", "upright", "bold", "calligraphic"]


@dataclass(frozen=True)
class Letters:
    """A letter, a word or digits in one style; Greek letters stand as themselves."""

    text: str
    style: Style


@dataclass(frozen=True)
class Accented:
    """`body` under an accent of `ACCENTS`."""

    accent: str
    body: Symbol


@dataclass(frozen=True)
class Scripted:
    """`body` with a subscript, a superscript, or both."""

    body: Symbol
    subscript: Symbol | None = None
    superscript: Symbol | None = None


@dataclass(frozen=True)
class Sequence:
    """Symbols side by side, as in the subscript of x₁,₂."""

    parts: tuple[Symbol, ...]


Symbol = Letters | Accented | Scripted | Sequence


@dataclass(frozen=True)
class NameRow:
    """One row of the table."""

    name: str
    symbol: Symbol
    latex: str
    unicode: str
    python: str


# word, letter, LaTeX command.  The open epsilon and phi are the glyphs of ε and φ.
_GREEK_ROWS = """
alpha α alpha, beta β beta, gamma γ gamma, delta δ delta, epsilon ε varepsilon, zeta ζ zeta,
eta η eta, theta θ theta, iota ι iota, kappa κ kappa, lambda λ lambda, mu μ mu, nu ν nu, xi ξ xi,
pi π pi, rho ρ rho, sigma σ sigma, varsigma ς varsigma, tau τ tau, upsilon υ upsilon, phi φ varphi,
chi χ chi, psi ψ psi, omega ω omega, Gamma Γ Gamma, Delta Δ Delta, Theta Θ Theta, Lambda Λ Lambda,
Xi Ξ Xi, Pi Π Pi, Sigma Σ Sigma, Upsilon Υ Upsilon, Phi Φ Phi, Psi Ψ Psi, Omega Ω Omega, ell ℓ ell
"""
_ROWS = tuple(row.split() for row in _GREEK_ROWS.replace("\n", " ").split(","))
LETTER_OF_WORD = {word: letter for word, letter, _ in _ROWS} | {"eps": "ε"}
WORD_OF_LETTER = {letter: word for word, letter, _ in _ROWS} | {"\N{MICRO SIGN}": "mu"}
COMMAND_OF_LETTER = {letter: command for _, letter, command in _ROWS}
LETTER_OF_COMMAND = {command: letter for _, letter, command in _ROWS} | {"epsilon": "ε", "phi": "φ"}

# The word in a name and the LaTeX command are the same; the mark combines in Unicode.
ACCENTS = {"hat": "\u0302", "bar": "\u0304", "tilde": "\u0303", "dot": "\u0307", "vec": "\u20d7"}
ACCENT_OF_MARK = {mark: word for word, mark in ACCENTS.items()} | {"\u0305": "bar"}
# Over more than one letter LaTeX needs the stretching forms.
WIDE_ACCENTS = {"hat": "widehat", "tilde": "widetilde", "bar": "overline"}

STYLE_OF_COMMAND: dict[str, Style]
STYLE_OF_COMMAND = {"mathbf": "bold", "mathrm": "upright", "mathcal": "calligraphic"}
COMMAND_OF_STYLE = {style: command for command, style in STYLE_OF_COMMAND.items()}

SUBSCRIPT_DIGITS = str.maketrans("0123456789-−", "₀₁₂₃₄₅₆₇₈₉₋₋")
SUPERSCRIPT_DIGITS = str.maketrans("0123456789-−", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻")

# A fixed list, so that no version of Python changes what is generated.
_BUILTINS = """
abs aiter all anext any ascii bin bool breakpoint bytearray bytes callable chr classmethod compile
complex delattr dict dir divmod enumerate eval exec exit filter float format frozenset getattr
globals hasattr hash help hex id input int isinstance issubclass iter len list locals map max
memoryview min next object oct open ord pow print property quit range repr reversed round set
setattr slice sorted staticmethod str sum super tuple type vars zip match case sliding_window_view
"""
RESERVED = frozenset(_BUILTINS.split()) | {"np", "math", "params", "grads", "state"}


@lru_cache(maxsize=4096)
def symbol(name: str) -> Symbol:
    """The symbol that a name of the model text prints as.

    A digit behind a name, and a small letter behind a capital, are subscripts: w1, Wq.

    >>> unicode_name("y_hat"), unicode_name("lambda_"), unicode_name("w1"), unicode_name("Wq")
    ('ŷ', 'λ', 'w₁', 'W_q')
    """
    base, *words = [part for part in _spell(name).split("_") if part] or [name]
    scripts: list[str] = []
    joined = re.fullmatch(r"(\D+)(\d+)|([A-Z])([a-z])", base)
    if joined and base not in LETTER_OF_WORD:
        base, script = (part for part in joined.groups() if part)
        scripts.append(script)
    # Words after a word belong to it (log_p); after a letter they are its subscript (W_out).
    while words and not scripts and _is_word(base) and _is_plain(words[0]):
        base = f"{base} {words.pop(0)}"
    body: Symbol = _letters(base)
    for word in words:
        if word in ACCENTS and not scripts:
            body = Accented(word, body)
        else:
            scripts.append(word)
    if not scripts:
        return body
    return Scripted(body, _listed(tuple(_letters(script) for script in scripts)))


def _is_word(text: str) -> bool:
    return len(text) > 1 and text not in LETTER_OF_WORD


def _is_plain(text: str) -> bool:
    return text not in ACCENTS and not text.isdecimal()


def _spell(name: str) -> str:
    """`name` with its combining marks and Greek letters written out: ŷ as y_hat, ω₁ as omega_1."""
    spelled = ""
    for letter in unicodedata.normalize("NFD", name):
        mark = ACCENT_OF_MARK.get(letter)
        if spelled.endswith(tuple(f"_{word}" for word in ACCENTS)) and letter != "_" and not mark:
            spelled += "_"
        spelled += f"_{mark}" if mark else WORD_OF_LETTER.get(letter, letter)
    return unicodedata.normalize("NFC", spelled)


def _letters(text: str) -> Letters:
    text = LETTER_OF_WORD.get(text, text)
    return Letters(text, "italic" if len(text) == 1 and text.isalpha() else "upright")


def _listed(parts: tuple[Symbol, ...]) -> Symbol:
    """The parts with commas between them."""
    if len(parts) == 1:
        return parts[0]
    comma = Letters(",", "upright")
    spread = [part for pair in zip(parts, [comma] * len(parts), strict=True) for part in pair]
    return Sequence(tuple(spread[:-1]))


def latex_symbol(form: Symbol) -> str:
    """The LaTeX of a symbol, for use in mathematics."""
    match form:
        case Letters(text, style):
            return _latex_letters(text, style)
        case Accented(accent, body):
            narrow = isinstance(body, Letters) and len(body.text) == 1
            command = accent if narrow else WIDE_ACCENTS.get(accent, accent)
            return f"\\{command}{{{latex_symbol(body)}}}"
        case Scripted(body, below, above):
            lower = latex_script("_", latex_symbol(below)) if below else ""
            upper = latex_script("^", latex_symbol(above)) if above else ""
            return latex_symbol(body) + lower + upper
        case Sequence(parts):
            return "".join(_separate(latex_symbol(part)) for part in parts).rstrip()
    raise TypeError(f"latex_symbol: unknown symbol {type(form).__name__}")


def latex_script(sign: str, script: str) -> str:
    """`script` below (_) or above (^), in braces where it is more than one character."""
    return sign + (script if len(script) == 1 else f"{{{script}}}")


def _separate(command: str) -> str:
    """A space after a command that would swallow the letter behind it."""
    return command + " " if re.search(r"\\[A-Za-z]+\Z", command) else command


def _latex_letters(text: str, style: Style) -> str:
    if text in COMMAND_OF_LETTER:
        return "\\" + COMMAND_OF_LETTER[text]
    if not text.isascii():
        return rf"\text{{{text}}}"
    if style == "italic" or text == "," or (text.isdecimal() and style == "upright"):
        return text
    return rf"\{COMMAND_OF_STYLE[style]}{{{text.replace(' ', chr(92) + ' ').replace('_', '-')}}}"


def unicode_symbol(form: Symbol) -> str:
    """The symbol on one line: ŷ, w₁, W_out."""
    match form:
        case Letters(text, style):
            return styled(text, style).replace(" ", "_")
        case Accented(accent, body):
            shown = unicode_symbol(body)
            if isinstance(body, Letters) and len(body.text) > 1:
                return f"{shown}_{accent}"
            return unicodedata.normalize("NFC", shown + ACCENTS[accent])
        case Scripted(body, below, above):
            lower = _unicode_script(below, "_", SUBSCRIPT_DIGITS)
            upper = _unicode_script(above, "^", SUPERSCRIPT_DIGITS)
            return unicode_symbol(body) + lower + upper
        case Sequence(parts):
            return "".join(unicode_symbol(part) for part in parts)
    raise TypeError(f"unicode_symbol: unknown symbol {type(form).__name__}")


def _unicode_script(script: Symbol | None, sign: str, digits: dict[int, int]) -> str:
    if script is None:
        return ""
    text = unicode_symbol(script)
    return text.translate(digits) if text.isdecimal() else sign + text


def styled(text: str, style: Style) -> str:
    """Bold and calligraphic letters by code point; other styles leave the text alone.

    >>> styled("x", "bold"), styled("L", "calligraphic"), styled("x", "italic")
    ('𝐱', 'ℒ', 'x')
    """
    name = {"bold": "MATHEMATICAL BOLD", "calligraphic": "MATHEMATICAL SCRIPT"}.get(style)
    return "".join(_code_point(letter, name) for letter in text) if name else text


def _code_point(letter: str, name: str) -> str:
    kind = "DIGIT" if letter.isdecimal() else "SMALL" if letter.islower() else "CAPITAL"
    word = unicodedata.name(letter).rsplit(" ", 1)[-1]
    for full in (f"{name} {kind} {word}", f"SCRIPT {kind} {word}"):
        try:
            return unicodedata.lookup(full)
        except KeyError:
            continue
    return letter


def latex_name(name: str) -> str:
    r"""The LaTeX of a name.

    >>> latex_name("y_hat"), latex_name("ω"), latex_name("loss"), latex_name("beta_1")
    ('\\hat{y}', '\\omega', '\\mathrm{loss}', '\\beta_1')
    """
    return latex_symbol(symbol(name))


def unicode_name(name: str) -> str:
    """The Unicode form of a name, on one line."""
    return unicode_symbol(symbol(name))


def python_name(name: str, reserved: Iterable[str] = RESERVED) -> str:
    """An identifier for `name`: Greek and accents spelled, an underscore behind a reserved word.

    >>> python_name("ŷ"), python_name("λ"), python_name("np"), python_name("w_1")
    ('y_hat', 'lambda_', 'np_', 'w_1')
    """
    spelled = name if name.isascii() else _spell(name)
    blocked = keyword.iskeyword(spelled) or spelled in frozenset(reserved)
    return spelled + "_" if blocked else spelled


def python_names(names: Iterable[str], reserved: Iterable[str] = RESERVED) -> dict[str, str]:
    """An identifier for each name, all different.  A name that is its own identifier keeps it.

    >>> python_names(["omega", "ω", "np", "np_"])
    {'omega': 'omega', 'ω': 'omega_', 'np': 'np__', 'np_': 'np_'}
    """
    reserved, ordered = frozenset(reserved), tuple(dict.fromkeys(names))
    found = {name: name for name in ordered if python_name(name, reserved) == name}
    taken = set(found)
    for name in ordered:
        if name not in found:
            identifier = python_name(name, reserved)
            while identifier in taken or identifier in reserved:
                identifier += "_"
            taken.add(identifier)
            found[name] = identifier
    return {name: found[name] for name in ordered}


def name_table(
    names: Iterable[str], given: Mapping[str, str] | None = None, reserved: Iterable[str] = RESERVED
) -> tuple[NameRow, ...]:
    """The rows for all `names`; `given` holds the LaTeX that the author chose for some of them.

    Raises `DeriveError` where two names would print alike, or where given LaTeX is not a symbol.
    """
    given, rows = given or {}, []
    for name, identifier in python_names(names, reserved).items():
        form = read_latex(given[name]) if name in given else symbol(name)
        rows.append(NameRow(name, form, latex_symbol(form), unicode_symbol(form), identifier))
    first: dict[str, NameRow] = {}
    for row in rows:
        for printed in dict.fromkeys((row.latex, row.unicode)):
            other = first.setdefault(printed, row)
            if other is not row:
                raise DeriveError(
                    f"'{other.name}' and '{row.name}' would both be printed as {row.unicode}",
                    "rename one of them, or give one of them another symbol",
                )
    return tuple(rows)


_TOKEN = re.compile(r"\\[A-Za-z]+|[A-Za-z0-9,_^{}]")


def read_latex(text: str) -> Symbol:
    r"""Read an author's LaTeX for a name: letters, digits, Greek, accents, styles and scripts.

    Anything else is refused with a `DeriveError`, so that no other command reaches a document.

    >>> unicode_symbol(read_latex(r"\hat{\beta}_1")), unicode_symbol(read_latex(r"\mathcal{L}"))
    ('β̂₁', 'ℒ')
    """
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != re.sub(r"\s", "", text) or len(tokens) > 40:
        raise _refused(text, "it has characters that do not belong into a symbol")
    form, rest = _read_sequence(tokens, text)
    if rest:
        raise _refused(text, "a brace closes that was not opened")
    return form


def _refused(text: str, why: str) -> DeriveError:
    cure = r"use letters, digits, Greek, \hat \bar \tilde \dot \vec \mathbf \mathrm \mathcal _ ^"
    return DeriveError(f"'{text[:60]}' cannot be the symbol of a quantity: {why}", cure)


def _read_sequence(tokens: list[str], text: str) -> tuple[Symbol, list[str]]:
    parts = []
    while tokens and tokens[0] != "}":
        part, tokens = _read_scripted(tokens, text)
        parts.append(part)
    if not parts:
        raise _refused(text, "something is empty")
    return (parts[0] if len(parts) == 1 else Sequence(tuple(parts))), tokens


def _read_scripted(tokens: list[str], text: str) -> tuple[Symbol, list[str]]:
    body, tokens = _read_one(tokens, text)
    scripts: dict[str, Symbol] = {}
    while tokens and tokens[0] in ("_", "^"):
        sign = tokens[0]
        if sign in scripts:
            raise _refused(text, f"two scripts are joined by '{sign}'")
        scripts[sign], tokens = _read_one(tokens[1:], text)
    if not scripts:
        return body, tokens
    return Scripted(body, scripts.get("_"), scripts.get("^")), tokens


def _read_one(tokens: list[str], text: str) -> tuple[Symbol, list[str]]:
    """A letter, a command with its argument, or a group in braces."""
    if not tokens:
        raise _refused(text, "something is missing at its end")
    token, rest = tokens[0], tokens[1:]
    if token == "{":
        form, rest = _read_sequence(rest, text)
        if not rest:
            raise _refused(text, "a brace is not closed")
        return form, rest[1:]
    if not token.startswith("\\"):
        if token in "_^}":
            raise _refused(text, f"'{token}' stands where a letter should")
        return Letters(token, "italic" if token.isalpha() else "upright"), rest
    command = token[1:]
    if command in LETTER_OF_COMMAND:
        return Letters(LETTER_OF_COMMAND[command], "italic"), rest
    if command not in ACCENTS and command not in STYLE_OF_COMMAND:
        raise _refused(text, f"'{token}' is not one of the commands it may use")
    body, rest = _read_one(rest, text)
    if command in ACCENTS:
        return Accented(command, body), rest
    return Letters(_plain(body, text), STYLE_OF_COMMAND[command]), rest


def _plain(form: Symbol, text: str) -> str:
    """The Latin letters and digits that a style is applied to."""
    parts = form.parts if isinstance(form, Sequence) else (form,)
    letters = [part.text for part in parts if isinstance(part, Letters) and part.text.isascii()]
    if len(letters) != len(parts):
        raise _refused(text, "only Latin letters and digits can be bold, upright or calligraphic")
    return "".join(letters)
