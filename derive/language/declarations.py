"""`n: dim = 3`, `x: input[N, D]`, `w: param[D] = normal(0, 0.1)`: sizes and quantities."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from derive.errors import DerivationError
from derive.language.lookup import did_you_mean
from derive.language.scope import Scope
from derive.language.values import Shape, exact_value
from derive.model import Declaration, Dimension, Distribution, Initializer
from derive.sizes import size_at
from derive.terms import (
    Add,
    Divide,
    FloorDivide,
    Kind,
    Multiply,
    Negate,
    Number,
    Power,
    Quantity,
    Size,
    Term,
    walk,
)

RESERVED = frozenset("dim input param const index range minimize assume provide example pi".split())
LARGEST_SIZE = 10**9
DECLARATION_CURE = (
    "a declaration is one of n: dim, x: input[n], w: param[n], c: const = 2, y: index(K)[n], "
    "i: range(n)"
)
# Name in the text, how many numbers it takes, what it means.
INITIALIZERS: Mapping[str, tuple[int, Distribution, tuple[Fraction, ...]]] = {
    "zeros": (0, "constant", (Fraction(0),)),
    "ones": (0, "constant", (Fraction(1),)),
    "normal": (2, "normal", ()),
    "uniform": (2, "uniform", ()),
    "glorot": (0, "glorot", ()),
    "he": (0, "he", ()),
}
INITIAL_CURE = "a parameter starts at a number, zeros, ones, normal(0, 0.1), uniform(0, 1), " + (
    "glorot or he"
)


@dataclass(frozen=True)
class Annotation:
    """`kind(arguments)[sizes]`; `sizes` is None where no brackets stand."""

    kind: str
    arguments: tuple[ast.expr, ...]
    sizes: tuple[ast.expr, ...] | None


def read_declaration(statement: ast.AnnAssign, scope: Scope) -> None:
    """Add what a line `name: kind = value` declares to the draft."""
    if not isinstance(statement.target, ast.Name):
        raise scope.error(
            statement.target,
            f"'{scope.spelling(statement.target)}' is not a name",
            "the sizes stand behind the kind: x: input[N, D]",
        )
    annotation = _annotation(statement.annotation, scope)
    check_new_name(statement.target, scope)
    DECLARERS[annotation.kind](statement.target.id, annotation, statement, scope)


def _annotation(node: ast.expr, scope: Scope) -> Annotation:
    sizes: tuple[ast.expr, ...] | None = None
    arguments: tuple[ast.expr, ...] = ()
    head = node
    if isinstance(head, ast.Subscript):
        sizes = tuple(head.slice.elts if isinstance(head.slice, ast.Tuple) else [head.slice])
        head = head.value
    if isinstance(head, ast.Call):
        arguments, head = tuple(head.args), head.func
    if not isinstance(head, ast.Name) or head.id not in DECLARERS:
        text = scope.spelling(head)
        raise scope.error(
            node,
            f"'{text}' is no kind of declaration",
            did_you_mean(text, DECLARERS) or DECLARATION_CURE,
        )
    expected = 1 if head.id in ("index", "range") else 0
    if len(arguments) != expected:
        raise scope.error(node, f"'{scope.spelling(node)}' cannot be read", DECLARATION_CURE)
    return Annotation(head.id, arguments, sizes)


def check_new_name(name: ast.Name, scope: Scope) -> None:
    """Refuse a name that is reserved, or that stands for something already."""
    draft = scope.draft
    if name.id in RESERVED:
        raise scope.error(
            name,
            f"'{name.id}' is a word of the language and cannot name a quantity",
            f"choose another name, '{name.id}_' for example",
        )
    if scope.known(name.id) or name.id in draft.ranges:
        raise scope.error(
            name,
            f"'{name.id}' already has a meaning, from line {draft.lines[name.id]}",
            "choose another name",
        )


# --- sizes --------------------------------------------------------------------------------------


def read_size(node: ast.expr, scope: Scope) -> Term:
    """A size: dimensions and whole numbers, with + - * / // **."""
    for name in ast.walk(node):
        if isinstance(name, ast.Name) and name.id not in scope.draft.dimensions:
            raise scope.error(
                name,
                f"the size '{name.id}' is not declared",
                did_you_mean(name.id, scope.draft.dimensions)
                or f"declare it above, `{name.id}: dim`",
            )
    size = scope.scalar(node)
    for part in walk(size):
        whole = isinstance(part, Number) and part.value.denominator == 1
        arithmetic = Size | Add | Multiply | Negate | Divide | FloorDivide | Power
        if not whole and not isinstance(part, arithmetic):
            raise scope.error(
                node,
                f"'{scope.spelling(node)}' is not a size",
                "a size is made of dimensions and whole numbers",
            )
    value = exact_value(size)
    if value is not None:
        _check_whole(value, node, scope)
        return Number(value)
    return size


def _check_whole(value: Fraction, node: ast.expr, scope: Scope) -> None:
    if value.denominator != 1 or not 1 <= value <= LARGEST_SIZE:
        text, result = scope.spelling(node), str(value)
        if len(result) > 20:
            result = "too large"
        computed = f"'{text}' is {result}, which" if text != result else result
        raise scope.error(
            node, f"{computed} is no size", f"a size is a whole number from 1 to {LARGEST_SIZE}"
        )


