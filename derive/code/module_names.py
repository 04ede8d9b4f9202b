"""The names in a generated module."""

from __future__ import annotations

from derive.model import Specification, data, parameters
from derive.names import RESERVED, python_names
from derive.program.program import Loop, Program, every_statement
from derive.terms import Derivative, Name

# Names of the module itself, which no argument may take.
MODULE_NAMES = frozenset(
    """
    PARAMETERS DATA BELOW DERIVED init forward loss gradients init_state update step train example
    check main seed report every batches batch before cost costs shown number values sizes sys rng
    _forward _values _loss _gradients _checked _table _array _finite _finite_from _all_finite
    _is_finite _all_writeable _typed _derive arguments _misfit _row _digits
    _moved _progress _change _erf _erfc _lgamma _digamma _trigamma _digamma_of_number
    _trigamma_of_number
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
    inside += [str(s.target.name) for s in statements if s.target.kind == "defined"]
    inside += [line.number.name for line in program.statements if isinstance(line, Loop)]
    inside = [name for name in inside if name not in public]
    names: dict[Name, str] = {name: public[name] for name in public}
    names.update(python_names(inside, RESERVED | frozenset(public.values())))
    for statement in statements:
        match statement.target.name:
            case Derivative(_, wrt) as gradient if gradient not in names:
                names[gradient] = _fresh(f"d_{names[wrt]}", names)
    return names


def setting_names(spec: Specification, names: dict[Name, str]) -> dict[Name, str]:
    """The identifiers of the settings of the update rule, beside the other arguments."""
    settings = [str(quantity.name) for quantity, _ in spec.objective.rule.settings]
    found = python_names(settings, RESERVED | MODULE_NAMES | frozenset(names.values()))
    return {name: found[name] for name in settings}


def _fresh(label: str, names: dict[Name, str]) -> str:
    return python_names([label], frozenset(names.values()))[label]
