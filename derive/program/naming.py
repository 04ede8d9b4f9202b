"""Names for the parts of a program that the model does not name.

A name says how a value is made and from what: `x_windows`, `exp_S`, `sum_M`, `mask`.  It looks at
the value alone, so that a change elsewhere in the model leaves it; two parts that would be called
the same are numbered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

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
    with_operands,
)
from derive.program.program import Line, Loop, Program, Statement, every_statement
from derive.terms import Derivative, Multiply, Name, Number, Quantity, Size, Term, is_one

# A name may have so many characters; what would be longer is named by what it is for.
LONGEST = 22

BOOLEAN = ("==", "!=", "<", "<=", ">", ">=", "and", "or", "not")
WORDS = {"sqrt": "root", "arctan": "angle"}
OF_MATRICES = {"inv": "inverse", "det": "det", "logdet": "logdet", "cholesky": "cholesky"}


def unnamed(number: int) -> str:
    """What a part is called until `named` finds its name: no quantity of a model has a space.

    >>> unnamed(3)
    'part 3'
    """
    return f"part {number}"


def is_unnamed(name: Name) -> bool:
    """Whether a part still waits for its name."""
    return isinstance(name, str) and name.startswith("part ")


def fresh(wanted: str, taken: set[Name]) -> str:
    """The name that is wanted, with a number behind it where it is taken.

    >>> fresh("mask", {"mask", "mask_2"})
    'mask_3'
    """
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name


def named(program: Program) -> Program:
    """The program with a name for each part that has none."""
    statements = tuple(every_statement(program.statements))
    taken: set[Name] = {quantity.name for quantity in program.inputs}
    taken |= {quantity.name for quantity, _ in program.constants}
    taken |= {rule.name for rule in program.sizes}
    taken |= {s.target.name for s in statements if not is_unnamed(s.target.name)}
    taken |= {line.number.name for line in program.statements if isinstance(line, Loop)}
    taken |= {label_of(name) for name in taken if isinstance(name, Derivative)}
    found: dict[Name, str] = {}
    known = {s.target.name: s.value for s in statements if s.axis is None}
    for statement in statements:
        name = statement.target.name
        if is_unnamed(name) and name not in found:
            labels = Labels(found, known)
            found[name] = fresh(labels.wanted(statement.value, _use(name, statements)), taken)
            taken.add(found[name])
    lines = tuple(_renamed_line(line, found) for line in program.statements)
    return replace(program, statements=lines)


def _use(name: Name, statements: tuple[Statement, ...]) -> str:
    """What a part is for: `d_w_part` where it is first read to compute d_w."""
    for statement in statements:
        if any(isinstance(p, Whole) and p.quantity.name == name for p in walk(statement.value)):
            target = statement.target.name
            if is_unnamed(target):
                return "part"
            inside = isinstance(statement.value, Apply) or _is_choice(statement.value)
            is_argument = inside and name in (
                p.quantity.name for p in operands(statement.value) if isinstance(p, Whole)
            )
            return f"pre_{label_of(target)}" if is_argument else f"{label_of(target)}_part"
    return "part"


def _is_choice(term: ArrayTerm) -> bool:
    return isinstance(term, Elementwise) and term.operation == "where"


def _renamed_line(line: Line, names: Mapping[Name, str]) -> Line:
    if isinstance(line, Loop):
        inside = tuple(_renamed_statement(statement, names) for statement in line.statements)
        return replace(line, statements=inside)
    return _renamed_statement(line, names)


def _renamed_statement(statement: Statement, names: Mapping[Name, str]) -> Statement:
    target, value = statement.target, _renamed(statement.value, names)
    return replace(statement, target=_new(target, names), value=value)


def _renamed(term: ArrayTerm, names: Mapping[Name, str]) -> ArrayTerm:
    if isinstance(term, Whole):
        return Whole(_new(term.quantity, names))
    return with_operands(term, tuple(_renamed(part, names) for part in operands(term)))


def _new(quantity: Quantity, names: Mapping[Name, str]) -> Quantity:
    return replace(quantity, name=names.get(quantity.name, quantity.name))


def label_of(name: Name) -> str:
    """A name as part of another: `d_w` for a derivative."""
    return f"d_{label_of(name.wrt)}" if isinstance(name, Derivative) else name


# --- what a value is called ---------------------------------------------------------------------


@dataclass(frozen=True)
class Labels:
    """Labels of values; `found` are the names given so far, `known` the values behind names."""

    found: Mapping[Name, str] = field(default_factory=dict)
    known: Mapping[Name, ArrayTerm] = field(default_factory=dict)

    def wanted(self, value: ArrayTerm, use: str) -> str:
        """The name of a part: by its value, or by its use where that would be too long."""
        own = self.of(value)
        return use if own is None or len(own) > LONGEST else own

    def of(self, term: ArrayTerm) -> str | None:
        """How a value is called, None where there is no short name."""
        match term:
            case Whole(quantity):
                name = self.found.get(quantity.name, quantity.name)
                return None if is_unnamed(name) else label_of(name)
            case Select(operand, selectors):
                return self._selected(self.of(operand), selectors, shape_of(operand))
            case Transpose(operand) | Cast(operand) | Copy(operand) | Full(operand):
                return self.of(operand)
            case Elementwise("negate", (operand,)):
                return self.of(operand)
            case Counting(size):
                return _of_size(size)
            case Pad(operand):
                return _joined(self.of(operand), "padded")
            case Windows(operand) | Reshape(Transpose(Windows(operand))):
                word, inner = "windows" if isinstance(term, Windows) else "columns", self.of(operand)
                return _joined(inner and inner.removesuffix("_padded"), word)
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
            case OfMatrices("solve", (matrix, right)):
                return _joined("solved", self.of(right))
            case OfMatrices(operator, (matrix,)):
                return _joined(OF_MATRICES[operator], self.of(matrix))
            case Matmul(left, right) | Tensordot(left, right):
                return _product(self.of(left), self.of(right))
            case Elementwise(operation) if operation in BOOLEAN:
                return "mask"
            case Elementwise():
                return self._elementwise(term)
            case Identity():
                return "identity"
            case Either(_, chosen):
                return _joined(self.of(chosen), "before")
            case Join(parts):
                return _joined("joined", self._main(parts))
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
        if len(parts) > 2:
            return None
        return _product(*map(self.of, parts))

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


def _product(left: str | None, right: str | None) -> str | None:
    """`xW` of single letters, `h_W2` of others."""
    if left and right and len(left) == len(right) == 1:
        return left + right
    return _joined(left, right)
