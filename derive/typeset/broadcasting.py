"""Which part of an operation entry by entry is one vector in every row, or in every column."""

from __future__ import annotations

from dataclasses import dataclass

from derive.program.array_shapes import shape_of
from derive.program.arrays import ArrayTerm, Select, Transpose
from derive.sizes import Shape
from derive.terms import is_one
from derive.typeset.leaves import Unsayable


def is_number(term: ArrayTerm) -> bool:
    """Whether an array holds a single number: all its axes have size one."""
    return all(is_one(size) for size in shape_of(term))


@dataclass(frozen=True)
class Stretched:
    """A vector that stands in every row of a matrix (`down`), or in every column."""

    vector: ArrayTerm
    down: bool


def stretched(part: ArrayTerm, shape: Shape) -> Stretched | None:
    """How a part of an operation entry by entry is broadcast, None where it fits as it is."""
    if len(shape) > 2 and shape_of(part) != shape and not is_number(part):
        raise Unsayable("broadcast")
    if len(shape) != 2 or any(is_one(size) for size in shape) or is_number(part):
        return None
    own = shape_of(part)
    match part:
        case Select(vector, ("all", "new")) if len(own) == 2:
            return Stretched(vector, down=False)
        case Select(vector, ("new", "all")) if len(own) == 2:
            return Stretched(vector, down=True)
    if len(own) == 1:
        return Stretched(part, down=True)
    if is_one(own[0]):
        return Stretched(Transpose(part, (1, 0)), down=True)
    return Stretched(part, down=False) if is_one(own[1]) else None
