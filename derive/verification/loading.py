"""Generated source as a module: as it stands, or with its constants as exact numbers.

This is the only place where source is executed, and the source is our own: a module that was
generated here, never a model's text.

To run a kernel on exact numbers its constants must be exact too.  In an exact module every float
literal is read as the decimal number that is written (`0.1` is one tenth), `/` of integers is a
fraction, `math` computes on our scalars and NumPy's new arrays hold objects.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache, partial
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from derive.numbers.arithmetic import Infinite, NotDefined, NotRational, Scalar
from derive.numbers.evaluation import SCALARS, How
from derive.numbers.matrices import linear_algebra
from derive.numbers.scalars import ELEMENTARY, INTEGERS, PI
from derive.numbers.special import SERIES
from derive.program.array_functions import IN_MATH

# What begins the part of a module in which nothing is computed.
CHECKS = "\n# The checks of what is passed in."

NUMBER, QUOTIENT, POWER, LIFTED, STORED = "_number", "_quotient", "_power", "_lifted", "_stored"
# What takes integers to fractions.
CALLED: dict[type[ast.operator], str] = {ast.Div: QUOTIENT, ast.Pow: POWER}


def load_module(source: str, name: str = "update") -> ModuleType:
    """The module that `source` is.

    >>> load_module("def twice(x): return 2.0 * x").twice(3)
    6.0
    """
    return _executed(_compiled(source, name), name, {})


# One module is loaded to be verified, to be trained and to be followed on paper.
@lru_cache(maxsize=8)
def _compiled(source: str, name: str) -> CodeType:
    return compile(source, f"<{name}>", "exec")


def load_exact(source: str, how: How, name: str = "update") -> ModuleType:
    """The module that `source` is, with constants in the arithmetic `how`.

    >>> load_exact("def tenth(x): return 0.1 * x", "exact").tenth(3)
    Exact(3/10)
    """
    scalar = SCALARS[how]
    names = {
        NUMBER: lambda text: scalar.of(Fraction(text)),
        LIFTED: lambda operand: lifted(operand, how),
        QUOTIENT: lambda above, below: lifted(above, how) / below,
        POWER: partial(power, how=how),
        STORED: stored,
        "math": ExactMath(how),
        "np": ExactNumpy(how),
    }
    tree = ast.fix_missing_locations(_ExactConstants(source).visit(ast.parse(source)))
    module = _executed(compile(tree, f"<{name}>", "exec"), name, names)
    for function in (*SERIES, *sorted(IN_MATH)):
        # A series is cut off where floats end, and integers become floats; here the function
        # itself is known.
        if hasattr(module, f"_{function}"):
            setattr(module, f"_{function}", _of_scalars(function, how))
    return module


def computing(source: str) -> str:
    r"""The part of a module that computes, without the functions that check for it.

    >>> computing("def _forward(x):\n    return x\n\n# The checks of what is passed in.\n")
    'def _forward(x):\n    return x\n'
    """
    return source.partition(CHECKS)[0]


def _of_scalars(function: str, how: How) -> Callable[[Any], Any]:
    apply = np.vectorize(lambda scalar: lifted(scalar, how).apply(function), otypes=[object])
    return lambda operand: apply(np.asarray(operand, dtype=object))


def _executed(code: CodeType, name: str, names: dict[str, Any]) -> ModuleType:
    module = ModuleType(name)
    module.__dict__.update(names)
    exec(code, module.__dict__)
    return module


class _ExactConstants(ast.NodeTransformer):
    """Literals and divisions become calls of ours; `math` and `np` are given, not imported."""

    def __init__(self, source: str) -> None:
        # Columns count the bytes of a line.
        self.lines = source.encode().split(b"\n")

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if not isinstance(node.value, float):
            return node
        text = self.lines[node.lineno - 1][node.col_offset : node.end_col_offset].decode()
        number = ast.Name(NUMBER, ast.Load())
        return ast.copy_location(ast.Call(number, [ast.Constant(text)], []), node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        called = CALLED.get(type(node.op))
        if called is None:
            return node
        function = ast.Name(called, ast.Load())
        return ast.copy_location(ast.Call(function, [node.left, node.right], []), node)

    def visit_Assign(self, node: ast.Assign) -> ast.stmt:
        self.generic_visit(node)
        if isinstance(node.targets[0], ast.Subscript):
            node.value = ast.Call(ast.Name(STORED, ast.Load()), [node.value], [])
        return node

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        self.generic_visit(node)
        if not isinstance(node.op, ast.Div) or not isinstance(node.target, ast.Name):
            return node
        before = ast.Name(node.target.id, ast.Load())
        quotient = ast.Call(ast.Name(QUOTIENT, ast.Load()), [before, node.value], [])
        return ast.copy_location(ast.Assign([node.target], quotient), node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        self.generic_visit(node)
        if not (isinstance(node.func, ast.Attribute) and node.func.attr == "mean"):
            return node
        # The mean of integers is a fraction.
        array = ast.Call(ast.Name(LIFTED, ast.Load()), [node.func.value], [])
        mean = ast.Attribute(array, "mean", ast.Load())
        return ast.copy_location(ast.Call(mean, node.args, node.keywords), node)

    def visit_Import(self, node: ast.Import) -> ast.stmt:
        kept = [alias for alias in node.names if alias.name not in ("math", "numpy")]
        return ast.Import(kept) if kept else ast.Pass()


def lifted(operand: Any, how: How) -> Any:
    """Integers and truths, in an array or alone, as scalars; anything else as it is."""
    if isinstance(operand, np.ndarray):
        if operand.dtype.kind in "Oiub":
            scalars = np.empty(operand.shape, dtype=object)
            for location in np.ndindex(operand.shape):
                scalars[location] = lifted(operand.item(location), how)
            return scalars
        return operand
    return SCALARS[how].of(int(operand)) if isinstance(operand, INTEGERS) else operand


def power(base: Any, exponent: Any, how: How) -> Any:
    """A power, exact also where an integer is divided by: 2 ** -1 is one half."""
    falls = isinstance(exponent, INTEGERS) and exponent < 0
    return (lifted(base, how) if falls else base) ** exponent


def stored(value: Any) -> Any:
    """What is put into an array: a number where the value is an array of one number, without axes.

    An array of objects would hold the array itself.
    """
    return value.item() if isinstance(value, np.ndarray) and value.shape == () else value


class ExactMath:
    """What a kernel finds under `math`: functions of integers as they are, others on scalars."""

    def __init__(self, how: How) -> None:
        self._how = how

    @property
    def pi(self) -> Scalar:
        """The constant pi, which exact arithmetic cannot hold."""
        if self._how == "exact":
            raise NotRational("pi is not rational", "evaluate to 50 digits")
        return PI

    @property
    def inf(self) -> Infinite:
        """Infinity, on which our numbers compute as floats do."""
        return Infinite(math.inf)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        name = re.sub("^a(?=sin|cos|tan)", "arc", name)
        if name == "arctan2":
            return lambda y, x: lifted(y, self._how).arctan2(lifted(x, self._how))
        if name not in ELEMENTARY:
            integral: Callable[..., Any] = getattr(math, name)
            return integral
        return lambda operand: lifted(operand, self._how).apply(name)


# What picks one of its operands, perhaps an integer, whose mean would be a float.
CHOOSING = ("where", "maximum", "minimum")


_signs = np.vectorize(
    lambda number: number if isinstance(number, NotDefined) else (number > 0) - (number < 0),
    otypes=[object],
)


class ExactNumpy:
    """What a kernel finds under `np`: new arrays hold objects, functions see no bare integers."""

    def __init__(self, how: How) -> None:
        self._how = how

    @property
    def linalg(self) -> ExactMatrices:
        """Linear algebra on scalars."""
        return ExactMatrices(self._how)

    @property
    def inf(self) -> Infinite:
        """Infinity, on which our numbers compute as floats do."""
        return Infinite(math.inf)

    def vecdot(self, left: Any, right: Any, keepdims: bool = False) -> Any:
        """Row by row the sum of products; NumPy's own asks objects for their conjugates."""
        product = lifted(left, self._how) * lifted(right, self._how)
        return np.sum(product, axis=-1, keepdims=keepdims)

    def sign(self, operand: Any) -> Any:
        """The sign of each entry; what has no value has none, which NumPy's own cannot say."""
        return lifted(_signs(np.asarray(operand, dtype=object)), self._how)

    def __getattr__(self, name: str) -> Any:
        found = getattr(np, name)
        if name in ("zeros", "ones", "full", "eye"):
            return partial(found, dtype=object)
        if name in ("empty", "empty_like"):
            return lambda like, **_: _not_yet_computed(like if name == "empty" else like.shape)
        if name in CHOOSING:
            return lambda *operands: lifted(found(*operands), self._how)
        if name in ELEMENTARY or name == "arctan2":
            return partial(self._elementary, found)
        if name == "mean":
            return lambda operand, **options: found(lifted(operand, self._how), **options)
        return found

    def _elementary(self, function: Callable[..., Any], *operands: Any, out: Any = None) -> Any:
        """A function of scalars; NumPy's own `out` asks that infinities have all functions too."""
        result = function(*(lifted(operand, self._how) for operand in operands))
        if out is not None:
            out[...] = result
        return result if out is None else out


def _not_yet_computed(shape: Any) -> np.ndarray:
    """A new array, whose entries may be read behind a mask but spoil what is computed from them."""
    return np.full(shape, NotDefined("an entry that is not yet computed"), dtype=object)


class ExactMatrices:
    """What a kernel finds under `np.linalg`: the same by elimination, on arrays of scalars."""

    def __init__(self, how: How) -> None:
        self._how = how

    def __getattr__(self, operator: str) -> Callable[..., Any]:
        return lambda *arrays: linear_algebra(operator, *(lifted(a, self._how) for a in arrays))

    def slogdet(self, array: Any) -> tuple[None, Any]:
        """No sign, which no kernel asks for, and the logarithm of the absolute value."""
        return None, linear_algebra("logdet", lifted(array, self._how))
