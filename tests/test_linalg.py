"""Inverses, solutions, determinants, Cholesky factors: differentials, formulas, programs."""

import numpy as np
import pytest
from forms import at, compare, index, m, n, over, quantity, term, times, total
from test_adjoint import Derived

from derive.calculus.adjoint import derive_gradients
from derive.calculus.differentiate import differentiate
from derive.code.docstring import Formulas
from derive.code.module import module_source
from derive.errors import DerivationError
from derive.language import read_model
from derive.language.linear import LINEAR
from derive.linalg import HALF, ROWS, operator_row
from derive.numbers.elimination import OPERATORS
from derive.numbers.matrices import linear_algebra
from derive.pipeline import build_model
from derive.program.vectorise import vectorise
from derive.terms import (
    ONE,
    ZERO,
    Add,
    Choice,
    LinearAlgebra,
    Matrix,
    Negate,
    same,
)
from derive.typeset.arrays import layout_array
from derive.typeset.equations import transposed
from derive.typeset.letters import choose_letters
from derive.typeset.symbols import Notation, name_layout
from derive.typeset.terms import layout
from derive.typeset.unicode import unicode
from derive.verification.check_steps import check_equations, check_step
from derive.verification.oracle import lift

A, B, b = quantity("A", n, n), quantity("B", n, m), quantity("b", n)
i, j = index(n), index(n, "j")


def whole(name, *places):
    """A quantity as an operand; `places` says at which of its indices it is read."""
    indices = tuple(index(size, "pq"[axis]) for axis, size in enumerate(name.shape))
    return Matrix(indices, at(name, *(indices[place] for place in places or range(len(indices)))))


def operator(kind, operands, *subscripts):
    return LinearAlgebra(kind, operands, tuple(map(term, subscripts)))


def inverse(row, column):
    return operator("inv", (whole(A),), row, column)


def slope(of, operand):
    """∂of/∂(the entry of an operand), at the operand's own indices."""
    return differentiate(of, of.operands[operand].term)


# --- differentials ------------------------------------------------------------------------------


def holds(step, expected, **sizes):
    """Whether a step comes to what is expected, in form and, exactly, in value."""
    check = check_step(step, {"n": 3, "m": 2} | sizes)
    assert check.how != "undecided"
    assert check.places > 0
    return same(step.after, expected)


def test_the_derivative_of_an_inverse():
    # Matrix Cookbook 60: ∂X⁻¹[i,j]/∂X[p,q] = -X⁻¹[i,p] X⁻¹[q,j]
    of = inverse(i, j)
    p, q = of.operands[0].indices
    step = slope(of, 0)
    assert step.rule == "inverse_rule"
    assert holds(step, Negate(times(inverse(i, p), inverse(q, j))))


def test_the_derivative_of_a_determinant():
    # Matrix Cookbook 49: ∂(det X)/∂X[p,q] = det X · X⁻¹[q,p]
    of = operator("det", (whole(A),))
    p, q = of.operands[0].indices
    step = slope(of, 0)
    assert step.rule == "determinant_rule"
    assert holds(step, times(operator("det", (whole(A),)), inverse(q, p)))


def test_the_derivative_of_a_log_determinant():
    # Matrix Cookbook 57: ∂(ln |det X|)/∂X[p,q] = X⁻¹[q,p]
    of = operator("logdet", (whole(A),))
    p, q = of.operands[0].indices
    step = slope(of, 0)
    assert step.rule == "log_determinant_rule"
    assert holds(step, inverse(q, p))


def test_the_derivative_of_a_solution():
    # A x = b: ∂x[i]/∂A[p,q] = -A⁻¹[i,p] x[q] and ∂x[i]/∂b[p] = A⁻¹[i,p]
    of = operator("solve", (whole(A), whole(b)), i)
    (p, q), (r,) = (operand.indices for operand in of.operands)
    by_matrix, by_right = slope(of, 0), slope(of, 1)
    assert by_matrix.rule == by_right.rule == "solution_rule"
    solution = operator("solve", (whole(A), whole(b)), q)
    assert holds(by_matrix, Negate(times(inverse(i, p), solution)))
    assert holds(by_right, inverse(i, r))


