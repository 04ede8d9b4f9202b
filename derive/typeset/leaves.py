"""How the leaves of an array term are printed, and what has no word in matrix notation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from derive.sizes import Shape
from derive.terms import Quantity, Term
from derive.typeset.layout import Layout, Shaped

# Prints a whole quantity, transposed or not.
Show = Callable[[Quantity, bool], Layout]


class Unsayable(Exception):
    """Matrix notation has no plain word for an array term."""


@dataclass(frozen=True)
class Leaf:
    """How a whole quantity is printed, and a shape below a factor; without it none is."""

    show: Show
    shape: Callable[[Shape], Layout] | None = None

    def __call__(self, quantity: Quantity, flipped: bool) -> Layout:
        """The quantity, transposed where `flipped`."""
        return self.show(quantity, flipped)

    def shaped(self, layout: Layout, *shape: Term) -> Layout:
        """A factor with its shape below it, where shapes are asked for."""
        return layout if self.shape is None else Shaped(layout, self.shape(shape))
