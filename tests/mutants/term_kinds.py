"""Mistakes about terms and statements: a sign, a factor, a buffer, a type, a name.

Each is a function of a node and its surroundings, which gives what may wrongly stand in its place.
"""

import ast

from mutants.surroundings import called, changed, integer, number

OTHER_FUNCTION = {
    "exp": "expm1",
    "expm1": "exp",
    "log": "log1p",
    "log1p": "log",
    "sqrt": "square",
    "tanh": "arctan",
    "sin": "cos",
    "cos": "sin",
    "abs": "sign",
    "sign": "abs",
    "square": "abs",
    "maximum": "minimum",
    "minimum": "maximum",
    "inv": "pinv",
    "ones": "zeros",
    "ones_like": "zeros_like",
    "eye": "ones",
    "floor": "ceil",
}

COMPARISONS = {
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}


def sign(node, around):
    match node:
        case ast.BinOp(op=ast.Add()):
            yield changed(node, op=ast.Sub())
        case ast.BinOp(op=ast.Sub()):
            yield changed(node, op=ast.Add())
        case ast.UnaryOp(op=ast.USub()):
            if integer(node) is None or not around.is_index(node):
                yield node.operand
        case ast.AugAssign(op=ast.Add()):
            yield changed(node, op=ast.Sub())
        case ast.AugAssign(op=ast.Sub()):
            yield changed(node, op=ast.Add())
        case ast.Call() | ast.Name() | ast.Attribute(attr="T"):
            match around.parent(node):
                case ast.Assign(value=value) | ast.Dict(values=[*_, value]) if value is node:
                    yield ast.UnaryOp(ast.USub(), node)
                case ast.Dict() as table if node in table.values:
                    yield ast.UnaryOp(ast.USub(), node)
                case ast.AugAssign(value=value) if value is node:
                    yield ast.UnaryOp(ast.USub(), node)


def factor(node, around):
    match node:
        case ast.BinOp(op=ast.Mult() | ast.MatMult(), left=left, right=right):
            yield left
            yield right
        case ast.BinOp(op=ast.Div() | ast.FloorDiv() | ast.Pow(), left=left):
            yield left
        case ast.AugAssign(op=ast.Mult() | ast.Div()):
            yield ast.Pass()


def term(node, around):
    match node:
        case ast.BinOp(op=ast.Add(), left=left, right=right):
            yield left
            yield right
        case ast.BinOp(op=ast.Sub(), left=left, right=right):
            yield left
            yield ast.UnaryOp(ast.USub(), right)
        case ast.AugAssign(op=ast.Add() | ast.Sub()):
            yield ast.Pass()
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="at"))):
            yield ast.Pass()


def stale_buffer(node, around):
    match node:
        case ast.Assign(targets=[ast.Subscript() as target]):
            yield ast.Pass()
            if isinstance(target.value, ast.Name) and isinstance(target.slice, ast.Constant):
                yield changed(node, targets=[target.value])
        case ast.Assign(targets=[ast.Name(id=name)]):
            stored = [
                other
                for other in ast.walk(around.function)
                if isinstance(other, ast.Name | ast.arg)
                and getattr(other, "id", getattr(other, "arg", "")) == name
                and not isinstance(getattr(other, "ctx", None), ast.Load)
            ]
            if len(stored) > 1 and min(stored, key=lambda n: n.lineno).lineno < node.lineno:
                yield ast.Pass()
        case ast.AugAssign(target=ast.Name(id=name)) if not _is_made(name, around.function):
            value = ast.BinOp(changed(node.target, ctx=ast.Load()), node.op, node.value)
            yield ast.Assign([node.target], value, lineno=0)
        case ast.Call(func=ast.Attribute(attr="zeros_like"), args=[value]):
            yield changed(node, func=changed(node.func, attr="empty_like"))
            yield value
        case ast.Call(func=ast.Attribute(attr="zeros" | "ones")):
            yield changed(node, func=changed(node.func, attr="empty"))
        case ast.Call(func=ast.Attribute(attr="copy", value=value)):
            yield value
        case ast.Call(func=ast.Attribute(attr="array"), args=[value, *_]):
            yield value
        case ast.Subscript(ctx=ast.Load(), value=ast.Name() as value) if around.inside(
            node, ast.BinOp
        ):
            yield value


def _is_made(name, function):
    """Whether a name stands for an array of the function's own: no one else sees it change."""
    return any(
        isinstance(target, ast.Name) and target.id == name
        for node in ast.walk(function)
        if isinstance(node, ast.Assign)
        for target in (*node.targets, *getattr(node.targets[0], "elts", ()))
    )


