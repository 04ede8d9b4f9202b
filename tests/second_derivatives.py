"""Second derivatives as numbers, in two ways that share nothing.

What the engine derives is evaluated by loops over its index equations.  The truth is a difference
of gradients of the oracle, to 50 digits at points that differ by 10⁻¹⁶: its error is of the order
of 10⁻³², so that thirty digits of agreement are no coincidence and no rounding.
"""

from fractions import Fraction
from pathlib import Path
from random import Random

import numpy as np

from derive import Model
from derive.calculus.adjoint import derive_gradients
from derive.calculus.hessian import hessian, whole_from_cores
from derive.calculus.inner import completed
from derive.calculus.jacobian import System, extended, jacobian
from derive.calculus.rewrites.knowledge import knowledge_of
from derive.language import read_model
from derive.model import parameters, quantity_named
from derive.numbers.evaluation import Evaluation, whole
from derive.verification.oracle import (
    apply_model,
    as_duals,
    begin,
    complete_sizes,
    gradient,
    lift,
    run,
    shape_of,
)

DIGITS = "50 digits"
STEP = Fraction(1, 10**16)
CASES = Path(__file__).parent / "cases"

# The smooth cases at the smallest sizes, a pair of parameters each.
SMALL = {
    "activations_smooth": ({"N": 2}, "a", "c2"),
    "attention_causal": ({"N": 1, "T": 3, "I": 2, "D": 2, "E": 1}, "Wq", "Wk"),
    "batchnorm_train": ({"N": 3, "I": 2, "H": 2, "O": 1}, "W", "W"),
    "cookbook_inverse": ({"n": 2}, "X", "X"),
    "factorization_machine": ({"N": 2, "I": 3, "K": 2}, "V", "V"),
    "gp_marginal": ({"N": 3, "D": 2}, "l", "ls"),
    "infonce_clip": ({"N": 2, "I": 2, "J": 2, "D": 2}, "A", "B"),
    "layernorm_affine": ({"N": 2, "I": 2, "D": 3}, "A", "g"),
    "linreg_ridge_mse": ({"N": 3, "D": 2, "K": 2}, "W", "b"),
    "lstm_bptt": ({"N": 1, "T": 2, "I": 1, "H": 1, "O": 1}, "Wx", "Wh"),
    "mlp_tanh_mse": ({"N": 2, "I": 2, "H": 2, "K": 2, "O": 1}, "W1", "W2"),
    "rnn_bptt": ({"N": 1, "T": 2, "I": 1, "H": 2, "V": 2}, "Wh", "Wh"),
    "skipgram_neg": ({"N": 2, "V": 3, "D": 2, "S": 2}, "v", "u"),
    "softmax_ce_mean": ({"N": 2, "I": 2, "H": 2, "K": 3}, "W1", "W2"),
    "vae_elbo": ({"N": 2, "P": 2, "H": 2, "K": 1}, "W", "U"),
}
POSITIVE = ("eps", "s2", "ls", "ln", "beta", "M")


