"""What is added to parts of an array, as lines of NumPy source text."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import chain, count

from derive.code.layout import INDENT, WIDTH
from derive.code.numpy_code import code
from derive.code.size_code import Names, size_code
from derive.program.array_shapes import added_value, shape_of
from derive.program.arrays import Addition, ArrayTerm, Elementwise, Overlap, View
from derive.terms import ONE, Multiply


def addition_line(target: str, addition: Addition, names: Names) -> str:
    """`np.add.at(d_E, tok, g)`, or `d_z[rows, y] += g` where no place is named twice."""
    sign, value = "add", added_value(addition)
    if isinstance(value, Elementwise) and value.operation == "negate":
        sign, value = "subtract", value.operands[0]
    parts = [":" if part is None else code(part, names) for part in addition.subscripts]
    places = ", ".join(parts)
    if not addition.repeats:
        return f"{target}[{places}] {'+' if sign == 'add' else '-'}= {code(value, names)}"
    if len(addition.subscripts) > 1:
        places = f"({places})"
    return f"np.{sign}.at({target}, {places}, {code(value, names)})"


def overlap_lines(
    target: str, value: Overlap, added: ArrayTerm, names: Names, indent: int
) -> list[str]:
    """A loop over the places in a window, each of which adds to a part of the array."""
    taken = set(names.values())
    letters = [next(_unused(letter, taken)) for letter in "klmn"[: len(value.views)]]
    extents = ", ".join(size_code(view.size, names) for view in value.views)
    counts = f"range({extents})" if len(letters) == 1 else f"np.ndindex({extents})"
    window = [":"] * len(shape_of(value.base))
    for letter, view in zip(letters, value.views, strict=True):
        window[view.axis] = _steps(letter, view, names)
    kept = [letter for letter, here in zip(letters, value.present, strict=True) if here]
    part = f"{code(added, names)}[{', '.join(['...', *kept])}]" if kept else code(added, names)
    body = [f"{target}[{', '.join(window)}] += {part}"]
    if len(body[0]) + indent + INDENT > WIDTH:
        view_name = next(_unused("window", taken))
        body = [f"{view_name} = {target}[{', '.join(window)}]", f"{view_name} += {part}"]
    return [f"for {', '.join(letters)} in {counts}:", *(f"    {line}" for line in body)]


def _unused(word: str, taken: Collection[str]) -> Iterator[str]:
    """Names that begin with a word and are not taken."""
    names = chain([word], (f"{word}_{number}" for number in count(1)))
    return (name for name in names if name not in taken)


def _steps(start: str, view: View, names: Names) -> str:
    """The slice of an axis that one place of each window is at."""
    if view.stride == ONE:
        return f"{start} : {start} + {size_code(view.count, names)}"
    stride = size_code(view.stride, names)
    length = size_code(Multiply((view.stride, view.count)), names)
    return f"{start} : {start} + {length} : {stride}"
