"""A program as the mutations see it: its functions, what stands where, the shapes of its arrays."""

import ast
import numbers
import sys
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from derive.numbers.arithmetic import Scalar

# The mathematics, and what is called from outside.  What the latter do besides is checking
# arguments, starting, training and printing, which other tests hold.
PUBLIC = (
    "forward loss gradients init_state update step hessian hvp jacobian input_gradients "
    "flatten unflatten _typed"
).split()


OUTSIDE = "# What is called from outside"

# What needs brackets in the place of an operand, and where there are no others.
COMPOSED = ast.BinOp | ast.UnaryOp | ast.Compare | ast.BoolOp | ast.IfExp | ast.Lambda
WHOLE = ast.Assign | ast.AugAssign | ast.Return | ast.keyword


@dataclass(frozen=True)
class Mutant:
    """One mistake: `after` in the place of `before`, in a line of a function of a program."""

    kind: str
    program: str
    function: str
    line: int
    start: int
    end: int
    before: str
    after: str
    # Why it is no mistake, where a rule proves that.
    reason: str = ""
    # The line of the source, without its comment, and the node that the text is part of.
    within: str = ""

    def applied(self, source):
        """The source with the mistake."""
        text = source.encode()
        return (text[: self.start] + self.after.encode() + text[self.end :]).decode()

    @property
    def key(self):
        """What names the mistake, wherever the lines of the program stand."""
        return f"{self.program}.{self.function}: {self.before} -> {self.after}"


class Program:
    """The source of a generated module, with its tree."""

    def __init__(self, name, source):
        self.name, self.source = name, source
        self.tree = ast.parse(source)
        self.bytes = source.encode()
        lengths = [len(line) for line in self.bytes.splitlines(keepends=True)]
        self.starts = [sum(lengths[:k]) for k in range(len(lengths) + 1)]
        self.parents = {
            child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)
        }

    @cached_property
    def functions(self):
        """The functions that are attacked, and the constants of the module as one more."""
        every = [node for node in self.tree.body if isinstance(node, ast.FunctionDef)]
        public = self.source.index(OUTSIDE)
        line = self.source[:public].count("\n")
        return [f for f in every if f.lineno <= line or f.name in PUBLIC]

    @cached_property
    def constants(self):
        """The assignments of single numbers at the top of the module."""
        return [
            node
            for node in self.tree.body
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        ]

    @cached_property
    def declared(self):
        """The shapes of parameters and data, as the module declares them."""
        tables = [
            ast.literal_eval(node.value)
            for node in self.tree.body
            if isinstance(node, ast.Assign) and node.targets[0].id in ("PARAMETERS", "DATA")
        ]
        return {name: shape for table in tables for name, shape in table.items()}

    def span(self, node):
        """Where a node starts and ends, in bytes."""
        start = self.starts[node.lineno - 1] + node.col_offset
        return start, self.starts[node.end_lineno - 1] + node.end_col_offset

    def text(self, node):
        """The source of a node."""
        start, end = self.span(node)
        return self.bytes[start:end].decode()

    def mutant(self, kind, function, node, after, reason=""):
        """The mutant with another node, or text, in the place of a node."""
        text = after if isinstance(after, str) else ast.unparse(after)
        if isinstance(after, COMPOSED) and not isinstance(self.parents[node], WHOLE):
            text = f"({text})"
        start, end = self.span(node)
        before = self.bytes[start:end].decode()
        line = self.bytes.splitlines()[node.lineno - 1].decode()
        above = ast.unparse(self.parents[node]) if isinstance(node, ast.expr) else ""
        within = f"{line.partition('  #')[0].strip()} at {above}"
        return Mutant(
            kind, self.name, function, node.lineno, start, end, before, text, reason, within
        )


@dataclass
class Seen:
    """What a run met: shapes of local arrays and values of integers, by function and name.

    A name that stands for arrays of several ranks is left out.
    """

    shapes: dict = field(default_factory=dict)
    integers: dict = field(default_factory=dict)

    def note(self, function, local, value):
        key = function, local
        if isinstance(value, int):
            self.integers[key] = value
        if isinstance(value, np.ndarray | np.generic | numbers.Number | Scalar):
            shape = np.shape(value)
            before = self.shapes.setdefault(key, shape)
            self.shapes[key] = shape if before is not None and len(before) == len(shape) else None


def seen_in(name, run):
    """What a run meets in the functions of a program."""
    seen = Seen()

    def note(frame, event, _):
        if event == "return" and frame.f_code.co_filename == f"<{name}>":
            for local, value in frame.f_locals.items():
                seen.note(frame.f_code.co_name, local, value)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        run()
    finally:
        sys.setprofile(before)
    return seen
