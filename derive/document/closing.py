"""The closing sections: remarks, results, checks."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, localcontext
from fractions import Fraction

from derive.calculus.adjoint import Gradient
from derive.calculus.expand import first_entry, smallest_sizes, without_unit_sums
from derive.calculus.explain import closed_equation
from derive.calculus.tidy import tidy
from derive.decimals import decimal, rounded
from derive.document.blocks import (
    Block,
    Display,
    Gap,
    LineReference,
    Listed,
    Numbered,
    Paragraph,
    Section,
    Table,
    Verbatim,
    paragraph,
    says,
)
from derive.document.matrices import (
    array_of,
    gradient_formula,
    matrix_formula,
)
from derive.document.matrix_form import stacked_formula
from derive.document.remarks import Contraction, Direction, contraction, starting_point
from derive.document.slices import is_stacked
from derive.document.worked import exact_value, stated_data
from derive.document.writer import (
    Writer,
    at_first_places,
    formula,
    gradients_of_parameters,
    shape_gap,
    symbol_of,
)
from derive.simplify import negative, product
from derive.terms import (
    ONE,
    ZERO,
    Call,
    Divide,
    Entry,
    Multiply,
    Node,
    Quantity,
    Reduction,
    Size,
    Term,
    number,
    rewrite,
    substitute,
    walk,
)
from derive.typeset.breaking import broken
from derive.typeset.equations import as_factor, equation
from derive.typeset.layout import (
    MINUS,
    Aligned,
    Group,
    Layout,
    NumberText,
    Operator,
    bracketed,
    listed,
    row,
)
from derive.typeset.layout import Fraction as Over
from derive.typeset.layout import product as side_by_side
from derive.typeset.width import width
from derive.verification.small_run import NO_SMALL_RUN, SmallRun

ANGLE = Entry(Quantity("phi"))

# The width, in em, to which a formula in a table is broken.
CELL = 14.0
WIDEST_CELL = 16.0

# The width, in em, of the longest formula of the case in which every size is as small as can be.
LONGEST = 44.0


# --- remarks ------------------------------------------------------------------------------------


def remark_section(writer: Writer) -> Section | None:
    """For which steps training is stable, where one step multiplies the error by a number."""
    found = contraction(writer.derivation)
    gain = None if found is None else matrix_formula(writer, array_of(found.gain))
    if found is None or gain is None:
        return None
    step = formula(writer, Entry(found.step))
    coefficient = formula(writer, product(number(found.slope), Entry(found.step)))
    scaled = side_by_side(coefficient, as_factor(gain))
    limit = Over(formula(writer, number(Fraction(2) / found.slope)), Group(gain))
    error = at_first_places(found.error)
    change = negative(product(Entry(found.step), number(found.slope), error))
    gaps: dict[str, Gap] = {
        "error": formula(writer, error),
        "prediction": symbol_of(writer, found.prediction),
        "change": side_by_side(formula(writer, change), as_factor(gain)),
    }
    blocks: list[Block] = [
        paragraph("remark.contraction", **gaps),
        Display((Numbered(row(NumberText("1"), Operator(MINUS), scaled)),)),
        paragraph("remark.stable"),
        Display((Numbered(_between(step, limit)),)),
    ]
    return Section("remark", (*blocks, *_in_the_example(writer, found, gain, step)))


def _between(middle: Layout, limit: Layout) -> Layout:
    return row(NumberText("0"), Operator("<"), middle, Operator("<"), limit)


def _in_the_example(
    writer: Writer, found: Contraction, gain: Layout, step: Layout
) -> list[Paragraph]:
    """The remark with the numbers of the worked example, where the data are stated."""
    here = stated_data(writer.model, writer.sizes)
    length = dict(writer.model.objective.settings).get(str(found.step.name))
    if here is None or length is None:
        return []
    at_places_of_gain = dict.fromkeys(found.gain.indices, ZERO)
    value = exact_value(substitute(found.gain.right, at_places_of_gain), here)
    factor = 1 - found.slope * length * value
    limit = Fraction(2) / (found.slope * value)
    gaps: dict[str, Gap] = {
        "gain": equation(gain, formula(writer, decimal(value))),
        "factor": formula(writer, decimal(factor)),
        "bound": _between(step, formula(writer, decimal(limit))),
    }
    return [paragraph("remark.example", **gaps)]


def point_section(writer: Writer) -> Section | None:
    """A model without data at the point where it starts: value, gradient, steepest direction."""
    point = starting_point(writer.derivation)
    if point is None:
        return None
    at = _numbers(writer, point.at)
    cost = symbol_of(writer, writer.model.objective.cost)
    names = bracketed(listed(*(symbol_of(writer, quantity) for quantity in point.parameters)))
    nabla = row(Operator("∇", "ordinary"), cost)
    length = Call("sqrt", (number(point.gradient.squared_length),))
    lines = (
        Numbered(equation(row(cost, at), formula(writer, decimal(point.value)))),
        Numbered(equation(row(nabla, at), _numbers(writer, point.gradient.towards))),
    )
    gaps: dict[str, Gap] = {
        "angle": formula(writer, ANGLE),
        "cost": cost,
        "rate": formula(writer, Multiply((length, Call("cos", (ANGLE,))))),
        "largest": formula(writer, length),
        "zero": formula(writer, ANGLE, ZERO),
    }
    rows = tuple(
        (_numbers(writer, direction.towards), _rate(writer, direction))
        for direction in point.others
    )
    blocks: tuple[Block, ...] = (
        paragraph("point.value", point=equation(names, at)),
        Display(lines),
        paragraph("point.steepest", **gaps),
        Table(("point.direction", "point.rate"), rows),
    )
    return Section("point", blocks)


def _numbers(writer: Writer, values: tuple[Fraction, ...]) -> Layout:
    return bracketed(listed(*(formula(writer, decimal(value)) for value in values)))


def _rate(writer: Writer, direction: Direction) -> Layout:
    """The rate of change along a direction scaled to length one, to three decimals."""
    with localcontext(prec=30):
        slope, squared = (
            Decimal(value.numerator) / Decimal(value.denominator)
            for value in (direction.slope, direction.squared_length)
        )
        exact = slope / squared.sqrt()
        rounded = exact.quantize(Decimal("0.001"))
    shown = formula(writer, decimal(Fraction(rounded)))
    return shown if exact == rounded else row(Operator("≈", "ordinary"), shown)


# --- results and checks -------------------------------------------------------------------------


def results_section(writer: Writer, lines: Mapping[int, int] | None = None) -> Section:
    """One line a parameter: its gradient where that is short, its shape, equations and code.

    `lines` says which line of the module computes an equation.
    """
    own = gradients_of_parameters(writer)
    shown = [gradient_formula(writer, gradient) for gradient in own]
    formulas = [_cell(writer, g, one) for g, one in zip(own, shown, strict=True)]
    columns: dict[str, list[Gap]] = {
        "parameter": [symbol_of(writer, gradient.wrt) for gradient in own],
        "gradient": [*formulas],
        "shape": [shape_gap(writer, gradient.wrt) for gradient in own],
        "equations": [writer.gradients[gradient.wrt] for gradient in own],
    }
    if writer.large:
        del columns["gradient"]
    if lines:
        columns["line"] = [_line_of(writer, gradient, lines) for gradient in own]
    heads = tuple(f"results.{head}" for head in columns)
    return Section("results", (Table(heads, tuple(zip(*columns.values(), strict=True))),))


def _cell(writer: Writer, gradient: Gradient, shown: Layout) -> Gap:
    """A gradient as it fits into a table: below its left side where it is too wide beside it."""
    closed = closed_equation(writer.derivation, gradient)
    found = (stacked_formula(writer, closed) or shown) if is_stacked(closed) else shown
    for one in (found, shown):
        fitted = broken(one, CELL)
        if width(fitted) <= WIDEST_CELL:
            return fitted
    entry, right = (at_first_places(term) for term in (gradient.entry, closed.right))
    left = row(formula(writer, entry), Operator("="))
    below = broken(formula(writer, right), CELL)
    lines = below.lines if isinstance(below, Aligned) else ((row(), below),)
    return Aligned(((row(), left), *lines))


def _line_of(writer: Writer, gradient: Gradient, lines: Mapping[int, int]) -> Gap:
    found = lines.get(writer.gradients[gradient.wrt].first)
    return Verbatim("") if found is None else LineReference(found)


def checks_section(
    writer: Writer, exact: bool, undecided: tuple[str, ...], run: SmallRun = NO_SMALL_RUN
) -> Section:
    """What was checked when the document was made; a failing check makes no document."""
    own = tuple(
        symbol_of(writer, gradient.equation.left) for gradient in gradients_of_parameters(writer)
    )
    how = says("checks.exact" if exact else "checks.digits")
    phrases = [says("checks.steps", how=how)]
    if not undecided:
        phrases.append(says("checks.kernels", gradients=Listed(own)))
    else:
        names = Listed(tuple(Verbatim(name) for name in undecided))
        phrases.append(says("checks.undecided", names=names))
    phrases.append(says("checks.shapes"))
    if run.slope_bound is not None:
        bound = formula(writer, rounded(run.slope_bound, 1))
        phrases.append(says("checks.slope", bound=bound))
    for target, prediction in run.without_error:
        gaps: dict[str, Gap] = {
            "target": symbol_of(writer, target),
            "prediction": symbol_of(writer, prediction),
        }
        phrases.append(says("checks.no_error", **gaps))
    for one in run.certain:
        gaps = {
            "target": symbol_of(writer, one.target),
            "prediction": symbol_of(writer, one.prediction),
            "parameters": Listed(tuple(symbol_of(writer, quantity) for quantity in one.scaled)),
        }
        phrases.append(says("checks.certain", **gaps))
    return Section("checks", (Paragraph(tuple(phrases)), *_at_smallest_sizes(writer)))


def _with_sizes(term: Term, sizes: Mapping[str, int]) -> Term:
    """The term with numbers for all sizes."""

    def put_in(node: Node) -> Node | None:
        return number(sizes[node.name]) if isinstance(node, Size) else None

    return _without_ones(tidy(without_unit_sums(rewrite(term, put_in))))


def _without_ones(term: Term) -> Term:
    """The term without factors and denominators of one; what is a factor of its own stays one."""

    def rule(node: Node) -> Node | None:
        match node:
            case Multiply(factors):
                kept = tuple(f for f in map(_without_ones, factors) if f != ONE)
                return Multiply(kept) if len(kept) > 1 else (*kept, ONE)[0]
            case Divide(above, below):
                above, below = _without_ones(above), _without_ones(below)
                return above if below == ONE else Divide(above, below)
        return None

    return rewrite(term, rule)


def _at_smallest_sizes(writer: Writer) -> tuple[Block, ...]:
    """The gradients where every size is one, or as small as it can be: scalar calculus."""
    sizes = smallest_sizes(writer.model)
    if not sizes or writer.large:
        return ()
    shown = []
    for gradient in gradients_of_parameters(writer):
        closed = closed_equation(writer.derivation, gradient)
        left, right = first_entry(closed, sizes)
        right = _with_sizes(right, sizes)
        if not any(isinstance(node, Reduction) for node in walk(right)):
            shown.append(formula(writer, left, right))
    if not shown or any(width(one) > LONGEST for one in shown):
        return ()
    if all(size == 1 for size in sizes.values()):
        said = paragraph("checks.size_one")
    else:
        named = tuple(formula(writer, Size(name), number(size)) for name, size in sizes.items())
        said = paragraph("checks.smallest", sizes=Listed(named))
    return (said, Display(tuple(map(Numbered, shown))))
