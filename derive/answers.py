"""Derivatives beyond the gradient, as a REPL shows and evaluates them.

`Jacobian` and `Hessian` are index equations, perhaps with others that they read; `Product` is what
becomes of a direction, without the matrix.  Each is evaluated on arrays given by their names.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import sympy

from derive.calculus.adjoint import Derivation
from derive.calculus.hessian import Hessian as DerivedHessian
from derive.calculus.hessian import whole_from_cores
from derive.calculus.jacobian import Jacobian as DerivedJacobian
from derive.calculus.jacobian import System, extended
from derive.calculus.products import Product as DerivedProduct
from derive.document.hessians import hessian_formula, hessian_matrix
from derive.document.matrices import array_of, matrix_formula
from derive.document.writer import Writer, at_first_places, equation_formula, symbol_of, writer_for
from derive.errors import DeriveError
from derive.formulas import Formulas
from derive.model import Equation, Specification
from derive.program.interpret import run
from derive.program.plan import program_of
from derive.sizes import show_shape
from derive.symbolic import Symbols, to_sympy
from derive.terms import Index, IndexValue, Name, Quantity, Term
from derive.typeset.equations import equation
from derive.typeset.layout import Layout


class Shown:
    """What is shown as its formula, in a terminal and in a notebook."""

    @property
    def entry(self) -> Formulas:
        """The formula of one entry, after those of what it reads."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return repr(self.entry)

    def _repr_html_(self) -> str:
        return self.entry._repr_html_()

    def _repr_latex_(self) -> str:
        return self.entry._repr_latex_()


class Jacobian(Shown):
    """∂q[i]/∂p[m] of one quantity by another."""

    def __init__(self, derivation: Derivation, derived: DerivedJacobian) -> None:
        self._model = derivation.model
        self._derived = derived
        self._writer = writer_for(derivation)

    @property
    def shape(self) -> str:
        """The shape: that of q, then that of p."""
        return show_shape(self._derived.equation.left.shape)

    @property
    def entry(self) -> Formulas:
        """The formula of one entry, after those of what it reads."""
        return Formulas(_lines(self._writer, self._derived.system.equations), self.shape)

    @property
    def matrix(self) -> Formulas:
        """The whole in matrix notation where that is plain, else the formula of one entry."""
        defined = self._derived.equation
        right = matrix_formula(self._writer, array_of(defined))
        if right is None:
            return self.entry
        shown = equation(symbol_of(self._writer, defined.left), right)
        others = [e for e in self._derived.system.equations if e.left != defined.left]
        return Formulas((*_lines(self._writer, others), shown), self.shape)

    @property
    def sympy(self) -> sympy.Expr:
        """One entry as a SymPy expression."""
        return to_sympy(at_first_places(self._derived.equation.right))

    def value(self, **given: Any) -> np.ndarray:
        """The array of all entries, from arrays (and sizes that no shape tells) by their names."""
        left = self._derived.equation.left
        return _values(extended(self._model, self._derived.system), (left,), given)[0]


