"""The SymPy image of a term, and the way back.

SymPy decides here whether two sizes are equal and whether two scalar terms are; it never sees a
whole model.  An index becomes a symbol that is chosen once in a table, so that two terms which
share an index share its symbol.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import sympy

from derive.errors import DerivationError
from derive.terms import (
    Add,
    AllOf,
    AnyOf,
    Call,
    Choice,
    Compare,
    Condition,
    Constant,
    Derivative,
    Divide,
    Entry,
    FloorDivide,
    Index,
    IndexValue,
    Multiply,
    Name,
    Negate,
    Not,
    Number,
    Partial,
    Power,
    Reduction,
    Size,
    Term,
    rewrite,
)

Symbols = dict[Index, sympy.Symbol]

# The functions that SymPy has under its own name; any other stays an undefined function.
SYMPY_FUNCTIONS: Mapping[str, Callable[..., sympy.Expr]] = {
    "abs": sympy.Abs,
    "arccos": sympy.acos,
    "arcsin": sympy.asin,
    "arctan": sympy.atan,
    "cos": sympy.cos,
    "cosh": sympy.cosh,
    "digamma": sympy.digamma,
    "erf": sympy.erf,
    "exp": sympy.exp,
    "expm1": lambda x: sympy.exp(x) - 1,
    "lgamma": sympy.loggamma,
    "log": sympy.log,
    "log1p": lambda x: sympy.log(1 + x),
    "maximum": sympy.Max,
    "minimum": sympy.Min,
    "sigmoid": lambda x: 1 / (1 + sympy.exp(-x)),
    "sign": sympy.sign,
    "sin": sympy.sin,
    "sinh": sympy.sinh,
    "softplus": lambda x: sympy.log(1 + sympy.exp(x)),
    "sqrt": sympy.sqrt,
    "tan": sympy.tan,
    "tanh": sympy.tanh,
}

RELATIONS: Mapping[str, Callable[..., sympy.Basic]] = {
    "==": sympy.Eq,
    "!=": sympy.Ne,
    "<": sympy.Lt,
    "<=": sympy.Le,
    ">": sympy.Gt,
    ">=": sympy.Ge,
}


def to_sympy(term: Term, symbols: Symbols | None = None) -> sympy.Expr:
    """The SymPy expression of `term`; `symbols` is extended by the indices that are met.

    >>> k = Index(Size("n"), "k")
    >>> to_sympy(Reduction("sum", (k,), Power(IndexValue(k), IndexValue(k))))
    Sum(k**k, (k, 0, n - 1))
    """
    return _image(term, {} if symbols is None else symbols)


def _image(term: Term, symbols: Symbols) -> sympy.Expr:
    def image(part: Term) -> sympy.Expr:
        return _image(part, symbols)

    match term:
        case Number(value):
            return sympy.Rational(value.numerator, value.denominator)
        case Constant("pi"):
            return sympy.pi
        case Size(name):
            return sympy.Symbol(name, integer=True, positive=True)
        case IndexValue(index):
            return _index_symbol(index, symbols)
        case Entry(quantity, subscripts):
            return _entry(quantity.name, tuple(map(image, subscripts)))
        case Add(terms):
            return sympy.Add(*map(image, terms))
        case Multiply(factors):
            return sympy.Mul(*map(image, factors))
        case Negate(inner):
            return -image(inner)
        case Divide(numerator, denominator):
            return image(numerator) / image(denominator)
        case FloorDivide(numerator, denominator):
            return sympy.floor(image(numerator) / image(denominator))
        case Power(base, exponent):
            return image(base) ** image(exponent)
        case Call(function, arguments):
            head = SYMPY_FUNCTIONS.get(function) or sympy.Function(function)
            return head(*map(image, arguments))
        case Reduction():
            return _reduction(term, symbols)
        case Choice(condition, chosen, otherwise):
            test = _condition(condition, symbols)
            return sympy.Piecewise((image(chosen), test), (image(otherwise), True))
        case Partial(of, wrt):
            return sympy.Derivative(image(of), image(wrt))
    raise DerivationError(
        f"SymPy has no expression for {type(term).__name__}", "read the term itself, .term"
    )


def _entry(name: Name, subscripts: tuple[sympy.Expr, ...]) -> sympy.Expr:
    label = _label(name)
    return sympy.IndexedBase(label)[subscripts] if subscripts else sympy.Symbol(label)


def _label(name: Name) -> str:
    match name:
        case Derivative(of, wrt):
            return f"d{_label(of)}/d{_label(wrt)}"
        case str():
            return name
    raise TypeError(f"a name is a text or a Derivative, not {type(name).__name__}")


def _index_symbol(index: Index, symbols: Symbols) -> sympy.Symbol:
    if index not in symbols:
        taken = {symbol.name for symbol in symbols.values()}
        letter = index.letter or "i"
        spellings = [letter, *(f"{letter}_{count}" for count in range(1, len(taken) + 2))]
        free = next(name for name in spellings if name not in taken)
        symbols[index] = sympy.Symbol(free, integer=True, nonnegative=True)
    return symbols[index]


def _reduction(reduction: Reduction, symbols: Symbols) -> sympy.Expr:
    limits = [
        (_index_symbol(index, symbols), 0, _image(index.size, symbols) - 1)
        for index in reduction.indices
    ]
    neutral = sympy.Integer(1 if reduction.kind == "prod" else 0)
    tests = sympy.And(*(_condition(condition, symbols) for condition in reduction.where))

    def over(heap: Callable[..., sympy.Expr], term: sympy.Expr) -> sympy.Expr:
        kept = sympy.Piecewise((term, tests), (neutral, True)) if reduction.where else term
        return heap(kept, *limits)

    term = _image(reduction.term, symbols)
    match reduction.kind:
        case "sum":
            return over(sympy.Sum, term)
        case "prod":
            return over(sympy.Product, term)
        case "logsumexp":
            return sympy.log(over(sympy.Sum, sympy.exp(term)))
        case "mean" if reduction.where:
            return over(sympy.Sum, term) / over(sympy.Sum, sympy.Integer(1))
        case "mean":
            return over(sympy.Sum, term) / sympy.Mul(*(last + 1 for _, _, last in limits))
    raise DerivationError(
        f"SymPy has no expression for '{reduction.kind}' over an index", "read the term itself"
    )


def _condition(condition: Condition, symbols: Symbols) -> sympy.Basic:
    match condition:
        case Compare(relation, left, right):
            return RELATIONS[relation](_image(left, symbols), _image(right, symbols))
        case AllOf(conditions):
            return sympy.And(*(_condition(part, symbols) for part in conditions))
        case AnyOf(conditions):
            return sympy.Or(*(_condition(part, symbols) for part in conditions))
        case Not(inner):
            return sympy.Not(_condition(inner, symbols))
    raise TypeError(f"unknown condition {type(condition).__name__}")


# --- equality -----------------------------------------------------------------------------------


def same_size(left: Term, right: Term, formulas: Mapping[str, Term] | None = None) -> bool:
    """Whether two sizes are equal for all dimensions; `formulas` define the derived dimensions.

    >>> n, m = Size("n"), Size("m")
    >>> same_size(Add((n, m)), Add((m, n))), same_size(n, m), same_size(n, m, {"n": m})
    (True, False, True)
    """
    if left == right:
        return True
    if isinstance(left, Number) and isinstance(right, Number):
        return False
    return whole_difference(left, right, formulas) == 0


def whole_difference(
    left: Term, right: Term, formulas: Mapping[str, Term] | None = None
) -> int | None:
    """`left - right` where it is one whole number for all dimensions, else None.

    >>> whole_difference(Add((Size("T"), Size("n"))), Size("T")) is None
    True
    """
    known = formulas or {}
    difference = sympy.expand(to_sympy(_unfold(left, known)) - to_sympy(_unfold(right, known)))
    return int(difference) if difference.is_Integer else None


def _unfold(size: Term, formulas: Mapping[str, Term]) -> Term:
    """`size` with every derived dimension replaced by its formula, down to the free ones."""

    def rule(node: object) -> Term | None:
        if isinstance(node, Size) and node.name in formulas:
            return _unfold(formulas[node.name], formulas)
        return None

    unfolded: Term = rewrite(size, rule)
    return unfolded
