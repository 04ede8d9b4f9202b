"""The rewrites, one row each: what they recognise, what is computed instead, and why.

Each is an identity of real numbers, so exact kernels do not notice.

Sources: N. J. Higham, Accuracy and Stability of Numerical Algorithms, 2nd edition, 2002, sections
1.7, 1.9, 1.14 and 27.8; P. Blanchard, D. J. Higham, N. J. Higham, Accurately
computing the log-sum-exp and softmax functions, IMA Journal of Numerical Analysis 41, 2021;
M. Mächler, Accurately computing log(1 - exp(-|a|)), 2012.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from derive.program.stable.differences import (
    complement,
    difference_of_exponentials,
    erf_and_one,
    of_two_summands,
    roots,
    softplus_less,
    sum_of_exponentials,
    tanh_and_one,
    tanh_of_half,
    tanh_slope,
    variance,
)
from derive.program.stable.known import Known
from derive.program.stable.logarithms import (
    log_cosh,
    log_exp,
    log_of_determinant,
    log_of_factors,
    log_of_one_plus,
    log_of_product,
    log_sigmoid,
    log_softmax,
    log_sum_exp,
    softplus,
)
from derive.program.stable.norms import norm, root_of_square
from derive.program.stable.products import (
    handed_down,
    logistic,
    powers_of_one_base,
    removable,
    square_of_product,
)
from derive.program.stable.shares import log_share, softmax, softmax_of_logarithm
from derive.terms import Node, Term

Rule = Callable[[Node, Known], Term | None]


@dataclass(frozen=True)
class Stabilisation:
    """A rewrite by its name: `form` is computed as `computed`, because of `why` (`source`)."""

    name: str
    rule: Rule
    form: str
    computed: str
    why: str
    source: str = ""


REWRITES = (
    Stabilisation("log_exp", log_exp, "log exp(z)", "z", "exp overflows"),
    Stabilisation(
        "log_softmax",
        log_softmax,
        "log softmax(z)",
        "(z − max(z)) − log Σ exp(z − max(z))",
        "a softmax underflows",
        "Blanchard, Higham and Higham 2021",
    ),
    Stabilisation(
        "log_share",
        of_two_summands(log_share),
        "z − log Σ exp(z)",
        "(z − max(z)) − log Σ exp(z − max(z))",
        "z is large",
        "Blanchard, Higham and Higham 2021",
    ),
    Stabilisation(
        "softmax_of_logarithm",
        softmax_of_logarithm,
        "exp(z − log Σ exp(z))",
        "exp(z − max(z))/Σ exp(z − max(z))",
        "z is large",
        "Blanchard, Higham and Higham 2021",
    ),
    Stabilisation(
        "log_sigmoid",
        log_sigmoid,
        "log σ(z)",
        "min(z, 0) − log1p(exp(−|z|))",
        "σ underflows, and rounds to 1",
        "Mächler 2012",
    ),
    Stabilisation(
        "softplus",
        softplus,
        "log(1 + exp(z))",
        "max(z, 0) + log1p(exp(−|z|))",
        "exp overflows, and is lost beside 1",
        "Mächler 2012",
    ),
    Stabilisation(
        "log_cosh",
        log_cosh,
        "log cosh(z)",
        "|z| + log1p(exp(−2 |z|)) − log 2",
        "cosh overflows",
    ),
    Stabilisation(
        "log_sum_exp",
        log_sum_exp,
        "log Σ exp(z)",
        "max(z) + log Σ exp(z − max(z))",
        "exp overflows",
        "Blanchard, Higham and Higham 2021",
    ),
    Stabilisation(
        "log_of_product",
        log_of_product,
        "log(p/q)",
        "log(p) − log(q)",
        "p and q underflow",
    ),
    Stabilisation("log_of_factors", log_of_factors, "log Π x", "Σ log x", "the product underflows"),
    Stabilisation(
        "log_of_determinant", log_of_determinant, "log |det A|", "logdet A", "det overflows"
    ),
    Stabilisation(
        "log_of_one_plus",
        log_of_one_plus,
        "log(1 + x)",
        "log1p(x)",
        "x is lost beside 1",
        "Higham 2002, 1.14",
    ),
    Stabilisation(
        "softplus_less",
        of_two_summands(softplus_less),
        "softplus(z) − z",
        "softplus(−z)",
        "the difference cancels",
    ),
    Stabilisation("complement", of_two_summands(complement), "1 − σ(z)", "σ(−z)", "σ rounds to 1"),
    Stabilisation(
        "tanh_slope", of_two_summands(tanh_slope), "1 − tanh(z)²", "1/cosh(z)²", "tanh rounds to 1"
    ),
    Stabilisation(
        "tanh_and_one", of_two_summands(tanh_and_one), "1 − tanh(z)", "2 σ(−2z)", "tanh rounds to 1"
    ),
    Stabilisation(
        "tanh_of_half",
        of_two_summands(tanh_of_half),
        "2 σ(z) − 1",
        "tanh(z/2)",
        "the difference cancels",
    ),
    Stabilisation(
        "erf_and_one", of_two_summands(erf_and_one), "1 + erf(z)", "erfc(−z)", "erf rounds to −1"
    ),
    Stabilisation(
        "difference_of_exponentials",
        of_two_summands(difference_of_exponentials, alone=True),
        "exp(z) − 1",
        "expm1(z)",
        "the difference cancels",
        "Higham 2002, 1.14",
    ),
    Stabilisation(
        "roots",
        of_two_summands(roots, alone=True),
        "√(1 + x) − 1",
        "x/(√(1 + x) + 1)",
        "the difference cancels",
        "Higham 2002, 1.7",
    ),
    Stabilisation(
        "variance",
        of_two_summands(variance),
        "mean(x²) − mean(x)²",
        "mean((x − mean(x))²)",
        "the difference cancels",
        "Higham 2002, 1.9",
    ),
    Stabilisation(
        "root_of_square", root_of_square, "√(x²)", "|x|", "squares overflow and underflow"
    ),
    Stabilisation(
        "norm",
        norm,
        "√(Σ x²)",
        "m √(Σ (x/m)²) with m = max |x|",
        "squares overflow and underflow",
        "Higham 2002, 27.8",
    ),
    Stabilisation(
        "softmax",
        softmax,
        "exp(z)/Σ exp(z)",
        "exp(z − max(z))/Σ exp(z − max(z))",
        "exp overflows",
        "Blanchard, Higham and Higham 2021",
    ),
    Stabilisation(
        "powers_of_one_base",
        powers_of_one_base,
        "exp(z)/(1 + exp(z))",
        "σ(z)",
        "infinity over infinity, zero times infinity",
    ),
    Stabilisation(
        "handed_down",
        handed_down,
        "(a/s + b) s",
        "a + b s",
        "zero times infinity",
    ),
    Stabilisation(
        "square_of_product",
        square_of_product,
        "u² exp(t)",
        "(u exp(t/2))²",
        "zero times infinity",
    ),
    Stabilisation(
        "removable",
        removable,
        "(1 − p)^a log(p), −1 < a < 0",
        "0 where p = 1",
        "infinity times zero",
    ),
)

# What changes no value, but shows a form that has rewrites of its own.
RECOGNISED = (
    Stabilisation("logistic", logistic, "1/(1 + exp(−z))", "σ(z)", "σ has rules of its own"),
    Stabilisation(
        "sum_of_exponentials",
        of_two_summands(sum_of_exponentials, alone=True),
        "exp(z) + exp(−z)",
        "2 cosh(z)",
        "cosh has rules of its own",
    ),
)
