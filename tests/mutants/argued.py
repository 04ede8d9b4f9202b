"""Mutants that pass as verified and are no mistakes: each with the argument, by hand.

The keys are matched against the program, the function, and the text before and after; a row that
matches no mutant, and one that matches a mutant that is caught, is an error of the full run.
"""

import re

ARGUED = {
    r"\w+\.step: grads = _typed\(grads, arguments\) -> pass": (
        "the update writes what the kernel gives into arrays that keep their types, and it reads "
        "single numbers and arrays alike"
    ),
    r"\w+\._typed: np\.asarray if np\.ndim\(gradient\) else np\.array -> .*": (
        "both make an array of the given type of an array and of a number; np.array copies "
        "an array that np.asarray would hand on, which takes time and changes no number"
    ),
    r"\w+\.hessian: y -> \(-y\)": (
        "the Hessian of a sum of squares of residuals linear in the parameters does not depend on "
        "the targets"
    ),
    r"bowl\._\w+: _forward\(x, y\) -> _forward\(y, x\)": "x² + y² is symmetric in x and y",
    r"infonce\._forward: (max_abs_. > 0|[012]|np\.abs\(.\)|np\.where\(max_abs.*|max_abs_V) -> .*": (
        "m sqrt(Σ (U / m)²) is the norm for every m > 0; floats differ only where entries of a row "
        "are 10¹⁵⁴ apart, or all are zero, where the cosine does not exist"
    ),
    r"word2vec\.gradients: grads = _typed\(grads, arguments\) -> pass": (
        "both parameters are tables, and their gradients are made like them, in their types"
    ),
    r"huber_regression\._forward: delta \* \(abs_r - delta / 2\) -> \(abs_r - delta / 2\)": (
        "in this model delta is 1"
    ),
    r"rnn\._gradients: d_h -> d_h_given": (
        "at the last step d_h is d_h_given, as the line before says"
    ),
    r"attention\._forward: np\.arange\(T\) -> np\.asarray\(np\.arange\(T\), np\.float\d\d\)": (
        "positions are only compared with each other; floats hold these integers exactly"
    ),
    r"huber_regression\._\w+: abs_r <= delta -> \(?abs_r < delta\)?": (
        "where |r| = delta both pieces have the same value and the same slope"
    ),
}


def argument(mutant):
    """The argument for a mutant, "" where there is none."""
    return next((text for key, text in ARGUED.items() if re.fullmatch(key, mutant.key)), "")
