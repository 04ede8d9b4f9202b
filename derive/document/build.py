"""The whole document of a derivation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from derive.calculus.adjoint import Derivation
from derive.calculus.requested import NOTHING, Requested
from derive.document.backward import chain_section, local_section
from derive.document.blocks import Block, Display, Document, Numbers, Section, Working
from derive.document.closing import (
    checks_section,
    point_section,
    remark_section,
    results_section,
)
from derive.document.forward import goal_section, introduction, model_section, notation_section
from derive.document.listing import lines_of_equations, listing_section
from derive.document.matrix_form import matrix_section
from derive.document.pictures import graph_section, run_section
from derive.document.requested import requested_section
from derive.document.updates import update_section
from derive.document.worked_numbers import numbers_section
from derive.document.writer import writer_for
from derive.verification.small_run import NO_SMALL_RUN, SmallRun
from derive.verification.training import NO_RUN, Run


def document_of(derivation: Derivation, requested: Requested = NOTHING) -> Document:
    """The document of a derivation, without its pictures and what was checked.

    Equations are numbered in reading order, by one policy for all models: a number goes to

    1. each definition other than the cost: as written; and, where the instance is small enough to
       be written out, as matrices (if it is a matrix product) and entry by entry;
    2. the local derivatives of each such definition;
    3. the gradient of each parameter, and of each quantity between parameters and cost that the
       cost does not read directly, entry by entry in a small instance;
    4. the update of each parameter, likewise; a rule of several lines, or one that remembers, is
       stated once for all parameters;
    5. each equation of what is `requested` beyond the gradients.

    The cost, its derivative in what it reads directly, and what only rearranges numbered equations
    have names instead of numbers.
    """
    writer = writer_for(derivation)
    sections = (
        notation_section(writer),
        model_section(writer),
        goal_section(writer),
        local_section(writer),
        chain_section(writer),
        update_section(writer),
        matrix_section(writer),
        requested_section(writer, requested),
        remark_section(writer),
        point_section(writer),
        results_section(writer),
    )
    return Document(
        derivation.model.name,
        derivation.model.title.rstrip("."),
        introduction(writer),
        tuple(_told(section) for section in sections if section is not None),
        Numbers(writer.definitions, writer.gradients, writer.updates, writer.requested),
    )


def _told(section: Section) -> Section:
    """The section without workings in which nothing is said."""
    silent = Working(())
    return replace(section, blocks=tuple(block for block in section.blocks if block != silent))


def with_pictures(document: Document, derivation: Derivation, run: Run = NO_RUN) -> Document:
    """The document with its graph, before any derivative, and the training run before the results.

    The graph shows numbers with which the run begins; without one there are none, and no curve.
    """
    writer = writer_for(derivation)
    graph = graph_section(writer, run)
    sections: list[Section] = []
    for section in document.sections:
        if section.key == "results" and run.costs:
            sections.append(run_section(writer, run, 2 if graph else 1))
        sections.append(section)
        if section.key == "goal" and graph:
            sections.append(graph)
    return replace(document, sections=tuple(sections))


def with_module(document: Document, derivation: Derivation, source: str, run: SmallRun) -> Document:
    """The document with the numbers of the small instance, the lines of results, and the code."""
    writer = replace(writer_for(derivation), gradients=dict(document.numbers.gradients))
    lines = lines_of_equations(source)
    sections: list[Section] = []
    for section in document.sections:
        if section.key == "results":
            numbers = numbers_section(writer, run)
            sections += [] if numbers is None else [numbers]
            sections += [results_section(writer, lines), listing_section(source)]
        else:
            blocks = tuple(_with_lines(block, lines) for block in section.blocks)
            sections.append(replace(section, blocks=blocks))
    return replace(document, sections=tuple(sections))


def _with_lines(block: Block, lines: Mapping[int, int]) -> Block:
    """Displayed equations with the lines of the module that compute them."""
    if not isinstance(block, Display):
        return block
    found = (
        one if one.number is None else replace(one, line=lines.get(one.number))
        for one in block.lines
    )
    return Display(tuple(found))


def with_checks(
    document: Document,
    derivation: Derivation,
    exact: bool,
    undecided: tuple[str, ...] = (),
    run: SmallRun = NO_SMALL_RUN,
) -> Document:
    """The document with what was checked: its steps `exact`ly or to 50 digits, then the module.

    `undecided` names what could not be decided, which the document says.
    """
    section = checks_section(writer_for(derivation), exact, undecided, run)
    return replace(document, sections=(*document.sections, section))
