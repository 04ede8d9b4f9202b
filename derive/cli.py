"""The command `derive`: arguments, exit codes, colour.

Diffs, formulas and reports go to stdout, all else to stderr.  Exit codes: 0 fine, 1 stale or
failed, 2 a command or a model that means nothing, 130 interrupted, 141 the reader has gone.

Imports that are slow stand in the commands that need them, so that `derive --help` answers at once.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
import traceback
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from derive.arguments import Run, parser
from derive.defects import guarded
from derive.errors import DeriveError, LanguageError, UsageError
from derive.identifiers import visible
from derive.messages import diff_colour, is_terminal, painted, say, say_cautions, say_error
from derive.project import LANGUAGES, ModelText, Project, find_model, find_models, find_project

if TYPE_CHECKING:
    from derive.jobs import Died
    from derive.pdf import Maker
    from derive.pipeline import Builder, Rebuilt
    from derive.verification.report import Report

FINE, FAILED, MISUSED, INTERRUPTED, READER_GONE = 0, 1, 2, 130, 141


def main(arguments: Sequence[str] | None = None, builder: Builder | None = None) -> int:
    """Run the command line `arguments` and return the exit code.

    `builder` stands in for `pipeline.build_model`.
    """
    # What is closed is said to no one.
    sys.stdout, sys.stderr = (s or io.StringIO() for s in (sys.stdout, sys.stderr))
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    options = parser(RUNS, _Version).parse_args(arguments)
    try:
        code = guarded(options.run, options, builder)
        sys.stdout.flush()
        if isinstance(code, DeriveError):
            say_error(code)
            return _exit_code(code)
        return int(code)
    except KeyboardInterrupt:
        say("interrupted", "red")
        return INTERRUPTED
    except BrokenPipeError:
        # What is still buffered has no reader either; Python would complain of it at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return READER_GONE


class _Version(argparse.Action):
    def __call__(self, *_: object, **__: object) -> None:
        from importlib.metadata import version

        print(f"derive {version('derive-grad')}")
        raise SystemExit(FINE)


# --- commands -----------------------------------------------------------------------------------


def _build(options: argparse.Namespace, builder: Builder | None) -> int:
    from derive.output import is_stale, refuse_foreign, write

    project = find_project(Path())
    asked = tuple(options.lang or project.languages)
    makers = _makers(asked or LANGUAGES[:1]) if options.pdf else {}
    models, code = _rebuild_all(options, project, asked, builder)
    if code:
        say("nothing was written", "red")
        return code
    if not options.force:
        for model in models:
            refuse_foreign(model.tree)
    for model in models:
        changed = is_stale(model.tree)
        write(model.tree)
        verb = "written to" if changed else "unchanged in"
        verdict = model.built.report.verdict
        colour = "green" if verdict == "verified" else "yellow"
        say(f"{model.built.name}: {verdict}, {verb} {model.tree.directory}", colour)
    if options.notebook:
        _write_notebooks(models, find_models(options.models, project), asked or LANGUAGES[:1])
    _write_pdfs(models, makers)
    return FINE


def _write_notebooks(
    models: Iterable[Rebuilt], texts: Iterable[ModelText], languages: Iterable[str]
) -> None:
    from derive.output import write_beside
    from derive.pipeline import notebook_of

    found = {text.name: text.text for text in texts}
    for model in models:
        for language in languages:
            name, content = notebook_of(model.built, found[model.built.name], language)
            path = write_beside(model.tree, name, content.encode("utf-8"))
            say(f"{path} is written", "green")


def _makers(languages: Iterable[str]) -> dict[str, Maker]:
    """What makes the PDFs of each language, found out before anything is built."""
    from derive.pdf import maker

    return {language: maker(language) for language in languages}


def _write_pdfs(models: Iterable[Rebuilt], makers: Mapping[str, Maker]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from derive.jobs import available_cores
    from derive.output import write_beside
    from derive.pipeline import pdf_name, pdf_of

    def made(model: Rebuilt, language: str) -> Path:
        content = pdf_of(model.built, language, makers[language])
        return write_beside(model.tree, pdf_name(language), content)

    with ThreadPoolExecutor(available_cores()) as pool:
        paths = [pool.submit(made, model, language) for model in models for language in makers]
        for path in paths:
            say(f"{path.result()} is written", "green")


def _check(options: argparse.Namespace, builder: Builder | None) -> int:
    from derive.output import diff, is_stale

    project = find_project(Path())
    _say_faults(options, project)
    models, code = _rebuild_all(options, project, project.languages, builder)
    stale = [model for model in models if is_stale(model.tree)]
    for model in stale:
        for line in diff(model.tree):
            print(painted(visible(line), diff_colour(line), sys.stdout))
    sys.stdout.flush()
    for model in models:
        say(
            f"{model.built.name}: {'stale' if model in stale else 'up to date'}",
            "red" if model in stale else "green",
        )
    if stale:
        say("`derive build` brings the output up to date")
    return max(code, FAILED if stale else FINE)


def _show(options: argparse.Namespace, _: Builder | None) -> int:
    from derive.language import read_model
    from derive.terminal import show

    model = find_model(options.model, find_project(Path()))
    specification = read_model(model.text, name=model.name, source=model.source)
    print(show(specification, options.quantity, options.depth, options.section))
    return FINE


def _verify(options: argparse.Namespace, builder: Builder | None) -> int:
    from derive.pipeline import build_model

    model = find_model(options.model, find_project(Path()))
    if options.against is not None or options.seed or options.cases is not None:
        report = _verified(model, options)
    else:
        built = (builder or build_model)(model.text, model.name, LANGUAGES[:1], model.source)
        say_cautions(built.name, built.cautions)
        report = built.report
    print(report)
    return FINE if report.ok else FAILED


def _verified(found: ModelText, options: argparse.Namespace) -> Report:
    """Another function, or other points, than those of a build."""
    from derive.repl import Model
    from derive.verification.user_file import load_function

    model = Model.of_text(found)
    try:
        function = None if options.against is None else load_function(options.against)
        return model.verify(options.seed, function, options.cases)
    except DeriveError as error:
        if options.traceback and error.__cause__ is not None:
            traceback.print_exception(error.__cause__)
        raise


def _excerpt(options: argparse.Namespace, _: Builder | None) -> int:
    from derive.excerpts import excerpt

    what, project = " ".join(options.what), find_project(Path())
    named = (options.format, options.label, options.lang, options.depth)
    print(excerpt(options.model, what, *named, project), end="")
    return FINE


def _new(options: argparse.Namespace, _: Builder | None) -> int:
    from derive.project import new_model

    path = new_model(Path(), options.name)
    say(f"{path} is written; `derive build {path}` builds it", "green")
    return FINE


def _serve(options: argparse.Namespace, _: Builder | None) -> int:
    from derive.serving.guard import is_loopback
    from derive.serving.server import playground, serve

    model = find_model(options.model, find_project(Path())) if options.model else None
    server = playground(options.host, options.port, model, options.seconds)
    if not is_loopback(options.host):
        say(
            f"caution: all who reach {options.host} can have models built on this machine",
            "yellow",
        )
    serve(server, say)
    return FINE


RUNS: Mapping[str, Run] = {
    "build": _build,
    "check": _check,
    "show": _show,
    "excerpt": _excerpt,
    "verify": _verify,
    "serve": _serve,
    "new": _new,
}


# --- models -------------------------------------------------------------------------------------


def _asked_for(options: argparse.Namespace, project: Project) -> tuple[list[ModelText], Path]:
    """The models of a command, and where their output goes."""
    models = find_models(options.models, project)
    return list(models), options.output or project.root / project.output


def _rebuild_all(
    options: argparse.Namespace, project: Project, asked: tuple[str, ...], builder: Builder | None
) -> tuple[list[Rebuilt], int]:
    """Every model that can be built, in memory, and the exit code for those that cannot."""
    from derive.jobs import Died, available_cores, run
    from derive.progress import watched

    models, output = _asked_for(options, project)
    names = [model.name for model in models]
    # The longest first, so that none is left for the end, when nothing else is to be done.
    order = sorted(range(len(models)), key=lambda number: -len(models[number].text))
    style = getattr(options, "style", "")
    work = partial(_attempt, output=output, asked=asked, builder=builder, style=style)
    # A stand-in for the stages is known in this process only.
    jobs = 1 if builder else options.jobs or available_cores()
    events = run(work, [models[number] for number in order], jobs)
    shown = [names[number] for number in order]
    results = watched(events, shown, sys.stderr, is_terminal(sys.stderr))
    found = dict(
        zip(order, (_ended(r) if isinstance(r, Died) else r for r in results), strict=True)
    )
    outcomes = [found[number] for number in range(len(models))]
    rebuilt = [done for done in outcomes if not isinstance(done, DeriveError)]
    failures = [(n, e) for n, e in zip(names, outcomes, strict=True) if isinstance(e, DeriveError)]
    for done in rebuilt:
        say_cautions(done.built.name, done.built.cautions)
    for name, failure in failures:
        say_error(failure, name)
    return rebuilt, max((_exit_code(failure) for _, failure in failures), default=FINE)


def _attempt(
    model: ModelText, output: Path, asked: tuple[str, ...], builder: Builder | None, style: str
) -> Rebuilt | DeriveError:
    """One model, built in memory, or what is wrong with it."""
    from derive.pipeline import build_model, rebuild

    return guarded(rebuild, model, output, asked, builder or build_model, style)


def _ended(death: Died) -> DeriveError:
    return DeriveError(
        f"the process that built it ended with the code {death.code}",
        "if it was not you who ended it, report this with the lines above",
    )


# --- what is said -------------------------------------------------------------------------------


def _say_faults(options: argparse.Namespace, project: Project) -> None:
    """What does not fit its certificate, said before anything is built."""
    from derive.output import faults
    from derive.project import output_directory

    models, output = _asked_for(options, project)
    for model in models:
        # What cannot be looked at is said where it is compared.
        with suppress(DeriveError):
            directory = output_directory(output, model.name)
            for fault in faults(directory):
                say(f"{directory}: {fault}", "red")


def _exit_code(error: DeriveError) -> int:
    return MISUSED if isinstance(error, LanguageError | UsageError) else FAILED
