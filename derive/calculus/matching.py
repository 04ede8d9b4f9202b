"""Matching a term against a pattern: equal up to the values of some indices.

The right side of a definition is a pattern in the definition's indices; the order of factors and
of summands does not count.  Where a derivative holds an instance of it, a person writes the name
that it already has: 1 - h² for 1 - tanh(z)².
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from derive.conditions import needs_no_guard
from derive.functions import PARTIAL
from derive.model import Equation
from derive.polynomials import is_size
from derive.simplify import flat_factors, guarded, unguarded
from derive.terms import (
    BINDERS,
    ZERO,
    Add,
    Call,
    Compare,
    Condition,
    Divide,
    Entry,
    Index,
    IndexValue,
    LinearAlgebra,
    Multiply,
    Negate,
    Node,
    Number,
    Power,
    Reduction,
    Term,
    children,
    is_one,
    rewrite,
    same,
    substitute,
)

Values = dict[Index, Term]

# What nodes have besides what is below them and what they bind.
_HEADS: dict[type[Node], str] = {
    Entry: "quantity",
    Call: "function",
    Compare: "relation",
    Reduction: "kind",
    LinearAlgebra: "operator",
}


def match(pattern: Node, node: Node, holes: frozenset[Index]) -> Values | None:
    """The values of `holes` with which `pattern` is `node`, None where there are none.

    >>> from derive.terms import Quantity, Size
    >>> n = Size("n"); i, k = Index(n), Index(n); x = Quantity("x", (n,))
    >>> read = lambda index: Call("exp", (Entry(x, (IndexValue(index),)),))
    >>> match(read(i), read(k), frozenset({i})) == {i: IndexValue(k)}
    True
    """
    values: Values = {}
    return values if _match(pattern, node, holes, {}, values) else None


def _match(
    pattern: Node,
    node: Node,
    holes: frozenset[Index],
    bound: dict[Index, Index],
    values: Values,
) -> bool:
    if isinstance(pattern, IndexValue) and pattern.index in holes:
        if not isinstance(node, Term) or not same(values.setdefault(pattern.index, node), node):
            return False
        # What a reduction inside the node binds has no meaning outside it.
        return not (isinstance(node, IndexValue) and node.index in bound.values())
    if isinstance(pattern, IndexValue) and isinstance(node, IndexValue):
        return bound.get(pattern.index, pattern.index) is node.index
    if not _same_head(pattern, node):
        return False
    if isinstance(pattern, BINDERS) and isinstance(node, BINDERS):
        if len(pattern.indices) != len(node.indices):
            return False
        pairs = tuple(zip(pattern.indices, node.indices, strict=True))
        if not all(same(a.size, b.size) for a, b in pairs):
            return False
        bound = bound | dict(pairs)
    parts = children(pattern), children(node)
    if len(parts[0]) != len(parts[1]):
        return False
    if not parts[0]:
        return pattern == node
    if isinstance(pattern, Multiply | Add):
        return _in_any_order(parts[0], parts[1], holes, bound, values)
    return all(_match(a, b, holes, bound, values) for a, b in zip(*parts, strict=True))


def _in_any_order(
    patterns: tuple[Node, ...],
    nodes: tuple[Node, ...],
    holes: frozenset[Index],
    bound: dict[Index, Index],
    values: Values,
) -> bool:
    """Whether the patterns match the nodes one to one; each takes the first that is left to it."""
    if not patterns:
        return True
    before = dict(values)
    for place, node in enumerate(nodes):
        if _match(patterns[0], node, holes, bound, values):
            others = (*nodes[:place], *nodes[place + 1 :])
            if _in_any_order(patterns[1:], others, holes, bound, values):
                return True
        values.clear()
        values.update(before)
    return False


def alike(left: Node, right: Node) -> bool:
    """Equality up to the order of factors and summands and the identity of bound indices.

    >>> from derive.terms import ONE, Size
    >>> alike(Add((ONE, Size("n"))), Add((Size("n"), ONE)))
    True
    """
    return left == right or match(left, right, frozenset()) is not None


def _same_head(pattern: Node, node: Node) -> bool:
    """Whether the nodes agree in everything but what is below them."""
    if type(pattern) is not type(node):
        return False
    name = _HEADS.get(type(pattern))
    return name is None or getattr(pattern, name) == getattr(node, name)


def named(term: Term, definitions: Iterable[Equation]) -> Term:
    """`term` with the name of a definition wherever an instance of its right side stands.

    A definition that is zero unless conditions hold is recognised under these conditions too; the
    term then needs them no longer, since it has a factor that is zero where they fail.
    """
    known = [d for d in definitions if not isinstance(d.right, Entry) and children(d.right)]

    def rule(node: Node) -> Node | None:
        if not isinstance(node, Term):
            return None
        return next((e for d in known if (e := _instance(d, d.right, node)) is not None), None)

    renamed = rewrite(term, rule)
    for definition in known:
        renamed = _named_under_guards(renamed, definition)
    return renamed


def _instance(definition: Equation, pattern: Term, node: Term) -> Entry | None:
    """The entry of a definition whose `pattern` the node is."""
    values = match(pattern, node, frozenset(definition.indices))
    return None if values is None else entry_at(definition, values)


def entry_at(definition: Equation, values: Mapping[Index, Term]) -> Entry | None:
    """The entry of a definition at the values of its indices, None where one has no value.

    An axis of size one is read at its only place, which the right side need not mention.

    >>> from derive.terms import ONE, ZERO, Quantity, Size
    >>> i, unit = Index(Size("n")), Index(ONE)
    >>> mu = Equation(Quantity("mu", (Size("n"), ONE)), (i, unit), Size("n"))
    >>> entry_at(mu, {i: IndexValue(i)}) == Entry(mu.left, (IndexValue(i), ZERO))
    True
    """
    places = {index: ZERO for index in definition.indices if is_one(index.size)}
    found = {**places, **values}
    if not found.keys() >= set(definition.indices):
        return None
    return Entry(definition.left, tuple(found[index] for index in definition.indices))


def _is_everywhere(term: Term) -> bool:
    """Whether a factor has a value whatever the data are: nothing is divided by them."""
    match term:
        case Divide(above, below):
            return is_size(below) and _is_everywhere(above)
        case Add(parts) | Multiply(parts) | Call(_, parts):
            return not _is_partial(term) and all(map(_is_everywhere, parts))
        case Negate(inside):
            return _is_everywhere(inside)
        case Power(base, Number(value)):
            return value >= 0 and value.denominator == 1 and _is_everywhere(base)
    return needs_no_guard(term) or isinstance(term, Entry)


def _is_partial(term: Term) -> bool:
    return isinstance(term, Call) and term.function in PARTIAL


def _named_under_guards(term: Term, definition: Equation) -> Term:
    """A guarded term with the name of a definition that the same conditions guard."""
    needed, pattern = unguarded(definition.right)
    conditions, inside = unguarded(term)
    if not needed or not conditions:
        return term
    implied: dict[Entry, tuple[Condition, ...]] = {}

    def rule(node: Node) -> Node | None:
        entry = _instance(definition, pattern, node) if isinstance(node, Term) else None
        if entry is None:
            return None
        here = dict(zip(definition.indices, entry.subscripts, strict=True))
        wanted = tuple(substitute(condition, here) for condition in needed)
        if not set(wanted) <= set(conditions):
            return None
        implied[entry] = wanted
        return entry

    inside = rewrite(inside, rule)
    factors = set(flat_factors((inside,)))
    if not all(factor in implied or _is_everywhere(factor) for factor in factors):
        # A quotient may have no value where the conditions fail, and zero times it has none.
        return guarded(conditions, inside)
    dropped = {c for entry, wanted in implied.items() if entry in factors for c in wanted}
    return guarded(tuple(c for c in conditions if c not in dropped), inside)
