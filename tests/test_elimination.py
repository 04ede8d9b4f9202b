"""Linear algebra by elimination, against the formulas of the Matrix Cookbook."""

from fractions import Fraction
from itertools import product

import pytest

from derive.numbers.arithmetic import Undefined
from derive.numbers.dual import Dual
from derive.numbers.elimination import cholesky, determinant, inverse, log_determinant, solve
from derive.numbers.scalars import Digits, Exact, agree

SQUARE = [[2, 1, 3], [4, 0, -1], [1, 5, 2]]
SINGULAR = [[1, 2, 3], [2, 4, 6], [1, 0, 1]]
PLACES = list(product(range(3), range(3)))


def duals(rows, kind=Exact):
    """A matrix with one direction for each entry, row by row."""
    return [
        [Dual(kind.of(Fraction(x)), {3 * i + j: kind.of(1)}) for j, x in enumerate(row)]
        for i, row in enumerate(rows)
    ]


def cofactor(rows, i, j):
    (a, b), (c, d) = [
        [x for column, x in enumerate(row) if column != j] for at, row in enumerate(rows) if at != i
    ]
    return (-1) ** (i + j) * (a * d - b * c)


@pytest.mark.parametrize("rows", [SQUARE, SINGULAR])
def test_the_derivative_of_a_determinant_is_the_cofactor_also_where_it_is_zero(rows):
    found = determinant(duals(rows))
    assert found.value == sum(rows[0][j] * cofactor(rows, 0, j) for j in range(3))
    assert [found.slopes.get(3 * i + j, 0) for i, j in PLACES] == [
        cofactor(rows, i, j) for i, j in PLACES
    ]


def test_an_inverse_gives_the_identity_and_its_derivative_is_minus_its_products():
    found = inverse(duals(SQUARE))
    value = [[entry.value for entry in row] for row in found]
    for i, j in PLACES:
        assert sum(SQUARE[i][k] * value[k][j] for k in range(3)) == int(i == j)
    for (i, j), (k, m) in product(PLACES, PLACES):
        assert found[i][j].slopes.get(3 * k + m, 0) == -value[i][k] * value[m][j]


def test_a_solution_solves():
    right = [[1], [2], [3]]
    found = solve(duals(SQUARE), [[Dual(Exact.of(x)) for x in row] for row in right])
    for i in range(3):
        assert sum(SQUARE[i][k] * found[k][0].value for k in range(3)) == right[i][0]


def test_the_derivative_of_a_log_determinant_is_the_transposed_inverse():
    negative = [[-x for x in row] for row in SQUARE]
    found, inverted = log_determinant(duals(negative, Digits)), inverse(duals(negative, Digits))
    assert agree(found.value, Digits.of(abs(determinant(duals(SQUARE)).value.value)).apply("log"))
    for i, j in PLACES:
        assert agree(found.slopes[3 * i + j], inverted[j][i].value)


def test_a_lower_triangle_times_its_transpose_is_the_matrix():
    lower = [[2, 0, 0], [1, 3, 0], [-1, 4, 5]]
    matrix = [
        [sum(lower[i][k] * lower[j][k] for k in range(3)) for j in range(3)] for i in range(3)
    ]
    plain = [[Dual(Exact.of(x)) for x in row] for row in matrix]
    assert [[entry.value.value for entry in row] for row in cholesky(plain)] == lower


def test_a_singular_matrix_has_no_inverse():
    with pytest.raises(Undefined, match="the inverse of a singular matrix"):
        inverse(duals(SINGULAR))
