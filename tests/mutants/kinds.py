"""The kinds of mistakes: what may stand wrongly in the place of one node of a program.

Each kind is a function of a node and its surroundings, which gives other nodes, or texts.  They
know Python and NumPy and no model: they serve for any module.
"""

import ast
import copy
import itertools
from dataclasses import dataclass

from mutants.equivalent import reason
from mutants.source import Program, Seen

ARITHMETIC = ast.BinOp | ast.UnaryOp | ast.Call | ast.Attribute | ast.Subscript | ast.Name
REDUCTIONS = ("sum", "mean", "max", "min", "prod", "trace", "logsumexp")
OTHER_REDUCTION = {"sum": "mean", "mean": "sum", "max": "min", "min": "max", "prod": "sum"}
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
# What refuses arguments, and the names that it has for them: other tests hold that.
GUARDS = ("_all_finite", "_finite", "_finite_from", "_changeable", "_named")
COMPARISONS = {
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.LtE),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.GtE),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
}


@dataclass(frozen=True)
class Surroundings:
    """The program and the function that a node stands in, and the shapes of its names."""

    program: Program
    function: ast.FunctionDef
    seen: Seen

    def shape(self, name):
        """The shape of a local array, None where that is not known."""
        return self.seen.shapes.get((self.function.name, name))

    def value(self, name):
        """The value of a local integer, None where it is none."""
        return self.seen.integers.get((self.function.name, name))

    def parent(self, node):
        return self.program.parents[node]

    def rank(self, name):
        """How many axes an array has; None where that is not known."""
        shape = self.shape(name)
        return None if shape is None else len(shape)

    def inside(self, node, kinds):
        """Whether a node stands in one of these kinds of nodes, within its statement."""
        while not isinstance(node, ast.stmt):
            node = self.parent(node)
            if isinstance(node, kinds):
                return True
        return False

    def is_guard(self, node):
        """Whether a node is part of what refuses arguments, and of what it says."""
        while True:
            if isinstance(node, ast.Raise) or called(node) in GUARDS:
                return True
            if isinstance(node, ast.stmt) or node not in self.program.parents:
                return False
            node = self.parent(node)

    def is_index(self, node):
        """Whether a node stands in the brackets behind an array."""
        while not isinstance(node, ast.stmt):
            parent = self.parent(node)
            if isinstance(parent, ast.Subscript) and parent.slice is node:
                return not isinstance(parent.slice, ast.Constant) or isinstance(
                    parent.slice.value, int
                )
            node = parent
        return False

    def is_shape(self, node):
        """Whether a node is part of a shape, an axis or a range, and no number of the model."""
        while not isinstance(node, ast.stmt):
            parent = self.parent(node)
            match parent:
                case ast.keyword(arg="axis" | "axes"):
                    return True
                case ast.Call(func=ast.Attribute(attr=name)) if node is not parent.func and (
                    name in ("transpose", "reshape", "swapaxes", "zeros", "empty", "moveaxis")
                ):
                    return True
            node = parent
        return False


def changed(node, **fields):
    """A copy of a node with other fields."""
    found = copy.copy(node)
    for name, value in fields.items():
        setattr(found, name, value)
    return found


def number(value):
    return ast.Constant(value) if value >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-value))


def integer(node):
    """The integer that a node is, None where it is none."""
    match node:
        case ast.Constant(value=int(value)) if not isinstance(value, bool):
            return value
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int(value))):
            return -value
    return None


def called(node):
    """The last name of what is called: np.sum and x.sum are sums."""
    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name
    return ""


def reduced(node):
    """What is reduced by a call: x in x.sum() and in np.sum(x)."""
    match node.func:
        case ast.Attribute(value=ast.Name(id="np" | "math")) | ast.Name():
            return node.args[0]
    return node.func.value


# --- the kinds ----------------------------------------------------------------------------------


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
        isinstance(node, ast.Assign) and isinstance(target, ast.Name) and target.id == name
        for node in ast.walk(function)
        for target in getattr(node, "targets", ())
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


def _same(node, after):
    return ast.unparse(node) == (after if isinstance(after, str) else ast.unparse(after))


KINDS = {
    "sign": sign,
    "dropped factor": factor,
    "dropped term": term,
    "transpose": transpose,
    "reduction": reduction,
    "axis": axis,
    "off by one": off_by_one,
    "stale buffer": stale_buffer,
    "swapped operands": swapped_operands,
    "wrong type": wrong_type,
    "wrong constant": wrong_constant,
    "wrong comparison": wrong_comparison,
    "wrong function": wrong_function,
    "wrong name": wrong_name,
}

# Of these all are to be caught, except what a rule proves to be no mistake.
STRICT = ("sign", "transpose", "dropped term", "reduction", "axis", "off by one")


def mutants(program, seen):
    """Every mutant of the attacked functions of a program, without repeats."""
    found = {}
    for function in program.functions:
        around = Surroundings(program, function, seen)
        docstring = ast.get_docstring(function) is not None and function.body[0]
        nodes = [
            node
            for part in (*function.args.kw_defaults, *function.body)
            if part is not None and part is not docstring
            for node in ast.walk(part)
        ]
        for (kind, operator), node in itertools.product(KINDS.items(), nodes):
            if not hasattr(node, "lineno") or around.is_guard(node):
                continue
            for after in operator(node, around):
                why = reason(node, after, around)
                mutant = program.mutant(kind, function.name, node, after, why)
                if not _same(node, after):
                    found.setdefault((mutant.start, mutant.end, mutant.after), mutant)
    for constant in program.constants:
        around = Surroundings(program, constant, seen)
        for after in wrong_constant(constant.value, around):
            mutant = program.mutant("wrong constant", "", constant.value, after)
            found.setdefault((mutant.start, mutant.end, mutant.after), mutant)
    return list(found.values())
