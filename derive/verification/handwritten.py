"""A function of somebody's own that returns gradients: how it is called, and what it returned.

Its arguments are found by their names.  `f(w, b, x, y)` takes what the model calls so, in any
order; sizes and constants too.  An argument that the model does not know is a dictionary: the first
one of all parameters, a second one of all data; `**data` takes the data by name.

It returns the gradients: a dictionary by the names of the parameters, a tuple in their order, or
one array where there is one parameter; or (cost, gradients).  Whatever becomes an array is one.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import CodeType, ModuleType
from typing import Any

import numpy as np

from derive.errors import UsageError, VerificationError
from derive.model import Specification, data, parameters
from derive.names import python_name
from derive.terms import Name
from derive.verification.points import Point
from derive.verification.report import show_sizes
from derive.verification.running import as_floats
from derive.verification.user_file import Guarded

Convert = Callable[[np.ndarray], Any]
Returned = tuple[np.ndarray | None, dict[Name, np.ndarray]]


@dataclass(frozen=True)
class Handwritten:
    """A function, and what each of its arguments is: a quantity, a size, or a dictionary.

    `convert` makes of an array what the function computes with.
    """

    function: Callable[..., Any]
    model: Specification
    arguments: tuple[tuple[str, str], ...]
    positional: frozenset[str]
    convert: Convert

    def __call__(self, point: Point) -> Returned:
        """The cost, where it is returned, and the gradients at a point, as arrays of floats.

        Raises a VerificationError where the function raises, or returns something else.
        """
        where = f" at {show_sizes(point.sizes)}" if point.sizes else ""
        values = self._values(point)
        named = [(name, meaning) for name, meaning in self.arguments if name != "**"]
        known = {name: values[meaning] for name, meaning in named if meaning in values}
        for name, meaning in named:
            if name not in known:
                wanted = parameters(self.model) if meaning == "params" else data(self.model)
                known[name] = {str(q.name): values[str(q.name)] for q in wanted}
        by_name = {name: value for name, value in known.items() if name not in self.positional}
        rest = [meaning for name, meaning in self.arguments if name == "**"]
        by_name |= {name: values[name] for name in rest}
        given = [value for name, value in known.items() if name in self.positional]
        shapes = ", ".join(f"{name} {np.shape(value)}" for name, value in self._shaped(values))
        with (
            Guarded(
                lambda said: VerificationError(
                    f"{self.shown} raised {said}{where}", f"it was called with {shapes}"
                )
            ),
            np.errstate(all="ignore"),
        ):
            result = _without_tensors(self.function(*given, **by_name))
        return self._read(result, where)

    @property
    def shown(self) -> str:
        """How the function is called."""
        name = getattr(self.function, "__name__", "the function")
        shown = (f"**{meaning}" if name == "**" else name for name, meaning in self.arguments)
        return f"{name}({', '.join(dict.fromkeys(shown))})"

    def _shaped(self, values: Mapping[str, Any]) -> list[tuple[str, Any]]:
        quantities = [*parameters(self.model), *data(self.model)]
        return [(str(q.name), values[str(q.name)]) for q in quantities]

    def _values(self, point: Point) -> dict[str, Any]:
        values: dict[str, Any] = dict(point.sizes)
        for declaration in self.model.declarations:
            quantity = declaration.quantity
            if declaration.value is not None:
                values[str(quantity.name)] = float(declaration.value)
            else:
                # A copy of its own for each call, and a number where there are no axes.
                array = np.array(as_floats(point.inputs[quantity.name]))
                values[str(quantity.name)] = self.convert(array)
        return values

    def _read(self, result: Any, where: str) -> Returned:
        wanted = [quantity.name for quantity in parameters(self.model)]
        cost, found = _split(result, len(wanted))
        if isinstance(found, Mapping):
            _same_keys(found, wanted, self.shown)
            arrays = [found[str(name)] for name in wanted]
        elif isinstance(found, tuple | list) and len(found) == len(wanted):
            arrays = list(found)
        elif len(wanted) == 1:
            arrays = [found]
        else:
            raise VerificationError(
                f"{self.shown} returns {_kind(found)}, and the model has the parameters "
                f"{', '.join(map(str, wanted))}",
                "return a dictionary with these names, or a tuple in this order",
            )
        named = {name: self._array(a, str(name)) for name, a in zip(wanted, arrays, strict=True)}
        return None if cost is None else self._array(cost, "the cost"), named

    def _array(self, found: Any, name: str) -> np.ndarray:
        wrong = VerificationError(
            f"what {self.shown} returns for {name} is {_kind(found)}, not an array of real numbers",
            "return arrays of floats",
        )
        with Guarded(lambda said: wrong):
            array = np.asarray(found)
        if found is None:
            raise wrong
        if array.dtype.kind == "O":
            with Guarded(lambda said: wrong):
                array = array.astype(np.float64)
        if array.dtype.kind not in "fiub":
            raise wrong
        return array


def handwritten(
    model: Specification, function: Callable[..., Any], convert: Convert | None = None
) -> Handwritten:
    """The function with the meaning of its arguments.

    Raises a UsageError where an argument is nothing that the model knows.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError) as error:
        raise UsageError(
            f"the arguments of {function!r} cannot be found out",
            "call it from a function whose arguments have names: def f(params, x, y)",
        ) from error
    known = _known(model)
    arguments: list[tuple[str, str]] = []
    unknown: list[str] = []
    swallows = None
    for number, parameter in enumerate(signature.parameters.values()):
        if parameter.kind is parameter.VAR_KEYWORD:
            swallows = parameter.name
        elif parameter.name in known:
            arguments.append((parameter.name, known[parameter.name]))
        elif parameter.default is parameter.empty and parameter.kind is not (
            parameter.VAR_POSITIONAL
        ):
            if len(unknown) == 2 or (not unknown and number) or number != len(unknown):
                raise _not_known(model, function, parameter.name)
            arguments.append((parameter.name, ("params", "data")[len(unknown)]))
            unknown.append(parameter.name)
    if swallows is not None:
        given = {meaning for _, meaning in arguments}
        quantities = data(model) if unknown else (*parameters(model), *data(model))
        arguments += [("**", str(q.name)) for q in quantities if q.name not in given]
    only = (p.name for p in signature.parameters.values() if p.kind is p.POSITIONAL_ONLY)
    return Handwritten(
        function, model, tuple(arguments), frozenset(only), convert or conversion(function)
    )


