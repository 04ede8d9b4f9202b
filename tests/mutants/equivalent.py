"""Mistakes that are none: another text for the same numbers, and the rule that says why.

A rule reads the program: it claims a mutant only where it is the same whatever the data are.  The
runs hold the rules to it: a mutant that a rule claims and that a verification catches is an error.
"""

import ast

SHAPED = ("zeros_like", "empty_like", "ones_like")


def reason(node, after, around):
    """Why a program with `after` in the place of a node computes the same, "" where it may not."""
    found = (rule(node, after, around) for rule in RULES)
    return next((text for text in found if text), "")


def _named(node):
    match node:
        case ast.Call(func=ast.Attribute(attr=name) | ast.Name(id=name)):
            return name
    return ""


def negative_zeros(node, after, around):
    match after:
        case ast.UnaryOp(op=ast.USub(), operand=same) if same is node:
            if _named(node) in ("zeros", "zeros_like"):
                return "the negative of zero is zero"
            if _named(node) in ("empty", "empty_like"):
                return "memory that is written over before it is read has no sign"
    return ""


def sign_of_a_quotient(node, after, around):
    """e = -f(z) and then e /= e.sum(): the sign is above and below."""
    statement = around.parent(node)
    if not (isinstance(after, ast.UnaryOp) and isinstance(statement, ast.Assign)):
        return ""
    body = around.function.body
    if statement not in body or statement is body[-1] or after.operand is not node:
        return ""
    match statement.targets[0], body[body.index(statement) + 1]:
        case ast.Name(id=name), ast.AugAssign(
            op=ast.Div(),
            target=ast.Name(id=above),
            value=ast.Call(func=ast.Attribute(attr="sum", value=ast.Name(id=below))),
        ) if name == above == below:
            return "the sign cancels in the quotient by the sum"
    return ""


def only_a_shape_is_read(node, after, around):
    """Entries of an array of which only the shape and the type are read."""
    above = around.parent(node)
    if isinstance(above, ast.Subscript) and above.slice is node:
        inner = around.parent(above)
        if _named(inner) in SHAPED and ast.unparse(after) == "-1":
            return "all rows of an array have the same shape and type, and nothing else is read"
    if isinstance(node, ast.Name) and isinstance(after, ast.Name):
        while isinstance(above, ast.Subscript):
            above = around.parent(above)
        if _named(above) in SHAPED or getattr(above, "attr", "") in ("dtype", "shape"):
            names = (node.id, after.id)
            shapes = [around.declared(name) for name in names]
            are_declared = None not in shapes
            if not are_declared:
                shapes = [around.shape(name) for name in names]
            if getattr(above, "attr", "") == "shape":
                shapes = [_read(around.parent(above), shape) for shape in shapes]
            # A number that a kernel makes may have no type.
            if shapes[0] == shapes[1] and (are_declared or shapes[0]):
                return "both have the same shape and type at all sizes, and nothing else is read"
    return ""


def _read(node, shape):
    """The part of a shape that a node takes."""
    match node:
        case ast.Subscript(slice=ast.Constant(value=int(place))) if shape and place < len(shape):
            return shape[place]
    return shape


def only_a_type_is_read(node, after, around):
    while not isinstance(node, ast.stmt):
        if _named(node) == "result_type":
            return "only the type is read, and all parameters have it"
        node = around.parent(node)
    return ""


def one_entry(node, after, around):
    """A transpose of what has a single entry at all sizes: none of those that are tried is one."""
    match node, after:
        case ast.Name(id=name), ast.Attribute(attr="T") if set(around.shape(name) or ()) == {1}:
            return "an array with a single entry is its own transpose"
    return ""


def axis_of_one(node, after, around):
    """The first or the last place of an axis that has one at all sizes."""
    place, array = node, around.parent(node)
    if isinstance(array, ast.Tuple):
        place, array = array, around.parent(array)
    if not isinstance(array, ast.Subscript) or array.slice is not place:
        return ""
    if not isinstance(after, ast.expr) or {ast.unparse(node), ast.unparse(after)} != {"0", "-1"}:
        return ""
    places = place.elts if isinstance(place, ast.Tuple) else [place]
    at = places.index(node)
    match array.value:
        case ast.Name(id=name):
            shape = around.shape(name) or ()
            one = len(shape) > at and shape[at] == 1
        case ast.BinOp(op=ast.MatMult(), right=ast.Subscript(slice=ast.Tuple(elts=axes))) if (
            _is_new(axes[-1])
        ):
            one = at == len(places) - 1 == len(axes) - 1
        case ast.BinOp(op=ast.MatMult(), left=ast.Subscript(slice=ast.Tuple(elts=axes))) if _is_new(
            axes[-2]
        ):
            one = at == len(axes) - 2
        case _:
            one = False
    return "the axis has one entry, the first and the last" if one else ""


