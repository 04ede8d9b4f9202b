"""Logarithms of what would overflow, vanish, or hide its argument behind a one."""

from __future__ import annotations

from dataclasses import replace

from derive.calculus.matching import alike
from derive.calculus.rewrites.ratios import Ratio, ratio_of, written
from derive.program.stable.known import Known
from derive.program.stable.softmax import log_of_softmax
from derive.program.stable.views import (
    exponent_beside_one,
    exponent_of,
    exponential_sum_of,
    function_of,
    is_shifted,
    logistic_of,
    normalised,
)
from derive.simplify import flat_factors, negative, product, total
from derive.terms import (
    ONE,
    TWO,
    ZERO,
    Add,
    Call,
    Entry,
    LinearAlgebra,
    Multiply,
    Negate,
    Node,
    Number,
    Power,
    Reduction,
    Term,
    number,
)


def log_exp(node: Node, known: Known) -> Term | None:
    """What overflows is not computed: log exp(z) = z."""
    argument = _argument("log", node)
    return None if argument is None else exponent_of(argument, known)


def softplus(node: Node, known: Known) -> Term | None:
    """Where z is large, log(1 + exp(z)) overflows; max(z, 0) + log1p(exp(-|z|)) does not."""
    argument, beside_one = _argument("log", node), _argument("log1p", node)
    if argument is not None:
        exponent = exponent_beside_one(argument, known)
    elif beside_one is not None:
        exponent = exponent_of(beside_one, known)
    else:
        return None
    if exponent is None or _is_below_zero(exponent):
        return None
    return Call("softplus", (exponent,))


def log_sigmoid(node: Node, known: Known) -> Term | None:
    """Without underflow, log σ(z) = min(z, 0) - log1p(exp(-|z|)); log(1 - σ(z)) = log σ(-z)."""
    argument, beside_one = _argument("log", node), _argument("log1p", node)
    if beside_one is not None and isinstance(beside_one, Negate):
        inside = logistic_of(beside_one.term, known)
        return None if inside is None else _log_sigmoid(negative(inside))
    inside = None if argument is None else logistic_of(argument, known)
    return None if inside is None else _log_sigmoid(inside)


def _log_sigmoid(inside: Term) -> Term:
    size = Call("abs", (inside.term if isinstance(inside, Negate) else inside,))
    tail = Call("log1p", (Call("exp", (Negate(size),)),))
    return Add((Call("minimum", (inside, ZERO)), Negate(tail)))


def log_softmax(node: Node, known: Known) -> Term | None:
    """The logarithm of a softmax is its exponent minus the log-sum-exp."""
    argument = _argument("log", node)
    softmax = None if argument is None else normalised(argument, known)
    return None if softmax is None else log_of_softmax(softmax)


def log_sum_exp(node: Node, known: Known) -> Term | None:
    """The largest exponent stands outside of log Σ exp(z) and of log(exp(a) + exp(b))."""
    argument = _argument("log", node)
    if argument is None:
        return None
    found = exponential_sum_of(argument, known)
    if found is not None:
        indices, exponent, where = found
        if is_shifted(exponent, known):
            return None
        return Reduction("logsumexp", indices, exponent, where)
    match known.opened(argument):
        case Reduction("mean", indices, inside, ()):
            each = exponent_of(inside, known)
            if each is None:
                return None
            count = Call("log", (product(*(index.size for index in indices)),))
            return Add((Reduction("logsumexp", indices, each), Negate(count)))
        case Add((first, second)):
            one, other = exponent_of(first, known), exponent_of(second, known)
            if one is None or other is None:
                return None
            return Call("logaddexp", (one, other))
    return None


