"""What a line of the text may refer to: the model read so far, indices, local names."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from derive.errors import LanguageError
from derive.language.source import Source
from derive.language.starts import Start
from derive.language.values import Array, Mask, Operand, Subscripts, at
from derive.model import (
    Declaration,
    Dimension,
    Draw,
    Equation,
    Example,
    Fact,
    Objective,
    Request,
    UpdateRule,
)
from derive.sizes import show_size
from derive.symbolic import same_size
from derive.terms import Condition, Index, Quantity, Size, Term

# How many calls a text may unfold into: some, and some more for each of its lines.
MOST_USES = 20_000
USES_A_LINE = 10
Part = TypeVar("Part", Term, Condition)


@dataclass(frozen=True)
class Function:
    """`def name(parameters): local definitions; return result`, from a text of its own."""

    name: str
    parameters: tuple[str, ...]
    defaults: Mapping[str, ast.expr]
    definitions: tuple[ast.Assign, ...]
    result: ast.expr
    source: Source


@dataclass
class Draft:
    """The model as far as it has been read; the one thing here that changes.

    `lines` says on which line each name is declared or defined, also further down, `reads` what the
    definition of a name refers to, and `definitions` are all lines that define something.  `draws`
    are the random numbers of a worked example, None outside of one.
    """

    source: Source
    lines: Mapping[str, int] = field(default_factory=dict)
    reads: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    definitions: tuple[ast.Assign, ...] = ()
    dimensions: dict[str, Dimension] = field(default_factory=dict)
    example_sizes: dict[str, int] = field(default_factory=dict)
    ranges: dict[str, Term] = field(default_factory=dict)
    declarations: dict[str, Declaration] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)
    quantities: dict[str, Quantity] = field(default_factory=dict)
    equations: list[Equation] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    rules: dict[str, UpdateRule] = field(default_factory=dict)
    objective: Objective | None = None
    example: Example | None = None
    draws: list[Draw] | None = None
    formulas: dict[str, Term] = field(default_factory=dict)
    starts: dict[str, Start] = field(default_factory=dict)
    spent: int = 0
    equal: dict[tuple[Term, Term], bool] = field(default_factory=dict)

    def same(self, left: Term, right: Term) -> bool:
        """Whether two sizes are equal, derived dimensions being what their formulas say."""
        if (left, right) not in self.equal:
            self.equal[left, right] = same_size(left, right, self.formulas)
        return self.equal[left, right]

    def range_cure(self, letter: str, size: str) -> str:
        """How to give an index the range that is missing."""
        if letter in self.lines:
            return f"its range is declared below: move line {self.lines[letter]} up"
        return f"declare it, `{letter}: range({size})` with a size {size}"

    def metered(self, operand: Operand, node: ast.expr) -> Operand:
        """`operand`, each use of which is counted, so that no text unfolds without bound."""

        def counted(entry: Callable[[Subscripts], Part]) -> Callable[[Subscripts], Part]:
            def counting(subscripts: Subscripts) -> Part:
                self.spend(node)
                return entry(subscripts)

            return counting

        if isinstance(operand, Mask):
            return Mask(operand.shape, counted(operand.entry))
        return Array(operand.shape, counted(operand.entry))

    def spend(self, node: ast.expr) -> None:
        """Count one use; a model that unfolds without bound is refused at `node`."""
        self.spent += 1
        if self.spent > MOST_USES + USES_A_LINE * len(self.source.lines):
            raise self.source.error(
                node,
                "the model unfolds into too many terms",
                "give the arguments of the functions names, as equations of their own",
            )


def outline(
    statements: Sequence[ast.stmt],
) -> tuple[dict[str, int], dict[str, tuple[str, ...]]]:
    """On which line statements declare or define each name, and what definitions refer to."""
    lines: dict[str, int] = {}
    reads: dict[str, tuple[str, ...]] = {}
    for statement in statements:
        match statement:
            case ast.AnnAssign(target=ast.Name(id=name)):
                lines.setdefault(name, statement.lineno)
            case (
                ast.Assign(targets=[ast.Name(id=name)])
                | ast.Assign(targets=[ast.Subscript(value=ast.Name(id=name))])
            ):
                lines.setdefault(name, statement.lineno)
                words = (n.id for n in ast.walk(statement.value) if isinstance(n, ast.Name))
                reads[name] = tuple(dict.fromkeys((*reads.get(name, ()), *words)))
    return lines, reads


@dataclass
class Slot:
    """An index whose range is still being found out from the axes that it subscripts alone."""

    letter: str
    index: Index
    declared: Term | None = None
    seen: list[tuple[Term, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Scope:
    """Where an expression stands: in which text, among which indices and local names.

    `reader` is the function that reads an expression in a scope.
    """

    draft: Draft
    reader: Callable[[ast.expr, Scope], Operand]
    source: Source
    slots: Mapping[str, Slot] = field(default_factory=dict)
    local: Mapping[str, Operand] = field(default_factory=dict)
    calls: tuple[str, ...] = ()

    def error(self, node: ast.expr | ast.stmt | ast.arg, cause: str, cure: str) -> LanguageError:
        """The error that points at `node`."""
        return self.source.error(node, cause, cure)

    def spelling(self, node: ast.expr) -> str:
        """The text of `node`."""
        return self.source.spelling(node)

    def number(self, node: ast.expr) -> Array:
        """What `node` means as an array of numbers."""
        operand = self.reader(node, self)
        if isinstance(operand, Mask):
            raise self.error(
                node,
                f"'{self.spelling(node)}' is a condition and not a number",
                "write where(condition, 1, 0)",
            )
        return operand

    def condition(self, node: ast.expr) -> Mask:
        """What `node` means as an array of conditions."""
        operand = self.reader(node, self)
        if isinstance(operand, Array):
            raise self.error(
                node,
                f"'{self.spelling(node)}' is a number and not a condition",
                "compare it with something, as in M[n] > 0",
            )
        return operand

    def scalar(self, node: ast.expr) -> Term:
        """What `node` means as a single number."""
        array = self.number(node)
        if array.shape:
            raise self.error(
                node,
                f"'{self.spelling(node)}' is an array where one number is meant",
                "give it one subscript an axis",
            )
        return at(array)

    def with_slots(self, slots: Mapping[str, Slot]) -> Scope:
        """The scope in which further indices have a meaning."""
        return replace(self, slots={**self.slots, **slots})

    def known(self, name: str) -> bool:
        """Whether `name` means something here other than an index."""
        draft = self.draft
        return name in self.local or name in draft.quantities or name in draft.dimensions


def open_slot(letter: ast.expr, scope: Scope) -> Slot:
    """A new index, named by a bare letter that means nothing else."""
    if not isinstance(letter, ast.Name):
        raise scope.error(
            letter,
            f"'{scope.spelling(letter)}' is not an index",
            "an index is a letter or a name, as k in sum(x[k], k)",
        )
    name = letter.id
    if scope.known(name):
        raise scope.error(
            letter,
            f"'{name}' is declared as something else, so it cannot be an index",
            "choose another letter for the index",
        )
    if name in scope.slots:
        raise scope.error(
            letter,
            f"the index '{name}' already has a meaning here",
            "choose another letter for the inner index",
        )
    declared = scope.draft.ranges.get(name)
    return Slot(name, Index(declared or Size("?"), name), declared)


def settled(slot: Slot, node: ast.expr, scope: Scope) -> Term:
    """The range of an index: declared, of every axis that it subscripts alone, or of a step."""
    if slot.declared is not None:
        return slot.declared
    if not slot.seen:
        for start in scope.draft.starts.values():
            if start.letter == slot.letter:
                return start.span
        raise scope.error(
            node,
            f"the range of the index '{slot.letter}' is not known: it subscripts no axis alone",
            scope.draft.range_cure(slot.letter, "n"),
        )
    size, where = slot.seen[0]
    for other, elsewhere in slot.seen[1:]:
        if not scope.draft.same(size, other):
            raise scope.error(
                node,
                f"the index '{slot.letter}' would run over two sizes: "
                f"{show_size(size)} in {where} and {show_size(other)} in {elsewhere}",
                "use one index an axis, or declare the shorter range, "
                f"`{slot.letter}: range({show_size(size)})`",
            )
    return size