def _is_new(axis):
    return isinstance(axis, ast.Constant) and axis.value is None


def all_is_summed(node, after, around):
    """A transpose inside a sum or mean over everything, of elementwise operations."""
    if not (isinstance(after, ast.Attribute) and after.attr == "T" and after.value is node):
        return ""
    while True:
        above = around.parent(node)
        match above:
            case ast.BinOp(left=left, right=ast.Constant()) if left is node:
                node = above
            case ast.UnaryOp():
                node = above
            case ast.Call(
                func=ast.Attribute(attr="sum" | "mean", value=ast.Name(id="np")), keywords=[]
            ):
                return "all entries are summed, in whatever order they stand"
            case ast.Call(
                func=ast.Attribute(attr="diagonal" | "trace", value=ast.Name(id="np")), keywords=[]
            ):
                return "a transpose keeps the diagonal"
            case _:
                return ""


def even_power(node, after, around):
    """The square of a - b is that of b - a."""
    match around.parent(node), node, after:
        case (
            ast.BinOp(op=ast.Pow(), left=base, right=ast.Constant(value=2)),
            ast.BinOp(op=ast.Sub(), left=a, right=b),
            ast.BinOp(op=ast.Sub(), left=c, right=d),
        ) if base is node and a is d and b is c:
            return "the square of a difference does not depend on its sign"
    return ""


def commutes(node, after, around):
    """The operands of a scalar product, or of a sum over all axes of one of them, exchanged."""
    match node:
        case ast.BinOp(ast.Name(id=one), ast.MatMult(), ast.Name(id=other)):
            text = after if isinstance(after, str) else ast.unparse(after)
            exchanged = text == f"{other} @ {one}"
            if exchanged and around.rank(one) == around.rank(other) == 1:
                return "a scalar product of real vectors is the same in both orders"
    if not (isinstance(after, ast.Call) and _named(node) == _named(after)):
        return ""
    if [after.args[:2][::-1], after.keywords] != [node.args[:2], node.keywords]:
        return ""
    if _named(node) == "vecdot":
        return "a scalar product of real vectors is the same in both orders"
    match node.keywords:
        case [ast.keyword(arg="axes", value=ast.Tuple(elts=[ast.Tuple() as one, other]))] if (
            ast.unparse(one) == ast.unparse(other)
        ):
            ranks = [around.rank(getattr(argument, "id", "")) for argument in node.args]
            if len(one.elts) in ranks:
                return "all axes of one operand are summed, so those of the other stay in order"
    return ""


def typed_in_place(node, after, around):
    """The conversion of gradients before they are written into arrays that keep their types."""
    dropped = isinstance(node, ast.Assign) and isinstance(after, ast.Pass)
    if dropped and _named(node.value) == "_typed" and around.function.name == "step":
        return "the update writes into arrays that keep their types"
    return ""


def array_or_asarray(node, after, around):
    """Which of two functions makes an array of the same numbers, with a copy or without."""
    match node:
        case ast.IfExp(body=ast.Attribute(attr=one), orelse=ast.Attribute(attr=other)):
            if {one, other} == {"array", "asarray"} and isinstance(after, ast.IfExp):
                return "both make an array of the same numbers in the same type"
    return ""


def scale_of_a_norm(node, after, around):
    """What is taken at m = 0 in u = np.where(m > 0, m, 1), u *= np.sqrt(np.sum((U / u) ** 2)).

    Any positive number may stand for m, and where it is zero U / u has no value.
    """
    statement = node
    while not isinstance(statement, ast.stmt):
        statement = around.parent(statement)
    body = around.function.body
    if statement not in body or statement is body[-1]:
        return ""
    match statement, body[body.index(statement) + 1]:
        case (
            ast.Assign(targets=[ast.Name(id=u)], value=ast.Call(args=[condition, _, otherwise])),
            ast.AugAssign(op=ast.Mult(), target=ast.Name(id=scaled), value=root),
        ) if (
            u == scaled
            and ast.unparse(root).startswith("np.sqrt(np.sum((")
            and (ast.unparse(condition).endswith(" > 0"))
        ):
            text = ast.unparse(after) if isinstance(after, ast.AST) else after
            zero = node is condition.comparators[0] and text == "-1"
            touching = node is condition and text.endswith(">= 0")
            if zero or touching or (node is otherwise and isinstance(after, ast.Constant)):
                return "they differ where all is zero, which has no direction"
    return ""


