"""No program computes anything twice, for nothing, or larger than the mathematics asks for."""

from functools import cache
from pathlib import Path

import pytest
from program_properties import computed_twice, larger_than_needed, unread

from derive.calculus.adjoint import derive_gradients
from derive.calculus.inner import completed
from derive.language import read_model
from derive.program.arrays import Elementwise, Fold, Select, Whole
from derive.program.orders import representative_sizes
from derive.program.plan import program_for
from derive.program.program import Program, Statement
from derive.terms import Index, Quantity, Size

HERE = Path(__file__).parent
GALLERY = HERE.parent / "derive" / "gallery"
MODELS = {path.stem: path for path in (*HERE.glob("cases/*/*.model"), *GALLERY.glob("*.model"))}

# The arrays that are larger than every named quantity of their line, and why they stand there.
LARGER = {
    # Squares of differences are exact where points meet.  Taken apart into norms and a product they
    # cancel, and a root of them there would have half of the digits only.
    "gaussian_process": ["(N, N, D)"],
    "gp_marginal": ["(N, N, D)"],
    # One row is looked up for each place, before the rows are multiplied.
    "word2vec": ["(N, D)", "(N, S, D)"],
    "skipgram_neg": ["(N, D)", "(N, S, D)"],
    # The input with its zeros around it; windows as the columns of a matrix, so that a convolution
    # is one product; and the parts of its reverse that overlap.
    "conv2d_cnn": [
        "(N, C*K2*K2, Hf*Wf)",
        "(N, C2, C*K2*K2)",
        "(N, Hf, Wf, C, K2, K2)",
        "(N, I*K*K, Ho*Wo)",
        "(N, I, H + 2*pad, W + 2*pad)",
    ],
    "cnn": ["(N, F*K*K, J*J)", "(N, J, J, F, K, K)", "(N, K*K, I*I)"],
    "pooling_overlap": ["(N, C, H + 2*pad, W + 2*pad)", "(N, C, Ha, Wa, K, K)"],
    # All gates of all steps, before the loop over the steps.
    "lstm_bptt": ["(N, T, 4*H)"],
}


@cache
def program_of(name):
    text = MODELS[name].read_text(encoding="utf-8")
    model, _ = completed(read_model(text, name))
    derivation = derive_gradients(model)
    gradients = tuple(gradient.equation for gradient in derivation.gradients)
    sizes = representative_sizes(derivation.model)
    return program_for(derivation.model, gradients, derivation.recurrences), sizes


@pytest.mark.parametrize("name", sorted(MODELS))
def test_nothing_is_computed_twice_or_for_nothing(name):
    program, _ = program_of(name)
    assert (unread(program), computed_twice(program)) == ([], [])


@pytest.mark.parametrize("name", sorted(MODELS))
def test_no_array_is_larger_than_the_mathematics_asks_for(name):
    assert larger_than_needed(*program_of(name)) == LARGER.get(name, [])


n, k = Size("n"), Size("k")
A, B = Quantity("A", (n, k)), Quantity("B", (n, k))
product = Elementwise(
    "multiply",
    (Select(Whole(A), ("all", "new", "all")), Select(Whole(B), ("new", "all", "all"))),
)


def test_a_broadcast_that_is_summed_is_found_and_so_is_what_is_there_twice():
    # Σ_k A[i,k] B[j,k] by an array over i, j and k, twice, and nobody reads the second.
    C, other = Quantity("C", (n, n)), Quantity("other", (n, n))
    summed = Fold("sum", product, (2,))
    program = Program((A, B), (), (), (
        Statement(C, summed, equation=Index(n)),
        Statement(other, summed, equation=Index(n)),
    ), (C,))  # fmt: skip
    assert larger_than_needed(program, {"n": 100, "k": 10}) == ["(n, n, k)"]
    assert computed_twice(program) == [summed]
    assert unread(program) == ["other"]
