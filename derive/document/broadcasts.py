"""Where the sums of a gradient come from: a parameter that is added at many places, and a mean."""

from __future__ import annotations

from derive.calculus.adjoint import Gradient
from derive.calculus.local import locals_of
from derive.document.blocks import Block, Gap, Listed, Paragraph, Phrase, says
from derive.document.writer import Writer, formula, gradients_of_parameters, runs, symbol_of
from derive.model import Specification, definition
from derive.names import symbol
from derive.polynomials import is_size
from derive.simplify import product, quotient
from derive.terms import ONE, Divide, Number, Reduction, Term, is_one, walk
from derive.typeset.layout import Identifier


def broadcasts(writer: Writer) -> list[Block]:
    """What is said of parameters that are added at many places, and of the mean of the cost."""
    phrases = [_added(writer, gradient) for gradient in gradients_of_parameters(writer)]
    said = [phrase for phrase in phrases if phrase is not None]
    share = share_of(writer.model)
    if share is not None:
        cost = symbol_of(writer, writer.model.objective.cost)
        said.append(says("chain.share", share=formula(writer, share), cost=cost))
    return [Paragraph(tuple(said))] if said else []


def _added(writer: Writer, gradient: Gradient) -> Phrase | None:
    """Why the gradient of what is added everywhere is a sum, None for other parameters."""
    if len(gradient.paths) != 1 or locals_of(gradient)[0].value != ONE:
        return None
    (local,), (path,) = locals_of(gradient), gradient.paths
    summed = [index for index in path.summed if runs(index)]
    if not summed or path.upstream is None:
        return None
    letters = writer.letters((gradient.entry, local.by_name))
    found = tuple(Identifier(symbol(letters[index])) for index in summed if index in letters)
    gaps: dict[str, Gap] = {
        "parameter": symbol_of(writer, gradient.wrt),
        "reader": symbol_of(writer, path.equation.left),
        "indices": Listed(found),
        "reference": writer.gradients[gradient.wrt],
    }
    return says("chain.added", **gaps) if found else None


def share_of(model: Specification) -> Term | None:
    """The factor by which the cost makes a mean of a sum, None where it makes none.

    >>> from derive.language import read_model
    >>> share_of(read_model("n: dim; w: param[n]; C = sum(w ** 2); minimize(C)")) is None
    True
    """
    cost = definition(model, str(model.objective.cost.name))
    if cost is None:
        return None
    for node in walk(cost.right):
        match node:
            case Reduction("mean", indices, _, ()):
                sizes = [index.size for index in indices if not is_one(index.size)]
                return quotient(ONE, product(*sizes)) if sizes else None
            case Divide(_, below) if is_size(below) and not isinstance(below, Number):
                return quotient(ONE, below)
    return None
