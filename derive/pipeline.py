"""From the text of a model to the files of its output: the one place that knows all stages.

Everything is derived, rendered, generated and verified in memory; only then is anything written.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from derive.errors import DerivationError, VerificationError
from derive.output import Tree, compare, read_record
from derive.project import LANGUAGES, ModelText, output_directory


class Report(Protocol):
    """What verification found; its text says it all."""

    @property
    def ok(self) -> bool:
        """Whether every check that was made holds."""


@dataclass(frozen=True)
class Built:
    """What is made of one model: `files` holds (name, text), without the certificate."""

    name: str
    files: tuple[tuple[str, str], ...]
    certificate: dict[str, Any]
    cautions: tuple[str, ...]
    report: Report


Builder = Callable[[str, str, tuple[str, ...], str], Built]


def build_model(
    text: str, name: str, languages: tuple[str, ...] = LANGUAGES[:1], source: str = ""
) -> Built:
    """Read, derive, plan, render, generate, verify: the stages in their order.

    Touches no disk.  `source` is what errors call the text; nothing else depends on it.  Raises a
    `DeriveError` that says what is wrong with the model.
    """
    raise DerivationError(f"no stage can take {name}", f"{len(text)} {languages}")


@dataclass(frozen=True)
class Rebuilt:
    """One model, built in memory, beside what its output directory holds."""

    built: Built
    tree: Tree


def rebuild(
    model: ModelText, output: Path, asked: tuple[str, ...], builder: Builder = build_model
) -> Rebuilt:
    """Build `model` in memory, in the languages `asked` and those in which it was built before.

    Raises the `DeriveError` of the stage that fails, and `VerificationError` where a check does.
    """
    directory = output_directory(output, model.name)
    recorded = read_record(directory).languages
    languages = tuple(code for code in LANGUAGES if code in asked or code in recorded)
    languages = languages or LANGUAGES[:1]
    built = builder(model.text, model.name, languages, model.source)
    if not built.report.ok:
        raise VerificationError(
            f"{model.name} is not verified\n{built.report}", "report this; nothing was written"
        )
    return Rebuilt(built, compare(directory, built.files, built.certificate, languages))
