"""From the text of a model to the files of its output: the one place that knows all stages.

Everything is derived, rendered, generated and verified in memory; only then is anything written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from derive.calculus.adjoint import Derivation, derive_gradients
from derive.calculus.expand import example_sizes
from derive.calculus.explain import closed_equation, steps_to_check
from derive.calculus.inner import completed
from derive.calculus.requested import NOTHING, Requested, requested
from derive.code.module import module_source
from derive.code.styles import STYLES, Style
from derive.document.blocks import Document
from derive.document.build import document_of, with_checks, with_module, with_pictures
from derive.document.summary import summary_of
from derive.document.worked_numbers import classifications, error_pairs
from derive.errors import LanguageError, VerificationError
from derive.formats import FORMATS, LATEX, MARKDOWN, TYPST, Format, once
from derive.language import read_model
from derive.model import Equation, Specification
from derive.notebook import notebook
from derive.output import Tree, compare, read_record
from derive.pdf import Maker, make_pdf
from derive.printed.lines import printed_lines
from derive.program.arrays import show_name
from derive.program.stabilise import stabilised
from derive.project import LANGUAGES, ModelText, output_directory
from derive.publish import document_context, figures, picture_context, picture_file
from derive.render import render_document, render_picture
from derive.terms import Add, Multiply, children, walk
from derive.verification.report import Line, Report, certificate
from derive.verification.small_run import small_run
from derive.verification.training import training_run
from derive.verification.verify import step_lines, verify
from derive.wellformed import check_specification

# No one reads more, and each takes some milliseconds to derive, explain, check and verify.
MOST_EQUATIONS, MOST_DECLARATIONS, MOST_SIZES = 300, 150, 50
MOST_OPERANDS, MOST_PARTS = 100, 5_000


@dataclass(frozen=True)
class Built:
    """What is made of one model: `files` holds (name, text), without the certificate.

    `document` is what its documents say, in no format.
    """

    name: str
    files: tuple[tuple[str, str], ...]
    certificate: dict[str, Any]
    cautions: tuple[str, ...]
    report: Report
    document: Document | None = None


Builder = Callable[..., Built]


def build_model(
    text: str,
    name: str,
    languages: tuple[str, ...] = LANGUAGES[:1],
    source: str = "",
    style: Style = "readable",
) -> Built:
    """Read, derive, check, write down, generate, verify, render: the stages in their order.

    Touches no disk.  `source` is what errors call the text; nothing else depends on it.  Raises a
    `DeriveError` that says what is wrong with the model.
    """
    specification = read_model(text, name=name, source=source or name)
    _check_length(specification)
    cautions = check_specification(specification)
    model, inner = completed(specification)
    derivation = derive_gradients(model)
    asked = requested(derivation)
    steps = checked_steps(derivation, inner, asked)
    document = document_of(derivation, asked)
    printed = printed_lines(derivation, document, asked)
    code = _source(derivation, document, asked, style)
    report = Report(name, (*steps, *printed, *verify(model, code).lines))
    undecided = dict.fromkeys(line.quantity for line in report.lines if is_undecided(line))
    document = with_pictures(document, derivation, training_run(model, code))
    pairs, classes = error_pairs(derivation), classifications(derivation)
    run = small_run(model, code, example_sizes(model), pairs, classes)
    document = with_module(document, derivation, code, run)
    document = with_checks(document, derivation, all(map(is_exact, steps)), tuple(undecided), run)
    forms = tuple(map(once, FORMATS))
    documents = (
        (file_name(form, language), written(document, form, language))
        for language in languages
        for form in forms
    )
    pictures = (
        (picture_file(figure, language), render_picture(picture_context(figure, language)))
        for language in languages
        for figure in figures(document)
    )
    return Built(
        name,
        (*documents, *pictures, ("update.py", code)),
        certificate(report)
        | {"cautions": [caution.cause for caution in cautions]}
        | ({} if style == "readable" else {"style": style}),
        tuple(caution.cause for caution in cautions),
        report,
        document,
    )


def _check_length(model: Specification) -> None:
    nodes = [node for equation in model.equations for node in walk(equation.right)]
    operands = [len(children(node)) for node in nodes if isinstance(node, Add | Multiply)]
    counts = {
        "equations": (len(model.equations), MOST_EQUATIONS),
        "data and parameters": (len(model.declarations), MOST_DECLARATIONS),
        "sizes": (len(model.dimensions), MOST_SIZES),
        "terms in one sum or product": (max(operands, default=0), MOST_OPERANDS),
        "parts in all equations": (len(nodes), MOST_PARTS),
    }
    for what, (count, most) in counts.items():
        if count > most:
            raise LanguageError(
                f"the model has {count} {what}; documents and code are made of at most {most}",
                "write what is alike as one with an index, or as a recurrence; "
                "`derive show MODEL QUANTITY` takes any number",
            )


def checked_steps(
    derivation: Derivation, inner: tuple[Derivation, ...] = (), asked: Requested = NOTHING
) -> tuple[Line, ...]:
    """Level one of verification: the steps of all that was derived, each checked on numbers."""
    parts = (*inner, derivation)
    return (
        *(line for part in parts for line in steps_of(part)),
        *requested_steps(derivation, asked),
    )


def checked_formulas(derivation: Derivation, inner: tuple[Derivation, ...]) -> tuple[Line, ...]:
    """What is checked besides the code: every step, and every equation as it is printed."""
    asked = requested(derivation)
    printed = printed_lines(derivation, document_of(derivation, asked), asked)
    return (*checked_steps(derivation, inner, asked), *printed)


def steps_of(derivation: Derivation) -> tuple[Line, ...]:
    """The steps of every gradient, each checked on numbers.

    So are the equations that are computed in place of those that are shown.
    """
    model, computed = derivation.model, computed_equations(derivation)
    known = {gradient.equation.left: gradient for gradient in derivation.gradients}
    gradients = (
        (
            show_name(left.name),
            steps_to_check(derivation, gradient),
            (
                gradient.equation,
                closed_equation(derivation, gradient),
                *(equation for equation in computed if equation.left == left),
            ),
        )
        for left, gradient in known.items()
    )
    others = ((show_name(e.left.name), (), (e,)) for e in computed if e.left not in known)
    return step_lines(model, (*gradients, *others))


def computed_equations(derivation: Derivation) -> tuple[Equation, ...]:
    """The equations that are computed in another form than they are written, all their places."""
    model = derivation.model
    shown = (*model.equations, *(gradient.equation for gradient in derivation.gradients))
    computed = stabilised(
        model, [gradient.equation for gradient in derivation.gradients], derivation.recurrences
    )
    return tuple(
        equation for equation in computed.equations if equation not in shown and not equation.domain
    )


def requested_steps(derivation: Derivation, asked: Requested) -> tuple[Line, ...]:
    """The steps to what a model asks for beyond its gradients."""
    blocks = (block for _, block in asked.blocks if block is not None)
    found = [(block.equation.left.name, block.steps) for block in blocks]
    found += [(one.equation.left.name, one.steps) for one in asked.jacobians]
    derived = tuple((show_name(name), steps, ()) for name, steps in found if steps)
    inputs = () if asked.inputs is None else steps_of(asked.inputs)
    known = {show_name(gradient.equation.left.name) for gradient in derivation.gradients}
    further = tuple(line for line in inputs if line.quantity not in known)
    return (*(step_lines(derivation.model, derived) if derived else ()), *further)


def is_exact(line: Line) -> bool:
    """Whether a line of a report was checked in exact arithmetic."""
    return line.how.startswith("exact")


def is_undecided(line: Line) -> bool:
    """Whether a check could not be made."""
    return line.verdict == "undecided"


def source_of(derivation: Derivation, style: Style = "readable") -> str:
    """The source of the NumPy module in a style, its comments numbered as in the document."""
    asked = requested(derivation)
    return _source(derivation, document_of(derivation, asked), asked, style)


def _source(
    derivation: Derivation, document: Document, asked: Requested, style: Style = "readable"
) -> str:
    equations = tuple(gradient.equation for gradient in derivation.gradients)
    formulas = summary_of(derivation, document.numbers, asked)
    model, recurrences = derivation.model, derivation.recurrences
    return module_source(model, equations, formulas, recurrences, asked, style)


def written(document: Document, form: Format, language: str) -> str:
    """A document in one format and one language."""
    return render_document(document_context(document, form, language), form.name, form.ending)


def file_name(form: Format, language: str) -> str:
    """The name of a document: the English one is derivation.tex, others have their language.

    >>> file_name(FORMATS[0], "en"), file_name(FORMATS[0], "zh")
    ('derivation.tex', 'derivation.zh.tex')
    """
    return ".".join(("derivation", *(() if language == "en" else (language,)), form.ending))


def notebook_of(built: Built, text: str, language: str) -> tuple[str, str]:
    """The name and the JSON of the notebook of a model with this `text`, in one language."""
    if built.document is None:
        raise ValueError(f"{built.name} was built without its document")
    name = str(Path(file_name(MARKDOWN, language)).with_suffix(".ipynb"))
    return name, notebook(built.document, text, language)


def pdf_name(language: str) -> str:
    """The name of the PDF in a language."""
    return str(Path(file_name(LATEX, language)).with_suffix(".pdf"))


def pdf_of(built: Built, language: str, by: Maker) -> bytes:
    """The PDF of what was built, in one language; `OutputError` where it cannot be made."""
    if by == "latexmk" or built.document is None:
        return make_pdf(built.files, file_name(LATEX, language), language, by)
    source = file_name(TYPST, language)
    files = (*built.files, (source, written(built.document, TYPST, language)))
    return make_pdf(files, source, language, by)


@dataclass(frozen=True)
class Rebuilt:
    """One model, built in memory, beside what its output directory holds."""

    built: Built
    tree: Tree


def rebuild(
    model: ModelText,
    output: Path,
    asked: tuple[str, ...],
    builder: Builder = build_model,
    style: str = "",
) -> Rebuilt:
    """Build `model` in memory, in the languages `asked` and those in which it was built before.

    Its code has the `style`, or else the one in which it was built before.  Raises the
    `DeriveError` of the stage that fails, and `VerificationError` where a check does.
    """
    directory = output_directory(output, model.name)
    record = read_record(directory)
    languages = tuple(code for code in LANGUAGES if code in asked or code in record.languages)
    languages = languages or LANGUAGES[:1]
    style = style or record.style
    styled = partial(builder, style=style) if style in STYLES[1:] else builder
    built = unless_failed(styled(model.text, model.name, languages, model.source))
    possible = [file_name(form, code) for code in LANGUAGES for form in FORMATS]
    return Rebuilt(built, compare(directory, built.files, built.certificate, languages, possible))


def unless_failed(built: Built) -> Built:
    """What was built, to be handed out; `VerificationError` where a check failed."""
    if built.report.verdict == "failed":
        raise VerificationError(
            f"{built.name} is not verified\n{built.report}", "report this; nothing was written"
        )
    return built
