"""A project: which models it has, where their texts stand, and where the output goes.

A model is named by a word, which a model of the project or of the gallery answers to, or by the
path of its file.  The word, or the stem of the file, is the model's name and the name of its
output directory, so it is one plain path component on every system.
"""

from __future__ import annotations

import difflib
import glob
import os
import re
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from derive.errors import LanguageError, OutputError, UsageError

# The languages that documents can be written in; the first is the default.
LANGUAGES = ("en", "zh")

SUFFIX = ".model"
NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
# Windows opens a device where a file of this name is asked for.
DEVICES = frozenset(
    ["con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))]
)
# Far above any model; the language has a bound of its own.
LARGEST_FILE = 1 << 22


@dataclass(frozen=True)
class Project:
    """The table `[tool.derive]` of a pyproject.toml, and the directory its paths start from."""

    root: Path = Path()
    models: tuple[str, ...] = ()
    output: str = "generated"
    languages: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelText:
    """A model that was found: its name, its text, and where it stands, as errors should say it."""

    name: str
    text: str
    source: str


# --- settings -----------------------------------------------------------------------------------


def find_project(start: Path) -> Project:
    """The project around `start`: the nearest pyproject.toml with a table `[tool.derive]`.

    Without one, `start` itself with the defaults.  Raises `UsageError` where the table is wrong.
    """
    for root in (start, *start.resolve().parents):
        table = _table(root / "pyproject.toml")
        if table is not None:
            return _project(root, table)
    return Project(start)


def _table(path: Path) -> dict[str, Any] | None:
    if not path.is_file():
        return None
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}", "mend the file") from None
    tools = settings.get("tool")
    table = tools.get("derive") if isinstance(tools, dict) else None
    if table is not None and not isinstance(table, dict):
        raise UsageError(f"{path}: tool.derive is not a table", "write [tool.derive]")
    return table


def _project(root: Path, table: dict[str, Any]) -> Project:
    known = {"models", "output", "languages"}
    for key in table:
        if key not in known:
            raise UsageError(
                f"[tool.derive] has no setting '{key}'", _nearest(key, sorted(known), "")
            )
    output = table.get("output", Project.output)
    if not isinstance(output, str) or not output or "\0" in output:
        raise UsageError(
            "[tool.derive] output is not the path of a directory", 'write output = "generated"'
        )
    languages = _strings(table, "languages", 'languages = ["en"]')
    for language in languages:
        if language not in LANGUAGES:
            raise UsageError(
                f"[tool.derive] languages has '{language}', which is not a language of derive",
                f"choose from {', '.join(LANGUAGES)}",
            )
    models = _strings(table, "models", 'models = ["models/*.model"]')
    return Project(root, models, output, languages)


def _strings(table: dict[str, Any], key: str, example: str) -> tuple[str, ...]:
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(part, str) and part for part in value):
        raise UsageError(f"[tool.derive] {key} is not a list of strings", f"write {example}")
    return tuple(value)


# --- finding models -----------------------------------------------------------------------------


def gallery() -> tuple[str, ...]:
    """The names of the models that come with the package.

    >>> "neuron" in gallery()
    True
    """
    found = (entry.name for entry in (files("derive") / "gallery").iterdir())
    return tuple(sorted(name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX)))


def find_models(given: Iterable[str], project: Project) -> tuple[ModelText, ...]:
    """The models `given` by name or path, or all that the project lists where none is given.

    Raises `UsageError` for a name that nothing answers to, and for two models of one name, which
    would share an output directory.
    """
    wanted = tuple(dict.fromkeys(given))
    if wanted:
        models = tuple(find_model(one, project) for one in wanted)
    else:
        models = tuple(_listed(project))
        if not models:
            raise UsageError(
                "no model is given, and no pyproject.toml here lists any",
                "name a model (`derive build neuron`), or list your own: "
                '[tool.derive] models = ["models/*.model"]',
            )
    by_name: dict[str, ModelText] = {}
    for model in models:
        other = by_name.setdefault(model.name, model)
        if other != model:
            raise UsageError(
                f"two models are called '{model.name}': {other.source} and {model.source}",
                "rename one of the files",
            )
    return tuple(by_name.values())