def test_the_columns_of_a_matrix_on_the_right_do_not_mix():
    # ∂X[i,k]/∂B[p,c] = [k = c] A⁻¹[i,p]
    k = index(m, "k")
    of = operator("solve", (whole(A), whole(B)), i, k)
    p, c = of.operands[1].indices
    step = slope(of, 1)
    assert check_step(step, {"n": 3, "m": 2}).how == "exact"
    assert same(step.after, Choice(compare("==", k, c), inverse(i, p), ZERO))


def test_the_derivative_of_a_cholesky_factor():
    # Murray 2016: ∂L[i,j]/∂A[p,q] = Σ_k L[i,k] φ[k,j] (L⁻¹[k,p] L⁻¹[j,q] + L⁻¹[k,q] L⁻¹[j,p]) / 2
    of = operator("cholesky", (whole(A),), i, j)
    p, q = of.operands[0].indices
    step = slope(of, 0)
    assert step.rule == "cholesky_rule"
    assert check_step(step, {"n": 3}).how == "50 digits"

    k = index(n, "k")
    factor = operator("cholesky", (whole(A),), i, k)
    rows, columns = index(n), index(n)
    lower = Matrix((rows, columns), operator("cholesky", (whole(A),), rows, columns))
    phi = Choice(compare("==", k, j), HALF, Choice(compare(">", k, j), ONE, ZERO))

    def half(first, second):
        inverses = (operator("inv", (lower,), k, first), operator("inv", (lower,), j, second))
        return over(total(k, times(factor, phi, *inverses)), 2)

    assert same(step.after, Add((half(p, q), half(q, p))))


def test_every_operator_of_the_language_has_a_differential_and_a_value():
    plain = {"trace", "eye"}
    assert set(ROWS) == set(OPERATORS) == set(LINEAR) - plain


def test_an_operator_without_a_differential_is_named():
    with pytest.raises(DerivationError) as raised:
        operator_row("qr")
    assert raised.value.cause == "no derivative is known for 'qr'"
    assert raised.value.cure == "use one of cholesky, det, inv, logdet, solve"


# --- gradients ----------------------------------------------------------------------------------

MODELS = {
    "inverse": "A: input[n, n]; X: param[n, n]; f = sum(A * inv(X))",
    "inverse of an inverse": "A: input[n, n]; X: param[n, n]; f = sum(A * inv(inv(X) + X))",
    "determinant": "X: param[n, n]; f = det(X)",
    "log-determinant": "X: param[n, n]; f = logdet(X)",
    "trace": "A: input[n, n]; B: input[n, n]; X: param[n, n]; f = trace(A @ inv(X) @ B)",
    "solution": "A: param[n, n]; b: param[n]; v: input[n]; x = solve(A, b); f = v @ x",
    "columns": "A: param[n, n]; B: param[n, m]; V: input[n, m]; X = solve(A, B); f = sum(V * X)",
    "a system for each row": "A: param[n, n]; B: param[m, n]; f = sum(B[k] @ solve(A, B[k]), k)",
    "a stack": "A: param[m, n, n]; B: input[m, n]; f = sum(B[k] @ solve(A[k], B[k]), k)",
    "vectors that share a matrix": "A: param[m, n, n]; x: input[N, n]; c: param[m, n]\n"
    "f = sum((x[t] - c[k]) @ solve(A[k], x[t] - c[k]), t, k)",
    "Gram": "A: param[m, n]; f = logdet(A.T @ A + eye(n))",
    "Cholesky": "A: param[n, n]; V: input[n, n]; f = sum(V * cholesky(A))",
    "likelihood": "A: param[n, n]; x: input[m, n]; S = A @ A.T + eye(n); L = cholesky(S)\n"
    "Z = solve(L, x.T); f = sum(Z**2) / 2 + m * sum(log(L[i, i]), i)",
    "evidence": "K: param[n, n]; y: input[n]; alpha = solve(K, y)\n"
    "f = y @ alpha / 2 + logdet(K) / 2",
    "general entry": "X: param[n, n]; f = sum(inv(X)[i, i] * inv(X)[0, i], i)",
}


