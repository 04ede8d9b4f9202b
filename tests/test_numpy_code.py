"""Array terms as Python text: the brackets that are needed, and no others; lines that fit."""

import ast
import math
from fractions import Fraction

import numpy as np
import pytest
from forms import n, quantity

from derive.code.layout import WIDTH, bracketed, commented
from derive.code.numpy_code import code
from derive.code.program_code import statement_lines
from derive.code.size_code import decimal, shape_code, size_code
from derive.program.arrays import (
    Apply,
    Copy,
    Counting,
    Elementwise,
    Exact,
    Extent,
    Fold,
    Full,
    Gather,
    Infinity,
    Matmul,
    Pi,
    Select,
    Tensordot,
    Transpose,
    Whole,
)
from derive.program.interpret import evaluate
from derive.program.program import Program, Statement
from derive.terms import Add, FloorDivide, Multiply, Negate, Power, Size, number

A, B, C = (Whole(quantity(name, n, n)) for name in "ABC")
v = Whole(quantity("v", n))
NAMES = {name: name for name in "ABCvn"}
ONE, TWO = Exact(Fraction(1)), Exact(Fraction(2))


def plus(*terms):
    return Elementwise("add", terms)


def times(*factors):
    return Elementwise("multiply", factors)


def over(above, below):
    return Elementwise("divide", (above, below))


def minus(term):
    return Elementwise("negate", (term,))


def power(base, exponent):
    return Elementwise("power", (base, exponent))


def compare(relation, left, right):
    return Elementwise(relation, (left, right))


TABLE = [
    (plus(A, minus(B), C), "A - B + C"),
    (plus(A, minus(plus(B, C))), "A - (B + C)"),
    (plus(A, plus(B, C)), "A + (B + C)"),
    (plus(plus(A, B), C), "A + B + C"),
    (plus(minus(A), Exact(Fraction(-1))), "-A - 1"),
    (plus(A, minus(times(B, C))), "A - B * C"),
    (times(plus(A, B), C), "(A + B) * C"),
    (times(A, B, C), "A * B * C"),
    (times(A, times(B, C)), "A * (B * C)"),
    (times(TWO, Matmul(A, B)), "2 * (A @ B)"),
    (times(A, minus(B)), "A * -B"),
    (over(times(A, B), C), "A * B / C"),
    (over(A, times(B, C)), "A / (B * C)"),
    (over(A, over(B, C)), "A / (B / C)"),
    (over(over(A, B), C), "A / B / C"),
    (Elementwise("floor_divide", (Counting(n), TWO)), "np.arange(n) // 2"),
    (minus(minus(A)), "-(-A)"),
    (minus(plus(A, B)), "-(A + B)"),
    (minus(Matmul(A, B)), "-(A @ B)"),
    (power(A, TWO), "A**2"),
    (power(plus(A, B), TWO), "(A + B) ** 2"),
    (power(minus(A), TWO), "(-A) ** 2"),
    (minus(power(A, TWO)), "-(A**2)"),
    (minus(power(plus(A, B), TWO)), "-((A + B) ** 2)"),
    (power(power(A, TWO), TWO), "(A**2) ** 2"),
    (power(A, minus(B)), "A**-B"),
    (Matmul(Matmul(A, B), C), "A @ B @ C"),
    (Matmul(A, Matmul(B, C)), "A @ (B @ C)"),
    (Matmul(times(TWO, A), B), "(2 * A) @ B"),
    (Matmul(plus(A, B), v), "(A + B) @ v"),
    (Matmul(Transpose(A, (1, 0)), v), "A.T @ v"),
    (Transpose(plus(A, B), (1, 0)), "(A + B).T"),
    (Tensordot(A, B, (0, 1), (1, 0)), "np.tensordot(A, B, axes=((0, 1), (1, 0)))"),
    (Tensordot(A, B, (0,), (1,)), "np.tensordot(A, B, axes=(0, 1))"),
    (Select(v, ("new", "all")), "v[None, :]"),
    (Select(v, ("all", "new")), "v[:, None]"),
    (Select(A, (0, "all")), "A[0]"),
    (Select(A, ("all", 1)), "A[:, 1]"),
    (Select(Fold("sum", A, (1,)), ("all", "new")), "A.sum(axis=1, keepdims=True)"),
    (Fold("sum", A, (0, 1)), "A.sum()"),
    (Fold("mean", plus(A, B), (0,)), "np.mean(A + B, axis=0)"),
    (Gather(A, (Counting(n), Counting(n))), "np.diagonal(A)"),
    (Gather(A, (None, Counting(n))), "A[:, np.arange(n)]"),
    (Apply("exp", (minus(A),)), "np.exp(-A)"),
    (Apply("sqrt", (Extent(n),)), "math.sqrt(n)"),
    (times(TWO, Pi()), "2 * math.pi"),
    (minus(Infinity()), "-np.inf"),
    (plus(Counting(n), ONE), "np.arange(1, n + 1)"),
    (Elementwise("and", (compare("<", A, B), compare("==", B, C))), "(A < B) & (B == C)"),
    (Elementwise("not", (compare("<", A, B),)), "np.logical_not(A < B)"),
    (Elementwise("where", (compare(">=", A, B), plus(A, B), C)), "np.where(A >= B, A + B, C)"),
    (Full(Exact(Fraction(0)), (n, n)), "np.zeros((n, n))"),
    (Full(ONE, (n,)), "np.ones(n)"),
    (Full(Exact(Fraction(0)), (n,), v), "np.zeros_like(v)"),
    (Full(TWO, (n,), v), "np.full_like(v, 2)"),
    (Full(v, (n, n)), "np.full((n, n), v)"),
    (Copy(A), "A.copy()"),
    (Exact(Fraction(3, 2)), "3 / 2"),
    (Exact(Fraction(1, 10), "0.1"), "0.1"),
    (Exact(Fraction(2), "2.0"), "2"),
    (times(Exact(Fraction(-1, 10), "-0.1"), A), "-0.1 * A"),
]


