"""Functions that both passes need are computed once, in the forward loop."""

from recurrent_models import MODELS

from derive.calculus.adjoint import derive_gradients
from derive.code.docstring import Formulas
from derive.code.module import module_source
from derive.language import read_model

GATES = "gates in the parts of one array"


def kernel(name, function="_gradients"):
    derivation = derive_gradients(read_model(MODELS[name], name="model"))
    equations = tuple(gradient.equation for gradient in derivation.gradients)
    source = module_source(derivation.model, equations, Formulas(), derivation.recurrences)
    lines = source.split(f"def {function}(")[1].split("\n\n\n")[0].splitlines()
    return [line.removeprefix("    ") for line in lines[1:]]


def test_a_cell_with_gates_is_what_an_expert_would_write():
    lines = kernel(GATES)
    forward = lines.index("for t in range(T):")
    backward = lines.index("for t in reversed(range(T)):")
    assert lines[forward : forward + 11] == [
        "for t in range(T):",
        "    h_before = h[t - 1] if t >= 1 else np.zeros_like(h[t])",
        "    a[t] = a_given[t] + h_before @ Wh",
        "    sigmoid_a[t] = 1 / (1 + np.exp(-a[t, :, H : 2 * H]))",
        "    sigmoid_a_1[t] = 1 / (1 + np.exp(-a[t, :, :H]))",
        "    tanh_a[t] = np.tanh(a[t, :, 2 * H : 3 * H])",
        "    c_before = c[t - 1] if t >= 1 else np.zeros_like(c[t])",
        "    c[t] = sigmoid_a[t] * c_before + sigmoid_a_1[t] * tanh_a[t]",
        "    sigmoid_a_2[t] = 1 / (1 + np.exp(-a[t, :, 3 * H :]))",
        "    tanh_c[t] = np.tanh(c[t])",
        "    h[t] = sigmoid_a_2[t] * tanh_c[t]",
    ]
    assert lines[backward:-1] == [
        "for t in reversed(range(T)):",
        "    carried_1 = d_a[t + 1] @ Wh.T if t + 1 < T else 0",
        "    carried_2 = d_y_hat @ Wy.T if t == T - 1 else 0",
        "    d_h[t] = carried_1 + carried_2",
        "    carried_3 = d_c[t + 1] * sigmoid_a[t + 1] if t + 1 < T else 0",
        "    d_c[t] = carried_3 + d_h[t] * d_c_factor[t] + d_c_given[t]",
        "    carried_4 = (",
        "        d_c[t] * sigmoid_a[t] * (1 - sigmoid_a[t]) * c[t - 1]",
        "        if t >= 1",
        "        else np.zeros_like(d_c[t])",
        "    )",
        "    part_1 = d_c[t] * d_a_factor_1[t]",
        "    part_2 = d_h[t] * d_a_factor_2[t]",
        "    d_a[t] = np.concatenate((d_c[t] * d_a_factor[t], carried_4, part_1, part_2), axis=1)",
        "d_Wx = np.tensordot(x, d_a, axes=((1, 0), (0, 1)))",
        "d_Wh = np.tensordot(h[:-1], d_a[1:], axes=((0, 1), (0, 1)))",
        "d_b = d_a.sum(axis=(0, 1))",
        "d_Wy = h[T - 1].T @ d_y_hat",
    ]
    assert [line for line in lines if "np.exp" in line or "np.tanh" in line] == [
        line for line in lines[forward:backward] if "np.exp" in line or "np.tanh" in line
    ]


def test_what_reads_the_step_before_is_not_kept():
    # The first step has no value of it.
    assert [line for line in kernel("a normalised iteration") if "sqrt" in line] == [
        "    u[t] = (A @ u[t - 1]) / np.sqrt(1 + np.sum(u[t - 1] ** 2))",
        "d_u_factor = np.sqrt(shared_1)",
    ]


def test_what_has_a_name_keeps_it():
    assert [line for line in kernel("layers of equal shape") if "tanh" in line] == [
        "    h[l] = np.tanh(h_before @ W[l] + b[l])"
    ]
