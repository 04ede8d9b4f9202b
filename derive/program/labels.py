"""What a value is called: a short name that says how it is made and from what.

`x_windows`, `exp_S`, `sum_M`, `mask`: a label looks at the value alone, so that a change elsewhere
in the model leaves it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from derive.program.array_shapes import shape_of
from derive.program.arrays import (
    Apply,
    ArrayTerm,
    Cast,
    Copy,
    Counting,
    Either,
    Elementwise,
    Exact,
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
    Reshape,
    Select,
    Slice,
    Tensordot,
    Transpose,
    Whole,
    Windows,
    is_plain_number,
    operands,
    walk,
)
from derive.program.part_names import is_unnamed, label_of
from derive.terms import (
    Add,
    Derivative,
    Multiply,
    Name,
    Negate,
    Number,
    Quantity,
    Size,
    Term,
    is_one,
)

# A name may have so many characters; what would be longer is named by what it is for.
LONGEST = 22

# What is made of the first array of an operation.
MADE = {"add": "shifted", "multiply": "scaled", "divide": "scaled", "power": "power"}
BOOLEAN = ("==", "!=", "<", "<=", ">", ">=", "and", "or", "not")
WORDS = {"sqrt": "root", "arctan": "angle"}
SEEN: dict[type[ArrayTerm], str] = {Windows: "windows", Reshape: "columns"}
OF_MATRICES = {"inv": "inverse", "det": "det", "logdet": "logdet", "cholesky": "cholesky"}


@dataclass(frozen=True)
class Labels:
    """Labels of values; `found` are the names given so far, `known` the values behind names."""

    found: Mapping[Name, str] = field(default_factory=dict)
    known: Mapping[Name, ArrayTerm] = field(default_factory=dict)

    def wanted(self, value: ArrayTerm, use: str) -> str:
        """The name of a part: by its value, or by its use where that would be too long."""
        own = self._divided(value) or self.of(value)
        if own is not None and len(own) <= LONGEST:
            return own
        brief = self.brief(value) if use.endswith("part") else None
        while brief is not None and len(brief) > LONGEST:
            brief = brief.rpartition("_")[0]
        return brief or use

    def _divided(self, value: ArrayTerm) -> str | None:
        """The label of an array that is divided by a number: `d_B_over_4`."""
        match value:
            case Elementwise("divide", (Whole() as above, Exact(number))) if (
                number.denominator == 1
            ):
                return _joined(self.of(above), "over", str(number))
        return None

    def brief(self, term: ArrayTerm) -> str | None:
        """The label of the first array in a value, with a word for what is made of it."""
        parts = [part for part in operands(term) if not is_plain_number(part)]
        first = self.brief(parts[0]) if parts else None
        match term:
            case Whole():
                return self.of(term)
            case Apply(function):
                return _joined(WORDS.get(function, function), first)
            case Elementwise("where", (_, *branches)):
                arrays = [part for part in branches if not is_plain_number(part)]
                return _joined(self.brief(arrays[0]), "kept") if arrays else "chosen"
            case Elementwise(operation) if operation in MADE and parts:
                if first is not None and first.endswith(f"_{MADE[operation]}"):
                    return first
                return _joined(first, MADE[operation])
            case Fold(kind):
                return _joined(kind, first)
            case Select() | Transpose() | Cast() | Copy() | Elementwise("negate"):
                return first
            case Matmul() | Tensordot():
                return _joined(first, "product")
        return None

    def of(self, term: ArrayTerm) -> str | None:
        """How a value is called, None where there is no short name."""
        match term:
            case Whole(quantity):
                name = self.found.get(quantity.name, quantity.name)
                return None if is_unnamed(name) else label_of(name)
            case Select(operand, selectors):
                return self._selected(self.of(operand), selectors, shape_of(operand))
            case Cast(Whole()):
                return _joined(self.of(term.operand), "float")
            case Transpose(operand) | Cast(operand) | Copy(operand) | Full(operand):
                return self.of(operand)
            case Elementwise("negate", (operand,)):
                return self.of(operand)
            case Counting(size):
                return _of_size(size)
            case Pad(operand):
                return _joined(self.of(operand), "padded")
            case Windows(operand) | Reshape(Transpose(Windows(operand))):
                inner = self.of(operand)
                return _joined(inner and inner.removesuffix("_padded"), SEEN[type(term)])
            case Reshape(Transpose(Whole() as operand)):
                return _joined(self.of(operand), "merged")
            case Gather(operand, (first, second)) if first == second and first is not None:
                return _joined("diagonal", self.of(operand))
            case Gather(operand, subscripts):
                return _joined(self.of(operand), *(self.of(s) for s in subscripts if s is not None))
            case Apply("exp", (part,)) if (plain := _unshifted(part)) != part:
                return self.of(Apply("exp", (plain,)))
            case Apply(function, parts):
                word = WORDS.get(function, function)
                scaled = _joined(word, self._scaled(parts[0])) if len(parts) == 1 else None
                short = scaled is not None and len(scaled) <= LONGEST
                return scaled if short else _joined(word, self._main(parts))
            case Fold(kind, operand) | Locate(kind, operand):
                return _joined(kind, self.of(operand))
            case Elementwise(operation):
                return "mask" if operation in BOOLEAN else self._elementwise(term)
            case Identity():
                return "identity"
            case Either(_, chosen):
                return _joined("previous" if _is_earlier(chosen) else "following", self.of(chosen))
            case Join(parts):
                return _joined("joined", self._main(parts))
        return self._of_product(term)

    def _of_product(self, term: ArrayTerm) -> str | None:
        """The label of a product of matrices, or of what linear algebra makes of them."""
        match term:
            case OfMatrices("solve", (matrix, right)):
                return _joined("solved", self.of(right))
            case OfMatrices(operator, (matrix,)):
                return _joined(OF_MATRICES[operator], self.of(matrix))
            case Matmul(left, right) | Tensordot(left, right):
                return product_label(self.of(left), self.of(right))
        return None

    def _selected(
        self, label: str | None, selectors: tuple[object, ...], sizes: tuple[Term, ...]
    ) -> str | None:
        """The label of a part of an array: with the number of its row, or of its block."""
        words = []
        places = [selector for selector in selectors if selector != "new"]
        for selector, size in zip(places, sizes, strict=True):
            match selector:
                case int() | Number() if not is_one(size):
                    words.append(str(selector if isinstance(selector, int) else selector.value))
                case Slice(start, length):
                    block = _block(start, length)
                    words += [] if block is None else [str(block)]
        return _joined(label, *words)

    def _scaled(self, term: ArrayTerm) -> str | None:
        """The label of an argument with its factor: `2s`, `minus_l`, `half_d`."""
        match term:
            case Elementwise("negate", (inner,)):
                return _joined("minus", self._scaled(inner))
            case Elementwise("multiply", (Exact(value), inner)) if value < 0:
                positive = Elementwise("multiply", (Exact(-value), inner))
                return _joined("minus", self._scaled(positive))
            case Elementwise("multiply", (Exact(value), inner)) if value.denominator == 1:
                label = self.of(inner)
                return label and f"{value}{label}"
            case Elementwise("divide", (inner, Exact(value))) if value == 2:
                return _joined("half", self._scaled(inner))
        return self.of(term)

    def _main(self, parts: tuple[ArrayTerm, ...]) -> str | None:
        """The label of the first operand that is no number."""
        return next((self.of(part) for part in parts if not is_plain_number(part)), None)

    def _elementwise(self, term: Elementwise) -> str | None:
        parts = tuple(part for part in term.operands if not is_plain_number(part))
        if isinstance(found := _softplus_of(term), ArrayTerm):
            return _joined("softplus", self.of(found))
        match term.operation, term.operands:
            case "power", (base, Exact(value)) if value == 2:
                return _joined(self.of(base), "squared")
            case "power", (base, _):
                return _joined(self.of(base), "power")
            case "divide", (Exact(value), Elementwise("add", (_, Apply("exp", (inner,))))) if (
                value == 1
            ):
                return _joined("sigmoid", self.of(inner))
            case "divide", (top, bottom):
                if is_plain_number(bottom):
                    return self.of(top)
                if is_plain_number(top):
                    return _joined("inverse", self.of(bottom))
                return _joined(self.of(top), "over", self.of(bottom))
            case "add", _:
                return self._sum(term.operands)
            case "multiply", _ if len(parts) == 1:
                return self.of(parts[0])
            case "multiply", _:
                return self._times(parts)
            case "where", (_, Whole(Quantity(name=Derivative(_, wrt))), Exact()):
                return _joined("delta", label_of(wrt))
            case "where", (_, chosen, Elementwise("negate", (Infinity(),)) | Infinity()):
                return _joined(self.of(chosen), "masked")
            case "where", (_, chosen, otherwise):
                masked = chosen if not is_plain_number(chosen) else otherwise
                return "chosen" if is_plain_number(masked) else _joined(self.of(masked), "kept")
        return None

    def _times(self, parts: tuple[ArrayTerm, ...]) -> str | None:
        """A product; the gradient of what a function makes, times its slope, is its delta."""
        for part in parts:
            match part:
                case Whole(Quantity(name=Derivative(_, wrt))):
                    return _joined("delta", label_of(wrt))
        if len(parts) != 2:
            return None
        return product_label(*map(self.of, parts))

    def _sum(self, parts: tuple[ArrayTerm, ...]) -> str | None:
        match parts:
            case (Exact(value), Elementwise("negate", (other,))) if value == 1:
                return _joined("one_minus", self.of(other))
            case (first, Elementwise("negate", (other,))):
                return self._difference(first, other)
            case (_, Apply("log", (total,))):
                inner = [p for p in walk(total) if isinstance(p, Apply) and p.function == "exp"]
                return _joined("logsumexp", self.of(self._exponent(total, inner)))
        given = [part for part in parts if not is_plain_number(part)]
        if len(given) == 1:
            return self.of(given[0])
        if len(given) == 2:
            return _joined(self.of(given[0]), "plus", self.of(given[1]))
        return None

    def _exponent(self, total: ArrayTerm, inner: list[Apply]) -> ArrayTerm:
        """What the exponentials of a sum are of, without the shift."""
        exponent: ArrayTerm = inner[0].operands[0] if inner else total
        match exponent:
            case Elementwise("add", (first, *_)):
                return first
        return exponent

    def _difference(self, first: ArrayTerm, other: ArrayTerm) -> str | None:
        """A value without its mean is centred, without its largest entry shifted, ..."""
        behind = _behind(other)
        if isinstance(behind, Whole):
            behind = _behind(self.known.get(behind.quantity.name, behind))
        match behind:
            case Fold("mean", operand) if operand == first:
                return _joined(self.of(first), "centred")
            case Fold("max", operand) if operand == first:
                return _joined(self.of(first), "shifted")
            case Whole(Quantity(kind="input")) if _behind(first) == behind:
                return _joined(self.of(first), "differences")
            case Whole(Quantity(kind="input")):
                return "error"
        return _joined(self.of(first), "minus", self.of(other))


def _unshifted(exponent: ArrayTerm) -> ArrayTerm:
    """An exponent without its filter, and without the largest that is taken off."""
    match exponent:
        case Elementwise("where", (_, inner, _)):
            return _unshifted(inner)
        case Elementwise("add", (first, Elementwise("negate", (other,)))):
            return first if isinstance(_behind(other), Fold) else exponent
    return exponent


def _softplus_of(term: ArrayTerm) -> ArrayTerm | None:
    """X where a term is max(x, 0) + log(1 + exp(-|x|))."""
    match term:
        case Elementwise("add", (Apply("maximum", (x, Exact())), Apply("log1p", _))):
            return x
    return None


def _behind(term: ArrayTerm) -> ArrayTerm:
    while isinstance(term, Select | Transpose | Cast | Copy):
        term = term.operand
    return term


def _is_earlier(term: ArrayTerm) -> bool:
    """Whether a term is read at a step with a smaller number."""
    places = [s for p in walk(term) if isinstance(p, Select) for s in p.selectors]
    return any(
        isinstance(node, Negate) or (isinstance(node, Number) and node.value < 0)
        for place in places
        if isinstance(place, Add)
        for node in place.terms
    )


def _block(start: Term, size: Term) -> int | None:
    """Which of equally long slices this is: 2 for a[2 * H : 3 * H]."""
    if start == size:
        return 1
    match start:
        case Number(value) if value == 0:
            return 0
        case Multiply((Number(value), other)) if other == size:
            return int(value)
    return None


def _of_size(size: Term) -> str:
    """All values of an index: `all_n` for a size N."""
    return f"all_{size.name.lower()}" if isinstance(size, Size) else "places"


def _joined(*words: str | None) -> str | None:
    given = [word for word in words if word]
    if len(given) < len(words):
        return None
    return "_".join(given)


def product_label(left: str | None, right: str | None) -> str | None:
    """`xW` of single letters, `h_W2` of others."""
    if left and right and len(left) == len(right) == 1:
        return left + right
    return _joined(left, right)
