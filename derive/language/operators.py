"""`+ - * / ** @`, comparisons, `and`, `or`, `not`: operators of arrays, elementwise or of matrices.

Sums and products keep the author's grouping: `a + b - c` is one sum of three, `a + (b - c)` is not.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from derive.language.scope import Scope
from derive.language.syntax import continues_chain
from derive.language.tokens import LARGEST_EXPONENT, MOST_DIGITS
from derive.language.values import (
    Array,
    Mask,
    Operand,
    Shape,
    Subscripts,
    aligned,
    exact_value,
    joined,
    matrix_product,
    numbers,
    product,
    quotient,
    stretched,
)
from derive.sizes import show_shape
from derive.terms import (
    Add,
    AllOf,
    AnyOf,
    Compare,
    Condition,
    Entry,
    FloorDivide,
    Negate,
    Not,
    Power,
    Relation,
    Term,
    walk,
)

RELATIONS: dict[type[ast.cmpop], Relation] = {
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
}
OPERATOR_CURES: dict[type[ast.AST], str] = {
    ast.BitXor: "a power is written **",
    ast.BitAnd: "conditions are joined by 'and'",
    ast.BitOr: "conditions are joined by 'or'",
    ast.Invert: "a condition is denied by 'not'",
    ast.LShift: "multiply by a power of two",
    ast.RShift: "use // with a power of two",
}
WORDS: dict[type[ast.AST], str] = {
    ast.BitXor: "^",
    ast.BitAnd: "&",
    ast.BitOr: "|",
    ast.Invert: "~",
    ast.LShift: "<<",
    ast.RShift: ">>",
}


def read_binary(node: ast.BinOp, scope: Scope) -> Array:
    """An arithmetic operator."""
    reader = BINARY.get(type(node.op))
    if reader is None:
        raise _unknown_operator(node, node.op, scope)
    return reader(node, scope)


def read_unary(node: ast.UnaryOp, scope: Scope) -> Operand:
    """A sign, or `not`."""
    match node.op:
        case ast.UAdd():
            return scope.number(node.operand)
        case ast.USub():
            array = scope.number(node.operand)
            return Array(array.shape, lambda subscripts: Negate(array.entry(subscripts)))
        case ast.Not():
            mask = scope.condition(node.operand)
            return Mask(mask.shape, lambda subscripts: Not(mask.entry(subscripts)))
    raise _unknown_operator(node, node.op, scope)


def _unknown_operator(node: ast.expr, operator: ast.AST, scope: Scope) -> Exception:
    word = WORDS[type(operator)]
    return scope.error(
        node, f"'{word}' is no operator of the language", OPERATOR_CURES[type(operator)]
    )


# --- elementwise --------------------------------------------------------------------------------


def shape_of(nodes: Sequence[ast.expr], operands: Sequence[Operand], scope: Scope) -> Shape:
    """The broadcast shape of operands.  One of two may be stretched, not both."""
    shape = operands[0].shape
    for count, (node, operand) in enumerate(zip(nodes[1:], operands[1:], strict=True), start=1):
        whole = joined(shape, operand.shape, scope.draft.same)
        both = whole and stretched(shape, whole) and stretched(operand.shape, whole)
        if whole is None or both:
            first = scope.spelling(nodes[0])
            left = first if count == 1 else f"{first} ... {scope.spelling(nodes[count - 1])}"
            problem = "would both be stretched to fit" if both else "do not fit"
            raise scope.error(
                node,
                f"the shapes of '{left}' and '{scope.spelling(node)}' {problem}: "
                f"{show_shape(shape)} and {show_shape(operand.shape)}",
                "say which axes belong together with indices, as in r[i] = a[i] - b[i, 0]",
            )
        shape = whole
    return shape


def elementwise(
    nodes: Sequence[ast.expr], scope: Scope, build: Callable[[tuple[Term, ...]], Term]
) -> Array:
    """`build` applied to the entries of broadcast operands."""
    operands = [scope.number(node) for node in nodes]
    shape = shape_of(nodes, operands, scope)
    terms = numbers(operands, shape)
    return Array(shape, lambda subscripts: build(terms(subscripts)))


def _chain(node: ast.BinOp) -> list[ast.BinOp]:
    """The operators of a chain `a + b - c`, from the left."""
    chain = [node]
    while isinstance(chain[-1].left, ast.BinOp) and continues_chain(chain[-1], chain[-1].left):
        chain.append(chain[-1].left)
    return chain[::-1]


def _read_sum(node: ast.BinOp, scope: Scope) -> Array:
    chain = _chain(node)
    minus = [False, *(isinstance(link.op, ast.Sub) for link in chain)]

    def build(terms: tuple[Term, ...]) -> Term:
        pairs = zip(terms, minus, strict=True)
        return Add(tuple(Negate(term) if sign else term for term, sign in pairs))

    return elementwise([chain[0].left, *(link.right for link in chain)], scope, build)


def _read_product(node: ast.BinOp, scope: Scope) -> Array:
    chain = _chain(node)
    return elementwise([chain[0].left, *(link.right for link in chain)], scope, product)


def _read_quotient(node: ast.BinOp, scope: Scope) -> Array:
    def build(terms: tuple[Term, ...]) -> Term:
        if exact_value(terms[1]) == 0:
            raise scope.error(
                node, f"'{scope.spelling(node)}' divides by zero", "change the divisor"
            )
        return quotient(terms[0], terms[1])

    return elementwise([node.left, node.right], scope, build)


def _read_floor(node: ast.BinOp, scope: Scope) -> Array:
    """`a // b`, and `a % b`, which is a - b * (a // b)."""
    is_remainder = isinstance(node.op, ast.Mod)

    def build(terms: tuple[Term, ...]) -> Term:
        differentiated = scope.draft.draws is None
        if differentiated and any(isinstance(p, Entry) for term in terms for p in walk(term)):
            raise scope.error(
                node,
                f"'{'%' if is_remainder else '//'}' rounds down, which has no derivative",
                "it divides sizes and indices only; quantities are divided by /",
            )
        above, below = terms
        quotient = FloorDivide(above, below)
        return Add((above, Negate(product((below, quotient))))) if is_remainder else quotient

    return elementwise([node.left, node.right], scope, build)


def _read_power(node: ast.BinOp, scope: Scope) -> Array:
    def build(terms: tuple[Term, ...]) -> Term:
        _check_power(terms[0], terms[1], node, scope)
        return Power(terms[0], terms[1])

    return elementwise([node.left, node.right], scope, build)


def _check_power(base: Term, exponent: Term, node: ast.BinOp, scope: Scope) -> None:
    """Bound exponents, and the digits of a power of numbers, before anything computes it."""
    bottom, top = exact_value(base), exact_value(exponent)
    if top is None:
        return
    size = 0 if bottom is None else len(str(max(abs(bottom.numerator), bottom.denominator)))
    if abs(top) > LARGEST_EXPONENT or size * abs(top) > MOST_DIGITS:
        raise scope.error(
            node,
            f"the power is too large: exponents to {LARGEST_EXPONENT} "
            f"and numbers of {MOST_DIGITS} digits are read",
            "write exp(k * log(x)), or scale the quantity",
        )
    if bottom == 0 and top < 0:
        raise scope.error(node, f"'{scope.spelling(node)}' divides by zero", "change the exponent")


# --- matrices -----------------------------------------------------------------------------------


def _read_matrix_product(node: ast.BinOp, scope: Scope) -> Array:
    left, right = scope.number(node.left), scope.number(node.right)
    array = matrix_product(left, right, scope.draft.same)
    if array is not None:
        return array
    names = scope.spelling(node.left), scope.spelling(node.right)
    shapes = f"'{names[0]}' is {show_shape(left.shape)} and '{names[1]}' is "
    cure = "the last axis on the left must be the first of the matrix on the right; .T transposes"
    if not left.shape or not right.shape:
        cure = "a product with a number is written *"
    raise scope.error(
        node,
        f"the shapes of '{scope.spelling(node)}' do not fit: {shapes}{show_shape(right.shape)}",
        cure,
    )


BINARY: dict[type[ast.operator], Callable[[ast.BinOp, Scope], Array]] = {
    ast.Add: _read_sum,
    ast.Sub: _read_sum,
    ast.Mult: _read_product,
    ast.Div: _read_quotient,
    ast.FloorDiv: _read_floor,
    ast.Mod: _read_floor,
    ast.Pow: _read_power,
    ast.MatMult: _read_matrix_product,
}


# --- conditions ---------------------------------------------------------------------------------


def read_comparison(node: ast.Compare, scope: Scope) -> Mask:
    """`a < b`, and chains `0 <= k < n`, which hold where every link holds."""
    unknown = next((op for op in node.ops if type(op) not in RELATIONS), None)
    if unknown is not None:
        raise scope.error(node, "'in' and 'is' compare nothing here", "use ==, !=, <, <=, > or >=")
    relations = [RELATIONS[type(operator)] for operator in node.ops]
    nodes = [node.left, *node.comparators]
    operands = [scope.number(part) for part in nodes]
    shape = shape_of(nodes, operands, scope)
    terms = numbers(operands, shape)

    def entry(subscripts: Subscripts) -> Condition:
        values = terms(subscripts)
        links = tuple(
            Compare(relation, left, right)
            for relation, left, right in zip(relations, values, values[1:], strict=False)
        )
        return links[0] if len(links) == 1 else AllOf(links)

    return Mask(shape, entry)


def read_boolean(node: ast.BoolOp, scope: Scope) -> Mask:
    """`and` and `or`."""
    masks = [scope.condition(part) for part in node.values]
    shape = shape_of(node.values, masks, scope)
    entries = [aligned(mask, shape) for mask in masks]
    join = AllOf if isinstance(node.op, ast.And) else AnyOf

    def entry(subscripts: Subscripts) -> Condition:
        found = (one(subscripts) for one in entries)
        return join(tuple(part for part in found if isinstance(part, Condition)))

    return Mask(shape, entry)


def conjuncts(condition: Condition) -> tuple[Condition, ...]:
    """The conditions that must all hold, an `and` taken apart."""
    if isinstance(condition, AllOf):
        return tuple(part for inner in condition.conditions for part in conjuncts(inner))
    return (condition,)