def text_of(name):
    return f"n: dim; m: dim; N: dim; {MODELS[name]}\nminimize(f, sgd(alpha=0.1))\n"


@pytest.mark.parametrize("name", MODELS)
def test_every_gradient_is_that_of_the_oracle(name):
    model = read_model(text_of(name), name="m")
    derivation = derive_gradients(model)
    equations = [gradient.equation for gradient in derivation.gradients]
    checks = check_equations(model, equations)
    assert len(checks) == len(equations) > 0
    assert all(check.how != "undecided" and check.places > 0 for check in checks)


@pytest.mark.parametrize("name", MODELS)
def test_the_module_runs_on_exact_numbers_and_on_floats_and_documents_are_made(name):
    built = build_model(text_of(name), "m")
    assert built.report.ok, str(built.report)


def test_a_solution_is_read_by_its_name():
    # x = A⁻¹ b: ∂f/∂A[p,q] = -Σ_i ∂f/∂x[i] A⁻¹[i,p] x[q], ∂f/∂b[p] = Σ_i ∂f/∂x[i] A⁻¹[i,p]
    d = Derived(f"n: dim; {MODELS['solution']}")
    dx, x, k, o = d.slope("x"), d["x"], index(n), index(n)

    def entry(row, column):
        places = index(n), index(n)
        return operator("inv", (Matrix(places, at(d["A"], *places)),), row, column)

    assert d.is_gradient(
        "A", lambda p, q: Negate(total(k, times(at(dx, k), entry(k, p), at(x, q))))
    )
    assert d.is_gradient("b", lambda p: total(o, times(at(dx, o), entry(o, p))))


# --- programs -----------------------------------------------------------------------------------


def kernel(name, function="_gradients", whole=False):
    """The lines of a generated kernel behind its signature, its result only in the `whole`."""
    model = read_model(text_of(name), name="m")
    equations = tuple(gradient.equation for gradient in derive_gradients(model).gradients)
    source = module_source(model, equations, Formulas())
    body = source[source.index(f"def {function}(") :].split("\n\n\n")[0]
    lines = [line.strip() for line in body.splitlines()[1:]]
    return lines if whole else lines[:-1]


def test_an_inverse_that_only_multiplies_is_a_solution():
    assert kernel("solution") == [
        "x = _forward(A, b)",
        "f = v @ x",
        "d_x = v",
        "solved_d_x = np.linalg.solve(A.T, d_x)",
        "d_A = -np.outer(solved_d_x, x)",
        "d_b = solved_d_x.copy()",
    ]
    assert kernel("trace") == [
        "solved_A = np.linalg.solve(X.T, A.T)",
        "f = np.sum(solved_A.T * B.T)",
        "d_X = -np.linalg.solve(X, B @ solved_A.T).T",
    ]


def test_an_inverse_that_is_needed_is_computed_once():
    assert kernel("inverse") == [
        "inverse_X = _forward(X)",
        "f = np.sum(A * inverse_X)",
        "d_X = -(inverse_X.T @ A @ inverse_X.T)",
    ]


def test_the_columns_of_all_systems_are_solved_together():
    assert kernel("columns")[-3:] == [
        "solved_d_X = np.linalg.solve(A.T, d_X)",
        "d_A = -(solved_d_X @ X.T)",
        "d_B = solved_d_X.copy()",
    ]


def test_a_stack_of_systems_is_solved_at_once():
    solutions = [line for line in kernel("a stack") if "solve" in line]
    assert solutions[0] == "solved_B = np.linalg.solve(A, B[:, :, None])"
    assert "* np.linalg.solve(A.transpose(0, 2, 1), B[:, :, None])" in solutions[2]
    assert not [line for line in kernel("a stack") if "inv" in line]


