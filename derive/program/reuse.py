"""Which statements may change an array where it stands, instead of making a new one.

    A = np.exp(S - S.max(axis=3, keepdims=True))
    A /= A.sum(axis=3, keepdims=True)

An array is changed if nothing reads it afterwards and nothing looks at its memory.  It is a part
that the model does not name, and that is read for one quantity alone: it takes the name of what it
becomes.  Where arrays have more axes than all that is passed in, and so are worth a line, a product
or a difference is multiplied where it stands, and so is the product that is a gradient's only use.
A product of matrices that is given other axes is added to in a line of its own: NumPy finds no
other use for the memory of what it only looks at.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from derive.program.array_shapes import is_diagonal, shape_of
from derive.program.arrays import (
    Apply,
    ArrayTerm,
    Elementwise,
    Gather,
    Matmul,
    Reshape,
    Select,
    Tensordot,
    Transpose,
    Whole,
    Windows,
    operands,
)
from derive.program.number_types import TRUTH
from derive.program.program import Line, Program, Statement, parts, reads
from derive.terms import Name, Quantity

MATRIX = 2

# What is added, multiplied, ..., or, with nothing else, made an exponential.
Step = tuple[Literal["+", "-", "*", "/", "exp"], ArrayTerm | None]


@dataclass(frozen=True)
class Change:
    """A new array or one that is there, and what is done to it: it is added to or multiplied."""

    start: Matmul | Tensordot | Reshape | Whole
    steps: tuple[Step, ...] = ()

    def then(self, *steps: Step) -> Change:
        """The same, and more of what is done, one after the other."""
        return replace(self, steps=(*self.steps, *steps))


def _step(operation: str, other: ArrayTerm) -> Step:
    match operation, other:
        case "add", Elementwise("negate", (value,)):
            return "-", value
        case "add", _:
            return "+", other
        case "multiply", _:
            return "*", other
    return "/", other


def changes(program: Program, before: Sequence[Line] = ()) -> dict[Name, Change]:
    """For each target whose value may take the place of an array that it is made of: how.

    The lines `before` are those of another program, which made some inputs for this one alone.

    >>> from derive.program.arrays import Apply, Fold, Whole
    >>> from derive.terms import Size
    >>> z, e, p = (Quantity(name, (Size("n"),)) for name in ("z", "e", "p"))
    >>> exponential = Statement(e, Apply("exp", (Whole(z),)))
    >>> share = Statement(p, Elementwise("divide", (Whole(e), Fold("sum", Whole(e), (0,)))))
    >>> changes(Program((z,), (), (), (exponential, share), (p,)))["p"].start == Whole(e)
    True
    """
    found: dict[Name, Change] = {}
    for number, line in enumerate(program.statements):
        if isinstance(line, Statement) and line.axis is None and line.target.shape:
            here = _Here(program, before, number, line)
            for change in _changed(line.value, line.target):
                if change.steps and _may_change(change, here):
                    found[line.target.name] = change
                    break
    return found


@dataclass(frozen=True)
class _Here:
    """A statement of a program, and the lines of another one that was run before."""

    program: Program
    before: Sequence[Line]
    number: int
    statement: Statement

    @property
    def is_large(self) -> bool:
        """Whether its array has more axes than all that is passed in."""
        given = (q for q in self.program.inputs if q.kind in ("input", "param"))
        most = max((len(quantity.shape) for quantity in given), default=0)
        return len(self.statement.target.shape) > most


def _may_change(change: Change, here: _Here) -> bool:
    """Whether a statement may change what it starts from: what it makes itself, or an array.

    A sum of its own products reads best as one line; scaling it is worth another one.  What was
    made before becomes a quantity of the model, no gradient: its name tells what it is then.
    """
    start = change.start
    if isinstance(start, Reshape):
        return True
    if not isinstance(start, Whole):
        return here.is_large and all(operation in ("*", "/") for operation, _ in change.steps)
    maker = _maker(start.quantity, here.program.statements[: here.number])
    if maker is None and here.statement.target.kind != "gradient":
        maker = _maker(start.quantity, here.before)
    if maker is None or not _is_free(start.quantity, here):
        return False
    is_product = start.quantity.kind == "gradient" and isinstance(maker.value, Matmul | Tensordot)
    if not is_part(maker) and not (here.is_large and is_product):
        return False
    return _serves(start.quantity, here)


def _serves(array: Quantity, here: _Here) -> bool:
    """Whether all that is computed from a part is no more than a part of one statement.

    The cost that an array of many axes has beside it is a number.
    """
    for number, line in enumerate(here.program.statements):
        if number == here.number or all(array.name not in reads(s.value) for s in parts(line)):
            continue
        if not isinstance(line, Statement):
            return False
        if line.target.shape or len(array.shape) <= MATRIX:
            is_kept = line.target in here.program.outputs
            if not is_part(line) or is_kept or not _serves(line.target, here):
                return False
    return True


def is_exponential_in_place(statement: Statement, made: Sequence[Line] = ()) -> bool:
    """Whether exponentials are taken where the matrix of their exponents stands.

    `made` are the lines that make what it reads.

    A softmax has no larger arrays than these two.

        A = S - S.max(axis=1, keepdims=True)
        np.exp(A, out=A)
    """
    if statement.axis is not None or len(statement.target.shape) < MATRIX:
        return False
    match statement.value:
        case Apply("exp", (Elementwise("add") as exponent,)):
            fits = shape_of(exponent) == statement.target.shape
            return fits and _holds_numbers(exponent, made)
    return False


def is_part(line: Line) -> bool:
    """Whether a line computes what the model does not name."""
    return isinstance(line, Statement) and line.equation is None


def _changed(term: ArrayTerm, target: Quantity) -> Iterator[Change]:
    """The ways in which a value is made by changes of one array.

    The first change may read the array itself, as it is before.  Rounding is what it would be in
    a new array: of more than two operands the first two come first.
    """
    match term:
        case Whole() | Matmul() | Tensordot() | Reshape(Matmul()) if shape_of(term) == target.shape:
            yield Change(term)
        case Elementwise("add" | "multiply" | "divide" as operation, terms):
            for place, part in enumerate(terms[: 1 if operation == "divide" else 2]):
                others = (*terms[:place], *terms[place + 1 :])
                read = {name for other in others for name in reads(other)}
                for change in _changed(part, target):
                    first = not change.steps and len(others) == 1
                    if first or not read & set(reads(change.start)):
                        yield change.then(*(_step(operation, other) for other in others))
        case Apply("exp", (exponent,)) if len(target.shape) >= MATRIX:
            for change in _changed(exponent, target):
                if change.steps:
                    yield change.then(("exp", None))


def _maker(array: Quantity, statements: Sequence[Line]) -> Statement | None:
    """The statement that makes an array in memory of its own, None where it may be another's.

    Truths become numbers in a new array.
    """
    for line in statements:
        if isinstance(line, Statement) and line.target == array and line.axis is None:
            value = line.value
            while isinstance(value, Transpose | Reshape):
                value = value.operand
            if isinstance(value, Elementwise) and value.operation in TRUTH:
                return None
            if is_diagonal(value) or not _holds_numbers(value, statements):
                return None
            own = isinstance(value, Matmul | Tensordot | Elementwise) or operands(value)
            return line if own and not _is_view(value) else None
    return None


def _holds_numbers(term: ArrayTerm, statements: Sequence[Line] = ()) -> bool:
    """Whether there are numbers of the data in a term, not places and counts alone.

    What a choice asks of the data is no number in it.
    """
    match term:
        case Apply():
            return True
        case Elementwise("where", (_, *branches)):
            return any(_holds_numbers(branch, statements) for branch in branches)
        case Elementwise(operation) if operation in TRUTH:
            return False
        case Whole(quantity):
            made = [s for s in statements if isinstance(s, Statement) and s.target == quantity]
            if len(made) == 1 and made[0].axis is None and made[0].value != term:
                return _holds_numbers(made[0].value, statements)
            return quantity.kind != "index"
    return any(_holds_numbers(part, statements) for part in operands(term))


def _is_view(term: ArrayTerm) -> bool:
    """Whether a term looks at the memory of another array: also where single places are read."""
    match term:
        case Whole() | Select() | Windows():
            return True
        case Gather(_, subscripts):
            return not any(shape_of(subscript) for subscript in subscripts if subscript is not None)
    return False


def _is_free(array: Quantity, here: _Here) -> bool:
    """Whether nothing reads an array after a statement, and nothing looks at its memory."""
    later = (s for line in here.program.statements[here.number + 1 :] for s in parts(line))
    read = {name for statement in later for name in reads(statement.value)}
    views = (s.value for line in (*here.before, *here.program.statements) for s in parts(line))
    kept = {quantity.name for quantity in here.program.outputs}
    return array.name not in read | kept and not any(_looks_at(v, array) for v in views)


def _looks_at(term: ArrayTerm, array: Quantity) -> bool:
    match term:
        case Transpose(inner) | Reshape(inner) | Select(inner) | Windows(inner):
            return inner == Whole(array) or _looks_at(inner, array)
    return False
