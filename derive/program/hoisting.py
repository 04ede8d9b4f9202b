"""What a recurrence computes without looking at itself, computed for all steps at once.

In h[t] = tanh(x[t] @ W + h[t-1] @ U) the product x @ W needs no loop.  A part is taken out where
it reads nothing that steps, is worth an array operation, reads within its arrays at every step, and
needs no array of more axes than are there already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from derive.calculus.affine import affine, within
from derive.calculus.tidy import conditions_of, tidy
from derive.model import Equation
from derive.polynomials import collected
from derive.program.part_names import fresh, label_of
from derive.program.ranges import common_range, moved, range_of
from derive.simplify import negative, total
from derive.terms import (
    ONE,
    ZERO,
    Add,
    Call,
    Choice,
    Condition,
    Divide,
    Entry,
    Index,
    IndexValue,
    Multiply,
    Name,
    Negate,
    Number,
    Power,
    Quantity,
    Reduction,
    Term,
    children,
    entries,
    free_indices,
    is_one,
    number,
    rebuild,
    same,
    substitute,
    walk,
)

# What a part must cost, in elementwise operations, to be worth an array of its own.
WORTH = 2


@dataclass
class Hoisting:
    """Takes parts out of equations; `parts` are the equations of what was taken out."""

    taken: set[Name]
    parts: list[Equation] = field(default_factory=list)

    def hoisted(self, block: Sequence[Equation], steps: Sequence[Index]) -> list[Equation]:
        """The equations of a loop without what can be computed before it."""
        own = frozenset(equation.left.name for equation in block)
        rank = max(len(_long(equation.indices)) for equation in block)
        pairs = zip(block, steps, strict=True)
        return [
            replace(e, right=_Visit(self, e, step, own, rank).rest(e.right)) for e, step in pairs
        ]

    def name(self, left: Name, part: Term, word: str) -> str:
        """A name for a part of an equation, such as h_given; h_slope is that of tanh where h is."""
        sloping = _sloping(part)
        wanted = f"{label_of(left)}_{word}" if sloping is None else f"{label_of(sloping)}_slope"
        found = fresh(wanted, self.taken)
        self.taken.add(found)
        return found


def _sloping(part: Term) -> Name | None:
    """The quantity of whose function a part is the slope: y (1 - y) of the sigmoid, 1 - y² of tanh.

    None for any other part.
    """
    match part:
        case Multiply((Entry(quantity) as one, Add((first, Negate(Entry() as other))))) if (
            first == ONE and one == other
        ):
            return quantity.name
        case Add((first, Negate(Power(Entry(quantity), Number(value))))) if (
            first == ONE and value == 2
        ):
            return quantity.name
    return None


def _long(indices: Sequence[Index]) -> list[Index]:
    return [index for index in indices if not is_one(index.size)]


@dataclass(frozen=True)
class _Visit:
    """One equation, its step, the names that step with it, and the most axes of a part."""

    hoisting: Hoisting
    equation: Equation
    step: Index
    own: frozenset[Name]
    rank: int

    def rest(self, term: Term, word: str = "given") -> Term:
        """The term with what can be taken out of it read by its name."""
        part = self.taken_out(term, word)
        if part is not None:
            return part
        match term:
            case Add(terms):
                return self._grouped(term, terms, word)
            case Multiply(factors):
                return self._grouped(term, factors, "factor")
            case Choice(condition, chosen, otherwise) if not self._is_one_step(condition):
                piece = self._piece(term, word) if otherwise == ZERO else None
                if piece is not None:
                    return piece
                return Choice(condition, self.rest(chosen, word), self.rest(otherwise, word))
            case Reduction(kind, indices, body, where) if not any(map(self._is_one_step, where)):
                return Reduction(kind, indices, self.rest(body, "factor"), where)
            case Negate() | Divide() | Power() | Call():
                below = (self.rest(part, word) for part in children(term) if isinstance(part, Term))
                return rebuild(term, tuple(below))
        return term

    def _piece(self, choice: Choice, word: str) -> Term | None:
        """A term on a range of an index: what is taken out of it is an array of that range."""
        for index in free_indices(choice.condition):
            found, _ = common_range(conditions_of(choice.condition), index)
            if index is not self.step and (found.start, found.end) != (ZERO, index.size):
                inside, term = moved(choice.chosen, found)
                back = collected(total(IndexValue(index), negative(found.start)))
                chosen = tidy(substitute(self.rest(term, word), {inside: back}))
                return replace(choice, chosen=chosen)
        return None

    def _is_one_step(self, condition: Condition) -> bool:
        """Whether a condition holds at one step only: what it guards is computed once as it is."""
        found = range_of(condition)
        return found is not None and found.index is self.step and is_one(found.size)

    def _grouped(self, term: Add | Multiply, parts: tuple[Term, ...], word: str) -> Term:
        """A sum or product in which those parts that can be taken out are taken out together."""
        free = [part for part in parts if self._is_free(part)]
        if isinstance(term, Multiply):
            free = [part for part in free if self.step in free_indices(part)]
        together = None
        # An entry alone may be read at a step that there is not, which keeps the others back.
        for group in (free, [part for part in free if not isinstance(part, Entry)]):
            if together is None and len(group) > 1:
                together, free = self.taken_out(rebuild(term, tuple(group)), word), group
        result = []
        for part in parts:
            if together is None or part not in free:
                result.append(self.rest(part, word))
            elif part is free[0]:
                result.append(together)
        return result[0] if len(result) == 1 else rebuild(term, tuple(result))

    def _is_free(self, part: Term) -> bool:
        names = {entry.quantity.name for entry in entries(part)}
        conditions = [node for node in walk(part) if isinstance(node, Condition)]
        guarded = any(self.step in free_indices(condition) for condition in conditions)
        return not names & self.own and not guarded

    def taken_out(self, term: Term, word: str) -> Term | None:
        """The entry of the array that holds a part of all steps, None where it has to stay."""
        if not self._is_free(term) or not entries(term) or _cost(term) < WORTH:
            return None
        offset = self._offset(term)
        inner = [i for i in free_indices(term) if i is not self.step]
        outer = [i for i in self.equation.indices if i in inner]
        others = [*outer, *(i for i in inner if i not in outer)]
        indices = [*([self.step] if self.step in free_indices(term) else []), *others]
        inside = {index: Index(index.size, index.letter) for index in indices}
        places: dict[Index, Term] = {old: IndexValue(new) for old, new in inside.items()}
        if self.step in inside:
            places[self.step] = total(IndexValue(inside[self.step]), negative(offset))
        part = tidy(substitute(term, places))
        most = max([self.rank, *(len(entry.subscripts) for entry in entries(part))])
        if _width(part) > most or not reads_within(part):
            return None
        found = self._array(tuple(inside.values()), part, word)
        here: dict[Index, Term] = {i: IndexValue(i) for i in indices}
        here[self.step] = collected(total(IndexValue(self.step), offset))
        return Entry(found, tuple(here[index] for index in indices))

    def _offset(self, term: Term) -> Term:
        """How far from this step a part looks: 1 where it reads at t + 1.

        An axis that is longer than the steps has a place there at the last step too.
        """
        for entry in entries(term):
            for subscript, size in zip(entry.subscripts, entry.quantity.shape, strict=True):
                form = affine(subscript) if size == self.step.size else None
                if form is not None and form.coefficients == {self.step: ONE}:
                    constant = number(abs(form.constant))
                    return constant if form.constant >= 0 else negative(constant)
        return number(0)

    def _array(self, indices: tuple[Index, ...], part: Term, word: str) -> Quantity:
        """The array of a part: one that is there already, or a new one."""
        for known in self.hoisting.parts:
            if [i.size for i in known.indices] == [i.size for i in indices] and same(
                known.right, part, dict(zip(known.indices, indices, strict=True))
            ):
                return known.left
        name = self.hoisting.name(self.equation.left.name, part, word)
        quantity = Quantity(name, tuple(index.size for index in indices))
        self.hoisting.parts.append(Equation(quantity, indices, part))
        return quantity


def _cost(term: Term) -> int:
    """Elementwise operations on data, functions and reductions counting as two."""
    own = 0
    if entries(term):
        match term:
            case Call() | Reduction() | Power():
                own = 2
            case Add(parts) | Multiply(parts):
                own = len(parts) - 1
            case Divide():
                own = 1
    return own + sum(_cost(part) for part in children(term) if isinstance(part, Term))


def _width(term: Term) -> int:
    """The most axes of an array that the value of a term is computed by.

    A sum of products is a matrix product, which makes no array of all its indices.
    """
    match term:
        case Reduction("sum" | "mean", _, Multiply(factors), ()):
            return max([len(_long(free_indices(term))), *map(_width, factors)])
    below = [_width(part) for part in children(term) if isinstance(part, Term)]
    return max([len(_long(free_indices(term))), *below])


def reads_within(term: Term) -> bool:
    """Whether every entry is read within its array, whatever the indices are."""
    return all(
        _is_within(subscript, size)
        for entry in entries(term)
        for subscript, size in zip(entry.subscripts, entry.quantity.shape, strict=True)
    )


def _is_within(subscript: Term, size: Term) -> bool:
    if isinstance(subscript, Entry):
        return subscript.quantity.kind == "index"
    return affine(subscript) is not None and not within(subscript, size)
