"""Programs: nothing unneeded, nothing twice, well formed, and run on arrays of any number."""

from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from forms import at, call, equation, index, m, n, quantity, times, total
from models_by_hand import DESCENT, gradient, neuron_gradients, neuron_model

from derive.code.program_code import statement_lines
from derive.errors import DerivationError
from derive.model import Declaration, Dimension, Objective, Specification
from derive.program.arrays import (
    Addition,
    Copy,
    Counting,
    Elementwise,
    Exact,
    Full,
    Matmul,
    Scatter,
    Whole,
)
from derive.program.interpret import run
from derive.program.plan import program_for, restricted
from derive.program.program import Program, SizeRule, Statement, check_program
from derive.program.sharing import shared
from derive.terms import Derivative, FloorDivide, Size, number

C, W, B = "C", Derivative("C", "w"), Derivative("C", "b")


def neuron_program():
    return program_for(neuron_model(), neuron_gradients())


def lines(program):
    names = {name: str(name) for rule in program.sizes for name in [rule.name]}
    for q in (*program.inputs, *(s.target for s in program.statements)):
        names[q.name] = f"d_{q.name.wrt}" if isinstance(q.name, Derivative) else q.name
    return statement_lines(program, names, {})


SIZES = (Dimension("n"), Dimension("m"))


def model_of(*equations, declared, dimensions=SIZES):
    objective = Objective(equations[-1].left, DESCENT)
    declarations = tuple(map(Declaration, declared))
    return Specification("model", "", dimensions, declarations, equations, objective)


def test_the_neuron_is_six_lines():
    assert lines(neuron_program()) == [
        "y_hat = x @ w + b",
        "error = y_hat - y",
        "C = error**2",
        "d_y_hat = 2 * error",
        "d_w = x.T @ d_y_hat",
        "d_b = d_y_hat[0, 0]",
    ]


def test_only_what_an_output_needs_is_kept():
    program = neuron_program()
    cost = restricted(program, [q for q in program.outputs if q.name == C])
    assert lines(cost) == ["y_hat = x @ w + b", "C = (y_hat - y) ** 2"]
    nothing = restricted(program, [])
    assert (nothing.statements, nothing.inputs, nothing.sizes) == ((), (), ())


def test_the_interpreter_is_exact_on_fractions():
    half = Fraction(1, 2)
    arrays = {
        "x": np.array([[1, 2, 3]], dtype=object) * half,
        "w": np.array([[1], [2], [-1]], dtype=object) * half,
        "b": half,
        "y": Fraction(1, 3),
    }
    found = run(neuron_program(), arrays)
    # ŷ = (1 + 4 - 3)/4 + 1/2 = 1, so that 2(ŷ - y) = 4/3.
    assert found[C].tolist() == [[Fraction(4, 9)]]
    assert found[W].tolist() == [[Fraction(2, 3)], [Fraction(4, 3)], [Fraction(2)]]
    assert found[B] == Fraction(4, 3)


def test_a_part_that_occurs_again_is_computed_once():
    x, w = quantity("x", n, m, kind="input"), quantity("w", m, kind="param")
    s, t, cost = quantity("s", n), quantity("t", n), quantity("C")
    i, k = index(n), index(n, "k")

    def product():
        inner = index(m)
        return total(inner, times(at(x, i, inner), at(w, inner)))

    model = model_of(
        equation(s, (i,), call("exp", product())),
        equation(t, (i,), call("cos", product())),
        equation(cost, (), total(k, times(at(s, k), at(t, k)))),
        declared=(x, w),
    )
    program = program_for(model, ())
    assert lines(program)[:4] == ["xw = x @ w", "s = np.exp(xw)", "t = np.cos(xw)", "C = s @ t"]
    # What only one line reads goes back into it.
    alone = restricted(program, [s])
    assert lines(alone) == ["s = np.exp(x @ w)"]


def test_zeros_to_which_something_is_added_take_their_type_from_what_is_kept():
    x, d, part, H = (quantity(name, n) for name in ("x", "d", "part", "H"))
    square = Elementwise("multiply", (Whole(x), Whole(x)))
    zeros = Full(Exact(Fraction(0)), (n,), Whole(part))
    added = Scatter(zeros, (Addition((Counting(n),), Whole(part), repeats=False),))
    defined = equation(d, (index(n),), number(0))
    statements = (Statement(d, square, defined), Statement(part, square), Statement(H, added))
    program = shared(Program((x,), (), (), statements, (d, H)))
    check_program(program)
    assert [statement.target for statement in program.statements] == [d, H]


