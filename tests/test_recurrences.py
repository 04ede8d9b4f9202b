"""Recurrences as loops: what stands before them, what is in one step, and what comes out."""

import inspect
from dataclasses import replace
from functools import cache
from random import Random

import numpy as np
import pytest
from forms import add, at, call, equation, index, quantity, subtract, times, total
from recurrent_models import MODELS

from derive.calculus.adjoint import derive_gradients
from derive.code.docstring import Formulas
from derive.code.module import module_source
from derive.errors import DerivationError
from derive.language import read_model
from derive.model import parameters
from derive.polynomials import StepNumber
from derive.program.arrays import Empty, Select, Slice, Whole
from derive.program.hoisting import Hoisting
from derive.program.interpret import run
from derive.program.peeling import gathered
from derive.program.plan import program_for, restricted
from derive.program.program import Loop, Program, SizeRule, Statement, check_program
from derive.program.stepping import components
from derive.terms import ONE, ZERO, Choice, Compare, Derivative, IndexValue, Size, number
from derive.verification.loading import load_module
from derive.verification.oracle import gradient as oracle_gradient
from derive.verification.sampling import random_inputs
from derive.verification.verify import verify

NETWORK = "a tanh network with an initial state"
T, n = Size("T"), Size("n")


@cache
def model_of(name):
    return read_model(MODELS[name], name="model")


@cache
def program_of(name):
    derivation = derive_gradients(model_of(name))
    equations = tuple(gradient.equation for gradient in derivation.gradients)
    return program_for(derivation.model, equations, derivation.recurrences)


@cache
def source_of(name):
    derivation = derive_gradients(model_of(name))
    equations = tuple(gradient.equation for gradient in derivation.gradients)
    return module_source(derivation.model, equations, Formulas(), derivation.recurrences)


@cache
def module_of(name):
    return load_module(source_of(name), "model")


def kernel(name, function="_gradients"):
    """The lines of a kernel without its signature."""
    lines = source_of(name).split(f"def {function}(")[1].split("\n\n\n")[0].splitlines()
    return [line.removeprefix("    ") for line in lines[1:]]


def random_data(name, **sizes):
    """Sizes that differ pairwise, and data for them: exact, and as floats."""
    model = model_of(name)
    sizes = {d.name: place + 2 for place, d in enumerate(model.dimensions)} | sizes
    exact = random_inputs(model, sizes, Random(0), "signed")
    floats = {
        key: array.astype(np.float64) if array.dtype == object else array
        for key, array in exact.items()
    }
    return sizes, exact, floats


def called(name, function, data):
    """The result of a kernel on data by name."""
    found = getattr(module_of(name), function)
    return found(*(data[argument] for argument in inspect.signature(found).parameters))


# --- code ---------------------------------------------------------------------------------------


def test_the_loops_of_a_network_are_those_of_an_expert():
    assert kernel(NETWORK, "_forward") == [
        "N, T = x.shape",
        "H = w.shape[0]",
        "h = np.empty((T, N, H), dtype=np.result_type(x, w, U, h0))",
        "h_before = np.full_like(h[0], h0)",
        "for t in range(T):",
        "    h[t] = np.tanh(np.outer(x[:, t], w) + h_before @ U)",
        "    h_before = h[t]",
        "return h",
    ]
    assert kernel(NETWORK) == [
        "h = _forward(w, U, h0, v, x)",
        "N, T = x.shape",
        "H = w.shape[0]",
        "error = h @ v - y.T",
        "C = np.mean(error**2)",
        "h_slope = 1 - h**2",
        "d_h_given = 2 / (N * T) * error[:, :, None] * v",
        "d_h = np.empty_like(h)",
        "d_h[T - 1] = d_h_given[T - 1]",
        "for t in reversed(range(T - 1)):",
        "    d_h[t] = (d_h[t + 1] * h_slope[t + 1]) @ U.T + d_h_given[t]",
        "delta_h = d_h * h_slope",
        "d_w = np.tensordot(x, delta_h, axes=((1, 0), (0, 1)))",
        "d_U = np.tensordot(",
        "    np.concatenate((np.full((1, N, H), h0), h[:-1])), delta_h, axes=((0, 1), (0, 1))",
        ")",
        "d_h0 = U @ np.sum(d_h[0] * h_slope[0], axis=0)",
        "d_v = 2 / (N * T) * np.tensordot(error, h, axes=((0, 1), (0, 1)))",
        'return C, {"w": d_w, "U": d_U, "h0": d_h0, "v": d_v}',
    ]


