"""A model text, read once more: its forward lines done by PyTorch, its gradients by autograd.

Nothing of the derivation, of the array program, or of the reader of the language takes part.  A
line with indices is a loop, an array is a tensor, a reduction over indices stacks its terms; what a
filter or a choice leaves out is not computed.  A letter has one range in the whole text.
"""

import ast
import itertools
import math

import torch

from random_models.torch_words import (
    ALONG,
    FUNCTIONS,
    NORMALISED,
    OPERATORS,
    OVER_NOTHING,
    RELATIONS,
)


def gradients_of(text, sizes, inputs, shapes):
    """Every quantity of a model, and the gradients of its cost by what it declares.

    `inputs` are arrays of floats, and of integers for index data; `shapes` are those of all
    quantities at these sizes.
    """
    reading = Reading(text, sizes, inputs, shapes)
    reading.read_all()
    declared = {n: reading.arrays[n] for n in inputs if reading.arrays[n].requires_grad}
    cost = reading.arrays[reading.cost].sum()
    if cost.requires_grad:
        found = torch.autograd.grad(cost, list(declared.values()), allow_unused=True)
    else:
        found = [None] * len(declared)
    zeros = map(torch.zeros_like, declared.values())
    slopes = (zero if slope is None else slope for slope, zero in zip(found, zeros, strict=True))
    gradients = {n: slope.numpy() for n, slope in zip(declared, slopes, strict=True)}
    return {n: array.detach().numpy() for n, array in reading.arrays.items()}, gradients


def tensor(value):
    return value if torch.is_tensor(value) else torch.tensor(float(value), dtype=torch.float64)


def number_or_array(value):
    """A single number of index data is an integer, as an index is."""
    is_index = torch.is_tensor(value) and value.dtype == torch.int64 and value.ndim == 0
    return int(value) if is_index else value


def variable(value):
    """A value by which others may be differentiated, also where it is a constant itself."""
    return value if value.requires_grad else value.detach().requires_grad_()


