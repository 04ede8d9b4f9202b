"""Roots of squares, whose squares would overflow or vanish."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from derive.calculus.rewrites.ratios import is_plain, ratio_of, written
from derive.program.stable.known import Known
from derive.program.stable.views import square_of
from derive.terms import (
    ONE,
    TWO,
    ZERO,
    Call,
    Choice,
    Compare,
    Divide,
    Multiply,
    Node,
    Number,
    Power,
    Reduction,
    Term,
    renew,
)


def root_of_square(node: Node, known: Known) -> Term | None:
    """√(x²) = |x|."""
    argument = _radicand(node)
    base = None if argument is None else square_of(argument, known)
    return None if base is None else Call("abs", (base,))


def norm(node: Node, known: Known) -> Term | None:
    """√(Σ x²) = m √(Σ (x/m)²) with m = max |x|, or 1 where all are zero."""
    argument = _radicand(node)
    if argument is None:
        return None
    ratio = ratio_of(known.opened(argument))
    match tuple(map(known.opened, ratio.above)):
        case (Reduction("sum" | "mean" as kind, indices, inside, where),):
            base = square_of(inside, known)
            if base is None or _is_scaled(base) or not all(map(is_plain, ratio.below)):
                return None
            largest = renew(Reduction("max", indices, Call("abs", (base,)), where))
            scale = Choice(Compare(">", largest, ZERO), largest, ONE)
            squares = Power(Divide(base, renew(scale)), TWO)
            inside = written(replace(ratio, above=(Reduction(kind, indices, squares, where),)))
            return Multiply((scale, Call("sqrt", (inside,))))
    return None


def _radicand(node: Node) -> Term | None:
    """The x of √x."""
    match node:
        case Call("sqrt", (argument,)):
            return argument
        case Power(argument, Number(value)) if value == Fraction(1, 2):
            return argument
    return None


def _is_scaled(base: Term) -> bool:
    match base:
        case Divide(_, Choice(Compare(">", Reduction("max")))):
            return True
    return False