def names_never_read(node, after, around):
    """Two names of a list are exchanged, of which the function reads none."""
    listed = isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Store)
    changed = _exchanged(node, after) if listed else []
    if changed and not any(name in _loaded(around.function) for name in changed):
        return "neither name is read in this function"
    return ""


def factors_of_one_product(node, after, around):
    """Two sizes are exchanged that are read in one product only, both in it."""
    changed = _exchanged(node, after)
    loads = [
        n
        for n in ast.walk(around.function)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and n.id in changed
    ]
    products = {}
    for load in loads:
        top = load
        while isinstance(around.parent(top), ast.BinOp) and isinstance(
            around.parent(top).op, ast.Mult
        ):
            top = around.parent(top)
        products.setdefault(top, []).append(load.id)
    are_sizes = changed and all(around.value(name) is not None for name in changed)
    if are_sizes and products and all(sorted(p) == sorted(changed) for p in products.values()):
        return "both are factors of the same product, in whatever order"
    return ""


def _exchanged(node, after):
    """The two names that two lists of targets have exchanged."""
    match node, after:
        case ast.Assign(targets=[ast.Tuple() as old]), ast.Assign(targets=[ast.Tuple() as new]):
            node, after = old, new
    if not (isinstance(node, ast.Tuple) and isinstance(after, ast.Tuple)):
        return []
    pairs = zip(map(ast.unparse, node.elts), map(ast.unparse, after.elts), strict=True)
    return [one for one, other in pairs if one != other]


def _loaded(function):
    names = [n for n in ast.walk(function) if isinstance(n, ast.Name)]
    return {n.id for n in names if isinstance(n.ctx, ast.Load)}


def wider_inside_an_update(node, after, around):
    if around.function.name == "_update" and isinstance(after, str) and after.endswith("float64)"):
        return "what is written in place keeps its type; on the way there is no less precision"
    return ""


def wider_cost(node, after, around):
    """A cost becomes a float of Python, which has the range and precision of float64."""
    statement = around.parent(node)
    match statement:
        case ast.Assign(targets=[ast.Name(id="cost")]) if isinstance(after, str):
            if after.endswith("float64)"):
                return "a cost is returned as a float of Python, which is as wide"
    return ""


def cost_beside_gradients(node, after, around):
    """The cost in the question whether anything is not finite: only gradients are then refused."""
    above = around.parent(node)
    asked = isinstance(above, ast.List) and _named(around.parent(above)) == "_are_finite"
    if asked and around.function.name == "step" and isinstance(after, ast.Name):
        return "where all gradients are finite nothing is refused, whatever the cost is"
    return ""


def another_name(node, after, around):
    """A name that was given to the same array, and is still its name."""
    if not (isinstance(node, ast.Name) and isinstance(after, ast.Name)):
        return ""
    for statement in ast.walk(around.function):
        match statement:
            case ast.Assign(targets=[ast.Name(id=one)], value=ast.Name(id=other)):
                if {one, other} == {node.id, after.id} and _stored_once(
                    around.function, one, other
                ):
                    return f"{one} is another name of {other}"
    return ""


def _stored_once(function, *names):
    stored = [
        n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    ]
    return all(stored.count(name) <= 1 for name in names)


def last_place(node, after, around):
    """The last entry, by its number or by -1."""
    sliced = around.parent(node)
    if isinstance(sliced, ast.Subscript) and isinstance(sliced.value, ast.Name):
        match node, after:
            case (
                ast.BinOp(op=ast.Sub(), left=ast.Name(id=size), right=ast.Constant(value=1)),
                ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=1)),
            ) if (around.shape(sliced.value.id) or (None,))[0] == around.value(size):
                return f"{size} - 1 is the last place, since {size} is the length of the axis"
    return ""


RULES = (
    negative_zeros,
    sign_of_a_quotient,
    only_a_shape_is_read,
    only_a_type_is_read,
    one_entry,
    axis_of_one,
    all_is_summed,
    even_power,
    commutes,
    typed_in_place,
    array_or_asarray,
    scale_of_a_norm,
    names_never_read,
    factors_of_one_product,
    wider_inside_an_update,
    wider_cost,
    cost_beside_gradients,
    another_name,
    last_place,
)
