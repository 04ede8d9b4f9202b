"""What a REPL or a notebook shows: formulas as Unicode lines, as MathML or as LaTeX."""

from __future__ import annotations

from dataclasses import dataclass

from derive.typeset.latex import latex
from derive.typeset.layout import Layout
from derive.typeset.mathml import mathml
from derive.typeset.unicode import unicode


@dataclass(frozen=True)
class Formulas:
    """One formula or several, shown as Unicode lines, MathML or LaTeX."""

    layouts: tuple[Layout, ...]
    note: str = ""

    def __repr__(self) -> str:
        lines = [unicode(layout) for layout in self.layouts]
        lines[-1:] = [f"{line}    {self.note}".rstrip() for line in lines[-1:]]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        return "\n".join(f"<div>{mathml(layout, display=True)}</div>" for layout in self.layouts)

    def _repr_latex_(self) -> str:
        body = r" \\ ".join(latex(layout) for layout in self.layouts)
        return (
            f"$${body}$$"
            if len(self.layouts) == 1
            else f"$$\\begin{{gathered}}{body}\\end{{gathered}}$$"
        )
