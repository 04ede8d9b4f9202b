"""Mistakes about arrays: a transpose, a reduction, an axis, a place.

Each is a function of a node and its surroundings, which gives what may wrongly stand in its place.
"""

import ast
import itertools

from mutants.surroundings import called, changed, integer, number, reduced

REDUCTIONS = ("sum", "mean", "max", "min", "prod", "trace", "logsumexp")

OTHER_REDUCTION = {"sum": "mean", "mean": "sum", "max": "min", "min": "max", "prod": "sum"}


def transpose(node, around):
    match node:
        case ast.Attribute(attr="T", value=value):
            yield value
        case ast.Call(func=ast.Attribute(attr="transpose", value=value), args=axes):
            yield value
            for a, b in itertools.combinations(range(len(axes)), 2):
                swapped = list(axes)
                swapped[a], swapped[b] = axes[b], axes[a]
                yield changed(node, args=swapped)
        case ast.Name(ctx=ast.Load()) if (around.rank(node.id) or 0) >= 2:
            match around.parent(node):
                case ast.Attribute(attr=name) if name != "T":
                    return
                case ast.Assign(targets=[ast.Tuple()]) | ast.Tuple() | ast.Return():
                    return
            yield ast.Attribute(node, "T", ast.Load())


def reduction(node, around):
    name = called(node)
    if name in REDUCTIONS and (reduced(node) is not None):
        yield reduced(node)
        function = node.func
        if name in OTHER_REDUCTION and isinstance(function, ast.Attribute):
            yield changed(node, func=changed(function, attr=OTHER_REDUCTION[name]))
        for keyword in node.keywords:
            others = [k for k in node.keywords if k is not keyword]
            yield changed(node, keywords=others)
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Subscript):
        yield ast.Assign([node.target], node.value, lineno=0)
    if name == "at":
        target, place, values = node.args
        yield f"{ast.unparse(target)}[{ast.unparse(place)}] += {ast.unparse(values)}"
    if name == "tensordot":
        match node.keywords:
            case [ast.keyword(value=ast.Tuple(elts=[ast.Tuple(elts=a), ast.Tuple(elts=b)]))]:
                for k in range(len(a)):
                    fewer = [ast.Tuple(list(s[:k] + s[k + 1 :]), ast.Load()) for s in (a, b)]
                    axes = ast.keyword("axes", ast.Tuple(fewer, ast.Load()))
                    yield changed(node, keywords=[axes])


def axis(node, around):
    match node:
        case ast.keyword(arg="axis" | "axes", value=value):
            for other in _other_axes(value):
                yield f"{node.arg}={ast.unparse(other)}"
        case ast.Subscript(value=ast.Attribute(attr="shape"), slice=ast.Constant(value=k)):
            for other in {k + 1, k - 1} - {-1}:
                yield changed(node, slice=ast.Constant(other))
        case ast.Tuple(elts=parts) if around.is_index(node):
            new = [k for k, part in enumerate(parts) if _is_new(part)]
            for k, other in itertools.product(new, range(len(parts))):
                if not _is_new(parts[other]):
                    moved = list(parts)
                    moved[k], moved[other] = parts[other], parts[k]
                    yield _index(moved)
        case ast.Assign(targets=[ast.Tuple(elts=names)], value=ast.Attribute(attr="shape")):
            for a, b in itertools.combinations(range(len(names)), 2):
                swapped = list(names)
                swapped[a], swapped[b] = names[b], names[a]
                yield changed(node, targets=[ast.Tuple(swapped, ast.Store())])


def _is_new(part):
    return isinstance(part, ast.Constant) and part.value is None


def _index(parts):
    return ", ".join(map(ast.unparse, parts))


def _other_axes(value):
    if (at := integer(value)) is not None:
        yield number(at + 1)
        yield number(at - 1)
    if isinstance(value, ast.Tuple):
        if all(integer(part) is not None for part in value.elts):
            for k, part in enumerate(value.elts):
                for other in _other_axes(part):
                    yield ast.Tuple([*value.elts[:k], other, *value.elts[k + 1 :]], ast.Load())
                if len(value.elts) > 1:
                    yield ast.Tuple([*value.elts[:k], *value.elts[k + 1 :]], ast.Load())
        else:
            first, second = value.elts
            for other in _other_axes(first):
                yield ast.Tuple([other, second], ast.Load())
            for other in _other_axes(second):
                yield ast.Tuple([first, other], ast.Load())


def off_by_one(node, around):
    match node:
        case ast.Slice(lower=lower, upper=upper):
            if lower is not None or upper is not None or node.step is not None:
                for bound in ("lower", "upper"):
                    for moved in _moved(getattr(node, bound), bound):
                        yield changed(node, **{bound: moved})
            else:
                yield "1:"
                yield ":-1"
        case ast.Call(func=ast.Name(id="range") | ast.Attribute(attr="arange"), args=bounds):
            for k, bound in enumerate(bounds):
                for by in (1, -1):
                    yield changed(node, args=[*bounds[:k], _plus(bound, by), *bounds[k + 1 :]])
            if len(bounds) == 1:
                yield changed(node, args=[ast.Constant(1), *bounds])
        case ast.Constant() | ast.UnaryOp(op=ast.USub(), operand=ast.Constant()):
            if (at := integer(node)) is not None and _is_place(node, around):
                yield number(at + 1)
                yield number(at - 1)
        case ast.Name(ctx=ast.Load()) | ast.BinOp(right=ast.Constant(value=int())):
            if _is_place(node, around) and around.rank(getattr(node, "id", "")) in (None, 0):
                yield _plus(node, 1)
                yield _plus(node, -1)


def _is_place(node, around):
    """Whether a node is, alone or between commas, the place that is read in an array."""
    parent = around.parent(node)
    if isinstance(parent, ast.Tuple):
        node, parent = parent, around.parent(parent)
    if not isinstance(parent, ast.Subscript) or parent.slice is not node:
        return False
    return not (isinstance(parent.value, ast.Attribute) and parent.value.attr == "shape")


def _moved(bound, which):
    if bound is None:
        yield ast.Constant(1) if which == "lower" else number(-1)
        return
    yield _plus(bound, 1)
    yield _plus(bound, -1)


def _plus(node, by):
    """A node, one more or less, with the numbers added where they are numbers."""
    if (at := integer(node)) is not None:
        return number(at + by)
    match node:
        case ast.BinOp(op=ast.Add() | ast.Sub(), right=ast.Constant(value=int(value))):
            total = by + (value if isinstance(node.op, ast.Add) else -value)
            if total == 0:
                return node.left
            op = ast.Add() if total > 0 else ast.Sub()
            return ast.BinOp(node.left, op, ast.Constant(abs(total)))
    return ast.BinOp(node, ast.Add() if by > 0 else ast.Sub(), ast.Constant(1))
