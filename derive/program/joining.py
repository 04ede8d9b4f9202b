"""Terms on ranges that lie side by side: their arrays, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from derive.program.context import Context
from derive.program.labelled import Labelled, joined
from derive.program.ranges import Piece, moved
from derive.terms import Term


def may_join(pieces: Sequence[Piece], context: Context) -> bool:
    """Whether no filter around the pieces speaks of their index, which each of them renames."""
    return context.kept is None or pieces[0].range.index not in context.kept.labels


def joined_pieces(
    pieces: Sequence[Piece], labelled: Callable[[Term, Context], Labelled], context: Context
) -> Labelled:
    """The pieces, of which `labelled` gives the arrays, as one array over their index."""
    index = pieces[0].range.index
    parts = []
    for piece in pieces:
        inside, term = moved(piece.term, piece.range)
        wanted = tuple(inside if i is index else i for i in context.wanted)
        parts.append((inside, labelled(term, replace(context, wanted=wanted))))
    return joined(parts, index, context.wanted)
