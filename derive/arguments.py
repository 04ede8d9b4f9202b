"""The command line: its commands, their arguments, and what is said of them.

It is read at every start, so it imports nothing that is slow.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from derive.code.styles import STYLES
from derive.project import LANGUAGES

Run = Callable[[argparse.Namespace, Any], int]
Command = argparse.ArgumentParser

# Of points, or of processes.
MOST = 10_000

# The formats of an excerpt, each with who takes it.
EXCERPTS = ("markdown", "myst", "quarto", "latex")


def parser(runs: Mapping[str, Run], version: type[argparse.Action]) -> argparse.ArgumentParser:
    """The parser of the command line; `runs` holds what each command does, by its name."""
    whole = argparse.ArgumentParser(
        prog="derive",
        description="Derive the gradients of a model, as a document and as verified NumPy code.",
        epilog="MODEL is the name of a model of the gallery or of your project, or a path.",
    )
    whole.add_argument("--version", action=version, nargs=0, help="print the version")
    commands = whole.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, (summary, add_arguments) in COMMANDS.items():
        description = summary[0].upper() + summary[1:] + "."
        command = commands.add_parser(name, help=summary, description=description)
        command.set_defaults(run=runs[name])
        add_arguments(command)
    return whole


# --- commands -----------------------------------------------------------------------------------


def _build(build: Command) -> None:
    build.add_argument("--lang", choices=LANGUAGES, action="append", help="also in this language")
    build.add_argument(
        "--style", choices=STYLES, default="", help="how the code is written; default: as before"
    )
    build.add_argument("--force", action="store_true", help="replace files that were edited too")
    build.add_argument("--notebook", action="store_true", help="write Jupyter notebooks too")
    build.add_argument("--pdf", action="store_true", help="make PDFs too, by TeX or by Typst")
    _check(build)


def _check(check: Command) -> None:
    check.add_argument("models", nargs="*", metavar="MODEL", help="default: the project's")
    check.add_argument("-o", "--output", type=Path, metavar="DIR", help="where output goes")
    check.add_argument(
        "-j", "--jobs", type=_count, metavar="N", help="models at once; default: one a core"
    )


def _show(show: Command) -> None:
    show.add_argument("model", metavar="MODEL")
    show.add_argument("quantity", nargs="?", metavar="QUANTITY", help="only the gradient by this")
    show.add_argument(
        "--depth", type=int, default=0, metavar="N", help="how deep its steps are shown; default: 0"
    )
    show.add_argument("--section", metavar="NAME", help="only this section, such as `chain`")


def _excerpt(excerpt: Command) -> None:
    excerpt.add_argument("model", metavar="MODEL")
    excerpt.add_argument(
        "what",
        nargs="+",
        metavar="WHAT",
        help="a part, such as: gradient w, step w chain_rule, section chain, listing step",
    )
    excerpt.add_argument(
        "--format", choices=EXCERPTS, default=EXCERPTS[0], help="who reads it; default: markdown"
    )
    excerpt.add_argument("--label", default="", metavar="NAME", help="what it is cited by")
    excerpt.add_argument("--lang", choices=LANGUAGES, default=LANGUAGES[0], help="its language")
    excerpt.add_argument("--depth", type=int, metavar="N", help="how deep steps are shown")


def _verify(verify: Command) -> None:
    verify.add_argument("model", metavar="MODEL")
    verify.add_argument(
        "--against",
        metavar="FILE:FUNCTION",
        help="check the gradients that this function of your own returns; FILE is executed",
    )
    verify.add_argument("--seed", type=int, default=0, metavar="N", help="draw other points")
    verify.add_argument(
        "--cases",
        type=_count,
        metavar="N",
        help="at least so many random points at each of a few sizes",
    )
    verify.add_argument(
        "--traceback", action="store_true", help="where FUNCTION raises, show where it was"
    )


def _serve(serve: Command) -> None:
    serve.add_argument("model", nargs="?", metavar="MODEL", help="start with it; default: neuron")
    serve.add_argument(
        "--port", type=_port, default=8321, metavar="N", help="default: 8321; 0 takes any"
    )
    serve.add_argument(
        "--host", default="127.0.0.1", metavar="HOST", help="default: this machine alone"
    )
    serve.add_argument(
        "--seconds", type=_count, default=30, metavar="N", help="end a build after so long"
    )


def _new(new: Command) -> None:
    new.add_argument("name", metavar="NAME")


# In the order in which help lists them.
COMMANDS: Mapping[str, tuple[str, Callable[[Command], None]]] = {
    "build": ("write the documents and the code of models", _build),
    "check": ("say what `build` would change; write nothing", _check),
    "show": ("print a model and its gradients", _show),
    "excerpt": ("print a part of a derivation, for a text of your own", _excerpt),
    "verify": ("check the mathematics and the code of a model", _verify),
    "serve": ("derive models while you type them, in a browser", _serve),
    "new": ("write NAME.model, a commented model to start from", _new),
}


# --- values -------------------------------------------------------------------------------------


def _count(text: str) -> int:
    if not text.isdecimal() or len(text) > len(str(MOST)) or not 1 <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"{text!r:.80} is not a number from 1 to {MOST}")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to 65535")
    return int(text)