def test_vectors_that_share_a_matrix_are_its_columns():
    solutions = [line for line in kernel("vectors that share a matrix") if "solve" in line]
    assert solutions
    assert not [line for line in solutions if "solve(A[" in line]


def test_a_matrix_that_is_symmetric_by_definition_is_factored_as_it_is():
    assert "L = np.linalg.cholesky(S)" in kernel("likelihood", "_forward")
    assert not [line for line in kernel("likelihood") if "cholesky" in line]
    forward = kernel("Cholesky", "_forward", whole=True)
    assert forward == ["return np.linalg.cholesky((A + A.T) / 2)"]


def test_no_program_holds_an_array_of_more_axes_than_its_matrices():
    for name in ("inverse of an inverse", "trace", "Cholesky", "likelihood", "evidence"):
        assert not [line for line in kernel(name) if "tensordot" in line or "None, :, :" in line]


def test_linear_algebra_on_exact_arrays_is_that_of_numpy():
    random = np.random.default_rng(0)
    stack = random.integers(-4, 5, (2, 3, 3)) + 9 * np.eye(3, dtype=int)
    side, spd = random.integers(-4, 5, (2, 3, 2)), stack @ stack.transpose(0, 2, 1)
    for kind, arrays in (
        ("inv", (stack,)),
        ("solve", (stack, side)),
        ("solve", (stack[0], side[0, :, 0])),
        ("det", (stack,)),
        ("logdet", (stack,)),
        ("cholesky", (spd,)),
    ):
        expected = linear_algebra(kind, *(array.astype(float) for array in arrays))
        exact = linear_algebra(kind, *(lift(array, "50 digits") for array in arrays))
        rounded = np.vectorize(lambda number: float(number.value))(exact)
        assert np.allclose(rounded, expected, rtol=1e-12)


# --- formulas -----------------------------------------------------------------------------------


def gradient_in_matrices(name, wrt):
    """A gradient as a matrix formula on one line."""

    def leaf(quantity, flipped):
        shown = name_layout(quantity.name, Notation())
        return transposed(shown) if flipped else shown

    derivation = derive_gradients(read_model(text_of(name), name="m"))
    (equation,) = (g.equation for g in derivation.gradients if g.wrt.name == wrt)
    shown = layout_array(vectorise(equation), leaf)
    return shown and unicode(shown)


@pytest.mark.parametrize(
    ("name", "wrt", "expected"),
    [
        ("log-determinant", "X", "X⁻ᵀ"),
        ("determinant", "X", "f X⁻ᵀ"),
        ("trace", "X", "−(X⁻¹ B A X⁻¹)ᵀ"),
        ("inverse", "X", "−X⁻ᵀ A X⁻ᵀ"),
        ("solution", "b", "A⁻ᵀ (∂f/∂x)"),
        ("columns", "B", "A⁻ᵀ (∂f/∂X)"),
        ("columns", "A", "−A⁻ᵀ (∂f/∂X) Xᵀ"),
        ("a system for each row", "A", "−(A⁻¹ Bᵀ B A⁻¹)ᵀ"),
    ],
)
def test_gradients_in_matrix_notation(name, wrt, expected):
    assert gradient_in_matrices(name, wrt) == expected


@pytest.mark.parametrize(
    ("node", "expected"),
    [
        (inverse(i, j), "(A⁻¹)[i, j]"),
        (operator("solve", (whole(A), whole(b)), i), "(A⁻¹ b)[i]"),
        (operator("inv", (whole(A, 1, 0),), i, j), "((Aᵀ)⁻¹)[i, j]"),
        (operator("det", (whole(A),)), "det(A)"),
        (operator("logdet", (whole(A),)), "log|det A|"),
        (operator("cholesky", (whole(A),), i, j), "(chol(A))[i, j]"),
    ],
)
def test_entries_in_index_notation(node, expected):
    assert unicode(layout(node, Notation(choose_letters([node])))) == expected
