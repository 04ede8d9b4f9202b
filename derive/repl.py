"""A model to talk to: what a student asks in a REPL or a notebook, and what `derive show` prints.

Everything here shows what other modules worked out, as one Unicode line, as MathML or as LaTeX.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from types import ModuleType
from typing import Any

import sympy

from derive.answers import Hessian, Jacobian, Product
from derive.calculus.adjoint import Derivation, derive_gradients
from derive.calculus.adjoint import Gradient as DerivedGradient
from derive.calculus.expand import places, without_unit_sums, written_out
from derive.calculus.explain import at, chain, gradient_named, gradient_steps
from derive.calculus.hessian import hessian
from derive.calculus.inner import completed
from derive.calculus.jacobian import System, jacobian, needed
from derive.calculus.products import gauss_newton, hessian_vector
from derive.calculus.rewrites.knowledge import knowledge_of
from derive.calculus.steps import Step
from derive.code.styles import Style
from derive.document.blocks import Working
from derive.document.matrices import definition_formula, gradient_formula
from derive.document.writer import (
    Writer,
    at_first_places,
    formula,
    initial_formulas,
    working,
    writer_for,
)
from derive.errors import DeriveError
from derive.formats import HTML, TEXT
from derive.formulas import Formulas
from derive.from_sympy import specification_from_sympy
from derive.language import read_model, read_requests
from derive.language.lookup import did_you_mean
from derive.model import Specification, parameters, quantity_named
from derive.pipeline import checked_formulas, checked_steps, source_of
from derive.project import ModelText, find_model
from derive.publish import say
from derive.sizes import show_shape
from derive.symbolic import to_sympy
from derive.terms import ZERO, Quantity, Term
from derive.typeset.layout import Layout
from derive.typeset.mathml import mathml
from derive.typeset.unicode import unicode
from derive.verification.against import CASES, verify_against
from derive.verification.loading import load_module
from derive.verification.report import Report
from derive.verification.verify import require, verify
from derive.wellformed import Caution, check_specification


@dataclass(frozen=True)
class Steps(Sequence[Step]):
    """The steps of a derivation, one named rule a line, with its reason."""

    steps: tuple[Step, ...]
    shown: Working

    def __getitem__(self, place: Any) -> Any:
        return self.steps[place]

    def __len__(self) -> int:
        return len(self.steps)

    def folded(self, depth: int = 0) -> Steps:
        """The same steps, printed without what stands deeper: 0 leaves the steps themselves."""
        kept = tuple(reason for reason in self.shown.reasons if reason.depth <= depth)
        return replace(self, shown=Working(kept))

    def __repr__(self) -> str:
        lines = []
        for reason in self.shown.reasons:
            rule, why = (say(phrase, TEXT, "en") for phrase in (reason.rule, reason.why))
            lines.append(f"{'  ' * reason.depth}{rule}: {unicode(reason.formula)}  ({why})")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        items = []
        for reason in self.shown.reasons:
            rule, why = (say(phrase, HTML, "en") for phrase in (reason.rule, reason.why))
            indent = f"margin-left:{2 * reason.depth}em"
            items.append(
                f'<li style="{indent}"><b>{rule}</b> {mathml(reason.formula)} <i>{why}</i></li>'
            )
        return f"<ul>{''.join(items)}</ul>"


class Gradient:
    """∂C/∂w of one quantity: its formula, its steps, its matrix form, its written-out entries.

    >>> Model.read("neuron").gradient("w")
    ∂C/∂w[i] = 2 (ŷ − y) x[i]    (n, 1)
    """

    def __init__(self, derivation: Derivation, derived: DerivedGradient) -> None:
        self._derivation = derivation
        self._derived = derived
        self._writer = writer_for(derivation)

    @property
    def derivation(self) -> Derivation:
        """What the gradient is a part of."""
        return self._derivation

    @property
    def shape(self) -> str:
        """The shape of the gradient, which is that of the variable."""
        return show_shape(self._derived.wrt.shape)

    @property
    def entry(self) -> Formulas:
        """The formula of one entry, in index notation."""
        forms = chain(self._derivation, self._derived)
        stages = (at_first_places(stage) for stage in (forms.entry, forms.simplified))
        return Formulas((formula(self._writer, *stages),), self.shape)

    @property
    def matrix(self) -> Formulas:
        """The formula of the whole gradient, in matrix notation where that is plain."""
        return Formulas((gradient_formula(self._writer, self._derived),), self.shape)

    @property
    def steps(self) -> Steps:
        """How the formula was found, one named rule a line, with its reason."""
        steps = gradient_steps(self._derivation, self._derived)
        return Steps(steps, working(self._writer, steps, silent=("itself",)))

    def at(self, **sizes: int) -> Formulas:
        """The scalar equations at the given sizes, by default those of the text.

        >>> Model.read("neuron").gradient("w").at(n=2)
        ∂C/∂w₁ = 2 (ŷ − y) x₁
        ∂C/∂w₂ = 2 (ŷ − y) x₂
        """
        writer = writer_for(self._derivation, **sizes)
        forms, shown = chain(self._derivation, self._derived), []
        for subscripts in places(self._derived.wrt, writer.sizes):
            values = dict(zip(self._derived.equation.indices, subscripts, strict=True))
            here = at(forms, values)
            shown.append(formula(writer, here.entry, written_out(here.simplified, writer.sizes)))
        return Formulas(tuple(shown))

    @property
    def sympy(self) -> sympy.Expr:
        """One entry of the gradient as a SymPy expression."""
        closed = at_first_places(chain(self._derivation, self._derived).simplified)
        return to_sympy(without_unit_sums(closed))

    def __repr__(self) -> str:
        return repr(self.entry)

    def _repr_html_(self) -> str:
        return self.entry._repr_html_()

    def _repr_latex_(self) -> str:
        return self.entry._repr_latex_()


class Model:
    """A model that answers: its gradients and why, its generated module, its verification.

    `text` is in the language of models; `Model.read` takes a gallery name or a path.

    >>> Model("x: param; f = x ** 2; minimize(f, sgd())").gradient("x")
    ∂f/∂x = 2 x    ()
    """

    def __init__(self, text: str, name: str = "model") -> None:
        self.specification = read_model(text, name=name)

    @classmethod
    def read(cls, name: str) -> Model:
        """The model of the gallery called `name`, or the one in the file at the path `name`."""
        return cls.of_text(find_model(name))

    @classmethod
    def of_text(cls, found: ModelText) -> Model:
        """The model with a text that was found."""
        return cls.of(read_model(found.text, name=found.name, source=found.source))

    @classmethod
    def from_sympy(cls, equations: Any, wrt: Iterable[Any], **options: Any) -> Model:
        """A model whose forward equations are SymPy expressions; see `specification_from_sympy`."""
        return cls.of(specification_from_sympy(equations, wrt=list(wrt), **options))

    @classmethod
    def of(cls, specification: Specification) -> Model:
        """The model that a specification is."""
        model = cls.__new__(cls)
        model.specification = specification
        return model

    @cached_property
    def derivation(self) -> Derivation:
        """The gradients with respect to all parameters."""
        return derive_gradients(self._completed)

    @cached_property
    def _completed(self) -> Specification:
        """The model with the equations of the gradients that it reads."""
        return completed(self.specification)[0]

    @property
    def _inner(self) -> tuple[Derivation, ...]:
        """How the gradients that the model reads were derived."""
        return completed(self.specification)[1]

    @property
    def cautions(self) -> tuple[Caution, ...]:
        """What is allowed but perhaps not meant: a parameter that does not reach the cost."""
        return check_specification(self.specification)

    def gradient(self, name: str) -> Gradient:
        """∂C/∂`name`, of a parameter, an input or a defined quantity."""
        quantity = self._variable(name)
        derivation = self._derivation_for(quantity)
        return Gradient(derivation, gradient_named(derivation, name))

    def definition(self, name: str) -> Formulas:
        """The equation that defines `name`, after its initial values where it steps.

        >>> Model.read("neuron").definition("C")
        C = (ŷ − y)²    (1, 1)
        """
        found = [e for e in self._completed.equations if str(e.left.name) == name]
        if not found:
            defined = [str(e.left.name) for e in self._completed.equations]
            raise DeriveError(
                f"'{name}' is not defined by an equation",
                f"there are: {', '.join(defined)}",
            )
        writer = writer_for(self.derivation)
        forms = (*initial_formulas(writer, found[0]), definition_formula(writer, found[0]))
        return Formulas(forms, show_shape(found[0].left.shape))

    def jacobian(self, of: str, wrt: str) -> Jacobian:
        """∂`of`/∂`wrt`, of a defined quantity with respect to any.

        >>> Model.read("neuron").jacobian("y_hat", "w")
        ∂ŷ/∂w[i] = x[i]    (1, 1, n, 1)
        """
        model = self._completed
        defined, varied = self._number(of), self._number(wrt)
        system = needed(System(model.equations, model.recurrences), (defined,))
        if defined == varied or not any(e.left == defined for e in system.equations):
            raise DeriveError(
                f"'{of}' is not computed from '{wrt}'",
                "ask for a quantity that an equation defines",
            )
        found = jacobian(system, defined, varied, knowledge_of(model))
        if found.equation.right == ZERO:
            raise DeriveError(
                f"'{of}' is not computed from '{wrt}', so its Jacobian is zero",
                f"differentiate with respect to what '{of}' reads",
            )
        return Jacobian(self.derivation, found)

    def hessian(self, rows: str, columns: str) -> Hessian:
        """The block ∂²C/∂`rows` ∂`columns`, kept as deltas times cores; zero where C is linear.

        >>> Model.read("neuron").hessian("w", "w").matrix
        ∂²C/∂w² = 2 xᵀ x    (n, 1, n, 1), core (n, n)
        """
        found = hessian(self.derivation, self._variable(rows), self._variable(columns))
        return Hessian(self.derivation, found)

    def hvp(self, *names: str) -> Product:
        """The Hessian times a direction, for the quantities `names`, by default all parameters.

        >>> Model.read("neuron").hvp("w")
        ∂ŷ/∂ε = Σ_i x[i] v[i]
        ∂²C/∂w[i] ∂ε = 2 x[i] ∂ŷ/∂ε    (n, 1)
        """
        wrt = self._varied(names)
        derivation = derive_gradients(self._completed, wrt)
        return Product(derivation, hessian_vector(derivation, wrt))

    def gauss_newton(self, output: str, *names: str) -> Product:
        """Jᵀ (∂²C/∂z²) J times a direction, where J = ∂z/∂w for the quantity z called `output`."""
        return Product(self.derivation, gauss_newton(self._completed, self._varied(names), output))

    def _number(self, name: str) -> Quantity:
        """The quantity called `name`, which may be differentiated."""
        quantity = quantity_named(self.specification, name)
        if quantity is None:
            raise DeriveError(f"'{name}' is not a quantity of this model", _known(self, name))
        if quantity.kind == "index":
            raise DeriveError(
                f"'{name}' holds whole numbers, which have no derivative",
                "differentiate with respect to what is looked up by it",
            )
        return quantity

    def _variable(self, name: str) -> Quantity:
        """The quantity called `name`, by which the cost may be differentiated."""
        quantity = self._number(name)
        if quantity == self.specification.objective.cost:
            raise DeriveError(f"'{name}' is the cost itself", "ask for another quantity")
        return quantity

    def _varied(self, names: tuple[str, ...]) -> tuple[Quantity, ...]:
        """The quantities that move along directions, which must not move each other."""
        wrt = tuple(map(self._variable, names)) or parameters(self.specification)
        defined = [q.name for q in wrt if any(e.left == q for e in self._completed.equations)]
        if defined and len(wrt) > 1:
            raise DeriveError(
                f"'{defined[0]}' is computed, so it has no direction beside those of others",
                "ask for parameters and inputs, or for one quantity alone",
            )
        return wrt

    def _derivation_for(self, quantity: Quantity) -> Derivation:
        """The derivation that holds the gradient with respect to a quantity."""
        if quantity in parameters(self.specification):
            return self.derivation
        return derive_gradients(self._completed, (quantity,))

    def compile(self, provide: str = "", style: Style = "readable") -> ModuleType:
        """The generated module, loaded; `provide` asks for more functions, as a text does.

        Every step that leads to it is checked on the way; `verify` holds the module itself against
        the forward equations.  Raises VerificationError where a step is wrong.
        In the style "workspace" a step takes memory that `workspace(params, ...)` makes.

        >>> live = Model("w: param; C = w ** 3; minimize(C)").compile("hvp, flatten")
        >>> live.flatten(live.hvp({"w": 5}, {"w": 1})).tolist()
        [30.0]
        """
        model = self
        if provide:
            requests = read_requests(provide, self.specification)
            model = Model.of(replace(self.specification, requests=requests))
        require(Report(self.specification.name, checked_steps(model.derivation, model._inner)))
        return load_module(source_of(model.derivation, style), self.specification.name)

    def verify(
        self, seed: int = 0, against: Callable[..., Any] | None = None, cases: int | None = None
    ) -> Report:
        """Check every step and every printed equation, and the generated module, numerically.

        Or hold the gradients that the function `against` returns: it takes `(params, x, y)` or
        `(w, b, x, y)`, by the names of the model, and returns a dict, a tuple or an array.
        `cases` is the least number of random points at each of a few sizes.

        >>> cube = Model("w: param; C = w ** 3; minimize(C)")
        >>> cube.verify(against=lambda w: 3 * w**2).verdict
        'verified'
        """
        if against is not None:
            model, show = self._completed, _shown_by(self)
            return verify_against(model, against, seed, CASES if cases is None else cases, show)
        found = verify(self._completed, source_of(self.derivation), seed, cases or 0)
        return replace(found, lines=(*checked_formulas(self.derivation, self._inner), *found.lines))

    def __repr__(self) -> str:
        return "; ".join(unicode(layout) for layout in _definitions(self))

    def _repr_html_(self) -> str:
        return Formulas(_definitions(self))._repr_html_()

    def _repr_latex_(self) -> str:
        return Formulas(_definitions(self))._repr_latex_()


def _known(model: Model, asked: str) -> str:
    declared = [str(d.quantity.name) for d in model.specification.declarations]
    defined = [str(equation.left.name) for equation in model.specification.equations]
    close = did_you_mean(asked, (*declared, *defined))
    return close or f"there are: {', '.join((*declared, *defined))}"


def _definitions(model: Model) -> tuple[Layout, ...]:
    writer: Writer = writer_for(model.derivation)
    return tuple(definition_formula(writer, e) for e in model.specification.equations)


def _shown_by(model: Model) -> Callable[[Term], str]:
    """How terms of a model are shown, as one line of Unicode."""
    return lambda term: unicode(formula(writer_for(model.derivation), at_first_places(term)))
