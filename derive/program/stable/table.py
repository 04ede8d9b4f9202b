"""What is computed instead of what is written, where floats would overflow or cancel.

These rewrites come after all differentiation: a shift by the maximum is never differentiated, and
no document shows it.  Each is an identity of real numbers, so exact kernels do not notice.

    log(1 + exp(z))        softplus(z)
    log(sigmoid(z))        -softplus(-z)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from derive.model import Equation
from derive.program.stable.softmax import log_of_softmax, shifted, softmax_of
from derive.simplify import negative
from derive.terms import (
    ONE,
    Add,
    Call,
    Divide,
    Entry,
    Name,
    Negate,
    Node,
    Term,
    rewrite,
    substitute,
)


def stabilised(equations: Sequence[Equation]) -> list[Equation]:
    """The equations as they are to be computed; their order and what they define stay."""
    defined = {equation.left.name: equation for equation in equations}
    return [replace(e, right=_stable(e.right, defined)) for e in equations]


def _stable(term: Term, defined: Mapping[Name, Equation]) -> Term:
    def rule(node: Node) -> Node | None:
        match node:
            case Call("log", (argument,)):
                found = _log_of(argument, defined)
                return None if found is None else _stable(found, defined)
            case Divide():
                softmax = softmax_of(node)
                return None if softmax is None else shifted(softmax)
        return None

    return rewrite(term, rule)


def _log_of(argument: Term, defined: Mapping[Name, Equation]) -> Term | None:
    """The logarithm of a softmax, of a logistic function or of 1 + exp(z), in its stable form."""
    match argument:
        case Call("sigmoid", (z,)):
            return Negate(Call("softplus", (negative(z),)))
        case Add((first, Call("exp", (z,)))) if first == ONE:
            return Call("softplus", (z,))
        case Entry(quantity, subscripts) if quantity.name in defined:
            definition = defined[quantity.name]
            here = dict(zip(definition.indices, subscripts, strict=True))
            softmax = softmax_of(definition.right)
            return None if softmax is None else substitute(log_of_softmax(softmax), here)
    softmax = softmax_of(argument)
    return None if softmax is None else log_of_softmax(softmax)