class Point:
    """A model with sizes and data: distinct fractions of either sign, away from zero."""

    def __init__(self, text, sizes, seed=0, positive=()):
        source = text if "minimize(" in text else f"{text}\nminimize(f, sgd())\n"
        self.model = completed(read_model(source, name="m"))[0]
        self.sizes = complete_sizes(self.model, sizes)
        self.random = Random(seed)
        self.positive = positive
        open_ = [d for d in self.model.declarations if d.value is None]
        self.inputs = {d.quantity.name: self.draw(d.quantity, d.bound) for d in open_}

    def __getitem__(self, name):
        return quantity_named(self.model, name)

    def draw(self, quantity, bound=None):
        """Random data of the shape of a quantity, whole numbers below a bound if it has one."""
        array = np.empty(shape_of(quantity, self.sizes), dtype=object)
        limit = None if bound is None else whole(bound, Evaluation(self.sizes, {}))
        for place in np.ndindex(array.shape):
            if limit is not None:
                array[place] = self.random.randrange(limit)
            else:
                sign = 1 if quantity.name in self.positive else self.random.choice((1, -1))
                array[place] = sign * Fraction(2 * self.random.randrange(8, 40) + 1, 64)
        return array.astype(int) if limit is not None else array

    def gradients(self, names, moved):
        """The oracle's gradients where some inputs have other values."""
        found = gradient(self.model, self.sizes, {**self.inputs, **moved}, names, DIGITS)
        return found[1]

    def second(self, rows, columns):
        """∂²C/∂rows ∂columns of the oracle, at every place."""
        base = self.inputs[columns]
        shape = shape_of(self[rows], self.sizes)
        found = np.empty((*shape, *base.shape), dtype=object)
        for place in np.ndindex(base.shape):
            ends = []
            for sign in (1, -1):
                moved = base.copy()
                moved[place] += sign * STEP
                ends.append(self.gradients([rows], {columns: moved})[rows])
            found[(..., *place)] = (ends[0] - ends[1]) / (2 * STEP)
        return found

    def first(self, of, wrt):
        """∂of/∂wrt of the oracle, at every place, exactly by dual numbers."""
        here, directions = run(self.model, self.sizes, self.inputs, (wrt,), DIGITS)
        zero = lift(np.array(0, dtype=object), DIGITS).item()
        found = np.full((*here.arrays[of].shape, *here.arrays[wrt].shape), zero, dtype=object)
        for place in np.ndindex(here.arrays[of].shape):
            slopes = here.arrays[of][place].slopes
            for (_, location), direction in directions.items():
                found[(*place, *location)] = slopes.get(direction, zero)
        return found

    def computed(self, model, quantities, more=None):
        """What a model that defines more says of some quantities, by loops over its equations."""
        here = begin(model, self.sizes, self.inputs, DIGITS)
        for name, array in (more or {}).items():
            here.arrays[name] = as_duals(lift(array, DIGITS))
        apply_model(model, here)
        bare = np.frompyfunc(lambda number: number.value, 1, 1)
        return [np.asarray(bare(here.arrays[quantity.name])) for quantity in quantities]


def derivation_of(point, *names):
    wrt = tuple(point[name] for name in names)
    return derive_gradients(point.model, tuple(dict.fromkeys(wrt)) or None)


def hessian_of(point, rows, columns):
    return hessian(derivation_of(point, rows, columns), point[rows], point[columns])


def jacobian_of(point, of, wrt):
    system = System(point.model.equations, point.model.recurrences)
    return jacobian(system, point[of], point[wrt], knowledge_of(point.model))


def with_cores(point, found):
    """The model that also defines the cores of a Hessian, and the whole from them."""
    whole_ = whole_from_cores(found)
    cores = System((*(block.core for block in found.blocks), whole_))
    return extended(point.model, found.system, cores), whole_.left


def difference(found, expected):
    """The largest difference of two arrays, relative to the largest entry."""
    found, expected = (np.asarray(array, dtype=object) for array in (found, expected))
    assert found.shape == expected.shape
    assert found.size > 0
    distances = [abs(float((a - b).value)) for a, b in zip(found.flat, expected.flat, strict=True)]
    return max(distances) / max(1e-3, *(abs(float(e.value)) for e in expected.flat))


def is_true(point, rows, columns):
    """Whether the compressed blocks, put in their places, are the second derivatives."""
    model, whole_ = with_cores(point, hessian_of(point, rows, columns))
    (found,) = point.computed(model, [whole_])
    return difference(found, point.second(rows, columns)) < 1e-27


def along(point, product, names):
    """Directions for a product, by their names, and H v of the oracle along them."""
    vectors = {v.name: point.draw(v) for v in product.vectors.values()}
    ends = []
    for sign in (1, -1):
        moved = {
            q.name: point.inputs[q.name] + sign * STEP * vectors[v.name]
            for q, v in product.vectors.items()
        }
        ends.append(point.gradients(names, moved))
    return vectors, {name: (ends[0][name] - ends[1][name]) / (2 * STEP) for name in names}


def all_parameters(point):
    return [str(parameter.name) for parameter in parameters(point.model)]


def case(name):
    sizes, *_ = SMALL[name]
    text = (CASES / name / f"{name}.model").read_text(encoding="utf-8")
    return Point(text, sizes, seed=1, positive=POSITIVE)


def asked(text):
    """A model to ask, from the text above its objective."""
    return Model(f"{text}\nminimize(f, sgd())\n")
