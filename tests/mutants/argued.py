"""Mutants that pass as verified and are no mistakes: each with the argument, by hand.

The keys are matched against the kind, the program, the function, the text before and after, and the
line.  A row that matches a mutant that is caught fails the run.
"""

import re

ARGUED = {
    r"stale buffer: word2vec\.gradients: grads = _typed\(grads, arguments\) -> pass in .*": (
        "both parameters are tables, and their gradients are made like them, in their types"
    ),
    r"sign: \w+_regression\.hessian: y -> \(-y\) in .*": (
        "what these costs read targets in is linear in the parameters: a second derivative has none"
    ),
    r"sign: gaussian_process\.\w+: (X -> \(-X\)|y -> \(-y\)) in arguments = .*": (
        "inputs are read in squared differences, targets in products of two"
    ),
    r"transpose: gaussian_process\._\w+: (K|r2|d_r2|d_K|exp_\w+) -> \1\.T in .*": (
        "the squared distance of i and j is that of j and i, so K and what it is made of are "
        "symmetric, and so are its inverse, a product of a vector with itself, and d_K"
    ),
    r"swapped operands: gaussian_process\._loss: y @ np\.linalg\.solve\(K, y\) -> .*": (
        "a scalar product of real vectors is the same in both orders"
    ),
    r"wrong name: gaussian_process\._\w+: exp_2s_scaled -> K in (kept|d_r2) = .*": (
        "they differ on the diagonal, where r2 is zero for all parameters and its gradient is "
        "multiplied by differences that are zero"
    ),
    r"wrong name: transformer\._gradients: Z1 -> H in .* at Z1 > 0": (
        "H is max(Z1, 0), which is larger than zero where Z1 is"
    ),
    r"swapped operands: cnn\._gradients: .*, Z(.), A\1, .* -> .*, A\1, Z\1, .* in .*": (
        "A is max(Z, 0), and of what is left they are only asked where they are larger than zero"
    ),
    r"wrong type: rnn\._gradients: np\.empty_like\(h\) -> .*float64\) in d_h = .*": (
        "what is computed of it is written into d_a, which has the type of the parameters"
    ),
    r"wrong name: huber_regression\._forward: r -> abs_r in rho = .* at r ?\*\* ?2": (
        "the square of |r| is that of r"
    ),
    r"sign: logistic_regression\.hvp: y -> \(-y\) in .*": (
        "what this cost reads targets in is linear in the parameters: a second derivative has none"
    ),
    r"swapped operands: bowl\._\w+: _forward\(x, y\) -> _forward\(y, x\) in .*": (
        "x² + y² is symmetric in x and y"
    ),
    r"wrong type: attention\._forward: np\.arange\(T\) -> np\.asarray\(np\.arange\(T\), .*": (
        "positions are only compared with each other; floats hold integers below 2²⁴ exactly"
    ),
    r"wrong comparison: huber_regression\._\w+: abs_r <= delta -> \(?abs_r < delta\)? in .*": (
        "where |r| = delta both pieces have the same value and the same slope"
    ),
    r"wrong name: factorisation_machine\._\w+: yf -> f in .* at np\.abs\(yf\)": (
        "the model assumes that each y is 1 or -1"
    ),
    r"wrong name: mlp_classifier\._gradients: Z1 -> A in .* at Z1 > 0": (
        "A is max(Z1, 0), which is larger than zero where Z1 is"
    ),
    r"dropped factor: huber_regression\._\w+: delta \* (.*) -> \(?\1\)? in .*": (
        "in this model delta is 1"
    ),
    r"wrong name: rnn\._gradients: d_h -> d_h_given in d_a\[T - 1\] = .*": (
        "at the last step d_h is d_h_given, as the line before says"
    ),
    r"reduction: infonce\._forward: np\.abs\((.)\)\.max\(.*\) -> np\.abs\(\1\)\.min\(.*\) in .*": (
        "m sqrt(Σ (U / m)²) is the norm for every m > 0; floats differ only where entries of one "
        "row are 10¹⁵⁴ apart"
    ),
    r"wrong constant: infonce\._forward: 0 -> 1 in [uv] = np\.where.*": (
        "they differ where squares vanish, in rows below 10⁻¹⁵⁴: there 1/u² is no float either"
    ),
    r"wrong name: infonce\._forward: (u -> max_abs_U|v -> max_abs_V) in .* \*= .* at . / [uv]": (
        "any positive number may be taken out of the root, and they are zero together"
    ),
    r"wrong name: infonce\._forward: max_abs_V -> (u|max_abs_U) in v = .* at max_abs_V > 0": (
        "they differ where a row is zero, where the cosine does not exist"
    ),
    r"reduction: cnn\._gradients: d_A2\[.*\] \+= d_B_over_4 -> .*": (
        "windows of two by two in steps of two do not overlap: each entry is added to once"
    ),
    r"dropped term: cnn\._gradients: ([kl]) \+ 2 \* M -> \(2 \* M\) in d_A2.*": (
        "in steps of two from 0 or 1, an end at 2M gives the same M places"
    ),
    r"off by one: cnn\._gradients: ([kl]) : .* -> \1:\1 \+ 2 \* M - 1:2 in d_A2.*": (
        "in steps of two the last place is two before the end, so one less gives the same places"
    ),
    r"stale buffer: poisson_regression\._lgamma: x = np\.asarray\(x\) -> pass in .*": (
        "the kernel hands on an array"
    ),
}


def argument(mutant):
    """The argument for a mutant, "" where there is none."""
    key = f"{mutant.kind}: {mutant.key} in {mutant.within}"
    return next((text for row, text in ARGUED.items() if re.fullmatch(row, key)), "")