def _shape(annotation: Annotation, scope: Scope) -> Shape:
    return tuple(read_size(size, scope) for size in annotation.sizes or ())


def _declare_dimension(
    name: str, annotation: Annotation, statement: ast.AnnAssign, scope: Scope
) -> None:
    draft = scope.draft
    place = draft.source.place(statement)
    if annotation.sizes is not None:
        raise scope.error(statement, f"the size '{name}' is a single number", f"write {name}: dim")
    if statement.value is None:
        draft.dimensions[name] = Dimension(name, place=place)
        return
    size = read_size(statement.value, scope)
    if isinstance(size, Number):
        draft.dimensions[name] = Dimension(name, default=int(size.value), place=place)
        draft.example_sizes[name] = int(size.value)
        return
    value = example_size(size, draft.example_sizes)
    if value is not None:
        _check_whole(value, statement.value, scope)
        draft.example_sizes[name] = int(value)
    draft.dimensions[name] = Dimension(name, formula=size, place=place)
    draft.formulas[name] = size


def example_size(size: Term, sizes: Mapping[str, int]) -> Fraction | None:
    """The value of a size where some are known; None where one of them is missing."""
    try:
        return size_at(size, sizes)
    except DerivationError:
        return None


def _declare_range(
    name: str, annotation: Annotation, statement: ast.AnnAssign, scope: Scope
) -> None:
    if annotation.sizes is not None or statement.value is not None:
        raise scope.error(
            statement,
            f"the index '{name}' is declared with its range alone",
            f"write {name}: range(n)",
        )
    scope.draft.ranges[name] = read_size(annotation.arguments[0], scope)


# --- quantities ---------------------------------------------------------------------------------


def _declare(
    name: str,
    kind: Kind,
    annotation: Annotation,
    statement: ast.AnnAssign,
    scope: Scope,
    initial: Initializer | None = None,
    value: Fraction | None = None,
    bound: Term | None = None,
) -> None:
    quantity = Quantity(name, _shape(annotation, scope), kind)
    place = scope.draft.source.place(statement)
    scope.draft.quantities[name] = quantity
    scope.draft.declarations[name] = Declaration(quantity, initial, value, bound, place=place)


def _declare_data(
    name: str, annotation: Annotation, statement: ast.AnnAssign, scope: Scope
) -> None:
    if statement.value is not None:
        raise scope.error(
            statement.value,
            f"'{name}' is data, which has no value in the model",
            f"for the worked example write `with example(): {name} = ...`; "
            f"a fixed number is `{name}: const = ...`",
        )
    if annotation.kind == "index":
        bound = read_size(annotation.arguments[0], scope)
        _declare(name, "index", annotation, statement, scope, bound=bound)
    else:
        _declare(name, "input", annotation, statement, scope)


def _declare_parameter(
    name: str, annotation: Annotation, statement: ast.AnnAssign, scope: Scope
) -> None:
    value = statement.value
    initial = None if value is None else read_initial(value, scope)
    _declare(name, "param", annotation, statement, scope, initial=initial)


def read_initial(node: ast.expr, scope: Scope) -> Initializer:
    """How a parameter starts: a number, or a row of `INITIALIZERS`."""
    head = node.func if isinstance(node, ast.Call) else node
    given = node.args if isinstance(node, ast.Call) else []
    if not isinstance(head, ast.Name) or head.id not in INITIALIZERS:
        if isinstance(head, ast.Name):
            cure = did_you_mean(head.id, INITIALIZERS) or INITIAL_CURE
            raise scope.error(node, f"'{scope.spelling(node)}' is no way to start", cure)
        return Initializer("constant", (constant(node, scope, INITIAL_CURE),))
    count, distribution, fixed = INITIALIZERS[head.id]
    if len(given) != count or (isinstance(node, ast.Call) and node.keywords):
        example = f"{head.id}(0, 1)" if count else head.id
        raise scope.error(node, f"'{head.id}' takes {count} numbers", f"write {example}")
    arguments = fixed or tuple(constant(argument, scope, INITIAL_CURE) for argument in given)
    if distribution == "uniform" and arguments[0] >= arguments[1]:
        raise scope.error(node, "the interval of 'uniform' is empty", "write uniform(low, high)")
    if distribution == "normal" and arguments[1] < 0:
        raise scope.error(node, "the deviation of 'normal' is negative", "write normal(0, 0.1)")
    return Initializer(distribution, arguments)


def _declare_constant(
    name: str, annotation: Annotation, statement: ast.AnnAssign, scope: Scope
) -> None:
    if statement.value is None or annotation.sizes is not None:
        raise scope.error(
            statement, f"the constant '{name}' is one number", f"write {name}: const = 1e-5"
        )
    value = constant(statement.value, scope, f"write {name}: const = 1e-5")
    _declare(name, "const", annotation, statement, scope, value=value)


def constant(node: ast.expr, scope: Scope, cure: str) -> Fraction:
    """The value of an expression of numbers alone."""
    value = exact_value(scope.scalar(node))
    if value is None:
        raise scope.error(node, f"'{scope.spelling(node)}' is not a number", cure)
    return value


DECLARERS: Mapping[str, Callable[[str, Annotation, ast.AnnAssign, Scope], None]] = {
    "dim": _declare_dimension,
    "range": _declare_range,
    "input": _declare_data,
    "index": _declare_data,
    "param": _declare_parameter,
    "const": _declare_constant,
}