def test_what_only_the_backward_pass_needs_is_not_in_the_forward_pass():
    assert kernel("layers of equal shape", "_forward") == [
        "L = W.shape[0]",
        "N, D = x.shape",
        "h = np.empty((L, N, D), dtype=np.result_type(x, W, b))",
        "h_before = x",
        "for l in range(L):",
        "    h[l] = np.tanh(h_before @ W[l] + b[l])",
        "    h_before = h[l]",
        "return h",
    ]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "steps along the second axis",
            [
                "c[:, 0] = np.tanh(a * b + x[:, 0])",
                "for t in range(1, T):",
                "    c[:, t] = np.tanh(a * c[:, t - 1] + x[:, t])",
            ],
        ),
        (
            "discounted returns, from the last step down",
            [
                "R[T - 1] = s[T - 1] * r[T - 1]",
                "for t in reversed(range(T - 1)):",
                "    R[t] = s[t] * r[t] + g * R[t + 1]",
                "d_R_given = 2 / T * error",
                "d_R[0] = d_R_given[0]",
                "for t in range(1, T):",
                "    d_R[t] = d_R[t - 1] * g + d_R_given[t]",
            ],
        ),
        (
            "an oscillator by Euler's method",
            [
                "p[0] = x0",
                "v[0] = 0",
                "for t in range(1, T):",
                "    p[t] = p[t - 1] + dt * v[t - 1]",
                "    v[t] = v[t - 1] - dt * k * p[t - 1]",
                "d_v[T - 1] = 0",
                "d_p[T - 1] = d_p_given[T - 1]",
                "for t in reversed(range(T - 1)):",
                "    d_v[t] = d_p[t + 1] * dt + d_v[t + 1]",
                "    d_p[t] = d_p[t + 1] - d_v[t + 1] * dt * k + d_p_given[t]",
            ],
        ),
        (
            "a gated recurrent unit",
            [
                "z_given = (x @ Wz + bz).transpose(1, 0, 2)",
                "r_given = (x @ Wr).transpose(1, 0, 2)",
                "m_given = (x @ Wh).transpose(1, 0, 2)",
                "for t in range(1, T):",
                "    z[t] = 1 / (1 + np.exp(-(z_given[t] + h[t - 1] @ Uz)))",
                "    r[t] = 1 / (1 + np.exp(-(r_given[t] + h[t - 1] @ Ur)))",
                "    m[t] = np.tanh(m_given[t] + (r[t] * h[t - 1]) @ Uh)",
                "    h[t] = (1 - z[t]) * h[t - 1] + z[t] * m[t]",
                "d_Wh = np.tensordot(x, d_m * m_slope, axes=((1, 0), (0, 1)))",
            ],
        ),
    ],
)
def test_each_step_reads_as_it_is_written(name, lines):
    found = kernel(name, "_forward") + kernel(name)
    assert [line for line in found if line in lines] == lines


# --- values -------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MODELS)
def test_a_module_is_what_the_oracle_says(name):
    report = verify(model_of(name), source_of(name))
    assert report.ok, str(report)


@pytest.mark.parametrize("name", MODELS)
def test_the_program_and_its_code_are_one(name):
    sizes, _, floats = random_data(name)
    found = run(program_of(name), floats, sizes)
    cost, gradients = called(name, "_gradients", {**sizes, **floats})
    assert found[model_of(name).objective.cost.name] == cost
    for parameter, array in gradients.items():
        np.testing.assert_array_equal(found[Derivative("C", parameter)], array)