def test_a_gradient_reads_what_the_forward_pass_has_computed():
    x, w = quantity("x", n, kind="input"), quantity("w", n, kind="param")
    h, cost, upstream = quantity("h", n), quantity("C"), gradient("C", "h", n)
    i, k, s, t = index(n), index(n, "k"), index(n, "s"), index(n, "t")
    power = call("exp", times(at(x, t), at(w, t)))
    model = model_of(
        equation(h, (i,), call("exp", times(at(x, i), at(w, i)))),
        equation(cost, (), total(k, at(h, k))),
        declared=(x, w),
    )
    gradients = (
        equation(upstream, (s,), 1),
        equation(
            gradient("C", "w", n),
            (t,),
            times(at(upstream, t), power, at(x, t)),
        ),
    )
    assert lines(program_for(model, gradients)) == [
        "h = np.exp(x * w)",
        "C = h.sum()",
        "d_w = h * x",
    ]


def test_a_parameter_that_does_not_reach_the_cost_has_a_gradient_of_zeros():
    spec = neuron_model()
    idle = quantity("v", m, kind="param")
    spec = replace(spec, declarations=(*spec.declarations, Declaration(idle)))
    assert lines(program_for(spec, neuron_gradients()))[-1] == "d_v = np.zeros_like(v)"


def test_a_gradient_never_shares_memory_with_an_input():
    x, w, cost = quantity("x", n, kind="input"), quantity("w", n, kind="param"), quantity("C")
    k, t = index(n), index(n)
    model = model_of(equation(cost, (), total(k, times(at(x, k), at(w, k)))), declared=(x, w))
    program = program_for(model, (equation(gradient("C", "w", n), (t,), at(x, t)),))
    assert program.statements[-1].value == Copy(Whole(x))
    assert lines(program) == ["C = x @ w", "d_w = x.copy()"]


def test_sizes_come_from_shapes_formulas_or_the_caller():
    x, w, cost = quantity("x", n, kind="input"), quantity("w", kind="param"), quantity("C")
    k = index(n)
    model = model_of(
        equation(cost, (), total(k, times(at(x, k), at(w), Size("half"), Size("stride")))),
        declared=(x, w),
        dimensions=(
            Dimension("n"),
            Dimension("stride"),
            Dimension("half", formula=FloorDivide(n, number(2))),
        ),
    )
    program = program_for(model, ())
    assert program.sizes == (
        SizeRule("n", x, 0),
        SizeRule("stride"),
        SizeRule("half", formula=FloorDivide(n, number(2))),
    )
    assert lines(program)[:2] == ["n = x.shape[0]", "half = n // 2"]
    arrays = {"x": np.arange(5.0), "w": 2.0}
    assert run(program, arrays, {"stride": 3})[C] == 2 * 3 * 2 * np.arange(5).sum()
    with pytest.raises(DerivationError, match="no value is given for stride"):
        run(program, arrays)
    with pytest.raises(DerivationError, match="no value is given for w"):
        run(program, {"x": np.arange(5.0)}, {"stride": 3})


A, V = quantity("A", n, m, kind="input"), quantity("v", m, kind="input")
U, Z = quantity("u", n), quantity("z", m)


@pytest.mark.parametrize(
    ("statements", "outputs", "cause"),
    [
        ([(U, Matmul(Whole(A), Whole(Z)))], (U,), "z is read before it has its value"),
        ([(U, Matmul(Whole(A), Whole(V)))] * 2, (U,), "u is computed twice"),
        ([], (U,), "u is never computed"),
        ([(U, Whole(V))], (U,), "u has the shape (n,), but its value has the shape (m,)"),
        (
            [(U, Elementwise("add", (Matmul(Whole(A), Whole(V)), Whole(V))))],
            (U,),
            "shapes (n,) and (m,) do not fit together",
        ),
        ([], (gradient("C", "w"),), "∂C/∂w is never computed"),
    ],
)  # fmt: skip
def test_the_checker_refuses_what_is_not_well_formed(statements, outputs, cause):
    program = Program((A, V), (), (), tuple(Statement(*pair) for pair in statements), outputs)
    with pytest.raises(DerivationError) as error:
        check_program(program)
    assert error.value.cause == cause


def test_the_program_is_the_same_every_time():
    assert lines(neuron_program()) == lines(neuron_program())
