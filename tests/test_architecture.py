"""The house in order: one direction of imports, small rooms, and nothing executed by accident."""

import ast
import importlib
import re
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

import derive

ROOT = Path(__file__).parent.parent
HOUSE = ROOT / "derive"

# From low to high: no stage reaches one to its right, directly or through others.
STAGES = (
    "errors terms symbolic simplify functions reductions sizes model names wellformed language "
    "numbers calculus render program code verification typeset picture document printed formats "
    "publish pipeline answers repl testing excerpts jobs serving progress messages defects sphinx "
    "arguments cli"
).split()

# What the oracle checks, and so must not share.
CHECKED = {"simplify", "calculus", "program", "code"}

# What is imported only where an extra is installed, and what it needs.
ON_EXTRAS = {"derive.sphinx": ("docutils", "sphinx")}

# The files that read or write the disk, apart from what is shipped in the package.
ON_DISK = {"derive.project", "derive.output"}

# The one place where Python text is executed: the generated module, which is ours.
LOADER = "derive.verification.loading"


def name_of(path):
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


PATHS = {name_of(path): path for path in sorted(HOUSE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(encoding="utf-8")) for name, path in PATHS.items()}
every_module = pytest.mark.parametrize("module", PATHS)


@cache
def imported(module):
    """The modules of the house that `module` names in its imports."""
    found = []
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} has a relative import"
            inner = [f"{node.module}.{alias.name}" for alias in node.names]
            found += [name if name in PATHS else node.module for name in inner]
    return tuple(sorted({name for name in found if name in PATHS} - {module}))


@cache
def reached(module):
    """The modules that `module` imports, directly or through others."""
    seen, waiting = set(), [module]
    while waiting:
        for name in imported(waiting.pop()):
            if name not in seen:
                seen.add(name)
                waiting.append(name)
    return seen


def imports(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module


def stage(module):
    return module.split(".")[1] if "." in module else ""


def functions(tree):
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def tracked():
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("this is not a checkout")
    return [ROOT / line for line in done.stdout.splitlines() if (ROOT / line).is_file()]


# --- direction ----------------------------------------------------------------------------------


@every_module
def test_no_module_reaches_itself(module):
    assert module not in reached(module)


@every_module
def test_no_stage_reaches_a_later_one(module):
    if stage(module) in STAGES:
        later = set(STAGES[STAGES.index(stage(module)) + 1 :])
        assert {name for name in reached(module) if stage(name) in later} == set()


def test_every_stage_is_there():
    assert set(STAGES) <= {stage(module) for module in PATHS}


def test_the_oracle_shares_nothing_with_what_it_checks():
    assert {
        name for name in reached("derive.verification.oracle") if stage(name) in CHECKED
    } == set()


@every_module
def test_imports_stand_at_the_top(module):
    inner = [node for function in functions(TREES[module]) for node in ast.walk(function)]
    late = [node.lineno for node in inner if isinstance(node, ast.Import | ast.ImportFrom)]
    assert late == [] or module == "derive.cli"


def test_what_is_imported_is_declared():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    declared = {re.match(r"[\w-]+", line).group() for line in settings["project"]["dependencies"]}
    own = [tree for module, tree in TREES.items() if module not in ON_EXTRAS]
    roots = {name.split(".")[0] for tree in own for name in imports(tree)}
    assert roots - sys.stdlib_module_names - {"derive"} == declared


@every_module
def test_every_module_can_be_imported(module):
    for needed in ON_EXTRAS.get(module, ()):
        pytest.importorskip(needed)
    if module != "derive.__main__":
        importlib.import_module(module)


def test_nothing_else_stands_on_what_stands_on_an_extra():
    assert [module for module in PATHS if reached(module) & set(ON_EXTRAS)] == []


# --- size ---------------------------------------------------------------------------------------


@every_module
def test_a_module_says_its_idea_and_is_short(module):
    assert ast.get_docstring(TREES[module]), "no docstring"
    assert len(PATHS[module].read_text(encoding="utf-8").splitlines()) <= 400


@every_module
def test_functions_are_short(module):
    lengths = {f.name: f.end_lineno - f.lineno + 1 for f in functions(TREES[module])}
    assert {name: length for name, length in lengths.items() if length > 50} == {}


def test_every_folder_with_modules_is_a_package():
    folders = {path.parent for path in PATHS.values()}
    assert [folder.name for folder in folders if not (folder / "__init__.py").is_file()] == []


def test_tests_are_short():
    lengths = {
        path.name: len(path.read_text(encoding="utf-8").splitlines())
        for folder in ("tests", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
    }
    assert {name: length for name, length in lengths.items() if length > 400} == {}


# --- what is called -----------------------------------------------------------------------------


def called(module):
    for node in ast.walk(TREES[module]):
        match node:
            case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
                yield name
            case ast.alias(name=name):
                yield name


@every_module
def test_text_is_never_executed(module):
    # `re.compile` compiles no Python, and a method of ours may be called `compile`.
    builtins = {"eval", "exec", "__import__", "sympify", "parse_expr", "lambdify", "S", "pickle"}
    assert set(called(module)) & builtins == set() or module == LOADER


@every_module
def test_only_the_outermost_files_write(module):
    writing = {"write_text", "write_bytes", "open", "mkdir", "unlink", "rmdir"}
    assert set(called(module)) & writing == set() or module in {
        *ON_DISK,
        "derive.cli",
        "derive.pdf",
        LOADER,
    }


@every_module
def test_no_handler_catches_everything(module):
    handlers = [n for n in ast.walk(TREES[module]) if isinstance(n, ast.ExceptHandler)]
    caught = [ast.unparse(handler.type) if handler.type else "" for handler in handlers]
    everything = [one for one in caught if one in ("", "Exception", "BaseException")]
    # The command says what nobody foresaw as an error that can be reported.
    assert everything == (["Exception"] if module == "derive.defects" else [])


# --- the repository -----------------------------------------------------------------------------


def test_the_public_api_is_small():
    assert 0 < len(derive.__all__) < 10
    assert all(getattr(derive, name).__doc__ for name in derive.__all__)


def test_the_top_level_is_what_a_visitor_expects():
    found = {path.relative_to(ROOT).parts[0] for path in tracked()}
    files = "CHANGELOG.md CONTRIBUTING.md LICENSE Makefile README.md pyproject.toml"
    hidden = ".ci .editorconfig .gitattributes .gitignore"
    folders = "benchmarks derive examples generated templates tests"
    assert found - {"docs"} == {*files.split(), *hidden.split(), *folders.split()}


def test_templates_hold_nothing_else():
    # A .py there would break an editable install.
    found = [path for path in (ROOT / "templates").rglob("*") if path.is_file()]
    assert found != []
    assert [path.name for path in found if path.suffix != ".j2"] == []


def test_no_file_names_a_machine():
    # Spelt in pieces, so that this file passes too.
    places = "|".join(("work", "root", "tmp", "home", "Users"))
    machine = re.compile(rf"(?<![\w.])/({places})/\w|pypi\.org/simple|TO{''}DO|FIX{''}ME")
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", "replace")
        found += [f"{path.relative_to(ROOT)}: {hit.group()}" for hit in machine.finditer(text)]
    assert found == []
