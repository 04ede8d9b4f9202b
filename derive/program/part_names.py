"""Names of parts before they are chosen, and names that are not taken."""

from __future__ import annotations

from collections.abc import Collection

from derive.terms import Derivative, Name

# By this a quantity is differentiated that moves as the parameters move along directions.
MOTION = "motion of parameters"


def unnamed(number: int) -> str:
    """What a part is called until `named` finds its name: no quantity of a model has a space.

    >>> unnamed(3)
    'part 3'
    """
    return f"part {number}"


def is_unnamed(name: Name) -> bool:
    """Whether a part still waits for its name."""
    return isinstance(name, str) and name.startswith("part ")


def fresh(wanted: str, taken: Collection[Name]) -> str:
    """The name that is wanted, with a number behind it where it is taken.

    >>> fresh("mask", {"mask", "mask_2"})
    'mask_3'
    """
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}_{number}"
    return name


def label_of(name: Name) -> str:
    """A name as part of another: `d_w` and `d_w_b` for derivatives of the cost, else `h_by_w`."""
    match name:
        case Derivative(of, wrt) if wrt == MOTION:
            return f"{label_of(of)}_dot"
        case Derivative(Derivative() as of, wrt):
            return f"{label_of(of)}_{label_of(wrt)}"
        case Derivative(of, wrt, rank):
            return f"{label_of(of)}_by_{label_of(wrt)}" if rank else f"d_{label_of(wrt)}"
    return name
