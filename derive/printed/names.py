"""The quantity, and the entry of it, that a name or a fraction of derivatives stands for."""

from __future__ import annotations

from dataclasses import replace

from derive.printed.expressions import Named, Slope
from derive.printed.positions import location_of
from derive.printed.reader import Unreadable
from derive.printed.scope import Location, Scope, plain
from derive.terms import Derivative, Name, Quantity


def entry_of(name: Named | Slope, scope: Scope) -> tuple[Quantity, Location | None]:
    """The quantity that a name is, and which entry of it, None for the whole."""
    if isinstance(name, Named):
        if name.symbol not in scope.point.names:
            raise Unreadable(f"nobody said what {name.symbol} is", "print only what has a name")
        quantity = scope.point.names[name.symbol]
        return quantity, location_of(quantity, name.subscripts, scope)
    found, places = entry_of(name.of, scope)
    for one in name.wrt:
        below, place = entry_of(one, scope)
        places = None if places is None or place is None else (*places, *place)
        shape = (*found.shape, *below.shape)
        found = Quantity(Derivative(found.name, below.name), shape, "gradient")
    return _without_cost(found, places, scope)


def _without_cost(
    found: Quantity, places: Location | None, scope: Scope
) -> tuple[Quantity, Location | None]:
    """A derivative of the cost has the axes of the variable, even where the cost is 1 × 1."""
    array = scope.point.arrays.get(plain(found.name))
    if array is None or array.ndim == len(found.shape):
        return found, places
    extra = len(found.shape) - array.ndim
    shape = found.shape[extra:]
    return replace(found, shape=shape), None if places is None else places[extra:]


def name_of(slope: Slope, scope: Scope) -> Name:
    """The plain name of a derivative."""

    def name(part: Named | Slope) -> Name:
        if isinstance(part, Slope):
            return name_of(part, scope)
        return plain(entry_of(Named(part.symbol), scope)[0].name)

    found = name(slope.of)
    for one in slope.wrt:
        found = Derivative(found, name(one))
    return found
