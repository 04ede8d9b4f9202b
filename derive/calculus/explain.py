"""From a derivation to what a person reads: closed forms, chains, and steps in order.

An upstream gradient that is short and comes straight from the cost is written out wherever it is
used, kept whole as one factor: 2(ŷ - y) · x, never 2ŷx - 2yx.  A longer one keeps its name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from derive.calculus import adoption
from derive.calculus.adjoint import Derivation, Gradient, Path, over_path, path_term
from derive.calculus.local import Local, locals_of
from derive.calculus.rewrites.table import simplification
from derive.calculus.steps import Step, substitute_step
from derive.errors import DeriveError
from derive.model import Equation
from derive.simplify import guarded, product, total
from derive.terms import (
    ONE,
    Entry,
    Index,
    IndexValue,
    Multiply,
    Term,
    substitute,
)


def gradient_named(derivation: Derivation, name: str) -> Gradient:
    """The gradient with respect to the quantity called `name`."""
    for gradient in derivation.gradients:
        if gradient.wrt.name == name:
            return gradient
    known = ", ".join(str(gradient.wrt.name) for gradient in derivation.gradients)
    raise DeriveError(f"there is no gradient with respect to '{name}'", f"there are: {known}")


def is_short(gradient: Gradient) -> bool:
    """Whether a gradient is written out where it is used: short, and reading no other gradient."""
    return adoption.is_short(gradient.equation)


def upstream_value(derivation: Derivation, upstream: Entry | None) -> Term:
    """∂C/∂u at one place: written out where it is short, by name otherwise, 1 for the cost."""
    if upstream is None:
        return ONE
    equation = derivation.known.gradients.get(upstream.quantity)
    if equation is None or not adoption.is_short(equation):
        return upstream
    return adoption.value_at(equation, upstream)


@dataclass(frozen=True)
class Chain:
    """The forms of ∂C/∂w, one after the other, at one place.

    `named` is upstream · local by name (None where the entry stands in the cost itself),
    `substituted` the same with values, `kept` the same without factors of 1, each upstream factor
    still whole, and `closed` one flat product a path.  `simplification` leads on from there.
    """

    entry: Entry
    named: Term | None
    substituted: Term
    kept: Term
    closed: Term
    simplification: tuple[Step, ...] = ()

    @property
    def simplified(self) -> Term:
        """The last form: one flat product a path where there was nothing to simplify."""
        return self.simplification[-1].after if self.simplification else self.closed

    @property
    def shown(self) -> Term:
        """The last form, with upstream factors kept whole where there was nothing to simplify."""
        return self.simplification[-1].after if self.simplification else self.kept


# A document asks for a chain many times, and its simplification is searched for.
@lru_cache(maxsize=1024)
def chain(derivation: Derivation, gradient: Gradient) -> Chain:
    """The chain rule for one gradient, in its own indices."""
    through = any(path.upstream is not None for path in gradient.paths)
    named = total(*map(_by_name, locals_of(gradient)))
    forms = [_path_forms(derivation, path) for path in gradient.paths]
    substituted, kept, closed = (total(*(form[stage] for form in forms)) for stage in range(3))
    steps = simplification(closed, derivation.known)
    return Chain(gradient.entry, named if through else None, substituted, kept, closed, steps)


def _by_name(local: Local) -> Term:
    """Upstream · local by name; what the cost reads itself by its value.

    Beside other ways to the cost, a ∂C/∂w for this one would be taken for the whole.
    """
    if local.paths[0].upstream is not None:
        return local.by_name
    return total(*map(path_term, local.paths))


def _path_forms(derivation: Derivation, path: Path) -> tuple[Term, Term, Term]:
    """One path substituted, kept whole and closed."""
    if path.upstream is None:
        value = path_term(path)
        return value, value, value
    upstream = upstream_value(derivation, path.upstream)
    whole = Multiply((upstream, path.local))
    kept = tuple(factor for factor in whole.factors if factor != ONE)
    return (
        over_path(path, whole),
        over_path(path, Multiply(kept) if len(kept) > 1 else (*kept, ONE)[0]),
        over_path(path, product(upstream, path.local)),
    )


def at(chain_: Chain, values: Mapping[Index, Term]) -> Chain:
    """A chain at one place, given terms for its indices."""
    return Chain(
        substitute(chain_.entry, values),
        None if chain_.named is None else substitute(chain_.named, values),
        substitute(chain_.substituted, values),
        substitute(chain_.kept, values),
        substitute(chain_.closed, values),
        tuple(substitute_step(step, values) for step in chain_.simplification),
    )


def closed_equation(derivation: Derivation, gradient: Gradient) -> Equation:
    """∂C/∂w as one index equation whose short upstream factors are written out, simplified."""
    shown = chain(derivation, gradient).shown
    return Equation(gradient.equation.left, gradient.equation.indices, shown)


def gradient_steps(derivation: Derivation, gradient: Gradient) -> tuple[Step, ...]:
    """The steps from ∂C/∂w to its closed form, each with a named rule and a reason."""
    forms = chain(derivation, gradient)
    steps = []
    if forms.named is not None:
        steps.append(_chain_step(gradient, forms))
    for local in locals_of(gradient):
        steps += local_steps(local)
    for path in gradient.paths:
        steps += _upstream_steps(derivation, path)
    before = gradient.entry if forms.named is None else forms.named
    if forms.substituted not in (before, steps[-1].after if steps else None):
        steps.append(Step("substitute", before, forms.substituted))
    if forms.closed != forms.substituted:
        steps.append(Step("simplify", forms.substituted, forms.closed))
    return (*steps, *forms.simplification)


def steps_to_check(derivation: Derivation, gradient: Gradient) -> tuple[Step, ...]:
    """The same steps, with the rules as they were applied.

    A reader sees the rules at the target's indices.  There an entry may coincide with another
    reading of the same quantity; where a rule was applied, it is one reading and no other.
    """
    rules = iter([tuple(path.reading.rule for path in gradient.paths)])
    steps = gradient_steps(derivation, gradient)
    return tuple(replace(step, substeps=next(rules, ())) for step in steps)


def _chain_step(gradient: Gradient, forms: Chain) -> Step:
    through = tuple(dict.fromkeys(path.equation.left for path in gradient.paths))
    rule = "chain_rule" if len(gradient.paths) == 1 else "chain_rule_paths"
    named = tuple(
        ("through", Entry(quantity, tuple(IndexValue(i) for i in path.equation.indices)))
        for quantity, path in zip(through, gradient.paths, strict=False)
    )
    read = Entry(gradient.wrt, gradient.entry.subscripts)
    assert forms.named is not None
    return Step(rule, gradient.entry, forms.named, (("entry", read), *named[:1]))


def local_steps(local: Local) -> tuple[Step, ...]:
    """The local derivative, and the rules by which each reading was differentiated."""
    arguments = (("of", local.partial.of), ("entry", local.partial.wrt))
    rules = tuple(path.rule for path in local.paths)
    step = Step("local", local.partial, local.value, arguments, rules)
    (path, *others) = local.paths
    found = path.rule.after
    named = guarded(path.reached, path.local)
    if others or found == named or named != local.value:
        return (step,)
    return (Step("local", local.partial, found, arguments, rules), Step("named", found, named))


def _upstream_steps(derivation: Derivation, path: Path) -> list[Step]:
    upstream = path.upstream
    value = upstream_value(derivation, upstream)
    if upstream is None or value == upstream:
        return []
    source = next(g for g in derivation.gradients if g.equation.left == upstream.quantity)
    values = dict(zip(source.equation.indices, upstream.subscripts, strict=True))
    direct = all(inner.upstream is None for inner in source.paths)
    rules = tuple(substitute_step(inner.rule, values) for inner in source.paths if direct)
    of = Entry(source.wrt, upstream.subscripts)
    return [Step("upstream", substitute(source.entry, values), value, (("of", of),), rules)]
