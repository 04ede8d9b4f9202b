"""Where a program finds its sizes: on the axes of its inputs, or by formulas.

An axis tells a size also where it is longer than that: an axis of `T + 1` tells T.  A size that no
axis tells is for the caller to give.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from derive.calculus.targets import target_names
from derive.model import Specification, data, parameters
from derive.polynomials import collected, polynomial
from derive.program.program import SizeRule
from derive.terms import Add, Multiply, Negate, Node, Quantity, Size, Term, number, rewrite

Axis = tuple[Quantity, int, Term]


def size_rules(spec: Specification) -> tuple[SizeRule, ...]:
    """Sizes on axes of inputs, then those that the caller gives, then formulas in text order."""
    found = sizes_on_axes(spec)
    rest = [d for d in spec.dimensions if d.name not in found]
    others = [SizeRule(d.name, formula=d.formula) for d in rest]
    return (*found.values(), *sorted(others, key=lambda rule: rule.formula is not None))


def sizes_on_axes(spec: Specification) -> dict[str, SizeRule]:
    """The sizes that the axes of inputs tell, each after those that it is found from.

    Data come first, since they are at hand; targets come last, since they are not always there.

    >>> from derive.language import read_model
    >>> text = "T: dim; H: dim; x: input[T + 1, 4*H]; w: param[H + T]; C = sum(w); minimize(C)"
    >>> [(r.name, r.axis, r.per) for r in sizes_on_axes(read_model(text, "m")).values()]
    [('T', 0, 1), ('H', 1, 4)]
    """
    targets = target_names(spec)
    inputs = (*data(spec), *parameters(spec))
    known = [quantity for quantity in inputs if quantity.name not in targets]
    found: dict[str, SizeRule] = {}
    for quantities in (known, inputs):
        axes = [(q, axis, size) for q in quantities for axis, size in enumerate(q.shape)]
        _add_plain(found, axes, spec)
        _add_solved(found, axes, spec)
    return found


def _add_plain(found: dict[str, SizeRule], axes: Sequence[Axis], spec: Specification) -> None:
    """The sizes that are those of an axis, in text order."""
    for dimension in spec.dimensions:
        for quantity, axis, size in axes:
            if size == Size(dimension.name) and dimension.formula is None:
                found.setdefault(dimension.name, SizeRule(dimension.name, quantity, axis))


def _add_solved(found: dict[str, SizeRule], axes: Sequence[Axis], spec: Specification) -> None:
    """The sizes that follow from an axis, in which nothing else is unknown."""
    formulas = {d.name: d.formula for d in spec.dimensions if d.formula is not None}

    def in_full(node: Node) -> Node | None:
        formula = formulas.get(node.name) if isinstance(node, Size) else None
        return formula and rewrite(formula, in_full)

    before = -1
    while before < len(found):
        before = len(found)
        for quantity, axis, size in axes:
            solved = _unknown(rewrite(size, in_full), found)
            if solved is not None:
                name, per, more = solved
                found[name] = SizeRule(name, quantity, axis, per=per, more=more)


def _unknown(size: Term, known: Collection[str]) -> tuple[str, int, Term] | None:
    """The only unknown of a size, how many times it stands there, and what is added to it.

    >>> _unknown(Add((Multiply((number(2), Size("K"))), Size("n"))), {"n"})
    ('K', 2, Size(name='n'))
    >>> _unknown(Multiply((Size("K"), Size("n"))), {"n"}) is None
    True
    """
    parts = polynomial(size).values()
    factors = [factor for _, product in parts for factor in product]
    unknown = [f for f in factors if not (isinstance(f, Size) and f.name in known)]
    alone = [(f, c) for c, product in parts for f in product if f in unknown and len(product) == 1]
    if len(unknown) != 1 or not alone:
        return None
    factor, per = alone[0]
    if not isinstance(factor, Size) or per.denominator != 1 or per < 0:
        return None
    more = collected(Add((size, Negate(Multiply((number(per), factor))))))
    return factor.name, int(per), more
