"""The kinds of mistakes, and all mutants of a program.

They know Python and NumPy and no model: they serve for any module.
"""

import ast
import itertools

from mutants.array_kinds import axis, off_by_one, reduction, transpose
from mutants.equivalent import reason
from mutants.surroundings import Surroundings
from mutants.term_kinds import (
    factor,
    sign,
    stale_buffer,
    swapped_operands,
    term,
    wrong_comparison,
    wrong_constant,
    wrong_function,
    wrong_name,
    wrong_type,
)


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
