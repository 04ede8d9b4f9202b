"""A node of a program and what stands around it: what a kind of mistake has to know."""

import ast
import copy
from dataclasses import dataclass

from mutants.source import Program, Seen

# What refuses arguments, and the names that it has for them: other tests hold that.
GUARDS = ("_all_finite", "_finite", "_finite_from", "_changeable", "_named")


@dataclass(frozen=True)
class Surroundings:
    """The program and the function that a node stands in, and the shapes of its names."""

    program: Program
    function: ast.FunctionDef
    seen: Seen

    def shape(self, name):
        """The shape of a local array, None where that is not known."""
        return self.seen.shapes.get((self.function.name, name))

    def declared(self, name):
        """The shape of a parameter or of data with names for sizes, None for what is neither."""
        return self.program.declared.get(name)

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
