"""From a layout to what it says: operators, their order, brackets, ranges, as a person reads them.

The layout is what the printers print.  It is read by the rules of mathematical writing alone: a
product binds more tightly than a sum, a big operator reaches as far as its product does, a bar
divides all that stands above it by all that stands below.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction as Rational

from derive.errors import DeriveError
from derive.names import Letters, Symbol
from derive.printed.expressions import (
    Applied,
    Bracket,
    Cases,
    Chain,
    Count,
    Differentiated,
    Expression,
    General,
    Grid,
    Identity,
    Joined,
    Named,
    Numeral,
    Ones,
    Part,
    Power,
    Product,
    Quotient,
    Ranged,
    Sized,
    Slope,
    Sum,
    Transposed,
)
from derive.typeset import layout as print_

MINUS, TIMES, DOT, APPLY = print_.MINUS, print_.TIMES, print_.DOT, print_.APPLY
RELATIONS = frozenset("=≠<≤>≥")
SIGNS_OF_PRODUCTS = {TIMES: "×", DOT: "×"}
ONES = Letters("1", "bold")
IDENTITY = Letters("I", "upright")
FENCES = {("|", "|"): "abs", ("⌊", "⌋"): "floor", ("⌈", "⌉"): "ceil"}


class Unreadable(DeriveError):
    """A layout that says nothing to a reader who knows the notation."""


def read(layout: print_.Layout) -> Expression:
    """The expression or condition that a layout is.

    >>> from derive.typeset.layout import NumberText, Operator, row
    >>> one, two = NumberText("1"), NumberText("2")
    >>> read(row(Operator(MINUS, "prefix"), one, Operator("+"), two))
    Sum(parts=((True, Numeral(value=Fraction(1, 1))), (False, Numeral(value=Fraction(2, 1)))))
    """
    return Line(items_of(layout)).whole()


def equations_of(layout: print_.Layout) -> list[tuple[list[Expression], list[str]]]:
    """The equations that a display holds: their sides, and the relations between these."""
    found: list[tuple[list[Expression], list[str]]] = []
    for items in _split(items_of(layout), _ends_equation):
        sides = _split(items, lambda item: _sign(item) in ("=", "←"))
        signs = [sign for item in items if (sign := _sign(item)) in ("=", "←")]
        found.append(([Line(side).whole() for side in sides], signs))
    return found


def _split(
    items: list[print_.Layout], ends: Callable[[print_.Layout], bool]
) -> list[list[print_.Layout]]:
    found: list[list[print_.Layout]] = [[]]
    for item in items:
        if ends(item):
            found.append([])
        elif not isinstance(item, print_.Space):
            found[-1].append(item)
    return found


def _ends_equation(item: print_.Layout) -> bool:
    return _sign(item) == ","


def items_of(layout: print_.Layout) -> list[print_.Layout]:
    """What stands side by side: colours and the brackets of another form are not seen."""
    match layout:
        case print_.Row(items):
            return [inner for item in items for inner in items_of(item)]
        case print_.Group(body) | print_.Marked(_, body):
            return items_of(body)
        case print_.Aligned(lines):
            return [inner for line in lines for cell in line for inner in items_of(cell)]
    return [layout]


def _sign(item: print_.Layout | None) -> str:
    return item.sign if isinstance(item, print_.Operator) else ""


class Line:
    """What stands side by side, read from left to right."""

    def __init__(self, items: list[print_.Layout]) -> None:
        self.items = items
        self.at = 0

    @property
    def next(self) -> print_.Layout | None:
        """The next item, None at the end."""
        return self.items[self.at] if self.at < len(self.items) else None

    def take(self) -> print_.Layout:
        """The next item, which is then behind us."""
        item = self.next
        if item is None:
            raise Unreadable("a formula ends too early", "complete it")
        self.at += 1
        return item

    def whole(self) -> Expression:
        """All of the line."""
        found = self.either()
        if self.next is not None:
            raise Unreadable(f"{self.next!r} does not fit behind what it follows", "mend the print")
        return found

    # --- conditions ---

    def either(self) -> Expression:
        """Conditions with ∨ between them."""
        return self._joined("∨", self.both)

    def both(self) -> Expression:
        """Conditions with ∧ or a comma between them."""
        return self._joined("∧", self.chain)

    def _joined(self, sign: str, one: Callable[[], Expression]) -> Expression:
        found = [one()]
        while _sign(self.next) == sign or (sign == "∧" and _sign(self.next) == ","):
            self.take()
            found.append(one())
        return found[0] if len(found) == 1 else Joined(sign, tuple(found))

    def chain(self) -> Expression:
        """A sum, or several with relations between them."""
        if _sign(self.next) == "¬":
            self.take()
            return Joined("¬", (self.factor(),))
        sides, relations = [self.sum()], []
        while _sign(self.next) in RELATIONS:
            relations.append(_sign(self.take()))
            sides.append(self.sum())
        return Chain(tuple(sides), tuple(relations)) if relations else sides[0]

    # --- arithmetic ---

    def sum(self) -> Expression:
        """Products with + and − between them, perhaps with a sign before the first."""
        parts: list[tuple[bool, Expression]] = []
        while True:
            negative = _sign(self.next) == MINUS
            if negative or (parts and _sign(self.next) == "+"):
                self.take()
            parts.append((negative, self.entrywise()))
            if _sign(self.next) not in ("+", MINUS):
                break
        return parts[0][1] if parts == [(False, parts[0][1])] else Sum(tuple(parts))

    def entrywise(self) -> Expression:
        """Products with ∘ between them, or ⊗."""
        found = [self.product()]
        sign = _sign(self.next)
        while sign in ("∘", "⊗") and _sign(self.next) == sign:
            self.take()
            found.append(self.product())
        return found[0] if len(found) == 1 else Product(tuple(found), sign)

    def product(self) -> Expression:
        """Factors side by side, or a window and what it is laid on: K ⋆ X, K ∗ X.

        A slash divides what stands before it by one factor.
        """
        found = self.factor()
        while _sign(self.next) in (TIMES, DOT, "/"):
            if _sign(self.take()) == "/":
                found = Quotient(found, self.factor())
                continue
            before = found.factors if isinstance(found, _Open) else (found,)
            found = _Open((*before, self.factor()))
        found = Product(found.factors) if isinstance(found, _Open) else found
        sign = _sign(self.next)
        if sign in ("⋆", "∗"):
            self.take()
            return Product((found, self.product()), sign)
        return found

    def factor(self) -> Expression:
        """One factor; a big operator is a factor together with all that it reaches."""
        item = self.take()
        match item:
            case print_.BigOperator():
                return self._ranged(item)
            case print_.FunctionName(word) if _sign(self.next) == APPLY:
                self.take()
                return Applied(word, self._arguments())
            case print_.Fraction(print_.Operator("∂"), below):
                (wrt,) = _variables(items_of(below))
                if _sign(self.take()) != APPLY:
                    raise Unreadable("∂/∂w stands before nothing", "say what is differentiated")
                return Differentiated(wrt, read(self.take()))
        return _single(item)

    def _arguments(self) -> tuple[Expression, ...]:
        """What is in the brackets behind a word, or else the rest of the product."""
        match self.next:
            case print_.Fenced("(", body, ")"):
                self.take()
                return tuple(Line(part).whole() for part in _split(items_of(body), _ends_equation))
        return (self.product(),)

    def _ranged(self, item: print_.BigOperator) -> Expression:
        letter = read(item.index)
        assert isinstance(letter, Named)
        conditions = tuple(map(read, item.conditions))
        return Ranged(
            item.sign, letter.symbol, read(item.first), read(item.last), conditions, self.product()
        )


class _Open(Product):
    """A product to which the next factor belongs as well."""


def _single(item: print_.Layout) -> Expression:
    """What stands for itself."""
    match item:
        case print_.NumberText(text):
            return Numeral(Rational(text))
        case print_.Identifier(symbol):
            return _symbol(symbol)
        case print_.FunctionName("I"):
            return Identity()
        case print_.Fenced():
            return _fenced(item)
        case print_.Fraction(above, below):
            return _fraction(items_of(above), items_of(below))
        case print_.Raised(base, above):
            return _raised(base, items_of(above))
        case print_.Subscripted(base, subscripts):
            return _subscripted(base, tuple(map(read, subscripts)))
        case print_.Shaped(body, shape):
            sizes = _split(items_of(shape), lambda part: _sign(part) == "×")
            return Sized(read(body), tuple(Line(size).whole() for size in sizes))
        case print_.Root(body):
            return Applied("sqrt", (read(body),))
        case print_.Cases(rows):
            return Cases(tuple((read(value), read(condition)) for value, condition in rows))
        case print_.Matrix(rows):
            return Grid(tuple(tuple(map(read, line)) for line in rows))
    raise Unreadable(f"{item!r} is no factor", "mend the print")


def _symbol(symbol: Symbol) -> Expression:
    if symbol == ONES:
        return Ones()
    return Identity() if symbol == IDENTITY else Named(symbol)


def _fenced(item: print_.Fenced) -> Expression:
    match item.opening, item.body:
        case "|", print_.Fenced("{", inside, "}"):
            before, behind = _split(items_of(inside), lambda part: _sign(part) == ":")
            letters = [_single(part) for part in before if _sign(part) != ","]
            symbols = tuple(letter.symbol for letter in letters if isinstance(letter, Named))
            return Count(symbols, (Line(behind).whole(),))
    body = read(item.body)
    if item.opening == "[" and isinstance(body, Chain | Joined):
        return Bracket(body)
    word = FENCES.get((item.opening, item.closing))
    return body if word is None else Applied(word, (body,))


def _fraction(above: list[print_.Layout], below: list[print_.Layout]) -> Expression:
    if not _is_partial(above[0]):
        return Quotient(Line(above).whole(), Line(below).whole())
    of = Line(above[1:]).whole()
    if not isinstance(of, Named | Slope):
        raise Unreadable("∂ stands before what is no name", "mend the print")
    wrt = _variables(below)
    order = len(wrt)
    match above[0]:
        case print_.Raised(_, print_.NumberText(text)):
            order = int(text)
    if order != len(wrt) or (order > 1) == (above[0] == print_.Operator("∂", "ordinary")):
        raise Unreadable(f"a derivative of order {order} by {len(wrt)} names", "mend the print")
    return Slope(of, wrt)


def _is_partial(item: print_.Layout) -> bool:
    return _sign(item.base if isinstance(item, print_.Raised) else item) == "∂"


def _variables(items: list[print_.Layout]) -> tuple[Named | Slope, ...]:
    """The names below a derivative: ∂w ∂b, and ∂w² for the same one twice."""
    found: list[Named | Slope] = []
    for part in _split(items, _is_partial)[1:]:
        (item,) = [one for one in part if _sign(one) != TIMES]
        times = 1
        match item:
            case print_.Raised(base, print_.NumberText(text)):
                item, times = base, int(text)
        name = read(item)
        if not isinstance(name, Named | Slope):
            raise Unreadable("a derivative by what is no name", "mend the print")
        found += [name] * times
    return tuple(found)


def _raised(base: print_.Layout, above: list[print_.Layout]) -> Expression:
    inner = read(base)
    match [_sign(item) for item in above]:
        case ["⊤"]:
            return Transposed(inner)
        case [sign, "⊤"] if sign == MINUS:
            return Transposed(Power(inner, Numeral(Rational(-1))))
    return Power(inner, Line(above).whole())


def _subscripted(base: print_.Layout, subscripts: tuple[Expression, ...]) -> Expression:
    letters = tuple(part.symbol for part in subscripts if isinstance(part, Named))
    match read(base):
        case entry if isinstance(base, print_.Fenced) and base.opening == "[":
            return General(letters, entry)
        case Named(symbol, ()):
            return Named(symbol, subscripts)
        case Identity():
            return Identity(*subscripts)
        case whole:
            return Part(whole, subscripts)
