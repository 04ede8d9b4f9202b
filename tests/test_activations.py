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


def both(name):
    return kernel(name, "_forward") + kernel(name)


def test_a_cell_with_gates_is_what_an_expert_would_write():
    forward = kernel(GATES, "_forward")
    assert forward[forward.index("for t in range(T):") :] == [
        "for t in range(T):",
        "    a[t] = a_given[t] + h_before @ Wh",
        "    sigmoid_a_1[t] = 1 / (1 + np.exp(-a[t, :, H : 2 * H]))",
        "    sigmoid_a_0[t] = 1 / (1 + np.exp(-a[t, :, :H]))",
        "    tanh_a_2[t] = np.tanh(a[t, :, 2 * H : 3 * H])",
        "    c[t] = sigmoid_a_1[t] * c_before + sigmoid_a_0[t] * tanh_a_2[t]",
        "    sigmoid_a_3[t] = 1 / (1 + np.exp(-a[t, :, 3 * H :]))",
        "    tanh_c[t] = np.tanh(c[t])",
        "    h[t] = sigmoid_a_3[t] * tanh_c[t]",
        "    h_before = h[t]",
        "    c_before = c[t]",
        "y_hat = h[T - 1] @ Wy",
        "return c, y_hat, a, h, sigmoid_a_1, sigmoid_a_0, tanh_a_2, sigmoid_a_3, tanh_c",
    ]
    backward = kernel(GATES)
    assert backward[backward.index("d_a = np.empty_like(a)") : -1] == [
        "d_a = np.empty_like(a)",
        "d_h = d_y_hat @ Wy.T",
        "d_c_next = np.zeros_like(c[0])",
        "for t in reversed(range(T)):",
        "    d_c = d_c_next + d_h * d_c_factor[t] + d_c_given[t]",
        "    previous_c = c[t - 1] if t >= 1 else 0",
        "    d_a[t] = np.concatenate(",
        "        (",
        "            d_c * d_a_factor[t],",
        "            d_c * sigmoid_a_1[t] * (1 - sigmoid_a_1[t]) * previous_c,",
        "            d_c * d_a_factor_2[t],",
        "            d_h * d_a_factor_3[t],",
        "        ),",
        "        axis=1,",
        "    )",
        "    d_h = d_a[t] @ Wh.T",
        "    d_c_next = d_c * sigmoid_a_1[t]",
        "d_Wx = np.tensordot(x, d_a, axes=((1, 0), (0, 1)))",
        "d_Wh = np.tensordot(h[:-1], d_a[1:], axes=((0, 1), (0, 1)))",
        "d_b = d_a.sum(axis=(0, 1))",
        "d_Wy = h[T - 1].T @ d_y_hat",
    ]
    assert not [line for line in backward if "np.exp" in line or "np.tanh" in line]


def test_what_reads_the_step_before_is_not_kept():
    # The first step has no value of it.
    assert [line for line in both("a normalised iteration") if "sqrt" in line] == [
        "    u[t] = A @ u[t - 1] / np.sqrt(1 + np.sum(u[t - 1] ** 2))",
        "d_u_factor = np.sqrt(1 + np.vecdot(u, u))",
    ]


def test_what_has_a_name_keeps_it():
    assert [line for line in both("layers of equal shape") if "tanh" in line] == [
        "    h[l] = np.tanh(h_before @ W[l] + b[l])"
    ]