class Reading:
    """What is known so far: tensors, and entries of what is being computed."""

    def __init__(self, text, sizes, inputs, shapes):
        self.tree, self.sizes, self.shapes = ast.parse(text), sizes, shapes
        self.arrays = {
            name: torch.tensor(array, requires_grad=array.dtype.kind == "f")
            for name, array in inputs.items()
        }
        self.ranges, self.functions, self.known = {}, {}, {}
        # The entries of what is being computed; the lines that step, and along which axis.
        self.entries, self.steps, self.axis = {}, [], 0
        self.cost = None
        # Where an array is chosen: elsewhere nothing is computed from it.
        self.chosen = None

    def read_all(self):
        for statement in self.tree.body:
            line = isinstance(statement, ast.Assign) and isinstance(
                statement.targets[0], ast.Subscript
            )
            if self.steps and not (line and statement.targets[0].value.id in self.entries):
                self.step_through()
            self.read(statement)

    def read(self, statement):
        match statement:
            case ast.AnnAssign(ast.Name(name), ast.Call(ast.Name("range"), [size])):
                self.ranges[name] = range(self.value(size, {}))
            case ast.AnnAssign(ast.Name(name), ast.Name("const"), ast.Constant(value)):
                self.arrays[name] = tensor(value)
            case ast.FunctionDef(name):
                self.functions[name] = statement
            case ast.Assign([ast.Name(name)], value):
                self.arrays[name] = variable(tensor(self.value(value, {})))
            case ast.Assign([ast.Subscript(ast.Name(name), target)], value):
                self.line(name, target.elts if isinstance(target, ast.Tuple) else [target], value)
            case ast.Expr(ast.Call(ast.Name("minimize"), [ast.Name(name), *_])):
                self.cost = name

    # --- lines with indices -------------------------------------------------------------------

    def line(self, name, parts, value):
        """A line with indices: entries, or the start or a step of a recurrence, done later."""
        fixed = [axis for axis, part in enumerate(parts) if self.is_fixed(part)]
        if fixed:
            self.axis = fixed[0]
            self.store(name, parts, value, {})
        elif name in self.entries:
            self.steps.append((name, parts, value))
        else:
            self.store(name, parts, value, {})
            self.finish()

    def is_fixed(self, part):
        """Whether no letter stands in a subscript: there a recurrence starts."""
        names = {node.id for node in ast.walk(part) if isinstance(node, ast.Name)}
        return not isinstance(part, ast.Slice) and names <= set(self.sizes)

    def step_through(self):
        """The lines of one recurrence, one step after the other, each in the order of the text."""
        name = self.steps[0][0]
        size, started = self.shapes[name][self.axis], {p[self.axis] for p in self.entries[name]}
        order = [step for step in range(size) if step not in started]
        for step in reversed(order) if max(started) >= size - 1 else order:
            for own, parts, value in self.steps:
                letter, offset = letter_and_offset(parts[self.axis])
                self.store(own, parts, value, {letter: step - offset})
        self.steps = []
        self.finish()

    def store(self, name, parts, value, here):
        """The entries of one line: at all places of its letters, numbers or whole axes."""
        letters = [part.id for part in parts if isinstance(part, ast.Name)]
        letters = [letter for letter in letters if letter not in (*here, *self.sizes)]
        entries, shape = self.entries.setdefault(name, {}), self.shapes[name]
        for place in self.places(letters):
            inside = here | place
            found = tensor(self.value(value, inside))
            at = [[self.value(p, inside)] if not isinstance(p, ast.Slice) else None for p in parts]
            at += [None] * (len(shape) - len(at))
            axes = [range(n) if own is None else own for own, n in zip(at, shape, strict=True)]
            flat = found.reshape(-1)
            for number, location in enumerate(itertools.product(*axes)):
                entries[location] = flat[number]

    def finish(self):
        """What has all its entries is an array."""
        for name, entries in self.entries.items():
            places = itertools.product(*map(range, self.shapes[name]))
            found = [entries[place] for place in places]
            self.arrays[name] = variable(torch.stack(found).reshape(self.shapes[name]))
        self.entries = {}

    def places(self, letters):
        """All values of some letters."""
        for place in itertools.product(*map(self.range_of, letters)):
            yield dict(zip(letters, place, strict=True))

    def range_of(self, letter):
        """The declared range of a letter, or the axis on which it stands alone."""
        if letter not in self.ranges:
            for node in ast.walk(self.tree):
                if isinstance(node, ast.Subscript) and getattr(node.value, "id", "") in self.shapes:
                    axes = zip(subscripts_of(node), self.shapes[node.value.id], strict=False)
                    sizes = [size for part, size in axes if getattr(part, "id", None) == letter]
                    if sizes:
                        self.ranges[letter] = range(sizes[0])
                        break
        return self.ranges[letter]

    # --- expressions --------------------------------------------------------------------------

    def value(self, node, here):
        """The value of an expression; `here` holds indices, and what a function was called with."""
        match node:
            case ast.Constant(value):
                return value
            case ast.Name(name):
                places = (here, self.sizes, self.arrays, {"pi": math.pi})
                return number_or_array(next(found[name] for found in places if name in found))
            case ast.BinOp(left, ast.Div(), right):
                below = self.value(right, here)
                return self.value(left, here) / self.within(below, below != 0)
            case ast.BinOp(left, operator, right):
                return OPERATORS[type(operator)](self.value(left, here), self.value(right, here))
            case ast.UnaryOp(ast.USub(), operand):
                return -self.value(operand, here)
            case ast.UnaryOp(ast.Not(), operand):
                return torch.logical_not(torch.as_tensor(self.value(operand, here)))
            case ast.BoolOp(operator, parts):
                return self.joined(isinstance(operator, ast.And), parts, here)
            case ast.Compare(left, relations, others):
                values = [self.value(part, here) for part in (left, *others)]
                pairs = zip(relations, itertools.pairwise(values), strict=True)
                truths = [RELATIONS[type(relation)](*pair) for relation, pair in pairs]
                return torch.stack([torch.as_tensor(truth) for truth in truths]).all(0)
            case ast.Attribute(operand, "T"):
                array = self.value(operand, here)
                return array.permute(*reversed(range(array.ndim)))
            case ast.Subscript(ast.Name(name)):
                return self.entry(name, subscripts_of(node), here)
            case ast.Call(ast.Name(name), arguments, keywords):
                options = {keyword.arg: keyword.value for keyword in keywords}
                return self.call(node, name, arguments, options, here)
        raise TypeError(f"no torch for {ast.unparse(node)}")

    def joined(self, every, parts, here):
        """`and` or `or`, read from left to right as far as it is needed."""
        truth = torch.tensor(every)
        for part in parts:
            if truth.ndim == 0 and bool(truth) is not every:
                return truth
            join = torch.logical_and if every else torch.logical_or
            truth = join(truth, torch.as_tensor(self.value(part, here)))
        return truth

    def entry(self, name, parts, here):
        """An entry, a row, or rows that index data select; nothing is outside."""
        at = [slice(None) if isinstance(p, ast.Slice) else self.value(p, here) for p in parts]
        if name in self.entries:
            at += [slice(None)] * (len(self.shapes[name]) - len(at))
            axes = zip(at, self.shapes[name], strict=True)
            axes = [range(n) if isinstance(place, slice) else [place] for place, n in axes]
            shape = [n for p, n in zip(at, self.shapes[name], strict=True) if isinstance(p, slice)]
            found = [self.entries[name][place] for place in itertools.product(*axes)]
            return torch.stack(found).reshape(shape)
        for place, size in zip(at, self.shapes[name], strict=False):
            if not isinstance(place, slice):
                places = torch.as_tensor(place)
                if not bool(((places >= 0) & (places < size)).all()):
                    raise IndexError(f"{name} at {place}")
        return number_or_array(self.arrays[name][tuple(at)])

    def call(self, node, name, arguments, options, here):
        if name in self.functions:
            return self.called(self.functions[name], arguments, options, here)
        match name:
            case "where":
                return self.choice(*arguments, here)
            case "pad":
                try:
                    return self.value(arguments[0], here)
                except (IndexError, KeyError):
                    return tensor(0)
            case "eye":
                return torch.eye(self.value(arguments[0], here), dtype=torch.float64)
            case "grad":
                of, wrt = (self.arrays[argument.id] for argument in arguments)
                if not of.requires_grad:
                    return torch.zeros_like(wrt)
                (slope,) = torch.autograd.grad(of.sum(), wrt, create_graph=True, allow_unused=True)
                return torch.zeros_like(wrt) if slope is None else slope
        if name in (*ALONG, *NORMALISED):
            letters = [argument.id for argument in arguments[1:]]
            if letters and name in ALONG:
                return self.over_indices(name, arguments[0], letters, options, here)
            if letters:
                return self.normalised_over(node, name, arguments[0], letters, options, here)
            return self.over_axes(name, arguments[0], options, here)
        values = [self.value(argument, here) for argument in arguments]
        if name in ("clip", "pow"):
            return FUNCTIONS[name](tensor(values[0]), *values[1:])
        values = [tensor(value) for value in values]
        if name in ("log", "sqrt"):
            values = [self.within(value, value > 0) for value in values]
        return FUNCTIONS[name](*values)

    def called(self, function, arguments, options, here):
        """A function of the text: its own definitions, then what it returns."""
        given = [self.value(argument, here) for argument in arguments]
        names = [argument.arg for argument in function.args.args]
        defaults = function.args.defaults
        local = {
            n: self.value(d, here)
            for n, d in zip(names[len(names) - len(defaults) :], defaults, strict=True)
        }
        local |= dict(zip(names, given, strict=False))
        local |= {name: self.value(option, here) for name, option in options.items()}
        for statement in function.body:
            if isinstance(statement, ast.Return):
                return self.value(statement.value, local)
            local[statement.targets[0].id] = self.value(statement.value, local)
        raise TypeError("no return")

    def choice(self, condition, chosen, otherwise, here):
        truth = torch.as_tensor(self.value(condition, here))
        if truth.ndim == 0:
            return self.value(chosen if truth else otherwise, here)
        return torch.where(
            truth,
            tensor(self.where(truth, chosen, here)),
            tensor(self.where(truth.logical_not(), otherwise, here)),
        )

    def where(self, truth, node, here):
        """The value of what is chosen at some places of an array; what it is elsewhere is dropped.

        There a logarithm is that of one, or its slope might be infinite.
        """
        before = self.chosen
        self.chosen = truth if before is None or before.shape != truth.shape else before & truth
        value = self.value(node, here)
        self.chosen = before
        return value

    def within(self, value, exists):
        """An argument, and one where nothing is chosen and the function has no value."""
        if self.chosen is None or not torch.is_tensor(value) or value.shape != self.chosen.shape:
            return value
        return torch.where(self.chosen | exists, value, 1.0)

    # --- reductions ---------------------------------------------------------------------------

    def over_indices(self, kind, term, letters, options, here):
        kept = []
        for place in self.places(letters):
            inside = here | place
            if "where" not in options or self.value(options["where"], inside):
                kept.append(tensor(self.value(term, inside)))
        if not kept:
            return tensor(OVER_NOTHING[kind])
        return ALONG[kind](torch.stack(kept, -1))

    def normalised_over(self, node, name, term, letters, options, here):
        """One entry of a softmax over letters that stay; all of them are worked out at once."""
        places = list(self.places(letters))
        others = {letter: value for letter, value in here.items() if letter not in letters}
        key = (id(node), *others.items())
        plain = all(isinstance(value, int) for value in others.values()) and not self.steps
        if not plain or key not in self.known:
            insides = [others | place for place in places]
            kept = [
                k
                for k, inside in enumerate(insides)
                if "where" not in options or self.value(options["where"], inside)
            ]
            terms = [tensor(self.value(term, insides[k])) for k in kept]
            found = NORMALISED[name](torch.stack(terms), 0) if terms else []
            self.known[key] = dict(zip(kept, found, strict=True))
        own = places.index({letter: here[letter] for letter in letters})
        return self.known[key].get(own, tensor(0))

    def over_axes(self, name, term, options, here):
        array = tensor(self.value(term, here))
        if name in NORMALISED:
            axis = self.value(options["axis"], here) if "axis" in options else -1
            return NORMALISED[name](array, axis)
        axes = range(array.ndim)
        if "axis" in options:
            axis = ast.literal_eval(options["axis"])
            axes = [k % array.ndim for k in (axis if isinstance(axis, tuple) else (axis,))]
        count = None
        if "where" in options:
            kept = torch.as_tensor(self.value(options["where"], here)).expand(array.shape)
            count = merged(kept, axes).sum(-1) if name == "mean" else None
            array = torch.where(kept, array, 0.0 if name == "mean" else OVER_NOTHING[name])
        flat = merged(array, axes)
        result = ALONG[name](flat) if count is None else ALONG["sum"](flat) / count
        for axis in sorted(axes) if "keepdims" in options else ():
            result = result.unsqueeze(axis)
        return result


def merged(array, axes):
    """The array with some axes as one, the last."""
    kept = [k for k in range(array.ndim) if k not in axes]
    return array.permute(*kept, *axes).flatten(len(kept)) if array.ndim else array.reshape(1)


def letter_and_offset(part):
    """`t`, `t + 1` or `t - 1`, on the left of a step."""
    if isinstance(part, ast.Name):
        return part.id, 0
    return part.left.id, part.right.value if isinstance(part.op, ast.Add) else -part.right.value


def subscripts_of(node):
    return node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
