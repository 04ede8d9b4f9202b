"""Terms become layout: the one place where brackets, signs and joints between factors are decided.

Every construction has a level, from a condition up to an atom, and is put in brackets where it
stands in a place of a higher level.  Order and form are the author's.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from derive.conditions import opposite
from derive.names import Scripted, symbol
from derive.terms import (
    ONE,
    Add,
    AllOf,
    AnyOf,
    Call,
    Choice,
    Compare,
    Condition,
    Constant,
    Divide,
    Entry,
    FloorDivide,
    Index,
    IndexValue,
    LinearAlgebra,
    Multiply,
    Negate,
    Node,
    Not,
    Number,
    Partial,
    Power,
    Reduction,
    Relation,
    Size,
    Term,
    free_indices,
    is_one,
)
from derive.typeset.counting import count_from_one
from derive.typeset.functions import layout_function
from derive.typeset.guards import NodeT, with_brackets
from derive.typeset.layout import (
    APPLY,
    DOT,
    MINUS,
    BigOperator,
    Cases,
    Fenced,
    Fraction,
    FunctionName,
    Group,
    Identifier,
    Layout,
    Marked,
    NumberText,
    Operator,
    Raised,
    Row,
    bracketed,
    is_integer,
    listed,
    product,
    row,
)
from derive.typeset.levels import Level, ends_open, is_fraction, is_indicator, level, without_sign
from derive.typeset.linear import layout_linear_algebra
from derive.typeset.ranges import by_ranges
from derive.typeset.symbols import PARTIAL_SIGN, Notation, name_layout

SIGNS: dict[Relation, str] = {"==": "=", "!=": "≠", "<": "<", "<=": "≤", ">": ">", ">=": "≥"}
BIG_SIGNS = {"sum": "∑", "mean": "∑", "logsumexp": "∑", "prod": "∏"}


def layout(node: Node, notation: Notation) -> Layout:
    """The layout of a term or a condition, with indices that count from 1.

    `notation.letters` holds a letter for every index of `node` that is printed (`choose_letters`).

    >>> from derive.terms import ZERO, Quantity
    >>> from derive.typeset.unicode import unicode
    >>> i, n = Index(Size("n")), Size("n")
    >>> entry = Entry(Quantity("X", (n, n)), (IndexValue(i), ZERO))
    >>> unicode(layout(Negate(Add((entry, ONE))), Notation({i: "i"})))
    '−(X[i, 1] + 1)'
    """
    marks = {_printed(term): key for term, key in notation.marks.items()}
    notation = replace(notation, marks=marks)
    ranges = by_ranges(node) if isinstance(node, Term) else None
    if ranges is not None:
        return Cases(tuple((_top(value, notation), _top(when, notation)) for when, value in ranges))
    return _top(node, notation)


def _top(node: Node, notation: Notation) -> Layout:
    return _layout(_printed(node), notation)


def _printed(node: NodeT) -> NodeT:
    """`node` as it is printed: counted from one, guards inside it as brackets."""
    return with_brackets(count_from_one(node))


def _layout(node: Node, notation: Notation) -> Layout:
    if isinstance(node, Term) and node in notation.marks:
        return Marked(notation.marks[node], _form(node, notation))
    return _form(node, notation)


def _form(node: Node, notation: Notation) -> Layout:
    match node:
        case Condition():
            return _condition(node, notation)
        case Constant(name) | Size(name):
            return name_layout(name, notation)
        case IndexValue(index):
            return _index(index, notation)
        case Entry():
            return _entry(node, notation)
        case Add(terms):
            return _add(terms, notation)
        case Multiply() | Divide() | Number() if (positive := without_sign(node)) is not None:
            return row(Operator(MINUS, "prefix"), _form(positive, notation))
        case Number():
            return _number(node, notation)
        case Multiply(factors):
            return _multiply(factors, notation)
        case Negate(term):
            return row(Operator(MINUS, "prefix"), _at(Level.PRODUCT, term, notation))
        case Divide(numerator, denominator):
            return _divide(numerator, denominator, notation)
        case FloorDivide(numerator, denominator):
            return Fenced("⌊", _divide(numerator, denominator, notation), "⌋")
        case Power(base, exponent):
            return _power(base, exponent, notation)
        case Call(function, arguments):
            shown = (_layout(argument, notation) for argument in arguments)
            return layout_function(function, *shown)
        case Reduction():
            return _reduction(node, notation)
        case LinearAlgebra():
            return layout_linear_algebra(node, notation, _layout)
        case Choice(condition) if is_indicator(node):
            return Fenced("[", _layout(condition, notation), "]")
        case Choice():
            return _cases(node, notation)
        case Partial(of, wrt):
            return _partial(of, wrt, notation)
    raise TypeError(f"layout: unknown node {type(node).__name__}")


def _at(place: Level, node: Node, notation: Notation) -> Layout:
    """`node` in a place of a level, in brackets where its own is lower."""
    shown = _layout(node, notation)
    if level(node) >= place:
        return shown
    # A fraction bar separates by itself; only the slash of the one-line form needs brackets.
    if isinstance(node, Term) and is_fraction(node) and place < Level.ATOM and not notation.inline:
        return Group(shown)
    return bracketed(shown)


# --- leaves -------------------------------------------------------------------------------------


def _number(term: Number, notation: Notation) -> Layout:
    if term.text is None:
        above, below = (NumberText(str(part)) for part in term.value.as_integer_ratio())
        return above if term.value.denominator == 1 else _over(above, below, notation)
    mantissa, _, exponent = term.text.lower().replace("_", "").partition("e")
    if not exponent:
        return NumberText(mantissa)
    digits = NumberText(str(abs(int(exponent))))
    raised = digits if int(exponent) >= 0 else row(Operator(MINUS, "prefix"), digits)
    power = Raised(NumberText("10"), raised)
    return power if float(mantissa) == 1 else row(NumberText(mantissa), Operator(DOT), power)


def _index(index: Index, notation: Notation) -> Layout:
    return Identifier(symbol(notation.letters[index]))


def _entry(entry: Entry, notation: Notation) -> Layout:
    """An entry; axes of literal size one carry no subscript."""
    inner = replace(notation, inline=True)
    axes = zip(entry.quantity.shape, entry.subscripts, strict=False)
    shown = tuple(None if is_one(size) else _layout(subscript, inner) for size, subscript in axes)
    return name_layout(entry.quantity.name, notation, shown)


# --- arithmetic ---------------------------------------------------------------------------------


def _add(terms: tuple[Term, ...], notation: Notation) -> Layout:
    first, *others = terms
    items = [_at(Level.SUM, first, notation)]
    for term in others:
        positive = None if term in notation.marks else without_sign(term)
        items.append(Operator("+" if positive is None else MINUS))
        items.append(_at(Level.PRODUCT, term if positive is None else positive, notation))
    return row(*items)


def _multiply(factors: tuple[Term, ...], notation: Notation) -> Layout:
    """Factors side by side; a dot joins a group, that is a product inside the product."""
    if not factors:
        return NumberText("1")
    shown = [
        _factor(factor, place == 0, place == len(factors) - 1, notation)
        for place, factor in enumerate(factors)
    ]
    dotted = [_is_group(left) or _is_group(right) for left, right in pairwise(factors)]
    return product(*shown, dotted=dotted)


def _factor(term: Term, first: bool, last: bool, notation: Notation) -> Layout:
    if ends_open(term) and not last:
        return _at(Level.ATOM, term, notation)
    if isinstance(term, Multiply):
        dotted = any(_is_group(factor) for factor in term.factors)
        return _at(Level.ATOM if dotted and not first else Level.PRODUCT, term, notation)
    return _at(Level.PRODUCT if isinstance(term, Reduction) else Level.FACTOR, term, notation)


def _is_group(term: Term) -> bool:
    return isinstance(term, Multiply) and len(term.factors) > 1


def _divide(numerator: Term, denominator: Term, notation: Notation) -> Layout:
    if isinstance(numerator, Entry) and is_fraction(numerator) and not notation.inline:
        # A gradient is a fraction already: 1/m ∂C/∂μ, no fraction over a fraction.
        return _layout(Multiply((Divide(ONE, denominator), numerator)), notation)
    above, below = _layout(numerator, notation), _layout(denominator, notation)
    wrap = bracketed if notation.inline else Group
    loose = level(numerator) < Level.PRODUCT or ends_open(numerator) or is_fraction(numerator)
    if loose or _is_dotted(above):
        above = wrap(above)
    if level(denominator) < Level.FACTOR or is_fraction(denominator):
        below = wrap(below)
    return _over(above, below, notation)


def _is_dotted(shown: Layout) -> bool:
    return isinstance(shown, Row) and Operator(DOT) in shown.items


def _over(above: Layout, below: Layout, notation: Notation) -> Layout:
    """One layout over the other, or before it with a slash."""
    if notation.inline:
        return row(above, Operator("/", "ordinary"), below)
    return Fraction(above, below)


def _power(base: Term, exponent: Term, notation: Notation) -> Layout:
    raised = _layout(exponent, replace(notation, inline=True))
    if not isinstance(raised, Identifier | NumberText) and not is_integer(raised):
        raised = Group(raised)
    body = _at(Level.ATOM, base, notation)
    if isinstance(body, Identifier) and isinstance(body.symbol, Scripted):
        body = bracketed(body) if body.symbol.superscript else body
    return Raised(body, raised)


def _partial(of: Term, wrt: Entry, notation: Notation) -> Layout:
    """∂of/∂wrt; what is not a single entry stands behind the fraction, in brackets."""
    below = row(PARTIAL_SIGN, _layout(wrt, notation))
    if isinstance(of, Entry) and not is_fraction(of):
        return Fraction(row(PARTIAL_SIGN, _layout(of, notation)), below)
    inner = _layout(of, notation)
    return row(Fraction(PARTIAL_SIGN, below), Operator(APPLY, "infix"), bracketed(inner))


# --- reductions, choices, conditions ------------------------------------------------------------


def _reduction(term: Reduction, notation: Notation) -> Layout:
    """The operator with the range of each index, and each condition where it can be asked."""
    indices = tuple(index for index in term.indices if not is_one(index.size))
    conditions = tuple(_layout(condition, notation) for condition in term.where)
    if not indices:
        # Nothing runs: what is left of a sum is its condition, as a factor that is 0 or 1.
        guard = Fenced("[", listed(*conditions), "]")
        return (
            guard if term.term == ONE else product(guard, _at(Level.PRODUCT, term.term, notation))
        )
    inner = replace(notation, inline=True)
    below = [_asked_at(condition, indices) for condition in term.where]
    operators = [
        BigOperator(
            BIG_SIGNS.get(term.kind, term.kind),
            _index(index, notation),
            NumberText("1"),
            _layout(index.size, inner),
            tuple(c for c, asked in zip(conditions, below, strict=True) if asked is index),
        )
        for index in indices
    ]
    body = _at(Level.PRODUCT, term.term, notation)
    if term.kind == "mean":
        return product(_one_over_count(indices, conditions, notation), row(*operators, body))
    if term.kind == "logsumexp":
        powers = layout_function("exp", _layout(term.term, notation))
        return row(FunctionName("log"), Operator(APPLY, "infix"), *operators, powers)
    return row(*operators, body)


def _asked_at(condition: Condition, indices: tuple[Index, ...]) -> Index:
    """The last of the indices that a condition reads, the last of all where it reads none."""
    read = free_indices(condition)
    return next((index for index in reversed(indices) if index in read), indices[-1])


def _one_over_count(
    indices: tuple[Index, ...], conditions: tuple[Layout, ...], notation: Notation
) -> Layout:
    if conditions:
        letters = listed(*(_index(index, notation) for index in indices))
        kept = row(letters, Operator(":"), listed(*conditions))
        return Group(Fraction(NumberText("1"), Fenced("|", Fenced("{", kept, "}"), "|")))
    sizes = tuple(index.size for index in indices)
    return _at(
        Level.FACTOR, Divide(ONE, sizes[0] if len(sizes) == 1 else Multiply(sizes)), notation
    )


def _cases(choice: Choice, notation: Notation) -> Layout:
    """Each value with its condition; the last condition is the opposite of those before it."""
    rows: list[tuple[Layout, Layout]] = []
    before: tuple[Condition, ...] = ()
    rest: Term = choice
    while isinstance(rest, Choice) and rest not in notation.marks:
        rows.append(_case(rest.chosen, (*before, rest.condition), notation))
        before, rest = (*before, opposite(rest.condition)), rest.otherwise
    rows.append(_case(rest, before, notation))
    return Cases(tuple(rows))


def _case(
    value: Term, conditions: tuple[Condition, ...], notation: Notation
) -> tuple[Layout, Layout]:
    condition = conditions[0] if len(conditions) == 1 else AllOf(conditions)
    return _layout(value, notation), _layout(condition, notation)


def _condition(condition: Condition, notation: Notation) -> Layout:
    match condition:
        case Compare(relation, left, right):
            sides = (_at(Level.SUM, side, notation) for side in (left, right))
            return row(next(sides), Operator(SIGNS[relation]), next(sides))
        case AllOf(conditions):
            return _conjunction(conditions, notation)
        case AnyOf(conditions):
            return _joined("∨", Level.AND, conditions, notation)
        case Not(inner):
            return row(Operator("¬", "ordinary"), bracketed(_layout(inner, notation)))
    raise TypeError(f"layout: unknown condition {type(condition).__name__}")


def _conjunction(conditions: tuple[Condition, ...], notation: Notation) -> Layout:
    """The conditions with ∧ between them; 1 ≤ x and x < n are the chain 1 ≤ x < n."""
    items: list[Layout] = []
    before: Condition | None = None
    for condition in conditions:
        if isinstance(condition, Compare) and _continues(before, condition):
            items.append(Operator(SIGNS[condition.relation]))
            items.append(_at(Level.SUM, condition.right, notation))
        else:
            items += [Operator("∧")] if items else []
            items.append(_at(Level.COMPARISON, condition, notation))
        before = condition
    return row(*items)


def _continues(before: Condition | None, condition: Compare) -> bool:
    """Whether a comparison goes on from where the one before it ends, in the same direction."""
    rising = ("<", "<=")
    if not isinstance(before, Compare) or before.right != condition.left:
        return False
    return before.relation in rising and condition.relation in rising


def _joined(
    sign: str, place: Level, conditions: tuple[Condition, ...], notation: Notation
) -> Layout:
    items: list[Layout] = []
    for condition in conditions:
        items += [Operator(sign), _at(place, condition, notation)]
    return row(*items[1:])
