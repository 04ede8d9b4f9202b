"""Short ways to write index equations by hand, for tests of the stages that read them."""

from fractions import Fraction

from derive.model import Declaration, Dimension, Equation, Objective, Specification
from derive.terms import (
    Add,
    Call,
    Compare,
    Divide,
    Entry,
    Index,
    IndexValue,
    Multiply,
    Negate,
    Power,
    Quantity,
    Reduction,
    Size,
    Term,
    entries,
    number,
    walk,
)


def term(value):
    """A term from a term, an index, a quantity without axes, or a number."""
    match value:
        case Term():
            return value
        case Index():
            return IndexValue(value)
        case Quantity():
            return Entry(value)
        case _:
            return number(Fraction(value))


def index(size, letter="i"):
    return Index(term(size), letter)


def quantity(name, *shape, kind="defined"):
    return Quantity(name, tuple(term(size) for size in shape), kind)


def at(name, *subscripts):
    return Entry(name, tuple(term(subscript) for subscript in subscripts))


def add(*terms):
    return Add(tuple(map(term, terms)))


def subtract(left, right):
    return Add((term(left), Negate(term(right))))


def times(*factors):
    return Multiply(tuple(map(term, factors)))


def over(above, below):
    return Divide(term(above), term(below))


def square(base):
    return Power(term(base), number(2))


def call(name, *arguments):
    return Call(name, tuple(map(term, arguments)))


def reduce(kind, indices, body, *where):
    indices = indices if isinstance(indices, tuple) else (indices,)
    return Reduction(kind, indices, term(body), where)


def total(indices, body, *where):
    return reduce("sum", indices, body, *where)


def compare(relation, left, right):
    return Compare(relation, term(left), term(right))


def equation(left, indices, right, *domain):
    return Equation(left, indices, term(right), domain)


def specification(*equations, bounds=None, name="model"):
    """The model whose last equation is the cost; declarations and sizes are read off."""
    defined = {e.left for e in equations}
    read = dict.fromkeys(entry.quantity for e in equations for entry in entries(e.right))
    bounds = bounds or {}
    declarations = tuple(
        Declaration(q, bound=term(bounds[q.name]) if q.name in bounds else None)
        for q in read
        if q not in defined
    )
    shapes = [size for q in (*read, *defined) for size in q.shape]
    indices = [i.size for e in equations for i in e.indices]
    parts = [part for size in (*shapes, *indices) for part in walk(size)]
    names = sorted({part.name for part in parts if isinstance(part, Size)})
    return Specification(
        name,
        "",
        tuple(Dimension(size) for size in names),
        declarations,
        equations,
        Objective(equations[-1].left, None),
    )


n, m = Size("n"), Size("m")


def neuron():
    """y_hat = x @ w + b, C = (y_hat - y)², with x (1, n) and w (n, 1)."""
    x, y = quantity("x", 1, n, kind="input"), quantity("y", kind="input")
    w, b = quantity("w", n, 1, kind="param"), quantity("b", kind="param")
    y_hat, cost = quantity("y_hat", 1, 1), quantity("C", 1, 1)
    i, j, k = index(1), index(1, "j"), index(n, "k")
    p, q = index(1), index(1, "j")
    return specification(
        equation(y_hat, (i, j), add(total(k, times(at(x, i, k), at(w, k, j))), b)),
        equation(cost, (p, q), square(subtract(at(y_hat, p, q), y))),
        name="neuron",
    )
