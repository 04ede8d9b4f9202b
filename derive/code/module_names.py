"""The names in a generated module."""

from __future__ import annotations

from derive.model import Specification, data, parameters
from derive.names import RESERVED, python_names
from derive.program.part_names import MOTION
from derive.program.program import Loop, Program, every_statement
from derive.terms import Derivative, Name

# Names of the module itself, which no argument may take.
MODULE_NAMES = frozenset(
    """
    PARAMETERS DATA BELOW DERIVED init forward loss gradients init_state update step train example
    check main seed report every batches batch before cost costs shown number values sizes sys rng
    settings warnings
    hessian hvp jacobian input_gradients flatten unflatten direction vector result arguments
    _forward _values _loss _gradients _hessian _hvp _jacobian _input_gradients _matrices
    _update _checked _sizes _tables _named _shapes _table _array _finite _finite_from _all_finite
    _are_finite _changeable _typed lru_cache
    _derive _misfit _row _digits _batch
    _moved _progress _change _erf _erfc _lgamma _digamma _trigamma _digamma_of_number
    _trigamma_of_number
    workspace work dtype scratch _workspace _gradients_in _update_in _like _fitting _renewed
    _scratch
    """.split()
)


def identifiers(spec: Specification, program: Program) -> dict[Name, str]:
    """The identifier of each quantity, size and setting; arguments keep clear of the module's."""
    arguments = [str(q.name) for q in (*parameters(spec), *data(spec))]
    arguments += [dimension.name for dimension in spec.dimensions]
    public = python_names(arguments, RESERVED | MODULE_NAMES)
    inside = [str(quantity.name) for quantity, _ in program.constants]
    inside += [e.left.name for e in spec.equations if isinstance(e.left.name, str)]
    statements = tuple(every_statement(program.statements))
    inside += [s.target.name for s in statements if isinstance(s.target.name, str)]
    inside += [line.number.name for line in program.statements if isinstance(line, Loop)]
    inside += [str(q.name) for q in program.inputs if q.kind == "input"]
    inside = [name for name in inside if name not in public]
    names: dict[Name, str] = {name: public[name] for name in public}
    names.update(python_names(inside, RESERVED | frozenset(public.values())))
    cost = spec.objective.cost.name
    for statement in statements:
        name = statement.target.name
        if name not in names:
            names[name] = _fresh(_label(name, names, cost), names)
    return names


def _label(name: Name, names: dict[Name, str], cost: Name) -> str:
    """`d_w` and `d_w_b` for derivatives of the cost, `h_by_w` for others, `h_dot` for h in motion.

    >>> names = {name: name for name in ("w", "b", "h", "C")}
    >>> first = Derivative("C", "w")
    >>> [_label(name, names, "C") for name in (first, Derivative(first, "b"), Derivative("h", "w"))]
    ['d_w', 'd_w_b', 'h_by_w']
    """
    match name:
        case Derivative(of, wrt) if wrt == MOTION:
            return f"{_label(of, names, cost)}_dot"
        case Derivative(Derivative() as of, wrt):
            return f"{_label(of, names, cost)}_{names[wrt]}"
        case Derivative(of, wrt):
            return f"d_{names[wrt]}" if of == cost else f"{names[of]}_by_{names[wrt]}"
    return names[name]


def setting_names(spec: Specification, names: dict[Name, str]) -> dict[Name, str]:
    """The identifiers of the settings of the update rule, beside the other arguments."""
    settings = [str(quantity.name) for quantity, _ in spec.objective.rule.settings]
    found = python_names(settings, RESERVED | MODULE_NAMES | frozenset(names.values()))
    return {name: found[name] for name in settings}


def _fresh(label: str, names: dict[Name, str]) -> str:
    return python_names([label], frozenset(names.values()))[label]