def log_cosh(node: Node, known: Known) -> Term | None:
    """Where cosh z overflows, log cosh z = |z| + log1p(exp(-2 |z|)) - log 2."""
    argument = _argument("log", node)
    ratio = None if argument is None else ratio_of(known.opened(argument))
    if ratio is None or len(ratio.above) != 1 or ratio.below:
        return None
    (factor,) = ratio.above
    inside, times = function_of("cosh", factor, known), ratio.coefficient / 2
    match known.opened(factor):
        case Add((first, second)):
            inside, other = exponent_of(first, known), exponent_of(second, known)
            times = ratio.coefficient
            if inside is None or other is None or not alike(inside, negative(other)):
                return None
    if inside is None:
        return None
    size = Call("abs", (inside,))
    tail = Call("log1p", (Call("exp", (Negate(Multiply((TWO, size))),)),))
    if times == 1:
        return Add((size, tail))
    if times.numerator == 1:
        return Add((size, tail, Negate(Call("log", (number(times.denominator),)))))
    return Add((size, tail, Call("log", (number(times),))))


def log_of_product(node: Node, known: Known) -> Term | None:
    """Parts with a stable logarithm leave a product: log(a b/c) = log a + log b - log c."""
    argument = _argument("log", node)
    if argument is None:
        return None
    ratio = ratio_of(known.opened(argument))
    rest, parts = replace(ratio, above=(), below=()), []
    for sign, factors in ((1, ratio.above), (-1, ratio.below)):
        for factor in factors:
            log = _stable_log(factor, known)
            if log is not None:
                parts.append(log if sign > 0 else negative(log))
            elif sign > 0:
                rest = replace(rest, above=(*rest.above, factor))
            else:
                rest = replace(rest, below=(*rest.below, factor))
    if not parts:
        return None
    if rest != Ratio(ONE.value):
        parts.append(Call("log", (written(rest),)))
    return total(*parts)


def log_of_factors(node: Node, known: Known) -> Term | None:
    """The product of many underflows: log Π x = Σ log x, where every x is positive."""
    argument = _argument("log", node)
    match argument and known.opened(argument):
        case Reduction("prod", indices, inside, where):
            if _is_positive(inside, known):
                return Reduction("sum", indices, Call("log", (inside,)), where)
    return None


def _is_positive(term: Term, known: Known) -> bool:
    """Whether a term is declared positive, or an exponential, a softmax or a logistic function."""
    if isinstance(term, Entry) and term.quantity.name in known.positive:
        return True
    seen = (view(term, known) for view in (exponent_of, logistic_of, normalised))
    return any(found is not None for found in seen)


def log_of_determinant(node: Node, known: Known) -> Term | None:
    """Where a determinant overflows, log |det A| does not."""
    argument = _argument("log", node)
    match argument and function_of("abs", argument, known):
        case Term() as inside:
            match known.opened(inside):
                case LinearAlgebra("det", operands, subscripts):
                    return LinearAlgebra("logdet", operands, subscripts)
    return None


def _stable_log(factor: Term, known: Known) -> Term | None:
    """The logarithm of an exponential, a softmax, a logistic function, or of a power of one."""
    match known.opened(factor):
        case Power(base, Number() as exponent):
            inside = _stable_log(base, known)
            return None if inside is None else product(exponent, inside)
    node = Call("log", (factor,))
    for rule in (log_exp, log_softmax, log_sigmoid, softplus, log_sum_exp):
        if (found := rule(node, known)) is not None:
            return found
    return None


def _is_below_zero(exponent: Term) -> bool:
    """Whether an exponent is -|z| or a multiple of it: its exponential does not overflow."""
    factors = flat_factors((exponent.term,)) if isinstance(exponent, Negate) else []
    sizes = [factor for factor in factors if isinstance(factor, Call) and factor.function == "abs"]
    return bool(sizes) and all(isinstance(f, Number) for f in factors if f not in sizes)


def log_of_one_plus(node: Node, known: Known) -> Term | None:
    """The digits of a small x are kept: log(1 + x) = log1p(x)."""
    argument = _argument("log", node)
    match argument:
        case Add((first, second)) if ONE in (first, second):
            other = second if first == ONE else first
            return None if isinstance(other, Number) else Call("log1p", (other,))
    return None


def _argument(name: str, node: Node) -> Term | None:
    match node:
        case Call(function, (argument,)) if function == name:
            return argument
    return None
