"""The directive `derive` for Sphinx: a part of a derivation in a book, cited as all else in it.

    extensions = ["derive.sphinx"]

It stands in MyST and in reStructuredText, and makes nodes of docutils, which every builder writes
in its own way.  A model that cannot be built ends the build of the book.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util.docutils import SphinxDirective

from derive.defects import guarded
from derive.document.blocks import (
    Block,
    Code,
    Display,
    Gap,
    LineReference,
    Listing,
    Numbered,
    Paragraph,
    Reason,
    Table,
    Verbatim,
    Working,
)
from derive.errors import DeriveError, UsageError
from derive.excerpts import Excerpt, choose
from derive.formats import LINE, REASON, coloured
from derive.project import LANGUAGES, NAME, ModelText, find_model
from derive.prose import Catalogue, catalogue
from derive.publish import Cited, Piece, spoken
from derive.typeset.breaking import broken
from derive.typeset.layout import Layout

# LaTeX takes no more lists within each other; what stands deeper stands beside.
DEEPEST_LIST = 4


class ModelError(SphinxError):
    """A model, or the part of it that was asked for, is wrong: the book is not built."""

    category = "Model error"


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive; Sphinx calls it."""
    app.add_directive("derive", DeriveDirective)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _depth(text: str) -> int:
    return int(directives.nonnegative_int(text))


