"""Edge cases: what is taken where there is no derivative, and what is computed in another form."""

from __future__ import annotations

from collections.abc import Iterator

from derive.calculus.adjoint import Derivation
from derive.document.blocks import Block, Listed, Paragraph, Phrase, Verbatim, says
from derive.functions import ROWS
from derive.model import Specification
from derive.program.stabilise import forms_in, stabilised
from derive.terms import Call, Name, Node, Reduction, entries, walk

EXTREMES = ("max", "min")


def edge_cases(derivation: Derivation) -> list[Block]:
    """What is said of kinks, or that there are none, and of the forms that the code computes."""
    taken = kinks(derivation.model)
    phrases = [says("kink.title"), *taken] if taken else [says("kink.none")]
    equations = tuple(gradient.equation for gradient in derivation.gradients)
    stable = stabilised(derivation.model, equations, derivation.recurrences)
    forms = tuple(
        says("kink.form", form=Verbatim(one.form), computed=Verbatim(one.computed))
        for one in forms_in(stable, _computed(derivation))
    )
    if forms:
        phrases.append(says("kink.stable", forms=Listed(forms)))
    return [Paragraph(tuple(phrases))]


def _computed(derivation: Derivation) -> set[Name]:
    """The names of the definitions, and of the gradients that those of the parameters need."""
    found = {defined.left.name for defined in derivation.model.equations}
    wanted = set(derivation.wrt)
    for gradient in reversed(derivation.gradients):
        equation = gradient.equation
        if gradient.wrt in wanted or equation.left.name in found:
            found |= {equation.left.name, *(e.quantity.name for e in entries(equation.right))}
    return found


def kinks(model: Specification) -> tuple[Phrase, ...]:
    """The conventions at the kinks of a model, each once, in the order in which they occur."""
    nodes = (node for equation in model.equations for node in walk(equation.right))
    return tuple(says(f"kink.{key}") for key in dict.fromkeys(_keys(nodes)))


def _keys(nodes: Iterator[Node]) -> Iterator[str]:
    for node in nodes:
        match node:
            case Call(name, _) if name in ROWS and (kink := ROWS[name].kink) is not None:
                yield kink
            case Reduction(kind, _, _, _) if kind in EXTREMES:
                yield "extreme"