class Hessian(Shown):
    """∂²C/∂p[i] ∂q[j], kept as deltas times cores."""

    def __init__(self, derivation: Derivation, derived: DerivedHessian) -> None:
        self._model = derivation.model
        self._derived = derived
        self._writer = writer_for(derivation)

    @property
    def shape(self) -> str:
        """The shape of the whole: that of p, then that of q."""
        return show_shape(self._derived.equation.left.shape)

    @property
    def core_shapes(self) -> tuple[str, ...]:
        """The shape of the core of each block: the numbers that are computed."""
        return tuple(show_shape(block.core.left.shape) for block in self._derived.blocks)

    @property
    def entry(self) -> Formulas:
        """The formula of one entry, after those of the second derivatives that it reads."""
        shown = hessian_formula(self._writer, self._derived)
        return Formulas((*self._others(), shown), self._note())

    @property
    def matrix(self) -> Formulas:
        """The whole in matrix notation where that is plain, else the formula of one entry."""
        shown = hessian_matrix(self._writer, self._derived)
        return self.entry if shown is None else Formulas((*self._others(), shown), self._note())

    @property
    def sympy(self) -> sympy.Expr:
        """One entry as a SymPy expression, each delta a KroneckerDelta."""
        symbols: Symbols = {}
        indices = self._derived.equation.indices
        total = sympy.Integer(0)
        for block in self._derived.blocks:
            term = to_sympy(at_first_places(block.core.right), symbols)
            for row, column in block.deltas:
                pair = (to_sympy(_place(indices[axis]), symbols) for axis in (row, column))
                term = sympy.KroneckerDelta(*pair) * term
            total += term
        return total

    def cores(self, **given: Any) -> tuple[np.ndarray, ...]:
        """The arrays of the cores, from arrays (and sizes that no shape tells) by their names."""
        return _values(self._whole(), [block.core.left for block in self._derived.blocks], given)

    def value(self, **given: Any) -> np.ndarray:
        """The array of all entries: the cores at their places, and zeros."""
        whole = whole_from_cores(self._derived)
        return _values(extended(self._whole(), System((whole,))), (whole.left,), given)[0]

    def _whole(self) -> Specification:
        cores = System(tuple(block.core for block in self._derived.blocks))
        return extended(self._model, self._derived.system, cores)

    def _others(self) -> tuple[Layout, ...]:
        """The second derivatives that the blocks read by name."""
        return _lines(self._writer, self._derived.intermediate)

    def _note(self) -> str:
        """The shape, and that of the cores where these are smaller."""
        shapes = self.core_shapes
        if shapes == (self.shape,) or not shapes:
            return self.shape
        name = "core" if len(shapes) == 1 else "cores"
        return f"{self.shape}, {name} {' and '.join(shapes)}"


class Product(Shown):
    """What becomes of a direction under second derivatives, the matrix never formed."""

    def __init__(self, derivation: Derivation, derived: DerivedProduct) -> None:
        self._derived = derived
        self._writer = writer_for(derivation)

    @property
    def directions(self) -> dict[str, str]:
        """The name of the direction of each quantity: v, or v_w and v_b."""
        return {str(q.name): str(v.name) for q, v in self._derived.vectors.items()}

    @property
    def entry(self) -> Formulas:
        """The equations that lead from the directions to the products, the last ones."""
        shapes = ", ".join(show_shape(result.shape) for result in self._derived.results.values())
        return Formulas(_lines(self._writer, self._derived.system.equations), shapes)

    def value(self, **given: Any) -> dict[str, np.ndarray]:
        """The product for each quantity, from arrays by their names, the directions among them."""
        vectors = tuple(self._derived.vectors.values())
        results = self._derived.results
        arrays = _values(self._derived.model, tuple(results.values()), given, vectors)
        return {str(q.name): array for q, array in zip(results, arrays, strict=True)}


# --- shown and evaluated ------------------------------------------------------------------------


def _place(index: Index) -> Term:
    return at_first_places(IndexValue(index))


def _lines(writer: Writer, equations: Iterable[Equation]) -> tuple[Layout, ...]:
    return tuple(equation_formula(writer, defined) for defined in equations)


def _values(
    model: Specification,
    wanted: Iterable[Quantity],
    given: Mapping[str, Any],
    more: tuple[Quantity, ...] = (),
) -> tuple[np.ndarray, ...]:
    """Quantities that a model defines, computed by its array program."""
    wanted = tuple(wanted)
    sizes = {d.name: int(given[d.name]) for d in model.dimensions if d.name in given}
    named = [d.quantity.name for d in model.declarations] + [vector.name for vector in more]
    unknown = [name for name in given if name not in named and name not in sizes]
    if unknown:
        raise DeriveError(
            f"'{unknown[0]}' is nothing that this model takes",
            f"it takes {', '.join(map(str, named))}",
        )
    arrays: dict[Name, np.ndarray] = {
        name: np.asarray(array) for name, array in given.items() if name not in sizes
    }
    values = run(program_of(model, wanted, more), arrays, sizes)
    # A constant has the type of the numbers that it belongs to.
    kinds = [array.dtype for array in arrays.values() if array.dtype.kind in "fO"]
    found = (np.asarray(values[quantity.name]) for quantity in wanted)
    return tuple(array.astype(np.result_type(array, *kinds)) for array in found)
