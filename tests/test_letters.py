"""Letters of indices are the same in all formulas of a model: one for each axis."""

from derive.calculus.adjoint import derive_gradients
from derive.document.build import document_of
from derive.document.summary import summary_of
from derive.language import read_model


def formulas(text):
    """All formulas of a model, in the order of its docstring."""
    derivation = derive_gradients(read_model(text, name="m"))
    summary = summary_of(derivation, document_of(derivation).numbers)
    return [formula.text for formula in (*summary.forward, *summary.gradients)]


def test_an_axis_that_the_author_called_n_is_n_everywhere():
    # c is written without letters; its axes are those of f, which has them
    assert formulas("""
N: dim; H: dim
X: input[N, H]; w: param[H]; b: param[H]
f[n, j] = X[n, j] * w[j] / (1 + X[n, 0] ** 2)
c = f ** 2 / (1 + b)
C = sum(c)
minimize(C)""") == [
        "f[n, j] = X[n, j] w[j]/(1 + X[n, 1]²)",
        "c[n, j] = f[n, j]²/(1 + b[j])",
        "C = Σ_n Σ_j c[n, j]",
        "∂C/∂c[n, j] = 1",
        "∂C/∂f[n, j] = 2 f[n, j]/(1 + b[j])",
        "∂C/∂w[j] = Σ_n ∂C/∂f[n, j] (X[n, j]/(1 + X[n, 1]²))",
        "∂C/∂b[j] = −(Σ_n f[n, j]²)/(1 + b[j])²",
    ]


def test_axes_without_letters_get_them_in_the_order_of_the_text():
    shown = formulas("""
N: dim; D: dim; H: dim
X: input[N, D]; W: param[D, H]
Z = (X @ W) ** 2 + 1 / (1 + X ** 2) @ W
C = mean(Z, axis=0) @ mean(Z, axis=0)
minimize(C)""")
    assert shown[0] == "Z[i, k] = (Σ_j X[i, j] W[j, k])² + Σ_j (1/(1 + X[i, j]²)) W[j, k]"
    assert shown[1] == "C = Σ_k ((1/N) Σ_i Z[i, k]) (1/N) Σ_i Z[i, k]"


def test_a_second_axis_of_one_size_has_the_second_letter_of_the_author():
    shown = formulas("""
T: dim; D: dim
Q: param[T, D]; K: input[T, D]; e: input[T, T]
S[t, u] = sum(sin(Q[t, d] * K[u, d]), d)
C = sum(S ** 3 * e)
minimize(C)""")
    wanted = "∂C/∂Q[t, d] = 3 Σ_u S[t, u]² e[t, u] cos(Q[t, d] K[u, d]) K[u, d]"
    assert wanted in shown