class DeriveDirective(SphinxDirective):
    """`derive` of a model, by its name in the gallery or a path as seen from the document."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = False
    option_spec: ClassVar[dict[str, Any]] = {
        "show": directives.unchanged_required,
        "label": directives.unchanged_required,
        "language": lambda given: directives.choice(given, LANGUAGES),
        "depth": _depth,
        "caption": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """The nodes of the part that was asked for."""
        found = guarded(self._chosen)
        if isinstance(found, DeriveError):
            source, line = self.get_source_info()
            raise ModelError(f"{source}:{line}: {found}")
        words = catalogue(self.options.get("language", _language(self.config.language)))
        return Nodes(self, found, words).all()

    def _chosen(self) -> Excerpt:
        if "show" not in self.options:
            raise UsageError("it is not said what to show", "write ':show: gradient w', or another")
        return choose(
            self._model(),
            self.options["show"],
            self.options.get("label", ""),
            self.options.get("depth"),
        )

    def _model(self) -> ModelText:
        given = self.arguments[0]
        if NAME.fullmatch(given):
            return find_model(given)
        inside, path = self.env.relfn2path(given)
        self.env.note_dependency(inside)
        return find_model(path)


def _language(code: str | None) -> str:
    """The language of ours that a book is in: zh for zh_CN.

    >>> _language("zh_CN"), _language("fr")
    ('zh', 'en')
    """
    short = (code or "")[:2]
    return short if short in LANGUAGES else LANGUAGES[0]


class Nodes:
    """The blocks of an excerpt as nodes, with the labels of its equations."""

    def __init__(self, directive: SphinxDirective, chosen: Excerpt, words: Catalogue) -> None:
        self._directive, self._chosen, self._words = directive, chosen, words

    def all(self) -> list[nodes.Node]:
        """All blocks, one below the other."""
        return [node for block in self._chosen.blocks for node in self._block(block)]

    def _block(self, block: Block) -> Iterable[nodes.Node]:
        match block:
            case Paragraph(phrases):
                said: list[nodes.Node] = []
                for phrase in phrases:
                    said += [nodes.Text(self._words["list.sentences"])] if said else []
                    said += self._said(phrase)
                return [nodes.paragraph("", "", *said)]
            case Display(lines):
                return [node for line in lines for node in self._displayed(line)]
            case Working(reasons):
                return [self._steps(reasons)]
            case Table(heads, rows):
                return [self._table(heads, rows)]
            case Listing():
                return [self._listing(block)]
        raise TypeError(f"unknown block {type(block).__name__}")

    # --- sentences ------------------------------------------------------------------------------

    def _said(self, gap: Gap) -> list[nodes.Node]:
        return [self._inline(piece) for piece in spoken(gap, self._words)]

    def _inline(self, piece: Piece) -> nodes.Node:
        match piece:
            case str() | Verbatim():
                return nodes.Text(piece if isinstance(piece, str) else piece.text)
            case Layout():
                return _math(piece, LINE)
            case Code(text):
                return nodes.literal(text, text)
            case LineReference(number):
                return nodes.Text(str(number))
            case Cited("equation", number):
                return self._cited(self._chosen.label(number))
        raise TypeError(f"unknown piece {type(piece).__name__}")

    def _cited(self, label: str) -> nodes.Node:
        """What the role `eq` makes: Sphinx says where it leads nowhere."""
        target = {"refdomain": "math", "reftype": "eq", "reftarget": label}
        found = pending_xref(
            label,
            nodes.literal(label, label),
            refdoc=self._directive.env.docname,
            refexplicit=False,
            refwarn=True,
            **target,
        )
        self._directive.set_source_info(found)
        return found

    # --- blocks ---------------------------------------------------------------------------------

    def _displayed(self, line: Numbered) -> Iterable[nodes.Node]:
        """The nodes that the directive `math` makes, with a target where there is a label."""
        markup = coloured(broken(line.formula, LINE))
        docname = self._directive.env.docname
        label = None if line.number is None else self._chosen.label(line.number)
        shown = nodes.math_block(markup, markup, docname=docname, label=label, number=None)
        shown["no-wrap"] = shown["nowrap"] = False
        self._directive.set_source_info(shown)
        if label is None:
            return [shown]
        domain = self._directive.env.get_domain("math")
        domain.note_equation(docname, label, location=shown)  # type: ignore[attr-defined]
        shown["number"] = domain.get_equation_number_for(label)  # type: ignore[attr-defined]
        target = nodes.target("", "", ids=[nodes.make_id(f"equation-{label}")])
        self._directive.state.document.note_explicit_target(target)
        return [target, shown]

    def _steps(self, reasons: tuple[Reason, ...]) -> nodes.Node:
        """The steps as lists within each other."""
        lists = [nodes.bullet_list(classes=["derive-steps"])]
        for reason in reasons:
            depth = min(reason.depth, DEEPEST_LIST - 1)
            del lists[depth + 1 :]
            if depth >= len(lists):
                deeper = nodes.bullet_list()
                lists[-1][-1] += deeper
                lists.append(deeper)
            rule = nodes.strong("", "", *self._said(reason.rule))
            formula = _math(reason.formula, REASON)
            parts = (rule, nodes.Text(": "), formula, nodes.Text(" — "), *self._said(reason.why))
            lists[-1] += nodes.list_item("", nodes.paragraph("", "", *parts))
        return lists[0]

    def _table(self, heads: tuple[str, ...], rows: tuple[tuple[Gap, ...], ...]) -> nodes.Node:
        def row(cells: Iterable[list[nodes.Node]]) -> nodes.Node:
            entries = (nodes.entry("", nodes.paragraph("", "", *cell)) for cell in cells)
            return nodes.row("", *entries)

        group = nodes.tgroup(cols=len(heads))
        group += [nodes.colspec(colwidth=1) for _ in heads]
        group += nodes.thead("", row([nodes.Text(self._words[head])] for head in heads))
        group += nodes.tbody("", *(row(self._said(cell) for cell in line) for line in rows))
        return nodes.table("", group)

    def _listing(self, block: Listing) -> nodes.Node:
        """The code, in the container that `numref` cites, where it has a label."""
        source = "\n".join(line.text for line in block.lines)
        code = nodes.literal_block(source, source, language="python")
        self._directive.set_source_info(code)
        if not self._chosen.name or self._chosen.caption is None:
            return code
        given = self._directive.options.get("caption")
        said = [nodes.Text(given)] if given else self._said(self._chosen.caption)
        whole = nodes.container("", literal_block=True, classes=["literal-block-wrapper"])
        whole += [nodes.caption("", "", *said), code]
        whole["names"].append(nodes.fully_normalize_name(self._chosen.name))
        self._directive.state.document.note_explicit_target(whole, self._directive)
        return whole


def _math(formula: Layout, limit: float) -> nodes.Node:
    markup = " ".join(coloured(broken(formula, limit)).split())
    return nodes.math(markup, markup)
