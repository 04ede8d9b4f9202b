"""The worked example: numbers that a reader can check by hand, computed by the shipped module.

Numbers are printed to as many digits as no other machine can print differently: where a digit
stands on the edge of rounding, more of them are shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction

import numpy as np

from derive.calculus.adjoint import Derivation
from derive.calculus.explain import closed_equation
from derive.document.blocks import (
    Block,
    Code,
    Display,
    Numbered,
    Paragraph,
    Section,
    Table,
    paragraph,
    says,
)
from derive.document.writer import (
    Writer,
    formula,
    gradients_of_parameters,
    sizes_in_words,
)
from derive.model import parameters
from derive.terms import (
    ZERO,
    Add,
    Choice,
    Compare,
    Derivative,
    Entry,
    IndexValue,
    Name,
    Negate,
    Number,
    Quantity,
    Term,
    entries,
    is_one,
    walk,
)
from derive.typeset.equations import equation, matrix
from derive.typeset.layout import Layout
from derive.typeset.symbols import Notation
from derive.typeset.terms import layout
from derive.verification.small_run import Classification, SmallRun

# Decimals or digits of a number, and what machines may differ by, relative to the largest number.
DECIMALS = 4
NOISE = 1e-10
# A matrix with more rows or columns is not printed.
MOST_ROWS, MOST_COLUMNS = 8, 6
# The steps after which the cost is told.
TOLD = (0, 1, 2, 3, 5, 10, 20)


def error_pairs(derivation: Derivation) -> tuple[tuple[Quantity, Quantity], ...]:
    """Targets and predictions of which a gradient carries the difference: (y, ŷ) from 2(ŷ - y)."""
    found: dict[tuple[Quantity, Quantity], None] = {}
    for gradient in derivation.gradients:
        for node in walk(closed_equation(derivation, gradient).right):
            match node:
                case Add((Entry() as first, Negate(Entry() as second))):
                    for target, other in ((first, second), (second, first)):
                        if target.quantity.kind == "input" and other.quantity.kind == "defined":
                            found[target.quantity, other.quantity] = None
    return tuple(found)


def classifications(derivation: Derivation) -> tuple[Classification, ...]:
    """Classes and their probabilities of which a gradient carries the difference: P - [y = k].

    With them the parameters by which what the probabilities read may be made large.
    """
    found: dict[tuple[Quantity, Quantity], None] = {}
    for gradient in derivation.gradients:
        for node in walk(closed_equation(derivation, gradient).right):
            match node:
                case Add((Entry(prediction, subscripts), Negate(Choice(Compare() as same)))):
                    match same:
                        case Compare("==", Entry(target), IndexValue() as place) if (
                            target.kind == "index" and subscripts[-1:] == (place,)
                        ):
                            found[target, prediction] = None
    pairs = ((*pair, _scaled(derivation, pair[1])) for pair in found)
    return tuple(Classification(*pair) for pair in pairs if pair[2])


def _scaled(derivation: Derivation, prediction: Quantity) -> tuple[Quantity, ...]:
    """The parameters that a prediction reads, or that what it reads does."""
    definitions = {equation.left: equation.right for equation in derivation.model.equations}
    read = [entry.quantity for entry in entries(definitions[prediction])]
    if not any(quantity.kind == "param" for quantity in read):
        inner = (definitions[quantity] for quantity in read if quantity in definitions)
        read = [entry.quantity for right in inner for entry in entries(right)]
    return tuple(dict.fromkeys(quantity for quantity in read if quantity.kind == "param"))


def numbers_section(writer: Writer, run: SmallRun) -> Section | None:
    """The worked example, None where the module does not run on the small instance."""
    if not run.costs:
        return None
    model, cost = writer.model, writer.model.objective.cost
    own = [q.name for q in parameters(model)]
    given = [d.quantity.name for d in model.declarations if d.quantity.kind in ("input", "index")]
    computed = [defined.left.name for defined in model.equations]
    module = Code("update.py")
    intro = [says("numbers.without_sizes", module=module)]
    if writer.sizes:
        intro = [says("numbers.intro", sizes=sizes_in_words(writer), module=module)]
    if any(_is_stack(_quantity(writer, name)) for name in (*given, *own, *computed)):
        intro.append(says("numbers.first_matrix"))
    blocks: list[Block] = [Paragraph(tuple(intro))]
    blocks += _shown(writer, "numbers.data", given, run.before)
    if not writer.large:
        blocks += _shown(writer, "numbers.start", own, run.before)
    computed = computed[-1:] if writer.large else computed
    blocks += _shown(writer, "numbers.forward", computed, run.before)
    slopes: dict[Name, np.ndarray] = {
        Derivative(cost.name, g.wrt.name): run.gradients[str(g.wrt.name)]
        for g in gradients_of_parameters(writer)
    }
    if not writer.large:
        blocks += _shown(writer, "numbers.gradients", list(slopes), slopes)
        blocks += _shown(writer, "numbers.after", own, run.after, "←")
    told = [step for step in TOLD if step < len(run.costs)]
    rows = tuple(
        (formula(writer, Number(Fraction(step))), _steady(writer, run.costs[step], run.costs[step]))
        for step in told
    )
    blocks.append(
        paragraph(
            "numbers.trajectory", cost=formula(writer, Entry(cost, (ZERO,) * len(cost.shape)))
        )
    )
    blocks.append(Table(("numbers.step", "numbers.cost"), rows))
    return Section("numbers", tuple(blocks))


def _shown(
    writer: Writer, key: str, names: list[Name], values: Mapping[Name, np.ndarray], sign: str = "="
) -> list[Block]:
    """The arrays of some names, one below the other, behind a sentence."""
    lines = []
    for name in names:
        found = values.get(name)
        if found is not None:
            lines += [Numbered(one) for one in _formula(writer, name, np.asarray(found), sign)]
    return [paragraph(key), Display(tuple(lines))] if lines else []


def _formula(writer: Writer, name: Name, array: np.ndarray, sign: str) -> Iterator[Layout]:
    """An array as a matrix of numbers; of a stack the first matrix; nothing of a large one."""
    quantity = _quantity(writer, name)
    long = [axis for axis, size in enumerate(quantity.shape) if not is_one(size)]
    outer = long[:-2]
    array = array[tuple(0 if axis in outer else slice(None) for axis in range(array.ndim))]
    inner = [size for axis, size in enumerate(quantity.shape) if axis in long[-2:]]
    rows = array.reshape((-1, array.shape[-1]) if len(inner) == 2 else (-1, 1))
    if rows.shape[0] > MOST_ROWS or rows.shape[1] > MOST_COLUMNS:
        return
    is_row = len(quantity.shape) == 2 and len(inner) == 1 and is_one(quantity.shape[0])
    rows = rows.T if is_row else rows
    if rows.shape[1] > MOST_COLUMNS:
        return
    stack = Quantity(name, tuple(quantity.shape[axis] for axis in outer), quantity.kind)
    symbol = layout(Entry(stack, (ZERO,) * len(outer)), Notation({}, writer.symbols))
    largest = float(np.abs(rows.astype(float)).max())
    cells = [[_steady(writer, float(value), largest) for value in line] for line in rows]
    alone = rows.shape == (1, 1)
    yield equation(symbol, cells[0][0] if alone else matrix(cells), relation=sign)


def _is_stack(quantity: Quantity) -> bool:
    """Whether an array is a stack of matrices, of which the first is shown."""
    return sum(not is_one(size) for size in quantity.shape) > 2


def _quantity(writer: Writer, name: Name) -> Quantity:
    """The quantity of a name; a gradient has the shape of its variable."""
    if isinstance(name, Derivative):
        wrt = _quantity(writer, name.wrt)
        return Quantity(name, wrt.shape, "gradient")
    declared = [d.quantity for d in writer.model.declarations]
    defined = [e.left for e in writer.model.equations]
    return next(q for q in (*declared, *defined) if q.name == name)


def _steady(writer: Writer, value: float, largest: float) -> Layout:
    """A number beside others of which the largest is given, with digits that cannot flip."""
    return formula(writer, steady(value, largest))


def steady(value: float, largest: float) -> Term:
    """A computed number to four decimals, or digits where it is below one; more on an edge.

    >>> [steady(v, 1.0).text for v in (0.62345678, 2.0, 0.00012345678, 0.12345)]
    ['0.6235', '2', '1.235e-4', '0.12345']
    >>> steady(1e-17, 1.0).text
    '0'
    """
    noise = NOISE * max(abs(largest), 1e-6)
    if abs(value) <= noise:
        return Number(Fraction(0), "0")
    size = abs(value)
    exponent = int(np.floor(np.log10(size)))
    places = DECIMALS if exponent >= 0 else DECIMALS - 1 - exponent
    while places < 12:
        scaled = size * 10**places
        if abs(scaled - np.floor(scaled) - 0.5) > noise * 10**places:
            break
        places += 1
    text = f"{size:.{places}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    if exponent < -2 and float(text):
        digits, _, power = f"{float(text):.{places + exponent}e}".partition("e")
        text = f"{digits.rstrip('0').rstrip('.')}e{int(power)}"
    number = Number(Fraction(text), text)
    return number if value > 0 else Negate(number)