def find_model(given: str, project: Project | None = None) -> ModelText:
    """The model called `given` in the project or the gallery, or in the file at the path `given`.

    >>> find_model("neuron").source
    'neuron.model'
    """
    if not NAME.fullmatch(given):
        return _read(Path(given))
    own = {path.stem: path for path in _paths(project)} if project else {}
    if given in own:
        return _read(own[given])
    if given in gallery():
        return _from_gallery(given)
    names = tuple(dict.fromkeys([*own, *gallery()]))
    if Path(given + SUFFIX).is_file():
        cure = f"for the file, write {given + SUFFIX}"
    else:
        cure = _nearest(given, names, "; a file is given by its path, as ./my" + SUFFIX)
    raise UsageError(f"there is no model '{given}'", cure)


def _listed(project: Project) -> Iterable[ModelText]:
    for path in _paths(project):
        yield _read(path)
    yield from (_from_gallery(name) for name in project.models if name in gallery())


def _paths(project: Project) -> Iterable[Path]:
    """The files that the project lists, by path or pattern, in the order of their names."""
    for listed in project.models:
        if NAME.fullmatch(listed):
            if listed not in gallery():
                raise UsageError(
                    f"[tool.derive] models has '{listed}', which is not in the gallery",
                    _nearest(listed, gallery(), "; a file is given by its path"),
                )
        elif glob.has_magic(listed):
            found = sorted(glob.glob(listed, root_dir=project.root, recursive=True))
            if not found:
                raise UsageError(f"[tool.derive] models: no file is like {listed}", "mend the path")
            yield from (project.root / path for path in found)
        else:
            yield project.root / listed


def _from_gallery(name: str) -> ModelText:
    data = (files("derive") / "gallery" / (name + SUFFIX)).read_bytes()
    return ModelText(name, _decode(data, name + SUFFIX), name + SUFFIX)


def _read(path: Path) -> ModelText:
    try:
        if not path.is_file():
            reason = "is not a file" if path.exists() else "does not exist"
            names = ", ".join(gallery())
            raise UsageError(
                f"{path!s:.200} {reason}",
                f"give the path of a model file, or a name of the gallery: {names}",
            )
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UsageError(f"{path!s:.200} cannot be read: {error.strerror}", "check it") from None
    if len(data) > LARGEST_FILE:
        raise LanguageError(f"{path} is too long for a model", "split the model")
    return ModelText(check_name(path.stem), _decode(data, str(path)), str(path))


def _decode(data: bytes, source: str) -> str:
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise LanguageError(
            f"{source}, line {line}: byte 0x{data[error.start]:02x} is not UTF-8",
            "save the file as UTF-8",
        ) from None


def _nearest(word: str, names: Iterable[str], otherwise: str) -> str:
    near = difflib.get_close_matches(word, list(names), 1)
    return f"did you mean '{near[0]}'?" if near else f"choose from {', '.join(names)}{otherwise}"


def new_model(directory: Path, name: str) -> Path:
    """Write the model to start from as `name`.model, and return its path; never overwrites."""
    path = directory / (check_name(name) + SUFFIX)
    text = (files("derive") / "starter.model").read_bytes()
    try:
        with path.open("xb") as file:
            file.write(text)
    except FileExistsError:
        raise OutputError(f"{path} is there already", "choose another name") from None
    except OSError as error:
        raise OutputError(
            f"{path} cannot be written: {error.strerror}", "check that you may write there"
        ) from None
    return path


# --- names and directories ----------------------------------------------------------------------


def check_name(name: str) -> str:
    """`name`, if it can be the name of a model; `UsageError` otherwise.

    >>> check_name("soft_max2")
    'soft_max2'
    """
    if not NAME.fullmatch(name):
        raise UsageError(
            f"{name!r:.80} cannot be the name of a model",
            "begin with a small letter; go on with small letters, digits and _, at most 64",
        )
    if name in DEVICES:
        raise UsageError(f"'{name}' is a device on some systems", "choose another name")
    return name


def output_directory(output: Path, name: str) -> Path:
    """The directory for the output of the model `name`: below `output` and nowhere else."""
    directory = output / check_name(name)
    # Unlike `Path.resolve`, this takes a link that leads to itself.
    place = Path(os.path.realpath(directory))
    if not place.is_relative_to(os.path.realpath(output)):
        raise OutputError(
            f"{directory} leads out of {output}", "remove the link, or choose another directory"
        )
    return directory
