"""What is computed instead of what is written, where floats would overflow or cancel.

These rewrites come after all differentiation: a shift by the maximum is never differentiated, and
no document shows it.  Each is an identity of real numbers, so exact kernels do not notice.

    exp(z) / Σ exp(z)      exp(z - max z) / Σ exp(z - max z)     (Higham 2021, eq. 1.5)
    log of a softmax       z - logsumexp(z)
    log(1 + exp(z))        softplus(z)
    log(sigmoid(z))        -softplus(-z)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from derive.calculus.matching import match
from derive.model import Equation
from derive.simplify import negative
from derive.terms import (
    ONE,
    ZERO,
    Add,
    Call,
    Condition,
    Divide,
    Entry,
    Index,
    Name,
    Negate,
    Node,
    Reduction,
    Term,
    renew,
    rewrite,
    substitute,
)


@dataclass(frozen=True)
class Softmax:
    """exp(`own`) / the sum of exp(`each`) over `indices` under `where`."""

    own: Term
    each: Term
    indices: tuple[Index, ...]
    where: tuple[Condition, ...]


def softmax_of(term: Node) -> Softmax | None:
    """What a term normalises, where it is a softmax.

    >>> from derive.terms import IndexValue, Quantity, Size
    >>> k, j = Index(Size("K")), Index(Size("K"))
    >>> z = Quantity("z", (Size("K"),))
    >>> exp = lambda i: Call("exp", (Entry(z, (IndexValue(i),)),))
    >>> softmax_of(Divide(exp(k), Reduction("sum", (j,), exp(j)))).own == exp(k).arguments[0]
    True
    """
    match term:
        case Divide(Call("exp", (own,)), Reduction("sum", indices, Call("exp", (each,)), where)):
            if match_each(each, own, indices):
                return Softmax(own, each, indices, where)
    return None


def match_each(each: Term, own: Term, indices: tuple[Index, ...]) -> bool:
    """Whether `own` is one of the terms that are summed."""
    return match(each, own, frozenset(indices)) is not None


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
                return None if softmax is None else _shifted(softmax)
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
            return None if softmax is None else substitute(_log(softmax), here)
    softmax = softmax_of(argument)
    return None if softmax is None else _log(softmax)


def _log(softmax: Softmax) -> Term:
    total = renew(Reduction("logsumexp", softmax.indices, softmax.each, softmax.where))
    return Add((softmax.own, Negate(total)))


def _shifted(softmax: Softmax) -> Term:
    """The softmax with its largest exponent taken off all exponents."""

    def less(term: Term) -> Term:
        largest = Reduction("max", softmax.indices, softmax.each, softmax.where)
        exponent: Term = Add((term, Negate(renew(largest))))
        if softmax.where:
            # What is filtered out may be larger than the largest that is kept, and is dropped.
            exponent = Call("minimum", (exponent, ZERO))
        return Call("exp", (exponent,))

    below = Reduction("sum", softmax.indices, less(softmax.each), softmax.where)
    return Divide(less(softmax.own), below)