def swapped_operands(node, around):
    match node:
        case ast.BinOp(op=ast.Sub() | ast.Div() | ast.MatMult() | ast.Pow() | ast.FloorDiv()):
            yield changed(node, left=node.right, right=node.left)
        case ast.IfExp():
            yield changed(node, body=node.orelse, orelse=node.body)
        case ast.Call(args=arguments) if called(node) not in ("maximum", "minimum", "isinstance"):
            for k in range(len(arguments) - 1):
                if any(isinstance(a, ast.Starred) for a in arguments[k : k + 2]):
                    continue
                pair = [arguments[k + 1], arguments[k]]
                yield changed(node, args=[*arguments[:k], *pair, *arguments[k + 2 :]])
        case ast.Dict(values=values):
            for k in range(len(values) - 1):
                pair = [values[k + 1], values[k]]
                yield changed(node, values=[*values[:k], *pair, *values[k + 2 :]])
        case ast.Tuple(elts=parts):
            parent = around.parent(node)
            listed = (
                isinstance(parent, ast.Return)
                or (
                    isinstance(parent, ast.Assign)
                    and isinstance(parent.value, ast.Call | ast.Tuple)
                )
                or (isinstance(parent, ast.Call) and called(parent) == "concatenate")
            )
            for k in range(len(parts) - 1) if listed else ():
                if any(isinstance(a, ast.Starred) for a in parts[k : k + 2]):
                    continue
                pair = [parts[k + 1], parts[k]]
                yield changed(node, elts=[*parts[:k], *pair, *parts[k + 2 :]])


def wrong_type(node, around):
    match node:
        case ast.keyword(arg="dtype"):
            for other in ("np.float32", "np.float64", "np.int64"):
                yield f"dtype={other}"
        case ast.Call(func=ast.Attribute(attr="astype", value=value)):
            yield value
            for other in ("np.float32", "np.float64"):
                yield f"{ast.unparse(node.func)}({other})"
        case ast.Call(func=ast.Attribute(attr="zeros_like" | "empty_like" | "ones_like")):
            for other in ("np.float32", "np.float64"):
                dtype = ast.keyword("dtype", ast.parse(other, mode="eval").body)
                yield changed(node, keywords=[*node.keywords, dtype])
        case ast.BinOp() | ast.Call() if isinstance(around.parent(node), ast.Assign):
            if isinstance(around.parent(node).targets[0], ast.Name) and called(node) not in (
                "range",
                "public",
            ):
                yield f"np.asarray({ast.unparse(node)}, np.float32)"
                yield f"np.asarray({ast.unparse(node)}, np.float64)"


def wrong_constant(node, around):
    match node:
        case ast.Constant(value=float(value)):
            yield ast.Constant(value * 1.01 if value else 0.01)
            yield ast.Constant(value + 1)
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            if around.is_index(node) or around.is_shape(node):
                return
            yield number(value + 1)
            yield number(value - 1)


def wrong_comparison(node, around):
    match node:
        case ast.Compare(ops=[op]) if type(op) in COMPARISONS:
            for other in COMPARISONS[type(op)]:
                yield changed(node, ops=[other()])
        case ast.UnaryOp(op=ast.Invert() | ast.Not(), operand=operand):
            yield operand
        case ast.BoolOp(op=op):
            yield changed(node, op=ast.Or() if isinstance(op, ast.And) else ast.And())
        case ast.BinOp(op=ast.BitAnd()):
            yield changed(node, op=ast.BitOr())
        case ast.BinOp(op=ast.BitOr()):
            yield changed(node, op=ast.BitAnd())
        case ast.Call(func=ast.Attribute(attr="where"), args=[condition, _, _]):
            yield changed(node, args=[ast.UnaryOp(ast.Invert(), condition), *node.args[1:]])


def wrong_function(node, around):
    match node:
        case ast.Call(func=ast.Attribute(attr=name) as function) if name in OTHER_FUNCTION:
            yield changed(node, func=changed(function, attr=OTHER_FUNCTION[name]))


def wrong_name(node, around):
    """A quantity of the same shape: at sizes that tell axes apart it is the same kind of array."""
    if not isinstance(node, ast.Name) or not isinstance(node.ctx, ast.Load):
        return
    shape = around.shape(node.id)
    if shape is None:
        return
    arguments = {a.arg for a in around.function.args.args}
    stored = {
        n.id
        for n in ast.walk(around.function)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store) and n.lineno < node.lineno
    }
    for name in sorted((arguments | stored) - {node.id}):
        if around.shape(name) == shape:
            yield ast.Name(name, ast.Load())
