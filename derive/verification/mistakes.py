"""Mistakes that people make in a derivation, each as a model: the same values, other derivatives.

A forgotten term is a part of the forward equations that counts as a constant, a lost derivative of
an activation is the identity in its place, a wrong transpose is a matrix that is transposed in what
multiplies the slopes and nowhere else.  Each is written with `stop_gradient` in a copy of the model
whose values stay what they are, and the oracle's dual numbers say what gradient comes of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

from derive.functions import ROWS
from derive.model import Equation, Specification
from derive.terms import (
    BINDERS,
    Add,
    AllOf,
    Call,
    Choice,
    Compare,
    Condition,
    Divide,
    Entry,
    Index,
    IndexValue,
    LinearAlgebra,
    Matrix,
    Multiply,
    Name,
    Negate,
    Node,
    Power,
    Reduction,
    Relation,
    Term,
    free_indices,
    number,
    renew,
    rewrite,
    substitute,
    walk,
)
from derive.terms import children as children_of
from derive.terms import rebuild as with_children

# Functions whose derivative is often multiplied with once too often.
ACTIVATIONS = ("sigmoid", "tanh", "relu", "softplus", "exp")


@dataclass(frozen=True, eq=False)
class Part:
    """A term somewhere in an equation, and the model with another one at this place.

    `scope` are the indices that have a value there: those of the equation, and those bound around.
    """

    term: Term
    equation: Equation
    put: Callable[[Term], Specification]
    scope: tuple[Index, ...]
    is_summand: bool = False


@dataclass(frozen=True, eq=False)
class Mistake:
    """What may have been done wrong, as a sentence, and the model whose gradient this gives."""

    text: str
    model: Specification


# --- parts of a model ---------------------------------------------------------------------------


def depending(model: Specification, name: Name) -> frozenset[Name]:
    """A quantity, and all those that are computed from it."""
    found = {name}
    while True:
        more = {
            e.left.name
            for e in model.equations
            if any(isinstance(n, Entry) and n.quantity.name in found for n in walk(e.right))
        }
        if more <= found:
            return frozenset(found)
        found |= more


def parts(model: Specification, name: Name) -> Iterator[Part]:
    """Every place in the equations at which the quantity `name` is read, directly or not."""
    moving = depending(model, name)
    for place, equation in enumerate(model.equations):

        def put(term: Term, place: int = place, equation: Equation = equation) -> Specification:
            changed = (*model.equations[:place], replace(equation, right=term))
            return replace(model, equations=(*changed, *model.equations[place + 1 :]))

        for part in _parts(Part(equation.right, equation, put, equation.indices)):
            if any(isinstance(n, Entry) and n.quantity.name in moving for n in walk(part.term)):
                yield part


def _parts(part: Part) -> Iterator[Part]:
    """The numbers in a term that can have a slope: not its subscripts, nor its conditions."""
    term = part.term
    if not isinstance(term, Matrix):
        yield part
    if isinstance(term, Entry):
        return
    below = children_of(term)
    bound = term.indices if isinstance(term, BINDERS) else ()
    for at, child in enumerate(below):
        subscript = isinstance(term, LinearAlgebra) and at >= len(term.operands)
        if isinstance(child, Condition) or subscript:
            continue

        def put(new: Term, at: int = at) -> Specification:
            return part.put(with_children(term, (*below[:at], new, *below[at + 1 :])))

        assert isinstance(child, Term)
        scope = (*part.scope, *bound)
        yield from _parts(Part(child, part.equation, put, scope, isinstance(term, Add)))


# --- terms with other derivatives ---------------------------------------------------------------


def stopped(term: Term) -> Term:
    """The term, as a constant."""
    return Call("stop_gradient", (term,))


def slopes(term: Term) -> Term:
    """Zero, with the slopes of the term."""
    return Add((term, Negate(stopped(term))))


def with_slopes(term: Term, *others: Term) -> Term:
    """The value of `term`, with the slopes of the others together."""
    return Add((stopped(term), *map(slopes, others)))


def scaled(term: Term, factor: Term, inner: Term) -> Term:
    """The value of `term`, with the slopes of `inner` times a factor."""
    return Add((stopped(term), Multiply((stopped(factor), slopes(inner)))))


def without(part: Part) -> Specification:
    """The model in which a part counts as a constant."""
    return part.put(stopped(part.term))


def quantity_without(model: Specification, name: Name) -> Specification:
    """The model in which a quantity counts as a constant wherever it is read."""
    return _wherever_read(model, name, stopped)


def _wherever_read(
    model: Specification, name: Name, change: Callable[[Term], Term]
) -> Specification:
    def rule(node: Node) -> Node | None:
        if isinstance(node, Entry) and node.quantity.name == name:
            return change(node)
        return None

    equations = (replace(e, right=rewrite(e.right, rule)) for e in model.equations)
    return replace(model, equations=tuple(equations))


# --- mistakes at a part -------------------------------------------------------------------------


def once_more(model: Specification, name: Name) -> Iterator[Mistake]:
    """A quantity whose slope is multiplied with the derivative of a function of it."""
    used = (n.function for e in model.equations for n in walk(e.right) if isinstance(n, Call))
    for function in dict.fromkeys((*used, *ACTIVATIONS)):
        if function in ROWS and len(ROWS[function].partials) == 1:
            yield Mistake(
                f"the derivative of {function} at '{name}' is a factor too many",
                _wherever_read(model, name, partial(_sloped, function)),
            )


def _sloped(function: str, term: Term) -> Term:
    """A term whose slope is multiplied with the derivative of a function of it."""
    return scaled(term, ROWS[function].partials[0](term), term)


def mistakes_at(part: Part) -> Iterator[Mistake]:
    """What else than leaving it out may go wrong where this part is differentiated."""
    of = f"in the equation of '{part.equation.left.name}'"
    for text, term in (
        *_of_functions(part.term),
        *_of_products(part.term),
        *_of_sums(part),
        *_of_choices(part.term),
        *_of_matrices(part.term),
    ):
        yield Mistake(f"{text}, {of}", part.put(term))
    for text, term in _over_axes(part):
        yield Mistake(f"{text}, {of}", part.put(term))


def _of_functions(term: Term) -> Iterator[tuple[str, Term]]:
    match term:
        case Call(name, (inner,)) if name in ROWS:
            slope = ROWS[name].partials[0]
            yield f"the derivative of {name} is missing", with_slopes(term, inner)
            yield (
                f"the derivative of {name} is taken at its output, not at its argument",
                scaled(term, slope(term), inner),
            )
            of_output = rewrite(slope(inner), lambda n: inner if n == term else None)
            yield (
                f"the derivative of {name} in terms of its output is taken at its argument",
                scaled(term, of_output, inner),
            )
            yield f"{name} stands where its derivative should", scaled(term, term, inner)
            twice = Multiply((slope(inner), slope(inner)))
            yield f"the derivative of {name} is there twice", scaled(term, twice, inner)
        case Power(base, exponent):
            yield (
                "the exponent of a power is not lowered by one",
                scaled(term, Multiply((exponent, term)), base),
            )
            yield "a power is not differentiated", with_slopes(term, base)


def _of_products(term: Term) -> Iterator[tuple[str, Term]]:
    match term:
        case Divide(above, below):
            by_denominator = scaled(term, Negate(term), below)
            yield (
                "the denominator of a quotient is not squared",
                Add((slopes(Divide(above, stopped(below))), by_denominator)),
            )
        case Multiply(factors):
            for at, factor in enumerate(factors):
                turned = _turned(factor)
                if turned is None:
                    continue
                others = tuple(f for k, f in enumerate(factors) if k != at)
                yield (
                    f"a transpose of '{_name(factor)}' is missing or one too many",
                    with_slopes(
                        term,
                        Multiply((*others, stopped(turned))),
                        Multiply((*map(stopped, others), factor)),
                    ),
                )


def _name(term: Term) -> str:
    return str(term.quantity.name) if isinstance(term, Entry) else "it"


def _turned(term: Term) -> Term | None:
    """An entry of a square matrix at the transposed place."""
    if not isinstance(term, Entry) or len(term.subscripts) < 2:
        return None
    if term.quantity.shape[-1] != term.quantity.shape[-2]:
        return None
    *before, row, column = term.subscripts
    return replace(term, subscripts=(*before, column, row))


def _of_sums(part: Part) -> Iterator[tuple[str, Term]]:
    """Of a reduction only the diagonal of its Jacobian is kept, or its filter is another one."""
    term = part.term
    if not isinstance(term, Reduction):
        return
    name = {"logsumexp": "a softmax or logsumexp"}.get(term.kind, f"a {term.kind}")
    for outer in part.scope:
        for inner in term.indices:
            if inner.size == outer.size:
                here = Compare("==", IndexValue(inner), IndexValue(outer))
                own = replace(term, term=Choice(here, term.term, stopped(term.term)))
                yield (
                    f"only the diagonal of the Jacobian is kept, what crosses {name} is missing",
                    with_slopes(term, own),
                )
    for at, condition in enumerate(term.where):
        others = (*term.where[:at], *term.where[at + 1 :])
        yield "a filter is left out", with_slopes(term, replace(term, where=others))
        if isinstance(condition, Compare) and condition.relation in STRICT:
            shifted = replace(condition, relation=STRICT[condition.relation])
            yield (
                "a filter is off by one",
                with_slopes(term, replace(term, where=(*others, shifted))),
            )
    if term.kind in ("max", "min"):
        total = replace(term, kind="sum")
        yield f"the slope of {name} goes to all entries, not to one", with_slopes(term, total)
        mean = replace(term, kind="mean")
        yield f"the slope of {name} is shared by all entries", with_slopes(term, mean)
    if term.kind == "prod":
        yield "a product is differentiated as a sum", with_slopes(term, replace(term, kind="sum"))


STRICT: dict[str, Relation] = {"<=": "<", "<": "<=", ">=": ">", ">": ">="}


def _of_choices(term: Term) -> Iterator[tuple[str, Term]]:
    if isinstance(term, Choice):
        yield (
            "a condition is left out: its first branch is differentiated everywhere",
            (with_slopes(term, term.chosen)),
        )
        yield (
            "a condition is left out: its second branch is differentiated everywhere",
            (with_slopes(term, term.otherwise)),
        )
        yield (
            "the branches of a condition are differentiated the wrong way round",
            (with_slopes(term, Choice(term.condition, term.otherwise, term.chosen))),
        )


def _of_matrices(term: Term) -> Iterator[tuple[str, Term]]:
    if not isinstance(term, LinearAlgebra):
        return
    for at, operand in enumerate(term.operands):
        if len(operand.indices) == 2 and operand.indices[0].size == operand.indices[1].size:
            row, column = operand.indices
            turned = renew(Matrix((column, row), operand.term))
            moved = _sum_of(stopped_inside(turned), operand)
            changed = (*term.operands[:at], moved, *term.operands[at + 1 :])
            yield (
                f"a transpose of the {term.operator} is missing or one too many",
                with_slopes(term, replace(term, operands=changed)),
            )


def stopped_inside(matrix: Matrix) -> Matrix:
    """The matrix with constant entries."""
    return replace(matrix, term=stopped(matrix.term))


def _sum_of(constant: Matrix, moving: Matrix) -> Matrix:
    """The values of one matrix with the slopes of another."""
    aligned = substitute(
        moving.term,
        dict(zip(moving.indices, map(IndexValue, constant.indices), strict=True)),
    )
    return replace(constant, term=Add((constant.term, slopes(renew(aligned)))))


def _over_axes(part: Part) -> Iterator[tuple[str, Term]]:
    """What arrives at a part is summed or averaged along an index that it depends on."""
    for index in part.scope:
        if index not in free_indices(part.term):
            continue
        other = Index(index.size, index.letter)
        moved = substitute(renew(part.term), {index: IndexValue(other)})
        for kind, done in (("mean", "averaged"), ("sum", "summed")):
            along = Reduction(kind, (other,), moved)
            letter = index.letter or "an index"
            yield (
                f"what arrives is {done} over {letter}, though it should not be",
                (with_slopes(part.term, along)),
            )


# --- what is written over -----------------------------------------------------------------------


def only_at(part: Part, place: Mapping[Index, int]) -> Specification:
    """The model in which a part counts as a constant but at one place of some indices."""
    here = tuple(Compare("==", IndexValue(index), number(at)) for index, at in place.items())
    return part.put(Choice(AllOf(here), part.term, stopped(part.term)))


def collected(part: Part) -> tuple[tuple[Index, ...], ...]:
    """The indices over which the slopes of a part are collected: one by one, and all together."""
    free = tuple(index for index in free_indices(part.term))
    looking_up = tuple(
        dict.fromkeys(
            index
            for node in walk(part.term)
            if isinstance(node, Entry)
            for subscript in node.subscripts
            if not isinstance(subscript, IndexValue)
            for index in free_indices(subscript)
            if index in free
        )
    )
    together = (looking_up,) if len(looking_up) > 1 else ()
    return (*((index,) for index in free), *together)
