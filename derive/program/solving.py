"""Inverses that only multiply become solutions: `inv(A) @ v` is `solve(A, v)`.

That is faster and more accurate, unless the inverse itself is needed anyway: then it is computed
once and multiplied.  The inverse of a symmetric matrix is its own transpose, and only a matrix that
is not known to be symmetric is made so before it is factored.
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import replace
from fractions import Fraction

from derive.program.array_shapes import shape_of
from derive.program.arrays import (
    ArrayTerm,
    Elementwise,
    Exact,
    Identity,
    Matmul,
    OfMatrices,
    Transpose,
    Whole,
    operands,
    with_operands,
)
from derive.program.labelled import transposed
from derive.program.program import Program, Statement, every_statement
from derive.terms import Name


def with_solutions(program: Program, symmetric: Set[Name] = frozenset()) -> Program:
    """The program with solutions in the place of inverses that only multiply.

    `symmetric` names the matrices that are known to be symmetric.
    """
    program = _everywhere(program, lambda value: untransposed(value, symmetric))
    needed: set[ArrayTerm] = set()
    for statement in every_statement(program.statements):
        _collect(statement.value, needed)
    return _everywhere(program, lambda value: _solved(value, needed))


def _everywhere(program: Program, rule: Callable[[ArrayTerm], ArrayTerm]) -> Program:
    """The program with each value as `rule` gives it."""

    def ruled(statement: Statement) -> Statement:
        return replace(statement, value=rule(statement.value))

    lines = tuple(
        ruled(line)
        if isinstance(line, Statement)
        else replace(line, statements=tuple(map(ruled, line.statements)))
        for line in program.statements
    )
    return replace(program, statements=lines)


def untransposed(term: ArrayTerm, symmetric: Set[Name]) -> ArrayTerm:
    """The term without what symmetry makes superfluous."""
    term = with_operands(term, tuple(untransposed(part, symmetric) for part in operands(term)))
    match term:
        case Transpose(operand, (1, 0)) if _is_symmetric(operand, symmetric):
            return operand
        case OfMatrices("cholesky", (Elementwise("divide", (Elementwise("add", parts), two)),)):
            if parts[0] == parts[-1] and two == Exact(Fraction(2)):
                return OfMatrices("cholesky", parts[:1])
    return term


def _is_symmetric(term: ArrayTerm, symmetric: Set[Name]) -> bool:
    """Whether a matrix equals its transpose, as its form shows."""
    match term:
        case Whole(quantity):
            return quantity.name in symmetric
        case Identity():
            return True
        case OfMatrices("inv", (operand,)):
            return _is_symmetric(operand, symmetric)
        case Matmul(left, right) if len(shape_of(left)) == len(shape_of(right)) == 2:
            return Transpose(left, (1, 0)) == right or left == Transpose(right, (1, 0))
        case Elementwise("add", parts):
            return all(_is_symmetric(part, symmetric) for part in parts)
        case Elementwise("negate" | "multiply" | "divide", parts):
            return all(not shape_of(part) or _is_symmetric(part, symmetric) for part in parts)
    return False


def _solution(term: ArrayTerm) -> tuple[ArrayTerm, OfMatrices] | None:
    """What a product with an inverse is as a solution, and the inverse that it saves."""
    match term:
        case Matmul(OfMatrices("inv", (matrix,)) as inverse, right) if _fits(matrix, right):
            return OfMatrices("solve", (matrix, right)), inverse
        case Matmul(Transpose(OfMatrices("inv", (matrix,)) as inverse, axes), right) if (
            axes == flipped(matrix) and _fits(matrix, right)
        ):
            return OfMatrices("solve", (transposed(matrix, axes), right)), inverse
        case Matmul(left, OfMatrices("inv", (matrix,)) as inverse) if _fits(matrix, left):
            system = transposed(matrix, flipped(matrix))
            if len(shape_of(left)) == 1:
                return OfMatrices("solve", (system, left)), inverse
            rows = transposed(left, flipped(left))
            return transposed(OfMatrices("solve", (system, rows)), flipped(left)), inverse
    return None


def flipped(matrix: ArrayTerm) -> tuple[int, ...]:
    """The axes of a matrix, or of a stack of them, with the last two exchanged."""
    rank = len(shape_of(matrix))
    return (*range(rank - 2), rank - 1, rank - 2)


def _fits(matrix: ArrayTerm, right: ArrayTerm) -> bool:
    """Whether `solve` means the same as the product: a vector goes with one matrix only."""
    return len(shape_of(matrix)) == 2 or len(shape_of(right)) > 1


def _collect(term: ArrayTerm, needed: set[ArrayTerm]) -> None:
    """The inverses in `term` that are more than factors of a product."""
    found = _solution(term)
    if found is not None:
        for part in operands(found[0]):
            _collect(part, needed)
        return
    if isinstance(term, OfMatrices) and term.operator == "inv":
        needed.add(term)
    for part in operands(term):
        _collect(part, needed)


def _solved(term: ArrayTerm, needed: set[ArrayTerm]) -> ArrayTerm:
    found = _solution(term)
    if found is not None and found[1] not in needed:
        term = found[0]
    made = with_operands(term, tuple(_solved(part, needed) for part in operands(term)))
    return transposed(made.operand, made.axes) if isinstance(made, Transpose) else made
