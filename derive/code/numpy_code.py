"""Array terms as NumPy source text.

Brackets stand where Python needs them, and around a matrix product inside another product, where a
reader does.  Lines are laid out as `ruff format` lays them out.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from derive.code.size_code import (
    AND,
    ATOM,
    CHOICE,
    COMPARISON,
    OR,
    POWER,
    PRODUCT,
    SIGN,
    SUM,
    Names,
    is_simple_operand,
    new_shape,
    number_text,
    shape_code,
    size_code,
    size_text,
)
from derive.polynomials import collected
from derive.program.array_functions import BY_SERIES, IN_MATH, OF_NUMBERS
from derive.program.array_shapes import is_diagonal, joined_size, outer_vectors, shape_of
from derive.program.arrays import (
    Apply,
    ArrayTerm,
    Cast,
    Copy,
    Counting,
    Either,
    Elementwise,
    Empty,
    Exact,
    Extent,
    Fold,
    Full,
    Gather,
    Identity,
    Infinity,
    Join,
    Locate,
    Matmul,
    OfMatrices,
    Pad,
    Pi,
    Reshape,
    Select,
    Selector,
    Slice,
    Tensordot,
    Transpose,
    Whole,
    Windows,
    is_plain_number,
)
from derive.program.row_products import factors_of_rows
from derive.terms import ONE, ZERO, Add, Negate, Number, Term

_WORDS = {"and": (" & ", AND), "or": (" | ", OR)}


def code(term: ArrayTerm, names: Names) -> str:
    """The source text of an array term; `names` gives the identifier of each quantity and size.

    >>> from derive.terms import ONE, Quantity, Size
    >>> n = Size("n")
    >>> x, g = Whole(Quantity("x", (ONE, n))), Whole(Quantity("g", (ONE, ONE)))
    >>> code(Matmul(Transpose(x, (1, 0)), g), {"x": "x", "g": "g"})
    'x.T @ g'
    """
    return _text(term, names)[0]


def _at(term: ArrayTerm, level: int, names: Names) -> str:
    """The text of an operand at a place that asks for at least `level`."""
    text, found = _text(term, names)
    return text if found >= level else f"({text})"


def _text(term: ArrayTerm, names: Names) -> tuple[str, int]:
    match term:
        case Whole(quantity):
            return names[quantity.name], ATOM
        case Exact(value, spelling):
            return number_text(value, spelling)
        case Pi():
            return "math.pi", ATOM
        case Infinity():
            return "np.inf", ATOM
        case Extent(size):
            return size_text(size, names)
        case Counting(size):
            return f"np.arange({size_code(size, names)})", ATOM
        case Identity(size):
            return f"np.eye({size_code(size, names)})", ATOM
        case Elementwise():
            return _elementwise(term, names)
        case OfMatrices("logdet", parts):
            return f"np.linalg.slogdet({_listed(parts, names)})[1]", ATOM
        case OfMatrices(operator, parts):
            return f"np.linalg.{operator}({_listed(parts, names)})", ATOM
        case Apply(function, parts):
            return f"{_function(function, term)}({_listed(parts, names)})", ATOM
        case Matmul(left, right):
            chained = PRODUCT if isinstance(left, Matmul) else SIGN
            return f"{_at(left, chained, names)} @ {_at(right, SIGN, names)}", PRODUCT
        case Tensordot(left, right, left_axes, right_axes):
            axes = f"({_axes(left_axes)}, {_axes(right_axes)})"
            return f"np.tensordot({_listed((left, right), names)}, axes={axes})", ATOM
        case Either(condition, chosen, otherwise):
            texts = [_at(part, OR, names) for part in (chosen, otherwise)]
            return f"{texts[0]} if {code(condition, names)} else {texts[1]}", CHOICE
    return _called(term, names), ATOM


def _called(term: ArrayTerm, names: Names) -> str:
    """The text of what needs no brackets anywhere: subscripts and calls."""
    match term:
        case Transpose(operand, axes):
            return _transpose(operand, axes, names)
        case Reshape(operand, shape):
            sizes = ", ".join(size_code(size, names) for size in shape)
            return f"{_at(operand, ATOM, names)}.reshape({sizes})"
        case Pad(operand, widths):
            pairs = ", ".join(shape_code(pair, names) for pair in widths)
            trailing = "," if len(widths) == 1 else ""
            return f"np.pad({code(operand, names)}, ({pairs}{trailing}))"
        case Windows():
            return _windows(term, names)
        case Cast(operand, like):
            return _cast(operand, like, names)
        case Select(operand, selectors):
            return _select(operand, selectors, names)
        case Gather(operand) if is_diagonal(term):
            return f"np.diagonal({code(operand, names)})"
        case Gather(operand, subscripts):
            places = [":" if s is None else code(s, names) for s in subscripts]
            return f"{_at(operand, ATOM, names)}[{_without_tail(places)}]"
        case Fold("sum", Gather(matrix) as entries) if is_diagonal(entries):
            return f"np.trace({code(matrix, names)})"
        case Fold("sum") if factors := factors_of_rows(term):
            return f"np.vecdot({_listed(factors, names)})"
        case Fold(kind, operand, axes):
            return _folded(kind, operand, axes, names)
        case Locate():
            return _locate(term, names)
        case Full():
            return _full(term, names)
        case Copy(operand):
            copied = _at(operand, ATOM, names)
            return f"{copied}.copy()" if shape_of(operand) else f"+{copied}"
        case Join(parts, axis):
            along = f", axis={axis}" if axis else ""
            return f"np.concatenate(({_listed(parts, names)}){along})"
        case Empty(shape, like):
            if [shape_of(part) for part in like] == [shape]:
                return f"np.empty_like({code(like[0], names)})"
            return f"np.empty({new_shape(shape, names)}{_type_of(like, names)})"
    raise TypeError(f"code: unknown array term {type(term).__name__}")


def _function(name: str, term: ArrayTerm) -> str:
    """`np.exp`, of numbers `math.exp` or `abs`; `_erf` where NumPy has none (the module does)."""
    if is_plain_number(term) and name not in BY_SERIES:
        return OF_NUMBERS.get(name, f"math.{name}")
    return f"_{name}" if name in IN_MATH | BY_SERIES else f"np.{name}"


def _listed(parts: Sequence[ArrayTerm], names: Names) -> str:
    return ", ".join(code(part, names) for part in parts)


def _axes(axes: Sequence[int]) -> str:
    return str(axes[0]) if len(axes) == 1 else f"({', '.join(map(str, axes))})"


def _elementwise(term: Elementwise, names: Names) -> tuple[str, int]:
    parts = term.operands
    match term.operation:
        case "add":
            return _shorter(parts, names) or (_sum(parts, names), SUM)
        case "multiply" if outer := outer_vectors(parts):
            return f"np.outer({_listed(outer, names)})", ATOM
        case "multiply":
            texts = [_factor(part, names, first=not place) for place, part in enumerate(parts)]
            return " * ".join(texts), PRODUCT
        case "floor_divide" if parts[1] == Exact(Fraction(1)):
            return f"np.floor({code(parts[0], names)})", ATOM
        case "divide" | "floor_divide" as operation:
            sign = "/" if operation == "divide" else "//"
            left = _at(parts[0], PRODUCT, names)
            return f"{left} {sign} {_factor(parts[1], names)}", PRODUCT
        case "negate":
            text, level = _text(parts[0], names)
            if level < PRODUCT or _is_bare(parts[0], text):
                text, level = f"({text})", ATOM
            return f"-{text}", min(level, SIGN)
        case "power":
            base, exponent = _at(parts[0], ATOM, names), _at(parts[1], SIGN, names)
            sign = "**" if is_simple_operand(base) and is_simple_operand(exponent) else " ** "
            return f"{base}{sign}{exponent}", POWER
        case "and" | "or" as operation:
            sign, level = _WORDS[operation]
            return sign.join(_at(part, level, names) for part in parts), level
        case "where" | "clip" as operation:
            return f"np.{operation}({_listed(parts, names)})", ATOM
        case "not":
            return f"np.logical_not({_listed(parts, names)})", ATOM
        case relation:
            left, right = (_at(part, OR, names) for part in parts)
            return f"{left} {relation} {right}", COMPARISON


def _shorter(parts: Sequence[ArrayTerm], names: Names) -> tuple[str, int] | None:
    """Sums that have a word of their own: counting from another number than 0, a remainder."""
    match parts:
        case (Counting(size), Exact(value)) if value > 0 and value.denominator == 1:
            return f"np.arange({value}, {size_code(Add((size, Number(value))), names)})", ATOM
        case (above, Elementwise("negate", (Elementwise("multiply", (below, quotient)),))):
            if quotient == Elementwise("floor_divide", (above, below)):
                left = _factor(above, names, first=True)
                return f"{left} % {_factor(below, names)}", PRODUCT
    return None


def _is_bare(term: ArrayTerm, text: str) -> bool:
    """Whether a minus in front of a term would be read with its first factor alone."""
    while isinstance(term, Elementwise) and term.operation in ("multiply", "divide"):
        term = term.operands[0]
    is_power = isinstance(term, Elementwise) and term.operation == "power"
    return is_power or isinstance(term, Matmul) or text[0] == "-"


def _sum(parts: Sequence[ArrayTerm], names: Names) -> str:
    return " ".join(summands(parts, names))


def summands(parts: Sequence[ArrayTerm], names: Names) -> list[str]:
    """The terms of a sum, each but the first with its sign."""
    texts = [_at(parts[0], SUM, names)]
    for part in parts[1:]:
        match part:
            case Elementwise("negate", (inner,)):
                texts.append(f"- {_at(inner, PRODUCT, names)}")
            case Exact(value, spelling) if value < 0:
                positive = Exact(-value, spelling.lstrip("-") if spelling else None)
                texts.append(f"- {_at(positive, PRODUCT, names)}")
            case _:
                texts.append(f"+ {_at(part, PRODUCT, names)}")
    return texts


def _factor(term: ArrayTerm, names: Names, *, first: bool = False) -> str:
    """A factor of a product: chains of one kind of product read on, others are bracketed."""
    chained = first and not isinstance(term, Matmul)
    return _at(term, PRODUCT if chained else SIGN, names)


def _transpose(operand: ArrayTerm, axes: tuple[int, ...], names: Names) -> str:
    text = _at(operand, ATOM, names)
    if axes == (1, 0):
        return f"{text}.T"
    return f"{text}.transpose({', '.join(map(str, axes))})"


def _select(operand: ArrayTerm, selectors: tuple[Selector, ...], names: Names) -> str:
    match operand:
        case Fold(kind, inner, axes) if _inserted(selectors) == axes:
            if factors := factors_of_rows(Fold(kind, inner, axes)):
                return f"np.vecdot({_listed(factors, names)}, keepdims=True)"
            return _fold(kind, inner, f"axis={_axes(axes)}, keepdims=True", names)
    if not shape_of(operand):
        # Not every kind of number has subscripts.
        return f"np.reshape({code(operand, names)}, {_tuple_of_ones(len(selectors))})"
    sizes = iter(shape_of(operand))
    places = [
        "None" if selector == "new" else _place(selector, next(sizes), names)
        for selector in selectors
    ]
    return f"{_at(operand, ATOM, names)}[{_without_tail(places)}]"


def _tuple_of_ones(count: int) -> str:
    return f"({', '.join('1' * count)}{',' if count == 1 else ''})"


def _place(selector: Selector, size: Term, names: Names) -> str:
    """One subscript; ends of a slice that are ends of the axis, of the `size`, are left out."""
    match selector:
        case "all":
            return ":"
        case int():
            return str(selector)
        case Slice(start, length):
            end = collected(Add((start, length)))
            ends = ("" if start == ZERO else size_code(start, names), _end(end, size, names))
            simple = all(not text or is_simple_operand(text) for text in ends)
            return ":".join(ends) if simple else " : ".join(ends).strip()
    assert isinstance(selector, Term)
    return size_code(selector, names)


def _end(end: Term, size: Term, names: Names) -> str:
    """Where a slice ends: nothing at the end of the axis, a number from there if it is one."""
    match collected(Add((size, Negate(end)))):
        case Number(value) if value >= 0:
            return f"-{value}" if value else ""
    return size_code(end, names)


def _type_of(like: Sequence[ArrayTerm], names: Names) -> str:
    """The type of numbers that arrays have together, as an argument of what makes new arrays."""
    if not like:
        return ""
    first = f"{_at(like[0], ATOM, names)}.dtype"
    return f", dtype={first if len(like) == 1 else f'np.result_type({_listed(like, names)})'}"


def _windows(term: Windows, names: Names) -> str:
    """All windows as a view, and where they do not touch at each place, some of them."""
    window = new_shape([view.size for view in term.views], names)
    axes = _axes(tuple(view.axis for view in term.views))
    text = f"sliding_window_view({code(term.operand, names)}, {window}"
    steps = [":"] * len(shape_of(term.operand))
    for view in term.views:
        if view.stride != ONE:
            steps[view.axis] = f"::{size_code(view.stride, names)}"
    while steps and steps[-1] == ":":
        steps.pop()
    selected = f"[{', '.join(steps)}]" if steps else ""
    return f"{text}, axis={axes}){selected}"


def _cast(operand: ArrayTerm, like: ArrayTerm, names: Names) -> str:
    """Values of another type of numbers; what makes an array makes it of that type at once."""
    text = _at(operand, ATOM, names)
    if isinstance(operand, Counting | Identity):
        return f"{text[:-1]}{_type_of((like,), names)})"
    return f"{text}.astype({_at(like, ATOM, names)}.dtype)"


def _inserted(selectors: tuple[Selector, ...]) -> tuple[int, ...]:
    """The places of new axes where nothing else is done, () otherwise."""
    if any(selector not in ("all", "new") for selector in selectors):
        return ()
    return tuple(place for place, selector in enumerate(selectors) if selector == "new")


def _without_tail(places: list[str]) -> str:
    """Subscripts without the whole axes at their end; `[None, :]` says more with them."""
    while "None" not in places and len(places) > 1 and places[-1] == ":":
        places = places[:-1]
    return ", ".join(places)


def _folded(kind: str, operand: ArrayTerm, axes: tuple[int, ...], names: Names) -> str:
    if len(axes) < len(shape_of(operand)):
        return _fold(kind, operand, f"axis={_axes(axes)}", names)
    match operand:
        case Elementwise("where", (mask, Exact(1), Exact(0))) if kind == "sum":
            # A number of NumPy would turn float32 into float64.
            return f"int(np.count_nonzero({code(mask, names)}))"
    return _fold(kind, operand, "", names)


def _fold(kind: str, operand: ArrayTerm, arguments: str, names: Names) -> str:
    text, level = _text(operand, names)
    if level == ATOM:
        return f"{text}.{kind}({arguments})"
    return f"np.{kind}({text}{', ' if arguments else ''}{arguments})"


def _locate(term: Locate, names: Names) -> str:
    kind, operand, axes = term.kind, term.operand, term.axes
    if len(axes) == len(shape_of(operand)):
        return _fold(kind, operand, "", names)
    if len(axes) == 1:
        return _fold(kind, operand, f"axis={axes[0]}", names)
    sizes = (size_code(size, names) for size in (*shape_of(term), joined_size(term)))
    return f"{_at(operand, ATOM, names)}.reshape({', '.join(sizes)}).{kind}(axis=-1)"


def _full(term: Full, names: Names) -> str:
    value = code(term.value, names)
    creator = {"0": "zeros", "1": "ones"}.get(value)
    if term.like is not None and shape_of(term.like) == term.shape:
        like = code(term.like, names)
        return f"np.{creator}_like({like})" if creator else f"np.full_like({like}, {value})"
    shape = new_shape(term.shape, names)
    type_ = _type_of(() if term.like is None else (term.like,), names)
    return f"np.{creator}({shape}{type_})" if creator else f"np.full({shape}, {value}{type_})"
