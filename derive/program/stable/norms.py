"""Roots of squares, whose squares would overflow or vanish."""

from __future__ import annotations

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
    Power,
    Reduction,
    Term,
    renew,
)


def root_of_square(node: Node, known: Known) -> Term | None:
    """√(x²) = |x|."""
    match node:
        case Call("sqrt", (argument,)):
            base = square_of(argument, known)
            return None if base is None else Call("abs", (base,))
    return None


def norm(node: Node, known: Known) -> Term | None:
    """√(Σ x²) = m √(Σ (x/m)²) with m = max |x|, or 1 where all are zero."""
    match node:
        case Call("sqrt", (argument,)):
            match known.opened(argument):
                case Reduction("sum" | "mean" as kind, indices, inside, where):
                    base = square_of(inside, known)
                    if base is None or _is_scaled(base):
                        return None
                    largest = renew(Reduction("max", indices, Call("abs", (base,)), where))
                    scale = Choice(Compare(">", largest, ZERO), largest, ONE)
                    squares = Power(Divide(base, renew(scale)), TWO)
                    root = Call("sqrt", (Reduction(kind, indices, squares, where),))
                    return Multiply((scale, root))
    return None


def _is_scaled(base: Term) -> bool:
    match base:
        case Divide(_, Choice(Compare(">", Reduction("max")))):
            return True
    return False