@pytest.mark.parametrize("name", MODELS)
def test_a_single_step_is_enough(name):
    sizes, exact, floats = random_data(name, **{"L" if "L: dim" in MODELS[name] else "T": 1})
    names = [parameter.name for parameter in parameters(model_of(name))]
    true_cost, slopes = oracle_gradient(model_of(name), sizes, exact, names, "50 digits")
    cost, gradients = called(name, "_gradients", {**sizes, **floats})
    np.testing.assert_allclose(cost, float(true_cost.value), rtol=1e-12)
    for parameter, array in gradients.items():
        wanted = np.vectorize(lambda slope: float(slope.value), otypes=[float])(slopes[parameter])
        np.testing.assert_allclose(array, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", MODELS)
def test_numbers_keep_their_type_and_inputs_their_values(name):
    sizes, _, floats = random_data(name)
    single = {k: a if a.dtype.kind in "iu" else a.astype(np.float32) for k, a in floats.items()}
    turned = {k: np.array(a, order="F") for k, a in single.items()}
    for array in turned.values():
        array.flags.writeable = False
    cost, gradients = called(name, "_gradients", {**sizes, **single})
    _, same = called(name, "_gradients", {**sizes, **turned})
    assert np.asarray(cost).dtype == np.float32
    for parameter, array in gradients.items():
        assert np.asarray(array).dtype == np.float32, parameter
        np.testing.assert_allclose(same[parameter], array, rtol=1e-4, atol=1e-5)


# --- which equations step together --------------------------------------------------------------


def vector(name):
    return quantity(name, T)


def test_equations_that_do_not_reach_each_other_do_not_share_a_loop():
    a, b, c, d = map(vector, "abcd")
    t = [index(T, "t") for _ in "abcd"]
    before = [subtract(i, 1) for i in t]
    block = [
        equation(a, (t[0],), add(at(a, before[0]), 1)),
        equation(b, (t[1],), call("tanh", at(a, t[1]))),
        equation(c, (t[2],), add(at(b, t[2]), at(d, before[2]))),
        equation(d, (t[3],), times(2, at(c, t[3]))),
    ]
    assert components(block) == [[block[0]], [block[1]], [block[2], block[3]]]
    # What is read has to come first, whatever the order of the text.
    assert components([block[1], block[0]]) == [[block[0]], [block[1]]]


def test_terms_under_one_condition_are_one_sum():
    t, x = index(T, "t"), vector("x")
    later = Compare("<", add(t, 1), T)
    guarded = [Choice(later, at(x, add(t, k)), ZERO) for k in (1, 1)]
    both = add(at(x, add(t, 1)), at(x, add(t, 1)))
    assert gathered(add(guarded[0], at(x, t), guarded[1]), t) == add(
        Choice(later, both, ZERO), at(x, t)
    )


# --- what stands before a loop ------------------------------------------------------------------


def taken_out(right, *, left=None):
    """What is left of h[t, j] = right, and the right sides that are computed before the loop."""
    hoisting = Hoisting({"h"})
    (rest,) = hoisting.hoisted([equation(left or H, (T_, J), right)], [T_])
    return rest.right, [(part.left.name, len(part.indices)) for part in hoisting.parts]


T_, J, K = index(T, "t"), index(n, "j"), index(n, "k")
H, X, U = quantity("h", T, n), quantity("x", T, n), quantity("U", n, n, kind="param")
BEFORE = total(K, times(at(H, subtract(T_, 1), K), at(U, K, J)))


def test_a_product_of_all_steps_stands_before_the_loop():
    inner = index(n, "i")
    product = total(inner, times(at(X, T_, inner), at(U, inner, J)))
    given = quantity("h_given", T, n)
    assert taken_out(call("tanh", add(product, BEFORE))) == (
        call("tanh", add(at(given, T_, J), BEFORE)),
        [("h_given", 2)],
    )


def test_what_a_step_later_holds_is_computed_for_all_steps():
    later = add(T_, 1)
    right = total(K, times(at(H, later, K), subtract(1, times(at(X, later, K), at(X, later, K)))))
    factor = quantity("h_factor", T, n)
    assert taken_out(right) == (
        total(K, times(at(H, later, K), at(factor, later, K))),
        [("h_factor", 2)],
    )


@pytest.mark.parametrize(
    "right",
    [
        # It reads what steps.
        call("tanh", at(H, subtract(T_, 1), J)),
        # It is an entry, or a single operation.
        times(at(X, T_, J), at(H, subtract(T_, 1), J)),
        # There may be no step before this one.
        times(call("exp", subtract(at(X, T_, J), at(X, subtract(T_, 1), J))), BEFORE),
        # It would be an array of three axes.
        total(K, times(at(H, subtract(T_, 1), K), call("exp", add(at(X, T_, J), at(U, K, J))))),
    ],
)
def test_other_parts_stay_in_the_loop(right):
    assert taken_out(right) == (right, [])


# --- well formed --------------------------------------------------------------------------------

NUMBER = StepNumber("t")
SERIES, VALUE = quantity("s", T), quantity("v", T, kind="input")
MADE = Statement(SERIES, Empty((T,), (Whole(VALUE),)))
PUT = Statement(SERIES, Select(Whole(VALUE), (NUMBER,)), axis=0, place=NUMBER)


def program(*lines, output=SERIES):
    return Program((VALUE,), (), (SizeRule("T", VALUE, 0),), lines, (output,))


def test_a_loop_fills_an_array_that_is_there():
    loop = Loop(NUMBER, ZERO, T, False, (PUT,))
    check_program(program(MADE, loop))
    first = replace(PUT, value=Select(Whole(VALUE), (0,)), place=ZERO)
    check_program(program(MADE, first, replace(loop, start=ONE)))
    found = run(program(MADE, first, replace(loop, start=ONE)), {"v": np.arange(3.0)})
    np.testing.assert_array_equal(found["s"], np.arange(3.0))


LOCAL = quantity("local")


@pytest.mark.parametrize(
    ("lines", "cause"),
    [
        ([Loop(NUMBER, ZERO, T, False, (PUT,))], "s is filled before there is an array"),
        ([MADE, MADE], "s is computed twice"),
        (
            [MADE, Loop(NUMBER, ZERO, T, False, (replace(PUT, value=Whole(VALUE)),))],
            "s has the shape (), but its value has the shape (T,)",
        ),
        (
            [
                Loop(NUMBER, ZERO, T, False, (Statement(LOCAL, Select(Whole(VALUE), (NUMBER,))),)),
                Statement(SERIES, Whole(LOCAL)),
            ],
            "local is read before it has its value",
        ),
    ],
)
def test_the_checker_refuses_loops_that_are_not_well_formed(lines, cause):
    with pytest.raises(DerivationError) as error:
        check_program(program(*lines))
    assert error.value.cause == cause


def test_only_the_loops_that_are_needed_are_kept():
    both = program_of("two recurrences, one after the other")
    h = next(s.target for s in both.statements if s.target.name == "h")
    kept = restricted(both, [h])
    assert [type(line).__name__ for line in kept.statements] == ["Statement", "Statement", "Loop"]
    assert {s.target.name for line in kept.statements[2:] for s in line.statements} == {"h"}
    assert [quantity.name for quantity in kept.inputs] == ["U", "x"]


def test_a_part_of_an_axis_is_a_slice():
    half = Select(Whole(VALUE), (Slice(number(1), subtract(T, 1)),))
    statement = Statement(quantity("w", subtract(T, 1)), half)
    found = run(program(statement, output=statement.target), {"v": np.arange(3.0)})
    np.testing.assert_array_equal(found["w"], [1.0, 2.0])


def test_the_index_of_the_steps_has_a_name_of_its_own():
    text = MODELS["a linear system"].replace("A", "t_").replace("h0", "t0")
    model = read_model(text.replace("t0", "t0"), name="model")
    derivation = derive_gradients(model)
    equations = tuple(gradient.equation for gradient in derivation.gradients)
    lines = program_for(model, equations, derivation.recurrences).statements
    numbers = {line.number for line in lines if isinstance(line, Loop)}
    assert numbers == {StepNumber("t")}
    assert IndexValue(T_) != NUMBER