def _known(model: Specification) -> dict[str, str]:
    """What an argument may be called, and what it then is."""
    names = [str(declaration.quantity.name) for declaration in model.declarations]
    names += [dimension.name for dimension in model.dimensions]
    return {python_name(name): name for name in names} | {name: name for name in names}


def _not_known(model: Specification, function: Callable[..., Any], name: str) -> UsageError:
    weights, inputs = ([str(q.name) for q in kind(model)] for kind in (parameters, data))
    called = getattr(function, "__name__", "the function")
    cure = f"{called}({', '.join(('params', *inputs))}), where params is a dictionary of"
    return UsageError(
        f"'{called}' asks for '{name}', which the model does not have",
        f"{cure} {', '.join(weights)}; or {called}({', '.join((*weights, *inputs))})",
    )


def _split(result: Any, count: int) -> tuple[Any, Any]:
    """The cost, None where it is not returned, and the gradients."""
    if isinstance(result, tuple | list) and len(result) >= 2:
        first, *rest = result
        if np.size(first) != 1 or not isinstance(result, tuple):
            return None, result
        if len(rest) == 1 and isinstance(rest[0], Mapping):
            return first, rest[0]
        if len(rest) == count:
            return first, tuple(rest)
        if len(rest) == 1 and isinstance(rest[0], tuple | list) and len(rest[0]) == count > 1:
            return first, tuple(rest[0])
    return None, result


def _same_keys(found: Mapping[Any, Any], wanted: list[Name], shown: str) -> None:
    names = [str(name) for name in wanted]
    missing = [name for name in names if name not in found]
    foreign = [key for key in found if key not in names]
    if missing or foreign:
        wrong = f"has no '{missing[0]}'" if missing else f"has '{foreign[0]}', no parameter"
        raise VerificationError(
            f"the dictionary that {shown} returns {wrong}",
            f"its keys are to be {', '.join(names)}; it has {', '.join(map(str, found))}",
        )


def _kind(found: Any) -> str:
    if isinstance(found, np.ndarray):
        return f"an array of {found.dtype}"
    if isinstance(found, tuple | list):
        return f"a {type(found).__name__} of {len(found)}"
    return "None" if found is None else f"a {type(found).__name__}"


# --- other arrays than NumPy's ------------------------------------------------------------------


def _without_tensors(result: Any) -> Any:
    """The result, with each tensor or sparse matrix in it as an array of NumPy."""
    if isinstance(result, Mapping):
        return {key: _without_tensors(value) for key, value in result.items()}
    if isinstance(result, tuple | list):
        return (
            type(result)(map(_without_tensors, result))
            if type(result) in (tuple, list)
            else (tuple(map(_without_tensors, result)))
        )
    for method in ("detach", "cpu", "toarray"):
        if hasattr(result, method):
            result = getattr(result, method)()
    return np.asarray(result) if hasattr(result, "__array__") else result


def conversion(function: Callable[..., Any]) -> Convert:
    """To tensors of PyTorch, or arrays of JAX, where the function, or one that it calls, names it.

    The library is looked for among the modules that the function's own file has imported.
    """
    library = _library(inspect.unwrap(function), set())
    if library == "torch":
        return lambda array: sys.modules["torch"].as_tensor(array)
    if library == "jax":
        return lambda array: sys.modules["jax.numpy"].asarray(array)
    return lambda array: array[()]


def _library(function: Any, seen: set[CodeType]) -> str | None:
    code, names = getattr(function, "__code__", None), getattr(function, "__globals__", {})
    if code is None or code in seen:
        return None
    seen.add(code)
    for name in _names(code):
        value = names.get(name)
        home = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", "")
        root = str(home).partition(".")[0]
        if root in ("torch", "jax"):
            return root
        if getattr(value, "__globals__", None) is names and (found := _library(value, seen)):
            return found
    return None


def _names(code: CodeType) -> list[str]:
    inner = (constant for constant in code.co_consts if isinstance(constant, CodeType))
    return [*code.co_names, *(name for nested in inner for name in _names(nested))]