@pytest.mark.parametrize(("term", "text"), TABLE, ids=[text for _, text in TABLE])
def test_the_text_has_the_brackets_it_needs(term, text):
    assert code(term, NAMES) == text


@pytest.mark.parametrize("term", [term for term, _ in TABLE], ids=[text for _, text in TABLE])
def test_python_reads_the_text_as_the_interpreter_reads_the_term(term):
    draw = np.random.default_rng(3)
    values = {name: draw.uniform(1, 2, (3, 3)) for name in "ABC"} | {"v": draw.uniform(1, 2, 3)}
    tree = compile(ast.parse(code(term, NAMES), mode="eval"), "<text>", "eval")
    found = eval(tree, {"np": np, "math": math, "n": 3, **values})
    np.testing.assert_array_equal(found, evaluate(term, values, {"n": 3}))


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (Add((Multiply((number(2), n)), Negate(Add((Size("k"), number(1)))))), "2 * n - (k + 1)"),
        (FloorDivide(Add((n, Size("k"))), number(2)), "(n + k) // 2"),
        (Power(n, number(2)), "n**2"),
        (Multiply((n, FloorDivide(n, number(2)))), "n * (n // 2)"),
    ],
)
def test_sizes_are_python_too(size, text):
    assert size_code(size, {"n": "n", "k": "k"}) == text


def test_shapes_of_one_axis_have_their_comma():
    assert [shape_code(s, NAMES) for s in ((), (n,), (n, n))] == ["()", "(n,)", "(n, n)"]


def test_numbers_are_integers_or_the_nearest_decimal():
    assert [decimal(Fraction(x)) for x in ("2", "0.1", "1e-8", "-5")] == ["2", "0.1", "1e-08", "-5"]


def test_a_comment_stands_behind_its_line_or_above_it():
    assert commented("y = x", "(1)") == ["y = x  # (1)"]
    assert commented("y = x", "") == ["y = x"]
    long = "y = " + "x" * (WIDTH - 10)
    assert commented(long, "(1)") == ["# (1)", long]


def test_brackets_are_opened_when_a_line_is_too_long():
    short, long = ["a", "b"], ["x" * 40] * 2
    assert bracketed("f(", short, ")") == ["f(a, b)"]
    assert bracketed("f(" + "g" * 20 + "(", long, "))") == [
        "f(" + "g" * 20 + "(",
        f"    {long[0]}, {long[1]}",
        "))",
    ]
    assert bracketed("{", [*long, "y" * 40], "}") == [
        "{",
        *(f"    {item}," for item in [*long, "y" * 40]),
        "}",
    ]


def long_program(value):
    target = quantity("total", n, n)
    return Program((), (), (), (Statement(target, value),), (target,))


def test_a_long_sum_has_a_line_a_term():
    names = {"total": "total"} | {name: name * 30 for name in "ABC"}
    value = plus(A, minus(times(B, C)), C)
    assert statement_lines(long_program(value), names, {"total": "(7)"}) == [
        "# (7)",
        "total = (",
        f"    {'A' * 30}",
        f"    - {'B' * 30} * {'C' * 30}",
        f"    + {'C' * 30}",
        ")",
    ]


def test_the_arguments_of_a_long_call_have_lines_of_their_own():
    names = {"total": "total"} | {name: name * 30 for name in "ABC"}
    value = Matmul(times(A, B), Apply("exp", (C,)))
    assert statement_lines(long_program(value), names, {}) == [
        f"total = ({'A' * 30} * {'B' * 30}) @ np.exp(",
        f"    {'C' * 30}",
        ")",
    ]


def test_of_another_long_line_a_part_has_a_name():
    names = {"total": "total"} | {name: name * 30 for name in "ABC"}
    value = Transpose(Matmul(times(A, B), Apply("exp", (C,))), (1, 0))
    assert statement_lines(long_program(value), names, {}) == [
        f"total_part = ({'A' * 30} * {'B' * 30}) @ np.exp(",
        f"    {'C' * 30}",
        ")",
        "total = total_part.T",
    ]
